"""One step (step.h) on every kernel that can run here, against the same in float64.

``Reference`` carries beside each number the most that float32 can move it, as check_updates.c in
tests/long does, which says how: a sum in which no term passes through more than c operations is off
by at most c UNIT times the terms' sizes, and a score's error goes through sigma. So whatever is
beyond is a mistake.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v import kernels, matrices, objectives
from fastw2v._kernels import sigmoid as table
from fastw2v._kernels.alias import AliasTable
from fastw2v._kernels.kernel import Kernel
from fastw2v._kernels.updates import ROW_BYTES, ROW_FLOATS, any_rows, compiled, run_step
from fastw2v.hyperparameters import Hyperparameters

KERNELS = kernels().available
VECTOR_KERNELS = [kernel for kernel in KERNELS if kernel != "blas"]
UNIT = 2**-24  # one rounding, as a part of the result
SIGMA_OFF = 1e-6  # what simd/update.h states for sigma,
LOSS_OFF = 6e-6  # and for the loss: 4e-6; and sigmoid.pxd for the table of losses
TABLE_OFF = 0.0015
table_sigmoid = np.vectorize(table.sigmoid, otypes=[np.float64])
AROUND_THE_TILES = [1, 2, 3, 5, 6, 7, 12, 13, 30]

every_kernel = pytest.mark.parametrize("kernel", KERNELS)
every_vector_kernel = pytest.mark.parametrize("kernel", VECTOR_KERNELS)
both_updates = pytest.mark.parametrize("share", [None, 1.0, 0.25], ids=["rows", "mean", "shared"])
# What the sum of the contexts is multiplied by; None makes it the mean.
every_scale = pytest.mark.parametrize("scale", [None, 1.0, 0.3], ids=["mean", "sum", "other"])


class Case:
    """Rows of a step, each a row of a matrix in which others lie between."""

    def __init__(self, n, m, d, *, seed=0, deviation=1.0, lr=0.05, share=None, scale=None):
        random = np.random.default_rng(seed)
        largest = np.sqrt(3 * deviation / np.sqrt(d))  # scores have this deviation
        self.n, self.m, self.lr, self.share, self.scale = n, m, lr, share, scale
        self.hidden, self.outputs = (
            random.uniform(-largest, largest, (rows, d)).astype(np.float32) for rows in (n, m)
        )
        self.labels = random.integers(0, 2, m).astype(np.float32)
        self.hidden_counts = random.choice([1, 1, 2, 7], n).astype(np.float32)
        self.output_counts = random.choice([1, 1, 3], m).astype(np.float32)
        if share is not None:
            self.hidden_counts[:] = np.nan  # update_mean does not look at them

    def run(self, kernel):
        """Return the rows as the kernel leaves them, and its loss."""
        hidden, outputs = matrices.padded(self.hidden), matrices.padded(self.outputs)
        loss = run_step(
            kernel,
            hidden,
            outputs,
            self.labels,
            self.lr,
            hidden_counts=self.hidden_counts,
            output_counts=self.output_counts,
            share=self.share,
            scale=self.scale,
        )
        assert_padding_is_zero(hidden, outputs)
        return hidden, outputs, loss


class Reference:
    """What the rows and the loss must become, and how far from it a kernel may be."""

    def __init__(self, case, sigmoid):
        h, u, a, b, y = (
            rows.astype(np.float64)
            for rows in (
                case.hidden,
                case.outputs,
                case.hidden_counts,
                case.output_counts,
                case.labels,
            )
        )
        h_off = np.zeros_like(h)
        if case.share is not None:
            scale = 1 / case.n if case.scale is None else case.scale
            h_off = (case.n + 2) * UNIT * scale * abs(h).sum(axis=0, keepdims=True)
            h, a = scale * h.sum(axis=0, keepdims=True), np.ones(1)
        (n, d), m, weight = h.shape, case.m, np.outer(a, b)

        score = h @ u.T
        score_off = (d + 2) * UNIT * abs(h) @ abs(u).T + h_off @ abs(u).T
        sigma, low, high = (sigmoid(score + by) for by in (0, -score_off, score_off))
        sigma_off = np.maximum(high - sigma, sigma - low) + SIGMA_OFF
        g = case.lr * weight * (y - sigma)
        g_off = case.lr * weight * sigma_off + 3 * UNIT * abs(g)
        losses = np.logaddexp(0, score) - y * score
        self.loss = (weight * losses).sum()
        self.loss_off = (n * m + 5) * UNIT * self.loss + (
            weight * (score_off + LOSS_OFF + 3 * UNIT * abs(score))
        ).sum()

        moved, moved_off = g @ u, (g_off + (m + 1) * UNIT * abs(g)) @ abs(u)
        self.outputs = u + g.T @ h
        self.outputs_off = (
            (g_off + (n + 1) * UNIT * abs(g)).T @ abs(h)
            + (abs(g) + g_off).T @ h_off
            + (n + 1) * UNIT * abs(u)
        )
        if case.share is not None:
            moved_off = case.share * (moved_off + (m + 3) * UNIT * (abs(h) + abs(moved)))
            moved = case.share * moved
        self.hidden = case.hidden + moved
        self.hidden_off = moved_off + (m + 2) * UNIT * (abs(case.hidden) + abs(moved))

    def accept(self, hidden, outputs, loss):
        assert (abs(hidden - self.hidden) <= self.hidden_off).all()
        assert (abs(outputs - self.outputs) <= self.outputs_off).all()
        assert abs(loss - self.loss) <= self.loss_off


def sigmoid_of(kernel):
    return table_sigmoid if kernel == "blas" else objectives.sigmoid


def whole(matrix):
    """The matrix with its padding."""
    return np.lib.stride_tricks.as_strided(matrix, (len(matrix), matrix.strides[0] // 4))


def assert_padding_is_zero(*of_these):
    for matrix in of_these:
        assert not whole(matrix)[:, matrix.shape[1] :].any()


@every_kernel
@both_updates
@pytest.mark.parametrize("n", AROUND_THE_TILES)
@pytest.mark.parametrize("m", AROUND_THE_TILES)
def test_a_step_is_the_formulas(kernel, share, n, m):
    for d in (1, 16, 100):
        case = Case(n, m, d, seed=d, share=share)
        Reference(case, sigmoid_of(kernel)).accept(*case.run(kernel))


@every_kernel
@both_updates
@given(
    n=st.one_of(st.integers(1, 12), st.integers(1, 40)),
    m=st.one_of(st.integers(1, 8), st.integers(1, 40)),
    d=st.one_of(st.integers(1, 33), st.integers(1, 520)),
    seed=st.integers(0, 2**32),
    deviation=st.sampled_from([0.01, 1.0, 10.0]),
    lr=st.sampled_from([1e-4, 0.025, 0.2]),
)
@settings(max_examples=50, deadline=None)
def test_any_step_is_the_formulas(kernel, share, n, m, d, seed, deviation, lr):
    case = Case(n, m, d, seed=seed, deviation=deviation, lr=lr, share=share)
    Reference(case, sigmoid_of(kernel)).accept(*case.run(kernel))


@every_kernel
@every_scale
@pytest.mark.parametrize("n", AROUND_THE_TILES)
@pytest.mark.parametrize("d", [1, 20, 100])
def test_a_step_of_a_sum_is_the_formulas(kernel, scale, n, d):
    case = Case(n, 6, d, seed=d, share=0.7, scale=scale)
    Reference(case, sigmoid_of(kernel)).accept(*case.run(kernel))


@every_kernel
@both_updates
@given(
    contexts=st.lists(st.integers(0, 4), min_size=1, max_size=10),
    negatives=st.lists(st.integers(1, 5), max_size=30),
    d=st.integers(1, 520),
)
@settings(max_examples=20, deadline=None)
def test_a_step_is_the_objective(kernel, share, contexts, negatives, d):
    """With counts for the words that repeat, and the bound of the formulas."""
    center, (words, places) = 0, np.unique(contexts, return_inverse=True)
    if share is not None:
        words, places = np.array(contexts), np.arange(len(contexts))
    outputs, counts = np.unique([center, *negatives], return_counts=True)
    case = Case(len(words), len(outputs), d, seed=d, share=share)
    case.hidden = case.hidden[np.unique(words, return_inverse=True)[1]]  # a word has one row
    case.labels = np.float32(outputs == center)
    case.output_counts = np.float32(counts)
    if share is None:
        case.hidden_counts = np.float32(np.bincount(places))
    inputs, output_vectors = np.zeros((2, 6, d))
    inputs[words], output_vectors[outputs] = case.hidden, case.outputs
    arguments = center, contexts, inputs, output_vectors, negatives
    options = {"sigmoid": sigmoid_of(kernel)}
    if share is None:
        expected = objectives.skipgram_window(*arguments, **options)
        moved = -case.lr * expected.input_grad[words]
    else:
        expected = objectives.cbow_window(*arguments, gradient="word2vec", **options)
        moved = -case.lr * share * expected.input_grad[words]
        moved /= np.bincount(words)[words][:, None]  # a row of the step moves by one place's share
    reference = Reference(case, sigmoid_of(kernel))
    np.testing.assert_allclose(reference.hidden, case.hidden + moved, atol=1e-12)
    reference.accept(*case.run(kernel))
    after = case.outputs - case.lr * expected.output_grad[outputs]
    np.testing.assert_allclose(reference.outputs, after, atol=1e-12)
    assert reference.loss == pytest.approx(expected.loss, rel=1e-9)


@every_vector_kernel
@both_updates
@pytest.mark.parametrize("m", AROUND_THE_TILES)
def test_kernels_agree_with_each_other(kernel, share, m):
    """Vector kernels up to rounding; ``blas`` up to its table's error in every gradient."""
    for n in AROUND_THE_TILES:
        case = Case(n, m, 100, seed=n, share=share)
        found, exact = case.run(kernel), Reference(case, objectives.sigmoid)
        for other in KERNELS:
            hidden, outputs, loss = case.run(other)
            g_off = TABLE_OFF * case.lr if other == "blas" else 0.0
            n_pairs = case.output_counts.sum() * (case.hidden_counts.sum() if share is None else 1)
            of_table = g_off * n_pairs * max(abs(case.hidden).max(), abs(case.outputs).max())
            assert (abs(hidden - found[0]) <= 2 * exact.hidden_off + of_table).all()
            assert (abs(outputs - found[1]) <= 2 * exact.outputs_off + of_table).all()
            assert abs(loss - found[2]) <= 2 * exact.loss_off


