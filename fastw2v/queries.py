"""What vectors are asked with: keys, vectors, and either with a weight, in the forms callers use.

A key stands for its row, and is itself no answer; a vector stands for itself. Whatever could be
several things is a key first, if the vocabulary has it: a tuple is one key before it is a key with
its weight, and that before it is several keys.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v.keyed_matrix import KeyedMatrix
from fastw2v.messages import shown
from fastw2v.neighbors import unit

# A key, a vector, or a pair of either with a weight; or several of them.
Query = Any


@dataclass(frozen=True)
class Question:
    """Vectors that are asked with, for and against.

    Attributes
    ----------
    vectors : list of ndarray
        float32 (d,), each of length 1, or 0.
    weights : list of float
        One for each vector: as given (1 where none was) for positive ones, its negative for others.
    rows : list of int
        Those of the keys asked with: they are no answers.
    """

    vectors: list[NDArray[np.float32]]
    weights: list[float]
    rows: list[int]

    @classmethod
    def of(cls, keyed: KeyedMatrix, positive: Query, negative: Query) -> Question:
        """Read what ``most_similar`` was given.

        Raises
        ------
        KeyError, ValueError
            For an unknown key; for a vector of another size or one that is not finite, and if
            nothing is asked.
        """
        question = cls([], [], [])
        for queries, sign in ((positive, 1.0), (negative, -1.0)):
            for query, weight in _weighted(keyed, queries):
                if not math.isfinite(weight):
                    raise ValueError(f"the weight of {shown(query)} is not finite: {weight}")
                vector, row = vector_and_row(keyed, query)
                question.vectors.append(vector)
                question.weights.append(sign * weight)
                if row is not None:
                    question.rows.append(row)
        if not question.vectors:
            raise ValueError("most_similar needs a key or a vector, in positive or negative")
        return question

    def direction(self) -> NDArray[np.float32]:
        """Return the weighted sum of the vectors, float32 (d,), of length 1.

        Raises
        ------
        ValueError
            If it is not finite, as weights are too large.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # refused below
            total = np.dot(self.weights, np.array(self.vectors, np.float64))
        if not np.isfinite(total).all():
            raise ValueError(f"the weights {self.weights!r:.60} are too large to be added")
        largest = np.abs(total).max()  # a float's square may be too large
        return unit(total / largest if largest > 0 else total)


def vector_and_row(
    keyed: KeyedMatrix, query: Query, *, norm: bool = True
) -> tuple[NDArray[np.floating[Any]], int | None]:
    """Return the vector that a key or a vector stands for, of length 1 if ``norm``; the key's row.

    Raises
    ------
    KeyError, TypeError, ValueError
        For an unknown key; for an array of keys; for a vector of another size, or one that is not
        finite.
    """
    # The length is wanted in any case: it tells whether the vector is finite.
    if not isinstance(query, np.ndarray):
        try:
            direction = keyed.get_vector(query, norm=True)
        except (KeyError, TypeError):
            _refuse_several(query)
            raise
        return direction if norm else keyed.get_vector(query), keyed.get_index(query)
    if query.dtype.kind in "USO":
        raise TypeError(
            f"an array of {query.dtype}, shape {query.shape}, is no vector: ask with a list of "
            "keys, array.tolist()"
        )
    if query.shape != (keyed.vector_size,):
        raise ValueError(f"a vector of shape {query.shape}, where ({keyed.vector_size},) belongs")
    direction = unit(query)
    return direction if norm else query, None


def many(
    keyed: KeyedMatrix, queries: Query
) -> tuple[NDArray[np.float32] | NDArray[np.intp], NDArray[np.intp]]:
    """Read what ``neighbors`` was given: (n, d) vectors, or (n,) rows, and the row of each or −1.

    Raises
    ------
    TypeError, KeyError, ValueError
        If it is a single key, or has an unknown key or a vector of another size.
    """
    if isinstance(queries, np.ndarray) and queries.ndim == 2:
        if queries.shape[1] != keyed.vector_size:
            raise ValueError(
                f"vectors of shape {queries.shape}, where (n, {keyed.vector_size}) belongs"
            )
        with np.errstate(over="ignore"):  # too large for float32: refused as not finite
            vectors = queries.astype(np.float32, copy=False)
        return vectors, np.full(len(queries), -1, np.intp)
    if isinstance(queries, str | bytes) or (isinstance(queries, tuple) and is_key(keyed, queries)):
        raise TypeError(f"neighbors takes a list of keys, or vectors: [{queries!r}], for example")
    if isinstance(queries, np.ndarray) and queries.dtype.kind == "f":
        raise TypeError(
            f"neighbors takes vectors as a matrix, (n, {keyed.vector_size}), not an array of shape "
            f"{queries.shape}; for one vector, vector[None]"
        )
    found = list(queries)
    if not any(isinstance(query, np.ndarray) for query in found):
        try:
            rows = np.array([keyed.get_index(key) for key in found], np.intp)
        except (KeyError, TypeError):
            for query in found:
                _refuse_several(query)
            raise
        return rows, rows
    pairs = [vector_and_row(keyed, query) for query in found]
    rows = np.array([-1 if row is None else row for _, row in pairs], np.intp)
    return np.stack([vector for vector, _ in pairs]), rows


def _refuse_several(query: Query) -> None:
    """Raise TypeError for what is no key, and was maybe meant as a vector or as several keys."""
    if isinstance(query, list) and query and all(isinstance(number, Real) for number in query):
        raise TypeError(
            f"a list where a key or a vector belongs, {query!r:.60}: a vector is a NumPy array, "
            "np.array(...), and keys are asked for in one list"
        ) from None
    if isinstance(query, list | set | dict):
        raise TypeError(
            f"a {type(query).__name__} where a key or a vector belongs, {query!r:.60}: several are "
            "asked for in one list, list(...)"
        ) from None
    if isinstance(query, Iterator):
        raise TypeError(
            f"a {type(query).__name__} where a key or a vector belongs: several are asked for in "
            "one list, list(...)"
        ) from None


def is_missing(keyed: KeyedMatrix, query: Query) -> bool:
    """Return whether this is a key that is not there; TypeError, if it can't be one."""
    if isinstance(query, np.ndarray):
        return False
    try:
        return keyed.get_index(query, -1) < 0  # a subclass's None may mean: no default
    except TypeError:
        _refuse_several(query)
        raise


def is_key(keyed: KeyedMatrix, query: Query) -> bool:
    """Return whether this is a key of the vocabulary, whatever it is."""
    try:
        return query in keyed
    except TypeError:  # not hashable: it holds a vector
        return False


def _weighted(keyed: KeyedMatrix, queries: Query) -> Iterator[tuple[Query, float]]:
    """Yield each query with its weight, whatever the form it came in."""
    if queries is None:
        return
    several = isinstance(queries, list) or (isinstance(queries, np.ndarray) and queries.ndim > 1)
    if isinstance(queries, tuple) and not is_key(keyed, queries) and not _is_weighted(queries):
        several = True
    for query in queries if several else [queries]:
        if _is_weighted(query) and not is_key(keyed, query):
            yield query[0], float(query[1])
        else:
            yield query, 1.0


def _is_weighted(query: Query) -> bool:
    return (
        isinstance(query, tuple)
        and len(query) == 2
        and isinstance(query[1], int | float | np.number)
        and not isinstance(query[1], bool)
    )
