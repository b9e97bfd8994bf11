"""``TrainableModel``: from sentences to trained matrices, and never half of the way.

A call reads and checks everything, and allocates everything, before the model changes. What is read
becomes an ``EncodedCorpus``; ``trainer.py`` has the loop over epochs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeVar

from fastw2v import matrices
from fastw2v.corpus import (
    CorpusReport,
    EncodedCorpus,
    encode_for_training,
    memory_budget,
    source_of,
)
from fastw2v.dispatch import choose
from fastw2v.estimate import check_size
from fastw2v.hyperparameters import Hyperparameters
from fastw2v.model_state import ModelState
from fastw2v.resources import available_cores
from fastw2v.trainer import train
from fastw2v.vocabulary import Choice, Given, Selection

logger = logging.getLogger("fastw2v")

Self = TypeVar("Self", bound="TrainableModel")


class TrainableModel(ModelState):
    """A model that reads sentences and trains on them; ``Model`` documents the options."""

    def __init__(
        self,
        parameters: Hyperparameters,
        sentences: Any,
        choice: Choice,
        *,
        workers: int | None,
        kernel: str,
        memory_limit: int | None,
    ) -> None:
        super().__init__(parameters)
        self.workers, self.kernel, self.memory_limit = workers, kernel, memory_limit
        self._choice = choice
        if sentences is not None:
            self._check_choice(sentences)
            if not isinstance(sentences, EncodedCorpus):
                source_of(sentences)  # refuses now what can't be a corpus
        self._sentences = sentences
        self._corpus: EncodedCorpus | None = None
        self._is_training = False

    def train(self: Self, sentences: Any = None, *, progress: bool | None = None) -> Self:
        """Count, encode and train; return the model.

        The first call makes the vocabulary. Later calls train for another ``epochs`` epochs, with
        the learning rate falling from ``alpha`` again: on the same corpus, or on new ``sentences``,
        whose tokens outside the vocabulary are dropped.

        Parameters
        ----------
        sentences
            As for ``Model``; needed here if they were not given there.
        progress
            True shows a progress bar, False none, None one where standard error is a terminal.

        Raises
        ------
        TypeError, ValueError, OSError
            If the sentences can't be read; the model is then as it was before. An iterator is used
            up, and must be given anew.
        MemoryError
            If the matrices would not fit, before they are allocated.
        KeyboardInterrupt
            On Ctrl-C, with all threads ended. The matrices keep what was learned so far, and
            ``history`` the finished epochs.
        """
        if self._is_training:
            raise RuntimeError("another thread is training this model already")
        self._is_training = True
        try:
            self._train(sentences, progress)
        finally:
            self._is_training = False
        return self

    def _train(self, sentences: Any, progress: bool | None) -> None:
        corpus = self._read(sentences)
        vocabulary = corpus.vocabulary
        inputs, outputs = self.input_vectors, self.output_vectors
        # Kernels write between rows, too: to memory of others only through a copy.
        are_own = all(a is b for a, b in zip((inputs, outputs), self._own, strict=True))
        check_size(self.parameters, corpus, self._n_workers, with_matrices=not are_own)
        size, seed = self.parameters.vector_size, self.parameters.seed
        if inputs is None and outputs is None:
            inputs, outputs = matrices.initial(len(vocabulary), size, seed)
        inputs = matrices.checked(inputs, "input_vectors", len(vocabulary), size)
        outputs = matrices.checked(outputs, "output_vectors", len(vocabulary), size)
        if not (are_own and matrices.is_padded(inputs) and matrices.is_padded(outputs)):
            inputs, outputs = matrices.padded(inputs), matrices.padded(outputs)
        records = train(
            self.parameters,
            vocabulary,
            corpus,
            inputs,
            outputs,
            first_epoch=self.history[-1].epoch + 1 if self.history else 0,
            workers=self._n_workers,
            kernel=choose(self.kernel),
            progress=progress,
        )
        # Nothing that can be refused is left: from here on the model changes.
        self.vocabulary, self._corpus, self._sentences = vocabulary, corpus, None
        self.input_vectors, self.output_vectors = self._own = inputs, outputs
        self.history.extend(records)

    def _check_choice(self, sentences: Any) -> None:
        """Refuse a choice of the vocabulary where the corpus brings one."""
        is_encoded = isinstance(sentences, EncodedCorpus)
        if is_encoded and self.vocabulary is None and self._choice != Selection():
            raise ValueError(
                "an EncodedCorpus comes with its vocabulary, and min_count, max_vocab_size or "
                "vocabulary were given too; choose another one by fastw2v.encode(corpus, ...)"
            )

    def _read(self, sentences: Any) -> EncodedCorpus:
        """Return the corpus to train on, without changing the model."""
        if sentences is not None and self._sentences is not None:
            raise ValueError(
                "sentences were given to Model and to train as well: give them to one of the two"
            )
        source = self._sentences if sentences is None else sentences
        if source is None:
            if self.vocabulary is None or self._corpus is None:
                raise ValueError(
                    "there are no sentences to train on: give them to Model(sentences) or to "
                    "train(sentences). A loaded model comes without its corpus, and an iterator "
                    "whose reading failed is used up and must be given anew"
                )
            return self._corpus
        self._check_choice(source)
        if isinstance(source, Iterator):
            self._sentences = None  # whatever happens now, it can't be read from its start again
        choice = self._choice
        if self.vocabulary is not None:
            choice = Given(self.vocabulary)
        elif isinstance(source, EncodedCorpus):
            choice = Given(source.vocabulary)
        corpus = encode_for_training(
            source,
            choice,
            seed=self.parameters.seed if self.parameters.shuffle else None,
            budget=memory_budget(self.memory_limit),
            workers=self._n_workers,
        )
        sampled_share = corpus.vocabulary.sampled_share(self.parameters.sample)
        corpus = corpus.with_report(replace(corpus.report, sampled_share=sampled_share))
        logger.info("%s%s", corpus.report, "; in a file" if corpus.on_disk else "")
        return corpus

    @property
    def _n_workers(self) -> int:
        return available_cores() if self.workers is None else self.workers

    @property
    def report(self) -> CorpusReport | None:
        """What was read, and what of it is trained on; None until ``train`` has read it."""
        return None if self._corpus is None else self._corpus.report
