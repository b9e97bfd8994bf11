"""``fastw2v encode``: text files become a corpus on disk."""

import gzip

import numpy as np
import pytest

import fastw2v
from fastw2v.cli import main

TEXT = "a b a c\nb a\n\nd a b\n"


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text(TEXT * 3)
    return path


def test_a_file_becomes_a_corpus(text, tmp_path, capsys):
    target = tmp_path / "corpus.f2v"
    assert main(["encode", str(text), "-o", str(target)]) == 0
    printed = capsys.readouterr().out
    assert "27 tokens in 9 sentences, 4 distinct; kept: 21 tokens (77.8 %)" in printed
    assert f"saved {target}" in printed
    corpus = fastw2v.EncodedCorpus.open(target)
    expected = fastw2v.encode(text)
    assert corpus.vocabulary.keys == expected.vocabulary.keys == ["a", "b"]
    np.testing.assert_array_equal(corpus.tokens, expected.tokens)
    np.testing.assert_array_equal(corpus.offsets, expected.offsets)
    assert corpus.report == expected.report
    assert len(fastw2v.Model(corpus, epochs=1, sample=0).train(progress=False).wv) == 2


def test_options_and_several_files(text, tmp_path, capsys):
    with gzip.open(tmp_path / "more.gz", "wb") as file:
        file.write(b"e e e e e\xff a\n")
    target = tmp_path / "corpus.f2v"
    sources = [str(text), str(tmp_path / "*.gz")]
    options = ["--min-count", "3", "--max-vocab-size", "3", "--errors", "replace"]
    options += ["--workers", "1", "--memory-limit", str(1 << 24), "--max-distinct", "1000"]
    assert main(["encode", *sources, "-o", str(target), *options]) == 0
    assert "mended: 1 tokens" in capsys.readouterr().out
    assert fastw2v.EncodedCorpus.open(target).vocabulary.keys == ["a", "b", "e"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "nothing to train on"),
        (b"a b\n", "vocabulary is empty"),
        (b"a\xff b\n", "line 1, byte 2 of the line: 0xff is not valid UTF-8"),
        (None, "no file"),
    ],
)
def test_errors_leave_no_file(content, message, tmp_path, capsys):
    path, target = tmp_path / "corpus.txt", tmp_path / "corpus.f2v"
    if content is not None:
        path.write_bytes(content)
    assert main(["encode", str(path), "-o", str(target)]) == 1
    assert message in capsys.readouterr().err
    assert not target.exists()


def test_a_text_is_not_overwritten(text, capsys):
    before = text.read_bytes()
    (text.parent / "link").symlink_to(text)
    for source, target in (text, text), (text.parent, text), (text, text.parent / "link"):
        assert main(["encode", str(source), "-o", str(target)]) == 1
        assert "is one of the texts, and would be lost" in capsys.readouterr().err
    assert text.read_bytes() == before


@pytest.mark.parametrize(
    "argv", [["encode"], ["encode", "x"], ["encode", "x", "-o", "y", "--max-distinct", "9"]]
)
def test_wrong_arguments(argv, capsys):
    with pytest.raises(SystemExit) as raised:
        main(argv)
    assert raised.value.code == 2
    assert capsys.readouterr().err.startswith("usage: fastw2v encode")
