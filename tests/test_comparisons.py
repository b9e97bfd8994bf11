"""Comparing keys with each other: every method against its definition in float64."""

import builtins
import importlib.util
import itertools
import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v import KeyedVectors

WORDS = [f"w{row}" for row in range(12)]


def matrix_of(seed):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((len(WORDS), 5), np.float32) * rng.uniform(0.1, 9, (12, 1))


@pytest.fixture
def wv():
    vectors = matrix_of(0).astype(np.float32)
    vectors[11] = 0
    return KeyedVectors(WORDS, vectors)


def unit(x):
    x = np.asarray(x, np.float64)
    length = np.sqrt((x**2).sum(axis=-1, keepdims=True))
    return x / np.where(length > 0, length, 1)


def cosine(wv, a, b):
    return float(unit(wv[a]) @ unit(wv[b]))


def near(value):
    return pytest.approx(value, abs=2e-6)


# Pairs


def test_similarity_and_distance(wv):
    for a, b in itertools.product(WORDS, WORDS):
        assert wv.similarity(a, b) == near(cosine(wv, a, b))
        assert wv.distance(a, b) == near(1 - cosine(wv, a, b))
        assert type(wv.distance(a, b)) is float


def test_distances(wv):
    every = 1 - unit(wv.vectors) @ unit(wv["w3"])
    for asked in "w3", wv["w3"], wv["w3"].astype(np.float64) * 7:
        for found in wv.distances(asked), wv.distances(asked, []):
            assert found.dtype == np.float32
            np.testing.assert_allclose(found, every, atol=1e-6)
        found = wv.distances(asked, iter(["w5", "w3", "w11"]))
        np.testing.assert_allclose(found, every[[5, 3, 11]], atol=1e-6)
    with pytest.raises(KeyError, match="'x'"):
        wv.distances("w3", ["w1", "x"])
    with pytest.raises(ValueError, match=r"shape \(2,\), where \(5,\) belongs"):
        wv.distances(np.ones(2))


def test_closer_than_and_rank(wv):
    for a, b in itertools.product(WORDS, WORDS):
        closer = [c for c in WORDS if c != a and cosine(wv, a, c) > cosine(wv, a, b) + 1e-9]
        if a != "w11":  # zeros: every cosine is 0
            assert wv.closer_than(a, b) == closer
            assert wv.rank(a, b) == len(closer) + 1
    assert wv.closer_than("w11", "w2") == []
    nearest = [key for key, _ in wv.most_similar("w2", topn=11)]
    assert [wv.rank("w2", key) for key in nearest] == list(range(1, 12))
    for pair in ("x", "w1"), ("w1", "x"):
        with pytest.raises(KeyError, match="'x'"):
            wv.rank(*pair)


def test_most_similar_to_given(wv):
    for some in ["w3", "w4", "w5"], ("w9",), np.array(["w1", "w2"]):
        expected = max(some, key=lambda key: cosine(wv, "w0", key))
        assert wv.most_similar_to_given("w0", some) == expected
    assert wv.most_similar_to_given("w11", ["w4", "w2"]) == "w4"  # the first of equals
    with pytest.raises(ValueError, match="no keys to choose from"):
        wv.most_similar_to_given("w0", [])


def test_relative_cosine_similarity(wv):
    for topn in 1, 3, 10, 50:
        others = sorted((cosine(wv, "w0", key) for key in WORDS[1:]), reverse=True)[:topn]
        expected = cosine(wv, "w0", "w7") / sum(others)
        assert wv.relative_cosine_similarity("w0", "w7", topn) == near(expected)
    with pytest.raises(ValueError, match="topn must be at least 1"):
        wv.relative_cosine_similarity("w0", "w7", 0)
    with pytest.raises(ValueError, match="no other key than 'a'"):
        KeyedVectors("a", np.ones((1, 2))).relative_cosine_similarity("a", "a")


# Means


