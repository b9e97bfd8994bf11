"""``ReadingModel``: from what a caller gives as sentences to the corpus that is trained on.

A call reads and checks everything before the model changes. How a vocabulary grows is in
``growing.py``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from fastw2v.corpus import (
    CorpusReport,
    EncodedCorpus,
    encode_for_training,
    memory_budget,
    source_of,
)
from fastw2v.corpus.weights import checked_weights
from fastw2v.growing import next_choice
from fastw2v.hyperparameters import Hyperparameters
from fastw2v.initialization import InitialVectors
from fastw2v.model_state import ModelState
from fastw2v.resources import available_cores
from fastw2v.vocabulary import Choice, Given, Selection, Vocabulary

logger = logging.getLogger("fastw2v")


class ReadingModel(ModelState):
    """A model that reads sentences; ``Model`` documents the options."""

    def __init__(
        self,
        parameters: Hyperparameters,
        sentences: Any,
        choice: Choice,
        *,
        init: InitialVectors | None,
        workers: int | None,
        kernel: str,
        memory_limit: int | None,
    ) -> None:
        super().__init__(parameters, init)
        self.workers, self.kernel, self.memory_limit = workers, kernel, memory_limit
        self._choice = choice
        if sentences is not None:
            self._check_choice(sentences)
            if not isinstance(sentences, EncodedCorpus):
                source_of(sentences)  # refuses now what can't be a corpus
        self._sentences = sentences
        self._corpus: EncodedCorpus | None = None

    def _refuse_another_tree(self) -> None:
        """Refuse new counts where they would change what trained output vectors stand for."""
        is_tree = self.parameters.objective == "hierarchical_softmax"
        if is_tree and self.vocabulary is not None and np.any(self.output_vectors):
            raise ValueError(
                "with hierarchical softmax a trained model's vocabulary can't grow: other counts "
                "make another Huffman tree, and the output vectors were learned for the nodes of "
                "this one. Train a new Model on all sentences, with init=model.wv to begin with "
                "this one's vectors, or use objective='negative_sampling'"
            )

    def _check_choice(self, sentences: Any) -> None:
        """Refuse a choice of the vocabulary where the corpus brings one."""
        is_encoded = isinstance(sentences, EncodedCorpus)
        if is_encoded and self.vocabulary is None and self._choice != Selection():
            raise ValueError(
                "an EncodedCorpus comes with its vocabulary, and min_count, max_vocab_size or "
                "vocabulary were given too; choose another one by fastw2v.encode(corpus, ...)"
            )

    def _next_choice(self, whole: Vocabulary | None) -> Choice:
        p = self.parameters
        selection = Selection(p.min_count, p.max_vocab_size)
        return next_choice(self.vocabulary, self._choice, selection, whole)

    def _read(self, sentences: Any, *, grows: bool = False, weights: Any = None) -> EncodedCorpus:
        """Return the corpus to train on, without changing the model."""
        if sentences is not None and self._sentences is not None:
            raise ValueError(
                "sentences were given to Model, which train() reads, and others here as well: give "
                "them to one of the two"
            )
        source = self._sentences if sentences is None else sentences
        if source is None:
            if weights is not None:
                raise ValueError(
                    "weights were given without sentences: those read before may be in another "
                    "order by now, and keep the weights that they came with; give both anew"
                )
            return self._read_already(grows)
        if grows:
            self._refuse_another_tree()
        self._check_choice(source)
        if isinstance(source, Iterator):
            self._sentences = None  # whatever happens now, it can't be read from its start again
        whole = None
        if isinstance(source, EncodedCorpus):
            if grows and self.vocabulary is not None:
                source = source.with_own_counts()
            whole = source.vocabulary
        if grows or self.vocabulary is None:
            choice = self._next_choice(whole)
        else:
            choice = Given(self.vocabulary)
        corpus = encode_for_training(
            source,
            choice,
            seed=self.parameters.seed if self.parameters.shuffle else None,
            budget=memory_budget(self.memory_limit),
            workers=self._n_workers,
            weights=weights,
        )
        corpus = self._reported(corpus)
        if isinstance(source, EncodedCorpus):
            given = source if weights is None else source.with_weights(checked_weights(weights))
            corpus.origin = given.fingerprint
        logger.info("%s%s", corpus.report, "; in a file" if corpus.on_disk else "")
        return corpus

    def _read_already(self, grows: bool) -> EncodedCorpus:
        if grows:
            raise ValueError(
                "there are no sentences to count: give them to grow_vocabulary(sentences); those "
                "that were read before are counted already"
            )
        if self.vocabulary is None or self._corpus is None:
            raise ValueError(
                "there are no sentences to train on: give them to Model(sentences) or to "
                "train(sentences). A loaded model comes without its corpus, and an iterator "
                "whose reading failed is used up and must be given anew"
            )
        return self._corpus

    def _reported(self, corpus: EncodedCorpus) -> EncodedCorpus:
        """Return the corpus, its report with what subsampling leaves."""
        sampled_share = corpus.vocabulary.sampled_share(self.parameters.sample)
        return corpus.with_report(replace(corpus.report, sampled_share=sampled_share))

    @property
    def _n_workers(self) -> int:
        return available_cores() if self.workers is None else self.workers

    @property
    def report(self) -> CorpusReport | None:
        """What was read, and what of it is trained on; None until something was read."""
        return None if self._corpus is None else self._corpus.report
