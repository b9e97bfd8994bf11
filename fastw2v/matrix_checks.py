"""What a matrix whose rows have keys is made of: the keys, the rows and the counts, checked."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def list_of_keys(keys: Iterable[Any]) -> list[Hashable]:
    """Return keys as a list, those of an array as Python's own values."""
    if not isinstance(keys, np.ndarray):
        return list(keys)
    if keys.ndim != 1:
        raise TypeError(f"keys must be a list or a 1-D array, not of shape {keys.shape}")
    return list(keys.tolist())


def several_keys(keys: Iterable[Any], what: str = "keys") -> list[Hashable]:
    """Return keys that something is asked about as a list.

    Raises
    ------
    TypeError
        For a str or bytes, whose letters nobody means.
    """
    if isinstance(keys, str | bytes):
        raise TypeError(
            f"{what} must be a list of keys, such as [{keys!r:.60}], not a str or bytes"
        )
    return list_of_keys(keys)


def table_of_keys(keys: Sequence[Hashable]) -> dict[Hashable, int]:
    """Return the row of each key.

    Raises
    ------
    TypeError, ValueError
        For a key that can't be one, or that occurs more than once.
    """
    try:
        table = dict(zip(keys, range(len(keys)), strict=True))
    except TypeError:
        row, key = next((row, key) for row, key in enumerate(keys) if not _is_hashable(key))
        raise TypeError(
            f"the key of row {row} is a {type(key).__name__}, {key!r:.60}, which can't be a key: "
            "keys are str, int, tuples or other hashable values"
        ) from None
    if len(table) != len(keys):
        repeated = next(key for row, key in enumerate(keys) if table[key] != row)
        raise ValueError(f"the key {repeated!r} occurs more than once")
    return table


def checked_matrix(vectors: ArrayLike, n: int) -> NDArray[np.float32]:
    """Return a matrix of n rows as float32: itself, if it is that.

    Raises
    ------
    ValueError
        If it has another shape, or rows without a value; if a number is too large for a float32.
        NaN and infinity are let through: who asks about such a row is told of it.
    """
    given = np.asarray(vectors)
    with np.errstate(over="ignore"):  # refused below
        matrix = given.astype(np.float32, copy=False)
    if matrix.ndim != 2 or len(matrix) != n:
        raise ValueError(f"{n} keys need a matrix of as many rows, not {matrix.shape}")
    if n and matrix.shape[1] == 0:
        raise ValueError(f"vectors need one dimension at least: {matrix.shape}")
    if matrix is not given and given.dtype.kind == "f":
        row = _first_too_large(given, matrix)
        if row is not None:
            raise ValueError(
                f"the vector of row {row} holds a number that is too large for a float32, "
                f"{given[row][np.abs(given[row]).argmax()]:g}: divide the vectors by their lengths"
            )
    return matrix


def _first_too_large(given: NDArray[Any], matrix: NDArray[np.float32]) -> int | None:
    """Return the first row that became infinite; None if there is none."""
    if np.isfinite(matrix.max(initial=0)) and np.isfinite(matrix.min(initial=0)):
        return None
    rows = np.flatnonzero((np.isinf(matrix) & np.isfinite(given)).any(axis=1))
    return int(rows[0]) if len(rows) else None


def checked_counts(counts: ArrayLike | None, n: int) -> NDArray[np.int64]:
    """Return n counts as int64; zeros for None.

    Raises
    ------
    ValueError
        If there are not as many, if one is negative or none that int64 holds, or no integer.
    """
    if counts is None:
        return np.zeros(n, np.int64)
    given = np.asarray(counts)
    if given.shape != (n,) or (n and given.dtype.kind not in "iu"):
        raise ValueError(
            f"{n} keys need as many counts, integers, not {given.dtype} of shape {given.shape}"
        )
    if n and (given.min() < 0 or given.max() > np.iinfo(np.int64).max):
        raise ValueError(f"counts must be from 0 to 2**63 - 1, not {given.min()} to {given.max()}")
    return given.astype(np.int64, copy=False)


def _is_hashable(key: object) -> bool:
    try:
        hash(key)
    except TypeError:
        return False
    return True
