"""Python's own sentences: any iterable of sequences of hashable tokens, read once."""

from __future__ import annotations

from collections.abc import Generator, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from fastw2v.corpus.numbering import KeyTable, MissingToken
from fastw2v.corpus.object_reader import ObjectReader
from fastw2v.corpus.reading import Block, Scratch
from fastw2v.messages import described

PIECE = 1 << 17  # tokens at a time: between two pieces Python sees to Ctrl-C


@dataclass(frozen=True)
class Sentences:
    """An iterable of sentences."""

    sentences: Iterable[Any]
    padding: int | None = None
    parallel = False  # Python's objects take Python's lock
    replaces_invalid = False

    def blocks(self) -> Generator[Block]:
        """Yield blocks, each of which reads on where the one before stopped."""
        reader = ObjectReader(self.sentences, as_tokens, refuse_token, self.padding)
        block = ObjectBlock(reader)
        while not block.is_last:
            yield block


@dataclass
class ObjectBlock:
    """The next tokens of a reader."""

    reader: ObjectReader
    is_last: bool = False

    def number(self, table: KeyTable, first_place: int, scratch: Scratch) -> tuple[int, int]:
        """Read and number the tokens."""
        scratch.reserve(PIECE)
        n, n_ends, self.is_last = self.reader.read(
            table, first_place, scratch.numbers[:PIECE], scratch.ends
        )
        return n, n_ends


def as_tokens(sentence: Any, index: int) -> list[Hashable] | NDArray[np.int64]:
    """Return a sentence that is neither list nor tuple as one, or as an int64 array."""
    if type(sentence) is np.ndarray and sentence.ndim == 1 and sentence.dtype.kind == "i":
        return np.ascontiguousarray(sentence, np.int64)  # walks: as fast as can be
    if hasattr(sentence, "as_py"):  # of Arrow: a scalar that is a list
        sentence = sentence.as_py()
    check_sentence(sentence, index)
    if isinstance(sentence, np.ndarray):
        array = np.asarray(sentence)
        if is_integers(array) and not exceeds_int64(array):
            return np.ascontiguousarray(array, np.int64)
        is_time = array.dtype.kind in "mM"  # which tolist() would turn into other keys
        return list(array) if is_time else cast("list[Hashable]", array.tolist())
    for name in "to_pylist", "to_list", "tolist":  # of Arrow, polars and pandas: plain objects
        if hasattr(sentence, name):
            return list(getattr(sentence, name)())
    return list(sentence)


def is_integers(value: object) -> bool:
    """Whether a value is a 1-D array of integers."""
    return isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "iu"


def exceeds_int64(array: NDArray[Any]) -> bool:
    """Whether an array of unsigned 64-bit integers has some that no signed ones can hold."""
    return array.dtype == np.uint64 and array.size > 0 and int(array.max()) >= 2**63


def check_sentence(sentence: object, index: int) -> None:
    """Refuse what can't be a sentence, without reading any of it."""
    if isinstance(sentence, np.ndarray) and sentence.ndim != 1:
        raise TypeError(f"sentence {index} is an array of {sentence.ndim} dimensions, not of 1")
    if isinstance(sentence, np.ma.MaskedArray):
        raise TypeError(f"sentence {index} is a masked array; give its compressed()")
    if (
        sentence is None
        or isinstance(sentence, str | bytes | bytearray | Mapping)
        or not isinstance(sentence, Iterable)
    ):
        hint = ""
        if isinstance(sentence, str | bytes):
            hint = "; split it into tokens first, or if it is a path: there is no such file"
        raise TypeError(
            f"sentence {index} is {described(sentence)}, where a sequence of tokens belongs{hint}"
        )
    if isinstance(sentence, set | frozenset):
        refuse_set(sentence, f"sentence {index} is")


def refuse_set(value: object, what: str) -> NoReturn:
    """Refuse what has no order of its own."""
    raise TypeError(
        f"{what} a {type(value).__name__}, whose order would follow the process's hash seed; give "
        "a list, such as sorted(...)"
    )


def refuse_token(index: int, position: int, token: object, error: TypeError) -> None:
    """Name the token that an error is about; leave errors of the token's own as they are."""
    if isinstance(error, MissingToken):
        raise TypeError(
            f"sentence {index}, position {position}: {token!r} is no token; drop it, or replace it "
            "by a token of your own"
        ) from None
    try:
        hash(token)
    except TypeError:
        raise TypeError(
            f"sentence {index}, position {position}: {described(token)} is not hashable, so it "
            "can't be a token; use str, int or tuple"
        ) from None
