"""Extreme settings work, or are refused in words; the large are in ``long/check_extremes.py``."""

import numpy as np
import pytest

import fastw2v

OBJECTIVES = {
    "skipgram-window": {},
    "skipgram-pair": {"negative_sharing": "pair"},
    "skipgram-hierarchical": {"objective": "hierarchical_softmax"},
    "skipgram-softmax": {"objective": "softmax"},
    "cbow": {"architecture": "cbow"},
    "cbow-sum": {"architecture": "cbow", "cbow_mean": False},
    "cbow-hierarchical": {"architecture": "cbow", "objective": "hierarchical_softmax"},
    "cbow-softmax": {"architecture": "cbow", "objective": "softmax"},
}
every_objective = pytest.mark.parametrize("name", OBJECTIVES)
WALKS = np.random.default_rng(0).integers(0, 30, (100, 12))
SMALL = {"vector_size": 8, "workers": 1, "epochs": 2, "sample": 0, "min_count": 1}


def train(name, sentences=WALKS, **options):
    model = fastw2v.Model(sentences, **SMALL | OBJECTIVES[name] | options)
    return model.train(validation=0.2, progress=False)


def assert_learned(model):
    first, last = model.history[0], model.history[-1]
    assert last.validation_loss < first.validation_loss
    assert np.isfinite(model.input_vectors).all()
    assert np.isfinite(model.output_vectors).all()


@every_objective
@pytest.mark.parametrize("vector_size", [1, 4096])
def test_the_shortest_vectors_and_long_ones(name, vector_size):
    sentences = [["a", "b"] * 6, ["c", "d"] * 6] * 10
    assert_learned(train(name, sentences, vector_size=vector_size, alpha=0.01))


@pytest.mark.parametrize("name", ["skipgram-window", "skipgram-pair", "cbow"])
def test_a_hundred_negatives(name):
    assert_learned(train(name, negative=100, alpha=0.005))


@every_objective
def test_windows_far_beyond_any_sentence(name):
    wide, whole = (train(name, window=window, shrink_windows=False) for window in (1000, None))
    np.testing.assert_array_equal(wide.input_vectors, whole.input_vectors)
    assert wide.history[0].loss == whole.history[0].loss


@every_objective
def test_a_window_of_a_thousand_words(name):
    n = 1_100
    sentences = np.random.default_rng(0).integers(0, 30, (1, n))
    options = SMALL | OBJECTIVES[name] | {"window": 1000, "shrink_windows": False, "epochs": 1}
    model = fastw2v.Model(sentences, **options, alpha=1e-4).train(progress=False)
    pairs = sum(min(i, 1000) + min(n - 1 - i, 1000) for i in range(n))
    assert model.history[0].examples == (n if name.startswith("cbow") else pairs)
    assert np.isfinite(model.history[0].loss)
    assert model.output_vectors.any()


@every_objective
def test_a_vocabulary_of_one_word(name):
    """It is its own context; what there is to choose from is no choice."""
    model = train(name, [["a"] * 9] * 30)
    assert len(model.wv) == 1
    assert model.history[-1].loss == pytest.approx(0, abs=0.1)
    assert np.isfinite(model.wv["a"]).all()


@every_objective
@pytest.mark.parametrize("alpha", [1, 1e38])
def test_a_learning_rate_far_too_high_is_survived_or_said(name, alpha, caplog):
    model, said = fastw2v.Model(WALKS, **SMALL | OBJECTIVES[name] | {"epochs": 4}), ""
    try:
        model.train(alpha=alpha, progress=False)
    except FloatingPointError as error:
        said = str(error)
    if said:
        assert f"lower alpha (it is {alpha:g})" in said
        return
    assert alpha == 1
    assert np.isfinite(model.input_vectors).all()
    good = model.history[-1].loss < 10 * 6 * np.log(2)
    assert good != ("training diverged; lower alpha" in caplog.text)
