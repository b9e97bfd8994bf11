"""What sentences may be: every other thing is refused by name, and before any of it is read."""

import re

import numpy as np
import pytest

import fastw2v
from fastw2v.corpus import EncodedCorpus, count, encode, source_of


@pytest.mark.parametrize(
    ("given", "error", "message"),
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
        ({("a", "b")}, TypeError, "^sentences are a set, .*hash seed; give a list, such as sorted"),
        (frozenset([("a", "b")]), TypeError, "^sentences are a frozenset, .*hash seed"),
        ([{"a", "b"}], TypeError, r"^sentence 0 is a set, .*hash seed; give a list.* sorted\("),
        (["the cat", "sat"], TypeError, "^sentence 0 is 'the cat' of type str.*split it into"),
        (("the cat",), TypeError, "^sentence 0 is 'the cat' of type str.*split it into"),
        ([b"the cat"], TypeError, "^sentence 0 is b'the cat' of type bytes.*split it into"),
        ([{"a": 1}], TypeError, r"^sentence 0 is \{'a': 1\} of type dict"),
        ([None, ["a"]], TypeError, "^sentence 0 is None"),
        ("the cat sat", FileNotFoundError, r"no file 'the cat sat'.*\[text\.split\(\)\]"),
        ("", FileNotFoundError, "no file ''"),
        ("a\0b", FileNotFoundError, r"no file 'a\\x00b'"),
        ("a\0b*", FileNotFoundError, r"no file 'a\\x00b\*'"),
        (
            "Is it the [cat]? " * 10_000,
            FileNotFoundError,
            r"no file 'Is it .{,260}\.\.\.: a str is",
        ),
        ("the cat sat " * 10_000, FileNotFoundError, r"no file 'the cat .{,260}\.\.\.: a str is"),
    ],
    ids=lambda value: None if isinstance(value, str | type) else type(value).__name__,
)
@pytest.mark.parametrize("function", [source_of, encode, count])
def test_what_is_no_corpus(function, given, error, message):
    with pytest.raises(error, match=message) as raised:
        function(given)
    assert type(raised.value) is error
    assert len(str(raised.value)) < 600


def test_looking_reads_nothing(plain):
    def never():
        raise AssertionError("read")
        yield

    source_of(never())
    fastw2v.Model(never())
    one_shot = iter([["a", "b"]])
    source_of(one_shot)
    assert plain(encode(one_shot, min_count=1)) == [["a", "b"]]


def test_views_that_are_no_sets(everything, reference):
    rows = ({"a": 1, "b": 2}.keys() for _ in range(2))
    assert everything(rows) == reference(["ab", "ab"])


def test_a_corpus_is_no_token_list(sentences):
    corpus = encode(sentences, min_count=1)
    assert isinstance(corpus, EncodedCorpus)
    with pytest.raises(TypeError, match=r"^sentence 0 is <EncodedCorpus"):
        encode([corpus])


@pytest.mark.parametrize("padding", ["0", 1.0, True, np.float32(1)])
def test_padding_is_an_integer(padding):
    with pytest.raises(TypeError, match=re.escape(f"integer or None, not {padding!r}")):
        source_of([["a"]], padding=padding)
