"""Numbers of distinct tokens, against a dict; and the reader of Python's own sentences."""

from collections import Counter
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from itertools import chain

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fastw2v.corpus.numbering import KeyTable, MissingToken
from fastw2v.corpus.object_reader import ObjectReader


class Colour(IntEnum):
    RED = 1


class Unsure:
    """As pandas.NA: can't say whether it equals anything."""

    __hash__ = object.__hash__

    def __eq__(self, other):
        return self

    __ne__ = __eq__

    def __bool__(self):
        raise TypeError("ambiguous")


ONES = [True, 1, 1.0, Colour.RED, Fraction(1), np.int8(1), np.uint64(1), np.float32(1), np.True_]
ONES += [1 + 0j, np.complex64(1)]
NOT_IN_ONE_DICT = [Decimal(1), Decimal("1.000"), np.longdouble(1)]  # they do not all equal NumPy's
EDGES = [s * (2**bits + i) for bits in (0, 8, 31, 53, 63, 64) for i in (-1, 0, 1) for s in (1, -1)]
OTHERS = [b"", b"a", (), (1, "a"), 0.5, -0.5, Fraction(1, 2), float("inf"), 1j, 2.0**63, -(2.0**63)]
OTHERS += [Decimal("0.3"), frozenset([1]), np.uint64(2**64 - 1), np.float32(0.1), np.str_("é")]
OTHERS += [np.bytes_(b"a"), "", "é", "\xff", "€", "😀", "\ud800", "a\0", "\0", "1"]

characters = st.characters(exclude_categories=())  # lone surrogates too
tokens = st.one_of(
    st.sampled_from(ONES + EDGES + OTHERS),
    st.text(st.one_of(characters, st.sampled_from("aé€😀\udfff")), max_size=20),
    st.integers(-(2**63) - 2, 2**63 + 2),
    st.floats(allow_nan=False),
    st.fractions(),
    st.binary(max_size=9),
    st.tuples(st.integers(0, 2), st.text(max_size=1)),
)


def refuse(sentence, position, token, error):
    raise error


def read(table: KeyTable, sentences, skip=None, rooms=(10_000,), prepare=None) -> tuple[list, list]:
    """Numbers, and ends of sentences, with those of blocks of any size joined."""
    reader = ObjectReader(sentences, prepare or (lambda sentence, _: sentence), refuse, skip)
    numbers, ends, is_last, block = [], [], False, 0
    while not is_last:
        room = rooms[block % len(rooms)]
        out, out_ends = np.full(room, -5, np.int32), np.full(room + 1, -5, np.int32)
        n, n_ends, is_last = reader.read(table, block << 32, out, out_ends)
        ends += [len(numbers) + end for end in out_ends[:n_ends]]
        numbers += out[:n].tolist()
        assert set(out[n:]) <= {-5}
        block += 1
    return numbers, [end for i, end in enumerate(ends) if end > 0 and end not in ends[:i]]


def count_texts(table: KeyTable, texts: list[bytes], first_place: int = 0) -> list[int]:
    data = np.frombuffer(b"".join(texts), np.uint8)
    numbers = np.empty(len(texts), np.int32)
    table.count_texts(data, np.cumsum([0, *map(len, texts)]), first_place, numbers)
    return numbers.tolist()


def all_keys(table: KeyTable) -> list:
    return table.keys(np.arange(table.n_numbers))


@settings(deadline=None, max_examples=300)
@given(tokens=st.lists(tokens, max_size=40))
@example(tokens=ONES * 2 + EDGES + OTHERS)
def test_tokens_are_told_apart_as_in_a_dict(tokens):
    table, known = KeyTable(), {}
    numbers = [known.setdefault(token, len(known)) for token in tokens]
    assert read(table, [tokens])[0] == numbers
    assert all_keys(table) == list(known)
    assert table.find(tokens).tolist() == numbers
    assert table.counts().tolist() == [numbers.count(i) for i in range(len(known))]
    assert table.first().tolist() == [numbers.index(i) for i in range(len(known))]
    assert len(table) == table.n_numbers == len(known)
    unknown = ["never", b"never", 2**70, -7.25, (9,), 10**17, True if 1 not in known else "never"]
    assert set(table.find([token for token in unknown if token not in known])) <= {-1}
    texts = [token for token in tokens if isinstance(token, str)]
    assert table.text_counts()[0] == len(texts)


