"""Encoding: every input becomes the corpus that a few plain lines describe."""

import logging
from importlib import import_module

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastw2v
from fastw2v.corpus import EncodedCorpus, arrays, count, encode, objects, text
from fastw2v.vocabulary import Vocabulary

ENCODE = import_module("fastw2v.corpus.encode")  # the package has a function of that name
TOKENS = st.one_of(
    st.sampled_from(["a", "b", "1", "", "é", "日本"]),
    st.integers(-2, 3),
    st.tuples(st.integers(0, 1), st.sampled_from("ab")),
    st.binary(max_size=1),
)
RANDOM = np.random.default_rng(0)
NUMBERS = [(RANDOM.zipf(1.3, size=n) % 60).tolist() for n in RANDOM.integers(1, 12, size=300)]
WORDS = [[f"é{n}" if n % 7 == 0 else f"word{n}" for n in row] for row in NUMBERS]
LINES = [" ".join(row) for row in WORDS]
COMPRESSED = (".txt", ".gz", ".bz2", ".xz", ".zst")


def test_the_reference_by_hand(everything, sentences):
    keys, _, counts, tokens, offsets, report = everything(sentences, min_count=2)
    assert keys == ["the", "cat", "sat"]
    assert counts == [3, 3, 2]
    assert tokens == [0, 1, 2, 0, 1, 0, 1, 2]
    assert offsets == [0, 3, 4, 8]
    assert list(report.values()) == [4, 10, 5, 3, 8, 4, 3, 0, 0, 0]


@settings(deadline=None)  # the machine may be busy
@given(rows=st.lists(st.lists(TOKENS, max_size=12), max_size=12), min_count=st.integers(1, 3))
def test_encoding_agrees_with_the_plain_reference(everything, reference, rows, min_count):
    expected = reference(rows, min_count)
    if expected[5]["longest_sentence"] < 2:
        with pytest.raises(ValueError, match=r"nothing to train on|vocabulary"):
            everything(rows, min_count)
    else:
        assert everything(rows, min_count) == expected


def several(folder, write):
    folder.mkdir()
    for i, suffix in enumerate(COMPRESSED):
        part = "\n".join(LINES[60 * i : 60 * (i + 1)])  # the last lines have no end
        write(folder / f"part{i}{suffix}", part)
    return folder


def saved(rows, path):
    encode(rows, min_count=1).save(path)
    return EncodedCorpus.open(path)


def padded(rows):
    array = np.full((len(rows), max(map(len, rows))), -1)
    for i, row in enumerate(rows):
        array[i, : len(row)] = row
    return array


OF_WORDS = {
    "list": lambda folder, write: WORDS,
    "generator": lambda folder, write: (tuple(row) for row in WORDS),
    "column of lists": lambda folder, write: pa.chunked_array([WORDS[:100], WORDS[100:]]),
    "column of strings": lambda folder, write: pa.chunked_array([LINES[:100], LINES[100:]]),
    "saved": lambda folder, write: saved(WORDS, folder / "corpus"),
    "folder": lambda folder, write: several(folder / "texts", write),
    "glob": lambda folder, write: f"{several(folder / 'texts', write)}/part*",
    "paths": lambda folder, write: sorted(several(folder / "texts", write).iterdir()),
} | {
    f"file {suffix}": lambda folder, write, suffix=suffix: write(
        folder / f"corpus{suffix}", "\n".join(LINES)
    )
    for suffix in COMPRESSED
}
OF_NUMBERS = {
    "list": lambda folder: (NUMBERS, {}),
    "rows": lambda folder: (padded(NUMBERS), {"padding": -1}),
    "offsets": lambda folder: (
        (np.concatenate(NUMBERS), np.cumsum([0, *map(len, NUMBERS)])),
        {},
    ),
    "column": lambda folder: (pa.array(NUMBERS), {}),
    "padded column": lambda folder: (pa.array(padded(NUMBERS).tolist()), {"padding": -1}),
    "padded lists": lambda folder: (iter(padded(NUMBERS).tolist()), {"padding": -1}),
    "saved": lambda folder: (saved(NUMBERS, folder / "corpus"), {}),
}


def in_small_pieces(monkeypatch):
    monkeypatch.setattr(text, "BLOCK", 100)
    monkeypatch.setattr(objects, "PIECE", 50)
    monkeypatch.setattr(arrays, "PIECE", 50)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kind", OF_WORDS)
def test_the_same_words_are_the_same_corpus(
    everything, reference, write, tmp_path, monkeypatch, kind, workers
):
    in_small_pieces(monkeypatch)
    for min_count in 1, 3:
        folder = tmp_path / str(min_count)
        folder.mkdir()
        source = OF_WORDS[kind](folder, write)
        assert everything(source, min_count, workers=workers) == reference(WORDS, min_count)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kind", OF_NUMBERS)
def test_the_same_numbers_are_the_same_corpus(
    everything, reference, tmp_path, monkeypatch, kind, workers
):
    in_small_pieces(monkeypatch)
    for min_count in 1, 3:
        source, options = OF_NUMBERS[kind](tmp_path)
        ours = everything(source, min_count, workers=workers, **options)
        assert ours == reference(NUMBERS, min_count)