@every_kernel
def test_a_count_is_as_good_as_the_same_row_again(kernel):
    """Whose moves then add up."""
    case = Case(2, 3, 50)
    case.hidden_counts[:], case.output_counts[:] = [3, 1], [1, 4, 2]
    hidden, outputs, loss = case.run(kernel)
    again = Case(4, 7, 50)
    again.hidden = case.hidden[[0, 0, 0, 1]]
    again.outputs = case.outputs[[0, 1, 1, 1, 1, 2, 2]]
    again.labels = case.labels[[0, 1, 1, 1, 1, 2, 2]]
    again.hidden_counts[:] = again.output_counts[:] = 1
    hidden_moves, output_moves, again_loss = again.run(kernel)
    hidden_moves = np.add.reduceat(hidden_moves - again.hidden, [0, 3])
    output_moves = np.add.reduceat(output_moves - again.outputs, [0, 1, 5])
    np.testing.assert_allclose(hidden, case.hidden + hidden_moves, atol=2e-6)
    np.testing.assert_allclose(outputs, case.outputs + output_moves, atol=2e-6)
    assert loss == pytest.approx(again_loss, abs=28 * LOSS_OFF)


@every_kernel
@both_updates
@pytest.mark.parametrize("d", [1, 15, 16, 17, 64, 100])
def test_other_rows_and_padding_are_left_alone(kernel, share, d):
    """A step's rows lie amid those of the whole matrices: views of these, up to the last row."""
    case = Case(5, 7, d, share=share)
    hidden, outputs = matrices.padded(np.tile(case.hidden, (3, 1))), matrices.zeros(21, d)
    outputs[:] = np.tile(case.outputs, (3, 1))
    before = whole(hidden).copy(), whole(outputs).copy()
    counts = {"hidden_counts": case.hidden_counts, "output_counts": case.output_counts}
    arguments = case.labels, case.lr
    run_step(kernel, hidden[5:10], outputs[7:14], *arguments, **counts, share=share)
    after = whole(hidden), whole(outputs)
    for rows, matrix in ((5, 0), (7, 1)):
        others = np.r_[0:rows, 2 * rows : 3 * rows]
        np.testing.assert_array_equal(after[matrix][others], before[matrix][others])
        assert (after[matrix][rows : 2 * rows] != before[matrix][rows : 2 * rows]).any()
        assert not after[matrix][:, d:].any()


