"""``build_vocab`` and what follows from it: reports, growth, resetting, estimates."""

import numpy as np
import pytest

import fastw2v
from fastw2v.compat import Word2Vec
from fastw2v.compat.vocabulary import RULE_DEFAULT, RULE_DISCARD

MORE = [["w0", "new", "newer"], ["new", "w1", "new"]] * 3


def test_empty_vocabularies_are_refused_when_trained(sentences):
    for arguments, options in (([[]], {}), ([sentences], {"min_count": 10_000})):
        with pytest.raises(RuntimeError, match="first build vocabulary"):
            Word2Vec(*arguments, **options)
    with pytest.raises(RuntimeError, match="first build vocabulary"):
        Word2Vec().train(sentences, total_examples=1, epochs=1)


def test_building_makes_matrices_and_trains_nothing(sentences):
    model = Word2Vec(vector_size=8, min_count=1, hs=1)
    assert (len(model.wv), model.wv.vectors.shape) == (0, (0, 8))
    model.build_vocab(sentences)
    assert model.wv.vectors.any(axis=1).all()
    assert 0.9 / 8 < np.abs(model.wv.vectors).max() <= 1 / 8  # as gensim draws them
    assert model.syn1neg.shape == model.syn1.shape == (30, 8)
    assert not model.syn1neg.any()
    assert (model.corpus_count, model.corpus_total_words) == (200, 1600)
    assert model.wv.counts.sum() == 1600
    assert model.raw_vocab == {}
    assert model.history == []


def test_building_and_training_is_the_constructor(make, sentences):
    model = Word2Vec(vector_size=8, min_count=1, sample=0, workers=1)
    model.build_vocab(sentences)
    trained, raw = model.train(sentences, total_examples=model.corpus_count, epochs=2)
    assert trained == raw == 3200
    np.testing.assert_array_equal(model.wv.vectors, make().wv.vectors)


def test_an_encoded_corpus_does(sentences):
    corpus = fastw2v.encode([*sentences, ["once"]], min_count=2)
    for model in (
        Word2Vec(corpus, vector_size=8, min_count=1),
        Word2Vec(corpus, vector_size=8, min_count=1, max_vocab_size=10**6),
        Word2Vec(vector_size=8, min_count=1),
    ):
        if not len(model.wv):
            model.build_vocab(corpus)
            model.train(corpus, total_examples=model.corpus_count, epochs=1)
        counts = dict(zip(model.wv.index_to_key, model.wv.counts.tolist(), strict=True))
        assert counts == dict(zip(corpus.vocabulary.keys, corpus.vocabulary.counts, strict=True))
        assert (model.corpus_count, model.corpus_total_words) == (200, 1600)
        assert model.history[0].tokens == corpus.raw_tokens


def test_building_again_begins_anew(sentences):
    model = Word2Vec(vector_size=8, min_count=1)
    model.build_vocab(sentences)
    before = model.wv.vectors.copy()
    model.build_vocab(MORE)
    assert sorted(model.wv.index_to_key) == ["new", "newer", "w0", "w1"]
    assert model.wv.vectors.shape == (4, 8)
    np.testing.assert_array_equal(model.wv.vectors, before[:4])  # rows are drawn by their number


def test_from_counts():
    model = Word2Vec(vector_size=4, min_count=2)
    model.build_vocab_from_freq({"a": 3, "b": 1, "c": 5}, corpus_count=7, keep_raw_vocab=True)
    assert (model.wv.index_to_key, model.wv.counts.tolist()) == (["c", "a"], [5, 3])
    assert model.corpus_count == 7
    assert model.raw_vocab == {"a": 3, "b": 1, "c": 5}
    model.build_vocab_from_freq({"a": 1, "b": 2, "d": 9}, update=True)
    assert (model.wv.index_to_key, model.wv.counts.tolist()) == (["c", "a", "b", "d"], [5, 4, 2, 9])
    assert model.syn1neg.shape == (4, 4)


def test_reports():
    counts = {"a": 60, "b": 30, "c": 9, "d": 1}
    model = Word2Vec(vector_size=4, min_count=2, sample=0.1)
    model.raw_vocab = counts
    dry = model.prepare_vocab(dry_run=True, keep_raw_vocab=True)
    assert len(model.wv) == 0
    assert dry == model.prepare_vocab(keep_raw_vocab=True)
    assert {name: dry[name] for name in ("drop_unique", "retain_total", "num_retained_words")} == {
        "drop_unique": 1,
        "retain_total": 99,
        "num_retained_words": 3,
    }
    threshold = 0.1 * 99
    kept = [n * ((n / threshold) ** 0.5 + 1) * threshold / n for n in (60, 30)]
    assert dry["downsample_unique"] == 2
    assert dry["downsample_total"] == int(sum(kept) + 9)
    changed = model.prepare_vocab(min_count=40, sample=1e-9, dry_run=True)
    assert (changed["num_retained_words"], changed["downsample_unique"]) == (1, 1)
    assert (model.min_count, model.sample) == (2, 0.1)


