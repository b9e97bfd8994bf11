"""Parquet and Arrow files: what goes in comes out, whatever made the columns; damage is named."""

import os
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v import KeyedVectors
from fastw2v.formats import arrow, parquet
from fastw2v.formats.source import Source, Vectors, from_arrays, read_whole

KEYS = {
    "text": st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    "int64": st.integers(-(2**63), 2**63 - 1),
}


@pytest.fixture(params=[parquet, arrow], ids=["parquet", "arrow"], scope="module")
def kind(request):
    """Either format."""
    return request.param


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return tmp_path_factory.mktemp("columns") / "x"


def random_vectors(n, size=3):
    return np.random.default_rng(n).normal(size=(n, size)).astype(np.float32)


def read(kind, path, **options):
    with kind.open_source(path, **options) as source:
        return read_whole(source)


def save(kind, path, table):
    """Write any table, not by our writers."""
    if kind is parquet:
        pq.write_table(table, path, row_group_size=2)
    else:
        feather.write_feather(table, str(path), chunksize=2)
    return path


@pytest.mark.parametrize("keys", KEYS)
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_what_is_written_is_read(kind, keys, data, shared):
    keys = data.draw(st.lists(KEYS[keys], unique=True, max_size=7))
    vectors = random_vectors(len(keys), data.draw(st.integers(1, 3)))
    counts = np.arange(len(keys)) if data.draw(st.booleans()) and keys else None
    kind.write(shared, from_arrays(Vectors(keys, vectors, counts)))
    found = read(kind, shared)
    assert found.keys == keys
    assert list(map(type, found.keys)) == list(map(type, keys))
    np.testing.assert_array_equal(found.vectors, vectors)
    assert (found.counts is None) == (counts is None)
    if counts is not None:
        np.testing.assert_array_equal(found.counts, counts)


def test_chunks_and_a_limit(kind, tmp_path, monkeypatch):
    monkeypatch.setattr("fastw2v.formats.source.CHUNK_BYTES", 24)  # two rows
    keys, vectors, counts = list("abcde"), random_vectors(5), np.arange(5, 0, -1)
    kind.write(tmp_path / "x", from_arrays(Vectors(keys, vectors, counts)))
    if kind is parquet:
        assert pq.ParquetFile(tmp_path / "x").num_row_groups == 3
    for limit in None, 0, 1, 2, 4, 9:
        n = len(keys[:limit])
        with kind.open_source(tmp_path / "x", limit=limit) as source:
            assert (source.n, source.vector_size) == (n, 3)
            chunks = list(source.chunks)
        assert max((len(chunk.keys) for chunk in chunks), default=0) <= 2
        for i, whole in enumerate((keys, vectors, counts)):
            parts = [chunk[i] for chunk in chunks]
            if n:
                np.testing.assert_array_equal(np.concatenate(parts), whole[:n])


def test_what_pandas_and_polars_make_of_it(kind, tmp_path):
    keys, vectors, counts = ["a", "é"], random_vectors(2), np.array([2, 1])
    kind.write(tmp_path / "x", from_arrays(Vectors(keys, vectors, counts)))
    frames = (
        (pd.read_parquet(tmp_path / "x"), pl.read_parquet(tmp_path / "x"))
        if kind is parquet
        else (pd.read_feather(tmp_path / "x"), pl.read_ipc(tmp_path / "x"))
    )
    for frame in frames:
        assert list(frame["key"]) == keys
        assert list(frame["count"]) == [2, 1]
        np.testing.assert_array_equal(np.array([list(v) for v in frame["vector"]]), vectors)


def frames(keys, vectors):
    """Return tables as various libraries make them."""
    rows = [list(map(float, v)) for v in vectors]
    return {
        "pandas": pa.Table.from_pandas(pd.DataFrame({"key": keys, "vector": list(vectors)})),
        "polars": pl.DataFrame({"key": keys, "vector": rows}).to_arrow(),
        "polars array": pl.DataFrame(
            {"other": rows, "vector": pl.Series(rows, dtype=pl.Array(pl.Float32, 3)), "key": keys}
        ).to_arrow(),
        "double": pa.table({"vector": pa.array(rows, pa.list_(pa.float64())), "key": keys}),
        "half": pa.table(
            {
                "key": pa.array(keys).dictionary_encode(),
                "vector": pa.array([np.float16(row) for row in rows], pa.list_(pa.float16())),
            }
        ),
        "large": pa.table(
            {
                "key": pa.array(keys, pa.large_string()),
                "vector": pa.array(rows, pa.large_list(pa.float32())),
                "count": pa.array([4, 3, 2, 1, 0], pa.uint8()),
            }
        ),
    }


