"""Ruined vectors are found, and said by key and epoch."""

import numpy as np
import pytest

import fastw2v
from fastw2v.compat import Word2Vec
from fastw2v.health import ROWS, ruined_rows

WALKS = [["a", "b", "c", "d"], ["b", "a", "d"], ["e", "a"]] * 20
SMALL = {"vector_size": 6, "workers": 1, "epochs": 4, "sample": 0}


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
@pytest.mark.parametrize("name", ["input", "output"])
def test_what_a_callback_plants_is_found_before_it_spreads(name, value):
    model = fastw2v.Model(WALKS, **SMALL)

    def plant(model, record):
        if record.epoch == 2:
            row = model.vocabulary.key_to_index["d"]
            getattr(model, f"{name}_vectors")[row, 5] = value

    message = rf"after the callbacks of epoch 2, 1 of 5 {name} vectors \(the first is that of 'd', "
    with pytest.raises(FloatingPointError, match=message):
        model.train(callback=plant, progress=False)
    assert len(model.history) == 3
    assert np.isfinite(model.input_vectors).sum() >= 29  # left as they are


def test_a_callback_that_ends_the_training_is_looked_after_too():
    def plant(model, record):
        model.input_vectors[0, 0] = np.nan
        return True

    with pytest.raises(FloatingPointError, match="after the callbacks of epoch 0"):
        fastw2v.Model(WALKS, **SMALL).train(callback=plant, progress=False)


def test_what_was_written_between_two_calls_is_found_before_training():
    model = fastw2v.Model(WALKS, **SMALL).train(progress=False)
    model.output_vectors[2] = np.nan
    before = model.input_vectors.copy()
    key = model.wv.index_to_key[2]
    message = rf"before training, 1 of 5 output vectors \(the first is that of '{key}'"
    with pytest.raises(FloatingPointError, match=message):
        model.train(progress=False)
    np.testing.assert_array_equal(model.input_vectors, before)
    assert len(model.history) == 4


def test_inner_nodes_have_no_key():
    model = fastw2v.Model(WALKS, **SMALL, objective="hierarchical_softmax").train(progress=False)
    model.output_vectors[3, 0] = np.inf
    with pytest.raises(
        FloatingPointError, match=r"output vectors \(the first is that of inner node 3"
    ):
        model.train(progress=False)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("validation", [None, WALKS])
def test_divergence_ends_the_training_before_callbacks_see_it(workers, validation):
    seen = []
    model = fastw2v.Model(WALKS * 20, **SMALL | {"workers": workers, "alpha": 100})
    with pytest.raises(FloatingPointError, match=r"after epoch 0, .*lower alpha \(it is 100\)"):
        model.train(callback=lambda *args: seen.append(args), validation=validation, progress=False)
    assert not seen
    assert [record.epoch for record in model.history] == [0]
    assert len(ruined_rows(model.input_vectors))
    model.wv.vectors[:] = 0  # it can be looked at, and mended
    model.output_vectors[:] = 0
    assert len(model.train(alpha=0.01, progress=False).history) == 5


def test_compat_says_so_too():
    with pytest.raises(FloatingPointError, match=r"after epoch 0, .*lower alpha"):
        Word2Vec(WALKS, vector_size=6, workers=1, sample=0, min_count=1, alpha=1e6)


@pytest.mark.parametrize("shape", [(1, 1), (3, 100), (2 * ROWS + 5, 3)])
def test_rows(shape):
    random = np.random.default_rng(0)
    matrix = fastw2v.matrices.padded(random.normal(size=shape).astype(np.float32))
    assert not len(ruined_rows(matrix))
    matrix *= 1e17  # the squares' sum overflows, but that of no row
    assert not len(ruined_rows(matrix))
    rows = sorted({0, shape[0] // 2, shape[0] - 1})
    matrix[rows, -1] = np.nan
    assert ruined_rows(matrix).tolist() == rows
