"""The command line: ``fastw2v COMMAND``; one module a command, with its parser and what it does.

=============  ===================================================================================
``arguments``  how commands and their options are declared, and the options that several have
``sources``    what is trained on: texts, standard input, encoded corpora; and vocabularies
``vectors``    files of vectors, as they are asked about, and words as their keys
``results``    what is printed, for people or as JSON
``word2vec``   word2vec.c's flags and defaults, for ``train``
=============  ===================================================================================

The modules import little: what a command needs is imported when it runs.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version

from fastw2v.cli import (
    analogy,
    compare,
    convert,
    demo,
    encode,
    evaluate,
    info,
    phrases,
    plot,
    similar,
    train,
)
from fastw2v.cli.arguments import MisuseError, examples

COMMANDS = (
    train,
    encode,
    phrases,
    similar,
    analogy,
    evaluate,
    compare,
    convert,
    plot,
    info,
    demo,
)  # in the order of --help
# What the library's messages call by the names of Python, and this program by those of its options.
IN_OPTIONS = {
    "format=": "--format",
    "limit=": "--limit",
    "encoding_errors='replace'": "--encoding-errors replace",
    "method='pca'": "--method pca",
    "by='question'": "--by question",
    "sample=0": "--sample 0",
    "pass case_insensitive=True": "leave out --case-sensitive",
    "raise restrict_vocab": "raise --restrict-vocab",
}
# What is told in one line: something that the user gave, or the machine has not.
EXPECTED = (
    *(ImportError, MemoryError, OSError, ValueError),
    *(OverflowError, FloatingPointError),
)
PIPE_CLOSED = 141  # what a shell reports of a program that SIGPIPE ended


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    argv
        The arguments; None takes those of the process.

    Returns
    -------
    int
        0 for success, 1 for an error, which is told in one line, 2 without a command, 130 if
        interrupted, 141 if whoever reads the output has gone. Arguments that make no sense end the
        process with 2, ``--help`` and ``--version`` with 0.
    """
    try:
        try:
            return _run(argv)
        finally:  # whatever happened: what is buffered is to be seen, or its loss to be told, now
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:
        _abandon_output()
        return PIPE_CLOSED
    except EXPECTED as error:
        print(f"fastw2v: error: {_message(error)}", file=sys.stderr)
        _abandon_output()
        return 1
    except KeyboardInterrupt:
        print("fastw2v: interrupted", file=sys.stderr)
        return 130


def _run(argv: Sequence[str] | None) -> int:
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.run is None:
        parser.print_help(sys.stderr)
        return 2
    if isinstance(sys.stdout, io.TextIOWrapper):  # whose encoding may lack a key's characters
        sys.stdout.reconfigure(errors="backslashreplace")
    with _warnings_on_stderr():
        try:
            arguments.run(arguments)
        except MisuseError as error:
            arguments.refuse(_message(error))  # as argparse does what it sees by itself
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastw2v",
        description="Word vectors at native speed.",
        epilog=examples(
            "fastw2v demo --output vectors.safetensors",
            "fastw2v train corpus.txt -o model.safetensors",
            "fastw2v similar model.safetensors king queen",
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fastw2v {version('fastw2v')}")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return parser


@contextlib.contextmanager
def _warnings_on_stderr() -> Iterator[None]:
    """Show the log's warnings, as lines of this program."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("fastw2v: warning: %(message)s"))
    handler.setLevel(logging.WARNING)
    logger = logging.getLogger("fastw2v")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def _message(error: BaseException) -> str:
    """Return an error in one line."""
    text = str(error)
    if isinstance(error, OSError) and error.errno is not None:
        text = f"{error.strerror}"
        if error.filename is not None:
            text = f"{error.filename!r}: {text}"
    for python, option in IN_OPTIONS.items():
        text = text.replace(python, option)
    return " ".join(text.split()) or type(error).__name__


def _abandon_output() -> None:
    """Leave nothing for the interpreter's end to write where nothing can be written any more."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        with contextlib.suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
