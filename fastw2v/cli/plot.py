"""``fastw2v plot``: pictures of vectors and of training."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastw2v.cli.arguments import (
    Commands,
    MisuseError,
    add_command,
    add_json,
    add_loading,
    at_least,
)
from fastw2v.cli.description import training_of
from fastw2v.cli.results import show
from fastw2v.cli.sources import STANDARD_INPUT, read_lines, standard_input
from fastw2v.cli.vectors import find_row, load, require_keys, unknown
from fastw2v.formats.files import check_writable

if TYPE_CHECKING:
    from fastw2v import KeyedVectors
    from fastw2v.plot import Plot

WORDS = 300
NEIGHBORS = 30
BETWEEN = ":"  # the two words of a pair


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "plot",
        run,
        help="draw a map of words, a neighbourhood, analogies or the training",
        description="Draw a picture, in the format that the output's suffix names: .png, .svg, "
        ".pdf, or .html, a page with search and zoom that needs nothing else. Without another "
        "choice it is a map of the most frequent words.",
        examples_of=(
            "fastw2v plot model.safetensors -o map.html -n 2000",
            "fastw2v plot vectors.bin -o words.png --words king queen man woman --method pca",
            "fastw2v plot vectors.bin -o king.svg --neighbors king -n 20",
            "fastw2v plot vectors.bin -o pairs.png --analogies man:woman king:queen",
            "fastw2v plot model.safetensors -o loss.png --history",
        ),
    )
    parser.add_argument("vectors", metavar="VECTORS", help="a file of vectors, in any format")
    parser.add_argument(
        "-o", "--output", metavar="FILE", required=True, help="where to save the picture"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--words",
        metavar="WORD",
        nargs="+",
        help="a map of these; - takes one from each line of standard input",
    )
    what.add_argument("--neighbors", metavar="WORD", help="the nearest neighbours of a word")
    what.add_argument(
        "--analogies",
        metavar="A:B",
        nargs="+",
        help="pairs of words, as arrows, which are parallel where they are analogous",
    )
    what.add_argument(
        "--history", action="store_true", help="loss and learning rate by epoch, of a model's file"
    )
    parser.add_argument(
        *("-n", "--number"),
        metavar="N",
        type=at_least(1),
        help=f"how many words of a map (default: {WORDS}), or neighbours (default: {NEIGHBORS})",
    )
    parser.add_argument(
        "--method", choices=["tsne", "pca"], help="how a map is laid out (default: tsne)"
    )
    parser.add_argument(
        "--seed",
        metavar="N",
        type=at_least(0),
        help="start t-SNE at random (default: from the PCA, the same every time)",
    )
    add_loading(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Draw, save, and tell where."""
    _check_options(arguments)
    check_writable(arguments.output)
    plot = _plot(arguments)
    plot.save(arguments.output)
    result = {"output": arguments.output, "bytes": Path(arguments.output).stat().st_size}
    show(arguments, result, [f"saved {arguments.output}"])


def _check_options(arguments: argparse.Namespace) -> None:
    """Refuse options that this picture has no use for, and an output that it can't become."""
    from fastw2v.plot import HistoryPlot, WordPlot

    endings = HistoryPlot.endings if arguments.history else WordPlot.endings
    if Path(arguments.output).suffix.lower() not in endings:
        raise MisuseError(
            f"{arguments.output!r}: this is saved as {', '.join(endings)}, by the file's ending"
        )
    is_map = not (arguments.neighbors is not None or arguments.analogies or arguments.history)
    of_map = {"--method": arguments.method, "--seed": arguments.seed}
    for option, value in of_map.items():
        if value is not None and not is_map:
            raise MisuseError(f"{option} is for maps of words")
    if arguments.method == "pca" and arguments.seed is not None:
        raise MisuseError("--seed is for --method tsne: a PCA leaves nothing to chance")
    if arguments.number is not None and (
        arguments.words or arguments.analogies or arguments.history
    ):
        raise MisuseError("-n is for maps of the most frequent words, and for --neighbors")
    of_vectors = {"--format": arguments.format, "--limit": arguments.limit}
    for option, value in of_vectors.items():
        if value is not None and arguments.history:
            raise MisuseError(f"{option} is for vectors; --history is of a model's file")


def _plot(arguments: argparse.Namespace) -> Plot:
    from fastw2v import plot

    path = arguments.vectors
    if arguments.history:
        training = training_of(path)
        if training is None:
            raise ValueError(f"{path} holds no model, whose history could be drawn")
        return plot.history(training.history)
    vectors = load(path, arguments)
    if arguments.neighbors is not None:
        [key] = require_keys(vectors, [arguments.neighbors], path)
        return plot.neighbors(vectors, key, topn=arguments.number or NEIGHBORS)
    if arguments.analogies:
        return plot.analogies(vectors, [_pair(vectors, pair, path) for pair in arguments.analogies])
    options: dict[str, Any] = {"method": arguments.method or "tsne", "seed": arguments.seed}
    words = arguments.words
    if words is None:
        return plot.map(vectors, n=arguments.number or WORDS, **options)
    if words == [STANDARD_INPUT]:
        words = read_lines(standard_input())
    return plot.map(vectors, require_keys(vectors, words, path), **options)


def _pair(vectors: KeyedVectors, pair: str, path: str) -> tuple[Any, Any]:
    """Return the keys of ``A:B``, where A or B may have colons of their own."""
    parts = pair.split(BETWEEN)
    splits = [(BETWEEN.join(parts[:i]), BETWEEN.join(parts[i:])) for i in range(1, len(parts))]
    for words in splits:
        rows = [find_row(vectors, word) for word in words]
        if None not in rows:
            first, second = require_keys(vectors, words, path)
            return first, second
    if not splits:
        raise MisuseError(f"a pair must be two words, such as man:woman, not {pair!r}")
    raise ValueError(unknown(vectors, [w for w in splits[0] if find_row(vectors, w) is None], path))
