"""Our own file: one safetensors file with the matrices, the keys and everything that explains them.

A safetensors file is a JSON header and raw tensors: nothing in it is executed when it is read.
The tensors are the matrices by name, ``counts``, and the keys in one of three forms, which
``key_kind`` in the header names:

=========  =====================================================================================
``str``    ``keys``: all keys' UTF-8 bytes in one row; ``key_offsets``: where each begins and ends
``int``    ``keys``: int64
``json``   as ``str``, each key a JSON text: for tuples, numbers, None and mixtures of them
=========  =====================================================================================
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from fastw2v.formats.files import replacing

VERSION = "1"
DTYPES = {"U8": "|u1", "I32": "<i4", "I64": "<i8", "F32": "<f4"}
DTYPE_NAMES = {dtype: name for name, dtype in DTYPES.items()}
STEP = 1 << 20  # values at a time


class TensorPlace(NamedTuple):
    """Where a tensor lies in a file."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int  # byte of the file


class Contents(NamedTuple):
    """What a file holds."""

    keys: list[Hashable]
    counts: NDArray[np.int64]
    matrices: dict[str, NDArray[np.float32]]
    metadata: dict[str, Any]


def write(
    path: str | os.PathLike[str],
    keys: Sequence[Hashable],
    counts: NDArray[np.int64],
    matrices: Mapping[str, NDArray[np.float32]],
    metadata: Mapping[str, Any],
) -> None:
    """Write a file whole or not at all: a temporary file beside it, then a rename.

    Parameters
    ----------
    path
        The file; one of that name is replaced.
    keys, counts
        One for each row.
    matrices
        Named float32 matrices, (len(keys), d).
    metadata
        Anything that JSON can hold.

    Raises
    ------
    ValueError
        If a matrix holds a value that is not finite; the message names the matrix and the key.
    TypeError, OSError
        If a key can't be written, or the file.
    """
    kind, tensors = encode_keys(keys)
    tensors["counts"] = np.ascontiguousarray(counts, dtype=np.int64)
    for name, matrix in matrices.items():
        tensors[name] = np.asarray(matrix, dtype=np.float32)
        if problem := _not_finite(name, tensors[name], keys):
            raise ValueError(
                f"{problem}, and would be refused when the file is read: training diverged, so "
                "lower alpha and train again"
            )
    header = {
        "key_kind": kind,
        "matrices": json.dumps(sorted(matrices)),
        "metadata": json.dumps(dict(metadata)),
    }
    write_tensors(path, tensors, header)


def write_tensors(
    path: str | os.PathLike[str],
    tensors: dict[str, NDArray[Any]],
    header: Mapping[str, str],
    release: Callable[[], None] = lambda: None,
) -> None:
    """Write arrays, whole or not at all.

    ``release`` is called now and then: it lets go of what mapped arrays hold in memory.
    """
    header = {"format": "fastw2v", "version": VERSION, **header}
    with replacing(path) as file:
        _write_tensors(file, tensors, header, release)


