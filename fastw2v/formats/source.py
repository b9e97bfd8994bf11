"""What every reader gives and every writer takes: rows with their keys, a chunk at a time.

So a file can be larger than memory: reading one whole is filling a matrix from its chunks, and
converting it is handing one format's chunks to another format's writer.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

CHUNK_BYTES = 1 << 22  # of a chunk's matrix, at the most, unless a single row is larger


class Vectors(NamedTuple):
    """Keys and their vectors: row i of ``vectors``, float32 (len(keys), d), belongs to key i."""

    keys: list[Hashable]
    vectors: NDArray[np.float32]
    counts: NDArray[np.int64] | None = None  # (len(keys),), where they are known


@dataclass(frozen=True)
class Source:
    """A file that is being read, or whatever else has rows to write.

    Attributes
    ----------
    n, vector_size
        Of the whole, known before the first chunk.
    chunks
        The rows in order, once. A reader's file is open while they are read.
    provenance
        How they were trained, as JSON has it, for formats with a place for it.
    """

    n: int
    vector_size: int
    chunks: Iterator[Vectors]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def chunk_rows(vector_size: int) -> int:
    """Return how many rows make a chunk."""
    return max(1, CHUNK_BYTES // (4 * max(vector_size, 1)))


def read_whole(source: Source) -> Vectors:
    """Read all chunks into one matrix.

    Raises
    ------
    ValueError
        If there are more or fewer rows than announced.
    """
    vectors = np.empty((source.n, source.vector_size), np.float32)
    keys: list[Hashable] = []
    counts: list[NDArray[np.int64]] = []
    for chunk in source.chunks:
        end = len(keys) + len(chunk.keys)
        if end > source.n:
            break
        vectors[len(keys) : end] = chunk.vectors
        keys += chunk.keys
        if chunk.counts is not None:
            counts.append(chunk.counts)
    if len(keys) != source.n:
        raise ValueError(f"{source.n} rows announced, {len(keys)} found")
    return Vectors(keys, vectors, np.concatenate(counts) if counts else None)


def checked(source: Source, where: str = "") -> Source:
    """Return the same source, whose chunks are checked one by one as they are read.

    ``where`` begins the messages: what is read, such as ``"vectors.npy: "``.

    Raises
    ------
    ValueError
        If a value is not finite, or if rows are more, fewer or of another length than announced;
        by the iterator, before the chunk is given on.
    """
    return replace(source, chunks=_checked_chunks(source, where))


def _checked_chunks(source: Source, where: str) -> Iterator[Vectors]:
    row = 0
    for chunk in source.chunks:
        n = len(chunk.keys)
        if chunk.vectors.shape != (n, source.vector_size) or row + n > source.n:
            raise ValueError(
                f"{where}{n} keys with vectors of shape {chunk.vectors.shape} from row {row} on, "
                f"where {source.n} rows of {source.vector_size} were announced"
            )
        if (bad := first_not_finite(chunk.vectors)) is not None:
            raise ValueError(
                f"{where}the vector of {chunk.keys[bad]!r} (row {row + bad}) is not finite"
            )
        row += n
        yield chunk
    if row != source.n:
        raise ValueError(f"{where}{source.n} rows announced, {row} found")


def first_not_finite(matrix: NDArray[np.floating[Any]]) -> int | None:
    """Return the first row of a matrix with a value that is not finite; None if there is none."""
    rows = chunk_rows(matrix.shape[1])
    for begin in range(0, len(matrix), rows):
        finite = np.isfinite(matrix[begin : begin + rows])
        if not finite.all():
            return begin + int(finite.all(axis=1).argmin())
    return None


def from_arrays(vectors: Vectors, limit: int | None = None) -> Source:
    """Return a source of rows that are there already, or of the first ``limit`` of them."""
    n = len(vectors.keys) if limit is None else min(limit, len(vectors.keys))
    return Source(n, vectors.vectors.shape[1], _slices(vectors, n))


def _slices(vectors: Vectors, n: int) -> Iterator[Vectors]:
    rows = chunk_rows(vectors.vectors.shape[1])
    for begin in range(0, n, rows):
        here = slice(begin, min(begin + rows, n))
        counts = None if vectors.counts is None else vectors.counts[here]
        yield Vectors(vectors.keys[here], vectors.vectors[here], counts)
