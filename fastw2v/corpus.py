"""The corpus: every accepted input becomes one ``EncodedCorpus``, in one pass, before training.

Reading goes in two steps. ``read`` gives every distinct token a number in order of appearance and
writes the numbers down, which needs one pass, so that one-shot generators work. Then the
vocabulary is chosen from the counts, and the numbers are translated to its rows, which is array
work: tokens outside the vocabulary go, and so do sentences without any token left.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import zlib
from array import array
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from fastw2v.vocabulary import Vocabulary

OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
ACCEPTED = (
    "an iterable of token sequences, a path to a text file with one sentence a line "
    "(plain, .gz, .bz2 or .xz), or a 2-D integer array"
)


@dataclass(frozen=True)
class EncodedCorpus:
    """Sentences as rows of a vocabulary: sentence s is ``tokens[offsets[s]:offsets[s + 1]]``.

    Attributes
    ----------
    tokens
        int32, (N,): tokens of the vocabulary only.
    offsets
        int64, (sentences + 1,).
    raw_tokens
        How many tokens were read, those outside the vocabulary too.
    """

    tokens: NDArray[np.int32]
    offsets: NDArray[np.int64]
    raw_tokens: int

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __repr__(self) -> str:
        return (
            f"<EncodedCorpus: {len(self):,} sentences, {len(self.tokens):,} tokens "
            f"of {self.raw_tokens:,} read>"
        )


@dataclass(frozen=True)
class NumberedCorpus:
    """Sentences as numbers of distinct tokens, in order of first appearance."""

    keys: list[Hashable]
    tokens: NDArray[np.int32]
    offsets: NDArray[np.int64]

    def counts(self) -> NDArray[np.int64]:
        """How often each key occurs, (len(keys),)."""
        return np.bincount(self.tokens, minlength=len(self.keys)).astype(np.int64)

    def encode(self, vocabulary: Vocabulary) -> EncodedCorpus:
        """Translate to rows of ``vocabulary``; drop unknown tokens, then empty sentences.

        Raises
        ------
        ValueError
            If no sentence has two tokens of the vocabulary: there would be no window to train on.
        """
        rows = np.array([vocabulary.key_to_index.get(key, -1) for key in self.keys], np.int32)
        tokens = rows[self.tokens]
        known = tokens >= 0
        known_before = np.concatenate([[0], np.cumsum(known, dtype=np.int64)])
        offsets = known_before[self.offsets]
        lengths = np.diff(offsets)
        if lengths.max() < 2:
            raise ValueError(
                f"no sentence has two tokens of the vocabulary: {len(self.tokens):,} tokens in "
                f"{len(lengths):,} sentences were read, {int(known.sum()):,} of them known; lower "
                "min_count, or check that sentences are lists of tokens"
            )
        offsets = np.concatenate([[0], offsets[1:][lengths > 0]])
        return EncodedCorpus(tokens[known], offsets, len(self.tokens))


def check(sentences: object) -> None:
    """Refuse what can't be a corpus, without reading any of it.

    Raises
    ------
    TypeError, ValueError, FileNotFoundError
        With what was given and what is accepted.
    """
    if isinstance(sentences, str | os.PathLike):
        # os.path, not Path: a text given in place of a path may be too long for a file name, which
        # Path's methods raise an error of their own for.
        if os.path.isdir(sentences):
            raise IsADirectoryError(f"{str(sentences)!r} is a folder; give the path of a text file")
        if not os.path.isfile(sentences):
            raise FileNotFoundError(
                f"no file {_shown(str(sentences), 260)}: a str is the path of a text file. To "
                "train on the text itself, give a list of token lists, such as [text.split()]"
            )
    elif isinstance(sentences, np.ndarray):
        if sentences.ndim != 2 or sentences.dtype.kind not in "iu":
            raise TypeError(
                f"an array of sentences must be 2-D and of integers, one sentence a row, not "
                f"{sentences.ndim}-D of {sentences.dtype}; put anything else into a list of token "
                "lists"
            )
        if isinstance(sentences, np.ma.MaskedArray):
            raise TypeError(
                "a masked array can't be a corpus; give [row.compressed() for row in array]"
            )
    elif (
        sentences is None
        or isinstance(sentences, bytes | bytearray | Mapping)
        or not isinstance(sentences, Iterable)
    ):
        raise TypeError(f"sentences must be {ACCEPTED}, not {_described(sentences)}")
    elif isinstance(sentences, list | tuple) and sentences:
        _check_sentence(sentences[0], 0)  # the likeliest mistake is made in all of them


def read(sentences: Any) -> NumberedCorpus:
    """Read any accepted input once.

    Raises
    ------
    TypeError, ValueError, OSError
        Naming the sentence and position, or the file and line, of what is wrong. What an iterator
        raises comes through as it is.
    """
    check(sentences)
    if isinstance(sentences, str | os.PathLike):
        corpus = _read_file(Path(sentences))
    elif isinstance(sentences, np.ndarray):
        corpus = _read_array(sentences)
    else:
        corpus = _read_iterable(sentences)
    if not len(corpus.tokens):
        raise ValueError(
            f"there is nothing to train on: {len(corpus.offsets) - 1:,} sentences without a token"
        )
    return corpus


def _read_array(sentences: NDArray[np.integer[Any]]) -> NumberedCorpus:
    """Give numbers to the values of a 2-D array; its keys come back as Python integers."""
    rows, columns = sentences.shape
    values, first, inverse = np.unique(sentences, return_index=True, return_inverse=True)
    by_appearance = np.argsort(first)
    number = np.empty(len(values), np.int32)
    number[by_appearance] = np.arange(len(values), dtype=np.int32)
    return NumberedCorpus(
        values[by_appearance].tolist(),
        number[inverse.reshape(-1)],
        np.arange(rows + 1, dtype=np.int64) * columns,
    )


def _read_iterable(sentences: Iterable[Iterable[Hashable]]) -> NumberedCorpus:
    return _number(_as_sequence(s, i) for i, s in enumerate(sentences))


def _number(sentences: Iterable[Iterable[Hashable]]) -> NumberedCorpus:
    """Give tokens numbers by first appearance: a missing key's number is how many there are."""
    numbers: defaultdict[Hashable, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    number_of = numbers.__getitem__
    tokens, offsets = array("i"), array("q", [0])
    for index, sentence in enumerate(sentences):
        try:
            tokens.extend(map(number_of, sentence))
        except TypeError as error:
            _refuse_unhashable(sentence, index, error)
        if None in numbers:
            position = next(i for i, token in enumerate(sentence) if token is None)
            raise TypeError(
                f"sentence {index}, position {position}: None is no token; drop it, or replace it "
                "by a token of your own"
            )
        offsets.append(len(tokens))
    return NumberedCorpus(
        [key.item() if isinstance(key, np.generic) else key for key in numbers],
        np.frombuffer(tokens, np.intc).astype(np.int32, copy=False),
        np.frombuffer(offsets, np.int64),
    )


def _as_sequence(sentence: object, index: int) -> Iterable[Hashable]:
    """Return one sentence as something that can be iterated twice, or say why it is none."""
    if type(sentence) in (list, tuple):
        return cast("list[Hashable]", sentence)
    _check_sentence(sentence, index)
    if isinstance(sentence, np.ndarray):
        return cast("list[Hashable]", sentence.tolist())
    return list(cast("Iterable[Hashable]", sentence))


def _check_sentence(sentence: object, index: int) -> None:
    """Refuse what can't be a sentence, without reading any of it."""
    if isinstance(sentence, np.ndarray) and sentence.ndim != 1:
        raise TypeError(f"sentence {index} is an array of {sentence.ndim} dimensions, not of 1")
    if (
        sentence is None
        or isinstance(sentence, str | bytes | bytearray | Mapping)
        or not isinstance(sentence, Iterable)
    ):
        hint = "; split it into tokens first" if isinstance(sentence, str | bytes) else ""
        raise TypeError(
            f"sentence {index} is {_described(sentence)}, where a sequence of tokens belongs{hint}"
        )


def _refuse_unhashable(sentence: Iterable[Hashable], index: int, error: TypeError) -> NoReturn:
    for position, token in enumerate(sentence):
        try:
            hash(token)
        except TypeError:
            raise TypeError(
                f"sentence {index}, position {position}: {_described(token)} is not hashable, so "
                "it can't be a token; use str, int or tuple"
            ) from None
    raise error


def _read_file(path: Path) -> NumberedCorpus:
    """Give numbers to a text file's words: a sentence a line, ASCII white space between words.

    Words stay bytes while they are counted; only the distinct ones are decoded.
    """
    numbered = _number(line.split() for line in _lines(path))
    try:
        keys = [cast("bytes", key).decode("utf-8") for key in numbered.keys]
    except UnicodeDecodeError:
        _refuse_encoding(path)
    return NumberedCorpus(cast("list[Hashable]", keys), numbered.tokens, numbered.offsets)


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file, decompressed; LF, CR LF and CR all end one."""
    opener = OPENERS.get(path.suffix.lower(), open)
    try:
        with opener(path, "rb") as file:
            first = file.readline().removeprefix(b"\xef\xbb\xbf")  # a byte-order mark is no word
            for line in chain([first], file):
                if b"\r" in line:
                    yield from line.splitlines()
                else:
                    yield line
    except (EOFError, lzma.LZMAError, zlib.error) as error:
        raise ValueError(f"{path} is damaged or cut off: {error}") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise ValueError(f"{path} is damaged or cut off: {error}") from error  # from gzip and bz2


def _refuse_encoding(path: Path) -> NoReturn:
    """Read the file again to say where it stops being UTF-8."""
    for number, line in enumerate(_lines(path), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{path}, line {number}, byte {error.start + 1} of the line: "
                f"0x{line[error.start]:02x} is not valid UTF-8; convert the file to UTF-8"
            ) from None
    raise AssertionError("unreachable: a line that holds an undecodable word can't be decoded")


def _described(value: object) -> str:
    return f"{_shown(value)} of type {type(value).__name__}"


def _shown(value: object, most: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= most else text[: most - 3] + "..."
