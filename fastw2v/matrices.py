"""Matrices whose rows lie where vector instructions want them.

A row begins at a multiple of 64 bytes, a cache line and the widest vector, and is followed by
zeros up to the next row. What users see is the (n, d) matrix without these zeros, a view of the
same memory.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastw2v._kernels.rng import INITIAL_VECTORS, fill_uniform
from fastw2v._kernels.updates import ROW_BYTES, ROW_FLOATS


def zeros(n: int, d: int) -> NDArray[np.float32]:
    """Make a float32 (n, d) matrix of zeros with such rows."""
    stride = row_stride(d)
    memory = np.zeros(n * stride + ROW_FLOATS, np.float32)
    skipped = -memory.ctypes.data % ROW_BYTES // memory.itemsize
    return memory[skipped : skipped + n * stride].reshape(n, stride)[:, :d]


def initial(n: int, d: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw inputs uniform on ±0.5 / d, make outputs zero, from the seed alone."""
    nothing = zeros(0, d)
    return grown_inputs(nothing, n, seed), padded(nothing, n)


def grown_inputs(
    inputs: NDArray[np.float32], n: int, seed: int, scale: float = 0.5
) -> NDArray[np.float32]:
    """Copy inputs into a matrix of n rows; those behind begin as they would in a new matrix.

    They are uniform on ±scale / d.
    """
    grown = padded(inputs, n)
    first, d = inputs.shape
    fill_uniform(grown[first:], seed, INITIAL_VECTORS, scale / d, first)
    return grown


def padded(matrix: NDArray[np.float32], n: int | None = None) -> NDArray[np.float32]:
    """Copy a matrix into one with such rows, n of them: zeros behind those there are."""
    copy = zeros(len(matrix) if n is None else n, matrix.shape[1])
    copy[: len(matrix)] = matrix
    return copy


def checked(matrix: object, name: str, n: int, d: int) -> NDArray[np.float32]:
    """Return the matrix, unless it can't be an (n, d) one to train."""
    if not isinstance(matrix, np.ndarray) or matrix.dtype.kind not in "fiu":
        raise TypeError(f"{name} must be an array of numbers, not {type(matrix).__name__}")
    if matrix.shape != (n, d):
        raise ValueError(
            f"{name} must have a row of {d} numbers for each of the {n} keys, "
            f"but its shape is {matrix.shape}"
        )
    return matrix


def is_padded(matrix: NDArray[np.float32]) -> bool:
    """Return whether the rows lie so; what lies between them can't be seen from here."""
    stride = row_stride(matrix.shape[1]) * matrix.itemsize
    return matrix.strides == (stride, matrix.itemsize) and matrix.ctypes.data % ROW_BYTES == 0


def row_stride(d: int) -> int:
    """Return how many floats there are from one row of d to the next."""
    return -(-d // ROW_FLOATS) * ROW_FLOATS
