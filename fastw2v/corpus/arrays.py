"""Integer arrays: 2-D ones, a sentence a row, and tokens with offsets.

No token becomes a Python object on the way.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v.corpus.numbering import KeyTable
from fastw2v.corpus.reading import Block, Scratch

PIECE = 1 << 18  # tokens at a time


@dataclass
class IntegerBlock:
    """Some tokens, and where in them sentences end."""

    values: NDArray[Any]
    ends: NDArray[Any]
    padding: int | None

    def number(self, table: KeyTable, first_place: int, scratch: Scratch) -> tuple[int, int]:
        """Give numbers to the tokens."""
        values = np.ascontiguousarray(self.values, np.int64).reshape(-1)
        scratch.reserve(max(len(values), len(self.ends)))
        n = table.count_integers(values, first_place, scratch.numbers, self.padding)
        ends = self.ends
        if n < len(values):
            kept_before = np.concatenate([[0], np.cumsum(values != self.padding)])
            ends = kept_before[ends]
            ends = ends[np.diff(ends, prepend=-1) > 0]
        scratch.ends[: len(ends)] = ends
        return n, len(ends)


@dataclass(frozen=True)
class Rows:
    """A 2-D array, one sentence a row."""

    array: NDArray[Any]
    padding: int | None = None
    parallel = True
    replaces_invalid = False

    def blocks(self) -> Generator[Block]:
        """Yield blocks of whole rows, or parts of rows that are longer."""
        n_rows, width = self.array.shape
        if not width:
            return
        step = max(1, PIECE // width)
        for row in range(0, n_rows, step):
            rows = self.array[row : row + step]
            ends = np.arange(1, len(rows) + 1) * width
            if width <= PIECE:
                yield IntegerBlock(rows, ends, self.padding)
                continue
            for begin in range(0, width, PIECE):
                values = rows[0, begin : begin + PIECE]
                is_last = begin + PIECE >= width
                yield IntegerBlock(values, np.array([len(values)] * is_last, int), self.padding)


@dataclass(frozen=True)
class TokensAndOffsets:
    """Sentence s is ``tokens[offsets[s]:offsets[s + 1]]``."""

    tokens: NDArray[Any]
    offsets: NDArray[Any]
    padding: int | None = None
    parallel = True
    replaces_invalid = False

    def __post_init__(self) -> None:
        """Refuse offsets that can't be any."""
        offsets, n = self.offsets, len(self.tokens)
        if len(offsets) == 0 or offsets[0] != 0 or offsets[-1] != n or np.any(np.diff(offsets) < 0):
            raise ValueError(
                "a pair of integer arrays is taken as (tokens, offsets), where sentence s is "
                f"tokens[offsets[s]:offsets[s + 1]]: offsets must begin with 0, never fall and end "
                f"with the number of tokens, {n:,}. For two sentences, give a list of two arrays"
            )

    def blocks(self) -> Generator[Block]:
        """Yield blocks of as many tokens, which may cut sentences."""
        ends = self.offsets[1:]
        first = 0
        for begin in range(0, len(self.tokens), PIECE):
            values = self.tokens[begin : begin + PIECE]
            last = int(np.searchsorted(ends, begin + len(values), side="right"))
            here = ends[first:last]
            here = here[here > begin] - begin
            yield IntegerBlock(values, here[np.diff(here, prepend=0) > 0], self.padding)
            first = last
