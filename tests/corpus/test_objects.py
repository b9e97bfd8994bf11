"""Python's own sentences: iterables of every kind, tokens of every type, and what is neither."""

import gc
import math
import re
import weakref
from collections import deque, namedtuple
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from fastw2v.corpus import count, encode, objects

Pair = namedtuple("Pair", "left right")


class Walk(list):
    """A list of one's own."""


ITERABLES = {
    "tuples": lambda rows: tuple(map(tuple, rows)),
    "one-shot generator": lambda rows: (row for row in rows),
    "nested generators": lambda rows: ((token for token in row) for row in rows),
    "iterators": lambda rows: [iter(row) for row in rows],
    "maps": lambda rows: (map(str, row) for row in rows),
    "numpy strings": lambda rows: [np.array(row, dtype=str) for row in rows],
    "numpy objects": lambda rows: [np.array(row, dtype=object) for row in rows],
    "str scalars": lambda rows: [[np.str_(token) for token in row] for row in rows],
    "dict values": lambda rows: dict(enumerate(rows)).values(),
    "deques": lambda rows: deque(map(deque, rows)),
    "lists of one's own": lambda rows: Walk(map(Walk, rows)),
}


@pytest.mark.parametrize("name", ITERABLES)
def test_iterables_of_every_kind(everything, reference, sentences, name):
    for min_count in 1, 2:
        given = ITERABLES[name](sentences)
        assert everything(given, min_count) == reference(sentences, min_count)


def test_anything_that_has_an_order_is_a_sentence(plain):
    rows = [Pair("a", "b"), Walk("ba"), range(2), {"x": 1, "y": 2}.keys(), memoryview(b"\1\0")]
    expected = [["a", "b"], ["b", "a"], [0, 1], ["x", "y"], [1, 0]]
    assert plain(encode(rows, min_count=1)) == expected


def test_tokens_of_mixed_types_keep_their_types():
    sentence = ["1", 1, (1, "1"), b"1", frozenset([1]), Pair(1, 2), 2.5, "1", 1, 1]
    keys = encode([sentence], min_count=1).vocabulary.keys
    assert keys == [1, "1", (1, "1"), b"1", frozenset([1]), Pair(1, 2), 2.5]
    assert [type(key) for key in keys[:2]] == [int, str]
    assert type(keys[5]) is Pair


def test_what_equals_an_integer_is_one():
    numbers = [
        True,
        1.0,
        np.int8(1),
        np.uint64(1),
        np.float32(1),
        np.True_,
        Fraction(1),
        Decimal(1),
    ]
    for number in numbers:
        for row in [1, number, number], [number, 1, number]:
            corpus = encode([row], min_count=1)
            assert corpus.vocabulary.keys == [1]
            assert type(corpus.vocabulary.keys[0]) is int
            assert corpus.vocabulary.counts.tolist() == [3]
    others = [0.5, Fraction(1, 2), math.inf, "1", b"1", (1,)]
    assert encode([others], min_count=1).vocabulary.keys == [0.5, math.inf, "1", b"1", (1,)]


def test_extreme_integers():
    row = [2**63 - 1, -(2**63), 2**63, 2**64, -(2**63) - 1, 10**30, 2**63]
    corpus = encode([row, row[:2]], min_count=1)
    assert corpus.vocabulary.keys == [2**63 - 1, -(2**63), 2**63, 2**64, -(2**63) - 1, 10**30]
    assert corpus.vocabulary.counts.tolist() == [2, 2, 2, 1, 1, 1]


def test_strings_of_every_width(plain):
    row = [
        "",
        "a",
        "é",
        "ÿ",
        "Ā",
        "日本",
        "𝕏",
        "\ud800",
        "\udfff\ud800",
        "a\0b",
        "x" * 300,
        "é" * 300,
    ]
    assert plain(encode([row * 2], min_count=1)) == [row * 2]
    assert encode([row], vocabulary=dict.fromkeys(row, 1)).tokens.tolist() == list(range(len(row)))


