"""``ComparableVectors``: vectors by key that are compared with each other, by cosine.

Which of all vectors are nearest is asked of ``KeyedVectors``.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastw2v import neighbors, queries
from fastw2v.keyed_matrix import KeyedMatrix
from fastw2v.matrix_checks import several_keys
from fastw2v.queries import Query

logger = logging.getLogger("fastw2v")


class ComparableVectors(KeyedMatrix):
    """A ``KeyedMatrix`` whose rows are vectors that mean something by their direction.

    A cosine with a zero vector is 0. Comparing a vector that holds NaN or infinity raises
    ValueError, which names its key; asking with a key that is not there, KeyError.
    """

    def similarity(self, key1: Hashable, key2: Hashable) -> float:
        """Return the cosine of two keys' vectors, in [−1, 1] but for rounding.

        Raises
        ------
        KeyError
            For a key that is not there.
        ValueError
            If one of the vectors holds NaN or infinity.
        """
        return float(self.get_vector(key1, norm=True) @ self.get_vector(key2, norm=True))

    def distance(self, key1: Hashable, key2: Hashable) -> float:
        """Return 1 − the cosine of two keys' vectors, in [0, 2] but for rounding.

        Raises
        ------
        KeyError, ValueError
            As ``similarity``.
        """
        return 1 - self.similarity(key1, key2)

    def distances(
        self, key_or_vector: Query, other_keys: Iterable[Hashable] | None = None
    ) -> NDArray[np.float32]:
        """Return 1 − the cosine of a key or a vector with others, in [0, 2].

        Parameters
        ----------
        key_or_vector
            One of either.
        other_keys
            n keys; None, or none of them, takes all rows in their order.

        Returns
        -------
        ndarray
            float32, (n,) or (len(self),).

        Raises
        ------
        KeyError
            For a key that is not there.
        TypeError
            For a str in place of a list, and for what is neither key nor vector.
        ValueError
            For a vector whose shape is not (vector_size,), and for NaN or infinity in one asked
            with or compared with.
        """
        query, _ = queries.vector_and_row(self, key_or_vector)
        others = [] if other_keys is None else several_keys(other_keys, "other_keys")
        if not others:
            return 1 - self._cosines(query)
        return 1 - np.stack([self.get_vector(key, norm=True) for key in others]) @ query

    def n_similarity(self, keys1: Iterable[Hashable], keys2: Iterable[Hashable]) -> float:
        """Return the cosine of the means of two lists of keys, in [−1, 1].

        Parameters
        ----------
        keys1, keys2
            Keys or vectors, which keep their lengths. Keys that are not there are left out; if none
            of a list is there, the result is 0.0.

        Raises
        ------
        TypeError
            For a str in place of a list.
        ValueError
            If a list is empty; for a vector of another size, or with NaN or infinity.
        """
        for keys in keys1, keys2:
            if isinstance(keys, str | bytes):
                raise TypeError(f"n_similarity takes lists of keys: [{keys!r:.60}], for example")
        mean1, mean2 = (
            self.get_mean_vector(keys, pre_normalize=False, post_normalize=True)
            for keys in (keys1, keys2)
        )
        return float(mean1 @ mean2)

    def get_mean_vector(
        self,
        keys: Iterable[Query],
        weights: ArrayLike | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> NDArray[np.float32]:
        """Return the weighted mean of keys' vectors.

        Parameters
        ----------
        keys
            n keys or vectors.
        weights
            (n,), which may be negative; 1 each if None. The sum is divided by that of their
            absolute values.
        pre_normalize
            Whether each vector is divided by its length first.
        post_normalize
            Whether the mean is divided by its length.
        ignore_missing
            Whether keys that are not there are left out, rather than a KeyError.

        Returns
        -------
        ndarray
            float32, (vector_size,); zeros if every key was left out.

        Raises
        ------
        KeyError, TypeError, ValueError
            For unknown keys; for a str in place of a list; if there are no keys, or as many weights
            as keys.
        """
        if isinstance(keys, str | bytes):
            raise TypeError(f"get_mean_vector takes a list of keys: [{keys!r}], for example")
        found = list(keys)  # vectors, too
        given = np.ones(len(found)) if weights is None else np.asarray(weights, np.float64)
        if not found:
            raise ValueError("there are no keys to take the mean of")
        if given.shape != (len(found),) or not np.isfinite(given).all():
            raise ValueError(f"{len(found)} keys need as many finite weights, not {weights!r:.60}")
        total, total_weight = np.zeros(self.vector_size), 0.0
        for query, weight in zip(found, given.tolist(), strict=True):
            if ignore_missing and queries.is_missing(self, query):
                continue
            vector, _ = queries.vector_and_row(self, query, norm=pre_normalize)
            total += weight * vector.astype(np.float64)
            total_weight += abs(weight)
        mean: NDArray[np.float64] = total / (total_weight or 1.0)
        return neighbors.unit(mean) if post_normalize else mean.astype(np.float32)

    def rank_by_centrality(
        self, keys: Iterable[Hashable], use_norm: bool = True
    ) -> list[tuple[float, Hashable]]:
        """Return keys by how near they are to their mean.

        Parameters
        ----------
        keys
            Those that are not there are left out, with a warning in the log.
        use_norm
            Whether the vectors are divided by their lengths, for the mean too. Without it the
            scores are their products with the mean's direction.

        Returns
        -------
        list of (cosine, key)
            From near to far; ties in the order given.

        Raises
        ------
        ValueError
            If none of the keys is there, or if a vector holds NaN or infinity.
        TypeError
            For a str in place of a list.
        """
        given = several_keys(keys)
        known = [key for key in given if key in self]
        if len(known) < len(given):
            missing = [key for key in given if key not in self]
            logger.warning("left out, as they are not in the vocabulary: %.200s", missing)
        if not known:
            raise ValueError(f"none of the {len(given)} keys is in the vocabulary")
        mean = self.get_mean_vector(known, pre_normalize=use_norm, post_normalize=True)
        near = [float(self.get_vector(key, norm=use_norm) @ mean) for key in known]
        return sorted(zip(near, known, strict=True), key=lambda pair: -pair[0])

    def doesnt_match(self, keys: Iterable[Hashable]) -> Hashable:
        """Return the key farthest from the mean of all, the last of ``rank_by_centrality``.

        Parameters
        ----------
        keys
            Those that are not there are left out, with a warning in the log.

        Raises
        ------
        TypeError
            For a str in place of a list.
        ValueError
            If none of the keys is there, or if a vector holds NaN or infinity.
        """
        return self.rank_by_centrality(keys)[-1][1]

    def most_similar_to_given(self, key1: Hashable, keys_list: Sequence[Hashable]) -> Hashable:
        """Return the key of a list nearest to ``key1``, the first of equals.

        Raises
        ------
        KeyError
            For a key that is not there.
        TypeError
            For a str in place of a list.
        ValueError
            If the list is empty, or if a vector holds NaN or infinity.
        """
        keys = several_keys(keys_list, "keys_list")
        if not keys:
            raise ValueError("there are no keys to choose from")
        return keys[int(np.argmin(self.distances(key1, keys)))]

    def closer_than(self, key1: Hashable, key2: Hashable) -> list[Hashable]:
        """Return the keys nearer to ``key1`` than ``key2`` is, by cosine, in the order of rows.

        ``key1`` is none of them, and they are none if both are the same.

        Raises
        ------
        KeyError
            For a key that is not there.
        ValueError
            If a vector, of any key, holds NaN or infinity.
        """
        own, other = self.get_index(key1), self.get_index(key2)
        near = self._cosines(self.get_vector(key1, norm=True))
        return [self.index_to_key[row] for row in np.flatnonzero(near > near[other]) if row != own]

    def rank(self, key1: Hashable, key2: Hashable) -> int:
        """Return the place of ``key2`` among the keys nearest to ``key1``, from 1.

        Raises
        ------
        KeyError, ValueError
            As ``closer_than``.
        """
        return len(self.closer_than(key1, key2)) + 1

    def wmdistance(
        self, document1: Iterable[Hashable], document2: Iterable[Hashable], norm: bool = True
    ) -> float:
        """Return the Word Mover's Distance of two documents.

        The least that it takes to turn one document's words into the other's, each moved by the
        Euclidean distance of their vectors (Kusner et al. 2015, "From word embeddings to document
        distances"). Needs ``pip install "fastw2v[wmd]"``.

        Parameters
        ----------
        document1, document2
            Lists of keys; those that are not there are left out.
        norm
            Whether vectors are divided by their lengths; distances are then at most 2.

        Returns
        -------
        float
            At least 0; infinity if a document has no known key.

        Raises
        ------
        ImportError
            If POT is not installed.
        TypeError
            For a str in place of a list of keys.
        """
        try:
            from ot import emd2
        except ImportError as error:
            raise ImportError(
                'wmdistance needs POT: pip install "fastw2v[wmd]"', name="ot"
            ) from error
        for document in document1, document2:
            if isinstance(document, str | bytes):
                raise TypeError(f"wmdistance takes lists of keys, not {document!r:.60}")
        counts = [
            Counter(key for key in keys if not queries.is_missing(self, key))
            for keys in (document1, document2)
        ]
        if not all(counts):
            return float("inf")
        x, y = (
            np.array([queries.vector_and_row(self, key, norm=norm)[0] for key in count], np.float64)
            for count in counts
        )
        shares = [np.array([*c.values()]) / sum(c.values()) for c in counts]
        lengths = np.array([np.linalg.norm(vector - y, axis=1) for vector in x])
        return float(emd2(*shares, lengths))

    def _cosines(
        self, query: NDArray[np.float32], rows: slice | None = None
    ) -> NDArray[np.float32]:
        """Return the cosines of some rows, or of all, with a vector of length 1."""
        first = 0 if rows is None else rows.start
        try:
            return neighbors.cosines(self._matrix if rows is None else self._matrix[rows], query)
        except neighbors.NonFiniteRowError as error:
            raise self._not_finite(first + error.row) from None
