"""``fastw2v train``: by fastw2v's options, and by word2vec.c's flags."""

import gzip
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

import fastw2v
from fastw2v import Model
from fastw2v.formats import word_counts

SMALL = ("--min-count", "1", "--sample", "0", "--vector-size", "4", "--workers", "1")
SMALL_W2V = ("-min-count", "1", "-sample", "0", "-size", "4", "-threads", "1")


@pytest.fixture
def trained(monkeypatch):
    """Note how models are made and trained, instead of training long."""
    made = []
    init, train = Model.__init__, Model.train

    def noted_init(self, sentences=None, **options):
        made.append(options)
        init(self, sentences, **options)

    def noted_train(self, *args, progress, **stopping):
        made[-1] |= {"progress": progress, **stopping}
        return train(self, *args, progress=False, **stopping)

    monkeypatch.setattr(Model, "__init__", noted_init)
    monkeypatch.setattr(Model, "train", noted_train)
    return made


def test_a_whole_model_is_saved(text, tmp_path, run):
    target = tmp_path / "m.safetensors"
    done = run("train", text, "-o", target, *SMALL, "--epochs", "3", "--seed", "7")
    assert done.status == 0
    assert "160 tokens in 30 sentences" in done.out
    assert [line[:9] for line in done.out.splitlines()[1:4]] == [f"epoch   {i}" for i in (1, 2, 3)]
    assert f"saved {target}: 8 vectors of 4 dimensions, safetensors" in done.out
    model = Model.load(target)
    expected = Model(text, min_count=1, sample=0, vector_size=4, workers=1, epochs=3, seed=7)
    np.testing.assert_array_equal(model.input_vectors, expected.train(progress=False).input_vectors)
    assert model.parameters == expected.parameters


@pytest.mark.parametrize("name", ["v.txt", "v.bin", "v.vec.gz"])
def test_the_suffix_chooses_the_format(text, tmp_path, run, name):
    target = tmp_path / name
    assert run("train", text, "-o", target, *SMALL, "--epochs", "1").status == 0
    model = Model(text, min_count=1, sample=0, vector_size=4, workers=1, epochs=1)
    vectors = fastw2v.load(target)
    assert vectors.index_to_key == model.train(progress=False).wv.index_to_key
    np.testing.assert_array_equal(vectors.vectors, model.wv.vectors)


def test_format_is_stronger_than_the_suffix(text, tmp_path, result):
    target = tmp_path / "vectors"
    found = result("train", text, "-o", target, *SMALL, "--format", "word2vec_binary")
    assert found["format"] == "word2vec_binary" == fastw2v.formats.detect(target)


def test_json(text, tmp_path, result):
    target = tmp_path / "m.safetensors"
    found = result("train", text, "-o", target, *SMALL, "--epochs", "2", "--window", "2,3")
    assert found["output"] == str(target)
    assert (found["vectors"], found["vector_size"], found["vocabulary"]) == (8, 4, None)
    assert found["settings"]["window"] == [2, 3]
    assert found["report"]["tokens"] == 160
    assert [record["epoch"] for record in found["history"]] == [0, 1]
    assert found["history"][0]["loss"] == Model.load(target).history[0].loss


def test_every_option_reaches_the_model(text, tmp_path, run, trained):
    options = {
        "vector_size": 6, "window": 3, "shrink_windows": False, "shuffle": False, "min_count": 2,
        "max_vocab_size": 5, "architecture": "cbow", "objective": "negative_sampling",
        "negative": 3, "ns_exponent": 0.5, "negative_sharing": "pair", "cbow_mean": False,
        "cbow_gradient": "word2vec", "sample": 0.5, "alpha": 0.04, "min_alpha": 0.001,
        "epochs": 2, "workers": 1, "kernel": "blas", "seed": 9, "memory_limit": 1 << 25,
    }  # fmt: skip
    argv = []
    for name, value in options.items():
        option = "--" + name.replace("_", "-")
        argv += [option.replace("--", "--no-", 1)] if value is False else [option, str(value)]
    argv += ["--validation-share", "0.5", "--patience", "3", "--max-seconds", "100.5"]
    assert run("train", text, "-o", tmp_path / "m.txt", *argv, "--progress").status == 0
    stopping = {"validation": 0.5, "patience": 3, "max_seconds": 100.5}
    assert trained == [{**options, **stopping, "progress": True}]


