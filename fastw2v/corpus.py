"""The corpus: every accepted input becomes one ``EncodedCorpus``, in one pass, before training.

Reading goes in two steps. ``read`` gives every distinct token a number in order of appearance and
writes the numbers down, which needs one pass, so that one-shot generators work. Then the
vocabulary is chosen from the counts, and the numbers are translated to its rows, which is array
work: tokens outside the vocabulary go, and so do sentences without any token left.

What is read comes in pieces of bounded size, however long a sentence is: between two pieces Python
sees to Ctrl-C, and a file of a single line needs no more memory than its numbers do.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import zlib
from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from fastw2v._kernels.rng import SENTENCE_ORDER, fill_uniform
from fastw2v.vocabulary import Vocabulary

BLOCK = 1 << 16  # bytes of a file at a time: its words stay in the cache
PIECE = 1 << 18  # tokens of a sentence at a time
SENTENCES = 1 << 12  # moved at a time, when sentences are shuffled

# What a compressed file begins with. In bz2, a first block or, in a file of nothing, the end.
OPENERS: dict[bytes, Callable[..., Any]] = {
    rb"\x1f\x8b": gzip.open,
    rb"BZh[1-9](1AY&SY|\x17rE8P\x90)": bz2.open,
    rb"\xfd7zXZ\0": lzma.open,
}
UNREADABLE = {rb"\(\xb5/\xfd": "Zstandard", rb"PK\x03\x04": "ZIP"}
ACCEPTED = (
    "an iterable of token sequences, a path to a text file with one sentence a line "
    "(plain, or compressed by gzip, bzip2 or xz), or a 2-D integer array"
)

NEVER_MISSING = {str, bytes, int, tuple}  # the usual types, which need no closer look
FLOATS = (float, np.floating)

Piece: TypeAlias = tuple[Sequence[Hashable], bool]  # tokens, and whether they end their sentence


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

    def shuffled(self, seed: int) -> EncodedCorpus:
        """Return the corpus with its sentences in a random order, drawn from the seed."""
        draws = np.empty((1, len(self)), np.float32)
        fill_uniform(draws, seed, SENTENCE_ORDER, 0.5)
        order = np.argsort(draws[0], kind="stable")
        lengths = np.diff(self.offsets)[order]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        shift = self.offsets[order] - offsets[:-1]  # from a token's new place to its old one
        tokens = np.empty_like(self.tokens)
        for first in range(0, len(order), SENTENCES):
            part = slice(first, first + SENTENCES)
            begin, end = offsets[first], offsets[min(first + SENTENCES, len(order))]
            places = np.repeat(shift[part], lengths[part]) + np.arange(begin, end)
            tokens[begin:end] = self.tokens[places]
        return EncodedCorpus(tokens, offsets, self.raw_tokens)

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
        counts = np.zeros(len(self.keys), np.int64)
        step = max(PIECE, len(self.keys))  # bincount makes an int64 copy of what it is given
        for begin in range(0, len(self.tokens), step):
            counts += np.bincount(self.tokens[begin : begin + step], minlength=len(counts))
        return counts

    def encode(self, vocabulary: Vocabulary) -> EncodedCorpus:
        """Translate to rows of ``vocabulary``; drop unknown tokens, then empty sentences.

        Raises
        ------
        ValueError
            If no sentence has two tokens of the vocabulary: there would be no window to train on.
        """
        rows = np.array([vocabulary.key_to_index.get(key, -1) for key in self.keys], np.int32)
        known = (rows >= 0)[self.tokens]
        unknown = np.flatnonzero(~known)
        offsets = self.offsets - np.searchsorted(unknown, self.offsets)
        del unknown
        lengths = np.diff(offsets)
        if lengths.max() < 2:
            raise ValueError(
                f"no sentence has two tokens of the vocabulary: {len(self.tokens):,} tokens in "
                f"{len(lengths):,} sentences were read, {int(offsets[-1]):,} of them known; lower "
                "min_count, or check that sentences are lists of tokens"
            )
        tokens = self.tokens[known]
        del known
        for begin in range(0, len(tokens), PIECE):  # in place: a corpus may fill half the memory
            piece = tokens[begin : begin + PIECE]
            piece[:] = rows[piece]
        offsets = np.concatenate([[0], offsets[1:][lengths > 0]])
        return EncodedCorpus(tokens, offsets, len(self.tokens))


def check(sentences: object) -> None:
    """Refuse what can't be a corpus, without reading more than a file's first bytes.

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
        _opener(sentences)
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
    elif isinstance(sentences, set | frozenset):
        _refuse_set(sentences, "sentences are")
    elif isinstance(sentences, tuple) and len(sentences) == 2 and all(map(_is_integers, sentences)):
        raise TypeError(
            "a pair of integer arrays could be two sentences, or tokens and offsets; give a list "
            "of 1-D arrays, such as [tokens[a:b] for a, b in pairwise(offsets)]"
        )
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
    else:
        # asarray, for subclasses whose rows are slow to take (memmap) or 2-D again (matrix)
        rows = np.asarray(sentences) if isinstance(sentences, np.ndarray) else sentences
        corpus = _number(_pieces(rows))
    if not len(corpus.tokens):
        raise ValueError(
            f"there is nothing to train on: {len(corpus.offsets) - 1:,} sentences without a token"
        )
    return corpus


