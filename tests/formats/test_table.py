"""The table of formats: what is recognised, what is refused, and ways from one file to another."""

import gzip
import pickle
import re
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest

import fastw2v
from fastw2v import formats
from fastw2v.formats import table

KEYS = ["a", "b", "c"]
VECTORS = np.arange(6, dtype=np.float32).reshape(3, 2) / 4
TEXT = ("word2vec_binary", "word2vec_text", "glove")


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "v.txt"
    formats.write(path, KEYS, VECTORS)
    return path


# Recognising


@pytest.mark.parametrize(
    ("first", "format"),
    [
        (b"\x93NUMPY\x01\0", "npy"),
        (b"PAR1\x15\4", "parquet"),
        (b"ARROW1\0\0", "arrow"),
        (b"\xba\x16\x4f\x2f\x0c\0\0\0", "fasttext_bin"),
        (b"\x40\0\0\0\0\0\0\0{", "safetensors"),
        (b"0.1\t-2\n0.3\t1e-5\n", "projector"),
        (b"1\t2\n3\t4\n", "projector"),
        (b"2 2\na 1 2\nb 3 4\n", "word2vec_text"),
        (b"2 1\na 1\nb 3\n", "word2vec_text"),
        (b"2 2\na 1 x\nb 3 4\n", "word2vec_text"),
        (b"2 2\r\na\t1\t2\r\n", "word2vec_text"),
        (b"0 5\n", "word2vec_text"),
        (b"2 1\na \0\0\0\0b \0\0\0\0", "word2vec_binary"),
        (b"2 1\na \xcd\xcc\xcc=b \xcd\xcc\xcc=", "word2vec_binary"),
        (b"2 1\n\n \n\n\n\nb \0\0\0\0", "word2vec_binary"),
        (b"a 1 2\nb 3 4\n", "glove"),
        (b"5 1.0\n6 2.0\n", "glove"),
        (b"a\t1\t2\n", "glove"),
    ],
)
def test_formats_are_recognised_by_content(tmp_path, first, format):
    path = tmp_path / "v.bin"
    path.write_bytes(first)
    assert formats.detect(path) == format
    if format not in TEXT:
        path.write_bytes(gzip.compress(first))
        with pytest.raises(ValueError, match=rf"compressed file of the format {format}"):
            formats.detect(path)


def test_long_rows_are_recognised(tmp_path):
    path = tmp_path / "v"
    vectors = np.random.default_rng(0).random((2, 30_000), np.float32)
    for format in TEXT:
        formats.write(path, ["a", "b"], vectors, format=format)
        assert formats.detect(path) == format


def test_a_pickle_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "v.model"
    for protocol in range(2, 6):
        for data in (pickle.dumps({"a": [1]}, protocol), gzip.compress(pickle.dumps([], protocol))):
            path.write_bytes(data)
            with pytest.raises(
                ValueError, match=r"is a pickle.*KeyedVectors\.from_gensim\(object\)"
            ):
                fastw2v.load(path)


def test_what_is_no_file_of_vectors(tmp_path):
    path = tmp_path / "v"
    with pytest.raises(FileNotFoundError, match=r"no file .*v'"):
        formats.read(path)
    with pytest.raises(IsADirectoryError, match="is a folder"):
        formats.read(tmp_path)
    for data, message in (
        (b"", "is empty"),
        (gzip.compress(b""), "is empty"),
        (
            b"Call me Ishmael. Some years ago\n",
            r"begins with b'Call me.*known are safetensors, npy",
        ),
        (b"\0" * 100, "can be recognised"),
        (b"a\nb\n", "can be recognised"),
        (b"a 0 x\nb 0 1\n", "can be recognised"),
        (b"1.5\n2.5\n", "can be recognised"),
    ):
        path.write_bytes(data)
        with pytest.raises(ValueError, match=rf"(?is)v .*{message}"):
            formats.detect(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "b")
    with pytest.raises(ValueError, match="is a ZIP archive; unpack it"):
        formats.read(path)


def test_formats_that_are_written_or_read_alone(tmp_path, text):
    path = tmp_path / "x"
    path.write_text("0.1\t0.2\n")
    with pytest.raises(ValueError, match="of the format projector, which is written only"):
        formats.read(path)
    with pytest.raises(ValueError, match="of the format sentence_transformers, which is written"):
        formats.read(path, format="sentence_transformers")
    with pytest.raises(ValueError, match="files of the format fasttext_bin are read only"):
        formats.convert(text, path, target_format="fasttext_bin")


