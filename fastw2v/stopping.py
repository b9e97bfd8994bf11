"""What a caller gives to watch and to end a training, and what held-out sentences decide."""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v.checks import optional_number, real_number
from fastw2v.resources import require_memory
from fastw2v.trainer import EpochRecord
from fastw2v.validation import check_validation

logger = logging.getLogger("fastw2v")

Matrix = NDArray[np.float32]


class Limits(NamedTuple):
    """What a caller of ``Model.train`` gave to watch and to end a training; None for nothing."""

    validation: Any
    patience: int | None
    max_seconds: float | None


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
