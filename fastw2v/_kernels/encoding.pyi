import numpy as np
from numpy.typing import NDArray

from fastw2v._kernels._types import DrawArray, OffsetArray, TokenArray

LENGTH_BITS: int
MOST_BUCKET_BITS: int

def translate(
    numbers: TokenArray,
    ends: TokenArray,
    rows: TokenArray,
    is_open: bool,
    out_tokens: TokenArray,
    out_ends: TokenArray,
) -> tuple[int, int, bool]: ...

class Scatter:
    def __init__(self, seed: int, bucket_bits: int) -> None: ...
    def draws(self, out: NDArray[np.uint32]) -> None: ...
    def plan(
        self,
        ends: TokenArray,
        n_tokens: int,
        bucket_tokens: OffsetArray,
        bucket_sentences: OffsetArray,
    ) -> None: ...
    def restart(self) -> None: ...
    def place(
        self,
        tokens: TokenArray,
        ends: TokenArray,
        next_token: OffsetArray,
        next_record: OffsetArray,
        out_tokens: TokenArray,
        out_records: DrawArray,
    ) -> None: ...
    @property
    def longest(self) -> int: ...

def gather(
    tokens: TokenArray, begins: OffsetArray, lengths: OffsetArray, out: TokenArray
) -> None: ...
