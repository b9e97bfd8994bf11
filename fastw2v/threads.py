"""Threads that can be waited for through interrupts, and work that is shared out among some.

The readers, the trainer's workers and whatever helps with a search are such.

A signal's handler, such as Ctrl-C's, may raise anywhere in the main thread: also inside the methods
of ``threading.Event`` and ``Condition``, after these have taken their lock and before they see to
giving it back. It is never given back then, and whoever wants it next waits for ever (seen in one
of some hundred interrupts, on a busy machine). So the main thread waits for others by ``Flag`` here
alone, and takes locks by ``with lock``, which is safe.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")

POLL_SECONDS = 0.05  # how often a flag is looked at, should its waking up be lost
START_SECONDS = 0.5  # a thread that was made runs by then; a later one finds nothing to do

# Where Thread.start lists what is about to run, for threading.enumerate.
_limbo: dict[threading.Thread, threading.Thread] = getattr(threading, "_limbo", {})


class Flag(threading.Event):
    """An event that is set once, and that no exception from a signal's handler can break.

    Whoever waits wakes up by a lock that the setting thread releases, and goes by a variable: at
    the worst, the waking up is lost.
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_set = False
        self._unset = threading.Lock()
        self._unset.acquire()

    def is_set(self) -> bool:
        """Return whether it was set."""
        return self._is_set

    def set(self) -> None:
        """Set it, and wake up whoever waits."""
        self._is_set = True
        with contextlib.suppress(RuntimeError):  # it was set before
            self._unset.release()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, or for so many seconds; return whether it is."""
        left = timeout
        while not self._is_set and (left is None or left > 0):
            seconds = POLL_SECONDS if left is None else min(left, POLL_SECONDS)
            if self._unset.acquire(timeout=seconds):
                self.set()  # for the next one who waits
            left = None if left is None else left - seconds
        return self._is_set


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
        self.done = Flag()
        # What start() waits for. Its own event may be left locked, and the thread then never runs.
        self._started: threading.Event = Flag()
        self._was_started = False

    def start(self) -> None:
        """Start; a KeyboardInterrupt meanwhile leaves a thread that ``wait`` waits for."""
        self._was_started = True
        try:
            super().start()
        except (
            KeyError
        ) as error:  # Thread.start forgets, at a handler's exception, what runs already
            raise error.__context__ or error from None
        except Exception:  # there are too many threads; or a handler raised it
            self._was_started = self in threading.enumerate()
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
                while not self.done.wait(POLL_SECONDS):
                    if self.ident is not None and not self.is_alive():
                        break  # forgotten by Thread.start before it ran, it ended at once
                self.join()
                break
            except BaseException as error:  # Ctrl-C, or what a handler of another signal raises
                interrupt = error
        if self.ident is None:  # Thread.start had listed it, and was interrupted before it began
            _limbo.pop(self, None)
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


def insist(work: Callable[[], None]) -> None:
    """Call ``work`` until it has returned; then raise what interrupted it.

    For what must be done and may be done twice, and fails in no other way.
    """
    interrupt: BaseException | None = None
    while True:
        try:
            work()
            break
        except BaseException as error:
            interrupt = error
    if interrupt is not None:
        raise interrupt


class Helper(StoppableThread):
    """A thread that helps the caller's with its work."""

    def __init__(self, work: Callable[[], None], stopped: Flag) -> None:
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


def share_out(work: Callable[[int, Flag], None], starts: range, n_threads: int) -> None:
    """Call ``work`` with each start, on this thread and on others; at an error, stop them all.

    It is also given an event to look at now and then, which tells it to return.
    """
    stopped, lock, remaining = Flag(), threading.Lock(), iter(starts)

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


class Task(Generic[Result]):
    """Some work for a thread of a pool."""

    def __init__(self, work: Callable[..., Result], arguments: tuple[Any, ...]) -> None:
        self._work, self._arguments = work, arguments
        self._done = Flag()
        self._results: list[Result] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        """Work, and keep what comes of it."""
        try:
            self._results.append(self._work(*self._arguments))
        except BaseException as error:  # raised again by whoever wants the result
            self._error = error
        finally:
            del self._work, self._arguments  # and what they hold in memory
            self._done.set()

    def result(self) -> Result:
        """Wait for the result, and return it or raise what went wrong; once."""
        self._done.wait()
        if self._error is not None:
            raise self._error
        return self._results.pop()


class PoolThread(StoppableThread):
    """A thread that works on a pool's tasks, until it gets None in the place of one."""

    def __init__(self, name: str, tasks: queue.SimpleQueue[Task[Any] | None]) -> None:
        super().__init__(name)
        self._tasks = tasks

    def work_on(self) -> None:
        """Work on tasks."""
        while (task := self._tasks.get()) is not None:
            task.run()
            del task  # what it holds, while the next one is waited for


class Pool:
    """Up to ``n`` threads that work on tasks, to be used as a context; they end with it.

    Tasks that are not begun when an exception goes through it are dropped. (The standard library's
    pools wait by ``Condition``.)
    """

    def __init__(self, n: int, name: str) -> None:
        self._n, self._name = n, name
        self._threads: list[PoolThread] = []
        self._tasks: queue.SimpleQueue[Task[Any] | None] = queue.SimpleQueue()

    def submit(self, work: Callable[..., Result], *arguments: Any) -> Task[Result]:
        """Have a thread call ``work`` with the arguments."""
        task = Task(work, arguments)
        self._tasks.put(task)
        if len(self._threads) < self._n:
            self._threads.append(PoolThread(self._name, self._tasks))
            self._threads[-1].start()
        return task

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        def end() -> None:
            while error is not None and not self._tasks.empty():
                with contextlib.suppress(queue.Empty):  # a thread was faster
                    self._tasks.get_nowait()
            for _ in self._threads:
                self._tasks.put(None)
            wait_for_all(self._threads)

        insist(end)
