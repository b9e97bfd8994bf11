"""Intervals: against their formulas, a plain bootstrap, and the truth that they are to cover."""

import statistics

import numpy as np
import pytest

from fastw2v.evaluation.intervals import Bootstrap, bonett_wright, ratio, wilson

SHARE = ratio(np.array([1.0, 0.0]), np.ones(2))


def plain_bca(sample, statistic, level, values):
    """Take BCa's interval from resamples' values, with a jackknife over single elements."""
    normal = statistics.NormalDist()
    observed = statistic(sample)
    below = (np.sum(values < observed) + np.sum(values == observed) / 2) / len(values)
    bias = normal.inv_cdf(below)
    left_out = np.array([statistic(np.delete(sample, i)) for i in range(len(sample))])
    deviations = left_out.mean() - left_out
    skewness = (deviations**3).sum() / (6 * (deviations**2).sum() ** 1.5)
    tails = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        z = bias + normal.inv_cdf(tail)
        tails.append(normal.cdf(bias + z / (1 - skewness * z)))
    return np.quantile(values, tails)


def test_shares_against_a_plain_bootstrap():
    sample = np.repeat([1.0, 0.0], [9, 31])
    random = np.random.default_rng(7)
    values = random.choice(sample, size=(40_000, 40)).mean(axis=1)
    multiplicity = np.array([9, 31])
    for method, expected in (
        ("percentile", np.quantile(values, [0.05, 0.95])),
        ("bca", plain_bca(sample, np.mean, 0.9, values)),
    ):
        found = Bootstrap(0.9, 40_000, method, 0).interval(SHARE, multiplicity)
        assert found == pytest.approx(expected, abs=0.026)  # steps are of 1/40


def test_units_against_a_plain_bootstrap():
    random = np.random.default_rng(1)
    sums = random.exponential(5.0, 25)
    sizes = random.integers(5, 20, 25).astype(np.float64)

    def statistic(units):
        return sums[units].sum() / sizes[units].sum()

    units = np.arange(25)
    values = np.array([statistic(random.choice(units, 25)) for _ in range(8000)])
    for method, expected in (
        ("percentile", np.quantile(values, [0.025, 0.975])),
        ("bca", plain_bca(units, statistic, 0.95, values)),
    ):
        found = Bootstrap(0.95, 20_000, method, 0).interval(ratio(sums, sizes), np.ones(25, int))
        assert found == pytest.approx(expected, abs=0.02)


def test_units_of_one_kind_are_told_by_their_number():
    """Nine units that are alike and one unit nine times are the same sample."""
    single = np.repeat([1.0, 0.0], [9, 31])
    options = Bootstrap(0.95, 30_000, "bca", 3)
    one_by_one = options.interval(ratio(single, np.ones(40)), np.ones(40, np.int64))
    assert options.interval(SHARE, np.array([9, 31])) == pytest.approx(one_by_one, abs=0.026)


def test_known_intervals():
    # Wilson's interval for 0 of n is [0, z^2 / (n + z^2)].
    assert wilson(0, 10) == pytest.approx((0.0, 3.841459 / 13.841459), abs=1e-6)
    assert wilson(10, 10) == pytest.approx((1 - 3.841459 / 13.841459, 1.0), abs=1e-6)
    assert bonett_wright(0.9, 3) == (-1.0, 1.0)


@pytest.mark.parametrize("method", ["bca", "percentile"])
def test_what_does_not_vary(method):
    options = Bootstrap(0.95, 200, method, 0)
    assert options.interval(SHARE, np.array([7, 0])) == (1.0, 1.0)
    assert options.interval(SHARE, np.array([0, 1])) == (0.0, 0.0)


def test_resamples_come_in_batches(monkeypatch):
    random = np.random.default_rng(2)
    statistic = ratio(random.normal(size=30), np.ones(30))
    whole = Bootstrap(0.95, 5000, "bca", 0).interval(statistic, np.ones(30, np.int64))
    monkeypatch.setattr("fastw2v.evaluation.intervals._CELLS", 100)
    parts = Bootstrap(0.95, 5000, "bca", 0).interval(statistic, np.ones(30, np.int64))
    assert parts == pytest.approx(whole, abs=1e-12)


def test_a_statistic_that_is_undefined_for_some_resamples():
    def mostly_there(counts):
        return np.where(counts[:, 0] > 0, counts @ np.arange(5.0) / 5, np.nan)

    low, high = Bootstrap(0.95, 1000, "bca", 0).interval(mostly_there, np.ones(5, np.int64))
    assert 0.0 <= low < high <= 4.0
    with pytest.raises(ValueError, match=r"defined for only 0 of 1000 resamples.*more questions"):
        Bootstrap(0.95, 1000, "bca", 0).interval(
            lambda counts: np.full(len(counts), np.nan), np.ones(5, np.int64)
        )


@pytest.mark.parametrize("method", ["bca", "percentile"])
def test_intervals_hold_the_truth_as_often_as_they_say(method):
    random = np.random.default_rng(11)
    held = 0
    for correct in random.binomial(400, 0.2, size=300):
        options = Bootstrap(0.9, 500, method, int(correct))
        low, high = options.interval(SHARE, np.array([correct, 400 - correct]))
        held += low <= 0.2 <= high
    assert held / 300 == pytest.approx(0.9, abs=0.06)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((0.0, 1000, "bca", 0), "level must be above 0"),
        ((1.0, 1000, "bca", 0), "level must be below 1"),
        ((0.95, 99, "bca", 0), "resamples must be at least 100, not 99"),
        ((0.95, 1000, "normal", 0), "method must be one of 'bca', 'percentile', not 'normal'"),
        ((0.95, 1000, "bca", -1), "seed must be at least 0"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        Bootstrap(*options)
