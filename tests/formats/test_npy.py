"""A NumPy matrix with its keys beside it: what goes in comes out, and damage is named."""

import json
import os
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v.formats import npy
from fastw2v.formats.source import Source, Vectors, from_arrays, read_whole

KEYS = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    ),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=4,
)
TEXTS = st.text(st.characters(categories=["Cs", "Lu", "Cc", "Zl"]), max_size=5)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return tmp_path_factory.mktemp("npy") / "x.npy"


def random_vectors(n, size=3):
    return np.random.default_rng(n).normal(size=(n, size)).astype(np.float32)


def read(path, **options):
    with npy.open_source(path, **options) as source:
        return read_whole(source)


@settings(deadline=None, max_examples=50)
@given(keys=st.one_of(st.lists(KEYS, unique=True, max_size=6), st.lists(TEXTS, unique=True)))
def test_any_key_comes_back(keys, shared):
    vectors = random_vectors(len(keys))
    npy.write(shared, from_arrays(Vectors(keys, vectors)))
    found = read(shared)
    assert list(map(repr, found.keys)) == list(map(repr, keys))
    np.testing.assert_array_equal(found.vectors, vectors)


def test_the_files_are_numpy_s_and_json_s(tmp_path):
    path = tmp_path / "x.npy"
    vectors = random_vectors(3)
    npy.write(str(path), from_arrays(Vectors(["the", 'a"\n', ("é", 1)], vectors)))
    loaded = np.load(path, mmap_mode="r", allow_pickle=False)
    assert loaded.dtype == np.float32
    np.testing.assert_array_equal(loaded, vectors)
    text = (tmp_path / "x.keys.json").read_text("utf-8")
    assert json.loads(text) == ["the", 'a"\n', ["é", 1]]
    assert text.count("\n") == 5  # a key a line
    assert "é" not in json.loads(text)[:2]


@pytest.mark.parametrize(
    ("name", "beside"),
    [("x.npy", "x.keys.json"), ("x", "x.keys.json"), ("a.b", "a.b.keys.json")],
)
def test_where_keys_lie(tmp_path, name, beside):
    npy.write(tmp_path / name, from_arrays(Vectors(["a"], random_vectors(1))))
    assert sorted(os.listdir(tmp_path)) == sorted([name, beside])
    assert read(tmp_path / name).keys == ["a"]


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("dtype", ["<f2", "<f4", ">f4", "<f8", ">f8"])
def test_what_numpy_saved(tmp_path, order, dtype, monkeypatch):
    monkeypatch.setattr("fastw2v.formats.source.CHUNK_BYTES", 24)  # two rows
    matrix = np.asarray(random_vectors(5), dtype, order)
    np.save(tmp_path / "x.npy", matrix)
    (tmp_path / "x.keys.json").write_text('["a", 1, 1.5, [1, "x"], null]')
    for limit in None, 0, 1, 4, 7:
        found = read(tmp_path / "x.npy", limit=limit)
        assert found.keys == ["a", 1, 1.5, (1, "x"), None][:limit]
        assert found.vectors.dtype == np.float32
        np.testing.assert_array_equal(found.vectors, matrix[:limit].astype(np.float32))


def test_a_header_of_version_2(tmp_path):
    with open(tmp_path / "x.npy", "wb") as file:
        np.lib.format.write_array(file, random_vectors(2), version=(2, 0))
    (tmp_path / "x.keys.json").write_text('["a", "b"]')
    np.testing.assert_array_equal(read(tmp_path / "x.npy").vectors, random_vectors(2))


def test_keys_that_are_not_utf8(tmp_path):
    np.save(tmp_path / "x.npy", random_vectors(1))
    (tmp_path / "x.keys.json").write_bytes(b'["a\xff"]')
    with pytest.raises(ValueError, match=r"x\.keys\.json is no JSON list of keys.*0xff"):
        read(tmp_path / "x.npy")
    assert read(tmp_path / "x.npy", encoding_errors="replace").keys == ["a\ufffd"]


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.array([["a"]]), "holds <U1 of shape"),
        (np.ones((1, 2), np.int32), "holds int32 of shape"),
        (np.ones((1, 2), complex), "holds complex128"),
        (np.ones(2), r"holds float64 of shape \(2,\)"),
        (np.ones((1, 2, 1)), r"of shape \(1, 2, 1\)"),
        (np.ones(()), r"of shape \(\)"),
        (np.ones((2, 2)), "has 2 rows, but .*keys.json 1 keys"),
        (np.array([[1, np.nan]]), r"vector of 'a' \(row 0\) is not finite"),
        (np.array([[1, 1e300]]), r"vector of 'a' \(row 0\) is not finite"),
    ],
)
def test_matrices_that_are_none_of_ours(tmp_path, matrix, message):
    np.save(tmp_path / "x.npy", matrix)
    (tmp_path / "x.keys.json").write_text('["a"]')
    with pytest.raises(ValueError, match=message) as raised:
        read(tmp_path / "x.npy")
    assert str(tmp_path / "x.npy") in str(raised.value)


