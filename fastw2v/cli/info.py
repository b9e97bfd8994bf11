"""``fastw2v info``: what a file is, and what it holds."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from fastw2v.cli.arguments import Commands, add_command, add_json
from fastw2v.cli.description import Description, describe
from fastw2v.cli.results import history_lines, show, text_of

KINDS = {
    "model": "a model",
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
        "history, an encoded corpus or a vocabulary. Vectors are not read.",
        examples_of=(
            "fastw2v info model.safetensors",
            "fastw2v info corpus.f2v --json",
            "fastw2v info --formats",
        ),
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("file", metavar="FILE", nargs="?", help="any file that fastw2v reads")
    what.add_argument("--formats", action="store_true", help="list the formats of vectors")
    add_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print what is known."""
    if arguments.formats:
        _show_formats(arguments)
        return
    path = Path(arguments.file)
    description = describe(arguments.file)
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
    names = [format.name for format in FORMATS.values()]
    suffixes = [" ".join(format.suffixes) or "by name" for format in FORMATS.values()]
    widths = max(map(len, names)), max(map(len, suffixes))
    lines = []
    for format, name, suffix in zip(FORMATS.values(), names, suffixes, strict=True):
        only = "" if format.readable and format.writable else " (read only)"
        if not format.readable:
            only = " (write only)"
        lines.append(f"{name:<{widths[0]}}  {suffix:<{widths[1]}}  {format.holds}{only}")
    show(arguments, {"formats": formats}, lines)
