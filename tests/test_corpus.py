"""Every accepted input becomes the same encoded corpus; every bad one an error that names it."""

import bz2
import gc
import gzip
import lzma
import math
import re
import signal
import subprocess
import sys
import time
import tracemalloc
import weakref
from collections import Counter, namedtuple
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v import corpus
from fastw2v.vocabulary import Vocabulary

SENTENCES = [["the", "cat", "sat"], [], ["the", "rare"], ["alone"], ["cat", "the", "cat", "sat"]]
TEXT = "the cat sat\n\nthe rare\nalone\ncat the cat sat\n"
NUMBERS = [[3, 1, 3], [2, 2, 1], [7, 3, 0]]
OPENERS = {".txt": open, ".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}

Pair = namedtuple("Pair", "left right")


def encode(sentences, min_count=1):
    """Read, choose the vocabulary and encode, as ``Model.train`` does."""
    numbered = corpus.read(sentences)
    vocabulary = Vocabulary.with_min_count(numbered.keys, numbered.counts(), min_count)
    return vocabulary, numbered.encode(vocabulary)


def decode(vocabulary, encoded):
    keys = [vocabulary.keys[token] for token in encoded.tokens]
    return [
        keys[begin:end]
        for begin, end in zip(encoded.offsets[:-1], encoded.offsets[1:], strict=True)
    ]


def everything(sentences, min_count=1):
    vocabulary, encoded = encode(sentences, min_count)
    assert encoded.tokens.dtype == np.int32
    assert encoded.offsets.dtype == np.int64
    assert encoded.offsets[0] == 0
    assert encoded.offsets[-1] == len(encoded.tokens)
    return (
        vocabulary.keys,
        [type(key) for key in vocabulary.keys],
        vocabulary.counts.tolist(),
        encoded.tokens.tolist(),
        encoded.offsets.tolist(),
        encoded.raw_tokens,
    )


def reference(sentences, min_count):
    """Ten plain lines that say what encoding is."""
    counts = Counter(token for sentence in sentences for token in sentence)  # by first appearance
    keys = [key for key, n in sorted(counts.items(), key=lambda kn: -kn[1]) if n >= min_count]
    index = {key: i for i, key in enumerate(keys)}
    rows = [[index[token] for token in sentence if token in index] for sentence in sentences]
    rows = [row for row in rows if row]
    tokens = [token for row in rows for token in row]
    offsets = [sum(map(len, rows[:i])) for i in range(len(rows) + 1)]
    counts_kept = [counts[key] for key in keys]
    return keys, list(map(type, keys)), counts_kept, tokens, offsets, sum(map(len, sentences))


def write(path, data):
    with OPENERS[path.suffix](path, "wb") as file:
        file.write(data.encode() if isinstance(data, str) else data)
    return path


# Accepted inputs


def test_the_reference_by_hand():
    keys, _, counts, tokens, offsets, raw_tokens = everything(SENTENCES, min_count=2)
    assert keys == ["the", "cat", "sat"]
    assert counts == [3, 3, 2]
    assert tokens == [0, 1, 2, 0, 1, 0, 1, 2]
    assert offsets == [0, 3, 4, 8]
    assert raw_tokens == 10


TOKENS = st.one_of(
    st.sampled_from(["a", "b", "1", "", "é"]),
    st.integers(-2, 3),
    st.tuples(st.integers(0, 1), st.sampled_from("ab")),
    st.binary(max_size=1),
)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.lists(TOKENS, max_size=12), max_size=12), st.integers(1, 3))
def test_encoding_agrees_with_the_plain_reference(sentences, min_count):
    expected = reference(sentences, min_count)
    if np.diff(expected[4]).max(initial=0) < 2:
        with pytest.raises(ValueError, match=r"nothing to train on|vocabulary"):
            encode(sentences, min_count)
    else:
        assert everything(sentences, min_count) == expected


