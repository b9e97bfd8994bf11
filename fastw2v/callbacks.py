"""Callbacks: what a caller wants to do between two epochs, and how it says that it is enough."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from fastw2v.trainer import EpochRecord

logger = logging.getLogger("fastw2v")

# Called with the model and the epoch's record; True ends the training.
Callback: TypeAlias = Callable[[Any, EpochRecord], bool | None]


def checked_callbacks(callback: Callback | Sequence[Callback] | None) -> tuple[Callback, ...]:
    """Return a tuple of what may be None, one callback, or a list of them."""
    if callback is None:
        return ()
    callbacks = tuple(callback) if isinstance(callback, list | tuple) else (callback,)
    for one in callbacks:
        if not callable(one):
            raise TypeError(
                "callback must be called with the model and an epoch's record, or be a list of "
                f"such callables; {one!r:.60} of type {type(one).__name__} can't be called"
            )
    return callbacks


def call(callbacks: Sequence[Callback], model: Any, record: EpochRecord) -> bool:
    """Call each of them, and return whether one wants the training to end."""
    ends = False
    for callback in callbacks:
        answer = callback(model, record)
        if answer is not None and not isinstance(answer, bool | np.bool_):
            raise TypeError(
                f"the callback {callback!r:.60} returned {answer!r:.60}: return True to end the "
                "training, False or None to go on"
            )
        if answer:
            logger.info("training ends after epoch %d: %r says so", record.epoch, callback)
            ends = True
    return ends
