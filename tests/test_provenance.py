"""What files say of the training that made their vectors, and fingerprints of corpora."""

import copy
import json
import pickle
from dataclasses import asdict, replace

import numpy as np
import pytest

import fastw2v
from fastw2v import EncodedCorpus, KeyedVectors, Model, Provenance, formats, provenance
from fastw2v.corpus import fingerprint
from fastw2v.formats import safetensors

SENTENCES = [["the", "king", "rules"], ["the", "queen", "rules", "too"]] * 20
SMALL = {"vector_size": 4, "sample": 0, "workers": 1, "epochs": 2, "window": (2, 3)}


@pytest.fixture(scope="module")
def model():
    return Model(SENTENCES, **SMALL).train(progress=False)


@pytest.fixture
def corpus():
    return fastw2v.encode(SENTENCES)


def assert_that_of(found, model):
    assert isinstance(found, Provenance)
    assert found == model.provenance
    assert found.hyperparameters == asdict(model.parameters)


# Fingerprints


def test_a_fingerprint_tells_corpora_apart(corpus):
    assert corpus.fingerprint == fastw2v.encode(iter(SENTENCES)).fingerprint
    assert (corpus.fingerprint.tokens, corpus.fingerprint.sentences) == (140, 40)
    others = [
        SENTENCES[::-1],
        SENTENCES[:-1],
        [*SENTENCES[:-2], ["the", "king", "rules", "the"], ["queen", "rules", "too"]],
        [*SENTENCES[:-1], ["the", "queen", "too", "rules"]],
    ]
    digests = {fastw2v.encode(other).fingerprint.digest for other in [SENTENCES, *others]}
    assert len(digests) == len(others) + 1
    weights = np.linspace(0, 1, len(SENTENCES))
    weighted = corpus.with_weights(np.float32(weights))
    assert weighted.fingerprint.digest == corpus.fingerprint.digest
    assert corpus.fingerprint.weights is None
    assert (
        weighted.fingerprint.weights
        != fastw2v.encode(SENTENCES, weights=weights[::-1]).fingerprint.weights
    )


def test_a_fingerprint_does_not_depend_on_threads(monkeypatch):
    monkeypatch.setattr(fingerprint, "PIECE", 64)
    expected = fastw2v.encode(SENTENCES).fingerprint
    for cores in 1, 3:
        monkeypatch.setattr("fastw2v.formats.ordered.available_cores", lambda cores=cores: cores)
        assert fastw2v.encode(SENTENCES).fingerprint == expected


def test_an_error_of_whoever_looks_comes_through(corpus):
    def look():
        raise RuntimeError("seen")

    with pytest.raises(RuntimeError, match="seen"):
        fingerprint.Fingerprint.of(corpus, look)


def test_a_corpus_that_was_changed_in_its_file_is_refused(corpus, tmp_path):
    path = tmp_path / "corpus.f2v"
    corpus.save(path)
    opened = EncodedCorpus.open(path)
    assert opened.fingerprint == corpus.fingerprint
    data = bytearray(path.read_bytes())
    tokens = corpus.tokens.tobytes()
    at = data.index(tokens)
    data[at : at + 8] = data[at + 4 : at + 8] + data[at : at + 4]  # two words change places
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"corpus\.f2v is damaged: its tokens, offsets or weigh"):
        EncodedCorpus.open(path)


# Models


def test_what_a_model_was_trained_on(model):
    (trained,) = model.provenance.corpora
    assert trained.report == model.report
    assert (trained.report.tokens, trained.report.kept_sentences) == (140, 40)
    assert (trained.first_epoch, trained.version) == (0, fastw2v.__version__)
    again = Model(SENTENCES, **SMALL).train(progress=False)
    assert again.provenance == model.provenance
    assert Model(SENTENCES, **SMALL).provenance.corpora == ()


def test_a_saved_corpus_is_known_again(corpus, tmp_path):
    corpus.save(tmp_path / "c.f2v")
    weights = np.ones(len(SENTENCES), np.float32)
    for given in corpus, EncodedCorpus.open(tmp_path / "c.f2v"):
        (trained,) = Model(given, **SMALL).train(progress=False).provenance.corpora
        assert trained.fingerprint == corpus.fingerprint
        (trained,) = Model(**SMALL).train(given, weights=weights, progress=False).provenance.corpora
        assert trained.fingerprint == corpus.with_weights(weights).fingerprint
    unshuffled = Model(SENTENCES, **SMALL, shuffle=False).train(progress=False)
    assert unshuffled.provenance.corpora[0].fingerprint == corpus.fingerprint


