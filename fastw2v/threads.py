"""Threads that can be waited for through interrupts: the readers and the trainer's workers."""

from __future__ import annotations

import threading

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
        interrupt: KeyboardInterrupt | None = None
        while self._was_started or self.ident is not None:
            try:
                # Interrupted while it was started, it may be about to run, or never will.
                if self.ident is None and not self.done.wait(START_SECONDS) and self.ident is None:
                    break
                self.done.wait()
                self.join()
                break
            except KeyboardInterrupt as error:
                interrupt = error
        if interrupt is not None:
            raise interrupt
