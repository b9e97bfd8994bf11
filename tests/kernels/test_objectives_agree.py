"""Every kernel that can run here against ``fastw2v.objectives``, from the same random draws.

The oracle walks over the windows that the kernel says it will work on, in the kernel's order, and
takes the same steps in float64. ``blas`` looks sigma up in a table, so its oracle does too, and
formulas are compared here, the table's accuracy in test_sigmoid.py and in one test below; the
others compute sigma, so theirs is exact. Vocabularies of a few words make every awkward case
common: a word twice in a window, the centre among its own contexts, a negative drawn twice, a
negative equal to the centre or to a context; ``test_the_awkward_cases_occur`` makes sure of it.

How far rounding may lead a kernel is derived, not tried out: see ``Rounding``. Single steps are in
test_updates.py.
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

KERNELS = kernels().available
HIERARCHICAL = {"objective": "hierarchical_softmax"}
CBOW = {"architecture": "cbow"}
OBJECTIVES = {
    "skipgram-window": {"negative_sharing": "window"},
    "skipgram-pair": {"negative_sharing": "pair"},
    "skipgram-hierarchical": HIERARCHICAL,
    "cbow-exact": CBOW | {"cbow_gradient": "exact"},
    "cbow-word2vec": CBOW | {"cbow_gradient": "word2vec"},
    "cbow-sum": CBOW | {"cbow_mean": False},
    "cbow-sum-hierarchical": CBOW | HIERARCHICAL | {"cbow_mean": False},
    "cbow-hierarchical-exact": CBOW | HIERARCHICAL | {"cbow_gradient": "exact"},
    "cbow-hierarchical-word2vec": CBOW | HIERARCHICAL | {"cbow_gradient": "word2vec"},
}
UNIT = 2**-24  # one rounding, as a part of the result
SIGMA_OFF = 1e-6  # what simd/update.h states for sigma,
LOSS_OFF = {"blas": 6e-6}  # sigmoid.pxd for the table of losses
LOSS_OFF_OF_VECTORS = 4e-6  # and simd/update.h for its logarithm
table_sigmoid = np.vectorize(table.sigmoid, otypes=[np.float64])


def sigmoid_of(kernel):
    return table_sigmoid if kernel == "blas" else objectives.sigmoid


class Rounding:
    """How far float32 may be off after the steps so far: the length of any row's error, at most.

    A step has ``pairs`` of rows, none longer than ``size``; all errors are of the first order.

    - A score is off by ``2 size off``, for the rows' errors, and by a rounding for each of its d
      sums and for its products: (d + 2) UNIT |h| |u|, in whatever order they are added up. Where
      h is the sum of some rows, all of that is as many times as large, and there is a rounding for
      each of them.
    - So a gradient is off by what sigma changes over that distance, on either side, which the
      oracle's sigmoid is asked for: a table may jump there.
    - A row gains lr g times another row for each of its pairs: that passes on the gradient's error
      at the other row's length, and the other row's error as |g| <= 1. Its sum is rounded at each
      term, and before that the mean (a sum of ``contexts``) and the gradient (three products).
      Where h is a sum, its rows gain what it has moved by, rounded at its length each time.
    """

    def __init__(self, kernel, d):
        self.sigmoid, self.n_sums = sigmoid_of(kernel), d + 2
        self.loss_off = LOSS_OFF.get(kernel, LOSS_OFF_OF_VECTORS)
        self.rows, self.loss = 0.0, 0.0

    def begin(self, inputs, outputs, summed=1):
        """Before a step whose hidden vector is the sum of so many rows."""
        self.size = max(np.linalg.norm(matrix, axis=1).max() for matrix in (inputs, outputs))
        sums = (self.n_sums + summed - 1) * UNIT * self.size**2
        self.score = summed * (2 * self.size * self.rows + sums)
        self.summed = summed
        self.gradients, self.pairs = 0.0, 0

    def sigma(self, scores):
        """The oracle's sigmoid, which takes down what depends on the scores."""
        middle, low, high = (self.sigmoid(scores + by) for by in (0, -self.score, self.score))
        self.gradients += np.maximum(high - middle, middle - low).sum() + SIGMA_OFF * len(scores)
        self.pairs += len(scores)
        return middle

    def end(self, lr, times, contexts, loss):
        """After a step whose gradients reach a row ``times`` over: as often as CBOW lists it."""
        self.loss += self.pairs * (self.score + self.loss_off) + (self.pairs + 4) * UNIT * loss
        self.rows = (
            self.rows * (1 + contexts * UNIT)
            + times * lr * (self.size * self.gradients + self.pairs * self.rows)
            + UNIT * self.size * (times * lr * self.pairs * (3 + contexts) + self.pairs + times + 2)
            + UNIT * self.size * (self.summed - 1) * times * self.pairs
        )


