"""``KeyedVectors``: what gensim's has beside fastw2v's own."""

import inspect

import numpy as np
import pytest

import fastw2v
from fastw2v.compat import KeyedVectors
from fastw2v.compat.keyed_vectors import RENAMED

KEYS = ["king", "queen", "man", "apple"]
VECTORS = np.array([[3, 0, 1], [2, 1, 1], [1, 0, 0], [0, -2, 3]], np.float32)


@pytest.fixture
def wv():
    keyed = KeyedVectors(3)
    keyed.add_vectors(KEYS, VECTORS)
    return keyed


def test_empty():
    keyed = KeyedVectors(5)
    assert (len(keyed), keyed.vector_size, keyed.vectors.shape) == (0, 5, (0, 5))
    assert "a" not in keyed
    assert 0 not in keyed
    assert str(keyed) == "KeyedVectors<vector_size=5, 0 keys>"


def test_it_is_fastw2vs(wv):
    assert isinstance(wv, fastw2v.KeyedVectors)
    native = fastw2v.KeyedVectors(KEYS, VECTORS)
    assert wv.most_similar("king", topn=2) == native.most_similar("king", topn=2)
    assert wv.similarity("king", "man") == native.similarity("king", "man")
    assert wv.doesnt_match(KEYS) == native.doesnt_match(KEYS)


# Look-up ------------------------------------------------------------------------------------------


def test_one_key_or_several(wv):
    np.testing.assert_array_equal(wv["queen"], VECTORS[1])
    np.testing.assert_array_equal(wv[["man", "king"]], VECTORS[[2, 0]])
    np.testing.assert_array_equal(wv["man", "king"], VECTORS[[2, 0]])
    np.testing.assert_array_equal(wv[[1]], VECTORS[[1]])
    with pytest.raises(KeyError):
        wv[["man", "unknown"]]


def test_a_vector_can_not_be_written_to(wv):
    with pytest.raises(ValueError, match="read-only"):
        wv["king"][0] = 1


def test_integers_are_positions_where_keys_are_str(wv):
    np.testing.assert_array_equal(wv[1], VECTORS[1])
    np.testing.assert_array_equal(wv.get_vector(np.int64(1)), VECTORS[1])
    assert wv.most_similar(0, topn=2) == wv.most_similar("king", topn=2)
    assert 3 in wv
    for outside in (4, -1):
        assert outside not in wv
        with pytest.raises(KeyError):
            wv[outside]


def test_integers_are_keys_where_keys_are_integers():
    wv = KeyedVectors(3)
    wv.add_vectors([7, 0, 5], VECTORS[:3])
    np.testing.assert_array_equal(wv[0], VECTORS[1])
    assert 1 not in wv
    with pytest.raises(KeyError):
        wv[1]


def test_get_index(wv):
    assert wv.get_index("man") == 2
    assert wv.get_index("unknown", -1) == wv.get_index("unknown", default=-1) == -1
    assert wv.has_index_for("man")
    assert not wv.has_index_for("unknown")
    with pytest.raises(KeyError, match="Key 'unknown' not present"):
        wv.get_index("unknown")


# Filling ------------------------------------------------------------------------------------------


def test_one_key_at_a_time():
    wv = KeyedVectors(3)
    wv.add_vectors("king", VECTORS[0])
    with pytest.warns(UserWarning, match="can be costly"):
        assert wv.add_vector("queen", VECTORS[1]) == 1
    wv["man"] = VECTORS[2]
    wv["king"] = VECTORS[3]
    assert wv.index_to_key == ["king", "queen", "man"]
    np.testing.assert_array_equal(wv.vectors, VECTORS[[3, 1, 2]])


def test_rows_that_are_ready(recwarn):
    wv = KeyedVectors(3, count=4)
    assert (len(wv), wv.vectors.shape) == (4, (4, 3))
    assert [wv.add_vector(*pair) for pair in zip(KEYS, VECTORS, strict=True)] == [0, 1, 2, 3]
    assert wv.index_to_key == KEYS
    np.testing.assert_array_equal(wv.vectors, VECTORS)
    assert not recwarn
    with pytest.warns(UserWarning, match="can be costly"):
        assert wv.add_vector("other", VECTORS[0]) == 4


def test_known_keys_are_replaced_if_so_wanted(wv):
    wv.add_vectors(["man", "new"], np.ones((2, 3)))
    np.testing.assert_array_equal(wv["man"], VECTORS[2])
    wv.add_vectors(["man", "newer"], np.full((2, 3), 2.0), replace=True)
    np.testing.assert_array_equal(wv[["man", "new", "newer"]], [[2] * 3, [1] * 3, [2] * 3])