# Choosing


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("v.safetensors", "safetensors"),
        ("v.npy", "npy"),
        ("v.PARQUET", "parquet"),
        ("v.arrow", "arrow"),
        ("v.feather", "arrow"),
        ("v.tsv", "projector"),
        ("v.bin", "word2vec_binary"),
        ("v.bin.gz", "word2vec_binary"),
        ("v.txt", "word2vec_text"),
        ("wiki.en.vec", "word2vec_text"),
        ("V.VEC.XZ", "word2vec_text"),
        ("v.glove.zst", "glove"),
    ],
)
def test_the_suffix_names_the_format_to_write(name, format):
    assert table.target_format(f"/some.where/{name}").name == format


@pytest.mark.parametrize("name", ["v", "v.gz", "v.model", "v.bin.old", ".bin", "v.kv"])
def test_other_suffixes_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"has no suffix that names a format: known are \.safet"):
        formats.write(tmp_path / name, KEYS, VECTORS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["v.safetensors.gz", "v.npy.bz2", "v.parquet.zst", "v.tsv.xz"])
def test_some_formats_are_not_compressed(tmp_path, name):
    with pytest.raises(ValueError, match="are not compressed; leave out the last suffix"):
        formats.write(tmp_path / name, KEYS, VECTORS)


def test_names_that_are_no_format(tmp_path, text):
    for call in (
        lambda: formats.read(text, format="word2vec"),
        lambda: formats.write(tmp_path / "v", KEYS, VECTORS, format="word2vec"),
        lambda: formats.convert(text, tmp_path / "v", target_format="word2vec"),
        lambda: formats.convert(text, tmp_path / "v.bin", source_format=3),
    ):
        with pytest.raises(ValueError, match="format must be one of 'safetensors', 'npy'"):
            call()


def test_the_table_in_words_is_the_table():
    described = {}
    for line in formats.__doc__.splitlines()[5:]:
        if line.startswith("===="):
            break
        name, suffixes, holds = re.split(r"  +", line)
        described[name] = (tuple(re.findall(r"\.[a-z]+", suffixes)), suffixes, holds)
    assert list(described) == list(formats.FORMATS)
    for format in formats.FORMATS.values():
        suffixes, words, holds = described[format.name]
        assert (suffixes, holds) == (format.suffixes, format.holds)
        assert ("read only" in words, "write only" in words) == (
            not format.writable,
            not format.readable,
        )


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"limit": 0}, ValueError),
        ({"limit": -1}, ValueError),
        ({"limit": 1.0}, TypeError),
        ({"limit": True}, TypeError),
        ({"encoding_errors": "surrogateescape"}, ValueError),
        ({"encoding_errors": None}, ValueError),
    ],
)
def test_options_that_make_no_sense(tmp_path, text, options, error):
    for call in (
        lambda: fastw2v.load(text, **options),
        lambda: formats.convert(text, tmp_path / "v.bin", **options),
    ):
        with pytest.raises(error, match=f"{next(iter(options))} must be"):
            call()


# Writing


@pytest.mark.parametrize(
    ("keys", "vectors", "counts", "message"),
    [
        (KEYS, VECTORS[:2], None, r"3 keys need a matrix of as many rows, not \(2, 2\)"),
        (KEYS, VECTORS[0], None, r"3 keys need a matrix"),
        (KEYS, VECTORS[:, :0], None, r"3 keys need a matrix"),
        (KEYS, VECTORS, [1, 2], r"counts of shape \(2,\)"),
        (["a", "b", "a"], VECTORS, None, r"the key 'a' \(row 2\) occurs more than once"),
        (KEYS, [[1, 2], [1e39, 1], [1, 1]], None, r"the vector of 'b' \(row 1\) is not finite"),
        (KEYS, [[1, 2], [1, 1], [1, np.nan]], None, r"the vector of 'c' \(row 2\) is not finite"),
    ],
)
@pytest.mark.parametrize("format", TEXT)
def test_what_can_not_be_written(tmp_path, format, keys, vectors, counts, message):
    path = tmp_path / "v"
    path.write_text("as it was")
    with pytest.raises(ValueError, match=message):
        formats.write(path, keys, vectors, counts, format=format)
    assert path.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [path]


def test_keys_are_checked_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr("fastw2v.formats.files.os.open", None)  # nothing can be
    for format in TEXT:
        with pytest.raises(ValueError, match="is empty"):
            formats.write(tmp_path / "v", ["a", "b", ""], VECTORS, format=format)


def test_vectors_in_any_layout_are_written(tmp_path):
    wide = np.arange(24, dtype=np.float64).reshape(3, 8)
    for vectors in (wide[:, ::2], np.asfortranarray(wide), wide.astype(">f4"), wide.tolist()):
        for name in ("v.bin", "v.txt", "v.glove"):
            formats.write(tmp_path / name, tuple(KEYS), vectors)
            np.testing.assert_array_equal(formats.read(tmp_path / name).vectors, vectors)


