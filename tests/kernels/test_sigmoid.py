"""The sigmoid tables against the exact functions in float64."""

import math

import numpy as np
import pytest

from fastw2v._kernels.sigmoid import negative_log_sigmoid, sigmoid

GRID = np.linspace(-10, 10, 100_001, dtype=np.float32)
EDGES = np.linspace(-6, 6, 1001)
BEFORE_SIX = float(np.nextafter(np.float32(6), np.float32(0)))
FAR = [6.0, BEFORE_SIX, 20.0, 87.0, 89.0, 103.0, 700.0, 710.0, 1e4, 1e30, 3e38, math.inf]
EXTREMES = FAR + [-x for x in FAR]


def exact(x):
    """1 / (1 + exp(-x)) without overflow."""
    x = np.asarray(x, np.float64)
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def table(xs) -> np.ndarray:
    return np.array([sigmoid(x) for x in np.asarray(xs).tolist()])


def loss_table(xs) -> np.ndarray:
    return np.array([negative_log_sigmoid(x) for x in np.asarray(xs).tolist()])


def test_sigmoid_is_never_off_by_two_thousandths():
    error = np.abs(table(GRID) - exact(GRID))
    assert error.max() < 0.002
    assert error[np.abs(GRID) < 6].max() < 0.0015 + 1e-6  # as documented
    assert error[np.abs(GRID) > 6].max() < 0.00124


@pytest.mark.parametrize("x", EXTREMES)
def test_sigmoid_at_the_extremes(x):
    assert abs(sigmoid(x) - exact(x)) < 0.002


def test_sigmoid_has_no_bias():
    """gensim's table gives 0.494 at 0 and is shifted everywhere; a step function about 0 is not."""
    middles = (EDGES[1:] + EDGES[:-1]) / 2
    np.testing.assert_allclose(table(middles), exact(middles), rtol=0, atol=1e-7)
    just = 1e-6
    assert (sigmoid(just) + sigmoid(-just)) / 2 == pytest.approx(0.5, abs=1e-7)


def test_sigmoid_has_a_thousand_steps():
    inside = table(np.linspace(-5.9999, 5.9999, 50_000))
    assert len(np.unique(inside)) == 1000


def test_sigmoid_saturates():
    for sign, beyond in ((1, (1 + exact(6)) / 2), (-1, exact(-6) / 2)):
        values = {sigmoid(sign * x) for x in [6.0, 6.0001, 7.0, 10.0, 100.0, 1e30, math.inf]}
        assert len(values) == 1
        assert values.pop() == pytest.approx(float(beyond), abs=1e-7)
        assert 0 < sigmoid(sign * math.inf) < 1  # no update is ever skipped


def test_sigmoid_is_symmetric():
    """To rounding, away from the bins' edges, where x and -x lie on different sides."""
    into_bin = (GRID.astype(np.float64) + 6) % 0.012
    x = GRID[(np.minimum(into_bin, 0.012 - into_bin) > 1e-5) | (np.abs(GRID) > 6.001)]
    assert len(x) > 0.9 * len(GRID)
    np.testing.assert_allclose(table(x) + table(-x), 1, rtol=0, atol=1.5e-7)


def test_sigmoid_is_monotone():
    assert (np.diff(table(GRID)) >= 0).all()
    near_six = np.array([5.9999, BEFORE_SIX, 6.0, np.nextafter(np.float32(6), np.float32(7))])
    assert (np.diff(table(near_six)) >= 0).all()
    assert (np.diff(table(-near_six)) <= 0).all()


def test_sigmoid_takes_nan_for_an_outside_value():
    """NaN must not become an index; any value of the table will do."""
    assert sigmoid(math.nan) in {sigmoid(-math.inf), sigmoid(math.inf)}


def test_negative_log_sigmoid_inside():
    x = GRID[np.abs(GRID) < 6]
    error = np.abs(loss_table(x) - np.logaddexp(0, -x.astype(np.float64)))
    assert error.max() < 1e-5


def test_negative_log_sigmoid_outside():
    x = np.concatenate([GRID[np.abs(GRID) >= 6], np.linspace(10, 80, 1000, dtype=np.float32)])
    x = np.concatenate([x, -x])
    np.testing.assert_allclose(loss_table(x), np.logaddexp(0, -x.astype(np.float64)), rtol=1e-6)


def test_negative_log_sigmoid_next_to_six():
    for x in (BEFORE_SIX, -BEFORE_SIX, 6.0, -6.0):
        assert negative_log_sigmoid(x) == pytest.approx(float(np.logaddexp(0, -x)), abs=1e-5)


def test_negative_log_sigmoid_at_the_extremes():
    """Right up to the largest score, where log(1 + exp(x)) written plainly overflows."""
    for x in EXTREMES:
        as_float = float(np.float32(x))
        assert negative_log_sigmoid(x) == pytest.approx(
            float(np.logaddexp(0, -as_float)), rel=1e-6, abs=1e-5
        )
    assert negative_log_sigmoid(math.inf) == 0
    assert negative_log_sigmoid(-math.inf) == math.inf
    assert math.isnan(negative_log_sigmoid(math.nan))  # a diverged model must show in the loss


def test_negative_log_sigmoid_is_monotone_and_positive():
    values = loss_table(GRID)
    assert (np.diff(values) <= 1e-6).all()  # rounding of the place within a bin
    assert (values > 0).all()
