"""Rows of text: a key and its numbers on each line. What word2vec's text format and GloVe's share.

A file is read in blocks of whole lines, which several threads parse at a time, without the
interpreter; what they find goes on in the file's order. Writing is the same the other way round.
Numbers are read to the nearest float32, and written with the fewest digits that are read as the
same float32 again (nine at the most).
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v._kernels import vector_text
from fastw2v.compression import compressing
from fastw2v.formats.files import replacing
from fastw2v.formats.ordered import map_in_order
from fastw2v.formats.source import Source, Vectors, checked
from fastw2v.formats.streams import BLOCK, LONGEST_KEY, Stream
from fastw2v.formats.text_keys import TEXT, KeyWriter, decode, gather
from fastw2v.messages import shown

LONGEST_NUMBER = 64  # characters, on average over a line


class Layout(NamedTuple):
    """What the rows of a file are to look like.

    Attributes
    ----------
    n
        How many rows there are.
    vector_size
        How many numbers each has.
    first_line
        The number of the first row's line, from 1.
    spaces_in_keys
        Whether a key may have spaces in it: all before the last ``vector_size`` fields is the key.
    encoding_errors
        What to do about keys that are not UTF-8.
    """

    n: int
    vector_size: int
    first_line: int
    spaces_in_keys: bool
    encoding_errors: str


class _Block(NamedTuple):
    """Some whole lines, each with its newline."""

    text: memoryview
    lines: int


class _Parsed(NamedTuple):
    """What a block of lines came to."""

    rows: Vectors
    problem: str  # of the row after these; empty if the block had no more
    blank: bool  # whether nothing but blank lines is left of the block


def read_rows(stream: Stream, layout: Layout, limit: int | None) -> Generator[Vectors]:
    """Read all rows, or the first ``limit`` of them.

    Raises
    ------
    ValueError
        If a row is wrong, or if there are more or fewer than there should be; the message names the
        line. Nothing is said of what comes after the limit.
    """
    n = layout.n if limit is None else min(limit, layout.n)
    row, was_blank = 0, False

    def parse(block: _Block) -> _Parsed:
        return _parse(block, layout)

    for rows, problem, blank in map_in_order(parse, _line_blocks(stream, layout)):
        line = layout.first_line + row
        if was_blank and (rows.keys or not blank):
            raise ValueError(f"{stream.path}, line {line}: the line is empty")
        if rows.keys and row < n:
            yield Vectors(rows.keys[: n - row], rows.vectors[: n - row])
        row += len(rows.keys)
        if row >= n and n < layout.n:
            return
        if row > layout.n:
            raise ValueError(
                f"{stream.path}, line {layout.first_line + layout.n}: more rows follow the "
                f"{layout.n:,} that the header promises: the file is damaged"
            )
        if problem and not blank:
            raise ValueError(f"{stream.path}, line {layout.first_line + row}: {problem}")
        was_blank = blank
    if row < n:
        raise ValueError(
            f"{stream.path}, line {layout.first_line + row}: the file ends here, after {row:,} of "
            f"{layout.n:,} rows: it is cut off"
        )


def _line_blocks(stream: Stream, layout: Layout) -> Iterator[_Block]:
    """Yield the rest of a file in blocks of whole lines; a last line gets the newline it lacks."""
    longest = LONGEST_KEY + LONGEST_NUMBER * layout.vector_size
    rest, at_end, line = b"", False, layout.first_line
    while not at_end:
        size = max(BLOCK, 2 * len(rest))  # doubling, while a line goes on
        text = bytearray(size + 1)
        text[: len(rest)] = rest
        with memoryview(text) as view:
            filled = len(rest) + stream.fill(view[len(rest) : size])
        at_end = filled < size
        if at_end and filled and text[filled - 1] != ord("\n"):
            text[filled] = ord("\n")
            filled += 1
        end = filled if at_end else text.rfind(b"\n", 0, filled) + 1
        lines = text.count(b"\n", 0, end)
        rest = bytes(text[end:filled])
        if len(rest) > longest:
            raise ValueError(
                f"{stream.path}, line {line + lines}: the line has more than {longest:,} bytes, "
                f"where {layout.vector_size:,} numbers belong; is this a file of vectors?"
            )
        if lines:
            yield _Block(memoryview(text)[:end], lines)
        line += lines


def _parse(block: _Block, layout: Layout) -> _Parsed:
    """Parse a block of whole lines."""
    text = block.text
    # A header may promise any number of numbers: there is room for no more rows than bytes allow.
    most = min(block.lines, len(text) // (2 + 2 * layout.vector_size))
    vectors = np.empty((most, layout.vector_size), np.float32)
    places = np.empty((most, 2), np.int64)
    n, end, problem, at = vector_text.parse_text(text, layout.spaces_in_keys, vectors, places)
    keys, wrong = decode(gather(text, places[:n]), layout.encoding_errors)
    blank = False
    if not wrong and end < len(text):
        rest = bytes(text[end:])
        blank = not rest.strip()
        line = rest.partition(b"\n")[0]
        if not problem:  # what is left is too short for a row
            problem, at = _problem_of_short(line), end
        wrong = _describe(problem, line, at - end, layout)
    return _Parsed(Vectors(keys, vectors[: len(keys)]), wrong, blank)


def _problem_of_short(line: bytes) -> int:
    if not line.strip():
        return vector_text.EMPTY_LINE
    return vector_text.NO_KEY if line[:1].isspace() else vector_text.TOO_FEW


def _describe(problem: int, line: bytes, at: int, layout: Layout) -> str:
    """Say what is wrong with a line, at a byte of it."""
    field = line[at:].split(maxsplit=1)[0] if line[at:].strip() else b""
    key = shown(line.split(maxsplit=1)[0].decode("utf-8", "replace")) if line.strip() else ""
    if problem == vector_text.EMPTY_LINE:
        return "the line is empty"
    if problem == vector_text.NO_KEY:
        return f"the line begins with a blank, where a key belongs: {shown(line)}"
    if problem == vector_text.TOO_FEW:
        found = len(line.split()) - 1
        return f"the line ends after {found:,} of {layout.vector_size:,} numbers: {shown(line)}"
    if problem == vector_text.TOO_MANY:
        return (
            f"more follows the {layout.vector_size:,} numbers of {key}, at byte {at + 1}: "
            f"{shown(field)}"
        )
    if problem == vector_text.NOT_FINITE:
        return (
            f"the vector of {key} is not finite: {shown(field)}, at byte {at + 1}, is no number "
            "that a float32 can hold"
        )
    return f"at byte {at + 1} of the row of {key}, {shown(field)} is no number"


def write_rows(path: str | os.PathLike[str], source: Source, header: str = "") -> None:
    """Write a header and all rows, whole or not at all.

    Raises
    ------
    ValueError, TypeError
        If a key can't be read back, or a value is not finite; the message names it.
    """
    keys = KeyWriter(TEXT)

    def encoded() -> Iterator[_Encoded]:
        for chunk in checked(source).chunks:
            first_row = keys.row
            texts, bounds = keys.encode(chunk.keys)
            yield _Encoded(chunk, first_row, texts, bounds)

    with replacing(path) as file, compressing(file, os.fspath(path)) as out:
        out.write(header.encode())
        for data in map_in_order(_format, encoded()):
            out.write(data)


class _Encoded(NamedTuple):
    """A chunk whose keys are bytes."""

    chunk: Vectors
    first_row: int
    texts: bytes
    bounds: NDArray[np.int64]


def _format(encoded: _Encoded) -> memoryview:
    chunk, first_row, texts, bounds = encoded
    vectors = np.ascontiguousarray(chunk.vectors, np.float32)
    data = np.empty(
        vector_text.most_bytes(len(vectors), vectors.shape[1], len(texts), False), np.uint8
    )
    n = vector_text.format_rows(texts, bounds, vectors, False, data)
    if n < 0:
        i = -1 - n
        raise ValueError(
            f"the vector of {shown(chunk.keys[i])} (row {first_row + i}) is not finite, and would "
            "be refused when the file is read"
        )
    return data[:n].data
