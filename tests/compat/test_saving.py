"""Files of models and vectors: fastw2v's format, attributes that are plain data, no pickles."""

import errno
import os
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastw2v
from fastw2v.compat import KeyedVectors, Phrases, Word2Vec
from fastw2v.compat.saving import from_plain, to_plain
from fastw2v.formats import safetensors


class Mine(Word2Vec):
    """What a user may derive."""


@pytest.mark.parametrize("options", [{}, {"hs": 1, "negative": 0}, {"hs": 1}, {"sg": 1}])
def test_models_come_back(make, sentences, tmp_path, options):
    model = make(comment="mine", **options)
    model.save(tmp_path / "model.any")
    loaded = Word2Vec.load(tmp_path / "model.any")
    assert loaded.wv.index_to_key == model.wv.index_to_key
    assert loaded.history == model.history
    for name in set(vars(model)) - {"wv", "syn1", "syn1neg", "_own", "hashfxn", "history"}:
        assert getattr(loaded, name) == getattr(model, name), name
    for one in (model, loaded):
        one.train(sentences, total_examples=1, epochs=1)
    for name in ("syn1", "syn1neg"):
        assert hasattr(loaded, name) == hasattr(model, name)
        if hasattr(model, name):
            np.testing.assert_array_equal(getattr(loaded, name), getattr(model, name))
    np.testing.assert_array_equal(loaded.wv.vectors, model.wv.vectors)


def test_a_loaded_model_grows(make, tmp_path):
    make().save(str(tmp_path / "m"))
    loaded = Word2Vec.load(str(tmp_path / "m"), mmap="r")
    loaded.build_vocab([["new", "w0"]], update=True)
    loaded.train([["new", "w0"]], total_examples=1, epochs=1)
    assert len(loaded.wv) == 31


def test_the_file_is_fastw2vs(make, tmp_path):
    model = make()
    model.save(tmp_path / "m")
    native = fastw2v.Model.load(tmp_path / "m")
    np.testing.assert_array_equal(native.input_vectors, model.wv.vectors)
    np.testing.assert_array_equal(native.output_vectors, model.syn1neg)
    assert native.parameters.cbow_gradient == "word2vec"
    assert fastw2v.load(tmp_path / "m").index_to_key == model.wv.index_to_key
    assert not (tmp_path / "m").read_bytes().startswith(b"\x80")


def test_attributes_that_are_plain_data_come_back(make, tmp_path, caplog):
    model = make()
    model.__class__ = Mine
    model.note = {"a": [1, 2.5, None, (True, "x")], 3: "three", (1, 2): []}
    model.array, model._private = np.arange(6.0).reshape(2, 3), "kept"
    model.left_out, model.function = 5, lambda: 0
    model.wv.set_vecattr("w3", "mark", 5)
    model.wv.set_vecattr("w3", "name", "drei")
    model.wv.vectors_lockf = np.linspace(0, 1, 30, dtype=np.float32)
    model.save(tmp_path / "m", ignore=["left_out"], sep_limit=0, pickle_protocol=4)
    assert "'function' is not saved: a function is no plain data" in caplog.text
    loaded = Mine.load(tmp_path / "m")
    assert type(loaded) is Mine
    assert loaded.note == model.note
    assert loaded._private == "kept"
    np.testing.assert_array_equal(loaded.array, model.array)
    assert not hasattr(loaded, "left_out")
    assert not hasattr(loaded, "function")
    assert (loaded.wv.get_vecattr("w3", "mark"), loaded.wv.get_vecattr("w3", "name")) == (5, "drei")
    assert loaded.wv.get_vecattr("w4", "mark") == 0
    np.testing.assert_array_equal(loaded.wv.vectors_lockf, model.wv.vectors_lockf)
    assert loaded.hashfxn is hash


def test_loading_is_for_the_class(make, tmp_path):
    model = make()
    model.save(tmp_path / "m")
    with pytest.raises(AttributeError, match=r"Word2Vec\.load\(path\)"):
        model.load(tmp_path / "m")
    assert Word2Vec.load.__doc__.startswith("Load a model")


@pytest.mark.parametrize("options", [{}, {"hs": 1}, {"hs": 1, "negative": 0}])
def test_a_model_without_vocabulary_comes_back(make, sentences, tmp_path, options):
    options = {"vector_size": 8, "min_count": 1, "workers": 1, "sample": 0, "epochs": 2, **options}
    Word2Vec(**options).save(tmp_path / "m")
    loaded = Word2Vec.load(tmp_path / "m")
    assert len(loaded.wv) == 0
    with pytest.raises(RuntimeError, match="first build vocabulary"):
        loaded.train(sentences, total_examples=1, epochs=1)
    loaded.build_vocab(sentences)
    loaded.train(sentences, total_examples=1, epochs=2)
    np.testing.assert_array_equal(loaded.wv.vectors, make(**options).wv.vectors)


def test_a_file_object_is_no_path(make, tmp_path):
    with open(tmp_path / "m", "wb") as file, pytest.raises(TypeError, match="PathLike"):
        make().save(file)


