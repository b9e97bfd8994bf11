"""Training that begins with given vectors."""

import logging

import numpy as np
import pytest

import fastw2v
from fastw2v import matrices

WALKS = [["a", "b", "c", "d"], ["b", "a", "d"], ["e", "a"]] * 20
SMALL = {"vector_size": 4, "workers": 1, "epochs": 2, "sample": 0}
KEYS = ["e", "elsewhere", "a"]
VECTORS = np.arange(12, dtype=np.float32).reshape(3, 4) / 10


@pytest.fixture(params=["KeyedVectors", "mapping", "of lists"])
def init(request):
    if request.param == "KeyedVectors":
        return fastw2v.KeyedVectors(KEYS, VECTORS)
    rows = VECTORS.tolist() if request.param == "of lists" else VECTORS.astype(np.float64)
    return dict(zip(KEYS, rows, strict=True))


def test_known_keys_begin_with_their_vectors_and_others_from_the_seed(init, caplog):
    with caplog.at_level(logging.INFO, logger="fastw2v"):
        model = fastw2v.Model(WALKS, init=init, **SMALL).grow_vocabulary()
    assert "2 of 5 keys begin with a vector of init" in caplog.text
    expected = matrices.initial(5, 4, seed=1)[0]
    for key, row in ("e", 0), ("a", 2):
        expected[model.wv.get_index(key)] = VECTORS[row]
    np.testing.assert_array_equal(model.input_vectors, expected)
    assert not model.output_vectors.any()
    np.testing.assert_array_equal(init["e"], VECTORS[0])  # copied: training leaves them
    model.train(progress=False)
    np.testing.assert_array_equal(init["e"], VECTORS[0])
    assert not np.array_equal(model.wv["e"], VECTORS[0])


def test_keys_that_join_later_begin_there_too(init):
    model = fastw2v.Model(WALKS, init=init, **SMALL).train(progress=False)
    trained = model.wv["a"].copy()
    model.grow_vocabulary([["a", "elsewhere", "new"]] * 9)
    np.testing.assert_array_equal(model.wv["elsewhere"], VECTORS[1])
    np.testing.assert_array_equal(model.wv["a"], trained)
    np.testing.assert_array_equal(model.wv["new"], matrices.initial(7, 4, seed=1)[0][6])


def test_only_the_rates_move_what_was_given():
    """With hardly a learning rate, vectors end where they began."""
    init = fastw2v.KeyedVectors(list("abcde"), np.eye(5, 4, dtype=np.float32))
    model = fastw2v.Model(WALKS, init=init, **SMALL | {"alpha": 1e-9, "min_alpha": 0})
    model.train(progress=False)
    for key in "abcde":
        np.testing.assert_allclose(model.wv[key], init[key], atol=1e-6)


def test_another_size_is_refused_now():
    for init in fastw2v.KeyedVectors(KEYS, VECTORS), dict(zip(KEYS, VECTORS, strict=True)):
        with pytest.raises(ValueError, match="4 dimensions, but vector_size is 6"):
            fastw2v.Model(WALKS, init=init, vector_size=6)


@pytest.mark.parametrize("init", [VECTORS, [("a", VECTORS[0])], "vectors.bin", 7])
def test_what_has_no_keys_is_refused(init):
    with pytest.raises(TypeError, match=r"init must be KeyedVectors or a mapping.*fastw2v\.load"):
        fastw2v.Model(WALKS, init=init)


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ([1, 2, 3], ValueError, "'a' in init has 3 dimensions, but vector_size is 4"),
        ([[1, 2, 3, 4]], ValueError, r"'a' in init has the shape \(1, 4\)"),
        ("text", TypeError, "'a' in init is none"),
        ([1, 2, 3, np.nan], ValueError, "'a' in init holds NaN"),
        ([1, 2, 3, 1e60], ValueError, "'a' in init holds NaN, infinity or what is too large"),
    ],
)
def test_a_bad_vector_is_named_and_nothing_is_half_done(bad, error, message):
    model = fastw2v.Model(WALKS, init={"e": VECTORS[0], "a": bad}, **SMALL)
    for method in model.train, model.grow_vocabulary:
        with pytest.raises(error, match=message):
            method()
        assert model.vocabulary is model.input_vectors is model.report is None
        assert model.history == []


def test_a_row_that_is_not_finite_is_named():
    vectors = VECTORS.copy()
    vectors[0, 1] = np.inf
    with pytest.raises(ValueError, match="'e' in init holds NaN, infinity"):
        fastw2v.Model(WALKS, init=fastw2v.KeyedVectors(KEYS, vectors), **SMALL).train()


def test_no_key_found_is_warned_of(caplog):
    model = fastw2v.Model(WALKS, init={b"a": VECTORS[0]}, **SMALL).grow_vocabulary()
    assert "a vector for none of the 5 keys, such as 'a'" in caplog.text
    np.testing.assert_array_equal(model.input_vectors, matrices.initial(5, 4, seed=1)[0])


def test_a_tree_can_begin_with_the_vectors_of_another(tmp_path):
    first = fastw2v.Model(WALKS, objective="hierarchical_softmax", **SMALL).train(progress=False)
    first.wv.save(tmp_path / "vectors.safetensors")
    init = fastw2v.load(tmp_path / "vectors.safetensors")  # mapped, and not writable
    model = fastw2v.Model(WALKS + [["f", "a"]] * 9, init=init, **SMALL).grow_vocabulary()
    for key in "abcde":
        np.testing.assert_array_equal(model.wv[key], first.wv[key])
    assert np.isfinite(model.train(progress=False).history[-1].loss)
