"""``fastw2v analogy``: what is to c as b is to a."""

from __future__ import annotations

import argparse

from fastw2v.cli.arguments import Commands, add_command, add_json, add_loading, at_least
from fastw2v.cli.results import aligned, show, text_of
from fastw2v.cli.vectors import load, require_keys


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "analogy",
        run,
        help="answer a question: a is to b as c is to what?",
        description="Show the words that are to C as B is to A: those nearest to B - A + C, by "
        "cosine, without the three themselves.",
        examples_of=(
            "fastw2v analogy model.safetensors man king woman",
            "fastw2v analogy vectors.bin paris france rome -n 1 --method 3cosmul",
        ),
    )
    parser.add_argument("vectors", metavar="VECTORS", help="a file of vectors, in any format")
    for name in "abc":
        parser.add_argument(name, metavar=name.upper(), help="a key of the vectors")
    parser.add_argument(
        *("-n", "--topn"),
        metavar="N",
        type=at_least(1),
        default=10,
        help="answers (default: %(default)s)",
    )
    parser.add_argument(
        "--restrict-vocab",
        metavar="N",
        type=at_least(1),
        help="only the first N words, the most frequent ones mostly, are answers",
    )
    parser.add_argument(
        "--method",
        choices=["3cosadd", "3cosmul"],
        default="3cosadd",
        help="how words are scored: by a sum of cosines, or by a product (default: %(default)s)",
    )
    add_loading(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Load the vectors, and print the best answers."""
    vectors = load(arguments.vectors, arguments)
    asked = [arguments.a, arguments.b, arguments.c]
    a, b, c = require_keys(vectors, asked, arguments.vectors)
    search = vectors.most_similar if arguments.method == "3cosadd" else vectors.most_similar_cosmul
    found = search(
        positive=[b, c],
        negative=[a],
        topn=arguments.topn,
        restrict_vocab=arguments.restrict_vocab,
    )
    result = {
        "question": [a, b, c],
        "method": arguments.method,
        "answers": [{"key": key, "score": score} for key, score in found],
    }
    rows = [(text_of(key), f"{score:.4f}") for key, score in found]
    show(arguments, result, aligned(rows) if rows else ["no other word"])
