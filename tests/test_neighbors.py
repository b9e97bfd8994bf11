"""The search by blocks: against every product in float64, in bounded memory, on threads; CSLS."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastw2v
from fastw2v import KeyedVectors, neighbors


def exact_unit(matrix):
    matrix = np.asarray(matrix, np.float64)
    lengths = np.linalg.norm(matrix, axis=-1, keepdims=True)
    return matrix / np.where(lengths > 0, lengths, 1)


def exact_means(matrix, k):
    """CSLS's r of each row, by the definition."""
    every = exact_unit(matrix) @ exact_unit(matrix).T
    np.fill_diagonal(every, -np.inf)
    return np.sort(every, axis=1)[:, ::-1][:, : min(k, len(matrix) - 1)].mean(axis=1)


def assert_best(rows, scores, every, topn):
    """Check a line of results: the right scores, each that of its row, and none left out."""
    there = every > -np.inf
    n = min(topn, int(there.sum()))
    assert rows.shape == scores.shape == (topn,)
    assert len(set(rows[:n].tolist())) == n
    np.testing.assert_allclose(scores[:n], np.sort(every)[::-1][:n], atol=2e-6)
    np.testing.assert_allclose(scores[:n], every[rows[:n]], atol=2e-6)
    assert (np.diff(scores[:n]) <= 0).all()
    assert (rows[n:] == -1).all()
    assert (scores[n:] == -np.inf).all()


@pytest.fixture(scope="module")
def rng():
    return np.random.default_rng(3)


@pytest.fixture(scope="module")
def wv(rng):
    """Keys that are integers, but not their rows."""
    vectors = rng.standard_normal((700, 20), np.float32)
    vectors[::50] = 0
    vectors[5] = vectors[6] = vectors[601]
    return KeyedVectors([10_000 - row for row in range(700)], vectors)


# The search


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_nearest_is_an_exhaustive_search(data):
    draw = data.draw
    rng = np.random.default_rng(draw(st.integers(0, 99), "seed"))
    n_rows, d = draw(st.integers(1, 60), "rows"), draw(st.integers(1, 12), "d")
    n, topn = draw(st.integers(0, 20), "queries"), draw(st.integers(0, 70), "topn")
    restrict = draw(st.none() | st.integers(1, 70), "restrict")
    matrix = rng.standard_normal((n_rows, d), np.float32)
    matrix[rng.random(n_rows) < 0.1] = 0
    of_rows = draw(st.booleans(), "of rows")
    queries = rng.integers(n_rows, size=n) if of_rows else rng.standard_normal((n, d), np.float32)
    asked = exact_unit(matrix)[queries] if of_rows else exact_unit(queries)
    every = (asked @ exact_unit(matrix).T)[:, :restrict]
    scaling = None
    if draw(st.booleans(), "csls"):
        k = draw(st.integers(1, 12), "k")
        scaling = neighbors.local_scaling(matrix, k, workers=1)
        nearest = np.sort(asked @ exact_unit(matrix).T, axis=1)[:, ::-1][:, :k]
        own = scaling.means[queries] if of_rows else nearest.mean(axis=1)
        every = 2 * every - own[:, None] - scaling.means[:restrict]
    if of_rows:
        for query, row in enumerate(queries):
            every[query, row:][:1] = -np.inf
    rows, scores = neighbors.nearest(
        matrix, queries, topn, restrict=restrict, scaling=scaling, workers=draw(st.integers(1, 3))
    )
    assert rows.shape == scores.shape == (n, topn)
    assert rows.dtype == np.intp
    assert scores.dtype == np.float32
    for query in range(n):
        assert_best(rows[query], scores[query], every[query], topn)


def test_many_blocks_calls_and_threads_give_the_same(monkeypatch, rng):
    matrix = rng.standard_normal((3000, 16), np.float32)
    queries = rng.integers(3000, size=1500)
    once = neighbors.nearest(matrix, queries, 7, workers=1)
    monkeypatch.setattr(neighbors, "CALL_OPERATIONS", 16 * 256 * 100)
    monkeypatch.setattr(neighbors, "BLOCK_FLOATS", 1 << 12)
    for workers in 1, 2, 5:
        again = neighbors.nearest(matrix, queries, 7, workers=workers)
        # Products of tiles of other shapes may be rounded otherwise.
        np.testing.assert_allclose(again[1], once[1], atol=1e-6)
        assert (again[0] == once[0]).mean() > 0.999


