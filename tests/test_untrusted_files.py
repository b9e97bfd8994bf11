"""Files from anywhere: no reader takes memory for what a file only promises, and none runs code."""

import gzip
import json
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

import fastw2v
from fastw2v import EncodedCorpus, Model, Vocabulary, compat, formats
from fastw2v.compat.phrases import FrozenPhrases

GOLDEN = Path(__file__).parent / "golden" / "0.1.0"
ROWS = 10**15
OURS = {
    "model.safetensors": [Model.load, fastw2v.load, Vocabulary.load],
    "vectors.safetensors": [
        fastw2v.load,
        compat.KeyedVectors.load,
        lambda path: formats.convert(path, f"{path}.txt"),
    ],
    "corpus.f2v": [EncodedCorpus.open, Vocabulary.load],
    "vocabulary.safetensors": [Vocabulary.load],
    "run.ckpt": [Model.load, lambda path: Model.resume(path, [["a", "b"]])],
    "word2vec.model": [compat.Word2Vec.load, compat.KeyedVectors.load],
    "keyed_vectors.kv": [compat.KeyedVectors.load],
    "phrases.model": [compat.Phrases.load],
    "frozen_phrases.model": [FrozenPhrases.load],
}


def promising(data, name, *, moved):
    """Return a safetensors file whose header says that a tensor has 10**15 rows.

    ``moved``: and that the others lie behind it.
    """
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    tensor = header[name]
    begin, end = tensor["data_offsets"]
    more = (end - begin) // tensor["shape"][0] * ROWS - (end - begin)
    tensor["shape"][0] = ROWS
    for other, described in header.items():
        if moved and other != "__metadata__":
            described["data_offsets"] = [
                at + (more if at >= end else 0) for at in described["data_offsets"]
            ]
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


@pytest.mark.parametrize("name", OURS)
def test_a_header_of_ours_that_promises_too_much(name, tmp_path):
    data = (GOLDEN / name).read_bytes()
    path = tmp_path / name
    length = int.from_bytes(data[:8], "little")
    names = json.loads(data[8 : 8 + length]).keys() - {"__metadata__"}
    assert "counts" in names
    for tensor in names:
        for moved in False, True:
            path.write_bytes(promising(data, tensor, moved=moved))
            for load in OURS[name]:
                with pytest.raises(ValueError, match=f"{name} is no safetensors file, or is damag"):
                    load(path)
    path.write_bytes((1 << 60).to_bytes(8, "little") + data[8:])  # the header's own length
    for load in OURS[name]:
        with pytest.raises(ValueError, match=rf"{name}.*(damaged|can be recognised)"):
            load(path)


def fasttext(rows=1, words=0, pruned=-1):
    """Return a fastText model without a word, some of whose sizes are others than it has."""
    return (
        struct.pack("<2i12id", 793712314, 12, 2, 5, 5, 1, 5, 1, 2, 2, 1, 3, 6, 100, 1e-4)
        + struct.pack("<3i2q", words, words, 0, 0, pruned)
        + struct.pack("<B2q2f", 0, rows, 2, 0.5, 0.25)
        + struct.pack("<B2q2f", 0, 1, 2, 0.5, 0.25)
    )


def npy(rows):
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, 2), }}".encode()
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(text) + 1) + text + b"\n" + bytes(8)


HEADER = b"%d 2\n" % ROWS
PROMISES = {
    "text": HEADER + b"a 1 2\n",
    "text.gz": gzip.compress(HEADER + b"a 1 2\n"),
    "wide text": b"1 %d\na 1 2\n" % ROWS,
    "bin": HEADER + b"a \0\0\0\0\0\0\0\0\n",
    "bin.gz": gzip.compress(HEADER + b"a \0\0\0\0\0\0\0\0\n"),
    "fasttext rows": fasttext(rows=ROWS),
    "fasttext words": fasttext(words=2**31 - 1),
    "fasttext n-grams": fasttext(pruned=ROWS),
    "x.npy": npy(ROWS),
}


@pytest.mark.parametrize("kind", PROMISES)
def test_a_header_of_others_that_promises_too_much(kind, tmp_path):
    path = tmp_path / kind
    path.write_bytes(PROMISES[kind])
    (tmp_path / "x.keys.json").write_text('["a"]')
    readers = [fastw2v.load, lambda path: formats.convert(path, tmp_path / "to.safetensors")]
    for read in [*readers, compat.KeyedVectors.load]:
        with pytest.raises(ValueError, match=r"damaged|cut off|has .* rows, but") as raised:
            read(path)
        assert str(path) in str(raised.value)
    assert not (tmp_path / "to.safetensors").exists()


def varint(n):
    """Return a number as Thrift's compact protocol has it."""
    n = n << 1 ^ n >> 63
    parts = []
    while n > 127:
        parts.append(n & 127 | 128)
        n >>= 7
    return bytes([*parts, n])


def test_a_parquet_file_that_promises_too_much(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "v.parquet"
    formats.write(path, [f"k{i}" for i in range(77)], np.ones((77, 2)))
    data = path.read_bytes()
    begin = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    number = b"\x16" + varint(77)  # an int64 in the field after the last
    footer = data[begin:-8]
    assert footer.count(number) >= 2
    footer = footer.replace(number, b"\x16" + varint(ROWS))
    path.write_bytes(data[:begin] + footer + len(footer).to_bytes(4, "little") + b"PAR1")
    with pytest.raises(MemoryError, match=r"the vectors of .*v\.parquet"):
        fastw2v.load(path)
    with pytest.raises(ValueError, match=r"v\.parquet"):
        formats.convert(path, tmp_path / "v.bin")


def test_an_arrow_file_that_promises_too_much(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "v.arrow"
    formats.write(path, [f"k{i}" for i in range(77)], np.ones((77, 2)))
    data = path.read_bytes()
    number = struct.pack("<q", 77)
    assert data.count(number) >= 2
    path.write_bytes(data.replace(number, struct.pack("<q", ROWS)))
    with pytest.raises(ValueError, match=r"v\.arrow is no Arrow file, or is damaged"):
        fastw2v.load(path)


class Trap:
    """What leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_no_reader_unpickles(protocol, tmp_path):
    sprung, path = tmp_path / "sprung", tmp_path / "x.npy"
    data = pickle.dumps(Trap(sprung), protocol)
    (tmp_path / "x.keys.json").write_bytes(data)
    array = tmp_path / "array.npy"
    np.save(array, np.array([[Trap(sprung)]]), allow_pickle=True)
    readers = {load for loaders in OURS.values() for load in loaders}
    readers |= {
        lambda path, name=name: fastw2v.load(path, format=name)
        for name, format in formats.FORMATS.items()
        if format.readable
    }
    for content in data, gzip.compress(data), data * 50, array.read_bytes():
        path.write_bytes(content)
        for read in readers:
            with pytest.raises((ValueError, OSError, ImportError)):
                read(path)
    assert not sprung.exists()
    pickle.loads(data)
    assert sprung.exists()
