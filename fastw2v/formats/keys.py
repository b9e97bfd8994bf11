"""Keys as bytes and as JSON: what a file has to hold so that every key comes back as it was.

A row of keys takes one of three forms, which have a name each:

=========  =====================================================================================
``str``    ``keys``: all keys' UTF-8 bytes in one row; ``key_offsets``: where each begins and ends
``int``    ``keys``: int64
``json``   as ``str``, each key a JSON text: for tuples, numbers, None and mixtures of them
=========  =====================================================================================
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray


def encode_keys(keys: Sequence[Hashable]) -> tuple[str, dict[str, NDArray[Any]]]:
    """Return the kind of the keys, for the header, and the tensors that hold them.

    Raises
    ------
    TypeError
        If a key would not come back as it was.
    """
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


def decode_keys(kind: str, tensors: Mapping[str, NDArray[Any]]) -> list[Hashable]:
    """Return the keys that the tensors hold.

    Raises
    ------
    KeyError, ValueError
        If there are no such tensors, or if they make no sense.
    """
    keys = tensors["keys"]
    if kind == "int":
        if keys.dtype != np.int64 or keys.ndim != 1:
            raise ValueError(f"integer keys are {keys.dtype}")
        return list(keys.tolist())
    if kind not in ("str", "json"):
        raise ValueError(f"unknown kind of keys {kind!r}")
    texts = _cut(keys, tensors["key_offsets"])
    return list(texts) if kind == "str" else [from_json(text) for text in texts]


def _cut(data: NDArray[Any], offsets: NDArray[Any]) -> list[str]:
    """Return the texts in one row of bytes."""
    if data.dtype != np.uint8 or data.ndim != 1:
        raise ValueError(f"keys are {data.dtype} of shape {data.shape}")
    if offsets.dtype != np.int64 or offsets.ndim != 1:
        raise ValueError(f"the keys' offsets are {offsets.dtype} of shape {offsets.shape}")
    if (
        offsets[:1].tolist() != [0]
        or offsets[-1:].tolist() != [len(data)]
        or (offsets[1:] < offsets[:-1]).any()
    ):
        raise ValueError("the keys' offsets are out of order")
    if len(offsets) > 1 and data.all():  # decode all at once, which takes less than half the time
        separated = np.insert(data, offsets[1:-1], 0)
        return separated.tobytes().decode("utf-8", "surrogatepass").split("\0")
    text = data.tobytes()
    ends = pairwise(offsets.tolist())
    return [text[begin:end].decode("utf-8", "surrogatepass") for begin, end in ends]


def to_json(key: Hashable) -> str:
    """Return a key as a JSON text, in which characters beyond ASCII stand for themselves.

    It is to be encoded with ``surrogatepass``: so any str comes back, where JSON's escapes would
    make one character of two lone surrogates.

    Raises
    ------
    TypeError
        If the key would not come back as it was.
    """
    return json.dumps(key, ensure_ascii=False) if type(key) is str else _to_json(key)


def _to_json(key: Hashable) -> str:
    text = json.dumps(key) if _is_plain(key) else None
    # NaN equals nothing, and two lone surrogates in a row come back from JSON as one character.
    if text is None or from_json(text) != key:
        raise TypeError(
            f"the key {key!r} of type {type(key).__name__} can't be saved: keys in files are str, "
            "int, float, bool, None, or tuples of these"
        )
    return text


def _is_plain(key: object) -> bool:
    if isinstance(key, tuple):
        return type(key) is tuple and all(map(_is_plain, key))
    return key is None or type(key) in (str, int, float, bool)


def from_json(text: str) -> Hashable:
    """Return the key that a JSON text holds; lists are tuples.

    Raises
    ------
    ValueError
        If the text holds no key.
    """
    return as_key(json.loads(text))


def as_key(value: Any) -> Hashable:
    """Return the key that JSON gave a value for."""
    if isinstance(value, dict):
        raise ValueError("a key is a JSON object")
    return tuple(map(as_key, value)) if isinstance(value, list) else value
