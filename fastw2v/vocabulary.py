"""The vocabulary: which keys are known, how often each occurred, and what follows from that.

Row i of both matrices belongs to key i. Keys are ordered by count, the most frequent first, and
ties by first appearance, so the order does not depend on hashing; or, where the caller wants row i
to be a certain key, in the order given.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fastw2v.formats import safetensors
from fastw2v.resources import require_memory

KeepRule: TypeAlias = Callable[[Hashable, int], bool | None]

DEFAULT_MIN_COUNT = 5
MOST_ROWS = (1 << 31) - 1
ROW_BYTES = 150  # of a vocabulary, about: key, count and places in a list and a dict


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
        counts = _checked_counts(keys, counts)
        if counts.min() < 1:
            key = keys[int(counts.argmin())]
            raise ValueError(f"the count of {key!r} is {counts.min()}: counts must be at least 1")
        order = np.argsort(-counts, kind="stable")
        self.keys: list[Hashable] = [keys[i] for i in order.tolist()]
        self.counts: NDArray[np.int64] = counts[order]
        self._check_distinct()

    @cached_property
    def key_to_index(self) -> dict[Hashable, int]:
        """The row of each key."""
        return {key: i for i, key in enumerate(self.keys)}

    def _check_distinct(self) -> None:
        if len(self.key_to_index) != len(self.keys):
            repeated = next(k for i, k in enumerate(self.keys) if self.key_to_index[k] != i)
            raise ValueError(f"the key {repeated!r} occurs more than once")

    @classmethod
    def _of_distinct(cls, keys: list[Hashable], counts: NDArray[np.int64]) -> Vocabulary:
        """Return a vocabulary of keys known to be distinct, in their order."""
        vocabulary = cls.__new__(cls)
        vocabulary.keys, vocabulary.counts = keys, counts
        return vocabulary

    @classmethod
    def in_order(
        cls, keys: Sequence[Hashable], counts: NDArray[Any], *, are_distinct: bool = False
    ) -> Vocabulary:
        """Return a vocabulary whose row i is ``keys[i]``, whatever the counts.

        A count may be 0, for a key that is to have a row without occurring: it is never drawn as a
        negative, and keeps the vector it began with. Not all of them may be. Keys that are known to
        be distinct need no look at each.
        """
        counts = _checked_counts(keys, counts)
        if counts.min() < 0 or counts.max() == 0:
            key = keys[int(counts.argmin())]
            raise ValueError(
                f"the count of {key!r} is {counts.min()}: counts must be at least 0, and not all 0"
            )
        vocabulary = cls._of_distinct(list(keys), counts)
        if not are_distinct:
            vocabulary._check_distinct()
        return vocabulary

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save keys and counts to one safetensors file, whole or not at all.

        Keys may be str, int, float, bool, None or tuples of these.
        """
        safetensors.write(path, self.keys, self.counts, {}, {})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Vocabulary:
        """Load the vocabulary from a file that a ``Vocabulary``, ``Model`` or corpus was saved to.

        Raises
        ------
        FileNotFoundError, ValueError
            If there is no such file, or if it is damaged.
        """
        keys, counts = safetensors.read_keys(path)
        try:
            return cls.in_order(keys, counts)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path} is damaged: {error}") from error

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
        ratio = sample * self.counts.sum() / np.maximum(self.counts, 1)
        probability: NDArray[np.float64] = np.minimum(np.sqrt(ratio) + ratio, 1.0)
        return probability.astype(np.float32)

    def sampled_share(self, sample: float) -> float:
        """Return the share of all tokens that subsampling leaves, on average."""
        kept = self.keep_probability(sample).astype(np.float64) @ self.counts
        return float(kept / self.counts.sum())

    def noise_weights(self, ns_exponent: float) -> NDArray[np.float64]:
        """Return the negatives' distribution up to a factor, (V,): count ** ``ns_exponent``.

        Relative to the largest, so that no exponent overflows; 0 for keys that never occur.
        """
        occurs = self.counts > 0
        log_counts: NDArray[np.float64] = np.log(np.maximum(self.counts, 1))
        largest = log_counts[occurs].max() if ns_exponent > 0 else log_counts[occurs].min()
        with np.errstate(
            over="ignore", under="ignore"
        ):  # a huge exponent: -inf, hence a weight of 0
            weights: NDArray[np.float64] = np.exp(ns_exponent * (log_counts - largest))
        return np.where(occurs, weights, 0.0)


