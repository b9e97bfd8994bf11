"""word2vec's two formats and GloVe's: as word2vec.c, gensim, fastText and GloVe lay them out."""

import bz2
import gzip
import logging
import lzma
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastw2v
from fastw2v import formats
from fastw2v.formats import streams, text_rows

KEYS = ["the", "é", "日本", "</s>", "1", "a,b"]
VECTORS = np.array(
    [[0.25, -1, 3e-7], [1, 2, 3], [0, -0.0, 1e-45], [1e9, 3.4028235e38, 7], [5, 6, 7], [8, 9, 1]],
    np.float32,
)
COMPRESS = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda data: pytest.importorskip("zstandard").compress(data),
}
FORMATS = ("word2vec_binary", "word2vec_text", "glove")
SUFFIXES = {"word2vec_binary": ".bin", "word2vec_text": ".txt", "glove": ".glove"}

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=" \t\n\v\f\r"))
keys_lists = st.lists(texts.filter(bool), unique=True, max_size=8)
matrices = st.integers(1, 5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One folder for all of hypothesis's examples, which a function's own would not outlive."""
    return tmp_path_factory.mktemp("formats")


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch, request):
    """Read small files in many blocks, where a test asks for it."""
    if "blocks" in request.fixturenames:
        size = request.getfixturevalue("blocks")
        for module in (streams, text_rows, formats.table.FORMATS["glove"].module()):
            monkeypatch.setattr(module, "BLOCK", size)
        monkeypatch.setattr(formats.table.FORMATS["word2vec_binary"].module(), "BLOCK", size)


def packed(vector):
    return struct.pack(f"<{len(vector)}f", *vector)


def laid_out(style, keys=KEYS, vectors=VECTORS):
    """Return a file's bytes as the named program writes them, and the vectors that it holds."""
    header = f"{len(keys)} {vectors.shape[1]}\n".encode()
    rows = list(zip([key.encode() for key in keys], vectors.tolist(), strict=True))
    fixed = np.array([[float(f"{x:f}") for x in row] for row in vectors.tolist()], np.float32)
    general = np.array([[float(f"{x:g}") for x in row] for row in vectors.tolist()], np.float32)
    if style == "word2vec.c, binary":
        lines = [key + b" " + packed(row) + b"\n" for key, row in rows]
        return header + b"".join(lines), vectors
    if style == "gensim, binary":
        return header + b"".join(key + b" " + packed(row) for key, row in rows), vectors
    if style == "word2vec.c, text":
        lines = [key + b" " + b"".join(b"%f " % x for x in row) + b"\n" for key, row in rows]
        return header + b"".join(lines), fixed
    if style == "fastText":
        lines = [key + b" " + b"".join(b"%g " % x for x in row) + b"\n" for key, row in rows]
        return header + b"".join(lines), general
    if style == "gensim, text":
        numbers = [" ".join(map(str, row)) for row in vectors.astype("<f4")]
        lines = [f"{key} {row}\n" for key, row in zip(keys, numbers, strict=True)]
        return header + "".join(lines).encode(), vectors
    assert style == "GloVe"
    lines = [key + b"".join(b" %f" % x for x in row) + b"\n" for key, row in rows]
    return b"".join(lines), fixed


STYLES = {
    "word2vec.c, binary": "word2vec_binary",
    "gensim, binary": "word2vec_binary",
    "word2vec.c, text": "word2vec_text",
    "fastText": "word2vec_text",
    "gensim, text": "word2vec_text",
    "GloVe": "glove",
}


def assert_holds(read, keys, vectors):
    assert read.keys == keys
    assert read.vectors.dtype == np.float32
    np.testing.assert_array_equal(read.vectors.view(np.uint32), vectors.view(np.uint32))
    assert read.counts is None


@pytest.fixture
def saved(tmp_path):
    """Writes bytes to a file, whose name says nothing of its format."""

    def save(data):
        path = tmp_path / "vectors"
        path.write_bytes(data)
        return path

    return save


# Reading what other programs write


@pytest.mark.parametrize("style", STYLES)
def test_files_of_other_programs(saved, style):
    data, vectors = laid_out(style)
    path = saved(data)
    assert formats.detect(path) == STYLES[style]
    assert_holds(formats.read(path), KEYS, vectors)
    assert_holds(formats.read(path, format=STYLES[style]), KEYS, vectors)


@pytest.mark.parametrize("compression", COMPRESS)
@pytest.mark.parametrize("style", ["word2vec.c, binary", "fastText", "GloVe"])
def test_compressed_files_of_other_programs(saved, style, compression):
    data, vectors = laid_out(style)
    path = saved(COMPRESS[compression](data))
    assert formats.detect(path) == STYLES[style]
    assert_holds(formats.read(path), KEYS, vectors)


@pytest.mark.parametrize("blocks", [1, 7, 64])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.usefixtures("blocks")
def test_blocks_of_any_size_give_the_same(saved, style, blocks):
    data, vectors = laid_out(style)
    path = saved(data)
    assert_holds(formats.read(path), KEYS, vectors)
    for limit in range(1, 8):
        assert_holds(formats.read(path, limit=limit), KEYS[:limit], vectors[:limit])
    with pytest.raises(ValueError, match=r"vectors"):
        formats.read(saved(data[: data.index(b"a,b ") + 4]))


@pytest.fixture
def blocks():
    """Overridden by parameters."""


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 7, 10**18])
@pytest.mark.parametrize("style", STYLES)
def test_the_first_rows_alone(saved, style, limit):
    data, vectors = laid_out(style)
    assert_holds(formats.read(saved(data), limit=limit), KEYS[:limit], vectors[:limit])


