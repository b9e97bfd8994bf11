import numpy as np
from numpy.typing import NDArray

from fastw2v._kernels._types import OffsetArray, TokenArray

SLOT_BYTES: int
LAST_HASH: int

class PairCounter:
    def __init__(
        self, counted: NDArray[np.uint8], first: int, last: int, most_bytes: int
    ) -> None: ...
    @property
    def last(self) -> int: ...
    def count(self, tokens: TokenArray, ends: TokenArray) -> None: ...
    def pairs(self, least: int) -> tuple[TokenArray, OffsetArray]: ...

class Joiner:
    def __init__(self, pairs: TokenArray, numbers: TokenArray, n_rows: int) -> None: ...
    def join(
        self,
        tokens: TokenArray,
        ends: TokenArray,
        out_numbers: TokenArray,
        out_ends: TokenArray,
    ) -> tuple[int, int]: ...

def tally(
    numbers: TokenArray, first_place: int, counts: OffsetArray, first: OffsetArray
) -> None: ...
