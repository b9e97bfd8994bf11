"""The public face: what ``Model`` accepts, refuses, remembers, saves and loads."""

import inspect
import logging
import threading
from dataclasses import asdict

import numpy as np
import pytest

import fastw2v
from fastw2v.formats import safetensors

WALKS = [["a", "b", "c", "d"], ["b", "a", "d"], ["e", "a"]] * 20
SMALL = {"vector_size": 6, "workers": 1, "epochs": 2, "sample": 0}


@pytest.fixture
def model():
    return fastw2v.Model(WALKS, **SMALL).train(progress=False)


def state(model):
    return (
        model.vocabulary,
        None if model.input_vectors is None else model.input_vectors.tobytes(),
        None if model.output_vectors is None else model.output_vectors.tobytes(),
        list(model.history),
    )


def test_ten_lines_of_use(model, tmp_path):
    assert model.wv["a"].shape == (6,)
    assert model.context_wv["a"].tobytes() != model.wv["a"].tobytes()
    assert {key for key, _ in model.wv.most_similar("a", topn=10)} == set("bcde")
    model.save(tmp_path / "m.safetensors")
    assert fastw2v.Model.load(tmp_path / "m.safetensors").wv.index_to_key == model.wv.index_to_key


@pytest.mark.parametrize(
    "sentences",
    [
        WALKS,
        tuple(map(tuple, WALKS)),
        (walk for walk in WALKS),
        [iter(walk) for walk in WALKS],
        "file",
        "file.gz",
    ],
    ids=["lists", "tuples", "generator", "iterators", "file", "gz"],
)
def test_every_input_gives_the_same_vectors(sentences, model, tmp_path):
    if isinstance(sentences, str):
        import gzip

        path = tmp_path / sentences
        opener = gzip.open if path.suffix else open
        with opener(path, "wt") as file:
            file.writelines(" ".join(walk) + "\n" for walk in WALKS)
        sentences = path
    other = fastw2v.Model(sentences, **SMALL).train(progress=False)
    assert other.wv.index_to_key == model.wv.index_to_key
    np.testing.assert_array_equal(other.input_vectors, model.input_vectors)


def test_integer_walks_keep_integer_keys():
    walks = np.array([[7, 3, 7, -1], [3, 7, 3, 3]] * 10)
    model = fastw2v.Model(walks, **SMALL).train(progress=False)
    assert model.wv.index_to_key == [3, 7, -1]
    assert all(type(key) is int for key in model.wv.index_to_key)
    as_lists = fastw2v.Model(walks.tolist(), **SMALL).train(progress=False)
    np.testing.assert_array_equal(as_lists.input_vectors, model.input_vectors)


def test_sentences_may_come_with_train(model):
    other = fastw2v.Model(**SMALL).train(WALKS, progress=False)
    np.testing.assert_array_equal(other.input_vectors, model.input_vectors)


def test_training_goes_on(model):
    before = model.input_vectors.copy()
    assert model.train(progress=False) is model
    assert [record.epoch for record in model.history] == [0, 1, 2, 3]
    assert not np.array_equal(model.input_vectors, before)
    model.train([["a", "b", "unheard-of"]] * 10, progress=False)
    assert "unheard-of" not in model.wv
    assert model.history[-1].tokens == 30


def test_a_tree_is_the_first_corpuss_for_good(tmp_path):
    """Its nodes have the output vectors: with other counts they would be other nodes."""
    model = fastw2v.Model(WALKS, **SMALL, objective="hierarchical_softmax").train(progress=False)
    counts = model.vocabulary.counts.copy()
    model.save(tmp_path / "m")
    loaded = fastw2v.Model.load(tmp_path / "m")
    for again in model, loaded:
        again.train([["e", "d"]] * 500, progress=False)
        np.testing.assert_array_equal(again.vocabulary.counts, counts)
    np.testing.assert_array_equal(model.output_vectors, loaded.output_vectors)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"architecture": "cbow", "window": (2, 3), "alpha": 0.07},
        {"objective": "softmax", "window": None, "seed": 2**64 - 1},
        {"objective": "hierarchical_softmax", "negative": 0},
    ],
)
def test_save_and_load_keep_everything(parameters, tmp_path):
    model = fastw2v.Model(WALKS, **SMALL, **parameters).train(progress=False)
    path = tmp_path / "model.safetensors"
    model.save(path)
    loaded = fastw2v.Model.load(path)
    assert loaded.parameters == model.parameters
    assert loaded.workers == model.workers
    assert loaded.history == model.history
    assert loaded.vocabulary.keys == model.vocabulary.keys
    np.testing.assert_array_equal(loaded.vocabulary.counts, model.vocabulary.counts)
    # Trained on, both end in the same bits.
    loaded.train(WALKS, progress=False)
    model.train(WALKS, progress=False)
    np.testing.assert_array_equal(loaded.input_vectors, model.input_vectors)
    np.testing.assert_array_equal(loaded.output_vectors, model.output_vectors)


