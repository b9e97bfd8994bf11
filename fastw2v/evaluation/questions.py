"""The test files: word pairs with people's scores, and analogy questions in sections."""

from __future__ import annotations

import math
import os
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TypeAlias

# What the tests are made of: two keys and their score; section name to (a, b, c, d).
Pairs: TypeAlias = Sequence[tuple[Hashable, Hashable, float]]
Questions: TypeAlias = Mapping[str, Sequence[tuple[Hashable, Hashable, Hashable, Hashable]]]

AnyPath: TypeAlias = str | os.PathLike[str]


def read_word_pairs(
    path: str | os.PathLike[str], *, delimiter: str | None = None, lower: bool = True
) -> list[tuple[str, str, float]]:
    """Read a word-pair test set.

    Parameters
    ----------
    path : str or path-like
        UTF-8 text file, one ``word word score`` a line. Blank lines and lines that start with ``#``
        are skipped.
    delimiter : str, default None
        What stands between the three; None takes tabs or, where they make no three fields of a
        line, white space.
    lower : bool, default True
        Lower-case the words.

    Returns
    -------
    list of (str, str, float)
        The pairs, in the file's order.

    Raises
    ------
    ValueError
        If a line is malformed or not UTF-8; the message names the file, the line number and the
        line.
    """
    if delimiter == "":
        raise ValueError("delimiter must not be empty; None stands for tabs or other white space")
    pairs = []
    form = repr((delimiter or " ").join(["word", "word", "score"]))
    for number, line in _lines(path):
        if line.startswith("#"):
            continue
        fields = [field.strip() for field in line.split(delimiter or "\t")]
        if delimiter is None and len(fields) != 3:
            fields = line.split()
        try:
            first, second, score = fields[0], fields[1], float(fields[2])
        except (IndexError, ValueError):
            raise _malformed(path, number, line, form) from None
        if len(fields) != 3 or not (first and second and math.isfinite(score)):
            raise _malformed(path, number, line, form)
        pairs.append((first.lower(), second.lower(), score) if lower else (first, second, score))
    return pairs


def read_analogies(
    path: str | os.PathLike[str], *, lower: bool = True
) -> dict[str, list[tuple[str, str, str, str]]]:
    """Read an analogy test set in the format of word2vec's ``questions-words.txt``.

    Parameters
    ----------
    path : str or path-like
        UTF-8 text file. A line ``: name`` starts a section, every other line holds the four words
        of one question, separated by white space. Blank lines are skipped.
    lower : bool, default True
        Lower-case the words (the names of sections are kept).

    Returns
    -------
    dict of str to list of (str, str, str, str)
        Section name to questions, in the file's order.

    Raises
    ------
    ValueError
        If a line is malformed or not UTF-8, or a question precedes the first section; the message
        names the file, the line number and the line.
    """
    sections: dict[str, list[tuple[str, str, str, str]]] = {}
    questions: list[tuple[str, str, str, str]] | None = None
    for number, line in _lines(path):
        if line.startswith(":"):
            name = line[1:].strip()
            if not name:
                raise _malformed(path, number, line, "': section'")
            questions = sections.setdefault(name, [])
            continue
        words = (line.lower() if lower else line).split()
        if len(words) != 4:
            raise _malformed(path, number, line, "four words or ': section'")
        if questions is None:
            raise _malformed(path, number, line, "': section' before the first question")
        questions.append((words[0], words[1], words[2], words[3]))
    return sections


def read_test(
    path: str | os.PathLike[str], *, lower: bool = True
) -> list[tuple[str, str, float]] | dict[str, list[tuple[str, str, str, str]]]:
    """Read a test set of either kind: analogies if the first line is ``: section``, else pairs.

    Parameters
    ----------
    path : str or path-like
        As for `read_analogies` or `read_word_pairs`.
    lower : bool, default True
        Lower-case the words.

    Returns
    -------
    dict or list
        What `read_analogies` or `read_word_pairs` returns.

    Raises
    ------
    ValueError
        As they do.
    """
    first = next((line for _, line in _lines(path)), "")
    if first.startswith(":"):
        return read_analogies(path, lower=lower)
    return read_word_pairs(path, lower=lower)


def _lines(path: str | os.PathLike[str]) -> Iterator[tuple[int, str]]:
    """Yield the number, from 1, and the stripped text of every line that isn't blank."""
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            except UnicodeDecodeError:
                raise _malformed(path, number, line.strip(), "UTF-8") from None
            if text:
                yield number, text


def _malformed(
    path: str | os.PathLike[str], number: int, line: str | bytes, expected: str
) -> ValueError:
    return ValueError(f"{os.fspath(path)}, line {number}: expected {expected}, found {line!r}")
