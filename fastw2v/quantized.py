"""The best rows for one query from a quarter of the memory: codes choose, cosines decide.

A scan of a matrix waits for memory. ``QuantizedRows`` keeps each row's direction in a byte a value
(scalar quantisation), which is scanned instead, and knows how far a cosine can be off by that.
What is left within twice the error of the best is compared by its true cosine: results are those of
a scan of the matrix, to the bit. ``KeptCodes`` has them made once they pay.

Codes are of the matrix as it was: whoever keeps them sees to it that nobody writes to it.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from fastw2v._kernels import quantized as kernel
from fastw2v.dispatch import kernels
from fastw2v.neighbors import Matrix, Rows, cosines, largest, near_best, readable, threads_for
from fastw2v.resources import require_memory
from fastw2v.threads import Flag, share_out

Found: TypeAlias = tuple[Rows, NDArray[np.float32]]

ROWS_AT_ONCE = 1 << 14  # encoded by a thread in one call
CODES_PER_THREAD = 1 << 23  # scanned for a single query, at least
LEAST_SHARE = 16  # where more than one row in so many must be compared, codes are not worth it
FEWEST_DIMENSIONS = 16  # which take as many codes
MOST_DIMENSIONS = 1 << 20  # beyond, sums of products might leave 32 bits
MOST_MISSES = 4  # questions in which codes left too much; then they go, if most were such


class QuantizedRows:
    """A matrix with a code for each value, a byte.

    Parameters
    ----------
    matrix
        float32 (V, d), of finite values, not to be changed from now on. Codes take V·d bytes, with
        d rounded up to a multiple of 16, and 4·V.

    Raises
    ------
    ValueError
        If a value is not finite.
    """

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix = readable(matrix)
        n, d = matrix.shape
        self._codes = np.empty((n, kernel.width(d)), np.int8)
        self._scales = np.empty(n, np.float32)
        errors = [0.0]

        def encode(start: int, stopped: Flag) -> None:
            part = slice(start, start + ROWS_AT_ONCE)
            out = self._codes[part], self._scales[part]
            bad, error = kernel.encode(matrix[part], *out, np.empty(d, np.float32))
            if bad >= 0:
                raise ValueError(f"row {start + bad} holds NaN or infinity")
            errors.append(error)

        share_out(encode, range(0, n, ROWS_AT_ONCE), threads_for(None))
        self._error = max(errors)

    def best(self, query: Matrix, topn: int, answers: slice, excluded: list[int]) -> Found | None:
        """Return the rows nearest to a vector of length 1 and their cosines, in falling order.

        None if codes leave so many rows that a scan of the matrix is as quick.

        Parameters
        ----------
        query
            float32 (d,).
        topn
            How many, at least 1.
        answers
            Which rows may be among them.
        excluded
            Rows that are not.

        Returns
        -------
        rows, cosines
            intp and float32, (topn,), ties by row; −1 and −infinity at the end if there are fewer.
        """
        scores, error = self._approximate_cosines(query, answers)
        near = near_best(scores, topn + len(excluded), 2 * error)
        if len(near) * LEAST_SHARE > len(scores):
            return None
        near += answers.start
        exact = cosines(self.matrix[near], query, workers=1)
        for row in excluded:
            exact[near == row] = -np.inf
        places, found = largest(exact, topn)
        rows = np.full(topn, -1, np.intp)
        rows[places >= 0] = near[places[places >= 0]]
        return rows, found

    def _approximate_cosines(
        self, query: Matrix, answers: slice
    ) -> tuple[NDArray[np.float32], float]:
        """Return some rows' cosines with a vector of length 1, and how far each may be off."""
        codes, scales = self._codes[answers], self._scales[answers]
        integers = np.empty(codes.shape[1], np.int16)
        scale, query_error = kernel.quantized_query(query, integers)
        out = np.empty(len(codes), np.float32)
        n_threads = min(threads_for(None), max(codes.size // CODES_PER_THREAD, 1))
        share = -(-len(codes) // n_threads) or 1
        name = kernels().chosen

        def scan(start: int, stopped: Flag) -> None:
            part = slice(start, start + share)
            kernel.approximate_cosines(integers, scale, codes[part], scales[part], out[part], name)

        share_out(scan, range(0, len(codes), share), n_threads)
        # Sums of floats, here and in true cosines, are off by less than half of this each.
        rounding = (len(query) + 16) * float(np.finfo(np.float32).eps)
        return out, self._error + (1 + self._error) * query_error + rounding


class KeptCodes:
    """Codes of a matrix that stays as it is: made at the second question, dropped if no help.

    For another matrix, or the same with other values, there must be another of these.
    """

    def __init__(self) -> None:
        self._codes: QuantizedRows | None = None
        self._is_given_up = False
        self._n_scanned = self._n_asked = self._n_missed = 0

    def best(
        self, matrix: Matrix, query: Matrix, topn: int, answers: slice, excluded: list[int]
    ) -> Found | None:
        """Return what ``QuantizedRows.best`` does; None where a scan of the matrix is quicker."""
        n = answers.stop - answers.start
        if self._is_given_up or not 1 <= topn <= n // LEAST_SHARE:
            return None
        if self._codes is None:
            self._n_scanned += n
            if self._n_scanned <= len(matrix):
                return None  # codes cost some scans: those who ask once don't pay for them
            self._codes = _codes_of(matrix)
        codes = self._codes
        found = None if codes is None else codes.best(query, topn, answers, excluded)
        self._n_asked += 1
        self._n_missed += found is None
        misses_most = self._n_missed >= MOST_MISSES and 2 * self._n_missed > self._n_asked
        if codes is None or misses_most:
            self._codes, self._is_given_up = None, True
        return found


def _codes_of(matrix: Matrix) -> QuantizedRows | None:
    """Return a matrix's codes; None if there is no room, or if they can't be had."""
    n, d = matrix.shape
    if not FEWEST_DIMENSIONS <= d <= MOST_DIMENSIONS or readable(matrix) is not matrix:
        return None
    try:
        require_memory(n * (kernel.width(d) + 4), "codes of the vectors", "scan the vectors")
        return QuantizedRows(matrix)
    except (MemoryError, ValueError):  # it is for the scan to name a row that is not finite
        return None
