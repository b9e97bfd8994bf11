"""Pearson's r and Spearman's rho, of one sample and of many resamples at once."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v.evaluation.intervals import Statistic

Floats = NDArray[np.float64]


class Correlation(NamedTuple):
    """A correlation and its two-sided p-value, named as SciPy's results are."""

    statistic: float
    pvalue: float


def average_ranks(values: Floats) -> Floats:
    """Return the ranks from 1, equal values sharing the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = np.cumsum(counts) - (counts - 1) / 2.0
    return ranks[inverse]


def pearson(x: Floats, y: Floats) -> float:
    """Return Pearson's correlation; NaN if all values of x, or of y, are equal."""
    if np.ptp(x) == 0.0 or np.ptp(y) == 0.0:
        return math.nan
    # Divided by the largest, so that no square is too large or too small for float64.
    x, y = x - x.mean(), y - y.mean()
    x, y = x / np.abs(x).max(), y / np.abs(y).max()
    return max(-1.0, min(1.0, float(x @ y) / math.sqrt(float(x @ x) * float(y @ y))))


def spearman(x: Floats, y: Floats) -> float:
    """Return Spearman's rho, the correlation of the average ranks; NaN as Pearson's."""
    return pearson(average_ranks(x), average_ranks(y))


def resampled_spearman(x: Floats, y: Floats) -> Statistic:
    """Return Spearman's rho of x and y as a function of how often each pair is in a resample."""
    ranks_of_x, ranks_of_y = _resampled_ranks(x), _resampled_ranks(y)

    def statistic(counts: Floats) -> Floats:
        return _weighted_correlation(counts, ranks_of_x(counts), ranks_of_y(counts))

    return statistic


def resampled_difference(gold: Floats, a: Floats, b: Floats) -> Statistic:
    """Return the rho of gold and a less that of gold and b, as `resampled_spearman` does."""
    ranks_of_gold, ranks_of_a, ranks_of_b = map(_resampled_ranks, (gold, a, b))

    def statistic(counts: Floats) -> Floats:
        ranks = ranks_of_gold(counts)
        return np.asarray(
            _weighted_correlation(counts, ranks, ranks_of_a(counts))
            - _weighted_correlation(counts, ranks, ranks_of_b(counts))
        )

    return statistic


def _resampled_ranks(values: Floats) -> Statistic:
    """Return a function from counts, (r, n), to the values' average ranks less their mean, (r, n).

    With the distinct values in order, a value's average rank is how many of the resample are below
    it, plus half of one more than how many equal it: sums of counts.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    group = np.empty(len(values), np.intp)
    group[order] = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(values))))

    def ranks(counts: Floats) -> Floats:
        equal = np.take(counts, order, axis=1)
        if len(first) < len(values):
            equal = np.add.reduceat(equal, first, axis=1)
        up_to = np.cumsum(equal, axis=1)
        middle = up_to[:, -1:] / 2.0  # the mean rank, less 1/2
        equal /= 2.0
        up_to -= equal
        up_to -= middle
        return np.take(up_to, group, axis=1)

    return ranks


def _weighted_correlation(counts: Floats, x: Floats, y: Floats) -> Floats:
    """Return each row's correlation of x and y, whose weighted means are 0; NaN if undefined."""
    weighted = counts * x
    together = np.einsum("ij,ij->i", weighted, y)
    of_x = np.einsum("ij,ij->i", weighted, x)
    of_y = np.einsum("ij,ij,ij->i", counts, y, y)
    variance = of_x * of_y
    defined = variance > 0.0
    return np.where(defined, together / np.sqrt(np.where(defined, variance, 1.0)), np.nan)
