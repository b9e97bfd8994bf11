"""How commands and their options are declared, and the options that several commands have."""

from __future__ import annotations

import argparse
import math
import shutil
import textwrap
from collections.abc import Callable
from typing import TypeAlias

from fastw2v.vocabulary import DEFAULT_MIN_COUNT

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Run: TypeAlias = Callable[[argparse.Namespace], None]
Options: TypeAlias = argparse.ArgumentParser | argparse._ArgumentGroup


class MisuseError(ValueError):
    """Arguments that make no sense together, whatever is in the files that they name."""


def add_command(
    commands: Commands,
    name: str,
    run: Run,
    *,
    help: str,
    description: str,
    examples_of: tuple[str, ...],
) -> argparse.ArgumentParser:
    """Declare a command and return its parser, to which it adds its options."""
    parser = commands.add_parser(
        name,
        help=help,
        description=wrapped(description),
        epilog=examples(*examples_of),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run, refuse=parser.error)
    return parser


def wrapped(text: str) -> str:
    """Return paragraphs in lines that fit the terminal, as argparse does with all but epilogs."""
    width = max(20, shutil.get_terminal_size().columns - 2)
    return "\n\n".join(textwrap.fill(paragraph, width) for paragraph in text.split("\n\n"))


def examples(*lines: str) -> str:
    """Return what ends a command's help."""
    if len(lines) == 1:
        return f"example: {lines[0]}"
    return "\n  ".join(["examples:", *lines])


def at_least(least: int) -> Callable[[str], int]:
    """Return what reads a whole number of a range."""

    def number(text: str) -> int:
        if not (text.isascii() and text.isdecimal()) or int(text) < least:
            raise argparse.ArgumentTypeError(
                f"must be a whole number, at least {least}, not {text!r}"
            )
        return int(text)

    return number


def real(text: str) -> float:
    """Read a finite number."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"must be a number, not {text!r}")
    return number


def share(text: str) -> float:
    """Read a number between 0 and 1."""
    number = real(text)
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"must be between 0 and 1, not {text!r}")
    return number


def readable_format(text: str) -> str:
    """Read the name of a format that can be read."""
    from fastw2v.formats import FORMATS

    return _format(text, [format.name for format in FORMATS.values() if format.readable])


def writable_format(text: str) -> str:
    """Read the name of a format that can be written."""
    from fastw2v.formats import FORMATS

    return _format(text, [format.name for format in FORMATS.values() if format.writable])


def _format(text: str, names: list[str]) -> str:
    if text not in names:
        raise argparse.ArgumentTypeError(f"must be one of {', '.join(names)}, not {text!r}")
    return text


def add_json(parser: Options) -> None:
    """Declare ``--json``."""
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object, and nothing else"
    )


def add_vocabulary_size(parser: Options, *word2vec_names: str) -> None:
    """Declare what chooses a vocabulary from the words that were counted."""
    parser.add_argument(
        "--min-count",
        *word2vec_names,
        metavar="N",
        type=at_least(1),
        help=f"leave out words that occur less often (default: {DEFAULT_MIN_COUNT})",
    )
    parser.add_argument(
        "--max-vocab-size",
        metavar="N",
        type=at_least(1),
        help="keep only the N most frequent words",
    )


def add_reading(parser: Options) -> None:
    """Declare the options of reading texts."""
    parser.add_argument(
        "--errors",
        choices=["strict", "replace"],
        default="strict",
        help="refuse bytes that are not UTF-8, or put U+FFFD in their place (default: strict)",
    )
    parser.add_argument(
        "--max-distinct",
        metavar="N",
        type=at_least(1000),
        help="forget the rarest words above N distinct ones while counting",
    )
    parser.add_argument(
        "--memory-limit",
        metavar="BYTES",
        type=at_least(1 << 24),
        help="of memory for the encoded text; above it, temporary files are used (default: half "
        "of what is free)",
    )


def add_workers(parser: Options, *word2vec_names: str, help: str) -> None:
    """Declare ``--workers``."""
    parser.add_argument(
        "--workers",
        *word2vec_names,
        metavar="N",
        type=at_least(1),
        help=f"{help} (default: all cores)",
    )


def add_loading(parser: Options) -> None:
    """Declare how files of vectors are read."""
    add_format(parser)
    add_limit(parser)


def add_format(parser: Options) -> None:
    """Declare ``--format``, of a file that is read."""
    parser.add_argument(
        "--format",
        metavar="NAME",
        type=readable_format,
        help="the file's format (default: seen by its content)",
    )


def add_limit(parser: Options) -> None:
    """Declare ``--limit`` and ``--encoding-errors``."""
    parser.add_argument(
        "--limit", metavar="N", type=at_least(1), help="read only the first N vectors"
    )
    parser.add_argument(
        "--encoding-errors",
        choices=["strict", "replace", "ignore"],
        default="strict",
        help="refuse a text file whose words are not UTF-8, put U+FFFD in the place of such bytes, "
        "or leave them out (default: strict)",
    )
