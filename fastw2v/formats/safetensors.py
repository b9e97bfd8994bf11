"""Our own file: one safetensors file with the matrices, the keys and everything that explains them.

A safetensors file is a JSON header and raw tensors: nothing in it is executed when it is read.
The tensors are the matrices by name, ``counts``, and the keys in one of the three forms of
``fastw2v.formats.keys``, which ``key_kind`` in the header names. ``version`` there is the format's,
``written_by`` the program's. ``finite`` says that the writer found no value that is not: so a file
can be mapped into memory without being searched.
"""

from __future__ import annotations

import json
import math
import mmap
import os
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from fastw2v.formats.files import check_readable, replacing
from fastw2v.formats.keys import decode_keys, encode_keys
from fastw2v.formats.source import first_not_finite

VERSION = "1"
DTYPES = {"U8": "|u1", "I32": "<i4", "I64": "<i8", "F32": "<f4", "F64": "<f8"}
DTYPE_NAMES = {dtype: name for name, dtype in DTYPES.items()}
STEP = 1 << 20  # values at a time
SEARCHED = 1 << 20  # bytes of a matrix, up to which a mapped one is searched like a read one


class TensorPlace(NamedTuple):
    """Where a tensor lies in a file."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int  # byte of the file

    def of(self, pages: mmap.mmap) -> NDArray[Any]:
        """Return the tensor in the mapped file."""
        tensor = np.frombuffer(pages, self.dtype, math.prod(self.shape), self.begin)
        return tensor.reshape(self.shape).astype(self.dtype.newbyteorder("="), copy=False)


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
    check_finite({name: tensors[name] for name in matrices}, keys)
    write_tensors(path, tensors, notes(kind, matrices, metadata))


def check_finite(matrices: Mapping[str, NDArray[np.float32]], keys: Sequence[Hashable]) -> None:
    """Refuse to write a value that is not finite, as it would be refused when it is read.

    Raises
    ------
    ValueError
        Naming the matrix and the key.
    """
    for name, matrix in matrices.items():
        if problem := _not_finite(name, matrix, keys):
            raise ValueError(
                f"{problem}, and would be refused when the file is read: training diverged, so "
                "lower alpha and train again"
            )


@cache
def package_version() -> str:
    """Return the version of this fastw2v, which files keep; empty if it was not installed."""
    try:
        return version("fastw2v")
    except PackageNotFoundError:
        return ""


def identity() -> dict[str, str]:
    """Return what the header of every file of ours begins with."""
    return {
        "format": "fastw2v",
        "version": VERSION,
        "written_by": f"fastw2v {package_version()}".rstrip(),
    }


def notes(key_kind: str, matrices: Iterable[str], metadata: Mapping[str, Any]) -> dict[str, str]:
    """Return what a file's header says of itself, given the names of its matrices."""
    return {
        **identity(),
        "key_kind": key_kind,
        "matrices": json.dumps(sorted(matrices)),
        "metadata": json.dumps(dict(metadata)),
        "finite": "true",
    }


def write_tensors(
    path: str | os.PathLike[str],
    tensors: dict[str, NDArray[Any]],
    header: Mapping[str, str],
    release: Callable[[], None] = lambda: None,
) -> None:
    """Write arrays, whole or not at all.

    ``release`` is called now and then: it lets go of what mapped arrays hold in memory.
    """
    header = {**identity(), **header}
    with replacing(path) as file:
        write_tensors_to(file, tensors, header, release)


def encode_header(
    tensors: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]],
    notes: Mapping[str, str],
    size: int | None = None,
) -> bytes:
    """Return what a safetensors file begins with: the header's length, and the header.

    Parameters
    ----------
    tensors
        Types and shapes by name, in the order in which they follow in the file, without gaps.
    notes
        What else the header is to say.
    size
        How many bytes to return, if more than are needed; a multiple of 8 otherwise.
    """
    layout: dict[str, Any] = {"__metadata__": dict(notes)}
    begin = 0
    for name, (dtype, shape) in tensors.items():
        end = begin + math.prod(shape) * dtype.itemsize
        layout[name] = {
            "dtype": DTYPE_NAMES[dtype.newbyteorder("<").str],
            "shape": shape,
            "data_offsets": [begin, end],
        }
        begin = end
    text = json.dumps(layout).encode()
    text += b" " * (-len(text) % 8 if size is None else size - 8 - len(text))
    return len(text).to_bytes(8, "little") + text


def write_tensors_to(
    file: IO[bytes],
    tensors: Mapping[str, NDArray[Any]],
    header: Mapping[str, str],
    release: Callable[[], None],
) -> None:
    """Write a safetensors file, some values at a time, with a call of ``release`` after each.

    Not by the library's ``save_file``, which may copy or map all tensors at once.
    """
    names = sorted(tensors, key=lambda name: (-tensors[name].itemsize, name))  # aligned
    shapes = {name: (tensors[name].dtype, tensors[name].shape) for name in names}
    file.write(encode_header(shapes, header))
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
    return checked(path, *read_tensors(path))


