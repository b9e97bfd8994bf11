"""``KeyedVectors``: looking vectors up by key, and asking which are near.

Method names and result shapes are those that gensim's users know. Integer keys are keys, never
positions.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v import formats

# What most_similar takes as a query: a key, a vector, or either with a weight.
Query = Any


class KeyedVectors:
    """Vectors with their keys: row i of ``vectors`` belongs to ``index_to_key[i]``.

    Parameters
    ----------
    keys
        Distinct hashable keys, the most frequent first.
    vectors
        float32, (len(keys), vector_size); kept as it is, not copied.
    counts
        How often each key occurred, int64 (len(keys),); zeros if None.
    """

    def __init__(
        self,
        keys: Sequence[Hashable],
        vectors: NDArray[np.float32],
        counts: NDArray[np.int64] | None = None,
    ) -> None:
        vectors = np.asarray(vectors, dtype=np.float32)
        if vectors.ndim != 2 or len(vectors) != len(keys):
            raise ValueError(f"{len(keys)} keys need a matrix of as many rows, not {vectors.shape}")
        self.index_to_key = list(keys)
        self.key_to_index = {key: i for i, key in enumerate(self.index_to_key)}
        if len(self.key_to_index) != len(self.index_to_key):
            repeated = next(k for i, k in enumerate(keys) if self.key_to_index[k] != i)
            raise ValueError(f"the key {repeated!r} occurs more than once")
        self.vectors = vectors
        self.counts = (
            np.zeros(len(keys), np.int64) if counts is None else np.asarray(counts, np.int64)
        )
        if self.counts.shape != (len(keys),):
            raise ValueError(f"{len(keys)} keys, but counts of shape {self.counts.shape}")

    @property
    def vector_size(self) -> int:
        """Dimensions of a vector."""
        return int(self.vectors.shape[1])

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __iter__(self) -> Iterator[Hashable]:
        """Iterate over the keys."""
        return iter(self.index_to_key)

    def __contains__(self, key: object) -> bool:
        return key in self.key_to_index

    def __repr__(self) -> str:
        return f"<KeyedVectors: {len(self):,} keys, vector_size={self.vector_size}>"

    def __getitem__(self, keys: Any) -> NDArray[np.float32]:
        """Return one key's vector, (vector_size,), or a list of keys' vectors, (n, vector_size)."""
        if isinstance(keys, list):
            rows = np.array([self.get_index(key) for key in keys], np.intp)
            return self.vectors[rows]
        return self.get_vector(keys)

    def get_index(self, key: Hashable) -> int:
        """Return the row of a key; KeyError if there is none."""
        try:
            return self.key_to_index[key]
        except KeyError:
            raise KeyError(f"the key {key!r} is not in the vocabulary") from None

    def get_vector(self, key: Hashable, norm: bool = False) -> NDArray[np.float32]:
        """Return a key's vector, (vector_size,), divided by its length if ``norm``."""
        vector: NDArray[np.float32] = self.vectors[self.get_index(key)]
        return unit(vector) if norm else vector

    def similarity(self, a: Hashable, b: Hashable) -> float:
        """Return the cosine of two keys' vectors."""
        return float(unit(self.vectors[self.get_index(a)]) @ unit(self.vectors[self.get_index(b)]))

    def most_similar(
        self,
        positive: Query | Sequence[Query] | None = None,
        negative: Query | Sequence[Query] | None = None,
        topn: int = 10,
    ) -> list[tuple[Hashable, float]]:
        """Return the keys nearest to a mean of vectors, by cosine, without the keys asked with.

        Parameters
        ----------
        positive, negative
            A key or a list of keys, vectors, or (key or vector, weight) pairs. Each vector counts
            with its weight (1 for positive, −1 for negative), after division by its length
            (Mikolov et al. 2013's 3CosAdd: ``positive=["king", "woman"], negative=["man"]``).
        topn
            How many to return.

        Returns
        -------
        list of (key, cosine)
            From near to far; ties by row.

        Notes
        -----
        A tuple of a key and a number is a key with its weight, unless the tuple itself is a key of
        the vocabulary: give two integer keys as a list.
        """
        if isinstance(topn, bool) or not isinstance(topn, int | np.integer) or topn < 0:
            raise ValueError(f"topn must be a whole number, at least 0, not {topn!r}")
        query = np.zeros(self.vector_size, np.float32)
        asked: list[int] = []
        given = 0
        for queries, sign in ((positive, 1.0), (negative, -1.0)):
            for key_or_vector, weight in self._weighted(queries):
                given += 1
                query += sign * weight * self._unit_vector(key_or_vector, asked)
        if given == 0:
            raise ValueError("most_similar needs a key or a vector, in positive or negative")
        if not np.isfinite(query).all():
            raise ValueError("a vector or a weight is not finite, or too large")
        lengths = np.linalg.norm(self.vectors, axis=1)
        cosines = self.vectors @ unit(query) / np.where(lengths > 0, lengths, 1)
        cosines[asked] = -np.inf
        n = min(int(topn), len(self) - len(set(asked)))
        return [(self.index_to_key[i], float(cosines[i])) for i in _largest(cosines, n)]

    def _weighted(self, queries: Query) -> Iterable[tuple[Query, float]]:
        """Yield each query with its weight, whatever the form it came in."""
        if queries is None:
            return
        single = not isinstance(queries, list | np.ndarray) or (
            isinstance(queries, np.ndarray) and queries.ndim < 2
        )
        if isinstance(queries, tuple) and not self._is_key(queries) and not _is_weighted(queries):
            single = False  # a tuple of keys, unless the tuple itself is a key
        for query in [queries] if single else queries:
            weighted = _is_weighted(query) and not self._is_key(query)
            yield (query[0], float(query[1])) if weighted else (query, 1.0)

    def _is_key(self, query: Query) -> bool:
        try:
            return query in self
        except TypeError:  # not hashable: it holds a vector
            return False

    def _unit_vector(self, key_or_vector: Query, asked: list[int]) -> NDArray[np.float32]:
        if isinstance(key_or_vector, np.ndarray):
            if key_or_vector.shape != (self.vector_size,):
                raise ValueError(
                    f"a vector of shape {key_or_vector.shape}, where ({self.vector_size},) belongs"
                )
            return unit(key_or_vector.astype(np.float32))
        asked.append(self.get_index(key_or_vector))
        return unit(self.vectors[asked[-1]])

    def save(self, path: str | os.PathLike[str], *, format: str | None = None) -> None:
        """Save keys, vectors and, where the format has a place for them, counts.

        Parameters
        ----------
        path
            The file; one of that name is replaced, whole or not at all. ``.safetensors`` is
            fastw2v's own, which keeps everything; ``.bin``, ``.txt`` and ``.vec`` are word2vec's
            and fastText's, which other tools read. ``fastw2v.formats`` lists all suffixes.
        format
            The format, by name; None takes the one that the suffix names.

        Raises
        ------
        ValueError
            If the suffix names no format, if a key could not be read back, or if a value is not
            finite.
        TypeError
            If a key is of a type that the format can't keep.
        """
        counts = self.counts if self.counts.any() else None  # zeros stand for unknown ones
        formats.write(path, self.index_to_key, self.vectors, counts, format=format)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        format: str | None = None,
        limit: int | None = None,
        encoding_errors: str = "strict",
    ) -> KeyedVectors:
        """Load vectors from a file of any format that can be read; of a model, the input vectors.

        Parameters
        ----------
        path
            The file: fastw2v's own, word2vec's binary or text one, fastText's, GloVe's, or another
            of those that ``fastw2v.formats`` lists; text may be compressed.
        format
            Its format, by name; None recognises it by its content.
        limit
            Read only the first rows, so many; at least 1.
        encoding_errors
            What to do about keys that are not UTF-8: ``"strict"`` refuses the file, ``"replace"``
            puts U+FFFD in the place of such bytes, ``"ignore"`` leaves them out.

        Returns
        -------
        KeyedVectors
            Where a key occurs more than once, its first row is kept, and a warning logged.

        Raises
        ------
        ValueError
            If the format is not known, if the file is damaged, or if a value is not finite; the
            message names the file and the line, byte or key.
        MemoryError
            If there is not enough memory for the vectors; before any is taken.
        FileNotFoundError, OSError
            If the file can't be read.
        """
        rows = formats.read_rows(path, format=format, limit=limit, encoding_errors=encoding_errors)
        try:
            return cls(*rows)
        except ValueError:  # a key that occurs again, which takes as long to look for as the rest
            return cls(*formats.first_of_each(path, rows))


def unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a vector divided by its length; a zero vector stays as it is."""
    length = np.float32(np.linalg.norm(vector))
    return vector / length if length > 0 else vector


def _is_weighted(query: Query) -> bool:
    return (
        isinstance(query, tuple)
        and len(query) == 2
        and isinstance(query[1], int | float | np.number)
        and not isinstance(query[1], bool)
    )


def _largest(values: NDArray[np.floating[Any]], n: int) -> NDArray[np.intp]:
    """Return where the ``n`` largest values are, in falling order, ties by position.

    All that tie with the last one come into the sort, so that it, not the partition, chooses.
    """
    if n == 0:
        return np.empty(0, np.intp)
    least = np.partition(values, -n)[-n]
    found = np.flatnonzero(values >= least)
    return found[np.argsort(-values[found], kind="stable")[:n]]