def test_vectors_come_back(make, tmp_path):
    wv = make().wv
    wv.set_vecattr("w3", "mark", 5)
    wv.save(tmp_path / "wv.kv")
    loaded = KeyedVectors.load(tmp_path / "wv.kv", mmap="r")
    assert type(loaded) is KeyedVectors
    assert loaded.index_to_key == wv.index_to_key
    np.testing.assert_array_equal(loaded.vectors, wv.vectors)
    assert loaded.counts.tolist() == wv.counts.tolist()
    assert loaded.get_vecattr("w3", "mark") == 5
    loaded.add_vectors("new", np.ones(8))
    with pytest.raises(AttributeError, match="holds no Word2Vec"):
        Word2Vec.load(tmp_path / "wv.kv")


def test_lists_come_back_as_attributes_of_keys(tmp_path):
    wv = KeyedVectors(2)
    wv.add_vectors(["a", "b"], np.ones((2, 2)))
    for key in "ab":
        wv.set_vecattr(key, "tags", ["x", key])  # of equal length, which NumPy takes for a matrix
    wv.save(tmp_path / "wv")
    loaded = KeyedVectors.load(tmp_path / "wv")
    assert [loaded.get_vecattr(key, "tags") for key in "ab"] == [["x", "a"], ["x", "b"]]


def test_vectors_without_counts_come_back_without(tmp_path):
    wv = KeyedVectors(2)
    wv.add_vectors(["a", 5], np.ones((2, 2)))
    wv.save(tmp_path / "wv")
    loaded = KeyedVectors.load(tmp_path / "wv")
    assert loaded.index_to_key == ["a", 5]
    assert loaded.expandos == {}


def test_vectors_of_a_model_and_of_other_formats_are_read(make, tmp_path):
    model = make()
    model.save(tmp_path / "m")
    model.wv.save_word2vec_format(tmp_path / "v.bin", binary=True)
    for name in ("m", "v.bin"):
        found = KeyedVectors.load(tmp_path / name)
        np.testing.assert_array_equal(found["w3"], model.wv["w3"])


@pytest.mark.parametrize("cls", [Word2Vec, KeyedVectors])
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_are_refused_with_the_way_out(cls, protocol, tmp_path):
    class Evil:
        def __reduce__(self):
            return exec, ("raise SystemExit('it ran')",)

    (tmp_path / "m").write_bytes(pickle.dumps(Evil(), protocol))
    with pytest.raises(ValueError, match=r"is a pickle.*from_gensim"):
        cls.load(tmp_path / "m")


@pytest.mark.parametrize("named", ["Word2Vec", "KeyedVectors"])
def test_our_files_are_no_pickles_whatever_byte_they_begin_with(named, make, tmp_path):
    """The first is of the header's length: 0x80 in one file of 32, as in every pickle."""
    model, first_bytes = make(), set()
    for length in range(0, 256, 8):
        model.wv.set_vecattr("w0", "mark", "x" * length)
        saved = model if named == "Word2Vec" else model.wv
        saved.save(tmp_path / "m")
        first_bytes.add((tmp_path / "m").read_bytes()[0])
        type(saved).load(tmp_path / "m")
    assert 0x80 in first_bytes


@pytest.mark.parametrize("cls", [Word2Vec, KeyedVectors])
def test_no_file(cls, tmp_path):
    with pytest.raises(FileNotFoundError):
        cls.load(tmp_path / "none")


def test_damaged_files(make, tmp_path):
    make().save(tmp_path / "m")
    data = (tmp_path / "m").read_bytes()
    for damaged in (data[:-5], data.replace(b"hyperparameters", b"hyperparametres")):
        (tmp_path / "m").write_bytes(damaged)
        with pytest.raises(ValueError, match="damaged"):
            Word2Vec.load(tmp_path / "m")


def test_models_can_be_copied_and_pickled_by_their_users(make, sentences):
    model = make()
    other = pickle.loads(pickle.dumps(model))
    for one in model, other:
        one.train(sentences, total_examples=1, epochs=1)
    np.testing.assert_array_equal(model.wv.vectors, other.wv.vectors)


def test_live_models_of_gensim(sentences, tmp_path):
    gensim = pytest.importorskip("gensim.models.word2vec")
    theirs = gensim.Word2Vec(sentences, vector_size=8, min_count=2, sg=1, window=3, epochs=2)
    theirs.wv.vectors_lockf = np.ones(len(theirs.wv), np.float32)
    model = Word2Vec.from_gensim(theirs)
    assert (model.sg, model.window, model.vector_size, model.min_count) == (1, 3, 8, 2)
    np.testing.assert_array_equal(model.wv.vectors, theirs.wv.vectors)
    np.testing.assert_array_equal(model.syn1neg, theirs.syn1neg)
    assert model.wv.counts.tolist() == theirs.wv.expandos["count"].tolist()
    before = theirs.wv.vectors.copy()
    model.train(sentences, total_examples=1, epochs=1)
    np.testing.assert_array_equal(theirs.wv.vectors, before)
    assert (model.wv.vectors != before).any()
    model.save(tmp_path / "m")
    assert KeyedVectors.from_gensim(theirs).get_vecattr("w0", "count") > 0
    tree = gensim.Word2Vec(sentences, vector_size=8, min_count=1, hs=1, negative=0)
    with pytest.raises(ValueError, match="Huffman tree"):
        Word2Vec.from_gensim(tree)
    with pytest.raises(TypeError, match="no Word2Vec of gensim"):
        Word2Vec.from_gensim(theirs.wv)


