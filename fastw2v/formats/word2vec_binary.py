"""word2vec's binary format: a header line; then for each row the key, a space, and raw float32.

word2vec.c writes a newline after each row and gensim does not, so one that comes before a key is
left out. Floats are little-endian. Files compressed by gzip, bzip2, xz or Zstandard are read too,
and written where the path ends in .gz, .bz2, .xz or .zst. Counts are not kept.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v._kernels.vector_text import (
    NO_KEY,
    NOT_FINITE,
    format_rows,
    most_bytes,
    parse_binary,
)
from fastw2v.compression import compressing
from fastw2v.formats.files import replacing
from fastw2v.formats.source import Source, Vectors, checked
from fastw2v.formats.streams import LONGEST_KEY, Stream, open_stream, require_room
from fastw2v.formats.text_keys import BINARY, Gathered, KeyWriter, decode, gather
from fastw2v.formats.word2vec_header import Header, read_header
from fastw2v.messages import shown

BLOCK = 1 << 19  # bytes at a time: they stay in a core's own cache until their floats are copied


@contextmanager
def open_source(
    path: str | os.PathLike[str], *, limit: int | None = None, encoding_errors: str = "strict"
) -> Iterator[Source]:
    """Open a file.

    Parameters
    ----------
    path
        The file.
    limit
        Read only the first rows, so many.
    encoding_errors
        What to do about keys that are not UTF-8: ``"strict"``, ``"replace"`` or ``"ignore"``.

    Raises
    ------
    ValueError
        If the file is damaged or none of this format; the message names the row and its first byte.
        Also while rows are read.
    """
    with open_stream(path) as stream:
        header = read_header(stream, number_bytes=4)
        n = header.n if limit is None else min(limit, header.n)
        rows = _rows(stream, header, n, None, encoding_errors)
        yield Source(n, header.vector_size, rows)


def read_vectors(
    path: str | os.PathLike[str], *, limit: int | None = None, encoding_errors: str = "strict"
) -> Vectors:
    """Read all rows, or the first ``limit`` of them, straight into one matrix; see ``open_source``.

    Raises
    ------
    MemoryError
        If there is not enough memory for it; before any is taken.
    """
    with open_stream(path) as stream:
        header = read_header(stream, number_bytes=4)
        n = header.n if limit is None else min(limit, header.n)
        require_room(path, n, header.vector_size)
        matrix = np.empty((n, header.vector_size), np.float32)
        keys: list[Hashable] = []
        for chunk in _rows(stream, header, n, matrix, encoding_errors):
            keys += chunk.keys
        return Vectors(keys, matrix)


class _Block(NamedTuple):
    """Some rows as they were read."""

    row: int  # of the first
    vectors: NDArray[np.float32]
    keys: Gathered
    offsets: NDArray[np.int64]  # in the file, of each key


def _rows(
    stream: Stream,
    header: Header,
    n: int,
    matrix: NDArray[np.float32] | None,
    encoding_errors: str,
) -> Iterator[Vectors]:
    """Yield the first n rows, whose vectors lie in the matrix if there is one."""
    for block in _blocks(stream, header, n, matrix):
        keys, problem = decode(block.keys, encoding_errors)
        if problem:
            place = _place(stream, block.row + len(keys), int(block.offsets[len(keys)]))
            raise ValueError(f"{place}: {problem}")
        yield Vectors(keys, block.vectors)


def _blocks(
    stream: Stream, header: Header, n: int, matrix: NDArray[np.float32] | None
) -> Iterator[_Block]:
    """Yield the first n rows; see that no more follow if these are all."""
    row_bytes = 2 + 4 * header.vector_size  # at the least
    row, rest, at_end = 0, b"", False
    data = memoryview(bytearray(BLOCK))
    while row < n:
        begin = stream.offset - len(rest)
        if 2 * len(rest) > len(data):  # it holds part of a long row
            data = memoryview(bytearray(2 * len(rest)))
        data[: len(rest)] = rest
        filled = len(rest) + stream.fill(data[len(rest) :])
        at_end = filled < len(data)
        most = min(n - row, filled // row_bytes)
        places = np.empty((most, 2), np.int64)
        if matrix is None:
            vectors = np.empty((most, header.vector_size), np.float32)
        else:
            vectors = matrix[row : row + most]
        found, end, problem, at = parse_binary(data[:filled], vectors, places)
        if found:
            keys = gather(data, places[:found])
            yield _Block(row, vectors[:found], keys, begin + places[:found, 0])
        row, rest = row + found, bytes(data[end:filled])
        if problem == NO_KEY:
            raise ValueError(f"{_place(stream, row, begin + at)}: there is no key")
        if problem == NOT_FINITE:
            key = shown(bytes(data[at:filled]).partition(b" ")[0].decode("utf-8", "replace"))
            raise ValueError(
                f"{_place(stream, row, begin + at)}: the vector of {key} is not finite"
            )
        if row < n and len(rest) > LONGEST_KEY + row_bytes:
            raise ValueError(
                f"{_place(stream, row, begin + end)}: no space in {LONGEST_KEY:,} bytes, which "
                "ends a key: the file is damaged, or none of word2vec's binary ones"
            )
        if row < n and at_end:
            raise ValueError(
                f"{_place(stream, row, begin + end)}: the file ends inside this row, or before it; "
                f"the header promises {header.n:,} rows: it is cut off"
            )
    if n == header.n:
        _check_end(stream, header, rest)


def _check_end(stream: Stream, header: Header, rest: bytes) -> None:
    """See that nothing follows the last row but what may end it."""
    offset = stream.offset - len(rest)
    after = rest[:2] + stream.peek(2)
    if after not in (b"", b"\n"):
        raise ValueError(
            f"{stream.path}, byte {offset + 1:,}: more follows the {header.n:,} rows that the "
            "header promises: the file is damaged, or its vectors have another size"
        )


def _place(stream: Stream, row: int, offset: int) -> str:
    return f"{stream.path}, row {row} (from byte {offset + 1:,} on)"


def check_keys(keys: Sequence[Hashable]) -> None:
    """Raise what ``write`` would, if one of the keys can't be written."""
    KeyWriter(BINARY).check(keys)


def write(path: str | os.PathLike[str], source: Source) -> None:
    """Write a file, whole or not at all, as word2vec.c does: with a newline after each row.

    Raises
    ------
    ValueError, TypeError
        If a key can't be read back: an empty one, one with a space or a newline, one that is no
        text. Integers are written as their digits, with a warning.
    """
    keys = KeyWriter(BINARY)
    with replacing(path) as file, compressing(file, os.fspath(path)) as out:
        out.write(f"{source.n} {source.vector_size}\n".encode())
        for chunk in checked(source).chunks:
            texts, bounds = keys.encode(chunk.keys)
            n = most_bytes(len(chunk.keys), source.vector_size, len(texts), True)
            data = np.empty(n, np.uint8)
            vectors = np.ascontiguousarray(chunk.vectors, np.float32)
            n = format_rows(texts, bounds, vectors, True, data)
            out.write(data[:n].data)
