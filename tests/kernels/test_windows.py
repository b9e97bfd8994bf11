"""Subsampling, windows, negatives and learning rate, as ``Kernel.windows`` shows them.

The sampling is written a second time below, in plain Python from its documentation, and must agree
to the last draw. The statistical tests then check that what is documented is what word2vec wants.
"""

import math
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v._kernels.alias import AliasTable
from fastw2v._kernels.kernel import BLOCK, Kernel, Scratch
from fastw2v.hyperparameters import Hyperparameters
from fastw2v.vocabulary import Vocabulary

LIMIT = 4.5  # standard deviations; all seeds are fixed


def reference_windows(
    fold, tokens, offsets, keep, noise, *, seed, epoch, sides, shrink, negative, lr
) -> list:
    """All windows of one epoch, from the documentation in rng.pxd and windows.pyx alone."""
    left, right = sides
    windows = []
    for sentence, (start, stop) in enumerate(pairwise(offsets)):
        sentence_key = fold(fold(fold(0, seed), epoch), sentence)
        kept = []
        for position in range(stop - start):
            key = fold(sentence_key, position)
            if (fold(key, 0) >> 11) / 2.0**53 < keep[tokens[start + position]]:
                kept.append((start + position, key))
        for i, (place, key) in enumerate(kept):
            share = (fold(key, 1) >> 11) / 2.0**53
            reach_left = len(kept) if left is None else left
            reach_right = len(kept) if right is None else right
            if shrink and left is not None:
                reach_left = min(left, 1 + math.floor(share * left))
                reach_right = min(right, 1 + math.floor(share * right))
            around = kept[max(0, i - reach_left) : i] + kept[i + 1 : i + 1 + reach_right]
            contexts = [tokens[p] for p, _ in around]
            if contexts:
                negatives = noise.draw(key, 2 + negative * len(contexts))[2:]
                windows.append((tokens[place], contexts, lr(place), negatives))
    return windows


lengths = st.lists(
    st.one_of(st.integers(0, 3), st.integers(0, 40), st.integers(BLOCK - 5, BLOCK + 40)),
    min_size=1,
    max_size=8,
).filter(any)
sides = st.integers(0, 6)
window_options = st.one_of(
    st.integers(1, 12),
    st.integers(1, 600),  # wider than a block, and than every sentence
    st.just(2**31 - 1),
    st.tuples(sides, sides).filter(any),
    st.none(),
)


@settings(derandomize=True, database=None, deadline=None, max_examples=120)
@given(
    lengths=lengths,
    window=window_options,
    shrink=st.booleans(),
    negative=st.integers(1, 3),
    content=st.integers(0, 2**32),
    subsampled=st.booleans(),
    seed=st.one_of(st.just(2**64 - 1), st.integers(0, 2**64 - 1)),
    first_epoch=st.integers(0, 3),
    epoch=st.one_of(st.integers(0, 3), st.integers(0, 2**40)),
)
def test_windows_are_the_documented_ones(
    make_kernel,
    fold,
    lengths,
    window,
    shrink,
    negative,
    content,
    subsampled,
    seed,
    first_epoch,
    epoch,
):
    rng = np.random.default_rng(content)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).tolist()
    n, v = offsets[-1], 7
    tokens = rng.integers(0, v, n).tolist()
    keep = np.ones(v, np.float32)
    if subsampled:
        keep = np.minimum(rng.uniform(-0.3, 1.3, v), 1).astype(np.float32)
    noise = AliasTable(np.arange(1.0, v + 1))
    kernel = make_kernel(
        tokens,
        offsets,
        v=v,
        keep_probability=keep,
        noise=noise,
        first_epoch=first_epoch,
        epochs=epoch + 1,
        seed=seed,
        window=window,
        shrink_windows=shrink,
        negative=negative,
        alpha=0.5,
        min_alpha=0.25,
    )
    expected = reference_windows(
        fold,
        tokens,
        offsets,
        keep.tolist(),
        noise,
        seed=seed,
        epoch=first_epoch + epoch,
        sides=window if isinstance(window, tuple) else (window, window),
        shrink=shrink,
        negative=negative,
        lr=lambda place: 0.5 - 0.25 * (epoch * n + place) / ((epoch + 1) * n),
    )
    found = kernel.windows(first_epoch + epoch, 0, n)
    assert [w[:2] + w[3:] for w in found] == [w[:2] + w[3:] for w in expected]
    np.testing.assert_allclose([w[2] for w in found], [w[2] for w in expected], rtol=1e-6)

    by_block = [
        w
        for begin in range(0, n, BLOCK)
        for w in kernel.windows(first_epoch + epoch, begin, min(begin + BLOCK, n))
    ]
    assert by_block == found


def test_a_window_may_be_wider_than_every_sentence(make_kernel):
    """Sizes are uniform on 1 … window however short the sentences, so few are as short as they."""
    n = 4_000
    kernel = make_kernel(np.arange(4 * n) % 4, range(0, 4 * n + 1, 4), window=1000)
    found = kernel.windows(0, 0, 4 * n)
    whole = sum(len(contexts) == 3 for _, contexts, _, _ in found)
    assert whole > 0.99 * len(found)  # sizes 1 and 2 have a probability of 0.002


def test_windows_do_not_depend_on_other_sentences(make_kernel):
    short = np.arange(8)
    alone = make_kernel(short, window=10).windows(0, 0, 8)
    beside = make_kernel(np.arange(108), [0, 8, 108], window=10).windows(0, 0, 108)
    assert [w[:2] for w in beside[:8]] == [w[:2] for w in alone]


@pytest.mark.parametrize("options", [{"shrink_windows": False}, {"window": None}, {}])
def test_draw_two_is_the_first_negative(make_kernel, fold, options):
    """Draw 1 is the window's size, also where the size is fixed and nobody looks at it."""
    noise = AliasTable(np.ones(50))
    kernel = make_kernel(np.arange(50), noise=noise, seed=3, negative=2, **options)
    for center, contexts, _, negatives in kernel.windows(4, 0, 50):
        key = fold(fold(fold(fold(0, 3), 4), 0), center)
        assert negatives == noise.draw(key, 2 + 2 * len(contexts))[2:]


def test_any_run_of_blocks_gives_its_part(make_kernel):
    """Cut anywhere, a long sentence has the same windows: their margins are drawn again."""
    n = 5 * BLOCK + 77
    rng = np.random.default_rng(1)
    keep = np.array([1.0, 0.5, 0.02, 0.0])
    offsets = [0, 10, 10, 3 * BLOCK, n]
    kernel = make_kernel(rng.integers(0, 4, n), offsets, keep_probability=keep, window=(7, 3))
    whole = kernel.windows(0, 0, n)
    for cut in range(BLOCK, n, BLOCK):
        assert kernel.windows(0, 0, cut) + kernel.windows(0, cut, n) == whole
    assert len(whole) > 100


def test_windows_differ_by_seed_and_epoch(make_kernel):
    def windows(seed, epoch):
        return make_kernel(np.arange(300), seed=seed).windows(epoch, 0, 300)

    assert windows(1, 0) == windows(1, 0)
    assert [w[1] for w in windows(1, 0)] != [w[1] for w in windows(2, 0)]
    assert [w[1] for w in windows(1, 0)] != [w[1] for w in windows(1, 1)]
    assert [w[1] for w in windows(0, 1)] != [w[1] for w in windows(1, 0)]


# Windows.


def reaches(kernel, n) -> tuple[np.ndarray, np.ndarray]:
    """How far each window reaches to either side, in a sentence where token i is word i."""
    found = kernel.windows(0, 0, n)
    left = np.array([sum(c < center for c in contexts) for center, contexts, _, _ in found])
    right = np.array([sum(c > center for c in contexts) for center, contexts, _, _ in found])
    return left, right


@pytest.mark.parametrize("window", [1, 2, 5, 16])
def test_window_sizes_are_uniform(make_kernel, chi_square_z, window):
    n = 20_000
    left, right = reaches(make_kernel(np.arange(n), window=window), n)
    middle = slice(window, n - window)
    np.testing.assert_array_equal(left[middle], right[middle])
    observed = np.bincount(left[middle], minlength=window + 1)
    assert observed[0] == 0
    assert len(observed) == window + 1
    if window > 1:
        assert abs(chi_square_z(observed[1:], np.ones(window))) < LIMIT


