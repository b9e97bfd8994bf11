"""Phrases: pairs of words that stand together more often than chance, joined to one token each.

"New York" is no sum of "new" and "york"; as the token "new_york" it gets a vector of its own.
``find`` counts and scores a corpus's pairs of neighbours, ``join`` makes a corpus in which those
found are tokens. Both again, on what came out, find longer phrases:

    >>> import fastw2v
    >>> from fastw2v import phrases
    >>> texts = ["the new york times says", "a new york times a day"] * 5
    >>> corpus = fastw2v.encode([text.split() for text in texts], min_count=1)
    >>> for _ in range(2):
    ...     found = phrases.find(corpus, min_count=8, threshold=0.5)
    ...     corpus = phrases.join(corpus, found)
    >>> corpus.vocabulary.keys
    ['new_york_times', 'a', 'the', 'says', 'day']

References
----------
.. [1] Mikolov, Sutskever, Chen, Corrado, Dean (2013b), "Distributed Representations of Words and
   Phrases and their Compositionality", arXiv:1310.4546, section 4; and their word2phrase.c.
.. [2] Bouma (2009), "Normalized (Pointwise) Mutual Information in Collocation Extraction",
   Proceedings of GSCL, pages 31–40.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fastw2v._kernels.phrases import LAST_HASH, Joiner, PairCounter, tally
from fastw2v.checks import one_of, optional_number, real_number, whole_number
from fastw2v.corpus import EncodedCorpus, encode, memory_budget
from fastw2v.corpus.encoding import encode_numbered
from fastw2v.messages import described
from fastw2v.resources import available_cores
from fastw2v.threads import Pool
from fastw2v.vocabulary import DEFAULT_MIN_COUNT, Selection, Vocabulary

logger = logging.getLogger("fastw2v")

Counts: TypeAlias = NDArray[np.int64]
Scores: TypeAlias = NDArray[np.float64]
Scorer: TypeAlias = Callable[[Counts, Counts, Counts, int, int], Scores]

NO_ROWS = np.empty(0, np.int32)  # for EncodedCorpus.pieces, where its third part is not wanted
SHOWN = 3  # pairs, in a repr


@dataclass(frozen=True, eq=False, repr=False)
class Phrases:
    """Pairs of words that make phrases, the highest score first.

    Iterating yields ``((key_a, key_b), count, score)`` for each.

    Attributes
    ----------
    vocabulary : Vocabulary
        That of the corpus in which they were found: what the rows are.
    pairs
        int32, (n, 2): the rows of the first and the second word.
    counts
        int64, (n,): how often the second comes right after the first.
    scores
        float64, (n,). Pairs of equal scores are ordered by their rows.
    """

    vocabulary: Vocabulary
    pairs: NDArray[np.int32]
    counts: Counts
    scores: Scores

    def __post_init__(self) -> None:
        """Refuse arrays that don't fit each other or the vocabulary."""
        for name, dtype in ("pairs", np.int32), ("counts", np.int64), ("scores", np.float64):
            array = np.asarray(getattr(self, name))
            if not array.size:
                array = array.astype(dtype)
            if not np.can_cast(array.dtype, dtype, "same_kind"):
                raise TypeError(f"{name} must be {np.dtype(dtype)}, not {array.dtype}")
            if name == "pairs" and array.size and np.abs(array).max() >= 1 << 31:
                raise ValueError(f"pairs must be rows of the vocabulary, not {array.max()}")
            object.__setattr__(self, name, np.ascontiguousarray(array, dtype))
        n = len(self.pairs)
        if self.pairs.shape != (n, 2) or self.counts.shape != (n,) or self.scores.shape != (n,):
            raise ValueError(
                "pairs, counts and scores must have shapes (n, 2), (n,) and (n,), not "
                f"{self.pairs.shape}, {self.counts.shape} and {self.scores.shape}"
            )
        if n and not 0 <= self.pairs.min() <= self.pairs.max() < len(self.vocabulary):
            raise ValueError(
                f"pairs must be rows of the vocabulary, from 0 to {len(self.vocabulary) - 1}, not "
                f"{self.pairs.min()} to {self.pairs.max()}"
            )

    def __len__(self) -> int:
        return len(self.pairs)

    def __iter__(self) -> Iterator[tuple[tuple[Hashable, Hashable], int, float]]:
        keys = self.vocabulary.keys
        for (a, b), count, score in zip(self.pairs, self.counts, self.scores, strict=True):
            yield (keys[a], keys[b]), int(count), float(score)

    def __repr__(self) -> str:
        best = [f"{pair!r}: {score:.3g}" for pair, _, score in islice(self, SHOWN)]
        if len(self) > SHOWN:
            best.append("...")
        return f"<Phrases: {', '.join([f'{len(self):,} pairs', *best])}>"


