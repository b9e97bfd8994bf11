"""What is trained on, from the command line: texts, standard input, encoded corpora; vocabularies.

A corpus that ``fastw2v encode`` or ``fastw2v phrases`` wrote may stand wherever texts may.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from fastw2v.cli.arguments import MisuseError, Options

if TYPE_CHECKING:
    from fastw2v import EncodedCorpus, Vocabulary

STANDARD_INPUT = "-"
LINE_END = "</s>"  # a row of word2vec.c's vocabularies, which stands for the end of a line

SOURCES_HELP = (
    "a text file, one sentence a line (plain, or compressed by gzip, bzip2, xz or Zstandard); a "
    "folder or a quoted pattern of such; - for standard input; or one encoded corpus"
)


def add_sources(parser: Options, *, required: bool = True) -> None:
    """Declare the positional SOURCE."""
    parser.add_argument(
        "sources", metavar="SOURCE", nargs="+" if required else "*", help=SOURCES_HELP
    )


def standard_input() -> BinaryIO:
    """Return standard input's bytes.

    Raises
    ------
    ValueError
        If it is closed.
    """
    if sys.stdin is None:
        raise ValueError("standard input is closed, and - stands for it")
    return sys.stdin.buffer


def read_lines(stream: BinaryIO) -> list[str]:
    """Return a stream's lines without white space around them, but for blank ones."""
    lines = stream.read().decode("utf-8", "replace").splitlines()
    return [word for line in lines if (word := line.strip())]


def open_sources(sources: Sequence[str]) -> Any:
    """Return what the names of sources stand for: what ``fastw2v.encode`` takes as sentences.

    Raises
    ------
    ValueError
        If what must stand alone does not: standard input, or an encoded corpus.
    """
    if STANDARD_INPUT in sources:
        if len(sources) > 1:
            raise MisuseError("- stands for standard input, which is read alone, without files")
        return standard_input()
    encoded = [source for source in sources if is_safetensors(source)]
    if not encoded:
        return [Path(source) for source in sources]
    if len(sources) > 1:
        raise ValueError(f"{encoded[0]} is an encoded corpus, which stands alone, without texts")
    from fastw2v import EncodedCorpus

    return EncodedCorpus.open(encoded[0])


def refuse_overwriting(sources: Sequence[str], *outputs: str | None) -> None:
    """Refuse an output that is one of the sources.

    Raises
    ------
    ValueError, FileNotFoundError
        If there is one, or if a source is not there.
    """
    from fastw2v.corpus.text import find_files

    written = [output for output in outputs if output is not None and os.path.exists(output)]
    for source in sources:
        for file in [] if source == STANDARD_INPUT else find_files(source):
            for output in written:
                if os.path.samefile(file, output):
                    raise ValueError(f"{output} is one of the texts, and would be lost")


def reading_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what ``add_reading`` declared and ``Model`` has not, where it is not the default."""
    options: dict[str, Any] = {}
    if arguments.errors != "strict":
        options["errors"] = arguments.errors
    if arguments.max_distinct is not None:
        options["max_distinct"] = arguments.max_distinct
    return options


def encoded(sentences: Any, arguments: argparse.Namespace, **choice: Any) -> EncodedCorpus:
    """Encode what ``open_sources`` returned, by the options of ``add_reading`` and ``--workers``.

    Of an encoded corpus, the vocabulary is chosen anew.
    """
    from fastw2v import EncodedCorpus, encode

    options = reading_options(arguments)
    if options and isinstance(sentences, EncodedCorpus):
        raise ValueError(
            "--errors and --max-distinct are for reading texts, and an encoded corpus was read "
            "already"
        )
    return encode(
        sentences,
        **options,
        **choice,
        memory_limit=arguments.memory_limit,
        workers=arguments.workers,
    )


def read_vocabulary(
    path: str, *, min_count: int | None = None, max_vocab_size: int | None = None
) -> Vocabulary:
    """Read the vocabulary of a safetensors file, or of lines of a word and its count.

    Parameters
    ----------
    path
        Anything that fastw2v saved with ``.safetensors``, or an encoded corpus; or word2vec.c's
        text, whose ``</s>`` is left out: sentences end with lines here, without a token.
    min_count, max_vocab_size
        Of its words, take only those that are so frequent.

    Raises
    ------
    ValueError, OSError
        If there is no such file, if it is damaged, or if no word is left.
    """
    import numpy as np

    from fastw2v import Vocabulary
    from fastw2v.formats import word_counts

    if is_safetensors(path):
        vocabulary = Vocabulary.load(path)
    else:
        words, counts = word_counts.read(path)
        kept = [i for i, word in enumerate(words) if word != LINE_END and counts[i] > 0]
        if not kept:
            raise ValueError(f"{path} has no words with counts")
        try:
            vocabulary = Vocabulary([words[i] for i in kept], counts[kept])
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
    rows = np.flatnonzero(vocabulary.counts >= (min_count or 0))
    if max_vocab_size is not None:
        rows = np.sort(rows[np.argsort(-vocabulary.counts[rows], kind="stable")][:max_vocab_size])
    if not len(rows):
        raise ValueError(
            f"{path}: none of the {len(vocabulary):,} words has a count of {min_count} or more"
        )
    if len(rows) == len(vocabulary):
        return vocabulary
    return Vocabulary.in_order([vocabulary.keys[row] for row in rows], vocabulary.counts[rows])


def save_vocabulary(path: str, vocabulary: Vocabulary) -> None:
    """Write a vocabulary as its path's suffix says: ``.safetensors``, else a word a line."""
    from fastw2v.formats import word_counts

    if Path(path).suffix.lower() == ".safetensors":
        vocabulary.save(path)
    else:
        word_counts.write(path, vocabulary.keys, vocabulary.counts)


def is_safetensors(path: str) -> bool:
    """Tell whether a path is one of a safetensors file, by its first bytes."""
    from fastw2v.compression import is_safetensors

    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return is_safetensors(file.read(9))
