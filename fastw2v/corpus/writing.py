"""Text files out: an encoded corpus's sentences as lines of words."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from fastw2v.compression import compressing
from fastw2v.corpus.encoded import EncodedCorpus
from fastw2v.formats.files import replacing
from fastw2v.messages import shown

STEP = 1 << 14  # sentences at a time


def write_text(path: str | os.PathLike[str], corpus: EncodedCorpus) -> None:
    """Write a text, one sentence a line, words between spaces, whole or not at all.

    ``fastw2v.encode(path)`` reads it. Integers are written as their digits, and so come back as
    words; sentences have only the tokens that the corpus has.

    Parameters
    ----------
    path
        The file; compressed, if it ends in .gz, .bz2, .xz or .zst.
    corpus
        What to write.

    Raises
    ------
    ValueError
        If a key would not be read back as one word: an empty one, one with white space, one that is
        no text.
    """
    words = _words(corpus.vocabulary.keys)
    with replacing(path) as file, compressing(file, os.fspath(path)) as compressed:
        for lines in _lines(corpus, words):
            compressed.write(lines)


def _lines(corpus: EncodedCorpus, words: Sequence[bytes]) -> Iterator[bytes]:
    corpus.check_file()
    table = np.array(words, object)
    for begin in range(0, len(corpus), STEP):
        offsets = corpus.offsets[begin : begin + STEP + 1].tolist()
        tokens = table[corpus.tokens[offsets[0] : offsets[-1]]].tolist()
        starts = [offset - offsets[0] for offset in offsets]
        yield b"".join(b" ".join(tokens[first:last]) + b"\n" for first, last in pairwise(starts))
        corpus.release()


def _words(keys: Sequence[Hashable]) -> list[bytes]:
    """Return keys as words of a text."""
    words = [str(key).encode("utf-8", "replace") for key in keys]
    for key, word in zip(keys, words, strict=True):
        is_text = type(key) is int or (isinstance(key, str) and word.decode() == key)
        if not is_text or word.split() != [word]:
            raise ValueError(
                f"the key {shown(key)} can't be written as a word of a text: save the corpus as "
                ".f2v"
            )
    return words
