"""How a vocabulary grows: new keys go behind those that are there, and counts add up.

Row i is the same key for good, so matrices grow by rows at their end.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v.vocabulary import Choice, Counted, Given, Identity, Selection, Vocabulary


@dataclass(frozen=True)
class Growth:
    """A vocabulary that is there already, and behind it what was counted beside its keys.

    Counts of keys that are there already add up.

    Attributes
    ----------
    vocabulary
        What there is.
    choice
        What joins it. A ``Selection`` goes by the new counts alone, and its ``max_size`` is that of
        the whole; of other choices all keys join, in their order.
    """

    vocabulary: Vocabulary
    choice: Choice

    def choose(self, counted: Counted) -> tuple[Vocabulary, NDArray[Any]]:
        """Return the grown vocabulary and the numbers of its keys."""
        before, counts = self.vocabulary, counted.counts()
        numbers = counted.find(before.keys)
        is_counted = numbers >= 0
        totals = before.counts.copy()
        totals[is_counted] += counts[numbers[is_counted]]
        if isinstance(self.choice, Selection):
            counts = counts.copy()
            counts[numbers[is_counted]] = 0
            room = self.choice.max_size
            room = None if room is None else max(room - len(before), 0)
            new_numbers: NDArray[Any] = replace(self.choice, max_size=room).select(counted, counts)
            new_keys, new_counts = counted.keys(new_numbers), counts[new_numbers]
        else:
            chosen, numbers_chosen = self.choice.choose(counted)
            rows = [row for row, key in enumerate(chosen.keys) if key not in before]
            new_keys, new_counts = [chosen.keys[row] for row in rows], chosen.counts[rows]
            new_numbers = numbers_chosen[rows]
        grown = Vocabulary.in_order([*before.keys, *new_keys], np.concatenate([totals, new_counts]))
        return grown, np.concatenate([numbers, new_numbers])


class Tally:
    """Counts that the caller has: a ``Counted`` whose numbers are a vocabulary's rows."""

    def __init__(self, given: Vocabulary | Mapping[Hashable, int]) -> None:
        if isinstance(given, Mapping):
            given = Vocabulary(list(given), np.array(list(given.values())))
        self.vocabulary = given

    def counts(self) -> NDArray[np.int64]:
        """Return the counts."""
        return self.vocabulary.counts

    def first(self) -> NDArray[np.int64]:
        """Return where each key stands, which settles ties."""
        return np.arange(len(self.vocabulary))

    def keys(self, numbers: NDArray[np.int64]) -> list[Hashable]:
        """Return the keys of some rows."""
        return [self.vocabulary.keys[i] for i in numbers.tolist()]

    def find(self, keys: Sequence[Hashable]) -> NDArray[np.int32]:
        """Return the rows of some keys, -1 for those that have none."""
        return np.array([self.vocabulary.key_to_index.get(key, -1) for key in keys], np.int32)


def next_choice(
    vocabulary: Vocabulary | None, choice: Choice, selection: Selection, whole: Vocabulary | None
) -> Choice:
    """Return how a model's vocabulary begins or grows.

    Parameters
    ----------
    vocabulary
        What the model has; None before anything was counted.
    choice, selection
        What it was made with, and what its ``min_count`` and ``max_vocab_size`` amount to.
    whole
        What the new sentences or counts bring with them, to be taken whole; None for sentences that
        are still to be counted.
    """
    if isinstance(choice, Identity):  # row i is the integer i for good
        new: Choice = choice
    else:
        new = selection if whole is None else Given(whole)
    if vocabulary is not None:
        return Growth(vocabulary, new)
    if whole is not None and isinstance(choice, Given):
        return Growth(choice.vocabulary, new)
    return choice if whole is None else new
