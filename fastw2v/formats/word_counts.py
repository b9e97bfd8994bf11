"""word2vec.c's vocabulary files: a line for each word, the word and its count.

They hold no vectors, so the table of formats does not name them. Words are text without white
space.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from fastw2v.formats.files import check_readable, replacing
from fastw2v.formats.text_keys import NotUtf8Error

MOST_COUNT = (1 << 63) - 1


def read(
    path: str | os.PathLike[str], *, encoding_errors: str = "strict"
) -> tuple[list[str], NDArray[np.int64]]:
    """Read words and counts, in the file's order.

    What to do about words that are not UTF-8, ``encoding_errors`` says as in ``formats.read``.

    Raises
    ------
    ValueError
        If a line is none of a word and a whole number, or (NotUtf8Error) not UTF-8; the message
        names it.
    FileNotFoundError, OSError
        If the file can't be read.
    """
    check_readable(path)
    words: list[str] = []
    counts: list[int] = []
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            fields = line.split()
            if not fields:
                continue
            if len(fields) != 2 or not _is_count(fields[1]):
                raise _malformed(path, number, line, "a word and its count")
            try:
                encoding = "utf-8-sig" if number == 1 else "utf-8"
                words.append(fields[0].decode(encoding, encoding_errors))
            except UnicodeDecodeError:
                raise NotUtf8Error(line, str(_malformed(path, number, line, "UTF-8"))) from None
            counts.append(int(fields[1]))
    return words, np.array(counts, np.int64)


def write(
    path: str | os.PathLike[str], words: Sequence[Hashable], counts: NDArray[np.int64]
) -> None:
    """Write words and counts, whole or not at all.

    Integers are written as their digits.

    Raises
    ------
    ValueError
        If a word can't be read back: an empty one, one with white space, one that is no text.
    """
    with replacing(path) as file:
        for word, count in zip(words, counts.tolist(), strict=True):
            file.write(b"%b %d\n" % (_bytes_of(word), count))


def _bytes_of(word: Hashable) -> bytes:
    if isinstance(word, int) and not isinstance(word, bool):
        word = str(word)
    try:
        encoded = word.encode() if isinstance(word, str) else b""
    except UnicodeEncodeError:
        encoded = b""
    if encoded.split() != [encoded]:
        raise ValueError(
            f"the key {word!r} can't be written as a word of a text: save the vocabulary as "
            ".safetensors"
        )
    return encoded


def _is_count(field: bytes) -> bool:
    return field.isdigit() and len(field) < 20 and int(field) <= MOST_COUNT


def _malformed(path: str | os.PathLike[str], number: int, line: bytes, expected: str) -> ValueError:
    return ValueError(
        f"{os.fspath(path)}, line {number}: expected {expected}, found {line.rstrip()[:60]!r}"
    )
