"""GloVe's text format: a line for each row, the key and its numbers; no header.

How many numbers there are follows from the first line, and how many rows from counting lines. Keys
that have spaces in them, as some of glove.840B.300d have, are read: what comes before the numbers
is the key. They are not written. Files compressed by gzip, bzip2, xz or Zstandard are read too, and
written where the path ends in .gz, .bz2, .xz or .zst. Counts are not kept.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Sequence
from contextlib import closing, contextmanager

from fastw2v.formats.source import Source, checked
from fastw2v.formats.streams import BLOCK, open_stream
from fastw2v.formats.text_keys import TEXT, KeyWriter
from fastw2v.formats.text_rows import Layout, read_rows, write_rows

LONGEST_LINE = 1 << 24  # bytes, of the first


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
        layout = Layout(
            n,
            _vector_size(stream.path, stream.peek_line(LONGEST_LINE)),
            first_line=1,
            spaces_in_keys=True,
            encoding_errors=encoding_errors,
        )
        with closing(read_rows(stream, layout, limit)) as rows:
            n_read = n if limit is None else min(limit, n)
            yield checked(Source(n_read, layout.vector_size, rows), f"{path}: ")


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


def check_keys(keys: Sequence[Hashable]) -> None:
    """Raise what ``write`` would, if one of the keys can't be written."""
    KeyWriter(TEXT).check(keys)


def write(path: str | os.PathLike[str], source: Source) -> None:
    """Write a file, whole or not at all.

    Raises
    ------
    ValueError, TypeError
        If a key can't be read back: an empty one, one with white space, one that is no text.
        Integers are written as their digits, with a warning.
    """
    write_rows(path, source)
