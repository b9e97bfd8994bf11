"""Our file format: what goes in comes out, and a damaged file is an error that names the file."""

import json
import math
import os
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from fastw2v import KeyedVectors
from fastw2v.formats import safetensors

SIMPLE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)
MIXED = st.recursive(SIMPLE, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=5)
KEYS = {
    "text": st.text(max_size=8),
    "surrogates": st.text(st.characters(categories=["Cs", "Lu"]), max_size=5),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "large": st.integers(-(2**200), 2**200),
    "tuples": st.tuples(st.integers(), st.text("aé\u2028", max_size=3)),
    "mixed": MIXED,
}


@pytest.fixture(scope="module")
def shared_path(tmp_path_factory):
    """One file for all of hypothesis's examples, which a function's own would not outlive."""
    return tmp_path_factory.mktemp("safetensors") / "f.safetensors"


def write(path, keys, counts=None, metadata=None, width=3, **matrices):
    counts = np.arange(len(keys), 0, -1) if counts is None else counts
    matrices = matrices or {
        "vectors": np.random.default_rng(0).random((len(keys), width), np.float32)
    }
    safetensors.write(path, keys, counts, matrices, metadata or {})
    return counts, matrices


def typed(key):
    """Return a key with the types of all its parts: 1, 1.0 and True are equal."""
    return (tuple, *map(typed, key)) if isinstance(key, tuple) else (type(key), repr(key))


def assert_round_trip(path, keys):
    counts, matrices = write(path, keys)
    for contents in safetensors.read(path), safetensors.open_mapped(path):
        assert list(map(typed, contents.keys)) == list(map(typed, keys))
        np.testing.assert_array_equal(contents.counts, counts)
        np.testing.assert_array_equal(contents.matrices["vectors"], matrices["vectors"])


@pytest.mark.parametrize("kind", KEYS)
@settings(deadline=None)  # the machine may be busy
@given(data=st.data())
def test_keys_come_back_as_they_were(kind, data, shared_path):
    assert_round_trip(shared_path, data.draw(st.lists(KEYS[kind], unique=True, max_size=8)))


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [""],
        ["", "a", "\0", "\n", "é", "日本", "𝕏", "\ud800", "\udc00\ud800", "\ud83d\ude00", "\ufeff"],
        [0, -1, 2**63 - 1, -(2**63)],
        [2**63],
        [1, "1", (1,), ("1",), 1.5, None, False],
        [True],
        [(), ((),), ((), ())],
        [((1, (2, "x")), None), (1, ((2, "x"), None))],
        [math.inf, -math.inf, 1e-320, 0.1],
        [("\ud800",)],
    ],
    ids=str,
)
def test_keys_worth_a_look(tmp_path, keys):
    assert_round_trip(tmp_path / "f.safetensors", keys)


class Text(str):
    pass


class Pair(tuple):
    pass


@pytest.mark.parametrize(
    "key",
    [
        b"a",
        frozenset([1]),
        1j,
        Text("a"),
        Pair((1, 2)),
        (1, b"a"),
        (Text("a"),),
        np.int64(1),
        np.str_("a"),
        math.nan,
        (1, math.nan),
        ("\ud83d\ude00",),  # two lone surrogates: JSON would join them
        object(),
    ],
    ids=lambda key: type(key).__name__,
)
@pytest.mark.parametrize("others", [[], ["b"], [1, (2,)]])
def test_keys_that_would_not_come_back_are_refused(tmp_path, key, others):
    with pytest.raises(TypeError, match="can't be saved: keys in files are str, int") as raised:
        write(tmp_path / "f", [*others, key])
    assert f"{key!r} of type {type(key).__name__}" in str(raised.value)
    assert not os.listdir(tmp_path)


@pytest.fixture(params=["read", "open_mapped"])
def read(request):
    """Either way to read a file."""
    return getattr(safetensors, request.param)


