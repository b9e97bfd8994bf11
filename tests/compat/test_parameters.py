"""Every parameter of ``Word2Vec``: what it changes, or that it changes nothing."""

import inspect

import numpy as np
import pytest

import fastw2v
from fastw2v import matrices
from fastw2v.compat import CallbackAny2Vec, Word2Vec
from fastw2v.compat.vocabulary import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP

DEFAULTS = {
    "sentences": None, "corpus_file": None, "vector_size": 100, "alpha": 0.025, "window": 5,
    "min_count": 5, "max_vocab_size": None, "sample": 1e-3, "seed": 1, "workers": 3,
    "min_alpha": 0.0001, "sg": 0, "hs": 0, "negative": 5, "ns_exponent": 0.75, "cbow_mean": 1,
    "hashfxn": hash, "epochs": 5, "null_word": 0, "trim_rule": None, "sorted_vocab": 1,
    "batch_words": 10_000, "compute_loss": False, "callbacks": (), "comment": None,
    "max_final_vocab": None, "shrink_windows": True,
}  # fmt: skip


def same(a, b):
    return a.wv.vectors.shape == b.wv.vectors.shape and np.array_equal(a.wv.vectors, b.wv.vectors)


def test_names_order_and_defaults():
    found = inspect.signature(Word2Vec).parameters
    assert {n: p.default for n, p in found.items() if n != "unknown"} == DEFAULTS
    assert [name for name in found if name != "unknown"] == list(DEFAULTS)


def test_they_are_gensims():
    gensim = pytest.importorskip("gensim.models.word2vec")
    found = inspect.signature(gensim.Word2Vec).parameters
    assert {name: p.default for name, p in found.items()} == DEFAULTS


@pytest.mark.parametrize(("old", "new"), [("size", "vector_size"), ("iter", "epochs")])
def test_names_of_old_say_the_new(old, new):
    with pytest.raises(TypeError, match=f"no parameter '{old}'; since gensim 4 it is {new}"):
        Word2Vec(**{old: 10})
    with pytest.raises(TypeError, match=r"no parameter 'windw'$"):
        Word2Vec(windw=10)


def test_sentences_and_corpus_file_are_the_same(make, sentences, tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(map(" ".join, sentences)))
    assert same(make(), make(None, corpus_file=path))
    with pytest.raises(TypeError, match="both were"):
        make(sentences, corpus_file=path)


def test_a_compressed_corpus_file_is_read(make, sentences, tmp_path):
    import gzip

    path = tmp_path / "corpus.txt.gz"
    path.write_bytes(gzip.compress("\n".join(map(" ".join, sentences)).encode()))
    assert same(make(), make(None, corpus_file=str(path)))


@pytest.mark.parametrize("given", ["no file", 5, b"x"])
def test_no_corpus_file(given):
    with pytest.raises(TypeError, match="corpus_file must be the path of a file"):
        Word2Vec(corpus_file=given)


@pytest.mark.parametrize("given", ["a text", b"bytes", 5, {"a": 1}])
def test_no_sentences(given):
    with pytest.raises(TypeError, match="sentences"):
        Word2Vec(given)


def test_a_generator_does_for_the_constructor(make, sentences):
    assert same(make(), make(iter(sentences)))
    assert same(make(), make(sentence for sentence in sentences))


@pytest.mark.parametrize("d", [1, 16, 33])
def test_vector_size(make, d):
    model = make(vector_size=d)
    assert model.wv.vectors.shape == model.syn1neg.shape == (30, d)
    assert model.layer1_size == model.vector_size == d