def test_held_out_sentences(text, tmp_path, run, result, misused):
    target = tmp_path / "m.safetensors"
    argv = ["train", text, "-o", target, *SMALL, "--validation-share", "0.2", "--alpha", "0.5"]
    history = result(*argv, "--epochs", "40", "--patience", "1")["history"]
    assert len(history) < 40
    assert [record["kept"] for record in history] == [True] * (len(history) - 1) + [False]
    lines = run("info", target).out.splitlines()
    [last] = [line for line in lines if line.startswith(f"epoch {len(history):>3}")]
    assert f"validation {history[-1]['validation_loss']:.4f}" in last
    assert last.endswith("undone")
    assert "--validation-share" in misused("train", text, "-o", target, "--patience", "1")
    both = ["--max-seconds", "1", "--checkpoint", tmp_path / "c"]
    assert "don't go with --checkpoint" in misused("train", text, "-o", target, *both)


def test_diverged_vectors_are_told_and_not_saved(text, tmp_path, refused):
    target = tmp_path / "m.txt"
    assert "training diverged" in refused("train", text, "-o", target, *SMALL, "--alpha", "1e30")
    assert not target.exists()


def test_nothing_given_is_the_models_default(text, tmp_path, run, trained):
    assert run("train", text, "-o", tmp_path / "m.txt").status == 0
    assert trained == [{"progress": None}]


@pytest.mark.parametrize(("given", "window"), [("4", 4), ("0,3", (0, 3)), ("sentence", None)])
def test_windows(text, tmp_path, run, trained, given, window):
    argv = ["-o", tmp_path / "m.txt", "--epochs", "1", "--window", given]
    assert run("train", text, *argv).status == 0
    assert trained[0]["window"] == window


@pytest.mark.parametrize("window", ["0", "x", "1,2,3", "0,0", "-1", ""])
def test_no_windows(text, misused, window):
    assert "--window" in misused("train", text, "-o", "m.txt", f"--window={window}")


# Where sentences come from


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input_is_a_text(text, tmp_path, run, give_stdin, pack):
    targets = [tmp_path / "file.txt", tmp_path / "stdin.txt"]
    give_stdin(pack(text.read_bytes()))
    for source, target in zip([text, "-"], targets, strict=True):
        assert run("train", source, "-o", target, *SMALL, "--epochs", "1").status == 0
    assert targets[0].read_bytes() == targets[1].read_bytes()


def test_standard_input_stands_alone(text, misused):
    assert "read alone" in misused("train", "-", text, "-o", "m.txt")


