"""Every kernel against ``fastw2v.objectives``, from the same random draws.

The oracle walks over the windows that the kernel says it will work on, in the kernel's order, and
takes the same steps in float64, with the kernels' own table as its sigmoid: the formulas are
compared here, the table's accuracy in test_sigmoid.py and in one test below. Vocabularies of a few
words make every awkward case common: a word twice in a window, the centre among its own contexts,
a negative drawn twice, a negative equal to the centre or to a context;
``test_the_awkward_cases_occur`` makes sure of it.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v import objectives
from fastw2v._kernels import sigmoid as table
from fastw2v._kernels.alias import AliasTable
from fastw2v._kernels.kernel import BLOCK, SOFTMAX_EXAMPLES, Kernel, Scratch
from fastw2v.hyperparameters import Hyperparameters

KERNELS = {
    "skipgram-window": {"negative_sharing": "window"},
    "skipgram-pair": {"negative_sharing": "pair"},
    "cbow-exact": {"architecture": "cbow", "cbow_gradient": "exact"},
    "cbow-word2vec": {"architecture": "cbow", "cbow_gradient": "word2vec"},
    "skipgram-softmax": {"objective": "softmax"},
    "cbow-softmax-exact": {"architecture": "cbow", "objective": "softmax"},
    "cbow-softmax-word2vec": {
        "architecture": "cbow",
        "objective": "softmax",
        "cbow_gradient": "word2vec",
    },
}
table_sigmoid = np.vectorize(table.sigmoid)


class Case:
    """A small corpus with random matrices, and a kernel bound to copies of them."""

    def __init__(self, sentences, n_words, scale, seed, epochs=1, **parameters):
        self.parameters = Hyperparameters(epochs=epochs, seed=seed, **parameters)
        random = np.random.default_rng(seed)
        shape = n_words, self.parameters.vector_size
        self.inputs = random.uniform(-scale, scale, shape).astype(np.float32)
        self.outputs = random.uniform(-scale, scale, shape).astype(np.float32)
        self.trained_inputs, self.trained_outputs = self.inputs.copy(), self.outputs.copy()
        self.tokens = np.concatenate([np.asarray(s, np.int32) for s in sentences])
        self.kernel = Kernel(
            self.parameters,
            self.tokens,
            np.cumsum([0, *map(len, sentences)], dtype=np.int64),
            keep_probability=np.ones(n_words, np.float32),
            noise=AliasTable(random.uniform(0.1, 1, n_words)),
            input_vectors=self.trained_inputs,
            output_vectors=self.trained_outputs,
            first_epoch=0,
            epochs=epochs,
        )
        self.scratch = Scratch(self.kernel)

    def train(self):
        self.kernel.train(self.scratch, 0, 0, len(self.tokens))

    def windows(self, begin=0, end=None):
        return self.kernel.windows(0, begin, len(self.tokens) if end is None else end)

    def oracle(self, sigmoid):
        """Return what the two matrices and the loss should have become, in float64."""
        inputs, outputs = self.inputs.astype(np.float64), self.outputs.astype(np.float64)
        loss = 0.0
        for batch in self.batches():
            steps = [self.gradients(w, inputs, outputs, sigmoid) for w in batch]
            for (_, _, lr, _), step in zip(batch, steps, strict=True):
                inputs -= lr * step.input_grad
                outputs -= lr * step.output_grad
                loss += step.loss
        return inputs, outputs, loss

    def batches(self):
        """Windows that are computed from the same matrices."""
        if self.parameters.objective == "softmax":
            for begin in range(0, len(self.tokens), BLOCK):
                block = self.windows(begin, min(begin + BLOCK, len(self.tokens)))
                for first in range(0, len(block), SOFTMAX_EXAMPLES):
                    yield block[first : first + SOFTMAX_EXAMPLES]
        elif self.parameters.architecture == "cbow" or self.parameters.negative_sharing == "window":
            for window in self.windows():
                yield [window]
        else:  # a pair at a time, each with its own negatives
            for center, contexts, lr, negatives in self.windows():
                for context, draws in zip(
                    contexts, np.reshape(negatives, (len(contexts), -1)), strict=True
                ):
                    yield [(center, [context], lr, draws.tolist())]

    def gradients(self, window, inputs, outputs, sigmoid):
        center, contexts, _, negatives = window
        shared = negatives[: self.parameters.negative]
        if self.parameters.objective == "softmax":
            shared = None
        if self.parameters.architecture == "cbow":
            return objectives.cbow_window(
                center,
                contexts,
                inputs,
                outputs,
                shared,
                gradient=self.parameters.cbow_gradient,
                sigmoid=sigmoid,
            )
        return objectives.skipgram_window(
            center, contexts, inputs, outputs, shared, sigmoid=sigmoid
        )


def assert_agrees(case, sigmoid=table_sigmoid, tolerance=1e-5):
    inputs, outputs, loss = case.oracle(sigmoid)
    case.train()
    np.testing.assert_allclose(case.trained_inputs, inputs, rtol=0, atol=tolerance)
    np.testing.assert_allclose(case.trained_outputs, outputs, rtol=0, atol=tolerance)
    n_terms = sum(len(contexts) + len(draws) for _, contexts, _, draws in case.windows())
    assert case.scratch.loss == pytest.approx(loss, rel=1e-5, abs=1e-5 * max(n_terms, 1))


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("n_words", [2, 5, 40])
def test_one_window(name, n_words):
    # With contexts on the left only, two tokens make one window.
    for seed in range(20):
        case = Case(
            [[seed % n_words, (seed + 1) % n_words]],
            n_words,
            scale=0.3,
            seed=seed,
            window=(1, 0),
            vector_size=20,
            **KERNELS[name],
        )
        assert len(case.windows()) == 1
        assert_agrees(case)


@pytest.mark.parametrize("name", KERNELS)
def test_one_window_with_the_exact_sigmoid(name):
    """The table's error, at most 0.0015 a score, is all that lies between kernel and formula."""
    for seed in range(20):
        case = Case([[0, 1]], 5, 0.3, seed, window=(1, 0), vector_size=20, **KERNELS[name])
        [(_, _, lr, draws)] = case.windows()
        table_error = 0.0 if "softmax" in name else 0.0015
        assert_agrees(
            case, objectives.sigmoid, tolerance=1e-6 + lr * table_error * 0.3 * (1 + len(draws))
        )


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("sentence", [[0, 1], [1, 1, 1], [0, 1, 2, 1, 0], [3, 2, 3, 2, 0, 1, 3]])
def test_short_sentences(name, sentence):
    """Windows cut by both ends of the sentence, and words that occur twice in one."""
    for seed in range(10):
        assert_agrees(
            Case([sentence], 4, scale=0.1, seed=seed, vector_size=12, **KERNELS[name]),
        )