def test_attributes_of_added_keys(wv):
    wv.set_vecattr("man", "mark", 5)
    extras = {"mark": np.array([7, 8]), "name": np.array(["x", "y"], object)}
    wv.add_vectors(["man", "new"], np.ones((2, 3)), extras)
    assert [wv.get_vecattr(key, "mark") for key in ("man", "new", "king")] == [5, 8, 0]
    assert wv.get_vecattr("new", "name") == "y"
    wv.add_vectors(["man"], np.ones((1, 3)), {"mark": np.array([9])}, replace=True)
    assert wv.get_vecattr("man", "mark") == 9
    with pytest.raises(ValueError, match="2 keys need as many values of 'mark'"):
        wv.add_vectors(["a", "b"], np.ones((2, 3)), {"mark": np.array([1])})


def test_wrong_vectors_add_nothing(wv):
    for vectors in (np.ones((1, 2)), np.full((1, 3), np.nan)):
        with pytest.raises(ValueError):  # noqa: PT011
            wv.add_vectors(["new"], vectors)
    assert "new" not in wv
    assert len(wv) == len(wv.vectors) == 4


# Attributes ---------------------------------------------------------------------------------------


def test_attributes(wv):
    with pytest.raises(KeyError):
        wv.get_vecattr("king", "count")
    wv.set_vecattr("king", "count", 9)
    wv.set_vecattr("man", "name", "Adam")
    assert wv.expandos["count"].tolist() == [9, 0, 0, 0]
    assert wv.counts.tolist() == [9, 0, 0, 0]
    assert wv.expandos["count"].dtype == np.int64
    assert wv.get_vecattr("man", "name") == "Adam"
    with pytest.raises(KeyError):
        wv.set_vecattr("unknown", "count", 1)
    with pytest.raises(TypeError, match="'count' is int64"):
        wv.set_vecattr("king", "count", "many")


def test_sorting(wv):
    for key, count in zip(KEYS, (1, 5, 1, 9), strict=True):
        wv.set_vecattr(key, "count", count)
    wv.sort_by_descending_frequency()
    assert wv.index_to_key == ["apple", "queen", "man", "king"]
    assert wv.counts.tolist() == [9, 5, 1, 1]
    np.testing.assert_array_equal(wv.vectors, VECTORS[[3, 1, 2, 0]])
    np.testing.assert_array_equal(wv["apple"], VECTORS[3])


def test_resizing(wv):
    wv.set_vecattr("king", "count", 9)
    wv.index_to_key.append("new")
    wv.key_to_index["new"] = 4
    wv.resize_vectors(seed=3)
    np.testing.assert_array_equal(wv.vectors[:4], VECTORS)
    assert np.abs(wv["new"]).max() <= 1 / 3
    assert wv.counts.tolist() == [9, 0, 0, 0, 0]


# Other types --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_types_are_shown(dtype):
    wv = KeyedVectors(3, dtype=dtype)
    wv.add_vectors(KEYS, VECTORS)
    assert wv.vectors.dtype == dtype
    np.testing.assert_array_equal(wv.vectors, VECTORS)
    assert wv.most_similar("king") == fastw2v.KeyedVectors(KEYS, VECTORS).most_similar("king")
    with pytest.raises(ValueError, match="read-only"):
        wv.vectors[0] = 1
    assert wv.copy().vectors.dtype == dtype
    wv.vectors = VECTORS
    assert wv.vectors.dtype == np.float32


# What is asked ------------------------------------------------------------------------------------


def test_similar(wv):
    for method in wv.similar_by_key, wv.similar_by_word, wv.most_similar:
        assert method("king", topn=1) == [("man", pytest.approx(3 / 10**0.5))]
    assert wv.most_similar("king", topn=0) == wv.most_similar("king", topn=np.uint8(0)) == []
    assert wv.most_similar("king", topn=None).shape == (4,)
    assert wv.most_similar("king", clip_end=0, restrict_vocab=0) == wv.most_similar("king")
    assert [key for key, _ in wv.most_similar("king", clip_start=1, clip_end=3)] == ["man", "queen"]


def test_an_index_of_ones_own(wv):
    class Index:
        def most_similar(self, vector, n):
            self.vector = vector
            return [("found", n)]

    index = Index()
    assert wv.most_similar("king", topn=3, indexer=index) == [("found", 3)]
    np.testing.assert_allclose(index.vector, VECTORS[0] / 10**0.5, rtol=1e-6)
    assert len(wv.most_similar("king", topn=None, indexer=index)) == 4


def test_n_similarity(wv):
    assert wv.n_similarity(["king"], ["man"]) == wv.similarity("king", "man")
    for empty in (([], ["king"]), (["king"], []), ([], [])):
        with pytest.raises(ZeroDivisionError):
            wv.n_similarity(*empty)


def test_unknown_keys_are_left_out_of_means(wv):
    mean = wv.get_mean_vector(["king", "man"])
    np.testing.assert_array_equal(wv.get_mean_vector(["king", "unknown", "man"]), mean)
    with pytest.raises(KeyError, match="unknown"):
        wv.get_mean_vector(["king", "unknown"], ignore_missing=False)
    assert wv.n_similarity(["king", "unknown"], ["man"]) == wv.n_similarity(["king"], ["man"])


