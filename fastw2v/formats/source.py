"""What every reader gives and every writer takes: rows with their keys, a chunk at a time.

So a file can be larger than memory: reading one whole is filling a matrix from its chunks, and
converting it is handing one format's chunks to another format's writer.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

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
    """

    n: int
    vector_size: int
    chunks: Iterator[Vectors]


def chunk_rows(vector_size: int) -> int:
    """Return how many rows make a chunk."""
    return max(1, CHUNK_BYTES // (4 * vector_size))


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