def test_standard_input_that_is_closed(tmp_path, refused, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    assert "standard input is closed" in refused("train", "-", "-o", tmp_path / "m.txt")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_ctrl_c_while_standard_input_is_waited_for(tmp_path):
    command = [sys.executable, "-m", "fastw2v", "train", "-", "-o", str(tmp_path / "m.txt")]
    pipes = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        process.stdin.write(b"a b c\n" * (1 << 19))  # more than a pipe holds: it is being read
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read() == b"fastw2v: interrupted\n"
    assert not list(tmp_path.iterdir())


def test_bytes_of_standard_input_that_are_no_utf_8(tmp_path, run, refused, give_stdin):
    give_stdin(b"a b\na \xff b\n")
    message = refused("train", "-", "-o", tmp_path / "m.txt", *SMALL)
    assert "standard input: 0xff is not valid UTF-8 (byte 7 of the text)" in message
    give_stdin(b"a b\na \xff b\n")
    argv = ["--errors", "replace", "--epochs", "1"]
    assert run("train", "-", "-o", tmp_path / "m.txt", *SMALL, *argv).status == 0
    assert "\ufffd" in fastw2v.load(tmp_path / "m.txt")


def test_an_encoded_corpus_brings_its_words_or_has_them_chosen_anew(text, tmp_path, run):
    corpus, target = tmp_path / "corpus.f2v", tmp_path / "m.safetensors"
    fastw2v.encode(text, min_count=11).save(corpus)
    small = ("--sample", "0", "--epochs", "1")
    assert run("train", corpus, "-o", target, *small).status == 0
    assert Model.load(target).vocabulary.keys == ["the", "king", "rules", "land", "queen", "a"]
    assert run("train", corpus, "-o", target, *small, "--min-count", "21").status == 0
    assert Model.load(target).vocabulary.keys == ["the"]


def test_a_corpus_stands_alone_and_is_read_already(text, tmp_path, refused):
    corpus = tmp_path / "corpus.f2v"
    fastw2v.encode(text, min_count=1).save(corpus)
    target = tmp_path / "m.txt"
    assert "stands alone" in refused("train", corpus, text, "-o", target)
    assert "was read already" in refused("train", corpus, "-o", target, "--errors", "replace")


def test_a_model_is_no_corpus(model_file, refused):
    assert "is no encoded corpus" in refused("train", model_file, "-o", "m.txt")


# Vocabularies


def test_words_from_a_file_and_to_one(text, tmp_path, run):
    words, saved = tmp_path / "words.txt", tmp_path / "saved.txt"
    target = tmp_path / "m.safetensors"
    words.write_text("</s> 30\nqueen 20\nking 30\nrules 4\n\n")
    argv = ["--vocabulary", words, "--sample", "0", "--epochs", "1", "--save-vocabulary", saved]
    assert run("train", text, "-o", target, *argv).status == 0
    assert Model.load(target).vocabulary.keys == ["king", "queen", "rules"]
    assert saved.read_text() == "king 30\nqueen 20\nrules 4\n"
    assert run("train", text, "-o", target, *argv, "--min-count", "5").status == 0
    assert saved.read_text() == "king 30\nqueen 20\n"
    assert run("train", text, "-o", target, *argv, "--max-vocab-size", "2").status == 0
    assert saved.read_text() == "king 30\nqueen 20\n"


def test_words_from_our_own_files(text, model_file, tmp_path, run):
    vocabulary, target = tmp_path / "v.safetensors", tmp_path / "m.safetensors"
    fastw2v.count(text, min_count=20).save(vocabulary)
    for given, keys in (vocabulary, 6), (model_file, 8):
        argv = ["--vocabulary", given, "--sample", "0", "--epochs", "1"]
        saved = tmp_path / "saved.safetensors"
        assert run("train", text, "-o", target, *argv, "--save-vocabulary", saved).status == 0
        assert len(Model.load(target).vocabulary) == keys
        assert fastw2v.Vocabulary.load(saved).keys == Model.load(target).vocabulary.keys


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"king 3\nqueen\n", "line 2: expected a word and its count, found b'queen'"),
        (b"king -3\n", "line 1: expected a word and its count"),
        (b"king 99999999999999999999\n", "line 1: expected a word and its count"),
        (b"king 3\nk\xff 3\n", "line 2: expected UTF-8"),
        (b"", "has no words with counts"),
        (b"</s> 5\n", "has no words with counts"),
        (b"king 3\nking 2\n", "'king' occurs more than once"),
    ],
)
def test_damaged_vocabularies(text, tmp_path, refused, content, message):
    words = tmp_path / "words.txt"
    words.write_bytes(content)
    error = refused("train", text, "-o", tmp_path / "m.txt", "--vocabulary", words)
    assert str(words) in error
    assert message in error
    assert not (tmp_path / "m.txt").exists()


def test_no_word_of_a_vocabulary_is_frequent_enough(text, tmp_path, refused):
    words = tmp_path / "words.txt"
    words.write_text("king 3\n")
    argv = ["--vocabulary", words, "--min-count", "4"]
    assert "none of the 1 words" in refused("train", text, "-o", tmp_path / "m.txt", *argv)


def test_counting_alone(text, tmp_path, run, result):
    saved = tmp_path / "words.txt"
    argv = ["-train", text, "-save-vocab", saved, "-min-count", "1"]
    assert run("train", *argv).out == f"saved {saved}: 8 words, 160 occurrences\n"
    found = result("train", "-train", text, "-save-vocab", saved)
    assert (found["vocabulary"], found["vocabulary_size"]) == (str(saved), 8)
    words, counts = word_counts.read(saved)
    vocabulary = fastw2v.count(text)
    assert words == vocabulary.keys
    assert counts.tolist() == vocabulary.counts.tolist()


