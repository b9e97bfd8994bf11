"""Cosines, unit rows, the best of many scores and the search by tiles, against NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v._kernels import nearest
from fastw2v._kernels.updates import compiled

KERNELS = [name for name, supported in compiled() if supported]
SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 100, 300]
EXTREMES = [1e-44, 1e-30, 1e-19, 1e-12, 1, 1e12, 1e19, 1e30, 3e38]


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.fixture(params=KERNELS)
def kernel(request):
    return request.param


def exact_unit(matrix):
    matrix = np.asarray(matrix, np.float64)
    lengths = np.linalg.norm(matrix, axis=-1, keepdims=True)
    return matrix / np.where(lengths > 0, lengths, 1)


def cosines(query, matrix, kernel):
    out = np.full(len(matrix), 9, np.float32)
    return nearest.cosines(query, matrix, out, kernel), out


def unit_rows(matrix):
    out = np.full(matrix.shape, 9, np.float32)
    return nearest.unit_rows(matrix, out), out


def best(n, topn):
    return np.full((n, topn), -1, np.intp), np.full((n, topn), -np.inf, np.float32)


# Cosines and lengths


@pytest.mark.parametrize("d", SIZES)
def test_cosines_and_unit_rows(rng, kernel, d):
    matrix = rng.standard_normal((50, d), np.float32) * 10 ** rng.uniform(-5, 5, (50, 1))
    matrix = matrix.astype(np.float32)
    matrix[7] = 0
    query = exact_unit(rng.standard_normal(d)).astype(np.float32)
    bad, found = cosines(query, matrix, kernel)
    assert bad == -1
    np.testing.assert_allclose(found, exact_unit(matrix) @ query, atol=1e-6)
    assert found[7] == 0
    bad, found = unit_rows(matrix)
    assert bad == -1
    np.testing.assert_allclose(found, exact_unit(matrix), atol=1e-6)


@pytest.mark.parametrize("size", EXTREMES)
@pytest.mark.parametrize("d", [1, 3, 40])
def test_lengths_whose_squares_no_float_holds(kernel, size, d):
    matrix = np.zeros((3, d), np.float32)
    matrix[1] = size
    matrix[2, -1] = -size
    unit = exact_unit(matrix)
    query = unit[1].astype(np.float32)
    assert unit[1] @ unit[1] == pytest.approx(1)
    np.testing.assert_allclose(cosines(query, matrix, kernel)[1], unit @ query, atol=1e-6)
    np.testing.assert_allclose(unit_rows(matrix)[1], unit, atol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 15, 16, 39])
def test_the_first_row_that_is_not_finite(kernel, value, place):
    matrix = np.ones((5, 40), np.float32)
    matrix[3, place] = matrix[4, 0] = value
    query = np.zeros(40, np.float32)
    query[0] = 1
    assert cosines(query, matrix, kernel)[0] == 3
    assert unit_rows(matrix)[0] == 3
    room = best(1, 2)
    arguments = np.full(1, -1, np.intp), np.empty(0, np.float32), np.empty(100, np.float32), *room
    assert nearest.search(query[None], matrix, 0, 5, *arguments) == 3
    assert nearest.search(query[None], matrix, 0, 3, *arguments) == -1


def test_rows_that_do_not_lie_one_after_another(rng, kernel):
    whole = rng.standard_normal((40, 24), np.float32)
    query = exact_unit(whole[3, :20]).astype(np.float32)
    for matrix in whole[:, :20], whole[::2, :20], whole[::-1, :20], whole[5:5, :20]:
        found = cosines(query, matrix, kernel)[1]
        np.testing.assert_allclose(found, exact_unit(matrix) @ query, atol=1e-6)
        np.testing.assert_allclose(unit_rows(matrix)[1], exact_unit(matrix), atol=1e-6)
    matrix = whole.copy()
    assert nearest.unit_rows(matrix, matrix) == -1  # in place
    np.testing.assert_allclose(matrix, exact_unit(whole), atol=1e-6)


def test_equal_rows_have_equal_cosines(rng, kernel):
    """Wherever they lie: ties are broken by row, so there must be ties."""
    for d in SIZES:
        matrix = np.tile(rng.standard_normal(d, np.float32), (23, 1))
        found = cosines(exact_unit(matrix[0] + 1).astype(np.float32), matrix, kernel)[1]
        assert len(set(found.tolist())) == 1


def test_a_kernel_that_is_not_there():
    with pytest.raises(ValueError, match="no kernel 'avx9' can run here"):
        cosines(np.ones(1, np.float32), np.ones((1, 1), np.float32), "avx9")


# The best of many


@settings(deadline=None)
@given(st.data())
def test_the_best_of_scores_with_many_ties(data):
    values = data.draw(
        st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 1.0, 2.0]), max_size=300), "values"
    )
    values = np.array(values, np.float32)
    topn = data.draw(st.integers(1, 320), "topn")
    rows, scores = best(1, topn)
    nearest.best_of(values, np.empty(len(values) // nearest.CHUNK, np.float32), rows, scores)
    nearest.sort(rows, scores)
    order = np.argsort(-values, kind="stable")
    expected = order[values[order] > -np.inf][:topn]
    n = len(expected)
    assert rows[0, :n].tolist() == expected.tolist()
    assert scores[0, :n].tolist() == values[expected].tolist()
    assert (rows[0, n:] == -1).all()
    assert (scores[0, n:] == -np.inf).all()


@pytest.mark.parametrize("order", ["rising", "falling", "random"])
@pytest.mark.parametrize("topn", [1, 10, 1000, 5000])
def test_the_best_of_many_scores(rng, order, topn):
    values = rng.standard_normal(5000, np.float32)
    if order != "random":
        values = np.sort(values)[:: 1 if order == "rising" else -1].copy()
    rows, scores = best(1, topn)
    nearest.best_of(values, np.empty(len(values) // nearest.CHUNK, np.float32), rows, scores)
    nearest.sort(rows, scores)
    assert rows[0].tolist() == np.argsort(-values, kind="stable")[:topn].tolist()
    assert scores[0].tolist() == values[rows[0]].tolist()


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 1.0, 2.0]), max_size=300),
    st.integers(1, 320),
    st.sampled_from([0.0, 0.5, 1.0, 10.0]),
)
def test_what_is_nearly_best(values, topn, margin):
    values = np.array(values, np.float32)
    n = len(values)
    scratch, rows = np.empty(n // nearest.CHUNK + topn, np.float32), np.empty(n + topn, np.intp)
    listed = rows[: nearest.near_best(values, topn, margin, scratch, rows)]
    least = np.sort(values)[-topn] - margin if topn <= n else -np.inf
    assert listed.tolist() == np.flatnonzero(values >= least).tolist()


# The search


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_search_by_tiles_and_ranges(data):
    """Small whole numbers, whose products are exact: ties come out by row, whatever the tiles."""
    draw = data.draw
    d, n_rows = draw(st.integers(1, 20), "d"), draw(st.integers(1, 150), "rows")
    n, topn = draw(st.integers(1, 9), "queries"), draw(st.integers(1, 160), "topn")
    rng = np.random.default_rng(draw(st.integers(0, 9), "seed"))
    # Rows of length 1 and 0 alone, so that cosines are products of whole numbers.
    matrix = np.zeros((n_rows, d), np.float32)
    used = rng.random(n_rows) < 0.9
    matrix[used, rng.integers(d, size=used.sum())] = rng.choice([-1, 1, 2], used.sum())
    queries = rng.integers(-2, 3, (n, d)).astype(np.float32)
    excluded = rng.integers(-1, n_rows, n)
    means = rng.integers(-1, 2, n_rows).astype(np.float32)
    if draw(st.booleans(), "plain"):
        means = means[:0]
    scratch = np.empty(draw(st.integers(1, 200), "tile") * (n + d), np.float32)
    stops = sorted(draw(st.lists(st.integers(0, n_rows), max_size=3), "stops"))
    rows, scores = best(n, topn)
    for first, last in zip([0, *stops], [*stops, n_rows], strict=True):
        bad = nearest.search(queries, matrix, first, last, excluded, means, scratch, rows, scores)
        assert bad == -1
    nearest.sort(rows, scores)
    every = queries @ exact_unit(matrix).T
    if len(means):
        every = 2 * every - means
    for query in range(n):
        order = np.argsort(-every[query], kind="stable")
        expected = order[order != excluded[query]][:topn]
        assert rows[query, : len(expected)].tolist() == expected.tolist()
        assert scores[query, : len(expected)].tolist() == every[query, expected].tolist()
        assert (rows[query, len(expected) :] == -1).all()


# What does not fit


def test_shapes_that_do_not_fit():
    one, two, matrix = (np.ones(shape, np.float32) for shape in (1, 2, (3, 2)))
    rows, scores = best(1, 2)
    none = np.full(1, -1, np.intp)
    search = nearest.search
    room = np.empty(3, np.float32)
    for call in (
        lambda: cosines(one, matrix, "blas"),
        lambda: nearest.cosines(two, matrix, two, "blas"),
        lambda: cosines(one[:0], np.ones((3, 0), np.float32), "blas"),
        lambda: cosines(two, np.ones((3, 4), np.float32)[:, ::2], "blas"),
        lambda: nearest.unit_rows(matrix, np.ones((2, 2), np.float32)),
        lambda: nearest.best_of(two, two, rows[:, :1], scores),
        lambda: nearest.best_of(two, two, *best(1, 0)),
        lambda: nearest.best_of(two, two, *best(2, 2)),
        lambda: nearest.best_of(np.ones(3 * nearest.CHUNK, np.float32), two, *best(1, 2)),
        lambda: nearest.near_best(two, 1, 0.0, one, np.empty(2, np.intp)),
        lambda: nearest.near_best(two, 2, 0.0, one, np.empty(4, np.intp)),
        lambda: nearest.near_best(two, 0, 0.0, one, np.empty(4, np.intp)),
        lambda: nearest.sort(rows, scores[:0]),
        lambda: search(one[None], matrix, 0, 3, none, one[:0], room, rows, scores),
        lambda: search(two[None], matrix, 0, 4, none, one[:0], room, rows, scores),
        lambda: search(two[None], matrix, -1, 3, none, one[:0], room, rows, scores),
        lambda: search(two[None], matrix, 2, 1, none, one[:0], room, rows, scores),
        lambda: search(two[None], matrix, 0, 3, none[:0], one[:0], room, rows, scores),
        lambda: search(two[None], matrix, 0, 3, none, two, room, rows, scores),
        lambda: search(two[None], matrix, 0, 3, none, one[:0], room[:2], rows, scores),
        lambda: search(two[None], matrix, 0, 3, none, one[:0], room, *best(2, 2)),
    ):
        with pytest.raises(ValueError, match=r"shapes|memory|room|scratch"):
            call()
    assert search(two[None], matrix, 0, 3, none, one[:0], room, rows, scores) == -1
