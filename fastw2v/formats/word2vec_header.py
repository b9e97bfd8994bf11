"""The line that word2vec's formats begin with: how many rows follow, and of how many numbers."""

from __future__ import annotations

import re
from typing import NamedTuple

from fastw2v.formats.streams import Stream
from fastw2v.messages import shown

LONGEST = 100  # bytes of the line
PATTERN = re.compile(rb" *([0-9]{1,18}) +([0-9]{1,18})[ \t\r]*\n")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Header(NamedTuple):
    """What the line says."""

    n: int
    vector_size: int
    length: int  # of the line, in bytes


def parse_header(first: bytes) -> Header | None:
    """Return the header that a file begins with; None if it begins with something else."""
    begin = len(BYTE_ORDER_MARK) if first.startswith(BYTE_ORDER_MARK) else 0
    match = PATTERN.match(first[: begin + LONGEST], begin)
    return Header(int(match[1]), int(match[2]), match.end()) if match else None


def read_header(stream: Stream, *, number_bytes: int) -> Header:
    """Read the header, and check that the file can hold what it promises.

    Parameters
    ----------
    stream
        The file, at its beginning.
    number_bytes
        How many bytes a number takes at the least.

    Raises
    ------
    ValueError
        If there is no header, or if the file is too small for it.
    """
    first = stream.peek(LONGEST)
    header = parse_header(first)
    if header is None:
        line = first.partition(b"\n")[0]
        raise ValueError(
            f"{stream.path}, line 1: {shown(line)} is no header, which is two numbers: how many "
            "rows there are, and of how many numbers"
        )
    if header.vector_size == 0:
        raise ValueError(f"{stream.path}, line 1: the header says that vectors have no numbers")
    # A key is one byte at the least, and one more separates rows, but for the last.
    least = header.length + max(header.n * (2 + number_bytes * header.vector_size) - 1, 0)
    if least > stream.most:
        raise ValueError(
            f"{stream.path} is damaged or cut off: its header promises {header.n:,} rows of "
            f"{header.vector_size:,} numbers, which take {least:,} bytes or more, and the file "
            f"holds {stream.most:,} at the most"
        )
    stream.take(header.length)
    return header