def test_the_vectors_of_a_loaded_model_follow_its_training(model, tmp_path):
    model.save(tmp_path / "model.safetensors")
    loaded = fastw2v.Model.load(tmp_path / "model.safetensors")
    wv = loaded.wv
    before = wv.vectors.copy()
    loaded.train(WALKS, progress=False)
    assert loaded.wv is wv
    assert not np.array_equal(wv.vectors, before)


def test_vectors_alone_are_no_model(model, tmp_path):
    model.wv.save(tmp_path / "vectors.safetensors")
    with pytest.raises(ValueError, match=r"holds no model.*KeyedVectors.load"):
        fastw2v.Model.load(tmp_path / "vectors.safetensors")


@pytest.mark.parametrize("damage", ["vector_size", "counts"])
def test_a_model_file_that_contradicts_itself_is_refused(damage, model, tmp_path):
    path = tmp_path / "model.safetensors"
    keys, counts = model.vocabulary.keys, model.vocabulary.counts
    matrices = {"input_vectors": model.input_vectors, "output_vectors": model.output_vectors}
    settings = asdict(model.parameters)
    if damage == "vector_size":
        settings["vector_size"] += 1
    else:
        counts = counts * 0
    metadata = {"hyperparameters": settings, "workers": 1, "history": []}
    safetensors.write(path, keys, counts, matrices, metadata)
    with pytest.raises(ValueError, match=r"model.safetensors is damaged"):
        fastw2v.Model.load(path)


def test_what_needs_training_says_so(tmp_path):
    untrained = fastw2v.Model(WALKS)
    for use in (
        lambda: untrained.wv,
        lambda: untrained.context_wv,
        lambda: untrained.save(tmp_path / "x"),
    ):
        with pytest.raises(RuntimeError, match=r"call train\(\) first"):
            use()
    with pytest.raises(ValueError, match="no sentences to train on"):
        fastw2v.Model().train()


@pytest.mark.parametrize(
    ("sentences", "error", "message"),
    [
        ("no such file.txt", FileNotFoundError, r"no file 'no such file.txt'.*token lists"),
        (b"bytes", TypeError, "sentences must be an iterable of token sequences"),
        ({"a": 1}, TypeError, "sentences must be an iterable of token sequences"),
        (7, TypeError, "sentences must be an iterable of token sequences"),
        (np.zeros((2, 2)), TypeError, "2-D and of integers"),
        (["a list of texts", "not split"], TypeError, "sentence 0 is 'a list of texts'.*split it"),
    ],
)
def test_impossible_sentences_are_refused_at_once(sentences, error, message):
    with pytest.raises(error, match=message):
        fastw2v.Model(sentences)
    with pytest.raises(error, match=message):
        fastw2v.Model().train(sentences)


def faulty():
    yield ["a", "b"] * 10
    raise ZeroDivisionError("from the caller's own code")


@pytest.mark.parametrize(
    ("sentences", "error", "message"),
    [
        ([["a", "b"], "a b"], TypeError, "sentence 1 is 'a b'.*split it"),
        ([["a", None]], TypeError, "sentence 0, position 1: None"),
        ([["a"], ["b", ["c"]]], TypeError, "sentence 1, position 1: .*not hashable"),
        ([], ValueError, "nothing to train on"),
        ([["a"], ["b"]] * 9, ValueError, "no sentence has two tokens"),
        ([["a", "b"]], ValueError, "min_count must be at most 1"),
        (faulty(), ZeroDivisionError, "from the caller's own code"),
    ],
)
def test_bad_sentences_leave_the_model_as_it_was(sentences, error, message, model):
    fresh = fastw2v.Model(**SMALL)
    before, threads = state(fresh), threading.active_count()
    with pytest.raises(error, match=message):
        fresh.train(sentences, progress=False)
    assert state(fresh) == before
    assert threading.active_count() == threads
    fresh.train(WALKS, progress=False)
    np.testing.assert_array_equal(fresh.input_vectors, model.input_vectors)


