"""Columns: Arrow arrays of lists or of strings, from pyarrow, pandas, polars or Hugging Face.

Whatever offers Arrow's interface is taken over by pyarrow without a copy where it can be, and
numbered from Arrow's own buffers: no token becomes a Python object. A list is a sentence; a string
is a sentence too, split at white space, as a line of a text file would be.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastw2v.corpus.arrays import IntegerBlock
from fastw2v.corpus.numbering import PADDING, KeyTable
from fastw2v.corpus.reading import Block, Scratch
from fastw2v.corpus.text import LONGEST_BLOCK

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 1 << 14  # at a time
TOKENS = 1 << 17  # of lists at a time: a longer row goes on in the next block
BYTES = 1 << 22  # of strings at a time, unless one alone is longer
TABLES = ("DataFrame", "LazyFrame", "Table", "RecordBatch", "Dataset", "DatasetDict")


def is_column(value: object) -> bool:
    """Whether a value is a column of some library's table."""
    return (
        _is_pandas(value)
        or hasattr(value, "__arrow_c_stream__")
        or hasattr(value, "__arrow_c_array__")
        or _is_hugging_face(value)
    )


def is_table(value: object) -> bool:
    """Whether a value is a whole table, of which one column would be wanted."""
    return type(value).__name__ in TABLES and type(value).__module__.split(".")[0] in (
        *("pandas", "polars", "pyarrow", "datasets"),
    )


def _is_pandas(value: object) -> bool:
    return type(value).__name__ == "Series" and type(value).__module__.split(".")[0] == "pandas"


def _is_hugging_face(value: object) -> bool:
    return type(value).__name__ == "Column" and type(value).__module__.startswith("datasets.")


@dataclass(frozen=True)
class Column:
    """A column of lists of strings or integers, or of strings.

    Attributes
    ----------
    column
        What the caller gave.
    padding
        An integer to leave out of lists of integers.

    Raises
    ------
    TypeError
        If its type is none of these.
    ImportError
        Without pyarrow.
    """

    column: Any
    padding: int | None = None
    parallel = True
    replaces_invalid = False

    def __post_init__(self) -> None:
        """Look at the column's type."""
        column = self.column
        if hasattr(column, "head"):  # pandas, polars: a stream might be of one use, or be costly
            column = column.head(1)
        elif not hasattr(column, "type"):
            return
        for chunk in _chunks(column):
            _check_type(chunk.type)
            if self.padding is not None and _is_string(chunk.type):
                raise ValueError("padding is an integer to leave out, and this column holds texts")
            break

    def blocks(self) -> Generator[Block]:
        """Yield blocks of rows."""
        first = 0
        for chunk in _chunks(self.column):
            _check_type(chunk.type)
            for begin in range(0, len(chunk), ROWS):
                rows = chunk.slice(begin, ROWS)
                is_text = _is_string(rows.type)
                if is_text:
                    rows = _large_strings(rows)  # first: a category may be null too
                if rows.null_count:
                    row = first + int(np.flatnonzero(rows.is_null().to_numpy(False))[0])
                    raise TypeError(f"sentence {row} is null, where a sequence of tokens belongs")
                if is_text:
                    yield from _text_blocks(rows)
                else:
                    yield from _list_blocks(rows, first, self.padding)
                first += len(rows)


def _chunks(column: Any) -> Iterator[pa.Array]:
    """Yield a column as Arrow arrays."""
    try:
        import pyarrow as pa
    except ImportError:
        raise ImportError(
            f"a column ({type(column).__module__}.{type(column).__name__}) is read through "
            "pyarrow, which is not installed: pip install 'fastw2v[arrow]', or give its to_list()"
        ) from None
    if _is_hugging_face(column):
        dataset = column.source
        if type(dataset).__name__ != "Dataset":
            raise TypeError(
                "a column inside another column can't be read; flatten the dataset first"
            )
        dataset = dataset.select_columns([column.column_name]).with_format("arrow")
        for table in dataset.iter(batch_size=ROWS):
            yield from table[column.column_name].chunks
        return
    if _is_pandas(column):
        column = pa.array(column, from_pandas=True)
    if isinstance(column, pa.Array):
        yield column
        return
    chunked = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array(column)
    yield from chunked.chunks


def _is_string(kind: pa.DataType) -> bool:
    import pyarrow.types as types

    view = getattr(types, "is_string_view", None)
    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or (view is not None and view(kind))
        or (types.is_dictionary(kind) and _is_string(kind.value_type))
    )


def _is_list(kind: pa.DataType) -> bool:
    import pyarrow.types as types

    others = [getattr(types, name, None) for name in ("is_list_view", "is_large_list_view")]
    return bool(
        types.is_list(kind)
        or types.is_large_list(kind)
        or types.is_fixed_size_list(kind)
        or any(is_one is not None and is_one(kind) for is_one in others)
    )


def _check_type(kind: pa.DataType) -> None:
    import pyarrow.types as types

    if _is_string(kind):
        return
    if _is_list(kind):
        token = kind.value_type
        if types.is_dictionary(token):
            token = token.value_type
        if _is_string(token) or types.is_integer(token):
            return
    raise TypeError(
        f"a column of sentences must hold lists of strings or of integers, or strings, not {kind}"
    )


