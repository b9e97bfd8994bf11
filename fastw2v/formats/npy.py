"""NumPy's own file: the matrix in ``x.npy``, and its keys beside it in ``x.keys.json``.

The keys are one JSON list, in the order of the rows: ``["the", "of", …]``. A key that is no str is
whatever JSON has for it, and a tuple is a list, so every key that our own file takes comes back as
it was. Counts are not kept. Pickles are never read: the matrix must hold floats.
"""

from __future__ import annotations

import io
import json
import math
import os
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from fastw2v.formats.files import check_readable, replacing_pair
from fastw2v.formats.keys import as_key, to_json
from fastw2v.formats.source import Source, Vectors, checked, chunk_rows

HEADER = 1 << 16  # bytes: NumPy refuses longer ones
# What comes of reading a damaged one, which NumPy does as Python would, or else Python 2.
BAD_HEADER = (ValueError, TypeError, SyntaxError, TokenError, MemoryError, RecursionError)


def keys_path(path: str | os.PathLike[str]) -> Path:
    """Return where the keys of a matrix lie: ``x.keys.json`` for ``x.npy``."""
    return Path(path).with_name(Path(path).name.removesuffix(".npy") + ".keys.json")


@contextmanager
def open_source(
    path: str | os.PathLike[str], *, limit: int | None = None, encoding_errors: str = "strict"
) -> Iterator[Source]:
    """Open a matrix of floats, (n, d), and the keys beside it; the matrix is mapped, not read.

    Parameters
    ----------
    path
        The matrix, ``x.npy``; its keys lie in ``x.keys.json``.
    limit
        How many rows to read at the most.
    encoding_errors
        What becomes of bytes in the keys that are not UTF-8: a name that ``bytes.decode`` knows.

    Raises
    ------
    FileNotFoundError
        If one of the two is missing.
    ValueError
        If one is damaged, or holds something else, or if they don't belong together.
    """
    check_readable(path)
    matrix = _mapped(path)
    keys = _read_keys(path, encoding_errors)
    if len(keys) != len(matrix):
        raise ValueError(f"{path} has {len(matrix)} rows, but {keys_path(path)} {len(keys)} keys")
    n = len(keys) if limit is None else min(limit, len(keys))
    yield checked(Source(n, matrix.shape[1], _chunks(keys, matrix, n)), f"{path}: ")


def _chunks(keys: list[Hashable], matrix: NDArray[Any], n: int) -> Iterator[Vectors]:
    rows = chunk_rows(matrix.shape[1])
    for begin in range(0, n, rows):
        end = min(begin + rows, n)
        with np.errstate(over="ignore", invalid="ignore"):  # float64 beyond float32: refused later
            yield Vectors(keys[begin:end], np.asarray(matrix[begin:end], np.float32))


def _mapped(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Map the matrix of a file, once its header is known to fit the file's size."""
    with open(path, "rb") as file:
        head = io.BytesIO(file.read(HEADER))
        size = os.fstat(file.fileno()).st_size
    try:
        version = npy_format.read_magic(head)
        if version == (1, 0):
            shape, in_columns, dtype = npy_format.read_array_header_1_0(head)
        elif version == (2, 0):
            shape, in_columns, dtype = npy_format.read_array_header_2_0(head)
        else:  # for names of fields beyond Latin-1, which a matrix has not
            raise ValueError(f"version {version}")
    except BAD_HEADER as error:
        raise ValueError(f"{path} is no .npy file, or its header is damaged: {error}") from error
    if dtype.kind != "f" or dtype.itemsize > 8 or len(shape) != 2 or min(shape) < 0:
        raise ValueError(f"{path} holds {dtype} of shape {shape}, where floats of (n, d) belong")
    begin, data = head.tell(), math.prod(shape) * dtype.itemsize
    if begin + data != size:
        raise ValueError(
            f"{path} is damaged: {data:,} bytes of {dtype} of shape {shape} are to follow byte "
            f"{begin}, and {size - begin:,} do"
        )
    if data == 0:  # nothing can't be mapped
        return np.empty(shape, dtype)
    n, size = shape
    matrix: NDArray[Any] = np.memmap(
        os.fspath(path), dtype, "r", begin, (n, size), "F" if in_columns else "C"
    )
    return matrix


def _read_keys(path: str | os.PathLike[str], encoding_errors: str) -> list[Hashable]:
    beside = keys_path(path)
    if not beside.is_file():
        raise FileNotFoundError(
            f"no file {str(beside)!r}: the keys of {str(path)!r} belong there, as a JSON list"
        )
    # A lone surrogate is no UTF-8, but may be part of a key.
    errors = "surrogatepass" if encoding_errors == "strict" else encoding_errors
    try:
        keys = json.loads(beside.read_bytes().decode("utf-8", errors))
        if not isinstance(keys, list):
            raise ValueError("it is no list")
        return [as_key(key) for key in keys]
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{beside} is no JSON list of keys, or is damaged: {error}") from error


def write(path: str | os.PathLike[str], source: Source) -> None:
    """Write a source's rows to ``x.npy``, float32, and its keys to ``x.keys.json``.

    Both files are written before one takes its name.

    Raises
    ------
    TypeError
        If a key is not a str, int, float, bool, None or a tuple of these.
    ValueError
        If a value is not finite, or if there are more or fewer rows than announced.
    """
    header = {
        "descr": "<f4",
        "fortran_order": False,
        "shape": (source.n, source.vector_size),
    }
    with replacing_pair(path, keys_path(path)) as (matrix_file, keys_file):
        npy_format.write_array_header_1_0(matrix_file, header)
        before = "[\n"
        for chunk in checked(source).chunks:
            matrix_file.write(np.ascontiguousarray(chunk.vectors, "<f4").data)
            for key in chunk.keys:
                keys_file.write((before + to_json(key)).encode("utf-8", "surrogatepass"))
                before = ",\n"
        keys_file.write(b"\n]\n" if source.n else b"[]\n")
