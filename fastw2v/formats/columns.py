"""Vectors as columns of an Arrow table: what Parquet and Arrow files have in common.

============  =========================================================================
``key``       strings or integers
``vector``    lists of floats, all of one length; written as fixed-size lists of float32
``count``     integers; may be missing
============  =========================================================================
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastw2v.formats.source import Source, Vectors, checked

if TYPE_CHECKING:
    import pyarrow as pa

INT64 = range(-(2**63), 2**63)


def pyarrow() -> Any:
    """Return pyarrow.

    Raises
    ------
    ImportError
        If it is not installed; the message says how to.
    """
    try:
        import pyarrow
    except ImportError:
        raise ImportError(
            "Parquet and Arrow files need pyarrow, which is not installed: "
            "pip install 'fastw2v[arrow]'"
        ) from None
    return pyarrow


# Reading -----------------------------------------------------------------------------------------


@contextmanager
def damage_named(path: str | os.PathLike[str], kind: str) -> Iterator[None]:
    """Let what pyarrow says of a damaged file be a ValueError that names it."""
    pa = pyarrow()
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno:  # the system's, not pyarrow's
            raise
        raise ValueError(f"{path} is no {kind}, or is damaged: {error}") from error


def check_schema(path: str | os.PathLike[str], schema: pa.Schema) -> list[str]:
    """Return which columns to read.

    Raises
    ------
    ValueError
        If one is missing, or occurs twice, or is of the wrong type.
    """
    names = [name for name in ("key", "vector", "count") if name in schema.names]
    if names[:2] != ["key", "vector"] or any(schema.names.count(name) > 1 for name in names):
        raise ValueError(
            f"{path} has the columns {', '.join(map(repr, schema.names))}, where 'key', 'vector' "
            "and maybe 'count' belong; rename them"
        )
    is_right = {"key": _is_key, "vector": _is_vector, "count": _is_integer}
    for name in names:
        if not is_right[name](schema.field(name).type):
            raise ValueError(
                f"{path}: the column {name!r} is of type {schema.field(name).type}; keys must be "
                "strings or integers, vectors lists of floats, counts integers"
            )
    return names


def _is_key(kind: pa.DataType) -> bool:
    types = pyarrow().types
    if types.is_dictionary(kind):
        return _is_key(kind.value_type)
    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_string_view(kind)
        or types.is_integer(kind)
    )


def _is_vector(kind: pa.DataType) -> bool:
    types = pyarrow().types
    is_list = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return bool(is_list and types.is_floating(kind.value_type))


def _is_integer(kind: pa.DataType) -> bool:
    return bool(pyarrow().types.is_integer(kind))


def vector_size(schema: pa.Schema, first: pa.RecordBatch | None) -> int:
    """Return how long vectors are, by their type or the first of them; 0 if there is none."""
    kind = schema.field("vector").type
    if pyarrow().types.is_fixed_size_list(kind):
        return int(kind.list_size)
    if first is None or not len(first) or not first.column("vector")[0].is_valid:
        return 0
    return len(first.column("vector")[0])


def to_vectors(
    path: str | os.PathLike[str], batch: pa.RecordBatch, size: int, row: int, errors: str
) -> Vectors:
    """Return a batch's rows, of which the first is row ``row`` of the file.

    Raises
    ------
    ValueError
        If a value is missing, a vector is of another length than ``size``, a key is not UTF-8 or a
        count is below 0.
    """
    for name in batch.schema.names:
        _check_null(path, name, batch.column(name), row)
    vectors = _matrix(path, batch.column("vector"), size, row)
    counts = None
    if "count" in batch.schema.names:
        counts = batch.column("count").to_numpy(zero_copy_only=False)
        is_wrong = (counts < 0) | (counts > np.iinfo(np.int64).max)
        if is_wrong.any():
            first = int(is_wrong.argmax())
            raise ValueError(
                f"{path}: the count of row {row + first} is {counts[first]}; counts are from 0 to "
                "2**63 - 1"
            )
        counts = counts.astype(np.int64, copy=False)
    return Vectors(_keys(path, batch.column("key"), row, errors), vectors, counts)


def _check_null(
    path: str | os.PathLike[str], name: str, column: pa.Array, row: int, per_row: int = 1
) -> None:
    if column.null_count:
        first = int(column.is_null().to_numpy(zero_copy_only=False).argmax())
        raise ValueError(f"{path}: the {name} of row {row + first // per_row} is null")


def _matrix(
    path: str | os.PathLike[str], column: pa.Array, size: int, row: int
) -> NDArray[np.float32]:
    if not size and len(column):
        raise ValueError(f"{path}: the vector of row {row} has no values")
    lengths = column.value_lengths().to_numpy(zero_copy_only=False)
    if (lengths != size).any():
        first = int((lengths != size).argmax())
        raise ValueError(
            f"{path}: the vector of row {row + first} has {lengths[first]} values, others {size}"
        )
    values = column.flatten()
    _check_null(path, "vector", values, row, max(size, 1))
    with np.errstate(over="ignore", invalid="ignore"):  # float64 beyond float32: refused later
        matrix: NDArray[np.float32] = values.to_numpy(zero_copy_only=False).astype(
            np.float32, copy=False
        )
    return matrix.reshape(len(column), size)


def _keys(path: str | os.PathLike[str], column: pa.Array, row: int, errors: str) -> list[Hashable]:
    pa = pyarrow()
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_integer(column.type):
        return list(column.to_pylist())
    keys: list[Hashable] = []
    for text in column.cast(pa.large_binary()).to_pylist():
        try:
            keys.append(text.decode("utf-8", errors))
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{path}: the key of row {row + len(keys)}, {text!r}, is not UTF-8; "
                'encoding_errors="replace" or "ignore" reads it'
            ) from error
    return keys


# Writing -----------------------------------------------------------------------------------------


def to_batches(source: Source) -> Iterator[pa.RecordBatch]:
    """Yield a source's rows as record batches of one schema; one without rows if there are none.

    Raises
    ------
    TypeError
        If keys are neither all str nor all int64.
    ValueError
        If a key holds a lone surrogate, or for what ``checked`` finds.
    """
    schema = None
    for chunk in checked(source).chunks:
        if schema is None:
            schema = _schema(chunk, source.vector_size)
        yield _to_batch(chunk, schema)
    if schema is None:
        vectors = np.empty((0, source.vector_size), np.float32)
        chunk = Vectors([], vectors, None)
        yield _to_batch(chunk, _schema(chunk, source.vector_size))


def _schema(first: Vectors, size: int) -> pa.Schema:
    pa = pyarrow()
    key = pa.int64() if type(next(iter(first.keys), "")) is int else pa.string()
    fields = [
        pa.field("key", key, nullable=False),
        pa.field("vector", pa.list_(pa.float32(), size), nullable=False),
    ]
    if first.counts is not None:
        fields.append(pa.field("count", pa.int64(), nullable=False))
    return pa.schema(fields)


def _to_batch(chunk: Vectors, schema: pa.Schema) -> pa.RecordBatch:
    pa = pyarrow()
    wanted = int if schema.field("key").type == pa.int64() else str
    for key in chunk.keys:
        if type(key) is not wanted or (wanted is int and key not in INT64):
            raise TypeError(
                f"the key {key!r} of type {type(key).__name__} can't be saved: a column's keys "
                "are all str, or all int of 64 bits"
            )
    try:
        keys = pa.array(chunk.keys, schema.field("key").type)
    except UnicodeEncodeError as error:
        raise ValueError(f"the key {error.object!r} holds a lone surrogate") from error
    flat = pa.array(np.ascontiguousarray(chunk.vectors, np.float32).reshape(-1))
    vectors = pa.FixedSizeListArray.from_arrays(flat, type=schema.field("vector").type)
    columns = [keys, vectors]
    if "count" in schema.names:
        if chunk.counts is None:
            raise ValueError("some of the rows have counts, and some have none")
        columns.append(pa.array(chunk.counts))
    return pa.record_batch(columns, schema=schema)
