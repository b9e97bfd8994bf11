"""Plots as matplotlib figures.

Only ``matplotlib.figure.Figure`` is used: no ``pyplot``, so no window, no state that others share,
and no display needed. Sizes are in points, 72 an inch, so that a picture looks the same whatever
its resolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from fastw2v.plot.labels import place
from fastw2v.plot.plots import HistoryPlot, WordPlot

try:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.patches import Circle
    from matplotlib.ticker import MaxNLocator

    from fastw2v.plot.fonts import choose_fonts
except ImportError as error:
    raise ImportError(
        "pictures are drawn by matplotlib, which is not installed: pip install 'fastw2v[plot]', or "
        "save as .html"
    ) from error

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

POINTS_AN_INCH = 72
WORD_SIZE = (10.0, 8.0)  # inches
HISTORY_SIZE = (7.0, 5.0)
MARGIN = 14.0  # points
HEADING = 44.0
FONT_SIZE = 8.0
COLORS = ("#1f6f9f", "#c2542d")
INK, FAINT, PAPER = "#1a1a1a", "#8a8f94", "#ffffff"
SMALLEST, LARGEST = 1.6, 4.0  # radii of points
LINE_STEP = 3.0  # between the points that stand for a line


def word_figure(plot: WordPlot) -> Figure:
    """Draw words as points, all of them, with as many labels as there is room for."""
    figure = Figure(WORD_SIZE, facecolor=PAPER)
    size = np.array(WORD_SIZE) * POINTS_AN_INCH
    axes = figure.add_axes((0, 0, 1, 1), facecolor=PAPER)
    axes.set_axis_off()
    # Data of the axes are points of the page: everything has its place before it is drawn.
    axes.set_xlim(0, size[0])
    axes.set_ylim(0, size[1])
    where, scale, origin = _fit(plot, size - [2 * MARGIN, 2 * MARGIN + HEADING])
    where, origin = where + MARGIN, origin + MARGIN
    families, (title, *labels) = choose_fonts([plot.title, *plot.labels])
    _write(axes, (MARGIN, size[1] - MARGIN), title, 13, INK, "left", "top")
    _write(axes, (MARGIN, size[1] - MARGIN - 18), plot.note, 9, FAINT, "left", "top")
    taken = _draw_rings(axes, plot, origin, scale)
    lines = _draw_arrows(axes, plot, where)
    radii = _radii(plot)
    colors = [COLORS[group] for group in plot.groups]
    areas = (2 * radii) ** 2
    axes.scatter(where[:, 0], where[:, 1], areas, colors, alpha=0.8, linewidths=0, zorder=3)
    sizes = _text_sizes(figure, labels, families)
    bounds = size[0], size[1] - HEADING - MARGIN
    centers = place(where, sizes, radii + 1.5, bounds, fixed=taken, lines=lines)
    for label, center, group in zip(labels, centers, plot.groups, strict=True):
        if not np.isnan(center[0]):
            _write(axes, center, label, FONT_SIZE, INK if group == 0 else COLORS[group])
    for text in axes.texts:
        text.set_fontfamily(families)
    return figure


def _write(
    axes: Axes,
    place: Sequence[float] | NDArray[np.float64],
    text: str,
    size: float,
    color: str,
    ha: Literal["left", "center"] = "center",
    va: Literal["top", "center"] = "center",
) -> Text:
    """Write a text that neither mathtext nor TeX reads: a key is no formula."""
    written = axes.text(
        float(place[0]), float(place[1]), text, fontsize=size, color=color, ha=ha, va=va, zorder=4
    )
    written.set_parse_math(False)
    written.set_usetex(False)
    return written


def _fit(
    plot: WordPlot, area: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
    """Return the words' places in an area, the same scale both ways, the scale and the origin."""
    low, high = plot.points.min(axis=0), plot.points.max(axis=0)
    if plot.rings:  # whole, and in the middle
        reach = max(ring.radius for ring in plot.rings)
        reach = max(reach, float(np.abs(plot.points).max()))
        low, high = np.full(2, -reach), np.full(2, reach)
    extent = high - low
    room = area - [120, 30]  # for the labels of the outermost words
    scales = room[extent > 0] / extent[extent > 0]
    scale = float(scales.min()) if len(scales) else 1.0
    origin = area / 2 - scale * (low + high) / 2
    return plot.points * scale + origin, scale, origin


