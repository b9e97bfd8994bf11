"""The command line: ``fastw2v <command>``; one ``_add_<command>`` function each."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    argv
        The arguments; None takes those of the process.

    Returns
    -------
    int
        0 for success, 1 for an error, 2 without a command, 130 if interrupted. Arguments that
        make no sense end the process with 2, ``--help`` and ``--version`` with 0.
    """
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.run is None:
        parser.print_help(sys.stderr)
        return 2
    try:
        arguments.run(arguments)
    except (ImportError, MemoryError, OSError, OverflowError, ValueError) as error:
        print(f"fastw2v: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("fastw2v: interrupted", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastw2v",
        description="Word vectors at native speed.",
        epilog="example: fastw2v demo --output vectors.safetensors",
    )
    parser.add_argument("--version", action="version", version=f"fastw2v {version('fastw2v')}")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_demo(commands)
    _add_encode(commands)
    return parser


def _add_demo(commands: Commands) -> None:
    parser = commands.add_parser(
        "demo",
        help="train on the text of Python's own standard library",
        description="Train on the docstrings, comments and names of Python's own standard "
        "library, show neighbours and save the vectors. Needs no network and no data.",
        epilog="example: fastw2v demo --workers 2 --output vectors.safetensors",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        default="fastw2v-demo.safetensors",
        help="where to save the vectors (default: %(default)s)",
    )
    parser.add_argument(
        "--workers", metavar="N", type=_at_least(1), help="training threads (default: all cores)"
    )
    parser.add_argument(
        "--seed", metavar="N", type=_at_least(0), default=1, help="(default: %(default)s)"
    )
    parser.set_defaults(run=_demo)


def _demo(arguments: argparse.Namespace) -> None:
    from fastw2v.demo import run_demo

    run_demo(arguments.output, workers=arguments.workers, seed=arguments.seed)


def _add_encode(commands: Commands) -> None:
    parser = commands.add_parser(
        "encode",
        help="count and encode text files once, for any number of trainings",
        description="Read text files, one sentence a line (plain, or compressed by gzip, bzip2, xz "
        "or Zstandard), choose the vocabulary, and save both in one file, which "
        "fastw2v.EncodedCorpus.open maps into memory.",
        epilog="example: fastw2v encode corpus.txt -o corpus.f2v",
    )
    parser.add_argument(
        "sources", metavar="SOURCE", nargs="+", type=Path, help="a file, a folder or a pattern"
    )
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="where to save it")
    for name, least, text in (
        ("min-count", 1, "leave out tokens that occur less often (default: 5)"),
        ("max-vocab-size", 1, "keep only the N most frequent tokens"),
        ("max-distinct", 1000, "forget the rarest tokens above N while counting"),
        ("memory-limit", 1 << 24, "bytes of memory; above it, temporary files are used"),
        ("workers", 1, "reading threads (default: all cores)"),
    ):
        default = 5 if name == "min-count" else None
        parser.add_argument(
            f"--{name}", metavar="N", type=_at_least(least), default=default, help=text
        )
    parser.add_argument(
        "--errors",
        choices=["strict", "replace"],
        default="strict",
        help="refuse bytes that are not UTF-8, or put U+FFFD in their place (default: strict)",
    )
    parser.set_defaults(run=_encode)


def _encode(arguments: argparse.Namespace) -> None:
    from fastw2v.corpus import encode
    from fastw2v.corpus.text import find_files

    for source in arguments.sources:
        for file in find_files(source):
            if os.path.exists(arguments.output) and os.path.samefile(file, arguments.output):
                raise ValueError(f"{arguments.output} is one of the texts, and would be lost")
    corpus = encode(
        arguments.sources,
        min_count=arguments.min_count,
        max_vocab_size=arguments.max_vocab_size,
        max_distinct=arguments.max_distinct,
        memory_limit=arguments.memory_limit,
        workers=arguments.workers,
        errors=arguments.errors,
    )
    corpus.save(arguments.output)
    print(corpus.report)
    print(f"saved {arguments.output}")


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(
                f"must be a whole number, at least {least}, not {text!r}"
            )
        return int(text)

    return number
