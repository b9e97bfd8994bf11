"""Threads that share out a run of tokens, and ``train_batches``, which waits until all have ended.

Threads take batches (runs of tokens, whatever sentences they cut) from one counter until none is
left, and train on them in native code with the GIL released. They share both matrices without a
lock (Hogwild, Niu et al. 2011): the race is described where it happens, in
``_kernels/structures.pxd``. Batches are some tens of milliseconds of work, so no thread waits long
for the last one, and a long sentence is shared like any other run of tokens.

Where training is to be deterministic, all threads work on one batch together instead: see
``_kernels/rounds.pyx``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from typing import Any, Protocol, TypeVar

from fastw2v.clock import Clock
from fastw2v.threads import StoppableThread, insist, wait_for_all

RELEASE_TOKENS = 1 << 19
POLL_SECONDS = 0.05  # how often the main thread looks around, and for Ctrl-C


Seat = TypeVar("Seat", contravariant=True)


class Steps(Protocol[Seat]):
    """What is done with batches: ``Kernel``, or what calls one.

    A thread's seat is what it calls ``train`` with: its ``Scratch``, or its number in ``Rounds``.
    """

    def train(self, seat: Seat, epoch: int, begin: int, end: int, progress: float, /) -> None:
        """Work on one batch."""

    def stop(self) -> None:
        """Have all threads return from ``train`` soon."""


class Batches:
    """Runs of tokens, handed to whichever thread asks next.

    When the clock's time is over, none but the first are handed out.

    Attributes
    ----------
    next
        The first token that was not handed out.
    n_sharers
        How many threads get the same batch.
    """

    n_sharers = 1

    def __init__(self, begin: int, end: int, size: int, clock: Clock | None = None) -> None:
        self.next, self._end, self._size = begin, end, size
        self._begin, self.clock = begin, Clock(None) if clock is None else clock
        self._is_closed = False
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[tuple[int, int]]:
        while True:
            with self._lock:
                batch = self._next_batch()
            if batch is None:
                return
            yield batch

    def _next_batch(self) -> tuple[int, int] | None:
        begin, end = self.next, min(self.next + self._size, self._end)
        if self._is_closed or begin >= end or (begin > self._begin and self.clock.is_over):
            return None
        self.next = end
        return begin, end

    def close(self) -> None:
        """Hand out no more."""
        self._is_closed = True


class JointBatches(Batches):
    """Batches that every one of some threads gets, as all work on each together."""

    def __init__(
        self, begin: int, end: int, size: int, clock: Clock | None = None, *, n_threads: int
    ) -> None:
        super().__init__(begin, end, size, clock)
        self.n_sharers = n_threads
        self._handed: list[tuple[int, int] | None] = []

    def __iter__(self) -> Iterator[tuple[int, int]]:
        for number in count():
            with self._lock:
                if number == len(self._handed):  # the first one to ask decides for all
                    self._handed.append(self._next_batch())
                batch = self._handed[number]
            if batch is None:
                return
            yield batch


class Worker(StoppableThread):
    """One thread: trains on batches until none is left, and counts what it has done.

    ``release`` lets go of what a corpus in a file holds in memory, now and then.
    """

    def __init__(
        self,
        kernel: Steps[Seat],
        seat: Seat,
        epoch: int,
        batches: Batches,
        release: Callable[[], None],
    ) -> None:
        super().__init__("fastw2v-worker")
        self.kernel, self.seat, self.epoch, self.batches = kernel, seat, epoch, batches
        self.release = release
        self.tokens_done = 0
        self.error: BaseException | None = None

    def work_on(self) -> None:
        """Work until there is no batch left, or until something fails here."""
        try:
            for begin, end in self.batches:
                progress = self.batches.clock.progress
                self.kernel.train(self.seat, self.epoch, begin, end, progress)
                self.tokens_done += end - begin
                if self.tokens_done % RELEASE_TOKENS < end - begin:
                    self.release()
        except BaseException as error:
            self.error = error
            self.batches.close()
            self.kernel.stop()  # the others need not finish an epoch that has failed


def train_batches(
    kernel: Steps[Seat],
    seats: Sequence[Seat],
    epoch: int,
    batches: Batches,
    *,
    release: Callable[[], None],
    poll: Callable[[int], None],
) -> None:
    """Train on batches until there are none, or until they are closed.

    Parameters
    ----------
    kernel, seats
        There is a thread for each seat.
    epoch, batches
        What is trained on. Every batch that was handed out is finished, unless something raises.
    release
        As for ``Worker``.
    poll
        Called some twenty times a second with the number of tokens done.

    Raises
    ------
    BaseException
        What ``poll`` or a thread raises, or the handler of a signal. All threads have ended then;
        batches may be left half done.
    """
    workers = [Worker(kernel, seat, epoch, batches, release) for seat in seats]
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            while not worker.done.wait(POLL_SECONDS):
                poll(sum(worker.tokens_done for worker in workers) // batches.n_sharers)
    except BaseException:
        _stop(kernel, batches, workers)
        raise
    wait_for_all(workers)
    for worker in workers:
        if worker.error is not None:
            raise worker.error


def _stop(kernel: Steps[Any], batches: Batches, workers: Sequence[Worker]) -> None:
    """End all threads, whatever else arrives meanwhile: one exception is on its way already."""

    def stop() -> None:
        batches.close()
        kernel.stop()
        wait_for_all(workers)

    with suppress(BaseException):
        insist(stop)
