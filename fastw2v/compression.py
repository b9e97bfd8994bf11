"""Compressed files: opened alike, refused alike if damaged, and written alike.

Reading recognises them by their first bytes, whatever their names; writing goes by the suffix.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

CHUNK = 1 << 12  # compressed bytes at a time: they may stand for thousands of times as many
LONGEST_HEADER = 1 << 40  # of a safetensors file, whose length no text begins with
MOST_WINDOW = 1 << 31  # bytes, as the zstd command makes with --long=31


def _open_plain(path: str, mode: str) -> IO[bytes]:
    return open(path, mode, buffering=0)


def _open_zstandard(path: Any, mode: str) -> Any:
    """Open a file compressed by Zstandard: by Python's own module from 3.14 on, or zstandard."""
    if sys.version_info >= (3, 14):
        from compression import zstd

        return zstd.open(path, mode)
    try:
        import zstandard
    except ImportError:
        raise _missing_zstandard(path) from None
    file = open(path, mode) if isinstance(path, str) else path  # noqa: SIM115 # closed with it
    return io.BufferedReader(
        _Zstandard(file, zstandard.ZstdDecompressor(max_window_size=MOST_WINDOW))
    )


def _missing_zstandard(path: str) -> ImportError:
    return ImportError(
        f"{path} is compressed by Zstandard, and the package zstandard, which does that, is not "
        "installed: pip install 'fastw2v[zstd]', or compress the file by gzip, bzip2 or xz"
    )


class _Zstandard(io.RawIOBase):
    """A file's frames as one text; zstandard's own reader does not see that one is cut off."""

    def __init__(self, file: IO[bytes], decompressor: Any) -> None:
        self.file, self.decompressor = file, decompressor
        self.frame: Any = None
        self.compressed = b""
        self.text = memoryview(b"")

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Decompress some bytes; 0 at the end."""
        while not self.text:
            self.compressed = self.compressed or self.file.read(CHUNK)
            if not self.compressed:
                if self.frame is not None:
                    raise EOFError("the last frame has no end")
                return 0
            if self.frame is None:
                self.frame = self.decompressor.decompressobj()
            self.text = memoryview(self.frame.decompress(self.compressed))
            self.compressed = b""
            if self.frame.eof:
                self.compressed, self.frame = self.frame.unused_data, None
        n = min(len(buffer), len(self.text))
        buffer[:n], self.text = self.text[:n], self.text[n:]
        return n

    def close(self) -> None:
        """Close the file too."""
        self.file.close()
        super().close()


# What a compressed file begins with. In bz2, a first block or, in a file of nothing, the end.
OPENERS: dict[bytes, Callable[..., Any]] = {
    rb"\x1f\x8b": gzip.open,
    rb"BZh[1-9](1AY&SY|\x17rE8P\x90)": bz2.open,
    rb"\xfd7zXZ\0": lzma.open,
    rb"\(\xb5/\xfd": _open_zstandard,
}


def is_safetensors(first: bytes) -> bool:
    """Tell whether a file that begins so, with 9 bytes at least, is a safetensors file."""
    return first[8:9] == b"{" and int.from_bytes(first[:8], "little") < LONGEST_HEADER


def decompressor(first: bytes) -> Callable[..., Any] | None:
    """Return what opens a compressed file that begins so; None if it is none."""
    if is_safetensors(first):  # whose first bytes are a length, any length
        return None
    return next((opens for magic, opens in OPENERS.items() if re.match(magic, first)), None)


def refuse_other_files(first: bytes, name: str) -> None:
    """Raise ValueError for a file that begins as no text does, compressed or not."""
    if first.startswith(b"PK\x03\x04"):
        raise ValueError(
            f"{name} is compressed by ZIP, which can't be read here; decompress it first, or "
            "compress it by gzip, bzip2, xz or Zstandard"
        )
    if is_safetensors(first):
        raise ValueError(
            f"{name} is no text but a safetensors file: an encoded corpus is opened by "
            "fastw2v.EncodedCorpus.open, a model by fastw2v.Model.load"
        )


def opener(path: str) -> Callable[..., Any]:
    """Return what opens a text file, by its first bytes, whatever its name."""
    with open(path, "rb") as file:
        first = file.read(10)
    refuse_other_files(first, path)
    return decompressor(first) or _open_plain


def _compress_zstandard(file: IO[bytes], path: str) -> Any:
    if sys.version_info >= (3, 14):
        from compression import zstd

        return zstd.open(file, "wb")
    try:
        import zstandard
    except ImportError:
        raise _missing_zstandard(path) from None
    return zstandard.ZstdCompressor().stream_writer(file, closefd=False)


# Whoever calls these closes what they return. No time is written, so that the same content gives
# the same file.
COMPRESSORS: dict[str, Callable[[IO[bytes], str], Any]] = {
    ".gz": lambda file, path: gzip.GzipFile("", "wb", 6, file, mtime=0),
    ".bz2": lambda file, path: bz2.BZ2File(file, "wb"),
    ".xz": lambda file, path: lzma.open(file, "wb"),  # noqa: SIM115
    ".zst": _compress_zstandard,
}


@contextmanager
def compressing(file: IO[bytes], path: str) -> Iterator[Any]:
    """Give what compresses into an open file as the path's suffix says, or else the file itself."""
    compress = COMPRESSORS.get(os.path.splitext(path)[1].lower())
    if compress is None:
        yield file
        return
    with compress(file, path) as compressed:
        yield compressed


class Damage:
    """Turns what the decompressors raise for a damaged file into one error that names it."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if (
            isinstance(error, EOFError | lzma.LZMAError | zlib.error)
            or type(error) in (OSError, gzip.BadGzipFile)
            or type(error).__name__ in ("ZstdError", "ZstdDecompressError")
        ):
            raise ValueError(f"{self.path} is damaged or cut off: {error}") from error
