"""``fastw2v convert`` and ``fastw2v info``."""

import gzip
import os

import numpy as np
import pytest

import fastw2v
from fastw2v.cli.info import _bytes
from fastw2v.formats import word_counts

KEPT = [
    "v.safetensors",
    "v.bin",
    "v.vec",
    "v.txt.gz",
    "v.glove.xz",
    "v.npy",
    "v.parquet",
    "v.arrow",
]


@pytest.mark.parametrize("name", KEPT)
def test_there_and_back(vectors, tmp_path, run, result, name):
    pytest.importorskip("pyarrow")
    target, back = tmp_path / name, tmp_path / "back.txt"
    found = result("convert", vectors, target)
    assert found == {
        "source": str(vectors),
        "source_format": "word2vec_text",
        "target": str(target),
        "target_format": fastw2v.formats.detect(target),
    }
    done = run("convert", target, back, "--to", "word2vec_text")
    assert done.out == f"{found['target_format']} → word2vec_text: saved {back}\n"
    assert back.read_bytes() == vectors.read_bytes()


def test_formats_that_are_written_only(vectors, tmp_path, run):
    assert run("convert", vectors, tmp_path / "v.tsv").status == 0
    argv = ["convert", vectors, tmp_path / "folder", "--to", "sentence_transformers"]
    assert run(*argv).status == 0
    assert (tmp_path / "folder" / "modules.json").is_file()


def test_options(vectors, tmp_path, run):
    target = tmp_path / "v.bin"
    assert run("convert", vectors, target, "--limit", "2", "--from", "word2vec_text").status == 0
    assert fastw2v.load(target).index_to_key == ["king", "queen"]
    latin = tmp_path / "latin.txt"
    latin.write_bytes(b"1 2\ncaf\xe9 0.5 1\n")
    assert run("convert", latin, target, "--encoding-errors", "ignore").status == 0
    assert fastw2v.load(target).index_to_key == ["caf"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input(vectors, tmp_path, run, give_stdin, pack):
    give_stdin(pack(vectors.read_bytes()))
    assert run("convert", "-", tmp_path / "v.bin").status == 0
    assert fastw2v.load(tmp_path / "v.bin").index_to_key == fastw2v.load(vectors).index_to_key


def test_refused(vectors, text, tmp_path, refused, misused, give_stdin):
    assert "is the source, and would be lost" in refused("convert", vectors, vectors)
    assert "or name one by --to" in misused("convert", vectors, tmp_path / "v")
    for option in "--to", "--from":
        assert "must be one of" in misused("convert", vectors, tmp_path / "v.bin", option, "nope")
    assert "--from" in refused("convert", text, tmp_path / "v.bin")
    assert "no file" in refused("convert", tmp_path / "none.txt", tmp_path / "v.bin")
    assert "no file of vectors" in refused("convert", text, tmp_path / "v.bin")
    give_stdin(b"1 2\na x 2\n")
    message = refused("convert", "-", tmp_path / "v.bin")
    assert "standard input, line 2" in message
    keyed = tmp_path / "keyed.safetensors"
    fastw2v.KeyedVectors([("a", 1), 2], np.eye(2, dtype=np.float32)).save(keyed)
    assert "('a', 1)" in refused("convert", keyed, tmp_path / "v.txt")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "corpus.txt", "keyed.safetensors", "vectors.txt"
    ]  # fmt: skip


# info


def test_vectors_of_each_format(vectors, tmp_path, result, run):
    pytest.importorskip("pyarrow")
    for name in KEPT:
        target = tmp_path / name
        run("convert", vectors, target)
        found = result("info", target)
        assert (found["kind"], found["keys"], found["vector_size"]) == ("vectors", 5, 3)
        assert found["first"] == ["king", "queen", "man", "woman", "King"]
        assert found["format"] == fastw2v.formats.detect(target)
        assert found["bytes"] == target.stat().st_size
    printed = run("info", vectors).out
    assert printed.startswith(f"{vectors}: vectors (word2vec_text), ")
    assert "  keys         5: king, queen, man, woman, King\n  vector_size  3\n" in printed


def test_a_model(model_file, result, run):
    found = result("info", model_file)
    model = fastw2v.Model.load(model_file)
    assert (found["kind"], found["format"], found["keys"]) == ("model", "safetensors", 8)
    assert (found["vector_size"], found["tokens"], found["first"][0]) == (4, 160, "the")
    assert found["training"]["settings"]["seed"] == model.parameters.seed == 3
    assert found["training"]["workers"] == 1
    assert [one["loss"] for one in found["training"]["history"]] == [r.loss for r in model.history]
    printed = run("info", model_file).out
    assert printed.startswith(f"{model_file}: a model (safetensors), ")
    assert "the, king, rules, land, queen, ..." in printed
    assert f"epoch   2  loss {model.history[1].loss:.4f}" in printed