def test_an_iterator_whose_reading_failed_is_not_read_on():
    def sentences():
        yield ["a", "b"]
        yield ["a", None]
        yield from WALKS

    for given in (sentences(), map(list, sentences())):
        model = fastw2v.Model(given, **SMALL)
        with pytest.raises(TypeError):
            model.train(progress=False)
        with pytest.raises(ValueError, match="used up"):
            model.train(progress=False)


def test_one_training_at_a_time(model):
    def sentences():
        with pytest.raises(RuntimeError, match="training this model already"):
            model.train()
        yield from WALKS

    assert len(model.train(sentences(), progress=False).history) == 4


def test_divergence_is_said(caplog):
    model = fastw2v.Model(WALKS, **SMALL, alpha=1e30)
    with pytest.raises(FloatingPointError, match=r"after epoch 0, 5 of 5 input .*lower alpha"):
        model.train(progress=False)
    [record] = model.history
    assert not np.isfinite(record.loss)
    assert not np.isfinite(model.input_vectors).any()
    assert not caplog.text


def test_sentences_are_given_once():
    model = fastw2v.Model(WALKS, **SMALL)
    with pytest.raises(ValueError, match=r"were given to Model, .* and others here as well"):
        model.train(WALKS)


def test_a_trained_model_survives_bad_sentences(model):
    before = state(model)
    for sentences in ([["x", "y"]], faulty(), [["a", None]]):
        with pytest.raises((ValueError, TypeError, ZeroDivisionError)):
            model.train(sentences, progress=False)
        assert state(model) == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("workers", 0),
        ("workers", 1.5),
        ("workers", True),
        ("window", 0),
        ("alpha", 0),
        ("epochs", 0),
    ],
)
def test_hyperparameters_are_checked_now(name, value):
    with pytest.raises((TypeError, ValueError), match=name):
        fastw2v.Model(WALKS, **{name: value})


def test_unknown_options_are_refused():
    with pytest.raises(TypeError, match="size"):
        fastw2v.Model(WALKS, size=100)
    with pytest.raises(TypeError):
        fastw2v.Model(WALKS, 100)


def test_the_softmax_names_its_bound_and_the_remedy():
    many = [[str(i) for i in range(20_001)]] + [["0", "1"]] * 3
    model = fastw2v.Model(many, objective="softmax", min_count=1, vector_size=2)
    with pytest.raises(ValueError, match=r"at most 20,000 words.*20,001: use min_count=2.*negativ"):
        model.train(progress=False)
    assert state(model) == (None, None, None, [])
    even = fastw2v.Model([[str(i) for i in range(20_001)]] * 3, objective="softmax", min_count=1)
    with pytest.raises(ValueError, match="20,001: use objective='negative_sampling'"):
        even.train(progress=False)


def test_matrices_that_do_not_fit_are_refused_before_they_are_allocated(monkeypatch):
    monkeypatch.setattr("fastw2v.resources.available_memory", lambda: 1_000)
    model = fastw2v.Model(WALKS, vector_size=1_000)
    padded = 2 * 5 * 4 * 1_008
    with pytest.raises(
        MemoryError, match=rf"5 words x 1,000 dimensions \({padded:,} bytes\) .* and 1,000 bytes"
    ):
        model.train(progress=False)
    assert state(model) == (None, None, None, [])


def test_nothing_changes_when_the_trainer_cannot_begin(monkeypatch):
    def no_memory(kernel):
        raise MemoryError

    model = fastw2v.Model(WALKS, **SMALL)
    with monkeypatch.context() as patch:
        patch.setattr("fastw2v.team.Scratch", no_memory)
        with pytest.raises(MemoryError):
            model.train(progress=False)
    assert state(model) == (None, None, None, [])
    assert len(model.train(progress=False).history) == 2


def test_shuffling_can_be_left_out():
    texts = [[f"w{n}", f"w{n + 1}", f"w{n + 2}"] for n in range(40)] * 5
    settings = SMALL | {"min_count": 1}
    first, again = (
        fastw2v.Model(texts, shuffle=True, **settings).train(progress=False) for _ in range(2)
    )
    in_order = fastw2v.Model(texts, shuffle=False, **settings).train(progress=False)
    np.testing.assert_array_equal(first.input_vectors, again.input_vectors)
    assert first.wv.index_to_key == in_order.wv.index_to_key
    assert not np.array_equal(first.input_vectors, in_order.input_vectors)