def test_unknown_words_are_left_out_of_documents(wv):
    pytest.importorskip("ot")
    known = wv.wmdistance(["king"], ["man"])
    assert wv.wmdistance(["king", "unknown"], ["man", "other"]) == known


# gensim's names of arguments, where they are others than fastw2v's.
ARGUMENTS = {
    "distance": {"w1": "king", "w2": "man"},
    "distances": {"word_or_vector": "king", "other_words": ("man", "queen")},
    "doesnt_match": {"words": ["king", "man", "apple"]},
    "n_similarity": {"ws1": ["king"], "ws2": ["man"]},
    "rank_by_centrality": {"words": ["king", "man"], "use_norm": False},
    "relative_cosine_similarity": {"wa": "king", "wb": "man", "topn": 2},
    "similarity": {"w1": "king", "w2": "man"},
}


@pytest.mark.parametrize("method", ARGUMENTS)
def test_arguments_have_gensims_names(wv, method):
    named = getattr(wv, method)(**ARGUMENTS[method])
    by_place = getattr(fastw2v.KeyedVectors(KEYS, VECTORS), method)(*ARGUMENTS[method].values())
    np.testing.assert_array_equal(named, by_place)


def test_arguments_are_gensims():
    gensim = pytest.importorskip("gensim.models.keyedvectors").KeyedVectors
    for name in dir(KeyedVectors):
        theirs = getattr(gensim, name, None)
        if name.startswith("_") or not callable(theirs) or name in ("load", "save", "word_vec"):
            continue  # these three take *args and **kwargs there
        ours = inspect.signature(getattr(KeyedVectors, name)).parameters
        found = [(parameter.name, parameter.default) for parameter in ours.values()]
        expected = inspect.signature(theirs).parameters
        assert found == [(p.name, p.default) for p in expected.values()], name


def test_cosines_of_vectors():
    found = KeyedVectors.cosine_similarities(VECTORS[0], VECTORS)
    expected = VECTORS @ VECTORS[0] / np.linalg.norm(VECTORS, axis=1) / 10**0.5
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    for vector, several in ((VECTORS[0], 0 * VECTORS), (0 * VECTORS[0], VECTORS)):
        assert KeyedVectors.cosine_similarities(vector, several).tolist() == [0] * 4


def test_vectors_for_all(wv):
    wv.set_vecattr("man", "count", 9)
    found = wv.vectors_for_all(["man", "unknown", "king", "man"])
    assert type(found) is KeyedVectors
    assert found.index_to_key == ["man", "king"]
    np.testing.assert_array_equal(found.vectors, VECTORS[[2, 0]])
    assert found.counts.tolist() == [2, 1]
    assert wv.vectors_for_all(["man"], copy_vecattrs=True).get_vecattr("man", "count") == 9
    assert 0 in wv
    assert wv.vectors_for_all([0], allow_inference=False).index_to_key == []


def test_pairs_must_be_utf8(wv):
    with pytest.raises(ValueError, match="must be UTF-8"):
        wv.evaluate_word_pairs("pairs.tsv", encoding="latin-1")


# Lengths, and names of old ------------------------------------------------------------------------


def test_nothing_is_out_of_date(wv):
    wv.fill_norms()
    wv.vectors[0] *= 2
    np.testing.assert_allclose(wv.norms, np.linalg.norm(wv.vectors, axis=1))
    wv.norms = None
    wv.vectors[1] = VECTORS[3]
    assert wv.similarity("queen", "apple") == pytest.approx(1)


def test_normalizing(wv):
    wv.init_sims()
    np.testing.assert_array_equal(wv.vectors, VECTORS)
    wv.init_sims(replace=True)
    np.testing.assert_allclose(wv.norms, 1, rtol=1e-6)
    np.testing.assert_allclose(wv["king"], VECTORS[0] / 10**0.5, rtol=1e-6)


def test_old_names(wv):
    np.testing.assert_array_equal(wv.word_vec("king"), VECTORS[0])
    assert wv.words_closer_than("king", "man") == wv.closer_than("king", "man")
    for name in ("vocab", "index2word", "index2entity", "vectors_norm"):
        with pytest.raises(AttributeError, match=f"KeyedVectors has no {name} since gensim 4: use"):
            getattr(wv, name)


def test_copies_are_their_own(wv):
    wv.set_vecattr("king", "count", 9)
    copy = wv.copy()
    copy.set_vecattr("king", "count", 1)
    copy["king"] = np.zeros(3)
    assert wv.counts.tolist() == [9, 0, 0, 0]
    np.testing.assert_array_equal(wv.vectors, VECTORS)


def test_every_method_of_gensims_is_there(wv):
    gensim = pytest.importorskip("gensim.models.keyedvectors")
    theirs = {name for name in dir(gensim.KeyedVectors(1)) if not name.startswith("_")}
    missing = theirs - set(dir(wv))
    assert missing == {
        "log_accuracy",
        "log_evaluate_word_pairs",
        "similarity_unseen_docs",
        *RENAMED,
    }
