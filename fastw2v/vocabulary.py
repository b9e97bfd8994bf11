"""The vocabulary: which keys are known, how often each occurred, and what follows from that.

Row i of both matrices belongs to key i. Keys are ordered by count, the most frequent first, and
ties by first appearance, so the order does not depend on hashing.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Vocabulary:
    """Keys with their counts, ordered from frequent to rare.

    Parameters
    ----------
    keys
        Distinct hashable keys, in any order; ties of counts keep this order.
    counts
        How often each occurred, (V,) integers above 0.
    """

    def __init__(self, keys: Sequence[Hashable], counts: NDArray[Any]) -> None:
        counts = np.asarray(counts)
        if counts.shape != (len(keys),):
            raise ValueError(f"{len(keys)} keys, but counts of shape {counts.shape}")
        if not len(keys):
            raise ValueError("a vocabulary needs at least one key")
        if counts.dtype.kind not in "iu":
            raise TypeError(f"counts must be integers, not {counts.dtype}")
        counts = counts.astype(np.int64)
        if counts.min() < 1:
            key = keys[int(counts.argmin())]
            raise ValueError(f"the count of {key!r} is {counts.min()}: counts must be at least 1")
        order = np.argsort(-counts, kind="stable")
        self.keys: list[Hashable] = [keys[i] for i in order]
        self.counts: NDArray[np.int64] = counts[order]
        self.key_to_index: dict[Hashable, int] = {key: i for i, key in enumerate(self.keys)}
        if len(self.key_to_index) != len(self.keys):
            repeated = next(k for i, k in enumerate(self.keys) if self.key_to_index[k] != i)
            raise ValueError(f"the key {repeated!r} occurs more than once")

    @classmethod
    def with_min_count(
        cls, keys: Sequence[Hashable], counts: NDArray[np.int64], min_count: int
    ) -> Vocabulary:
        """Keep the keys that occur at least ``min_count`` times.

        Raises
        ------
        ValueError
            If that is none of them; the message says which ``min_count`` would keep some.
        """
        kept = np.flatnonzero(counts >= min_count)
        if not len(kept):
            highest = int(counts.max())
            raise ValueError(
                f"the vocabulary is empty: none of the {len(keys):,} distinct tokens occurs "
                f"{min_count} times or more; the highest count is {highest}, so min_count must be "
                f"at most {highest}"
            )
        return cls([keys[i] for i in kept.tolist()], counts[kept])

    def __len__(self) -> int:
        return len(self.keys)

    def __contains__(self, key: object) -> bool:
        return key in self.key_to_index

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self.keys)

    def __repr__(self) -> str:
        return f"<Vocabulary: {len(self):,} keys, {int(self.counts.sum()):,} tokens>"

    def keep_probability(self, sample: float) -> NDArray[np.float32]:
        """Return subsampling's probability to keep each word, (V,).

        √(t/f) + t/f, at most 1, with t = ``sample`` and f the word's share of all tokens in the
        vocabulary (word2vec.c's form of the rule of Mikolov et al. 2013b). ``sample=0`` keeps all,
        as does 1 or more.
        """
        if sample == 0 or sample >= 1:
            return np.ones(len(self), dtype=np.float32)
        ratio = sample * self.counts.sum() / self.counts
        probability: NDArray[np.float64] = np.minimum(np.sqrt(ratio) + ratio, 1.0)
        return probability.astype(np.float32)

    def noise_weights(self, ns_exponent: float) -> NDArray[np.float64]:
        """Return the negatives' distribution up to a factor, (V,): count ** ``ns_exponent``.

        Relative to the largest, so that no exponent overflows.
        """
        log_counts: NDArray[np.float64] = np.log(self.counts)
        largest = log_counts[0 if ns_exponent > 0 else -1]
        with np.errstate(
            over="ignore", under="ignore"
        ):  # a huge exponent: -inf, hence a weight of 0
            weights: NDArray[np.float64] = np.exp(ns_exponent * (log_counts - largest))
        return weights
