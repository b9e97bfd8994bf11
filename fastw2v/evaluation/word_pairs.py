"""Word pairs: whether the cosine of two words orders pairs as people do."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fastw2v.evaluation.correlation import pearson, resampled_spearman, spearman
from fastw2v.evaluation.intervals import Bootstrap, bonett_wright
from fastw2v.evaluation.lookup import (
    Lookup,
    Matrix,
    check_shape,
    coverage,
    remedy,
    unit_rows,
)
from fastw2v.evaluation.questions import AnyPath, Pairs, read_word_pairs
from fastw2v.messages import shown

logger = logging.getLogger("fastw2v")


@dataclass(frozen=True)
class WordPairResult:
    """The outcome of a word-pair test.

    Attributes
    ----------
    spearman : float
        Spearman's rank correlation of cosines and scores, in [-1, 1]; equal values share the mean
        of their ranks.
    pearson : float
        Pearson's correlation of the same, in [-1, 1].
    pairs_used : int
        Pairs with both words known.
    pairs_total : int
        Pairs asked.
    cosines, scores : ndarray of shape (pairs_used,)
        What is correlated, in the order of the pairs; float64.
    """

    spearman: float
    pearson: float
    pairs_used: int
    pairs_total: int
    cosines: NDArray[np.float64] = field(repr=False, compare=False)
    scores: NDArray[np.float64] = field(repr=False, compare=False)

    @property
    def out_of_vocabulary(self) -> int:
        """Pairs left out, as a word of theirs is not known."""
        return self.pairs_total - self.pairs_used

    @property
    def confidence_interval(self) -> tuple[float, float]:
        """Approximate 95 % interval of `spearman`, over the choice of pairs, in closed form.

        Fisher's z with the standard error of Bonett and Wright (2000), "Sample size requirements
        for estimating Pearson, Kendall and Spearman correlations", Psychometrika 65:23-28. It takes
        the pairs for independent, cosines and scores for normal up to a monotonic change of each,
        and is meant for |rho| below 0.95. Fewer than four pairs say nothing: the interval is then
        (-1, 1). `bootstrap_interval` assumes the first of these alone.
        """
        return bonett_wright(self.spearman, self.pairs_used)

    def bootstrap_interval(
        self,
        *,
        level: float = 0.95,
        resamples: int = 10_000,
        method: str = "bca",
        seed: int = 0,
    ) -> tuple[float, float]:
        """Return a confidence interval of `spearman` by the bootstrap: pairs are drawn again.

        It takes the pairs for a random sample of independent ones; sets whose pairs share words are
        not quite that.

        Parameters
        ----------
        level : float, default 0.95
            Share of such intervals that hold the true value.
        resamples : int, default 10000
            Resamples, at least 100.
        method : {"bca", "percentile"}, default "bca"
            Quantiles of the resamples' rho, corrected for bias and skewness (Efron 1987) or not.
        seed : int, default 0
            Of the resamples: the same seed gives the same interval.

        Returns
        -------
        (float, float)
            Lower and upper bound.

        Raises
        ------
        ValueError
            If an argument is out of its range, or if there are so few pairs that rho is undefined
            in most resamples.
        """
        return Bootstrap(level, resamples, method, seed).interval(
            resampled_spearman(self.scores, self.cosines), np.ones(self.pairs_used, np.int64)
        )


def evaluate_word_pairs(
    keys: Sequence[Hashable],
    vectors: Matrix,
    pairs: Pairs | AnyPath,
    *,
    restrict_vocab: int | None = None,
    case_insensitive: bool = False,
) -> WordPairResult:
    """Correlate the cosine of word pairs with human scores.

    Parameters
    ----------
    keys : sequence of hashable
        The key of each row of `vectors`.
    vectors : ndarray of shape (len(keys), vector_size)
        The vectors; they need not have unit length. The cosine with a zero vector is 0.
    pairs : sequence of (hashable, hashable, float), or path
        Two keys and their score, as from `read_word_pairs`. Pairs with an unknown key are skipped.
        A path is one of a file that it reads, with the words as they are there.
    restrict_vocab : int, default None
        Only the first so many keys are known; None: all. (`compare` and the methods of
        `KeyedVectors` take the first 300,000, as gensim does, unless told otherwise.)
    case_insensitive : bool, default False
        Whether strings are equal if their upper-case forms are; the first key counts.

    Returns
    -------
    WordPairResult
        Spearman's rho and Pearson's r, how many pairs they rest on, and how many were left out.

    Raises
    ------
    ValueError
        If fewer than two pairs are known, or if all cosines or all scores are equal, so that the
        correlation is undefined; if `vectors` does not fit `keys` or holds a non-finite value; if
        a pair is none, or its score no finite number; if a file is malformed; if `restrict_vocab`
        is less than 1.
    OSError
        If a file can't be read.
    """
    if isinstance(pairs, str | os.PathLike):
        pairs = read_word_pairs(pairs, lower=False)
    lookup = Lookup(keys, restrict_vocab, case_insensitive)
    cosines = pair_cosines(keys, vectors, lookup, pairs)
    known = ~np.isnan(cosines)
    require_two(known, known, lookup, len(keys), case_insensitive)
    return correlate(cosines[known], gold_scores(pairs)[known], len(pairs))


def pair_cosines(
    keys: Sequence[Hashable], vectors: Matrix, lookup: Lookup, pairs: Pairs
) -> NDArray[np.float64]:
    """Return each pair's cosine, float64 (len(pairs),); NaN where a word is not known."""
    check_shape(keys, vectors)
    _check_pairs(pairs)
    rows = lookup.rows(word for pair in pairs for word in pair[:2]).reshape(-1, 2)
    known = (rows >= 0).all(axis=1)
    cosines = np.full(len(pairs), math.nan)
    if known.any():
        asked, inverse = np.unique(rows[known], return_inverse=True)
        unit = unit_rows(keys, vectors, asked)
        first, second = inverse.reshape(-1, 2).T
        cosines[known] = np.einsum("ij,ij->i", unit[first], unit[second])
    return cosines


