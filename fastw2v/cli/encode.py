"""``fastw2v encode``: texts are counted and encoded once, for any number of trainings."""

from __future__ import annotations

import argparse

from fastw2v.cli.arguments import (
    Commands,
    add_command,
    add_json,
    add_reading,
    add_vocabulary_size,
    add_workers,
)
from fastw2v.cli.results import show
from fastw2v.cli.sources import (
    add_sources,
    encoded,
    open_sources,
    read_vocabulary,
    refuse_overwriting,
)
from fastw2v.formats.files import check_writable


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "encode",
        run,
        help="count and encode texts once, for any number of trainings",
        description="Read texts, one sentence a line, choose the vocabulary, and save both in one "
        "file, which fastw2v train takes and fastw2v.EncodedCorpus.open maps into memory. Of an "
        "encoded corpus, the vocabulary is chosen anew.",
        examples_of=(
            "fastw2v encode corpus.txt -o corpus.f2v",
            "fastw2v encode 'texts/*.xz' -o corpus.f2v --min-count 10",
            "fastw2v encode corpus.f2v -o frequent.f2v --max-vocab-size 50000",
        ),
    )
    add_sources(parser)
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="where to save it")
    add_vocabulary_size(parser)
    parser.add_argument(
        "--vocabulary",
        metavar="FILE",
        help="take the words from a file: one that fastw2v saved, or lines of a word and its count",
    )
    add_reading(parser)
    add_workers(parser, help="reading threads")
    add_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Encode, save, and print what was read."""
    check_writable(arguments.output)
    refuse_overwriting(arguments.sources, arguments.output)
    choice = {
        name: getattr(arguments, name)
        for name in ("min_count", "max_vocab_size")
        if getattr(arguments, name) is not None
    }
    if arguments.vocabulary is not None:
        choice = {"vocabulary": read_vocabulary(arguments.vocabulary, **choice)}
    corpus = encoded(open_sources(arguments.sources), arguments, **choice)
    corpus.save(arguments.output)
    result = {"output": arguments.output, "report": corpus.report}
    show(arguments, result, [str(corpus.report), f"saved {arguments.output}"])
