"""Input rows with rates, and sentences with weights, against ``fastw2v.objectives``.

With J the sum of each sentence's loss times its weight, a step takes lr times J's gradient off the
output rows, and lr times its rate times J's gradient off each input row.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v import kernels, matrices, objectives
from fastw2v._kernels import sigmoid as table
from fastw2v._kernels.alias import AliasTable
from fastw2v._kernels.huffman import HuffmanTree
from fastw2v._kernels.kernel import BLOCK, MOST_CONTEXTS, SOFTMAX_EXAMPLES, Kernel, Scratch
from fastw2v.hyperparameters import Hyperparameters

CBOW = {"architecture": "cbow"}
HIERARCHICAL = {"objective": "hierarchical_softmax"}
SOFTMAX = {"objective": "softmax"}
OBJECTIVES = {
    "skipgram-window": {"negative_sharing": "window"},
    "skipgram-pair": {"negative_sharing": "pair"},
    "skipgram-hierarchical": HIERARCHICAL,
    "skipgram-softmax": SOFTMAX,
    "cbow": CBOW,
    "cbow-word2vec": CBOW | {"cbow_gradient": "word2vec"},
    "cbow-hierarchical": CBOW | HIERARCHICAL,
    "cbow-softmax": CBOW | SOFTMAX,
    "cbow-softmax-word2vec": CBOW | SOFTMAX | {"cbow_gradient": "word2vec"},
}
every_kernel = pytest.mark.parametrize("kernel", kernels().available)
every_objective = pytest.mark.parametrize("name", OBJECTIVES)
table_sigmoid = np.vectorize(table.sigmoid, otypes=[np.float64])


class Run:
    """A small corpus, its matrices, and a kernel for copies of them."""

    def __init__(self, sentences, name, kernel, *, n_words=5, rates=None, weights=None, **options):
        options = {"vector_size": 20, "alpha": 0.05, "window": 3} | OBJECTIVES[name] | options
        self.parameters = Hyperparameters(**options)
        self.sigmoid = table_sigmoid if kernel == "blas" else objectives.sigmoid
        random = np.random.default_rng(0)
        shape = 2, n_words, self.parameters.vector_size
        self.before = random.normal(scale=0.2, size=shape).astype(np.float32)
        self.inputs, self.outputs = map(matrices.padded, self.before)
        self.tokens = np.concatenate([np.asarray(s, np.int32) for s in sentences])
        self.offsets = np.cumsum([0, *map(len, sentences)], dtype=np.int64)
        self.tree = HuffmanTree(np.bincount(self.tokens, minlength=n_words))
        self.rates = None if rates is None else np.asarray(rates, np.float32)
        self.weights = None if weights is None else np.asarray(weights, np.float32)
        self.kernel_name, self.noise = kernel, AliasTable(random.uniform(0.1, 1, n_words))
        self.kernel = self.make_kernel(input_rates=self.rates, weights=self.weights)
        self.scratch = Scratch(self.kernel)

    def make_kernel(self, **factors):
        return Kernel(
            self.parameters,
            self.tokens,
            self.offsets,
            keep_probability=np.ones(len(self.inputs), np.float32),
            noise=self.noise,
            tree=self.tree,
            input_vectors=self.inputs,
            output_vectors=self.outputs,
            first_epoch=0,
            epochs=1,
            kernel=self.kernel_name,
            **factors,
        )

    def train(self):
        self.kernel.train(self.scratch, 0, 0, len(self.tokens))
        return self

    def blocks(self):
        """Each block's windows, as an unweighted kernel sees them, and the sentences' weights."""
        plain, lengths = self.make_kernel(), np.diff(self.offsets)
        weights = np.ones(len(lengths)) if self.weights is None else self.weights
        sentences = np.repeat(np.arange(len(lengths)), lengths)
        left, right = (side != 0 for side in self.parameters.window_sides)
        follows = np.diff(sentences) == 0  # its neighbour is of the same sentence
        centers = (np.append(False, follows) & left) | (np.append(follows, False) & right)
        for first in range(0, len(self.tokens), BLOCK):
            last = min(first + BLOCK, len(self.tokens))
            its_sentences = sentences[first:last][centers[first:last]]
            windows = plain.windows(0, first, last)
            yield [
                (*window, float(weights[sentence]))
                for window, sentence in zip(windows, its_sentences, strict=True)
                if weights[sentence]
            ]

    def batches(self):
        """The examples whose gradients are of the same matrices: centre, contexts, negatives."""
        p = self.parameters
        for block in self.blocks():
            if p.objective == "softmax":
                for i in range(0, len(block), SOFTMAX_EXAMPLES):
                    yield [
                        (*window[:2], None, *window[2::2])
                        for window in block[i : i + SOFTMAX_EXAMPLES]
                    ]
                continue
            for center, contexts, lr, draws, weight in block:
                is_sampled = p.objective == "negative_sampling"
                shared = draws[: p.negative] if is_sampled else None
                if p.architecture == "cbow":
                    yield [(center, contexts, shared, lr, weight)]
                elif is_sampled and p.negative_sharing == "pair":
                    own = np.reshape(draws, (len(contexts), -1)).tolist()
                    for context, negatives in zip(contexts, own, strict=True):
                        yield [(center, [context], negatives, lr, weight)]
                else:
                    for i in range(0, len(contexts), MOST_CONTEXTS):
                        yield [(center, contexts[i : i + MOST_CONTEXTS], shared, lr, weight)]

    def oracle(self):
        """Return what both matrices, the loss and the sum of weights should have become."""
        p = self.parameters
        inputs, outputs = self.before.astype(np.float64)
        rates = np.ones(len(inputs)) if self.rates is None else self.rates.astype(np.float64)
        loss = total = 0.0
        for batch in self.batches():
            steps = []
            for center, contexts, negatives, _, _ in batch:
                options = {"sigmoid": self.sigmoid}
                if p.objective == "hierarchical_softmax":
                    options["path"] = self.tree.path(center)
                window = objectives.skipgram_window
                if p.architecture == "cbow":
                    window, options["gradient"] = objectives.cbow_window, p.cbow_gradient
                steps.append(window(center, contexts, inputs, outputs, negatives, **options))
            for (_, contexts, _, lr, weight), step in zip(batch, steps, strict=True):
                inputs -= weight * lr * rates[:, None] * step.input_grad
                outputs -= weight * lr * step.output_grad
                loss += weight * step.loss
                total += weight * (1 if p.architecture == "cbow" else len(contexts))
        return inputs, outputs, loss, total

    def assert_agrees(self):
        inputs, outputs, loss, total = self.oracle()
        self.train()
        most = 5e-6  # sigma's error, up to 1e-6 a score, goes as far as the factors make a step
        for factors in self.rates, self.weights:
            most *= 1 if factors is None else max(1, factors.max())
        np.testing.assert_allclose(self.inputs, inputs, rtol=0, atol=most)
        np.testing.assert_allclose(self.outputs, outputs, rtol=0, atol=most)
        assert self.scratch.loss == pytest.approx(loss, rel=2e-5, abs=1e-6 * (1 + total))
        assert self.scratch.weight == pytest.approx(total)


def equal_bits(a, b):
    return np.array_equal(np.ascontiguousarray(a).view(np.int32), b.view(np.int32))


FACTORS = st.sampled_from([0.0, 0.25, 1.0, 3.0])


@every_kernel
@every_objective
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_random_corpora(name, kernel, data):
    n_words = data.draw(st.integers(1, 8), "words")
    sentence = st.lists(st.integers(0, n_words - 1), min_size=1, max_size=9)
    sentences = data.draw(st.lists(sentence, min_size=1, max_size=4), "sentences")
    vectors = st.lists(FACTORS, min_size=n_words, max_size=n_words)
    weights = st.lists(FACTORS, min_size=len(sentences), max_size=len(sentences))
    Run(
        sentences,
        name,
        kernel,
        n_words=n_words,
        rates=data.draw(st.none() | vectors, "rates"),
        weights=data.draw(st.none() | weights, "weights"),
        vector_size=data.draw(st.integers(1, 40), "vector_size"),
        window=data.draw(st.sampled_from([1, 3, (0, 2), None]), "window"),
    ).assert_agrees()


@every_kernel
@every_objective
def test_sentences_that_blocks_cut(name, kernel):
    """Each block finds the weights of its own tokens, and of those around it."""
    tokens = np.random.default_rng(1).integers(0, 10, 2 * BLOCK + 20)
    sentences = np.split(tokens, [10, 11, BLOCK - 1, BLOCK + 5, 2 * BLOCK - 40])
    rates, weights = np.tile([1, 0, 0.5, 2, 1], 2), [0.5, 1, 2, 0, 1, 0.25]
    options = {"n_words": 10, "alpha": 0.01, "vector_size": 4, "window": 1}
    Run(sentences, name, kernel, rates=rates, weights=weights, **options).assert_agrees()


@every_kernel
@every_objective
def test_factors_of_one_change_no_bit(name, kernel):
    sentences = [[0, 1, 2, 1, 3], [3, 0, 4, 4]]
    plain = Run(sentences, name, kernel).train()
    ones = Run(sentences, name, kernel, rates=np.ones(5), weights=np.ones(2)).train()
    assert equal_bits(plain.inputs, ones.inputs)
    assert equal_bits(plain.outputs, ones.outputs)
    assert ones.scratch.loss == pytest.approx(plain.scratch.loss, rel=1e-6)
    assert ones.scratch.weight == plain.scratch.weight == plain.scratch.n_examples


@every_kernel
@every_objective
def test_frozen_rows_keep_their_bits(name, kernel):
    """Zeros keep their sign; the other rows and all output rows learn."""
    run = Run([[0, 1, 2, 1, 3], [3, 0, 4, 4]], name, kernel, rates=[0, 1, 0, 1, 0])
    run.inputs[0, ::2] = -0.0
    before = run.inputs.copy()
    run.train()
    moved = [not equal_bits(run.inputs[i], before[i]) for i in range(5)]
    assert moved == [False, True, False, True, False]
    is_tree = name.endswith("hierarchical")  # which has one inner node less than words
    assert (run.outputs != run.before[1]).any(axis=1)[: 4 if is_tree else 5].all()


@every_kernel
@every_objective
def test_a_sentence_of_weight_0_is_no_example(name, kernel):
    run = Run([[0, 1, 2], [3, 4, 3]], name, kernel, weights=[0, 0]).train()
    assert run.scratch.n_examples == run.scratch.weight == run.scratch.loss == 0
    assert equal_bits(run.inputs, run.before[0])
    assert equal_bits(run.outputs, run.before[1])


def test_the_weight_is_on_the_learning_rate():
    sentences, options = [[0, 1], [2, 3]], {"alpha": 0.5, "min_alpha": 0.5}
    run = Run(sentences, "cbow", "blas", weights=[0.5, 2], **options)
    assert [lr for _, _, lr, _ in run.kernel.windows(0, 0, 4)] == [0.25, 0.25, 1.0, 1.0]


def test_resetting_the_tallies():
    run = Run([[0, 1], [2, 3]], "cbow", "blas", weights=[0.5, 2]).train()
    assert run.scratch.weight == 5.0
    run.scratch.reset()
    assert run.scratch.weight == run.scratch.loss == 0.0


@pytest.mark.parametrize("name", ["rates", "weights"])
@pytest.mark.parametrize("value", [[1.0], [1, 1, 1, -1], [np.nan] * 4, [1, np.inf, 1, 1]])
def test_what_can_be_no_factors_is_refused(name, value):
    sentences = [[0, 1], [2, 3], [0, 2], [1, 3]]
    argument = {"rates": "input_rates", "weights": "weights"}[name]
    with pytest.raises(ValueError, match=argument):
        Run(sentences, "cbow", "blas", n_words=4, **{name: value})
