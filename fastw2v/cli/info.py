"""``fastw2v info``: what a file is, and what it holds."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fastw2v.cli.arguments import Commands, MisuseError, add_command, add_format, add_json
from fastw2v.cli.description import Description, describe
from fastw2v.cli.results import history_lines, show, text_of
from fastw2v.cli.vectors import refuse_standard_input

if TYPE_CHECKING:
    from fastw2v import Provenance
    from fastw2v.formats import Format

KINDS = {
    "model": "a model",
    "checkpoint": "a checkpoint",
    "vectors": "vectors",
    "corpus": "an encoded corpus",
    "vocabulary": "a vocabulary",
}


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "info",
        run,
        help="tell what a file is, and what it holds",
        description="Tell what a file is: vectors of any format, a model with its settings and "
        "history, a checkpoint, an encoded corpus or a vocabulary; and what it says of its corpus: "
        "counts and a fingerprint, to compare with another file's. Vectors and tokens are not "
        "read.",
        examples_of=(
            "fastw2v info model.safetensors",
            "fastw2v info corpus.f2v --json",
            "fastw2v info --formats",
        ),
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("file", metavar="FILE", nargs="?", help="any file that fastw2v reads")
    what.add_argument("--formats", action="store_true", help="list the formats of vectors")
    add_format(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print what is known."""
    if arguments.formats and arguments.format is not None:
        raise MisuseError("--format is of a FILE, and --formats lists all of them")
    if arguments.formats:
        _show_formats(arguments)
        return
    refuse_standard_input(arguments.file)
    path = Path(arguments.file)
    description = describe(arguments.file, arguments.format)
    size = path.stat().st_size
    result = {"file": arguments.file, "bytes": size, **vars(description)}
    show(arguments, result, _lines(arguments.file, size, description))


def _lines(path: str, size: int, description: Description) -> Iterator[str]:
    yield f"{path}: {KINDS[description.kind]} ({description.format}), {_bytes(size)}"
    rows = [("keys", f"{description.keys:,}: {', '.join(map(text_of, description.first))}, ...")]
    if description.keys <= len(description.first):
        rows = [("keys", f"{description.keys:,}: {', '.join(map(text_of, description.first))}")]
    if description.vector_size is not None:
        rows.append(("vector_size", f"{description.vector_size:,}"))
    if description.tokens is not None:
        rows.append(("occurrences", f"{description.tokens:,}"))
    if description.report is not None:
        rows.append(("report", str(description.report)))
    if description.fingerprint is not None:
        rows.append(("fingerprint", description.fingerprint.digest))
    if description.written_by is not None:
        rows.append(("written by", description.written_by))
    if description.provenance is not None:
        rows += _corpora(description.provenance)
    training = description.training
    if training is not None:
        rows += [
            (name, str(value)) for name, value in training.settings.items() if name != "vector_size"
        ]
        rows.append(("workers", "all cores" if training.workers is None else str(training.workers)))
        rows.append(("epochs trained", str(len(training.history))))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        yield f"  {name:<{width}}  {value}"
    if training is not None:
        yield from history_lines(training.history)


def _corpora(provenance: Provenance) -> Iterator[tuple[str, str]]:
    for corpus in provenance.corpora:
        yield (
            "corpus",
            f"{corpus.fingerprint.digest}, from epoch {corpus.first_epoch + 1} on, by fastw2v "
            f"{corpus.version}: {corpus.report}",
        )


def _bytes(size: int) -> str:
    """Return a size as people read it."""
    for unit, power in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= power:
            return f"{size / power:,.1f} {unit}"
    return f"{size} bytes"


def _show_formats(arguments: argparse.Namespace) -> None:
    from fastw2v.formats import FORMATS

    formats = [
        {
            "name": format.name,
            "suffixes": format.suffixes,
            "holds": format.holds,
            "readable": format.readable,
            "writable": format.writable,
            "compressible": format.compressible,
        }
        for format in FORMATS.values()
    ]
    rows = [(one.name, _suffixes(one), one.holds + _restriction(one)) for one in FORMATS.values()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"{name:<{widths[0]}}  {suffixes:<{widths[1]}}  {holds}" for name, suffixes, holds in rows
    ]
    show(arguments, {"formats": formats}, lines)


def _suffixes(format: Format) -> str:
    if format.writable and not format.suffixes:
        return "by name"
    return " ".join(format.suffixes)


def _restriction(format: Format) -> str:
    if not format.writable:
        return " (read only)"
    return "" if format.readable else " (write only)"