def test_equal_scores_are_in_the_order_of_rows():
    matrix = np.tile(np.eye(2, dtype=np.float32), (600, 1)) * 3
    rows, scores = neighbors.nearest(matrix, np.array([4, 5, 1199]), 599)
    for line, own in zip(rows, (4, 5, 1199), strict=True):
        assert line.tolist() == [row for row in range(own % 2, 1200, 2) if row != own]
    assert (scores == 1).all()


def test_layouts_of_matrices_that_must_be_copied(rng):
    matrix = rng.standard_normal((50, 6), np.float32)
    expected = neighbors.nearest(matrix, matrix, 3)
    packed = np.zeros(50, np.dtype([("flag", "i1"), ("vector", "f4", 6)]))["vector"]
    packed[:] = matrix
    assert not packed.flags.aligned
    wide = np.zeros((50, 12), np.float32)
    wide[:, ::2] = matrix
    for other in np.asfortranarray(matrix), packed, wide[:, ::2]:
        found = neighbors.nearest(other, other, 3)
        assert found[0].tolist() == expected[0].tolist()
        wv = KeyedVectors(range(50), other)
        assert wv.most_similar(3) == KeyedVectors(range(50), matrix).most_similar(3)


def test_a_single_query_on_threads(monkeypatch, rng):
    monkeypatch.setattr(neighbors, "SCAN_FLOATS", 100)
    matrix = rng.standard_normal((1001, 7), np.float32)
    query = neighbors.unit(matrix[3])
    for workers in 1, 2, 16:
        found = neighbors.cosines(matrix, query, workers=workers)
        np.testing.assert_allclose(found, exact_unit(matrix) @ exact_unit(matrix[3]), atol=1e-6)
    matrix[700, 2] = np.nan
    with pytest.raises(neighbors.NonFiniteRowError, match="row 700 of the vectors holds NaN"):
        neighbors.cosines(matrix, query, workers=16)