def test_a_model_that_is_damaged(model_file, monkeypatch, refused):
    monkeypatch.setattr(fastw2v.EpochRecord, "__init__", lambda self, x: None)
    assert "is damaged, or from a newer fastw2v" in refused("info", model_file)


def test_a_corpus(text, tmp_path, result, run):
    path = tmp_path / "corpus.f2v"
    corpus = fastw2v.encode(text, min_count=11)
    corpus.save(path)
    found = result("info", path)
    assert (found["kind"], found["keys"], found["vector_size"]) == ("corpus", 6, None)
    assert found["report"]["tokens"] == 160
    assert str(corpus.report) in run("info", path).out


def test_vocabularies(text, tmp_path, result):
    vocabulary = fastw2v.count(text, min_count=11)
    vocabulary.save(tmp_path / "v.safetensors")
    words = tmp_path / "words.txt"
    word_counts.write(words, vocabulary.keys, vocabulary.counts)
    for path, format in (tmp_path / "v.safetensors", "safetensors"), (words, "word counts"):
        found = result("info", path)
        assert (found["kind"], found["format"]) == ("vocabulary", format)
        assert (found["keys"], found["tokens"]) == (6, int(vocabulary.counts.sum()))
        assert found["vector_size"] is None


def test_vectors_of_one_dimension_are_no_vocabulary(tmp_path, result):
    path = tmp_path / "v.glove"
    path.write_text("a 1\nb 0.5\n")
    assert result("info", path)["kind"] == "vectors"


def test_formats(run, result):
    listed = run("info", "--formats").out.splitlines()
    assert [line.split()[0] for line in listed] == list(fastw2v.formats.FORMATS)
    assert any(line.startswith("projector") and "(write only)" in line for line in listed)
    names = [format["name"] for format in result("info", "--formats")["formats"]]
    assert names == list(fastw2v.formats.FORMATS)


def test_the_format_that_a_file_is_said_to_have(tmp_path, result):
    path = tmp_path / "odd.txt"
    path.write_text("2 3\n4 5\n")  # looks like a header
    assert result("info", path, "--format", "glove")["first"] == ["2", "4"]


def test_what_is_no_regular_file(tmp_path, refused, misused):
    os.mkfifo(tmp_path / "pipe")
    for path in tmp_path / "pipe", os.devnull:
        for argv in ["info", path], ["similar", path, "a"], ["convert", path, tmp_path / "v.bin"]:
            message = refused(*argv)
            assert f"'{path}' is no regular file" in message
            assert "fastw2v convert - FILE" in message
    assert "fastw2v convert - FILE" in misused("similar", "-", "a")
    assert "fastw2v convert - FILE" in misused("info", "-")


def test_no_file_to_tell_of(text, tmp_path, refused, misused):
    assert "no file of vectors" in (message := refused("info", text))
    assert message.endswith("name it by --format\n")
    assert "line 1" in refused("info", text, "--format", "word2vec_text")
    assert "--formats lists" in misused("info", "--formats", "--format", "glove")
    assert "no file" in refused("info", tmp_path / "none")
    assert "is a folder" in refused("info", tmp_path)
    assert "one of the arguments" in misused("info")


@pytest.mark.parametrize(
    ("size", "shown"),
    [(999, "999 bytes"), (1000, "1.0 kB"), (2.5e6, "2.5 MB"), (5e12, "5,000.0 GB")],
)
def test_sizes(size, shown):
    assert _bytes(size) == shown


def test_what_a_file_says_of_its_corpus(text, tmp_path, result, run):
    path, model, vectors = (tmp_path / name for name in ("c.f2v", "m.safetensors", "v.safetensors"))
    corpus = fastw2v.encode(text, min_count=1)
    corpus.save(path)
    trained = fastw2v.Model(corpus, vector_size=2, sample=0).train(
        checkpoint=tmp_path / "run.ckpt", every=1, progress=False
    )
    trained.save(model)
    trained.wv.save(vectors)
    digest = corpus.fingerprint.digest
    assert f"fingerprint  {digest}\n" in run("info", path).out
    assert result("info", path)["fingerprint"]["digest"] == digest
    writer = f"fastw2v {fastw2v.__version__}"
    for file, kind in (model, "model"), (vectors, "vectors"), (tmp_path / "run.ckpt", "checkpoint"):
        found = result("info", file)
        assert (found["kind"], found["written_by"]) == (kind, writer)
        (one,) = found["provenance"]["corpora"]
        assert (one["fingerprint"]["digest"], one["report"]["tokens"]) == (digest, 160)
        printed = run("info", file).out
        assert f"{digest}, from epoch 1 on, by {writer}: 160 tokens" in printed
        assert printed.startswith(f"{file}: a {kind} ") or kind == "vectors"