def _draw_rings(
    axes: Axes, plot: WordPlot, origin: NDArray[np.float64], scale: float
) -> NDArray[np.float64]:
    """Draw circles with their labels, and return the labels' boxes."""
    boxes = []
    for ring in plot.rings:
        radius = ring.radius * scale
        middle = float(origin[0]), float(origin[1])
        axes.add_patch(Circle(middle, radius, fill=False, ec=FAINT, lw=0.6, ls=(0, (2, 4))))
        x, y = origin + radius * np.array([np.cos(ring.angle), np.sin(ring.angle)])
        text = _write(axes, (x, y), ring.label, FONT_SIZE - 1, FAINT)
        text.set_bbox({"fc": PAPER, "ec": "none", "pad": 1})
        boxes.append((x - 10, y - 5, x + 10, y + 5))
    return np.array(boxes).reshape(-1, 4)


def _draw_arrows(axes: Axes, plot: WordPlot, where: NDArray[np.float64]) -> NDArray[np.float64]:
    """Draw arrows, and return points along them, (k, 2)."""
    lines = [np.empty((0, 2))]
    for first, second in plot.arrows:
        length = float(np.linalg.norm(where[second] - where[first]))
        lines.append(np.linspace(where[first], where[second], 2 + int(length / LINE_STEP)))
        axes.annotate(
            "",
            xy=tuple(where[second]),
            xytext=tuple(where[first]),
            arrowprops={
                "arrowstyle": "-|>",
                "color": FAINT,
                "lw": 0.9,
                "shrinkA": 3,
                "shrinkB": 4,
                "mutation_scale": 9,
            },
            zorder=2,
        )
    return np.vstack(lines)


def _radii(plot: WordPlot) -> NDArray[np.float64]:
    """Return the radii of points, larger for frequent words."""
    logs = np.log(np.maximum(plot.counts, 1))
    spread = float(np.ptp(logs))
    share = (logs - logs.min()) / spread if spread > 0 else np.full(len(logs), 0.4)
    radii: NDArray[np.float64] = SMALLEST + (LARGEST - SMALLEST) * share
    return np.where(plot.groups == 1, np.maximum(radii, 3), radii)


def _text_sizes(figure: Figure, texts: list[str], families: list[str]) -> NDArray[np.float64]:
    """Return the widths and heights of labels, in points, (n, 2)."""
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    font = FontProperties(family=families, size=FONT_SIZE)
    sizes = [renderer.get_text_width_height_descent(text, font, False)[:2] for text in texts]
    return np.array(sizes) * POINTS_AN_INCH / figure.dpi


def history_figure(plot: HistoryPlot) -> Figure:
    """Draw the losses and, below, the learning rate after each epoch."""
    figure = Figure(HISTORY_SIZE, facecolor=PAPER, layout="constrained")
    epochs = [record.epoch + 1 for record in plot.records]
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    for axes, name, values, color in (
        (top, "mean loss", [record.loss for record in plot.records], COLORS[0]),
        (bottom, "learning rate", [record.lr for record in plot.records], COLORS[1]),
    ):
        axes.plot(epochs, values, color=color, marker="o", markersize=3.5, linewidth=1.4)
        axes.set_ylabel(name)
        axes.set_facecolor(PAPER)
        axes.grid(axis="y", color="#e4e6e8", linewidth=0.7)
        axes.spines[["top", "right"]].set_visible(False)
    held_out = [record.validation_loss for record in plot.records]
    if any(loss is not None for loss in held_out):
        losses = [np.nan if loss is None else loss for loss in held_out]
        style = {"marker": "o", "markersize": 3.5, "linewidth": 1.4, "linestyle": "--"}
        top.plot(epochs, losses, color=COLORS[1], label="validation", **style)
        top.lines[0].set_label("training")
        top.legend(frameon=False)
    bottom.set_ylim(bottom=0)
    bottom.set_xlabel("epoch")
    bottom.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure
