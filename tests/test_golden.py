"""Files that released versions wrote, ``tests/golden/<version>/``, are read by this one.

``tests/golden/write.py`` wrote them, when it was part of that version. What is expected of them is
said here again, without that code or any that writes.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest

import fastw2v
from fastw2v import EncodedCorpus, KeyedVectors, Model, Vocabulary, compat
from fastw2v.compat.phrases import FrozenPhrases

FOLDER = Path(__file__).parent / "golden"
VERSIONS = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())

# What write.py writes.
SENTENCES = [["the", "new", "york"], ["new", "york", "the", "é", "the"], ["König", "the"]] * 60
COUNTS = {"the": 240, "new": 120, "york": 120, "é": 60, "König": 60}
WORDS = list(COUNTS)


def assert_matrix(found, n, factor):
    assert found.dtype == np.float32
    expected = [[(4 * i + j - 5) * factor for j in range(4)] for i in range(n)]
    assert found.tolist() == expected


def assert_provenance(found, version):
    (corpus,) = found.corpora
    assert corpus.version == version
    assert (corpus.report.tokens, corpus.report.kept_sentences) == (600, 180)
    assert (corpus.fingerprint.tokens, corpus.fingerprint.sentences) == (600, 180)
    assert found.hyperparameters["vector_size"] == 4


def assert_model(path, version):
    model = Model.load(path)
    assert dict(zip(model.vocabulary.keys, model.vocabulary.counts, strict=True)) == COUNTS
    assert_matrix(model.input_vectors, 5, 0.25)
    assert_matrix(model.output_vectors, 5, -0.5)
    p = model.parameters
    assert (p.window, p.seed, p.sample, p.epochs, model.workers) == ((2, 3), 3, 0, 2, 1)
    assert (p.architecture, p.objective) == ("skipgram", "negative_sampling")
    assert [(r.epoch, r.loss, r.lr) for r in model.history] == [(0, 2.5, 0.125), (1, 1.5, 0.125)]
    assert_provenance(model.provenance, version)
    assert model.provenance.corpora[0].fingerprint.weights is not None
    model.train(SENTENCES, epochs=1, progress=False)
    assert len(model.history) == 3


def assert_identity(path, version):
    model = Model.load(path)
    assert model.vocabulary.keys == [0, 1, 2, 3]
    assert model.vocabulary.counts.tolist() == [60, 120, 0, 180]
    assert_matrix(model.input_vectors, 4, 0.25)
    assert_matrix(model.output_vectors, 4, -0.5)
    p = model.parameters
    assert (p.architecture, p.objective, p.window) == ("cbow", "hierarchical_softmax", None)


def assert_checkpoint(path, version):
    model = Model.load(path)
    assert model.vocabulary.keys == WORDS
    assert_matrix(model.input_vectors, 5, 0.25)
    assert_matrix(model.output_vectors, 5, -0.5)
    resumed = Model.resume(path, SENTENCES * 9, progress=False)
    assert len(resumed.history) == 2
    assert resumed.provenance.corpora == model.provenance.corpora


def assert_corpus(path, version):
    corpus = EncodedCorpus.open(path)
    rows = {"the": 0, "new": 1, "york": 2, "é": 3}
    assert corpus.vocabulary.key_to_index == rows
    assert corpus.vocabulary.counts.tolist() == [240, 120, 120, 60]
    kept = [[rows[word] for word in sentence if word in rows] for sentence in SENTENCES]
    assert corpus.tokens.tolist() == [row for rows in kept for row in rows]
    assert np.diff(corpus.offsets).tolist() == list(map(len, kept))
    assert corpus.weights.tolist() == [0.5, 1, 2] * 60
    assert (corpus.report.tokens, corpus.report.kept_tokens, corpus.report.distinct) == (
        600,
        540,
        5,
    )


def assert_vocabulary(path, version):
    vocabulary = Vocabulary.load(path)
    expected = [("a", 1), None, 2.5, "x", True]
    assert list(map(repr, vocabulary.keys)) == list(map(repr, expected))
    assert vocabulary.counts.tolist() == [10, 9, 8, 7, 6]


def assert_vectors(path, version):
    vectors = fastw2v.load(path)
    assert vectors.index_to_key == WORDS
    assert_matrix(vectors.vectors, 5, 0.25)
    if path.suffix == ".safetensors":
        assert vectors.counts.tolist() == list(COUNTS.values())
        assert_provenance(vectors.provenance, version)
    elif path.suffix in (".parquet", ".arrow"):
        assert vectors.counts.tolist() == [10, 9, 8, 7, 6]


def assert_tables(path, version):
    pytest.importorskip("pyarrow")
    assert_vectors(path, version)


def assert_keys(path, version):
    assert "the" in path.read_text(encoding="utf-8")  # beside vectors.npy, which is read with it


def assert_word2vec(path, version):
    model = compat.Word2Vec.load(str(path))
    assert model.wv.index_to_key == ["the", "york", "new", "König", "é"]  # as gensim has them
    assert_matrix(model.wv.vectors, 5, 0.25)
    assert_matrix(model.syn1neg, 5, -0.5)
    assert (model.sg, model.vector_size, model.min_count) == (1, 4, 1)
    assert model.comment == ("kept", [1, None])
    assert len(model.history) == 5
    assert_matrix(Model.load(path).input_vectors, 5, 0.25)
    assert_provenance(KeyedVectors.load(path).provenance, version)


def assert_keyed_vectors(path, version):
    vectors = compat.KeyedVectors.load(str(path))
    assert_matrix(vectors.vectors, 5, 0.25)
    assert vectors.get_vecattr("york", "count") == 120
    assert_provenance(vectors.provenance, version)


def assert_phrases(path, version):
    kind = compat.Phrases if path.name.startswith("phrases") else FrozenPhrases
    phrases = kind.load(str(path))
    assert phrases[["the", "new", "york", "é"]] == ["the", "new_york", "é"]
    score = (120 - 1) / 120 / 120 * (5 + 6)  # words and pairs
    assert phrases.score_candidate("new", "york", []) == ("new_york", pytest.approx(score))


CHECKS = {
    "model.safetensors": assert_model,
    "identity.safetensors": assert_identity,
    "run.ckpt": assert_checkpoint,
    "corpus.f2v": assert_corpus,
    "vocabulary.safetensors": assert_vocabulary,
    "vectors.safetensors": assert_vectors,
    "vectors.bin": assert_vectors,
    "vectors.txt": assert_vectors,
    "vectors.glove": assert_vectors,
    "vectors.npy": assert_vectors,
    "vectors.keys.json": assert_keys,
    "vectors.parquet": assert_tables,
    "vectors.arrow": assert_tables,
    "word2vec.model": assert_word2vec,
    "keyed_vectors.kv": assert_keyed_vectors,
    "phrases.model": assert_phrases,
    "frozen_phrases.model": assert_phrases,
}
OURS = {
    "model.safetensors": [Model.load, fastw2v.load, Vocabulary.load],
    "vectors.safetensors": [fastw2v.load],
    "corpus.f2v": [EncodedCorpus.open, Vocabulary.load],
    "vocabulary.safetensors": [Vocabulary.load],
    "run.ckpt": [Model.load, lambda path: Model.resume(path, SENTENCES * 9)],
    "word2vec.model": [compat.Word2Vec.load, compat.KeyedVectors.load],
    "keyed_vectors.kv": [compat.KeyedVectors.load],
    "phrases.model": [compat.Phrases.load],
    "frozen_phrases.model": [FrozenPhrases.load],
}


def test_there_is_one_file_of_each_kind():
    assert VERSIONS[0] == "0.1.0"
    for version in VERSIONS:
        files = list((FOLDER / version).iterdir())
        assert {file.name for file in files} == set(CHECKS)
        assert sum(file.stat().st_size for file in files) < 60_000


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("version", VERSIONS)
def test_files_of_every_version_are_read(version, name, tmp_path):
    for file in (FOLDER / version).glob(f"{name.partition('.')[0]}.*"):
        shutil.copy(file, tmp_path)  # a resumed run writes its own beside it
    CHECKS[name](tmp_path / name, version)


@pytest.mark.parametrize("name", OURS)
def test_files_of_a_newer_format_are_refused_by_its_number(name, tmp_path):
    data = (FOLDER / "0.1.0" / name).read_bytes()
    newer = data.replace(b'"version": "1"', b'"version": "2"', 1)
    newer = newer.replace(b'"fastw2v 0.1.0"', b'"fastw2v 7.8.9"', 1)
    assert newer != data
    path = tmp_path / name
    path.write_bytes(newer)
    message = rf"{name}, written by fastw2v 7\.8\.9, has format version 2, and this fastw2v reads"
    for load in OURS[name]:
        with pytest.raises(ValueError, match=message):
            load(path)