ITERABLES = {
    "tuples": lambda: tuple(map(tuple, SENTENCES)),
    "one-shot generator": lambda: (sentence for sentence in SENTENCES),
    "nested generators": lambda: ((token for token in sentence) for sentence in SENTENCES),
    "iterators": lambda: [iter(sentence) for sentence in SENTENCES],
    "maps": lambda: (map(str, sentence) for sentence in SENTENCES),
    "numpy strings": lambda: [np.array(sentence, dtype=str) for sentence in SENTENCES],
    "numpy objects": lambda: [np.array(sentence, dtype=object) for sentence in SENTENCES],
    "str scalars": lambda: [[np.str_(token) for token in sentence] for sentence in SENTENCES],
    "dict values": lambda: dict(enumerate(SENTENCES)).values(),
}


@pytest.mark.parametrize("name", ITERABLES)
def test_iterables_of_every_kind(name):
    for min_count in 1, 2:
        assert everything(ITERABLES[name](), min_count) == reference(SENTENCES, min_count)


@pytest.mark.parametrize("suffix", OPENERS)
@pytest.mark.parametrize("kind", [str, lambda path: path], ids=["str", "Path"])
def test_text_files(tmp_path, suffix, kind):
    path = write(tmp_path / f"corpus{suffix}", TEXT)
    for min_count in 1, 2:
        assert everything(kind(path), min_count) == reference(SENTENCES, min_count)


@pytest.mark.parametrize(
    "text",
    [
        TEXT.removesuffix("\n"),
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("\n", "\r"),
        TEXT.replace("\n", "\r").removesuffix("\r"),
        TEXT.replace("\n", "\r\n").removesuffix("\n"),
        TEXT.replace("rare\n", "rare\r").replace("alone\n", "alone\r\n"),
        TEXT.replace("\n", "\n\n \t\n"),
        "\ufeff" + TEXT,
        TEXT.replace(" ", "\t"),
        TEXT.replace(" ", " \t\x0b\f  ").replace("\n", "  \n\t "),
    ],
    ids=["cut", "crlf", "cr", "cut-cr", "cut-crlf", "mixed", "blanks", "bom", "tabs", "spaces"],
)
@pytest.mark.parametrize("suffix", [".txt", ".gz"])
def test_layouts_of_text(tmp_path, text, suffix):
    path = write(tmp_path / f"corpus{suffix}", text)
    assert everything(path) == reference(SENTENCES, 1)


def plain_sentences(numbered):
    """Return the sentences that have a token."""
    keys = [numbered.keys[token] for token in numbered.tokens]
    ends = numbered.offsets.tolist()
    return [keys[a:b] for a, b in pairwise(ends) if a < b]


@pytest.fixture(scope="module")
def shared_path(tmp_path_factory):
    """One file for all of hypothesis's examples, which a function's own would not outlive."""
    return tmp_path_factory.mktemp("corpus") / "corpus.txt"


FRAGMENTS = ["a", "bb", "longer", "é", "𝕏", "\ufeff", "\x85", " ", "\t", "\f", "\n", "\r", "\r\n"]


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=40), st.booleans(), st.integers(1, 9))
def test_no_block_of_a_file_cuts_a_word_or_a_line(shared_path, fragments, marked, block):
    data = "".join(fragments).encode()
    shared_path.write_bytes(b"\xef\xbb\xbf" * marked + data)
    if not marked:
        data = data.removeprefix(b"\xef\xbb\xbf")
    lines = [line.decode().encode().split() for line in re.split(rb"\r\n|\r|\n", data)]
    expected = [[word.decode() for word in line] for line in lines if line]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "BLOCK", block)
        if expected:
            assert plain_sentences(corpus.read(shared_path)) == expected
        else:
            with pytest.raises(ValueError, match="nothing to train on"):
                corpus.read(shared_path)


