"""The tokenizer against ``bytes.split`` and ``bytes.decode``: words, sentences and UTF-8."""

import re
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fastw2v.corpus.numbering import PADDING, KeyTable

WHITE = b" \t\n\v\f\r"
# Beside the white bytes, with the same lower bits, and the first and last of UTF-8's ranges.
EDGES = (
    b"\0\x08\x0e\x1f!\x7f\x80\x85\x89\x8d\x8f\x90\x9f\xa0\xbf\xc0\xc2\xdf\xe0\xed\xef\xf0\xf4\xff"
)
LENGTHS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 23, 24, 25, 1000)

texts = st.lists(
    st.one_of(
        st.sampled_from([bytes([byte]) for byte in WHITE + EDGES] + [b"\r\n", b"\0" * 8, b"word"]),
        st.sampled_from(["é", "€", "😀", "\xa0", "\u2028"]).map(str.encode),
        st.sampled_from(LENGTHS).map(lambda n: b"abcdefgh" * (n // 8) + b"12345678"[: n % 8]),
        st.binary(max_size=20),
    ),
    max_size=40,
).map(b"".join)


def tokenize(table: KeyTable, text: bytes, first_place: int = 0) -> tuple[list, list, int]:
    numbers = np.empty((len(text) + 1) // 2, np.int32)
    ends = np.empty(len(numbers) + 1, np.int32)
    n, n_ends, invalid = table.tokenize(text + PADDING, len(text), first_place, numbers, ends)
    return numbers[:n].tolist(), ends[:n_ends].tolist(), invalid


def reference(known: dict[bytes, int], text: bytes) -> tuple[list, list, int]:
    numbers, ends, invalid = [], [], -1
    for match in re.finditer(rb"[^ \t\n\v\f\r]+", text):
        if invalid < 0 and match[0] not in known and not is_utf8(match[0]):
            invalid = match.start()
        known.setdefault(match[0], len(known))
    *lines, rest = re.split(rb"[\n\r]", text)
    for line in lines:
        numbers += [known[word] for word in line.split()]
        if len(numbers) not in ends[-1:]:
            ends.append(len(numbers))
    numbers += [known[word] for word in rest.split()]
    return numbers, ends, invalid


def is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def count_texts(table: KeyTable, texts: list[bytes]) -> tuple[list, int]:
    data, offsets = np.frombuffer(b"".join(texts), np.uint8), np.cumsum([0, *map(len, texts)])
    numbers = np.empty(len(texts), np.int32)
    invalid = table.count_texts(data, offsets, 0, numbers)
    return numbers.tolist(), invalid


def check(text: bytes) -> None:
    known: dict[bytes, int] = {}
    table = KeyTable()
    assert tokenize(table, text, 1000) == reference(known, text)
    places = [match.start() for match in re.finditer(rb"\S+", text)]
    words = text.split()
    assert table.counts().tolist() == [words.count(word) for word in known]
    assert table.first().tolist() == [1000 + places[words.index(word)] for word in known]
    assert len(table) == table.n_numbers == len(known)
    valid = {word.decode(): number for word, number in known.items() if is_utf8(word)}
    assert table.find(list(valid)).tolist() == list(valid.values())
    assert table.keys(np.array(list(valid.values()), np.int64)) == list(valid)


@settings(deadline=None, max_examples=400)
@given(text=texts)
@example(text=b"")
@example(text=b"\n\n a\r\n\r\nb \n\t\n c d")
@example(text=b"a\0 a a\0\0 \0 \0\0 aaaaaaa aaaaaaa\0 aaaaaaaa\0")
def test_words_and_sentences_are_those_of_split(text):
    check(text)


@settings(deadline=None, max_examples=400)
@given(text=texts, places=st.sets(st.integers(0, 300)))
def test_blocks_cut_at_white_space_give_the_same(text, places):
    white = {i for i, byte in enumerate(text) if byte in WHITE}
    cuts = [i for i in sorted(places) if 0 < i < len(text) and {i, i - 1} & white]
    whole, blocks = KeyTable(), KeyTable()
    known: dict[bytes, int] = {}
    numbers: list[int] = []
    ends: list[int] = []
    for begin, end in pairwise([0, *cuts, len(text)]):
        block = text[begin:end]
        more, more_ends, invalid = tokenize(blocks, block, begin)
        assert (more, more_ends, invalid) == reference(known, block)
        more_ends = [len(numbers) + end for end in more_ends]
        ends += more_ends[1:] if more_ends[:1] == ends[-1:] else more_ends
        numbers += more
    assert tokenize(whole, text)[:2] == (numbers, ends)
    np.testing.assert_array_equal(whole.counts(), blocks.counts())
    np.testing.assert_array_equal(whole.first(), blocks.first())


@pytest.mark.parametrize("length", LENGTHS)
def test_long_words_that_differ_in_one_byte(length):
    words = [b"x" * length, b"x" * (length + 1), b"\0" * length, b"\xc3\xa9" * length]
    for i in {0, length // 2, length - 1}:
        words += [b"x" * i + byte + b"x" * (length - i - 1) for byte in (b"y", b"\0", b"\x7f")]
    for indent in range(9):
        check(b" " * indent + b" ".join([*words, *words]))
        check(b"\n".join(words) + b" " * indent)


def test_words_that_differ_only_in_trailing_nul_bytes():
    words = [stem + b"\0" * n for stem in (b"", b"a", b"abcdefgh") for n in range(20)][1:]
    assert tokenize(KeyTable(), b" ".join(words))[0] == list(range(len(words)))


def test_every_pair_of_bytes_is_split_as_python_splits_it():
    for first in range(256):
        check(b"".join(bytes([97, first, second, 98]) for second in range(256)))
        check(b"".join(bytes([first]) * n + b"abcdefgh"[:n] for n in range(9)))


def test_utf8_is_what_python_decodes():
    texts = [bytes(text) for n in range(1, 4) for text in product(EDGES, repeat=n)]
    texts += [b"".join(text) for text in product((b"\xf0", b"\xf3", b"\xf4"), texts)]
    table = KeyTable()
    valid = np.array([is_utf8(text) for text in texts])
    numbers, invalid = count_texts(table, texts)
    assert invalid == valid.argmin()
    assert table.replace_invalid(np.empty(0, np.int32)) == np.count_nonzero(~valid)
    np.testing.assert_array_equal(table.counts()[numbers] > 0, valid)


@settings(deadline=None)
@given(
    texts=st.lists(
        st.one_of(
            st.binary(max_size=4),
            st.sampled_from([b"\xff", b"a\xff", b"\xe2\x82", "\ufffd".encode(), b"ok"]),
        )
    )
)
def test_invalid_texts_become_valid_ones(texts):
    table = KeyTable()
    numbers, _ = count_texts(table, texts)
    before, first = table.counts(), table.first()
    mended = [text.decode("utf-8", "replace") for text in texts]
    mapping = np.arange(table.n_numbers, dtype=np.int32)
    changed = [old.encode() != text for old, text in zip(mended, texts, strict=True)]
    assert table.replace_invalid(mapping) == sum(changed)
    assert table.keys(mapping[numbers].astype(np.int64)) == mended
    assert table.counts()[mapping[numbers]].tolist() == [mended.count(text) for text in mended]
    assert table.counts().sum() == before.sum()
    assert table.first()[mapping[numbers]].tolist() == [mended.index(text) for text in mended]
    np.testing.assert_array_equal(table.first()[: len(first)] <= first, True)
    assert table.replace_invalid(mapping) == 0
    table.prune(1)
    assert len(table) == len(set(mended))


@settings(deadline=None)
@given(word=st.binary(max_size=12).filter(lambda word: len(word.split()) == 1))
def test_only_a_new_word_is_looked_at(word):
    table = KeyTable()
    text = b"new " + word.strip() + b" old"
    assert tokenize(table, text)[2] == (-1 if is_utf8(word) else 4)
    assert tokenize(table, text)[2] == -1
    table.prune(3)
    assert tokenize(table, text)[2] == (-1 if is_utf8(word) else 4)


def test_words_of_a_text_that_has_no_white_space_or_nothing_else():
    assert tokenize(KeyTable(), b"a" * 100_000) == ([0], [], -1)
    assert tokenize(KeyTable(), b" " * 1000) == ([], [], -1)
    assert tokenize(KeyTable(), b"\r" * 1000) == ([], [0], -1)
    assert tokenize(KeyTable(), b"a\n" * 1000) == ([0] * 1000, list(range(1, 1001)), -1)
    assert tokenize(KeyTable(), b"\n" + b"a\n" * 999 + b"a") == ([0] * 1000, list(range(1000)), -1)


@pytest.mark.parametrize(
    ("text", "length", "n_numbers", "n_ends", "message"),
    [
        (b"a b" + PADDING, 3, 1, 3, "no room"),
        (b"a b" + PADDING, 3, 2, 2, "no room"),
        (b"a" + PADDING, 1, 0, 2, "no room"),
        (b"a" + PADDING, 2, 9, 9, "in a buffer"),
        (b"a" + PADDING, -1, 9, 9, "in a buffer"),
        (b"a" + PADDING, 2**31, 9, 9, "in a buffer"),
        (b"a" + PADDING, 2**63 - 1, 9, 9, "in a buffer"),
        (PADDING[1:], 0, 9, 9, "in a buffer"),
        (b"", 0, 9, 9, "in a buffer"),
        (b"a" * 20, 3, 9, 9, "followed by spaces"),
        (b"a" + PADDING[1:] + b"\n", 1, 9, 9, "followed by spaces"),
    ],
)
def test_buffers_that_do_not_fit_are_refused(text, length, n_numbers, n_ends, message):
    table = KeyTable()
    numbers, ends = np.full(n_numbers, -5, np.int32), np.full(n_ends, -5, np.int32)
    with pytest.raises(ValueError, match=message):
        table.tokenize(text, length, 0, numbers, ends)
    assert len(table) == 0
    assert set(numbers) | set(ends) <= {-5}


def test_arrays_of_another_type_are_refused():
    right, wrong = np.empty(9, np.int32), np.empty(9, np.int64)
    for numbers, ends in ((right, wrong), (wrong, right), (right[::2], right)):
        with pytest.raises(ValueError, match=r"[Bb]uffer|contiguous"):
            KeyTable().tokenize(b"a" + PADDING, 1, 0, numbers, ends)
    with pytest.raises(TypeError):
        KeyTable().tokenize(b"a" + PADDING, 1, 0, None, right)