def _number(pieces: Iterable[Piece]) -> NumberedCorpus:
    """Give tokens numbers by first appearance: a missing key's number is how many there are."""
    numbers: defaultdict[Hashable, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    number_of = numbers.__getitem__
    tokens, offsets = array("i"), array("q", [0])
    begin, ends, looked_at = 0, True, 0
    try:
        for piece, ends in pieces:
            try:
                tokens.extend(map(number_of, piece))
            except TypeError as error:
                _refuse_unhashable(piece, len(offsets) - 1, begin - offsets[-1], error)
            begin = len(tokens)
            if ends:
                offsets.append(begin)
            if len(numbers) > 2 * looked_at:  # doubling: not once a sentence, yet not only at last
                _check_missing(numbers, tokens, offsets)
                looked_at = len(numbers)
    finally:
        numbers.default_factory = None  # a cycle, which would keep all tokens alive
    if not ends:
        offsets.append(begin)
    _check_missing(numbers, tokens, offsets)
    return NumberedCorpus(
        [key.item() if isinstance(key, np.generic) else key for key in numbers],
        np.frombuffer(tokens, np.intc).astype(np.int32, copy=False),
        np.frombuffer(offsets, np.int64),
    )


def _pieces(sentences: Iterable[Iterable[Hashable]]) -> Iterator[Piece]:
    """Yield the tokens of any iterable, or of a 2-D array."""
    for index, sentence in enumerate(sentences):
        tokens: Any = sentence
        if type(sentence) is not list and type(sentence) is not tuple:
            tokens = _as_sequence(sentence, index)
        if len(tokens) > PIECE:
            for begin in range(0, len(tokens), PIECE):
                yield _listed(tokens[begin : begin + PIECE]), False
            tokens = ()
        yield tokens if type(tokens) is list else _listed(tokens), True


def _as_sequence(sentence: object, index: int) -> Sequence[Hashable] | NDArray[Any]:
    """Return one sentence as something that can be iterated twice, or say why it is none."""
    if isinstance(sentence, np.ndarray) and sentence.ndim == 1:
        return sentence
    _check_sentence(sentence, index)
    return list(cast("Iterable[Hashable]", sentence))


def _listed(tokens: Sequence[Hashable] | NDArray[Any]) -> Sequence[Hashable]:
    """Return an array's tokens as Python's own objects."""
    return tokens.tolist() if isinstance(tokens, np.ndarray) else tokens


def _is_integers(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "iu"


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
    if isinstance(sentence, set | frozenset):
        _refuse_set(sentence, f"sentence {index} is")


def _refuse_set(value: object, what: str) -> NoReturn:
    raise TypeError(
        f"{what} a {type(value).__name__}, whose order would follow the process's hash seed; give "
        "a list, such as sorted(...)"
    )


def _check_missing(
    numbers: Mapping[Hashable, int], tokens: array[int], offsets: array[int]
) -> None:
    """Refuse what stands for no value: None and, in pandas, NaN."""
    if NEVER_MISSING.issuperset(map(type, numbers)):
        return
    for token, number in numbers.items():
        if token is None or (isinstance(token, FLOATS) and token != token):
            place = tokens.index(number)
            index = bisect_right(offsets, place) - 1
            raise TypeError(
                f"sentence {index}, position {place - offsets[index]}: {token!r} is no token; drop "
                "it, or replace it by a token of your own"
            )


def _refuse_unhashable(
    piece: Iterable[Hashable], index: int, begin: int, error: TypeError
) -> NoReturn:
    for position, token in enumerate(piece, begin):
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
    numbered = _number((line.split(), ends) for line, ends in _lines(path))
    try:
        keys = [cast("bytes", key).decode("utf-8") for key in numbered.keys]
    except UnicodeDecodeError:
        _refuse_encoding(path)
    return NumberedCorpus(cast("list[Hashable]", keys), numbered.tokens, numbered.offsets)


def _lines(path: Path) -> Iterator[tuple[bytes, bool]]:
    """Yield the lines of a file, decompressed; LF, CR LF and CR all end one.

    A line much longer than a block comes in pieces of whole words; True goes with its last.
    """
    try:
        with _opener(path)(path, "rb") as file:
            rest = file.read(3).removeprefix(b"\xef\xbb\xbf")  # a byte-order mark is no word
            while block := file.read(max(BLOCK, len(rest))):  # doubling, while a word goes on
                lines = (rest + block).splitlines(keepends=True)
                # A last CR may be half of a CR LF.
                rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
                for line in lines:
                    yield line, True
                if len(rest) > BLOCK and not rest.endswith(b"\r"):
                    word = b"" if rest[-1:].isspace() else rest.rsplit(None, 1)[-1]
                    yield rest[: len(rest) - len(word)], False
                    rest = word
            for line in rest.splitlines():
                yield line, True
    except (EOFError, lzma.LZMAError, zlib.error) as error:
        raise ValueError(f"{path} is damaged or cut off: {error}") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise ValueError(f"{path} is damaged or cut off: {error}") from error  # from gzip and bz2


def _opener(path: str | os.PathLike[str]) -> Callable[..., Any]:
    """Return what opens a file, by its first bytes, whatever its name."""
    with open(path, "rb") as file:
        first = file.read(10)
    for magic, name in UNREADABLE.items():
        if re.match(magic, first):
            raise ValueError(
                f"{os.fspath(path)} is compressed by {name}, which can't be read here; decompress "
                "it first, or compress it by gzip, bzip2 or xz"
            )
    return next((opener for magic, opener in OPENERS.items() if re.match(magic, first)), open)


def _refuse_encoding(path: Path) -> NoReturn:
    """Read the file again to say where it stops being UTF-8."""
    number, begin = 1, 0
    for line, ends in _lines(path):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{path}, line {number}, byte {begin + error.start + 1} of the line: "
                f"0x{line[error.start]:02x} is not valid UTF-8; convert the file to UTF-8"
            ) from None
        number, begin = (number + 1, 0) if ends else (number, begin + len(line))
    raise AssertionError("unreachable: a line that holds an undecodable word can't be decoded")


def _described(value: object) -> str:
    return f"{_shown(value)} of type {type(value).__name__}"


def _shown(value: object, most: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= most else text[: most - 3] + "..."
