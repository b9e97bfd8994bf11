"""Vectors to begin with: rows of a new matrix that are copied from given ones, by key."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastw2v.keyed_vectors import KeyedVectors

logger = logging.getLogger("fastw2v")

InitialVectors: TypeAlias = KeyedVectors | Mapping[Hashable, ArrayLike]


def check_initial(init: object, vector_size: int) -> None:
    """Refuse what can't be vectors by key, or has another number of dimensions.

    Of a mapping one vector is looked at; the others are when they are copied.
    """
    if isinstance(init, KeyedVectors):
        if init.vector_size != vector_size:
            raise ValueError(
                f"the vectors of init have {init.vector_size} dimensions, but vector_size is "
                f"{vector_size}: they must be the same"
            )
    elif isinstance(init, Mapping):
        for key in init:
            _checked_vector(key, init[key], vector_size)
            break
    elif init is not None:
        raise TypeError(
            "init must be KeyedVectors or a mapping from keys to vectors, and this is of type "
            f"{type(init).__name__}; fastw2v.load reads a file, KeyedVectors.from_gensim takes "
            "gensim's"
        )


def copy_initial(
    init: InitialVectors, keys: Sequence[Hashable], rows: NDArray[np.float32], *, is_first: bool
) -> None:
    """Put given vectors into the rows of those keys that they are there for.

    Parameters
    ----------
    init
        Vectors by key.
    keys, rows
        The keys, and the rows of a matrix, one for each: float32 (len(keys), d).
    is_first
        Whether these are all keys of a model, of which some should be found.

    Raises
    ------
    ValueError
        If a vector has another number of dimensions, or is not finite; it names the key.
    """
    if isinstance(init, KeyedVectors):
        check_initial(init, rows.shape[1])
        places = np.array([init.key_to_index.get(key, -1) for key in keys], np.int64)
        found = np.flatnonzero(places >= 0)
        vectors = init.vectors[places[found]]
        finite = np.isfinite(vectors).all(axis=1)
        if not finite.all():
            raise _not_finite(keys[found[int(np.argmin(finite))]])
        rows[found] = vectors
        n_found = len(found)
    else:
        n_found = 0
        for row, key in enumerate(keys):
            if key in init:
                rows[row] = _checked_vector(key, init[key], rows.shape[1])
                n_found += 1
    if is_first and not n_found:
        logger.warning(
            "init has a vector for none of the %s keys, such as %r: are its keys of the same type, "
            "and spelled alike?",
            *(f"{len(keys):,}", keys[0]),
        )
    logger.info("%s of %s keys begin with a vector of init", f"{n_found:,}", f"{len(keys):,}")


def _checked_vector(key: Hashable, vector: Any, vector_size: int) -> NDArray[np.float32]:
    try:
        with np.errstate(over="ignore"):  # too large for float32: refused below
            row = np.asarray(vector, np.float32)
    except (TypeError, ValueError) as error:
        raise TypeError(f"the vector of {key!r} in init is none: {error}") from None
    if row.shape != (vector_size,):
        size = f"{row.shape[0]} dimensions" if row.ndim == 1 else f"the shape {row.shape}"
        raise ValueError(
            f"the vector of {key!r} in init has {size}, but vector_size is {vector_size}: they "
            "must be the same"
        )
    if not np.isfinite(row).all():
        raise _not_finite(key)
    return row


def _not_finite(key: Hashable) -> ValueError:
    return ValueError(
        f"the vector of {key!r} in init holds NaN, infinity or what is too large: leave it out"
    )