def test_scratch_memory_is_bounded(monkeypatch, rng):
    """Products of all queries with all rows would take 160 MB, and unit vectors 16 MB."""
    matrix = rng.standard_normal((20_000, 200), np.float32)
    queries = np.arange(2_000)
    tracemalloc.start()
    neighbors.nearest(matrix, queries, 10, workers=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    neighbors.local_scaling(matrix[:5_000], 3, workers=2)
    peak_of_scaling = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000 * 10 * 12 + (5 << 20)
    assert peak_of_scaling < 10 << 20


@pytest.mark.parametrize("n_threads", [1, 2, 64, 1000])
@pytest.mark.parametrize("d", [1, 100, 1000, 30_000])
def test_blocks_fit_their_share_of_memory(n_threads, d):
    size, floats = neighbors._block(10**6, d, n_threads)
    assert 1 <= size <= neighbors.MOST_QUERIES
    assert floats >= size + d  # a tile of one row at least
    assert (size * d + floats) * n_threads <= max(neighbors.MOST_FLOATS, 4 * d * n_threads)


def test_a_row_that_is_not_finite_is_named(rng):
    vectors = rng.standard_normal((30, 4), np.float32)
    vectors[20, 1] = np.inf
    wv = KeyedVectors([f"w{row}" for row in range(30)], vectors)
    for call in (
        lambda: wv.neighbors(["w1"]),
        lambda: wv.neighbors(["w20"], restrict_vocab=10),
        lambda: wv.neighbors(["w1"], csls=2),
        lambda: wv.local_scaling(),
        lambda: wv.most_similar("w1"),
        lambda: wv.most_similar("w1", clip_start=15),
        lambda: wv.most_similar("w20"),
        lambda: wv.distances("w1"),
        lambda: wv.get_normed_vectors(),
        lambda: wv.closer_than("w1", "w2"),
    ):
        with pytest.raises(ValueError, match=r"the vector of 'w20' \(row 20\) holds NaN or inf"):
            call()
    assert len(wv.neighbors(["w1"], restrict_vocab=20)[0]) == 1
    assert len(wv.most_similar("w1", clip_end=20)) == 10
    wv.vectors[20] = 0
    with pytest.raises(ValueError, match="asked with at position 1 holds NaN"):
        wv.neighbors(np.array([[1, 2, 3, 4], [1, 2, np.nan, 4]]))


# KeyedVectors.neighbors


def test_neighbors_are_those_of_most_similar(wv):
    keys = [10_000, 9_990, 9_399, 9_995]
    rows, scores = wv.neighbors(keys, topn=6)
    for key, line, cosines in zip(keys, rows, scores, strict=True):
        expected = wv.most_similar(key, topn=6)
        np.testing.assert_allclose(cosines, [cosine for _, cosine in expected], atol=1e-6)
        if key != 10_000:  # zeros: all cosines tie, but for rounding
            assert [wv.index_to_key[row] for row in line] == [found for found, _ in expected]


def test_neighbors_of_keys_vectors_and_both(wv, rng):
    vector = rng.standard_normal(20)
    of_keys = wv.neighbors([9_990, 9_399])
    of_vectors = wv.neighbors(np.stack([vector, wv[9_399]]))
    of_both = wv.neighbors([9_990, vector, wv[9_399]])
    assert of_keys[0].tolist() == wv.neighbors(np.array([9_990, 9_399]))[0].tolist()
    assert of_keys[0].tolist() == wv.neighbors(iter([9_990, 9_399]))[0].tolist()
    assert of_both[0].tolist() == [of_keys[0][0].tolist(), *of_vectors[0].tolist()]
    np.testing.assert_allclose(of_both[1][0], of_keys[1][0], atol=1e-6)
    # A vector finds its own row, which a key doesn't: here a row of three that are equal.
    assert set(of_vectors[0][1, :3].tolist()) == {5, 6, 601}
    assert set(of_keys[0][1, :2].tolist()) == {5, 6}


def test_neighbors_of_nothing_and_of_none(wv):
    rows, scores = wv.neighbors([])
    assert rows.shape == scores.shape == (0, 10)
    assert wv.neighbors([9_990], topn=0)[0].shape == (1, 0)
    rows, scores = wv.neighbors([10_000, 9_000 + 301], topn=3, restrict_vocab=1)
    assert rows.tolist() == [[-1, -1, -1], [0, -1, -1]]
    assert scores.tolist() == [[-np.inf] * 3, [0, -np.inf, -np.inf]]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"keys_or_vectors": [3]}, KeyError, "the key 3 is not in the vocabulary"),
        ({"keys_or_vectors": "king"}, TypeError, "takes a list of keys"),
        ({"keys_or_vectors": np.ones(20)}, TypeError, r"vectors as a matrix, \(n, 20\)"),
        ({"keys_or_vectors": np.ones((2, 3))}, ValueError, r"shape \(2, 3\), where \(n, 20\)"),
        ({"keys_or_vectors": [np.ones(3)]}, ValueError, r"shape \(3,\), where \(20,\) belongs"),
        ({"topn": -1}, ValueError, "topn must be at least 0"),
        ({"topn": None}, TypeError, "topn must be an integer"),
        ({"workers": 0}, ValueError, "workers must be at least 1"),
        ({"restrict_vocab": 0}, ValueError, "restrict_vocab must be at least 1"),
        ({"csls": 0}, ValueError, "csls must be at least 1"),
        ({"csls": "10"}, TypeError, "csls must be an integer"),
        (
            {"csls": neighbors.LocalScaling(2, np.zeros(3, np.float32))},
            ValueError,
            r"made for 3 keys, and there are 700: call local_scaling\(\) again",
        ),
    ],
)
def test_what_neighbors_refuses(wv, arguments, error, message):
    with pytest.raises(error, match=message):
        wv.neighbors(**{"keys_or_vectors": [9_990], **arguments})


