"""Codes of rows and the scan of them, against NumPy's integers, and what they may be off by."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v._kernels import quantized
from fastw2v._kernels.updates import compiled

KERNELS = [name for name, supported in compiled() if supported]
SIZES = [1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 100, 300]


def unit(matrix):
    matrix = np.asarray(matrix, np.float64)
    lengths = np.linalg.norm(matrix, axis=-1, keepdims=True)
    return matrix / np.where(lengths > 0, lengths, 1)


def encoded(matrix):
    n, d = matrix.shape
    codes, scales = np.full((n, quantized.width(d)), 99, np.int8), np.empty(n, np.float32)
    bad, error = quantized.encode(matrix, codes, scales, np.empty(d, np.float32))
    return codes, scales, bad, error


def integers(query):
    out = np.full(quantized.width(len(query)), 99, np.int16)
    return out, *quantized.quantized_query(query, out)


def matrix_of(rng, n, d):
    matrix = rng.standard_normal((n, d)) * 10 ** rng.uniform(-5, 5, (n, 1))
    matrix *= rng.random((n, d)) ** rng.integers(1, 20, (n, 1))  # some have few large values
    return matrix.astype(np.float32)


@pytest.mark.parametrize("d", SIZES)
def test_codes_say_the_row_up_to_the_error(d):
    rng = np.random.default_rng(d)
    matrix = matrix_of(rng, 50, d)
    matrix[7] = 0
    codes, scales, bad, error = encoded(matrix)
    assert bad == -1
    assert not codes[:, d:].any()
    assert np.abs(codes.astype(int)).max(axis=1).tolist() == [127] * 7 + [0] + [127] * 42
    off = np.linalg.norm(unit(matrix) - scales[:, None].astype(float) * codes[:, :d], axis=1)
    assert off.max() == pytest.approx(error, abs=1e-6)
    assert error < 0.5 / 127 * np.sqrt(d) + 1e-6


@pytest.mark.parametrize("d", SIZES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_products_are_exact(kernel, d):
    rng = np.random.default_rng(d)
    for n in 0, 1, 3, 4, 5, 2050:
        codes = rng.integers(-127, 128, (n, quantized.width(d)), np.int8)
        scales, out = rng.random(n, np.float32), np.full(n, 9, np.float32)
        query = rng.integers(-(1 << 14), 1 << 14, quantized.width(d)).astype(np.int16)
        quantized.approximate_cosines(query, 0.25, codes, scales, out, kernel)
        products = (codes.astype(np.int64) @ query.astype(np.int64)).astype(np.float32)
        np.testing.assert_array_equal(out, np.float32(0.25) * scales * products)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SIZES), st.integers(0, 1000))
def test_no_cosine_is_farther_off_than_promised(d, seed):
    rng = np.random.default_rng(seed)
    matrix, query = matrix_of(rng, 200, d), unit(matrix_of(rng, 1, d)[0]).astype(np.float32)
    codes, scales, _, error = encoded(matrix)
    numbers, scale, query_error = integers(query)
    out = np.empty(200, np.float32)
    quantized.approximate_cosines(numbers, scale, codes, scales, out, KERNELS[0])
    off = np.abs(out - unit(matrix) @ query.astype(np.float64))
    assert off.max() <= error + (1 + error) * query_error + 1e-6


@pytest.mark.parametrize("kernel", KERNELS)
def test_no_sum_of_products_overflows(kernel):
    d = 40_000  # all equal: the largest sum that there can be
    matrix = np.ones((4, d), np.float32)
    matrix[1] = -1
    codes, scales, _, error = encoded(matrix)
    numbers, scale, query_error = integers(unit(matrix[0]).astype(np.float32))
    out = np.empty(4, np.float32)
    quantized.approximate_cosines(numbers, scale, codes, scales, out, kernel)
    np.testing.assert_allclose(out, [1, -1, 1, 1], atol=error + query_error + 1e-4)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 15, 16, 39])
def test_the_first_row_that_is_not_finite(value, place):
    matrix = np.ones((5, 40), np.float32)
    matrix[3, place] = matrix[4, 0] = value
    assert encoded(matrix)[2] == 3


def test_a_query_of_zeros():
    numbers, scale, error = integers(np.zeros(20, np.float32))
    assert not numbers.any()
    assert scale == error == 0


def test_shapes_that_do_not_fit_are_refused():
    matrix = np.ones((3, 20), np.float32)
    codes, scales = np.empty((3, 32), np.int8), np.empty(3, np.float32)
    room = np.empty(20, np.float32)
    for arguments in [
        (matrix[:2], codes, scales, room),
        (matrix, codes[:, :16].copy(), scales, room),
        (matrix, codes, scales[:2], room),
        (matrix, codes, scales, room[:19]),
        (np.ones((20, 3), np.float32).T, codes, scales, room),
    ]:
        with pytest.raises(ValueError, match=r"must|do not fit"):
            quantized.encode(*arguments)
    query, out = np.zeros(32, np.int16), np.empty(3, np.float32)
    with pytest.raises(ValueError, match="do not fit"):
        quantized.quantized_query(np.zeros(20, np.float32), query[:20].copy())
    for arguments in [
        (query[:16].copy(), 1.0, codes, scales, out),
        (query, 1.0, codes, scales[:2], out),
        (query, 1.0, codes, scales, out[:2]),
        (query[:20].copy(), 1.0, codes[:, :20].copy(), scales, out),  # kernels read 16 at a time
    ]:
        with pytest.raises(ValueError, match="do not fit"):
            quantized.approximate_cosines(*arguments, KERNELS[0])
    with pytest.raises(ValueError, match="no kernel 'other'"):
        quantized.approximate_cosines(query, 1.0, codes, scales, out, "other")
