"""A vocabulary that grows: rows stay, rows join, counts add up, and nothing is half-done."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastw2v
from fastw2v import matrices, trainer
from fastw2v.growing import Growth, Tally
from fastw2v.vocabulary import Selection, Vocabulary

WALKS = [["a", "b", "c", "d"], ["b", "a", "d"], ["e", "a"]] * 20
MORE = [["a", "new", "b"], ["newer", "new", "c"], ["odd", "a"]] * 4 + [["newer", "a"]] * 3
SMALL = {"vector_size": 6, "workers": 1, "epochs": 2, "sample": 0}


@pytest.fixture
def model():
    return fastw2v.Model(WALKS, **SMALL).train(progress=False)


def state(model):
    return (
        None if model.vocabulary is None else (*model.vocabulary.keys, *model.vocabulary.counts),
        None if model.input_vectors is None else model.input_vectors.tobytes(),
        None if model.output_vectors is None else model.output_vectors.tobytes(),
        list(model.history),
        model._corpus,
        model.report,
    )


def same_vectors(a, b):
    return (a.input_vectors.tobytes(), a.output_vectors.tobytes()) == (
        b.input_vectors.tobytes(),
        b.output_vectors.tobytes(),
    )


def test_old_rows_stay_and_new_ones_begin_as_in_a_new_model(model):
    keys = model.wv.index_to_key.copy()
    inputs, outputs = model.input_vectors.copy(), model.output_vectors.copy()
    assert model.grow_vocabulary(MORE) is model
    assert model.vocabulary.keys == [*keys, "new", "newer"]  # "odd" occurs four times
    np.testing.assert_array_equal(model.input_vectors[:5], inputs)
    np.testing.assert_array_equal(model.output_vectors[:5], outputs)
    np.testing.assert_array_equal(model.input_vectors[5:], matrices.initial(7, 6, seed=1)[0][5:])
    assert not model.output_vectors[5:].any()
    assert len(model.history) == 2


def test_counts_add_up_and_rare_ones_are_not_kept(model):
    occurrences = Counter(token for walk in WALKS + MORE for token in walk)
    model.grow_vocabulary(MORE)
    counts = dict(zip(model.vocabulary.keys, model.vocabulary.counts.tolist(), strict=True))
    assert counts == {key: n for key, n in occurrences.items() if key != "odd"}
    model.grow_vocabulary([["odd", "a", "b"]] * 4)
    assert "odd" not in model.wv
    model.grow_vocabulary([["odd", "a", "b"]] * 5)
    assert model.wv.counts[-1] == 5


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(st.lists(st.integers(0, 12), min_size=2, max_size=6), min_size=1, max_size=8),
        min_size=2,
        max_size=4,
    ),
    st.integers(1, 3),
    st.none() | st.integers(1, 8),
)
def test_any_batches_grow_as_plain_counting_does(batches, min_count, max_size):
    vocabulary, total = [], Counter()
    model = fastw2v.Model(
        vector_size=2,
        min_count=min_count,
        max_vocab_size=max_size,
        sample=0,
        workers=1,
        shuffle=False,
    )
    for batch in batches:
        tokens = [token for sentence in batch for token in sentence]
        counts = Counter(tokens)  # in the order of first appearance
        found = [key for key in counts if counts[key] >= min_count and key not in vocabulary]
        found.sort(key=lambda key: -counts[key])
        room = None if max_size is None else max(max_size - len(vocabulary), 0)
        joined = [*vocabulary, *found[:room]]
        known = [[key for key in sentence if key in joined] for sentence in batch]
        before = state(model)
        if not any(len(sentence) > 1 for sentence in known):
            with pytest.raises(ValueError, match="vocabulary"):
                model.grow_vocabulary(batch)
            assert state(model) == before
            continue
        vocabulary = joined
        total.update({key: n for key, n in counts.items() if key in vocabulary})
        model.grow_vocabulary(batch)
        assert model.vocabulary.keys == vocabulary
        assert model.vocabulary.counts.tolist() == [total[key] for key in vocabulary]
        assert len(model.wv) == len(vocabulary) == len(model.output_vectors)
        read = [[vocabulary[row] for row in sentence] for sentence in sentences_of(model._corpus)]
        assert read == [sentence for sentence in known if sentence]
        model.train(epochs=1, progress=False)
        model.wv.most_similar(vocabulary[-1])


def test_random_settings_and_sentences(monkeypatch):
    """What tests/long/grow_cycles.py does for longer, of native and compat models."""
    monkeypatch.syspath_prepend(Path(__file__).parent / "long")
    from grow_cycles import run

    run(cycles=60, seed=0)


def sentences_of(corpus):
    return np.split(corpus.tokens, corpus.offsets[1:-1])


def test_subsampling_and_noise_follow_the_totals(monkeypatch):
    seen = []
    real_kernel, real_table = trainer.Kernel, trainer.AliasTable

    def kernel(*args, keep_probability, **options):
        seen.append(keep_probability)
        return real_kernel(*args, keep_probability=keep_probability, **options)

    def table(weights):
        seen.append(weights)
        return real_table(weights)

    monkeypatch.setattr(trainer, "Kernel", kernel)
    monkeypatch.setattr(trainer, "AliasTable", table)
    model = fastw2v.Model(WALKS, **SMALL | {"sample": 0.05}).train(progress=False)
    model.partial_fit(MORE, progress=False)
    occurrences = Counter(token for walk in WALKS + MORE for token in walk)
    counts = np.array([occurrences[key] for key in model.wv.index_to_key])
    whole = Vocabulary.in_order(model.wv.index_to_key, counts)
    weights, probability = seen[-2:]
    np.testing.assert_array_equal(probability, whole.keep_probability(0.05))
    np.testing.assert_array_equal(weights, whole.noise_weights(0.75))


def test_vectors_taken_before_grow_with_the_model(model):
    wv, context_wv = model.wv, model.context_wv
    matrix, a = model.input_vectors, model.wv["a"].copy()
    model.grow_vocabulary(MORE)
    assert model.wv is wv
    assert model.context_wv is context_wv
    for keyed, vectors in (wv, model.input_vectors), (context_wv, model.output_vectors):
        assert keyed.vectors is vectors
        assert keyed.index_to_key == model.vocabulary.keys
        assert [keyed.get_index(key) for key in keyed] == list(range(7))
        np.testing.assert_array_equal(keyed.counts, model.vocabulary.counts)
    np.testing.assert_array_equal(wv["a"], a)
    assert len(matrix) == 5
    model.train(progress=False)
    assert not np.array_equal(wv["new"], matrices.initial(7, 6, seed=1)[0][5])
    assert {key for key, _ in wv.most_similar("new")} == {*"abcde", "newer"}


def test_partial_fit_is_growing_and_training(model):
    other = fastw2v.Model(WALKS, **SMALL).train(progress=False)
    model.partial_fit(MORE, epochs=3, alpha=0.01, min_alpha=0, progress=False)
    other.grow_vocabulary(iter(MORE))
    other.train(epochs=3, alpha=0.01, min_alpha=0, progress=False)
    assert same_vectors(model, other)
    assert [record.epoch for record in model.history] == [0, 1, 2, 3, 4]
    assert model.history[-1].lr == 0
    assert model.parameters.epochs == 2
    assert model.report.vocabulary_size == 7
    assert model.report.tokens == sum(map(len, MORE))


def test_the_first_call_is_train(model):
    assert same_vectors(fastw2v.Model(**SMALL).partial_fit(WALKS, progress=False), model)
    grown = fastw2v.Model(iter(WALKS), **SMALL).grow_vocabulary()
    assert grown.history == []
    np.testing.assert_array_equal(grown.input_vectors, matrices.initial(5, 6, seed=1)[0])
    assert not grown.output_vectors.any()
    assert grown.report.tokens == sum(map(len, WALKS))
    assert same_vectors(grown.train(progress=False), model)


def test_old_and_new_structure_are_learned(planted, planted_share):
    """Half of the pairs of classes come first; the others, with some of the first, later."""
    first = [s for s in planted if int(s[0][1:].split("w")[0]) < 12]
    rest = [s for s in planted if int(s[0][1:].split("w")[0]) >= 12]
    model = fastw2v.Model(vector_size=24, window=1, sample=0, workers=1)
    model.partial_fit(first, progress=False)
    assert len(model.wv) == 12 * 4
    model.partial_fit(rest + first[:500], progress=False)
    assert planted_share(model.wv) >= 0.95


def test_loaded_models_grow_alike(model, tmp_path):
    model.partial_fit(MORE, progress=False)
    model.save(tmp_path / "m")
    loaded = fastw2v.Model.load(tmp_path / "m")
    assert loaded.vocabulary.keys == model.vocabulary.keys
    for each in model, loaded:
        each.partial_fit([["newest", "new", "a"]] * 9, progress=False)
    assert "newest" in loaded.wv
    assert same_vectors(model, loaded)


# Counts without sentences, and encoded corpora ---------------------------------------------------


@pytest.mark.parametrize("kind", ["mapping", "vocabulary"])
def test_counts_alone_make_and_grow_a_vocabulary(kind):
    def counts_of(sentences):
        vocabulary = fastw2v.count(sentences, min_count=1)
        if kind == "vocabulary":
            return vocabulary
        return dict(zip(vocabulary.keys, vocabulary.counts.tolist(), strict=True))

    model = fastw2v.Model(**SMALL).grow_vocabulary(counts_of(WALKS))
    assert model.report is None
    with pytest.raises(ValueError, match="no sentences to train on"):
        model.train()
    expected = fastw2v.Model(WALKS, **SMALL).train(progress=False)
    assert same_vectors(model.train(WALKS, progress=False), expected)
    model.grow_vocabulary(counts_of(MORE))  # all keys join, whatever min_count says
    assert model.vocabulary.keys[5:] == ["new", "newer", "odd"]
    assert model.report.vocabulary_size == 8
    assert model.train(progress=False).history[-1].tokens == sum(map(len, WALKS))


def test_a_given_vocabulary_grows_by_counts():
    model = fastw2v.Model(vocabulary={"x": 3, "y": 9}, **SMALL).grow_vocabulary({"z": 50, "x": 2})
    assert model.vocabulary.keys == ["y", "x", "z"]
    assert model.vocabulary.counts.tolist() == [9, 5, 50]


def test_a_corpus_is_counted_by_its_own_tokens(model):
    """Its vocabulary may have the counts of others, as this one has those of WALKS."""
    other = fastw2v.Model(WALKS, **SMALL).train(progress=False)
    keys = {**dict.fromkeys(model.vocabulary.keys, 10**6), "new": 1, "newer": 1}
    model.partial_fit(fastw2v.encode(MORE, vocabulary=keys), progress=False)
    other.partial_fit(MORE, progress=False)
    assert dict(zip(model.vocabulary.keys, model.vocabulary.counts, strict=True)) == dict(
        zip(other.vocabulary.keys, other.vocabulary.counts, strict=True)
    )
    assert model.history[-1].tokens == other.history[-1].tokens


def test_all_keys_of_a_corpus_join(model):
    model.partial_fit(fastw2v.encode([["once", "a"]], min_count=1), progress=False)
    assert model.vocabulary.keys[-1] == "once"


@pytest.mark.parametrize("encoded", [False, True])
def test_numbered_nodes_stay_their_rows(encoded, tmp_path):
    model = fastw2v.Model([[0, 2, 2], [2, 0]] * 3, vocabulary="identity", **SMALL)
    model.train(progress=False)
    model.save(tmp_path / "m")
    for grown in model, fastw2v.Model.load(tmp_path / "m"):
        more = [[5, 1, 5]]
        grown.partial_fit(fastw2v.encode(more, min_count=1) if encoded else more, progress=False)
        assert grown.vocabulary.keys == [0, 1, 2, 3, 4, 5]
        assert grown.vocabulary.counts.tolist() == [6, 1, 9, 0, 0, 2]
        with pytest.raises(TypeError, match="'x' is none"):
            grown.grow_vocabulary({"x": 1})


# Nothing half-done --------------------------------------------------------------------------------


def faulty():
    yield ["a", "new"] * 10
    raise ZeroDivisionError("in the caller's code")


@pytest.mark.parametrize("trained", [True, False])
@pytest.mark.parametrize(
    ("sentences", "error", "message"),
    [
        (faulty, ZeroDivisionError, "in the caller"),
        ([["a", "new"]] * 9 + [["a", None]], TypeError, "sentence 9, position 1"),
        ([["x", "y"], ["z"]], ValueError, "vocabulary"),
        ([], ValueError, "nothing to train on"),
        ("no such file", FileNotFoundError, "no such file"),
        (7, TypeError, "sentences must be"),
    ],
)
def test_bad_sentences_leave_the_model_as_it_was(trained, sentences, error, message, model):
    model = model if trained else fastw2v.Model(**SMALL)
    before = state(model)
    for method in model.partial_fit, model.grow_vocabulary:
        with pytest.raises(error, match=message):
            method(sentences() if callable(sentences) else sentences)
        assert state(model) == before


@pytest.mark.parametrize(
    "counts", [{}, {"x": 0}, {"x": 1.5}, {"x": -1, "y": 2}], ids=["none", "0", "1.5", "-1"]
)
def test_bad_counts_leave_the_model_as_it_was(counts, model):
    before = state(model)
    with pytest.raises((TypeError, ValueError), match=r"count|key"):
        model.grow_vocabulary(counts)
    assert state(model) == before


def test_a_model_that_cannot_begin_has_not_grown(model, monkeypatch):
    def no_memory(kernel):
        raise MemoryError

    wv, before = model.wv, state(model)
    with monkeypatch.context() as patch:
        patch.setattr("fastw2v.team.Scratch", no_memory)
        with pytest.raises(MemoryError):
            model.partial_fit(MORE, progress=False)
    assert state(model) == before
    with monkeypatch.context() as patch:
        patch.setattr("fastw2v.resources.available_memory", lambda: 100)
        with pytest.raises(MemoryError, match="7 words x 6 dimensions"):
            model.grow_vocabulary(MORE)
    assert state(model) == before
    assert len(wv) == 5
    with pytest.raises(ValueError, match="epochs must be from 1"):
        model.partial_fit(MORE, epochs=0)
    assert state(model) == before
    model.partial_fit(MORE, progress=False)
    assert len(wv) == 7


def test_the_softmaxs_bound_holds_for_growing():
    model = fastw2v.Model(WALKS, objective="softmax", **SMALL).train(progress=False)
    before = state(model)
    with pytest.raises(ValueError, match="at most 20,000 words"):
        model.grow_vocabulary({str(i): 1 for i in range(20_001)})
    assert state(model) == before


def test_what_grows_must_be_new():
    for model in fastw2v.Model(**SMALL), fastw2v.Model(WALKS, **SMALL).train(progress=False):
        with pytest.raises(ValueError, match="no sentences to count"):
            model.grow_vocabulary()
        with pytest.raises(ValueError, match="partial_fit needs new sentences"):
            model.partial_fit(None)
    with pytest.raises(ValueError, match="and others here as well"):
        fastw2v.Model(WALKS, **SMALL).partial_fit(MORE)


def test_a_trained_tree_is_never_exchanged_for_another():
    """Its inner nodes have the output vectors, and other counts make other nodes."""
    model = fastw2v.Model(objective="hierarchical_softmax", **SMALL)
    model.grow_vocabulary(WALKS)
    model.grow_vocabulary(MORE)  # while there is nothing learned that could be lost
    assert len(model.wv) == 7
    model.train(progress=False)
    before, sentences = state(model), iter(MORE)
    for grow in (
        lambda: model.partial_fit(sentences),
        lambda: model.grow_vocabulary(sentences),
        lambda: model.grow_vocabulary({"x": 1}),
    ):
        with pytest.raises(ValueError, match=r"another Huffman tree.*init=model.wv"):
            grow()
        assert state(model) == before
    assert len(list(sentences)) == len(MORE)
    again = fastw2v.Model(
        WALKS + MORE, objective="hierarchical_softmax", init=model.wv, **SMALL
    ).grow_vocabulary()
    np.testing.assert_array_equal(again.wv["new"], model.wv["new"])


def test_growth_knows_the_keys_it_has_whatever_they_are():
    """1, 1.0 and True are one key to Python, so also here."""
    before = Vocabulary([1, "1"], np.array([2, 1]))
    grown, numbers = Growth(before, Selection(min_count=1)).choose(Tally({True: 3, (1,): 4}))
    assert grown.keys == [1, "1", (1,)]
    assert grown.counts.tolist() == [5, 1, 4]
    assert numbers.tolist() == [1, -1, 0]
