"""Confidence intervals of the scores: in closed form, and by the bootstrap.

A bootstrap's resample is told by how often it has each unit (a pair, a section, a kind of
question): a row of counts. A statistic takes many such rows at once, so that thousands of resamples
are a few array operations, and none of them sorts anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastw2v.checks import one_of, real_number, whole_number

Floats = NDArray[np.float64]
# Counts, (resamples, units), to values, (resamples,); NaN where a resample leaves one undefined.
Statistic = Callable[[Floats], Floats]

_Z95 = 1.959963984540054  # two-sided 95 % quantile of the standard normal distribution
_CELLS = 1 << 14  # of a matrix of counts: 128 KiB, which the first caches hold and malloc keeps


def wilson(correct: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval (1927) of a share of n independent questions."""
    share = correct / n
    scale = 1.0 + _Z95**2 / n
    centre = (share + _Z95**2 / (2 * n)) / scale
    half = _Z95 / scale * math.sqrt(share * (1.0 - share) / n + _Z95**2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def bonett_wright(rho: float, n: int) -> tuple[float, float]:
    """Return an approximate 95 % interval of Spearman's rho of n independent pairs.

    Fisher's z with the standard error of Bonett and Wright (2000), "Sample size requirements for
    estimating Pearson, Kendall and Spearman correlations", Psychometrika 65:23-28. Fewer than four
    pairs say nothing: (-1, 1).
    """
    if n < 4:
        return -1.0, 1.0
    if abs(rho) == 1.0:
        return rho, rho
    half = _Z95 * math.sqrt((1.0 + rho**2 / 2.0) / (n - 3))
    centre = math.atanh(rho)
    return math.tanh(centre - half), math.tanh(centre + half)


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are taken from resamples with replacement.

    Parameters
    ----------
    level
        Share of such intervals that shall hold the true value, in (0, 1).
    resamples
        How many, at least 100.
    method
        ``"percentile"``: the quantiles of the resamples' values; ``"bca"``: quantiles corrected for
        the values' bias and skewness (Efron 1987, "Better bootstrap confidence intervals").
    seed
        Of the resamples.

    Raises
    ------
    TypeError, ValueError
        If an argument is of another type or out of its range.
    """

    level: float
    resamples: int
    method: str
    seed: int

    def __post_init__(self) -> None:
        if real_number("level", self.level, above=0.0) >= 1.0:
            raise ValueError(f"level must be below 1, such as 0.95, not {self.level}")
        whole_number("resamples", self.resamples, least=100)
        one_of("method", self.method, ("bca", "percentile"))
        whole_number("seed", self.seed)

    def interval(
        self, statistic: Statistic, multiplicity: NDArray[np.int64]
    ) -> tuple[float, float]:
        """Return the interval of a statistic of a sample.

        Parameters
        ----------
        statistic
            The value of each row of counts.
        multiplicity
            How often the sample has each unit, (units,).

        Raises
        ------
        ValueError
            If the statistic is undefined for most resamples.
        """
        counts = _resamples(self.seed, multiplicity, self.resamples)
        values = np.concatenate([statistic(rows) for rows in counts])
        values = values[~np.isnan(values)]
        if 2 * len(values) < self.resamples:
            raise ValueError(
                f"the score is defined for only {len(values)} of {self.resamples} resamples: a "
                "bootstrap needs more questions"
            )
        tails = (1.0 - self.level) / 2.0, (1.0 + self.level) / 2.0
        if self.method == "bca":
            tails = _corrected(tails, values, statistic, multiplicity)
        low, high = np.quantile(values, tails)
        return float(low), float(high)


def ratio(sums: Floats, sizes: Floats) -> Statistic:
    """Return the statistic "sum of sums by sum of sizes" of units: a share, or a difference."""

    def statistic(counts: Floats) -> Floats:
        with np.errstate(invalid="ignore"):  # nothing is left of a single question
            return np.asarray((counts @ sums) / (counts @ sizes))

    return statistic


def _resamples(seed: int, multiplicity: NDArray[np.int64], resamples: int) -> Iterator[Floats]:
    """Yield counts of resamples, as many rows at a time as memory shall hold."""
    random = np.random.default_rng(seed)
    n, units = int(multiplicity.sum()), len(multiplicity)
    rows = max(1, _CELLS // units)
    for start in range(0, resamples, rows):
        now = min(rows, resamples - start)
        if (multiplicity != 1).any():
            yield random.multinomial(n, multiplicity / n, size=now).astype(np.float64)
            continue
        drawn = random.integers(units, size=(now, units))
        drawn += units * np.arange(now)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=now * units)
        yield counts.reshape(now, units).astype(np.float64)


def _corrected(
    tails: tuple[float, float],
    values: Floats,
    statistic: Statistic,
    multiplicity: NDArray[np.int64],
) -> tuple[float, float]:
    """Return the shares of resamples that BCa takes for the two tails."""
    from statistics import NormalDist  # imports much, for this alone

    normal = NormalDist()
    whole = multiplicity.astype(np.float64)
    observed = statistic(whole[None])[0]
    below = np.mean(values < observed) + np.mean(values == observed) / 2.0
    bias = normal.inv_cdf(float(np.clip(below, 1 / (len(values) + 1), 1 - 1 / (len(values) + 1))))
    present = np.flatnonzero(multiplicity)
    left_out = []  # the values without one question or pair: the jackknife
    rows = max(1, _CELLS // len(whole))
    for start in range(0, len(present), rows):
        units = present[start : start + rows]
        counts = np.tile(whole, (len(units), 1))
        counts[np.arange(len(units)), units] -= 1.0
        left_out.append(statistic(counts))
    jackknife, weights = np.concatenate(left_out), whole[present]
    jackknife, weights = jackknife[~np.isnan(jackknife)], weights[~np.isnan(jackknife)]
    influence = np.average(jackknife, weights=weights) - jackknife if len(jackknife) else jackknife
    spread = float(weights @ influence**2)
    skewness = float(weights @ influence**3) / (6.0 * spread**1.5) if spread > 0.0 else 0.0

    def corrected(tail: float) -> float:
        z = bias + normal.inv_cdf(tail)
        return normal.cdf(bias + z / (1.0 - skewness * z))

    return corrected(tails[0]), corrected(tails[1])