def find(
    sentences: Any,
    *,
    min_count: int = DEFAULT_MIN_COUNT,
    threshold: float | None = None,
    scoring: str = "word2phrase",
    memory_limit: int | None = None,
    workers: int | None = None,
) -> Phrases:
    """Find the pairs of neighbours that occur together more often than their words suggest.

    Parameters
    ----------
    sentences
        Anything that ``fastw2v.encode`` takes. What is no ``EncodedCorpus`` is encoded with all of
        its words, ``min_count=1``. Give a corpus that was encoded like that, too: a word outside
        the vocabulary is no longer in the corpus, and the words before and after it have become
        neighbours that they are not.
    min_count
        Pairs that occur less often are no phrases, and neither are those of a word that does.
    threshold
        A pair is a phrase if its score is above this. The higher, the fewer. None is 100 for
        ``"word2phrase"`` and 0.5 for ``"npmi"``.
    scoring
        ``"word2phrase"``: (n_ab - ``min_count``) / (n_a n_b) · N, where n counts the pair and its
        words, and N is all tokens in the corpus [1]_: how many times as often as by chance, less a
        discount for pairs so rare that this may be chance. ``"npmi"``: the pointwise mutual
        information ln(p_ab / (p_a p_b)), divided by -ln p_ab, where p = n / N [2]_: 1 for words
        that never occur without each other, 0 for independent ones.
    memory_limit
        Bytes for the encoded corpus, as in ``fastw2v.encode``, and as many for the pairs: where
        there are more, they are counted in several passes over the corpus. None is half of what is
        free.
    workers
        Threads; None is every core that the process may use. The result does not depend on it, nor
        on ``memory_limit``.

    Returns
    -------
    Phrases
        With rows of the corpus's vocabulary; none at all if no score is above the threshold. To
        join them, encode the sentences first, and give the corpus both to ``find`` and to ``join``.

    Raises
    ------
    TypeError, ValueError, OSError
        For an argument that can't be right, and whatever ``fastw2v.encode`` raises.

    Notes
    -----
    All counts are those of the corpus itself, not those that its vocabulary may have been given.
    Overlapping pairs count: "a a a" has the pair (a, a) twice. gensim's default scoring has, in
    the place of N, the number of distinct words and pairs, so a threshold for gensim is to be
    multiplied by N and divided by that number (``len(phrases.vocab)``).

    Examples
    --------
    >>> from fastw2v import phrases
    >>> texts = ["new york is big", "is new york big", "big is new york"]
    >>> found = phrases.find([text.split() for text in texts], min_count=1, threshold=2)
    >>> found
    <Phrases: 1 pairs, ('new', 'york'): 2.67>
    >>> list(found)  # (3 - 1) / (3 * 3) * 12
    [(('new', 'york'), 3, 2.6666666666666665)]
    """
    one_of("scoring", scoring, tuple(SCORINGS))
    default, score = SCORINGS[scoring]
    min_count = whole_number("min_count", min_count, least=1)
    threshold = default if threshold is None else real_number("threshold", threshold)
    if scoring == "npmi" and not -1 <= threshold < 1:
        raise ValueError(
            f"threshold must be from -1 to below 1 for scoring='npmi', not {threshold:g}: scores "
            "end there, and none is above 1"
        )
    n_threads = optional_number("workers", workers, least=1) or available_cores()
    budget = memory_budget(memory_limit)
    corpus = sentences
    if not isinstance(corpus, EncodedCorpus):
        corpus = encode(corpus, min_count=1, memory_limit=memory_limit, workers=workers)
        budget = memory_budget(memory_limit)  # less is free now
    occurrences = _occurrences(corpus)
    found = []
    for pairs, counts in _counted(corpus, occurrences, min_count, n_threads, budget):
        a, b = occurrences[pairs[:, 0]], occurrences[pairs[:, 1]]
        scores = score(counts, a, b, corpus.n_tokens, min_count)
        chosen = scores > threshold
        found.append((pairs[chosen], counts[chosen], scores[chosen]))
    pairs, counts, scores = map(np.concatenate, zip(*found, strict=True))
    order = np.lexsort((pairs[:, 1], pairs[:, 0], -scores))
    return Phrases(corpus.vocabulary, pairs[order], counts[order], scores[order])