def test_everything_comes_back(tmp_path, read):
    metadata = {"a": [1, 2.5, None, True], "é": {"deep": "\u2028"}}
    first = np.array([[1, -0.0], [1e-45, 3e38]], np.float32)
    path = str(tmp_path / "f.safetensors")
    _, matrices = write(
        path, ["a", "b"], np.array([2**40, 0]), metadata, first=first, second=first[:, :0]
    )
    before = tmp_path.joinpath("f.safetensors").read_bytes()
    contents = read(path)
    assert contents.metadata == metadata
    assert contents.counts.tolist() == [2**40, 0]
    assert contents.counts.dtype == np.int64
    assert contents.matrices.keys() == matrices.keys()
    assert contents.matrices["first"].tobytes() == first.tobytes()
    assert contents.matrices["first"].dtype == np.float32
    assert contents.matrices["second"].shape == (2, 0)
    contents.matrices["first"][0, 0] = 5  # the reader's to change, and not the file
    contents.counts[0] = 5
    assert before == tmp_path.joinpath("f.safetensors").read_bytes()


def test_any_layout_in_memory_is_written_by_rows(tmp_path):
    matrix = np.arange(12, dtype=np.float32).reshape(4, 3)
    for given_matrix in matrix[::2], np.asfortranarray(matrix[::2]), matrix.astype(np.float64)[::2]:
        write(tmp_path / "f", ["a", "b"], vectors=given_matrix)
        read = safetensors.read(tmp_path / "f").matrices["vectors"]
        assert read.tolist() == matrix[::2].tolist()


# Whole or not at all


def test_a_file_is_replaced(tmp_path):
    path = tmp_path / "f.safetensors"
    write(path, ["old"])
    write(path, ["new"])
    assert safetensors.read(path).keys == ["new"]
    assert os.listdir(tmp_path) == ["f.safetensors"]


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077, 0])
def test_a_file_has_the_usual_permissions(tmp_path, monkeypatch, mask):
    def never(mask):
        raise AssertionError("the mask is the whole process's")

    before = os.umask(mask)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(os, "umask", never)
            (tmp_path / "usual").touch()
            write(tmp_path / "f", ["a"])
    finally:
        os.umask(before)
    assert (tmp_path / "f").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_file_is_on_the_disk_before_it_takes_the_name(tmp_path, monkeypatch):
    calls = []
    for name in "fsync", "replace":
        real = getattr(os, name)

        def record(*arguments, name=name, real=real):
            file = os.fstat(arguments[0]) if name == "fsync" else os.stat(arguments[0])
            calls.append((name, file.st_ino, file.st_size > 100))
            return real(*arguments)

        monkeypatch.setattr(os, name, record)
    write(tmp_path / "f", ["a"])
    inode = os.stat(tmp_path / "f").st_ino
    assert calls[:2] == [("fsync", inode, True), ("replace", inode, True)]  # then the folder


@pytest.mark.parametrize("error", [OSError("no space"), KeyboardInterrupt()])
@pytest.mark.parametrize("where", ["write_tensors_to", "os.replace"])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, error, where):
    path = tmp_path / "f.safetensors"
    write(path, ["old"])
    before = path.read_bytes()

    def fail(file, *_):
        if where == "write_tensors_to":  # half a file is there already
            file.write(b"half")
        raise error

    monkeypatch.setattr(f"fastw2v.formats.safetensors.{where}", fail)
    with pytest.raises(type(error)) as raised:
        write(path, ["new"])
    if isinstance(error, SafetensorError):
        assert str(path) in str(raised.value)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["f.safetensors"]


def test_what_json_cannot_hold_leaves_nothing_behind(tmp_path):
    with pytest.raises(TypeError):
        write(tmp_path / "f", ["a"], metadata={"a": object()})
    assert not os.listdir(tmp_path)


def test_a_name_as_long_as_names_can_be(tmp_path):
    path = tmp_path / ("x" * 255)
    write(path, ["a"])
    assert safetensors.read(path).keys == ["a"]