def checked(
    path: object, header: Mapping[str, str], tensors: Mapping[str, NDArray[Any]]
) -> Contents:
    """Put together what ``read_tensors`` returned, with all the checks of ``read``."""
    contents = _contents(path, header, tensors)
    if len(set(contents.keys)) != len(contents.keys):
        raise ValueError(f"{path} is damaged: a key occurs more than once")
    _check_finite(path, contents.keys, contents.matrices)
    return contents


def open_mapped(path: str | os.PathLike[str]) -> Contents:
    """Open a file that ``write`` wrote, its matrices mapped: they are read where they are used.

    Opening takes no longer for large matrices than for small ones, and processes that open the
    same file share its pages in memory. The matrices may be written to: a page is then copied, and
    the file stays as it is.

    Raises
    ------
    ValueError
        If it is damaged, cut off, or none of ours, as far as its header, keys and counts tell. That
        keys are distinct is left to whoever makes a table of them.

    Notes
    -----
    What ``write`` wrote holds finite values only, and the file says so. Matrices of up to 1 MiB are
    searched all the same, and so are all those of files that don't say so. A larger matrix with a
    value that is not finite goes unseen if the file was changed afterwards: by damage that left
    its size and its keys alone, or by a program that put other values in and kept the header.
    ``read`` would refuse it. A value that was changed to another finite one is seen by neither, as
    the file has no checksum.

    The file may be replaced, as ``write`` does, or deleted while it is mapped: what was opened
    stays (on Windows, both are refused). It must not be written to or cut off in place: matrices
    would change, or reading them would end the process.
    """
    check_readable(path)
    with open(path, "rb") as file:
        header, places = tensor_places(path)
        if not os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
            return open_mapped(path)  # it was replaced: these are places in another file
        pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    contents = _contents(path, header, {name: place.of(pages) for name, place in places.items()})
    searched = {
        name: matrix
        for name, matrix in contents.matrices.items()
        if header.get("finite") != "true" or matrix.nbytes <= SEARCHED
    }
    _check_finite(path, contents.keys, searched)
    return contents


def _contents(
    path: object, header: Mapping[str, str], tensors: Mapping[str, NDArray[Any]]
) -> Contents:
    """Put together what a file's header and tensors hold."""
    if "matrices" not in header and header.get("contents") == "corpus":
        raise ValueError(f"{path} is an encoded corpus, and holds no vectors")
    try:
        keys = decode_keys(header["key_kind"], tensors)
        matrices = {name: tensors[name] for name in json.loads(header["matrices"])}
        metadata = _metadata(header)
        counts = tensors["counts"]
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: {error!r}") from error
    _check(path, keys, counts, matrices)
    return Contents(keys, counts, matrices, metadata)


def _metadata(header: Mapping[str, str]) -> dict[str, Any]:
    return dict(json.loads(header["metadata"]))


def read_metadata(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read nothing but the metadata that ``write`` was given."""
    header, _ = read_tensors(path, set())
    try:
        return _metadata(header)
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: {error!r}") from error


def read_keys(path: str | os.PathLike[str]) -> tuple[list[Hashable], NDArray[np.int64]]:
    """Read nothing but keys and counts, from any file of ours."""
    header, tensors = read_tensors(path, {"keys", "key_offsets", "counts"})
    try:
        keys, counts = decode_keys(header["key_kind"], tensors), tensors["counts"]
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: {error!r}") from error
    _check(path, keys, counts, {})
    return keys, counts


def tensor_places(path: str | os.PathLike[str]) -> tuple[dict[str, str], dict[str, TensorPlace]]:
    """Return a file's header, if it is ours, and where each tensor lies in it, to be mapped."""
    header, _ = read_tensors(path, set())
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


def read_tensors(
    path: str | os.PathLike[str], names: Collection[str] | None = None
) -> tuple[dict[str, str], dict[str, NDArray[Any]]]:
    """Read the header and, if it is ours, the tensors, or those of some names."""
    check_readable(path)
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
            f"{path}, written by {header.get('written_by')}, has format version "
            f"{header.get('version')}, and this fastw2v reads version {VERSION}: install a newer "
            "fastw2v"
        )


def _check(
    path: object,
    keys: Sequence[Hashable],
    counts: NDArray[Any],
    matrices: Mapping[str, NDArray[Any]],
) -> None:
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


def _check_finite(
    path: object, keys: Sequence[Hashable], matrices: Mapping[str, NDArray[Any]]
) -> None:
    for name, matrix in matrices.items():
        if problem := _not_finite(name, matrix, keys):
            raise ValueError(f"{path}: {problem}")


def _not_finite(name: str, matrix: NDArray[Any], keys: Sequence[Hashable]) -> str:
    """Name the first row with a value that is not finite; empty if there is none."""
    row = first_not_finite(matrix)
    return "" if row is None else f"{name} of {keys[row]!r} (row {row}) is not finite"