class Counted(Protocol):
    """Numbered tokens with their counts, of which only those chosen need become objects."""

    def counts(self) -> NDArray[np.int64]:
        """Return how often each number's key occurs; 0 for a number that has none."""

    def first(self) -> NDArray[np.int64]:
        """Return the place of each number's first appearance."""

    def keys(self, numbers: NDArray[np.int64]) -> list[Hashable]:
        """Return the keys of some numbers."""

    def find(self, keys: Sequence[Hashable]) -> NDArray[np.int32]:
        """Return the numbers of some keys, -1 for those that did not occur."""


class Choice(Protocol):
    """How a vocabulary comes from what was counted."""

    def choose(self, counted: Counted) -> tuple[Vocabulary, NDArray[Any]]:
        """Return a vocabulary, and for each of its rows the number of its key, or -1."""


@dataclass(frozen=True)
class Selection:
    """The most frequent of the tokens that were counted, by count and first appearance.

    Attributes
    ----------
    min_count
        Those that occur at least so often,
    max_size
        and of these the most frequent, so many at the most; None for all.
    keep
        A rule that goes before both: called with a key and its count, it returns True to keep it
        whatever its count, False to drop it, and None to leave it to the other two.
    """

    min_count: int = DEFAULT_MIN_COUNT
    max_size: int | None = None
    keep: KeepRule | None = None

    def choose(self, counted: Counted) -> tuple[Vocabulary, NDArray[Any]]:
        """Return the vocabulary and the numbers of its keys.

        Raises
        ------
        ValueError
            If no key is chosen; the message says which ``min_count`` would keep some.
        """
        all_counts = counted.counts()
        numbers = self.select(counted, all_counts)
        if not len(numbers):
            raise ValueError(self._why_empty(all_counts[all_counts > 0]))
        return Vocabulary._of_distinct(counted.keys(numbers), all_counts[numbers]), numbers

    def select(self, counted: Counted, all_counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the numbers that are chosen by their counts, in order; none if there are none."""
        numbers = np.flatnonzero(all_counts > 0)
        counts = all_counts[numbers]
        chosen, certain = counts >= self.min_count, np.zeros(len(numbers), bool)
        if self.keep is not None:
            keys = counted.keys(numbers)
            verdicts = [self.keep(key, n) for key, n in zip(keys, counts.tolist(), strict=True)]
            certain = np.array([verdict is not None and bool(verdict) for verdict in verdicts])
            dropped = np.array([verdict is not None and not verdict for verdict in verdicts])
            chosen = (chosen & ~dropped) | certain
        numbers, counts, certain = numbers[chosen], counts[chosen], certain[chosen]
        order = np.lexsort((counted.first()[numbers], -counts))
        numbers, certain = numbers[order], certain[order]
        if self.max_size is not None:
            room = max(self.max_size - int(certain.sum()), 0)
            numbers = numbers[certain | (np.cumsum(~certain) <= room)]
        return numbers

    def _why_empty(self, counts: NDArray[np.int64]) -> str:
        highest = int(counts.max(initial=0))
        if highest >= self.min_count:
            return f"the vocabulary is empty: keep dropped all {len(counts):,} distinct tokens"
        return (
            f"the vocabulary is empty: none of the {len(counts):,} distinct tokens occurs "
            f"{self.min_count} times or more; the highest count is {highest}, so min_count must be "
            f"at most {highest}"
        )


@dataclass(frozen=True)
class Given:
    """A vocabulary that is there already."""

    vocabulary: Vocabulary

    def choose(self, counted: Counted) -> tuple[Vocabulary, NDArray[Any]]:
        """Return the vocabulary and the numbers of its keys."""
        return self.vocabulary, counted.find(self.vocabulary.keys)


@dataclass(frozen=True)
class Identity:
    """Row i is the integer i, or the i-th smallest of those that occur.

    Attributes
    ----------
    drop_unseen
        Give no row to integers that never occur.
    """

    drop_unseen: bool = False

    def choose(self, counted: Counted) -> tuple[Vocabulary, NDArray[Any]]:
        """Return the vocabulary and the numbers of its keys.

        Raises
        ------
        TypeError, ValueError
            If a token is no integer, is below 0, or would make too many rows.
        """
        all_counts = counted.counts()
        numbers = np.flatnonzero(all_counts > 0)
        keys: list[Any] = counted.keys(numbers)
        for key in keys:
            if type(key) is not int:
                raise TypeError(f"vocabulary='identity' is for integers, and {key!r} is none")
        if (least := min(keys)) < 0:
            raise ValueError(
                f"vocabulary='identity': the token {least} can't be a row; padding={least} leaves "
                "it out"
            )
        if (most := max(keys)) >= MOST_ROWS:
            raise ValueError(f"vocabulary='identity': {most} is too large for a row")
        ids = np.array(keys, np.int64)
        if self.drop_unseen:
            order = np.argsort(ids)
            return Vocabulary.in_order(ids[order].tolist(), all_counts[numbers[order]]), numbers[
                order
            ]
        n = int(ids.max()) + 1
        require_memory(
            ROW_BYTES * n,
            f"vocabulary='identity': {n:,} rows, for the integers up to {n - 1:,},",
            "use unseen='drop', or leave the vocabulary to be chosen",
        )
        counts, number_of_row = np.zeros(n, np.int64), np.full(n, -1, np.int64)
        counts[ids], number_of_row[ids] = all_counts[numbers], numbers
        return Vocabulary.in_order(range(n), counts), number_of_row


def choice_of(
    given: object, *, min_count: int, max_size: int | None, keep: KeepRule | None, unseen: str
) -> Choice:
    """Return what a caller's options amount to.

    Parameters
    ----------
    given
        A ``Vocabulary``, a mapping from keys to counts, ``"identity"``, or None to select.
    min_count, max_size, keep
        As for ``Selection``.
    unseen
        ``"keep"`` or ``"drop"``, for ``"identity"``.

    Raises
    ------
    TypeError, ValueError
        For what is none of these, or for options that exclude each other.
    """
    if unseen not in ("keep", "drop"):
        raise ValueError(f"unseen must be 'keep' or 'drop', not {unseen!r}")
    if unseen == "drop" and not (isinstance(given, str) and given == "identity"):
        raise ValueError("unseen='drop' goes with vocabulary='identity'; others have a row anyway")
    if given is None:
        if keep is not None and not callable(keep):
            raise TypeError(f"keep must be called with a key and its count; {keep!r} can't be")
        return Selection(min_count, max_size, keep)
    if min_count != DEFAULT_MIN_COUNT or max_size is not None or keep is not None:
        raise ValueError(
            "a vocabulary was given, and also min_count, max_vocab_size or keep, which would "
            "choose one: give one or the other"
        )
    if isinstance(given, str) and given == "identity":
        return Identity(unseen == "drop")
    if isinstance(given, Vocabulary):
        return Given(given)
    if isinstance(given, Mapping):
        return Given(Vocabulary(list(given), np.array(list(given.values()))))
    raise TypeError(
        "vocabulary must be a Vocabulary, a mapping from keys to counts, or 'identity', not "
        f"{given!r:.60} of type {type(given).__name__}"
    )


def _checked_counts(keys: Sequence[Hashable], counts: NDArray[Any]) -> NDArray[np.int64]:
    counts = np.asarray(counts)
    if counts.shape != (len(keys),):
        raise ValueError(f"{len(keys)} keys, but counts of shape {counts.shape}")
    if not len(keys):
        raise ValueError("a vocabulary needs at least one key")
    if counts.dtype.kind not in "iu":
        raise TypeError(f"counts must be integers, not {counts.dtype}")
    return counts.astype(np.int64)
