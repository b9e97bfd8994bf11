"""What ``Model`` trains on: the same bits from every kind of input, reports, estimates, limits."""

import gc
import logging
import lzma
import os

import numpy as np
import pyarrow as pa
import pytest

import fastw2v
from fastw2v import EncodedCorpus, Vocabulary, team
from fastw2v._kernels.huffman import HuffmanTree
from fastw2v.corpus import encoding
from fastw2v.estimate import LONGEST_PATH, scratch_bytes, tree_bytes

SMALL = {"vector_size": 5, "workers": 1, "epochs": 2, "min_count": 2, "progress": False}
NUMBERS = np.random.default_rng(3).integers(40, size=(60, 9)) ** 2
WALKS = [[f"n{n}" for n in row] for row in NUMBERS]
OFFSETS = np.arange(0, NUMBERS.size + 1, NUMBERS.shape[1])


def train(sentences, **options):
    options = SMALL | options
    progress = options.pop("progress")
    return fastw2v.Model(sentences, **options).train(progress=progress)


def write_text(path, opener=open):
    with opener(path, "wb") as file:
        file.writelines(" ".join(walk).encode() + b"\n" for walk in WALKS)
    return path


def save_encoded(path):
    fastw2v.encode(WALKS, min_count=2).save(path)
    return EncodedCorpus.open(path)


KINDS = {
    "generator": lambda folder: (walk for walk in WALKS),
    "file": lambda folder: write_text(folder / "w.txt"),
    "xz file": lambda folder: write_text(folder / "w.xz", lzma.open),
    "int array": lambda folder: NUMBERS,
    "tokens and offsets": lambda folder: (NUMBERS.ravel(), OFFSETS),
    "Arrow column": lambda folder: pa.chunked_array([WALKS[:7], WALKS[7:]]),
    "Arrow column of texts": lambda folder: pa.array([" ".join(walk) for walk in WALKS]),
    "saved corpus": lambda folder: save_encoded(folder / "w.f2v"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_input_gives_the_same_bits(kind, tmp_path):
    expected = train(WALKS)
    source = KINDS[kind](tmp_path)
    options = {"min_count": 5} if kind == "saved corpus" else {}
    model = train(source, **options)
    if kind in ("int array", "tokens and offsets"):
        assert [f"n{key}" for key in model.wv.index_to_key] == expected.wv.index_to_key
    else:
        assert model.wv.index_to_key == expected.wv.index_to_key
    assert model.input_vectors.tobytes() == expected.input_vectors.tobytes()
    assert model.output_vectors.tobytes() == expected.output_vectors.tobytes()
    assert [r.loss for r in model.history] == [r.loss for r in expected.history]


@pytest.mark.parametrize("shuffle", [True, False])
def test_a_corpus_in_a_temporary_file_gives_the_same_bits(shuffle, monkeypatch):
    monkeypatch.setattr(encoding, "BUCKET", 64)
    expected = train(WALKS, shuffle=shuffle)
    monkeypatch.setattr("fastw2v.model_reading.memory_budget", lambda limit: 100)
    model = train(iter(WALKS), shuffle=shuffle)
    assert model._corpus.on_disk
    assert not expected._corpus.on_disk
    assert model.input_vectors.tobytes() == expected.input_vectors.tobytes()
    before = model.input_vectors.copy()
    model.train(progress=False)  # again, from the same file
    assert not np.array_equal(model.input_vectors, before)


def open_files():
    links = [f"/proc/self/fd/{n}" for n in os.listdir("/proc/self/fd")]
    return sorted(os.readlink(link) for link in links if os.path.lexists(link))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs a list of open files")
@pytest.mark.parametrize("item", [0, 1, 59])
def test_an_iterator_that_raises_leaves_the_model_and_no_file(item, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("fastw2v.model_reading.memory_budget", lambda limit: 0)
    monkeypatch.setattr("fastw2v.corpus.objects.PIECE", 4)

    def failing():
        for i, walk in enumerate(WALKS):
            if i == item:
                raise OSError("no more")
            yield walk

    model = train(WALKS)
    before = model.input_vectors.tobytes(), model.vocabulary, list(model.history), model._corpus
    gc.collect()
    files = open_files()
    with pytest.raises(OSError, match="no more"):
        model.train(failing(), progress=False)
    assert (model.input_vectors.tobytes(), model.vocabulary, model.history) == before[:3]
    assert model._corpus is before[3]
    gc.collect()
    assert open_files() == files
    assert os.listdir(tmp_path) == []


def test_an_encoded_corpus_brings_its_vocabulary():
    corpus = fastw2v.encode(NUMBERS, vocabulary="identity")
    model = train(corpus, min_count=5)
    assert model.vocabulary is corpus.vocabulary
    assert model.wv.index_to_key == list(range(39**2 + 1))
    unseen = next(i for i in range(39**2) if corpus.vocabulary.counts[i] == 0)
    assert not model.output_vectors[unseen].any()
    for options in {"min_count": 3}, {"max_vocab_size": 2}, {"vocabulary": {"a": 1}}:
        with pytest.raises(ValueError, match="EncodedCorpus comes with its vocabulary"):
            fastw2v.Model(corpus, **options)
        with pytest.raises(ValueError, match="EncodedCorpus comes with its vocabulary"):
            fastw2v.Model(**options).train(corpus)


def test_a_vocabulary_may_be_given():
    options = {"min_count": 5, "sample": 0}
    given = Vocabulary.in_order(["n9", "n0", "none", "n4"], [1, 5, 0, 2])
    model = train(WALKS, vocabulary=given, **options)
    assert model.wv.index_to_key == ["n9", "n0", "none", "n4"]
    assert model.vocabulary is given
    assert set(model._corpus.tokens.tolist()) == {0, 1, 3}
    by_count = train(WALKS, vocabulary={"n9": 1, "n0": 5}, **options)
    assert by_count.wv.index_to_key == ["n0", "n9"]
    nodes = train(NUMBERS, vocabulary="identity", **options)
    assert nodes.wv.index_to_key == list(range(39**2 + 1))
    with pytest.raises(TypeError, match="identity' is for integers"):
        train(WALKS, vocabulary="identity", **options)


def test_the_most_frequent_words_alone():
    everything = train(WALKS)
    some = train(WALKS, max_vocab_size=3)
    assert some.wv.index_to_key == everything.wv.index_to_key[:3]
    with pytest.raises(ValueError, match="max_vocab_size must be at least 1"):
        fastw2v.Model(WALKS, max_vocab_size=0)


def test_settings_survive_saving(tmp_path):
    model = train(NUMBERS, vocabulary="identity", min_count=5)
    model.save(tmp_path / "m.safetensors")
    loaded = fastw2v.Model.load(tmp_path / "m.safetensors")
    assert loaded.vocabulary.keys == model.vocabulary.keys
    assert loaded.report is None
    again = loaded.train(NUMBERS, progress=False)
    assert len(again.history) == 4
    few = train(WALKS, max_vocab_size=3)
    few.save(tmp_path / "few.safetensors")
    assert fastw2v.Model.load(tmp_path / "few.safetensors").parameters.max_vocab_size == 3


def test_the_report(caplog):
    caplog.set_level(logging.INFO, logger="fastw2v")
    sentences = [["a", "b", "a", "rare"], [], ["b"], ["rarer"], ["a", "b"] * 50]
    model = fastw2v.Model(sentences, min_count=2, workers=1, epochs=1, sample=1e-2)
    assert model.report is None
    report = model.train(progress=False).report
    assert (report.sentences, report.tokens, report.distinct) == (4, 106, 4)
    assert (report.kept_sentences, report.kept_tokens, report.longest_sentence) == (3, 104, 100)
    assert report.vocabulary_size == 2
    keep = 0.1 * 2**0.5 + 0.02
    assert report.sampled_share == pytest.approx(keep, rel=0.01)
    for part in "106 tokens in 4 sentences, 4 distinct", "kept: 104 tokens (98.1 %)", "leaves 16":
        assert part in caplog.text
    assert "subsampling keeps only 16 %" in caplog.text


@pytest.fixture
def scratches(monkeypatch):
    """All scratches that trainers make."""
    made = []
    real = team.Scratch
    monkeypatch.setattr(
        "fastw2v.team.Scratch", lambda kernel: made.append(real(kernel)) or made[-1]
    )
    return made


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"window": None},
        {"window": (0, 3), "negative": 17},
        {"negative": 500},
        {"architecture": "cbow", "vector_size": 33},
        {"objective": "softmax"},
    ],
)
def test_the_estimate_is_what_is_taken(options, scratches):
    model = train(WALKS, **options)
    estimate = model.estimate_memory()
    assert estimate.matrices == sum(
        matrix.strides[0] * len(matrix) for matrix in (model.input_vectors, model.output_vectors)
    )
    assert estimate.corpus == model._corpus.tokens.nbytes + model._corpus.offsets.nbytes
    assert estimate.total == estimate.matrices + estimate.corpus + estimate.scratch
    assert estimate.scratch == scratch_bytes(model.parameters, len(model.vocabulary), 9)
    assert estimate.scratch == pytest.approx(scratches[0].nbytes, abs=2000)
    assert f"{estimate.total:,} bytes" in str(estimate)


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
@pytest.mark.parametrize("window", [5, None])
def test_the_estimate_has_room_for_a_tree(architecture, window, scratches):
    model = train(WALKS, objective="hierarchical_softmax", architecture=architecture, window=window)
    tree = HuffmanTree(model.vocabulary.counts)
    assert tree.longest_path <= LONGEST_PATH
    threads = scratch_bytes(model.parameters, len(model.vocabulary), 9)
    for_tree = tree_bytes(model.parameters, len(model.vocabulary))
    assert model.estimate_memory().scratch == threads + for_tree
    assert scratches[0].nbytes <= threads
    assert tree.nbytes <= for_tree


