"""Patience, which gives back the best epoch, and the clock, which ends training in time."""

import json
import math
import time
from dataclasses import asdict

import numpy as np
import pytest

import fastw2v
from fastw2v import EpochRecord
from fastw2v.clock import Clock

random = np.random.default_rng(0)
ZIPF = 1 / np.arange(1, 31) / (1 / np.arange(1, 31)).sum()
# Words without any structure: after their frequencies there is nothing to learn but by heart.
NOISE, HELD_OUT = (random.choice(30, (n, 8), p=ZIPF) for n in (60, 40))
SMALL = {"min_count": 1, "sample": 0, "vector_size": 16, "workers": 1}
LEARNS_BY_HEART = {**SMALL, "alpha": 0.1, "min_alpha": 0.1, "epochs": 40}


def test_the_loss_falls_and_rises_and_the_best_epoch_comes_back():
    states = []

    def keep(model, record):
        states.append((model.input_vectors.copy(), model.output_vectors.copy()))

    model = fastw2v.Model(NOISE, **LEARNS_BY_HEART)
    wv = model.grow_vocabulary().wv
    model.train(validation=HELD_OUT, patience=3, callback=keep, progress=False)
    losses = [record.validation_loss for record in model.history]
    best = int(np.argmin(losses))
    assert 2 <= best < 20
    assert len(losses) == best + 1 + 3
    assert losses[0] > losses[best] < losses[-1]
    np.testing.assert_array_equal(model.input_vectors, states[best][0])
    np.testing.assert_array_equal(model.output_vectors, states[best][1])
    assert not np.array_equal(model.input_vectors, states[-1][0])
    assert wv.vectors is model.input_vectors
    assert [record.kept for record in model.history] == [True] * (best + 1) + [False] * 3
    model.train(epochs=1, progress=False)  # goes on from there, with numbers of its own
    assert model.history[-1].epoch == len(losses)


def test_without_patience_the_last_epoch_stays():
    states = []
    model = fastw2v.Model(NOISE, **LEARNS_BY_HEART)
    model.train(
        validation=HELD_OUT,
        callback=lambda model, _: states.append(model.input_vectors.copy()),
        progress=False,
    )
    assert len(model.history) == 40
    assert all(record.kept for record in model.history)
    np.testing.assert_array_equal(model.input_vectors, states[-1])


@pytest.mark.parametrize("ends_by", ["epochs", "callback"])
def test_the_best_comes_back_however_training_ends(ends_by):
    """With more patience than there are epochs."""
    model = fastw2v.Model(NOISE, **LEARNS_BY_HEART)
    callback = (lambda model, record: record.epoch == 29) if ends_by == "callback" else None
    model.train(validation=HELD_OUT, patience=100, callback=callback, progress=False)
    losses = [record.validation_loss for record in model.history]
    best = int(np.argmin(losses))
    assert len(losses) == (40 if ends_by == "epochs" else 30)
    assert [record.kept for record in model.history] == [i <= best for i in range(len(losses))]
    other = fastw2v.Model(NOISE, **LEARNS_BY_HEART)
    other.train(callback=lambda model, record: record.epoch == best, progress=False)
    np.testing.assert_array_equal(model.input_vectors, other.input_vectors)
    np.testing.assert_array_equal(model.output_vectors, other.output_vectors)


def test_the_best_may_be_from_before_the_call(caplog):
    model = fastw2v.Model(NOISE, **LEARNS_BY_HEART | {"epochs": 5}).train(progress=False)
    before = model.input_vectors.copy(), model.output_vectors.copy()
    with caplog.at_level("INFO", logger="fastw2v"):
        model.train(alpha=0.4, min_alpha=0.4, validation=HELD_OUT, patience=2, progress=False)
    assert [record.kept for record in model.history] == [True] * 5 + [False] * 2
    np.testing.assert_array_equal(model.input_vectors, before[0])
    np.testing.assert_array_equal(model.output_vectors, before[1])
    assert "the validation loss has not fallen for 2 epochs" in caplog.text
    assert "again those from before epoch 5" in caplog.text


def test_what_a_callback_writes_is_undone_with_the_epochs_behind():
    """And what it writes after the best epoch is not in the copy, which was judged."""
    model = fastw2v.Model(NOISE, **LEARNS_BY_HEART)
    states = []

    def disturb(model, record):
        states.append(model.input_vectors.copy())
        if record.epoch >= 1:
            model.input_vectors[:] = 3

    model.train(validation=HELD_OUT, patience=1, callback=disturb, progress=False)
    assert [record.kept for record in model.history] == [True, True, False]
    np.testing.assert_array_equal(model.input_vectors, states[1])


def test_an_exception_leaves_the_model_as_it_is():
    def fail(model, record):
        if record.epoch == 30:
            raise ZeroDivisionError

    model = fastw2v.Model(NOISE, **LEARNS_BY_HEART)
    with pytest.raises(ZeroDivisionError):
        model.train(validation=HELD_OUT, patience=100, callback=fail, progress=False)
    assert all(record.kept for record in model.history)
    other = fastw2v.Model(NOISE, **LEARNS_BY_HEART)
    other.train(callback=lambda model, record: record.epoch == 30, progress=False)
    np.testing.assert_array_equal(model.input_vectors, other.input_vectors)


