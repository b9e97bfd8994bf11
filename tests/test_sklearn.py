"""The vectorizer: scikit-learn's rules, and document vectors against a plain loop."""

import math
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks
from sklearn.utils.validation import validate_data

import fastw2v
from fastw2v import KeyedVectors
from fastw2v.sklearn import TRAINING, Word2VecVectorizer

TOPICS = (
    ["goal", "match", "team", "score", "player", "league", "coach", "win", "season", "ball"],
    ["bank", "share", "market", "price", "fund", "trade", "profit", "bond", "rate", "loan"],
)
COMMON = [
    *("the", "of", "and", "to", "in", "on", "for", "with"),
    *("that", "said", "was", "is", "has", "will", "new", "year"),
]
GIVEN = KeyedVectors(["a", "b", "c", 7], np.arange(1, 13, dtype=np.float32).reshape(4, 3))


def corpus(n, seed=0, length=30):
    """Documents of two topics, of mostly common words, and their topics."""
    random = np.random.default_rng(seed)
    topics = np.arange(n) % 2
    texts = []
    for topic in topics:
        own = random.random(length) < 0.3
        words = np.where(own, random.choice(TOPICS[topic], length), random.choice(COMMON, length))
        texts.append(" ".join(words).capitalize() + ".")
    return texts, topics


def reference(documents, vectors, idf=None):
    """Mean vectors in float64, token by token; documents are token lists."""
    means = np.zeros((len(documents), vectors.vector_size))
    for mean, document in zip(means, documents, strict=True):
        known = [token for token in document if token in vectors]
        weights = [1.0 if idf is None else idf[vectors.get_index(token)] for token in known]
        for token, weight in zip(known, weights, strict=True):
            mean += weight * vectors[token].astype(np.float64) / sum(weights)
    return means


# What it computes


token_lists = st.lists(st.lists(st.sampled_from(["a", "b", "c", 7, "unknown", ("x", 1)])))


@given(token_lists, token_lists, st.sampled_from(["mean", "idf"]))
@settings(deadline=None)
def test_document_vectors_are_weighted_means(fitted, transformed, weighting):
    vectorizer = Word2VecVectorizer(vectors=GIVEN, weighting=weighting).fit(fitted)
    idf = None
    if weighting == "idf":
        n_with = [sum(key in document for document in fitted) for key in GIVEN]
        idf = [math.log((1 + len(fitted)) / (1 + n)) + 1 for n in n_with]
        np.testing.assert_allclose(vectorizer.idf_, idf, rtol=1e-6)
    means = vectorizer.transform(transformed)
    assert means.dtype == np.float32
    assert means.shape == (len(transformed), 3)
    np.testing.assert_allclose(means, reference(transformed, GIVEN, idf), rtol=1e-5)


@pytest.mark.parametrize("weighting", ["mean", "idf"])
@pytest.mark.parametrize("min_count", [1, 4])
def test_fit_transform_is_fit_and_transform(weighting, min_count):
    texts, _ = corpus(12)
    texts[3] = texts[-1] = ""  # no sentence comes of these, but a row does
    options = {"vector_size": 8, "min_count": min_count, "weighting": weighting, "epochs": 2}
    both = Word2VecVectorizer(**options)
    at_once = both.fit_transform(texts)
    np.testing.assert_array_equal(at_once, both.transform(texts))
    apart = Word2VecVectorizer(**options).fit(iter(texts))
    np.testing.assert_array_equal(at_once, apart.transform(iter(texts)))
    np.testing.assert_array_equal(at_once, Word2VecVectorizer(**options).fit_transform(iter(texts)))
    assert not at_once[3].any()
    assert at_once[4].any()
    tokens = [text.lower().replace(".", "").split() for text in texts]
    np.testing.assert_allclose(at_once, reference(tokens, both.vectors_, both.idf_), rtol=1e-4)


def test_the_vectors_are_those_of_a_model():
    texts, _ = corpus(40)
    options = {"vector_size": 12, "min_count": 3, "max_vocab_size": 20, "sample": 0.01, "epochs": 3}
    vectorizer = Word2VecVectorizer(**options, window=(2, 3), architecture="cbow").fit(texts)
    tokens = [text.lower().rstrip(".").split() for text in texts]
    model = fastw2v.Model(tokens, **options, window=(2, 3), architecture="cbow", workers=1)
    model.train(progress=False)
    assert vectorizer.vectors_.index_to_key == model.wv.index_to_key
    np.testing.assert_array_equal(vectorizer.vectors_.vectors, model.wv.vectors)
    assert [record.loss for record in vectorizer.history_] == [r.loss for r in model.history]


