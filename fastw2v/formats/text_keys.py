"""Keys in formats that know nothing but text: which can be written, and what was read as str.

A key is what stands before the first space or newline, so it can't hold one; in text files no other
ASCII white space either. Integers are written as their digits, as other tools for graphs do; they
come back as str, which a warning says.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Hashable, Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v._kernels.vector_text import gather_keys
from fastw2v.formats.streams import LONGEST_KEY
from fastw2v.messages import described, shown

logger = logging.getLogger("fastw2v")


class NotUtf8Error(UnicodeDecodeError):
    """A text is not UTF-8; the message says where."""

    def __init__(self, text: bytes, message: str) -> None:
        super().__init__("utf-8", text, 0, len(text), message)

    def __str__(self) -> str:
        return self.reason


class NotUtf8(str):
    """What is wrong with a key that is not UTF-8, and the key.

    Attributes
    ----------
    key
        Its bytes.
    """

    key: bytes


def problem_at(place: str, problem: str) -> ValueError:
    """Return the error that says what is wrong with a row, and where."""
    message = f"{place}: {problem}"
    return (
        NotUtf8Error(problem.key, message) if isinstance(problem, NotUtf8) else ValueError(message)
    )


class Gathered(NamedTuple):
    """Keys as they were read."""

    texts: bytes  # with a newline between each two
    lengths: NDArray[np.int64]  # of each, in bytes


def gather(data: memoryview, places: NDArray[np.int64]) -> Gathered:
    """Take keys out of the bytes that they lie in, from ``places[:, 0]`` to ``places[:, 1]``."""
    return Gathered(gather_keys(data, places), places[:, 1] - places[:, 0])


class Rule(NamedTuple):
    """What ends a key in a format."""

    format: str
    separators: bytes
    named: str  # in words


TEXT = Rule("text", b" \t\n\v\f\r", "white space")
BINARY = Rule("word2vec's binary format", b" \n", "a space or a newline")


class KeyWriter:
    """Turns the keys of one file into bytes, chunk by chunk.

    Parameters
    ----------
    rule
        What ends a key.
    """

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.row = 0
        self.are_integers: bool | None = None  # until the first key
        self._separator = re.compile(b"[" + re.escape(rule.separators) + b"]")

    def encode(self, keys: Sequence[Hashable]) -> tuple[bytes, NDArray[np.int64]]:
        """Return all keys with a newline between each two, and where each begins.

        Returns
        -------
        texts, bounds
            UTF-8, and int64 (len(keys) + 1,): key i lies from ``bounds[i]`` to
            ``bounds[i + 1] - 1``.

        Raises
        ------
        TypeError
            If a key is neither str nor integer, or if some are str and some integers.
        ValueError
            If a key would not be read back.
        """
        if self.are_integers is None and keys and _is_integer(keys[0]):
            logger.warning(
                "integer keys are written as their digits: the file has nothing but text, and "
                "they come back as str, such as %r",
                str(keys[0]),
            )
        encoded, parts = self._encoded(keys)
        self.row += len(keys)
        lengths = np.fromiter(map(len, parts), np.int64, len(parts))
        return encoded, np.concatenate([[0], np.cumsum(lengths + 1)]).astype(np.int64)

    def check(self, keys: Sequence[Hashable]) -> None:
        """Raise what ``encode`` would."""
        self._encoded(keys)

    def _encoded(self, keys: Sequence[Hashable]) -> tuple[bytes, list[bytes]]:
        """Return all keys in one, and one by one."""
        texts = self._texts(keys)
        try:
            encoded = "\n".join(texts).encode()
        except UnicodeEncodeError:
            encoded = b""
        parts = encoded.split(b"\n") if texts else []
        longest = max(map(len, parts), default=0)
        if (
            len(parts) != len(texts)
            or not all(parts)
            or longest > LONGEST_KEY
            or self._has_separator(encoded)
        ):
            self._refuse(texts)
        return encoded, parts

    def _texts(self, keys: Sequence[Hashable]) -> list[str]:
        """Return keys as text, if all of this file's are str or all are integers."""
        if self.are_integers is None and keys:
            self.are_integers = _is_integer(keys[0])
        belongs = _is_integer if self.are_integers else _is_text
        if not all(map(belongs, keys)):
            i = next(i for i, key in enumerate(keys) if not belongs(key))
            where = f"the key {described(keys[i])} (row {self.row + i})"
            if _is_integer(keys[i]) or _is_text(keys[i]):
                raise TypeError(
                    f"{where} is among others that are {'int' if self.are_integers else 'str'}: 1 "
                    f"and '1' would be the same in {self.rule.format}. Save to a .safetensors "
                    "file, which keeps both"
                )
            raise TypeError(
                f"{where} can't be written: keys in {self.rule.format} are str. A .safetensors "
                "file keeps int, float, bool, None and tuples too"
            )
        return list(map(str, keys))

    def _has_separator(self, encoded: bytes) -> bool:
        others = self.rule.separators.replace(b"\n", b"")
        return any(encoded.find(byte) >= 0 for byte in others)

    def _refuse(self, texts: Sequence[str]) -> None:
        """Say which key can't be written."""
        for i, text in enumerate(texts):
            try:
                encoded = text.encode()
            except UnicodeEncodeError:
                problem = "is no valid Unicode, as it has half a surrogate pair"
            else:
                if not encoded:
                    problem = "is empty"
                elif self._separator.search(encoded):
                    problem = f"has {self.rule.named} in it"
                elif len(encoded) > LONGEST_KEY:
                    problem = f"has {len(encoded):,} bytes, where keys have at most {LONGEST_KEY:,}"
                else:
                    continue
            raise ValueError(
                f"the key {shown(text)} (row {self.row + i}) {problem}, and could not be read back "
                f"from {self.rule.format}: rename it, or save to a .safetensors file"
            )


def _is_integer(key: object) -> bool:
    return isinstance(key, int | np.integer) and not isinstance(key, bool)


def _is_text(key: object) -> bool:
    return isinstance(key, str)


def decode(gathered: Gathered, encoding_errors: str) -> tuple[list[Hashable], str]:
    """Return keys as str, up to the first that can't be one, and what is wrong with that.

    Parameters
    ----------
    gathered
        The keys as bytes.
    encoding_errors
        As for ``bytes.decode``.

    Returns
    -------
    keys, problem
        ``problem`` is empty if there is none.
    """
    keys: list[Hashable] = []
    with suppress(UnicodeDecodeError):  # all at once: several times as fast as one by one
        keys += gathered.texts.decode("utf-8", encoding_errors).split("\n")
    if len(keys) != len(gathered.lengths):  # or a key holds a newline, or there is none
        keys = []
        begin = 0
        for length in gathered.lengths.tolist():
            key = gathered.texts[begin : begin + length]
            begin += length + 1
            try:
                keys.append(key.decode("utf-8", encoding_errors))
            except UnicodeDecodeError:
                problem = NotUtf8(
                    f"the key {shown(key)} is no valid UTF-8; convert the file to UTF-8, or put "
                    "U+FFFD in the place of such bytes by encoding_errors='replace'"
                )
                problem.key = key
                return keys, problem
    if encoding_errors == "ignore" and "" in keys:
        return keys[: keys.index("")], (
            "nothing is left of the key without the bytes that are no valid UTF-8; "
            "encoding_errors='replace' puts U+FFFD in their place"
        )
    return keys, ""