def require_two(
    known: NDArray[np.bool_],
    counted: NDArray[np.bool_],
    lookup: Lookup,
    n_keys: int,
    case_insensitive: bool,
) -> None:
    """Log how many pairs are known; raise ValueError if fewer than two count."""
    used = int(counted.sum())
    logger.info("word pairs: %s", coverage(int(known.sum()), len(known)))
    if used < 2:
        raise ValueError(
            f"only {used} of {len(known)} pairs have both words among the first {lookup.size} of "
            f"{n_keys} keys, at least 2 are needed; {remedy(case_insensitive)}"
        )


def gold_scores(pairs: Pairs) -> NDArray[np.float64]:
    """Return what people gave the pairs, float64 (len(pairs),); ValueError if it is not finite."""
    return np.array([_score(pair) for pair in pairs], dtype=np.float64)


def _score(pair: tuple[Hashable, Hashable, float]) -> float:
    try:
        score = float(pair[2])
    except (TypeError, ValueError):
        raise ValueError(f"the score of the pair {shown(pair)} is no number") from None
    if not math.isfinite(score):
        raise ValueError(f"the score of the pair {shown(pair)} is not finite")
    return score


def _check_pairs(pairs: Pairs) -> None:
    for number, pair in enumerate(pairs):
        if isinstance(pair, str) or not hasattr(pair, "__len__") or len(pair) < 3:
            raise ValueError(
                f"pair {number} must be two keys and their score, such as ('cat', 'dog', 7.5), not "
                f"{shown(pair)}"
            )


def correlate(
    cosines: NDArray[np.float64], scores: NDArray[np.float64], total: int
) -> WordPairResult:
    """Return the result of these pairs, of so many asked; ValueError if it is undefined."""
    for name, values in (("cosines", cosines), ("scores", scores)):
        if np.ptp(values) == 0.0:
            raise ValueError(
                f"the correlation is undefined: the {name} of all {len(values)} pairs are equal; "
                "use more pairs, or trained vectors"
            )
    rho, r = spearman(cosines, scores), pearson(cosines, scores)
    logger.info("word pairs: Spearman's rho %.4f, Pearson's r %.4f", rho, r)
    return WordPairResult(rho, r, len(cosines), total, cosines, scores)