def test_parameters_are_the_models():
    models = fastw2v.Model().parameters
    ours = Word2VecVectorizer().get_params()
    for name in {*TRAINING, "max_vocab_size"} - {"alpha", "workers", "kernel"}:
        assert ours[name] == getattr(models, name), name
    assert ours["alpha"] is None  # Model's default, too, before it is resolved
    assert (ours["min_count"], ours["workers"], ours["sample"], ours["epochs"]) == (
        1,
        1,
        None,
        None,
    )


@pytest.mark.parametrize("name", TRAINING)
def test_every_parameter_reaches_the_model(name):
    with pytest.raises((TypeError, ValueError), match=name if name != "kernel" else "kernel|blas"):
        Word2VecVectorizer(**{name: "nonsense"}).fit(["one two", "two one"])


def test_held_out_documents_and_time():
    texts, _ = corpus(40)
    options = {"vector_size": 8, "epochs": 30, "alpha": 0.1, "validation_share": 0.1}
    stopped = Word2VecVectorizer(**options, patience=2).fit(texts)
    assert [record.kept for record in stopped.history_][-3:] == [True, False, False]
    hurried = Word2VecVectorizer(vector_size=8, epochs=10**6, max_seconds=0.2).fit(texts)
    assert hurried.history_[-1].lr == pytest.approx(1e-4, abs=0.002)  # of 0.05: see max_seconds
    for wrong in {"validation_share": ["a", "b"]}, {"patience": 0}, {"max_seconds": 0}:
        with pytest.raises((TypeError, ValueError), match=next(iter(wrong))):
            Word2VecVectorizer(**wrong).fit(texts)


def test_words_are_split_as_scikit_learn_does():
    options = {"stop_words": ["the"], "strip_accents": "unicode"}
    vectorizer = Word2VecVectorizer(**options, vector_size=4, epochs=1).fit(
        ["The Café, a CAFE", "bar the bar"]
    )
    assert vectorizer.vectors_.index_to_key == ["cafe", "bar"]
    vectorizer = Word2VecVectorizer(tokenizer=str.split, lowercase=False, epochs=1)
    assert vectorizer.fit(["The a! the"]).vectors_.index_to_key == ["The", "a!", "the"]
    vectorizer = Word2VecVectorizer(token_pattern=r"\w", preprocessor=str.upper, epochs=1)
    assert vectorizer.fit(["ab"]).vectors_.index_to_key == ["A", "B"]


def test_token_lists_are_taken_as_they_are():
    documents = [["The", "the", 3], ("the", 3, ("x", "y")), np.array([3, 4]), "the end"]
    vectorizer = Word2VecVectorizer(epochs=1).fit(documents)
    assert vectorizer.vectors_.index_to_key == ["the", 3, "The", ("x", "y"), 4, "end"]
    assert vectorizer.transform(documents).any(axis=1).all()
    walks = np.array([[1, 2, 3], [2, 3, 1]])
    assert sorted(Word2VecVectorizer(epochs=1).fit(walks).vectors_) == [1, 2, 3]


@pytest.mark.parametrize("container", [list, tuple, np.array, pd.Series, pl.Series, pa.array])
def test_containers(container):
    texts, _ = corpus(8)
    expected = Word2VecVectorizer(vector_size=4, epochs=1).fit_transform(texts)
    found = Word2VecVectorizer(vector_size=4, epochs=1).fit_transform(container(texts))
    np.testing.assert_array_equal(found, expected)


# Small corpora


@pytest.mark.parametrize("weighting", ["mean", "idf"])
@pytest.mark.parametrize("n", [20, 200])
def test_topics_separate(n, weighting):
    texts, topics = corpus(n)
    vectorizer = Word2VecVectorizer(vector_size=50, weighting=weighting)
    pipeline = make_pipeline(vectorizer, LogisticRegression())
    unseen, their_topics = corpus(200, seed=1)
    assert pipeline.fit(texts, topics).score(unseen, their_topics) > (0.85 if n == 20 else 0.95)


def trained(documents, **parameters):
    vectorizer = Word2VecVectorizer(vector_size=2, negative=1, **parameters)
    return vectorizer.fit(documents).history_


