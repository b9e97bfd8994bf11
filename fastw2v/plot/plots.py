"""What a picture shows, whatever draws it, and how it is saved."""

from __future__ import annotations

import io
import os
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v.formats.files import replacing
from fastw2v.trainer import EpochRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IMAGES = (".png", ".svg", ".pdf")
DPI = 150
LONGEST_LABEL = 40
JOINERS = "\u200c\u200d"  # invisible, and part of words in several scripts
N_NEAREST = 8
CHUNK = 1 << 24  # cosines at a time


class Plot(ABC):
    """A picture that is still to be drawn."""

    endings: ClassVar[tuple[str, ...]] = IMAGES  # that save takes

    @abstractmethod
    def figure(self) -> Figure:
        """Return a new matplotlib figure, which belongs to no window and to no ``pyplot``."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save to a file, whole or not at all, in the format that its ending names.

        Raises
        ------
        ValueError
            For another ending.
        OSError
            If the file can't be written.
        """
        ending = Path(path).suffix.lower()
        if ending not in self.endings:
            raise ValueError(
                f"{os.fspath(path)!r}: this is saved as {', '.join(self.endings)}, by the file's "
                "ending"
            )
        with replacing(path) as file:  # refuses a path before anything is drawn
            file.write(self._bytes(ending))

    def _bytes(self, ending: str) -> bytes:
        memory = io.BytesIO()
        self.figure().savefig(memory, format=ending[1:], dpi=DPI)
        return memory.getvalue()

    def _repr_png_(self) -> bytes:
        """Show in notebooks."""
        return self._bytes(".png")


class Ring(NamedTuple):
    """A circle around the origin, and what is written on it where."""

    radius: float
    label: str
    angle: float  # from the right, counterclockwise, in radians


@dataclass(frozen=True, eq=False)
class WordPlot(Plot):
    """Words as points.

    Attributes
    ----------
    title, note
        What is shown, and how it was laid out.
    keys
        The words, n of them; the first ones' labels are placed first.
    points
        Their places, float64 (n, 2).
    counts
        How often each occurred, int64 (n,); 0 where that is not known.
    nearest
        For each word the others that are nearest by cosine: pairs of a number and the cosine.
    groups
        Each word's colour, 0 or 1, (n,).
    arrows
        Pairs of numbers of words.
    rings
        Circles around the origin.
    """

    title: str
    note: str
    keys: list[Hashable]
    points: NDArray[np.float64]
    counts: NDArray[np.int64]
    nearest: list[list[tuple[int, float]]]
    groups: NDArray[np.intp]
    arrows: Sequence[tuple[int, int]] = ()
    rings: Sequence[Ring] = ()

    endings: ClassVar[tuple[str, ...]] = (*IMAGES, ".html")

    @property
    def labels(self) -> list[str]:
        """What is written for each key."""
        return [label_of(key) for key in self.keys]

    def figure(self) -> Figure:
        """Return a new matplotlib figure, which belongs to no window and to no ``pyplot``.

        All points are drawn, and the labels for which there is room, those of frequent words first.
        """
        from fastw2v.plot.figures import word_figure

        return word_figure(self)

    def html(self) -> str:
        """Return a page with the plot, to be searched, hovered and zoomed.

        It is one file that loads nothing from anywhere.
        """
        from fastw2v.plot.page import word_page

        return word_page(self)

    def _bytes(self, ending: str) -> bytes:
        return self.html().encode() if ending == ".html" else super()._bytes(ending)


@dataclass(frozen=True, eq=False)
class HistoryPlot(Plot):
    """Loss and learning rate by epoch.

    Attributes
    ----------
    records
        One an epoch, at least one.
    """

    records: list[EpochRecord]

    def figure(self) -> Figure:
        """Return a new matplotlib figure, which belongs to no window and to no ``pyplot``."""
        from fastw2v.plot.figures import history_figure

        return history_figure(self)


def label_of(key: Hashable) -> str:
    """Return what is written for a key: on one line, printable, and not too long."""
    text = key if isinstance(key, str) else repr(key)
    printable = "".join(c if c.isprintable() or c in JOINERS else ascii(c)[1:-1] for c in text)
    if not printable.strip():
        printable = repr(text)
    if len(printable) > LONGEST_LABEL:
        printable = printable[: LONGEST_LABEL - 1] + "…"
    return printable


def nearest(units: NDArray[np.float64]) -> list[list[tuple[int, float]]]:
    """Return the nearest of the other rows for each row, with the cosines, nearest first."""
    n = min(N_NEAREST, len(units) - 1)
    if n == 0:
        return [[] for _ in units]
    found: list[list[tuple[int, float]]] = []
    small = units.astype(np.float32)
    step = max(1, CHUNK // len(units))
    for begin in range(0, len(units), step):
        cosines = small[begin : begin + step] @ small.T
        own = np.arange(len(cosines))
        cosines[own, begin + own] = -np.inf
        some = np.argpartition(-cosines, n - 1, axis=1)[:, :n]
        order = np.argsort(-np.take_along_axis(cosines, some, axis=1), axis=1, kind="stable")
        best = np.take_along_axis(some, order, axis=1)
        values = np.take_along_axis(cosines, best, axis=1)
        for row, row_values in zip(best.tolist(), values.tolist(), strict=True):
            found.append(list(zip(row, row_values, strict=True)))
    return found
