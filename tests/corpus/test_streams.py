"""Streams of a text's bytes: read as files are, once."""

import bz2
import gzip
import io
import lzma
import os
import re

import numpy as np
import pytest

import fastw2v
from fastw2v.corpus import encode, text

TEXT = "\ufeffa b\r\na é\n\n b a é".encode()
PACKS = {"plain": bytes, "gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


class Drops(io.RawIOBase):
    """A stream that gives so many bytes at a time."""

    def __init__(self, content, size):
        self.content, self.size = content, size

    def readable(self):
        return True

    def readinto(self, buffer):
        n = min(len(buffer), self.size, len(self.content))
        buffer[:n], self.content = self.content[:n], self.content[n:]
        return n


def arrays(corpus):
    return corpus.vocabulary.keys, corpus.tokens.tolist(), corpus.offsets.tolist()


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
@pytest.mark.parametrize("size", [1, 3, 1 << 20])
def test_a_stream_is_read_as_the_file(tmp_path, monkeypatch, pack, size):
    monkeypatch.setattr(text, "BLOCK", 5)
    path = tmp_path / "corpus"
    path.write_bytes(pack(TEXT))
    expected = arrays(encode(path, min_count=1))
    assert expected[0] == ["a", "b", "é"]
    stream = Drops(pack(TEXT), size)
    assert arrays(encode(stream, min_count=1)) == expected
    assert not stream.closed
    with open(path, "rb") as stream:
        assert arrays(encode(stream, min_count=1)) == expected
        assert not stream.closed


def test_zstandard(tmp_path):
    zstandard = pytest.importorskip("zstandard")
    packed = zstandard.ZstdCompressor().compress(TEXT)
    assert arrays(encode(io.BytesIO(packed), min_count=1))[0] == ["a", "b", "é"]


def test_a_pipe():
    reading, writing = os.pipe()
    with open(writing, "wb") as file:
        file.write(b"a b a\n" * 100)
    with open(reading, "rb") as stream:
        assert len(encode(stream)) == 100


def test_models_and_counts_take_streams():
    content = b"a b a c\n" * 20
    options = {"vector_size": 4, "sample": 0, "epochs": 1, "workers": 1}
    model = fastw2v.Model(io.BytesIO(content), **options).train(progress=False)
    lists = [line.split() for line in content.decode().splitlines()]
    expected = fastw2v.Model(lists, **options).train(progress=False)
    np.testing.assert_array_equal(model.input_vectors, expected.input_vectors)
    assert fastw2v.count(io.BytesIO(content)).keys == ["a", "b", "c"]


def test_a_stream_is_used_up():
    stream = io.BytesIO(b"a b\n" * 9)
    encode(stream)
    with pytest.raises(ValueError, match="not one token"):
        encode(stream)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not one token"),
        (b"a b\na \xff b", "the stream: 0xff is not valid UTF-8 (byte 7 of the text)"),
        (gzip.compress(TEXT)[:-3], "the stream is damaged or cut off"),
        (b"PK\x03\x04", "the stream is compressed by ZIP"),
        (b"\x10\0\0\0\0\0\0\0{", "the stream is no text but a safetensors file"),
    ],
)
def test_what_is_no_text(content, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        encode(io.BytesIO(content))


def test_options_of_texts():
    assert "\ufffd" in encode(io.BytesIO(b"\xff b\n" * 9), errors="replace").vocabulary
    with pytest.raises(ValueError, match="a text has none"):
        encode(io.BytesIO(b"1 2\n"), padding=0)


def test_a_stream_that_does_not_wait():
    class Empty(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, buffer):
            return None

    with pytest.raises(BlockingIOError, match="does not wait"):
        encode(Empty())


def test_what_a_stream_raises_comes_through():
    class Broken(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, buffer):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        encode(Broken())
