"""``LineSentence``, ``PathLineSentences`` and ``Text8Corpus``: the sentences that they yield."""

import bz2
import gzip
import io

import numpy as np
import pytest

from fastw2v.compat import LineSentence, PathLineSentences, Text8Corpus, Word2Vec

TEXT = "one two  three\n\n four\tfive\u3000six\nseven eight\n"
LINES = [["one", "two", "three"], ["four", "five", "six"], ["seven", "eight"]]


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(TEXT)
    return path


def test_lines_of_a_path(text):
    assert list(LineSentence(text)) == list(LineSentence(str(text))) == LINES


def test_lines_can_be_read_again(text):
    lines = LineSentence(text)
    assert list(lines) == list(lines)


@pytest.mark.parametrize(("suffix", "compress"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_lines_of_a_compressed_file(tmp_path, suffix, compress):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(compress(TEXT.encode()))
    assert list(LineSentence(path)) == LINES


@pytest.mark.parametrize("file", [io.BytesIO(TEXT.encode()), io.StringIO(TEXT)])
def test_lines_of_an_open_file(file):
    lines = LineSentence(file)
    assert list(lines) == list(lines) == LINES


def test_long_lines_are_split_and_few_are_read(text):
    assert list(LineSentence(text, max_sentence_length=2)) == [
        ["one", "two"],
        ["three"],
        ["four", "five"],
        ["six"],
        ["seven", "eight"],
    ]
    assert list(LineSentence(text, limit=1)) == LINES[:1]


def test_bytes_that_are_not_utf8(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"one \xff two\n")
    with pytest.raises(UnicodeDecodeError):
        list(LineSentence(path))


def test_a_folder(tmp_path, text):
    (tmp_path / "b.txt.bz2").write_bytes(bz2.compress(b"nine ten\n"))
    (tmp_path / "folder").mkdir()
    assert list(PathLineSentences(tmp_path)) == [*LINES, ["nine", "ten"]]
    assert list(PathLineSentences(tmp_path, limit=1)) == [LINES[0], ["nine", "ten"]]
    assert list(PathLineSentences(text)) == LINES
    with pytest.raises(ValueError, match="neither a file nor a folder"):
        PathLineSentences(tmp_path / "c")


@pytest.mark.parametrize("n", [1, 7, 10_000])
def test_text8(tmp_path, n, monkeypatch):
    words = [f"w{i}é" for i in range(5000)]
    path = tmp_path / "text8"
    path.write_text(" ".join(words))
    for step in (3, 100, 8192):
        monkeypatch.setattr("fastw2v.compat.readers.STEP", step)
        found = list(Text8Corpus(path, max_sentence_length=n))
        assert [word for sentence in found for word in sentence] == words
        assert {len(sentence) for sentence in found[:-1]} <= {n}
        assert 0 < len(found[-1]) <= n


def test_text8_of_nothing(tmp_path):
    path = tmp_path / "text8"
    path.write_text("")
    assert list(Text8Corpus(path)) == []


def test_they_are_gensims(tmp_path, text):
    gensim = pytest.importorskip("gensim.models.word2vec")
    long = tmp_path / "long.txt"
    long.write_text(" ".join(f"w{i}" for i in range(25_000)))
    for name in ("LineSentence", "PathLineSentences", "Text8Corpus"):
        for path in (text, long):
            ours = list(globals()[name](str(path)))
            assert ours == list(getattr(gensim, name)(str(path)))


def test_models_are_trained_on_them(text):
    options = {"min_count": 1, "vector_size": 4, "sample": 0, "workers": 1}
    model = Word2Vec(LineSentence(text), **options)
    assert sorted(model.wv.index_to_key) == sorted(word for line in LINES for word in line)
    assert (model.wv.vectors == Word2Vec(LINES, **options).wv.vectors).all()


TEXTS = ["abab", "bca"]


def texts_as(kind):
    if kind == "pandas":
        return pytest.importorskip("pandas").Series(TEXTS)
    if kind == "arrow":
        return pytest.importorskip("pyarrow").array(TEXTS)
    kinds = {"list": list, "tuple": tuple, "iterator": iter, "array": np.array}
    return np.array(TEXTS, object) if kind == "objects" else kinds[kind](TEXTS)


@pytest.mark.parametrize(
    "kind", ["list", "tuple", "iterator", "array", "objects", "pandas", "arrow"]
)
@pytest.mark.parametrize("options", [{}, {"max_vocab_size": 10**6}])
def test_texts_are_their_characters_whatever_holds_them(kind, options, caplog):
    """As gensim's; and the log says how they become words."""
    model = Word2Vec(vector_size=4, min_count=1, **options)
    model.build_vocab(texts_as(kind))
    assert sorted(model.wv.index_to_key) == ["a", "b", "c"]
    assert caplog.text.count("should be a list of words") == 1
    assert "split()" in caplog.text


def test_a_text_among_lists():
    model = Word2Vec(vector_size=4, min_count=1)
    model.build_vocab([["a", "b"], "cd"])
    assert sorted(model.wv.index_to_key) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("kind", [list, iter])
@pytest.mark.parametrize("options", [{}, {"max_vocab_size": 10**6}])
def test_sets_are_sorted(kind, options):
    """Baskets often are sets; their own order would differ from process to process."""
    model = Word2Vec(vector_size=4, min_count=1, sorted_vocab=0, **options)
    model.build_vocab(kind([{"c", "a", "b"}, frozenset({"e", "d", 1})]))
    assert model.wv.index_to_key == ["a", "b", "c", 1, "d", "e"]


def test_lists_of_an_arrow_column(caplog):
    arrow = pytest.importorskip("pyarrow")
    for options in ({}, {"max_vocab_size": 10**6}):
        model = Word2Vec(vector_size=4, min_count=1, **options)
        model.build_vocab(arrow.array([["ab", "cd"], ["ab"]]))
        assert model.wv.index_to_key == ["ab", "cd"]
    assert not caplog.records


def test_str_in_the_place_of_sentences_is_warned_of(caplog):
    model = Word2Vec(["abab", "bca"], min_count=1, vector_size=4)
    assert "should be a list of words" in caplog.text
    assert sorted(model.wv.index_to_key) == ["a", "b", "c"]
    assert caplog.text.count("should be a list of words") == 1
