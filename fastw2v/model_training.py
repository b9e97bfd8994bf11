"""``TrainableModel``: from sentences to trained matrices, and never half of the way.

A call reads and checks everything, and allocates everything, before the model changes. The loop
over epochs is in ``trainer.py``; what it takes to go on after the process has ended, in
``checkpoints.py``.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from typing import Any, TypeVar

from fastw2v import checkpoint_file
from fastw2v.callbacks import Callback, checked_callbacks
from fastw2v.checkpoint_file import Checkpoint, Run
from fastw2v.checkpoints import Checkpoints, Plan, plan_of
from fastw2v.checks import optional_number
from fastw2v.clock import Clock
from fastw2v.corpus import EncodedCorpus, memory_budget
from fastw2v.dispatch import choose
from fastw2v.formats.files import PREVIOUS
from fastw2v.growing import Tally
from fastw2v.hyperparameters import Hyperparameters
from fastw2v.input_rates import check_rates, rates_of_rows
from fastw2v.model_file import StoredModel
from fastw2v.model_reading import ReadingModel
from fastw2v.model_state import Matrix
from fastw2v.provenance import TrainedCorpus, with_another
from fastw2v.stopping import NO_LIMITS, Limits, Watch, checked_limits, refuse_with_checkpoints
from fastw2v.trainer import train
from fastw2v.vocabulary import Identity, Vocabulary

Self = TypeVar("Self", bound="TrainableModel")


class TrainableModel(ReadingModel):
    """A model that reads sentences and trains on them; ``Model`` documents the options."""

    _is_training = False

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
        checkpoint: str | os.PathLike[str] | None = None,
        every: int | str | None = None,
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
            the time that is gone if that is more, so it ends at ``min_alpha``, within an epoch too
            (or near it, where time ends in a validation or a callback); ``epochs`` is the most
            there can be. A last validation that takes longer than the one before training, and the
            last callbacks, come on top. With it, a seed does not give the same bits again.
        checkpoint, every
            A file to write the state of the run to, now and then and beside training, which waits
            only while the matrices are copied; ``Model.resume`` goes on from it, also where the
            process was killed. ``every`` is a time such as ``"30s"``, ``"10min"`` (the default) or
            ``"2h"``, or a number of the vocabulary's tokens. The one before stays as
            ``FILE.previous``, and both when training ends: remove them when the model is saved. A
            file that can't be written, as the disk is full, ends the training with an OSError that
            names it; the model keeps what it has learned, and the checkpoints that are there stay.
            A checkpoint of another model's training is not replaced, but refused.
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
        refuse_with_checkpoints(limits, checkpoint)
        check_rates(input_rates)
        plan = plan_of(checkpoint, every, self._owner)
        with self._alone():
            corpus = self._read(sentences, weights=weights)
            self._run(corpus, parameters, input_rates, callbacks, progress, limits, plan)
        return self

    @classmethod
    def resume(
        cls: type[Self],
        path: str | os.PathLike[str],
        sentences: Any,
        *,
        weights: Any = None,
        callback: Callback | Sequence[Callback] | None = None,
        every: int | str | None = None,
        workers: int | None = None,
        kernel: str | None = None,
        memory_limit: int | None = None,
        progress: bool | None = None,
    ) -> Self:
        """Go on with a run of ``train`` or ``partial_fit`` from its checkpoint; return the model.

        It goes on at the batch where the checkpoint was made, with the same random numbers and
        learning rates, and trains to the end that was planned. With one worker (and the same kernel
        on the same kind of processor) the result is that of a run that was never interrupted, bit
        for bit. Settings, ``input_rates`` too, come from the checkpoint, and go on being written
        to it.

        Parameters
        ----------
        path
            The checkpoint. Where there is none, but a ``PATH.previous``, that one.
        sentences, weights
            The same again, which the checkpoint does not have, in the same order: those that were
            given to ``Model``, ``train`` or ``partial_fit``. An iterator must be made anew. What
            can't be made again, such as a stream, should be encoded and saved before it is trained
            on (``fastw2v.encode(stream).save("corpus.f2v")``); then give
            ``fastw2v.EncodedCorpus.open("corpus.f2v")`` both times.
        callback, progress
            As for ``train``.
        every, workers, kernel
            As for ``train`` and ``Model``; None takes what they were.
        memory_limit
            As for ``Model``.

        Raises
        ------
        FileNotFoundError, ValueError
            If there is no checkpoint, or if it is damaged; if these are not the same sentences or
            weights.
        Exception
            As for ``train``.
        """
        callbacks = checked_callbacks(callback)
        workers = optional_number("workers", workers, least=1)
        memory_budget(memory_limit)
        if sentences is None:
            raise ValueError("a checkpoint has no sentences: give those that it was training on")
        saved = checkpoint_file.read(path)
        plan = plan_of(
            os.fspath(path).removesuffix(PREVIOUS),
            saved.run.every if every is None else every,
            saved.run.owner,
        )
        model = cls._of(saved.model)
        model._owner = saved.run.owner
        model.kernel, model.memory_limit = kernel or saved.run.kernel, memory_limit
        if workers is not None:
            model.workers = workers
        choose(model.kernel)
        run = saved.run
        parameters = model._parameters_for(run.epochs, run.alpha, run.min_alpha)
        with model._alone():
            corpus = model._read(sentences, weights=weights)
            checkpoint_file.check_same(saved.corpus, corpus)
            model._run(
                *(corpus, parameters, saved.input_rates, callbacks, progress),
                *(NO_LIMITS, plan, saved),
            )
        return model

    @classmethod
    def _of(cls: type[Self], stored: StoredModel) -> Self:
        """Make a model of what a file has; ``Model`` does it."""
        raise NotImplementedError

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
        checkpoint: str | os.PathLike[str] | None = None,
        every: int | str | None = None,
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
        weights, input_rates, epochs, alpha, min_alpha, callback, checkpoint, every, progress
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
        refuse_with_checkpoints(limits, checkpoint)
        if sentences is None:
            raise ValueError("partial_fit needs new sentences; train() goes on with the last ones")
        check_rates(input_rates)
        plan = plan_of(checkpoint, every, self._owner)
        with self._alone():
            corpus = self._read(sentences, grows=True, weights=weights)
            self._run(corpus, parameters, input_rates, callbacks, progress, limits, plan)
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
        progress: bool | None,
        limits: Limits,
        plan: Plan | None = None,
        saved: Checkpoint | None = None,
    ) -> None:
        """Train on a corpus whose vocabulary is the model's, or becomes it.

        With checkpoints by a plan; from the one that was saved on, if there is one.
        """
        clock = Clock(limits.max_seconds)
        vocabulary, longest = corpus.vocabulary, corpus.report.longest_sentence
        rates = rates_of_rows(input_rates, vocabulary)
        inputs, outputs = self._matrices_for(vocabulary, self._n_workers, longest)
        kernel, budget = choose(self.kernel), memory_budget(self.memory_limit)
        watch = Watch(parameters, corpus, inputs, outputs, limits, clock)
        watch.begin(budget=budget, workers=self._n_workers, kernel=kernel)
        first_epoch = self.history[-1].epoch + 1 if self.history else 0
        if saved is not None:
            first_epoch = saved.run.first_epoch
        fingerprint = corpus.origin or corpus.fingerprint
        new = TrainedCorpus.now(first_epoch, corpus.report, fingerprint)
        corpora = with_another(self._corpora, new)
        checkpoints = None
        if plan is not None:
            p = parameters
            run = Run(
                p.epochs, p.alpha, p.min_alpha, first_epoch, self.kernel, plan.every, self._owner
            )
            model = self._stored(vocabulary, inputs, outputs)._replace(corpora=corpora)
            checkpoints = Checkpoints(plan.path, run, model, corpus, rates)
        records = train(
            parameters,
            vocabulary,
            watch.training,
            inputs,
            outputs,
            input_rates=rates,
            first_epoch=first_epoch,
            workers=self._n_workers,
            kernel=kernel,
            progress=progress,
            held_out=watch.held_out,
            clock=clock,
            start=None if saved is None else saved.position,
            checkpoints=checkpoints,
        )
        # Nothing that can be refused is left: from here on the model changes.
        self._become(vocabulary, inputs, outputs)
        self._remember(corpora)
        self._corpus, self._sentences = corpus, None
        with closing(records), checkpoints or nullcontext():
            for record in records:
                self.history.append(record)
                if watch.ends(record, self, callbacks):
                    break
        watch.end(self.history)

    def _stored(self, vocabulary: Vocabulary, inputs: Matrix, outputs: Matrix) -> StoredModel:
        """Return what a file keeps of the model, once these are its vocabulary and matrices."""
        is_identity = isinstance(self._choice, Identity)
        return StoredModel(
            *(self.parameters, self.workers, is_identity, vocabulary, inputs, outputs),
            *(self.history, self._corpora),
        )

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