@pytest.mark.parametrize("style", STYLES)
def test_what_comes_after_the_limit_is_not_looked_at(saved, style):
    data, vectors = laid_out(style)
    for garbage in (data + b"\xff\xfe garbage", data[:-6]):
        assert_holds(formats.read(saved(garbage), limit=4), KEYS[:4], vectors[:4])


def test_line_ends_of_windows_and_blanks_between_numbers(saved):
    data = b"\xef\xbb\xbf 2  2 \r\na\t1\t-2\r\nb  3 \t 4  \r\n\r\n \n"
    assert_holds(formats.read(saved(data)), ["a", "b"], np.array([[1, -2], [3, 4]], np.float32))


def test_a_last_line_without_its_end(saved):
    for data in (b"1 2\na 1 2", b"a 1 2"):
        assert_holds(formats.read(saved(data)), ["a"], np.array([[1, 2]], np.float32))


def test_glove_keys_with_spaces_in_them(saved):
    data = b"the 1 2\n. . . 3 4\nat name@example.com 5 6\n1 1 7 8\n"
    read = formats.read(saved(data))
    assert read.keys == ["the", ". . .", "at name@example.com", "1 1"]
    assert read.vectors.tolist() == [[1, 2], [3, 4], [5, 6], [7, 8]]


@pytest.mark.parametrize(
    ("data", "first", "others"),
    [(b"a 1 2\nb 3 4 5\n", 2, 3), (b"-1 3\na 1 2 3\nb\t4 5 6\n", 1, 3), (b"a 1\nb c 2 3", 1, 2)],
)
def test_a_first_glove_line_that_is_shorter_than_the_others(saved, data, first, others):
    with pytest.raises(ValueError, match=f"line 1: {first} numbers.* have {others} or more"):
        formats.read(saved(data), format="glove")


def test_numbers_that_a_glove_key_swallows_are_told_once(saved, caplog):
    path = saved(b"the 1 2\nwindows 10 3 4\n. . . 5 6\nat n@d.com 7 8\nb\t9 1 2\nc 3 4\n")
    keys = ["the", "windows 10", ". . .", "at n@d.com", "b\t9", "c"]
    assert formats.read(path).keys == keys
    assert len(caplog.records) == 1
    assert f"{path}, line 2: the key is taken to be 'windows 10'" in caplog.text
    caplog.clear()
    assert formats.read(path, limit=1).keys == ["the"]
    assert formats.read(saved(b"the 1\n1\xc2\xa02 3\n")).keys == ["the", "1\xa02"]
    assert not caplog.records


def test_a_file_of_no_rows(saved):
    for format in ("word2vec_binary", "word2vec_text"):
        read = formats.read(saved(b"0 7\n"), format=format)
        assert read.keys == []
        assert read.vectors.shape == (0, 7)


