"""The counter-based random numbers: the formula, and what the training relies on statistically.

All draws are of fixed keys, so a statistical test here passes always or never.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v._kernels.rng import (
    INITIAL_VECTORS,
    SENTENCE_ORDER,
    as_bounded,
    as_uniform,
    draws,
    fill_uniform,
)

WORD = 2**64 - 1
GAMMA = 0x9E3779B97F4A7C15
N = 40_000
LIMIT = 4.5  # standard deviations
words = st.integers(0, WORD)

AXES = {
    "counter": lambda: draws(1, 0, 0, 0, N),
    "position": lambda: [draws(1, 0, 0, i, 1)[0] for i in range(N)],
    "sentence": lambda: [draws(1, 0, i, 0, 1)[0] for i in range(N)],
    "epoch": lambda: [draws(1, i, 0, 0, 1)[0] for i in range(N)],
    "seed": lambda: [draws(i, 0, 0, 0, 1)[0] for i in range(N)],
    # The window's size and the first negative of a token after another.
    "position, draw 1": lambda: [draws(1, 0, 0, i, 2)[1] for i in range(N)],
    "position, draw 2": lambda: [draws(1, 0, 0, i, 3)[2] for i in range(N)],
    # Far apart, as with hash-like seeds that differ in their upper bits only.
    "upper bits of seed": lambda: [draws(i << 48, 0, 0, 0, 1)[0] for i in range(N)],
}


@pytest.fixture(scope="module", params=AXES)
def along(request):
    """The draws along one axis, the rest fixed."""
    return np.array(AXES[request.param](), np.uint64)


@settings(derandomize=True, database=None, deadline=None)
@given(seed=words, epoch=words, sentence=words, position=words)
def test_draws_follow_the_documented_formula(fold, seed, epoch, sentence, position):
    key = fold(fold(fold(fold(0, seed), epoch), sentence), position)
    assert draws(seed, epoch, sentence, position, 5) == [fold(key, i) for i in range(5)]


def unmixed(x: int) -> int:
    """Undo SplitMix64's mixing function."""
    for shift, factor in ((31, 0x94D049BB133111EB), (27, 0xBF58476D1CE4E5B9), (30, 1)):
        y = x
        while (y ^ (y >> shift)) & WORD != x:  # each round sets ``shift`` more bits right
            y = x ^ (y >> shift)
        x = y * pow(factor, -1, 2**64) & WORD
    return x


@pytest.mark.parametrize(
    ("state", "published"),
    [
        # Rosetta Code, "Pseudo-random numbers/Splitmix64".
        (
            1234567,
            [
                6457827717110365317,
                3203168211198807973,
                9817491932198370423,
                4593380528125082431,
                16408922859458223821,
            ],
        ),
        # Vigna's splitmix64.c, state 0.
        (0, [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC]),
    ],
)
def test_draws_are_the_published_splitmix64_outputs(state, published):
    """A token's draws are SplitMix64 from its key; choose the seed that makes ``state`` the key."""
    key = state
    for counter in (7, 3, 5):  # position, sentence, epoch
        key = (unmixed(key) - (counter + 1) * GAMMA) & WORD
    seed = (unmixed(key) * pow(GAMMA, -1, 2**64) - 1) & WORD
    assert draws(seed, 5, 3, 7, len(published)) == published


def test_draws_do_not_depend_on_how_many_are_taken():
    assert draws(1, 2, 3, 4, 100)[:7] == draws(1, 2, 3, 4, 7)
    assert draws(1, 2, 3, 4, 0) == []


def test_each_part_of_the_key_matters_and_in_its_own_place():
    keys = {tuple(draws(*key, 1)) for key in np.ndindex(5, 5, 5, 5)}
    assert len(keys) == 5**4


@pytest.mark.parametrize("bad", [-1, 2**64])
def test_keys_outside_64_bits_are_refused(bad):
    with pytest.raises(OverflowError):
        draws(bad, 0, 0, 0, 1)


def test_every_byte_is_uniform(along, chi_square_z):
    for column in along.view(np.uint8).reshape(N, 8).T:
        z = chi_square_z(np.bincount(column, minlength=256), np.ones(256))
        assert abs(z) < LIMIT


def test_slots_are_uniform(along, chi_square_z):
    slots = [as_bounded(draw, 1000) for draw in along.tolist()]
    assert abs(chi_square_z(np.bincount(slots, minlength=1000), np.ones(1000))) < LIMIT


