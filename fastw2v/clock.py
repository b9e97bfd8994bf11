"""The time that a training may take."""

from __future__ import annotations

import math
import time


class Clock:
    """How much of the time that there is has gone by.

    Parameters
    ----------
    seconds
        From now on; None is no end of time.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = math.inf if seconds is None else seconds
        self._started = time.perf_counter()

    def reserve(self, seconds: float) -> None:
        """Keep some of the time for what comes after training."""
        self._seconds -= seconds

    @property
    def progress(self) -> float:
        """The share of the time that has gone by, from 0 to 1."""
        gone = time.perf_counter() - self._started
        return gone / self._seconds if gone < self._seconds else 1.0

    @property
    def is_over(self) -> bool:
        """Whether all of it has."""
        return self.progress == 1.0