@every_kernel
def test_a_row_may_be_in_a_mean_twice(kernel):
    """As a word that stands twice in a window: it moves twice."""
    case = Case(3, 4, 20, share=0.25)
    twice = matrices.padded(case.hidden[:1])
    rows = np.lib.stride_tricks.as_strided(twice, (2, 20), (0, 4))
    counts = {"hidden_counts": np.ones(2, np.float32), "output_counts": case.output_counts}
    outputs = matrices.padded(case.outputs)
    run_step(kernel, rows, outputs, case.labels, case.lr, share=0.25, **counts)
    once = matrices.padded(case.hidden[:1])
    counts["hidden_counts"] = np.ones(1, np.float32)
    outputs = matrices.padded(case.outputs)
    run_step(kernel, once, outputs, case.labels, case.lr, share=0.5, **counts)
    np.testing.assert_allclose(twice, once, atol=1e-7)


@every_kernel
@both_updates
@pytest.mark.parametrize("m", [1, 6, 13])
@pytest.mark.parametrize("which", ["hidden", "outputs"])
def test_a_score_that_is_no_number_makes_a_loss_that_is_none(kernel, share, m, which):
    case = Case(3, m, 20, share=share)
    getattr(case, which)[-1, 7] = np.nan
    _, _, loss = case.run(kernel)
    assert np.isnan(loss)


