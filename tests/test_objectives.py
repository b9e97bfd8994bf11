"""The mathematics against its definition: central differences, plain loops, extreme values."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v import objectives

V, D = 7, 4
CENTER = 2
WINDOWS = {
    "one context": [5],
    "distinct": [0, 5, 6],
    "repeated context": [5, 0, 5, 5],
    "center among the contexts": [0, 2, 4],
    "center repeated among the contexts": [2, 1, 2],
}
NEGATIVES = {
    "none drawn": [],
    "distinct": [1, 3, 4],
    "drawn twice": [3, 1, 3],
    "equal to the target": [3, CENTER, 1],
    "only the target": [CENTER, CENTER],
    "equal to a context": [5, 0, 1],
}
# The tree of these 7 words has the inner nodes 0 … 5, the root is 5; a path and its labels each.
TREE = [
    ([5], [0]),
    ([5, 4, 3], [1, 0, 0]),
    ([5, 4, 3], [1, 0, 1]),
    ([5, 4, 2, 1], [1, 1, 0, 0]),
    ([5, 4, 2, 1], [1, 1, 0, 1]),
    ([5, 4, 2, 0], [1, 1, 1, 0]),
    ([5, 4, 2, 0], [1, 1, 1, 1]),
]


def central_difference(function: Callable[[np.ndarray], float], array: np.ndarray) -> np.ndarray:
    """Estimate the gradient of `function` at `array`, one element at a time."""
    step = 1e-5
    gradient = np.empty_like(array)
    for index in np.ndindex(array.shape):
        above, below = array.copy(), array.copy()
        above[index] += step
        below[index] -= step
        gradient[index] = (function(above) - function(below)) / (2 * step)
    return gradient


def assert_gradient(
    gradient: np.ndarray, function: Callable[[np.ndarray], float], array: np.ndarray
) -> None:
    """Compare with central differences to 1e-6, relative to the largest element."""
    numeric = central_difference(function, array)
    assert gradient.dtype == np.float64
    assert gradient.shape == array.shape
    scale = max(float(np.abs(numeric).max()), 1e-2)  # differences carry 1e-10 of rounding
    np.testing.assert_allclose(gradient, numeric, rtol=0, atol=1e-6 * scale)


def check_example(function: Callable, hidden: np.ndarray, u: np.ndarray) -> None:
    """Check both gradients of an example function ``function(hidden, u)``."""
    result = function(hidden, u)
    assert_gradient(result.hidden_grad, lambda a: function(a, u).loss, hidden)
    assert_gradient(result.output_grad, lambda a: function(hidden, a).loss, u)


def check_window(function: Callable, w_in: np.ndarray, w_out: np.ndarray) -> None:
    """Check both gradients of a window function ``function(w_in, w_out)``."""
    result = function(w_in, w_out)
    assert_gradient(result.input_grad, lambda a: function(a, w_out).loss, w_in)
    assert_gradient(result.output_grad, lambda a: function(w_in, a).loss, w_out)


def random_matrices(v: int = V, d: int = D, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return input and output vectors whose scores are neither tiny nor saturated."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(v, d)), rng.normal(size=(v, d))


def per_pair_negatives(contexts: list[int]) -> list[list[int]]:
    """Return ragged draws, with repeats, the center, and a context word among them."""
    draws = [[3, 3, contexts[0]], [], [CENTER, 1], [0, 6, 0, 4, CENTER]]
    return [draws[i % len(draws)] for i in range(len(contexts))]


@pytest.fixture
def strict() -> Iterator[None]:
    """Turn every warning and every floating-point flag into an error."""
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        yield


# ---- softmax and the logistic function -------------------------------------------------------


@pytest.mark.usefixtures("strict")
def test_softmax_of_extreme_scores() -> None:
    """No overflow, no underflow warning, and the right limits."""
    np.testing.assert_array_equal(objectives.softmax([1000, -1000]), [1.0, 0.0])
    np.testing.assert_array_equal(objectives.softmax([1000.0, 1000.0]), [0.5, 0.5])
    np.testing.assert_array_equal(objectives.softmax([-1000.0, -1000.0]), [0.5, 0.5])
    expected = np.array([1.0, math.e]) / (1 + math.e)
    np.testing.assert_allclose(objectives.softmax([-1000, -999]), expected, rtol=1e-14)


def test_softmax_by_definition_and_along_each_axis() -> None:
    """Agree with exp(x) / Σ exp(x) written out."""
    x = np.random.default_rng(0).normal(size=(3, 5))
    columns = objectives.softmax(x, axis=0)
    for i, row in enumerate(objectives.softmax(x)):
        total = sum(math.exp(value) for value in x[i])
        np.testing.assert_allclose(row, [math.exp(value) / total for value in x[i]], rtol=1e-14)
    np.testing.assert_allclose(columns, objectives.softmax(x.T).T, rtol=1e-14)
    assert objectives.softmax(x.astype(np.float32)).dtype == np.float64


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=8), st.floats(-1000, 1000))
def test_softmax_is_unchanged_by_adding_a_constant(x: list[float], constant: float) -> None:
    """Only differences between scores matter; probabilities sum to 1."""
    y = objectives.softmax(x)
    np.testing.assert_allclose(objectives.softmax(np.array(x) + constant), y, rtol=1e-11)
    assert math.isclose(y.sum(), 1.0, rel_tol=1e-14)


@pytest.mark.usefixtures("strict")
def test_logistic_functions_of_extreme_arguments() -> None:
    """The limits are exact, and log σ stays finite where σ is 0."""
    x = np.array([-1000.0, -740.0, 0.0, 740.0, 1000.0])
    np.testing.assert_allclose(objectives.sigmoid(x), [0, 0, 0.5, 1, 1], atol=1e-300)
    np.testing.assert_allclose(objectives.sigmoid_derivative(x), [0, 0, 0.25, 0, 0], atol=1e-300)
    expected = [-1000, -740, -math.log(2), 0, 0]
    np.testing.assert_allclose(objectives.log_sigmoid(x), expected, rtol=1e-15, atol=1e-300)
    assert objectives.sigmoid(1000) == 1
    assert objectives.sigmoid(-1000) == 0


@given(st.floats(-700, 700))
def test_sigmoid_symmetry_and_definition(x: float) -> None:
    """σ(−x) = 1 − σ(x); the definition, the derivative, and the logarithm agree."""
    y = float(objectives.sigmoid(x))
    assert math.isclose(y, 1 / (1 + math.exp(-x)), rel_tol=1e-14)
    assert math.isclose(float(objectives.sigmoid(-x)), 1 - y, abs_tol=1e-15)
    assert math.isclose(float(objectives.sigmoid_derivative(x)), y * (1 - y), abs_tol=1e-15)
    assert math.isclose(math.exp(objectives.log_sigmoid(x)), y, rel_tol=1e-12)


def test_derivatives_of_the_logistic_functions() -> None:
    """σ' and (log σ)' = 1 − σ, by central differences."""
    x = np.linspace(-5, 5, 11)
    assert_gradient(
        objectives.sigmoid_derivative(x), lambda a: float(objectives.sigmoid(a).sum()), x
    )
    assert_gradient(1 - objectives.sigmoid(x), lambda a: float(objectives.log_sigmoid(a).sum()), x)
    assert objectives.sigmoid_derivative(np.float32(50)) == pytest.approx(math.exp(-50))


# ---- one example -----------------------------------------------------------------------------


@pytest.mark.parametrize("target", [0, CENTER, V - 1])
def test_softmax_cross_entropy_gradients(target: int) -> None:
    """Loss by its definition, gradients by differences."""
    w_in, u = random_matrices()
    total = sum(math.exp(sum(row * w_in[0])) for row in u)
    expected = -math.log(math.exp(sum(u[target] * w_in[0])) / total)
    loss, hidden_grad, output_grad = objectives.softmax_cross_entropy(w_in[0], u, target)
    assert loss == pytest.approx(expected, rel=1e-12)
    assert isinstance(loss, float)
    assert (hidden_grad.shape, output_grad.shape) == ((D,), (V, D))
    check_example(lambda h, m: objectives.softmax_cross_entropy(h, m, target), w_in[0], u)


def test_sign_of_the_observed_words_softmax_gradient() -> None:
    """The observed row gets (ŷ_o − 1) v, against v; every other row gets ŷ_w v, along v."""
    w_in, u = random_matrices()
    v = w_in[0]
    y = objectives.softmax(u @ v)
    grad = objectives.softmax_cross_entropy(v, u, CENTER).output_grad
    np.testing.assert_allclose(grad[CENTER], (y[CENTER] - 1) * v, rtol=1e-12)
    assert grad[CENTER] @ v < 0
    assert (np.delete(grad, CENTER, axis=0) @ v > 0).all()


@pytest.mark.parametrize("negatives", NEGATIVES.values(), ids=NEGATIVES)
def test_negative_sampling_gradients(negatives: list[int]) -> None:
    """Loss by its definition, gradients by differences."""
    w_in, u = random_matrices()
    v = w_in[0]
    expected = math.log1p(math.exp(-sum(u[CENTER] * v)))
    expected += sum(math.log1p(math.exp(sum(u[k] * v))) for k in negatives if k != CENTER)
    result = objectives.negative_sampling(v, u, CENTER, negatives)
    assert result.loss == pytest.approx(expected, rel=1e-12)
    assert isinstance(result.loss, float)
    check_example(lambda h, m: objectives.negative_sampling(h, m, CENTER, negatives), v, u)


def test_word_drawn_twice_gets_its_gradient_twice() -> None:
    """In its own row, and in its share of the loss and of the hidden gradient."""
    w_in, u = random_matrices()
    none, once, twice = (
        objectives.negative_sampling(w_in[0], u, CENTER, [3] * n) for n in range(3)
    )
    assert np.abs(once.output_grad[3]).min() > 0
    np.testing.assert_allclose(twice.output_grad[3], 2 * once.output_grad[3], rtol=1e-13)
    np.testing.assert_allclose(twice.output_grad[CENTER], none.output_grad[CENTER], rtol=1e-13)
    assert twice.loss - none.loss == pytest.approx(2 * (once.loss - none.loss), rel=1e-12)
    np.testing.assert_allclose(
        twice.hidden_grad - none.hidden_grad, 2 * (once.hidden_grad - none.hidden_grad), rtol=1e-10
    )


def test_negative_equal_to_the_target_is_skipped() -> None:
    """It changes nothing at all."""
    w_in, u = random_matrices()
    without = objectives.negative_sampling(w_in[0], u, CENTER, [3, 1])
    with_it = objectives.negative_sampling(w_in[0], u, CENTER, [CENTER, 3, CENTER, 1])
    for a, b in zip(without, with_it, strict=True):
        np.testing.assert_array_equal(a, b)


def test_sigmoid_keyword_is_used_for_the_gradients_only() -> None:
    """A constant in place of σ shows where σ enters; the loss stays exact."""
    w_in, u = random_matrices()
    v, half = w_in[0], lambda scores: np.full(scores.shape, 0.5, dtype=np.float32)
    result = objectives.negative_sampling(v, u, CENTER, [3, 3, 1], sigmoid=half)
    assert result.loss == objectives.negative_sampling(v, u, CENTER, [3, 3, 1]).loss
    np.testing.assert_allclose(result.hidden_grad, -0.5 * u[CENTER] + u[3] + 0.5 * u[1])
    expected = np.zeros((V, D))
    expected[CENTER], expected[3], expected[1] = -0.5 * v, v, 0.5 * v
    np.testing.assert_allclose(result.output_grad, expected)

    window = objectives.skipgram_window(CENTER, [0, 5], w_in, u, [3, 3, 1], sigmoid=half)
    np.testing.assert_allclose(window.output_grad[3], w_in[0] + w_in[5])
    window = objectives.cbow_window(CENTER, [0, 5], w_in, u, [3, 3, 1], sigmoid=half)
    np.testing.assert_allclose(window.output_grad[3], (w_in[0] + w_in[5]) / 2)

    path = [3, 1], [1, 0]
    result = objectives.hierarchical_softmax(v, u, *path, sigmoid=half)
    assert result.loss == objectives.hierarchical_softmax(v, u, *path).loss
    np.testing.assert_allclose(result.hidden_grad, (u[1] - u[3]) / 2)
    window = objectives.skipgram_window(CENTER, [0, 5], w_in, u, path=path, sigmoid=half)
    np.testing.assert_allclose(window.output_grad[1], (w_in[0] + w_in[5]) / 2)
    window = objectives.cbow_window(CENTER, [0, 5], w_in, u, path=path, sigmoid=half)
    np.testing.assert_allclose(window.output_grad[1], (w_in[0] + w_in[5]) / 4)


@pytest.mark.usefixtures("strict")
def test_examples_with_extreme_scores() -> None:
    """Losses are finite and gradients right where probabilities round to 0 or 1."""
    u = np.array([[1000.0], [-1000.0]])
    loss, hidden_grad, output_grad = objectives.softmax_cross_entropy([1.0], u, 1)
    assert (loss, hidden_grad.tolist(), output_grad.tolist()) == (2000, [2000], [[1], [-1]])
    loss, hidden_grad, output_grad = objectives.negative_sampling([1.0], u, 1, [0])
    assert (loss, hidden_grad.tolist(), output_grad.tolist()) == (2000, [2000], [[1], [-1]])


# ---- hierarchical softmax --------------------------------------------------------------------


def random_tree(leaves: int, seed: int) -> list[tuple[list[int], list[int]]]:
    """Merge nodes at random, from leaves to root: the path of each word, and its labels."""
    rng = np.random.default_rng(seed)
    paths: list[tuple[list[int], list[int]]] = [([], []) for _ in range(leaves)]
    loose = [[word] for word in range(leaves)]  # the words below each node without a parent
    for node in range(leaves - 1):
        pair = [loose.pop(rng.integers(len(loose))) for _ in range(2)]
        for label, words in enumerate(pair):
            for word in words:
                paths[word][0].insert(0, node)
                paths[word][1].insert(0, label)
        loose.append(pair[0] + pair[1])
    return paths


@pytest.mark.parametrize("word", range(V))
def test_hierarchical_softmax_gradients(word: int) -> None:
    """Loss by its definition, gradients by differences; a row for each inner node is enough."""
    w_in, u = random_matrices()
    v, (nodes, labels) = w_in[0], TREE[word]
    signs = [1 if label else -1 for label in labels]
    expected = sum(
        math.log1p(math.exp(-sign * sum(u[node] * v)))
        for node, sign in zip(nodes, signs, strict=True)
    )
    for rows in (V, V - 1):
        result = objectives.hierarchical_softmax(v, u[:rows], nodes, labels)
        assert result.loss == pytest.approx(expected, rel=1e-12)
        assert isinstance(result.loss, float)
        assert (result.hidden_grad.shape, result.output_grad.shape) == ((D,), (rows, D))
        assert (np.abs(result.output_grad).max(axis=1) > 0).nonzero()[0].tolist() == sorted(nodes)
    check_example(lambda h, m: objectives.hierarchical_softmax(h, m, nodes, labels), v, u)


def test_signs_of_the_nodes_gradients() -> None:
    """With label 1 a node moves towards v, with label 0 away from it."""
    w_in, u = random_matrices()
    v = w_in[0]
    grad = objectives.hierarchical_softmax(v, u, *TREE[4]).output_grad
    y = objectives.sigmoid(u @ v)
    for node, label in zip(*TREE[4], strict=True):
        np.testing.assert_allclose(grad[node], (y[node] - label) * v, rtol=1e-12)
        assert (grad[node] @ v < 0) == (label == 1)


def test_a_tree_of_two_words_is_logistic_regression() -> None:
    """One node, one decision: what negative sampling says of one word and one draw."""
    w_in, u = random_matrices()
    yes = objectives.hierarchical_softmax(w_in[0], u, [3], [1])
    for a, b in zip(yes, objectives.negative_sampling(w_in[0], u, 3, []), strict=True):
        np.testing.assert_array_equal(a, b)
    no = objectives.hierarchical_softmax(w_in[0], u, [3], [0])
    assert math.exp(-yes.loss) + math.exp(-no.loss) == pytest.approx(1, rel=1e-14)


@given(st.integers(1, 40), st.integers(0, 2**32 - 1), st.floats(0, 30))
def test_probabilities_of_a_trees_words_sum_to_one(v: int, seed: int, scale: float) -> None:
    """Whatever the tree and its vectors; and so their gradients, weighted, cancel."""
    w_in, u = random_matrices(v, D, seed)
    hidden = scale * w_in[0]
    examples = [
        objectives.hierarchical_softmax(hidden, u, nodes, labels)
        for nodes, labels in random_tree(v, seed)
    ]
    p = np.exp([-example.loss for example in examples])
    assert math.isclose(p.sum(), 1.0, rel_tol=1e-12)
    # Σ p_w = 1 for all v and U, so its derivative Σ p_w ∂J_w is 0.
    size = 1 + np.abs(hidden).max() + np.abs(u).max()
    assert np.abs(p @ [example.hidden_grad for example in examples]).max() < 1e-12 * v * size
    for node in range(v):
        rows = p @ [example.output_grad[node] for example in examples]
        assert np.abs(rows).max() < 1e-12 * v * size


def test_the_only_word_needs_no_decision() -> None:
    """Its path is empty: probability 1, loss 0, nothing to learn."""
    for u in (np.ones((1, D)), np.ones((0, D))):
        loss, hidden_grad, output_grad = objectives.hierarchical_softmax(np.ones(D), u, [], [])
        assert (loss, hidden_grad.tolist(), output_grad.shape) == (0, [0] * D, u.shape)
        assert not output_grad.any()
        for function in (objectives.skipgram_window, objectives.cbow_window):
            window = function(0, [0, 0], np.ones((1, D)), u, path=([], []))
            assert (window.loss, window.input_grad.any(), window.output_grad.any()) == (0, 0, 0)


@pytest.mark.usefixtures("strict")
def test_hierarchical_softmax_of_extreme_scores() -> None:
    """Finite where probabilities round to 0 or 1."""
    u = np.array([[1000.0], [-1000.0]])
    result = objectives.hierarchical_softmax([1.0], u, [1, 0], [1, 0])
    assert (result.loss, result.hidden_grad.tolist()) == (2000, [2000])
    assert result.output_grad.tolist() == [[1], [-1]]
    result = objectives.hierarchical_softmax([1.0], u, [1, 0], [0, 1])
    assert (result.loss, result.hidden_grad.tolist()) == (0, [0])


@pytest.mark.parametrize("contexts", WINDOWS.values(), ids=WINDOWS)
def test_windows_with_a_path(contexts: list[int]) -> None:
    """Gradients by differences; each context looks for the center, or their mean does."""
    w_in, u = random_matrices()
    path = TREE[CENTER]
    for function in (objectives.skipgram_window, objectives.cbow_window):
        check_window(lambda a, b, f=function: f(CENTER, contexts, a, b, path=path), w_in, u)
        check_window(lambda a, b, f=function: f(CENTER, contexts, a, b, path=path), w_in, u[1:])

    window = objectives.skipgram_window(CENTER, contexts, w_in, u, path=path)
    loss, input_grad, output_grad = 0.0, np.zeros((V, D)), np.zeros((V, D))
    for c in contexts:
        pair = objectives.hierarchical_softmax(w_in[c], u, *path)  # input row: the context
        loss += pair.loss
        input_grad[c] += pair.hidden_grad
        output_grad += pair.output_grad
    assert window.loss == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(window.input_grad, input_grad, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(window.output_grad, output_grad, rtol=1e-12, atol=1e-12)

    window = objectives.cbow_window(CENTER, contexts, w_in, u, path=path)
    mean = objectives.hierarchical_softmax(w_in[contexts].mean(axis=0), u, *path)
    assert window.loss == mean.loss
    np.testing.assert_array_equal(window.output_grad, mean.output_grad)
    np.testing.assert_allclose(window.input_grad.sum(axis=0), mean.hidden_grad, rtol=1e-12)


# ---- windows ---------------------------------------------------------------------------------


@pytest.mark.parametrize("contexts", WINDOWS.values(), ids=WINDOWS)
@pytest.mark.parametrize("negatives", NEGATIVES.values(), ids=NEGATIVES)
def test_windows_with_shared_negatives(contexts: list[int], negatives: list[int]) -> None:
    """Skip-gram and CBOW, each kind of window with each kind of draw."""
    for function in (objectives.skipgram_window, objectives.cbow_window):
        check_window(
            lambda a, b, f=function: f(CENTER, contexts, a, b, negatives), *random_matrices()
        )


@pytest.mark.parametrize("contexts", WINDOWS.values(), ids=WINDOWS)
def test_skipgram_window_with_negatives_for_each_pair(contexts: list[int]) -> None:
    """Ragged draws: gradients by differences, and the pairs' sum written out."""
    w_in, u = random_matrices()
    negatives = per_pair_negatives(contexts)
    check_window(
        lambda a, b: objectives.skipgram_window(CENTER, contexts, a, b, negatives), w_in, u
    )
    result = objectives.skipgram_window(CENTER, contexts, w_in, u, negatives)
    loss, input_grad, output_grad = 0.0, np.zeros((V, D)), np.zeros((V, D))
    for c, draws in zip(contexts, negatives, strict=True):
        pair = objectives.negative_sampling(w_in[c], u, CENTER, draws)  # input row: the context
        loss += pair.loss
        input_grad[c] += pair.hidden_grad
        output_grad += pair.output_grad
    assert result.loss == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(result.input_grad, input_grad, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(result.output_grad, output_grad, rtol=1e-12, atol=1e-12)


def test_the_same_draws_for_each_pair_are_shared_draws() -> None:
    """Lists, a matrix and a shared vector mean the same when their words are the same."""
    w_in, u = random_matrices()
    shared = objectives.skipgram_window(CENTER, [0, 5, 5], w_in, u, [3, 1])
    for negatives in ([[3, 1]] * 3, np.array([[3, 1]] * 3), [np.array([3, 1])] * 3):
        each = objectives.skipgram_window(CENTER, [0, 5, 5], w_in, u, negatives)
        for a, b in zip(shared, each, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("contexts", WINDOWS.values(), ids=WINDOWS)
def test_windows_with_exact_softmax(contexts: list[int]) -> None:
    """Gradients by differences; skip-gram's closed form for a whole window."""
    w_in, u = random_matrices()
    check_window(lambda a, b: objectives.cbow_window(CENTER, contexts, a, b), w_in, u)
    check_window(lambda a, b: objectives.skipgram_window(CENTER, contexts, a, b), w_in, u)

    loss, input_grad, output_grad = objectives.skipgram_window(CENTER, contexts, w_in, u)
    y = objectives.softmax(u @ w_in[CENTER])  # the center is the input; one softmax for all
    errors = len(contexts) * y - np.bincount(contexts, minlength=V)
    expected = np.zeros((V, D))
    expected[CENTER] = u.T @ errors
    assert loss == pytest.approx(-np.log(y[contexts]).sum(), rel=1e-12)
    np.testing.assert_allclose(input_grad, expected, rtol=1e-12, atol=1e-12)
    expected = np.outer(errors, w_in[CENTER])
    np.testing.assert_allclose(output_grad, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "objective",
    [{}, {"negatives": [3, 1, 3]}, {"path": TREE[CENTER]}],
    ids=["softmax", "negatives", "path"],
)
def test_cbow_word2vec_gradient(objective: dict[str, object]) -> None:
    """C times the exact gradient for the inputs; loss and output gradient are the same."""
    w_in, u = random_matrices()
    for contexts in ([0, 5, 6], [5, 0, 5]):
        window = CENTER, contexts, w_in, u
        exact = objectives.cbow_window(*window, **objective)
        scaled = objectives.cbow_window(*window, gradient="word2vec", **objective)
        np.testing.assert_allclose(scaled.input_grad, 3 * exact.input_grad, rtol=1e-12)
        np.testing.assert_array_equal(scaled.output_grad, exact.output_grad)
        assert scaled.loss == exact.loss
        assert np.abs(exact.input_grad[5]).min() > 0
    np.testing.assert_array_equal(exact.input_grad[5], 2 * exact.input_grad[0])


@pytest.mark.parametrize(
    "objective",
    [{}, {"negatives": [3, 1, 3]}, {"path": TREE[CENTER]}],
    ids=["softmax", "negatives", "path"],
)
@pytest.mark.parametrize("contexts", WINDOWS.values(), ids=WINDOWS)
def test_cbow_of_a_sum(contexts: list[int], objective: dict[str, object]) -> None:
    """Gradients by differences, whichever is asked for; a single context is its own mean."""
    w_in, u = random_matrices()
    for gradient in ("exact", "word2vec"):
        options = {"mean": False, "gradient": gradient, **objective}
        check_window(
            lambda a, b, o=options: objectives.cbow_window(CENTER, contexts, a, b, **o), w_in, u
        )
    alone = objectives.cbow_window(CENTER, [5], w_in, u, **objective)
    for a, b in zip(
        alone, objectives.cbow_window(CENTER, [5], w_in, u, mean=False, **objective), strict=True
    ):
        np.testing.assert_array_equal(a, b)


def test_inputs_are_left_alone_and_converted() -> None:
    """Any float dtype is read, none is written, and results are float64."""
    w_in, u = (m.astype(np.float32) for m in random_matrices())
    before = w_in.copy(), u.copy()
    path = np.array([5, 4], np.int32), np.array([0, 1], np.float32)
    for objective in ({}, {"negatives": [3, 3]}, {"path": path}):
        for function in (objectives.skipgram_window, objectives.cbow_window):
            ids = np.int32(CENTER), np.array([0, 5], np.int32)
            result = function(*ids, w_in, u, **objective)
            wide = function(CENTER, [0, 5], w_in.astype(float), u.astype(float), **objective)
            assert isinstance(result.loss, float)
            for a, b in zip(result, wide, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12)
                assert np.asarray(a).dtype == np.float64
    np.testing.assert_array_equal(before, (w_in, u))


@settings(max_examples=40, deadline=None)
@given(st.data(), st.integers(1, 5), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_all_gradients_at_any_size(data: st.DataObject, v: int, d: int, seed: int) -> None:
    """Every objective, over sizes, windows and draws, the smallest ones too."""
    w_in, u = random_matrices(v, d, seed)
    words = st.integers(0, v - 1)
    center = data.draw(words, label="center")
    contexts = data.draw(st.lists(words, min_size=1, max_size=4), label="contexts")
    shared = data.draw(st.lists(words, max_size=4), label="shared negatives")
    count = len(contexts)
    each = data.draw(
        st.lists(st.lists(words, max_size=3), min_size=count, max_size=count), label="negatives"
    )
    for negatives in (None, shared, each):
        check_window(
            lambda a, b, n=negatives: objectives.skipgram_window(center, contexts, a, b, n), w_in, u
        )
    for negatives in (None, shared):
        check_window(
            lambda a, b, n=negatives: objectives.cbow_window(center, contexts, a, b, n), w_in, u
        )
    path = random_tree(v, seed)[center]
    for function in (objectives.skipgram_window, objectives.cbow_window):
        check_window(lambda a, b, f=function: f(center, contexts, a, b, path=path), w_in, u)


# ---- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [-1, V])
def test_words_out_of_range(bad: int) -> None:
    """A negative id would wrap around silently: the error names the value and the range."""
    w_in, u = random_matrices()
    message = f"is {bad}; pass a row number from 0 to {V - 1}"
    for call in (
        lambda: objectives.softmax_cross_entropy(w_in[0], u, bad),
        lambda: objectives.negative_sampling(w_in[0], u, bad, [1]),
        lambda: objectives.negative_sampling(w_in[0], u, 0, [1, bad]),
        lambda: objectives.skipgram_window(bad, [1], w_in, u),
        lambda: objectives.skipgram_window(0, [1, bad], w_in, u, [1]),
        lambda: objectives.skipgram_window(0, [1, 1], w_in, u, [[1], [bad]]),
        lambda: objectives.cbow_window(bad, [1], w_in, u),
        lambda: objectives.cbow_window(0, [bad], w_in, u),
        lambda: objectives.cbow_window(0, [1], w_in, u, [bad]),
        lambda: objectives.hierarchical_softmax(w_in[0], u, [1, bad], [1, 0]),
        lambda: objectives.skipgram_window(0, [1], w_in, u, path=([bad], [1])),
        lambda: objectives.cbow_window(0, [1], w_in, u, path=([bad], [1])),
    ):
        with pytest.raises(IndexError, match=message):
            call()


def test_arguments_of_the_wrong_shape_or_kind() -> None:
    """Each mistake gets an error that says what to pass."""
    w_in, u = random_matrices()
    skipgram, cbow = objectives.skipgram_window, objectives.cbow_window
    tree = objectives.hierarchical_softmax
    for match, call in (
        ("contexts is empty", lambda: skipgram(0, [], w_in, u)),
        ("contexts is empty", lambda: cbow(0, [], w_in, u, [1])),
        ('"exact" or "word2vec", not \'true\'', lambda: cbow(0, [1], w_in, u, gradient="true")),
        ("not how many: 5", lambda: skipgram(0, [1], w_in, u, 5)),
        ("1-D sequence", lambda: cbow(0, [1], w_in, u, 5)),
        ("1-D sequence", lambda: cbow(0, [1], w_in, u, [[1]])),
        ("or 2 of them", lambda: skipgram(0, [1, 2], w_in, u, [[1]])),
        ("or 2 of them", lambda: skipgram(0, [1, 2], w_in, u, [1, [1]])),
        ("integers", lambda: objectives.negative_sampling(w_in[0], u, 0, [0.5])),
        ("integers", lambda: skipgram(0, np.array([True, False]), w_in, u)),
        (r"shapes \(d,\) and \(V, d\)", lambda: objectives.softmax_cross_entropy(w_in, u, 0)),
        (r"shapes \(d,\)", lambda: objectives.negative_sampling(w_in[0, :2], u, 0, [1])),
        (r"both have shape \(V, d\)", lambda: skipgram(0, [1], w_in[:3], u)),
        (r"both have shape \(V, d\)", lambda: cbow(0, [1], w_in[0], u[0])),
        (r"both have shape \(V, d\)", lambda: cbow(0, [1], w_in, u[1:])),
        (r"both have shape \(V, d\)", lambda: cbow(0, [1], w_in, u[2:], path=TREE[0])),
        (r"both have shape \(V, d\)", lambda: skipgram(0, [1], w_in, u[1:, 1:], path=TREE[0])),
        (r"both have shape \(V, d\)", lambda: skipgram(0, [1], 1.0, u, path=TREE[0])),
        (r"shapes \(d,\)", lambda: tree(w_in[0, :2], u, [1], [1])),
        ("0 or 1 for each of 2 nodes", lambda: tree(w_in[0], u, [1, 2], [1, -1])),
        ("0 or 1 for each of 2 nodes", lambda: tree(w_in[0], u, [1, 2], [1, 0.5])),
        ("0 or 1 for each of 2 nodes", lambda: tree(w_in[0], u, [1, 2], [1, math.nan])),
        ("0 or 1 for each of 2 nodes", lambda: tree(w_in[0], u, [1, 2], [1])),
        ("0 or 1 for each of 2 nodes", lambda: tree(w_in[0], u, [1, 2], [[1, 0]])),
        ("0 or 1 for each of 0 nodes", lambda: tree(w_in[0], u, [], 1)),
        ("a node twice", lambda: tree(w_in[0], u, [1, 2, 1], [1, 0, 1])),
        ("1-D sequence", lambda: tree(w_in[0], u, 1, 1)),
        ("integers", lambda: tree(w_in[0], u, [0.5], [1])),
        ("negatives and path", lambda: skipgram(0, [1], w_in, u, [], path=TREE[0])),
        ("negatives and path", lambda: cbow(0, [1], w_in, u, [1], path=TREE[0])),
    ):
        with pytest.raises(ValueError, match=match):
            call()
    with pytest.raises(TypeError):
        objectives.softmax_cross_entropy(w_in[0], u, 0.5)