@pytest.mark.parametrize("name", frames(["a"] * 5, random_vectors(5)))
def test_what_others_wrote(kind, tmp_path, name):
    keys, vectors = ["a", "", "é", "日", "x y"], random_vectors(5)
    found = read(kind, save(kind, tmp_path / "x", frames(keys, vectors)[name]))
    assert found.keys == keys
    np.testing.assert_allclose(found.vectors, vectors, atol=1e-3 if name == "half" else 0)
    if name == "large":
        assert found.counts.tolist() == [4, 3, 2, 1, 0]
        assert found.counts.dtype == np.int64


def test_integer_keys_of_any_width(kind, tmp_path):
    for dtype in "int8", "uint16", "uint64":
        table = pa.table({"key": pa.array([3, 1], dtype), "vector": [[1.0], [2.0]]})
        assert read(kind, save(kind, tmp_path / "x", table)).keys == [3, 1]


def column(values, type=None):
    return pa.array(values, type)


GOOD = {"key": column(["a", "b", "c"]), "vector": column([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])}
BYTES = pa.array([b"a", b"b\xff", b"c"])
NOT_UTF8 = pa.StringArray.from_buffers(3, *BYTES.buffers()[1:])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"key": None}, "has the columns 'vector', where 'key', 'vector' and maybe 'count' belong"),
        ({"vector": None}, "has the columns 'key', where"),
        ({"key": column([1.5, 2.5, 3.5])}, "column 'key' is of type double; keys must be strings"),
        ({"key": column([True, False, None])}, "column 'key' is of type bool"),
        ({"vector": column([1.0, 2.0, 3.0])}, "column 'vector' is of type double"),
        ({"vector": column([[1], [2], [3]])}, "column 'vector' is of type list.* lists of floats"),
        ({"count": column([1.5, 2.5, 3.5])}, "column 'count' is of type double"),
        ({"key": column(["a", "b", None])}, "the key of row 2 is null"),
        ({"vector": column([[1.0], [2.0], None])}, "the vector of row 2 is null"),
        ({"vector": column([None, [2.0], [1.0]])}, "the vector of row 0 is null"),
        ({"vector": column([[1.0, 2.0], [3.0, None], [5.0, 6.0]])}, "the vector of row 1 is null"),
        ({"vector": column([[1.0], [2.0], [1.0, 2.0]])}, "row 2 has 2 values, others 1"),
        ({"vector": column([[1.0], [], [1.0]])}, "row 1 has 0 values, others 1"),
        ({"vector": column([[1.0], [2.0], [float("nan")]])}, r"'c' \(row 2\) is not finite"),
        ({"vector": column([[1.0], [1e300], [1.0]])}, r"'b' \(row 1\) is not finite"),
        ({"count": column([1, None, 2])}, "the count of row 1 is null"),
        ({"count": column([1, 2, -3])}, "the count of row 2 is -3"),
        ({"count": column([1, 2, 2**64 - 1], pa.uint64())}, "the count of row 2 is 1844674407370"),
    ],
)
def test_columns_that_are_none_of_ours(kind, tmp_path, changed, message):
    columns = {name: c for name, c in {**GOOD, **changed}.items() if c is not None}
    path = save(kind, tmp_path / "x", pa.table(columns))
    with pytest.raises(ValueError, match=message) as raised:
        read(kind, path)
    assert str(path) in str(raised.value)