# Converting


@pytest.mark.parametrize("source", ["v.bin", "v.txt.gz", "v.glove"])
@pytest.mark.parametrize("target", ["w.bin", "w.vec", "w.glove.bz2", "v.bin", "v.glove"])
def test_converting(tmp_path, source, target):
    formats.write(tmp_path / source, KEYS, VECTORS)
    formats.convert(tmp_path / source, tmp_path / target)
    read = formats.read(tmp_path / target)
    assert read.keys == KEYS
    np.testing.assert_array_equal(read.vectors, VECTORS)
    formats.convert(
        tmp_path / source,
        tmp_path / "limited",
        source_format=formats.detect(tmp_path / source),
        target_format="word2vec_text",
        limit=2,
    )
    assert (tmp_path / "limited").read_bytes() == b"2 2\na 0.0 0.25\nb 0.5 0.75\n"


@pytest.mark.parametrize("name", ["v.bin", "v.txt", "v.glove"])
def test_converting_holds_little_in_memory(tmp_path, monkeypatch, name):
    for format in TEXT:
        monkeypatch.setattr(f"fastw2v.formats.{format}.BLOCK", 1 << 16, raising=False)
    monkeypatch.setattr("fastw2v.formats.text_rows.BLOCK", 1 << 16)
    vectors = np.random.default_rng(0).random((10_000, 400), np.float32)
    formats.write(tmp_path / name, [f"k{i}" for i in range(len(vectors))], vectors)
    tracemalloc.start()
    try:
        formats.convert(tmp_path / name, tmp_path / f"w{name}")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (tmp_path / f"w{name}").read_bytes() == (tmp_path / name).read_bytes()
    assert 1 << 20 < peak < vectors.nbytes / 2


@pytest.mark.parametrize("source", ["v.bin", "v.txt", "v.glove"])
def test_a_conversion_that_fails_leaves_the_target_as_it_was(tmp_path, source):
    formats.write(tmp_path / source, KEYS, VECTORS)
    data = (tmp_path / source).read_bytes()
    (tmp_path / source).write_bytes(data[:-9])
    target = tmp_path / "w.bin"
    target.write_text("as it was")
    with pytest.raises(ValueError, match=re.escape(source)):
        formats.convert(tmp_path / source, target)
    assert target.read_text() == "as it was"
    assert sorted(path.name for path in tmp_path.iterdir()) == [source, "w.bin"]


# KeyedVectors


@pytest.mark.parametrize("name", ["v.bin", "v.txt", "v.vec.xz", "v.glove"])
def test_keyed_vectors_are_saved_and_loaded(tmp_path, name):
    path = tmp_path / name
    fastw2v.KeyedVectors(KEYS, VECTORS, [3, 2, 1]).save(path)
    for load in (fastw2v.load, fastw2v.KeyedVectors.load):
        loaded = load(str(path))
        assert type(loaded) is fastw2v.KeyedVectors
        assert loaded.index_to_key == KEYS
        np.testing.assert_array_equal(loaded.vectors, VECTORS)
        assert loaded.counts.tolist() == [0, 0, 0]
    assert fastw2v.load(path, format=formats.detect(path), limit=1).index_to_key == ["a"]


def test_keyed_vectors_are_saved_in_a_format_by_name(tmp_path):
    vectors = fastw2v.KeyedVectors(KEYS, VECTORS)
    vectors.save(tmp_path / "v", format="glove")
    assert (tmp_path / "v").read_text() == "a 0.0 0.25\nb 0.5 0.75\nc 1.0 1.25\n"
    with pytest.raises(ValueError, match="has no suffix that names a format"):
        vectors.save(tmp_path / "w")


def test_formats_are_imported_when_they_are_used():
    """The import of fastw2v's models stays quick."""
    import subprocess

    code = (
        "import sys, fastw2v.model;"
        "print([name for name in sys.modules if name.startswith('fastw2v.formats')])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    for format in TEXT:
        assert f"fastw2v.formats.{format}'" not in loaded.stdout


@pytest.mark.parametrize("length", [0x280, 0x380, 0x480, 0x580, 0x88B1F])
def test_headers_as_long_as_other_formats_begin(tmp_path, length):
    """A safetensors file begins with its header's length, which may be a pickle's first bytes."""
    path = tmp_path / "v.safetensors"
    fastw2v.KeyedVectors(["a"], np.ones((1, 2))).save(path)
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    header = data[8:end].rstrip() + b" " * length
    path.write_bytes(length.to_bytes(8, "little") + header[:length] + data[end:])
    assert formats.detect(path) == "safetensors"
    assert fastw2v.load(path).index_to_key == ["a"]