# The vocabulary


def test_max_vocab_size_keeps_the_most_frequent(plain):
    rows = [["a", "b", "c", "a", "b", "d"]]
    corpus = encode(rows, min_count=1, max_vocab_size=3)
    assert corpus.vocabulary.keys == ["a", "b", "c"]
    assert plain(corpus) == [["a", "b", "c", "a", "b"]]
    assert encode(rows, min_count=2, max_vocab_size=9).vocabulary.keys == ["a", "b"]


def test_the_keep_rule_goes_before_the_other_options(plain):
    asked = {}

    def keep(key, n):
        asked[key] = n
        return {"rare": True, "often": False}.get(key)

    rows = [["often"] * 5 + ["rare", "b", "b", "b", "c", "c"]]
    corpus = encode(rows, min_count=2, max_vocab_size=2, keep=keep)
    assert asked == {"often": 5, "rare": 1, "b": 3, "c": 2}
    assert corpus.vocabulary.keys == ["b", "rare"]
    assert plain(corpus) == [["rare", "b", "b", "b"]]
    with pytest.raises(ValueError, match="keep dropped all 4 distinct tokens"):
        encode(rows, min_count=1, keep=lambda key, n: False)


def test_a_given_vocabulary_is_used_whole_and_in_its_order(plain):
    vocabulary = Vocabulary.in_order(["x", "a", "b"], [0, 1, 9])
    corpus = encode([["b", "z", "a"], ["z"], ["b"]], vocabulary=vocabulary)
    assert corpus.vocabulary is vocabulary
    assert corpus.tokens.tolist() == [2, 1, 2]
    assert plain(corpus) == [["b", "a"], ["b"]]
    assert (corpus.report.tokens, corpus.report.kept_tokens, corpus.raw_tokens) == (5, 3, 5)


def test_a_mapping_is_a_vocabulary(plain):
    corpus = encode([["a", "z", "b"]], vocabulary={"b": 9, "a": 2})
    assert corpus.vocabulary.keys == ["b", "a"]
    assert corpus.vocabulary.counts.tolist() == [9, 2]
    assert plain(corpus) == [["a", "b"]]


def test_identity_gives_every_integer_its_own_row():
    rows = [[5, 2, 5], [0, 2]]
    corpus = encode(rows, vocabulary="identity")
    assert corpus.vocabulary.keys == [0, 1, 2, 3, 4, 5]
    assert corpus.vocabulary.counts.tolist() == [1, 0, 2, 0, 0, 2]
    assert corpus.tokens.tolist() == [5, 2, 5, 0, 2]
    corpus = encode(rows, vocabulary="identity", unseen="drop")
    assert corpus.vocabulary.keys == [0, 2, 5]
    assert corpus.vocabulary.counts.tolist() == [1, 2, 2]
    assert corpus.tokens.tolist() == [2, 1, 2, 0, 1]


def test_padding_is_no_token_wherever_it_stands(everything, reference):
    rows = [[0, 0, 0], [1, 0, 2], [0, 0, 3], [3, 0, 0], [0, 0, 0]]
    kept = [[token for token in row if token] for row in rows]
    for source in rows, np.array(rows), map(np.array, rows), pa.array(rows):
        assert everything(source, padding=0) == reference(kept)
    corpus = encode([["a", 0, "b", 0]], min_count=1, padding=np.int8(0))
    assert corpus.vocabulary.keys == ["a", "b"]


def test_padding_of_any_integer_type():
    rows = [[np.int64(0), 1, np.uint8(2)], [np.int8(1), np.int32(0)]]
    assert encode(rows, min_count=1, padding=0).vocabulary.keys == [1, 2]


def test_counting_is_choosing_without_keeping(sentences, write, text, tmp_path):
    path = write(tmp_path / "corpus.gz", text)
    for source in sentences, iter(sentences), path, encode(sentences, min_count=1):
        vocabulary = count(source, min_count=2)
        assert vocabulary.keys == ["the", "cat", "sat"]
        assert vocabulary.counts.tolist() == [3, 3, 2]
    vocabulary = count(sentences, min_count=1, max_vocab_size=1, keep=lambda key, n: key != "the")
    assert vocabulary.keys == ["cat", "sat", "rare", "alone"]
    with pytest.raises(ValueError, match="nothing to train on"):
        count([])


# Memory


@pytest.mark.parametrize("limit", [1, 100, 5_000])
def test_a_memory_limit_does_not_change_the_corpus(
    everything, contents, tmp_path, monkeypatch, limit
):
    expected = everything(WORDS, min_count=2)
    monkeypatch.setattr(ENCODE, "LEAST_MEMORY_LIMIT", 1)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    in_small_pieces(monkeypatch)
    corpus = encode(WORDS, min_count=2, memory_limit=limit)
    assert corpus.on_disk
    assert repr(corpus).endswith(" read, in a file>")
    assert contents(corpus) == expected
    assert not list(tmp_path.iterdir())
    assert contents(encode(corpus, min_count=2, memory_limit=limit)) == expected
    assert not encode(WORDS, min_count=2, memory_limit=1 << 24).on_disk


