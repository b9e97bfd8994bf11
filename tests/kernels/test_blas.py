"""The vendored BLAS, routine by routine, against NumPy."""

import os
import subprocess
import sys

import numpy as np
import pytest

from fastw2v._kernels import blas

LENGTHS = [0, 1, 2, 3, 7, 8, 15, 16, 17, 33, 64, 100, 300, 1001]
SHAPES = [(1, 1, 1), (2, 3, 4), (6, 100, 5), (1, 300, 17), (16, 7, 513), (65, 64, 63), (200, 1, 3)]


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def normal(rng, *shape) -> np.ndarray:
    return rng.standard_normal(shape, np.float32)


def close(x, y, size: float) -> None:
    """Equal to float32's rounding of terms that add up to ``size``."""
    np.testing.assert_allclose(x, y, rtol=0, atol=1e-6 * max(size, 1))


@pytest.mark.parametrize("n", LENGTHS)
def test_dot(rng, n):
    for shift in range(2):  # rows of a matrix need not be aligned
        x, y = normal(rng, n + shift)[shift:], normal(rng, n + shift)[shift:]
        exact = x.astype(np.float64) @ y.astype(np.float64)
        close(blas.dot(x, y), exact, float(np.abs(x * y).sum()))


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("scale", [0.0, 1.0, -0.3, 1e6])
def test_axpy(rng, n, scale):
    room = normal(rng, n + 2)
    before = room.copy()
    x = normal(rng, n)
    blas.axpy(scale, x, room[1 : n + 1])
    close(room[1 : n + 1], scale * x.astype(np.float64) + before[1 : n + 1], abs(scale) * 5)
    assert room[0] == before[0]
    assert room[-1] == before[-1]


@pytest.mark.parametrize(("m", "k", "n"), SHAPES)
@pytest.mark.parametrize("beta", [0.0, 1.0, -0.5])
def test_gemm(rng, m, k, n, beta):
    a, b, c = normal(rng, m, k), normal(rng, k, n), normal(rng, m, n)
    exact = a.astype(np.float64) @ b.astype(np.float64) + beta * c.astype(np.float64)
    blas.gemm(a, b, c, beta)
    close(c, exact, k)


def test_gemm_overwrites_by_default(rng):
    """BLAS does not read c where beta is 0: uninitialised memory must not shine through."""
    a, b, c = normal(rng, 3, 4), normal(rng, 4, 5), np.full((3, 5), np.nan, np.float32)
    blas.gemm(a, b, c)
    close(c, a @ b, 4)


@pytest.mark.parametrize("beta", [0.0, 1.0, 0.5])
def test_gemm_without_inner_dimension_still_scales(rng, beta):
    """An empty sum is 0, so ``c`` becomes ``beta * c``."""
    c = normal(rng, 2, 3)
    before = c.copy()
    blas.gemm(np.empty((2, 0), np.float32), np.empty((0, 3), np.float32), c, beta)
    close(c, beta * before, 1)


@pytest.mark.parametrize("shape", [(0, 3, 4), (2, 3, 0)])
def test_gemm_of_nothing(shape):
    m, k, n = shape
    c = np.ones((m, n), np.float32)
    blas.gemm(np.ones((m, k), np.float32), np.ones((k, n), np.float32), c)
    assert c.size == 0


@pytest.mark.parametrize(("n", "m"), [(3, 4), (4, 3), (0, 1), (1, 0)])
def test_vectors_of_different_lengths_are_refused(n, m):
    x, y = np.ones(n, np.float32), np.ones(m, np.float32)
    with pytest.raises(ValueError, match=f"x has {n} values and y has {m}"):
        blas.dot(x, y)
    with pytest.raises(ValueError, match=f"x has {n} values and y has {m}"):
        blas.axpy(1.0, x, y)
    assert (y == 1).all()


@pytest.mark.parametrize(
    ("a", "b", "c"),
    [
        ((2, 3), (4, 5), (2, 5)),
        ((2, 3), (3, 5), (3, 5)),
        ((2, 3), (3, 5), (2, 4)),
        ((2, 3), (3, 5), (5, 2)),
    ],
)
def test_matrices_that_do_not_fit_are_refused(a, b, c):
    result = np.ones(c, np.float32)
    with pytest.raises(ValueError, match="do not fit"):
        blas.gemm(np.ones(a, np.float32), np.ones(b, np.float32), result)
    assert (result == 1).all()


@pytest.mark.parametrize(
    "bad",
    [np.ones(4), np.ones(8, np.float32)[::2], np.ones((2, 2), np.float32), np.ones(4, np.int32)],
    ids=["float64", "strided", "matrix", "int32"],
)
def test_other_arrays_than_contiguous_float32_are_refused(bad):
    good = np.ones(4, np.float32)
    with pytest.raises(ValueError, match=r"[Bb]uffer|contiguous"):
        blas.dot(bad, good)
    with pytest.raises(ValueError, match=r"[Bb]uffer|contiguous"):
        blas.axpy(1.0, good, bad)


def test_gemm_refuses_a_transposed_view():
    square = np.ones((3, 2), np.float32)
    with pytest.raises(ValueError, match="contiguous"):
        blas.gemm(square.T, square, np.ones((2, 2), np.float32))


def test_read_only_arrays_are_read_and_never_written():
    frozen = np.ones(4, np.float32)
    frozen.flags.writeable = False
    assert blas.dot(frozen, frozen) == 4
    with pytest.raises(ValueError, match="read-only"):
        blas.axpy(1.0, np.ones(4, np.float32), frozen)


def test_blas_uses_one_thread():
    assert blas.get_num_threads() == 1


def test_environment_does_not_bring_threads_back():
    """Hogwild's threads call BLAS themselves: its own would only be in the way."""
    code = "import fastw2v; from fastw2v._kernels import blas; print(blas.get_num_threads())"
    wanted = dict.fromkeys(["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "GOTO_NUM_THREADS"], "4")
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | wanted,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.strip() == "1"


def test_threads_can_be_set():
    try:
        blas.set_num_threads(2)
        assert blas.get_num_threads() == 2
    finally:
        blas.set_num_threads(1)
    assert blas.get_num_threads() == 1


def test_config_names_the_library():
    assert "OpenBLAS" in blas.config()
