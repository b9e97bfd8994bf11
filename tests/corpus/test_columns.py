"""Columns of tables: Arrow arrays of every form, whoever they come from."""

import sys
from importlib import import_module

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v.corpus import columns, encode

ROWS = [["the", "cat", "sat"], [], ["le", "étage"], ["the"], ["日本", "the", "cat", ""]]
TEXTS = ["the cat sat", "", " le\tétage\n", "the", "日本 the\r\ncat"]
WORDS = [["the", "cat", "sat"], ["le", "étage"], ["the"], ["日本", "the", "cat"]]
NUMBERS = [[3, 1, 3], [], [2], [2, 7, 0]]
LISTS = [pa.list_, pa.large_list, pa.list_view, pa.large_list_view]
STRINGS = [pa.string(), pa.large_string(), pa.string_view()]
LIBRARIES = ["datasets", "pandas", "polars"]


class Stream:
    """Offers a column as other libraries' do, and nothing else."""

    def __init__(self, column):
        self.column = column

    def __arrow_c_stream__(self, requested_schema=None):
        return self.column.__arrow_c_stream__(requested_schema)


class Array:
    """Offers an array in the other of the two ways."""

    def __init__(self, array):
        self.array = array

    def __arrow_c_array__(self, requested_schema=None):
        return self.array.__arrow_c_array__(requested_schema)


def forms(rows, kind):
    """A column in every form that one can have."""
    array = pa.array(rows, kind)
    yield array
    yield pa.array([rows[-1], *rows, rows[0]], kind).slice(1, len(rows))
    yield pa.chunked_array([array.slice(0, 2), array.slice(2, 0), array.slice(2)])
    yield Stream(pa.chunked_array([array.slice(0, 1), array.slice(1)]))
    yield Array(array)


@pytest.mark.parametrize("of", LISTS)
@pytest.mark.parametrize("string", STRINGS, ids=str)
@pytest.mark.parametrize("rows_at_once", [1, 2, 1 << 14])
def test_lists_of_strings(everything, reference, monkeypatch, of, string, rows_at_once):
    monkeypatch.setattr(columns, "ROWS", rows_at_once)
    for column in forms(ROWS, of(string)):
        assert everything(column) == reference(ROWS)


@pytest.mark.parametrize("of", LISTS)
@pytest.mark.parametrize("bits", ["int8", "uint16", "int32", "uint32", "int64", "uint64"])
def test_lists_of_integers(everything, reference, of, bits):
    for column in forms(NUMBERS, of(getattr(pa, bits)())):
        assert everything(column) == reference(NUMBERS)
        assert everything(column, padding=3) == reference([[1], [], [2], [2, 7, 0]])


def test_lists_of_one_size(everything, reference):
    rows = [[1, 2], [3, 4], [1, 1]]
    for column in forms(rows, pa.list_(pa.int16(), 2)):
        assert everything(column) == reference(rows)


@pytest.mark.parametrize("string", STRINGS, ids=str)
@pytest.mark.parametrize("n_bytes", [1, 9, 1 << 22])
def test_strings_are_split_as_lines_are(everything, reference, monkeypatch, string, n_bytes):
    monkeypatch.setattr(columns, "BYTES", n_bytes)
    for column in forms(TEXTS, string):
        assert everything(column) == reference(WORDS)


def test_categories_are_what_they_stand_for(everything, reference):
    for column in forms(TEXTS, pa.dictionary(pa.int8(), pa.string())):
        assert everything(column) == reference(WORDS)
    for token, rows in (pa.string(), ROWS), (pa.int64(), NUMBERS):
        for kind in pa.list_, pa.large_list:
            for column in forms(rows, kind(pa.dictionary(pa.int32(), token))):
                assert everything(column) == reference(rows)


@settings(deadline=None)  # the machine may be busy
@given(
    rows=st.lists(st.lists(st.text(max_size=3), max_size=5), min_size=1, max_size=8),
    cut=st.integers(0, 8),
    of=st.sampled_from(LISTS),
    workers=st.integers(1, 2),
)
def test_columns_and_lists_are_the_same_corpus(everything, rows, cut, of, workers):
    if max(map(len, rows)) < 2:
        return
    kind = of(pa.string())
    column = pa.chunked_array([pa.array(rows[:cut], kind), pa.array(rows[cut:], kind)])
    assert everything(column, workers=workers) == everything(rows)


def test_very_many_small_chunks(plain):
    column = pa.chunked_array([pa.array([[1, 2]])] * 66_000)
    assert len(encode(column, min_count=1)) == 66_000