# What each of these does to the vectors is fastw2v's own and tested there; here, that it arrives.
ARRIVE = {
    "alpha": (0.05, {"alpha": 0.05}),
    "min_alpha": (0.01, {"min_alpha": 0.01}),
    "window": (2, {"window": 2}),
    "sample": (0.01, {"sample": 0.01}),
    "seed": (7, {"seed": 7}),
    "sg": (1, {"architecture": "skipgram"}),
    "negative": (2, {"negative": 2}),
    "ns_exponent": (-0.5, {"ns_exponent": -0.5}),
    "cbow_mean": (0, {"cbow_mean": False}),
    "shrink_windows": (False, {"shrink_windows": False}),
}


def natively(sentences, **options):
    """The same model by fastw2v's names; ties of its vocabulary are ordered otherwise.

    It begins at twice what fastw2v draws, as gensim does.
    """
    vocabulary = Word2Vec(**{"min_count": 1})
    vocabulary.build_vocab(sentences)
    keys, counts = vocabulary.wv.index_to_key, vocabulary.wv.counts
    drawn, _ = matrices.initial(len(keys), 8, options.get("seed", 1))
    model = fastw2v.Model(
        vocabulary=fastw2v.Vocabulary.in_order(keys, counts),
        init=dict(zip(keys, 2 * drawn, strict=True)),
        **{
            "architecture": "cbow",
            "cbow_gradient": "word2vec",
            "vector_size": 8,
            "workers": 1,
            "sample": 0,
            "alpha": 0.025,
            **options,
        },
    )
    for epoch in range(2):
        rates = [model.parameters.alpha, model.parameters.min_alpha]
        first, last = (rates[0] + (rates[1] - rates[0]) * e / 2 for e in (epoch, epoch + 1))
        model.train(sentences, epochs=1, alpha=first, min_alpha=last, progress=False)
    return model


@pytest.mark.parametrize("name", [None, *ARRIVE])
def test_each_arrives_in_fastw2v(make, sentences, name):
    given, settings = ({}, {}) if name is None else ({name: ARRIVE[name][0]}, ARRIVE[name][1])
    model, native = make(**given), natively(sentences, **settings)
    np.testing.assert_array_equal(model.wv.vectors, native.wv.vectors)
    np.testing.assert_array_equal(model.syn1neg, native.output_vectors)
    if name is not None:
        assert not same(model, make())
    assert getattr(model, name or "sg") == given.get(name, 0)


def test_hierarchical_softmax_arrives(make, sentences):
    model = make(hs=1, negative=0)
    native = natively(sentences, objective="hierarchical_softmax")
    np.testing.assert_array_equal(model.wv.vectors, native.wv.vectors)
    np.testing.assert_array_equal(model.syn1, native.output_vectors)
    assert not hasattr(model, "syn1neg")


@pytest.mark.parametrize("sg", [0, 1])
def test_both_objectives_train_both_matrices(make, sg):
    model = make(sg=sg, hs=1, negative=5)
    assert model.syn1.any()
    assert model.syn1neg.any()
    one, other = make(sg=sg, hs=0).history[0].loss, make(sg=sg, hs=1, negative=0).history[0].loss
    assert model.history[0].loss == pytest.approx(one + other, rel=0.1)


def test_neither_objective_is_refused(make):
    with pytest.raises(ValueError, match="'hs' or 'negative'"):
        make(hs=0, negative=0)


@pytest.mark.parametrize("epochs", [1, 3])
def test_epochs(make, epochs):
    assert len(make(epochs=epochs).history) == epochs


def test_one_worker_and_a_seed_give_the_same_bits(make):
    assert same(make(), make())
    assert same(make(seed=None, epochs=1), make(seed=None, epochs=1)) is False
    assert make(workers=2).wv.vectors.shape == (30, 8)


NO_EFFECT = {
    "hashfxn": lambda text: 0,
    "batch_words": 17,
    "compute_loss": True,
    "comment": "mine",
    "callbacks": [CallbackAny2Vec()],
}


@pytest.mark.parametrize("name", NO_EFFECT)
def test_no_effect_on_vectors(make, name):
    model = make(**{name: NO_EFFECT[name]})
    assert same(model, make())
    if name != "callbacks":
        assert getattr(model, name) == NO_EFFECT[name]


