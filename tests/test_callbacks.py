"""Epochs, learning rates and callbacks of one call of ``train``."""

import logging
import threading

import numpy as np
import pytest

import fastw2v

WALKS = [["a", "b", "c", "d"], ["b", "a", "d"], ["e", "a"]] * 20
SMALL = {"vector_size": 6, "workers": 1, "epochs": 3, "sample": 0}


@pytest.fixture
def model():
    return fastw2v.Model(WALKS, **SMALL)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_callback_sees_the_model_as_the_epoch_left_it(workers):
    model = fastw2v.Model(iter(WALKS * 50), **SMALL | {"workers": workers})
    seen = []

    def look(given, record):
        assert given is model
        assert threading.current_thread() is threading.main_thread()
        assert not [t for t in threading.enumerate() if t.name == "fastw2v-worker"]
        assert given.history[-1] is record
        assert len(given.history) == record.epoch + 1
        assert given.report.vocabulary_size == 5
        seen.append((given.wv["a"].copy(), given.input_vectors.copy(), given.context_wv["a"]))
        np.testing.assert_array_equal(given.wv.vectors, given.input_vectors)

    model.train(callback=look, progress=False)
    assert len(seen) == 3
    assert not np.array_equal(seen[0][0], seen[1][0])
    np.testing.assert_array_equal(seen[-1][1], model.input_vectors)


def test_looking_changes_nothing(model):
    plain = fastw2v.Model(WALKS, **SMALL).train(progress=False)
    model.train(callback=lambda model, record: None, progress=False)
    np.testing.assert_array_equal(model.input_vectors, plain.input_vectors)
    np.testing.assert_array_equal(model.output_vectors, plain.output_vectors)


@pytest.mark.parametrize("as_list", [False, True])
def test_true_ends_the_training_after_the_epoch(as_list, model, caplog):
    called = []

    def stop(model, record):
        return np.bool_(record.epoch == 1)

    def last(model, record):
        called.append(record.epoch)

    with caplog.at_level(logging.INFO, logger="fastw2v"):
        callback = [stop, last] if as_list else stop
        assert model.train(callback=callback, progress=False) is model
    assert [record.epoch for record in model.history] == [0, 1]
    assert called == ([0, 1] if as_list else [])  # those behind one that ends it are called, too
    assert "training ends after epoch 1" in caplog.text
    whole = fastw2v.Model(WALKS, **SMALL)
    kept = []
    whole.train(callback=lambda m, _: kept.append(m.input_vectors.copy()), progress=False)
    np.testing.assert_array_equal(model.input_vectors, kept[1])
    model.train(progress=False)
    assert [record.epoch for record in model.history] == [0, 1, 2, 3, 4]


def test_what_a_callback_raises_reaches_the_caller(model, capsys):
    kept = []

    def fail(model, record):
        kept.append(model.input_vectors.copy())
        if record.epoch == 1:
            raise ZeroDivisionError("from the callback")

    threads = threading.active_count()
    with pytest.raises(ZeroDivisionError, match="from the callback"):
        model.train(callback=fail, progress=True)
    assert threading.active_count() == threads
    assert [record.epoch for record in model.history] == [0, 1]
    np.testing.assert_array_equal(model.input_vectors, kept[1])
    assert len(model.wv) == 5
    model.train(progress=False)
    assert [record.epoch for record in model.history] == [0, 1, 2, 3, 4]


def test_a_callback_may_save_and_may_write(model, tmp_path):
    def save_and_write(model, record):
        model.save(tmp_path / f"{record.epoch}.safetensors")
        model.input_vectors[:] = 0

    model.train(callback=save_and_write, progress=False)
    assert not model.input_vectors.any()
    for epoch in range(3):
        loaded = fastw2v.Model.load(tmp_path / f"{epoch}.safetensors")
        assert len(loaded.history) == epoch + 1
        assert loaded.input_vectors.any()


def test_a_callback_may_not_train_or_exchange_the_matrices(model):
    for change in (
        lambda model, record: model.train(),
        lambda model, record: model.partial_fit(WALKS),
        lambda model, record: model.grow_vocabulary({"x": 9}),
    ):
        with pytest.raises(RuntimeError, match="training this model already"):
            model.train(callback=change, progress=False)

    def exchange(model, record):
        model.input_vectors = model.input_vectors.copy()

    n = len(model.history)
    with pytest.raises(RuntimeError, match="put another matrix in the place"):
        model.train(callback=exchange, progress=False)
    assert len(model.history) == n + 1
    assert len(model.train(progress=False).history) == n + 4


@pytest.mark.parametrize("callback", [7, [print, 7], "print"])
def test_what_cannot_be_called_is_refused_before_reading(callback):
    sentences = iter(WALKS)
    for method in fastw2v.Model(**SMALL).train, fastw2v.Model(**SMALL).partial_fit:
        with pytest.raises(TypeError, match="callback must be called with the model"):
            method(sentences, callback=callback)
    assert len(list(sentences)) == len(WALKS)


def test_an_answer_must_be_true_or_false(model):
    with pytest.raises(TypeError, match=r"returned 0\.5: return True to end"):
        model.train(callback=lambda model, record: 0.5, progress=False)
    assert len(model.history) == 1


# Epochs and learning rates ------------------------------------------------------------------------


def test_epochs_and_rates_are_of_one_call_alone(model):
    model.train(epochs=2, alpha=0.2, min_alpha=0, progress=False)
    assert [record.lr for record in model.history] == pytest.approx([0.1, 0.0], abs=1e-12)
    assert model.parameters == fastw2v.Hyperparameters(
        **{name: value for name, value in SMALL.items() if name != "workers"}
    )
    model.train(progress=False)
    assert len(model.history) == 5
    assert model.history[-1].lr == pytest.approx(model.parameters.min_alpha)
    assert model.history[2].lr < model.parameters.alpha


def test_rates_of_a_call_do_what_those_of_the_model_do(model):
    model.train(alpha=0.1, min_alpha=0.1, epochs=1, progress=False)
    other = fastw2v.Model(WALKS, **SMALL | {"alpha": 0.1, "min_alpha": 0.1, "epochs": 1})
    other.train(progress=False)
    np.testing.assert_array_equal(model.input_vectors, other.input_vectors)
    plain = fastw2v.Model(WALKS, **SMALL | {"epochs": 1}).train(progress=False)
    assert not np.array_equal(model.input_vectors, plain.input_vectors)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": 0}, "alpha must be above 0 and finite, not 0"),
        ({"alpha": 1e-5}, r"min_alpha \(0.0001\) must not be above alpha \(1e-05\)"),
        ({"min_alpha": -1}, "min_alpha must be at least 0"),
        ({"epochs": 0}, "epochs must be from 1"),
        ({"epochs": 2.5}, "epochs must be an integer"),
        ({"alpha": "fast"}, "alpha must be a number"),
    ],
)
def test_impossible_ones_are_refused_before_reading(options, message):
    sentences = iter(WALKS)
    for method in fastw2v.Model(**SMALL).train, fastw2v.Model(**SMALL).partial_fit:
        with pytest.raises((TypeError, ValueError), match=message):
            method(sentences, **options)
    assert len(list(sentences)) == len(WALKS)


def test_everything_but_sentences_is_keyword_only(model):
    with pytest.raises(TypeError):
        model.train(WALKS, 3)
    with pytest.raises(TypeError):
        model.partial_fit(WALKS, 3)