def test_keyed_vectors_are_made_once(model):
    assert model.wv is model.wv
    assert model.context_wv is not model.wv
    before = model.wv["a"].copy()
    model.train(progress=False)
    assert not np.array_equal(model.wv["a"], before)  # a view of the matrix, not a copy
    model.input_vectors = model.input_vectors.copy()
    assert model.wv.vectors is model.input_vectors


def test_every_core_means_those_of_the_machine_that_trains(tmp_path):
    model = fastw2v.Model(WALKS, vector_size=4).train(progress=False)
    model.save(tmp_path / "m")
    assert fastw2v.Model.load(tmp_path / "m").workers is None


def test_a_models_defaults_are_those_of_the_hyperparameters():
    assert fastw2v.Model().parameters == fastw2v.Hyperparameters()
    for name in inspect.signature(fastw2v.Hyperparameters).parameters:
        assert name in inspect.signature(fastw2v.Model).parameters
    cbow = {"architecture": "cbow", "objective": "hierarchical_softmax"}
    assert fastw2v.Model(**cbow).parameters == fastw2v.Hyperparameters(**cbow)


def test_progress_and_logging(capsys, caplog):
    with caplog.at_level(logging.INFO, logger="fastw2v"):
        fastw2v.Model(WALKS, **SMALL).train()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == ""  # no terminal, no bar
    assert "5 distinct" in caplog.text
    assert "epoch 1: loss" in caplog.text
    fastw2v.Model(WALKS, **SMALL).train(progress=True)
    assert "words" in capsys.readouterr().err


def test_initial_vectors_come_from_the_seed_alone():
    tiny = {"vector_size": 8, "alpha": 1e-30, "min_alpha": 0, "epochs": 1, "min_count": 1}
    first = fastw2v.Model([["a", "b"]], **tiny).train(progress=False)
    other = fastw2v.Model([["b", "c"]] * 9, workers=2, **tiny).train(progress=False)
    np.testing.assert_array_equal(first.input_vectors, other.input_vectors)
    assert abs(first.input_vectors).max() <= 0.5 / 8
    assert abs(first.output_vectors).max() < 1e-20
    assert not np.array_equal(
        first.input_vectors,
        fastw2v.Model([["a", "b"]], seed=2, **tiny).train(progress=False).input_vectors,
    )


def test_repr(model):
    assert repr(fastw2v.Model()) == (
        "<fastw2v.Model: skipgram, negative_sampling, untrained, 0 epochs>"
    )
    assert "5 keys, 2 epochs" in repr(model)


def test_matrices_of_another_shape_are_refused(model):
    before = model.input_vectors
    for bad, message in [
        (np.ones((5, 3), np.float32), r"a row of \d+ numbers for each of the \d+ keys.*\(5, 3\)"),
        ([[1.0]], "must be an array of numbers, not list"),
        (None, "must be an array of numbers, not NoneType"),
    ]:
        model.input_vectors = bad
        with pytest.raises((TypeError, ValueError), match=f"input_vectors.*{message}"):
            model.train(progress=False)
        model.input_vectors = before
    model.train(progress=False)


def test_a_bad_environment_is_not_blamed_on_the_file(model, tmp_path, monkeypatch):
    model.save(tmp_path / "model.safetensors")
    monkeypatch.setenv("FASTW2V_KERNEL", "none")
    loaded = fastw2v.Model.load(tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="FASTW2V_KERNEL asks for 'none'"):
        loaded.train(WALKS, progress=False)


@pytest.mark.parametrize("objective", ["negative_sampling", "hierarchical_softmax"])
def test_whole_sentences_as_windows_do_not_diverge(objective, caplog):
    """As one step a window of 149 contexts would be too long: see MOST_CONTEXTS."""
    sentences = [["a", "b", "c"] * 50] * 20
    options = {"window": None, "sample": 0, "workers": 1, "objective": objective}
    model = fastw2v.Model(sentences, **options).train(progress=False)
    assert model.history[-1].loss < 10
    assert not caplog.text


def test_an_exploding_loss_is_warned_of_though_finite(caplog):
    walks = [["a", "b", "c"], ["a", "c", "d"]] * 20
    options = {"vector_size": 8, "negative": 1000, "epochs": 1, "sample": 0, "workers": 1}
    model = fastw2v.Model(walks, **options).train(progress=False)
    assert np.isfinite(model.history[0].loss)
    assert "training diverged; lower alpha" in caplog.text