@pytest.mark.parametrize("kind", [list, tuple, np.array, iter, lambda row: np.array([row])[0]])
@pytest.mark.parametrize("piece", [1, 2, 3, 7, 14])
def test_long_sentences_are_read_in_pieces(everything, reference, monkeypatch, kind, piece):
    rows = [[5, 1, 5, 2, 7, 7, 3], [1], [2, 2, 9, 9], [4] * 14]
    monkeypatch.setattr(objects, "PIECE", piece)
    assert everything([kind(row) for row in rows]) == reference(rows)
    dropped = [[token for token in row if token != 7] for row in rows]
    assert everything([kind(row) for row in rows], padding=7) == reference(dropped)


def test_a_long_sentence_is_not_cut(plain):
    words = np.random.default_rng(0).integers(50, size=300_000).astype(str).tolist()
    assert plain(encode([words, ["0"]], min_count=1)) == [words, ["0"]]


def test_a_list_that_changes_while_it_is_read():
    class Growing:
        def __hash__(self):
            row.append("more")
            return 1

    class Shrinking:
        def __hash__(self):
            row.clear()
            return 1

    row = ["a", Growing(), "b"]
    assert len(encode([row], min_count=1).tokens) > 3
    row = ["a", Shrinking(), "b", "c"]
    assert len(encode([row], min_count=1).tokens) == 2


# What is no sentence, or no token


BAD = [
    ("the cat", "sentence 1 is 'the cat' of type str, where .*; split it into tokens first"),
    (b"the cat", "sentence 1 is b'the cat' of type bytes.*; split it"),
    (bytearray(b"ab"), r"sentence 1 is bytearray\(b'ab'\) of type bytearray, where"),
    ({"a": 1}, r"sentence 1 is \{'a': 1\} of type dict, where a sequence of tokens belongs$"),
    (None, "sentence 1 is None of type NoneType, where"),
    (7, "sentence 1 is 7 of type int, where"),
    (math.nan, "sentence 1 is nan of type float, where"),
    (np.int64(7), "sentence 1 is .*7.* of type int64, where"),
    (np.array(7), "sentence 1 is an array of 0 dimensions"),
    (np.ones((2, 2), int), "sentence 1 is an array of 2 dimensions"),
    (np.ma.array([1, 2], mask=[0, 1]), r"sentence 1 is a masked array; give its compressed\(\)"),
    ({"a", "b"}, "sentence 1 is a set, .*hash seed; give a list, such as sorted"),
    (frozenset("ab"), "sentence 1 is a frozenset, .*hash seed; give a list"),
    (["a", "b", None], "sentence 1, position 2: None is no token; drop it, or replace it"),
    (("a", None), "sentence 1, position 1: None is no token"),
    (np.array(["a", None], dtype=object), "sentence 1, position 1: None is no token"),
    (["a", math.nan, "b"], "sentence 1, position 1: nan is no token"),
    (np.array([1, np.nan]), "sentence 1, position 1: nan is no token"),
    ([np.float32("nan")], r"sentence 1, position 0: .*nan.* is no token"),
    ([1, Decimal("nan")], r"sentence 1, position 1: Decimal\('NaN'\) is no token"),
    (["a", np.datetime64("NaT", "s")], "sentence 1, position 1: .*NaT.* is no token"),
    (np.array(["2020", "NaT"], "M8[D]"), "sentence 1, position 1: .*NaT.* is no token"),
    (["a", ["b"]], r"sentence 1, position 1: \['b'\] of type list is not hashable"),
    (["a", "b", {}], r"sentence 1, position 2: \{\} of type dict is not hashable"),
    (["a", ("b", [1])], r"sentence 1, position 1: \('b', \[1\]\) of type tuple is not hashable"),
    ([np.arange(2)], r"sentence 1, position 0: array\(\[0, 1\]\) of type ndarray is not hashable"),
]