@pytest.mark.parametrize("end", ["", " ", "\n", "\r", "\r\n", " \r\n"])
@pytest.mark.parametrize("block", [1, 7, 8, 64])
def test_a_line_of_many_blocks_is_one_sentence(tmp_path, monkeypatch, end, block):
    monkeypatch.setattr(corpus, "BLOCK", block)
    words = [str(n) * 3 for n in range(200)]
    path = write(tmp_path / "corpus.txt", " ".join(words) + end)
    assert corpus.read(path).offsets.tolist() == [0, 200]
    write(path, " ".join(words) + (end.strip(" ") or "\n") + "more words")
    assert plain_sentences(corpus.read(path)) == [words, ["more", "words"]]


def test_a_word_of_many_blocks_is_read_in_linear_time(tmp_path, monkeypatch):
    monkeypatch.setattr(corpus, "BLOCK", 16)
    path = write(tmp_path / "corpus.txt", b"a" * 4_000_000 + b" b")  # else 500 GB to copy
    assert [len(key) for key in corpus.read(path).keys] == [4_000_000, 1]


def test_a_long_line_is_not_split_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(corpus, "BLOCK", 1 << 16)
    path = write(tmp_path / "corpus.txt", b"abcd " * 500_000)
    tracemalloc.start()
    try:
        numbered = corpus.read(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert numbered.offsets.tolist() == [0, 500_000]
    assert peak < 6_000_000  # 2 MB of numbers; the line's words as objects would be 23 MB


@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda row: np.array([row])[0]])
def test_long_sentences_are_read_in_pieces(monkeypatch, kind):
    rows = [[5, 1, 5, 2, 7, 7, 3], [1], [], [2, 2, 9, 9]]
    monkeypatch.setattr(corpus, "PIECE", 3)
    assert everything([kind(row) for row in rows if row]) == reference([r for r in rows if r], 1)
    assert everything(np.array([rows[0]] * 2)) == reference([rows[0]] * 2, 1)
    with pytest.raises(TypeError, match="sentence 1, position 7: None is no token"):
        corpus.read([["a"] * 7, [*"abcdefg", None]])
    with pytest.raises(TypeError, match=r"sentence 1, position 7: \[\] of type list is not hash"):
        corpus.read([["a"] * 7, [*"abcdefg", []]])


