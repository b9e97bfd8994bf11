"""Pairs are counted exactly in every range of hashes, and damaged pieces are refused."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from fastw2v._kernels.phrases import LAST_HASH, SLOT_BYTES, Joiner, PairCounter, tally


def int32(*values):
    return np.array(values, np.int32)


@pytest.mark.parametrize(
    ("tokens", "ends"),
    [
        (int32(0, 3), int32(2)),
        (int32(0, -1), int32(2)),
        (int32(0, 1), int32(3)),
        (int32(0, 1), int32(2, 1)),
        (int32(0, 1), int32(-1)),
    ],
)
def test_damaged_pieces_are_refused(tokens, ends):
    counter = PairCounter(np.ones(3, np.uint8), 0, LAST_HASH, 0)
    with pytest.raises(ValueError, match="damaged"):
        counter.count(tokens, ends)
    joiner = Joiner(int32(0, 1).reshape(1, 2), int32(3), 3)
    with pytest.raises(ValueError, match="damaged"):
        joiner.join(tokens, ends, np.empty(3, np.int32), np.empty(3, np.int32))


def test_what_can_not_be_is_refused():
    pair, counts = int32(0, 1).reshape(1, 2), np.zeros(3, np.int64)
    for pairs, numbers, n_rows in (pair, int32(-1), 2), (pair, int32(2), 1), (-pair, int32(2), 2):
        with pytest.raises(ValueError, match="out of range"):
            Joiner(pairs, numbers, n_rows)
    for pairs, numbers in (pair, int32(2, 3)), (int32(0, 1, 1).reshape(1, 3), int32(2)):
        with pytest.raises(ValueError, match="shape"):
            Joiner(pairs, numbers, 2)
    for room in 2, 1:
        with pytest.raises(ValueError, match="room"):
            Joiner(pair, int32(2), 2).join(
                int32(0, 1), int32(2), np.empty(room, np.int32), np.empty(room - 1, np.int32)
            )
    for number in 3, -1:
        with pytest.raises(ValueError, match="damaged"):
            tally(int32(0, number), 0, counts, counts.copy())
    with pytest.raises(ValueError, match="length"):
        tally(int32(0), 0, counts, counts[1:])
    with pytest.raises(ValueError, match="no hash"):
        PairCounter(np.ones(3, np.uint8), 1, 0, 0)
    with pytest.raises(ValueError, match="least"):
        PairCounter(np.ones(3, np.uint8), 0, 1, 0).pairs(0)


def test_ranges_of_hashes_share_all_pairs_without_overlap():
    """What a counter gives up is its range's upper part, and what it keeps is exact."""
    random = np.random.default_rng(1)
    tokens = random.integers(100, size=20_000).astype(np.int32)
    expected = Counter(pairwise(tokens.tolist()))
    found, first, passes = {}, 0, 0
    while first <= LAST_HASH:
        counter = PairCounter(np.ones(100, np.uint8), first, LAST_HASH, SLOT_BYTES << 12)
        for begin in range(0, 20_000, 1000):
            counter.count(tokens[begin : begin + 1000], int32())
        pairs, counts = counter.pairs(1)
        assert len(pairs) <= 1 << 10  # half of the largest table that allows a second one
        part = {tuple(pair): n for pair, n in zip(pairs.tolist(), counts.tolist(), strict=True)}
        assert not found.keys() & part.keys()
        found |= part
        first, passes = counter.last + 1, passes + 1
    assert found == expected
    assert passes > len(expected) >> 10
