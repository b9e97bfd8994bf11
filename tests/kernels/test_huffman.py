"""Huffman's tree: the shortest mean path, paths that are a code, and ties that are defined."""

import heapq
import itertools
import time
from functools import cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fastw2v import objectives
from fastw2v._kernels.huffman import HuffmanTree

some_counts = st.lists(
    st.one_of(
        st.integers(0, 3),  # many ties and zeros
        st.integers(0, 1000),
        st.integers(0, 40).map(lambda e: 2**e),
        st.integers(0, 2**55),
    ),
    min_size=1,
    max_size=60,
)
reproducibly = settings(derandomize=True, database=None, deadline=None, max_examples=300)


def build(counts):
    return HuffmanTree(np.asarray(counts, np.int64))


def paths_of(tree):
    return [tree.path(word) for word in range(tree.size)]


def weighted_length(counts, tree):
    return sum(int(c) * len(tree.path(word)[0]) for word, c in enumerate(counts))


def least_weighted_length(counts):
    """The sum of all merged weights, which a heap gives whatever it does with ties."""
    heap = [int(c) for c in counts]
    heapq.heapify(heap)
    total = 0
    while len(heap) > 1:
        merged = heapq.heappop(heap) + heapq.heappop(heap)
        total += merged
        heapq.heappush(heap, merged)
    return total


def reference_paths(counts):
    """The documented tree, by a heap: weight, then leaves from the last, then inner nodes."""
    heap = [(int(c), 0, -word, [word]) for word, c in enumerate(counts)]
    heapq.heapify(heap)
    paths = [([], []) for _ in counts]
    for node in range(len(counts) - 1):
        pair = [heapq.heappop(heap) for _ in range(2)]
        for (*_, words), label in zip(pair, (1.0, 0.0), strict=True):
            for word in words:
                paths[word][0].insert(0, node)
                paths[word][1].insert(0, label)
        heapq.heappush(heap, (pair[0][0] + pair[1][0], 1, node, pair[0][3] + pair[1][3]))
    return paths


def best_of_all_trees(counts):
    """The least weighted length of any binary tree, and the least longest path that goes with it.

    Tries every way to divide every set of words in two.
    """

    @cache
    def best(words):
        if len(words) == 1:
            return 0, 0
        first, *rest = words
        found = []
        for size in range(len(rest)):
            for others in itertools.combinations(rest, size):
                left = best((first, *others))
                right = best(tuple(word for word in rest if word not in others))
                found.append((left[0] + right[0], 1 + max(left[1], right[1])))
        length, depth = min(found)
        return length + sum(counts[word] for word in words), depth

    return best(tuple(range(len(counts))))


@reproducibly
@given(some_counts)
@example([0])
@example([5])
@example([0, 0])
@example([0] * 9)
@example([1] * 33)
@example([2**62, 2**62 - 1])
@example([2**63 - 1, 0, 0])
def test_tree_is_the_documented_one(counts):
    tree = build(counts)
    expected = reference_paths(counts)
    assert paths_of(tree) == expected
    assert tree.size == len(counts)
    assert tree.longest_path == max(len(nodes) for nodes, _ in expected)
    assert weighted_length(counts, tree) == least_weighted_length(counts)


@reproducibly
@given(st.lists(st.one_of(st.integers(0, 3), st.integers(0, 100)), min_size=1, max_size=7))
def test_no_binary_tree_is_shorter(counts):
    """Neither in its mean path nor, among those as short as that, in its longest one."""
    tree = build(counts)
    assert (weighted_length(counts, tree), tree.longest_path) == best_of_all_trees(counts)


@reproducibly
@given(some_counts, st.integers(0, 2**32 - 1))
def test_paths_are_a_tree(counts, seed):
    """From the root down, without a node twice, and no path is the beginning of another."""
    tree = build(counts)
    root = tree.size - 2
    paths = paths_of(tree)
    child_of = {}
    for word, (nodes, labels) in enumerate(paths):
        assert nodes == sorted(set(nodes), reverse=True)  # parents are made after their children
        assert nodes[:1] == [root] * (tree.size > 1)
        branches = zip(nodes, labels, strict=True)
        children = [*nodes, f"word {word}"][1:]
        for branch, child in zip(branches, children, strict=True):
            assert child_of.setdefault(branch, child) == child
    # Every inner node has both branches, and so every leaf and every node but the root a parent.
    assert set(child_of) == set(itertools.product(range(tree.size - 1), (0.0, 1.0)))
    assert len(set(child_of.values())) == len(child_of)

    scores = np.random.default_rng(seed).normal(size=tree.size, scale=3)
    total = sum(
        np.prod([objectives.sigmoid(scores[n] if label else -scores[n]) for n, label in steps])
        for steps in (list(zip(*path, strict=True)) for path in paths)
    )
    assert total == pytest.approx(1, rel=1e-12)


