"""``Model.score`` against ``fastw2v.objectives``, in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastw2v
from fastw2v import objectives, scoring
from fastw2v._kernels.huffman import HuffmanTree
from fastw2v._kernels.path_probability import path_log_probabilities

KINDS = {
    "skipgram-hierarchical": {"objective": "hierarchical_softmax"},
    "cbow-hierarchical": {"objective": "hierarchical_softmax", "architecture": "cbow"},
    "skipgram-softmax": {"objective": "softmax"},
    "cbow-softmax": {"objective": "softmax", "architecture": "cbow"},
    "sum-hierarchical": {
        "objective": "hierarchical_softmax",
        "architecture": "cbow",
        "cbow_mean": False,
    },
    "sum-softmax": {"objective": "softmax", "architecture": "cbow", "cbow_mean": False},
}
every_kind = pytest.mark.parametrize("kind", KINDS)
CORPUS = [[*"abcab"], [*"cdaf"], [*"bdeg"], [*"eca"], [*"aabac"]] * 4


def random_model(window=5, corpus=CORPUS, **options):
    """A model with vectors that mean nothing, and long enough for scores to be large."""
    options = {"vector_size": 7, "min_count": 1, "epochs": 1, "workers": 2} | options
    model = fastw2v.Model(corpus, window=window, **options).train(progress=False)
    random = np.random.default_rng(0)
    for matrix in model.input_vectors, model.output_vectors:
        matrix[:] = random.normal(size=matrix.shape)
    return model


def oracle(model, sentence):
    """The sum of the losses of all windows, which objectives.py defines, with the sign turned."""
    p, total = model.parameters, 0.0
    tree = HuffmanTree(model.vocabulary.counts)
    row_of = model.vocabulary.key_to_index
    rows = [row_of[token] for token in sentence if token in row_of]
    left, right = (len(rows) if side is None else side for side in p.window_sides)
    for i, center in enumerate(rows):
        contexts = rows[max(0, i - left) : i] + rows[i + 1 : i + 1 + right]
        if contexts:
            is_tree = p.objective == "hierarchical_softmax"
            window = {"cbow": objectives.cbow_window, "skipgram": objectives.skipgram_window}
            path = tree.path(center) if is_tree else None
            matrices = model.input_vectors, model.output_vectors
            options = {"mean": p.cbow_mean} if p.architecture == "cbow" else {}
            total -= window[p.architecture](center, contexts, *matrices, path=path, **options).loss
    return total


@every_kind
@pytest.mark.parametrize("window", [1, 3, (0, 2), (3, 1), None])
def test_scores_are_log_probabilities(kind, window):
    model = random_model(window, **KINDS[kind])
    sentences = [[*"abcdefg"], [], ["a"], ["a", "?", "b"], ["?"], ("g", "g", "g"), [*"fgabbaccadd"]]
    scores = model.score(sentences)
    assert (scores.dtype, scores.shape) == (np.float64, (7,))
    expected = [oracle(model, sentence) for sentence in sentences]
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-5)
    assert scores[[1, 2, 4]].tolist() == [0, 0, 0]


@every_kind
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_sentences_are_scored_in_runs(kind, data):
    """Of a few tokens here."""
    model = random_model(2, **KINDS[kind])
    sentences = data.draw(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=9), max_size=9))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "RUN", data.draw(st.integers(1, 12)))
        scores = model.score(iter(sentences))
    expected = [oracle(model, sentence) for sentence in sentences]
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-5)


@every_kind
def test_encoded_sentences_are_those_that_are_left(kind, monkeypatch):
    monkeypatch.setattr(scoring, "RUN", 10)
    model = random_model(**KINDS[kind])
    own = fastw2v.encode(CORPUS, vocabulary=model.vocabulary)
    np.testing.assert_allclose(model.score(own), model.score(CORPUS), rtol=1e-6)
    other = fastw2v.encode([[*"xbay"], ["x", "y"], [*"cg"], [*"ab"]], min_count=1)
    expected = [oracle(model, sentence) for sentence in ["ba", "", "cg", "ab"]]
    np.testing.assert_allclose(model.score(other), expected, rtol=1e-5)


@every_kind
def test_scoring_changes_nothing_and_repeats_itself(kind, monkeypatch):
    monkeypatch.setattr(scoring, "RUN", 10)
    model = random_model(**KINDS[kind])
    before = model.input_vectors.copy(), model.output_vectors.copy()
    first = model.score(CORPUS)
    model.workers = 1
    np.testing.assert_array_equal(model.score(CORPUS), first)
    np.testing.assert_array_equal(model.input_vectors, before[0])
    np.testing.assert_array_equal(model.output_vectors, before[1])


def test_many_words_and_far_scores():
    """More words than a batch has, and probabilities that no float can hold."""
    numbers = np.random.default_rng(1).integers(0, 300, (100, 10)).tolist()
    for kind in KINDS.values():
        model = random_model(corpus=numbers, **kind)
        model.input_vectors[:] *= 50
        scores = model.score(numbers[:5])
        assert scores.max() < -800
        expected = [oracle(model, sentence) for sentence in numbers[:5]]
        np.testing.assert_allclose(scores, expected, rtol=1e-5)


def test_integer_tokens_in_arrays():
    numbers = np.random.default_rng(1).integers(0, 9, (20, 6))
    model = random_model(corpus=numbers, objective="softmax")
    np.testing.assert_array_equal(model.score(numbers), model.score(numbers.tolist()))


def test_a_class_is_told_by_its_models_score(planted):
    """Of two models, that of the sentences it was trained on finds their like the likelier."""
    halves = [[s for s in planted if (s[0] < "c2") == low] for low in (True, False)]
    vocabulary = {token: 10 for sentence in planted for token in sentence}
    options = {"objective": "hierarchical_softmax", "sample": 0, "vector_size": 16, "epochs": 3}
    models = [
        fastw2v.Model(half[:-50], vocabulary=vocabulary, **options).train(progress=False)
        for half in halves
    ]
    held_out = [half[-50:] for half in halves]
    for own, sentences in enumerate(held_out):
        assert (models[own].score(sentences) > models[1 - own].score(sentences)).all()


def test_negative_sampling_has_no_score():
    model = random_model()
    with pytest.raises(ValueError, match="hierarchical_softmax"):
        model.score([["a", "b"]])


def test_an_untrained_model_has_no_score():
    with pytest.raises(RuntimeError, match="call train"):
        fastw2v.Model(CORPUS).score([["a"]])


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        ("text.txt", "fastw2v.encode"),
        ({"a": 1}, "iterable of token sequences"),
        (3, "iterable of token sequences"),
        ([["a"], "ab"], "sentence 1"),
        ([["a"], None], "sentence 1"),
        ([["a"], ["b", ["c"]]], "sentence 1, position 1"),
    ],
)
def test_what_is_no_sentence_is_named(sentences, message):
    with pytest.raises(TypeError, match=message):
        random_model(objective="softmax").score(sentences)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("rows", [0, 2], "out of range"),
        ("words", [0, 3], "out of range"),
        ("words", [0, -1], "out of range"),
        ("words", [0], "1 words"),
        ("output_vectors", np.zeros((1, 4), np.float32), "do not fit"),
        ("output_vectors", np.zeros((2, 5), np.float32), "do not fit"),
        ("output_vectors", np.zeros((4, 2), np.float32).T, "contiguous"),
    ],
)
def test_the_native_routine_refuses_what_does_not_fit(name, value, message):
    arguments = {
        "hidden": np.zeros((2, 4), np.float32),
        "rows": np.zeros(2, np.int32),
        "words": np.zeros(2, np.int32),
        "output_vectors": np.zeros((2, 4), np.float32),
    }
    arguments[name] = np.asarray(value, np.int32) if isinstance(value, list) else value
    with pytest.raises(ValueError, match=message):
        path_log_probabilities(HuffmanTree(np.array([3, 2, 1])), *arguments.values(), np.empty(2))