def test_reports_are_gensims(sentences):
    gensim = pytest.importorskip("gensim.models.word2vec")
    for sample in (0, 1e-3, 0.02, 30):
        reports = []
        for cls in Word2Vec, gensim.Word2Vec:
            model = cls(min_count=3, sample=sample)
            model.scan_vocab(sentences)
            reports.append(model.prepare_vocab())
        ours, theirs = reports
        assert ours.pop("downsample_total") == pytest.approx(theirs.pop("downsample_total"), abs=1)
        assert ours == theirs


def test_growing_keeps_rows_and_adds_up_counts(make, sentences):
    model = make()
    before, outputs, keys = model.wv.vectors.copy(), model.syn1neg.copy(), [*model.wv.index_to_key]
    counts = model.wv.counts.copy()
    wv = model.wv
    model.build_vocab(MORE, update=True)
    assert model.wv is wv
    assert model.wv.index_to_key == [*keys, "new", "newer"]
    assert model.wv.key_to_index["newer"] == 31
    np.testing.assert_array_equal(model.wv.vectors[:30], before)
    np.testing.assert_array_equal(model.syn1neg[:30], outputs)
    assert model.wv.vectors[30:].any(axis=1).all()
    assert not model.syn1neg[30:].any()
    counts[[keys.index("w0"), keys.index("w1")]] += 3
    assert model.wv.counts.tolist() == [*counts, 9, 3]
    model.train(MORE, total_examples=6, epochs=1)
    assert model.syn1neg[30:].any(axis=1).all()


def test_growing_goes_by_min_count_and_rule(make):
    model = make()
    model.min_count = 5
    model.build_vocab(MORE, update=True)
    assert model.wv.index_to_key[30:] == ["new"]
    model = make()

    def rule(word, count, min_count):
        return RULE_DISCARD if word == "new" else RULE_DEFAULT

    model.build_vocab(MORE, update=True, trim_rule=rule)
    assert model.wv.index_to_key[30:] == ["newer"]


def test_growing_by_nothing_new(make, sentences):
    model = make()
    before = model.wv.vectors.copy()
    model.build_vocab(sentences[:10], update=True)
    np.testing.assert_array_equal(model.wv.vectors, before)
    assert model.wv.counts.sum() == 1600 + 80


def test_nothing_to_grow(sentences):
    with pytest.raises(RuntimeError, match="no prior vocabulary"):
        Word2Vec().build_vocab(sentences, update=True)


def test_a_grown_huffman_tree_learns_its_nodes_anew(make, caplog):
    """Other counts make another tree, for whose nodes nothing was learned."""
    model = make(hs=1, negative=0)
    inputs = model.wv.vectors.copy()
    model.build_vocab(MORE, update=True)
    assert not model.syn1.any()
    np.testing.assert_array_equal(model.wv.vectors[:30], inputs)
    assert "Huffman tree" in caplog.text


def test_attributes_of_keys_grow_too(make):
    model = make()
    model.wv.set_vecattr("w3", "mark", 5)
    model.build_vocab(MORE, update=True)
    assert model.wv.get_vecattr("w3", "mark") == 5
    assert model.wv.get_vecattr("new", "mark") == 0


def test_events_are_logged(make, caplog):
    model = make()
    caplog.set_level("INFO")
    model.add_lifecycle_event("looked at", by="me")
    model.wv.add_lifecycle_event("looked at again")
    assert "looked at: {'by': 'me'}" in caplog.text
    assert "looked at again" in caplog.text


def test_reset_from(make):
    model, other = Word2Vec(vector_size=4, workers=1, min_count=1), make()
    model.reset_from(other)
    assert model.wv.index_to_key == other.wv.index_to_key
    assert model.wv.counts.tolist() == other.wv.counts.tolist()
    assert model.wv.vectors.shape == model.syn1neg.shape == (30, 4)
    assert model.corpus_count == other.corpus_count
    model.build_vocab(MORE, update=True)
    assert (len(model.wv), len(other.wv)) == (32, 30)


def test_init_weights_begins_anew(make):
    model = make()
    model.init_weights()
    assert not model.syn1neg.any()
    assert 0.9 / 8 < np.abs(model.wv.vectors).max() <= 1 / 8  # as gensim draws them


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, {"vocab", "vectors", "syn1neg", "total"}),
        ({"hs": 1}, {"vocab", "vectors", "syn1neg", "syn1", "total"}),
        ({"hs": 1, "negative": 0}, {"vocab", "vectors", "syn1", "total"}),
    ],
)
def test_estimates(options, names):
    model = Word2Vec(vector_size=100, **options)
    found = model.estimate_memory(1000)
    assert set(found) == names
    assert found["vectors"] == 1000 * 4 * 112  # with the padding of rows
    assert found["total"] == sum(n for name, n in found.items() if name != "total")
    assert model.estimate_memory(1000, {"mine": 5})["total"] == found["total"] + 5


def test_what_can_not_fit_is_refused_before_it_is_allocated(sentences):
    model = Word2Vec(vector_size=1_000_000_000, min_count=1)
    with pytest.raises(MemoryError, match="30 words x 1,000,000,000 dimensions"):
        model.build_vocab(sentences)