@pytest.mark.parametrize(("bad", "message"), BAD)
@pytest.mark.parametrize("one_shot", [False, True])
def test_bad_sentences_and_tokens_are_named(bad, message, one_shot):
    if one_shot and isinstance(bad, list):
        bad = (token for token in bad)
    rows = [["a", "b"], bad, ["c", "d"]]
    with pytest.raises(TypeError, match=f"^{message}"):
        encode(iter(rows) if one_shot else rows)


class Unsure:
    """Neither equal nor different, as pandas.NA is."""

    def __ne__(self, other):
        return self

    def __eq__(self, other):
        return self

    def __hash__(self):
        return 1

    def __bool__(self):
        raise TypeError("boolean value of NA is ambiguous")

    def __repr__(self):
        return "<NA>"


@pytest.mark.parametrize("missing", [None, math.nan, Unsure()])
@pytest.mark.parametrize("place", [0, 1, 50, 99])
@pytest.mark.parametrize("piece", [2, 1 << 17])
def test_a_missing_value_is_found_wherever_it_is(monkeypatch, missing, place, piece):
    monkeypatch.setattr(objects, "PIECE", piece)
    rows = [[], *([n, n % 3, str(n)] for n in range(100)), []]
    rows[1 + place] = ["a", 0, missing, missing, None]
    with pytest.raises(TypeError, match=f"sentence {1 + place}, position 2: {missing!r} is no"):
        encode(rows)


def test_a_missing_value_ends_the_reading_early():
    def endless():
        yield ["a", None]
        while True:
            yield ["b", "c", "d"]

    with pytest.raises(TypeError, match="sentence 0, position 1: None"):
        encode(endless())


def test_a_huge_bad_value_is_not_printed_whole():
    with pytest.raises(TypeError, match=r"^sentence 0 is 'aaa.*\.\.\. of type str") as raised:
        encode(["a" * 100_000])
    assert len(str(raised.value)) < 200


def test_lines_given_as_sentences(write, text, tmp_path):
    path = write(tmp_path / "corpus.txt", text)
    with path.open() as file, pytest.raises(TypeError, match=r"sentence 0 .*split it into tokens"):
        encode(file)


class Failing:
    """A token that can't be compared: its error is no matter of hashing."""

    def __hash__(self):
        return 1

    def __eq__(self, other):
        raise TypeError("no comparing")


class OurError(Exception):
    """An error of the caller's."""


def test_an_error_of_a_token_comes_through_as_it_is():
    with pytest.raises(TypeError, match=r"^no comparing$"):
        encode([["a", Failing()]])


@pytest.mark.parametrize("function", [count, encode])
@pytest.mark.parametrize(
    "kind", [OurError, TypeError, OSError, KeyboardInterrupt, StopAsyncIteration]
)
def test_an_error_of_an_iterator_comes_through_as_it_is(function, kind):
    error = kind("ours")

    def broken(first):
        yield first
        raise error

    for rows in broken(["a", "b"]), [["a"], broken("a")], iter([["a"], map(str, broken("a"))]):
        with pytest.raises(kind) as raised:
            function(rows)
        assert raised.value is error


class Token:
    """A token that can be watched."""


@pytest.mark.parametrize("rows", [[["a"]], [[[]]], [["a", None]], [[], 3]])
def test_reading_keeps_no_token_alive(rows):
    def read():
        token = Token()
        with pytest.raises((TypeError, ValueError), match="sentence"):
            encode([[token], *rows], min_count=1)
        return weakref.ref(token)

    gc.disable()
    try:
        watched = read()
        gc.collect(0)  # pytest's and the error's own frames are a cycle
        assert watched() is None
    finally:
        gc.enable()


# Not enough to train on


@pytest.mark.parametrize("rows", [[], iter([]), [[], ()], [[], np.empty(0, int), iter([])]])
def test_no_token_at_all(rows):
    with pytest.raises(ValueError, match="nothing to train on: the sentences have not one token"):
        encode(rows)


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
    with pytest.raises(ValueError, match=re.escape("0 of them known")):
        encode([["a", "b"]], vocabulary={"z": 1})
