"""Where numbers lie: in memory up to a budget, and in temporary files above it.

Temporary files have no name for as long as they live (on Windows, one that goes with them), so
nothing is left behind, whatever ends the process. They are made in the usual folder for such files,
which the environment variable TMPDIR names.

Memory comes from the system page by page here, not from the allocator, so that what is given back
is the system's again at once, and what is mapped from a file can be let go of after use.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

STEP = 1 << 20  # bytes


class MappedArray(NamedTuple):
    """An array over pages of memory or of a file."""

    array: NDArray[Any]
    pages: mmap.mmap | None = None  # None: the array has memory of its own
    on_disk: bool = False

    def release(self) -> None:
        """Let go of a file's pages in memory; they are read again when needed."""
        if self.on_disk and self.pages is not None and hasattr(mmap, "MADV_DONTNEED"):
            self.pages.madvise(mmap.MADV_DONTNEED)


def allocate(
    n: int, dtype: DTypeLike, *, on_disk: bool = False, in_one_go: bool = False
) -> MappedArray:
    """Return an array of n zeros, in memory or in a temporary file.

    Memory that is written ``in_one_go``, from its beginning to its end, is asked for in larger
    pages, which cost the system less; others would take more memory than they use.

    Raises
    ------
    OSError
        If the disk has no room for the file.
    """
    size = max(n * np.dtype(dtype).itemsize, 1)
    if not on_disk:
        pages = _memory(size, in_one_go)
    else:
        with tempfile.TemporaryFile(prefix="fastw2v-") as file:
            # Reserved now: a write through the mapping to a full disk would end the process.
            with _room_on_disk(size):
                _reserve(file, size)
            pages = mmap.mmap(file.fileno(), size)
    return MappedArray(np.frombuffer(pages, dtype, n), pages, on_disk)


@contextlib.contextmanager
def _room_on_disk(size: int) -> Iterator[None]:
    """Say where there is no room, and what to do."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise OSError(
            errno.ENOSPC,
            f"no room in {tempfile.gettempdir()} for a temporary file of {size:,} bytes or more; "
            "let TMPDIR name a folder on another disk, or raise memory_limit",
        ) from error


def _reserve(file: IO[bytes], size: int) -> None:
    """Give a file its size and its room on the disk."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(file.fileno(), 0, size)
            return
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                raise
    for begin in range(0, size, STEP):  # a file system that can't reserve, or a system
        file.write(bytes(min(STEP, size - begin)))
    file.flush()


def _memory(size: int, in_one_go: bool) -> mmap.mmap:
    if not hasattr(mmap, "MAP_PRIVATE"):  # Windows
        return mmap.mmap(-1, size)
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if in_one_go and hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # a system without them
            pages.madvise(mmap.MADV_HUGEPAGE)
    return pages


def map_file(file: IO[bytes], begin: int, n: int, dtype: DTypeLike) -> MappedArray:
    """Return n values of an open file, from byte ``begin`` on, for reading."""
    pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return MappedArray(np.frombuffer(pages, dtype, n, begin), pages, True)


@dataclass
class Piece:
    """A part of a corpus as it was read.

    Attributes
    ----------
    numbers
        int32: the tokens, as numbers of a key table.
    ends
        int32: where in ``numbers`` a sentence ends. The last may go on in the next piece, and an
        end at 0 ends one that the piece before began.
    table
        Which of the key tables.
    block
        Which block of the input, counted from 0.
    """

    numbers: NDArray[np.int32]
    ends: NDArray[np.int32]
    table: int
    block: int

    @property
    def nbytes(self) -> int:
        """Bytes of both arrays."""
        return self.numbers.nbytes + self.ends.nbytes


class Slabs:
    """Memory for one thread's pieces, some at a time; it goes back when the last of them does.

    Larger than a piece, so that the system can give it in large pages, which is what it costs.

    Parameters
    ----------
    budget
        Bytes for all pieces; a slab takes a small share of it.
    """

    def __init__(self, budget: int) -> None:
        self.size = min(max(budget // 64, 1 << 16), 1 << 24) // 4
        self._free: NDArray[np.int32] = np.empty(0, np.int32)

    def copy(self, values: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return a copy of an array."""
        n = len(values)
        if n > len(self._free):
            self._free = allocate(max(n, self.size), np.int32, in_one_go=True).array
        copy, self._free = self._free[:n], self._free[n:]
        copy[:] = values
        return copy


class Spool:
    """Pieces in their order, in memory or, once they need more than a budget, in a temporary file.

    Parameters
    ----------
    budget
        Bytes to keep in memory.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.nbytes = 0
        self._pieces: list[Piece] = []
        self._file: IO[bytes] | None = None
        self._index: list[tuple[int, int, int, int]] = []

    @property
    def on_disk(self) -> bool:
        """Whether the budget was exceeded."""
        return self._file is not None

    def append(self, piece: Piece) -> None:
        """Add a piece, which is the spool's from now on."""
        self.nbytes += piece.nbytes
        self._pieces.append(piece)
        if self._file is None and self.nbytes > self.budget:
            self._file = tempfile.TemporaryFile(prefix="fastw2v-")  # noqa: SIM115 # lives as long
        if self._file is not None:
            with _room_on_disk(self.nbytes):
                for kept in self._pieces:
                    self._file.write(kept.numbers.data)
                    self._file.write(kept.ends.data)
                    self._index.append((len(kept.numbers), len(kept.ends), kept.table, kept.block))
            self._pieces.clear()

    def __iter__(self) -> Iterator[Piece]:
        """Yield all pieces, and keep them."""
        return self._stored() if self._file is not None else iter(self._pieces)

    def consume(self) -> Iterator[Piece]:
        """Yield all pieces, and give each one's memory back after it; the spool is then empty."""
        if self._file is not None:
            yield from self._stored()
        self._pieces.reverse()
        while self._pieces:
            yield self._pieces.pop()
        self.close()

    def close(self) -> None:
        """Give back the temporary file, if there is one; the spool is of no use any more."""
        self._pieces.clear()
        if self._file is not None:
            self._file.close()

    def _stored(self) -> Iterator[Piece]:
        file: Any = self._file
        file.seek(0)
        for n_numbers, n_ends, table, block in self._index:
            values = np.empty(n_numbers + n_ends, np.int32)
            if file.readinto(values.data.cast("B")) != values.nbytes:
                raise OSError("a temporary file is shorter than what was written to it")
            yield Piece(values[:n_numbers], values[n_numbers:], table, block)
