"""From keys and a matrix to what the tests compare: each word's row, and vectors of unit length."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v.checks import whole_number

Matrix = NDArray[np.floating[Any]]

_ROWS = 1 << 13  # rows at a time: 6 MiB of float64 at 100 dimensions


class Lookup:
    """Which row each word has: the first one whose key equals it.

    Parameters
    ----------
    keys
        The key of each row.
    restrict_vocab
        Only the first so many keys are known; None: all.
    case_insensitive
        Whether strings are equal if their upper-case forms are.

    Attributes
    ----------
    size
        How many rows are known.
    word_of_row
        The first row with the same key, (size,).
    """

    def __init__(
        self, keys: Sequence[Hashable], restrict_vocab: int | None, case_insensitive: bool
    ) -> None:
        self.size = len(keys)
        if restrict_vocab is not None:
            self.size = min(self.size, whole_number("restrict_vocab", restrict_vocab, least=1))
        self._fold = fold if case_insensitive else _as_it_is
        self._rows: dict[Hashable, int] = {}
        known = islice(keys, self.size)
        self.word_of_row = np.fromiter(
            (self._rows.setdefault(self._fold(key), row) for row, key in enumerate(known)),
            np.intp,
            self.size,
        )

    def rows(self, words: Iterable[Hashable]) -> NDArray[np.intp]:
        """Return the row of each word, -1 for those that are not known."""
        return np.array([self._rows.get(self._fold(word), -1) for word in words], np.intp)


def fold(word: Hashable) -> Hashable:
    """Return a string's upper-case form; anything else as it is."""
    return word.upper() if isinstance(word, str) else word


def _as_it_is(word: Hashable) -> Hashable:
    return word


def check_shape(keys: Sequence[Hashable], vectors: Matrix) -> None:
    """Raise ValueError if the matrix does not have one row a key."""
    if np.ndim(vectors) != 2 or len(vectors) != len(keys):
        raise ValueError(
            f"vectors must be a matrix with one row for each of the {len(keys)} keys, "
            f"not an array of shape {np.shape(vectors)}"
        )


def lengths(keys: Sequence[Hashable], vectors: Matrix, size: int) -> NDArray[np.float64]:
    """Return the lengths of the first rows, 1 for zero rows; ValueError if one is not finite."""
    found = np.empty(size)
    for start in range(0, size, _ROWS):
        rows = np.asarray(vectors[start : min(start + _ROWS, size)], np.float64)
        with np.errstate(over="ignore"):
            found[start : start + len(rows)] = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    if not np.isfinite(found).all():
        _raise_not_finite(keys, int(np.isfinite(found).argmin()))
    return np.where(found > 0.0, found, 1.0)


def unit_rows(keys: Sequence[Hashable], vectors: Matrix, rows: NDArray[np.intp]) -> Any:
    """Return the chosen rows at unit length, float64, zero rows left at zero; a new array."""
    unit = np.array(vectors[rows], dtype=np.float64)
    with np.errstate(over="ignore"):
        norms = np.sqrt(np.einsum("ij,ij->i", unit, unit))[:, None]
    if not np.isfinite(norms).all():
        _raise_not_finite(keys, int(rows[np.isfinite(norms[:, 0]).argmin()]))
    unit /= np.where(norms > 0.0, norms, 1.0)
    return unit


def coverage(used: int, total: int) -> str:
    """Say how many of a test's questions are used, and how many are not."""
    left_out = total - used
    share = 100.0 * left_out / total if total else 0.0
    return f"{used:,} of {total:,} used, {left_out:,} ({share:.1f} %) out of vocabulary"


def remedy(case_insensitive: bool) -> str:
    """Say what to do when a test's words are not known."""
    case = "" if case_insensitive else "pass case_insensitive=True or lower-case the keys; "
    return f"{case}raise restrict_vocab, train with a lower min_count or on more text"


def _raise_not_finite(keys: Sequence[Hashable], row: int) -> None:
    raise ValueError(
        f"the vector of {keys[row]!r} (row {row}) holds NaN, infinity or values too large to be "
        "squared"
    )
