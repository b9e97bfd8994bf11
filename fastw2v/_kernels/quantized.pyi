import numpy as np
from numpy.typing import NDArray

from fastw2v._kernels._types import FloatArray

def width(d: int) -> int: ...
def encode(
    vectors: FloatArray, codes: NDArray[np.int8], scales: FloatArray, scratch: FloatArray
) -> tuple[int, float]: ...
def quantized_query(unit_query: FloatArray, out: NDArray[np.int16]) -> tuple[float, float]: ...
def approximate_cosines(
    query: NDArray[np.int16],
    scale: float,
    codes: NDArray[np.int8],
    scales: FloatArray,
    out: FloatArray,
    kernel: str,
) -> None: ...