@settings(deadline=None)
@given(st.data())
def test_the_mean_vector(data):
    wv = KeyedVectors(WORDS, matrix_of(data.draw(st.integers(0, 5))))
    keys = data.draw(st.lists(st.sampled_from([*WORDS, "unknown"]), min_size=1, max_size=6))
    weights = None
    if data.draw(st.booleans()):
        weight = st.floats(-3, 3).filter(lambda w: w == 0 or abs(w) > 1e-3)
        weights = data.draw(st.lists(weight, min_size=len(keys), max_size=len(keys)))
    pre, post = data.draw(st.booleans()), data.draw(st.booleans())
    total, size = np.zeros(5), 0.0
    for key, weight in zip(keys, weights or [1.0] * len(keys), strict=True):
        if key in wv:
            vector = wv[key].astype(np.float64)
            total += weight * (unit(vector) if pre else vector)
            size += abs(weight)
    expected = total / (size or 1)
    found = wv.get_mean_vector(keys, weights, pre_normalize=pre, post_normalize=post)
    assert found.dtype == np.float32
    if not post:
        np.testing.assert_allclose(found, expected, atol=1e-5)
    elif np.linalg.norm(expected) > 1e-4:
        np.testing.assert_allclose(found, unit(expected), atol=1e-3)


def test_the_mean_of_vectors_and_keys(wv):
    vector = np.arange(5)
    mean = wv.get_mean_vector(["w2", vector, wv["w3"]])
    np.testing.assert_allclose(
        mean, (unit(wv["w2"]) + unit(vector) + unit(wv["w3"])) / 3, atol=1e-6
    )
    mean = wv.get_mean_vector(["w2", vector], weights=np.array([1, 3]), pre_normalize=False)
    np.testing.assert_allclose(mean, (wv["w2"] + 3 * vector) / 4, rtol=1e-6)


def test_means_that_can_not_be_taken(wv):
    for keys, options, error, message in (
        ([], {}, ValueError, "no keys to take the mean of"),
        ("w1", {}, TypeError, r"takes a list of keys: \['w1'\]"),
        (["w1", "x"], {"ignore_missing": False}, KeyError, "'x' is not in the vocabulary"),
        (["w1"], {"weights": [1, 2]}, ValueError, r"1 keys need as many finite weights"),
        (["w1"], {"weights": [np.nan]}, ValueError, r"1 keys need as many finite weights"),
        ([np.ones(3)], {}, ValueError, r"shape \(3,\), where \(5,\) belongs"),
        ([np.full(5, np.nan)], {}, ValueError, "not finite"),
        ([np.full(5, np.nan)], {"pre_normalize": False}, ValueError, "not finite"),
    ):
        with pytest.raises(error, match=message):
            wv.get_mean_vector(keys, **options)
    assert wv.get_mean_vector(["x", "y"]).tolist() == [0] * 5
    assert wv.get_mean_vector(["w1"], weights=[0]).tolist() == [0] * 5


def test_n_similarity(wv):
    means = [
        unit(sum(wv[key].astype(np.float64) for key in keys))
        for keys in ("w1 w2", "w3")
        for keys in [keys.split()]
    ]
    assert wv.n_similarity(["w1", "w2"], ["w3"]) == near(float(means[0] @ means[1]))
    assert wv.n_similarity(["w1", "unknown"], ["w3"]) == near(cosine(wv, "w1", "w3"))
    assert type(wv.n_similarity(["w1"], ["w3"])) is float
    with pytest.raises(ValueError, match="no keys"):
        wv.n_similarity(["w1"], [])


def test_centrality(wv, caplog):
    keys = ["w1", "w4", "w2", "w9", "w11"]
    for use_norm in True, False:
        vectors = {key: unit(wv[key]) if use_norm else wv[key] for key in keys}
        mean = unit(sum(vectors.values()))
        expected = sorted(keys, key=lambda key: -float(vectors[key] @ mean))
        found = wv.rank_by_centrality(iter(keys), use_norm=use_norm)
        assert [key for _, key in found] == expected
        assert [score for score, _ in found] == [
            pytest.approx(float(vectors[key] @ mean), abs=1e-5) for key in expected
        ]
    assert wv.doesnt_match(keys) == wv.rank_by_centrality(keys)[-1][1]
    assert not caplog.records
    with caplog.at_level(logging.WARNING, "fastw2v"):
        assert wv.rank_by_centrality([*keys, "strange"]) == wv.rank_by_centrality(keys)
    assert "strange" in caplog.text
    for none in [], ["strange"]:
        with pytest.raises(ValueError, match=r"none of the . keys is in the vocabulary"):
            wv.doesnt_match(none)


def test_the_key_that_does_not_match():
    wv = KeyedVectors("abcd", np.array([[1, 0.1], [1, 0], [0, 1], [1, 0.2]]))
    assert wv.doesnt_match([*"abcd"]) == "c"