def keys_of(**options):
    model = Word2Vec(**{"min_count": 1, **options})
    model.build_vocab([["b", "a", "a", "c"], ["d", "c", "b", "a", "e"]])
    return model.wv.index_to_key


def test_min_count():
    assert keys_of(min_count=2) == ["a", "c", "b"]
    assert keys_of(min_count=0) == keys_of(min_count=1) == ["a", "c", "b", "e", "d"]


def test_sorted_vocab_has_ties_from_last_to_first_as_gensim():
    assert keys_of(sorted_vocab=1) == ["a", "c", "b", "e", "d"]
    assert keys_of(sorted_vocab=0) == ["b", "a", "c", "d", "e"]


def test_the_order_is_gensims(sentences):
    gensim = pytest.importorskip("gensim.models.word2vec")
    for options in ({}, {"sorted_vocab": 0}, {"max_final_vocab": 12}, {"max_vocab_size": 9}):
        ours, theirs = (cls(min_count=2, **options) for cls in (Word2Vec, gensim.Word2Vec))
        for model in ours, theirs:
            model.build_vocab(sentences)
        assert ours.wv.index_to_key == theirs.wv.index_to_key
        counts = [theirs.wv.get_vecattr(key, "count") for key in theirs.wv.index_to_key]
        assert ours.wv.counts.tolist() == counts
        assert ours.corpus_total_words == theirs.corpus_total_words
        assert ours.corpus_count == theirs.corpus_count


def test_max_final_vocab_raises_min_count():
    model = Word2Vec(min_count=1, max_final_vocab=2)
    model.build_vocab([["b", "a", "a", "c"], ["d", "c", "b", "a", "e"]])
    assert model.wv.index_to_key == ["a"]  # b and c tie, and both would be too many
    assert (model.effective_min_count, model.min_count) == (3, 1)
    assert keys_of(max_final_vocab=3) == ["a", "c", "b"]
    assert keys_of(max_final_vocab=9) == keys_of()
    assert keys_of(max_final_vocab=4, min_count=3) == ["a"]


def test_max_vocab_size_forgets_the_rare_while_counting():
    # After each sentence with too many: those below 1, then those below 2, …
    sentences = [["a", "b"], ["a", "b"], ["b", "c"], ["a", "b"], ["d", "e", "d", "e", "d"]]
    model = Word2Vec(min_count=0, max_vocab_size=2)
    model.build_vocab(sentences, keep_raw_vocab=True)
    assert model.raw_vocab == {"a": 3, "b": 4, "d": 3}
    assert (model.corpus_total_words, model.corpus_count) == (13, 5)
    model.build_vocab([["a"], [], ["b"]])
    assert model.corpus_count == 2  # sentences without a token don't count


def test_max_vocab_size_leaves_integers_what_they_are():
    model = Word2Vec(np.array([[3, 1], [1, 3]]), min_count=1, max_vocab_size=9, vector_size=4)
    assert sorted(model.wv.index_to_key) == [1, 3]
    assert {type(key) for key in model.wv.index_to_key} == {int}


def test_trim_rule():
    asked = []

    def rule(word, count, min_count):
        asked.append((word, count, min_count))
        return {"a": RULE_DISCARD, "d": RULE_KEEP}.get(word, RULE_DEFAULT)

    model = Word2Vec(min_count=2)
    model.build_vocab([["b", "a", "a", "c"], ["d", "c", "b", "a", "e"]], trim_rule=rule)
    assert model.wv.index_to_key == ["c", "b", "d"]
    assert asked == [("b", 2, 2), ("a", 3, 2), ("c", 2, 2), ("d", 1, 2), ("e", 1, 2)]


def test_trim_rule_of_the_constructor(make, caplog):
    def rule(word, count, min_count):
        return RULE_DISCARD if word == "w0" else RULE_DEFAULT

    assert "w0" not in make(trim_rule=rule).wv
    Word2Vec(trim_rule=rule)
    assert "trim_rule has no effect without sentences" in caplog.text


