"""Held-out sentences: which they are, and the loss that a model has on them.

The loss is the objective itself, computed by the kernel that trains, at a learning rate of 0: it
then changes no value. Windows and noise words are drawn once and for all, so two epochs differ only
by what was learned between them; and batches are added up in their order, however many threads
there are.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v._kernels.alias import AliasTable
from fastw2v._kernels.huffman import HuffmanTree
from fastw2v._kernels.kernel import BLOCK, Kernel, Scratch
from fastw2v._kernels.rng import HELD_OUT_SENTENCES, HELD_OUT_WINDOWS, fill_uniform
from fastw2v.corpus import EncodedCorpus, encode_for_training, source_of
from fastw2v.estimate import scratch_bytes
from fastw2v.hyperparameters import LEAST_ALPHA, Hyperparameters
from fastw2v.resources import require_memory
from fastw2v.vocabulary import Given, Vocabulary
from fastw2v.workers import Batches, train_batches

logger = logging.getLogger("fastw2v")

BATCH_BLOCKS = 16  # always as many, as sums must not depend on the number of threads


def check_validation(validation: Any) -> None:
    """Refuse what can be neither a share nor sentences, before anything is read.

    Raises
    ------
    TypeError, ValueError, FileNotFoundError
        With the way out.
    """
    if isinstance(validation, Real) and not isinstance(validation, bool):
        if not 0 < float(validation) < 1:
            raise ValueError(
                f"validation must be a share of the sentences, above 0 and below 1, or sentences, "
                f"not {validation}"
            )
    elif validation is not None and not isinstance(validation, EncodedCorpus):
        source_of(validation)


def hold_out(
    corpus: EncodedCorpus, validation: Any, *, seed: int, budget: int, workers: int
) -> tuple[EncodedCorpus, EncodedCorpus]:
    """Return what to train on, and what is held out.

    A share of the corpus is not copied: both are the whole, with weights of 0 for the sentences
    that belong to the other.

    Parameters
    ----------
    corpus
        What was read to train on.
    validation
        A share of its sentences, which the seed chooses, or sentences of their own.
    seed
        Of the choice.
    budget
        Bytes for encoded sentences in memory.
    workers
        Threads that read.

    Raises
    ------
    Exception
        As from ``encode``; ValueError for a share of a single sentence.
    """
    if not isinstance(validation, Real):
        return corpus, _encoded(validation, corpus.vocabulary, budget, workers)
    n = len(corpus)
    if n < 2:
        raise ValueError(
            f"validation={validation} of a single sentence leaves nothing to train on: give "
            "validation sentences of their own"
        )
    draws = np.empty((n, 1), np.float32)
    fill_uniform(draws, seed, HELD_OUT_SENTENCES, 1.0)
    n_held_out = min(max(round(float(validation) * n), 1), n - 1)
    chosen = np.argsort(draws[:, 0], kind="stable")[:n_held_out]
    weights = np.ones(n, np.float32) if corpus.weights is None else corpus.weights.copy()
    held_out_weights = np.zeros(n, np.float32)
    held_out_weights[chosen] = weights[chosen]
    weights[chosen] = 0
    if not weights.any():
        raise ValueError(
            f"validation={validation} holds out every sentence whose weight is not 0: give "
            "validation sentences of their own"
        )
    return corpus.with_weights(weights), corpus.with_weights(held_out_weights)


def _encoded(sentences: Any, vocabulary: Vocabulary, budget: int, workers: int) -> EncodedCorpus:
    """Read sentences as rows of a vocabulary, in their order."""
    try:
        return encode_for_training(
            sentences, Given(vocabulary), seed=None, budget=budget, workers=workers
        )
    except ValueError as error:
        if isinstance(error, UnicodeError):  # has more to it than a message, which names the file
            raise
        raise ValueError(f"validation: {error}") from error


class Judging:
    """What threads do instead of training: each batch's loss goes to a place of its own.

    Parameters
    ----------
    kernel
        Whose learning rate is 0.
    losses, weights
        Float64, (batches,), to be filled.
    batch_tokens
        Tokens of a batch.
    """

    def __init__(
        self,
        kernel: Kernel,
        losses: NDArray[np.float64],
        weights: NDArray[np.float64],
        batch_tokens: int,
    ) -> None:
        self._kernel, self._losses, self._weights = kernel, losses, weights
        self._batch_tokens = batch_tokens

    def train(self, scratch: Scratch, epoch: int, begin: int, end: int, progress: float) -> None:
        """Judge one batch."""
        scratch.reset()
        self._kernel.train(scratch, epoch, begin, end, progress)
        place = begin // self._batch_tokens
        self._losses[place], self._weights[place] = scratch.loss, scratch.weight

    def stop(self) -> None:
        """Have all threads return at their next window."""
        self._kernel.stop()


class HeldOut:
    """Held-out sentences with the matrices that they judge.

    Parameters
    ----------
    parameters
        Of the training, whose objective this is; learning rates have no effect.
    vocabulary, corpus
        The corpus's tokens are rows of the vocabulary; its sentences may have weights.
    inputs, outputs
        The matrices that are trained, float32, (len(vocabulary), vector_size). At a rate of 0 a
        kernel writes what it has read, so nobody else may write to them meanwhile.
    workers
        Threads.
    kernel
        The name of one that this processor can run.

    Attributes
    ----------
    untrained_loss : float
        The loss of the matrices as they were given.
    seconds : float
        How long computing it took.

    Raises
    ------
    ValueError
        If there is no example among the sentences.
    MemoryError
        If there is no room for the threads' working memory.
    """

    def __init__(
        self,
        parameters: Hyperparameters,
        vocabulary: Vocabulary,
        corpus: EncodedCorpus,
        inputs: NDArray[np.float32],
        outputs: NDArray[np.float32],
        *,
        workers: int,
        kernel: str,
    ) -> None:
        corpus.check_file()
        noise = tree = None
        if parameters.objective == "negative_sampling":
            noise = AliasTable(vocabulary.noise_weights(parameters.ns_exponent))
        if parameters.objective == "hierarchical_softmax":
            tree = HuffmanTree(vocabulary.counts)
        self._corpus = corpus
        self._kernel = Kernel(
            replace(parameters, alpha=LEAST_ALPHA, min_alpha=0),
            corpus.tokens,
            corpus.offsets,
            keep_probability=vocabulary.keep_probability(parameters.sample),
            noise=noise,
            tree=tree,
            weights=corpus.weights,
            input_vectors=inputs,
            output_vectors=outputs,
            first_epoch=HELD_OUT_WINDOWS,
            epochs=1,
            kernel=kernel,
            release=corpus.release if corpus.on_disk else None,
        )
        is_softmax = parameters.objective == "softmax"
        batch_tokens = BLOCK if is_softmax else BATCH_BLOCKS * BLOCK
        self._begins = range(0, len(corpus.tokens), batch_tokens)
        n_threads = min(workers, len(self._begins))
        longest = corpus.report.longest_sentence
        require_memory(
            n_threads * scratch_bytes(parameters, len(vocabulary), longest),
            f"{n_threads} threads for validation",
            "lower workers or window",
        )
        self._scratches = [Scratch(self._kernel) for _ in range(n_threads)]
        started = time.perf_counter()
        self.untrained_loss = self.loss()
        self.seconds = time.perf_counter() - started
        logger.info("validation: the loss is %.4f before training", self.untrained_loss)

    def loss(self) -> float:
        """Return the mean loss an example, as ``EpochRecord.loss`` has it, of the matrices now."""
        losses, weights = np.zeros((2, len(self._begins)))
        batches = Batches(0, len(self._corpus.tokens), self._begins.step)
        # In other threads, even if there is but one: this one waits for Ctrl-C.
        train_batches(
            *(Judging(self._kernel, losses, weights, self._begins.step), self._scratches),
            *(HELD_OUT_WINDOWS, batches),
            release=self._corpus.release,
            poll=lambda done: None,
        )
        weight = math.fsum(weights)
        if not weight:
            raise ValueError(
                "validation has nothing to score: no two tokens of a held-out sentence are left "
                "after subsampling; hold out more, or use sample=0"
            )
        return float(sum(losses.tolist())) / weight
