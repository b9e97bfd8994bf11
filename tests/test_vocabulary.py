"""The vocabulary: order, counts, and the two distributions that follow from the counts."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v.vocabulary import Vocabulary

COUNTS = st.lists(st.integers(1, 5), min_size=1, max_size=20)
REAL_COUNTS = np.array([900, 90, 9, 1])


def of_counts(counts):
    return Vocabulary([f"w{i}" for i in range(len(counts))], np.array(counts))


@settings(deadline=None)  # the machine may be busy
@given(COUNTS)
def test_order_is_by_count_and_ties_keep_their_order(counts):
    vocabulary = of_counts(counts)
    order = sorted(range(len(counts)), key=lambda i: (-counts[i], i))
    assert vocabulary.keys == list(vocabulary) == [f"w{i}" for i in order]
    assert vocabulary.counts.tolist() == [counts[i] for i in order]
    assert vocabulary.counts.dtype == np.int64
    assert vocabulary.key_to_index == {f"w{i}": row for row, i in enumerate(order)}
    assert len(vocabulary) == len(counts)


def test_ties_of_many_keys_keep_their_order():
    # More than a sort of small runs: an unstable sort would show here.
    counts = np.random.default_rng(0).integers(1, 4, size=5000)
    vocabulary = Vocabulary(range(5000), counts)
    assert vocabulary.keys == sorted(range(5000), key=lambda i: (-counts[i], i))


def test_membership_and_repr():
    vocabulary = Vocabulary(["a", 1, (1, "x")], [1, 2000, 1])
    assert "a" in vocabulary
    assert 1 in vocabulary
    assert (1, "x") in vocabulary
    assert "1" not in vocabulary
    assert 0 not in vocabulary  # an integer is a key, not a row
    assert repr(vocabulary) == "<Vocabulary: 3 keys, 2,002 tokens>"


@settings(deadline=None)  # the machine may be busy
@given(COUNTS, st.integers(1, 6))
def test_min_count_keeps_what_occurs_as_often(counts, min_count):
    keys = [f"w{i}" for i in range(len(counts))]
    if max(counts) < min_count:
        with pytest.raises(ValueError, match="vocabulary is empty") as raised:
            Vocabulary.with_min_count(keys, np.array(counts), min_count)
        for part in (
            f"{len(counts)} distinct tokens",
            f"{min_count} times or more",
            f"highest count is {max(counts)}",
            f"min_count must be at most {max(counts)}",
        ):
            assert part in str(raised.value)
    else:
        vocabulary = Vocabulary.with_min_count(keys, np.array(counts), min_count)
        kept = {key: n for key, n in zip(keys, counts, strict=True) if n >= min_count}
        assert dict(zip(vocabulary.keys, vocabulary.counts.tolist(), strict=True)) == kept


@pytest.mark.parametrize("sample", [1e-5, 1e-3, 0.1, 1 / 3])
def test_keep_probability_is_the_formula(sample):
    expected = []
    for count in REAL_COUNTS:
        share = count / 1000
        expected.append(min(math.sqrt(sample / share) + sample / share, 1))
    probability = of_counts(REAL_COUNTS).keep_probability(sample)
    assert probability.dtype == np.float32
    np.testing.assert_allclose(probability, expected, rtol=1e-6)
    assert np.all(np.diff(probability) >= 0)
    assert probability[0] < 1


@pytest.mark.parametrize("sample", [0, 0.0, 1, 1.0, 7, 1e308])
def test_no_sample_or_a_huge_one_keeps_all(sample):
    assert of_counts(REAL_COUNTS).keep_probability(sample).tolist() == [1, 1, 1, 1]


def test_the_least_sample_keeps_next_to_nothing():
    assert np.all(of_counts(REAL_COUNTS).keep_probability(5e-324) < 1e-30)


@pytest.mark.parametrize("exponent", [0.75, 1, 0.5, -0.5, -1, 3])
def test_noise_weights_are_powers_of_the_counts(exponent):
    weights = of_counts(REAL_COUNTS).noise_weights(exponent)
    expected = REAL_COUNTS.astype(float) ** exponent
    np.testing.assert_allclose(weights / weights.sum(), expected / expected.sum(), rtol=1e-12)
    assert weights.max() == 1


def test_exponent_zero_draws_all_alike():
    assert of_counts(REAL_COUNTS).noise_weights(0).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("exponent", [1e3, 1e6, 1e308])
def test_no_exponent_overflows(exponent):
    vocabulary = of_counts([10**12, 10**12, 10, 1])
    assert vocabulary.noise_weights(exponent).tolist() == [1, 1, 0, 0]
    assert vocabulary.noise_weights(-exponent).tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("keys", "counts", "error", "message"),
    [
        (["a", "b", "a"], [1, 2, 3], ValueError, "the key 'a' occurs more than once"),
        ([1, 1.0], [1, 2], ValueError, r"the key 1\.0 occurs more than once"),
        ([], [], ValueError, "at least one key"),
        (["a"], [1, 2], ValueError, r"1 keys, but counts of shape \(2,\)"),
        (["a"], [[1]], ValueError, r"1 keys, but counts of shape \(1, 1\)"),
        (["a", "b"], [1, 0], ValueError, "the count of 'b' is 0: counts must be at least 1"),
        (["a", "b"], [-3, 1], ValueError, "the count of 'a' is -3"),
        (["a"], [1.5], TypeError, "counts must be integers, not float64"),
        (["a"], ["1"], TypeError, "counts must be integers, not <U1"),
    ],
)
def test_what_is_no_vocabulary(keys, counts, error, message):
    with pytest.raises(error, match=message):
        Vocabulary(keys, counts)
