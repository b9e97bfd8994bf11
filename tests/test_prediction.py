"""``predict_center`` and ``predict_context`` against ``fastw2v.objectives``, word by word."""

import math

import numpy as np
import pytest

import fastw2v
from fastw2v import objectives
from fastw2v._kernels.huffman import HuffmanTree

KINDS = {
    (architecture, objective): {"architecture": architecture, "objective": objective}
    for architecture in ("skipgram", "cbow")
    for objective in ("negative_sampling", "hierarchical_softmax", "softmax")
} | {("cbow", "sum"): {"architecture": "cbow", "cbow_mean": False}}
every_kind = pytest.mark.parametrize("kind", KINDS, ids="-".join)
CORPUS = [[*"abcab"], [*"cdaf"], [*"bdeg"], [*"eca"], [*"aabac"]] * 4


def random_model(**options):
    options = {"vector_size": 7, "min_count": 1, "epochs": 1, "sample": 0.05} | options
    model = fastw2v.Model(CORPUS, **options).train(progress=False)
    random = np.random.default_rng(0)
    for matrix in model.input_vectors, model.output_vectors:
        matrix[:] = random.normal(size=matrix.shape)
    return model


class Oracle:
    """The definitions in ``fastw2v.prediction``, one example of objectives.py at a time."""

    def __init__(self, model):
        self.model, self.vocabulary = model, model.vocabulary
        self.inputs, self.outputs = model.input_vectors, model.output_vectors
        self.words = range(len(model.vocabulary))
        p = model.parameters
        self.shares = self.vocabulary.counts * self.vocabulary.keep_probability(p.sample)
        self.tree = HuffmanTree(self.vocabulary.counts)
        self.is_reversed = p.architecture == "skipgram" and p.objective == "softmax"

    def given(self, hidden):
        """What the objective makes of each word, given a hidden vector."""
        p = self.model.parameters
        if p.objective == "hierarchical_softmax":
            losses = [
                objectives.hierarchical_softmax(hidden, self.outputs, *self.tree.path(w)).loss
                for w in self.words
            ]
        elif p.objective == "softmax":
            losses = [
                objectives.softmax_cross_entropy(hidden, self.outputs, w).loss for w in self.words
            ]
        else:
            noise = self.vocabulary.noise_weights(p.ns_exponent)
            scores = self.outputs.astype(np.float64) @ hidden
            return p.negative * noise / noise.sum() * np.exp(scores)
        return np.exp(-np.array(losses))

    def center(self, keys):
        rows = [self.vocabulary.key_to_index[key] for key in keys]
        if self.model.parameters.architecture == "cbow":
            hidden = self.inputs[rows].sum(axis=0)
            found = self.given(hidden / len(rows) if self.model.parameters.cbow_mean else hidden)
        elif self.is_reversed:
            columns = np.array([self.given(self.inputs[w]) for w in self.words])
            found = np.prod(columns[:, rows], axis=1) ** (1 / len(rows)) * self.shares
        else:
            product = np.prod([self.given(self.inputs[row]) for row in rows], axis=0)
            found = product ** (1 / len(rows))
        return found / found.sum()

    def context(self, key):
        row = self.vocabulary.key_to_index[key]
        if self.is_reversed:
            return self.given(self.inputs[row])
        found = [self.given(self.inputs[c])[row] for c in self.words] * self.shares
        return found / found.sum()


def in_rows(model, found):
    return np.array([dict(found)[key] for key in model.vocabulary.keys])


@every_kind
@pytest.mark.parametrize("keys", ["a", "fg", "gab", "aab"])
def test_centers(kind, keys):
    model = random_model(**KINDS[kind])
    found = model.predict_center([*keys], topn=None)
    np.testing.assert_allclose(in_rows(model, found), Oracle(model).center(keys), rtol=2e-5)
    probabilities = [p for _, p in found]
    assert probabilities == sorted(probabilities, reverse=True)
    assert math.fsum(probabilities) == pytest.approx(1)
    assert model.predict_center([*keys], topn=2) == found[:2]


