"""Nearest neighbours by cosine in a matrix of vectors: exact, in bounded memory, on many threads.

Everything here works over rows of a matrix and knows no keys. Lengths are found anew in each call,
in the same pass over the matrix as the products, which costs next to nothing: the pass waits for
memory. So nothing is cached, and nothing can be stale while a model trains on.

With ``topn`` neighbours wanted, a better place than −1 and −infinity is always found for a row that
may be a neighbour; where there are fewer of these, results end with −1 and −infinity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from fastw2v._kernels import nearest as kernel
from fastw2v.checks import optional_number
from fastw2v.dispatch import kernels
from fastw2v.resources import available_cores
from fastw2v.threads import Flag, share_out

Rows = NDArray[np.intp]
Matrix = NDArray[np.float32]

MOST_QUERIES = 256  # in a block
BLOCK_FLOATS = 1 << 18  # of queries, tile and products: 1 MiB, a second-level cache
MOST_FLOATS = 1 << 25  # of all threads' blocks: 128 MiB
CALL_OPERATIONS = (
    1 << 31
)  # multiplications in one call of the kernel, between looks for an interrupt
SCAN_FLOATS = 1 << 20  # a thread's share of the matrix for a single query, at least
MEANS_AT_ONCE = 1 << 14  # rows whose neighbours are kept while their means are computed


class NonFiniteRowError(ValueError):
    """A row of the matrix holds NaN or infinity."""

    def __init__(self, row: int) -> None:
        super().__init__(f"row {row} of the vectors holds NaN or infinity")
        self.row = row


@dataclass(frozen=True)
class LocalScaling:
    """What CSLS knows of each row: how near its nearest neighbours are.

    Attributes
    ----------
    k : int
        Neighbours averaged.
    means : ndarray
        Mean cosine of each row with its k nearest other rows, float32 (V,): high for hubs.
    """

    k: int
    means: NDArray[np.float32]


def unit(vector: NDArray[np.floating[Any]]) -> Matrix:
    """Return a vector divided by its length, float32 (d,); a zero vector stays as it is.

    Raises
    ------
    ValueError
        If it holds NaN or infinity.
    """
    exact = np.asarray(vector, np.float64)
    length = np.sqrt(np.dot(exact, exact))  # np.dot warns of nothing
    if not np.isfinite(length):
        raise ValueError("a vector is not finite, or too large")
    return (exact / (length or 1.0)).astype(np.float32)


def unit_rows(matrix: Matrix) -> Matrix:
    """Return a matrix with each row divided by its length, float32 (V, d); zero rows stay zero."""
    out = np.empty(matrix.shape, np.float32)
    require_finite(kernel.unit_rows(readable(matrix), out))
    return out


def cosines(matrix: Matrix, query: Matrix, *, workers: int | None = None) -> NDArray[np.float32]:
    """Return each row's cosine with a vector of length 1, float32 (V,); 0 for a zero row."""
    matrix = readable(matrix)
    out = np.empty(len(matrix), np.float32)
    n_threads = min(threads_for(workers), max(matrix.size // SCAN_FLOATS, 1))
    share = -(-len(matrix) // n_threads) or 1
    name = kernels().chosen

    def scan(start: int, stopped: Flag) -> None:
        part = slice(start, start + share)
        if (row := kernel.cosines(query, matrix[part], out[part], name)) >= 0:
            bad.append(start + row)

    bad: list[int] = []
    share_out(scan, range(0, len(matrix), share), n_threads)
    require_finite(min(bad, default=-1))
    return out


def largest(values: NDArray[np.float32], topn: int) -> tuple[Rows, NDArray[np.float32]]:
    """Return where the largest values are and what they are, (topn,) each, ties by position.

    A value of −infinity is never among them.
    """
    rows, scores = _empty_best(1, topn)
    if topn:
        kernel.best_of(values, np.empty(len(values) // kernel.CHUNK, np.float32), rows, scores)
        kernel.sort(rows, scores)
    return rows[0], scores[0]


def near_best(values: NDArray[np.float32], topn: int, margin: float) -> Rows:
    """Return where the values are that are at most ``margin`` below the topn-th largest, sorted."""
    rows = np.empty(len(values) + topn, np.intp)
    scratch = np.empty(len(values) // kernel.CHUNK + topn, np.float32)
    return rows[: kernel.near_best(values, topn, margin, scratch, rows)]


def nearest(
    matrix: Matrix,
    queries: Matrix | Rows,
    topn: int,
    *,
    excluded: Rows | None = None,
    restrict: int | None = None,
    scaling: LocalScaling | None = None,
    workers: int | None = None,
) -> tuple[Rows, NDArray[np.float32]]:
    """Return the nearest rows of each query, by cosine, in falling order.

    Parameters
    ----------
    matrix
        float32 (V, d).
    queries
        Vectors, float32 (n, d), of any length; or rows of the matrix, intp (n,), each of which is
        then no neighbour of its own.
    topn
        How many.
    excluded
        One row that is no neighbour of each query, or −1, intp (n,).
    restrict
        Only the first so many rows are neighbours.
    scaling
        Rank by CSLS, 2 cos(x, y) − r(x) − r(y), where r is the mean cosine with the nearest rows.
    workers
        Threads; None is every core. Together they take 128 MiB at most, beside the results.

    Returns
    -------
    rows, scores
        intp and float32, (n, topn). Equal scores are in the order of the rows.

    Raises
    ------
    NonFiniteRowError
        If a row of the matrix holds NaN or infinity.
    ValueError
        If a query does.
    """
    matrix, n = readable(matrix), len(queries)
    own = cast("Rows", queries) if queries.ndim == 1 else None
    if excluded is None:
        excluded = np.full(n, -1, np.intp) if own is None else own
    excluded = np.ascontiguousarray(excluded, np.intp)
    candidates = matrix[:restrict]
    means = np.empty(0, np.float32) if scaling is None else scaling.means[: len(candidates)]
    best_rows, scores = _empty_best(n, topn)
    n_threads = threads_for(workers)
    size, scratch_floats = _block(n, matrix.shape[1], n_threads)
    rows_a_call = max(CALL_OPERATIONS // (size * matrix.shape[1]), 1)

    def search(start: int, stopped: Flag) -> None:
        block = slice(start, start + size)
        if own is None:
            unit_queries = _unit_vectors(cast("Matrix", queries[block]), start)
        else:
            unit_queries = _unit_rows_of(matrix, own[block])
        scratch = np.empty(scratch_floats, np.float32)
        for first in range(0, len(candidates), rows_a_call):
            if stopped.is_set():
                return
            last = min(first + rows_a_call, len(candidates))
            found = best_rows[block], scores[block]
            require_finite(
                kernel.search(
                    unit_queries, candidates, first, last, excluded[block], means, scratch, *found
                )
            )
        kernel.sort(best_rows[block], scores[block])

    if topn:
        share_out(search, range(0, n, size), n_threads)
    if scaling is not None:
        if own is None:
            _, near = nearest(matrix, queries, scaling.k, excluded=excluded, workers=workers)
            scores -= _means(near)[:, None]
        else:
            scores -= scaling.means[own, None]
    return best_rows, scores


def local_scaling(matrix: Matrix, k: int = 10, *, workers: int | None = None) -> LocalScaling:
    """Return what CSLS knows of each row; it takes as long as asking for all rows' neighbours."""
    k = min(k, max(len(matrix), 1))  # there are no more
    means = np.empty(len(matrix), np.float32)
    for start in range(0, len(matrix), MEANS_AT_ONCE):
        rows = np.arange(start, min(start + MEANS_AT_ONCE, len(matrix)))
        means[rows] = _means(nearest(matrix, rows, k, workers=workers)[1])
    return LocalScaling(k, means)


def scaled(
    cosines: NDArray[np.float32], scaling: LocalScaling, excluded: list[int]
) -> NDArray[np.float32]:
    """Return one query's CSLS with every row, float32 (V,), from its cosines with them.

    Rows that are excluded are not among the query's own nearest.
    """
    others = cosines.copy()
    others[excluded] = -np.inf
    _, near = largest(others, scaling.k)
    scores: NDArray[np.float32] = np.float32(2) * cosines - scaling.means - _means(near[None])
    return scores


def _means(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of each query's scores, but of places that are empty; 0 if all are."""
    there = scores > -np.inf
    sums = np.where(there, scores, 0).sum(axis=1, dtype=np.float64)
    means: NDArray[np.float32] = (sums / np.maximum(there.sum(axis=1), 1)).astype(np.float32)
    return means


def _empty_best(n: int, topn: int) -> tuple[Rows, NDArray[np.float32]]:
    return np.full((n, topn), -1, np.intp), np.full((n, topn), -np.inf, np.float32)


def _block(n: int, d: int, n_threads: int) -> tuple[int, int]:
    """Return how many queries a block has, and how many floats its tile and products may take."""
    floats = min(BLOCK_FLOATS, MOST_FLOATS // n_threads)
    size = max(min(MOST_QUERIES, floats // 4 // d, -(-n // n_threads)), 1)
    return size, max(floats - size * d, size + d)


def _unit_vectors(vectors: Matrix, first: int) -> Matrix:
    """Return vectors divided by their lengths; ``first`` is the position of the first, to name."""
    out = np.empty(vectors.shape, np.float32)
    bad = kernel.unit_rows(readable(vectors), out)
    if bad >= 0:
        raise ValueError(f"the vector asked with at position {first + bad} holds NaN or infinity")
    return out


def _unit_rows_of(matrix: Matrix, rows: Rows) -> Matrix:
    out = matrix[rows]
    bad = kernel.unit_rows(out, out)
    require_finite(bad if bad < 0 else int(rows[bad]))
    return out


def readable(matrix: Matrix) -> Matrix:
    """Return a matrix each row of which is one block of memory: itself, if it can be."""
    if matrix.strides[1] == matrix.itemsize and matrix.flags.aligned:
        return matrix
    return np.ascontiguousarray(matrix)


def require_finite(bad: int) -> None:
    """Raise NonFiniteRowError for a row, but for −1."""
    if bad >= 0:
        raise NonFiniteRowError(bad)


def threads_for(workers: int | None) -> int:
    """Return how many threads ``workers`` stands for; None is every core."""
    return optional_number("workers", workers, least=1) or available_cores()