def test_keys_that_are_not_utf8(kind, tmp_path):
    path = save(kind, tmp_path / "x", pa.table({**GOOD, "key": NOT_UTF8}))
    with pytest.raises(ValueError, match=r"is not UTF-8|[Ii]nvalid UTF8") as raised:
        read(kind, path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    ("keys", "error", "message"),
    [
        (["a", 1], TypeError, "the key 1 of type int can't be saved"),
        ([1, "a"], TypeError, "the key 'a' of type str can't be saved"),
        ([1, True], TypeError, "the key True of type bool"),
        ([1, 2**63], TypeError, "the key 9223372036854775808"),
        ([("a",), "b"], TypeError, r"the key \('a',\) of type tuple"),
        (["a", "\ud800"], ValueError, r"the key '\\ud800' holds a lone surrogate"),
        (["a", "nan"], ValueError, r"'nan' \(row 1\) is not finite"),
        (["a"], ValueError, "2 rows announced, 1 found"),
    ],
)
def test_what_cannot_be_written_leaves_the_old_file(kind, tmp_path, keys, error, message):
    (tmp_path / "x").write_bytes(b"old")
    vectors = random_vectors(len(keys))
    vectors[[key == "nan" for key in keys]] = np.nan
    chunks = (Vectors(keys[i : i + 1], vectors[i : i + 1]) for i in range(len(keys)))
    with pytest.raises(error, match=message):
        kind.write(tmp_path / "x", Source(2, 3, chunks))
    assert (tmp_path / "x").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x"]


def test_no_file_of_this_kind(kind, tmp_path):
    with pytest.raises(FileNotFoundError, match="no file"):
        read(kind, tmp_path / "x")
    other = arrow if kind is parquet else parquet
    other.write(tmp_path / "other", from_arrays(Vectors(["a"], random_vectors(1))))
    for data in b"", b"PAR1", b"ARROW1", b"hello" * 9, (tmp_path / "other").read_bytes():
        (tmp_path / "x").write_bytes(data)
        with pytest.raises(ValueError, match=r"x is no (Parquet|Arrow) file, or is damaged"):
            read(kind, tmp_path / "x")


@pytest.fixture(scope="module")
def contents(kind, shared):
    """What files of either kind hold: ours, and what others wrote."""
    kind.write(shared, from_arrays(Vectors(list("abcdefgh"), random_vectors(8), np.arange(8))))
    ours = shared.read_bytes()
    save(kind, shared, pa.table({**GOOD, "count": pa.array([3, 2, 1])}))
    return ours, shared.read_bytes()


@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_damage_is_named_or_harmless(kind, data, shared, contents):
    content = bytearray(data.draw(st.sampled_from(contents)))
    position = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.integers(0, 5)):
        content[position] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del content[position:]
    shared.write_bytes(content)
    try:
        found = read(kind, shared)
    except ValueError as error:
        assert str(shared) in str(error)  # noqa: PT017
    else:
        assert len(found.keys) == len(found.vectors)
        assert np.isfinite(found.vectors).all()


def test_without_pyarrow_the_message_says_what_to_install(kind, tmp_path, monkeypatch):
    kind.write(tmp_path / "x", from_arrays(Vectors(["a"], random_vectors(1))))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for use in (
        lambda: read(kind, tmp_path / "x"),
        lambda: kind.write(tmp_path / "x", from_arrays(Vectors(["a"], random_vectors(1)))),
    ):
        with pytest.raises(ImportError, match=r"pip install 'fastw2v\[arrow\]'"):
            use()


@pytest.mark.parametrize("name", ["v.parquet", "v.arrow"])
@pytest.mark.parametrize(
    ("vector", "count", "message"),
    [
        ([], 3, "the vector of row 0 has no values"),
        ([1.0], 1 << 63, r"the count of row 0 is 9223372036854775808; counts are from 0"),
    ],
)
def test_values_that_vectors_do_not_have(tmp_path, name, vector, count, message):
    table = pa.table(
        {
            "key": ["a"],
            "vector": pa.array([vector], pa.list_(pa.float32())),
            "count": pa.array([count], pa.uint64()),
        }
    )
    path = tmp_path / name
    if name.endswith("parquet"):
        pq.write_table(table, path)
    else:
        with pa.ipc.new_file(path, table.schema) as file:
            file.write_table(table)
    with pytest.raises(ValueError, match=f"{name}: {message}"):
        KeyedVectors.load(path)