def test_a_str_is_no_list_of_keys():
    wv = KeyedVectors("abcd", np.array([[1, 0.1], [1, 0], [0, 1], [1, 0.2]]))
    for call in (
        lambda: wv.doesnt_match("abcd"),
        lambda: wv.distances("a", "bcd"),
        lambda: wv.most_similar_to_given("a", "bcd"),
        lambda: wv.rank_by_centrality("abcd"),
        lambda: wv.n_similarity("ab", ["c"]),
        lambda: wv.get_mean_vector("ab"),
        lambda: wv.vectors_for_all("ab"),
        lambda: wv.add_vectors("ef", np.ones((2, 2))),
        lambda: wv.neighbors("ab"),
        lambda: wv.wmdistance("ab", ["c"]),
    ):
        with pytest.raises((TypeError, ImportError), match=r"list of keys|lists of keys|POT"):
            call()


# The Word Mover's Distance


def test_word_movers_distance(wv):
    pytest.importorskip("ot", reason="needs POT, the extra wmd")
    # Between as many words each, it is the best of all ways to pair them.
    one, two = ["w1", "w2", "w3", "w4"], ["w5", "w6", "w7", "w2"]
    for norm in True, False:
        vectors = {key: unit(wv[key]) if norm else wv[key].astype(np.float64) for key in WORDS}
        costs = [[np.linalg.norm(vectors[a] - vectors[b]) for b in two] for a in one]
        best = min(
            sum(costs[i][j] for i, j in enumerate(order)) / 4
            for order in itertools.permutations(range(4))
        )
        found = wv.wmdistance(one, iter(two), norm=norm)
        assert found == pytest.approx(best, abs=1e-6)
        assert type(found) is float
    # Words count as often as they occur, and unknown ones not at all.
    expected = (
        2 * np.linalg.norm(unit(wv["w1"]) - unit(wv["w3"])) / 3
        + np.linalg.norm(unit(wv["w2"]) - unit(wv["w3"])) / 3
    )
    assert wv.wmdistance(["w1", "x", "w2", "w1"], ["w3", "y"]) == pytest.approx(expected, abs=1e-6)
    assert wv.wmdistance(one, one) == pytest.approx(0, abs=1e-6)
    assert wv.wmdistance(["w1"], ["w1"]) == 0
    assert wv.wmdistance(["unknown"], one) == wv.wmdistance(one, []) == float("inf")
    with pytest.raises(TypeError, match="takes lists of keys, not 'w1 w2'"):
        wv.wmdistance("w1 w2", one)


def test_word_movers_distance_without_pot(wv, monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **options):
        if name.split(".")[0] == "ot":
            raise ModuleNotFoundError("No module named 'ot'", name="ot")
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r'wmdistance needs POT: pip install "fastw2v\[wmd\]"'):
        wv.wmdistance(["w1"], ["w2"])


# NaN


def test_vectors_that_are_not_finite_are_refused(wv):
    wv.vectors[4, 2] = np.nan
    for call in (
        lambda: wv.similarity("w1", "w4"),
        lambda: wv.distance("w4", "w1"),
        lambda: wv.distances("w1", ["w2", "w4"]),
        lambda: wv.n_similarity(["w1"], ["w4"]),
        lambda: wv.get_mean_vector(["w4"]),
        lambda: wv.get_mean_vector(["w4"], pre_normalize=False),
        lambda: wv.doesnt_match(["w1", "w4"]),
        lambda: wv.most_similar_to_given("w1", ["w4"]),
        lambda: wv.get_vector("w4", norm=True),
    ):
        with pytest.raises(ValueError, match=r"the vector of 'w4' \(row 4\) holds NaN or infinity"):
            call()
    assert np.isnan(wv.get_vector("w4")).any()
    assert wv.similarity("w1", "w2")


def test_what_is_no_list_of_keys_is_named_by_the_method_that_was_called(wv):
    for lists in (("w1", ["w2"]), (["w2"], b"w1")):
        with pytest.raises(TypeError, match=r"n_similarity takes lists of keys: \[b?'w1'\]"):
            wv.n_similarity(*lists)


@pytest.mark.parametrize("keys", [[[1]], [["w1"]], [{"w1"}]])
def test_lists_in_a_list_of_keys(wv, keys):
    asked = [wv.get_mean_vector, lambda keys: wv.n_similarity(["w1"], keys)]
    if importlib.util.find_spec("ot"):
        asked.append(lambda keys: wv.wmdistance(keys, ["w1"]))
    for ask in asked:
        with pytest.raises(TypeError, match=r"(list|set) where a key or a vector belongs"):
            ask(keys)
