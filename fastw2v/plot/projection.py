"""From many dimensions to two: PCA, t-SNE, and the view around one vector."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v.keyed_vectors import KeyedVectors

PERPLEXITY = 30.0
LEAST_WORDS = 5  # for t-SNE; fewer are shown by their PCA
# Below, threads gain little, and lose much where others want the cores: they wait for each other a
# thousand times, and don't sleep meanwhile (300 words took 4 seconds on one thread, 56 on two).
WORDS_FOR_THREADS = 5000


def unit_rows(vectors: KeyedVectors, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return some rows divided by their lengths, float64 (len(rows), d); zeros stay zeros.

    Raises
    ------
    ValueError
        If a value is not finite; the message names the key.
    """
    chosen = np.asarray(vectors[[vectors.index_to_key[row] for row in rows]], np.float64)
    bad = np.flatnonzero(~np.isfinite(chosen).all(axis=1))
    if len(bad):
        key = vectors.index_to_key[rows[bad[0]]]
        raise ValueError(f"the vector of {key!r} has a value that is not finite")
    lengths = np.linalg.norm(chosen, axis=1, keepdims=True)
    units: NDArray[np.float64] = chosen / np.where(lengths > 0, lengths, 1)
    return units


def pca(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], str]:
    """Return the rows' two principal components, (n, 2), and what they are, in words."""
    centered = rows - rows.mean(axis=0)
    points, spread = _principal(centered)
    total = float((centered**2).sum())
    share = float((spread**2).sum()) / total if total > 0 else 1.0
    return points, f"PCA, {100 * share:.0f} % of the variance"


def tsne(rows: NDArray[np.float64], seed: int | None) -> tuple[NDArray[np.float64], str]:
    """Return t-SNE's positions of rows, (n, 2), and what they are, in words.

    A few rows are shown by their PCA.
    """
    if len(rows) < LEAST_WORDS:
        return pca(rows)
    try:
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits  # which scikit-learn brings
    except ImportError as error:
        raise ImportError(
            "t-SNE is scikit-learn's, which is not installed: pip install 'fastw2v[plot]', or use "
            "method='pca'"
        ) from error
    perplexity = min(PERPLEXITY, (len(rows) - 1) / 3)
    start: Any = "random"
    if seed is None:
        start, _ = pca(rows)
        # As small as t-SNE wants it: points that begin far apart stay so.
        start = (1e-4 * start / max(start[:, 0].std(), 1e-12)).astype(np.float32)
    tsne = TSNE(2, perplexity=perplexity, init=start, random_state=seed)
    with threadpool_limits(1 if len(rows) < WORDS_FOR_THREADS else None):
        fitted = tsne.fit(rows)
    return fitted.embedding_.astype(np.float64), f"t-SNE, perplexity {perplexity:.0f}"


def around(units: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the rows as seen from the first, (n, 2), and their cosines to it, (n,).

    The distance from the origin is the angle to the first row, in radians.
    """
    cosines = (units @ units[0]).clip(-1, 1)
    rest = units - cosines[:, None] * units[0]
    directions = np.zeros((len(units), 2))
    # Centered, or what all of them share would be the main direction.
    directions[1:], _ = _principal(rest[1:] - rest[1:].mean(axis=0))
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    directions = np.where(lengths > 1e-9, directions, [1, 0]) / np.where(lengths > 1e-9, lengths, 1)
    points = np.arccos(cosines)[:, None] * directions
    points[0] = 0
    return points, cosines


def _principal(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the rows in their two main directions, (n, 2), and the singular values of these."""
    left, spread, right = np.linalg.svd(rows, full_matrices=False)
    # A direction's sign is the library's choice; this one is everywhere the same.
    largest = np.take_along_axis(right, np.abs(right).argmax(axis=1)[:, None], axis=1)[:, 0]
    points = np.zeros((len(rows), 2))
    n = min(2, len(spread))
    points[:, :n] = (left * spread * np.where(largest < 0, -1, 1))[:, :n]
    return points, spread[:n]