INTERRUPTED = """
import sys
import numpy as np
from fastw2v import corpus
row = np.random.default_rng(0).integers(1000, size=1000)
source = {
    "rows": np.broadcast_to(row, (200_000, 1000)),
    "long rows": np.broadcast_to(row[:2, None], (2, 100_000_000)),
}.get(sys.argv[1], sys.argv[1])
print("reading", flush=True)
try:
    corpus.read(source)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT can be sent to a process there")
@pytest.mark.parametrize("source", ["rows", "long rows", "a line"])
def test_ctrl_c_while_reading(tmp_path, source):
    path = tmp_path / "corpus.txt"
    if source == "a line":
        path.write_bytes(b"abcd " * 30_000_000)
        source = str(path)
    command = [sys.executable, "-c", INTERRUPTED, source]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "reading\n"
            time.sleep(0.4)
            process.send_signal(signal.SIGINT)
            sent = time.perf_counter()
            assert process.stdout.readline() == "interrupted\n"
            assert time.perf_counter() - sent < 1
        finally:
            process.kill()
            path.unlink(missing_ok=True)


def test_only_ascii_space_separates_words(tmp_path):
    words = ["a\u00a0b", "\u3000", "x\u2028y", "\x85", "naïve", "日本", "𝕏", "\ufeff", "a\x1cb"]
    path = write(tmp_path / "corpus.txt", "first\n" + " ".join(words) + "\n")
    vocabulary, encoded = encode(path)
    assert decode(vocabulary, encoded) == [["first"], words]


def test_numbers_in_text_stay_text(tmp_path):
    vocabulary, _ = encode(write(tmp_path / "corpus.txt", "1 2 01 1\n"))
    assert vocabulary.keys == ["1", "2", "01"]


@pytest.mark.parametrize(
    "dtype",
    ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", ">i4", "<u2"],
)
def test_arrays_give_python_integers(dtype):
    array = np.array(NUMBERS, dtype=dtype)
    ours = everything(array)
    assert ours == reference(NUMBERS, 1)
    assert everything(list(array)) == ours
    assert everything([list(row) for row in array]) == ours  # NumPy scalars
    assert everything(np.asfortranarray(array)) == ours
    assert everything(np.repeat(array, 2, axis=1)[:, ::2]) == ours
    vocabulary, encoded = encode(array)
    assert all(type(key) is int for key in vocabulary.keys)
    assert decode(vocabulary, encoded) == NUMBERS


def test_rows_of_any_width_and_extreme_values():
    least, most = np.iinfo(np.int64).min, np.iinfo(np.uint64).max
    assert encode(np.array([[least, -1, least]]))[0].keys == [least, -1]
    assert encode(np.array([[0, most, most]], np.uint64))[0].keys == [int(most), 0]
    jagged = [[5, 6], [5], [6, 6, 7, 5]]
    assert everything([np.array(row) for row in jagged]) == reference(jagged, 1)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.lists(st.integers(-3, 3), min_size=4, max_size=4), min_size=1, max_size=8))
def test_an_array_and_its_lists_are_the_same_corpus(rows):
    assert everything(np.array(rows)) == everything(rows)


def test_tokens_of_mixed_types_keep_their_types():
    sentence = ["1", 1, (1, "1"), b"1", frozenset([1]), Pair(1, 2), 2.5, "1", 1, 1]
    vocabulary, _ = encode([sentence])
    assert vocabulary.keys == [1, "1", (1, "1"), b"1", frozenset([1]), Pair(1, 2), 2.5]
    assert [type(key) for key in vocabulary.keys[:2]] == [int, str]
    assert type(vocabulary.keys[5]) is Pair


def test_a_named_tuple_or_a_list_subclass_is_a_sentence():
    class Walk(list):
        pass

    vocabulary, encoded = encode([Pair("a", "b"), Walk("ba"), range(2)])
    assert decode(vocabulary, encoded) == [["a", "b"], ["b", "a"], [0, 1]]


@pytest.mark.parametrize("as_file", [False, True])
def test_a_long_sentence_is_not_cut(tmp_path, as_file):
    numbers = np.random.default_rng(0).integers(50, size=200_000).tolist()
    words = list(map(str, numbers))
    source = write(tmp_path / "long.txt", " ".join(words)) if as_file else [words]
    vocabulary, encoded = encode(source)
    assert encoded.offsets.tolist() == [0, 200_000]
    assert [vocabulary.keys[token] for token in encoded.tokens] == words


def test_a_given_vocabulary_drops_what_it_does_not_know():
    vocabulary = Vocabulary(["b", "a"], np.array([9, 1]))
    encoded = corpus.read([["a", "x", "b"], ["x"], ["b"]]).encode(vocabulary)
    assert decode(vocabulary, encoded) == [["a", "b"], ["b"]]
    assert (len(encoded), encoded.raw_tokens) == (2, 5)
    assert repr(encoded) == "<EncodedCorpus: 2 sentences, 3 tokens of 5 read>"


def test_check_reads_nothing():
    def never():
        raise AssertionError("read")
        yield

    corpus.check(never())
    one_shot = iter([["a", "b"]])
    corpus.check(one_shot)
    assert everything(one_shot) == reference([["a", "b"]], 1)


class Token:
    """A token that can be watched."""


@pytest.mark.parametrize("fails", [False, True])
def test_reading_keeps_no_token_alive(fails):
    def read():
        token = Token()
        if fails:
            with pytest.raises(TypeError, match="not hashable"):
                corpus.read([[token], [[]]])
        else:
            corpus.read([[token]])
        return weakref.ref(token)

    gc.disable()
    try:
        watched = read()
        if fails:
            gc.collect(0)  # pytest's and the error's own frames are a cycle too
        assert watched() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("share_known", [1.0, 0.9, 0.1])
def test_encoding_takes_little_memory(share_known):
    tokens = np.random.default_rng(0).random(1_000_000) < share_known
    numbered = corpus.read(tokens.reshape(-1, 10).astype(np.int8))
    vocabulary = Vocabulary([1], np.array([int(tokens.sum())]))
    tracemalloc.start()
    try:
        encoded = numbered.encode(vocabulary)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(encoded.tokens) == tokens.sum()
    assert peak < 11 * len(tokens)  # bytes; 4 of them are the result's


def test_counting_takes_little_memory(monkeypatch):
    numbered = corpus.read(np.random.default_rng(0).integers(50, size=(1_000, 1_000)))
    tracemalloc.start()
    try:
        counts = numbered.counts()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert counts.tolist() == np.bincount(numbered.tokens).tolist()
    assert counts.dtype == np.int64
    assert peak < 4 * len(numbered.tokens)
    monkeypatch.setattr(corpus, "PIECE", 3)
    assert numbered.counts().tolist() == counts.tolist()


# What is no corpus at all: refused by check, before any reading


@pytest.mark.parametrize(
    ("sentences", "error", "message"),
    [
        (
            None,
            TypeError,
            "sentences must be an iterable of token sequences.*not None of type None",
        ),
        (3, TypeError, "sentences must be .*not 3 of type int"),
        (b"the cat", TypeError, "sentences must be .*not b'the cat' of type bytes"),
        (bytearray(b"ab"), TypeError, "of type bytearray"),
        ({"a": ["b"]}, TypeError, r"sentences must be .*not \{'a': \['b'\]\} of type dict"),
        (np.zeros((2, 2)), TypeError, "2-D and of integers.*not 2-D of float64"),
        (np.zeros((2, 2), np.float32), TypeError, "not 2-D of float32"),
        (np.array([["a", "b"]]), TypeError, "not 2-D of <U1; put anything else into a list"),
        (np.arange(3), TypeError, "must be 2-D and of integers.*not 1-D of int64"),
        (np.zeros((2, 2, 2), int), TypeError, "must be 2-D.*not 3-D of int64"),
        (np.array(3), TypeError, "not 0-D of int64"),
        (np.ones((2, 2), bool), TypeError, "not 2-D of bool"),
        (np.ma.array([[1, 2]], mask=[[0, 1]]), TypeError, r"masked.*row\.compressed\(\)"),
        (
            {("a", "b")},
            TypeError,
            r"^sentences are a set, .*hash seed; give a list, such as sorted",
        ),
        (frozenset([("a", "b")]), TypeError, "^sentences are a frozenset, .*hash seed"),
        ([{"a", "b"}], TypeError, r"^sentence 0 is a set, .*hash seed; give a list.* sorted\("),
        (
            (np.arange(5), np.array([0, 2, 5])),
            TypeError,
            r"list of 1-D arrays.*\[tokens\[a:b\] for a, b in pairwise\(offsets\)\]",
        ),
        ("the cat sat", FileNotFoundError, r"no file 'the cat sat'.*\[text\.split\(\)\]"),
        ("", FileNotFoundError, "no file ''"),
        ("a\0b", FileNotFoundError, r"no file 'a\\x00b'"),
        (
            "the cat sat " * 10_000,
            FileNotFoundError,
            r"no file 'the cat sat .{,260}\.\.\.: a str is",
        ),
    ],
    ids=lambda value: None if isinstance(value, str | type) else type(value).__name__,
)
@pytest.mark.parametrize("function", [corpus.check, corpus.read])
def test_what_is_no_corpus(function, sentences, error, message):
    with pytest.raises(error, match=message) as raised:
        function(sentences)
    assert type(raised.value) is error
    assert len(str(raised.value)) < 500


def test_two_arrays_in_a_list_are_two_sentences():
    rows = [[1, 2, 3], [0, 3]]
    assert everything(list(map(np.array, rows))) == reference(rows, 1)
    assert everything({"a": 1, "b": 2}.keys() for _ in range(2)) == reference(["ab", "ab"], 1)


@pytest.mark.parametrize("kind", [str, lambda path: path], ids=["str", "Path"])
def test_paths_that_are_no_file(tmp_path, kind):
    missing = tmp_path / "missing.txt"
    with pytest.raises(FileNotFoundError, match=r"no file '.*missing\.txt'"):
        corpus.check(kind(missing))
    with pytest.raises(IsADirectoryError, match="is a folder") as raised:
        corpus.check(kind(tmp_path))
    assert str(tmp_path) in str(raised.value)


# What is no sentence, or no token


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("the cat", "sentence 1 is 'the cat' of type str, where .*; split it into tokens first"),
        (b"the cat", "sentence 1 is b'the cat' of type bytes.*; split it"),
        ({"a": 1}, r"sentence 1 is \{'a': 1\} of type dict, where a sequence of tokens belongs$"),
        (None, "sentence 1 is None of type NoneType, where"),
        (7, "sentence 1 is 7 of type int, where"),
        (np.int64(7), "sentence 1 is .*7.* of type int64, where"),
        (np.array(7), "sentence 1 is an array of 0 dimensions"),
        (np.ones((2, 2), int), "sentence 1 is an array of 2 dimensions"),
        (["a", "b", None], "sentence 1, position 2: None is no token"),
        (("a", None), "sentence 1, position 1: None is no token"),
        (np.array(["a", None], dtype=object), "sentence 1, position 1: None is no token"),
        (["a", math.nan, "b"], "sentence 1, position 1: nan is no token"),
        (np.array([1, np.nan]), "sentence 1, position 1: nan is no token"),
        ([np.float32("nan")], r"sentence 1, position 0: .*nan.* is no token"),
        ({"a", "b"}, "sentence 1 is a set, .*hash seed; give a list"),
        (frozenset("ab"), "sentence 1 is a frozenset, .*hash seed; give a list"),
        (["a", ["b"]], r"sentence 1, position 1: \['b'\] of type list is not hashable"),
        (["a", "b", {}], r"sentence 1, position 2: \{\} of type dict is not hashable"),
        (
            ["a", ("b", [1])],
            r"sentence 1, position 1: \('b', \[1\]\) of type tuple is not hashable",
        ),
    ],
)
@pytest.mark.parametrize("one_shot", [False, True])
def test_bad_sentences_and_tokens_are_named(bad, message, one_shot):
    if one_shot and isinstance(bad, list):
        bad = (token for token in bad)
    sentences = [["a", "b"], bad, ["c", "d"]]
    with pytest.raises(TypeError, match=f"^{message}"):
        corpus.read(iter(sentences) if one_shot else sentences)


@pytest.mark.parametrize("missing", [None, math.nan])
@pytest.mark.parametrize("place", [0, 1, 2, 6, 7, 50, 98, 99])
def test_a_missing_value_is_found_wherever_it_is(missing, place):
    sentences = [[], *([n, n % 3, str(n)] for n in range(100)), []]
    sentences[1 + place] = ["a", 0, missing, missing, None]
    with pytest.raises(TypeError, match=f"sentence {1 + place}, position 2: {missing!s}"):
        corpus.read(sentences)


def test_a_missing_value_ends_the_reading_early():
    def endless():
        yield ["a", None]
        while True:
            yield ["b", "c", "d"]

    with pytest.raises(TypeError, match="sentence 0, position 1: None"):
        corpus.read(endless())


def test_a_huge_bad_value_is_not_printed_whole():
    with pytest.raises(TypeError, match=r"^sentence 0 is 'aaa.*\.\.\. of type str") as raised:
        corpus.read(["a" * 100_000])
    assert len(str(raised.value)) < 200


def test_text_lines_given_as_sentences(tmp_path):
    path = write(tmp_path / "corpus.txt", TEXT)
    with path.open() as file, pytest.raises(TypeError, match=r"sentence 0 .*split it into tokens"):
        corpus.read(file)


class Failing:
    """A token that can't be compared: its error is no matter of hashing."""

    def __hash__(self):
        return hash("a")

    def __eq__(self, other):
        raise TypeError("no comparing")