def test_a_tuple_that_is_a_key_is_not_several():
    wv = KeyedVectors(["a", "b", ("a", "b")], np.eye(3))
    with pytest.raises(TypeError, match="takes a list of keys"):
        wv.neighbors(("a", "b"))
    assert wv.neighbors([("a", "b")], topn=1)[0].tolist() == [[0]]
    assert wv.neighbors(("b", "a"), topn=1)[0].tolist() == [[0], [1]]


# CSLS


def test_local_scaling_is_the_mean_cosine_with_the_nearest(wv):
    for k in 1, 10:
        scaling = wv.local_scaling(k)
        assert scaling.k == k
        assert scaling.means.dtype == np.float32
        np.testing.assert_allclose(scaling.means, exact_means(wv.vectors, k), atol=1e-6)
    with pytest.raises(ValueError, match="k must be at least 1"):
        wv.local_scaling(0)


def test_local_scaling_of_few_keys():
    assert KeyedVectors(["a"], np.ones((1, 2))).local_scaling().means.tolist() == [0]
    few = KeyedVectors("abc", np.array([[1, 0], [0, 1], [1, 0]], np.float32))
    assert few.local_scaling(10).means.tolist() == [0.5, 0, 0.5]


def test_csls_by_its_definition(wv, rng):
    means = exact_means(wv.vectors, 10)
    unit = exact_unit(wv.vectors)
    every = 2 * unit @ unit.T - means - means[:, None]
    np.fill_diagonal(every, -np.inf)
    keys = wv.index_to_key[:40]
    rows, scores = wv.neighbors(keys, csls=10)
    assert np.array_equal(rows, wv.neighbors(keys, csls=wv.local_scaling(10))[0])
    for row in range(40):
        assert_best(rows[row], scores[row], every[row], 10)
        similar = wv.most_similar(keys[row], csls=10, topn=4)
        np.testing.assert_allclose([score for _, score in similar], scores[row, :4], atol=1e-6)
    vector = exact_unit(rng.standard_normal(20))
    own = np.sort(unit @ vector)[-10:].mean()
    expected = 2 * unit @ vector - means - own
    rows, scores = wv.neighbors([vector], topn=700, csls=10)
    assert_best(rows[0], scores[0], expected, 700)
    similar = wv.most_similar(vector, topn=None, csls=10, clip_start=100)
    np.testing.assert_allclose(similar, expected[100:], atol=2e-6)


def test_csls_ranks_hubs_lower(rng):
    """Vectors around one centre, which is near to all of them, and nearest to none under CSLS."""
    vectors = rng.standard_normal((300, 30), np.float32)
    vectors[0] = 0
    vectors += 5 * np.eye(30, dtype=np.float32)[0]
    wv = KeyedVectors(range(300), vectors)
    keys = list(range(1, 300))
    plain = (wv.neighbors(keys)[0] == 0).any(axis=1).mean()
    scaled = (wv.neighbors(keys, csls=10)[0] == 0).any(axis=1).mean()
    assert plain > 0.3
    assert scaled < plain / 2  # 0.21 to 0.37 of it over seeds


# Vectors that change


def test_nothing_is_stale_after_training_or_writing():
    sentences = [["a", "b", "c", "d"], ["d", "c", "a"]] * 20
    model = fastw2v.Model(sentences, vector_size=6, workers=1, sample=0, epochs=1, min_count=1)
    wv = model.train(progress=False).wv
    for change in (
        lambda: model.train(progress=False),
        lambda: wv.vectors.__setitem__(slice(2), 3 * wv.vectors[2:4]),
        lambda: wv.__setitem__("a", np.arange(6)),
    ):
        wv.most_similar("a"), wv.neighbors(["a"])
        change()
        fresh = KeyedVectors(wv.index_to_key, wv.vectors.copy())
        assert wv.most_similar("a") == fresh.most_similar("a")
        assert wv.neighbors(["a"])[1].tolist() == fresh.neighbors(["a"])[1].tolist()
        np.testing.assert_array_equal(wv.get_normed_vectors(), fresh.get_normed_vectors())
