"""P-values of the tests, without SciPy: exact where a distribution is known, else by resampling.

Two of the exact ones are values of one function, the regularised incomplete beta function:
Student's t of a correlation and the binomial tail of McNemar's test.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_CELLS = 1 << 14  # of a matrix of resamples: 128 KiB, as for the intervals


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b), for a, b > 0 and 0 ≤ x ≤ 1.

    By its continued fraction (DLMF 8.17.22), evaluated from its end. Where that converges slowly,
    1 − I_{1−x}(b, a) takes its place, and is not small.
    """
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - incomplete_beta(b, a, 1.0 - x)
    fraction = 1.0
    for m in range(50 + int(5.0 * math.sqrt(max(a, b))), 0, -1):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        fraction = 1.0 + even / (1.0 + odd / fraction)
    fraction = 1.0 - (a + b) * x / (a + 1.0) / fraction
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    return math.exp(a * math.log(x) + b * math.log1p(-x) - log_beta) / (a * fraction)


def correlation_p_value(correlation: float, n: int) -> float:
    """Return the two-sided p-value of a correlation of n pairs, if there is none in truth.

    That of Student's t with n − 2 degrees of freedom, I_{1−r²}((n − 2)/2, 1/2): exact for
    Pearson's r of normal values, the usual approximation for Spearman's rho, as in SciPy. Two
    pairs say nothing: 1.
    """
    if n < 3:
        return 1.0
    return incomplete_beta((n - 2) / 2.0, 0.5, 1.0 - correlation * correlation)


def mcnemar_p_value(only_a: int, only_b: int) -> float:
    """Return the two-sided p-value of McNemar's exact test.

    Of the questions that one model alone answers correctly, each is either model's with
    probability 1/2 if they are equally good: twice the binomial tail, 2 I_½(n − k, k + 1).
    """
    n, k = only_a + only_b, min(only_a, only_b)
    if 2 * k == n:
        return 1.0
    return min(1.0, 2.0 * incomplete_beta(n - k, k + 1.0, 0.5))


def sign_flip_p_value(differences: Iterable[int]) -> float:
    """Return the two-sided p-value of a sum of differences, each as likely with the other sign.

    Exact: the distribution of the sum over all choices of signs is built difference by difference.
    """
    values = list(differences)
    sizes = [abs(value) for value in values]
    reach = sum(sizes)
    chances = np.zeros(2 * reach + 1)  # of sums from -reach to reach
    chances[reach] = 1.0
    for size in sizes:
        chances = (np.roll(chances, size) + np.roll(chances, -size)) / 2.0
    beyond = np.abs(np.arange(-reach, reach + 1)) >= abs(sum(values))
    return min(1.0, float(chances[beyond].sum()))


def rank_swap_p_value(
    gold: NDArray[np.float64],
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    *,
    resamples: int,
    seed: int,
) -> float:
    """Return the two-sided p-value of the difference of two rank correlations with one gold.

    If the models are equally good, a pair's ranks by the one and by the other can be exchanged:
    the difference is compared with those after random exchanges (a paired permutation test; with
    one added to both counts, so that the p-value is valid, and at least 1/(resamples + 1)).

    Parameters
    ----------
    gold, a, b
        Ranks of n pairs, (n,).
    resamples
        Random exchanges.
    seed
        Of them.
    """
    middle = (len(gold) + 1) / 2.0
    gold, a, b = gold - middle, a - middle, b - middle
    # Sums after an exchange are the sums before it, plus the exchanged pairs' changes.
    before = np.array([[v.sum(), v @ v, v @ gold] for v in (a, b)])
    change = np.column_stack([b - a, b * b - a * a, (b - a) * gold])

    def difference(exchanged: NDArray[np.float64]) -> NDArray[np.float64]:
        moved = exchanged @ change
        correlations = []
        for sums in (before[0] + moved, before[1] - moved):
            variance = sums[:, 1] - sums[:, 0] ** 2 / len(gold)
            # Ranks are multiples of 1/2: less than this is 0, and so is the correlation then.
            correlations.append(np.where(variance > 1e-6, sums[:, 2], 0.0))
            correlations[-1] /= np.sqrt(np.maximum(variance, 1e-6))
        return np.asarray(np.abs(correlations[0] - correlations[1]))

    observed = difference(np.zeros((1, len(gold))))[0] * (1.0 - 1e-9)  # less its own rounding
    random = np.random.default_rng(seed)
    rows = max(1, _CELLS // len(gold))
    beyond = 0
    for start in range(0, resamples, rows):
        shape = min(rows, resamples - start), len(gold)
        exchanged = random.integers(2, size=shape, dtype=np.int8).astype(np.float64)
        beyond += int((difference(exchanged) >= observed).sum())
    return (beyond + 1) / (resamples + 1)
