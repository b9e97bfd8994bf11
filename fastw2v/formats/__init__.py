"""File formats: keys and vectors in, keys and vectors out; one module a format.

=====================  ============================  ===========================================
format                 suffixes                      holds
=====================  ============================  ===========================================
safetensors            .safetensors                  all that a model needs; no code
npy                    .npy                          NumPy's matrix, keys beside it
parquet                .parquet                      a table of keys and vectors
arrow                  .arrow, .feather              such a table, mapped
fasttext_bin           (read only)                   a model of fastText's own
sentence_transformers  (write only, by name)         a folder for sentence-transformers
projector              .tsv (write only)             two tables for TensorBoard's projector
word2vec_binary        .bin                          a header, then keys and raw float32
word2vec_text          .txt, .vec (fastText's too)   a header, then lines of a key and numbers
glove                  .glove                        such lines without a header
=====================  ============================  ===========================================

``table`` is the table itself. The last three may be compressed, with .gz, .bz2, .xz or .zst after
the suffix. ``read`` and ``convert`` see a file's format by its content, whatever its name;
``write`` and ``convert`` write the one that the suffix names, unless it is given.

=====================  =========================================================================
``source``             what readers give and writers take: rows, a chunk at a time
``files``              files, pairs of files and folders that are written whole or not at all
``streams``            files that are read as bytes, compressed or not
``word2vec_header``    the line that word2vec's formats begin with
``text_rows``          lines of a key and numbers
``text_keys``          keys in formats that know nothing but text
``ordered``            work for several threads, whose results come in order
``keys``               keys of any type as bytes and as JSON
``safetensors``        our own file, which may hold more than one matrix
``columns``            the columns of Parquet and Arrow
``fasttext_subwords``  fastText's vectors of words
=====================  =========================================================================
"""

from __future__ import annotations

import logging
import os
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fastw2v import checks
from fastw2v.formats import table
from fastw2v.formats.source import (
    Vectors,
    first_not_finite,
    from_arrays,
    read_whole,
)
from fastw2v.formats.streams import require_room
from fastw2v.formats.table import FORMATS, Format, detect
from fastw2v.messages import shown

__all__ = ["FORMATS", "Format", "Vectors", "convert", "detect", "read", "write"]

logger = logging.getLogger("fastw2v")

ENCODING_ERRORS = ("strict", "replace", "ignore")

AnyPath = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def read(
    path: AnyPath,
    *,
    format: str | None = None,
    limit: int | None = None,
    encoding_errors: str = "strict",
) -> Vectors:
    """Read a file of vectors.

    Parameters
    ----------
    path
        The file.
    format
        Its format, by name; None recognises it by its content.
    limit
        Read only the first rows, so many; at least 1.
    encoding_errors
        What to do about keys of text formats that are not UTF-8: ``"strict"`` refuses the file,
        ``"replace"`` puts U+FFFD in the place of such bytes, ``"ignore"`` leaves them out.

    Returns
    -------
    Vectors
        Distinct keys; float32 (len(keys), d); counts, or None where the format has none. Where a
        key occurs more than once, its first row is kept, and a warning logged. The vectors of a
        safetensors file stay in the file, of which only what is used comes into memory.

    Raises
    ------
    ValueError
        If the format is not known, if the file is damaged, or if a value is not finite; the message
        names the file and the line, byte or key.
    MemoryError
        If there is not enough memory for the vectors; before any is taken.
    FileNotFoundError, OSError
        If the file can't be read.
    TypeError
        If the path is no path.
    """
    rows = read_rows(path, format=format, limit=limit, encoding_errors=encoding_errors)
    return first_of_each(path, rows)


def read_rows(
    path: AnyPath,
    *,
    format: str | None = None,
    limit: int | None = None,
    encoding_errors: str = "strict",
) -> Vectors:
    """Read a file of vectors as ``read`` does, but keep all rows where keys occur again."""
    _check_options(limit, encoding_errors)
    path = os.fsdecode(path)
    module = table.source_format(path, format).module()
    rows: Vectors
    if limit is None and hasattr(module, "open_vectors"):
        rows = module.open_vectors(path)
    elif hasattr(module, "read_vectors"):
        rows = module.read_vectors(path, limit=limit, encoding_errors=encoding_errors)
    else:
        with module.open_source(path, limit=limit, encoding_errors=encoding_errors) as source:
            require_room(path, source.n, source.vector_size)
            rows = read_whole(source)
    return rows


def read_provenance(path: AnyPath, *, format: str | None = None) -> dict[str, Any]:
    """Return how a file says that its vectors were trained; only safetensors files say it."""
    path = os.fsdecode(path)
    module = table.source_format(path, format).module()
    found: dict[str, Any] = (
        module.read_provenance(path) if hasattr(module, "read_provenance") else {}
    )
    return found


def _check_options(limit: object, encoding_errors: object) -> None:
    checks.optional_number("limit", limit, least=1)
    checks.one_of("encoding_errors", encoding_errors, ENCODING_ERRORS)


