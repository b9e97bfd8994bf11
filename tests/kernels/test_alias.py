"""The alias table: the distribution that it holds, and the draws from it."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fastw2v._kernels.alias import AliasTable

N = 100_000
LIMIT = 4.5  # standard deviations


def check_distribution(weights: np.ndarray, indices) -> None:
    table = AliasTable(weights)
    assert table.size == len(weights)
    shares = weights / weights.sum()
    for i in indices:
        assert table.probability(i) == pytest.approx(shares[i], rel=0, abs=1e-9)
        if weights[i] == 0:
            assert table.probability(i) == 0


@settings(derandomize=True, database=None, deadline=None, max_examples=200)
@given(
    weights=st.lists(
        st.one_of(
            st.just(0.0),
            st.floats(0, 1),
            st.floats(1e-300, 1e300),
            st.integers(-290, 290).map(lambda e: 10.0**e),
            st.integers(1, 1000).map(float),
        ),
        min_size=1,
        max_size=60,
    ).filter(any)
)
@example(weights=[5e-324])
@example(weights=[1e308])
@example(weights=[1.0, 1.0, 1.0])
@example(weights=[0.0, 0.0, 1.0])
@example(weights=[1e300, 1e-300, 0.0, 1.0])
@example(weights=[0.1] * 10)
def test_probabilities_are_the_weights(weights):
    check_distribution(np.array(weights), range(len(weights)))


@pytest.mark.parametrize(
    "shape",
    [
        lambda rng, n: rng.random(n),
        lambda rng, n: np.arange(1, n + 1) ** -1.0,  # Zipf
        lambda rng, n: 10.0 ** rng.uniform(-200, 200, n),
        lambda rng, n: rng.random(n) * (rng.random(n) < 0.01),
        lambda rng, n: np.ones(n),
    ],
    ids=["random", "zipf", "magnitudes", "mostly zero", "equal"],
)
def test_probabilities_of_ten_thousand(shape):
    rng = np.random.default_rng(1)
    weights = np.asarray(shape(rng, 10_000), np.float64)
    ends = [0, 1, 9_998, 9_999, int(weights.argmax()), int(weights.argmin())]
    check_distribution(weights, [*ends, *rng.integers(0, 10_000, 500).tolist()])


def test_probabilities_add_up_to_one():
    weights = np.arange(1, 2001) ** -0.75
    table = AliasTable(weights)
    assert sum(table.probability(i) for i in range(2000)) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    "weights",
    [
        [1.0, 2.0, 3.0, 4.0],
        [1000.0, 1.0, 1.0],
        [0.0, 1.0, 0.0, 5.0, 0.0, 0.3],
        np.arange(1, 301) ** -0.75,
        np.ones(777),
    ],
    ids=["small", "skewed", "with zeros", "zipf", "equal"],
)
@pytest.mark.parametrize("key", [0, 1, 2**64 - 1])
def test_draws_follow_the_weights(weights, key, chi_square_z):
    drawn = AliasTable(np.array(weights)).draw(key, N)
    observed = np.bincount(drawn, minlength=len(weights))
    assert abs(chi_square_z(observed, weights)) < LIMIT


def test_successive_draws_are_independent(chi_square_z):
    weights = np.array([1.0, 2.0, 3.0, 4.0])
    drawn = np.array(AliasTable(weights).draw(5, N))
    observed = np.bincount(drawn[::2] * 4 + drawn[1::2], minlength=16)
    assert abs(chi_square_z(observed, np.outer(weights, weights).ravel())) < LIMIT


def test_a_draw_is_a_function_of_its_key():
    table = AliasTable(np.arange(1.0, 101.0))
    assert table.draw(3, 50) == table.draw(3, 100)[:50]
    assert table.draw(3, 50) != table.draw(4, 50)
    assert AliasTable(np.arange(1.0, 101.0)).draw(3, 50) == table.draw(3, 50)


def test_equal_weights_draw_the_slot_itself(fold):
    """Every slot then keeps its own word, so a draw is its upper half scaled to the table."""
    drawn = AliasTable(np.ones(1000)).draw(9, 1000)
    assert drawn == [(fold(9, i) >> 32) * 1000 >> 32 for i in range(1000)]


def test_one_word_is_always_drawn():
    table = AliasTable(np.array([0.3]))
    assert table.probability(0) == 1
    assert set(table.draw(1, 1000)) == {0}


def test_indices_outside_have_no_probability():
    table = AliasTable(np.array([1.0, 2.0]))
    assert table.probability(2) == 0
    assert table.probability(-1) == 0


def test_weights_are_read_only_once():
    weights = np.array([1.0, 2.0])
    weights.flags.writeable = False
    assert AliasTable(weights).probability(1) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([], "not 0"),
        ([1.0, -1e-9], "weight 1 is -1e-09"),
        ([float("nan"), 1.0], "weight 0 is nan"),
        ([1.0, 1.0, float("inf")], "weight 2 is inf"),
        ([1.0, float("-inf")], "weight 1 is -inf"),
        ([0.0, 0.0], "add up to 0"),
        ([1.7e308, 1.7e308], "add up to inf"),
    ],
)
def test_bad_weights_are_refused(weights, message):
    with pytest.raises(ValueError, match=message):
        AliasTable(np.array(weights, np.float64))


@pytest.mark.parametrize(
    "weights", [np.ones(3, np.float32), np.ones(3, np.int64), np.ones((3, 1)), np.ones(6)[::2]]
)
def test_weights_of_another_type_are_refused(weights):
    with pytest.raises(ValueError, match=r"[Bb]uffer|contiguous"):
        AliasTable(weights)
