"""Sentences from files, by gensim's names, and what of all that ``Word2Vec`` is given is read.

The readers split lines in Python, as gensim's do; ``Word2Vec(corpus_file=path)`` reads a file in
native code.
"""

from __future__ import annotations

import bz2
import gzip
import itertools
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any, cast

import numpy as np

from fastw2v.corpus import EncodedCorpus
from fastw2v.corpus.columns import is_column

logger = logging.getLogger("fastw2v")

MAX_WORDS_IN_BATCH = 10_000  # tokens, after which the readers split a line
STEP = 8192  # bytes of text8 at a time

AnyPath = str | os.PathLike[str]


class LineSentence:
    """A file's lines as lists of the words between white space.

    Parameters
    ----------
    source
        The path of a text file, plain or compressed by gzip or bzip2 and named so (.gz, .bz2); or
        an open file, which is read from its start.
    max_sentence_length
        Longer lines become several sentences.
    limit
        Read only the first lines, so many; None reads all.
    """

    def __init__(
        self,
        source: Any,
        max_sentence_length: int = MAX_WORDS_IN_BATCH,
        limit: int | None = None,
    ) -> None:
        self.source = source
        self.max_sentence_length = max_sentence_length
        self.limit = limit

    def __iter__(self) -> Iterator[list[str]]:
        if hasattr(self.source, "seek"):
            self.source.seek(0)
            yield from self._sentences(self.source)
        else:
            with opened(self.source) as file:
                yield from self._sentences(file)

    def _sentences(self, lines: Iterable[bytes | str]) -> Iterator[list[str]]:
        for line in itertools.islice(lines, self.limit):
            words = (line if isinstance(line, str) else line.decode()).split()
            yield from pieces(words, self.max_sentence_length)


class PathLineSentences:
    """The lines of all files of a folder, one file after the other in the order of their names.

    Parameters
    ----------
    source
        The path of a folder of text files, plain or compressed; folders in it are left out. Or the
        path of a single file.
    max_sentence_length, limit
        As for ``LineSentence``; ``limit`` counts each file's lines.

    Raises
    ------
    ValueError
        If there is no such file or folder.
    """

    def __init__(
        self,
        source: AnyPath,
        max_sentence_length: int = MAX_WORDS_IN_BATCH,
        limit: int | None = None,
    ) -> None:
        self.source = source
        self.max_sentence_length = max_sentence_length
        self.limit = limit
        if os.path.isfile(source):
            self.input_files = [os.fspath(source)]
        elif os.path.isdir(source):
            paths = (os.path.join(source, name) for name in sorted(os.listdir(source)))
            self.input_files = [path for path in paths if os.path.isfile(path)]
        else:
            raise ValueError(f"{os.fspath(source)!r} is neither a file nor a folder")

    def __iter__(self) -> Iterator[list[str]]:
        for path in self.input_files:
            yield from LineSentence(path, self.max_sentence_length, self.limit)


class Text8Corpus:
    """The words of a file without lines, such as text8, in sentences of equal length.

    Parameters
    ----------
    fname
        The path of the file, plain or compressed.
    max_sentence_length
        Words a sentence; the last one may be shorter.
    """

    def __init__(self, fname: AnyPath, max_sentence_length: int = MAX_WORDS_IN_BATCH) -> None:
        self.fname = fname
        self.max_sentence_length = max_sentence_length

    def __iter__(self) -> Iterator[list[str]]:
        waiting: list[str] = []
        with opened(self.fname) as file:
            for words in _words(file):
                waiting += words
                whole = len(waiting) // self.max_sentence_length * self.max_sentence_length
                yield from pieces(waiting[:whole], self.max_sentence_length)
                waiting = waiting[whole:]
        if waiting:
            yield waiting