def test_vectors_whose_bytes_look_like_text_are_seen_as_binary(saved):
    for value in (0.1, 1.0, 0.0, -1e-3, 1e6):
        vectors = np.full((3, 50), value, np.float32)
        data, _ = laid_out("gensim, binary", KEYS[:3], vectors)
        assert formats.detect(saved(data)) == "word2vec_binary"


# Round trips


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz", ".zst"])
@pytest.mark.parametrize("format", FORMATS)
def test_what_is_written_is_read(tmp_path, format, suffix):
    if suffix == ".zst":
        pytest.importorskip("zstandard")
    path = tmp_path / f"v{SUFFIXES[format]}{suffix}"
    formats.write(path, KEYS, VECTORS, np.arange(6))
    assert formats.detect(path) == format
    assert_holds(formats.read(path), KEYS, VECTORS)
    magic = {"": b"", ".gz": b"\x1f\x8b", ".bz2": b"BZh", ".xz": b"\xfd7z", ".zst": b"(\xb5"}
    assert path.read_bytes().startswith(magic[suffix])


@pytest.mark.parametrize("format", FORMATS)
@settings(deadline=None)
@given(keys=keys_lists, width=st.integers(1, 5), data=st.data())
def test_anything_written_is_read_to_the_last_bit(folder, format, keys, width, data):
    bits = st.integers(0, 0x7F7FFFFF) | st.integers(1 << 31, 0xFF7FFFFF)
    n = len(keys) * width
    values = data.draw(st.lists(bits, min_size=n, max_size=n))
    vectors = np.array(values, np.uint32).view(np.float32).reshape(len(keys), width)
    path = folder / "round_trip"
    if keys or format != "glove":  # which can't say of what size no vectors are
        formats.write(path, keys, vectors, format=format)
        assert_holds(formats.read(path, format=format), keys, vectors)


def test_the_bytes_that_are_written(tmp_path):
    path = tmp_path / "v"
    for style, format in (("word2vec.c, binary", "word2vec_binary"),):
        formats.write(path, KEYS, VECTORS, format=format)
        assert path.read_bytes() == laid_out(style)[0]
    vectors = np.array([[0.1, -2], [3e-9, 0]])
    formats.write(path, ["a", "é"], vectors, format="word2vec_text")
    assert path.read_text("utf-8") == "2 2\na 0.1 -2.0\né 3e-09 0.0\n"
    formats.write(path, ["a", "é"], vectors, format="glove")
    assert path.read_text("utf-8") == "a 0.1 -2.0\né 3e-09 0.0\n"


def test_compressed_files_are_the_same_every_time(tmp_path):
    for name in ("a.txt.gz", "b.txt.gz"):
        formats.write(tmp_path / name, KEYS, VECTORS)
    assert (tmp_path / "a.txt.gz").read_bytes() == (tmp_path / "b.txt.gz").read_bytes()


def test_many_rows_in_many_chunks(tmp_path):
    random = np.random.default_rng(0)
    vectors = random.normal(size=(30_000, 50)).astype(np.float32)
    keys = [f"k{i}" for i in range(len(vectors))]
    for name in ("v.bin", "v.txt", "v.glove"):
        formats.write(tmp_path / name, keys, vectors)
        assert_holds(formats.read(tmp_path / name), keys, vectors)
        assert_holds(formats.read(tmp_path / name, limit=20_001), keys[:20_001], vectors[:20_001])


@pytest.mark.parametrize("binary", [True, False])
def test_gensim_reads_what_is_written(tmp_path, binary):
    pytest.importorskip("gensim", reason="gensim is not installed")
    from gensim.models import KeyedVectors

    path = tmp_path / ("v.bin" if binary else "v.txt.gz")
    formats.write(path, KEYS, VECTORS)
    loaded = KeyedVectors.load_word2vec_format(str(path), binary=binary)
    assert loaded.index_to_key == KEYS
    np.testing.assert_array_equal(loaded.vectors.view(np.uint32), VECTORS.view(np.uint32))


