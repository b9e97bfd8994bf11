"""``fastw2v convert``: one format of vectors becomes another."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator

from fastw2v.cli.arguments import (
    Commands,
    add_command,
    add_json,
    add_limit,
    readable_format,
    writable_format,
)
from fastw2v.cli.results import show
from fastw2v.cli.sources import STANDARD_INPUT, standard_input
from fastw2v.cli.vectors import saved_format, types_as_values


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "convert",
        run,
        help="write vectors in another format",
        description="Read vectors of any format, and write them in the format that the target's "
        "suffix names, some rows at a time, so that they need not fit into memory. Text and "
        "word2vec formats are compressed, if the target ends in .gz, .bz2, .xz or .zst too. "
        "fastw2v info --formats lists the formats.",
        examples_of=(
            "fastw2v convert GoogleNews-vectors-negative300.bin.gz google.safetensors",
            "fastw2v convert model.safetensors vectors.txt.gz --limit 50000",
            "fastw2v convert vectors.bin folder --to sentence_transformers",
            "zcat glove.txt.gz | fastw2v convert - glove.parquet --from glove",
        ),
    )
    parser.add_argument("source", metavar="SOURCE", help="the file to read; - for standard input")
    parser.add_argument("target", metavar="TARGET", help="the file, or folder, to write")
    parser.add_argument(
        "--from",
        dest="source_format",
        metavar="NAME",
        type=readable_format,
        help="the source's format (default: seen by its content)",
    )
    parser.add_argument(
        "--to",
        dest="target_format",
        metavar="NAME",
        type=writable_format,
        help="the target's format (default: what its suffix names)",
    )
    add_limit(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Convert, and print what was written."""
    from fastw2v import formats

    target_format = saved_format(arguments.target, arguments.target_format, option="--to")
    with _source(arguments) as path:
        source_format = arguments.source_format or _detected(path)
        with types_as_values():
            formats.convert(
                path,
                arguments.target,
                source_format=source_format,
                target_format=target_format,
                limit=arguments.limit,
                encoding_errors=arguments.encoding_errors,
            )
    result = {
        "source": arguments.source,
        "source_format": source_format,
        "target": arguments.target,
        "target_format": target_format,
    }
    show(arguments, result, [f"{source_format} → {target_format}: saved {arguments.target}"])


def _detected(path: str) -> str:
    from fastw2v import formats

    try:
        return formats.detect(path)
    except ValueError as error:
        raise ValueError(str(error).replace("format=", "--from")) from error


@contextlib.contextmanager
def _source(arguments: argparse.Namespace) -> Iterator[str]:
    """Give the path of the file to read, which for standard input is a copy."""
    path: str = arguments.source
    if path != STANDARD_INPUT:
        if os.path.exists(arguments.target) and os.path.samefile(path, arguments.target):
            raise ValueError(f"{arguments.target} is the source, and would be lost")
        yield path
        return
    # Formats are seen by what a file begins with, and some are read from their ends.
    with tempfile.NamedTemporaryFile(prefix="fastw2v-") as copy:
        shutil.copyfileobj(standard_input(), copy, 1 << 20)
        copy.flush()
        try:
            yield copy.name
        except ValueError as error:
            raise ValueError(str(error).replace(copy.name, "standard input")) from error
