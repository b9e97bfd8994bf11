import numpy as np
from numpy.typing import NDArray

from fastw2v._kernels._types import FloatArray, OffsetArray

EMPTY_LINE: int
NO_KEY: int
NO_NUMBER: int
TOO_FEW: int
TOO_MANY: int
NOT_FINITE: int

Data = bytes | bytearray | memoryview | NDArray[np.uint8]

def parse_text(
    text: Data, spaces_in_keys: bool, out_vectors: FloatArray, out_keys: OffsetArray
) -> tuple[int, int, int, int]: ...
def parse_binary(
    data: Data, out_vectors: FloatArray, out_keys: OffsetArray
) -> tuple[int, int, int, int]: ...
def gather_keys(data: Data, keys: OffsetArray) -> bytes: ...
def most_bytes(n: int, width: int, key_bytes: int, binary: bool) -> int: ...
def format_rows(
    keys: Data,
    bounds: OffsetArray,
    vectors: FloatArray,
    binary: bool,
    out: NDArray[np.uint8],
) -> int: ...