def test_places_that_cannot_be_written(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder"):
        write(tmp_path, ["a"])
    with pytest.raises(FileNotFoundError, match=r"no folder '.*missing' to save 'f' in"):
        write(tmp_path / "missing" / "f", ["a"])
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no regular file"):  # /dev/null would be the same
        write(tmp_path / "pipe", ["a"])
    assert os.listdir(tmp_path) == ["pipe"]


# Files that can't be read


def test_no_file(tmp_path, read):
    with pytest.raises(FileNotFoundError, match=r"no file '.*missing'"):
        read(tmp_path / "missing")
    with pytest.raises(IsADirectoryError, match="is a folder") as raised:
        read(tmp_path)
    assert str(tmp_path) in str(raised.value)


SAMPLES = {"str": ["a", "bé", ""], "int": [1, -5, 2**60], "json": [("a", 1), None, "x"]}


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_file_cut_off_anywhere_is_refused(tmp_path, kind, read):
    path = tmp_path / "f.safetensors"
    write(path, SAMPLES[kind], metadata={"x": [1, 2]})
    whole = path.read_bytes()
    for length in {*range(0, len(whole), 5), *range(len(whole) - 20, len(whole))}:
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"f\.safetensors is no safetensors file, or"):
            read(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(ValueError, match=r"f\.safetensors is no safetensors file, or"):
        read(path)


@pytest.mark.parametrize("kind", SAMPLES)
def test_any_flipped_bit_is_refused_or_harmless(tmp_path, kind, read):
    path = tmp_path / "f.safetensors"
    write(path, SAMPLES[kind], metadata={"x": [1, 2]}, width=2)
    whole = path.read_bytes()
    refused = 0
    for position in range(0, len(whole), 2):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position // 2 % 8
        path.write_bytes(damaged)
        try:
            contents = read(path)
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017
            refused += 1
        else:
            assert len(set(contents.keys)) == 3
            assert contents.counts.shape == (3,)
            for matrix in contents.matrices.values():
                assert matrix.shape == (3, 2)
                assert np.isfinite(matrix).all()
    assert refused > len(whole) / 4  # there is no checksum: a changed figure is a figure


def header(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length])["__metadata__"]


TEXTS = np.frombuffer(b"ab", np.uint8)