def summed(parameters, contexts):
    """Of how many rows a hidden vector is the sum: of one, but for CBOW without the mean."""
    is_sum = parameters.architecture == "cbow" and not parameters.cbow_mean
    return len(contexts) if is_sum else 1


class Case:
    """A small corpus, random matrices whose rows are ``size`` long, and a kernel for copies."""

    def __init__(
        self, sentences, n_words, size, seed, *, kernel, padded=True, epochs=1, **parameters
    ):
        self.name = kernel
        self.parameters = Hyperparameters(epochs=epochs, seed=seed, **parameters)
        random = np.random.default_rng(seed)
        self.inputs, self.outputs = (
            self.random_rows(random, n_words, size).astype(np.float32) for _ in range(2)
        )
        lay_out = matrices.padded if padded else np.copy
        self.trained_inputs, self.trained_outputs = lay_out(self.inputs), lay_out(self.outputs)
        self.tokens = np.concatenate([np.asarray(s, np.int32) for s in sentences])
        self.tree = HuffmanTree(np.bincount(self.tokens, minlength=n_words))
        self.kernel = Kernel(
            self.parameters,
            self.tokens,
            np.cumsum([0, *map(len, sentences)], dtype=np.int64),
            keep_probability=np.ones(n_words, np.float32),
            noise=AliasTable(random.uniform(0.1, 1, n_words)),
            tree=self.tree,
            input_vectors=self.trained_inputs,
            output_vectors=self.trained_outputs,
            first_epoch=0,
            epochs=epochs,
            kernel=kernel,
        )
        self.scratch = Scratch(self.kernel)

    def random_rows(self, random, n_words, size):
        rows = random.uniform(-1, 1, (n_words, self.parameters.vector_size))
        return rows * (size / np.linalg.norm(rows, axis=1, keepdims=True))

    def train(self):
        self.kernel.train(self.scratch, 0, 0, len(self.tokens))

    def windows(self):
        return self.kernel.windows(0, 0, len(self.tokens))

    def steps(self):
        """Each step's centre, contexts, learning rate and negatives."""
        is_cbow = self.parameters.architecture == "cbow"
        for center, contexts, lr, draws in self.windows():
            is_sampled = self.parameters.objective == "negative_sampling"
            shared = draws[: self.parameters.negative] if is_sampled else None
            if is_cbow:
                yield center, contexts, lr, shared
            elif not is_sampled or self.parameters.negative_sharing == "window":
                for i in range(0, len(contexts), MOST_CONTEXTS):
                    yield center, contexts[i : i + MOST_CONTEXTS], lr, shared
            else:  # a pair at a time, each with its own negatives
                own = np.reshape(draws, (len(contexts), -1)).tolist()
                for context, negatives in zip(contexts, own, strict=True):
                    yield center, [context], lr, negatives

    def oracle(self):
        """Return what the two matrices and the loss should have become, and the rounding."""
        p = self.parameters
        inputs, outputs = self.inputs.astype(np.float64), self.outputs.astype(np.float64)
        loss, rounding = 0.0, Rounding(self.name, p.vector_size)
        for center, contexts, lr, negatives in self.steps():
            path = self.tree.path(center) if p.objective == "hierarchical_softmax" else None
            arguments = center, contexts, inputs, outputs, negatives
            rounding.begin(inputs, outputs, summed(p, contexts))
            if p.architecture == "cbow":
                step = objectives.cbow_window(
                    *arguments,
                    path=path,
                    mean=p.cbow_mean,
                    gradient=p.cbow_gradient,
                    sigmoid=rounding.sigma,
                )
                is_divided = p.cbow_mean and p.cbow_gradient == "exact"
                times = 1 if is_divided else len(contexts)
            else:
                step = objectives.skipgram_window(*arguments, path=path, sigmoid=rounding.sigma)
                times = 1
            inputs -= lr * step.input_grad
            outputs -= lr * step.output_grad
            loss += step.loss
            rounding.end(lr, times, len(contexts), loss)
        return inputs, outputs, loss, rounding


