"""Whether both matrices hold nothing but numbers, and how it is said where they don't."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

ROWS = 1 << 12  # looked at at a time, where one is wrong


def check_finite(
    when: str,
    keys: Sequence[Hashable],
    input_vectors: Matrix,
    output_vectors: Matrix,
    *,
    has_nodes: bool = False,
    advice: str,
) -> None:
    """Refuse matrices with NaN or infinity in them, and leave them as they are.

    Parameters
    ----------
    when
        Such as "after epoch 3".
    keys, input_vectors, output_vectors
        Of the vocabulary; float32, (len(keys), vector_size).
    has_nodes
        Whether the output vectors are inner nodes of a tree, not words.
    advice
        What may have caused it, and the way out.

    Raises
    ------
    FloatingPointError
        With the first key whose vector is no more, and how many are not.
    """
    if all_finite(input_vectors) and all_finite(output_vectors):
        return
    found = []
    for name, matrix in ("input", input_vectors), ("output", output_vectors):
        rows = bad_rows(matrix)
        if len(rows):
            is_node = has_nodes and name == "output"
            first = f"inner node {rows[0]}" if is_node else f"{keys[rows[0]]!r:.60}"
            found.append(
                f"{len(rows):,} of {len(matrix):,} {name} vectors, the first that of {first} "
                f"(row {rows[0]})"
            )
    raise FloatingPointError(
        f"{when} there is NaN or infinity in {' and in '.join(found)}: {advice}. The matrices are "
        "left as they are, to be looked at"
    )


def all_finite(matrix: Matrix) -> bool:
    """Return whether a matrix holds neither NaN nor infinity, in one pass and without a copy."""
    # A sum of squares is finite only if all of them are; if it is not, they may just be large.
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        squares = np.einsum("ij,ij->", matrix, matrix)
    return bool(np.isfinite(squares)) or not len(bad_rows(matrix))


def bad_rows(matrix: Matrix) -> NDArray[np.intp]:
    """Return which rows hold NaN or infinity."""
    found = [
        begin + np.flatnonzero(~np.isfinite(matrix[begin : begin + ROWS]).all(axis=1))
        for begin in range(0, len(matrix), ROWS)
    ]
    return np.concatenate(found)
