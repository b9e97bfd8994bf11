"""The same questions to gensim's KeyedVectors, where gensim is installed (the extra bench)."""

import warnings

import numpy as np
import pytest

from fastw2v import KeyedVectors

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own, at import
    gensim_models = pytest.importorskip(
        "gensim.models", reason='compared only with gensim: pip install ".[bench]"'
    )

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of gensim's own calls
KEYS = [f"w{row}" for row in range(200)]
SOME, OTHERS = ["w3", "w70", "w150"], ["w9", "w12"]


@pytest.fixture(scope="module")
def both():
    rng = np.random.default_rng(5)
    vectors = rng.standard_normal((200, 16), np.float32)
    vectors *= rng.uniform(0.1, 9, (200, 1)).astype(np.float32)
    theirs = gensim_models.KeyedVectors(16)
    theirs.add_vectors(KEYS, vectors)
    for row, key in enumerate(KEYS):
        theirs.set_vecattr(key, "count", 200 - row)
    return KeyedVectors(KEYS, vectors), theirs


def assert_alike(ours, theirs):
    if isinstance(theirs, list) and theirs and isinstance(theirs[0], tuple):
        first, second = ([pair[i] for pair in result] for i, result in ((0, ours), (0, theirs)))
        if isinstance(first[0], str):
            assert first == second
            ours, theirs = ([pair[1] for pair in result] for result in (ours, theirs))
        else:
            assert [pair[1] for pair in ours] == [pair[1] for pair in theirs]
            ours, theirs = first, second
    if isinstance(theirs, str | list) and (not theirs or isinstance(theirs[0], str)):
        assert ours == theirs
        return
    np.testing.assert_allclose(ours, theirs, atol=2e-6)
    assert np.shape(ours) == np.shape(theirs)


QUESTIONS = {
    "most_similar": [
        (("w3",), {}),
        ((SOME, OTHERS), {"topn": 7}),
        ((), {"positive": [("w3", 0.5), ("w70", 2)]}),
        ((), {"negative": ["w3"], "topn": 300}),
        (("w3",), {"topn": None}),
        (("w3",), {"topn": 0}),
        (("w3",), {"topn": None, "restrict_vocab": 50}),
        (("w3",), {"clip_start": 20, "clip_end": 60, "topn": 100}),
        (("w3",), {"restrict_vocab": 30, "topn": 3}),
    ],
    "most_similar_cosmul": [
        ((SOME, OTHERS), {}),
        ((), {"positive": ["w3"], "topn": 3}),
        ((SOME, OTHERS), {"topn": None}),
        ((SOME, OTHERS), {"topn": 0}),
    ],
    "similar_by_key": [(("w3",), {}), (("w3", 4, 50), {})],
    "similar_by_vector": [((np.arange(16.0),), {}), ((np.arange(16.0), 4, 50), {})],
    "similarity": [(("w3", "w4"), {})],
    "n_similarity": [((SOME, OTHERS), {}), ((["w3", "unknown"], OTHERS), {})],
    "distance": [(("w3", "w4"), {})],
    "distances": [(("w3",), {}), (("w3", OTHERS), {}), ((np.arange(16.0), OTHERS), {})],
    "doesnt_match": [((SOME + OTHERS,), {})],
    "rank_by_centrality": [((SOME + OTHERS,), {}), ((SOME,), {"use_norm": False})],
    "rank": [(("w3", "w4"), {})],
    "closer_than": [(("w3", "w4"), {})],
    "most_similar_to_given": [(("w3", OTHERS), {})],
    "relative_cosine_similarity": [(("w3", "w4"), {}), (("w3", "w4", 3), {})],
    "get_vector": [(("w3",), {}), (("w3",), {"norm": True})],
    "get_index": [(("w3",), {}), (("unknown", -1), {})],
    "get_normed_vectors": [((), {})],
    "get_mean_vector": [
        ((SOME,), {}),
        ((SOME,), {"pre_normalize": False, "post_normalize": True}),
        ((SOME, [1, -2, 0.5]), {}),
        ((["unknown", *SOME],), {}),
        ((["unknown"],), {}),
    ],
    "__getitem__": [(("w3",), {}), ((SOME,), {})],
}
CASES = [(name, *case) for name, cases in QUESTIONS.items() for case in cases]


@pytest.mark.parametrize(("name", "arguments", "options"), CASES, ids=str)
def test_the_same_answers(both, name, arguments, options):
    ours, theirs = (getattr(wv, name)(*arguments, **options) for wv in both)
    assert_alike(ours, theirs)


@pytest.mark.parametrize("norm", [True, False])
def test_the_same_word_movers_distance(both, norm):
    pytest.importorskip("ot", reason="needs POT, the extra wmd")
    documents = ["w1", "w2", "w1", "unknown"], ["w5", "w2", "w8"]
    ours, theirs = (wv.wmdistance(*documents, norm=norm) for wv in both)
    assert ours == pytest.approx(theirs, abs=1e-5)


def test_from_a_live_object(both):
    _, theirs = both
    wv = KeyedVectors.from_gensim(theirs)
    assert wv.index_to_key == KEYS
    assert wv.vectors is theirs.vectors
    assert wv.counts.tolist() == list(range(200, 0, -1))


@pytest.mark.parametrize("name", ["Word2Vec", "FastText"])
def test_from_a_live_model(name):
    sentences = [["a", "b", "c"], ["b", "c"]] * 10
    model = getattr(gensim_models, name)(
        sentences, vector_size=4, workers=1, **({"bucket": 100} if name == "FastText" else {})
    )
    wv = KeyedVectors.from_gensim(model)
    assert wv.index_to_key == model.wv.index_to_key
    assert dict(zip(wv.index_to_key, wv.counts.tolist(), strict=True)) == {
        "a": 10,
        "b": 20,
        "c": 20,
    }
    for key in wv:
        np.testing.assert_allclose(wv[key], model.wv[key], rtol=1e-6)


def test_adding_as_gensim_does():
    ours, theirs = KeyedVectors(["a"], np.ones((1, 2))), gensim_models.KeyedVectors(2)
    theirs.add_vectors(["a"], np.ones((1, 2)))
    for replace in False, True:
        for wv in ours, theirs:
            wv.add_vectors(["b", "a"], np.array([[3, 4], [5, 6]]) + replace, replace=replace)
        assert ours.index_to_key == theirs.index_to_key
        np.testing.assert_array_equal(ours.vectors, theirs.vectors)
    some = ours.vectors_for_all(["b", "x", "a"])
    np.testing.assert_array_equal(some.vectors, theirs.vectors_for_all(["b", "x", "a"]).vectors)