@pytest.mark.parametrize("one", ONES + NOT_IN_ONE_DICT, ids=lambda one: type(one).__name__)
def test_whatever_equals_one_is_the_integer_one(one):
    table = KeyTable()
    assert read(table, [[one, 1, one, "1"]])[0] == [0, 0, 0, 1]
    assert [type(key) for key in all_keys(table)] == [int, str]
    assert table.find([1, one, True]).tolist() == [0, 0, 0]
    table.prune(2)
    assert read(table, [["2", one, 1]])[0] == [1, 0, 0]
    table.prune(100)
    assert table.find([1, one]).tolist() == [-1, -1]
    assert read(table, [["3", one, 1]])[0] == [0, 1, 1]


@pytest.mark.parametrize(
    "token",
    [None, float("nan"), np.float32("nan"), np.datetime64("NaT", "s"), Decimal("NaN"), Unsure()],
    ids=lambda token: type(token).__name__,
)
def test_missing_tokens_are_refused(token):
    seen = []
    reader = ObjectReader([["a"], ["b", token]], None, lambda *args: seen.append(args))
    with pytest.raises(MissingToken):
        reader.read(KeyTable(), 0, np.empty(9, np.int32), np.empty(10, np.int32))
    assert [(args[:2], args[2] is token) for args in seen] == [((1, 1), True)]
    assert isinstance(seen[0][3], MissingToken)


@pytest.mark.parametrize("token", [[], {}, {1}, bytearray(), ([],), np.zeros(2)], ids=repr)
def test_unhashable_tokens_are_refused(token):
    table = KeyTable()
    with pytest.raises(TypeError, match="unhashable"):
        read(table, [["a", token]])
    assert all_keys(table) == ["a"]
    with pytest.raises(TypeError, match="unhashable"):
        table.find([token])


@settings(deadline=None)
@given(
    ours=st.lists(st.one_of(st.text(max_size=10), st.integers(-3, 3), st.integers())),
    theirs=st.lists(st.one_of(st.text(max_size=10), st.integers(-3, 3), st.booleans())),
    least=st.integers(1, 3),
)
@example(ours=[], theirs=[""], least=1)
@example(ours=[0], theirs=["", 0, ""], least=2)
def test_merging_adds_counts_and_keeps_the_first_place(ours, theirs, least):
    ours = [token for token in ours if not isinstance(token, int) or -(2**63) <= token < 2**63]
    table, other, known = KeyTable(), KeyTable(), {}
    read(table, [["later"], ours], rooms=(1,))  # in block 1 and later
    read(other, [theirs])
    if least > 1:
        other.prune(least)
    live = np.flatnonzero(other.counts())
    left = dict(zip(other.keys(live), live.tolist(), strict=True))
    counts = Counter(["later", *ours]) + Counter({key: theirs.count(key) for key in left})
    firsts = dict(zip(all_keys(table), table.first().tolist(), strict=True))
    mapping = table.merge(other)
    for token in chain(["later"], ours, left):
        known.setdefault(token, len(known))
    assert all_keys(table) == list(known)
    assert [type(key) is str for key in all_keys(table)] == [type(key) is str for key in known]
    assert table.counts().tolist() == [counts[key] for key in known]
    assert table.find(list(known)).tolist() == list(range(len(known)))
    assert [n for n in range(other.n_numbers) if mapping[n] >= 0] == live.tolist()
    for key, number in left.items():
        assert mapping[number] == known[key]
        first = min(firsts.get(key, 1 << 60), int(other.first()[number]))
        assert table.first()[known[key]] == first
    table.prune(1)
    assert all_keys(table) == list(known)