def test_the_same_corpus_again_is_there_once_and_another_one_beside_it(tmp_path):
    model = Model(SENTENCES, **SMALL).train(progress=False)
    wv = model.wv
    model.train(progress=False)
    assert len(model.provenance.corpora) == 1
    model.partial_fit(SENTENCES[::-1], progress=False)
    model.train(SENTENCES, progress=False)
    corpora = model.provenance.corpora
    assert [corpus.first_epoch for corpus in corpora] == [0, 4, 6]
    assert corpora[0].fingerprint == corpora[2].fingerprint != corpora[1].fingerprint
    for vectors in wv, model.wv, model.context_wv, wv.copy():
        assert_that_of(vectors.provenance, model)


def test_a_call_that_fails_leaves_no_record(model, tmp_path):
    model = copy.deepcopy(model)
    before = model.provenance
    with pytest.raises(KeyError):
        model.train(SENTENCES[::-1], input_rates={"nobody": 0}, progress=False)
    assert model.provenance == before


def test_no_more_than_a_thousand_corpora_are_kept(model):
    (one,) = model.provenance.corpora
    kept = ()
    for epoch in range(1500):
        other = replace(one.fingerprint, digest=f"{epoch:032x}")
        kept = provenance.with_another(kept, replace(one, first_epoch=epoch, fingerprint=other))
    assert [one.first_epoch for one in kept] == [0, *range(501, 1500)]


# Files


def test_files_keep_it(model, tmp_path):
    path = tmp_path / "m.safetensors"
    model.save(path)
    loaded = Model.load(path)
    assert_that_of(loaded.provenance, model)
    assert_that_of(loaded.wv.provenance, model)
    assert_that_of(fastw2v.load(path).provenance, model)
    vectors = tmp_path / "v.safetensors"
    model.wv.save(vectors)
    assert_that_of(fastw2v.load(vectors).provenance, model)
    fastw2v.load(vectors).save(vectors)  # in its own place
    assert_that_of(fastw2v.load(vectors).provenance, model)
    formats.convert(path, vectors)
    assert_that_of(fastw2v.load(vectors).provenance, model)
    assert "history" not in safetensors.read_metadata(vectors)
    with pytest.raises(ValueError, match=r"v\.safetensors holds no model \(history, input_vectors"):
        Model.load(vectors)
    model.wv.save(tmp_path / "v.bin")
    assert fastw2v.load(tmp_path / "v.bin").provenance is None
    loaded.train(SENTENCES, progress=False)
    assert loaded.provenance == model.provenance


def test_a_resumed_run_is_that_of_its_checkpoint(tmp_path):
    sentences = SENTENCES * 50
    encoded = fastw2v.encode(sentences)
    for name, given in ("lists", sentences), ("encoded", encoded):
        path = tmp_path / name
        model = Model(given, **SMALL).train(progress=False, checkpoint=path, every=500)
        assert_that_of(fastw2v.load(path).provenance, model)
        assert Model.resume(path, given, progress=False).provenance == model.provenance


def test_every_file_names_its_writer(model, corpus, tmp_path):
    files = {
        "model": model.save,
        "vectors.safetensors": model.wv.save,
        "corpus": corpus.save,
        "vocabulary": corpus.vocabulary.save,
    }
    for name, save in files.items():
        save(tmp_path / name)
        header, _ = safetensors.tensor_places(tmp_path / name)
        assert header["version"] == "1"
        assert header["written_by"] == f"fastw2v {fastw2v.__version__}"


def test_vectors_that_are_others_by_now(model):
    vectors = model.wv.copy()
    assert vectors.vectors_for_all(["king"]).provenance == model.provenance
    assert pickle.loads(pickle.dumps(vectors)).provenance == model.provenance
    vectors.vectors = np.ones((len(vectors), 2))
    assert vectors.provenance is None
    assert KeyedVectors(["a"], np.ones((1, 2))).provenance is None


def test_what_a_later_version_adds_does_no_harm_and_nonsense_is_named(model, tmp_path):
    path = tmp_path / "v.safetensors"
    plain = json.loads(json.dumps(model.provenance.as_plain()))
    plain["corpora"][0]["report"]["languages"] = 3
    plain["corpora"][0]["colour"] = "green"
    formats.write(path, ["a"], np.ones((1, 2)), provenance=plain)
    assert_that_of(fastw2v.load(path).provenance, model)
    for nonsense in 7, [7], [{}], [plain["corpora"][0] | {"fingerprint": None}], {"a": 1}:
        formats.write(path, ["a"], np.ones((1, 2)), provenance={**plain, "corpora": nonsense})
        with pytest.raises(ValueError, match=r"v\.safetensors is damaged"):
            fastw2v.load(path)
    formats.write(path, ["a"], np.ones((1, 2)), provenance={**plain, "hyperparameters": 7})
    with pytest.raises(ValueError, match=r"v\.safetensors is damaged"):
        fastw2v.load(path)