@pytest.mark.parametrize("binary", [True, False])
def test_what_gensim_writes_is_read(tmp_path, binary):
    pytest.importorskip("gensim", reason="gensim is not installed")
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(3)
    vectors.add_vectors(KEYS, VECTORS)
    path = tmp_path / "v"
    vectors.save_word2vec_format(str(path), binary=binary)
    assert_holds(formats.read(path), KEYS, VECTORS)


# Keys


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("", "'' (row 1) is empty"),
        ("a b", "'a b' (row 1) has "),
        (" ", "' ' (row 1) has "),
        ("\n", "(row 1) has "),
        ("a\n", "(row 1) has "),
        ("\ud800", "'\\ud800' (row 1) is no valid Unicode"),
        (b"a", "b'a' of type bytes (row 1) can't be written"),
        (None, "None of type NoneType (row 1) can't be written"),
        (True, "True of type bool (row 1) can't be written"),
        (1.0, "1.0 of type float (row 1) can't be written"),
        (("a",), "('a',) of type tuple (row 1) can't be written"),
        (5, "5 of type int (row 1) is among others that are str"),
    ],
)
def test_keys_that_could_not_be_read_back_are_refused(tmp_path, format, key, message):
    path = tmp_path / "v"
    path.write_text("as it was")
    with pytest.raises((ValueError, TypeError)) as raised:
        formats.write(path, ["x", key, "y"], np.ones((3, 2)), format=format)
    assert message in str(raised.value)
    assert path.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("format", FORMATS)
def test_keys_as_long_as_can_be_read_are_written_and_longer_ones_refused(tmp_path, format):
    path, vectors = tmp_path / f"v{SUFFIXES[format]}", np.ones((2, 3), np.float32)
    keys = ["é" * (streams.LONGEST_KEY // 2), "b"]
    formats.write(path, keys, vectors)
    assert_holds(formats.read(path), keys, vectors)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"row 1\) has 65,537 bytes, .* at most 65,536"):
        formats.write(path, ["b", "x" + keys[0]], vectors)
    assert path.read_bytes() == before


def test_no_rows_are_not_written_where_they_are_no_file(tmp_path):
    for suffix in SUFFIXES.values():
        path = tmp_path / f"v{suffix}"
        if suffix == ".glove":
            with pytest.raises(ValueError, match=r"without rows .* \.safetensors"):
                formats.write(path, [], np.empty((0, 3), np.float32))
            assert not path.exists()
        else:
            formats.write(path, [], np.empty((0, 3), np.float32))
            assert formats.read(path).vectors.shape == (0, 3)


@pytest.mark.parametrize("key", ["a\tb", "\r", "\v", "a\f"])
def test_other_white_space_is_refused_in_text_alone(tmp_path, key):
    for format in ("word2vec_text", "glove"):
        with pytest.raises(ValueError, match="has white space in it"):
            formats.write(tmp_path / "v", [key], np.ones((1, 2)), format=format)
    formats.write(tmp_path / "v", [key], np.ones((1, 2)), format="word2vec_binary")
    assert formats.read(tmp_path / "v").keys == [key]


@pytest.mark.parametrize("format", FORMATS)
def test_integer_keys_are_written_as_digits_and_the_user_is_told(tmp_path, format, caplog):
    formats.write(tmp_path / "v", [7, np.int64(-8)], np.ones((2, 2)), format=format)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "come back as str, such as '7'" in caplog.text
    assert formats.read(tmp_path / "v", format=format).keys == ["7", "-8"]
    with pytest.raises(TypeError, match=r"'7' of type str \(row 1\) is among others that are int"):
        formats.write(tmp_path / "v", [7, "7"], np.ones((2, 2)), format=format)


@pytest.mark.parametrize("style", STYLES)
def test_keys_that_are_no_utf8(saved, style):
    data = laid_out(style, ["the", "xx", "yy"], VECTORS[:3])[0]
    path = saved(data.replace(b"xx", b"x\xff").replace(b"yy", b"\xfe\xfe"))
    with pytest.raises(
        ValueError, match=r"vectors, (row 1|line [23])\b.*b'x\\xff' is no valid UTF-8"
    ):
        formats.read(path)
    assert formats.read(path, encoding_errors="replace").keys == ["the", "x\ufffd", "\ufffd\ufffd"]
    assert formats.read(path, encoding_errors="ignore", limit=2).keys == ["the", "x"]
    with pytest.raises(ValueError, match=r"(row 2|line [34])\b.*nothing is left of the key"):
        formats.read(path, encoding_errors="ignore")


@pytest.mark.parametrize("style", STYLES)
def test_of_a_repeated_key_the_first_row_is_kept(saved, style, caplog):
    data, vectors = laid_out(style, ["a", "b", "a", "c", "b", "b"])
    path = saved(data)
    with caplog.at_level(logging.WARNING, "fastw2v"):
        read = formats.read(path)
    assert_holds(read, ["a", "b", "c"], vectors[[0, 1, 3]])
    assert "3 rows are left out" in caplog.text
    assert "the first of them is 'a' (row 2)" in caplog.text
    with pytest.raises(ValueError, match=r"vectors: the key 'a' \(row 2\) occurs more than once"):
        formats.convert(path, path.with_name("other.txt"))
    assert list(path.parent.iterdir()) == [path]
    formats.convert(path, path.with_name("other.txt"), limit=2)
    assert formats.read(path.with_name("other.txt")).keys == ["a", "b"]


# Damaged files


HEADERS = [
    b"",
    b"\n",
    b"2\n",
    b"a b\n",
    b"2 2 2\n",
    b"-1 2\n",
    b"2 0\n",
    b"2.0 2\n",
    b"2 2",
    b"1" * 200 + b" 2\n",
    b"2 " + b"1" * 19 + b"\n",
    b"1000000000000 100\n",
    b"1 1000000000000\n",
    b"999999999999999999 999999999999999999\n",
    b"3 2\n",
    b"1 2\n",
    b"2 1\n",
    b"2 3\n",
]


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: repr(header[:30]))
@pytest.mark.parametrize("format", ["word2vec_binary", "word2vec_text"])
@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_headers_that_are_wrong(saved, header, format, compress):
    one, two = packed([1, 2]), packed([3, 4])
    rows = b"a 1 2\nb 3 4\n" if format == "word2vec_text" else b"a " + one + b"b " + two
    path = saved(compress(header + rows))
    with pytest.raises(ValueError, match="vectors") as raised:
        formats.read(path, format=format)
    if b"00000" in header or b"999" in header:
        assert "its header promises" in str(raised.value)


