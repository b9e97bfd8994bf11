"""Whether both matrices are sound, and how it is said where they are not.

A vector is ruined if it has no finite length as float32: it holds NaN, infinity, or numbers of some
1e19 and more, whose scores are none. It ruins every other that it meets, so all are looked at
whenever something may have gone wrong: a pass over both matrices, some thousandths of an epoch.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v.hyperparameters import Hyperparameters
from fastw2v.trainer import EpochRecord
from fastw2v.vocabulary import Vocabulary

Matrix = NDArray[np.float32]

ROWS = 1 << 12  # looked at at a time, where one is ruined


class Health(NamedTuple):
    """The matrices of a training; every check raises FloatingPointError where they are ruined."""

    parameters: Hyperparameters
    vocabulary: Vocabulary
    input_vectors: Matrix
    output_vectors: Matrix

    def check_before(self) -> None:
        """Check what is about to be trained."""
        self._check("before training", "write numbers there, or begin with a new model")

    def check_after(self, record: EpochRecord) -> None:
        """Check what an epoch has left."""
        advice = (
            f"training diverged. Begin anew, with a lower alpha (it is {self.parameters.alpha:g}), "
            "or with fewer negatives or a smaller window where they are large. The model is left "
            "as it is, to be looked at"
        )
        self._check(f"after epoch {record.epoch}", advice)
        if record.examples and math.isnan(record.loss):
            raise FloatingPointError(f"the loss of epoch {record.epoch} is NaN: {advice}")

    def check_callbacks(self, epoch: int) -> None:
        """Check what the callbacks after an epoch have left."""
        self._check(f"after the callbacks of epoch {epoch}", "one of them wrote it there")

    def _check(self, when: str, advice: str) -> None:
        found = []
        for name, matrix in ("input", self.input_vectors), ("output", self.output_vectors):
            rows = ruined_rows(matrix)
            if len(rows):
                found.append(
                    f"{len(rows):,} of {len(matrix):,} {name} vectors (the first is that of "
                    f"{self._owner(name, int(rows[0]))})"
                )
        if found:
            raise FloatingPointError(
                f"{when}, {' and '.join(found)} hold NaN, infinity or numbers beyond 1e19: {advice}"
            )

    def _owner(self, name: str, row: int) -> str:
        if name == "output" and self.parameters.objective == "hierarchical_softmax":
            return f"inner node {row} of the tree"
        return f"{self.vocabulary.keys[row]!r:.60}, row {row}"


def ruined_rows(matrix: Matrix) -> NDArray[np.intp]:
    """Return the rows without a finite length; in one pass, without a copy, if there are none."""
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        if np.isfinite(np.einsum("ij,ij->", matrix, matrix)):
            return np.empty(0, np.intp)
        found = []
        for begin in range(0, len(matrix), ROWS):  # all together may be too much, and none alone
            rows = matrix[begin : begin + ROWS]
            found.append(begin + np.flatnonzero(~np.isfinite(np.einsum("ij,ij->i", rows, rows))))
    return np.concatenate(found)