# Options, messages


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"min_count": 0}, ValueError, "min_count must be at least 1, not 0"),
        ({"min_count": 1.5}, TypeError, "min_count must be an integer"),
        ({"max_vocab_size": 0}, ValueError, "max_vocab_size must be at least 1"),
        ({"keep": "the"}, TypeError, "keep must be called with a key"),
        ({"vocabulary": "identiy"}, TypeError, "Vocabulary, a mapping.*'identiy' of type str"),
        ({"vocabulary": ["a"]}, TypeError, r"\['a'\] of type list"),
        ({"vocabulary": {}}, ValueError, "at least one key"),
        ({"vocabulary": {"a": 1.5}}, TypeError, "counts must be integers"),
        ({"vocabulary": {"a": 1}, "min_count": 2}, ValueError, "one or the other"),
        ({"vocabulary": {"a": 1}, "max_vocab_size": 2}, ValueError, "one or the other"),
        ({"vocabulary": {"a": 1}, "keep": bool}, ValueError, "one or the other"),
        ({"vocabulary": "identity", "min_count": 2}, ValueError, "one or the other"),
        ({"vocabulary": "identity"}, TypeError, "is for integers, and 'a' is none"),
        ({"unseen": "drop"}, ValueError, "goes with vocabulary='identity'"),
        ({"unseen": "skip", "vocabulary": "identity"}, ValueError, "'keep' or 'drop'"),
        ({"padding": "<pad>"}, TypeError, "padding must be an integer or None, not '<pad>'"),
        ({"padding": True}, TypeError, "padding must be an integer or None, not True"),
        ({"padding": 2**63}, ValueError, "padding must be a 64-bit integer"),
        ({"errors": "ignore"}, ValueError, "errors must be 'strict' or 'replace', not 'ignore'"),
        ({"errors": "replace"}, ValueError, "is for text files"),
        ({"max_distinct": 999}, ValueError, "max_distinct must be at least 1000, not 999"),
        ({"memory_limit": 1000}, ValueError, "memory_limit must be at least 16777216"),
        ({"memory_limit": 1e9}, TypeError, "memory_limit must be an integer"),
        ({"workers": 0}, ValueError, "workers must be at least 1"),
    ],
)
def test_options_that_can_not_be(options, error, message):
    with pytest.raises(error, match=message):
        encode([["a", "b"]] * 9, **options)


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ([[1, -1, 2]], ValueError, "the token -1 can't be a row; padding=-1 leaves it out"),
        ([[1, 2**40]], ValueError, "1099511627776 is too large for a row"),
        ([[1, 2**70]], ValueError, "too large for a row"),
        ([[1, 2.5]], TypeError, "is for integers, and 2.5 is none"),
    ],
)
def test_what_can_not_be_a_row(rows, error, message):
    with pytest.raises(error, match=message):
        encode(rows, vocabulary="identity")


@pytest.mark.parametrize("options", [{"padding": 1}, {"errors": "replace"}, {"max_distinct": 1000}])
def test_options_of_reading_with_a_corpus_that_is_read(options, sentences):
    corpus = encode(sentences, min_count=1)
    with pytest.raises(ValueError, match="are for reading, and this corpus is encoded"):
        encode(corpus, **options)


def test_padding_of_a_text_file(write, text, tmp_path):
    with pytest.raises(ValueError, match="a text file has none"):
        encode(write(tmp_path / "corpus.txt", text), padding=0)


def test_tokens_with_spaces_are_warned_of(caplog):
    caplog.set_level(logging.INFO, "fastw2v")
    encode([["the cat sat", "a b", "c"]], min_count=1)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "67 % of the str tokens contain white space" in caplog.text
    caplog.clear()
    encode([["new york", "is", "big", 1, (2, "x y")]], min_count=1)
    assert [record.levelname for record in caplog.records] == ["INFO"]


def test_forgetting_is_warned_of_and_reported(caplog, monkeypatch):
    monkeypatch.setattr(ENCODE, "LEAST_MAX_DISTINCT", 1)
    monkeypatch.setattr(objects, "PIECE", 8)
    rows = [["a", "a", "b", "c", "d", "e", "f", "g"], ["a", "b"]]
    corpus = encode(rows, min_count=1, max_distinct=5)
    assert "max_distinct=5: 6 distinct tokens were forgotten" in caplog.text
    assert "with 6 occurrences (60.00 % of all)" in caplog.text
    assert str(corpus.report) == (
        "10 tokens in 2 sentences, 2 distinct; kept: 4 tokens (40.0 %) in 2 sentences, 2 distinct; "
        "forgotten while counting: 6 distinct, 6 tokens"
    )


def test_the_report_in_words(sentences):
    assert str(fastw2v.encode(sentences, min_count=2).report) == (
        "10 tokens in 4 sentences, 5 distinct; kept: 8 tokens (80.0 %) in 3 sentences, 3 distinct"
    )