def test_null_word_has_a_row_and_is_never_seen(make):
    model = make(null_word=1)
    assert model.wv.index_to_key[-1] == "\0"
    assert model.wv.get_vecattr("\0", "count") == 1
    row = model.wv.get_index("\0")
    assert model.wv.vectors[row].any()
    assert not model.syn1neg[row].any()  # neither a centre nor a negative


def test_sample_from_1_on_is_a_count(sentences):
    """By gensim's formula, words that are 6.9 times as frequent are subsampled."""
    model = Word2Vec(min_count=1, sample=20)
    model.build_vocab(sentences)
    share = model._native_sample()
    assert share == int(20 * 2.618034) / model.wv.counts.sum()
    kept = model._vocabulary().keep_probability(share)
    assert ((kept == 1) == (model.wv.counts <= 136)).all()
    assert model.wv.counts.max() > 136


class Notes(CallbackAny2Vec):
    def __init__(self):
        self.seen = []

    def on_train_begin(self, model):
        self.seen.append(("train begin", len(model.history)))

    def on_epoch_begin(self, model):
        self.seen.append(("begin", len(model.history)))

    def on_epoch_end(self, model):
        self.seen.append(("end", len(model.history)))

    def on_train_end(self, model):
        self.seen.append(("train end", len(model.history)))


def test_callbacks(make):
    notes = Notes()
    make(callbacks=[notes])
    expected = [("train begin", 0), ("begin", 0), ("end", 1), ("begin", 1), ("end", 2)]
    assert notes.seen == [*expected, ("train end", 2)]


def test_callbacks_without_sentences_are_warned_of(caplog):
    Word2Vec(callbacks=[Notes()])
    assert "callbacks have no effect without sentences" in caplog.text


def test_integer_tokens_are_tokens(make):
    random = np.random.default_rng(0)
    walks = random.integers(5, 20, (100, 8))
    for given in (walks, walks.tolist(), list(walks)):
        model = make(given)
        assert sorted(model.wv.index_to_key) == list(range(5, 20))
        assert all(type(key) is int for key in model.wv.index_to_key)
        assert np.array_equal(model.wv[7], model.wv.vectors[model.wv.key_to_index[7]])
        with pytest.raises(KeyError):  # not the token in row 0
            model.wv[0]
        assert 0 not in model.wv


@pytest.mark.parametrize("name", ["vector_size", "workers"])
@pytest.mark.parametrize("value", [0, -1])
def test_what_must_be_1_at_least(sentences, name, value):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, not {value}"):
        Word2Vec(sentences, **{name: value})


def test_negative_samples_are_refused(sentences):
    with pytest.raises(ValueError, match="sample must be at least 0, not -1"):
        Word2Vec(sentences, sample=-1)


def test_subclasses(sentences):
    class Mine(Word2Vec):
        def __init__(self, *arguments, extra, **options):
            self.extra, self.built = extra, 0
            super().__init__(*arguments, **options)

        def build_vocab(self, *arguments, **options):
            self.built += 1
            super().build_vocab(*arguments, **options)

    model = Mine(sentences, extra=3, vector_size=8, min_count=1)
    assert (model.extra, model.built) == (3, 1)
    assert str(model) == "Mine<vocab=30, vector_size=8, alpha=0.025>"


@pytest.mark.parametrize("seed", [1.5, "a", True])
def test_a_seed_is_an_integer(seed):
    with pytest.raises(TypeError, match="seed must be an integer"):
        Word2Vec(seed=seed)


def test_without_a_word_left_min_count_is_named(sentences):
    with pytest.raises(
        RuntimeError, match=r"build vocabulary.*min_count=900 left none of the 1600 tokens"
    ):
        Word2Vec(sentences, min_count=900)
