"""Plots as one HTML file, from ``page.html``, which is a page with holes for a title and the data.

Whatever a key holds, it stays text: in the data every character that could end the element or
start another is escaped, and the page's script writes to text nodes and a canvas only.
"""

from __future__ import annotations

import html
import json
import re
from importlib.resources import files
from typing import Any

from fastw2v.plot.plots import WordPlot

HOLE = re.compile(r"\{\{(title|data)\}\}")
UNSAFE = {ord(c): f"\\u{ord(c):04x}" for c in "<>&"}


def word_page(plot: WordPlot) -> str:
    """Return the page of a plot."""
    low, high = plot.points.min(axis=0), plot.points.max(axis=0)
    # The page needs no more than relative places; rounding keeps the file small.
    scale = max(float((high - low).max()), 1e-12)
    data: dict[str, Any] = {
        "title": plot.title,
        "note": plot.note,
        "keys": plot.labels,
        "x": (plot.points[:, 0] / scale).round(6).tolist(),
        "y": (plot.points[:, 1] / scale).round(6).tolist(),
        "counts": plot.counts.tolist(),
        "groups": plot.groups.tolist(),
        "nearest": [[(i, round(cosine, 3)) for i, cosine in near] for near in plot.nearest],
        "arrows": [list(arrow) for arrow in plot.arrows],
        "rings": [(round(r.radius / scale, 6), r.label, round(r.angle, 4)) for r in plot.rings],
    }
    fill = {
        "title": html.escape(plot.title),
        "data": json.dumps(data, separators=(",", ":")).translate(UNSAFE),
    }
    template = files("fastw2v.plot").joinpath("page.html").read_text(encoding="utf-8")
    return HOLE.sub(lambda hole: fill[hole[1]], template)