def join(
    corpus: EncodedCorpus,
    phrases: Phrases,
    *,
    delimiter: str = "_",
    min_count: int = 1,
    memory_limit: int | None = None,
) -> EncodedCorpus:
    """Make each phrase one token.

    Each sentence is read from left to right, and whatever is a phrase together with the word after
    it is joined to that at once, as word2phrase.c and gensim do: a token is part of one phrase at
    most, so of "a b c", where (a, b) and (b, c) are phrases, "a_b c" becomes.

    Parameters
    ----------
    corpus
        The one in which the phrases were found, or one that has the same keys in the same order,
        such as other sentences encoded with ``vocabulary=phrases.vocabulary``.
    phrases
        What ``find`` found.
    delimiter
        What stands between two words that are str: "new" and "york" become "new_york". Keys of
        which either is no str become the tuple of both. A phrase whose key is there already, be it
        a word of the corpus or another phrase, is the same token as that.
    min_count
        Tokens that occur less often, now that phrases are joined, are left out of the vocabulary.
        Leave it at 1 for as long as more phrases are to be found.
    memory_limit
        Bytes for the new corpus, at least 16 MiB; above it, its tokens lie in a temporary file, as
        in ``fastw2v.encode``. None is half of what is free.

    Returns
    -------
    EncodedCorpus
        A new one, with a vocabulary chosen by the new counts; words that occur nowhere outside
        phrases are not in it. Its report is that of reading the joined sentences: a phrase is one
        token.

    Raises
    ------
    TypeError, ValueError
        If the phrases are of another vocabulary than the corpus, or if an argument can't be right.

    Examples
    --------
    >>> import fastw2v
    >>> from fastw2v import phrases
    >>> texts = ["new york is big", "is new york big", "big is new york"]
    >>> corpus = fastw2v.encode([text.split() for text in texts], min_count=1)
    >>> joined = phrases.join(corpus, phrases.find(corpus, min_count=1, threshold=2))
    >>> joined.vocabulary.keys, joined.tokens.tolist()
    (['new_york', 'is', 'big'], [0, 1, 2, 1, 0, 2, 2, 1, 0])
    """
    if not isinstance(corpus, EncodedCorpus):
        raise TypeError(
            f"corpus must be an EncodedCorpus, not {described(corpus)}: make one by "
            "fastw2v.encode(sentences, min_count=1), and give it to find and to join"
        )
    if not isinstance(phrases, Phrases):
        raise TypeError(f"phrases must be what find returns, not {described(phrases)}")
    if not isinstance(delimiter, str):
        raise TypeError(f"delimiter must be a str, not {described(delimiter)}")
    selection = Selection(whole_number("min_count", min_count, least=1))
    budget = memory_budget(memory_limit)
    if corpus.vocabulary is not phrases.vocabulary and (
        corpus.vocabulary.keys != phrases.vocabulary.keys
    ):
        raise ValueError(
            "the phrases are rows of another vocabulary than the corpus's: find them in this "
            "corpus, or encode it with vocabulary=phrases.vocabulary"
        )
    joined = _JoinedCorpus(corpus, phrases, delimiter)
    if joined.n_tokens == joined.n_sentences:
        raise ValueError(
            "every sentence is a single token once its phrases are joined, which leaves no window "
            "to train on; give find a higher threshold"
        )
    result = encode_numbered(joined, selection, seed=None, budget=budget)
    logger.info("%s phrases joined: %s", f"{len(phrases):,}", result.report)
    return result


def _word2phrase(pairs: Counts, a: Counts, b: Counts, n_tokens: int, min_count: int) -> Scores:
    """Score by [1]_, equation 6, with word2phrase.c's factor of all tokens."""
    scores: Scores = (pairs - min_count) / a / b * n_tokens
    return scores


def _npmi(pairs: Counts, a: Counts, b: Counts, n_tokens: int, min_count: int) -> Scores:
    """Score by [2]_. There are fewer pairs than tokens, so that ln p_ab is never 0."""
    p_ab, p_a, p_b = pairs / n_tokens, a / n_tokens, b / n_tokens
    scores: Scores = np.log(p_ab / (p_a * p_b)) / -np.log(p_ab)
    return np.minimum(scores, 1.0)  # which rounding may exceed


# The default threshold of each scoring, and the scoring.
SCORINGS: dict[str, tuple[float, Scorer]] = {
    "word2phrase": (100.0, _word2phrase),
    "npmi": (0.5, _npmi),
}


def _occurrences(corpus: EncodedCorpus) -> Counts:
    """Count each row's tokens."""
    counts, first = np.zeros((2, len(corpus.vocabulary)), np.int64)
    for tokens, _, _ in corpus.pieces(NO_ROWS):
        tally(tokens, 0, counts, first)
    return counts