@pytest.mark.parametrize(
    ("key_kind", "changed", "message"),
    [
        ("str", {"counts": np.ones(3, np.int64)}, "2 keys, but counts are int64 of shape"),
        ("str", {"counts": np.ones(2, np.int32)}, "counts are int32"),
        ("str", {"vectors": np.ones((3, 2), np.float32)}, "vectors is float32 of shape"),
        ("str", {"vectors": np.ones(2, np.float32)}, "vectors is float32 of shape"),
        ("str", {"vectors": np.ones((2, 2), np.float64)}, "vectors is float64"),
        ("str", {"key_offsets": np.array([0, 2, 1, 2])}, "out of order"),
        ("str", {"key_offsets": np.array([0, 1, 3])}, "out of order"),
        ("str", {"key_offsets": np.array([-1, 1, 2])}, "out of order"),
        ("str", {"key_offsets": np.array([1, 1, 2])}, "out of order"),
        ("str", {"key_offsets": np.array([0, -(2**63), 2])}, "out of order"),
        ("str", {"keys": np.frombuffer("é".encode(), np.uint8)}, "utf-8"),
        ("str", {"keys": np.array([97, 98], np.int32)}, "keys are int32"),
        ("str", {"key_offsets": np.array([0, 1, 1])}, "out of order"),
        ("str", {"key_offsets": np.array([], np.int64)}, "damaged"),
        ("str", {"key_offsets": np.array([[0, 1], [1, 2]])}, "damaged"),
        ("str", {"key_offsets": np.array([0.0, 1.0, 2.0])}, "damaged"),
        ("str", {"keys": np.frombuffer(b"a\xff", np.uint8)}, "utf-8"),
        ("str", {"keys": None}, "KeyError"),
        ("str", {"vectors": None}, "KeyError"),
        ("str", {"counts": None}, "KeyError"),
        ("json", {}, "JSONDecodeError"),
        ("json", {"keys": TEXTS[:0], "key_offsets": np.array([0, 0, 0])}, "JSONDecodeError"),
        (
            "json",
            {"keys": np.frombuffer(b'{}[{"a":1}]', np.uint8), "key_offsets": np.array([0, 2, 11])},
            "JSON object",
        ),
        ("int", {}, "integer keys are uint8"),
        ("int", {"keys": np.array([[1, 2], [3, 4]])}, "integer keys"),
        ("int", {"keys": np.array([1.0, 2.0])}, "integer keys are float64"),
        ("pickle", {}, "unknown kind of keys 'pickle'"),
    ],
)
def test_tensors_that_do_not_fit_together(tmp_path, key_kind, changed, message, read):
    path = tmp_path / "f.safetensors"
    write(path, ["a", "b"])
    tensors = {
        "keys": TEXTS,
        "key_offsets": np.array([0, 1, 2]),
        "counts": np.ones(2, np.int64),
        "vectors": np.ones((2, 2), np.float32),
    }
    metadata = header(path)
    save_file(tensors, path, metadata=metadata)
    assert read(path).keys == ["a", "b"]  # so that only the change is to blame
    tensors = {name: t for name, t in {**tensors, **changed}.items() if t is not None}
    save_file(tensors, path, metadata={**metadata, "key_kind": key_kind})
    with pytest.raises(ValueError, match=message) as raised:
        read(path)
    assert f"{path} is damaged: " in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("key_kind", value) for value in (None, "", "3")),
        *(("matrices", value) for value in (None, "", "{", "3", '["keys"]', '["absent"]')),
        *(("metadata", value) for value in (None, "", "{")),
    ],
)
def test_headers_that_make_no_sense(tmp_path, name, value, read):
    path = tmp_path / "f.safetensors"
    write(path, ["a"])
    metadata = {key: v for key, v in {**header(path), name: value}.items() if v is not None}
    tensors = {
        "keys": TEXTS[:1],
        "key_offsets": np.array([0, 1]),
        "counts": np.ones(1, np.int64),
        "vectors": np.ones((1, 2), np.float32),
    }
    save_file(tensors, path, metadata=metadata)
    with pytest.raises(ValueError, match="is damaged: ") as raised:
        read(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("metadata", [None, {}, {"format": "pt"}])
def test_a_safetensors_file_of_somebody_else(tmp_path, metadata, read):
    path = tmp_path / "f.safetensors"
    save_file({"keys": np.ones(2)}, path, metadata=metadata)
    with pytest.raises(ValueError, match="not one that fastw2v wrote") as raised:
        read(path)
    assert str(path) in str(raised.value)


# Types that NumPy has no name for, in a file that is well-formed.
@pytest.mark.parametrize("dtype", ["BF16", "F8_E4M3", "F8_E5M2"])
@pytest.mark.parametrize("ours", [False, True])
def test_tensors_that_numpy_cannot_hold(tmp_path, dtype, ours, read):
    path = tmp_path / "f.safetensors"
    write(path, ["a"])
    width = 2 if dtype == "BF16" else 1
    tensor = {"dtype": dtype, "shape": [2], "data_offsets": [0, 2 * width]}
    metadata = header(path) if ours else {"format": "pt"}
    text = json.dumps({"__metadata__": metadata, "keys": tensor}).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(2 * width))
    message = "is damaged: " if ours else "not one that fastw2v wrote"
    with pytest.raises(ValueError, match=message) as raised:
        read(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("data", [b"", b"hello", b"\x80\x04pickle" * 9, b"the cat 1 2\n" * 99])
def test_no_safetensors_file(tmp_path, data, read):
    path = tmp_path / "f.bin"
    path.write_bytes(data)
    with pytest.raises(ValueError, match="no safetensors file") as raised:
        read(path)
    assert str(path) in str(raised.value)


def test_a_newer_version(tmp_path, monkeypatch, read):
    path = tmp_path / "f.safetensors"
    monkeypatch.setattr(safetensors, "VERSION", "2")
    write(path, ["a"])
    monkeypatch.undo()
    with pytest.raises(ValueError, match="format version 2, and this fastw2v reads version 1"):
        read(path)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_named(tmp_path, value, read):
    matrix = np.ones((3, 2), np.float32)
    path = tmp_path / "f.safetensors"
    keys = ["a", ("b", 2), "c"]
    write(path, keys, good=np.ones((3, 4)), output_vectors=matrix)
    before = path.read_bytes()
    metadata, tensors = header(path), load_file(path)

    matrix[1, 1] = value
    message = r"output_vectors of \('b', 2\) \(row 1\) is not finite"
    with pytest.raises(ValueError, match=f"{message}.*diverged.*lower alpha"):
        write(path, keys, good=np.ones((3, 4)), output_vectors=matrix)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["f.safetensors"]

    save_file({**tensors, "output_vectors": matrix}, path, metadata=metadata)
    with pytest.raises(ValueError, match=message) as raised:
        read(path)
    assert str(path) in str(raised.value)


# Mapped


LARGE = safetensors.SEARCHED // 4 + 3  # values of the smallest matrix that is not always searched


def write_large(path, value=1):
    """Write a matrix that a reader takes the file's word for; ``value`` is put in afterwards."""
    matrix = np.ones((3, LARGE // 3), np.float32)
    write(path, ["a", "b", "c"], vectors=matrix)
    matrix[1, 1] = value
    metadata, tensors = header(path), load_file(path)
    return metadata, {**tensors, "vectors": matrix}


def test_a_large_matrix_is_searched_unless_the_file_says_it_was(tmp_path):
    path = tmp_path / "f.safetensors"
    metadata, tensors = write_large(path, math.nan)
    message = r"vectors of 'b' \(row 1\) is not finite"
    save_file(tensors, path, metadata=metadata)
    assert math.isnan(safetensors.open_mapped(path).matrices["vectors"][1, 1])
    with pytest.raises(ValueError, match=message):
        safetensors.read(path)
    for said in None, "", "false":
        without = {**metadata, "finite": said} if said is not None else dict(metadata)
        if said is None:
            del without["finite"]
        save_file(tensors, path, metadata=without)
        with pytest.raises(ValueError, match=message) as raised:
            safetensors.open_mapped(path)
        assert str(path) in str(raised.value)


def test_a_file_without_that_word_is_read_all_the_same(tmp_path, read):
    path = tmp_path / "f.safetensors"
    metadata, tensors = write_large(path)
    del metadata["finite"]
    save_file(tensors, path, metadata=metadata)
    assert read(path).matrices["vectors"].shape == (3, LARGE // 3)


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux's /proc")
def test_opening_takes_no_memory_for_what_is_not_used(tmp_path):
    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    path = tmp_path / "f.safetensors"
    n = 20_000
    write(path, list(map(str, range(n))), vectors=np.ones((n, 500), np.float32))
    safetensors.open_mapped(path)
    before = resident()
    contents = safetensors.open_mapped(path)
    assert resident() - before < 10e6  # of 40 MB
    assert contents.matrices["vectors"].sum() == n * 500
    assert resident() - before > 30e6  # so that this measures what it is meant to


def test_a_file_that_is_replaced_or_deleted_stays_open(tmp_path):
    path = tmp_path / "f.safetensors"
    write(path, ["a"], vectors=np.ones((1, 3000)))
    first = safetensors.open_mapped(path)
    write(path, ["b"], vectors=np.full((1, 3000), 2))
    second = safetensors.open_mapped(path)
    path.unlink()
    assert (first.matrices["vectors"] == 1).all()
    assert (second.matrices["vectors"] == 2).all()


def test_a_file_that_is_replaced_while_it_is_opened(tmp_path, monkeypatch):
    path = tmp_path / "f.safetensors"
    write(path, ["a"], vectors=np.ones((1, 2)))
    real = safetensors.tensor_places

    def late(given):
        monkeypatch.undo()
        write(path, ["longer"], vectors=np.full((1, 5), 2))
        return real(given)

    monkeypatch.setattr(safetensors, "tensor_places", late)
    contents = safetensors.open_mapped(path)
    assert contents.keys == ["longer"]
    assert contents.matrices["vectors"].tolist() == [[2] * 5]


def test_a_key_that_occurs_twice(tmp_path, caplog):
    path = tmp_path / "f.safetensors"
    write(path, ["a", "b"])
    save_file({**load_file(path), "keys": np.frombuffer(b"aa", np.uint8)}, path, header(path))
    with pytest.raises(ValueError, match="a key occurs more than once"):
        safetensors.read(path)
    assert KeyedVectors.load(path).index_to_key == ["a"]
    assert "an earlier row has the same key; the first of them is 'a' (row 1)" in caplog.text
