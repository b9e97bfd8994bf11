"""GloVe's text format: a line for each row, the key and its numbers; no header.

How many numbers there are follows from the first line, and how many rows from counting lines. Keys
that have spaces in them, as some of glove.840B.300d have, are read: what comes before the numbers
is the key. They are not written. So a first line that is too short would make numbers part of all
other keys: it is refused. A single key that ends with a number may be a phrase, such as "windows
10": it is read, and the log warns of the first. Files compressed by gzip, bzip2, xz or Zstandard
are read too, and written where the path ends in .gz, .bz2, .xz or .zst. Counts are not kept.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Hashable, Iterator, Sequence
from contextlib import closing, contextmanager

from fastw2v.formats.source import Source, Vectors, checked
from fastw2v.formats.streams import BLOCK, Stream, open_stream
from fastw2v.formats.text_keys import TEXT, KeyWriter
from fastw2v.formats.text_rows import Layout, read_rows, write_rows
from fastw2v.messages import shown

logger = logging.getLogger("fastw2v")

LONGEST_LINE = 1 << 24  # bytes, of the first
COMPARED = 1 << 16  # bytes in which the first line is compared with others


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
        If the file is damaged or none of this format; the message names the line. Also while rows
        are read.
    """
    n = _count_lines(path, limit)
    with open_stream(path) as stream:
        vector_size = _vector_size(stream.path, stream.peek_line(LONGEST_LINE))
        _check_first_line(stream, vector_size)
        layout = Layout(
            n,
            vector_size,
            first_line=1,
            spaces_in_keys=True,
            encoding_errors=encoding_errors,
        )
        with closing(read_rows(stream, layout, limit)) as rows:
            n_read = n if limit is None else min(limit, n)
            told = _telling_of_numbers(stream.path, rows)
            yield checked(Source(n_read, layout.vector_size, told), f"{path}: ")


def _count_lines(path: str | os.PathLike[str], limit: int | None) -> int:
    """Count lines up to the last that is not empty, or up to the limit."""
    n = lines = 0
    block = memoryview(bytearray(BLOCK))
    with open_stream(path) as stream:
        while filled := stream.fill(block):
            text = bytes(block[:filled])
            if before_blank := text.rstrip():
                n = lines + before_blank.count(b"\n") + 1
            lines += text.count(b"\n")
            if limit is not None and n > limit:  # enough to know that there are more
                break
    return n


def _vector_size(path: str, line: bytes) -> int:
    """Return how many numbers follow the key in the first line."""
    fields = line.split()
    if len(fields) < 2:
        raise ValueError(
            f"{path}, line 1: a key and its numbers belong there, such as b'the 0.1 -0.2', not "
            f"{line[:60]!r}"
        )
    return len(fields) - 1


def _check_first_line(stream: Stream, vector_size: int) -> None:
    """Refuse a first line that has fewer numbers than each of the next ones."""
    data = stream.peek(COMPARED)
    next_lines = data.split(b"\n")[1:]
    if len(data) == COMPARED:  # the last may be cut off
        del next_lines[-1:]
    numbers = [_numbers_at_end(line) for line in next_lines if line.strip()]
    if numbers and min(numbers) > vector_size:
        raise ValueError(
            f"{stream.path}, line 1: {vector_size:,} numbers, where "
            f"the lines after it have {min(numbers):,} or more: the line is damaged, or a header "
            "that GloVe's format has not; remove it, or mend it"
        )


def _numbers_at_end(line: bytes) -> int:
    """Return how many numbers a line ends with, of those that don't begin it."""
    n = 0
    for field in reversed(line.split()[1:]):
        if not _is_number(field):
            break
        n += 1
    return n


def _is_number(field: bytes) -> bool:
    try:
        return math.isfinite(float(field))  # "nan" and "infinity" are words
    except ValueError:
        return False


def _telling_of_numbers(path: str, chunks: Iterator[Vectors]) -> Iterator[Vectors]:
    """Yield the same chunks, and warn of the first key that may have swallowed numbers."""
    line, is_told = 1, False
    for chunk in chunks:
        for i, key in enumerate(() if is_told else chunk.keys):
            text = str(key)
            if (" " in text or "\t" in text) and _numbers_at_end(text.encode()):
                is_told = True
                logger.warning(
                    "%s, line %d: the key is taken to be %s, which ends with a number: if that is "
                    "one of the vector's, the line has too many, or the first line too few; mend "
                    "the file. Later keys were not looked at",
                    *(path, line + i, shown(text)),
                )
                break
        line += len(chunk.keys)
        yield chunk


def check_keys(keys: Sequence[Hashable]) -> None:
    """Raise what ``write`` would, if one of the keys can't be written."""
    _require_rows(len(keys))
    KeyWriter(TEXT).check(keys)


def write(path: str | os.PathLike[str], source: Source) -> None:
    """Write a file, whole or not at all.

    Raises
    ------
    ValueError, TypeError
        If there is no row; if a key can't be read back: an empty one, one with white space, one
        that is no text. Integers are written as their digits, with a warning.
    """
    _require_rows(source.n)
    write_rows(path, source)


def _require_rows(n: int) -> None:
    if not n:
        raise ValueError(
            "GloVe's format has no header: without rows it would be an empty file, which says "
            "nothing of the vectors' size. Save to a .safetensors or .txt file"
        )