def test_copies_that_cannot_fit_are_refused_before_training(monkeypatch):
    monkeypatch.setattr("fastw2v.resources.available_memory", lambda: 30 * 16 * 4 * 2 - 1)
    for name in "fastw2v.model_state.check_size", "fastw2v.validation.require_memory":
        monkeypatch.setattr(name, lambda *args, **options: None)
    model = fastw2v.Model(NOISE, **SMALL)
    with pytest.raises(MemoryError, match=r"for patience.* 3,840 bytes"):
        model.train(validation=HELD_OUT, patience=1, progress=False)
    assert not model.history


def test_files_keep_both_and_old_ones_are_read(tmp_path):
    path = tmp_path / "m.safetensors"
    model = fastw2v.Model(NOISE, **LEARNS_BY_HEART)
    model.train(validation=HELD_OUT, patience=1, progress=False).save(path)
    assert not model.history[-1].kept
    assert fastw2v.Model.load(path).history == model.history
    old = {"epoch": 0, "loss": 2.5, "examples": 9, "tokens": 9, "seconds": 0.5, "lr": 0.01}
    record = EpochRecord(**json.loads(json.dumps(old)))
    assert (record.validation_loss, record.kept) == (None, True)
    assert asdict(record).items() > old.items()


# The clock ----------------------------------------------------------------------------------------

CORPUS = np.random.default_rng(1).integers(0, 500, (4_000, 10))
SLOW = {**SMALL, "vector_size": 100, "epochs": 10**6}


@pytest.mark.parametrize("workers", [1, 2])
def test_training_ends_in_time_with_the_learning_rate_at_its_end(workers, caplog):
    model = fastw2v.Model(CORPUS[:400], **SLOW | {"workers": workers})
    started = time.perf_counter()
    with caplog.at_level("INFO", logger="fastw2v"):
        model.train(max_seconds=0.5, validation=0.1, progress=False)
    # A million epochs would take hours; the seconds above a half are for a busy machine.
    assert 0.3 < time.perf_counter() - started < 5
    assert model.history[-1].lr == pytest.approx(1e-4, abs=0.002)  # of 0.035: see max_seconds
    assert len(model.history) > 1
    assert "max_seconds are over" in caplog.text
    rates = [record.lr for record in model.history]
    assert rates == sorted(rates, reverse=True)
    # They fall with the time, not with the share of a million epochs.
    first = model.history[0].seconds / 0.5
    assert rates[0] < 0.035 - 0.9 * first * 0.0349


def test_it_ends_within_an_epoch():
    corpus = np.tile(CORPUS, (50, 1))  # 2 M tokens
    model = fastw2v.Model(corpus, **SLOW | {"vector_size": 300, "window": 10})
    model.train(max_seconds=0.2, progress=False)
    [record] = model.history
    assert 0 < record.tokens < 2_000_000
    assert 0 < record.examples < 10 * record.tokens
    assert record.seconds < 1.2
    assert record.lr == pytest.approx(1e-4)
    assert math.isfinite(record.loss)


def test_however_little_time_there_is():
    model = fastw2v.Model(CORPUS, **SLOW).train(max_seconds=1e-9, progress=False)
    [record] = model.history
    assert 0 < record.tokens < 40_000
    assert record.lr == pytest.approx(1e-4)


def test_more_time_than_is_needed_changes_next_to_nothing():
    """The schedule is the tokens', but for the first moments, when the clock is ahead of them."""
    options = {**SMALL, "epochs": 3}
    plain = fastw2v.Model(NOISE, **options).train(progress=False)
    model = fastw2v.Model(NOISE, **options).train(max_seconds=3600, progress=False)
    np.testing.assert_allclose(model.input_vectors, plain.input_vectors, atol=1e-3)
    assert [record.lr for record in model.history] == [record.lr for record in plain.history]


def test_time_in_callbacks_counts():
    model = fastw2v.Model(NOISE, **SLOW)
    model.train(max_seconds=0.3, callback=lambda model, _: time.sleep(0.4), progress=False)
    assert len(model.history) == 1


def test_patience_and_the_clock():
    """The best comes back though time ended the training."""
    model = fastw2v.Model(NOISE, **SMALL, alpha=0.1, min_alpha=0.1, epochs=10**6)
    model.train(validation=HELD_OUT, patience=10**6, max_seconds=0.3, progress=False)
    losses = [record.validation_loss for record in model.history]
    assert [record.kept for record in model.history].index(False) == np.argmin(losses) + 1


def test_a_clock():
    clock = Clock(None)
    assert (clock.progress, clock.is_over) == (0, False)
    clock = Clock(1000)
    assert 0 < clock.progress < 0.01
    clock.reserve(1000)
    assert (clock.progress, clock.is_over) == (1, True)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"patience": 3}, ValueError, "patience needs validation"),
        ({"patience": 0, "validation": 0.1}, ValueError, "patience must be at least 1"),
        ({"patience": 1.5, "validation": 0.1}, TypeError, "patience must be an integer"),
        ({"max_seconds": 0}, ValueError, "max_seconds must be above 0 and finite"),
        ({"max_seconds": math.inf}, ValueError, "max_seconds must be above 0 and finite"),
        ({"max_seconds": "1"}, TypeError, "max_seconds must be a number"),
        (
            {"max_seconds": 9, "checkpoint": "c"},
            ValueError,
            "max_seconds does not go with checkpoint",
        ),
        (
            {"validation": 0.1, "checkpoint": "c"},
            ValueError,
            "validation does not go with checkpoint",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_reading(options, error, message):
    sentences = iter([[*"ab"]] * 9)
    for method in fastw2v.Model(**SMALL).train, fastw2v.Model(**SMALL).partial_fit:
        with pytest.raises(error, match=message):
            method(sentences, **options)
    assert len(list(sentences)) == 9