def test_an_estimate_before_anything_is_read():
    model = fastw2v.Model(vector_size=100, workers=2)
    with pytest.raises(ValueError, match="no sentences were read yet: give vocabulary_size"):
        model.estimate_memory()
    estimate = model.estimate_memory(1000, tokens=10**6, sentences=10**4)
    assert estimate.matrices == 2 * 4 * 1000 * 112  # rows of 100 are padded to 112
    assert estimate.corpus == 4_080_008
    corpus = fastw2v.encode(WALKS, min_count=1)
    assert fastw2v.Model(corpus).estimate_memory().corpus == 2 * (corpus.tokens.nbytes + 8 * 61)
    as_it_is = fastw2v.Model(corpus, shuffle=False).estimate_memory()
    assert as_it_is.corpus == corpus.tokens.nbytes + 8 * 61


def test_scratch_that_does_not_fit_is_refused_by_numbers(monkeypatch):
    monkeypatch.setattr("fastw2v.resources.available_memory", lambda: 2_000_000)
    model = fastw2v.Model([["a", "b"] * 5_000], window=None, vector_size=100, workers=2)
    with pytest.raises(MemoryError, match=r"two float32 .* and 2 threads .* 2,000,000 bytes are"):
        model.train(progress=False)
    assert model.input_vectors is None


@pytest.mark.parametrize("limit", [0, 2**24 - 1])
def test_a_memory_limit_has_a_least(limit):
    with pytest.raises(ValueError, match="memory_limit must be at least 16777216"):
        fastw2v.Model(WALKS, memory_limit=limit)
