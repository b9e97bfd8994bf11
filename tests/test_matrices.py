"""Matrices whose rows begin at multiples of 64 bytes, with zeros between them."""

import numpy as np
import pytest

from fastw2v import matrices
from fastw2v._kernels.rng import INITIAL_VECTORS, fill_uniform
from fastw2v._kernels.updates import ROW_BYTES, ROW_FLOATS

SHAPES = [(1, 1), (1, 16), (1, 100), (2, 15), (3, 16), (3, 17), (40, 100), (7, 512), (1000, 3)]


def whole(matrix):
    """The matrix with its padding."""
    return np.lib.stride_tricks.as_strided(matrix, (len(matrix), matrix.strides[0] // 4))


def test_a_row_of_the_kernels_is_a_cache_line():
    assert (ROW_BYTES, ROW_FLOATS) == (64, 16)


@pytest.mark.parametrize(
    ("d", "stride"), [(1, 16), (15, 16), (16, 16), (17, 32), (100, 112), (1_000_000, 1_000_000)]
)
def test_rows_are_padded_to_whole_lines(d, stride):
    assert matrices.row_stride(d) == stride


@pytest.mark.parametrize("shape", SHAPES)
def test_zeros(shape):
    kept = [matrices.zeros(*shape) for _ in range(20)]  # where the allocator puts them by chance
    for matrix in kept:
        assert matrix.shape == shape
        assert matrix.dtype == np.float32
        assert not whole(matrix).any()
        assert matrix.flags.writeable
        assert matrices.is_padded(matrix)
        assert matrix.ctypes.data % 64 == 0
        assert matrix.strides == (4 * matrices.row_stride(shape[1]), 4)
        owner = matrix
        while owner.base is not None:
            owner = owner.base
        end = whole(matrix).ctypes.data + whole(matrix).nbytes
        assert owner.ctypes.data <= matrix.ctypes.data
        assert end <= owner.ctypes.data + owner.nbytes  # the last row's padding is there, too
        matrix[:] = 1


@pytest.mark.parametrize("shape", SHAPES)
def test_initial_matrices_come_from_the_seed_alone(shape):
    n, d = shape
    inputs, outputs = matrices.initial(n, d, seed=7)
    plain = np.empty(shape, np.float32)
    fill_uniform(plain, 7, INITIAL_VECTORS, 0.5 / d)
    np.testing.assert_array_equal(inputs, plain)
    assert abs(inputs).max() <= 0.5 / d
    assert not whole(outputs).any()
    assert not whole(inputs)[:, d:].any()
    assert matrices.is_padded(inputs)
    assert matrices.is_padded(outputs)
    assert not np.array_equal(inputs, matrices.initial(n, d, seed=8)[0])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_padded_copy(shape, order):
    plain = np.asarray(np.random.default_rng(0).normal(size=shape), np.float32, order=order)
    plain.flags.writeable = False  # as one that was loaded may be
    copy = matrices.padded(plain)
    np.testing.assert_array_equal(copy, plain)
    assert not np.shares_memory(copy, plain)
    assert matrices.is_padded(copy)
    assert not whole(copy)[:, shape[1] :].any()


@pytest.mark.parametrize("shape", SHAPES)
def test_more_rows_than_there_were(shape):
    n, d = shape
    trained = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    inputs, outputs = matrices.grown_inputs(trained, n + 3, 7), matrices.padded(trained, n + 3)
    for grown in inputs, outputs:
        np.testing.assert_array_equal(grown[:n], trained)
        assert matrices.is_padded(grown)
        assert not whole(grown)[:, d:].any()
    np.testing.assert_array_equal(inputs[n:], matrices.initial(n + 3, d, 7)[0][n:])
    assert not outputs[n:].any()


def test_what_is_not_padded():
    good = matrices.zeros(3, 20)
    assert matrices.is_padded(good)
    assert matrices.is_padded(good[1:])
    assert not matrices.is_padded(np.zeros((3, 20), np.float32))
    assert not matrices.is_padded(good[::2])
    assert not matrices.is_padded(good[::-1])
    assert not matrices.is_padded(good[:, 1:])  # begins four bytes too late
    assert not matrices.is_padded(good[:, ::2])
    assert not matrices.is_padded(good[:, :16])  # rows of 16 floats have no room between them
    assert not matrices.is_padded(matrices.zeros(20, 20).T)
