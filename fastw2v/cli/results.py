"""What commands print, for people or as JSON."""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from fastw2v import EpochRecord


def show(arguments: argparse.Namespace, result: Mapping[str, Any], lines: Iterable[str]) -> None:
    """Print a result: as one JSON object with ``--json``, else as lines for people."""
    if arguments.json:
        print(json.dumps(plain(result), allow_nan=False))
        return
    for line in lines:
        print(line)


def plain(value: Any) -> Any:
    """Return a value as JSON has it: tuples become arrays, what is no number becomes null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def text_of(key: Hashable) -> str:
    """Return a key as it is printed: on one line, and without what moves a terminal's cursor."""
    if not isinstance(key, str):
        return json.dumps(plain(key))
    return key if key.isprintable() and key else repr(key)


def aligned(rows: Sequence[Sequence[str]], *, indent: int = 0) -> list[str]:
    """Return rows of cells as lines, in columns: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append(" " * indent + "  ".join(cells).rstrip())
    return lines


def history_lines(history: Iterable[EpochRecord]) -> list[str]:
    """Return a line for each epoch."""
    return [
        f"epoch {record.epoch + 1:>3}  {'  '.join(map(' '.join, record.losses.items()))}  "
        f"{record.words_per_second:>12,.0f} words/s  {record.seconds:8.1f} s"
        f"{'' if record.kept else '  undone'}"
        for record in history
    ]
