"""Numbers and rows as text against exact arithmetic, and rows as word2vec's binary form."""

import struct
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fastw2v._kernels import vector_text

INFINITY = 0x7F800000

finite_bits = st.integers(0, INFINITY - 1) | st.integers(1 << 31, (1 << 31) + INFINITY - 1)


def parse(text, width=1, spaces_in_keys=False, most=None):
    most = text.count(b"\n") if most is None else most
    vectors, keys = np.full((most, width), np.nan, np.float32), np.zeros((most, 2), np.int64)
    n, end, problem, at = vector_text.parse_text(text, spaces_in_keys, vectors, keys)
    return [text[begin:stop] for begin, stop in keys[:n]], vectors[:n], end, problem, at


def read_numbers(texts):
    """Read numbers; an infinite one, which no row may have, is given as infinity."""
    found = []
    for text in texts:
        _, vectors, _, problem, _ = parse(b"k " + text.encode() + b"\n")
        assert problem in (0, vector_text.NOT_FINITE)
        found.append(np.float32(np.inf) if problem else vectors[0, 0])
    return np.array(found, np.float32)


def write(keys, vectors, binary=False):
    texts = b"\n".join(keys)
    bounds = np.cumsum([0, *(len(key) + 1 for key in keys)])
    out = np.empty(vector_text.most_bytes(*vectors.shape, len(texts), binary), np.uint8)
    n = vector_text.format_rows(texts, bounds, vectors, binary, out)
    return n if n < 0 else out[:n].tobytes()


def written(values):
    values = np.asarray(values, np.float32)
    return [line.split()[1] for line in write([b"k"] * len(values), values[:, None]).splitlines()]


def of_bits(bits):
    return np.array(bits, np.uint32).view(np.float32)


def nearest(number):
    """Round a fraction to float32, half to even, by exact arithmetic; infinity has no sign."""
    with np.errstate(over="ignore"):
        near = int(np.float32(float(min(abs(number), 2**130))).view(np.uint32))

    def distance(bits):
        value = Fraction(2) ** 128 if bits == INFINITY else Fraction(float(of_bits([bits])[0]))
        return abs(value - abs(number)), bits % 2

    bits = min((b for b in (near - 1, near, near + 1) if 0 <= b <= INFINITY), key=distance)
    value = float(of_bits([bits])[0])
    return -value if number < 0 and bits < INFINITY else value


NUMBERS = [
    *("0", "-0", "+0.0", "00.00", "1", "-1", "+1", "1.", ".5", "-.5e1", "5E-1", "1e+0", "1e00"),
    *("0.1", "3.4028234e38", "3.4028235e38", "3.4028236e38", "1.17549435e-38", "1.1754942e-38"),
    *("1.4e-45", "7e-46", "7.1e-46", "1e-46", "1e-300", "1e-99999999999999999999", "0e999999"),
    *("16777217", "16777219", "33554435", "8388609.5", "123456789012345678901234567890"),
    "0." + "0" * 60 + "1e60",
    "1" + "0" * 60 + "e-60",
    "0" * 400 + "1.5",
    "1.0000000596046447753906250000000000000000000000000000000000000000",
    "1.0000000596046447753906250000000000000000000000000000000000000001",
    "1.00000005960464477539062" + "4" + "9" * 200,
    "1.000000059604644775390625" + "0" * 200 + "1",
    "7.00649232162408535461864791644958065640130970938257885878534141944895541342930300743319094181060791015625e-46",
    "7.00649232162408535461864791644958065640130970938257885878534141944895541342930300743319094181060791015624e-46",
    "7.00649232162408535461864791644958065640130970938257885878534141944895541342930300743319094181060791015626e-46",
]


@pytest.mark.parametrize("text", NUMBERS, ids=lambda text: text[:30])
def test_numbers_worth_a_look(text):
    number = Fraction(Decimal(text)) if "e-9999" not in text else Fraction(0)
    found = read_numbers([text])[0]
    assert found == nearest(number)
    assert np.signbit(found) == text.startswith("-")


@pytest.mark.parametrize("text", ["3.40282357e38", "1e39", "1e999999999999999", "-1e50", "nan"])
def test_numbers_beyond_float32_are_not_finite(text):
    assert np.isinf(read_numbers([text]))


@settings(deadline=None, max_examples=200)
@given(
    digits=st.text("0123456789", min_size=1, max_size=40),
    point=st.integers(0, 40),
    exponent=st.integers(-60, 60),
    sign=st.sampled_from(["", "-", "+"]),
)
def test_numbers_are_rounded_to_the_nearest(digits, point, exponent, sign):
    text = f"{sign}{digits[:point]}.{digits[point:]}e{exponent}"
    number = Fraction(Decimal(text))
    expected = nearest(number)
    assert read_numbers([text])[0] == expected


@settings(deadline=None, max_examples=200)
@given(bits=st.integers(0, INFINITY - 2), after=st.sampled_from(["", "0" * 30 + "1", "9"]))
@example(bits=0, after="")
@example(bits=0x7FFFFF, after="")
def test_midpoints_between_two_floats(bits, after):
    low, high = (Fraction(float(value)) for value in of_bits([bits, bits + 1]))
    middle = (low + high) / 2
    scale = 10**160
    digits = str(middle.numerator * scale // middle.denominator)  # exact: 2**150 divides 10**160
    assert Fraction(int(digits), scale) == middle
    text = digits + after + f"e-{160 + len(after)}"
    expected = high if after else (low, high)[bits % 2]
    assert read_numbers([text])[0] == float(expected)


@settings(deadline=None)
@given(st.lists(finite_bits, min_size=1, max_size=30))
@example([0, 1 << 31, 1, INFINITY - 1, 0x7FFFFF, 0x800000, 0x4B800000, 0x4B800001, 0x3F800000])
def test_what_is_written_is_read_as_the_same_bits(bits):
    values = of_bits(bits)
    texts = written(values)
    np.testing.assert_array_equal(read_numbers(map(bytes.decode, texts)).view(np.uint32), bits)
    for value, text in zip(values, texts, strict=True):
        digits = text.lstrip(b"-").partition(b"e")[0].replace(b".", b"").strip(b"0")
        shortest = np.format_float_scientific(value, unique=True, trim="-").partition("e")[0]
        assert len(digits) == len(shortest.lstrip("-").replace(".", "").strip("0")) <= 9
        assert len(text) <= 15
        assert b"." in text or b"e" in text
        assert np.float32(text.decode()) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.0"),
        (-0.0, "-0.0"),
        (1, "1.0"),
        (-10, "-10.0"),
        (0.1, "0.1"),
        (1234.5, "1234.5"),
        (123456792, "123456790.0"),
        (1e9, "1e+09"),
        (1.5e10, "1.5e+10"),
        (0.0001, "0.0001"),
        (0.00012345679, "0.00012345679"),
        (0.00001, "1e-05"),
        (1.17549435e-38, "1.1754944e-38"),
        (3.4028235e38, "3.4028235e+38"),
        (1e-45, "1e-45"),
    ],
)
def test_numbers_as_they_are_written(value, text):
    assert written([value]) == [text.encode()]


def test_the_powers_of_ten_are_right():
    """Every power of two and its neighbours: all of the table's entries are used."""
    bits = [(exponent << 23) + d for exponent in range(1, 255) for d in (-1, 0, 1) if exponent > 0]
    values = of_bits(bits)
    texts = [text.decode() for text in written(values)]
    np.testing.assert_array_equal(np.array([float(t) for t in texts]).astype(np.float32), values)
    np.testing.assert_array_equal(read_numbers(texts), values)


# Rows of text


@pytest.mark.parametrize(
    ("text", "keys", "numbers"),
    [
        (b"a 1 2\n", [b"a"], [[1, 2]]),
        (b"a 1 2 \nb\t3\t4\r\nc  5 \t 6\t\r\n", [b"a", b"b", b"c"], [[1, 2], [3, 4], [5, 6]]),
        (b"\xff\0\x0b 1 2\n", [b"\xff\0\x0b"], [[1, 2]]),
        (b"1 2 3\n", [b"1"], [[2, 3]]),
        (b"", [], []),
    ],
)
@pytest.mark.parametrize("spaces", [False, True])
def test_rows_of_text(text, keys, numbers, spaces):
    found, vectors, end, problem, _ = parse(text, 2, spaces)
    assert (found, vectors.tolist(), end, problem) == (keys, numbers, len(text), 0)


