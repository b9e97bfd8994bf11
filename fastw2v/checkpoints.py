"""Checkpoints of a run of training: when they are due, and how they are written beside it.

Between two batches the matrices are copied, and training goes on; a thread of its own writes the
copy. What it writes is in ``checkpoint_file.py``.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v.checkpoint_file import Checkpoint, Run, check_replaceable, write
from fastw2v.checks import whole_number
from fastw2v.corpus import EncodedCorpus
from fastw2v.corpus.fingerprint import Fingerprint
from fastw2v.formats.files import PARTIAL, PREVIOUS, check_writable
from fastw2v.formats.keys import encode_keys
from fastw2v.model_file import StoredModel
from fastw2v.resources import require_memory
from fastw2v.threads import StoppableThread, insist
from fastw2v.trainer import EpochRecord, Position

logger = logging.getLogger("fastw2v")

DEFAULT_EVERY = "10min"
UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Interval:
    """How long a run goes on between two checkpoints: seconds or tokens, whichever come first."""

    seconds: float = float("inf")
    tokens: int = 1 << 62

    @classmethod
    def of(cls, every: int | str) -> Interval:
        """Read a number of tokens, or a time such as ``"30s"``, ``"10min"`` or ``"2h"``.

        Raises
        ------
        TypeError, ValueError
            If it is neither.
        """
        if not isinstance(every, str):
            return cls(tokens=whole_number("every", every, least=1))
        found = re.fullmatch(r"(\d+(?:\.\d+)?) *(s|min|h)", every)
        seconds = float(found[1]) * UNITS[found[2]] if found else 0.0
        if not seconds > 0:
            raise ValueError(
                "every must be a number of tokens, or a time above 0 such as '30s', '10min' or "
                f"'2h', not {every!r}"
            )
        return cls(seconds=seconds)


class Plan(NamedTuple):
    """Where checkpoints go, and how often."""

    path: str
    every: int | str


def plan_of(
    checkpoint: str | os.PathLike[str] | None, every: int | str | None, owner: str
) -> Plan | None:
    """Check what a caller says of checkpoints, before anything is read; None is none.

    ``owner`` is the model's.

    Raises
    ------
    TypeError, ValueError, OSError
        If it makes no sense, or if no such file can be written.
    """
    if checkpoint is None:
        if every is not None:
            raise ValueError("every says how often to write a checkpoint, and none was asked for")
        return None
    path = os.fspath(checkpoint)
    if not isinstance(path, str):
        raise TypeError(f"checkpoint must be a path, not {checkpoint!r}")
    every = DEFAULT_EVERY if every is None else every
    Interval.of(every)
    check_writable(path)
    for name in path, f"{path}{PREVIOUS}":
        check_replaceable(name, owner)
    with open(f"{path}{PARTIAL}", "wb"):
        pass  # the longest of its names is none too long
    os.unlink(f"{path}{PARTIAL}")
    return Plan(path, every if isinstance(every, str) else int(every))


class Checkpoints:
    """Writes checkpoints of one run, to be used as a context around it.

    It ends with the last one on the disk; or, if an exception goes through it, at once, without the
    one that was being written. What goes wrong with writing is raised by the next ``is_due``, or at
    the end.

    Parameters
    ----------
    path, run
        Where they go, and what of.
    model
        What is trained. Its ``history`` grows meanwhile.
    corpus, input_rates
        What it is trained on, and how.

    Raises
    ------
    TypeError
        If a key can't be written.
    MemoryError
        If there is no room for a copy of both matrices.
    """

    def __init__(
        self,
        path: str,
        run: Run,
        model: StoredModel,
        corpus: EncodedCorpus,
        input_rates: NDArray[np.float32] | None,
    ) -> None:
        # Refuses now what can't be written; and once, as nothing can end it in the writer's thread.
        self._keys = encode_keys(model.vocabulary.keys)
        matrices = model.input_vectors, model.output_vectors
        nbytes = sum(matrix.nbytes for matrix in matrices)
        require_memory(nbytes, "checkpoints' copies of both matrices", "train without checkpoints")
        # Filled now: the first touch of memory would make the first copy ten times slower.
        self._copies = [np.array(matrix, order="C") for matrix in matrices]
        self._path, self._run, self._model = path, run, model
        self._corpus, self._input_rates = corpus, input_rates
        self._interval = Interval.of(run.every)
        self._fingerprint: Fingerprint | None = None
        self._writer: Writer | None = None
        self._taken_at, self._done_then = time.monotonic(), 0

    def begin(self, done: int) -> None:
        """Count intervals from here, where so many tokens of the run are done."""
        self._taken_at, self._done_then = time.monotonic(), done

    def stop_at(self) -> int:
        """Return how many tokens of the run are to be done when the next one is due."""
        return self._done_then + self._interval.tokens

    def is_due(self, done: int) -> bool:
        """Return whether one is due, and the last one written; raise what went wrong with it."""
        if self._writer is not None:
            if not self._writer.done.is_set():
                return False
            self._finish()
        seconds = time.monotonic() - self._taken_at
        return done >= self.stop_at() or seconds >= self._interval.seconds

    def take(self, position: Position, done: int) -> None:
        """Copy the matrices, and have the copy written while training goes on."""
        began = time.perf_counter()
        model = self._model
        for copy, matrix in zip(
            self._copies, (model.input_vectors, model.output_vectors), strict=True
        ):
            np.copyto(copy, matrix)
        inputs, outputs = self._copies
        history: list[EpochRecord] = list(model.history)
        model = model._replace(input_vectors=inputs, output_vectors=outputs, history=history)
        self.begin(done)
        self._writer = Writer(lambda look: self._write(model, position, look))
        self._writer.start()
        logger.info(
            "checkpoint %s: epoch %d, token %d (copied in %.0f ms)",
            *(self._path, position.epoch, position.token, 1000 * (time.perf_counter() - began)),
        )

    def _write(self, model: StoredModel, position: Position, look: Callable[[], None]) -> None:
        """Write what was copied, in the writer's thread."""
        if self._fingerprint is None:
            self._fingerprint = Fingerprint.of(self._corpus, look)
        state = Checkpoint(model, self._run, position, self._fingerprint, self._input_rates)
        write(self._path, state, self._keys, look)

    def _finish(self) -> None:
        """Wait until the last one is written, and raise what went wrong with it."""
        writer = self._writer
        if writer is None:
            return
        writer.done.wait()
        writer.wait()
        self._writer = None
        if writer.error is not None:
            raise writer.error

    def __enter__(self) -> Checkpoints:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._finish()
        finally:
            insist(self._end)

    def _end(self) -> None:
        """End a writer that is still at work."""
        if self._writer is not None:
            self._writer.stop()
            self._writer.wait()


class StoppedError(Exception):
    """What the writing of a checkpoint is ended by when nobody wants it any more."""


class Writer(StoppableThread):
    """The thread that writes one checkpoint.

    Parameters
    ----------
    work
        Called with what it is to call now and then, which raises when it is to end.
    """

    def __init__(self, work: Callable[[Callable[[], None]], None]) -> None:
        super().__init__("fastw2v-checkpoint")
        self._work, self._is_stopped = work, False
        self.error: BaseException | None = None

    def work_on(self) -> None:
        """Write, and keep what went wrong."""
        try:
            self._work(self._look)
        except BaseException as error:  # raised by whoever trains
            self.error = error

    def _look(self) -> None:
        if self._is_stopped:
            raise StoppedError

    def stop(self) -> None:
        """Have it end soon, without a file."""
        self._is_stopped = True
