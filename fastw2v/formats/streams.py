"""Files of vectors as streams of bytes, compressed or not: what text formats read from.

Files are read rather than mapped into memory: it works for compressed ones too, and a file that is
cut off meanwhile can't end the process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastw2v.compression import Damage, decompressor
from fastw2v.formats.files import check_readable
from fastw2v.resources import require_memory

BLOCK = 1 << 22  # bytes at a time
MOST_COMPRESSION = 1 << 14  # times smaller than its content a file of vectors can be
LONGEST_KEY = 1 << 16  # bytes; more is no key, but a file of another kind, or a damaged one


class Stream:
    """A file's bytes in order, decompressed if need be.

    Attributes
    ----------
    path
        The file.
    most
        The most bytes that it can hold: its size, or what that can be decompressed to.
    is_compressed
        Whether what is read is decompressed.
    offset
        How many bytes were taken so far.
    """

    def __init__(self, path: str, file: Any, most: int, *, is_compressed: bool) -> None:
        self.path, self.most, self.is_compressed = path, most, is_compressed
        self.offset = 0
        self._file = file
        self._ahead = b""

    def peek(self, n: int) -> bytes:
        """Return the next n bytes, or all that there are, which will be taken later."""
        if len(self._ahead) < n:  # read what is missing
            more = bytearray(n - len(self._ahead))
            self._ahead += more[: self._read(memoryview(more))]
        return self._ahead[:n]

    def peek_line(self, most: int) -> bytes:
        """Return the next line, which will be taken later, or about ``most`` bytes of it."""
        n = 1 << 12
        while b"\n" not in (first := self.peek(n)) and len(first) == n and n < most:
            n *= 2
        return first.partition(b"\n")[0]

    def take(self, n: int) -> None:
        """Leave out n bytes that were peeked at."""
        self._ahead = self._ahead[n:]
        self.offset += n

    def fill(self, buffer: memoryview) -> int:
        """Read into a buffer until it is full or the file ends; return how many bytes."""
        ahead = self._ahead[: len(buffer)]
        self._ahead = self._ahead[len(ahead) :]
        buffer[: len(ahead)] = ahead
        n = len(ahead) + self._read(buffer[len(ahead) :])
        self.offset += n
        return n

    def _read(self, buffer: memoryview) -> int:
        begin = 0
        with Damage(self.path):
            while begin < len(buffer) and (n := self._file.readinto(buffer[begin:])):
                begin += n
        return begin


@contextmanager
def open_stream(path: str | os.PathLike[str]) -> Iterator[Stream]:
    """Open a file, decompressed by its content, whatever its name.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, ImportError, ValueError
        If there is no such file, or nothing to decompress it by; later, if it is damaged.
    """
    check_readable(path)
    name = os.fspath(path)
    with open(name, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        decompress = decompressor(file.read(10))
        if decompress is None:
            file.seek(0)
            yield Stream(name, file, size, is_compressed=False)
            return
    with decompress(name, "rb") as decompressed:
        yield Stream(name, decompressed, MOST_COMPRESSION * size, is_compressed=True)


def require_room(path: str | os.PathLike[str], n: int, vector_size: int) -> None:
    """Raise MemoryError if there is no room for all vectors of a file."""
    require_memory(
        4 * n * vector_size,
        f"the vectors of {os.fspath(path)}",
        "read only the first rows by limit=",
    )