@every_kind
@pytest.mark.parametrize("key", "ag")
def test_contexts(kind, key):
    model = random_model(**KINDS[kind])
    found = model.predict_context(key, topn=None)
    np.testing.assert_allclose(in_rows(model, found), Oracle(model).context(key), rtol=2e-5)
    assert math.fsum(p for _, p in found) == pytest.approx(1)
    assert model.predict_context(key, topn=3) == found[:3]


@every_kind
def test_what_was_learned_is_near_to_what_is_true(kind, planted):
    """A word's neighbours are four words, the partner class's, equally likely, and no others.

    CBOW is asked about one context, of which it saw few: all others had two.
    """
    options = {"vector_size": 24, "window": 1, "sample": 0, "epochs": 8} | KINDS[kind]
    model = fastw2v.Model(planted, **options).train(progress=False)
    partners = {f"c1w{i}" for i in range(4)}
    for found in (
        model.predict_center(["c0w2"]),
        model.predict_center(["c0w2", "c0w3"]),
        model.predict_context("c0w2"),
    ):
        assert {key for key, _ in found[:4]} == partners
        assert sum(p for _, p in found[:4]) > 0.7
        low, high = (0.15, 0.35) if kind[0] == "skipgram" else (0.05, 0.5)
        assert all(low < p < high for _, p in found[:4])


@every_kind
def test_words_that_never_occur(kind):
    """Rows without a count are there, and nothing is undefined."""
    corpus = fastw2v.encode([[0, 1, 3], [3, 1]] * 5, vocabulary="identity")
    model = fastw2v.Model(corpus, vector_size=4, epochs=1, **KINDS[kind]).train(progress=False)
    for found in model.predict_center([0, 3], topn=None), model.predict_context(1, topn=None):
        assert len(found) == 4
        assert math.fsum(p for _, p in found) == pytest.approx(1)
    if kind == ("skipgram", "negative_sampling"):
        assert dict(model.predict_context(1, topn=None))[2] == 0


def test_the_likeliest_of_some_are_the_first_of_all():
    """Also where words are equally likely, as before training."""
    model = fastw2v.Model(min_count=1, vector_size=4)
    model.grow_vocabulary({key: 2 + (i in (3, 5)) for i, key in enumerate("abcdefgh")})
    found = model.predict_center(["a"], topn=None)
    assert [key for key, _ in found] == [*"dfabcegh"]
    for topn in range(1, 10):
        assert model.predict_center(["a"], topn=topn) == found[:topn]


def test_bad_arguments():
    model = random_model()
    with pytest.raises(KeyError, match="'nowhere' is not in the vocabulary"):
        model.predict_center(["a", "nowhere"])
    with pytest.raises(KeyError, match="'nowhere' is not in the vocabulary"):
        model.predict_context("nowhere")
    with pytest.raises(TypeError, match="a list of keys"):
        model.predict_center("ab")
    with pytest.raises(TypeError, match="a list of keys"):
        model.predict_center(3)
    with pytest.raises(ValueError, match="context_keys is empty"):
        model.predict_center([])
    for topn in 0, -1:
        with pytest.raises(ValueError, match="topn"):
            model.predict_center(["a"], topn=topn)
    for ask in (lambda m: m.predict_center(["a"])), (lambda m: m.predict_context("a")):
        with pytest.raises(RuntimeError, match="call train"):
            ask(fastw2v.Model(CORPUS))


def test_a_matrix_of_the_users_own():
    model = random_model()
    before = model.predict_context("a")
    model.input_vectors = model.input_vectors.astype(np.float64)
    # BLAS may add up rows without padding in another order.
    for (key, p), (key_before, p_before) in zip(model.predict_context("a"), before, strict=True):
        assert key == key_before
        assert p == pytest.approx(p_before, rel=1e-5)
    model.input_vectors = np.zeros((2, 3))
    with pytest.raises(ValueError, match="input_vectors"):
        model.predict_context("a")
