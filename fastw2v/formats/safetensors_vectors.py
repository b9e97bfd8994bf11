"""One matrix in our own file: opened where it lies, and written a chunk at a time.

``fastw2v.formats.safetensors`` is the file itself, which can hold more than one matrix.
"""

from __future__ import annotations

import json
import os
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from fastw2v.formats import safetensors
from fastw2v.formats.files import replacing
from fastw2v.formats.keys import encode_keys
from fastw2v.formats.source import Source, Vectors, checked, from_arrays

HEADER = 4096  # bytes, of which some 500 are needed for all but provenance
PROVENANCE = ("hyperparameters", "corpora")  # in metadata, of a model too


def open_vectors(path: str | os.PathLike[str]) -> Vectors:
    """Open the vectors of a file that ``KeyedVectors.save`` or ``Model.save`` wrote.

    They stay in the file, as ``safetensors.open_mapped`` describes. Of a model these are the input
    vectors.

    Raises
    ------
    ValueError
        If the file is damaged or none of ours, or if it holds no vectors.
    """
    contents = safetensors.open_mapped(path)
    name = "vectors" if "vectors" in contents.matrices else "input_vectors"
    if name not in contents.matrices:
        raise ValueError(f"{path} holds no vectors, only {sorted(contents.matrices)}")
    # A file always has counts: all are 0 where they were not known.
    counts = contents.counts if contents.counts.any() else None
    return Vectors(contents.keys, contents.matrices[name], counts)


def read_provenance(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return how a file says that its vectors were trained."""
    metadata = safetensors.read_metadata(path)
    return {name: metadata[name] for name in PROVENANCE if name in metadata}


@contextmanager
def open_source(
    path: str | os.PathLike[str], *, limit: int | None = None, encoding_errors: str = "strict"
) -> Iterator[Source]:
    """Open a file that ``KeyedVectors.save`` or ``Model.save`` wrote; see ``open_vectors``.

    Parameters
    ----------
    path
        The file.
    limit
        How many rows to read at the most.
    encoding_errors
        Of no effect: every key in such a file is what it was, whatever its characters.
    """
    rows = replace(from_arrays(open_vectors(path), limit), provenance=read_provenance(path))
    yield checked(rows, f"{path}: ")


def write(path: str | os.PathLike[str], source: Source) -> None:
    """Write a source's rows; only its keys and counts are held in memory.

    Raises
    ------
    TypeError
        If a key is not a str, int, float, bool, None or a tuple of these.
    ValueError
        If a value is not finite, or if there are more or fewer rows than announced.
    """
    n = source.n
    # What comes before the vectors is known after them: room for a header, counts, key offsets.
    header = HEADER + -(-2 * len(json.dumps(dict(source.provenance))) // 8) * 8
    begin = header + 8 * n + 8 * (n + 1)
    keys: list[Hashable] = []
    counts = np.zeros(n, np.int64)
    with replacing(path) as file:
        file.seek(begin)
        for chunk in checked(source).chunks:
            if chunk.counts is not None:
                counts[len(keys) : len(keys) + len(chunk.keys)] = chunk.counts
            keys += chunk.keys
            file.write(np.ascontiguousarray(chunk.vectors, "<f4").data)
        kind, of_keys = encode_keys(keys)
        tensors = {"counts": counts, **of_keys}
        shapes = {name: (tensor.dtype, tensor.shape) for name, tensor in tensors.items()}
        before = [name for name in tensors if tensors[name].itemsize == 8]
        matrix = {"vectors": (np.dtype(np.float32), (n, source.vector_size))}
        if kind != "int":
            file.write(tensors["keys"].data)
        begin -= sum(tensors[name].nbytes for name in before)
        order = {name: shapes[name] for name in before} | matrix | shapes
        file.seek(0)
        notes = safetensors.notes(kind, matrix, source.provenance)
        file.write(safetensors.encode_header(order, notes, begin))
        for name in before:
            file.write(tensors[name].astype("<i8", copy=False).data)
