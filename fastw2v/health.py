"""Whether both matrices hold nothing but numbers, and how it is said where they don't.

A vector with NaN in it ruins every other that it meets, so all are looked at whenever something
may have gone wrong: that is a pass over both matrices, some thousandths of an epoch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v.hyperparameters import Hyperparameters
from fastw2v.vocabulary import Vocabulary

Matrix = NDArray[np.float32]

ROWS = 1 << 12  # looked at at a time, where one is wrong


class Health(NamedTuple):
    """The matrices of a training; every check raises FloatingPointError where they are ruined."""

    parameters: Hyperparameters
    vocabulary: Vocabulary
    input_vectors: Matrix
    output_vectors: Matrix

    def check_before(self) -> None:
        """Check what is about to be trained."""
        self._check("before training", "write numbers there, or begin with a new model")

    def check_after(self, epoch: int) -> None:
        """Check what an epoch has left."""
        self._check(
            f"after epoch {epoch}",
            "training diverged. Begin anew, with a lower alpha (it is "
            f"{self.parameters.alpha:g}), or with fewer negatives or a smaller window where they "
            "are large. The model is left as it is, to be looked at",
        )

    def check_callbacks(self, epoch: int) -> None:
        """Check what the callbacks after an epoch have left."""
        self._check(f"after the callbacks of epoch {epoch}", "one of them wrote it there")

    def _check(self, when: str, advice: str) -> None:
        found = []
        for name, matrix in ("input", self.input_vectors), ("output", self.output_vectors):
            if all_finite(matrix):
                continue
            rows = bad_rows(matrix)
            if len(rows):
                found.append(
                    f"{len(rows):,} of {len(matrix):,} {name} vectors, the first that of "
                    f"{self._owner(name, int(rows[0]))}"
                )
        if found:
            raise FloatingPointError(
                f"{when}, there is NaN or infinity in {' and in '.join(found)}: {advice}"
            )

    def _owner(self, name: str, row: int) -> str:
        if name == "output" and self.parameters.objective == "hierarchical_softmax":
            return f"inner node {row} of the tree"
        return f"{self.vocabulary.keys[row]!r:.60} (row {row})"


def all_finite(matrix: Matrix) -> bool:
    """Return True if there is neither NaN nor infinity; False if there may be.

    One pass, without a copy.
    """
    # A sum of squares is finite only if all of them are; if it is not, they may just be large.
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        return bool(np.isfinite(np.einsum("ij,ij->", matrix, matrix)))


def bad_rows(matrix: Matrix) -> NDArray[np.intp]:
    """Return the rows with NaN or infinity."""
    found = [
        begin + np.flatnonzero(~np.isfinite(matrix[begin : begin + ROWS]).all(axis=1))
        for begin in range(0, len(matrix), ROWS)
    ]
    return np.concatenate(found)