def test_fractions_are_uniform(along, chi_square_z):
    fractions = np.array([as_uniform(draw) for draw in along.tolist()])
    assert fractions.min() >= 0
    assert fractions.max() < 1
    observed, _ = np.histogram(fractions, bins=1000, range=(0, 1))
    assert abs(chi_square_z(observed, np.ones(1000))) < LIMIT
    # Kolmogorov and Smirnov's distance, which sees slow drifts; 2.3 has a probability of 5e-5.
    ordered = np.sort(fractions)
    assert np.abs(ordered - (np.arange(N) + 0.5) / N).max() * math.sqrt(N) < 2.3


def test_neighbours_are_not_correlated(along):
    fractions = (along >> np.uint64(11)) / 2.0**53 - 0.5
    for lag in (1, 2, 3, 256):
        r = 12 * np.mean(fractions[lag:] * fractions[:-lag])
        assert abs(r) * math.sqrt(N - lag) < LIMIT


def test_pairs_of_neighbours_are_uniform(along, chi_square_z):
    for shift in (60, 28, 0):  # the highest bits, the highest of the lower half, the lowest
        nibbles = (along >> np.uint64(shift)).astype(np.int64) & 15
        pairs = nibbles[::2] * 16 + nibbles[1::2]
        assert abs(chi_square_z(np.bincount(pairs, minlength=256), np.ones(256))) < LIMIT


def test_neighbours_differ_in_every_bit_half_the_time(along):
    flips = np.unpackbits((along[1:] ^ along[:-1]).view(np.uint8)).reshape(N - 1, 64)
    z = (flips.sum(axis=0) - (N - 1) / 2) / math.sqrt((N - 1) / 4)
    assert np.abs(z).max() < LIMIT


def test_no_draw_occurs_twice(along):
    assert len(np.unique(along)) == N  # a repetition has a probability of 4e-11


def test_draws_of_one_token_are_not_correlated():
    """Subsampling, window size and negatives of one token must not go together."""
    bits = np.array([draws(1, 0, 0, i, 4) for i in range(N // 2)], np.uint64) >> np.uint64(11)
    r = np.corrcoef((bits / 2.0**53).T)
    assert np.abs(r - np.eye(4)).max() * math.sqrt(N // 2) < LIMIT


@pytest.mark.parametrize(
    ("draw", "fraction"),
    [
        (0, 0.0),
        (2**11 - 1, 0.0),
        (2**11, 2.0**-53),
        (2**63, 0.5),
        (2**63 - 1, 0.5 - 2.0**-53),
        (WORD, 1 - 2.0**-53),
    ],
)
def test_as_uniform_at_its_extremes(draw, fraction):
    assert as_uniform(draw) == fraction
    assert 0 <= as_uniform(draw) < 1


@settings(derandomize=True, database=None, deadline=None)
@given(draw=words, n=st.integers(1, 2**32 - 1))
def test_as_bounded_is_the_upper_half_scaled(draw, n):
    assert as_bounded(draw, n) == (draw >> 32) * n >> 32


@pytest.mark.parametrize("n", [1, 2, 3, 1000, 2**31 - 1, 2**32 - 1])
def test_as_bounded_reaches_both_ends_and_nothing_beyond(n):
    assert as_bounded(0, n) == 0
    assert as_bounded(WORD, n) == n - 1
    for value in {0, n // 3, n // 2, n - 1}:
        first = -(-(value << 32) // n) << 32  # the smallest draw that gives ``value``
        assert as_bounded(first, n) == value
        if value:
            assert as_bounded(first - 1, n) == value - 1


def test_fill_uniform_depends_on_the_seed_alone():
    first, again, other = (np.empty((300, 7), np.float32) for _ in range(3))
    fill_uniform(first, 5, INITIAL_VECTORS, 0.25)
    fill_uniform(again, 5, INITIAL_VECTORS, 0.25)
    fill_uniform(other, 6, INITIAL_VECTORS, 0.25)
    np.testing.assert_array_equal(first, again)
    assert not np.isin(first, other).any()
    fill_uniform(other, 5, SENTENCE_ORDER, 0.25)
    assert not np.isin(first, other).any()
    assert len(np.unique(first)) > 2_000
    assert abs(first).max() <= 0.25
    assert abs(first.mean()) < 0.02
    assert first.std() == pytest.approx(0.5 / 12**0.5, rel=0.05)


def test_fill_uniform_goes_on_where_another_matrix_ends():
    whole, rest = np.empty((300, 7), np.float32), np.empty((100, 7), np.float32)
    fill_uniform(whole, 5, INITIAL_VECTORS, 0.25)
    fill_uniform(rest, 5, INITIAL_VECTORS, 0.25, 200)
    np.testing.assert_array_equal(rest, whole[200:])