class Trap:
    def __reduce__(self):
        return os.mkdir, ("trapped",)


@pytest.mark.parametrize("as_array", [False, True])
def test_nothing_is_unpickled(tmp_path, monkeypatch, as_array):
    monkeypatch.chdir(tmp_path)
    if as_array:
        np.save("x.npy", np.array([[Trap()]]), allow_pickle=True)
    else:
        (tmp_path / "x.npy").write_bytes(pickle.dumps(Trap()))
    (tmp_path / "x.keys.json").write_text('["a"]')
    with pytest.raises(ValueError, match=r"x\.npy"):
        read("x.npy")
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize(
    "text", ["", "{", '{"a": 1}', '"a"', "3", '[{"a": 1}]', "[" * 100_000, '["a"] x', "[1e999999x]"]
)
def test_keys_that_make_no_sense(tmp_path, text):
    np.save(tmp_path / "x.npy", random_vectors(1))
    (tmp_path / "x.keys.json").write_text(text)
    with pytest.raises(ValueError, match=r"x\.keys\.json is no JSON list of keys, or is damaged"):
        read(tmp_path / "x.npy")


def test_one_of_the_two_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*x\.npy"):
        read(tmp_path / "x.npy")
    np.save(tmp_path / "x.npy", random_vectors(1))
    with pytest.raises(FileNotFoundError, match=r"no file .*x\.keys\.json.* belong there"):
        read(tmp_path / "x.npy")


@pytest.fixture(scope="module")
def contents(shared):
    npy.write(shared, from_arrays(Vectors(["a", ("b", 1), "c"], random_vectors(3))))
    return {path: path.read_bytes() for path in (shared, npy.keys_path(shared))}


@settings(deadline=None)
@given(data=st.data())
def test_damage_is_named_or_harmless(data, shared, contents):
    for path, content in contents.items():
        path.write_bytes(content)
    path = data.draw(st.sampled_from(sorted(contents)))
    content = bytearray(contents[path])
    position = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[position] = data.draw(st.integers(0, 255))
    else:
        del content[position:]
    path.write_bytes(content)
    try:
        found = read(shared)
    except ValueError as error:
        assert str(shared.with_suffix("")) in str(error)  # noqa: PT017
    else:
        assert found.vectors.shape[0] == 3
        assert np.isfinite(found.vectors).all()


@pytest.mark.parametrize("shape", ["(99999999999, 3)", "(3, 99999999999)", "(-1, 3)", "(3, -3)"])
def test_an_announced_size_is_checked_before_memory_is_taken(tmp_path, shape):
    path = tmp_path / "x.npy"
    np.save(path, random_vectors(3))
    text = path.read_bytes()
    changed = text.replace(b"(3, 3), }" + b" " * 12, f"{shape}, }}".ljust(21).encode())
    assert len(changed) == len(text)
    assert changed != text
    path.write_bytes(changed)
    (tmp_path / "x.keys.json").write_text("[1, 2, 3]")
    with pytest.raises(
        ValueError, match=r"x\.npy (is damaged: .* bytes of|holds float32 of shape)"
    ):
        read(path)


@pytest.mark.parametrize("fails", ["keys", "rows", "replace"])
def test_a_failure_leaves_the_old_pair_and_nothing_else(tmp_path, monkeypatch, fails):
    path = tmp_path / "x.npy"
    npy.write(path, from_arrays(Vectors(["old"], random_vectors(1))))
    before = {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)}
    new = from_arrays(Vectors([b"new" if fails == "keys" else "new"], random_vectors(1)))
    if fails == "rows":
        new = Source(2, 3, new.chunks)
    if fails == "replace":
        monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("no space")))
    with pytest.raises((TypeError, ValueError, OSError)):
        npy.write(path, new)
    assert before == {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)}


def test_no_moment_has_keys_beside_a_matrix_that_they_do_not_belong_to(tmp_path, monkeypatch):
    path = tmp_path / "x.npy"
    npy.write(path, from_arrays(Vectors(["old"], random_vectors(1))))
    seen = []
    for name in "replace", "unlink":
        real = getattr(os, name)

        def record(*arguments, real=real, **options):
            real(*arguments, **options)
            matrix = np.load(path)
            keys = npy.keys_path(path)
            seen.append((len(matrix), len(json.loads(keys.read_text())) if keys.exists() else None))

        monkeypatch.setattr(os, name, record)
    npy.write(path, from_arrays(Vectors(["new", "er"], random_vectors(2))))
    assert (1, None) in seen
    assert set(seen) <= {(1, 1), (1, None), (2, None), (2, 2)}
    assert seen[-1] == (2, 2)