def test_objects_are_not_merged_nor_is_a_table_with_itself():
    table, other = KeyTable(), KeyTable()
    read(other, [["a", (1,), 2.5, 3]])
    assert table.merge(other).tolist() == [0, -1, -1, 1]
    with pytest.raises(ValueError, match="itself"):
        table.merge(table)
    assert table.merge(KeyTable()).tolist() == []


@settings(deadline=None)
@given(
    rounds=st.lists(
        st.tuples(
            st.lists(st.one_of(st.integers(0, 20), st.sampled_from("abcdefghij"), tokens)),
            st.integers(1, 4),
        ),
        max_size=6,
    )
)
def test_pruned_numbers_are_given_again_lowest_first(rounds):
    table, numbers, counts, n_numbers = KeyTable(), {}, Counter(), 0
    for tokens, least in rounds:
        for token in tokens:
            if token not in numbers:
                numbers[token] = min(set(range(n_numbers + 1)) - set(numbers.values()))
                n_numbers = max(n_numbers, numbers[token] + 1)
            counts[token] += 1
        assert read(table, [tokens])[0] == [numbers[token] for token in tokens]
        gone = [token for token in counts if counts[token] < least]
        for token in gone:
            del counts[token], numbers[token]
        table.prune(least)
        by_number = {number: counts[token] for token, number in numbers.items()}
        assert table.counts().tolist() == [by_number.get(i, 0) for i in range(n_numbers)]
        assert table.find(list(numbers)).tolist() == list(numbers.values())
        assert table.keys(np.array(list(numbers.values()), np.int64)) == list(numbers)
        assert set(table.find(gone)) <= {-1}
        assert len(table) == len(numbers)