def assert_agrees(case):
    inputs, outputs, loss, rounding = case.oracle()
    case.train()
    for found, expected in ((case.trained_inputs, inputs), (case.trained_outputs, outputs)):
        assert np.linalg.norm(found - expected, axis=1).max() <= rounding.rows
    assert abs(case.scratch.loss - loss) <= rounding.loss
    assert_padding_is_zero(case.trained_inputs, case.trained_outputs)


def assert_padding_is_zero(*of_these):
    for matrix in of_these:
        n, d = matrix.shape
        whole = np.lib.stride_tricks.as_strided(matrix, (n, matrix.strides[0] // 4))
        assert not whole[:, d:].any()


SOFTMAX = {
    "skipgram": {},
    "cbow-exact": CBOW | {"cbow_gradient": "exact"},
    "cbow-word2vec": CBOW | {"cbow_gradient": "word2vec"},
    "cbow-sum": CBOW | {"cbow_mean": False, "cbow_gradient": "word2vec"},
}
WITH_SOFTMAX = {
    "skipgram-softmax": {"objective": "softmax"},
    "cbow-softmax": CBOW | {"objective": "softmax"},
}
every_kernel = pytest.mark.parametrize("kernel", KERNELS)
every_objective = pytest.mark.parametrize("name", OBJECTIVES)
every_softmax = pytest.mark.parametrize("name", SOFTMAX)


@every_kernel
@every_objective
@pytest.mark.parametrize("n_words", [2, 5, 40])
def test_one_window(name, kernel, n_words):
    # With contexts on the left only, two tokens make one window.
    for seed in range(10):
        case = Case(
            [[seed % n_words, (seed + 1) % n_words]],
            n_words,
            size=1.0,
            seed=seed,
            kernel=kernel,
            window=(1, 0),
            vector_size=20,
            **OBJECTIVES[name],
        )
        assert len(case.windows()) == 1
        assert_agrees(case)


@every_objective
def test_the_table_is_all_that_lies_between_blas_and_the_exact_sigmoid(name, monkeypatch):
    """Its error is at most 0.0015 a score."""
    monkeypatch.setitem(globals(), "sigmoid_of", lambda kernel: objectives.sigmoid)
    monkeypatch.setitem(globals(), "SIGMA_OFF", 0.0015)
    options = {"kernel": "blas", "window": (1, 0), "vector_size": 20} | OBJECTIVES[name]
    for seed in range(20):
        assert_agrees(Case([[0, 1]], 5, 1.0, seed, **options))


@every_kernel
@every_objective
@pytest.mark.parametrize("sentence", [[0, 1], [1, 1, 1], [0, 1, 2, 1, 0], [3, 2, 3, 2, 0, 1, 3]])
def test_short_sentences(name, kernel, sentence):
    """Windows cut by both ends of the sentence, and words that occur twice in one."""
    for seed in range(5):
        assert_agrees(
            Case([sentence], 4, 0.5, seed, kernel=kernel, vector_size=12, **OBJECTIVES[name])
        )


@every_kernel
@every_objective
def test_one_row_is_all_contexts(name, kernel):
    """Where a sum of them is many times as long as the row, and so is what rounding does."""
    options = {"vector_size": 1, "window": None, "negative": 3, "alpha": 0.005}
    options |= OBJECTIVES[name]
    for seed in range(20):
        assert_agrees(Case([[0] * 9] * 2, 1, 0.3, seed, kernel=kernel, **options))


@every_kernel
@every_objective
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_random_corpora(name, kernel, data):
    n_words = data.draw(st.integers(1, 12), "words")
    sentence = st.lists(st.integers(0, n_words - 1), min_size=1, max_size=9)
    side = st.integers(0, 9)
    window = st.one_of(
        st.none(), st.integers(1, 5), st.tuples(side, side).filter(lambda sides: sum(sides))
    )
    negative = data.draw(st.one_of(st.integers(1, 8), st.integers(1, 30)), "negative")
    case = Case(
        data.draw(st.lists(sentence, min_size=1, max_size=3), "sentences"),
        n_words,
        size=data.draw(st.sampled_from([0.3, 1.0, 2.0]), "size"),
        seed=data.draw(st.integers(0, 2**64 - 1), "seed"),
        kernel=kernel,
        padded=kernel != "blas" or data.draw(st.booleans(), "padded"),
        vector_size=data.draw(st.one_of(st.integers(1, 33), st.integers(1, 520)), "vector_size"),
        window=data.draw(window, "window"),
        shrink_windows=data.draw(st.booleans(), "shrink"),
        negative=negative,
        # So that a step does not make errors much larger: then rounding can be told from mistakes.
        alpha=data.draw(st.sampled_from([0.02, 0.1]), "strength") / (1 + negative),
        **OBJECTIVES[name],
    )
    assert_agrees(case)


@every_kernel
@every_objective
def test_scores_far_from_zero(name, kernel):
    """Beyond the table's ends, and where sigma is all but 0 and 1."""
    case = Case([[0, 1, 2, 0, 2]], 3, 4.0, 1, kernel=kernel, vector_size=1, **OBJECTIVES[name])
    assert set((case.inputs @ case.outputs.T).flat) == {-16, 16}
    assert_agrees(case)


@every_kernel
def test_windows_of_more_places_than_buckets(kernel):
    """A block of 256 centres and 260 after it: repeats are found through 1,024 buckets."""
    tokens = np.random.default_rng(5).integers(0, 100, BLOCK + 261)
    options = {"window": (0, 260), "vector_size": 5, "alpha": 1e-5, "min_alpha": 1e-5}
    assert_agrees(Case([tokens], 300, size=0.1, seed=5, kernel=kernel, **options))


class BothCase(Case):
    """Negative sampling and hierarchical softmax at once, over a third matrix."""

    def __init__(self, sentences, n_words, size, seed, *, kernel, **parameters):
        super().__init__(sentences, n_words, size, seed, kernel=kernel, **parameters)
        random = np.random.default_rng(seed + 1)
        self.nodes = self.random_rows(random, n_words, size).astype(np.float32)
        self.trained_nodes = matrices.padded(self.nodes)
        self.kernel = Kernel(
            self.parameters,
            self.tokens,
            np.cumsum([0, *map(len, sentences)], dtype=np.int64),
            keep_probability=np.ones(n_words, np.float32),
            noise=AliasTable(random.uniform(0.1, 1, n_words)),
            tree=self.tree,
            input_vectors=self.trained_inputs,
            output_vectors=self.trained_outputs,
            node_vectors=self.trained_nodes,
            first_epoch=0,
            epochs=1,
            kernel=kernel,
        )
        self.scratch = Scratch(self.kernel)


BOTH = {
    name: OBJECTIVES[name]
    for name in ("skipgram-window", "skipgram-pair", "cbow-exact", "cbow-word2vec", "cbow-sum")
}


@every_kernel
@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("negative", [1, 5, 40])
def test_both_objectives_add_up(name, kernel, negative):
    """A step goes down the sum of both losses, from the rows as they were."""
    for seed in range(5):
        case = BothCase(
            [[0, 1, 2, 1, 0, 3], [4, 2]],
            6,
            size=0.5,
            seed=seed,
            kernel=kernel,
            vector_size=20,
            negative=negative,
            alpha=0.05 / (1 + negative),  # so that rounding can be told from mistakes
            **BOTH[name],
        )
        p, rounding = case.parameters, Rounding(kernel, 20)
        inputs, outputs, nodes = (
            matrix.astype(np.float64) for matrix in (case.inputs, case.outputs, case.nodes)
        )
        loss = 0.0
        for center, contexts, lr, negatives in case.steps():
            rounding.begin(inputs, np.concatenate([outputs, nodes]), summed(p, contexts))
            options = {"sigmoid": rounding.sigma}
            window = objectives.skipgram_window
            if p.architecture == "cbow":
                window = objectives.cbow_window
                options |= {"mean": p.cbow_mean, "gradient": p.cbow_gradient}
            by_words = window(center, contexts, inputs, outputs, negatives, **options)
            path = case.tree.path(center)
            by_nodes = window(center, contexts, inputs, nodes, path=path, **options)
            inputs -= lr * (by_words.input_grad + by_nodes.input_grad)
            outputs -= lr * by_words.output_grad
            nodes -= lr * by_nodes.output_grad
            loss += by_words.loss + by_nodes.loss
            rounding.end(lr, len(contexts), len(contexts), loss)
        case.train()
        trained = case.trained_inputs, case.trained_outputs, case.trained_nodes
        for found, expected in zip(trained, (inputs, outputs, nodes), strict=True):
            assert np.linalg.norm(found - expected, axis=1).max() <= rounding.rows
        assert abs(case.scratch.loss - loss) <= rounding.loss
        assert_padding_is_zero(*trained)
        for found, before in (nodes, case.nodes), (outputs, case.outputs):  # either would be missed
            assert np.linalg.norm(found - before) > 3 * rounding.rows


def test_node_vectors_that_do_not_fit_are_refused():
    for options, message in (
        ({"objective": "hierarchical_softmax"}, "node_vectors go with negative sampling"),
        ({"vector_size": 3}, "as those of the other matrices"),
    ):
        case = Case([[0, 1]], 4, 0.5, 0, kernel="blas", **options)
        with pytest.raises(ValueError, match=message):
            Kernel(
                case.parameters,
                case.tokens,
                np.array([0, 2]),
                keep_probability=np.ones(4, np.float32),
                noise=AliasTable(np.ones(4)),
                tree=case.tree,
                input_vectors=case.trained_inputs,
                output_vectors=case.trained_outputs,
                node_vectors=np.zeros((3, 20), np.float32),
                first_epoch=0,
                epochs=1,
            )


@every_kernel
@pytest.mark.parametrize("n_words", [10, 5_000])
def test_many_negatives(kernel, n_words):
    """So many that those drawn twice are found through a table: most are, and next to none."""
    options = {"negative": 200, "vector_size": 5, "alpha": 1e-3}
    case = Case([[0, 1, 2, 1, 0], [3, 2]], n_words, size=0.5, seed=6, kernel=kernel, **options)
    assert_agrees(case)


@every_kernel
def test_the_awkward_cases_occur(kernel):
    case = Case([[0, 1, 2, 1, 0, 0]], 4, 0.1, seed=0, kernel=kernel)
    windows = case.windows()
    assert any(len(set(contexts)) < len(contexts) for _, contexts, _, _ in windows)
    assert any(center in contexts for center, contexts, _, _ in windows)
    assert any(center in draws[:5] for center, _, _, draws in windows)
    assert any(set(contexts) & set(draws[:5]) for _, contexts, _, draws in windows)
    assert any(len(set(draws[:5])) < 5 for _, _, _, draws in windows)


@every_kernel
@every_objective
def test_a_mistake_would_show(name, kernel):
    """The bound is far below what a single context, or draw, or step makes of the matrices."""
    options = {"kernel": kernel, "vector_size": 100, "alpha": 0.02} | OBJECTIVES[name]
    case = Case([[0, 1, 2, 1, 3]], 4, 1.0, 0, **options)
    inputs, outputs, _, rounding = case.oracle()
    moved = [np.linalg.norm(inputs - case.inputs, axis=1).max()]
    moved.append(np.linalg.norm(outputs - case.outputs, axis=1).max())
    assert rounding.rows < min(moved) / 1000


@every_kernel
@pytest.mark.parametrize("name", OBJECTIVES | WITH_SOFTMAX)
def test_examples_are_counted(name, kernel):
    options = (OBJECTIVES | WITH_SOFTMAX)[name]
    case = Case([[0, 1, 2, 1], [2], [3, 0]], 4, 0.1, 0, kernel=kernel, **options)
    case.train()
    windows = case.windows()
    pairs = sum(len(contexts) for _, contexts, _, _ in windows)
    assert case.scratch.n_examples == (len(windows) if name.startswith("cbow") else pairs)


@every_kernel
@pytest.mark.parametrize("name", OBJECTIVES | WITH_SOFTMAX)
def test_stopping(name, kernel):
    """A stopped kernel trains no further."""
    options = (OBJECTIVES | WITH_SOFTMAX)[name]
    case = Case([[0, 1, 2, 1]], 4, 0.1, 0, kernel=kernel, **options)
    case.kernel.stop()
    case.train()
    np.testing.assert_array_equal(case.trained_inputs, case.inputs)
    np.testing.assert_array_equal(case.trained_outputs, case.outputs)
    assert case.scratch.n_examples == 0


def assert_softmax_agrees(case, tolerance=1e-5):
    """Windows of a batch are computed from the same matrices; sgemm sums in an order of its own."""
    inputs, outputs = case.inputs.astype(np.float64), case.outputs.astype(np.float64)
    loss, n_terms = 0.0, 0
    for begin in range(0, len(case.tokens), BLOCK):
        block = case.kernel.windows(0, begin, min(begin + BLOCK, len(case.tokens)))
        for first in range(0, len(block), SOFTMAX_EXAMPLES):
            batch, steps = block[first : first + SOFTMAX_EXAMPLES], []
            for center, contexts, _, _ in batch:
                if case.parameters.architecture == "cbow":
                    p = case.parameters
                    options = {"mean": p.cbow_mean, "gradient": p.cbow_gradient}
                    step = objectives.cbow_window(center, contexts, inputs, outputs, **options)
                else:
                    step = objectives.skipgram_window(center, contexts, inputs, outputs)
                steps.append(step)
                n_terms += len(contexts)
            for (_, _, lr, _), step in zip(batch, steps, strict=True):
                inputs -= lr * step.input_grad
                outputs -= lr * step.output_grad
                loss += step.loss
    case.train()
    np.testing.assert_allclose(case.trained_inputs, inputs, rtol=0, atol=tolerance)
    np.testing.assert_allclose(case.trained_outputs, outputs, rtol=0, atol=tolerance)
    assert case.scratch.loss == pytest.approx(loss, rel=1e-5, abs=1e-5 * max(n_terms, 1))
    assert_padding_is_zero(case.trained_inputs, case.trained_outputs)


def softmax_case(sentences, n_words, size, seed, *, name, **options):
    return Case(sentences, n_words, size, seed, objective="softmax", **options, **SOFTMAX[name])


@every_kernel
@every_softmax
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_the_softmax_on_random_corpora(name, kernel, data):
    n_words = data.draw(st.integers(1, 12), "words")
    sentence = st.lists(st.integers(0, n_words - 1), min_size=1, max_size=9)
    case = softmax_case(
        data.draw(st.lists(sentence, min_size=1, max_size=5), "sentences"),
        n_words,
        size=data.draw(st.sampled_from([0.3, 2.0]), "size"),
        seed=data.draw(st.integers(0, 2**64 - 1), "seed"),
        name=name,
        kernel=kernel,
        padded=kernel != "blas" or data.draw(st.booleans(), "padded"),
        vector_size=data.draw(st.integers(1, 33), "vector_size"),
        window=data.draw(st.sampled_from([1, 2, 5, (0, 2), (3, 1), None]), "window"),
        alpha=0.02,
    )
    assert_softmax_agrees(case)


@every_kernel
@every_softmax
def test_softmax_over_several_tiles_batches_and_blocks(name, kernel):
    """A vocabulary of more than two tiles, more windows than a batch, more tokens than a block."""
    n_words = 1_200
    tokens = np.random.default_rng(0).integers(0, n_words, BLOCK + 50)
    sentences = [tokens[:40], tokens[40:], []]
    options = {"name": name, "kernel": kernel, "vector_size": 8, "alpha": 0.025}
    assert_softmax_agrees(softmax_case(sentences, n_words, 0.8, 2, **options))


@every_kernel
@every_softmax
def test_softmax_with_scores_far_apart(name, kernel):
    """Probabilities that underflow give a finite loss and a gradient of zero, not NaN."""
    options = {"name": name, "kernel": kernel, "vector_size": 4, "alpha": 1e-3}
    case = softmax_case([[0, 1, 2, 3]], 600, 1.0, 3, **options)
    for matrices_ in ((case.inputs, case.outputs), (case.trained_inputs, case.trained_outputs)):
        matrices_[0][:] = 12.0
        matrices_[1][:300] = -12.0
        matrices_[1][300:] = 12.0
    assert_softmax_agrees(case)
    vectors_in_hidden = 1.0
    if not case.parameters.cbow_mean:
        vectors_in_hidden = np.mean([len(contexts) for _, contexts, _, _ in case.windows()])
    expected = 1152 * vectors_in_hidden + np.log(300)
    assert case.scratch.loss / case.scratch.n_examples == pytest.approx(expected)
