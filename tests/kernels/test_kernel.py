"""What a kernel refuses, and that what it works on stays alive."""

import numpy as np
import pytest

from fastw2v import kernels, matrices
from fastw2v._kernels.alias import AliasTable
from fastw2v._kernels.huffman import HuffmanTree
from fastw2v._kernels.kernel import BLOCK, Kernel, Scratch
from fastw2v.hyperparameters import Hyperparameters

COUNTS = np.array([3, 2, 1])


@pytest.mark.parametrize(
    ("tokens", "offsets", "message"),
    [
        ([0, 4], [0, 2], "tokens run from 0 to 4, but the matrices have 4 rows"),
        ([-1, 3], [0, 2], "tokens run from -1 to 3"),
        ([1, 2**31 - 1], [0, 2], "2147483647"),
        ([0, 1, 2], [0, 2, 1, 3], "must not fall, as they do after sentence 1"),
        ([0, 1, 2], [0, 5, 3], "must not fall, as they do after sentence 1"),
        ([0, 1, 2], [0, -1, 3], "must not fall, as they do after sentence 0"),
        ([0, 1, 2], [1, 3], "must begin at 0"),
        ([0, 1, 2], [-1, 3], "must begin at 0"),
        ([0, 1, 2], [0, 2], "end at the number of tokens"),
        ([0, 1, 2], [0, 4], "end at the number of tokens"),
        ([], [0], "no tokens"),
        ([], [0, 0], "no tokens"),
        ([0, 1], [], "no tokens"),
        ([0, 1], [0], "no tokens"),
    ],
)
def test_a_bad_corpus_is_refused(make_kernel, tokens, offsets, message):
    with pytest.raises(ValueError, match=message):
        make_kernel(tokens, offsets, v=4)


@pytest.fixture
def arguments():
    """Good arguments of a kernel, for one to be replaced."""
    return {
        "tokens": np.array([0, 1, 2], np.int32),
        "offsets": np.array([0, 3]),
        "keep_probability": np.ones(3, np.float32),
        "noise": AliasTable(np.ones(3)),
        "input_vectors": np.zeros((3, 2), np.float32),
        "output_vectors": np.zeros((3, 2), np.float32),
        "first_epoch": 0,
        "epochs": 1,
    }


def build(arguments, **options):
    return Kernel(Hyperparameters(vector_size=2, **options), **arguments)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("keep_probability", np.ones(2, np.float32), "2 keep probabilities"),
        ("keep_probability", np.ones(4, np.float32), "4 keep probabilities"),
        ("noise", AliasTable(np.ones(2)), "noise over 2 words"),
        ("noise", AliasTable(np.ones(4)), "noise over 4 words"),
        ("output_vectors", np.zeros((2, 2), np.float32), "same shape"),
        ("output_vectors", np.zeros((3, 3), np.float32), "same shape"),
        ("input_vectors", np.zeros((3, 1), np.float32), "same shape"),
        ("input_vectors", np.zeros((0, 2), np.float32), "at least one row"),
        ("input_vectors", np.zeros((3, 0), np.float32), "at least one row and one column"),
        ("input_vectors", np.zeros((3, 2)), "[Bb]uffer"),
        ("input_vectors", np.zeros((2, 3), np.float32).T, "contiguous"),
        ("input_vectors", np.zeros(3, np.float32), "[Bb]uffer"),
        ("tokens", np.array([0, 1, 2], np.int64), "[Bb]uffer"),
        ("offsets", np.array([0, 3], np.int32), "[Bb]uffer"),
        ("keep_probability", np.ones(3), "[Bb]uffer"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arguments, name, value, message):
    assert len(build(arguments).windows(0, 0, 3)) == 3
    with pytest.raises(ValueError, match=message):
        build(arguments | {name: value})


def test_read_only_matrices_are_refused(arguments):
    arguments["output_vectors"].flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        build(arguments)


def test_noise_is_not_optional(arguments):
    with pytest.raises(TypeError, match="needs a noise"):
        build(arguments | {"noise": None})
    for objective in "hierarchical_softmax", "softmax":
        build(arguments | {"noise": None, "tree": HuffmanTree(COUNTS)}, objective=objective)


def test_hierarchical_softmax_needs_a_tree_over_the_same_words(arguments):
    options = {"objective": "hierarchical_softmax"}
    with pytest.raises(TypeError, match="needs a tree"):
        build(arguments, **options)
    with pytest.raises(ValueError, match="3 rows, but tree over 2 words"):
        build(arguments | {"tree": HuffmanTree(COUNTS[:2])}, **options)
    assert build(arguments | {"tree": HuffmanTree(COUNTS)}, **options).windows(0, 0, 3)[0][3] == []


def test_a_vocabulary_of_one_word_has_a_tree_without_nodes():
    """Then there is nothing to decide, and nothing to learn."""
    word = {"keep_probability": np.ones(1, np.float32), "tree": HuffmanTree(COUNTS[:1])}
    for kernel in kernels().available:
        for architecture in "skipgram", "cbow":
            inputs, outputs = matrices.initial(1, 2, seed=1)
            before = inputs.copy()
            trained = Kernel(
                Hyperparameters(objective="hierarchical_softmax", architecture=architecture),
                np.zeros(4, np.int32),
                np.array([0, 4]),
                input_vectors=inputs,
                output_vectors=outputs,
                first_epoch=0,
                epochs=1,
                kernel=kernel,
                **word,
            )
            scratch = Scratch(trained)
            trained.train(scratch, 0, 0, 4)
            np.testing.assert_array_equal(inputs, before)
            assert not outputs.any()
            assert scratch.loss == 0
            assert scratch.n_examples > 0


def test_unknown_kernels_are_refused(arguments):
    with pytest.raises(ValueError, match="no kernel 'sse' can run here"):
        build(arguments | {"kernel": "sse"})


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (1, BLOCK),
        (BLOCK - 1, 2 * BLOCK),
        (0, BLOCK - 1),
        (0, 2 * BLOCK + 9),
        (0, 2 * BLOCK + 11),
        (0, 3 * BLOCK),
        (0, 0),
        (BLOCK, BLOCK),
        (BLOCK, 0),
        (-BLOCK, BLOCK),
        (2 * BLOCK + 10, 2 * BLOCK + 10),
    ],
)
def test_runs_that_are_not_blocks_are_refused(make_kernel, begin, end):
    kernel = make_kernel(np.arange(2 * BLOCK + 10))
    with pytest.raises(ValueError, match="no run of blocks"):
        kernel.windows(0, begin, end)
    with pytest.raises(ValueError, match="no run of blocks"):
        kernel.train(Scratch(kernel), 0, begin, end)


def test_scratch_of_another_kernel_is_refused(make_kernel):
    kernel, other = make_kernel(np.arange(10)), make_kernel(np.arange(10))
    scratch = Scratch(other)
    assert scratch.kernel is other
    with pytest.raises(ValueError, match="another kernel"):
        kernel.train(scratch, 0, 0, 10)
    other.train(scratch, 0, 0, 10)
    with pytest.raises(TypeError):
        kernel.train(None, 0, 0, 10)
    with pytest.raises(TypeError):
        Scratch(None)


def test_a_kernel_keeps_its_arrays_alive(make_kernel):
    """``make_kernel`` drops its own references to what the kernel points into."""
    kernels = [make_kernel(np.arange(2000), window=1) for _ in range(20)]
    for kernel in kernels:
        assert [w[0] for w in kernel.windows(0, 0, 2000)] == list(range(2000))
