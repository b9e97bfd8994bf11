"""Weights of sentences and rates of input vectors, through ``Model.train``."""

import numpy as np
import pytest

import fastw2v

OPTIONS = {"vector_size": 8, "min_count": 1, "sample": 0, "epochs": 2, "workers": 1}
SENTENCES = [[*"abcab"], [*"cda"], [*"bde"], [*"eca"]] * 30
OBJECTIVES = {
    "skipgram": {},
    "pair": {"negative_sharing": "pair"},
    "cbow": {"architecture": "cbow"},
    "hierarchical": {"objective": "hierarchical_softmax"},
    "softmax": {"objective": "softmax"},
    "cbow-softmax": {"objective": "softmax", "architecture": "cbow"},
}
every_objective = pytest.mark.parametrize("name", OBJECTIVES)


def trained(sentences=SENTENCES, *, weights=None, input_rates=None, **options):
    model = fastw2v.Model(sentences, **OPTIONS | options)
    return model.train(weights=weights, input_rates=input_rates, progress=False)


@every_objective
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("kernel", fastw2v.kernels().available)
def test_frozen_vectors_keep_their_bits(name, workers, kernel):
    model = trained(**OBJECTIVES[name], workers=workers, kernel=kernel)
    before, outputs = model.wv.vectors.copy(), model.output_vectors.copy()
    model.train(input_rates=dict.fromkeys("ac", 0), progress=False)
    rows = [model.vocabulary.key_to_index[key] for key in "ac"]
    same = (model.input_vectors.view(np.int32) == before.view(np.int32)).all(axis=1)
    assert np.flatnonzero(same).tolist() == sorted(rows)
    n_outputs = len(outputs) - (name == "hierarchical")  # one node less than words
    assert (model.output_vectors != outputs).any(axis=1)[:n_outputs].all()


def test_rates_of_all_rows_and_of_keys_are_one_mechanism():
    keys = trained().vocabulary.keys
    by_key = trained(input_rates={"a": 0.5, "e": 2})
    rates = np.array([{"a": 0.5, "e": 2}.get(key, 1) for key in keys])
    by_row = trained(input_rates=rates)
    np.testing.assert_array_equal(by_key.input_vectors, by_row.input_vectors)
    assert (by_key.input_vectors != trained().input_vectors).any()


@every_objective
@pytest.mark.parametrize("options", [{}, {"shuffle": False}])
def test_factors_of_one_give_the_same_bits(name, options):
    plain = trained(**OBJECTIVES[name], **options)
    ones = trained(
        **OBJECTIVES[name], **options, weights=np.ones(120), input_rates=dict.fromkeys("abcde", 1)
    )
    np.testing.assert_array_equal(plain.input_vectors, ones.input_vectors)
    np.testing.assert_array_equal(plain.output_vectors, ones.output_vectors)
    assert ones.history[-1].loss == pytest.approx(plain.history[-1].loss, rel=1e-6)


@every_objective
def test_a_sentence_of_weight_0_is_as_if_it_had_not_been_there(name):
    """But for its tokens' counts, and the learning rate, which falls past it."""
    options = OBJECTIVES[name] | {"shuffle": False, "alpha": 0.05, "min_alpha": 0.05}
    counts = dict.fromkeys("abcde", 10)
    options |= {"vocabulary": counts, "min_count": 5}
    weights = np.repeat([1.0, 0.0], [80, 40])
    without = trained(SENTENCES[:80], **options)
    with_it = trained(SENTENCES, weights=weights, **options)
    np.testing.assert_array_equal(with_it.input_vectors, without.input_vectors)
    np.testing.assert_array_equal(with_it.output_vectors, without.output_vectors)
    assert with_it.history[0].examples == without.history[0].examples
    assert with_it.history[0].loss == pytest.approx(without.history[0].loss, rel=1e-5)


def test_the_loss_is_a_weighted_mean():
    """At a learning rate of all but 0 nothing moves, so losses of the halves can be told apart."""
    options = {"alpha": 1e-9, "min_alpha": 0, "window": 1, "objective": "softmax", "epochs": 1}
    parts = [["a", "b"]] * 10, [["c", "d"]] * 10
    model = fastw2v.Model(parts[0] + parts[1], **OPTIONS | options).train(progress=False)
    random = np.random.default_rng(0)
    for matrix in model.input_vectors, model.output_vectors:
        matrix[:] = random.normal(size=matrix.shape)
    losses = [model.train(part, progress=False).history[-1].loss for part in parts]
    assert abs(losses[0] - losses[1]) > 0.1
    model.train(parts[0] + parts[1], weights=np.repeat([3, 0.5], 10), progress=False)
    assert model.history[-1].loss == pytest.approx(np.average(losses, weights=[3, 0.5]), rel=1e-5)
    assert model.history[-1].examples == 40


def test_weights_stay_with_the_corpus_of_a_model():
    weights = np.tile([0, 1, 2, 0.5], 30)
    twice = trained(weights=weights).train(progress=False)
    corpus = fastw2v.encode(SENTENCES, min_count=1, weights=weights)
    model = fastw2v.Model(corpus, **OPTIONS | {"min_count": 5})
    model.train(progress=False).train(progress=False)
    np.testing.assert_array_equal(twice.input_vectors, model.input_vectors)


def test_weights_without_sentences_are_refused():
    model = trained()
    with pytest.raises(ValueError, match="weights were given without sentences"):
        model.train(weights=np.ones(120))


@pytest.mark.parametrize(
    ("input_rates", "error", "message"),
    [
        ([1.0], ValueError, "input_rates has 1 values, but the vocabulary has 5 keys"),
        (np.ones(6), ValueError, "input_rates has 6 values, but the vocabulary has 5 keys"),
        ({"a": 0, "nowhere": 0}, KeyError, "'nowhere' of input_rates is not in the vocabulary"),
    ],
)
def test_rates_that_do_not_fit_leave_the_model_as_it_was(input_rates, error, message):
    model = fastw2v.Model(SENTENCES, **OPTIONS)
    with pytest.raises(error, match=message):
        model.train(input_rates=input_rates)
    assert model.vocabulary is None
    assert model.train(progress=False).history


@pytest.mark.parametrize(
    ("input_rates", "error", "message"),
    [
        (0.5, TypeError, "input_rates must be a 1-D array"),
        ([[1.0] * 5], TypeError, "input_rates must be a 1-D array"),
        (np.zeros(5, bool), TypeError, "numbers.*bool"),
        ({"a", "b"}, TypeError, "input_rates must be a 1-D array"),
        ([1, 1, -1, 1, 1], ValueError, r"input_rates\[2\] is -1"),
        ({"a": np.nan}, ValueError, "nan"),
        ({"a": "fast"}, TypeError, "input_rates\\['a'\\]"),
        ({"a": True}, TypeError, "bool"),
    ],
)
def test_what_can_be_no_rates_is_refused_before_anything_is_read(input_rates, error, message):
    def sentences():
        raise AssertionError("read")
        yield

    with pytest.raises(error, match=message):
        fastw2v.Model(sentences(), **OPTIONS).train(input_rates=input_rates)
