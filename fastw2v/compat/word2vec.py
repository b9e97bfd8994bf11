"""``Word2Vec`` by gensim's signature: what it is made with, and what it is asked.

It stands on three others: a ``VocabularyBuilder`` counts and has the matrices, a ``Trainer`` trains
them, a ``StoredTrainer`` has a file.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v import scoring
from fastw2v.checks import whole_number
from fastw2v.compat.keyed_vectors import KeyedVectors
from fastw2v.compat.readers import MAX_WORDS_IN_BATCH, sentences_of
from fastw2v.compat.stored import StoredTrainer
from fastw2v.compat.training import HIERARCHICAL, NEGATIVE_SAMPLING
from fastw2v.compat.vocabulary import TrimRule
from fastw2v.prediction import Trained, center_probabilities, likeliest

logger = logging.getLogger("fastw2v.compat")

RENAMED = {"size": "vector_size", "iter": "epochs"}


class Word2Vec(StoredTrainer):
    """Word vectors, by gensim's names and defaults, trained by fastw2v.

    Parameters
    ----------
    sentences
        An iterable of lists of tokens, which are any hashable values; or anything that
        ``fastw2v.encode`` takes but paths. A text in a sentence's place is its characters, and the
        log warns of it; a set is sorted. They are read once in all. None makes a model without
        vocabulary, for ``build_vocab`` and ``train``.
    corpus_file
        Instead: the path of a text file, one sentence a line. It may be compressed.
    vector_size
        Dimensions of a vector.
    alpha, min_alpha
        The learning rate falls linearly from one to the other.
    window
        The most tokens on either side of a centre that are its contexts.
    min_count
        Tokens that occur less often are left out of the vocabulary.
    max_vocab_size
        Bounds memory while tokens are counted: after a sentence that leaves more distinct ones,
        the rarest are forgotten. Counting is then done in Python, and the sentences are read twice,
        so that a generator won't do. None forgets none.
    sample
        Frequent words are subsampled above this share of all tokens; from 1 on it is a count, and
        they are above 6.85 times that, as in gensim. 0 keeps all.
    seed
        Of all random numbers.
    workers
        Threads. With one, a seed gives the same bits every time.
    sg
        1: skip-gram; 0: CBOW.
    hs
        1: hierarchical softmax. Set ``negative=0`` with it, or both are trained, by the sum of
        their losses.
    negative
        How many noise words are drawn; 0: no negative sampling. Skip-gram draws them once for a
        window.
    ns_exponent
        Noise words are drawn in proportion to count ** ``ns_exponent``.
    cbow_mean
        CBOW's hidden vector is the mean of the contexts (1) or their sum (0).
    hashfxn
        No effect: random numbers come from the seed alone.
    epochs
        Passes over the sentences.
    null_word
        1 adds the token of one NUL character to the vocabulary, which occurs nowhere.
    trim_rule
        A rule called with a token, its count and ``min_count``, which returns ``RULE_KEEP`` (2),
        ``RULE_DISCARD`` (1) or ``RULE_DEFAULT`` (0). It is not stored.
    sorted_vocab
        1 orders the vocabulary by count, the most frequent first; 0 leaves the order of first
        appearance.
    batch_words
        No effect: threads share the work as fastw2v finds best.
    compute_loss
        Sets the attribute. The loss is computed in any case.
    callbacks
        For the training on ``sentences``: see ``CallbackAny2Vec``.
    comment
        Kept as an attribute, and saved.
    max_final_vocab
        Raise ``min_count`` as far as it takes to keep no more distinct tokens; None keeps all.
    shrink_windows
        Draw each window's size uniformly from 1 to ``window``; False uses ``window`` itself.

    Attributes
    ----------
    wv : KeyedVectors
        The vectors with their keys, of which ``expandos["count"]`` are the counts.
    syn1neg, syn1 : ndarray
        float32, (len(wv), vector_size): the output vectors of words, with ``negative``, and of the
        Huffman tree's inner nodes, with ``hs``.
    corpus_count, corpus_total_words : int
        Sentences and tokens that the vocabulary was last counted from; sentences without a token
        do not count.
    raw_vocab : dict
        Counts of all tokens, where ``build_vocab`` was to keep them.
    history : list of EpochRecord
        The true mean loss of every epoch, and its speed.

    Examples
    --------
    >>> from fastw2v.compat import Word2Vec
    >>> model = Word2Vec([["cat", "say", "meow"], ["dog", "say", "woof"]] * 5, sample=0)
    >>> model.wv.index_to_key[0], model.wv["say"].shape
    ('say', (100,))
    """

    def __init__(
        self,
        sentences: Any = None,
        corpus_file: str | os.PathLike[str] | None = None,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        sample: float = 1e-3,
        seed: int | None = 1,
        workers: int = 3,
        min_alpha: float = 0.0001,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Callable[[Any], int] = hash,
        epochs: int = 5,
        null_word: int = 0,
        trim_rule: TrimRule | None = None,
        sorted_vocab: int = 1,
        batch_words: int = MAX_WORDS_IN_BATCH,
        compute_loss: bool = False,
        callbacks: Iterable[Any] = (),
        comment: str | None = None,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
        **unknown: Any,
    ) -> None:
        for name in unknown:
            hint = f"; since gensim 4 it is {RENAMED[name]}" if name in RENAMED else ""
            raise TypeError(f"Word2Vec has no parameter {name!r}{hint}")
        self.vector_size = whole_number("vector_size", vector_size, least=1)
        self.workers, self.window = whole_number("workers", workers, least=1), int(window)
        self.alpha, self.min_alpha = float(alpha), float(min_alpha)
        self.sg, self.hs, self.negative = int(sg), int(hs), int(negative)
        self.cbow_mean, self.shrink_windows = int(cbow_mean), bool(shrink_windows)
        self.ns_exponent, self.sample = ns_exponent, sample
        self.seed = None if seed is None else whole_number("seed", seed, least=-(1 << 63))
        self.epochs, self.batch_words = epochs, batch_words
        self.min_count, self.max_vocab_size = min_count, max_vocab_size
        self.max_final_vocab, self.sorted_vocab = max_final_vocab, sorted_vocab
        self.null_word, self.hashfxn, self.comment = null_word, hashfxn, comment
        self.compute_loss = bool(compute_loss)
        self._begin()
        if sentences is None and corpus_file is None:
            self._warn_of_unused(trim_rule, callbacks)
            return
        try:
            self._keeps_reading = True
            self.build_vocab(sentences, corpus_file=corpus_file, trim_rule=trim_rule)
            self._keeps_reading = False
            self.train(
                sentences,
                corpus_file=corpus_file,
                total_examples=self.corpus_count,
                total_words=self.corpus_total_words,
                epochs=self.epochs,
                start_alpha=self.alpha,
                end_alpha=self.min_alpha,
                compute_loss=self.compute_loss,
                callbacks=callbacks,
            )
        finally:
            self._keeps_reading, self._waiting = False, None

    @staticmethod
    def _warn_of_unused(trim_rule: TrimRule | None, callbacks: Iterable[Any]) -> None:
        if trim_rule is not None:
            logger.warning("trim_rule has no effect without sentences: give it to build_vocab")
        if callbacks:
            logger.warning("callbacks have no effect without sentences: give them to train")

    @property
    def layer1_size(self) -> int:
        """The hidden vector's size: ``vector_size``."""
        return self.vector_size

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<vocab={len(self.wv)}, vector_size={self.wv.vector_size}, "
            f"alpha={self.alpha}>"
        )

    # What is asked --------------------------------------------------------------------------------

    def predict_output_word(
        self, context_words_list: Sequence[Any], topn: int | None = 10
    ) -> list[tuple[Hashable, float]] | None:
        """Return the likeliest words between given ones, with their probabilities.

        These are the probabilities that negative sampling learns: see ``Model.predict_center``.
        gensim's leave out how frequent each word is.

        Parameters
        ----------
        context_words_list
            Words, or their rows; those that are not known are left out.
        topn
            How many to return; None: all.

        Returns
        -------
        list of (word, probability), or None
            None, and a warning in the log, if no word is known.

        Raises
        ------
        RuntimeError
            If the model was not trained by negative sampling.
        """
        if not self.negative or not hasattr(self, "syn1neg"):
            raise RuntimeError(
                "predict_output_word needs the output vectors of negative sampling, which this "
                "model has not"
            )
        rows = [self.wv.get_index(word) for word in context_words_list if word in self.wv]
        if not rows:
            logger.warning("All the input context words are out-of-vocabulary for this model.")
            return None
        if topn is not None and topn < 1:
            return []
        self._grow_outputs()
        parameters = self._hyperparameters(NEGATIVE_SAMPLING)
        trained = Trained(parameters, self._vocabulary(), self.wv.vectors, self.syn1neg)
        found = center_probabilities(trained, np.array(rows))
        return likeliest(self.wv.index_to_key, found, topn)

    def score(
        self,
        sentences: Any,
        total_sentences: int = 1_000_000,
        chunksize: int = 100,
        queue_factor: int = 2,
        report_delay: float = 1,
    ) -> NDArray[np.float32]:
        """Return the log-probability of each sentence by hierarchical softmax: see ``Model.score``.

        Parameters
        ----------
        sentences
            An iterable of lists of tokens; those outside the vocabulary are left out.
        total_sentences, chunksize, queue_factor, report_delay
            No effect: all sentences are scored.

        Returns
        -------
        ndarray
            float32, (sentences,).

        Raises
        ------
        RuntimeError
            If there is no vocabulary, or the model was not trained by hierarchical softmax.
        """
        if not len(self.wv):
            raise RuntimeError("you must first build vocabulary before scoring new data")
        if not self.hs:
            raise RuntimeError("score needs hierarchical softmax: train with hs=1 and negative=0")
        found = scoring.score(
            self._hyperparameters(HIERARCHICAL),
            self._vocabulary(),
            self.wv.vectors,
            self.syn1,
            sentences_of(sentences, None),
            workers=self.workers,
        )
        return found.astype(np.float32)

    add_lifecycle_event = KeyedVectors.add_lifecycle_event

    def init_sims(self, replace: bool = False) -> None:
        """Call ``wv.init_sims``."""
        self.wv.init_sims(replace=replace)