def _words(file: IO[bytes]) -> Iterator[list[str]]:
    """Yield a file's words, some at a time, none of them cut in two."""
    rest = b""
    while chunk := file.read(STEP):
        done, space, rest_of_chunk = chunk.rpartition(b" ")
        if space:
            yield (rest + done).decode().split()
            rest = rest_of_chunk
        else:
            rest += chunk
    yield rest.decode().split()


def pieces(words: list[str], length: int) -> Iterator[list[str]]:
    """Yield a list in parts of a length; none at all if it is empty."""
    for begin in range(0, len(words), length):
        yield words[begin : begin + length]


def opened(path: AnyPath) -> IO[bytes]:
    """Open a file to read bytes, decompressed if it is named .gz or .bz2."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path))
    return bz2.open(path) if suffix == ".bz2" else open(path, "rb")


# What Word2Vec is given ---------------------------------------------------------------------------


def sentences_of(corpus_iterable: Any, corpus_file: AnyPath | None) -> Any:
    """Return what ``fastw2v.encode`` is to read.

    Parameters
    ----------
    corpus_iterable
        Sentences: what gensim takes, or anything that ``fastw2v.encode`` takes but paths. A str in
        the place of a sentence is its characters, whatever holds it, which the log warns of. A set
        is sorted: its own order differs from process to process.
    corpus_file
        The path of a text file, one sentence a line.

    Raises
    ------
    TypeError
        If neither is given or both are, if there is no such file, or if ``corpus_iterable`` can't
        be sentences.
    """
    if (corpus_iterable is None) == (corpus_file is None):
        given = "neither was" if corpus_file is None else "both were"
        raise TypeError(f"one of corpus_iterable and corpus_file must be given, and {given}")
    if corpus_file is not None:
        if not isinstance(corpus_file, str | os.PathLike) or not os.path.isfile(corpus_file):
            raise TypeError(f"corpus_file must be the path of a file, not {corpus_file!r}")
        return os.fspath(corpus_file)
    if isinstance(corpus_iterable, str | bytes | os.PathLike):
        raise TypeError(
            f"the sentences are {corpus_iterable!r:.60}: a file is given as corpus_file, and a "
            "text as lists of words"
        )
    is_iterable = isinstance(corpus_iterable, Iterable | EncodedCorpus)
    if not is_iterable or isinstance(corpus_iterable, Mapping):
        raise TypeError(
            f"the sentences must be an iterable of lists of words, not {corpus_iterable!r:.60}"
        )
    return _readable(corpus_iterable)


def _readable(sentences: Any) -> Any:
    """Leave what the native readers know as it is; look for str and sets in sentences' places."""
    if isinstance(sentences, EncodedCorpus):
        return sentences
    if isinstance(sentences, list | tuple):
        is_native = not any(isinstance(one, str | set | frozenset) for one in sentences)
    else:
        is_array = isinstance(sentences, np.ndarray) or is_column(sentences)
        is_native = is_array and not isinstance(_first(sentences), str)
    return sentences if is_native else _as_sequences(sentences)


def _first(sentences: Any) -> Any:
    """Return what an array or a column begins with; None of a stream, which can be read once."""
    if not hasattr(sentences, "__len__"):
        return None
    one: Any = next(iter(sentences), None)
    return one.as_py() if hasattr(one, "as_py") else one


def _as_sequences(sentences: Iterable[Any]) -> Iterator[Any]:
    """Yield sentences, the characters of those that are str, and sets sorted."""
    warned = False
    for sentence in sentences:
        if hasattr(sentence, "as_py"):  # Arrow's
            sentence = sentence.as_py()
        if isinstance(sentence, str):
            if not warned:
                logger.warning(
                    "Each 'sentences' item should be a list of words (usually unicode strings). "
                    "Here one is a plain %s instead, whose characters become the words; "
                    "[text.split() for text in sentences] makes words of it.",
                    type(sentence),
                )
                warned = True
            yield list(sentence)
        elif isinstance(sentence, set | frozenset):
            yield sorted(sentence, key=lambda token: (type(token).__name__, token))
        else:
            yield sentence
