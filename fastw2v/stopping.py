"""What a caller gives to watch and to end a training, and what held-out sentences decide."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v.callbacks import Callback, call
from fastw2v.checks import optional_number, real_number
from fastw2v.clock import Clock
from fastw2v.corpus import EncodedCorpus
from fastw2v.health import Health
from fastw2v.hyperparameters import Hyperparameters
from fastw2v.resources import require_memory
from fastw2v.trainer import EpochRecord
from fastw2v.validation import HeldOut, check_validation, hold_out

logger = logging.getLogger("fastw2v")

Matrix = NDArray[np.float32]


class Limits(NamedTuple):
    """What a caller of ``Model.train`` gave to watch and to end a training; None for nothing."""

    validation: Any
    patience: int | None
    max_seconds: float | None


NO_LIMITS = Limits(None, None, None)


def checked_limits(validation: Any, patience: Any, max_seconds: Any) -> Limits:
    """Check all three, before anything is read."""
    check_validation(validation)
    patience = optional_number("patience", patience, least=1)
    if patience is not None and validation is None:
        raise ValueError(
            "patience needs validation: give sentences to hold out, or a share of the training "
            "sentences, such as validation=0.05"
        )
    if max_seconds is not None:
        max_seconds = real_number("max_seconds", max_seconds, above=0.0)
    return Limits(validation, patience, max_seconds)


def refuse_with_checkpoints(limits: Limits, checkpoint: Any) -> None:
    """Refuse what a run that is resumed would not know of."""
    if checkpoint is None:
        return
    for name, value in limits._asdict().items():
        if value is not None:
            raise ValueError(
                f"{name} does not go with checkpoint: what held-out sentences have said, the best "
                "matrices and the clock are not in a checkpoint, and a resumed run would train "
                "without them"
            )


class BestMatrices:
    """Both matrices as they were when the held-out loss was lowest.

    Parameters
    ----------
    patience
        How many epochs in a row may fail to lower it.
    loss
        The held-out loss of the matrices as they are now, with which those of epochs compare.
    matrices
        Those that are trained; copies of them are kept.

    Raises
    ------
    MemoryError
        If there is no room for the copies.
    """

    def __init__(self, patience: int, loss: float, *matrices: Matrix) -> None:
        nbytes = sum(matrix.nbytes for matrix in matrices)
        require_memory(
            nbytes,
            f"copies of both matrices, for patience, ({nbytes:,} bytes)",
            "train without patience",
        )
        self._patience, self._matrices = patience, matrices
        self._copies = [matrix.copy() for matrix in matrices]
        self._loss = math.inf if math.isnan(loss) else loss
        self._n_worse = 0

    def ends(self, record: EpochRecord) -> bool:
        """Look at the matrices after an epoch; return whether it was the last one to wait for."""
        loss = record.validation_loss
        assert loss is not None
        if loss < self._loss:
            self._loss, self._n_worse = loss, 0
            for copy, matrix in zip(self._copies, self._matrices, strict=True):
                copy[:] = matrix
            return False
        self._n_worse += 1
        if self._n_worse < self._patience:
            return False
        logger.info(
            "training ends after epoch %d: the validation loss has not fallen for %d epochs",
            *(record.epoch, self._n_worse),
        )
        return True

    def give_back(self, history: list[EpochRecord]) -> None:
        """Undo the epochs since the best one, and mark them in the history that they end."""
        if not self._n_worse:
            return
        for matrix, copy in zip(self._matrices, self._copies, strict=True):
            matrix[:] = copy
        undone = history[-self._n_worse :]
        history[-self._n_worse :] = [replace(record, kept=False) for record in undone]
        logger.info(
            "the matrices are again those from before epoch %d, with the validation loss %.4f",
            *(undone[0].epoch, self._loss),
        )


class Watch:
    """All that looks at a training after each epoch, and may end it.

    Parameters
    ----------
    parameters, corpus, inputs, outputs
        What is trained, and on what.
    limits, clock
        What the caller wants.

    Attributes
    ----------
    training : EncodedCorpus
        What is left to train on.
    held_out : HeldOut or None
        What is not.
    """

    def __init__(
        self,
        parameters: Hyperparameters,
        corpus: EncodedCorpus,
        inputs: Matrix,
        outputs: Matrix,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self._limits, self._clock = limits, clock
        self._health = Health(parameters, corpus.vocabulary, inputs, outputs)
        self._best: BestMatrices | None = None
        self.training = corpus
        self.held_out: HeldOut | None = None

    def begin(self, *, budget: int, workers: int, kernel: str) -> None:
        """Look at the matrices before training, and see to everything that is needed later.

        Raises
        ------
        FloatingPointError, MemoryError, ValueError
            If they are ruined; if there is no room for copies, or nothing to hold out.
        """
        parameters, vocabulary, inputs, outputs = self._health
        self._health.check_before()
        if self._limits.validation is None:
            return
        self.training, held_out = hold_out(
            *(self.training, self._limits.validation),
            seed=parameters.seed,
            budget=budget,
            workers=workers,
        )
        self.held_out = HeldOut(
            *(parameters, vocabulary, held_out, inputs, outputs), workers=workers, kernel=kernel
        )
        self._clock.reserve(self.held_out.seconds)
        if self._limits.patience is not None:
            loss = self.held_out.untrained_loss
            self._best = BestMatrices(self._limits.patience, loss, inputs, outputs)

    def ends(self, record: EpochRecord, model: Any, callbacks: Sequence[Callback]) -> bool:
        """Look at the matrices after an epoch, let callbacks do so, and return whether it ends.

        Raises
        ------
        FloatingPointError
            If vectors are ruined.
        RuntimeError
            If a callback has exchanged a matrix.
        """
        self._health.check_after(record)
        ends = self._best is not None and self._best.ends(record)
        ends = call(callbacks, model, record) or ends
        if callbacks:
            _, _, inputs, outputs = self._health
            if model.input_vectors is not inputs or model.output_vectors is not outputs:
                raise RuntimeError(
                    "a callback put another matrix in the place of the one being trained: "
                    "write into it, as in model.input_vectors[:] = ..."
                )
            self._health.check_callbacks(record.epoch)
        return ends

    def end(self, history: list[EpochRecord]) -> None:
        """Give back the best matrices, where that was asked for."""
        if self._best is not None:
            self._best.give_back(history)
