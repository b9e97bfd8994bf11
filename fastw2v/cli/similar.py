"""``fastw2v similar``: the nearest neighbours of words."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from fastw2v.cli.arguments import (
    Commands,
    MisuseError,
    add_command,
    add_json,
    add_loading,
    at_least,
)
from fastw2v.cli.results import aligned, show, text_of
from fastw2v.cli.sources import STANDARD_INPUT, standard_input
from fastw2v.cli.vectors import find_row, load, unknown

if TYPE_CHECKING:
    from fastw2v import KeyedVectors

READ = 1 << 16  # bytes at a time


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "similar",
        run,
        help="show the nearest neighbours of words",
        description="Show the words whose vectors are nearest to that of each word, by cosine. "
        "Lines of standard input are answered as they come. A word that has no vector is told at "
        "the end, with exit status 1, when all others are answered.",
        examples_of=(
            "fastw2v similar model.safetensors king queen -n 5",
            "fastw2v similar vectors.bin --limit 100000 - < words.txt",
            "fastw2v similar vectors.bin king --json | jq '.answers[0].neighbors'",
        ),
    )
    parser.add_argument("vectors", metavar="VECTORS", help="a file of vectors, in any format")
    parser.add_argument(
        "words",
        metavar="WORD",
        nargs="+",
        help="a key of the vectors; - takes one from each line of standard input",
    )
    parser.add_argument(
        *("-n", "--topn"),
        metavar="N",
        type=at_least(1),
        default=10,
        help="neighbours of each word (default: %(default)s)",
    )
    parser.add_argument(
        "--restrict-vocab",
        metavar="N",
        type=at_least(1),
        help="only the first N words, the most frequent ones mostly, are neighbours",
    )
    add_loading(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Load the vectors, and print the neighbours of each word."""
    if STANDARD_INPUT in arguments.words and len(arguments.words) > 1:
        raise MisuseError("- stands for words from standard input, which are read alone")
    vectors = load(arguments.vectors, arguments)
    batches: Iterator[list[str]] = iter([arguments.words])
    if arguments.words == [STANDARD_INPUT]:
        batches = lines_as_they_come(standard_input())
    answers: list[dict[str, Any]] = []
    missing: list[str] = []
    for words in batches:
        found = _answers(vectors, words, arguments)
        missing += [answer["word"] for answer in found if answer["neighbors"] is None]
        if arguments.json:
            answers += found
        else:
            print("\n".join(_lines(found)), flush=True)
    if arguments.json:
        show(arguments, {"answers": answers}, [])
    if missing:
        raise ValueError(unknown(vectors, missing, arguments.vectors))


def lines_as_they_come(stream: BinaryIO) -> Iterator[list[str]]:
    """Yield a stream's lines, without blank ones: as many at a time as are there to be read."""
    rest = b""
    while data := stream.read1(READ):  # type: ignore[attr-defined] # of every buffered reader
        *lines, rest = (rest + data).split(b"\n")
        yield from _words(lines)
    yield from _words([rest])


def _words(lines: Sequence[bytes]) -> Iterator[list[str]]:
    words = [word for line in lines if (word := line.decode("utf-8", "replace").strip())]
    if words:
        yield words


def _answers(
    vectors: KeyedVectors, words: Sequence[str], arguments: argparse.Namespace
) -> list[dict[str, Any]]:
    """Return what is near each word; None for the neighbours of one that has no vector."""
    rows = [find_row(vectors, word) for word in words]
    keys = [vectors.index_to_key[row] for row in rows if row is not None]
    near: list[list[dict[str, Any]]] = []
    if keys:
        found, cosines = vectors.neighbors(
            keys, topn=arguments.topn, restrict_vocab=arguments.restrict_vocab
        )
        for near_rows, near_cosines in zip(found.tolist(), cosines.tolist(), strict=True):
            near.append(
                [
                    {"key": vectors.index_to_key[row], "cosine": cosine}
                    for row, cosine in zip(near_rows, near_cosines, strict=True)
                    if row >= 0
                ]
            )
    known = iter(near)
    return [
        {"word": word, "neighbors": None if row is None else next(known)}
        for word, row in zip(words, rows, strict=True)
    ]


def _lines(answers: Sequence[dict[str, Any]]) -> Iterator[str]:
    for answer in answers:
        if answer["neighbors"] is None:
            yield f"{text_of(answer['word'])}: no vector"
            continue
        yield text_of(answer["word"])
        rows = [(text_of(one["key"]), f"{one['cosine']:.4f}") for one in answer["neighbors"]]
        yield from aligned(rows, indent=2) if rows else []