# What can't be read


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pa.array([["a"], None, None]), "sentence 1 is null, where a sequence of tokens belongs"),
        (pa.chunked_array([[["a"]] * 3, [["b"], None]]), "sentence 4 is null"),
        (pa.array(["a b", "c", None]), "sentence 2 is null"),
        (pa.array([["a", "b"], [], ["c", None]]), "sentence 2, position 1: null is no token; drop"),
        (pa.array([[1], [2], [3, None]]).slice(1), "sentence 1, position 1: null is no token"),
        (pa.chunked_array([[["a"]] * 3, [["b"], [None]]]), "sentence 4, position 0: null"),
        (pa.array([["a"], ["b", None]], pa.list_view(pa.string())), "sentence 1, position 1: null"),
        (
            pa.ListArray.from_arrays(
                [0, 1, 3], pa.DictionaryArray.from_arrays([0, 0, 1], ["a", None])
            ),
            "sentence 1, position 1: null is no token",
        ),
        (pa.DictionaryArray.from_arrays([0, 0, 1], ["a b", None]), "sentence 2 is null"),
    ],
)
@pytest.mark.parametrize("rows_at_once", [1, 1 << 14])
def test_nulls_are_named(monkeypatch, column, message, rows_at_once):
    monkeypatch.setattr(columns, "ROWS", rows_at_once)
    for source in (
        (column, Stream(column)) if hasattr(column, "chunks") else (column, Array(column))
    ):
        with pytest.raises(TypeError, match=f"^{message}"):
            encode(source)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, 2]),
        pa.array([[1.5]]),
        pa.array([[True]]),
        pa.array([[["a"]]]),
        pa.array([{"a": 1}]),
        pa.array([b"ab"]),
        pa.array([[b"ab"]]),
        pa.array([[None]]),
    ],
    ids=lambda column: str(column.type),
)
def test_other_types_are_refused_by_name(column):
    for source in column, Array(column), pa.chunked_array([column]):
        with pytest.raises(
            TypeError, match=r"must hold lists of strings or of integers.*, not "
        ) as e:
            encode(source)
        assert str(column.type) in str(e.value)


def test_integers_that_are_too_large():
    with pytest.raises(ValueError, match=r"9223372036854775808.*give lists of integers instead"):
        encode(pa.array([[1], [2**63]], pa.list_(pa.uint64())))


def test_whole_tables_are_refused():
    table = pa.table({"a": [["x", "y"]]})
    for whole in table, table.to_batches()[0]:
        with pytest.raises(TypeError, match=r"whole table \(.*\); give one of its columns"):
            encode(whole)
    with pytest.raises(TypeError, match=r"must hold lists of strings.*, not struct"):
        encode(Stream(table))


@pytest.mark.parametrize("column", [pa.array([], pa.list_(pa.string())), pa.array(["", " "])])
def test_no_token_at_all(column):
    with pytest.raises(ValueError, match="nothing to train on"):
        encode(column)


def test_strings_that_are_not_utf8():
    buffers = [None, pa.py_buffer(b"\0\0\0\0\3\0\0\0"), pa.py_buffer(b"a \xff")]
    column = pa.Array.from_buffers(pa.string(), 1, buffers)
    with pytest.raises(ValueError, match=r"a string of the column is not valid UTF-8: b'\\xff"):
        encode(column)
    column = pa.ListArray.from_arrays([0, 1], column)
    with pytest.raises(ValueError, match=r"a string of the column is not valid UTF-8: b'a \\xff'"):
        encode(column)


def test_without_pyarrow(monkeypatch):
    column = Stream(pa.chunked_array([[["a"]]]))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"test_columns\.Stream.*pip install .fastw2v\[arrow\]"):
        encode(column)


# The libraries themselves


def made(library, rows):
    """Return a library's columns of the rows given, and a table of them."""
    module = import_module(library)
    if library == "datasets":
        table = module.Dataset.from_dict({"x": rows})
        return [table["x"], table.select(range(len(rows)))["x"]], table
    if library == "polars":
        table = module.DataFrame({"x": rows})
        return [table["x"], module.concat([table["x"][:1], table["x"][1:]], rechunk=False)], table
    table = module.DataFrame({"x": rows})
    arrow = module.Series(rows, dtype=module.ArrowDtype(pa.array(rows).type))
    return [table["x"], table["x"].astype(object), arrow], table


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_libraries_own_columns(everything, reference, library):
    for rows, expected in (ROWS, ROWS), (NUMBERS, NUMBERS), (TEXTS, WORDS):
        for column in made(library, rows)[0]:
            assert everything(column) == reference(expected)


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_libraries_own_nulls_and_tables(library):
    for column in made(library, [["a"], None])[0]:
        with pytest.raises(TypeError, match=r"^sentence 1 is (null|None|nan)"):
            encode(column)
    for column in made(library, ["a b", None])[0]:
        with pytest.raises(TypeError, match=r"^sentence 1 is (null|None|nan)"):
            encode(column)
    with pytest.raises(TypeError, match="give one of its columns"):
        encode(made(library, [["a"]])[1])