def _list_blocks(rows: pa.Array, first_row: int, padding: int | None) -> Iterator[Block]:
    """Yield the tokens of some lists, some at a time."""
    import pyarrow.compute as pc

    # Not a cast to large lists: pyarrow 26 gets those of list views wrong.
    ends = np.cumsum(pc.list_value_length(rows).to_numpy(), dtype=np.int64)
    tokens = rows.flatten()
    for begin in range(0, len(tokens), TOKENS):
        part = tokens.slice(begin, TOKENS)
        here = ends[np.searchsorted(ends, begin, side="right") :] - begin
        here = here[here <= len(part)]
        values = _plain_tokens(part)
        if values.null_count:
            place = begin + int(np.flatnonzero(values.is_null().to_numpy(False))[0])
            row = int(np.searchsorted(ends, place, side="right"))
            position = place - (int(ends[row - 1]) if row else 0)
            raise TypeError(
                f"sentence {first_row + row}, position {position}: null is no token; drop it, or "
                "replace it by a token of your own"
            )
        here = here[np.diff(here, prepend=0) > 0]
        if _is_string(values.type):
            yield StringBlock(*_strings(values), here)
        else:
            yield IntegerBlock(_integers(values, first_row), here, padding)


def _plain_tokens(tokens: pa.Array) -> pa.Array:
    """Return strings of any form as large strings, categories as what they stand for."""
    import pyarrow.types as types

    if _is_string(tokens.type):
        return _large_strings(tokens)
    return tokens.dictionary_decode() if types.is_dictionary(tokens.type) else tokens


def _integers(tokens: pa.Array, first_row: int) -> NDArray[np.int64]:
    import pyarrow as pa

    try:
        values: NDArray[np.int64] = tokens.cast(pa.int64()).to_numpy()
        return values
    except pa.ArrowInvalid as error:  # unsigned ones from 2**63 on
        raise ValueError(
            f"sentences from {first_row} on: {error}; give lists of integers instead"
        ) from error


def _large_strings(strings: pa.Array) -> pa.Array:
    """Return strings of any form, categories too, as large strings."""
    import pyarrow as pa
    import pyarrow.types as types

    if not types.is_dictionary(strings.type):
        return strings.cast(pa.large_string())
    # Not dictionary_decode: it knows no categories that are string views, as those of polars are.
    return strings.dictionary.cast(pa.large_string()).take(strings.indices)


def _strings(strings: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the bytes of large strings, and where each begins and ends in them."""
    _, offsets, data = strings.buffers()
    n, first = len(strings), strings.offset
    bounds = np.frombuffer(offsets, np.int64, n + 1, 8 * first) if n else np.zeros(1, np.int64)
    begin, end = int(bounds[0]), int(bounds[-1])
    # An array without a byte may come without a buffer.
    text = np.frombuffer(data, np.uint8, end - begin, begin) if end > begin else np.empty(0, "u1")
    return text, bounds - begin


@dataclass
class StringBlock:
    """Strings that are tokens, and where among them sentences end."""

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    ends: NDArray[np.int64]

    def number(self, table: KeyTable, first_place: int, scratch: Scratch) -> tuple[int, int]:
        """Give numbers to the strings."""
        n = len(self.offsets) - 1
        scratch.reserve(max(n, len(self.ends)))
        invalid = table.count_texts(self.data, self.offsets, first_place, scratch.numbers)
        if invalid >= 0:
            _refuse_encoding(self.data[self.offsets[invalid] : self.offsets[invalid + 1]])
        scratch.ends[: len(self.ends)] = self.ends
        return n, len(self.ends)


def _text_blocks(strings: pa.Array) -> Iterator[Block]:
    """Yield strings that are sentences, some at a time."""
    data, offsets = _strings(strings)
    first = 0
    while first < len(strings):
        last = int(np.searchsorted(offsets, offsets[first] + BYTES, side="right")) - 1
        last = max(last, first + 1)
        if offsets[last] - offsets[first] > LONGEST_BLOCK:
            raise ValueError(
                f"a string of the column has {offsets[last] - offsets[first]:,} bytes; at most "
                f"{LONGEST_BLOCK:,} can be read: split it into sentences"
            )
        yield TextRows(data[offsets[first] : offsets[last]], offsets[first : last + 1])
        first = last


@dataclass
class TextRows:
    """Strings that are sentences."""

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]

    def number(self, table: KeyTable, first_place: int, scratch: Scratch) -> tuple[int, int]:
        """Tokenize the strings as lines of one text."""
        data = np.where((self.data == ord("\n")) | (self.data == ord("\r")), ord(" "), self.data)
        lines = np.insert(data, self.offsets[1:] - self.offsets[0], ord("\n"))
        text = lines.astype(np.uint8).tobytes()
        scratch.reserve((len(text) + 1) // 2)
        n, n_ends, invalid = table.tokenize(
            text + PADDING, len(text), first_place, scratch.numbers, scratch.ends
        )
        if invalid >= 0:
            _refuse_encoding(np.frombuffer(text, np.uint8)[invalid:])
        return n, n_ends


def _refuse_encoding(data: NDArray[np.uint8]) -> None:
    raise ValueError(f"a string of the column is not valid UTF-8: {data[:40].tobytes()!r}")
