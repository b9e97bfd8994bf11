"""What sentences may be: recognises every accepted input, and refuses everything else by name."""

from __future__ import annotations

import glob
import io
import os
from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any

import numpy as np

from fastw2v.corpus.arrays import Rows, TokensAndOffsets
from fastw2v.corpus.columns import Column, is_column, is_table
from fastw2v.corpus.objects import (
    Sentences,
    check_sentence,
    exceeds_int64,
    is_integers,
    refuse_set,
)
from fastw2v.corpus.reading import Source
from fastw2v.corpus.text import TextFiles, TextStream, find_files
from fastw2v.messages import described

ERRORS = ("strict", "replace")
ACCEPTED = (
    "an iterable of token sequences, the path of a text file with one sentence a line (or of a "
    "folder, a pattern, or a list of paths), a stream of such a text's bytes, a 2-D integer array, "
    "a pair (tokens, offsets), a column of lists or strings (pyarrow, pandas, polars, datasets), "
    "or an EncodedCorpus"
)


def source_of(sentences: Any, *, padding: object = None, errors: str = "strict") -> Source:
    """Return the input as a ``Source``, without reading more than a file's first bytes.

    Parameters
    ----------
    sentences
        What the caller gave.
    padding
        An integer to leave out, where tokens are integers.
    errors
        What to do about bytes of text files that are not UTF-8: ``"strict"`` or ``"replace"``.

    Raises
    ------
    TypeError, ValueError, FileNotFoundError
        With what was given and what is accepted.
    """
    if errors not in ERRORS:
        raise ValueError(f"errors must be 'strict' or 'replace', not {errors!r}")
    skip = _checked_padding(padding)
    files = _files_of(sentences)
    if files is not None:
        if skip is not None:
            raise ValueError("padding is an integer to leave out, and a text file has none")
        return TextFiles(files, errors == "replace")
    if isinstance(sentences, io.RawIOBase | io.BufferedIOBase):
        if skip is not None:
            raise ValueError("padding is an integer to leave out, and a text has none")
        return TextStream(sentences, errors == "replace")
    if errors != "strict":
        raise ValueError("errors='replace' is for text files; str tokens have no bytes to replace")
    if isinstance(sentences, np.ndarray):
        return _source_of_array(sentences, skip)
    if is_table(sentences):
        raise TypeError(
            f"sentences are a whole table ({type(sentences).__name__}); give one of its columns"
        )
    if _is_pandas_objects(sentences):
        return Sentences(sentences.tolist(), skip)
    if is_column(sentences):
        return Column(sentences, skip)
    return _source_of_iterable(sentences, skip)


def _source_of_array(array: np.ndarray[Any, Any], padding: int | None) -> Source:
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError("a masked array can't be a corpus; give its filled(-1), with padding=-1")
    if array.dtype == object and array.ndim == 1:
        return _source_of_iterable(array.tolist(), padding)
    if array.ndim != 2 or array.dtype.kind not in "iu":
        raise TypeError(
            f"an array of sentences must be 2-D and of integers, one sentence a row, not "
            f"{array.ndim}-D of {array.dtype}; put anything else into a list of token lists"
        )
    _check_padding_occurs(array, padding)
    if exceeds_int64(array):
        return Sentences(array.tolist(), padding)
    # asarray, for subclasses whose rows are slow to take (memmap) or 2-D again (matrix)
    return Rows(np.asarray(array), padding)


def _source_of_iterable(sentences: Any, padding: int | None) -> Source:
    if (
        sentences is None
        or isinstance(sentences, bytes | bytearray | Mapping)
        or not isinstance(sentences, Iterable)
    ):
        raise TypeError(f"sentences must be {ACCEPTED}, not {described(sentences)}")
    if isinstance(sentences, set | frozenset):
        refuse_set(sentences, "sentences are")
    if isinstance(sentences, tuple) and len(sentences) == 2 and all(map(is_integers, sentences)):
        tokens, offsets = map(np.asarray, sentences)
        _check_padding_occurs(tokens, padding)
        if exceeds_int64(tokens):
            raise ValueError("tokens from 2**63 on can't be read as an array; give lists")
        return TokensAndOffsets(tokens, offsets.astype(np.int64), padding)
    if (
        isinstance(sentences, tuple)
        and len(sentences) == 2
        and any(isinstance(one, np.ndarray) for one in sentences)
    ):
        raise TypeError(
            f"a pair of {described(sentences[0])} and {described(sentences[1])}: (tokens, offsets) "
            "must be two 1-D arrays of integers; for two sentences, give a list of them"
        )
    if isinstance(sentences, list | tuple) and sentences:
        check_sentence(sentences[0], 0)  # the likeliest mistake is made in all of them
    return Sentences(sentences, padding)


def _check_padding_occurs(array: np.ndarray[Any, Any], padding: int | None) -> None:
    """Refuse a padding that the array's type can't hold: it was changed when it was put in."""
    bounds = np.iinfo(array.dtype)
    if padding is not None and not bounds.min <= padding <= bounds.max:
        raise ValueError(
            f"padding={padding} can't occur in an array of {array.dtype}, which holds {bounds.min} "
            f"to {bounds.max}: what was meant by it is another value there"
        )


def _files_of(sentences: object) -> list[str] | None:
    """Return the text files that are meant, or None if no files are."""
    if isinstance(sentences, str | os.PathLike):
        return find_files(sentences)
    if not isinstance(sentences, list | tuple) or not sentences:
        return None
    if not all(isinstance(item, str | os.PathLike) for item in sentences):
        return None
    # A list of str may be paths, or untokenized sentences: those name no file.
    first = sentences[0]
    if isinstance(first, str) and not os.path.exists(first) and not glob.has_magic(first):
        return None
    return [file for item in sentences for file in find_files(item)]


def _is_pandas_objects(value: Any) -> bool:
    """Whether a value is a pandas column of Python's own sentences, which are no Arrow data."""
    if type(value).__name__ != "Series" or type(value).__module__.split(".")[0] != "pandas":
        return False
    return bool(value.dtype == object) and not any(isinstance(one, str) for one in value[:1])


def _checked_padding(padding: object) -> int | None:
    if padding is None:
        return None
    if isinstance(padding, bool) or not isinstance(padding, Integral):
        raise TypeError(f"padding must be an integer or None, not {padding!r}")
    if not -(2**63) <= int(padding) < 2**63:
        raise ValueError(f"padding must be a 64-bit integer, not {padding}")
    return int(padding)
