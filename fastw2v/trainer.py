"""The training loop: epochs, Hogwild threads, batches, learning-rate schedule, progress, history.

Threads take batches (runs of tokens, whatever sentences they cut) from one counter until none is
left, and train on them in native code with the GIL released. They share both matrices without a
lock (Hogwild, Niu et al. 2011): the race is described where it happens, in
``_kernels/structures.pxd``. Batches are some tens of milliseconds of work, so no thread waits long
for the last one, and a long sentence is shared like any other run of tokens.
"""

from __future__ import annotations

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from fastw2v._kernels.alias import AliasTable
from fastw2v._kernels.huffman import HuffmanTree
from fastw2v._kernels.kernel import BLOCK, Kernel, Scratch
from fastw2v.corpus import EncodedCorpus
from fastw2v.hyperparameters import Hyperparameters
from fastw2v.threads import StoppableThread
from fastw2v.vocabulary import Vocabulary

logger = logging.getLogger("fastw2v")

MOST_BATCH_TOKENS = 40 * BLOCK  # about 10,000
RELEASE_TOKENS = 1 << 19
POLL_SECONDS = 0.05  # how often the main thread looks for progress, and for Ctrl-C


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
        Tokens read, before subsampling, those outside the vocabulary too.
    seconds
        Wall-clock time.
    lr
        Learning rate at the epoch's end.
    """

    epoch: int
    loss: float
    examples: int
    tokens: int
    seconds: float
    lr: float

    @property
    def words_per_second(self) -> float:
        """Tokens read a second."""
        return self.tokens / self.seconds

    def as_dict(self) -> dict[str, Any]:
        """Return the record as plain numbers, for files."""
        return asdict(self)


class ProgressBar(tqdm):  # type: ignore[misc] # tqdm carries no types
    """tqdm without its monitor thread: this bar is looked after by a thread that never blocks."""

    monitor_interval = 0


class Batches:
    """Runs of tokens, handed to whichever thread asks next."""

    def __init__(self, n_tokens: int, size: int) -> None:
        self._n_tokens, self._size = n_tokens, size
        self._next = 0
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[tuple[int, int]]:
        while True:
            with self._lock:
                begin = self._next
                self._next += self._size
            if begin >= self._n_tokens:
                return
            yield begin, min(begin + self._size, self._n_tokens)

    def close(self) -> None:
        """Hand out no more."""
        with self._lock:
            self._next = self._n_tokens


class Worker(StoppableThread):
    """One Hogwild thread: trains on batches until none is left, and counts what it has done.

    ``release`` lets go of what a corpus in a file holds in memory, now and then.
    """

    def __init__(
        self,
        kernel: Kernel,
        scratch: Scratch,
        epoch: int,
        batches: Batches,
        release: Callable[[], None],
    ) -> None:
        super().__init__("fastw2v-worker")
        self.kernel, self.scratch, self.epoch, self.batches = kernel, scratch, epoch, batches
        self.release = release
        self.tokens_done = 0
        self.error: BaseException | None = None

    def work_on(self) -> None:
        """Work until there is no batch left, or until something fails here."""
        try:
            for begin, end in self.batches:
                self.kernel.train(self.scratch, self.epoch, begin, end)
                self.tokens_done += end - begin
                if self.tokens_done % RELEASE_TOKENS < end - begin:
                    self.release()
        except BaseException as error:
            self.error = error
            self.batches.close()
            self.kernel.stop()  # the others need not finish an epoch that has failed


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
        Threads, at the most: no more than there are batches. With one, the same input gives the
        same bits.
    kernel
        The name of one that this processor can run.
    progress
        True shows a progress bar, False none, None one where standard error is a terminal.
    batch_tokens
        Tokens that a thread takes at a time, rounded up to whole blocks; None chooses. It affects
        speed only.
    warns
        Whether to warn where subsampling leaves nothing to train on.

    Returns
    -------
    generator of EpochRecord
        One after each epoch. All threads have ended whenever it yields or raises.
    """
    corpus.check_file()
    keep_probability = vocabulary.keep_probability(parameters.sample)
    if not first_epoch:
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
    n_tokens = len(corpus.tokens)
    if batch_tokens is None:
        batch_tokens = _batch_tokens(parameters, n_tokens, workers)
    batch_tokens = -(-batch_tokens // BLOCK) * BLOCK
    scratches = [Scratch(steps) for _ in range(min(workers, -(-n_tokens // batch_tokens)))]
    epochs = range(first_epoch, first_epoch + parameters.epochs)
    return _epochs(steps, scratches, parameters, corpus, epochs, batch_tokens, progress, warns)


def _epochs(
    kernel: Kernel,
    scratches: list[Scratch],
    parameters: Hyperparameters,
    corpus: EncodedCorpus,
    epochs: range,
    batch_tokens: int,
    progress: bool | None,
    warns: bool,
) -> Generator[EpochRecord, None, None]:
    disable = None if progress is None else not progress
    n_tokens = len(epochs) * corpus.raw_tokens
    fall = (parameters.alpha - parameters.min_alpha) / len(epochs)
    with ProgressBar(total=n_tokens, disable=disable, unit=" words", unit_scale=True) as bar:
        for number, epoch in enumerate(epochs, start=1):
            started = time.perf_counter()
            for scratch in scratches:
                scratch.reset()
            _run_epoch(kernel, scratches, epoch, corpus, batch_tokens, bar)
            examples = sum(scratch.n_examples for scratch in scratches)
            loss = sum(scratch.loss for scratch in scratches)
            weight = sum(scratch.weight for scratch in scratches)
            record = EpochRecord(
                epoch=epoch,
                loss=loss / weight if examples else math.nan,
                examples=examples,
                tokens=corpus.raw_tokens,
                seconds=time.perf_counter() - started,
                lr=parameters.alpha - fall * number,
            )
            bar.set_postfix(loss=f"{record.loss:.4f}")
            logger.info(
                "epoch %d: loss %.4f, %.0f words/s, %.1f s",
                *(epoch, record.loss, record.words_per_second, record.seconds),
            )
            if examples and not record.loss < 10 * _untrained_loss(parameters, corpus):
                logger.warning(
                    "epoch %d: the loss is %g: training diverged; lower alpha (it is %g), or "
                    "negative or window where they are large",
                    *(epoch, record.loss, parameters.alpha),
                )
            if not examples and warns:
                logger.warning(
                    "epoch %d had nothing to train on: no two tokens of a sentence were left after "
                    "subsampling; use sample=0",
                    epoch,
                )
            yield record


def _run_epoch(
    kernel: Kernel,
    scratches: list[Scratch],
    epoch: int,
    corpus: EncodedCorpus,
    batch_tokens: int,
    bar: ProgressBar,
) -> None:
    """Run one epoch's threads to their end; on any exception stop them all before it goes on."""
    batches = Batches(len(corpus.tokens), batch_tokens)
    workers = [Worker(kernel, scratch, epoch, batches, corpus.release) for scratch in scratches]
    share = corpus.raw_tokens / len(corpus.tokens)  # the bar counts tokens as read
    shown_before = bar.n
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            while not worker.done.wait(POLL_SECONDS):
                done = sum(worker.tokens_done for worker in workers)
                bar.update(shown_before + round(done * share) - bar.n)
    except BaseException:
        batches.close()
        kernel.stop()
        for worker in workers:
            with contextlib.suppress(KeyboardInterrupt):  # one is on its way already
                worker.wait()
        raise
    for worker in workers:
        worker.wait()
    bar.update(shown_before + corpus.raw_tokens - bar.n)
    for worker in workers:
        if worker.error is not None:
            raise worker.error


def _untrained_loss(parameters: Hyperparameters, corpus: EncodedCorpus) -> float:
    """Return about what an example's loss is where all vectors are zero."""
    if parameters.objective == "negative_sampling":
        return (1 + parameters.negative) * math.log(2)
    return math.log(1 + len(corpus.vocabulary))


def _batch_tokens(parameters: Hyperparameters, n_tokens: int, workers: int) -> int:
    """Choose a batch: some tens of milliseconds of work, and several for each thread."""
    if parameters.objective == "softmax":
        return BLOCK
    return min(MOST_BATCH_TOKENS, -(-n_tokens // (8 * workers)))


def _warn_of_subsampling(vocabulary: Vocabulary, sample: float) -> None:
    """Say so where subsampling drops most of the corpus: right for no text, and a usual mistake."""
    share = vocabulary.sampled_share(sample)
    if share < 0.5:
        logger.warning(
            "subsampling keeps only %.0f %% of the tokens, as each of the vocabulary's %d words is "
            "frequent; sample=0 keeps all",
            *(100 * share, len(vocabulary)),
        )