@settings(deadline=None)
@given(
    n=st.integers(0, 4) | st.integers(0, 10**18),
    size=st.integers(0, 4) | st.integers(0, 10**18),
    blanks=st.sampled_from([(b"", b" ", b"\n"), (b" ", b"  ", b" \r\n"), (b"\n", b" ", b"\n")]),
    style=st.sampled_from(["word2vec.c, binary", "gensim, binary", "fastText"]),
)
def test_headers_that_promise_something_else(folder, n, size, blanks, style):
    body = laid_out(style, KEYS[:2], VECTORS[:2])[0].partition(b"\n")[2]
    path = folder / "header"
    path.write_bytes(blanks[0] + b"%d" % n + blanks[1] + b"%d" % size + blanks[2] + body)
    if (n, size) == (2, 3) and blanks[0] != b"\n":
        assert_holds(formats.read(path, format=STYLES[style]), KEYS[:2], formats.read(path).vectors)
        return
    with pytest.raises(ValueError, match="header"):
        formats.read(path, format=STYLES[style])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"2 2\na 1.25 2.25\n", "line 3: the file ends here, after 1 of 2 rows"),
        (b"2 2\na 1.5 2\nb 3", "line 3: the line ends after 1 of 2 numbers"),
        (b"2 2\na 1 2\nb 3 4 5\n", "line 3: more follows the 2 numbers of 'b', at byte 7: b'5'"),
        (b"2 2\na 1 2\nb 3 x4\n", "line 3: at byte 5 of the row of 'b', b'x4' is no number"),
        (b"2 2\na 1 2\nb 3 nan\n", "line 3: the vector of 'b' is not finite: b'nan', at byte 5"),
        (b"2 2\na 1 2\nb 1e99 1\n", "line 3: the vector of 'b' is not finite: b'1e99', at byte 3"),
        (b"2 2\na 1 2\n 3 4.5\n", "line 3: the line begins with a blank"),
        (b"2 2\na 1 2\n\nb 3 4\n", "line 3: the line is empty"),
        (b"2 2\na 1 2\nb 3 4\n\nc 5 6\n", "line 4: the line is empty"),
        (b"2 2\na 1 2\nb 3 4\nc 5 6\n", "line 4: more rows follow the 2 that the header promises"),
        (b"a 1 2\nb 3\n", "line 2: the line ends after 1 of"),
        (b"a 1.25 2\nb 3 4\nc\n", "line 3: the line ends after 0 of 2 numbers"),
        (b"0 9999999999\na 1\n", "line 2: the line ends after 1 of"),
        (b"0 9999999999\n a 1\n", "line 2: the line begins with a blank"),
        (b"a 1 2\nb 3 x\n", "line 2: at byte 5 of the row of 'b', b'x' is no number"),
        (b"a 1 2\nb c 4\n", "line 2: at byte 3 of the row of 'b', b'c' is no number"),
        (b"a 1 2\n\nb 3 4\n", "line 2: the line is empty"),
        (b"a 1 2\n 3 4\n", "line 2: the line begins with a blank"),
        (b"a 1 2\n b 3 4\n", "line 2: the line begins with a blank"),
    ],
)
def test_rows_that_are_wrong(saved, data, message):
    path = saved(data)
    with pytest.raises(ValueError, match="vectors") as raised:
        formats.read(path)
    assert f"{path}, {message}" in str(raised.value)