def _counted(
    corpus: EncodedCorpus, occurrences: Counts, least: int, n_threads: int, budget: int
) -> Iterator[tuple[NDArray[np.int32], Counts]]:
    """Yield the pairs that occur so often at least, and their counts, in parts.

    Each thread counts the pairs of its own range of hashes; what a counter had no memory for is the
    next passes' work.
    """
    counted = (occurrences >= least).view(np.uint8)  # a pair is never more frequent than its words
    bounds = [LAST_HASH * i // n_threads for i in range(1, n_threads + 1)]
    ranges = list(zip([0, *(bound + 1 for bound in bounds)], bounds, strict=False))
    n_passes = 0
    with Pool(n_threads, "fastw2v-pairs") as pool:
        while ranges:
            now, ranges = ranges[:n_threads], ranges[n_threads:]
            share = budget // n_threads
            counters = [PairCounter(counted, first, last, share) for first, last in now]
            for tokens, ends, _ in corpus.pieces(NO_ROWS):
                tasks = [pool.submit(_count, tokens, ends, counter) for counter in counters]
                for task in tasks:
                    task.result()
            reached = [counter.last for counter in counters]
            ranges += [(r + 1, last) for r, (_, last) in zip(reached, now, strict=True) if r < last]
            n_passes += 1
            while counters:
                yield counters.pop().pairs(least)
    if n_passes > 1:
        logger.info("pairs were counted in %s passes, for want of memory", n_passes)


def _count(tokens: NDArray[np.int32], ends: NDArray[np.int32], counter: PairCounter) -> None:
    counter.count(tokens, ends)


class _JoinedCorpus:
    """A corpus whose phrases are joined whenever it is read, for ``encode_numbered``.

    Numbers are the corpus's rows, and above them one for each phrase whose key is new.
    """

    def __init__(self, corpus: EncodedCorpus, phrases: Phrases, delimiter: str) -> None:
        self._corpus, self._pairs, self.weights = corpus, phrases.pairs, corpus.weights
        self._new_keys: dict[Hashable, int] = {}
        keys, old = corpus.vocabulary.keys, corpus.vocabulary.key_to_index
        numbers = []
        for a, b in phrases.pairs.tolist():
            key = _joined_key(keys[a], keys[b], delimiter)
            number = old.get(key)
            if number is None:
                number = self._new_keys.setdefault(key, len(keys) + len(self._new_keys))
            numbers.append(number)
        self._numbers = np.array(numbers, np.int32)
        self.n_numbers = len(keys) + len(self._new_keys)
        self.n_tokens = self.n_sentences = 0
        self._counts, self._first = np.zeros((2, self.n_numbers), np.int64)
        for joined, ends in self._joined():
            tally(joined, self.n_tokens, self._counts, self._first)
            self.n_tokens += len(joined)
            self.n_sentences += len(ends)

    def _joined(self) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32]]]:
        """Yield numbers and ends, piece by piece."""
        joiner = Joiner(self._pairs, self._numbers, len(self._corpus.vocabulary))
        for tokens, ends, _ in self._corpus.pieces(NO_ROWS):
            joined, joined_ends = np.empty(len(tokens) + 1, np.int32), np.empty_like(ends)
            n, n_ends = joiner.join(tokens, ends, joined, joined_ends)
            yield joined[:n], joined_ends[:n_ends]

    def counts(self) -> Counts:
        """Return how often each number occurs."""
        return self._counts

    def first(self) -> Counts:
        """Return the place of each number's first appearance."""
        return self._first

    def keys(self, numbers: Counts) -> list[Hashable]:
        """Return the keys of some numbers."""
        old, new = self._corpus.vocabulary.keys, list(self._new_keys)
        return [old[i] if i < len(old) else new[i - len(old)] for i in numbers.tolist()]

    def find(self, keys: Sequence[Hashable]) -> NDArray[np.int32]:
        """Return the numbers of some keys, -1 for those that are none."""
        index = self._corpus.vocabulary.key_to_index | self._new_keys
        return np.array([index.get(key, -1) for key in keys], np.int32)

    def report_of_reading(self) -> dict[str, int]:
        """Return what a reader of the joined sentences would meet, as the fields of a report."""
        return {
            "sentences": self.n_sentences,
            "tokens": self.n_tokens,
            "distinct": int(np.count_nonzero(self._counts)),
        }

    def pieces(
        self, rows: NDArray[np.int32], *, consume: bool
    ) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]]:
        """Yield the numbers in pieces, the ends of sentences in each, and the rows given."""
        for joined, ends in self._joined():
            yield joined, ends, rows


def _joined_key(a: Hashable, b: Hashable, delimiter: str) -> Hashable:
    if isinstance(a, str) and isinstance(b, str):
        return f"{a}{delimiter}{b}"
    return (a, b)
