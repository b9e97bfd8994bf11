"""``Phrases`` by gensim's names: pairs of words that stand together, counted by fastw2v.

Counting is ``fastw2v.phrases``; scores are on gensim's scale, where the size of the vocabulary, of
distinct words and pairs, stands for the number of tokens. Connector words, which may stand inside
a phrase and are no end of one, are part of the token after them while pairs are counted.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, TypeAlias, TypeVar

import numpy as np

from fastw2v import phrases
from fastw2v.compat.readers import sentences_of
from fastw2v.compat.saving import ENTRY, plain_items, refuse_pickles
from fastw2v.compat.vocabulary import keep_vocab_item
from fastw2v.corpus import encode
from fastw2v.corpus.encoding import NothingToTrainOnError
from fastw2v.formats import safetensors
from fastw2v.vocabulary import Vocabulary

logger = logging.getLogger("fastw2v.compat")

Scorer: TypeAlias = Callable[..., float]
Self = TypeVar("Self", bound="Phrases")

ENGLISH_CONNECTOR_WORDS = frozenset(
    ("a", "an", "the", "for", "of", "with", "without", "at", "from", "to", "in", "on", "by")
) | {"and", "or"}
ANY_SCORE = -1e300


def original_scorer(
    worda_count: int,
    wordb_count: int,
    bigram_count: int,
    len_vocab: int,
    min_count: int,
    corpus_word_count: int,
) -> float:
    """Return (n_ab - ``min_count``) / (n_a n_b) · ``len_vocab`` (Mikolov et al. 2013b)."""
    return (bigram_count - min_count) / worda_count / wordb_count * len_vocab


def npmi_scorer(
    worda_count: int,
    wordb_count: int,
    bigram_count: int,
    len_vocab: int,
    min_count: int,
    corpus_word_count: int,
) -> float:
    """Return ln(p_ab / (p_a p_b)) / -ln p_ab (Bouma 2009); -∞ below ``min_count``."""
    if bigram_count < min_count:
        return -math.inf
    n = corpus_word_count
    return math.log(bigram_count * n / worda_count / wordb_count) / -math.log(bigram_count / n)


SCORERS: dict[str, Scorer] = {"default": original_scorer, "npmi": npmi_scorer}


class _Joiner:
    """What finds phrases in sentences, given the scores of pairs."""

    connector_words: frozenset[str]
    delimiter: str

    def score_candidate(
        self, word_a: str, word_b: str, in_between: Sequence[str]
    ) -> tuple[str | None, float | None]:
        """Return the joined phrase and its score, or twice None if these make none."""
        raise NotImplementedError

    def analyze_sentence(self, sentence: Iterable[str]) -> Iterator[tuple[str, float | None]]:
        """Yield each phrase of a sentence with its score, and each other word with None.

        A word that makes a phrase with the next is joined to it at once.
        """
        waiting: list[str] = []  # a word, and connector words after it
        for word in sentence:
            if word in self.connector_words:
                if waiting:
                    waiting.append(word)
                else:
                    yield word, None
                continue
            phrase = score = None
            if waiting:
                phrase, score = self.score_candidate(waiting[0], word, waiting[1:])
            if phrase is None:
                yield from ((one, None) for one in waiting)
                waiting = [word]
            else:
                yield phrase, score
                waiting = []
        yield from ((one, None) for one in waiting)

    def __getitem__(self, sentence: Iterable[Any]) -> Any:
        """Join the phrases of a sentence, or of each of several.

        Parameters
        ----------
        sentence
            A sequence of str, or an iterable of such.

        Returns
        -------
        list of str, or an iterable of these
            Sentences are joined as they are asked for, each time anew.
        """
        if isinstance(sentence, Iterator):
            first = next(sentence, None)
            sentence = chain([] if first is None else [first], sentence)
            is_one = first is None or isinstance(first, str)
        else:
            is_one = all(isinstance(word, str) for word in _first(sentence))
        if is_one:
            return [token for token, _ in self.analyze_sentence(sentence)]
        return _Joined(self, sentence)

    def find_phrases(self, sentences: Iterable[Iterable[str]]) -> dict[str, float]:
        """Return the phrases that occur in sentences, with their scores."""
        found = chain.from_iterable(map(self.analyze_sentence, sentences))
        return {phrase: score for phrase, score in found if score is not None}


class _Joined:
    """Sentences whose phrases are joined as they are read."""

    def __init__(self, joiner: _Joiner, sentences: Iterable[Iterable[str]]) -> None:
        self.joiner, self.sentences = joiner, sentences

    def __iter__(self) -> Iterator[list[str]]:
        for sentence in self.sentences:
            yield [token for token, _ in self.joiner.analyze_sentence(sentence)]


class Phrases(_Joiner):
    """Pairs of words that occur together more often than their words suggest.

    Parameters
    ----------
    sentences
        An iterable of lists of str; None counts none yet.
    min_count
        Pairs that occur less often make no phrase by ``"default"`` and ``"npmi"``; a function of
        one's own is given it.
    threshold
        A pair is a phrase if its score is above this.
    max_vocab_size
        Bounds memory: where there are more distinct words and pairs after sentences were counted,
        the rarest are forgotten.
    delimiter
        What stands between joined words.
    progress_per
        No effect.
    scoring
        ``"default"``: (n_ab - ``min_count``) / (n_a n_b) · (distinct words and pairs);
        ``"npmi"``: normalised pointwise mutual information, from -1 to 1; or a function with the
        parameters of ``original_scorer``.
    connector_words
        Words that may stand inside a phrase, and neither begin nor end one.

    Raises
    ------
    ValueError
        For a number out of its range, or an unknown scoring.
    """

    def __init__(
        self,
        sentences: Iterable[Iterable[str]] | None = None,
        min_count: float = 5,
        threshold: float = 10.0,
        max_vocab_size: int = 40_000_000,
        delimiter: str = "_",
        progress_per: int = 10_000,
        scoring: str | Scorer = "default",
        connector_words: Iterable[str] = frozenset(),
    ) -> None:
        if min_count <= 0:
            raise ValueError(f"min_count must be at least 1, not {min_count}")
        if scoring == "default" and threshold <= 0:
            raise ValueError(f"threshold must be above 0 for scoring='default', not {threshold}")
        if scoring == "npmi" and not -1 <= threshold <= 1:
            raise ValueError(f"threshold must be from -1 to 1 for scoring='npmi', not {threshold}")
        if isinstance(scoring, str) and scoring not in SCORERS:
            raise ValueError(f"scoring must be 'default', 'npmi' or a function, not {scoring!r}")
        self.min_count, self.threshold, self.delimiter = min_count, threshold, delimiter
        self.max_vocab_size, self.progress_per = max_vocab_size, progress_per
        self.scoring = SCORERS[scoring] if isinstance(scoring, str) else scoring
        self.connector_words = frozenset(connector_words)
        self.min_reduce, self.corpus_word_count = 1, 0
        # Of words, and of pairs as (word, connector words ..., word).
        self._counts: dict[Hashable, int] = {}
        if sentences is not None:
            self.add_vocab(sentences)

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<{len(self._counts)} vocab, min_count={self.min_count}, "
            f"threshold={self.threshold}, max_vocab_size={self.max_vocab_size}>"
        )

    @property
    def vocab(self) -> dict[str, int]:
        """The counts of words and of joined pairs; made anew, a copy."""
        joined: dict[str, int] = {}
        for key, count in self._counts.items():
            name = self.delimiter.join(key) if isinstance(key, tuple) else str(key)
            joined[name] = joined.get(name, 0) + count
        return joined

    def add_vocab(self, sentences: Iterable[Iterable[str]]) -> None:
        """Count the words and pairs of sentences, in addition to those counted before.

        Sentences may be what they may be for ``Word2Vec``.
        """
        given = self._with_connectors(sentences_of(sentences, None))
        try:
            corpus = encode(given, min_count=1)
        except NothingToTrainOnError as error:  # no pair, but there may be words
            self._add_words(error.vocabulary)
            if not self.connector_words:
                self.corpus_word_count += error.tokens
            return
        self._add_words(corpus.vocabulary)
        keys = corpus.vocabulary.keys
        found = phrases.find(corpus, min_count=1, threshold=ANY_SCORE)
        for (a, b), count in zip(found.pairs.tolist(), found.counts.tolist(), strict=True):
            after = keys[b] if isinstance(keys[b], tuple) else (keys[b],)
            self._add((_word(keys[a]), *after), count)
        if not self.connector_words:
            self.corpus_word_count += corpus.n_tokens
        while len(self._counts) > self.max_vocab_size:
            self._counts = {
                key: count
                for key, count in self._counts.items()
                if keep_vocab_item(key, count, self.min_reduce)
            }
            self.min_reduce += 1
        logger.info("counted %s", self)

    def _add_words(self, words: Vocabulary | None) -> None:
        if words is not None:
            for key, count in zip(words.keys, words.counts.tolist(), strict=True):
                self._add(_word(key), count)

    def _add(self, key: Hashable, count: int) -> None:
        self._counts[key] = self._counts.get(key, 0) + count

    def _with_connectors(self, sentences: Iterable[Iterable[str]]) -> Any:
        """Return sentences of words, which are tuples with the connector words before them."""
        if not self.connector_words:
            return sentences
        return map(self._tokens, sentences)

    def _tokens(self, sentence: Iterable[str]) -> list[Hashable]:
        tokens: list[Hashable] = []
        between: list[str] = []
        for word in sentence:
            self.corpus_word_count += 1
            if word in self.connector_words:
                between.append(word)
                continue
            tokens.append((*between, word) if between and tokens else word)
            between = []
        return tokens

    def score_candidate(
        self, word_a: str, word_b: str, in_between: Sequence[str]
    ) -> tuple[str | None, float | None]:
        """Return the joined phrase and its score, or twice None if these make none."""
        pair = (word_a, *in_between, word_b)
        count = self._counts.get(pair, 0)
        words = self._counts.get(word_a, 0), self._counts.get(word_b, 0)
        if count <= 0 or min(words) <= 0:
            return None, None  # what min_count means is the scoring's, as in gensim
        score = self.scoring(
            worda_count=words[0],
            wordb_count=words[1],
            bigram_count=count,
            len_vocab=len(self._counts),
            min_count=self.min_count,
            corpus_word_count=self.corpus_word_count,
        )
        return (self.delimiter.join(pair), score) if score > self.threshold else (None, None)

    def export_phrases(self) -> dict[str, float]:
        """Return all phrases, joined, with their scores."""
        pairs: Iterable[Any] = [key for key in self._counts if isinstance(key, tuple)]
        found = (self.score_candidate(pair[0], pair[-1], pair[1:-1]) for pair in pairs)
        return {
            phrase: score for phrase, score in found if phrase is not None and score is not None
        }

    def freeze(self) -> FrozenPhrases:
        """Return the phrases alone, which take less memory and count no more."""
        return FrozenPhrases(self)

    def save(self, fname_or_handle: str | os.PathLike[str], *_: Any, **__: Any) -> None:
        """Save counts and settings to one safetensors file, whatever its name.

        gensim's further arguments have no effect.

        Raises
        ------
        TypeError
            If scores are computed by a function of one's own.
        """
        counts = np.array(list(self._counts.values()), np.int64)
        settings = {name: getattr(self, name) for name in SETTINGS}
        settings |= {
            "connector_words": sorted(self.connector_words),
            "scoring": _scoring_name(self),
        }
        safetensors.write(
            fname_or_handle, list(self._counts), counts, {}, {ENTRY: plain_items(settings)}
        )
        logger.info("saved %s to %s", self, fname_or_handle)

    @classmethod
    def load(cls: type[Self], fname: str | os.PathLike[str], *_: Any, **__: Any) -> Self:
        """Load what ``save`` wrote.

        Raises
        ------
        ValueError
            If it is something else, or damaged.
        """
        contents, settings = _read(fname, "min_reduce", "Phrases")
        counted = {name: settings.pop(name) for name in ("min_reduce", "corpus_word_count")}
        loaded = cls(**settings)
        for name, value in counted.items():
            setattr(loaded, name, value)
        loaded._counts = dict(zip(contents.keys, contents.counts.tolist(), strict=True))
        logger.info("loaded %s from %s", loaded, fname)
        return loaded


SETTINGS = (
    *("min_count", "threshold", "max_vocab_size", "delimiter", "progress_per"),
    *("min_reduce", "corpus_word_count"),
)


class FrozenPhrases(_Joiner):
    """The phrases of a ``Phrases``, without the counts of everything else.

    Attributes
    ----------
    phrasegrams : dict
        The score of each phrase, joined.
    """

    def __init__(self, phrases_model: Phrases) -> None:
        self.threshold, self.min_count = phrases_model.threshold, phrases_model.min_count
        self.delimiter, self.scoring = phrases_model.delimiter, phrases_model.scoring
        self.connector_words = phrases_model.connector_words
        self.phrasegrams = phrases_model.export_phrases()

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<{len(self.phrasegrams)} phrases, min_count={self.min_count}, "
            f"threshold={self.threshold}>"
        )

    def score_candidate(
        self, word_a: str, word_b: str, in_between: Sequence[str]
    ) -> tuple[str | None, float | None]:
        """Return the joined phrase and its score, or twice None if these make none."""
        phrase = self.delimiter.join([word_a, *in_between, word_b])
        score = self.phrasegrams.get(phrase)
        return (None, None) if score is None else (phrase, score)

    def save(self, fname_or_handle: str | os.PathLike[str], *_: Any, **__: Any) -> None:
        """Save phrases with their scores, as ``Phrases.save`` does."""
        settings = {name: getattr(self, name) for name in ("threshold", "min_count", "delimiter")}
        settings |= {"connector_words": sorted(self.connector_words)}
        settings |= {"scoring": _scoring_name(self), "scores": list(self.phrasegrams.values())}
        phrases, metadata = list(self.phrasegrams), {ENTRY: plain_items(settings)}
        safetensors.write(fname_or_handle, phrases, np.zeros(len(phrases), np.int64), {}, metadata)

    @classmethod
    def load(cls, fname: str | os.PathLike[str], *_: Any, **__: Any) -> FrozenPhrases:
        """Load what ``save`` wrote; ValueError if it is something else, or damaged."""
        contents, settings = _read(fname, "scores", "FrozenPhrases")
        loaded = cls.__new__(cls)
        loaded.threshold, loaded.min_count = settings["threshold"], settings["min_count"]
        loaded.delimiter, loaded.scoring = settings["delimiter"], SCORERS[settings["scoring"]]
        loaded.connector_words = frozenset(settings["connector_words"])
        loaded.phrasegrams = dict(zip(map(str, contents.keys), settings["scores"], strict=True))
        return loaded


Phraser = FrozenPhrases


def _scoring_name(joiner: Phrases | FrozenPhrases) -> str:
    """Return what ``scoring`` is called; TypeError for a function of one's own."""
    for name, scorer in SCORERS.items():
        if scorer is joiner.scoring:
            return name
    raise TypeError("a scoring function can't be saved: only 'default' and 'npmi' can")


def _read(
    path: str | os.PathLike[str], entry: str, what: str
) -> tuple[safetensors.Contents, dict[str, Any]]:
    """Return what a file holds, and its settings, among which there must be one."""
    refuse_pickles(path, what)
    contents = safetensors.read(path)
    settings = contents.metadata.get(ENTRY, {})
    if entry not in settings:
        raise ValueError(f"{os.fspath(path)} holds no {what}")
    return contents, settings


def _first(sentences: Iterable[Any]) -> list[Any]:
    """Return the first item, if there is one."""
    return [one for one, _ in zip(sentences, range(1), strict=False)]


def _word(key: Hashable) -> Hashable:
    return key[-1] if isinstance(key, tuple) else key
