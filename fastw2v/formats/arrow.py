"""Arrow's file format, also called IPC or Feather; ``columns`` beside says which columns."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastw2v.formats import columns
from fastw2v.formats.files import check_readable, replacing
from fastw2v.formats.source import Source, Vectors, checked, chunk_rows

KIND = "Arrow file"


@contextmanager
def open_source(
    path: str | os.PathLike[str], *, limit: int | None = None, encoding_errors: str = "strict"
) -> Iterator[Source]:
    """Open an Arrow file with the columns ``key``, ``vector`` and maybe ``count``; it is mapped.

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
        If the file is damaged or no Arrow file, or if its columns are not as they must be.
    """
    pa = columns.pyarrow()
    check_readable(path)
    with columns.damage_named(path, KIND):
        pages = pa.memory_map(os.fspath(path))
    with pages:
        with columns.damage_named(path, KIND):
            reader = pa.ipc.open_file(pages)
            names = columns.check_schema(path, reader.schema)
            rows, first = _look(pages, reader.schema)
            size = columns.vector_size(reader.schema, first)
        n = rows if limit is None else min(limit, rows)
        chunks = _chunks(path, reader, names, size, n, encoding_errors)
        yield checked(Source(n, size, chunks), f"{path}: ")


def _look(pages: Any, schema: Any) -> tuple[int, Any]:
    """Return how many rows there are, and a batch that holds the first vector, if there is one.

    All batches are looked at, but only their keys, as those of compressed files must be unpacked.
    """
    pa = columns.pyarrow()
    options = pa.ipc.IpcReadOptions(included_fields=[schema.get_field_index("key")])
    reader = pa.ipc.open_file(pages, options=options)
    lengths = [len(_batch(reader, i, full=False)) for i in range(reader.num_record_batches)]
    filled = next((i for i, length in enumerate(lengths) if length), None)
    first = None if filled is None else _batch(pa.ipc.open_file(pages), filled)
    return sum(lengths), first


def _batch(reader: Any, i: int, full: bool = True) -> Any:
    """Return a batch whose parts fit together: of another, a look may end the process."""
    batch = reader.get_batch(i)
    batch.validate(full=full)
    return batch


def _chunks(
    path: str | os.PathLike[str], reader: Any, names: list[str], size: int, n: int, errors: str
) -> Iterator[Vectors]:
    row = 0
    with columns.damage_named(path, KIND):
        for i in range(reader.num_record_batches):
            whole = _batch(reader, i).select(names)
            for begin in range(0, len(whole), chunk_rows(size)):
                if row == n:
                    return
                batch = whole.slice(begin, min(chunk_rows(size), n - row))
                yield columns.to_vectors(path, batch, size, row, errors)
                row += len(batch)


def write(path: str | os.PathLike[str], source: Source) -> None:
    """Write a source's rows to an Arrow file, not compressed, a record batch for each chunk.

    Raises
    ------
    ImportError
        Without pyarrow.
    TypeError, ValueError
        If keys are neither all str nor all int of 64 bits, or hold lone surrogates; if a value is
        not finite; if there are more or fewer rows than announced.
    """
    pa = columns.pyarrow()
    batches = columns.to_batches(source)
    with replacing(path) as file:
        first = next(batches)
        with pa.ipc.new_file(file, first.schema) as writer:
            writer.write_batch(first)
            for batch in batches:
                writer.write_batch(batch)