@every_kernel
@pytest.mark.parametrize("size", [0.0, 1e2, 1e4])
def test_scores_at_the_extremes(kernel, size):
    """Up to 1e8, where gradients are 0 or 1 and the loss is the score's size."""
    case = Case(2, 2, 16, lr=1e-3)
    case.hidden[:] = [[size / 4], [-size / 4]]
    case.outputs[:] = size / 4
    Reference(case, sigmoid_of(kernel)).accept(*case.run(kernel))


def test_unknown_kernels_are_refused():
    with pytest.raises(ValueError, match=r"no kernel 'sse' can run here; there are \[\('"):
        any_rows("sse")
    with pytest.raises(ValueError, match="no kernel ''"):
        any_rows("")
    for name, runs in compiled():
        if not runs:
            with pytest.raises(ValueError, match=f"no kernel '{name}' can run here"):
                any_rows(name)


def make(kernel, inputs, outputs):
    v = len(inputs)
    return Kernel(
        Hyperparameters(),
        np.zeros(2, np.int32),
        np.array([0, 2]),
        keep_probability=np.ones(v, np.float32),
        noise=AliasTable(np.ones(v)),
        input_vectors=inputs,
        output_vectors=outputs,
        first_epoch=0,
        epochs=1,
        kernel=kernel,
    )


def misaligned(n, d):
    """Rows padded as they should be, that begin four bytes too late."""
    stride = matrices.row_stride(d)
    memory = matrices.zeros(1, n * stride + ROW_FLOATS)[0]
    return memory[1 : 1 + n * stride].reshape(n, stride)[:, :d]


@every_kernel
@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("d", [1, 16, 20])
def test_rows_that_are_not_padded_are_for_blas_alone(kernel, n, d):
    good, late = matrices.zeros(n, d), misaligned(n, d)
    assert late.ctypes.data % ROW_BYTES == 4
    assert any_rows(kernel) is (kernel == "blas")
    make(kernel, good, matrices.zeros(n, d))
    bad = [(late, late), (late, good), (good, late)]
    if n > 1 and d % ROW_FLOATS:
        bad.append((np.zeros((n, d), np.float32), np.zeros((n, d), np.float32)))
    for inputs, outputs in bad:
        if kernel == "blas":
            make(kernel, inputs, outputs)
            continue
        with pytest.raises(ValueError, match="padded to 16 floats and begin at multiples of 64"):
            make(kernel, inputs, outputs)


@every_kernel
def test_both_matrices_have_the_same_stride(kernel):
    wide = matrices.zeros(3, 32)[:, :16]
    with pytest.raises(
        ValueError, match="row every 64 bytes and output_vectors every 128: it must"
    ):
        make(kernel, matrices.zeros(3, 16), wide)
    make(kernel, wide, matrices.zeros(3, 32)[:, :16])
    backwards = matrices.zeros(3, 16)[::-1]
    with pytest.raises(ValueError, match="row every -64 bytes"):
        make(kernel, backwards, backwards)
    onto_each_other = np.lib.stride_tricks.as_strided(wide, (3, 16), (32, 4))
    with pytest.raises(ValueError, match="no less than a row"):
        make(kernel, onto_each_other, onto_each_other)
