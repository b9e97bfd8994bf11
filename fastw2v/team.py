"""``Team``: the threads of a training run, and how tokens are shared out among them.

Either each thread takes a batch of its own, and all write to the matrices without a lock (Hogwild),
or, to be deterministic, all work on one batch together, in rounds: see ``workers.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastw2v._kernels.kernel import BLOCK, Kernel, Scratch
from fastw2v._kernels.rounds import MOST_MEMBERS, ROUND, Rounds
from fastw2v.clock import Clock
from fastw2v.corpus import EncodedCorpus
from fastw2v.hyperparameters import Hyperparameters
from fastw2v.workers import Batches, JointBatches, Steps

MOST_BATCH_TOKENS = 40 * BLOCK  # about 10,000
MOST_WORK = 30_000  # multiplications a token, up to which batches are so long


@dataclass(frozen=True)
class Team:
    """What threads call, each from its seat, and what they write to.

    Attributes
    ----------
    steps, seats
        As for ``train_batches``: there is a thread for each seat.
    scratches
        Whose tallies add up to those of all threads.
    unit
        A run can be left after any multiple of so many tokens of an epoch.
    batch_tokens
        How many tokens of an epoch a thread, or all of them together, take at a time.
    """

    steps: Steps[Any]
    seats: Sequence[Any]
    scratches: list[Scratch]
    unit: int
    batch_tokens: int

    def batches(self, begin: int, end: int, clock: Clock) -> Batches:
        """Divide tokens of an epoch into batches."""
        if isinstance(self.steps, Rounds):
            return JointBatches(begin, end, self.batch_tokens, clock, n_threads=len(self.seats))
        return Batches(begin, end, self.batch_tokens, clock)


def team_of(
    kernel: Kernel,
    parameters: Hyperparameters,
    corpus: EncodedCorpus,
    workers: int,
    batch_tokens: int | None,
) -> Team:
    """Make a team of so many threads at the most, and allocate their memory."""
    n_tokens = len(corpus.tokens)
    if batch_tokens is None:
        longest = corpus.report.longest_sentence
        batch_tokens = _batch_tokens(parameters, n_tokens, workers, longest)
    if parameters.deterministic:
        members = range(min(workers, MOST_MEMBERS))
        rounds = Rounds(kernel, len(members))
        tokens = _whole(batch_tokens * len(members), ROUND)
        return Team(rounds, members, [rounds.scratch], ROUND, tokens)
    tokens = _whole(batch_tokens, BLOCK)
    scratches = [Scratch(kernel) for _ in range(min(workers, -(-n_tokens // tokens)))]
    return Team(kernel, scratches, scratches, BLOCK, tokens)


def _whole(tokens: int, unit: int) -> int:
    """Round up to whole units, at least one."""
    return max(-(-tokens // unit), 1) * unit


def _batch_tokens(
    parameters: Hyperparameters, n_tokens: int, workers: int, longest_sentence: int
) -> int:
    """Choose a batch: some tens of milliseconds of work at the most, and several for each thread.

    When a checkpoint is due, threads that have finished their batch wait for the others.
    """
    if parameters.objective == "softmax":
        return BLOCK
    sides = (longest_sentence if side is None else side for side in parameters.window_sides)
    contexts = sum(min(side, longest_sentence) for side in sides)
    work = max(contexts, 1) * (1 + parameters.negative) * parameters.vector_size
    most = MOST_BATCH_TOKENS * MOST_WORK // max(work, MOST_WORK)
    return min(most, -(-n_tokens // (8 * workers)))
