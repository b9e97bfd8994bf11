"""word2vec's text format: a header line; then a line for each row, the key and its numbers.

fastText's .vec files are the same. Numbers are separated by spaces or tabs, with or without one
after the last. Files compressed by gzip, bzip2, xz or Zstandard are read too, and written where the
path ends in .gz, .bz2, .xz or .zst. Counts are not kept.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Sequence
from contextlib import closing, contextmanager

from fastw2v.formats.source import Source, checked
from fastw2v.formats.streams import open_stream
from fastw2v.formats.text_keys import TEXT, KeyWriter
from fastw2v.formats.text_rows import Layout, read_rows, write_rows
from fastw2v.formats.word2vec_header import read_header


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
    with open_stream(path) as stream:
        header = read_header(stream, number_bytes=2)
        layout = Layout(
            header.n,
            header.vector_size,
            first_line=2,
            spaces_in_keys=False,
            encoding_errors=encoding_errors,
        )
        n = header.n if limit is None else min(limit, header.n)
        with closing(read_rows(stream, layout, limit)) as rows:
            yield checked(Source(n, header.vector_size, rows), f"{path}: ")


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
    write_rows(path, source, f"{source.n} {source.vector_size}\n")
