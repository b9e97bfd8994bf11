"""Look-up, similarity, and most_similar against a search that compares with every vector."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastw2v
from fastw2v import KeyedVectors, formats, keyed_vectors
from fastw2v.formats import safetensors
from fastw2v.neighbors import unit

KEYS = ["king", "queen", 7, ("x", 1), "man", "woman", 0, "Ω", ("king", "queen"), "zero"]
VECTORS = np.random.default_rng(0).normal(size=(len(KEYS), 4)).astype(np.float32)
VECTORS *= np.arange(1, len(KEYS) + 1, dtype=np.float32)[:, None]  # lengths must not matter
VECTORS[-1] = 0


@pytest.fixture
def wv():
    return KeyedVectors(KEYS, VECTORS.copy(), np.arange(len(KEYS), 0, -1))


def direction(vector):
    vector = np.asarray(vector, np.float64)
    length = np.sqrt((vector**2).sum())
    return vector / length if length else vector


def reference(keys, vectors, positive, negative=(), exclude=(), topn=10):
    """Compare with every vector in float64; queries are (vector, weight) pairs."""
    query = sum(weight * direction(vector) for vector, weight in positive)
    query = direction(query - sum(weight * direction(vector) for vector, weight in negative))
    found = [
        (key, float(direction(vector) @ query))
        for key, vector in zip(keys, vectors, strict=True)
        if key not in exclude
    ]
    return sorted(found, key=lambda pair: -pair[1])[:topn]


def assert_same(ours, expected):
    assert [key for key, _ in ours] == [key for key, _ in expected]
    np.testing.assert_allclose([c for _, c in ours], [c for _, c in expected], atol=1e-6)
    assert all(type(cosine) is float for _, cosine in ours)


def vector(key):
    return VECTORS[KEYS.index(key)]


# Look-up


def test_a_key_gives_its_row(wv):
    assert len(wv) == len(KEYS)
    assert wv.vector_size == 4
    assert repr(wv) == "<KeyedVectors: 10 keys, vector_size=4>"
    for row, key in enumerate(KEYS):
        assert key in wv
        assert wv.get_index(key) == row
        assert wv.index_to_key[row] == key
        np.testing.assert_array_equal(wv[key], VECTORS[row])
        np.testing.assert_array_equal(wv.get_vector(key), VECTORS[row])


def test_integer_keys_are_keys_and_not_positions(wv):
    np.testing.assert_array_equal(wv[0], VECTORS[6])
    np.testing.assert_array_equal(wv[np.int64(7)], VECTORS[2])
    assert 1 not in wv
    assert wv.most_similar(0, topn=3) == wv.most_similar([0], topn=3)
    for call in wv.__getitem__, wv.get_index, wv.get_vector, wv.most_similar:
        with pytest.raises(KeyError):
            call(1)


def test_a_list_of_keys_gives_a_matrix(wv):
    np.testing.assert_array_equal(wv[["Ω", 0, ("x", 1), "Ω"]], VECTORS[[7, 6, 3, 7]])
    assert wv[["king"]].shape == (1, 4)
    assert wv[[]].shape == (0, 4)


def test_a_tuple_is_a_key(wv):
    np.testing.assert_array_equal(wv["king", "queen"], VECTORS[8])
    with pytest.raises(KeyError):
        wv["queen", "king"]


def test_an_unknown_key_is_named(wv):
    for call in (
        lambda: wv["prince"],
        lambda: wv[["king", "prince"]],
        lambda: wv.get_vector("prince", norm=True),
        lambda: wv.similarity("king", "prince"),
        lambda: wv.similarity("prince", "king"),
        lambda: wv.most_similar("prince"),
        lambda: wv.most_similar(["king", ("prince", 2.0)]),
        lambda: wv.most_similar("king", negative="prince"),
    ):
        with pytest.raises(KeyError, match="the key 'prince' is not in the vocabulary"):
            call()


def test_unit_vectors(wv):
    np.testing.assert_allclose(wv.get_vector("Ω", norm=True), direction(VECTORS[7]), rtol=1e-6)
    assert wv.get_vector("zero", norm=True).tolist() == [0, 0, 0, 0]
    assert unit(np.array([3, 4], np.float32)).tolist() == pytest.approx([0.6, 0.8])
    np.testing.assert_array_equal(wv.vectors, VECTORS)  # nothing was divided in place


def test_vectors_are_not_copied():
    vectors = VECTORS.copy()
    assert KeyedVectors(KEYS, vectors).vectors is vectors


# Similarity


def test_similarity_is_the_cosine(wv):
    for a in KEYS:
        for b in KEYS:
            expected = float(direction(vector(a)) @ direction(vector(b)))
            assert wv.similarity(a, b) == pytest.approx(expected, abs=1e-6)
            assert type(wv.similarity(a, b)) is float
    assert wv.similarity("zero", "king") == 0


def test_similarity_by_hand():
    wv = KeyedVectors("abcd", [[2, 0], [3, 3], [0, 5], [-1, 0]])
    assert wv.similarity("a", "b") == pytest.approx(0.5**0.5)
    assert wv.similarity("a", "c") == 0
    assert wv.similarity("a", "d") == -1


# most_similar


def test_most_similar_by_hand():
    wv = KeyedVectors("abcd", [[2, 0], [3, 3], [0, 5], [-1, 0]])
    assert [key for key, _ in wv.most_similar("a")] == ["b", "c", "d"]
    assert [key for key, _ in wv.most_similar(["a", "c"])] == ["b", "d"]
    assert [key for key, _ in wv.most_similar("c", negative="a")] == ["d", "b"]
    assert [key for key, _ in wv.most_similar(negative=["a"])] == ["d", "c", "b"]


def test_positive_and_negative_keys(wv):
    assert_same(
        wv.most_similar(positive=["king", "woman"], negative=["man"], topn=4),
        reference(
            KEYS,
            VECTORS,
            [(vector("king"), 1), (vector("woman"), 1)],
            [(vector("man"), 1)],
            {"king", "woman", "man"},
            4,
        ),
    )


QUERIES = {
    "a key": ("king", [("king", 1)]),
    "a list": (["king", 0], [("king", 1), (0, 1)]),
    "a tuple": (("king", "man"), [("king", 1), ("man", 1)]),
    "a tuple that is a key": (("king", "queen"), [(("king", "queen"), 1)]),
    "a tuple with a number that is a key": (("x", 1), [(("x", 1), 1)]),
    "a list with a tuple key": ([("x", 1), "man"], [(("x", 1), 1), ("man", 1)]),
    "a weight": (("king", 0.5), [("king", 0.5)]),
    "weights": ([("king", 0.5), ("man", -2), "Ω"], [("king", 0.5), ("man", -2), ("Ω", 1)]),
    "weights of NumPy": ([("king", np.float32(0.5)), 7], [("king", 0.5), (7, 1)]),
    "weight of a tuple key": ([(("x", 1), 3), "Ω"], [(("x", 1), 3), ("Ω", 1)]),
    "integer keys": ([7, 0], [(7, 1), (0, 1)]),
    "a key twice": (["king", "king", "man"], [("king", 2), ("man", 1)]),
    "with a zero vector": (["zero", "king"], [("zero", 1), ("king", 1)]),
}


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("sign", [1, -1])
def test_queries_of_every_form(wv, name, sign):
    query, plain = QUERIES[name]
    ours = wv.most_similar(query) if sign > 0 else wv.most_similar(negative=query)
    expected = [(vector(key), sign * weight) for key, weight in plain]
    assert_same(ours, reference(KEYS, VECTORS, expected, exclude={key for key, _ in plain}))


def test_vectors_as_queries(wv):
    ours = np.array([1, -2, 3, 0.5])
    other = VECTORS[0]
    once, both = [(ours, 1)], [(ours, 1), (other, 1)]
    assert_same(wv.most_similar(ours), reference(KEYS, VECTORS, once))
    assert_same(wv.most_similar([ours.astype(np.float32)]), reference(KEYS, VECTORS, once))
    assert_same(wv.most_similar((ours, 2.0)), reference(KEYS, VECTORS, once))
    assert_same(wv.most_similar(np.array([ours, other])), reference(KEYS, VECTORS, both))
    assert_same(wv.most_similar((ours, other)), reference(KEYS, VECTORS, both))
    mixed = wv.most_similar([(ours, 0.5), ("man", 2), other])
    pairs = [(ours, 0.5), (vector("man"), 2), (other, 1)]
    assert_same(mixed, reference(KEYS, VECTORS, pairs, exclude={"man"}))
    # A vector is no key: its own row is not left out.
    assert wv.most_similar(other, topn=1)[0][0] == "king"
    assert wv.most_similar(-other, topn=20)[-1][0] == "king"


@settings(deadline=None)  # the machine may be busy
@given(st.data())
def test_most_similar_is_an_exhaustive_search(data):
    # Small whole numbers: many cosines tie.
    rows = data.draw(
        st.lists(st.lists(st.integers(-1, 1), min_size=2, max_size=2), min_size=1, max_size=30)
    )
    wv = KeyedVectors(range(len(rows)), np.array(rows, np.float32))
    key = data.draw(st.integers(0, len(rows) - 1))
    topn = data.draw(st.integers(0, 40))
    ours = wv.most_similar([key], topn=topn)
    every = dict(reference(range(len(rows)), rows, [(rows[key], 1)], exclude={key}, topn=99))
    assert len(ours) == min(topn, len(rows) - 1)
    assert len({found for found, _ in ours}) == len(ours)
    for found, cosine in ours:
        assert cosine == pytest.approx(every[found], abs=1e-6)
    cosines = [cosine for _, cosine in ours]
    assert cosines == sorted(cosines, reverse=True)
    left_out = every.keys() - {found for found, _ in ours}
    assert all(every[other] <= cosines[-1] + 1e-6 for other in left_out if cosines)


def test_ties_are_broken_by_row_whatever_topn():
    rows = np.zeros((500, 2), np.float32)
    rows[:, 0] = 1
    rows[::5] = [0, 1]
    wv = KeyedVectors(range(500), rows)
    near = [key for key in range(500) if key % 5]
    far = [key for key in range(500) if not key % 5]
    for topn in 1, 2, 10, 399, 400, 401, 450, 500, 501:
        found = [key for key, _ in wv.most_similar(np.array([1.0, 0.0]), topn=topn)]
        assert found == (near + far)[:topn]
    found = wv.most_similar(3, topn=5)
    assert found == [(1, 1.0), (2, 1.0), (4, 1.0), (6, 1.0), (7, 1.0)]


def test_topn(wv):
    assert wv.most_similar("king", topn=0) == []
    assert len(wv.most_similar("king")) == len(KEYS) - 1
    assert len(wv.most_similar("king", topn=10**12)) == len(KEYS) - 1
    assert wv.most_similar("king", topn=np.int64(3)) == wv.most_similar("king")[:3]
    assert wv.most_similar(list(KEYS), topn=5) == []
    with pytest.raises(ValueError, match="topn must be at least 0, not -1"):
        wv.most_similar("king", topn=-1)
    for topn in 2.0, "3", True:
        with pytest.raises(TypeError, match=f"topn must be an integer, not {topn!r}"):
            wv.most_similar("king", topn=topn)


def test_topn_none_gives_every_cosine(wv):
    cosines = wv.most_similar("king", topn=None)
    assert cosines.dtype == np.float32
    np.testing.assert_allclose(cosines, [wv.similarity("king", key) for key in KEYS], atol=1e-6)
    np.testing.assert_array_equal(
        wv.most_similar("king", topn=None, clip_start=2, clip_end=5), cosines[2:5]
    )
    np.testing.assert_array_equal(wv.similar_by_key("king", None, restrict_vocab=3), cosines[:3])


def test_only_some_rows_are_answers(wv):
    everything = wv.most_similar("man", topn=99)
    for start, end in (0, 3), (3, 7), (2, 99), (5, None), (0, 0), (99, None), (7, 3):
        among = KEYS[start:end]
        found = wv.most_similar("man", topn=99, clip_start=start, clip_end=end)
        assert found == [pair for pair in everything if pair[0] in among]
    found = wv.most_similar("man", topn=99, clip_start=5, clip_end=6, restrict_vocab=3)
    assert found == [pair for pair in everything if pair[0] in KEYS[:3]]
    assert wv.similar_by_key("man", 99, 3) == found
    for option in "clip_start", "clip_end", "restrict_vocab":
        for value, error in ((-1, ValueError), (1.5, TypeError)):
            with pytest.raises(error, match=f"{option} must be"):
                wv.most_similar("man", **{option: value})


def test_similar_by_key_takes_one_key_and_no_weight(wv):
    assert wv.similar_by_key(("x", 1)) == wv.most_similar([("x", 1)])
    with pytest.raises(KeyError, match=r"the key \('king', 0.5\) is not in the vocabulary"):
        wv.similar_by_key(("king", 0.5))


def test_similar_by_vector(wv):
    assert wv.similar_by_vector([1, 2, 3, 4]) == wv.most_similar(np.array([1, 2, 3, 4]))
    assert len(wv.similar_by_vector(VECTORS[0].astype(np.float64) * 1e100, topn=2)) == 2
    with pytest.raises(ValueError, match=r"a vector of shape \(2,\), where \(4,\) belongs"):
        wv.similar_by_vector([1, 2])


@pytest.mark.parametrize("length", [1e-30, 1e-19, 1e19, 1e30, 1e37])
def test_the_length_of_a_vector_does_not_matter(length):
    """Not even where its square is no float."""
    vectors = VECTORS / np.maximum(np.linalg.norm(VECTORS, axis=1, keepdims=True), 1)
    wv = KeyedVectors(KEYS, vectors)
    scaled = KeyedVectors(KEYS, (vectors * length).astype(np.float32))
    for query in "king", vectors[2], ["king", ("man", -1.5)]:
        assert_same(scaled.most_similar(query), wv.most_similar(query))
    assert scaled.similarity("king", "man") == pytest.approx(wv.similarity("king", "man"))


@pytest.mark.parametrize("weight", [1e-300, 1e-30, 1e30, 1e300])
def test_the_size_of_weights_does_not_matter(wv, weight):
    found = wv.most_similar([("king", weight)], negative=[("man", 2 * weight)])
    assert_same(found, wv.most_similar("king", negative=[("man", 2)]))


# most_similar_cosmul


@settings(deadline=None)
@given(
    positive=st.lists(st.sampled_from(KEYS), max_size=3),
    negative=st.lists(st.sampled_from(KEYS), max_size=3),
    topn=st.integers(0, 12),
)
def test_cosmul_by_its_definition(positive, negative, topn):
    wv = KeyedVectors(KEYS, VECTORS)
    if not positive and not negative:
        with pytest.raises(ValueError, match="needs a key or a vector"):
            wv.most_similar_cosmul(positive, negative)
        return

    def product(key, others):
        return np.prod([(1 + direction(vector(key)) @ direction(vector(o))) / 2 for o in others])

    scores = {key: product(key, positive) / (product(key, negative) + 1e-6) for key in KEYS}
    every = wv.most_similar_cosmul(positive, negative, topn=None)
    np.testing.assert_allclose(every, list(scores.values()), rtol=1e-3)
    found = wv.most_similar_cosmul(positive, negative, topn=topn)
    others = [key for key in KEYS if key not in positive + negative]
    assert len(found) == min(topn, len(others))
    assert all(
        key in others and score == pytest.approx(scores[key], rel=1e-3) for key, score in found
    )
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_cosmul_of_vectors_and_its_range(wv):
    found = wv.most_similar_cosmul([VECTORS[0], "man"], ["queen"], topn=3, restrict_vocab=8)
    expected = wv.most_similar_cosmul(["king", "man"], ["queen"], topn=99, restrict_vocab=8)
    assert [pair for pair in found if pair[0] != "king"] == expected[: len(found) - 1]
    assert {key for key, _ in expected} == set(KEYS[:8]) - {"king", "man", "queen"}
    with pytest.raises(ValueError, match="takes no weights"):
        wv.most_similar_cosmul([("king", 0.5)])


def test_zero_vectors_have_cosine_zero(wv):
    assert dict(wv.most_similar("king"))["zero"] == 0
    assert wv.most_similar("zero", topn=3) == [("king", 0), ("queen", 0), (7, 0)]


@pytest.mark.parametrize("query", [None, [], (), np.zeros((0, 4))], ids=repr)
def test_nothing_asked(wv, query):
    with pytest.raises(ValueError, match="needs a key or a vector"):
        wv.most_similar(query)
    with pytest.raises(ValueError, match="needs a key or a vector"):
        wv.most_similar(negative=query)
    assert wv.most_similar("king", negative=query) == wv.most_similar("king")


@pytest.mark.parametrize("query", [np.ones(3), [np.ones((2, 4))], np.ones((1, 5)), np.array(1.0)])
def test_vectors_of_another_size(wv, query):
    with pytest.raises(ValueError, match=r"a vector of shape \(.*\), where \(4,\) belongs"):
        wv.most_similar(query)


@pytest.mark.parametrize(
    "query",
    [
        [("king", np.nan)],
        [("king", np.inf)],
        np.array([1, np.nan, 0, 0]),
        [np.array([np.nan, 0, 0, 0]), "king"],
    ],
)
def test_queries_that_are_not_finite(wv, query):
    with pytest.raises(ValueError, match="not finite"):
        wv.most_similar(query)


def test_asking_changes_nothing(wv):
    query = np.array([1, 2, 3, 4], np.float32)
    wv.most_similar([query, "king"], negative=["man"])
    np.testing.assert_array_equal(wv.vectors, VECTORS)
    assert query.tolist() == [1, 2, 3, 4]


def test_no_keys():
    assert KeyedVectors([], np.zeros((0, 3))).most_similar(np.ones(3)) == []


# Construction


@pytest.mark.parametrize(
    ("keys", "vectors", "counts", "message"),
    [
        ("ab", np.ones((3, 2)), None, r"2 keys need a matrix of as many rows, not \(3, 2\)"),
        ("ab", np.ones(2), None, r"2 keys need a matrix of as many rows, not \(2,\)"),
        ("aba", np.ones((3, 2)), None, "the key 'a' occurs more than once"),
        (
            "ab",
            np.ones((2, 2)),
            [1, 2, 3],
            r"2 keys need as many counts, integers, not int64 of shape",
        ),
    ],
)
def test_what_does_not_fit_together(keys, vectors, counts, message):
    with pytest.raises(ValueError, match=message):
        KeyedVectors(keys, vectors, counts)


def test_counts_are_zeros_where_unknown(wv):
    assert wv.counts.tolist() == list(range(10, 0, -1))
    assert KeyedVectors("ab", np.ones((2, 2))).counts.tolist() == [0, 0]


# Files


def test_save_and_load(wv, tmp_path):
    path = tmp_path / "v.safetensors"
    wv.save(path)
    loaded = KeyedVectors.load(str(path))
    assert loaded.index_to_key == KEYS
    assert [type(key) for key in loaded.index_to_key] == [type(key) for key in KEYS]
    np.testing.assert_array_equal(loaded.vectors, VECTORS)
    np.testing.assert_array_equal(loaded.counts, wv.counts)
    assert loaded.most_similar("king") == wv.most_similar("king")


def test_loading_a_model_gives_its_input_vectors(tmp_path):
    path = tmp_path / "m.safetensors"
    model = fastw2v.Model([["a", "b", "c"], ["b", 3]] * 10, vector_size=3, workers=1, epochs=1)
    model.train(progress=False).save(path)
    loaded = KeyedVectors.load(path)
    assert loaded.index_to_key == model.wv.index_to_key == ["b", "a", "c", 3]
    np.testing.assert_array_equal(loaded.vectors, model.input_vectors)
    assert loaded.counts.tolist() == [20, 10, 10, 10]


def test_loading_what_holds_no_vectors(tmp_path):
    path = tmp_path / "f.safetensors"
    safetensors.write(path, ["a"], np.ones(1, np.int64), {"output_vectors": np.ones((1, 2))}, {})
    with pytest.raises(ValueError, match=r"holds no vectors, only \['output_vectors'\]"):
        KeyedVectors.load(path)


def test_vectors_with_nan_are_not_saved(wv, tmp_path):
    wv.vectors[3, 1] = np.nan
    with pytest.raises(ValueError, match=r"the vector of \('x', 1\) \(row 3\) is not finite"):
        wv.save(tmp_path / "v.safetensors")


def test_iterating_gives_the_keys(wv):
    assert list(wv) == wv.index_to_key


def test_an_array_of_keys_is_no_vector():
    wv = KeyedVectors("abc", np.eye(3))
    assert wv[np.array(["a", "b"])].shape == (2, 3)
    with pytest.raises(TypeError, match=r"is no vector: ask with a list of keys, array.tolist\(\)"):
        wv.most_similar(np.array(["a", "b"]))
    with pytest.raises(TypeError, match="a list or a 1-D array"):
        wv[np.array("a")]


@pytest.mark.parametrize("name", sorted(keyed_vectors.WAYS_OUT))
def test_methods_of_gensim_that_have_other_names(wv, name):
    assert not hasattr(wv, name)
    with pytest.raises(AttributeError, match=f"no attribute '{name}': .*; fastw2v.compat.Keyed"):
        getattr(wv, name)


def test_attributes_that_there_are_not(wv):
    with pytest.raises(AttributeError, match=r"'KeyedVectors' object has no attribute 'vector'$"):
        _ = wv.vector
    with pytest.raises(AttributeError, match=r"'load_word2vec_format': use fastw2v\.load"):
        KeyedVectors.load_word2vec_format("v.bin", binary=True)


def test_paths_of_any_kind(tmp_path):
    wv = KeyedVectors(["a", "b"], np.ones((2, 3), np.float32))
    for i, path in enumerate([str(tmp_path / "a.bin"), tmp_path / "b.txt"]):
        for name in path, os.fsencode(path):
            wv.save(name)
            assert KeyedVectors.load(name).index_to_key == wv.index_to_key
            assert formats.detect(name) == ("word2vec_binary", "word2vec_text")[i]
            formats.convert(name, os.fsencode(tmp_path / "c.glove"))
    for refused in None, 3, ["v.bin"]:
        for ask in KeyedVectors.load, wv.save, formats.detect:
            with pytest.raises(TypeError, match=f"not {type(refused).__name__}"):
                ask(refused)
