"""Training by gensim's calls: settings, the learning rate's schedule, callbacks, the loss.

``Trainer`` has the methods of ``Word2Vec`` that are about training. An epoch is a run of fastw2v's
own trainer, between whose start and end nothing of Python runs; callbacks come in between.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np

from fastw2v import matrices, trainer
from fastw2v.compat.building import Matrix, VocabularyBuilder, native_sample
from fastw2v.compat.keyed_vectors import KeyedVectors
from fastw2v.compat.vector_files import lock_factors
from fastw2v.corpus import EncodedCorpus, memory_budget
from fastw2v.corpus.encoding import NothingToTrainOnError, encode_numbered
from fastw2v.corpus.reading import NumberedCorpus
from fastw2v.dispatch import choose
from fastw2v.estimate import check_size
from fastw2v.health import Health
from fastw2v.hyperparameters import LEAST_ALPHA, Hyperparameters
from fastw2v.provenance import Provenance, TrainedCorpus, with_another
from fastw2v.trainer import EpochRecord
from fastw2v.vocabulary import Given

logger = logging.getLogger("fastw2v.compat")

HIERARCHICAL, NEGATIVE_SAMPLING = "hierarchical_softmax", "negative_sampling"


class Trainer(VocabularyBuilder):
    """``Word2Vec`` as far as it trains."""

    sg: int
    alpha: float
    min_alpha: float
    window: int
    shrink_windows: bool
    ns_exponent: float
    cbow_mean: int
    epochs: int
    compute_loss: bool

    train_count: int
    total_train_time: float
    running_training_loss: float
    min_alpha_yet_reached: float
    history: list[EpochRecord]
    _corpora: tuple[TrainedCorpus, ...]

    def _begin(self) -> None:
        """Set what a model has before anything was counted."""
        self.wv = KeyedVectors(self.vector_size)
        self.raw_vocab = {}
        self.corpus_count = self.corpus_total_words = self.train_count = 0
        self.total_train_time = self.running_training_loss = 0.0
        self.min_alpha_yet_reached = self.alpha
        self.effective_min_count = self.min_count
        self.history, self._corpora = [], ()
        self._own = ()

    def train(
        self,
        corpus_iterable: Any = None,
        corpus_file: str | os.PathLike[str] | None = None,
        total_examples: int | None = None,
        total_words: int | None = None,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        word_count: int = 0,
        queue_factor: int = 2,
        report_delay: float = 1.0,
        compute_loss: bool = False,
        callbacks: Iterable[Any] = (),
    ) -> tuple[int, int]:
        """Train on sentences.

        The sentences are read once and kept, encoded, until the call ends; tokens outside the
        vocabulary are dropped. The learning rate falls linearly from ``alpha`` to ``min_alpha``
        over the tokens that are there and the ``epochs``, in each call anew.

        Parameters
        ----------
        corpus_iterable
            An iterable of lists of tokens, or anything else that ``fastw2v.encode`` takes.
        corpus_file
            Instead: the path of a text file, a sentence a line; it may be compressed.
        total_examples, total_words
            One of them must be given, as in gensim. They have no effect: what is there is counted.
        epochs
            How often to go over the sentences.
        start_alpha, end_alpha
            Set ``alpha`` and ``min_alpha``; None keeps them. 0 is 0, and trains nothing. Where
            only ``start_alpha`` is given and ``min_alpha`` is above it, that is the rate.
        word_count, queue_factor, report_delay
            No effect.
        compute_loss
            Sets the attribute. The loss is computed in any case.
        callbacks
            Objects with the methods of ``CallbackAny2Vec``, which are called on this thread.

        Returns
        -------
        trained_words, raw_words : int
            Over all epochs: the tokens of the vocabulary that subsampling leaves on average, and
            all tokens. Where no sentence has two tokens of the vocabulary, nothing is trained, the
            log has a warning, and ``trained_words`` is 0.

        Raises
        ------
        RuntimeError
            If there is no vocabulary.
        ValueError
            If ``epochs`` or both totals are missing, if neither ``hs`` nor ``negative`` is set, or
            if the sentences have not one token.
        FloatingPointError
            If an epoch leaves NaN or infinity in the vectors, as a far too high ``alpha`` can.
        """
        if epochs is not None:
            self.epochs = epochs
        if start_alpha is not None:
            self.alpha = float(start_alpha)
        if end_alpha is not None:
            self.min_alpha = float(end_alpha)
        elif start_alpha is not None:
            self.min_alpha = min(self.min_alpha, self.alpha)
        self._check_training(epochs, total_examples, total_words)
        self.compute_loss, self.running_training_loss = compute_loss, 0.0
        started, callbacks = time.perf_counter(), list(callbacks or ())
        corpus, raw_words = self._encode(corpus_iterable, corpus_file)
        if corpus is not None:
            self._log_begin(corpus)
            new = TrainedCorpus.now(len(self.history), corpus.report, corpus.fingerprint)
            self._corpora = with_another(self._corpora, new)
            settings = asdict(self._hyperparameters(self._objective()[0]))
            self.wv.provenance = Provenance(settings, self._corpora)
        for callback in callbacks:
            callback.on_train_begin(self)
        for epoch in range(self.epochs):
            for callback in callbacks:
                callback.on_epoch_begin(self)
            if corpus is not None:
                self._train_epoch(corpus, self._rate(epoch), self._rate(epoch + 1))
            for callback in callbacks:
                callback.on_epoch_end(self)
        seconds = time.perf_counter() - started
        kept = 0.0
        if corpus is not None:
            kept = corpus.vocabulary.sampled_share(self._native_sample()) * len(corpus.tokens)
        counts = round(self.epochs * kept), self.epochs * raw_words
        logger.info(
            "trained on %d tokens, %d of them left by subsampling, in %.1f s: %.0f words/s",
            *(counts[1], counts[0], seconds, counts[1] / seconds),
        )
        self.train_count += 1
        self.total_train_time += seconds
        for callback in callbacks:
            callback.on_train_end(self)
        return counts

    def _log_begin(self, corpus: EncodedCorpus) -> None:
        logger.info(
            "training for %d epochs on %d tokens in %d sentences: vocabulary %d, vector_size %d, "
            "workers %d, sg=%d hs=%d negative=%d window=%s sample=%s",
            *(self.epochs, corpus.report.tokens, corpus.report.sentences, len(self.wv)),
            *(self.vector_size, self.workers, self.sg, self.hs, self.negative),
            *(self.window, self.sample),
        )

    def _rate(self, epoch: int) -> float:
        """Return the learning rate after so many epochs of a call."""
        rate = self.alpha - (self.alpha - self.min_alpha) * epoch / self.epochs
        return max(rate, self.min_alpha)

    def _check_training(
        self, epochs: int | None, total_examples: int | None, total_words: int | None
    ) -> None:
        if not self.hs and not self.negative:
            raise ValueError(
                "You must set either 'hs' or 'negative' to be positive: with both 0 there is "
                "nothing to train"
            )
        if self.hs and self.negative:
            logger.warning(
                "Both hierarchical softmax and negative sampling are activated. "
                "This is probably a mistake: set hs=0 or negative=0 to train by one of them."
            )
        if self.alpha > self.min_alpha_yet_reached:
            logger.warning("Effective 'alpha' higher than previous training cycles")
        if not len(self.wv):
            message = "you must first build vocabulary before training the model"
            if self.corpus_total_words:
                message += (
                    f": min_count={self.effective_min_count} left none of the "
                    f"{self.corpus_total_words} tokens that were counted"
                )
            raise RuntimeError(message)
        if total_examples is None and total_words is None:
            raise ValueError(
                "give total_examples or total_words, such as total_examples=model.corpus_count"
            )
        if epochs is None or epochs <= 0:
            raise ValueError(f"give epochs, at least 1, such as epochs=model.epochs: not {epochs}")

    def _encode(
        self, corpus_iterable: Any, corpus_file: str | os.PathLike[str] | None
    ) -> tuple[EncodedCorpus | None, int]:
        """Read sentences as rows of the vocabulary, in a random order; and how many tokens.

        None where no sentence has two tokens of the vocabulary.
        """
        numbered = self._read(corpus_iterable, corpus_file, counts_only=False)
        try:
            if not numbered.n_tokens:
                raise ValueError(
                    "the sentences have not one token; an iterator gives its sentences once, and "
                    "building the vocabulary may have used it up: give a list, or an object whose "
                    "__iter__ starts anew"
                )
            corpus = encode_numbered(
                numbered,
                Given(self._vocabulary()),
                seed=self._native_seed(),
                budget=memory_budget(None),
                workers=self.workers,
            )
            return corpus, corpus.report.tokens
        except NothingToTrainOnError as error:  # a batch of a user's loop may be so
            logger.warning("nothing is trained: %s", error)
            return None, error.tokens
        finally:
            if isinstance(numbered, NumberedCorpus):
                numbered.close()

    def _train_epoch(self, corpus: EncodedCorpus, alpha: float, min_alpha: float) -> None:
        self._see_to_matrices()
        objective, node_vectors = self._objective()
        parameters = self._hyperparameters(objective, alpha, min_alpha)
        factors = lock_factors(self.wv)
        outputs = self.syn1 if objective == HIERARCHICAL else self.syn1neg
        check_size(
            parameters,
            corpus.vocabulary,
            self.workers,
            longest_sentence=corpus.report.longest_sentence,
            with_matrices=False,
        )
        records = trainer.train(
            parameters,
            corpus.vocabulary,
            corpus,
            self.wv.vectors,
            outputs,
            node_vectors=node_vectors,
            input_rates=None if (factors == 1).all() else factors,
            first_epoch=len(self.history),
            workers=self.workers,
            kernel=choose("auto"),
            progress=False,
            warns=not self.history,
        )
        health = Health(parameters, corpus.vocabulary, self.wv.vectors, outputs)
        for record in records:
            self.history.append(record)
            if record.examples:
                self.running_training_loss += record.loss * record.examples
            health.check_after(record)
        self.min_alpha_yet_reached = min_alpha

    def _objective(self) -> tuple[str, Matrix | None]:
        """Return what is trained by fastw2v's name, and the nodes' vectors if that is both."""
        if not self.negative:
            return HIERARCHICAL, None
        return NEGATIVE_SAMPLING, self.syn1 if self.hs and hasattr(self, "syn1") else None

    def _see_to_matrices(self) -> None:
        """Make sure that the matrices can be trained in place."""
        n, d = len(self.wv), self.vector_size
        self._grow_outputs()
        if len(getattr(self, "syn1", ())) < n and self.hs:
            raise ValueError(
                f"syn1 must have a row for each of the {n} keys: vectors were added, which are in "
                "no Huffman tree; build_vocab(..., update=True) makes one with them"
            )
        places = [(self.wv, "vectors"), *((self, name) for name in self._output_names())]
        kept = []
        for where, name in places:
            matrix = matrices.checked(getattr(where, name, None), name, n, d)
            # Kernels write between rows, too: to memory of others only through a copy.
            if not any(matrix is own for own in self._own) or not matrices.is_padded(matrix):
                matrix = matrices.padded(matrix)
                setattr(where, name, matrix)
            kept.append(matrix)
        self._own = tuple(kept)

    def _grow_outputs(self) -> None:
        """Give keys that were added to ``wv`` output vectors: zeros, as before training."""
        outputs, n = getattr(self, "syn1neg", None), len(self.wv)
        if not isinstance(outputs, np.ndarray) or outputs.shape[1:] != (self.vector_size,):
            return
        if len(outputs) < n:
            self.syn1neg = matrices.padded(outputs, n)

    def _native_sample(self) -> float:
        return native_sample(self.sample, int(self.wv.counts.sum()))

    def _hyperparameters(
        self, objective: str, alpha: float | None = None, min_alpha: float | None = None
    ) -> Hyperparameters:
        """Return the settings by fastw2v's names."""
        alpha = self.alpha if alpha is None else alpha
        min_alpha = self.min_alpha if min_alpha is None else min_alpha
        return Hyperparameters(
            vector_size=self.vector_size,
            window=self.window,
            shrink_windows=bool(self.shrink_windows),
            architecture="skipgram" if self.sg else "cbow",
            objective=objective,
            negative=int(self.negative),
            ns_exponent=self.ns_exponent,
            cbow_mean=bool(self.cbow_mean),
            cbow_gradient="word2vec",
            sample=self._native_sample(),
            alpha=max(alpha, LEAST_ALPHA),
            min_alpha=min(min_alpha, max(alpha, LEAST_ALPHA)),
            epochs=1,
            seed=self._native_seed(),
        )

    def get_latest_training_loss(self) -> float:
        """Return the loss of the current or latest call of ``train`` so far, 0.0 before the first.

        The sum over all examples of all epochs; so the difference of two epochs' ends is the sum
        of one. ``history`` has the mean of each epoch.
        """
        return float(self.running_training_loss)