def test_tables_grow_to_many_keys():
    n = 60_000
    rng = np.random.default_rng(1)
    integers = rng.choice(np.concatenate([np.arange(n), np.arange(n) << 40]), n, replace=False)
    texts = [b"%d" % i + b"x" * (i % 30) for i in integers.tolist()]
    table, numbers = KeyTable(), np.empty(n, np.int32)
    assert count_texts(table, texts + texts[::2]) == [*range(n), *range(0, n, 2)]
    assert table.count_integers(integers, 0, numbers) == n
    assert table.count_integers(integers[::2].copy(), 0, numbers[: n // 2]) == n // 2
    assert numbers.tolist() == [*range(n, 2 * n, 2), *range(n + n // 2, 2 * n)]
    table.prune(2)
    assert len(table) == n
    strings = [text.decode() for text in texts]
    expected = np.where(np.arange(n) % 2, -1, np.arange(n))
    np.testing.assert_array_equal(table.find(strings), expected)
    found = table.find(integers.tolist())
    np.testing.assert_array_equal(found, np.where(expected < 0, -1, expected + n))
    assert count_texts(table, texts[1::2]) == list(range(1, n, 2))
    assert table.keys(np.arange(n)) == strings


words = st.one_of(st.integers(-2, 3), st.sampled_from(["a", "é", "b"]), st.just((1,)))
sentences = st.lists(
    st.one_of(
        st.lists(words, max_size=7),
        st.lists(words, max_size=7).map(tuple),
        st.lists(st.one_of(st.integers(-2, 3), st.integers(-(2**63), 2**63 - 1)), max_size=7).map(
            lambda values: np.array(values, np.int64)
        ),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=300)
@given(
    sentences=sentences,
    rooms=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    skip=st.one_of(st.none(), st.integers(-2, 3)),
)
@example(sentences=[np.array([-1, -1, 5]), np.array([6])], rooms=[9], skip=-1)
def test_blocks_of_any_size_hold_the_sentences(sentences, rooms, skip):
    table, known, numbers, ends = KeyTable(), {}, [], []
    for sentence in sentences:
        kept = [token for token in sentence if skip is None or token != skip]
        numbers += [known.setdefault(token, len(known)) for token in kept]
        ends += [len(numbers)] * bool(kept)
    asked = []
    found = read(table, iter(sentences), skip, rooms, lambda s, i: asked.append(i) or s)
    assert found == (numbers, ends)
    assert asked == [i for i, sentence in enumerate(sentences) if isinstance(sentence, np.ndarray)]
    assert all_keys(table) == list(known)
    assert sorted(table.first()) == table.first().tolist()  # first places keep the order


class Meddler:
    """A token that changes its sentence while it is looked up."""

    def __init__(self, meddle):
        self.meddle = meddle

    def __hash__(self):
        meddle, self.meddle = self.meddle, lambda: None
        meddle()
        return 1


@pytest.mark.parametrize("room", [1, 2, 100])
@pytest.mark.parametrize(
    ("change", "left"),
    [
        (list.clear, 3),
        (list.pop, 5),
        (lambda sentence: sentence.extend(range(5000)), 5006),
        (lambda sentence: sentence.__setitem__(slice(3, None), ["x"] * 100), 103),
    ],
)
def test_sentences_may_change_while_they_are_read(change, left, room):
    sentence = [10, 11]
    sentence += [Meddler(lambda: change(sentence)), 12, 13, 14]
    numbers, ends = read(KeyTable(), [sentence, ["end"]], None, (room,))
    assert len(numbers) == left + 1
    assert ends == [left, left + 1]


def test_errors_of_the_reader_and_what_it_is_given():
    table, numbers, ends = KeyTable(), np.empty(3, np.int32), np.empty(4, np.int32)
    for bad, bad_ends in ((numbers[:0], ends), (numbers, ends[:3])):
        with pytest.raises(ValueError, match="no room"):
            ObjectReader([[1]], None, refuse).read(table, 0, bad, bad_ends)
    for wrong in (np.zeros(3, np.int32), np.zeros(6, np.int64)[::2], np.zeros((3, 1), np.int64)):
        with pytest.raises(ValueError, match=r"[Bb]uffer|contiguous"):
            read(table, [wrong])
    with pytest.raises(TypeError):
        read(table, ["abc"], prepare=lambda sentence, _: iter(sentence))
    with pytest.raises(TypeError):
        ObjectReader(5, None, refuse)
    with pytest.raises(ZeroDivisionError):
        read(table, (1 / 0 for _ in range(3)))
    with pytest.raises(OverflowError):
        read(table, [np.zeros(3, np.int64)], skip=2**63)
    assert len(table) == 0


def test_arguments_that_do_not_fit_are_refused():
    table, numbers, data = KeyTable(), np.empty(2, np.int32), np.zeros(4, np.uint8)
    with pytest.raises(ValueError, match="no room"):
        table.count_integers(np.zeros(3, np.int64), 0, numbers)
    for offsets in ([0, 1, 2, 3], []):
        with pytest.raises(ValueError, match="no room"):
            table.count_texts(data, np.array(offsets, np.int64), 0, numbers)
    for offsets in ([0, 5], [-1, 1], [3, 2], [0, -(2**63)], [2**63 - 1, 2**63 - 1]):
        with pytest.raises(ValueError, match="outside"):
            table.count_texts(data, np.array(offsets, np.int64), 0, numbers)
    for number in (0, -1, 2**31, 2**63 - 1):
        with pytest.raises(IndexError):
            table.keys(np.array([number]))
    with pytest.raises(ValueError, match="least"):
        table.prune(0)
    count_texts(table, [b"a", b"b", b"b"])
    table.prune(2)
    with pytest.raises(KeyError, match="free"):
        table.keys(np.array([0]))


def test_keys_that_become_more_while_they_are_looked_up():
    keys = [1]
    keys += [Meddler(lambda: keys.extend(range(100_000)))]
    with pytest.raises(ValueError, match="more"):
        KeyTable().find(keys)