@pytest.mark.parametrize(
    ("line", "problem", "at"),
    [
        (b"\n", "EMPTY_LINE", 0),
        (b" \t\r\n", "EMPTY_LINE", 0),
        (b" a 1 2\n", "NO_KEY", 0),
        (b"a\n", "TOO_FEW", 1),
        (b"a 1\n", "TOO_FEW", 3),
        (b"a 1 2 3\n", "TOO_MANY", 6),
        (b"a 1 x\n", "NO_NUMBER", 4),
        (b"a 1,5 2\n", "NO_NUMBER", 2),
        (b"a 1 2x\n", "NO_NUMBER", 4),
        (b"a - 2\n", "NO_NUMBER", 2),
        (b"a . 2\n", "NO_NUMBER", 2),
        (b"a 1e 2\n", "NO_NUMBER", 2),
        (b"a 1e+ 2\n", "NO_NUMBER", 2),
        (b"a 0x1 2\n", "NO_NUMBER", 2),
        (b"a 1_0 2\n", "NO_NUMBER", 2),
        (b"a 1 2\0\n", "NO_NUMBER", 4),
        (b"a --1 2\n", "NO_NUMBER", 2),
        (b"a NaN 2\n", "NOT_FINITE", 2),
        (b"a 1 -inf\n", "NOT_FINITE", 4),
        (b"a 1 Infinity\n", "NOT_FINITE", 4),
        (b"a 1 infinite\n", "NO_NUMBER", 4),
        (b"a 1 1e39\n", "NOT_FINITE", 4),
    ],
)
def test_rows_that_are_wrong(line, problem, at):
    found, _, end, number, place = parse(b"b 1 2\n" + line + b"c 3 4\n", 2)
    assert (found, end, number, place) == ([b"b"], 6, getattr(vector_text, problem), 6 + at)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (b". . . 1 2\n", b". . ."),
        (b"a b 1 2\r\n", b"a b"),
        (b"a  1 1 2 \n", b"a  1"),
        (b"5 6 1 2\n", b"5 6"),
        (b"a\tb\t1\t2\n", b"a\tb"),
    ],
)
def test_spaces_in_keys(line, key):
    assert parse(line, 2, spaces_in_keys=True)[0] == [key]
    assert parse(line, 2)[3] in (vector_text.NO_NUMBER, vector_text.TOO_MANY)


def test_a_key_of_spaces_needs_its_numbers_too():
    for line in (b"a b 1\n", b"a b c d\n", b"a b 1 nan\n", b"a b\n"):
        keys, *_, problem, _ = parse(line, 2, spaces_in_keys=True)
        assert keys == []
        assert problem


def test_parsing_stops_where_there_is_no_room():
    text = b"a 1\nb 2\nc 3\n"
    assert parse(text, most=2)[::2] == ([b"a", b"b"], 8, 0)
    assert parse(text, most=0)[::2] == ([], 0, 0)


def test_a_text_without_its_last_newline_is_refused():
    with pytest.raises(ValueError, match="must end with a newline"):
        parse(b"a 1", most=1)


@pytest.mark.parametrize("shapes", [((1, 0), (1, 2)), ((2, 1), (1, 2)), ((1, 1), (1, 3))])
def test_arrays_that_do_not_fit_are_refused(shapes):
    vectors, keys = np.empty(shapes[0], np.float32), np.empty(shapes[1], np.int64)
    for call in (
        lambda: vector_text.parse_text(b"a 1\n", False, vectors, keys),
        lambda: vector_text.parse_binary(b"a 0000", vectors, keys),
    ):
        with pytest.raises(ValueError, match="don't fit"):
            call()


# Binary rows