def _write_tensors(
    file: IO[bytes],
    tensors: Mapping[str, NDArray[Any]],
    header: Mapping[str, str],
    release: Callable[[], None],
) -> None:
    """Write a safetensors file: the header's length, the header, and the tensors after it.

    Not by the library's ``save_file``, which may copy or map all tensors at once.
    """
    layout: dict[str, Any] = {"__metadata__": dict(header)}
    names = sorted(tensors, key=lambda name: (-tensors[name].itemsize, name))  # aligned
    begin = 0
    for name in names:
        tensor = tensors[name]
        end = begin + tensor.nbytes
        layout[name] = {
            "dtype": DTYPE_NAMES[tensor.dtype.newbyteorder("<").str],
            "shape": tensor.shape,
            "data_offsets": [begin, end],
        }
        begin = end
    text = json.dumps(layout).encode()
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little") + text)
    for name in names:
        tensor = tensors[name]
        rows = max(1, STEP * len(tensor) // max(tensor.size, 1))
        for begin in range(0, len(tensor), rows):
            part = np.ascontiguousarray(tensor[begin : begin + rows])
            file.write(part.astype(part.dtype.newbyteorder("<"), copy=False).data)
            release()


def read(path: str | os.PathLike[str]) -> Contents:
    """Read a file that ``write`` wrote.

    Raises
    ------
    ValueError
        If it is damaged, cut off, or none of ours, or if a matrix holds a value that is not
        finite; the message names the file, and the key.
    """
    header, tensors = _read_tensors(path)
    if "matrices" not in header and header.get("contents") == "corpus":
        raise ValueError(f"{path} is an encoded corpus, and holds no vectors")
    try:
        keys = _decode_keys(header["key_kind"], tensors)
        matrices = {name: tensors[name] for name in json.loads(header["matrices"])}
        metadata = dict(json.loads(header["metadata"]))
        counts = tensors["counts"]
    except (KeyError, ValueError, TypeError) as error:
        raise ValueError(f"{path} is damaged: {error!r}") from error
    _check(path, keys, counts, matrices)
    return Contents(keys, counts, matrices, metadata)


def read_keys(path: str | os.PathLike[str]) -> tuple[list[Hashable], NDArray[np.int64]]:
    """Read nothing but keys and counts, from any file of ours."""
    header, tensors = _read_tensors(path, {"keys", "key_offsets", "counts"})
    try:
        keys, counts = _decode_keys(header["key_kind"], tensors), tensors["counts"]
    except (KeyError, ValueError, TypeError) as error:
        raise ValueError(f"{path} is damaged: {error!r}") from error
    _check(path, keys, counts, {})
    return keys, counts


def tensor_places(path: str | os.PathLike[str]) -> tuple[dict[str, str], dict[str, TensorPlace]]:
    """Return a file's header, if it is ours, and where each tensor lies in it, to be mapped."""
    header, _ = _read_tensors(path, set())
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        described = json.loads(file.read(length))
    described.pop("__metadata__", None)
    return header, {
        name: TensorPlace(
            np.dtype(DTYPES[place["dtype"]]), tuple(place["shape"]), 8 + length + begin
        )
        for name, place in described.items()
        if place["dtype"] in DTYPES
        for begin, _ in [place["data_offsets"]]
    }


def _read_tensors(
    path: str | os.PathLike[str], names: Collection[str] | None = None
) -> tuple[dict[str, str], dict[str, NDArray[Any]]]:
    """Read the header and, if it is ours, the tensors, or those of some names."""
    if Path(path).is_dir():
        raise IsADirectoryError(f"{str(path)!r} is a folder; give the path of a file")
    if not Path(path).is_file():
        raise FileNotFoundError(f"no file {str(path)!r}")
    try:
        with safe_open(os.fspath(path), framework="numpy") as file:
            header = file.metadata() or {}
            _check_header(path, header)
            try:
                found = [name for name in file.keys() if names is None or name in names]  # noqa: SIM118
                return header, {name: file.get_tensor(name) for name in found}
            except (AttributeError, TypeError, ValueError) as error:  # types that NumPy lacks
                raise ValueError(f"{path} is damaged: {error!r}") from error
    except SafetensorError as error:
        raise ValueError(f"{path} is no safetensors file, or is damaged: {error}") from error


def _check_header(path: object, header: Mapping[str, str]) -> None:
    if header.get("format") != "fastw2v":
        raise ValueError(f"{path} is a safetensors file, but not one that fastw2v wrote")
    if header.get("version") != VERSION:
        raise ValueError(
            f"{path} has format version {header.get('version')}, and this fastw2v reads version "
            f"{VERSION}: install a newer fastw2v"
        )


def _check(
    path: object,
    keys: Sequence[Hashable],
    counts: NDArray[Any],
    matrices: Mapping[str, NDArray[Any]],
) -> None:
    if len(set(keys)) != len(keys):
        raise ValueError(f"{path} is damaged: a key occurs more than once")
    if counts.shape != (len(keys),) or counts.dtype != np.int64:
        raise ValueError(
            f"{path} is damaged: {len(keys)} keys, but counts are {counts.dtype} of shape "
            f"{counts.shape}"
        )
    for name, matrix in matrices.items():
        if matrix.ndim != 2 or len(matrix) != len(keys) or matrix.dtype != np.float32:
            raise ValueError(
                f"{path} is damaged: {len(keys)} keys, but {name} is {matrix.dtype} of shape "
                f"{matrix.shape}"
            )
        if problem := _not_finite(name, matrix, keys):
            raise ValueError(f"{path}: {problem}")


def _not_finite(name: str, matrix: NDArray[Any], keys: Sequence[Hashable]) -> str:
    """Name the first row with a value that is not finite; empty if there is none."""
    finite = np.isfinite(matrix).all(axis=1)
    if finite.all():
        return ""
    row = int(finite.argmin())
    return f"{name} of {keys[row]!r} (row {row}) is not finite"


def encode_keys(keys: Sequence[Hashable]) -> tuple[str, dict[str, NDArray[Any]]]:
    """Return the kind of the keys, for the header, and the tensors that hold them."""
    kinds = {type(key) for key in keys}
    if kinds == {int} and all(-(2**63) <= key < 2**63 for key in keys):  # type: ignore[operator]
        return "int", {"keys": np.array(keys, dtype=np.int64)}
    texts = list(keys) if kinds == {str} else [_to_json(key) for key in keys]
    encoded = [str(text).encode("utf-8", "surrogatepass") for text in texts]
    offsets = np.concatenate([[0], np.cumsum([len(text) for text in encoded])]).astype(np.int64)
    return (
        "str" if kinds == {str} else "json",
        {"keys": np.frombuffer(b"".join(encoded), np.uint8), "key_offsets": offsets},
    )


def _to_json(key: Hashable) -> str:
    text = json.dumps(key) if _is_plain(key) else None
    # NaN equals nothing, and two lone surrogates in a row come back from JSON as one character.
    if text is None or _from_json(text) != key:
        raise TypeError(
            f"the key {key!r} of type {type(key).__name__} can't be saved: keys in files are str, "
            "int, float, bool, None, or tuples of these"
        )
    return text


def _is_plain(key: object) -> bool:
    if isinstance(key, tuple):
        return type(key) is tuple and all(map(_is_plain, key))
    return key is None or type(key) in (str, int, float, bool)


def _from_json(text: str) -> Hashable:
    return _as_tuples(json.loads(text))


def _as_tuples(value: Any) -> Hashable:
    if isinstance(value, dict):
        raise ValueError("a key is a JSON object")
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value


def _decode_keys(kind: str, tensors: Mapping[str, NDArray[Any]]) -> list[Hashable]:
    if kind == "int":
        if tensors["keys"].dtype != np.int64 or tensors["keys"].ndim != 1:
            raise ValueError(f"integer keys are {tensors['keys'].dtype}")
        return list(tensors["keys"].tolist())
    data, offsets = tensors["keys"].tobytes(), tensors["key_offsets"].tolist()
    if offsets != sorted(offsets) or offsets[:1] != [0] or offsets[-1:] != [len(data)]:
        raise ValueError("the keys' offsets are out of order")
    texts = [data[begin:end].decode("utf-8", "surrogatepass") for begin, end in pairwise(offsets)]
    if kind == "str":
        return list(texts)
    if kind == "json":
        return [_from_json(text) for text in texts]
    raise ValueError(f"unknown kind of keys {kind!r}")