def test_few_documents_are_trained_on_longer(monkeypatch):
    monkeypatch.setattr("fastw2v.sklearn.TOKENS_TO_TRAIN", 10_000)
    monkeypatch.setattr("fastw2v.sklearn.MOST_EPOCHS", 40)
    texts, _ = corpus(100)  # of 30 words each
    assert len(trained(texts[:5])) == 40
    assert len(trained(texts[:20])) == 17
    assert len(trained(texts)) == 5 == fastw2v.Hyperparameters().epochs
    assert len(trained(texts, epochs=3)) == 3


@pytest.mark.parametrize(("n_words", "sample"), [(40, 0), (700, 1e-3), (30_000, 1e-4)])
def test_subsampling_leaves_half_of_the_tokens(n_words, sample):
    random = np.random.default_rng(0)
    ids = np.concatenate([random.integers(n_words, size=30_000), np.full(1_000, n_words)])
    random.shuffle(ids)
    documents = ids.reshape(-1, 31)
    by_default = trained(documents, epochs=1)[0]
    assert by_default.examples == trained(documents, epochs=1, sample=sample)[0].examples
    others = {0, 1e-3, 1e-4} - {sample}
    for other in others:
        assert by_default.examples != trained(documents, epochs=1, sample=other)[0].examples


def test_documents_without_a_known_word_are_zeros():
    vectorizer = Word2VecVectorizer(vector_size=4, epochs=1).fit(["one two", "", "two one"])
    means = vectorizer.transform(["three", "", "one three", []])
    np.testing.assert_array_equal(means[[0, 1, 3]], 0)
    np.testing.assert_array_equal(means[2], vectorizer.vectors_["one"])
    assert vectorizer.transform([]).shape == (0, 4)
    assert vectorizer.transform(["three"]).shape == (1, 4)


# As an estimator


class OfNumbers(Word2VecVectorizer):
    """Takes a 2-D array of numbers, for scikit-learn's checks: a number's bin is a word.

    scikit-learn checks no estimator that takes documents, as its checks bring numbers. This one
    leaves their validation to scikit-learn, and has nothing else of its own.
    """

    def fit(self, X, y=None):
        return super().fit(self._words(X, reset=True))

    def fit_transform(self, X, y=None):
        return super().fit_transform(self._words(X, reset=True))

    def transform(self, X):
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        return super().transform(self._words(X, reset=False))

    def _words(self, X, reset):
        X = validate_data(self, X, reset=reset)
        return [[f"{i}:{value:.0f}" for i, value in enumerate(row)] * 2 for row in X]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = False
        tags.input_tags.two_d_array = True
        return tags


@parametrize_with_checks(
    [OfNumbers(vector_size=4, epochs=2), OfNumbers(vector_size=4, epochs=2, weighting="idf")]
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_scikit_learns_checks_of_the_documents_own_estimator():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)  # all that need numbers
        results = check_estimator(Word2VecVectorizer())
    assert [result["status"] for result in results] == ["passed"]  # whether it can be cloned


def test_tags():
    tags = Word2VecVectorizer().__sklearn_tags__()
    assert (tags.input_tags.string, tags.input_tags.two_d_array) == (True, False)
    assert tags.requires_fit
    assert not tags.non_deterministic
    assert Word2VecVectorizer(workers=2).__sklearn_tags__().non_deterministic
    assert not Word2VecVectorizer(workers=2, vectors=GIVEN).__sklearn_tags__().non_deterministic


def test_not_fitted():
    with pytest.raises(NotFittedError):
        Word2VecVectorizer(vectors=GIVEN).transform(["a"])


def test_grid_search():
    texts, topics = corpus(60)
    pipeline = make_pipeline(Word2VecVectorizer(vector_size=16), LogisticRegression())
    grid = {
        "word2vecvectorizer__weighting": ["mean", "idf"],
        "word2vecvectorizer__epochs": [100, 200],
    }
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit(texts, topics)
    assert search.best_score_ > 0.9
    assert len(search.cv_results_["params"]) == 4


def test_given_vectors_are_shared_by_clones():
    original = Word2VecVectorizer(vectors=GIVEN, weighting="idf").set_output(transform="pandas")
    copy = clone(original.fit([["a", "b"]]))
    assert copy.vectors is GIVEN
    assert copy.get_params() == original.get_params()
    assert not hasattr(copy, "vectors_")
    assert original.vectors is GIVEN
    assert isinstance(copy.fit_transform([["a"]]), pd.DataFrame)
    texts, topics = corpus(30)
    model = fastw2v.Model([t.lower().rstrip(".").split() for t in texts], vector_size=8, sample=0)
    vectors = model.train(progress=False).wv
    pipeline = make_pipeline(Word2VecVectorizer(vectors=vectors), LogisticRegression())
    assert len(cross_val_score(pipeline, texts, topics, cv=2, error_score="raise")) == 2