@pytest.mark.parametrize("key", ["", "a b", "a\tb", None, 1.5, ("a", "b"), "\ud800"])
def test_keys_that_are_no_words(tmp_path, key):
    with pytest.raises(ValueError, match="can't be written as a word"):
        word_counts.write(tmp_path / "v.txt", ["a", key], np.array([2, 1]))
    assert not list(tmp_path.iterdir())
    word_counts.write(tmp_path / "v.txt", ["a", 17], np.array([2, 1]))
    assert word_counts.read(tmp_path / "v.txt")[0] == ["a", "17"]


# word2vec.c's flags


def test_word2vec_defaults(text, tmp_path, run, trained, monkeypatch):
    monkeypatch.setattr("fastw2v.resources.available_cores", lambda: 16)
    assert run("train", "-train", text, "-output", tmp_path / "v").status == 0
    assert trained == [
        {
            "vector_size": 100, "window": 5, "sample": 1e-3, "negative": 5, "min_count": 5,
            "epochs": 5, "architecture": "cbow", "cbow_gradient": "word2vec", "alpha": 0.05,
            "min_alpha": 0.05e-4, "workers": 12, "progress": None,
        }
    ]  # fmt: skip
    assert fastw2v.formats.detect(tmp_path / "v") == "word2vec_text"
    monkeypatch.setattr("fastw2v.resources.available_cores", lambda: 2)
    assert run("train", "-train", text, "-output", tmp_path / "v", "-cbow", "0").status == 0
    assert (trained[1]["workers"], trained[1]["alpha"]) == (2, 0.025)
    assert trained[1]["architecture"] == "skipgram"
    assert "cbow_gradient" not in trained[1]


def test_a_script_of_word2vecs_users(text, tmp_path, run, trained):
    vectors, words = tmp_path / "vectors.bin", tmp_path / "words"
    argv = (
        f"-train {text} -output {vectors} -cbow 0 -size 20 -window 8 -negative 25 -hs 0 "
        f"-sample 1e-4 -threads 1 -binary 1 -iter 2 -min-count 1 -alpha 0.01 -debug 2 "
        f"-save-vocab {words} -classes 0"
    )
    assert run("train", *argv.split()).status == 0
    assert trained == [
        {
            "vector_size": 20, "window": 8, "negative": 25, "sample": 1e-4, "workers": 1,
            "epochs": 2, "min_count": 1, "alpha": 0.01, "min_alpha": pytest.approx(1e-6),
            "architecture": "skipgram", "progress": True,
        }
    ]  # fmt: skip
    assert fastw2v.formats.detect(vectors) == "word2vec_binary"
    assert fastw2v.load(vectors).vectors.shape == (8, 20)
    assert words.read_text().startswith("the 40\n")
    again = ["-read-vocab", words, "-min-count", "21", "-debug", "0"]
    assert run("train", "-train", text, "-output", vectors, "-sample", "0", *again).status == 0
    assert fastw2v.formats.detect(vectors) == "word2vec_text"
    assert fastw2v.load(vectors).index_to_key == ["the"]
    assert trained[1]["progress"] is False


def test_hierarchical_softmax(text, tmp_path, run, trained):
    argv = ["-train", text, "-output", tmp_path / "v.txt", *SMALL_W2V, "-hs", "1", "-negative", "0"]
    assert run("train", *argv).status == 0
    assert trained[0]["objective"] == "hierarchical_softmax"
    assert run("train", text, "-o", tmp_path / "v.txt", *SMALL, "-hs", "1").status == 0
    assert trained[1]["objective"] == "hierarchical_softmax"