def test_errors_from_outside_come_through_as_they_are():
    class OurError(Exception):
        pass

    def sentences(error):
        yield ["a", "b"]
        raise error

    def tokens(error):
        yield "a"
        raise error

    for error in OurError("ours"), TypeError("ours"), KeyboardInterrupt(), OSError("ours"):
        with pytest.raises(type(error)) as raised:
            corpus.read(sentences(error))
        assert raised.value is error
        with pytest.raises(type(error)) as raised:
            corpus.read([["a"], tokens(error)])
        assert raised.value is error
    with pytest.raises(TypeError, match=r"^no comparing$"):
        corpus.read([["a", Failing()]])


# Not enough to train on


@pytest.mark.parametrize(
    ("sentences", "count"),
    [
        ([], "0"),
        (iter([]), "0"),
        ([[], ()], "2"),
        (np.empty((0, 5), int), "0"),
        (np.empty((3, 0), int), "3"),
    ],
)
def test_no_token_at_all(sentences, count):
    with pytest.raises(ValueError, match=f"nothing to train on: {count} sentences without a token"):
        corpus.read(sentences)


@pytest.mark.parametrize("text", ["", "\n\n \t\r\n", "\ufeff"])
@pytest.mark.parametrize("suffix", OPENERS)
def test_a_file_without_words(tmp_path, text, suffix):
    with pytest.raises(ValueError, match="nothing to train on"):
        corpus.read(write(tmp_path / f"corpus{suffix}", text))


