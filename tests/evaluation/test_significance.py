"""P-values: against SciPy's, which stand here as constants, and against plain enumeration."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v.evaluation.correlation import average_ranks
from fastw2v.evaluation.significance import (
    correlation_p_value,
    incomplete_beta,
    mcnemar_p_value,
    rank_swap_p_value,
    sign_flip_p_value,
)

# By scipy.special.betainc.
BETA = [
    (0.5, 0.5, 0.3, 0.36901011956554536),
    (2, 3, 0.4, 0.5247999999999999),
    (1, 1, 0.25, 0.25),
    (175.5, 0.5, 0.6, 7.792292750549743e-41),
    (1499, 0.5, 0.9995, 0.22080606811673784),
    (0.5, 1499, 0.0001, 0.4159702134997315),
    (9000, 9001, 0.5, 0.5029734988947056),
    (9100, 8001, 0.5, 2.1010204842555552e-17),
    (10, 1000, 0.01, 0.5539577291544943),
    (100000.0, 200000.0, 0.3333, 0.48472420024960267),
    (0.5, 0.5, 0.999999, 0.9993633801215482),
    (3, 0.5, 1e-12, 3.125000000001172e-37),
]
# Two-sided p-values by scipy.stats.pearsonr's distribution: correlation, pairs.
CORRELATIONS = [
    (0.1, 10, 0.7834244062499998),
    (-0.63, 353, 1.9324749925352896e-40),
    (0.28, 999, 1.8826802339926347e-19),
    (0.01, 50, 0.9450502113585202),
    (0.9, 4, 0.10000000000000009),
    (0.5, 3, 0.6666666666666666),
    (-0.999, 20, 9.461962149383634e-26),
]
# By scipy.stats.binomtest: successes, failures.
BINOMIAL = [
    (3, 9, 0.14599609375),
    (0, 5, 0.0625),
    (10, 11, 1.0),
    (120, 171, 0.0033087986331269033),
    (1500, 1320, 0.0007467902209675882),
    (4000, 5000, 5.581401567014391e-26),
]


@pytest.mark.parametrize(("a", "b", "x", "expected"), BETA)
def test_incomplete_beta(a, b, x, expected):
    assert incomplete_beta(a, b, x) == pytest.approx(expected, rel=1e-9)
    assert incomplete_beta(b, a, 1 - x) == pytest.approx(1 - expected, abs=1e-9)


def test_incomplete_beta_at_its_ends():
    assert incomplete_beta(2, 3, 0.0) == 0.0
    assert incomplete_beta(2, 3, 1.0) == 1.0


@pytest.mark.parametrize(("correlation", "n", "expected"), CORRELATIONS)
def test_p_value_of_a_correlation(correlation, n, expected):
    assert correlation_p_value(correlation, n) == pytest.approx(expected, rel=1e-10)


def test_p_value_of_a_correlation_at_its_ends():
    assert correlation_p_value(1.0, 5) == correlation_p_value(-1.0, 3) == 0.0
    assert correlation_p_value(0.0, 5) == 1.0
    assert correlation_p_value(1.0, 2) == 1.0


@pytest.mark.parametrize(("a", "b", "expected"), BINOMIAL)
def test_mcnemar(a, b, expected):
    assert mcnemar_p_value(a, b) == pytest.approx(expected, rel=1e-9)


@given(st.integers(1, 40), st.integers(0, 40))
def test_mcnemar_is_the_binomial_tail(a, b):
    n = a + b
    tail = sum(math.comb(n, k) for k in range(min(a, b) + 1)) / 2**n
    assert mcnemar_p_value(a, b) == pytest.approx(min(1.0, 2 * tail), rel=1e-11)
    assert mcnemar_p_value(b, a) == mcnemar_p_value(a, b)


def test_mcnemar_of_nothing():
    assert mcnemar_p_value(0, 0) == 1.0
    assert mcnemar_p_value(7, 7) == 1.0


@given(st.lists(st.integers(-6, 6), max_size=9))
def test_sign_flips_are_enumerated(differences):
    sums = [
        sum(sign * difference for sign, difference in zip(signs, differences, strict=True))
        for signs in itertools.product((1, -1), repeat=len(differences))
    ]
    beyond = sum(abs(value) >= abs(sum(differences)) for value in sums)
    assert sign_flip_p_value(differences) == pytest.approx(beyond / len(sums), abs=1e-12)


def test_sign_flips_of_single_questions_are_mcnemars_test():
    assert sign_flip_p_value([1] * 12 + [-1] * 4 + [0] * 9) == pytest.approx(mcnemar_p_value(12, 4))


def plain_correlation(x, y):
    x, y = x - x.mean(), y - y.mean()
    norm = math.sqrt((x @ x) * (y @ y))
    return x @ y / norm if norm > 1e-9 else 0.0


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=3, max_size=7).filter(
        lambda rows: len({row[0] for row in rows}) > 1
    )
)
def test_rank_swaps_approach_all_exchanges(rows):
    gold, a, b = (average_ranks(np.array(column, np.float64)) for column in zip(*rows, strict=True))

    def difference(swapped):
        one, other = np.where(swapped, b, a), np.where(swapped, a, b)
        return abs(plain_correlation(one, gold) - plain_correlation(other, gold))

    every = [difference(np.array(s)) for s in itertools.product((False, True), repeat=len(rows))]
    exact = np.mean(np.array(every) >= every[0] - 1e-9)
    found = rank_swap_p_value(gold, a, b, resamples=4000, seed=1)
    assert found == pytest.approx(exact, abs=0.04)  # 5 standard errors
    assert 1 / 4001 <= found <= 1.0
    assert rank_swap_p_value(gold, b, a, resamples=4000, seed=1) == pytest.approx(found, abs=0.04)


def test_rank_swaps_of_the_same_ranks():
    ranks = np.arange(1.0, 9.0)
    assert rank_swap_p_value(ranks, ranks, ranks, resamples=100, seed=0) == 1.0
    # The best and the worst: only exchanges of all or of none are as far apart.
    found = rank_swap_p_value(ranks, ranks, ranks[::-1].copy(), resamples=999, seed=0)
    assert found < 0.02


def test_rank_swaps_do_not_depend_on_the_size_of_a_batch(monkeypatch):
    random = np.random.default_rng(0)
    gold, a, b = (average_ranks(random.normal(size=20)) for _ in range(3))
    whole = rank_swap_p_value(gold, a, b, resamples=500, seed=0)
    monkeypatch.setattr("fastw2v.evaluation.significance._CELLS", 64)
    assert rank_swap_p_value(gold, a, b, resamples=500, seed=0) == pytest.approx(whole, abs=0.12)