@pytest.mark.parametrize("name", KERNELS)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_random_corpora(name, data):
    n_words = data.draw(st.integers(2, 12), "words")
    sentences = data.draw(
        st.lists(
            st.lists(st.integers(0, n_words - 1), min_size=1, max_size=9), min_size=1, max_size=5
        ),
        "sentences",
    )
    case = Case(
        sentences,
        n_words,
        scale=data.draw(st.sampled_from([0.1, 1.0]), "scale"),
        seed=data.draw(st.integers(0, 2**64 - 1), "seed"),
        vector_size=data.draw(st.integers(1, 33), "vector_size"),
        window=data.draw(st.sampled_from([1, 2, 5, (0, 2), (3, 1), None]), "window"),
        shrink_windows=data.draw(st.booleans(), "shrink"),
        negative=data.draw(st.integers(1, 8), "negative"),
        alpha=0.02,
        **KERNELS[name],
    )
    assert_agrees(case)


@pytest.mark.parametrize("name", [name for name in KERNELS if "softmax" not in name])
def test_scores_beyond_the_table(name):
    case = Case([[0, 1, 2, 0, 2]], 3, scale=3.0, seed=1, vector_size=16, **KERNELS[name])
    scores = case.inputs @ case.outputs.T
    assert abs(scores).max() > 6
    assert_agrees(case)


@pytest.mark.parametrize("name", [name for name in KERNELS if "softmax" in name])
def test_softmax_over_several_tiles_batches_and_blocks(name):
    """A vocabulary of more than two tiles, more windows than a batch, more tokens than a block."""
    n_words = 1_200
    tokens = np.random.default_rng(0).integers(0, n_words, BLOCK + 50)
    case = Case(
        [tokens[:40], tokens[40:], []], n_words, scale=0.5, seed=2, vector_size=8, **KERNELS[name]
    )
    assert_agrees(case)


@pytest.mark.parametrize("name", [name for name in KERNELS if "softmax" in name])
def test_softmax_with_scores_far_apart(name):
    """Probabilities that underflow give a finite loss and a gradient of zero, not NaN."""
    case = Case([[0, 1, 2, 3]], 600, scale=0.01, seed=3, vector_size=4, alpha=1e-3, **KERNELS[name])
    for matrices in ((case.inputs, case.outputs), (case.trained_inputs, case.trained_outputs)):
        matrices[0][:] = 12.0
        matrices[1][:300] = -12.0
        matrices[1][300:] = 12.0
    assert_agrees(case)
    assert case.scratch.loss / case.scratch.n_examples == pytest.approx(1152 + np.log(300))


def test_the_awkward_cases_occur():
    case = Case([[0, 1, 2, 1, 0, 0]], 4, scale=0.1, seed=0)
    windows = case.windows()
    assert any(len(set(contexts)) < len(contexts) for _, contexts, _, _ in windows)
    assert any(center in contexts for center, contexts, _, _ in windows)
    assert any(center in draws[:5] for center, _, _, draws in windows)
    assert any(set(contexts) & set(draws[:5]) for _, contexts, _, draws in windows)
    assert any(len(set(draws[:5])) < 5 for _, _, _, draws in windows)


@pytest.mark.parametrize("name", KERNELS)
def test_examples_are_counted(name):
    case = Case([[0, 1, 2, 1], [2], [3, 0]], 4, scale=0.1, seed=0, **KERNELS[name])
    case.train()
    windows = case.windows()
    pairs = sum(len(contexts) for _, contexts, _, _ in windows)
    assert case.scratch.n_examples == (len(windows) if name.startswith("cbow") else pairs)


@pytest.mark.parametrize("name", KERNELS)
def test_stopping(name):
    """A stopped kernel trains no further."""
    case = Case([[0, 1, 2, 1]], 4, scale=0.1, seed=0, **KERNELS[name])
    case.kernel.stop()
    case.train()
    np.testing.assert_array_equal(case.trained_inputs, case.inputs)
    np.testing.assert_array_equal(case.trained_outputs, case.outputs)
    assert case.scratch.n_examples == 0