@pytest.mark.parametrize("vectors", [None, GIVEN])
def test_pickled(vectors):
    vectorizer = Word2VecVectorizer(vectors=vectors, epochs=1, weighting="idf")
    documents = [["a", "b"], ["b", 7, "x"]]
    means = vectorizer.fit_transform(documents)
    again = pickle.loads(pickle.dumps(vectorizer))
    np.testing.assert_array_equal(again.transform(documents), means)
    assert repr(again) == repr(vectorizer)


def test_feature_names_and_tables():
    table = pd.DataFrame({"text": ["one two", "two one"], "n": [1, 2]}, index=[5, 9])
    vectorizer = Word2VecVectorizer(vector_size=2, epochs=1).set_output(transform="pandas")
    means = vectorizer.fit_transform(table["text"])
    names = ["word2vecvectorizer0", "word2vecvectorizer1"]
    assert list(means.columns) == names == vectorizer.get_feature_names_out().tolist()
    assert list(means.index) == [5, 9]
    assert set(means.dtypes) == {np.dtype("float32")}
    means = vectorizer.set_output(transform="polars").transform(table["text"])
    assert isinstance(means, pl.DataFrame)
    columns = ColumnTransformer(
        [("t", Word2VecVectorizer(vector_size=2, epochs=1), "text")], remainder="passthrough"
    )
    assert columns.fit_transform(table).shape == (2, 3)


# What is refused


@pytest.mark.parametrize(
    ("documents", "error", "message"),
    [
        ("one document", TypeError, "put a single document into a list"),
        ({"a": 1}, TypeError, "X must be an iterable of documents"),
        (5, TypeError, "X must be an iterable of documents"),
        (pd.DataFrame({"text": ["a b"]}), ValueError, "give one column of it"),
        (pl.DataFrame({"text": ["a b"]}), ValueError, "give one column of it"),
        (np.array([["a b"], ["c d"]]), ValueError, r"ndarray of shape \(2, 1\)"),
        (["one two", None], TypeError, "document 1 is None"),
        (["one two", 3.5], TypeError, "document 1 is 3.5 of type float"),
        (["one two", b"bytes"], TypeError, "document 1 is b'bytes'"),
        ([["one", "two"], {"a", "b"}], TypeError, "document 1 is"),
    ],
)
def test_what_is_no_document(documents, error, message):
    with pytest.raises(error, match=message):
        Word2VecVectorizer().fit(documents)
    vectorizer = Word2VecVectorizer(vectors=GIVEN).fit([["a"]])
    with pytest.raises(error, match=message):
        vectorizer.transform(documents)


def test_other_refusals():
    with pytest.raises(TypeError, match=r"sentence 1, position 1: .*not hashable"):
        Word2VecVectorizer().fit([["a", "b"], ["a", ["b"]]])
    with pytest.raises(TypeError, match="document 1 has what can't be a token"):
        Word2VecVectorizer(vectors=GIVEN).fit([["a", "b"], ["a", ["b"]]])
    with pytest.raises(ValueError, match="weighting must be one of 'mean', 'idf', not 'tfidf'"):
        Word2VecVectorizer(weighting="tfidf").fit(["one two"])
    with pytest.raises(TypeError, match=r"vectors must be KeyedVectors, such as model\.wv"):
        Word2VecVectorizer(vectors={"a": [1.0]}).fit(["one two"])
    with pytest.raises(ValueError, match="not one token"):
        Word2VecVectorizer().fit(["", "."])
    with pytest.raises(ValueError, match="min_count must be at most 2"):
        Word2VecVectorizer(min_count=3).fit(["one two", "two one"])


def test_a_failed_fit_changes_nothing():
    vectorizer = Word2VecVectorizer(epochs=1, weighting="idf").fit(["one two", "two one"])
    before = dict(vectorizer.__dict__)
    for parameters, documents in (
        ({"vectors": GIVEN}, [["a"], None]),
        ({"vectors": None}, ["one two", None]),
    ):
        with pytest.raises(TypeError):
            vectorizer.set_params(**parameters).fit(documents)
    vectorizer.set_params(vectors=None)
    assert all(vectorizer.__dict__[name] is value for name, value in before.items())


def run(code):
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_scikit_learn_is_optional():
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import fastw2v\n"
        "try: import fastw2v.sklearn\n"
        "except ImportError as error: print(error)\n"
    )
    assert "pip install 'fastw2v[sklearn]'" in run(code)