@pytest.mark.parametrize("blocks", [5, 1 << 22])
@pytest.mark.usefixtures("blocks")
def test_lines_are_numbered_across_blocks(saved, blocks):
    lines = [b"k%d %d %d\n" % (i, i, i) for i in range(100)]
    lines[57] = b"k57 57 x\n"
    with pytest.raises(ValueError, match=r"line 59: at byte 8 of the row of 'k57'"):
        formats.read(saved(b"100 2\n" + b"".join(lines)))
    with pytest.raises(ValueError, match=r"line 58: at byte 8 of the row of 'k57'"):
        formats.read(saved(b"".join(lines)))


@pytest.mark.parametrize("style", ["word2vec.c, binary", "gensim, binary"])
def test_binary_rows_that_are_wrong(saved, style):
    data = laid_out(style)[0]
    with pytest.raises(ValueError, match=r"row 5 \(from byte \d\d on\): the file ends inside"):
        formats.read(saved(data[:-5]))
    with pytest.raises(ValueError, match=r"more follows the 6 rows that the header promises"):
        formats.read(saved(data + b"\n\n"))
    with pytest.raises(ValueError, match=r"row 1 \(from byte 2[12] on\): there is no key"):
        formats.read(saved(data.replace("é".encode(), b"")))
    row = packed([1, 2, 3])
    for value in (np.nan, np.inf, -np.inf):
        message = r"row 1 \(from byte 2[12] on\): the vector of 'é' is not finite"
        with pytest.raises(ValueError, match=message):
            formats.read(saved(data.replace(row, packed([1, value, 3]))))


def test_a_binary_file_without_spaces(saved):
    with pytest.raises(ValueError, match=r"row 0 \(from byte 6 on\): no space in 65,536 bytes"):
        formats.read(saved(b"20 3\n" + b"\xff" * 2**18))


@pytest.mark.parametrize("blocks", [1000])
@pytest.mark.usefixtures("blocks")
def test_a_line_without_an_end(saved, blocks):
    path = saved(b"3 2\na 1 2\nb" + b" " * 2**18 + b"3 4\nc 5 6\n")
    with pytest.raises(ValueError, match=r"line 3: the line has more than 65,664 bytes"):
        formats.read(path)