def first_of_each(path: AnyPath, vectors: Vectors) -> Vectors:
    """Leave out rows whose key an earlier row has, and log a warning that names the file."""
    first = _first_repeated(vectors.keys)
    if first is None:
        return vectors
    n = len(vectors.keys)
    kept = sorted(dict(zip(reversed(vectors.keys), range(n - 1, -1, -1), strict=True)).values())
    logger.warning(
        "%s: %d rows are left out, as an earlier row has the same key; the first of them is %s "
        "(row %d)",
        *(os.fsdecode(path), n - len(kept), shown(vectors.keys[first]), first),
    )
    counts = None if vectors.counts is None else vectors.counts[kept]
    return Vectors([vectors.keys[row] for row in kept], vectors.vectors[kept], counts)


def _first_repeated(keys: Sequence[Hashable]) -> int | None:
    """Return the first row whose key an earlier row has; None if there is none."""
    if len(set(keys)) == len(keys):
        return None
    seen: set[Hashable] = set()
    for row, key in enumerate(keys):
        if key in seen:
            return row
        seen.add(key)
    return None


def write(
    path: AnyPath,
    keys: Sequence[Hashable],
    vectors: ArrayLike,
    counts: ArrayLike | None = None,
    *,
    provenance: Mapping[str, Any] | None = None,
    format: str | None = None,
) -> None:
    """Write a file of vectors, whole or not at all.

    Parameters
    ----------
    path
        The file; one of that name is replaced.
    keys
        Distinct keys. Which types a format keeps, its module says; text formats have str alone, and
        write integers as their digits, with a warning.
    vectors
        (len(keys), d); float32 is written.
    counts
        How often each key occurred; left out by formats that have no place for it.
    provenance
        How they were trained, as ``KeyedVectors.provenance.as_plain()`` has it; only safetensors
        files have a place for it.
    format
        The format, by name; None takes the one that the suffix names.

    Raises
    ------
    ValueError
        If the suffix names no format, if keys and vectors don't fit together, if a key could not be
        read back, or if a value is not finite; the file is then as it was.
    TypeError
        If a key is of a type that the format can't keep; if the path is no path.
    """
    path = os.fsdecode(path)
    module = table.target_format(path, format).module()
    with np.errstate(over="ignore"):  # what is too large for a float32 is refused as not finite
        matrix = np.asarray(vectors, np.float32)
    if matrix.ndim != 2 or matrix.shape[1] == 0 or len(matrix) != len(keys):
        raise ValueError(f"{len(keys)} keys need a matrix of as many rows, not {matrix.shape}")
    numbers = None if counts is None else np.asarray(counts, np.int64)
    if numbers is not None and numbers.shape != (len(keys),):
        raise ValueError(f"{len(keys)} keys, but counts of shape {numbers.shape}")
    # All is checked now, not when half of a large file is written.
    if (row := _first_repeated(keys)) is not None:
        raise ValueError(f"the key {shown(keys[row])} (row {row}) occurs more than once")
    if hasattr(module, "check_keys"):
        module.check_keys(keys)
    if (row := first_not_finite(matrix)) is not None:
        raise ValueError(
            f"the vector of {shown(keys[row])} (row {row}) is not finite, and would be refused "
            "when the file is read: if training diverged, lower alpha and train again"
        )
    rows = from_arrays(Vectors(list(keys), matrix, numbers))
    module.write(path, replace(rows, provenance=dict(provenance or {})))


def convert(
    source: AnyPath,
    target: AnyPath,
    *,
    source_format: str | None = None,
    target_format: str | None = None,
    limit: int | None = None,
    encoding_errors: str = "strict",
) -> None:
    """Read one file and write another, some rows at a time: of the vectors, little is in memory.

    Parameters
    ----------
    source, target
        The file to read, and the file to write, which may be the same.
    source_format, target_format
        Their formats, by name; None recognises the first by its content, and takes the second from
        the suffix.
    limit, encoding_errors
        As for ``read``.

    Raises
    ------
    ValueError
        As ``read`` and ``write``, and if a key occurs more than once, which ``read`` mends and this
        can't; the target is then as it was.
    """
    _check_options(limit, encoding_errors)
    source, target = os.fsdecode(source), os.fsdecode(target)
    writer = table.target_format(target, target_format).module()
    reader = table.source_format(source, source_format).module()
    with reader.open_source(source, limit=limit, encoding_errors=encoding_errors) as rows:
        writer.write(target, replace(rows, chunks=_refusing_repeats(source, rows.chunks)))


def _refusing_repeats(path: str, chunks: Iterator[Vectors]) -> Iterator[Vectors]:
    """Yield the same chunks; raise ValueError where a key occurs again."""
    seen: set[Hashable] = set()
    row = 0
    for chunk in chunks:
        for key in chunk.keys:
            if key in seen:
                raise ValueError(
                    f"{path}: the key {shown(key)} (row {row}) occurs more than once; "
                    "load the file, which keeps the first row of each key, and save that"
                )
            seen.add(key)
            row += 1
        yield chunk
