"""Parquet, which pandas, polars, DuckDB and Spark read; ``columns`` beside says which columns."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastw2v.formats import columns
from fastw2v.formats.files import check_readable, replacing
from fastw2v.formats.source import Source, Vectors, checked, chunk_rows

KIND = "Parquet file"
BUFFER = 1 << 20  # bytes of a column at a time


@contextmanager
def open_source(
    path: str | os.PathLike[str], *, limit: int | None = None, encoding_errors: str = "strict"
) -> Iterator[Source]:
    """Open a Parquet file with the columns ``key``, ``vector`` and maybe ``count``.

    Parameters
    ----------
    path
        The file.
    limit
        How many rows to read at the most.
    encoding_errors
        What becomes of keys that are not UTF-8: a name that ``bytes.decode`` knows.

    Raises
    ------
    ImportError
        Without pyarrow.
    ValueError
        If the file is damaged or no Parquet file, or if its columns are not as they must be.
    """
    columns.pyarrow()
    import pyarrow.parquet as pq

    check_readable(path)
    with columns.damage_named(path, KIND):
        file = pq.ParquetFile(path, buffer_size=BUFFER)
    with file:
        with columns.damage_named(path, KIND):
            names = columns.check_schema(path, file.schema_arrow)
            first = next(file.iter_batches(1, columns=["vector"]), None)
            size = columns.vector_size(file.schema_arrow, first)
            rows = _rows(path, file.metadata)
        n = rows if limit is None else min(limit, rows)
        chunks = _chunks(path, file, names, size, n, encoding_errors)
        yield checked(Source(n, size, chunks), f"{path}: ")


def _rows(path: str | os.PathLike[str], metadata: Any) -> int:
    """Return how many rows there are, if all that the file says of it agrees."""
    rows: int = metadata.num_rows
    groups = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
    if min(groups, default=0) < 0 or sum(groups) != rows:
        raise ValueError(f"{path} is damaged: {rows:,} rows, but {sum(groups):,} in its groups")
    return rows


def _chunks(
    path: str | os.PathLike[str], file: Any, names: list[str], size: int, n: int, errors: str
) -> Iterator[Vectors]:
    row = 0
    with columns.damage_named(path, KIND):
        for batch in file.iter_batches(chunk_rows(size), columns=names):
            if row == n:
                break
            batch = batch.slice(0, n - row)
            yield columns.to_vectors(path, batch, size, row, errors)
            row += len(batch)


def write(path: str | os.PathLike[str], source: Source) -> None:
    """Write a source's rows to a Parquet file, a row group for each chunk.

    Raises
    ------
    ImportError
        Without pyarrow.
    TypeError, ValueError
        If keys are neither all str nor all int of 64 bits, or hold lone surrogates; if a value is
        not finite; if there are more or fewer rows than announced.
    """
    pa = columns.pyarrow()
    import pyarrow.parquet as pq

    batches = columns.to_batches(source)
    with replacing(path) as file:
        first = next(batches)
        # A dictionary of distinct keys, or of floats, would only be in the way.
        with pq.ParquetWriter(file, first.schema, use_dictionary=False) as writer:
            writer.write_table(pa.Table.from_batches([first]))
            for batch in batches:
                writer.write_table(pa.Table.from_batches([batch]))
