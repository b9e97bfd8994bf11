"""Which tokens get a row, by gensim's rules: ``trim_rule``, pruning, ``max_final_vocab``, order.

The native readers count; what is decided here is decided about each distinct token once.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fastw2v.corpus.objects import as_tokens
from fastw2v.vocabulary import Counted, Vocabulary

logger = logging.getLogger("fastw2v")

# What a trim_rule returns; gensim.utils has the same numbers.
RULE_DEFAULT, RULE_DISCARD, RULE_KEEP = 0, 1, 2

NULL_WORD = "\0"

TrimRule: TypeAlias = Callable[[Hashable, int, int], int]


def keep_vocab_item(
    word: Hashable, count: int, min_count: int, trim_rule: TrimRule | None = None
) -> bool:
    """Tell whether a token is to have a row.

    Parameters
    ----------
    word, count
        The token, and how often it occurs.
    min_count
        What it must at least.
    trim_rule
        Called with these three; it returns ``RULE_KEEP``, ``RULE_DISCARD``, or ``RULE_DEFAULT``
        (or anything else), which leaves it to the count.
    """
    verdict = RULE_DEFAULT if trim_rule is None else trim_rule(word, count, min_count)
    if verdict in (RULE_KEEP, RULE_DISCARD):
        return verdict == RULE_KEEP
    return count >= min_count


def count_pruning(
    sentences: Iterable[Any], max_vocab_size: int, trim_rule: TrimRule | None
) -> tuple[dict[Hashable, int], int, int]:
    """Count tokens, and forget the rare ones after each sentence that leaves too many.

    The first time those that ``min_count=1`` would drop are forgotten, then those that 2 would,
    and so on.

    Returns
    -------
    counts, n_tokens, n_sentences
        Counts in the order of first appearance.
    """
    counts: Counter[Hashable] = Counter()
    n_tokens = n_sentences = 0
    least = 1
    for index, sentence in enumerate(sentences):
        is_plain = isinstance(sentence, list | tuple)
        found = sentence if is_plain else as_tokens(sentence, index)
        tokens = found.tolist() if isinstance(found, np.ndarray) else found
        counts.update(tokens)
        n_tokens, n_sentences = n_tokens + len(tokens), n_sentences + bool(tokens)
        if len(counts) > max_vocab_size:
            rare = [w for w, n in counts.items() if not keep_vocab_item(w, n, least, trim_rule)]
            for word in rare:
                del counts[word]
            least += 1
    return dict(counts), n_tokens, n_sentences


def min_count_for(counts: Mapping[Hashable, int], min_count: int, most: int | None) -> int:
    """Return the lowest ``min_count``, from the one given, that keeps ``most`` tokens or fewer."""
    if most is None or len(counts) <= most:
        return min_count
    return max(min_count, sorted(counts.values(), reverse=True)[most] + 1)


def in_frequency_order(counts: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the order from frequent to rare, of equal counts the last first, as gensim's is."""
    return np.lexsort((-np.arange(len(counts)), -counts))


@dataclass
class EveryToken:
    """A choice of all that was counted, in the order of first appearance.

    Attributes
    ----------
    decide
        Called with the counts once they are known; returns the vocabulary to encode with. None
        takes all tokens.
    """

    decide: Callable[[dict[Hashable, int]], Vocabulary] | None = None

    def choose(self, counted: Counted) -> tuple[Vocabulary, NDArray[Any]]:
        """Return the vocabulary and the numbers of its keys."""
        all_counts = counted.counts()
        numbers = np.flatnonzero(all_counts > 0)
        numbers = numbers[np.argsort(counted.first()[numbers], kind="stable")]
        keys, counts = counted.keys(numbers), all_counts[numbers]
        if self.decide is None:
            return Vocabulary.in_order(keys, counts), numbers
        vocabulary = self.decide(dict(zip(keys, counts.tolist(), strict=True)))
        return vocabulary, counted.find(vocabulary.keys)