def parse_binary(data, width, most=100):
    vectors, keys = np.full((most, width), np.nan, np.float32), np.zeros((most, 2), np.int64)
    n, end, problem, at = vector_text.parse_binary(data, vectors, keys)
    return [data[begin:stop] for begin, stop in keys[:n]], vectors[:n].tolist(), end, problem, at


def test_binary_rows_with_and_without_newlines():
    one, two = struct.pack("<2f", 1, 2), struct.pack("<2f", 3, -0.5)
    for newline in b"", b"\n":
        data = b"a " + one + newline + b"\xc3\xa9 " + two + newline
        keys, vectors, end, problem, _ = parse_binary(data, 2)
        assert (keys, vectors, problem) == ([b"a", b"\xc3\xa9"], [[1, 2], [3, -0.5]], 0)
        assert end == len(data) - len(newline)
    assert parse_binary(data, 2, most=1)[0] == [b"a"]


def test_a_binary_row_that_is_cut_off_is_left():
    row = b"ab " + struct.pack("<2f", 1, 2)
    for length in range(len(row)):
        keys, _, end, problem, _ = parse_binary(row + row[:length], 2)
        assert (keys, end, problem) == ([b"ab"], len(row), 0)


def test_a_binary_row_without_a_key():
    row = b"a " + struct.pack("<f", 1)
    for before in (b"", b"\n"):
        keys, _, end, problem, at = parse_binary(row + before + row[1:], 1)
        assert (keys, end, problem) == ([b"a"], len(row), vector_text.NO_KEY)
        assert at == len(row) + len(before)


# Keys


def test_keys_are_gathered_with_newlines_between_them():
    data = b"ab\nc\xffd"
    places = np.array([[0, 2], [1, 4], [4, 5], [0, 6]])
    assert vector_text.gather_keys(data, places) == b"ab\nb\nc\n\xff\nab\nc\xffd"
    assert vector_text.gather_keys(data, places[:1]) == b"ab"
    assert vector_text.gather_keys(b"", places[:0]) == b""


@pytest.mark.parametrize("place", [(-1, 1), (1, 1), (2, 1), (0, 4)])
def test_keys_outside_the_data_are_refused(place):
    with pytest.raises(ValueError, match="key 0 lies outside"):
        vector_text.gather_keys(b"abc", np.array([place]))


# Writing


def test_rows_as_they_are_written():
    vectors = np.array([[1, -0.5], [1e-7, 2]], np.float32)
    keys = [b"a", "é".encode()]
    assert write(keys, vectors) == "a 1.0 -0.5\né 1e-07 2.0\n".encode()
    first, second = (row.astype("<f4").tobytes() for row in vectors)
    assert write(keys, vectors, binary=True) == b"a " + first + b"\n\xc3\xa9 " + second + b"\n"
    assert write([], np.empty((0, 2), np.float32)) == b""


def test_what_is_not_finite_is_not_written_as_text():
    vectors = np.ones((3, 2), np.float32)
    for value in (np.nan, np.inf, -np.inf):
        vectors[1, 1] = value
        assert write([b"a", b"b", b"c"], vectors) == -2


def test_the_room_for_rows_suffices_and_is_asked_for():
    vectors = np.full((4, 3), -1.17549435e-38, np.float32)  # as long as numbers get
    keys, bounds = b"a\nb\nc\nd", np.arange(0, 10, 2)
    for binary in (False, True):
        most = vector_text.most_bytes(4, 3, len(keys), binary)
        for room in (most - 1, 0):
            with pytest.raises(ValueError, match="no room"):
                vector_text.format_rows(keys, bounds, vectors, binary, np.empty(room, np.uint8))


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ([0, 2], "fit together"),
        ([0, 2, 3], "fit together"),
        ([1, 2, 4], "fit together"),
        ([0, 0, 4], "negative length"),
        ([0, 5, 4], "negative length"),
    ],
)
def test_bounds_that_make_no_sense_are_refused(bounds, message):
    vectors, out = np.ones((2, 1), np.float32), np.empty(1000, np.uint8)
    with pytest.raises(ValueError, match=message):
        vector_text.format_rows(b"a\nb", np.array(bounds), vectors, False, out)
