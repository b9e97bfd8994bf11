"""``TrainableModel``: from sentences to trained matrices, and never half of the way.

A call reads and checks everything, and allocates everything, before the model changes. What is read
becomes an ``EncodedCorpus``; how a vocabulary grows is in ``growing.py``, the loop over epochs in
``trainer.py``.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from fastw2v.callbacks import Callback, call, checked_callbacks
from fastw2v.clock import Clock
from fastw2v.corpus import (
    CorpusReport,
    EncodedCorpus,
    encode_for_training,
    memory_budget,
    source_of,
)
from fastw2v.dispatch import choose
from fastw2v.growing import Tally, next_choice
from fastw2v.health import Health
from fastw2v.hyperparameters import Hyperparameters
from fastw2v.initialization import InitialVectors
from fastw2v.input_rates import check_rates, rates_of_rows
from fastw2v.model_state import Matrix, ModelState
from fastw2v.resources import available_cores
from fastw2v.stopping import BestMatrices, Limits, checked_limits
from fastw2v.trainer import train
from fastw2v.validation import HeldOut, hold_out
from fastw2v.vocabulary import Choice, Given, Selection, Vocabulary

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
        self._is_training = False

    def train(
        self: Self,
        sentences: Any = None,
        *,
        weights: Any = None,
        input_rates: Any = None,
        epochs: int | None = None,
        alpha: float | None = None,
        min_alpha: float | None = None,
        callback: Callback | Sequence[Callback] | None = None,
        validation: Any = None,
        patience: int | None = None,
        max_seconds: float | None = None,
        progress: bool | None = None,
    ) -> Self:
        """Count, encode and train; return the model.

        The first call makes the vocabulary. Later calls train for another ``epochs`` epochs, with
        the learning rate falling from ``alpha`` again: on the same corpus, or on new ``sentences``,
        whose tokens outside the vocabulary are dropped (``partial_fit`` adds them to it).

        Parameters
        ----------
        sentences
            As for ``Model``; needed here if they were not given there.
        weights
            What each sentence's objective is multiplied by, and so its gradients and its loss: a
            1-D array of finite numbers of at least 0, one for each sentence that has a token
            (empty sentences and blank lines have none), in the order of the sentences. With 0 a
            sentence is no example, but still counts for the vocabulary. They are read with the
            sentences, and stay with them in later calls without new ones. None is 1 for all, or
            what ``fastw2v.encode`` was given.
        input_rates
            What the steps of each input vector are multiplied by, in this call: a mapping from keys
            to finite numbers of at least 0, with 1 for all other keys; or a 1-D array of one for
            each key, in the vocabulary's order. With 0 a vector is frozen and keeps its bits:
            ``input_rates=dict.fromkeys(keys, 0)``. Others learn from it as from any other, and
            output vectors, these keys' too, learn as always: they fit the frozen vectors to the
            sentences. (Gensim's ``vectors_lockf``.)
        epochs, alpha, min_alpha
            Of this call alone; None takes the model's.
        callback
            Called after each epoch as ``callback(model, record)``, with the epoch's
            ``EpochRecord``, or a list of such. It runs in the thread that called ``train``, while
            no other works on the model, whose matrices, ``wv`` and ``history`` are as the epoch
            left them: it may evaluate or save the model, and write into the matrices, but not train
            it. If one returns True, training ends there.
        validation
            Sentences to judge each epoch by, which are not trained on: whatever ``Model`` takes,
            without the tokens outside the vocabulary; or a share of the training sentences, above 0
            and below 1. The seed chooses these; the vocabulary has their words all the same, and a
            call without ``validation`` trains on them. Their mean loss an example is each record's
            ``validation_loss``, in the progress bar and in the log: the objective itself, on
            windows and noise words that are drawn once, so it changes as the model does and with
            nothing else, whatever the number of workers. It costs what training on them would.
        patience
            End the training when the validation loss has not fallen for so many epochs, and give
            back the matrices with which it was lowest, however training ends (but for an
            exception); those from before this call too. The epochs that this undoes have
            ``kept=False`` in ``history``: the last one that was kept was the best. Copies of both
            matrices are kept for it, as many bytes as these once more.
        max_seconds
            Let the training take no longer, with validation and callbacks, from when the sentences
            have been read. The learning rate falls by the share of the tokens that is done, or of
            the time that is gone if that is more, so it ends at ``min_alpha``, within an epoch too;
            ``epochs`` is the most there can be. A last validation that takes longer than those
            before, and the last callbacks, come on top. With it, a seed does not give the same
            bits again.
        progress
            True shows a progress bar, False none, None one where standard error is a terminal.

        Raises
        ------
        TypeError, ValueError, OSError
            If the sentences can't be read, or weights or rates do not fit; the model is then as it
            was before. An iterator is used up, and must be given anew.
        KeyError
            For a key of ``input_rates`` that is not in the vocabulary.
        MemoryError
            If the matrices would not fit, before they are allocated.
        FloatingPointError
            If an epoch, or a callback, leaves NaN or infinity in the vectors, with the key, before
            callbacks see it. The matrices are left as they are, and ``history`` has the epoch.
        KeyboardInterrupt
            On Ctrl-C, with all threads ended. The matrices keep what was learned so far, and
            ``history`` the finished epochs.
        Exception
            What a callback raises, with all finished epochs kept.
        """
        parameters = self._parameters_for(epochs, alpha, min_alpha)
        callbacks = checked_callbacks(callback)
        limits = checked_limits(validation, patience, max_seconds)
        check_rates(input_rates)
        with self._alone():
            corpus = self._read(sentences, weights=weights)
            self._run(corpus, parameters, input_rates, callbacks, limits, progress)
        return self

    def partial_fit(
        self: Self,
        sentences: Any,
        *,
        weights: Any = None,
        input_rates: Any = None,
        epochs: int | None = None,
        alpha: float | None = None,
        min_alpha: float | None = None,
        callback: Callback | Sequence[Callback] | None = None,
        validation: Any = None,
        patience: int | None = None,
        max_seconds: float | None = None,
        progress: bool | None = None,
    ) -> Self:
        """Grow the vocabulary by new sentences and train on these; return the model.

        The same as ``grow_vocabulary(sentences)`` and ``train(...)``, but all or nothing: when it
        can't begin to train, the vocabulary has not grown. The first call on a model without a
        vocabulary is ``train(sentences)``.

        New sentences alone pull the vectors of frequent words towards themselves; a lower ``alpha``
        than the default's, or few ``epochs``, keep more of what was learned before.

        Parameters
        ----------
        sentences
            As for ``Model``.
        weights, input_rates, epochs, alpha, min_alpha, callback, progress
            As for ``train``; an array of rates has one for each key of the vocabulary once grown.
        validation, patience, max_seconds
            As for ``train``; a share is one of the new sentences.

        Raises
        ------
        ValueError
            For hierarchical softmax, see ``grow_vocabulary``.
        Exception
            As for ``train``.

        Examples
        --------
        >>> import fastw2v
        >>> model = fastw2v.Model(min_count=1, vector_size=8, sample=0, workers=1)
        >>> wv = model.partial_fit([["a", "b"]] * 9).wv
        >>> model.partial_fit([["c", "a"]] * 9, epochs=2)
        <fastw2v.Model: skipgram, negative_sampling, 3 keys, 7 epochs>
        >>> wv.index_to_key, wv.counts.tolist()
        (['a', 'b', 'c'], [18, 9, 9])
        """
        parameters = self._parameters_for(epochs, alpha, min_alpha)
        callbacks = checked_callbacks(callback)
        limits = checked_limits(validation, patience, max_seconds)
        if sentences is None:
            raise ValueError("partial_fit needs new sentences; train() goes on with the last ones")
        check_rates(input_rates)
        with self._alone():
            corpus = self._read(sentences, grows=True, weights=weights)
            self._run(corpus, parameters, input_rates, callbacks, limits, progress)
        return self

    def grow_vocabulary(self: Self, sentences: Any = None) -> Self:
        """Count sentences, add their new keys to the vocabulary, and don't train; return the model.

        On a model without a vocabulary this makes it, with the initial matrices. Otherwise new keys
        get rows behind those that are there, whose vectors and places stay as they are, and counts
        add up: subsampling and noise words then follow the totals. ``wv``, also one taken before,
        has the new keys. New rows begin as they would in a new model, from ``init`` or the seed.

        Parameters
        ----------
        sentences
            As for ``Model``; ``train()`` then trains on them. A new key joins if it occurs
            ``min_count`` times in them (what was left out before does not count), the most frequent
            first, until there are ``max_vocab_size`` keys. None takes those that the model was
            given. Or counts without sentences: a ``Vocabulary``, such as ``fastw2v.count``
            returns, or a mapping from keys to counts. Of these, and of an ``EncodedCorpus``, all
            keys join. With ``vocabulary="identity"``, rows up to the largest new integer join.

        Raises
        ------
        ValueError
            For hierarchical softmax, once trained: other counts make another tree, for whose inner
            nodes the output vectors were not learned. Train a new model on all sentences then; with
            ``init=model.wv`` it begins with the vectors of this one.
        Exception
            As for ``train``.
        """
        with self._alone():
            if isinstance(sentences, Vocabulary | Mapping):
                self._count(sentences)
            else:
                corpus = self._read(sentences, grows=True)
                longest = corpus.report.longest_sentence
                grown = self._matrices_for(corpus.vocabulary, self._n_workers, longest)
                self._become(corpus.vocabulary, *grown)
                self._corpus, self._sentences = corpus, None
        return self

    def _count(self, given: Vocabulary | Mapping[Hashable, int]) -> None:
        """Grow the vocabulary by counts; the corpus, if there is one, stays."""
        self._refuse_another_tree()
        counted = Tally(given)
        vocabulary, _ = self._next_choice(counted.vocabulary).choose(counted)
        corpus = self._corpus
        if corpus is not None:
            corpus = self._reported(corpus.with_vocabulary(vocabulary))
        longest = 0 if corpus is None else corpus.report.longest_sentence
        grown = self._matrices_for(vocabulary, self._n_workers, longest)
        self._become(vocabulary, *grown)
        self._corpus = corpus

    def _run(
        self,
        corpus: EncodedCorpus,
        parameters: Hyperparameters,
        input_rates: Any,
        callbacks: Sequence[Callback],
        limits: Limits,
        progress: bool | None,
    ) -> None:
        """Train on a corpus whose vocabulary is the model's, or becomes it."""
        clock = Clock(limits.max_seconds)
        vocabulary, longest = corpus.vocabulary, corpus.report.longest_sentence
        rates = rates_of_rows(input_rates, vocabulary)
        inputs, outputs = self._matrices_for(vocabulary, self._n_workers, longest)
        health = Health(parameters, vocabulary, inputs, outputs)
        health.check_before()
        training, held_out, best = corpus, None, None
        if limits.validation is not None:
            training, held_out = self._hold_out(corpus, limits.validation, inputs, outputs)
            clock.reserve(held_out.seconds)
        if held_out is not None and limits.patience is not None:
            best = BestMatrices(limits.patience, held_out.untrained_loss, inputs, outputs)
        records = train(
            parameters,
            vocabulary,
            training,
            inputs,
            outputs,
            input_rates=rates,
            first_epoch=self.history[-1].epoch + 1 if self.history else 0,
            workers=self._n_workers,
            kernel=choose(self.kernel),
            progress=progress,
            held_out=held_out,
            clock=clock,
        )
        # Nothing that can be refused is left: from here on the model changes.
        self._become(vocabulary, inputs, outputs)
        self._corpus, self._sentences = corpus, None
        with closing(records):
            for record in records:
                self.history.append(record)
                health.check_after(record)
                ends = best is not None and best.ends(record)
                ends = call(callbacks, self, record) or ends
                if callbacks:
                    self._check_callbacks(health, record.epoch)
                if ends:
                    break
        if best is not None:
            best.give_back(self.history)

    def _hold_out(
        self, corpus: EncodedCorpus, validation: Any, inputs: Matrix, outputs: Matrix
    ) -> tuple[EncodedCorpus, HeldOut]:
        """Return what to train on, and the held-out sentences, which judge the matrices."""
        training, held_out = hold_out(
            corpus,
            validation,
            seed=self.parameters.seed,
            budget=memory_budget(self.memory_limit),
            workers=self._n_workers,
        )
        judge = HeldOut(
            self.parameters,
            corpus.vocabulary,
            held_out,
            inputs,
            outputs,
            workers=self._n_workers,
            kernel=choose(self.kernel),
        )
        return training, judge

    def _check_callbacks(self, health: Health, epoch: int) -> None:
        """Refuse what callbacks may not leave behind."""
        matrices = health.input_vectors, health.output_vectors
        if self.input_vectors is not matrices[0] or self.output_vectors is not matrices[1]:
            raise RuntimeError(
                "a callback put another matrix in the place of the one being trained: "
                "write into it, as in model.input_vectors[:] = ..."
            )
        health.check_callbacks(epoch)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Refuse a second call while one changes the model."""
        if self._is_training:
            raise RuntimeError("another call is training this model already: wait for its end")
        self._is_training = True
        try:
            yield
        finally:
            self._is_training = False

    def _parameters_for(
        self, epochs: int | None, alpha: float | None, min_alpha: float | None
    ) -> Hyperparameters:
        """Return the model's settings with what one call gives instead."""
        changes: dict[str, Any] = {"epochs": epochs, "alpha": alpha, "min_alpha": min_alpha}
        changes = {name: value for name, value in changes.items() if value is not None}
        return replace(self.parameters, **changes)

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
