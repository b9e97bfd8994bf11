"""Pictures of vectors and of training: what to show is chosen here, drawing is done elsewhere.

=============  =====================================================================================
``projection`` many dimensions become two
``plots``      what a picture shows, and how it is saved
``labels``     words' labels, placed where there is room
``figures``    matplotlib figures
``fonts``      which can write the words
``page``       one HTML file with search and zoom, from ``page.html``
=============  =====================================================================================

Each function returns a plot: ``save(path)`` writes it as ``.png``, ``.svg`` or ``.pdf``, and one of
words as ``.html``, by the path's ending; ``figure()`` returns it as a ``matplotlib.figure.Figure``.
matplotlib and scikit-learn (for t-SNE) are needed, and imported, only where they are used: the page
of a PCA needs neither.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fastw2v.checks import one_of, optional_number, whole_number
from fastw2v.keyed_vectors import KeyedVectors
from fastw2v.messages import described
from fastw2v.plot.plots import HistoryPlot, Plot, Ring, WordPlot, label_of, nearest
from fastw2v.plot.projection import around, pca, tsne, unit_rows
from fastw2v.trainer import EpochRecord

__all__ = ["HistoryPlot", "Plot", "WordPlot", "analogies", "history", "map", "neighbors"]

METHODS = ("tsne", "pca")
MOST_RINGS = 5


def map(
    vectors: KeyedVectors,
    keys: Iterable[Hashable] | None = None,
    *,
    n: int = 300,
    method: str = "tsne",
    seed: int | None = None,
) -> WordPlot:
    """Return a map of words in two dimensions: words with similar vectors lie close together.

    Vectors are divided by their lengths before, so that near means near by cosine.

    Parameters
    ----------
    vectors
        Such as ``model.wv``.
    keys
        The words to show; None, the default, takes the ``n`` most frequent.
    n
        How many, where no keys are given; 300 by default.
    method
        ``"tsne"``, the default: t-SNE (van der Maaten and Hinton 2008), by scikit-learn, with
        perplexity 30, or a third of the words if that is less; neighbours stay neighbours, but
        distances between groups mean little. ``"pca"``: the two directions in which the vectors
        vary most.
    seed
        t-SNE starts at random with a seed, to see what in a map is chance. None, the default,
        starts from the PCA, and gives the same map every time.

    Raises
    ------
    KeyError
        If a key has no vector.
    TypeError, ValueError
        For options or vectors that can't be right, or no words.
    ImportError
        Without scikit-learn, for t-SNE.
    """
    _check_vectors(vectors)
    one_of("method", method, METHODS)
    seed = optional_number("seed", seed, most=2**32 - 1)
    if method == "pca" and seed is not None:
        raise ValueError("seed is for method='tsne': a PCA leaves nothing to chance")
    if keys is None:
        rows = _most_frequent(vectors, whole_number("n", n, least=1))
        title = f"The {len(rows):,} most frequent words"
        if len(rows) == len(vectors):
            title = "All words"
    else:
        rows = _by_count(vectors, _rows(vectors, keys))
        title = f"{len(rows):,} words"
    units = unit_rows(vectors, rows)
    if method == "tsne":
        points, note = tsne(units, seed)
    else:
        points, note = pca(units)
    return _word_plot(vectors, rows, units, points, title, note)


def neighbors(vectors: KeyedVectors, key: Hashable, *, topn: int = 30) -> WordPlot:
    """Return a word's neighbourhood: it in the middle, its nearest neighbours around it.

    The distance from the middle is exact, the angle between the two vectors, and rings show its
    cosine. Directions are those of a PCA of what the neighbours do not share with the word: in the
    same direction lie neighbours that resemble each other.

    Parameters
    ----------
    vectors
        Such as ``model.wv``.
    key
        The word.
    topn
        How many neighbours; 30 by default.

    Raises
    ------
    KeyError
        If the key has no vector.
    TypeError, ValueError
        For ``topn``, if the word is alone, or if its vector is zero.
    """
    _check_vectors(vectors)
    topn = whole_number("topn", topn, least=1)
    center = vectors.get_index(key)
    found = [near for near, _ in vectors.most_similar([key], topn=topn)]
    if not found:
        raise ValueError(f"{key!r} is the only key: it has no neighbours")
    rows = np.array([center, *(vectors.get_index(near) for near in found)], np.intp)
    units = unit_rows(vectors, rows)
    if not units[0].any():
        raise ValueError(f"the vector of {key!r} is zero: it has no direction, hence no neighbours")
    points, cosines = around(units)
    name = label_of(key)
    title = f"The nearest neighbour of “{name}”"
    if len(found) > 1:
        title = f"The {len(found):,} nearest neighbours of “{name}”"
    note = f"distance: the angle to “{name}”, on the rings its cosine; direction: PCA"
    plot = _word_plot(vectors, rows, units, points, title, note)
    plot.groups[0] = 1
    return replace(plot, rings=_rings(cosines[1:], _free_direction(points[1:])))


def analogies(vectors: KeyedVectors, pairs: Iterable[tuple[Hashable, Hashable]]) -> WordPlot:
    """Return pairs of words as arrows from the first to the second, parallel for analogous pairs.

    The words are shown by a PCA of all their vectors, divided by their lengths.

    Parameters
    ----------
    vectors
        Such as ``model.wv``.
    pairs
        Pairs of keys, such as ``[("man", "woman"), ("king", "queen")]``.

    Raises
    ------
    KeyError
        If a key has no vector.
    TypeError, ValueError
        For what are no pairs, or for none.
    """
    _check_vectors(vectors)
    row_pairs: list[tuple[int, int]] = []
    for number, pair in enumerate(pairs):
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
            raise TypeError(
                f"pair {number} must be two keys, such as ('man', 'woman'), not {pair!r}"
            )
        row_pairs.append((vectors.get_index(pair[0]), vectors.get_index(pair[1])))
    if not row_pairs:
        raise ValueError("there are no pairs to show")
    found = dict.fromkeys(row for pair in row_pairs for row in pair)
    rows = _by_count(vectors, list(found))
    units = unit_rows(vectors, rows)
    points, note = pca(units)
    place = {int(row): i for i, row in enumerate(rows)}
    arrows = [(place[first], place[second]) for first, second in row_pairs]
    title = "1 pair of words" if len(arrows) == 1 else f"{len(arrows):,} pairs of words"
    plot = _word_plot(vectors, rows, units, points, title, note)
    plot.groups[[second for _, second in arrows]] = 1
    return replace(plot, arrows=arrows)


def history(history: Iterable[EpochRecord]) -> HistoryPlot:
    """Return the loss and the learning rate by epoch.

    Parameters
    ----------
    history
        ``model.history``.

    Raises
    ------
    TypeError, ValueError
        For what is no history, or for one without an epoch.
    """
    if not isinstance(history, Iterable):
        raise TypeError(f"history must be a list of EpochRecord, model.history, not {history!r}")
    records = list(history)
    for record in records:
        if not isinstance(record, EpochRecord):
            raise TypeError(f"history must hold EpochRecord, as model.history does, not {record!r}")
    if not records:
        raise ValueError("the history has no epoch yet: train first")
    return HistoryPlot(records)


def _check_vectors(vectors: object) -> None:
    if not isinstance(vectors, KeyedVectors):
        raise TypeError(f"vectors must be KeyedVectors, such as model.wv, not {described(vectors)}")


def _word_plot(
    vectors: KeyedVectors,
    rows: NDArray[np.intp],
    units: NDArray[np.float64],
    points: NDArray[np.float64],
    title: str,
    note: str,
) -> WordPlot:
    return WordPlot(
        title=title,
        note=note,
        keys=[vectors.index_to_key[row] for row in rows],
        points=points,
        counts=vectors.counts[rows],
        nearest=nearest(units),
        groups=np.zeros(len(rows), np.intp),
    )


def _most_frequent(vectors: KeyedVectors, n: int) -> NDArray[np.intp]:
    if not len(vectors):
        raise ValueError("there are no vectors to show")
    return np.argsort(-vectors.counts, kind="stable")[:n]


def _rows(vectors: KeyedVectors, keys: Iterable[Hashable]) -> list[int]:
    if isinstance(keys, str | bytes) or not isinstance(keys, Iterable):
        raise TypeError(f"keys must be a list of keys, not {keys!r}")
    rows = list(dict.fromkeys(vectors.get_index(key) for key in keys))
    if not rows:
        raise ValueError("keys is empty: there are no words to show")
    return rows


def _by_count(vectors: KeyedVectors, rows: list[int]) -> NDArray[np.intp]:
    """Put rows in order of count: the frequent words' labels are placed first."""
    order = np.argsort(-vectors.counts[rows], kind="stable")
    return np.array(rows, np.intp)[order]


def _free_direction(points: NDArray[np.float64]) -> float:
    """Return the angle in the middle of the widest gap between points around the origin."""
    angles = np.sort(np.arctan2(points[:, 1], points[:, 0]))
    gaps = np.diff(angles, append=angles[0] + 2 * np.pi)
    widest = int(gaps.argmax())
    return float(angles[widest] + gaps[widest] / 2)


def _rings(cosines: NDArray[np.float64], angle: float) -> list[Ring]:
    """Choose round cosines, from the nearest neighbour's outwards."""
    for step in (0.05, 0.1, 0.2, 0.5):
        first, last = np.floor(cosines.min() / step), np.ceil(cosines.max() / step)
        steps = np.arange(first, min(last, np.ceil(1 / step) - 1) + 1)
        if len(steps) <= MOST_RINGS:
            break
    rounded = (steps * step).clip(-1, 1).round(2) + 0.0  # no -0
    return [Ring(float(np.arccos(cosine)), f"{cosine:g}", angle) for cosine in rounded]