@pytest.mark.parametrize("compression", COMPRESS)
@pytest.mark.parametrize("style", ["gensim, binary", "fastText", "GloVe"])
def test_compressed_files_that_are_cut_off(saved, style, compression):
    random = np.random.default_rng(1).random((200, 3), np.float32)
    data = COMPRESS[compression](laid_out(style, [f"k{i}" for i in range(200)], random)[0])
    for n in (len(data) - 3, len(data) // 2):
        with pytest.raises(ValueError, match="vectors"):
            formats.read(saved(data[:n]), format=STYLES[style])


def test_a_bomb_is_not_decompressed_into_memory(saved):
    bomb = gzip.compress(b"9 9\n" + b"a" * 2**24, 1)
    with pytest.raises(ValueError, match=r"line 2: the line has more than"):
        formats.read(saved(bomb), format="word2vec_text")
    with pytest.raises(ValueError, match=r"row 0 .*no space"):
        formats.read(saved(bomb), format="word2vec_binary")


def read_or_refuse(path, **options):
    """Read a file of any content: the result makes sense, or an error names the file."""
    problem = ""
    try:
        read = formats.read(path, **options)
        assert len(set(read.keys)) == len(read.keys) == len(read.vectors)
        assert np.isfinite(read.vectors).all()
    except ValueError as error:
        problem = str(error)
    assert not problem or path.name in problem


@pytest.mark.parametrize("style", STYLES)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_damage_is_an_error_that_names_the_file_or_does_no_harm(folder, style, data):
    contents = bytearray(laid_out(style)[0])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(contents)))
        length = data.draw(st.integers(0, 9))
        contents[at : at + length] = data.draw(
            st.binary(max_size=9) | st.sampled_from([b"9", b" "])
        )
    path = folder / "damaged"
    path.write_bytes(contents)
    for format in (None, *FORMATS):
        for limit in (None, 2):
            read_or_refuse(path, format=format, limit=limit)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.binary(max_size=30)
        | st.sampled_from(
            [b"2 2\n", b"a 1 2\n", b" ", b"\n", b"1", b"-", b"1e9", b"nan", b"\x80\4"]
        ),
        max_size=12,
    ).map(b"".join)
)
def test_any_bytes_at_all(folder, contents):
    path = folder / "bytes"
    path.write_bytes(contents)
    for format in (None, *FORMATS):
        read_or_refuse(path, format=format)


# Memory and errors of others


def test_an_error_of_a_writer_is_not_taken_for_damage_of_the_source(saved, monkeypatch):
    path = saved(gzip.compress(laid_out("fastText")[0]))
    module = formats.table.FORMATS["word2vec_text"].module()

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_rows", full)
    with pytest.raises(OSError, match="No space left"):
        formats.convert(path, path.with_name("v.txt"))


@pytest.mark.parametrize("style", STYLES)
def test_more_vectors_than_memory_are_refused_before_any_is_read(saved, style, monkeypatch):
    monkeypatch.setattr("fastw2v.resources.available_memory", lambda: 50)
    path = saved(laid_out(style)[0])
    with pytest.raises(MemoryError, match=r"vectors need 72 bytes.*limit="):
        formats.read(path)
    assert fastw2v.load(path, limit=2).index_to_key == KEYS[:2]


@pytest.mark.parametrize("style", STYLES)
def test_keyed_vectors_keep_the_first_row_of_a_key(saved, style, caplog):
    data, vectors = laid_out(style, ["a", "b", "a", "c", "b", "b"])
    loaded = fastw2v.load(saved(data))
    assert loaded.index_to_key == ["a", "b", "c"]
    np.testing.assert_array_equal(loaded.vectors, vectors[[0, 1, 3]])
    assert "3 rows are left out" in caplog.text
    assert formats.read_rows(saved(data)).keys == ["a", "b", "a", "c", "b", "b"]


def test_keys_with_newlines_in_them_are_read_one_by_one(saved):
    """gensim writes them, and reads them where the newline is not the first character."""
    data = b"3 1\na\nb " + packed([1]) + b"c " + packed([2]) + "é\n ".encode() + packed([3])
    assert_holds(formats.read(saved(data)), ["a\nb", "c", "é\n"], np.float32([[1], [2], [3]]))
    broken = saved(data.replace(b"c ", b"\xff "))
    with pytest.raises(
        ValueError, match=r"row 1 \(from byte 13 on\): the key b'\\xff' is no valid"
    ):
        formats.read(broken)
    assert formats.read(broken, encoding_errors="replace").keys == ["a\nb", "\ufffd", "é\n"]