def test_an_empty_vocabulary_says_which_min_count_would_do():
    with pytest.raises(ValueError, match="vocabulary is empty") as raised:
        encode([["a", "b", "a"], ["a", "c"]], min_count=10)
    for part in "3 distinct tokens", "10 times or more", "highest count is 3", "at most 3":
        assert part in str(raised.value)


def test_no_sentence_with_two_known_words():
    with pytest.raises(ValueError, match="no sentence has two tokens") as raised:
        encode([["a"], ["a", "x"], ["y", "a"]], min_count=2)
    for part in "5 tokens", "3 sentences", "3 of them known", "min_count":
        assert part in str(raised.value)
    with pytest.raises(ValueError, match="no sentence has two tokens"):
        corpus.read([["a", "b"]]).encode(Vocabulary(["z"], np.array([1])))


# Damaged files


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
def test_a_file_cut_off_anywhere_is_refused(tmp_path, suffix):
    words = np.random.default_rng(1).integers(1000, size=2000).astype(str)
    path = write(tmp_path / f"corpus{suffix}", " ".join(words))
    whole = path.read_bytes()
    for length in {0, 1, 2, 5, 11, len(whole) // 2, len(whole) - 9, len(whole) - 1}:
        path.write_bytes(whole[:length])
        # A few bytes may still be a text.
        expected = "damaged or cut off" if length >= 10 else "damaged|nothing to|UTF-8|no sentence"
        with pytest.raises(ValueError, match=expected) as raised:
            encode(path)
        if length >= 10:
            assert str(path) in str(raised.value)


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
def test_a_file_with_flipped_bytes_is_refused(tmp_path, suffix):
    words = np.random.default_rng(2).integers(1000, size=2000).astype(str)
    path = write(tmp_path / f"corpus{suffix}", " ".join(words))
    whole = path.read_bytes()
    expected = everything(path)
    refused = 0
    for position in np.linspace(0, len(whole) - 1, 40, dtype=int):
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        path.write_bytes(damaged)
        try:
            assert everything(path) == expected  # gzip's name and time are not checked by a sum
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017
            refused += 1
    assert refused >= 36


@pytest.mark.parametrize("suffix", OPENERS)
@pytest.mark.parametrize("name", ["corpus", "corpus.txt", "corpus.gz", "corpus.bz2", "corpus.XZ"])
def test_compression_is_seen_in_the_content_whatever_the_name(tmp_path, suffix, name):
    path = write(tmp_path / f"to-rename{suffix}", TEXT).rename(tmp_path / name)
    assert everything(path) == reference(SENTENCES, 1)


@pytest.mark.parametrize(
    ("data", "name"),
    [(b"\x28\xb5\x2f\xfd\x04\x00", "Zstandard"), (b"PK\x03\x04\x14\x00", "ZIP")],
)
@pytest.mark.parametrize("function", [corpus.check, corpus.read])
def test_other_compression_is_refused_by_name(tmp_path, data, name, function):
    path = tmp_path / "corpus.txt"
    path.write_bytes(data + b"\n" * 99)
    with pytest.raises(ValueError, match=f"{name}.*decompress it first") as raised:
        function(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    ("data", "line", "byte", "value"),
    [
        (b"ok\n\nab \xff cd\n", 3, 4, "ff"),
        (b"caf\xe9 noir\n", 1, 4, "e9"),
        (b"ok\r\rab\xc3 x", 3, 3, "c3"),
        (b"ok ok\nok \xed\xa0\x80\n", 2, 4, "ed"),  # a surrogate
        ("the cat".encode("utf-16"), 1, 1, "ff"),
        (b"ok\n" + b"word " * 30 + b"\xff\n", 2, 151, "ff"),
    ],
)
@pytest.mark.parametrize("suffix", [".txt", ".xz"])
@pytest.mark.parametrize("block", [1, 16, 1 << 20])
def test_what_is_not_utf8_is_placed(tmp_path, monkeypatch, data, line, byte, value, suffix, block):
    monkeypatch.setattr(corpus, "BLOCK", block)
    path = write(tmp_path / f"corpus{suffix}", data)
    with pytest.raises(ValueError, match="not valid UTF-8") as raised:
        corpus.read(path)
    assert type(raised.value) is ValueError
    assert f"{path}, line {line}, byte {byte} of the line: 0x{value} " in str(raised.value)


@pytest.mark.parametrize("at_a_time", [1, 3, 50, 1 << 12])
def test_shuffling_moves_whole_sentences(at_a_time, monkeypatch):
    monkeypatch.setattr(corpus, "SENTENCES", at_a_time)
    sentences = [list(range(100 * n, 100 * n + n % 7 + 1)) for n in range(50)]
    numbered = corpus.read(sentences)
    encoded = numbered.encode(Vocabulary(numbered.keys, numbered.counts()))

    def decoded(one):
        keys = np.array(numbered.keys)
        return [keys[one.tokens[a:b]].tolist() for a, b in pairwise(one.offsets)]

    shuffled = encoded.shuffled(1)
    assert decoded(encoded) == sentences
    assert decoded(shuffled) != sentences
    assert sorted(decoded(shuffled)) == sentences
    assert shuffled.raw_tokens == encoded.raw_tokens
    assert decoded(encoded.shuffled(1)) == decoded(shuffled) != decoded(encoded.shuffled(2))


def test_every_order_of_sentences_is_as_likely():
    numbered = corpus.read([["a", "a"], ["b", "b"], ["c", "c"]])
    encoded = numbered.encode(Vocabulary(numbered.keys, numbered.counts()))
    orders = Counter(tuple(encoded.shuffled(seed).tokens[::2].tolist()) for seed in range(6_000))
    assert len(orders) == 6
    assert all(850 < count < 1_150 for count in orders.values())  # 1,000 give or take 5 sigma
