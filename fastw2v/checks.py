"""Checks of arguments: each names the argument, the value and what is allowed."""

from __future__ import annotations

import math
import operator
from numbers import Integral, Real
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray


def whole_number(name: str, value: object, *, least: int = 0, most: int | None = None) -> int:
    """Check that ``value`` is an integer (not a bool) of the range, and return it as an int."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, not {value!r}")
    number = int(value)
    if number < least or (most is not None and number > most):
        bound = f"at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name} must be {bound}, not {number}")
    return number


def optional_number(
    name: str, value: object, *, least: int = 0, most: int | None = None
) -> int | None:
    """Check an integer as ``whole_number`` does, but for None."""
    return None if value is None else whole_number(name, value, least=least, most=most)


def real_number(
    name: str, value: object, *, least: float = -math.inf, above: float = -math.inf
) -> float:
    """Check that ``value`` is a finite number of the range, and return it as a float."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, not {value!r}")
    try:
        number = float(value)
    except OverflowError:  # an int or a Fraction beyond float's range
        number = math.inf
    if not math.isfinite(number) or number < least or number <= above:
        bound = "finite"
        if above > -math.inf:
            bound = f"above {above:g} and finite"
        elif least > -math.inf:
            bound = f"at least {least:g} and finite"
        raise ValueError(f"{name} must be {bound}, not {value}")
    return number


def factors(name: str, values: Any) -> NDArray[np.float32]:
    """Check that ``values`` is a 1-D array of finite numbers of at least 0, and make it float32."""
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "fiu":
        raise TypeError(
            f"{name} must be a 1-D array of numbers, not {type(values).__name__} of shape "
            f"{array.shape} and type {array.dtype}"
        )
    with np.errstate(over="ignore"):
        checked = array.astype(np.float32)
    wrong = np.flatnonzero(~(np.isfinite(checked) & (checked >= 0)))
    if len(wrong):
        raise ValueError(
            f"{name}[{wrong[0]}] is {array[wrong[0]]}: {name} must be at least 0 and finite"
        )
    return checked


def one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    """Check that ``value`` is one of the words allowed."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, not {value!r}")


# What the functions of fastw2v.objectives take ---------------------------------------------------


def hidden_and_output(
    hidden: ArrayLike, output_vectors: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return one hidden vector and the output matrix as float64, if their shapes fit."""
    v = np.asarray(hidden, dtype=np.float64)
    u = np.asarray(output_vectors, dtype=np.float64)
    if u.ndim != 2 or v.shape != u.shape[1:]:
        raise ValueError(
            f"hidden and output_vectors must have shapes (d,) and (V, d), not {v.shape} and "
            f"{u.shape}; pass one vector and a matrix with a row a word"
        )
    return v, u


def window_arguments(
    center: SupportsIndex,
    contexts: ArrayLike,
    input_vectors: ArrayLike,
    output_vectors: ArrayLike,
    negatives: object,
    path: object,
) -> tuple[NDArray[np.float64], NDArray[np.float64], int, NDArray[np.intp]]:
    """Return both matrices as float64, the center and the contexts, if they fit together."""
    w_in = np.asarray(input_vectors, dtype=np.float64)
    w_out = np.asarray(output_vectors, dtype=np.float64)
    if negatives is not None and path is not None:
        raise ValueError("negatives and path are two objectives: pass one of them, or neither")
    spare = 0 if path is None else 1  # inner nodes are one less than words
    if w_in.ndim != 2 or w_out.shape not in (w_in.shape, w_in[spare:].shape):
        raise ValueError(
            f"input_vectors and output_vectors must both have shape (V, d), not {w_in.shape} "
            f"and {w_out.shape}; pass two matrices with a row a word"
        )
    ids = row_numbers("contexts", contexts, len(w_in))
    if not len(ids):
        raise ValueError("contexts is empty: a window without context words has no loss; skip it")
    return w_in, w_out, row_number("center", center, len(w_in)), ids


def row_number(name: str, value: SupportsIndex, vocabulary_size: int) -> int:
    """Return a row's number as an int, if there is such a row."""
    word = operator.index(value)
    if not 0 <= word < vocabulary_size:
        raise IndexError(f"{name} is {word}; pass a row number from 0 to {vocabulary_size - 1}")
    return word


def row_numbers(name: str, values: ArrayLike, vocabulary_size: int) -> NDArray[np.intp]:
    """Return row numbers as a 1-D array, if all are rows."""
    ids = np.asarray(values)
    if ids.ndim != 1:
        raise ValueError(
            f"{name} must be a 1-D sequence of row numbers, such as [3, 1], not {values!r}"
        )
    if len(ids) and ids.dtype.kind not in "iu":
        raise ValueError(f"{name} must hold integers (row numbers), not {ids.dtype}: {values!r}")
    for word in ids:
        row_number(f"a word in {name}", word, vocabulary_size)
    return ids.astype(np.intp)


def draws_per_pair(negatives: Any, pairs: int) -> list[Any]:
    """Return one sequence of negatives for each pair, whether they are shared or not."""
    if np.isscalar(negatives):
        raise ValueError(f"negatives must hold the words drawn, not how many: {negatives!r}")
    dimensions = {np.ndim(draw) for draw in negatives}
    if dimensions <= {0}:
        return [negatives] * pairs
    if dimensions != {1} or len(negatives) != pairs:
        raise ValueError(
            f"negatives must be one 1-D sequence, shared by the window, or {pairs} of them, "
            f"one for each context; got {len(negatives)}: {negatives!r}"
        )
    return list(negatives)
