"""Threads that can be waited for through interrupts, and work that is shared out among some.

The readers, the trainer's workers and whatever helps with a search are such.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

START_SECONDS = 5.0  # a thread that was made runs by then


class StoppableThread(threading.Thread):
    """A daemon thread whose end can be waited for, whatever interrupts the waiting.

    Attributes
    ----------
    done : threading.Event
        Set when the thread has ended its work, or failed. Not ``is_alive``: up to Python 3.12, an
        interrupted ``join`` can call a running thread stopped.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.done = threading.Event()
        self._was_started = False

    def start(self) -> None:
        """Start; a KeyboardInterrupt meanwhile leaves a thread that ``wait`` waits for."""
        self._was_started = True
        try:
            super().start()
        except Exception:  # there are too many threads
            self._was_started = False
            raise

    def work_on(self) -> None:
        """Do the work; to be defined."""
        raise NotImplementedError

    def run(self) -> None:
        """Work, and say when it is done."""
        try:
            self.work_on()
        finally:
            self.done.set()

    def wait(self) -> None:
        """Wait for a thread that is done or was told to stop; then raise what interrupted that."""
        interrupt: BaseException | None = None
        while self._was_started or self.ident is not None:
            try:
                # Interrupted while it was started, it may be about to run, or never will.
                if self.ident is None and not self.done.wait(START_SECONDS) and self.ident is None:
                    break
                self.done.wait()
                self.join()
                break
            except BaseException as error:  # Ctrl-C, or what a handler of another signal raises
                interrupt = error
        if interrupt is not None:
            raise interrupt


def wait_for_all(threads: Iterable[StoppableThread]) -> None:
    """Wait for each of them, however often it is interrupted; then raise what interrupted it."""
    interrupt: BaseException | None = None
    for thread in threads:
        try:
            thread.wait()
        except BaseException as error:
            interrupt = error
    if interrupt is not None:
        raise interrupt


class Helper(StoppableThread):
    """A thread that helps the caller's with its work."""

    def __init__(self, work: Callable[[], None], stopped: threading.Event) -> None:
        super().__init__("fastw2v-helper")
        self.work, self.stopped = work, stopped
        self.error: BaseException | None = None

    def work_on(self) -> None:
        """Work, and keep what went wrong."""
        try:
            self.work()
        except BaseException as error:  # raised again by the caller
            self.error = error
            self.stopped.set()


def share_out(work: Callable[[int, threading.Event], None], starts: range, n_threads: int) -> None:
    """Call ``work`` with each start, on this thread and on others; at an error, stop them all.

    It is also given an event to look at now and then, which tells it to return.
    """
    stopped, lock, remaining = threading.Event(), threading.Lock(), iter(starts)

    def work_on_the_next() -> None:
        while not stopped.is_set():
            with lock:
                start = next(remaining, None)
            if start is None:
                return
            work(start, stopped)

    n_helpers = min(n_threads, len(starts)) - 1
    helpers = [Helper(work_on_the_next, stopped) for _ in range(n_helpers)]
    try:
        for helper in helpers:
            helper.start()
        work_on_the_next()
        for helper in helpers:
            helper.done.wait()
    except BaseException:  # Ctrl-C too
        stopped.set()
        raise
    finally:
        wait_for_all(helpers)
    for helper in helpers:
        if helper.error is not None:
            raise helper.error