W2V = ("-train", "TEXT", "-output", "v.txt")
OURS = ("TEXT", "-o", "v.txt")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ((*W2V, "-hs", "1"), "-hs 1 with -negative 5 .* would add both losses"),
        ((*W2V, "-hs", "1", "-negative", "3"), "-hs 1 with -negative 3 .* would add both losses"),
        ((*OURS, "-hs", "1", "--negative", "3"), "-hs 1 with -negative 3"),
        ((*W2V, "-negative", "0"), "-negative 0 without -hs 1"),
        ((*OURS, "--negative", "0"), "-negative 0 without -hs 1"),
        ((*W2V, "-classes", "500"), "-classes 500: .* k-means"),
        ((*W2V, "TEXT"), "give the text once"),
        ((*W2V, "-o", "w.txt"), "-train goes with -output"),
        ((*W2V, "--format", "glove"), "-train goes with -binary"),
        (("TEXT", "-output", "v.txt"), "-output goes with -train"),
        ((*OURS, "-binary", "1"), "-binary goes with -train"),
        ((*W2V, "-cbow", "1", "--architecture", "cbow"), "-cbow and --architecture"),
        ((*OURS, "-hs", "0", "--objective", "softmax"), "-hs and --objective"),
        ((*OURS, "-debug", "0", "--progress"), "-debug and --progress"),
        (("TEXT",), "give -o FILE"),
        (("TEXT", "--save-vocabulary", "words"), "give -o FILE"),
        (("-train", "TEXT"), "give -output FILE, or -save-vocab FILE"),
        (("-o", "v.txt"), "give a SOURCE"),
        (("TEXT", "-o", "v.unknown"), "no suffix that names a format"),
    ],
)
def test_arguments_that_contradict_each_other(text, tmp_path, misused, monkeypatch, argv, message):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    error = misused("train", *(str(text) if word == "TEXT" else word for word in argv))
    assert re.search(message, error)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ((*OURS, "--vocabulary", "no such file"), "no file 'no such file'"),
        ((*OURS, "--ns-exponent", "0.5", "--min-alpha", "1"), r"min_alpha \(1.0\) must not be"),
    ],
)
def test_what_can_not_be_honoured_is_refused(text, tmp_path, refused, monkeypatch, argv, message):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    error = refused("train", *(str(text) if word == "TEXT" else word for word in argv))
    assert re.search(message, error)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "argv", [("-size", "0"), ("-iter", "x"), ("-cbow", "2"), ("-binary", "yes"), ("-alpha", "nan")]
)
def test_wrong_arguments(text, misused, argv):
    assert argv[0] in misused("train", "-train", text, "-output", "v", *argv)


# Files


def test_outputs_are_checked_before_the_work(text, tmp_path, refused, trained):
    for argv in (
        ["-o", tmp_path / "missing" / "m.txt"],
        ["-o", tmp_path / "m.txt", "--save-vocabulary", tmp_path],
        ["-o", text, "--format", "word2vec_text"],
        ["-o", tmp_path / "m.txt", "--save-vocabulary", text],
    ):
        error = refused("train", text, *argv)
        assert re.search("no folder|is a folder|would be lost", error)
    assert trained == []


def test_keys_that_the_format_has_no_form_for(tmp_path, refused, trained):
    corpus = tmp_path / "corpus.f2v"
    fastw2v.encode([[("a", 1), ("b", 2)]] * 9, min_count=1).save(corpus)
    message = refused("train", corpus, "-o", tmp_path / "m.txt", "--sample", "0", "--epochs", "1")
    assert "('a', 1)" in message
    assert trained == []


# Checkpoints


def test_a_run_goes_on_from_its_checkpoint(text, tmp_path, run, refused, monkeypatch):
    from fastw2v import team

    monkeypatch.setattr(team, "MOST_BATCH_TOKENS", 256)
    text.write_text(text.read_text() * 30)
    target, path = tmp_path / "m.safetensors", tmp_path / "run.ckpt"
    argv = ["train", text, "-o", target, *SMALL, "--epochs", "3"]
    assert run(*argv).status == 0
    expected = Model.load(target)
    argv += ["--checkpoint", path, "--checkpoint-every", "1500", "--resume"]
    assert run(*argv).status == 0  # there is none yet
    assert path.exists()
    before = Model.load(path)
    assert len(before.history) < 3
    target.unlink()
    assert run(*argv).status == 0
    model = Model.load(target)
    assert model.input_vectors.tobytes() == expected.input_vectors.tobytes()
    assert len(model.history) == 3
    assert "was made with vector_size=4, and now it is 5" in refused(*argv, "--vector-size", "5")


def test_options_of_checkpoints_without_one(text, misused):
    for options in ["--resume"], ["--checkpoint-every", "10min"]:
        assert "give --checkpoint FILE" in misused("train", text, "-o", "m.txt", *options)
    same = ["-o", "m.safetensors", "--checkpoint", "./m.safetensors"]
    assert "--checkpoint and --output are one file" in misused("train", text, *same)


def test_no_interval(text, tmp_path, refused):
    argv = ["-o", tmp_path / "m.txt", "--checkpoint", tmp_path / "run.ckpt"]
    message = refused("train", text, *argv, "--checkpoint-every", "soon")
    assert "every must be a number of tokens, or a time above 0 such as '30s'" in message
