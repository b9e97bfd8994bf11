import numpy as np
from numpy.typing import NDArray

from fastw2v._kernels._types import FloatArray

RowArray = NDArray[np.intp]

CHUNK: int

def cosines(unit_query: FloatArray, vectors: FloatArray, out: FloatArray, kernel: str) -> int: ...
def unit_rows(vectors: FloatArray, out: FloatArray) -> int: ...
def search(
    unit_queries: FloatArray,
    vectors: FloatArray,
    first: int,
    last: int,
    excluded: RowArray,
    means: FloatArray,
    scratch: FloatArray,
    rows: RowArray,
    scores: FloatArray,
) -> int: ...
def best_of(
    scores: FloatArray, scratch: FloatArray, rows: RowArray, best_scores: FloatArray
) -> None: ...
def near_best(
    scores: FloatArray, topn: int, margin: float, scratch: FloatArray, rows: RowArray
) -> int: ...
def sort(rows: RowArray, scores: FloatArray) -> None: ...