# Plain data ---------------------------------------------------------------------------------------

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
keys = st.text() | st.integers() | st.tuples(st.integers(), st.text())
plain = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=10,
)


@given(plain)
def test_plain_data_comes_back(value):
    import json

    assert from_plain(json.loads(json.dumps(to_plain(value)))) == value


@pytest.mark.parametrize("value", [np.int64(3), np.float32(0.5), np.bool_(True), np.str_("x")])
def test_numpys_scalars_become_pythons(value):
    assert to_plain(value) == value.item()


@pytest.mark.parametrize(
    "value",
    [object(), {1, 2}, b"bytes", [print], {"a": 1j}, np.ones((2, 2), object)],
)
def test_what_is_no_plain_data(value):
    with pytest.raises(TypeError, match="no plain data"):
        to_plain(value)


def test_the_arguments_name_is_gensims(make, tmp_path):
    model = make()
    phrases = Phrases([["a", "b"]])
    for one in (model, model.wv, phrases, phrases.freeze()):
        one.save(fname_or_handle=tmp_path / "m")
        assert type(one).load(fname=str(tmp_path / "m"))


def test_where_no_file_can_be_made_the_message_has_the_users(make, tmp_path, monkeypatch):
    def refuse(path, *_):
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError, match=f"no file can be made.*'{tmp_path / 'mine'}'"):
        make().save(tmp_path / "mine")


def test_a_text_array_takes_no_more_memory_than_its_texts_are_worth():
    value = {"array": ["a", "bc"], "dtype": "<U5"}
    assert from_plain(value).dtype == "<U5"
    wide = from_plain(value | {"dtype": "<U500000000"})
    assert (wide.dtype, wide.tolist()) == (object, ["a", "bc"])
    texts = np.array([["a", "é"], ["", "abc"]])
    np.testing.assert_array_equal(from_plain(to_plain(texts)), texts)
    assert from_plain(to_plain(np.zeros(0, "<U7"))).dtype == "<U7"
    for kind in "V500000000", "S500000000", "|O", "<M8[s]":
        with pytest.raises(ValueError, match="an array of"):
            from_plain(value | {"dtype": kind})


def test_files_of_fastw2v_itself_are_read(make, tmp_path):
    wv = make().wv
    keys, vectors, counts = wv.index_to_key, wv.vectors, wv.expandos["count"]
    fastw2v.KeyedVectors(keys, vectors, counts).save(tmp_path / "v.safetensors")
    found = KeyedVectors.load(tmp_path / "v.safetensors")
    np.testing.assert_array_equal(found.vectors, wv.vectors)
    assert found.index_to_key == wv.index_to_key
    assert found.get_vecattr("w3", "count") == wv.get_vecattr("w3", "count")
    fastw2v.Vocabulary(["a"], np.ones(1, np.int64)).save(tmp_path / "vocabulary")
    with pytest.raises(ValueError, match="vocabulary holds no vectors"):
        KeyedVectors.load(tmp_path / "vocabulary")


@pytest.mark.parametrize("nonsense", [7, {}, {"expandos": 7}, {"expandos": {"a": {"b": 1}}}])
def test_attributes_that_make_no_sense(make, tmp_path, nonsense):
    wv = make().wv
    metadata = {"compat": nonsense}
    counts = wv.expandos["count"]
    matrices = {"input_vectors": wv.vectors}
    safetensors.write(tmp_path / "m", wv.index_to_key, counts, matrices, metadata)
    with pytest.raises(ValueError, match="m is damaged"):
        KeyedVectors.load(tmp_path / "m")


def test_files_say_what_was_trained_on(make, tmp_path):
    model = make()
    (corpus,) = model.wv.provenance.corpora
    assert corpus.report.tokens == model.corpus_total_words
    assert model.wv.provenance.hyperparameters["vector_size"] == model.vector_size
    model.save(tmp_path / "m")
    model.wv.save(tmp_path / "wv")
    for name in "m", "wv":
        for load in KeyedVectors.load, fastw2v.load:
            assert load(tmp_path / name).provenance == model.wv.provenance
    loaded = Word2Vec.load(tmp_path / "m")
    assert loaded.wv.provenance == model.wv.provenance
    sentences = [["w0", "w1"]] * 9
    loaded.train(sentences, total_examples=9, epochs=1)
    assert loaded.wv.provenance.corpora[0] == corpus
    assert loaded.wv.provenance.corpora[1].report.tokens == 18
