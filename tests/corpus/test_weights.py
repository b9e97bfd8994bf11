"""Weights stay with their sentences, whatever encoding drops and wherever it puts the rest."""

import pickle
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastw2v
from fastw2v import phrases
from fastw2v.corpus import encode_for_training
from fastw2v.vocabulary import Selection

BUDGET = 1 << 24
SENTENCES = st.lists(
    st.lists(st.integers(0, 5), min_size=1, max_size=6), min_size=1, max_size=12
).map(lambda drawn: [*drawn, [0, 0, 0], [0, 0]])


def encoded(sentences, seed, weights, **options):
    """Encode with tokens that occur twice at least; without weights, each sentence's number."""
    choice = Selection(2)
    return encode_for_training(
        sentences, choice, seed=seed, budget=BUDGET, workers=2, weights=weights, **options
    )


def assert_follows(corpus, sentences, numbers):
    """Each weight is the number of the sentence, counted from 1, that stands in its place."""
    row = corpus.vocabulary.key_to_index
    known = [[row[token] for token in sentence if token in row] for sentence in sentences]
    assert sorted(corpus.weights) == [n for n, left in zip(numbers, known, strict=True) if left]
    for place, weight in enumerate(corpus.weights):
        tokens = corpus.tokens[corpus.offsets[place] : corpus.offsets[place + 1]].tolist()
        assert tokens == known[numbers.index(weight)]


@given(sentences=SENTENCES, seed=st.none() | st.integers(0, 99))
@settings(deadline=None)
def test_the_sentences_that_are_left_keep_their_weights(sentences, seed):
    numbers = [*range(1, len(sentences) + 1)]
    corpus = encoded(iter(sentences), seed, np.array(numbers, np.float64))
    assert corpus.weights.dtype == np.float32
    assert_follows(corpus, sentences, numbers)


@pytest.mark.parametrize("seed", [None, 3])
@given(data=st.data())
@settings(deadline=None, max_examples=30)
def test_sentences_that_pieces_cut(seed, data):
    """Blocks of three tokens, and buckets of two."""
    sentences = data.draw(SENTENCES)
    numbers = [*range(1, len(sentences) + 1)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module("fastw2v.corpus.objects"), "PIECE", 3)
        patch.setattr(import_module("fastw2v.corpus.encoding"), "BUCKET", 2)
        patch.setattr(import_module("fastw2v.corpus.encoded"), "PIECE", 3)
        corpus = encoded(sentences, seed, numbers)
        again = encoded(corpus, 7, None)
    assert_follows(corpus, sentences, numbers)
    assert_follows(again, sentences, numbers)


@pytest.mark.parametrize("seed", [None, 3])
def test_every_kind_of_input(tmp_path, seed):
    rows = np.random.default_rng(0).integers(0, 30, (40, 5))
    sentences, numbers = rows.tolist(), [*range(1, 41)]
    kinds = [rows, [*rows], (rows.reshape(-1), np.arange(0, 201, 5)), iter(sentences)]
    for kind in kinds:
        assert_follows(encoded(kind, seed, numbers), sentences, numbers)
    path = tmp_path / "text.txt"
    path.write_text("\n".join(" ".join(map(str, row)) + "\n" for row in sentences))  # blank lines
    words = [[str(token) for token in row] for row in sentences]
    assert_follows(encoded(path, seed, numbers), words, numbers)


def test_an_encoded_corpus_carries_them(tmp_path):
    sentences = [["a", "b"], ["c"], ["b", "a", "a"], ["d", "a"]]
    corpus = fastw2v.encode(sentences, min_count=2, weights=[1, 2, 3, 0.5])
    assert corpus.weights.tolist() == [1, 3, 0.5]  # that of c is gone
    corpus.save(tmp_path / "c.f2v")
    opened = fastw2v.EncodedCorpus.open(tmp_path / "c.f2v")
    assert opened.weights.tolist() == [1, 3, 0.5]
    for same in (
        pickle.loads(pickle.dumps(opened)),
        corpus.with_report(corpus.report),
        corpus.with_vocabulary(corpus.vocabulary),
        fastw2v.encode(corpus, min_count=2),
        phrases.join(corpus, phrases.find(corpus, min_count=1, threshold=0)),
    ):
        assert same.weights.tolist() == [1, 3, 0.5]
    assert fastw2v.encode(corpus, min_count=3).weights.tolist() == [1, 3, 0.5]
    given_anew = fastw2v.encode(corpus, min_count=2, weights=[4, 5, 6])
    assert given_anew.weights.tolist() == [4, 5, 6]
    assert corpus.weights.tolist() == [1, 3, 0.5]
    assert fastw2v.encode(sentences, min_count=2).weights is None


def test_a_file_with_weights_that_do_not_fit_is_damaged(tmp_path):
    corpus = fastw2v.encode([["a", "b"], ["b", "a"]], min_count=1, weights=[1, 2])
    for wrong in [1.0], [1.0, -1.0]:
        corpus.weights = np.array(wrong, np.float32)
        corpus.save(tmp_path / "c.f2v")
        with pytest.raises(ValueError, match=r"damaged.*weights"):
            fastw2v.EncodedCorpus.open(tmp_path / "c.f2v")


@pytest.mark.parametrize("weights", [[1.0], [1, 2, 3], np.ones(5)])
def test_another_number_of_weights_is_refused_when_the_end_is_reached(weights):
    sentences = [["a", "b"], ["b", "a"], []]  # an empty one has no weight
    for source in sentences, (s for s in sentences), fastw2v.encode(sentences, min_count=1):
        with pytest.raises(ValueError, match=rf"{len(weights)} weights were given, but 2 sent"):
            fastw2v.encode(source, min_count=1, weights=weights)


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        (1.0, TypeError, "weights must be a 1-D array"),
        ([[1.0, 2.0]], TypeError, "weights must be a 1-D array"),
        (["a", "b"], TypeError, "weights must be a 1-D array"),
        ([True, False], TypeError, "weights must be a 1-D array of numbers.*bool"),
        ((w for w in [1, 2]), TypeError, "weights must be a 1-D array"),
        ([1.0, -0.5], ValueError, r"weights\[1\] is -0.5"),
        ([np.nan, 1.0], ValueError, r"weights\[0\] is nan"),
        ([1.0, 1e39], ValueError, r"weights\[1\] is 1e\+39"),
        ([0, 0], ValueError, "weights are all 0"),
    ],
)
def test_what_can_be_no_weights_is_refused_before_anything_is_read(weights, error, message):
    def sentences():
        raise AssertionError("read")
        yield

    with pytest.raises(error, match=message):
        fastw2v.encode(sentences(), min_count=1, weights=weights)


def test_weights_of_0_for_all_that_is_left_are_refused():
    with pytest.raises(ValueError, match="every sentence with a token of the vocabulary has weig"):
        fastw2v.encode([["a", "a"], ["b"]], min_count=2, weights=[0, 1])
