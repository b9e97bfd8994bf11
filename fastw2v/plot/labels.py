"""Labels beside points, where there is room: greedy, the first ones first.

For each label eight places around its point are tried, the right side first. The best is the one
that covers no label, the fewest points, and the least of lines; a label that could only lie on
another, or on many points, is left out. Placing all of them well is a hard problem, and maps look
good with this much of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Where a label's middle lies from its point, in halves of its width and height, beyond the gap.
DIRECTIONS = np.array([(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)])
SPACE = 1.0  # left free around a label
MOST_COVERED = 1  # points that a label may lie on


def place(
    points: NDArray[np.float64],
    sizes: NDArray[np.float64],
    gaps: NDArray[np.float64],
    bounds: tuple[float, float],
    *,
    fixed: NDArray[np.float64] | None = None,
    lines: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Choose a place for each label, or none.

    Parameters
    ----------
    points
        (n, 2), in the order in which labels are placed, in any unit of length.
    sizes
        Widths and heights of the labels, (n, 2).
    gaps
        How far from its point a label begins, (n,).
    bounds
        Width and height of the picture, which begins at (0, 0); no label leaves it.
    fixed
        Boxes to keep free, (m, 4): left, bottom, right and top.
    lines
        Points of lines, (k, 2), to be covered only where there is no other place.

    Returns
    -------
    centers : ndarray
        Of the labels, (n, 2); NaN for labels that are left out.
    """
    centers = np.full(points.shape, np.nan)
    fixed = np.empty((0, 4)) if fixed is None else fixed
    lines = np.empty((0, 2)) if lines is None else lines
    taken = np.empty((len(fixed) + len(points), 4))
    taken[: len(fixed)] = fixed
    n_taken = len(fixed)
    for i, (point, size, gap) in enumerate(zip(points, sizes, gaps, strict=True)):
        half = size / 2 + SPACE
        # On a diagonal the label's corner may come nearer: the gap is the point's radius.
        reach = np.where(np.abs(DIRECTIONS).sum(axis=1, keepdims=True) == 2, 0.7 * gap, gap)
        middles = point + DIRECTIONS * (half + reach)
        boxes = np.hstack([middles - half, middles + half])
        inside = (boxes[:, :2] >= 0).all(axis=1) & (boxes[:, 2:] <= bounds).all(axis=1)
        free = inside & ~_overlap(boxes, taken[:n_taken]).any(axis=1)
        if not free.any():
            continue
        covered = _contain(boxes, points).sum(axis=1)
        cost = covered + _contain(boxes, lines).sum(axis=1) / (1 + len(lines))
        best = int(np.argmin(np.where(free, cost, np.inf)))
        if covered[best] > MOST_COVERED:
            continue
        centers[i] = middles[best]
        taken[n_taken] = boxes[best]
        n_taken += 1
    return centers


def _overlap(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether boxes of two kinds overlap, (len(a), len(b))."""
    low, high = a[:, None, :2] < b[None, :, 2:], a[:, None, 2:] > b[None, :, :2]
    return np.asarray((low & high).all(axis=2))


def _contain(boxes: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether boxes contain points, (len(boxes), len(points))."""
    low, high = boxes[:, None, :2] < points[None], boxes[:, None, 2:] > points[None]
    return np.asarray((low & high).all(axis=2))