@pytest.mark.parametrize("window", [(3, 6), (5, 2), (0, 4), (4, 0)])
def test_window_sizes_of_two_sides_are_uniform(make_kernel, chi_square_z, window):
    n = 20_000
    middle = slice(max(window), n - max(window))
    for side, reach in zip(
        window, reaches(make_kernel(np.arange(n), window=window), n), strict=True
    ):
        observed = np.bincount(reach[middle], minlength=side + 1)
        assert len(observed) == side + 1
        if side:
            assert observed[0] == 0
        if side > 1:
            assert abs(chi_square_z(observed[1:], np.ones(side))) < LIMIT


def test_window_sizes_of_neighbours_are_independent(make_kernel, chi_square_z):
    n = 30_000
    left, _ = reaches(make_kernel(np.arange(n), window=4), n)
    left = left[4:-4][: (n - 8) // 2 * 2] - 1
    observed = np.bincount(left[::2] * 4 + left[1::2], minlength=16)
    assert abs(chi_square_z(observed, np.ones(16))) < LIMIT


@pytest.mark.parametrize(("window", "sides"), [(3, (3, 3)), ((1, 4), (1, 4)), ((0, 2), (0, 2))])
def test_fixed_windows(make_kernel, window, sides):
    n = 2 * BLOCK + 9
    kernel = make_kernel(np.arange(n), window=window, shrink_windows=False)
    left, right = sides
    expected = [
        (i, [*range(max(0, i - left), i), *range(i + 1, min(n, i + 1 + right))]) for i in range(n)
    ]
    assert [w[:2] for w in kernel.windows(0, 0, n)] == [w for w in expected if w[1]]


@pytest.mark.parametrize("shrink", [True, False])
def test_no_window_size_is_the_whole_sentence(make_kernel, shrink):
    offsets = [0, 1, 5, 5, 5 + BLOCK + 20]
    n = offsets[-1]
    kernel = make_kernel(np.arange(n), offsets, window=None, shrink_windows=shrink)
    expected = [
        (i, [j for j in range(start, stop) if j != i])
        for start, stop in pairwise(offsets)
        for i in range(start, stop)
        if stop - start > 1
    ]
    assert [w[:2] for w in kernel.windows(0, 0, n)] == expected


def test_windows_never_cross_sentences(make_kernel):
    rng = np.random.default_rng(1)
    sizes = np.concatenate([rng.integers(0, 5, 400), rng.integers(0, 60, 40), [700, 1, 0]])
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    tokens = np.repeat(np.arange(len(sizes)), sizes)
    kernel = make_kernel(tokens, offsets, v=len(sizes), window=10)
    found = kernel.windows(0, 0, len(tokens))
    assert all(set(contexts) == {center} for center, contexts, _, _ in found)
    assert len(found) == sizes[sizes > 1].sum()  # no context, no window; but all others


@pytest.mark.parametrize("window", [1, 5, (2, 3), None])
def test_a_center_is_not_its_own_context(make_kernel, window):
    """By place: every token is another word here. The same word may stand elsewhere in a window."""
    n = BLOCK + 50
    kernel = make_kernel(np.arange(n), window=window)
    for center, contexts, _, _ in kernel.windows(0, 0, n):
        assert center not in contexts
        assert contexts == sorted(set(contexts))
    (first, _) = make_kernel([0, 0], window=2).windows(0, 0, 2)
    assert first[:2] == (0, [0])


def test_windows_span_what_subsampling_kept(make_kernel):
    """Words go before windows are formed, so windows reach over the gaps."""
    tokens = np.arange(3 * BLOCK)
    keep = (tokens % 3 == 0).astype(float)
    kernel = make_kernel(tokens, keep_probability=keep, window=1)
    found = kernel.windows(0, 0, len(tokens))
    kept = tokens[::3].tolist()
    assert [w[0] for w in found] == kept
    assert found[5][1] == [kept[4], kept[6]]


def test_a_sentence_longer_than_many_blocks_has_all_its_centers(make_kernel):
    """gensim drops what comes after the 10,000th token."""
    n = 200_000
    found = make_kernel(np.arange(n), window=1).windows(0, 0, n)
    assert [w[0] for w in found] == list(range(n))
    assert all(
        contexts == ([i - 1] if i else []) + ([i + 1] if i < n - 1 else [])
        for i, contexts, _, _ in found
    )


def test_finding_repeats_takes_no_longer_for_wide_windows(make_kernel):
    """Each token compared with all before it would be 2 * 10**10 comparisons a block."""
    n = 200_000
    kernel = make_kernel(np.arange(n), window=(0, n), shrink_windows=True)
    scratch = Scratch(kernel)
    kernel.stop()  # after the first block's repeats were linked
    began = time.process_time()
    kernel.train(scratch, 0, 0, BLOCK)
    assert time.process_time() - began < 1


def test_corpora_without_a_window(make_kernel):
    assert make_kernel([3]).windows(0, 0, 1) == []
    assert make_kernel([0, 1, 2], [0, 1, 2, 2, 3]).windows(0, 0, 3) == []
    assert make_kernel([0, 1, 2], keep_probability=[0, 0, 0]).windows(0, 0, 3) == []
    assert make_kernel([0, 1, 2], keep_probability=[0, 1, 0]).windows(0, 0, 3) == []


# Subsampling, negatives and learning rate.


@pytest.mark.parametrize("epoch", [0, 1])
def test_subsampling_keeps_each_word_with_its_probability(make_kernel, epoch):
    n = 60_000
    counts = n * np.array([0.5, 0.3, 0.1, 0.09, 0.0099, 0.0001])
    vocabulary = Vocabulary(list("abcdef"), counts.astype(int))
    keep = vocabulary.keep_probability(0.01)
    ratio = 0.01 / (counts / n)
    np.testing.assert_allclose(keep, np.minimum(np.sqrt(ratio) + ratio, 1), rtol=1e-6)
    assert keep[-1] == 1 > keep[3]
    tokens = np.random.default_rng(1).permutation(np.repeat(np.arange(6), vocabulary.counts))
    kernel = make_kernel(tokens, keep_probability=keep, seed=5)
    kept = np.bincount([w[0] for w in kernel.windows(epoch, 0, n)], minlength=6)
    for word in range(6):
        occurs = vocabulary.counts[word]
        if keep[word] == 1:
            assert kept[word] == occurs
        else:
            spread = math.sqrt(occurs * keep[word] * (1 - keep[word]))
            assert abs(kept[word] - occurs * keep[word]) < LIMIT * spread


def test_subsampling_is_drawn_anew_for_every_occurrence(make_kernel, chi_square_z):
    """Decisions on one word, eight occurrences at a time: all 256 outcomes equally often."""
    n = 8 * 10_000
    marked = np.arange(n)
    found = make_kernel(marked, keep_probability=np.full(n, 0.5), window=1).windows(0, 0, n)
    kept = np.zeros(n, np.uint8)
    kept[[w[0] for w in found]] = 1
    outcomes = np.bincount(np.packbits(kept), minlength=256)
    assert abs(chi_square_z(outcomes, np.ones(256))) < LIMIT


@pytest.mark.parametrize("exponent", [0.75, 1.0, 0.0, -0.5])
def test_negatives_follow_the_counts(make_kernel, chi_square_z, exponent):
    counts = np.array([1000, 300, 100, 30, 10, 3, 1])
    vocabulary = Vocabulary(list("abcdefg"), counts)
    noise = AliasTable(vocabulary.noise_weights(exponent))
    kernel = make_kernel(np.arange(7_000) % 7, noise=noise, window=2, negative=10)
    found = kernel.windows(0, 0, 7_000)
    assert all(len(negatives) == 10 * len(contexts) for _, contexts, _, negatives in found)
    drawn = np.concatenate([negatives for *_, negatives in found])
    assert abs(chi_square_z(np.bincount(drawn, minlength=7), counts**exponent)) < LIMIT
    # The first of each window, too, whatever the size drawn just before it.
    for size in (2, 4):
        first = [w[3][0] for w in found if len(w[1]) == size]
        assert len(first) > 3000
        common = counts**exponent / (counts**exponent).sum() * len(first) > 6
        observed = np.bincount(first, minlength=7)[common]
        assert abs(chi_square_z(observed, (counts**exponent)[common])) < LIMIT


def test_learning_rate_falls_linearly_over_all_epochs(make_kernel):
    n, epochs, first = 1000, 3, 2
    kernel = make_kernel(
        np.arange(n), [0, 400, n], first_epoch=first, epochs=epochs, alpha=0.05, min_alpha=0.002
    )
    rates = [w[2] for e in range(first, first + epochs) for w in kernel.windows(e, 0, n)]
    exact = 0.05 + (0.002 - 0.05) * np.arange(n * epochs) / (n * epochs)
    np.testing.assert_allclose(rates, exact, rtol=1e-6)
    assert rates[0] == pytest.approx(0.05, rel=1e-6)


def test_learning_rate_counts_dropped_tokens_too(make_kernel):
    n = 3000
    keep = np.random.default_rng(1).random(n)
    kernel = make_kernel(np.arange(n), keep_probability=keep, alpha=1.0, min_alpha=0.0)
    found = kernel.windows(0, 0, n)
    assert len(found) < 2000
    places = np.array([w[0] for w in found])
    np.testing.assert_allclose([w[2] for w in found], 1 - places / n, rtol=0, atol=1e-6)


def test_learning_rate_may_stay_where_it_is(make_kernel):
    kernel = make_kernel(np.arange(600), alpha=0.05, min_alpha=0.05)
    assert {w[2] for w in kernel.windows(0, 0, 600)} == {float(np.float32(0.05))}


def test_learning_rate_is_no_higher_than_progress_says(make_kernel):
    """Two epochs of 1,000 tokens: half of the way is the second's beginning."""
    options = {"epochs": 2, "alpha": 0.4, "min_alpha": 0.2, "window": 1}
    kernel = make_kernel(np.zeros(1000, int), **options)
    planned = np.array([lr for epoch in (0, 1) for _, _, lr, _ in kernel.windows(epoch, 0, 1000)])
    for progress in 0, 0.25, 0.5, 0.9, 1:
        rates = [lr for epoch in (0, 1) for _, _, lr, _ in kernel.windows(epoch, 0, 1000, progress)]
        expected = np.minimum(planned, 0.4 - 0.2 * progress)
        np.testing.assert_allclose(rates, expected, rtol=1e-6)


def test_training_takes_progress_from_each_call():
    """At the end of the way steps are those of a rate that is there already."""
    random = np.random.default_rng(0)
    initial = random.normal(size=(2, 4)).astype(np.float32)

    def train(kernel, inputs, scratch, progress):
        inputs[:] = initial
        outputs[kernel][:] = 0
        kernel.train(scratch, 0, 0, 40, progress)
        return inputs.tolist()

    outputs, moved = {}, []
    for alpha, shares in (0.5, (1.0, 0.0)), (0.25, (0.0,)), (0.5, (0.0,)):
        inputs, output_vectors = initial.copy(), np.zeros((2, 4), np.float32)
        kernel = Kernel(
            Hyperparameters(vector_size=4, alpha=alpha, min_alpha=0.25),
            np.tile(np.array([0, 1], np.int32), 20),
            np.array([0, 40]),
            keep_probability=np.ones(2, np.float32),
            noise=AliasTable(np.ones(2)),
            input_vectors=inputs,
            output_vectors=output_vectors,
            first_epoch=0,
            epochs=1,
        )
        outputs[kernel], scratch = output_vectors, Scratch(kernel)
        moved += [train(kernel, inputs, scratch, progress) for progress in shares]
    at_the_end, after_it, constant, falling = moved
    assert at_the_end == constant != falling == after_it
    with pytest.raises(ValueError, match=r"progress must be from 0 to 1, not 1\.5"):
        kernel.train(scratch, 0, 0, 40, 1.5)
