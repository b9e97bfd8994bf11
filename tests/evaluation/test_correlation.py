"""Ranks and correlations, and those of many resamples against one resample at a time."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastw2v.evaluation.correlation import (
    average_ranks,
    pearson,
    resampled_difference,
    resampled_spearman,
    spearman,
)


@pytest.mark.parametrize(
    ("values", "ranks"),
    [
        ([30, 10, 20], [3, 1, 2]),
        ([2, 2, 1, 2], [3, 3, 1, 3]),
        ([5, 5, 5, 5], [2.5, 2.5, 2.5, 2.5]),
        ([1, 7, 1, 7, 3], [1.5, 4.5, 1.5, 4.5, 3]),
        ([-0.0, 0.0], [1.5, 1.5]),
    ],
)
def test_average_ranks(values, ranks):
    assert average_ranks(np.array(values, dtype=np.float64)).tolist() == ranks


@pytest.mark.parametrize("scale", [1e-200, 1e-3, 1.0, 1e200])
def test_pearson_of_any_size(scale):
    x, y = np.array([1.0, 2.0, 4.0]), np.array([3.0, 1.0, 1.0])
    assert pearson(scale * x, y) == pytest.approx(-0.7559289460184544, rel=1e-12)
    assert pearson(scale * x, -2 * scale * x) == pytest.approx(-1.0, abs=1e-15)


def test_what_is_undefined_is_nan():
    same, other = np.ones(4), np.arange(4.0)
    for correlate in (pearson, spearman):
        assert math.isnan(correlate(same, other))
        assert math.isnan(correlate(other, same))


values = st.integers(0, 5)


@given(st.lists(st.tuples(values, values, values), min_size=1, max_size=12), st.data())
def test_resampled_spearman(rows, data):
    x, y, z = (np.array(column, np.float64) for column in zip(*rows, strict=True))
    drawn = data.draw(
        st.lists(
            st.lists(st.integers(0, len(rows) - 1), min_size=1, max_size=12), min_size=1, max_size=4
        )
    )
    counts = np.array([np.bincount(d, minlength=len(rows)) for d in drawn], np.float64)
    expected = [[spearman(x[d], other[d]) for d in drawn] for other in (y, z)]
    np.testing.assert_allclose(resampled_spearman(x, y)(counts), expected[0], atol=1e-12)
    difference = resampled_difference(x, y, z)(counts)
    np.testing.assert_allclose(difference, np.subtract(*expected), atol=1e-12)
