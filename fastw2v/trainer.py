"""The training loop: epochs, batches, learning-rate schedule, progress, history.

An epoch is one run of the threads in ``workers.py``, or several: for a checkpoint they end, and new
ones go on from the next token, as random numbers and learning rates follow from where a token
stands.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Generator
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from fastw2v._kernels.alias import AliasTable
from fastw2v._kernels.huffman import HuffmanTree
from fastw2v._kernels.kernel import Kernel
from fastw2v.clock import Clock
from fastw2v.corpus import EncodedCorpus
from fastw2v.hyperparameters import Hyperparameters
from fastw2v.team import Team, team_of
from fastw2v.validation import HeldOut
from fastw2v.vocabulary import Vocabulary
from fastw2v.workers import train_batches

logger = logging.getLogger("fastw2v")


@dataclass(frozen=True)
class EpochRecord:
    """What one epoch did.

    Attributes
    ----------
    epoch
        Counted from 0 over all calls of ``train``.
    loss
        Mean loss an example, as the epoch went: a (centre, context) pair for skip-gram, a centre
        for CBOW. With negative sampling, the sum over the positive and its negatives. Where
        sentences have weights, so have their examples in this mean. NaN where there was no example.
    examples
        How many examples there were, those of sentences with weight 0 left out.
    tokens
        Tokens read, before subsampling, those outside the vocabulary too; fewer than there are if
        ``max_seconds`` ended the epoch.
    seconds
        Wall-clock time, without what ``validation_loss`` took.
    lr
        Learning rate at the epoch's end.
    validation_loss
        Mean loss an example of the held-out sentences after the epoch, without a step on them; None
        where there were none.
    kept
        False if the epoch's training was undone, as ``patience`` gave back the matrices from before
        it: the last epoch that was kept is the best one, whose vectors the model has.
    """

    epoch: int
    loss: float
    examples: int
    tokens: int
    seconds: float
    lr: float
    validation_loss: float | None = None
    kept: bool = True

    @property
    def losses(self) -> dict[str, str]:
        """The losses that there are, by name, as they are shown."""
        named = {"loss": self.loss, "validation": self.validation_loss}
        return {name: f"{loss:.4f}" for name, loss in named.items() if loss is not None}

    @property
    def words_per_second(self) -> float:
        """Tokens read a second."""
        return self.tokens / self.seconds

    def as_dict(self) -> dict[str, Any]:
        """Return the record as plain numbers, for files."""
        return asdict(self)


@dataclass(frozen=True)
class Position:
    """Where a run of epochs stands between two batches: it can be taken up from there.

    Attributes
    ----------
    epoch, token
        The epoch, and the first of its tokens not trained on yet: a multiple of ``BLOCK``, and of
        ``ROUND`` where training is deterministic.
    loss, examples, weight
        The epoch's tallies so far, as ``Scratch`` has them.
    seconds
        What the epoch has taken so far.
    """

    epoch: int
    token: int = 0
    loss: float = 0.0
    examples: int = 0
    weight: float = 0.0
    seconds: float = 0.0


class Checkpoints(Protocol):
    """What is asked now and then whether it wants to copy the state, while nothing changes it."""

    def begin(self, done: int) -> None:
        """Hear that training begins, with so many tokens of the run done."""

    def stop_at(self) -> int:
        """Return how many tokens of the run are to be done when it next does."""

    def is_due(self, done: int) -> bool:
        """Return whether it does now, when so many tokens of the run are done."""

    def take(self, position: Position, done: int) -> None:
        """Copy the state, and return: training waits."""


class ProgressBar(tqdm):  # type: ignore[misc] # tqdm carries no types
    """tqdm without its monitor thread: this bar is looked after by a thread that never blocks."""

    monitor_interval = 0


def train(
    parameters: Hyperparameters,
    vocabulary: Vocabulary,
    corpus: EncodedCorpus,
    input_vectors: NDArray[np.float32],
    output_vectors: NDArray[np.float32],
    *,
    node_vectors: NDArray[np.float32] | None = None,
    input_rates: NDArray[np.float32] | None = None,
    first_epoch: int = 0,
    workers: int = 1,
    kernel: str = "blas",
    progress: bool | None = None,
    batch_tokens: int | None = None,
    start: Position | None = None,
    checkpoints: Checkpoints | None = None,
    held_out: HeldOut | None = None,
    clock: Clock | None = None,
    warns: bool = True,
) -> Generator[EpochRecord, None, None]:
    """Train both matrices in place, and yield a record after each epoch.

    All checks and allocations are done in this call, the training as the records are asked for.

    Parameters
    ----------
    parameters
        What to do; ``epochs`` of them.
    vocabulary, corpus
        The corpus's tokens are rows of the vocabulary; its sentences may have weights.
    input_vectors, output_vectors
        float32, (len(vocabulary), vector_size), from ``fastw2v.matrices``.
    node_vectors
        float32, of the same shape: with negative sampling, train by hierarchical softmax too, in
        the same steps, by the sum of both losses; these are then the Huffman tree's inner nodes.
    input_rates
        float32, (len(vocabulary),): what each input row's steps are multiplied by; None is 1.
    first_epoch
        The number of the first epoch: random numbers are keyed by it.
    workers
        Threads, at the most: no more than there are batches. With one, or where training is
        deterministic, the same input gives the same bits.
    kernel
        The name of one that this processor can run.
    progress
        True shows a progress bar, False none, None one where standard error is a terminal.
    batch_tokens
        Tokens that a thread takes at a time, rounded up to whole blocks or rounds; None chooses.
        It affects speed only.
    start
        Where to take up a run that was left; None is its beginning.
    checkpoints
        What is to be given the state now and then: see ``fastw2v.checkpoints``.
    held_out
        Sentences, with the same matrices, whose loss each record gets.
    clock
        The learning rate falls as far as the share of its time that has gone by, at least; when all
        has, training ends, also within an epoch.
    warns
        Whether to warn where subsampling leaves nothing to train on.

    Returns
    -------
    generator of EpochRecord
        One after each epoch. All threads have ended whenever it yields or raises.
    """
    corpus.check_file()
    keep_probability = vocabulary.keep_probability(parameters.sample)
    if not first_epoch and start is None:
        _warn_of_subsampling(vocabulary, parameters.sample)
    noise = tree = None
    if parameters.objective == "negative_sampling":
        noise = AliasTable(vocabulary.noise_weights(parameters.ns_exponent))
    if parameters.objective == "hierarchical_softmax" or node_vectors is not None:
        tree = HuffmanTree(vocabulary.counts)
    steps = Kernel(
        parameters,
        corpus.tokens,
        corpus.offsets,
        keep_probability=keep_probability,
        noise=noise,
        tree=tree,
        weights=corpus.weights,
        input_rates=input_rates,
        input_vectors=input_vectors,
        output_vectors=output_vectors,
        node_vectors=node_vectors,
        first_epoch=first_epoch,
        epochs=parameters.epochs,
        kernel=kernel,
        release=corpus.release if corpus.on_disk else None,
    )
    run = _Run(
        team=team_of(steps, parameters, corpus, workers, batch_tokens),
        parameters=parameters,
        corpus=corpus,
        first_epoch=first_epoch,
        checkpoints=checkpoints,
        held_out=held_out,
        clock=Clock(None) if clock is None else clock,
        warns=warns,
    )
    return run.epochs(Position(first_epoch) if start is None else start, progress)


@dataclass(frozen=True)
class _Run:
    """A run of epochs: what its threads need, and who wants to copy the state."""

    team: Team
    parameters: Hyperparameters
    corpus: EncodedCorpus
    first_epoch: int
    checkpoints: Checkpoints | None
    held_out: HeldOut | None
    clock: Clock
    warns: bool

    def epochs(self, start: Position, progress: bool | None) -> Generator[EpochRecord, None, None]:
        """Train from a position on, and yield a record after each epoch."""
        disable = None if progress is None else not progress
        epochs = range(self.first_epoch, self.first_epoch + self.parameters.epochs)
        total = len(epochs) * self.corpus.raw_tokens
        with ProgressBar(total=total, disable=disable, unit=" words", unit_scale=True) as bar:
            self._show(bar, start.epoch, start.token)
            if self.checkpoints is not None:
                self.checkpoints.begin(self._done(start.epoch, start.token))
            for epoch in range(start.epoch, epochs.stop):
                yield self._epoch(start if epoch == start.epoch else Position(epoch), bar)
                if self.clock.is_over:
                    logger.info("training ends with epoch %d: max_seconds are over", epoch)
                    return

    def _epoch(self, start: Position, bar: ProgressBar) -> EpochRecord:
        """Train for what is left of an epoch, stopping for checkpoints."""
        began = time.perf_counter() - start.seconds
        first, *others = self.team.scratches
        first.reset(start.loss, start.examples, start.weight)
        for scratch in others:
            scratch.reset()
        epoch, token, n_tokens = start.epoch, start.token, len(self.corpus.tokens)
        while token < n_tokens:
            if self._is_due(epoch, token):
                self._take(Position(epoch, token, seconds=time.perf_counter() - began))
            token = self._stretch(epoch, token, bar)
            if self.clock.is_over:
                break
        self._show(bar, epoch, token)
        tallies, seconds = self._tallies(), time.perf_counter() - began
        fall = self.parameters.alpha - self.parameters.min_alpha
        planned = self.parameters.epochs * n_tokens
        progress = max(self._done(epoch, token) / planned, self.clock.progress)
        record = EpochRecord(
            epoch=epoch,
            loss=tallies["loss"] / tallies["weight"] if tallies["examples"] else math.nan,
            examples=tallies["examples"],
            tokens=round(self.corpus.raw_tokens * token / n_tokens),
            seconds=seconds,
            lr=self.parameters.alpha - fall * progress,
            validation_loss=None if self.held_out is None else self.held_out.loss(),
        )
        bar.set_postfix(record.losses)
        _log(record, self.parameters, self.corpus, self.warns)
        return record

    def _stretch(self, epoch: int, token: int, bar: ProgressBar) -> int:
        """Train from a token on until the epoch ends or a checkpoint is due; return how far."""
        end = len(self.corpus.tokens)
        if self.checkpoints is not None:
            stop = self.checkpoints.stop_at() - self._done(epoch, 0)
            if stop > token:  # else it waits until the last one is written, and ``poll`` sees that
                unit = self.team.unit
                end = min(end, max(token + self.team.batch_tokens, -(-stop // unit) * unit))
        batches = self.team.batches(token, end, self.clock)

        def poll(done: int) -> None:
            self._show(bar, epoch, token + done)
            if self._is_due(epoch, token + done):
                batches.close()

        train_batches(
            *(self.team.steps, self.team.seats, epoch, batches),
            release=self.corpus.release,
            poll=poll,
        )
        return batches.next

    def _done(self, epoch: int, token: int) -> int:
        """Return how many tokens of the run are done."""
        return (epoch - self.first_epoch) * len(self.corpus.tokens) + token

    def _is_due(self, epoch: int, token: int) -> bool:
        return self.checkpoints is not None and self.checkpoints.is_due(self._done(epoch, token))

    def _take(self, position: Position) -> None:
        assert self.checkpoints is not None
        done = self._done(position.epoch, position.token)
        self.checkpoints.take(replace(position, **self._tallies()), done)

    def _tallies(self) -> dict[str, Any]:
        """Return the sums over all threads, by the names that ``Position`` has for them."""
        return {
            "loss": sum(scratch.loss for scratch in self.team.scratches),
            "examples": sum(scratch.n_examples for scratch in self.team.scratches),
            "weight": sum(scratch.weight for scratch in self.team.scratches),
        }

    def _show(self, bar: ProgressBar, epoch: int, token: int) -> None:
        """Bring the bar, which counts tokens as read, to a place in the run."""
        share = self.corpus.raw_tokens / len(self.corpus.tokens)
        bar.update(round(self._done(epoch, token) * share) - bar.n)


def _log(
    record: EpochRecord, parameters: Hyperparameters, corpus: EncodedCorpus, warns: bool
) -> None:
    """Say how an epoch went, and what is wrong with it."""
    logger.info(
        "epoch %d: %s, %.0f words/s, %.1f s",
        *(record.epoch, ", ".join(" ".join(item) for item in record.losses.items())),
        *(record.words_per_second, record.seconds),
    )
    if record.loss >= 10 * _untrained_loss(parameters, corpus):  # NaN is an error: see health.py
        logger.warning(
            "epoch %d: the loss is %g: training diverged; lower alpha (it is %g), or negative or "
            "window where they are large",
            *(record.epoch, record.loss, parameters.alpha),
        )
    if not record.examples and warns:
        logger.warning(
            "epoch %d had nothing to train on: no two tokens of a sentence were left after "
            "subsampling; use sample=0",
            record.epoch,
        )


def _untrained_loss(parameters: Hyperparameters, corpus: EncodedCorpus) -> float:
    """Return about what an example's loss is where all vectors are zero."""
    if parameters.objective == "negative_sampling":
        return (1 + parameters.negative) * math.log(2)
    return math.log(1 + len(corpus.vocabulary))


def _warn_of_subsampling(vocabulary: Vocabulary, sample: float) -> None:
    """Say so where subsampling drops most of the corpus: right for no text, and a usual mistake."""
    share = vocabulary.sampled_share(sample)
    if share < 0.5:
        logger.warning(
            "subsampling keeps only %.0f %% of the tokens, as each of the vocabulary's %d words is "
            "frequent; sample=0 keeps all",
            *(100 * share, len(vocabulary)),
        )