def test_probabilities_of_the_objective_sum_to_one():
    """The paths are what ``objectives.hierarchical_softmax`` takes."""
    rng = np.random.default_rng(5)
    v, u = rng.normal(size=8), rng.normal(size=(299, 8))
    tree = build(np.arange(300, 0, -1) ** 2)
    losses = [
        objectives.hierarchical_softmax(v, u, *tree.path(word)).loss for word in range(tree.size)
    ]
    assert np.exp(np.negative(losses)).sum() == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([7], [([], [])]),
        ([0], [([], [])]),
        # Lighter: 1; heavier: 0. Of equals the later word is first.
        ([3, 1], [([0], [0]), ([0], [1])]),
        ([1, 3], [([0], [1]), ([0], [0])]),
        ([2, 2], [([0], [0]), ([0], [1])]),
        ([0, 0], [([0], [0]), ([0], [1])]),
        # Words 2 and 1 make node 0, of weight 2; the leaf of weight 2 comes before it.
        ([2, 1, 1], [([1], [1]), ([1, 0], [0, 0]), ([1, 0], [0, 1])]),
        # Nodes 0 (words 3 and 2) and 1 (words 1 and 0) weigh the same: the earlier is first.
        ([1, 1, 1, 1], [([2, 1], [0, 0]), ([2, 1], [0, 1]), ([2, 0], [1, 0]), ([2, 0], [1, 1])]),
        # Zeros are counts like others: the leaf before the node of equal weight, 0.
        ([0, 0, 0], [([1], [1]), ([1, 0], [0, 0]), ([1, 0], [0, 1])]),
        ([4, 0, 0], [([1], [0]), ([1, 0], [1, 0]), ([1, 0], [1, 1])]),
        # Word 2 comes before node 0, as heavy, and so merges with word 1. Were it the other way
        # round, the mean path would be the same and the longest 4.
        (
            [4, 2, 2, 1, 1],
            [
                ([3, 2], [0, 0]),
                ([3, 1], [1, 0]),
                ([3, 1], [1, 1]),
                ([3, 2, 0], [0, 1, 0]),
                ([3, 2, 0], [0, 1, 1]),
            ],
        ),
    ],
)
def test_ties_by_hand(counts, expected):
    assert paths_of(build(counts)) == expected


@reproducibly
@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=60, unique=True), st.randoms())
def test_order_of_the_words_does_not_matter(counts, random):
    """Where no two are equal: every word has the path that it has in a sorted vocabulary."""
    in_order = dict(zip(sorted(counts), paths_of(build(sorted(counts))), strict=True))
    random.shuffle(counts)
    assert paths_of(build(counts)) == [in_order[count] for count in counts]


@pytest.mark.parametrize("order", [1, -1])
def test_fibonacci_counts_make_the_longest_paths(order):
    """90 words, whose sum is close to the largest that a count can be: one word more each time."""
    counts = [1, 1]
    while len(counts) < 90:
        counts.append(counts[-2] + counts[-1])
    assert 2**62 < sum(counts) < 2**63
    tree = build(counts[::order])
    assert tree.longest_path == 89
    lengths = [len(nodes) for nodes, _ in paths_of(tree)][::order]
    assert lengths == [89, *range(89, 0, -1)]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 64, 65, 1000, 1024])
@pytest.mark.parametrize("count", [0, 1, 10**12])
def test_equal_counts_make_a_balanced_tree(size, count):
    lengths = {len(nodes) for nodes, _ in paths_of(build([count] * size))}
    assert lengths <= {size.bit_length() - 1, (size - 1).bit_length()}


def test_zipfian_words_have_paths_near_their_information():
    """Within one bit of the entropy in the mean, as Huffman's code is."""
    counts = (10**9 / np.arange(1, 20_001)).astype(np.int64)
    shares = counts / counts.sum()
    entropy = -(shares * np.log2(shares)).sum()
    mean = weighted_length(counts, build(counts)) / counts.sum()
    assert entropy <= mean < entropy + 0.05


@pytest.mark.parametrize("counts", [[1], [3, 2, 1], [1] * 1000])
def test_memory_is_told(counts):
    tree = build(counts)
    steps = sum(len(nodes) for nodes, _ in paths_of(tree))
    slack = 8  # after the labels, which vector kernels read past the end of; nodes are read singly
    assert tree.nbytes == 8 * (len(counts) + 1) + 4 * (steps + 1) + 4 * (steps + slack)


def test_a_million_words_take_no_time():
    counts = (10**9 / np.arange(1, 1_000_001)).astype(np.int64)
    began = time.process_time()
    tree = build(counts)
    assert time.process_time() - began < 10  # measured: 0.1; with a quadratic algorithm: hours
    assert tree.longest_path == 24
    assert len(tree.path(0)[0]) == 4
    assert tree.path(999_999)[0][0] == 999_998


def test_counts_are_only_read():
    counts = np.array([1, 2, 3])
    counts.flags.writeable = False
    tree = HuffmanTree(counts)
    del counts
    assert tree.path(2) == ([1], [1.0])


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([], "not 0"),
        ([3, -1], "count 1 is -1: counts must be >= 0"),
        ([-(2**63)], "count 0 is -9223372036854775808"),
        ([2**62, 2**62], r"add up to more than 2\*\*63 - 1"),
        ([2**63 - 1, 0, 1], r"add up to more than 2\*\*63 - 1"),
    ],
)
def test_bad_counts_are_refused(counts, message):
    with pytest.raises(ValueError, match=message):
        build(counts)


@pytest.mark.parametrize(
    "counts",
    [np.ones(3, np.int32), np.ones(3), np.ones((3, 1), np.int64), np.ones(6, np.int64)[::2]],
)
def test_counts_of_another_type_are_refused(counts):
    with pytest.raises(ValueError, match=r"[Bb]uffer|contiguous"):
        HuffmanTree(counts)


def test_none_is_refused():
    with pytest.raises(TypeError):
        HuffmanTree(None)


@pytest.mark.parametrize("word", [-1, 3])
def test_words_outside_have_no_path(word):
    with pytest.raises(IndexError, match=f"word is {word}; pass a row number from 0 to 2"):
        build([3, 2, 1]).path(word)
