"""Translation to rows, and the sentences' random order, against plain Python."""

from itertools import chain, pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fastw2v._kernels.encoding import MOST_BUCKET_BITS, Scatter, gather, translate
from fastw2v._kernels.rng import SENTENCE_ORDER

N_NUMBERS = 6
# A corpus as a stream of tokens and of sentences' ends, cut into pieces anywhere.
streams = st.lists(st.one_of(st.integers(0, N_NUMBERS - 1), st.none()), max_size=60).map(
    lambda items: [*items, None]
)
cuts = st.lists(st.integers(0, 61), max_size=8).map(sorted)


def int32(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


def int64(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def as_pieces(stream: list, cuts: list) -> list[tuple[np.ndarray, np.ndarray]]:
    pieces = []
    for begin, end in pairwise([0, *cuts, len(stream)]):
        items = stream[begin:end]
        ends = [i - items[:i].count(None) for i, item in enumerate(items) if item is None]
        pieces.append((int32(*(item for item in items if item is not None)), int32(*ends)))
    return pieces


def as_sentences(pieces) -> tuple[list, list]:
    """The sentences, and what comes after the last end."""
    sentences, begun = [], []
    for tokens, ends in pieces:
        begin = 0
        for end in ends:
            sentences.append(begun + tokens[begin:end].tolist())
            begun, begin = [], end
        begun = begun + tokens[begin:].tolist()
    return sentences, begun


def translated(pieces, rows: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    is_open, found = False, []
    for numbers, ends in pieces:
        out, out_ends = np.full(len(numbers), -5, np.int32), np.full(len(ends), -5, np.int32)
        n, n_ends, is_open = translate(numbers, ends, rows, is_open, out, out_ends)
        found.append((out[:n], out_ends[:n_ends]))
        assert is_open == bool(as_sentences(found)[1])
    return found


@settings(deadline=None)
@given(
    stream=streams,
    cuts=cuts,
    rows=st.lists(st.integers(-1, 3), min_size=N_NUMBERS, max_size=N_NUMBERS),
)
@example(stream=[None, 0, None, 1, 0, None], cuts=[2, 3, 4], rows=[5, -1, 0, 0, 0, 0])
def test_translation_drops_tokens_without_a_row_and_empty_sentences(stream, cuts, rows):
    sentences, _ = as_sentences(as_pieces(stream, []))
    known = [[rows[number] for number in sentence if rows[number] >= 0] for sentence in sentences]
    pieces = translated(as_pieces(stream, cuts), int32(*rows))
    assert as_sentences(pieces) == ([sentence for sentence in known if sentence], [])


def scattered(pieces, seed, bucket_bits: int) -> tuple[list, int]:
    """All sentences in their order, by plan and place, with each bucket sorted by draw."""
    n_buckets = 1 << bucket_bits
    tokens, sentences = np.zeros(n_buckets, np.int64), np.zeros(n_buckets, np.int64)
    scatter = Scatter(seed, bucket_bits)
    for piece, ends in pieces:
        scatter.plan(ends, len(piece), tokens, sentences)
    n_tokens, n_sentences = int(tokens.sum()), int(sentences.sum())
    first_token, first_record = np.cumsum(tokens) - tokens, np.cumsum(sentences) - sentences
    next_token, next_record = first_token.copy(), first_record.copy()
    out, records = np.full(n_tokens, -5, np.int32), np.zeros(n_sentences, np.uint64)
    scatter.restart()
    for piece, ends in pieces:
        scatter.place(piece, ends, next_token, next_record, out, records)
    np.testing.assert_array_equal(next_token, first_token + tokens)
    np.testing.assert_array_equal(next_record, first_record + sentences)
    found = []
    for bucket in np.flatnonzero(sentences):
        here = records[first_record[bucket] : next_record[bucket]]
        draws, lengths = here >> np.uint64(40), (here & np.uint64(2**40 - 1)).astype(np.int64)
        assert set(draws.tolist()) <= {0} or set((draws >> (24 - bucket_bits)).tolist()) == {bucket}
        order = np.argsort(draws, kind="stable")
        begins = np.cumsum(lengths) - lengths
        ordered = np.full(lengths.sum(), -5, np.int32)
        part = out[first_token[bucket] : next_token[bucket]]
        gather(part, begins[order], lengths[order], ordered)
        found += as_sentences([(ordered, np.cumsum(lengths[order]))])[0]
    return found, scatter.longest


@settings(deadline=None)
@given(
    stream=streams,
    cuts=cuts,
    seed=st.integers(0, 2**64 - 1),
    bucket_bits=st.one_of(st.integers(0, 5), st.just(MOST_BUCKET_BITS)),
)
def test_buckets_sorted_one_by_one_are_all_sentences_sorted(fold, stream, cuts, seed, bucket_bits):
    sentences, _ = as_sentences(as_pieces(stream, []))
    key = fold(fold(0, seed), SENTENCE_ORDER)
    order = sorted(range(len(sentences)), key=lambda s: fold(key, s) >> 40)
    expected = [sentences[s] for s in order]
    found, longest = scattered(as_pieces(stream, cuts), seed, bucket_bits)
    assert found == expected
    assert longest == max(map(len, sentences))


def test_many_sentences_with_equal_draws_keep_their_order(fold):
    """Of 30,000 sentences some 27 pairs draw the same 24 bits."""
    key = fold(fold(0, 7), SENTENCE_ORDER)
    draws = [fold(key, s) >> 40 for s in range(30_000)]
    assert len(set(draws)) < 30_000
    tokens, ends = np.arange(30_000, dtype=np.int32), np.arange(1, 1001, dtype=np.int32)
    pieces = [(part, ends) for part in np.split(tokens, 30)]
    for bucket_bits in (0, 3, 12):
        found, _ = scattered(pieces, 7, bucket_bits)
        assert found == [[s] for s in sorted(range(30_000), key=draws.__getitem__)]


@settings(deadline=None)
@given(
    pieces=st.lists(st.lists(st.integers(0, 9), max_size=5), max_size=6),
    order=st.randoms(use_true_random=False),
)
def test_gather_copies_sentences_one_after_the_other(pieces, order):
    lengths = int64(*map(len, pieces))
    begins = np.cumsum(lengths, dtype=np.int64) - lengths
    chosen = order.sample(range(len(pieces)), len(pieces))
    out = np.empty(lengths.sum(), np.int32)
    gather(int32(*chain.from_iterable(pieces)), begins[chosen], lengths[chosen], out)
    assert out.tolist() == [token for s in chosen for token in pieces[s]]


@pytest.mark.parametrize(
    ("numbers", "ends"),
    [
        ([0, 3], [2]),
        ([0, -1], [2]),
        ([0, 2**31 - 1], []),
        ([0, -(2**31)], []),
        ([0, 1], [3]),
        ([0, 1], [-1]),
        ([0, 1], [2, 1]),
        ([0, 1], [2**31 - 1, 0]),
        ([], [1]),
    ],
)
def test_damaged_pieces_are_not_translated(numbers, ends):
    numbers, ends = int32(*numbers), int32(*ends)
    with pytest.raises(ValueError, match="damaged"):
        translate(numbers, ends, int32(0, 1, -1), False, numbers.copy(), ends.copy())


def test_translation_needs_room():
    for n, n_ends in ((2, 1), (3, 0)):
        with pytest.raises(ValueError, match="no room"):
            translate(
                int32(0, 0, 0), int32(3), int32(0), False, int32(*range(n)), int32(*range(n_ends))
            )
    with pytest.raises(ValueError, match="damaged"):
        translate(int32(0), int32(), int32(), False, int32(0), int32())


@pytest.mark.parametrize(
    ("tokens", "ends", "next_token", "next_record"),
    [
        (4, [5], 0, 0),
        (4, [-1], 0, 0),
        (4, [4, 2], 0, 0),
        (4, [4, -(2**31)], 0, 0),
        (4, [2**31 - 1], 0, 0),
        (4, [4], 3, 0),
        (4, [4], -1, 0),
        (4, [4], 2**63 - 1, 0),
        (4, [4], -(2**63), 0),
        (4, [4], 0, 3),
        (4, [4], 0, -1),
        (4, [4], 0, 2**63 - 1),
        (4, [1, 2, 3, 4], 0, 0),
        (7, [], 0, 0),
    ],
)
def test_damaged_pieces_and_places_are_refused(tokens, ends, next_token, next_record):
    out, records = np.zeros(6, np.int32), np.zeros(3, np.uint64)
    with pytest.raises(ValueError, match=r"place|end"):
        Scatter(1, 0).place(
            np.arange(tokens, dtype=np.int32),
            int32(*ends),
            int64(next_token),
            int64(next_record),
            out,
            records,
        )


@pytest.mark.parametrize("ends", [[5], [-1], [4, 2], [2**31 - 1, 4]])
def test_damaged_pieces_are_not_planned(ends):
    with pytest.raises(ValueError, match="end"):
        Scatter(1, 0).plan(int32(*ends), 4, int64(0), int64(0))


@pytest.mark.parametrize(
    ("begins", "lengths", "room"),
    [
        ([0], [5], 9),
        ([4], [1], 9),
        ([5], [0], 9),
        ([-1], [1], 9),
        ([0], [-1], 9),
        ([2**63 - 1], [1], 9),
        ([2**63 - 1], [2**63 - 1], 9),
        ([-(2**63)], [-(2**63)], 9),
        ([0], [2**63 - 1], 9),
        ([0, 0], [4, 1], 4),
        ([0, 0], [4], 9),
        ([0], [4, 0], 9),
        ([], [1], 9),
    ],
)
def test_sentences_outside_their_bucket_are_refused(begins, lengths, room):
    with pytest.raises(ValueError, match=r"outside|lengths|sentences"):
        gather(int32(1, 2, 3, 4), int64(*begins), int64(*lengths), np.zeros(room, np.int32))


@pytest.mark.parametrize("bits", [-1, MOST_BUCKET_BITS + 1])
def test_bucket_bits_out_of_range_are_refused(bits):
    with pytest.raises(ValueError, match="bucket_bits"):
        Scatter(1, bits)


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_seeds_outside_64_bits_are_refused(seed):
    with pytest.raises(OverflowError):
        Scatter(seed, 0)


def test_other_numbers_of_buckets_are_refused():
    right, wrong = np.zeros(4, np.int64), np.zeros(3, np.int64)
    for first, second in ((right, wrong), (wrong, right)):
        with pytest.raises(ValueError, match="4 buckets"):
            Scatter(1, 2).plan(int32(), 0, first, second)
        with pytest.raises(ValueError, match="4 buckets"):
            Scatter(1, 2).place(int32(), int32(), first, second, int32(), np.zeros(0, np.uint64))
