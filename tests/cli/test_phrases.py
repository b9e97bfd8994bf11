"""``fastw2v phrases``: texts with their phrases joined."""

import gzip

import numpy as np
import pytest

import fastw2v
from fastw2v import phrases
from fastw2v.corpus import writing

TEXT = "the new york times says\na new york times a day\n"


@pytest.fixture
def new_york(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text(TEXT * 5)
    return path


def test_passes_find_longer_phrases(new_york, tmp_path, run):
    target = tmp_path / "joined.txt"
    argv = ["--passes", "2", "--min-count", "8", "--threshold", "0.5"]
    done = run("phrases", new_york, "-o", target, *argv)
    assert done.status == 0
    assert target.read_text() == TEXT.replace("new york times", "new_york_times") * 5
    assert done.out.startswith("pass 1: 2 phrases\n  ")
    assert "new york    10 times" in done.out
    assert "pass 2: 1 phrases\n  new_york times  10 times" in done.out
    assert done.out.endswith(f"saved {target}\n")


def test_the_corpus_is_that_of_the_library(new_york, tmp_path, run):
    target = tmp_path / "joined.f2v"
    argv = ["--min-count", "8", "--threshold", "0.5", "--delimiter", "+"]
    assert run("phrases", new_york, "-o", target, *argv).status == 0
    corpus = fastw2v.encode(new_york, min_count=1)
    found = phrases.find(corpus, min_count=8, threshold=0.5)
    expected = phrases.join(corpus, found, delimiter="+")
    opened = fastw2v.EncodedCorpus.open(target)
    assert opened.vocabulary.keys == expected.vocabulary.keys
    np.testing.assert_array_equal(opened.tokens, expected.tokens)
    np.testing.assert_array_equal(opened.offsets, expected.offsets)


def test_thresholds_one_a_pass_and_passes_end_with_nothing_to_join(new_york, tmp_path, result):
    target = tmp_path / "joined.txt"
    argv = ["phrases", new_york, "-o", target, "--min-count", "8"]
    found = result(*argv, "--threshold", "0.5,100", "--show", "1")
    assert [one["phrases"] for one in found["passes"]] == [2, 0]
    assert found["passes"][0]["best"] == [
        {"words": ["new", "york"], "count": 10, "score": pytest.approx(2 * 55 / 100)}
    ]
    assert found["report"]["tokens"] == 45
    found = result(*argv, "--threshold", "100", "--passes", "4")
    assert [one["phrases"] for one in found["passes"]] == [0]
    assert target.read_text() == TEXT * 5


def test_scoring(new_york, tmp_path, result):
    argv = ["phrases", new_york, "-o", tmp_path / "joined.txt", "--min-count", "8"]
    found = result(*argv, "--scoring", "npmi")
    assert found["passes"][0]["best"][0]["score"] == pytest.approx(1)


def test_standard_input_and_compressed_output(tmp_path, run, give_stdin):
    give_stdin(TEXT.encode() * 5)
    target = tmp_path / "joined.txt.gz"
    assert run("phrases", "-", "-o", target, "--threshold", "0.5", "--min-count", "8").status == 0
    assert "new_york times says" in gzip.decompress(target.read_bytes()).decode()


def test_refused(new_york, tmp_path, refused, misused):
    argv = ["phrases", new_york, "-o", tmp_path / "joined.txt"]
    assert "2 numbers, and there are 3 passes" in misused(
        *argv, "--threshold", "1,2", "--passes", "3"
    )
    assert "without white space" in misused(*argv, "--delimiter", " ")
    assert "would be lost" in refused("phrases", new_york, "-o", new_york)
    assert "below 1" in refused(*argv, "--scoring", "npmi", "--threshold", "1")
    assert "--threshold" in misused(*argv, "--threshold", "1,x")
    assert sorted(tmp_path.iterdir()) == [new_york]


# Writing texts


def test_a_text_that_was_written_is_read_as_the_same_corpus(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "STEP", 3)
    random = np.random.default_rng(0)
    sentences = [
        [f"w{i}é" for i in random.integers(9, size=random.integers(2, 6))] for _ in range(20)
    ]
    corpus = fastw2v.encode(sentences, min_count=1)
    writing.write_text(tmp_path / "text.txt", corpus)
    again = fastw2v.encode(tmp_path / "text.txt", min_count=1)
    assert again.vocabulary.keys == corpus.vocabulary.keys
    np.testing.assert_array_equal(again.tokens, corpus.tokens)
    np.testing.assert_array_equal(again.offsets, corpus.offsets)
    lines = (tmp_path / "text.txt").read_text(encoding="utf-8").splitlines()
    assert lines == [" ".join(sentence) for sentence in sentences]


def test_integers_are_written_as_digits(tmp_path):
    writing.write_text(tmp_path / "text.txt", fastw2v.encode([[3, 1], [1, 3]], min_count=1))
    assert (tmp_path / "text.txt").read_text() == "3 1\n1 3\n"


@pytest.mark.parametrize("key", ["", "a b", "a\nb", 1.5, ("a", "b"), "\ud800"])
def test_keys_that_are_no_words_leave_no_file(tmp_path, key):
    corpus = fastw2v.encode([[key, "z"], ["z", key]], min_count=1)
    with pytest.raises(ValueError, match="can't be written as a word"):
        writing.write_text(tmp_path / "text.txt", corpus)
    assert not list(tmp_path.iterdir())
