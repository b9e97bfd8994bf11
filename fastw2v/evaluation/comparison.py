"""Which of two models is better: both judged on the questions that both know, question by question.

Two scores with their intervals tell less: the questions are the same ones, and what is hard for one
model is hard for the other.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from fastw2v.checks import one_of
from fastw2v.evaluation.analogies import answer, at_least_two_sections, parts
from fastw2v.evaluation.correlation import average_ranks, resampled_difference
from fastw2v.evaluation.intervals import Bootstrap, Statistic, ratio
from fastw2v.evaluation.lookup import Lookup, coverage
from fastw2v.evaluation.questions import Pairs, Questions, read_test
from fastw2v.evaluation.significance import (
    mcnemar_p_value,
    rank_swap_p_value,
    sign_flip_p_value,
)
from fastw2v.evaluation.word_pairs import correlate, gold_scores, pair_cosines

logger = logging.getLogger("fastw2v")


class Vectors(Protocol):
    """Keys and their vectors: `fastw2v.KeyedVectors`, or another library's."""

    @property
    def index_to_key(self) -> Sequence[Any]:
        """The key of each row."""

    @property
    def vectors(self) -> NDArray[Any]:
        """One row a key."""


@dataclass(frozen=True)
class Comparison:
    """How two models, a and b, differ on one test.

    Attributes
    ----------
    score : {"accuracy", "spearman"}
        What was compared: of analogies, or of word pairs.
    a, b : float
        The models' scores, on the questions that both know.
    difference : float
        a − b: positive where a is better.
    confidence_interval : (float, float)
        Of `difference`, by a paired bootstrap.
    p_value : float
        Two-sided, of the hypothesis that the models are equally good.
    significance_test : str
        The test that gave `p_value`.
    only_a, only_b : int or None
        Analogies that the one model answered correctly and the other did not; None for word pairs.
    used : int
        Questions or pairs that both models know.
    total : int
        Those asked.
    out_of_vocabulary : (int, int)
        How many of them a doesn't know, and how many b doesn't.
    """

    score: str
    a: float
    b: float
    difference: float
    confidence_interval: tuple[float, float]
    p_value: float
    significance_test: str
    only_a: int | None
    only_b: int | None
    used: int
    total: int
    out_of_vocabulary: tuple[int, int]


def compare(
    a: Vectors,
    b: Vectors,
    test: str | os.PathLike[str] | Questions | Pairs,
    *,
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
    method: str = "3cosadd",
    by: str = "question",
    level: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Compare two models on the questions of one test that both know.

    For analogies the p-value is that of McNemar's exact test, on the questions that one model alone
    answers correctly (McNemar 1947); ``by="section"`` takes it from all changes of sign of the
    sections' differences instead. For word pairs, a random half of the pairs exchange their ranks
    by the two models, and the difference of Spearman's rho is compared with those after many such
    exchanges. The interval comes from resamples of the questions (or sections, or pairs), the same
    ones for both models, corrected for bias and skewness (BCa, Efron 1987).

    Parameters
    ----------
    a, b : KeyedVectors, or anything with ``index_to_key`` and ``vectors``
        The models, most frequent keys first; of a `fastw2v.Model` its ``wv``. They may have other
        keys and dimensions than each other.
    test : path, mapping or sequence
        A file of analogies or word pairs, or what `read_analogies` or `read_word_pairs` returned.
    restrict_vocab : int, default 300000
        Only the first so many keys of each model are known. None: all. (gensim's default, which
        the methods of `KeyedVectors` have too; `evaluate_analogies` takes the first 30,000 and
        `evaluate_word_pairs` all, unless told otherwise.) An analogy has more wrong
        answers where more words are known: set this to the smaller vocabulary's size for a
        comparison that does not depend on their sizes.
    case_insensitive : bool, default True
        Whether strings are equal if their upper-case forms are.
    method : {"3cosadd", "3cosmul"}, default "3cosadd"
        How analogies are answered, see `evaluate_analogies`; not for word pairs.
    by : {"question", "section"}, default "question"
        Whether questions are taken for independent, or sections only, so that the result tells of
        other relations too; not for word pairs.
    level : float, default 0.95
        Of the interval.
    resamples : int, default 10000
        Of the interval, and for word pairs of the test.
    seed : int, default 0
        Of both: the same seed gives the same result.

    Returns
    -------
    Comparison
        Both scores, their difference with its interval and p-value, and the counts.

    Raises
    ------
    ValueError
        If too few questions are known to both models; if an argument is out of its range, or is one
        for analogies where word pairs are given; as `evaluate_analogies`, `evaluate_word_pairs` and
        the readers do.
    TypeError
        If a or b has no ``index_to_key`` and ``vectors``.
    """
    for name, model in (("a", a), ("b", b)):
        if not (hasattr(model, "index_to_key") and hasattr(model, "vectors")):
            raise TypeError(
                f"{name} must have index_to_key and vectors, as KeyedVectors has, and "
                f"{type(model).__name__} has not: pass the wv of a model"
            )
    if isinstance(test, str | os.PathLike):
        test = read_test(test, lower=False)
    resampling = Bootstrap(level, resamples, "bca", seed)
    lookups = [Lookup(model.index_to_key, restrict_vocab, case_insensitive) for model in (a, b)]
    if isinstance(test, Mapping):
        one_of("by", by, ("question", "section"))
        paired = _pair_analogies((a, b), lookups, test, method, by)
    elif (method, by) != ("3cosadd", "question"):
        raise ValueError(
            f"method={method!r} and by={by!r} are for analogies, and word pairs were given"
        )
    else:
        paired = _pair_word_pairs((a, b), lookups, test, resampling)
    return _concluded(paired, resampling)


class _Paired(NamedTuple):
    """What one test's questions say of two models."""

    score: str
    scores: tuple[float, float]
    known: NDArray[np.bool_]  # to each model, (2, questions)
    statistic: Statistic  # the difference of the scores
    multiplicity: NDArray[np.int64]
    p_value: float
    significance_test: str
    only: tuple[int | None, int | None]


def _pair_analogies(
    models: tuple[Vectors, Vectors],
    lookups: Sequence[Lookup],
    questions: Questions,
    method: str,
    by: str,
) -> _Paired:
    answers = [
        answer(model.index_to_key, model.vectors, lookup, questions, method)
        for model, lookup in zip(models, lookups, strict=True)
    ]
    known = np.array([found.known for found in answers])
    both = _known_to_both(known, 1)
    a, b = (found.right & both for found in answers)
    used = int(both.sum())
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    if by == "section":
        slices = [part for _, part in parts(questions) if both[part].any()]
        multiplicity = at_least_two_sections(len(slices))
        sizes = [int(both[part].sum()) for part in slices]
        differences = [int(a[part].sum()) - int(b[part].sum()) for part in slices]
        p_value, name = sign_flip_p_value(differences), "sign changes of sections"
    else:
        # Kinds of questions: a's alone, b's alone, and those that make no difference.
        sizes, differences = [1, 1, 1], [1, -1, 0]
        multiplicity = np.array([only_a, only_b, used - only_a - only_b])
        p_value, name = mcnemar_p_value(only_a, only_b), "McNemar's exact test"
    return _Paired(
        "accuracy",
        (int(a.sum()) / used, int(b.sum()) / used),
        known,
        ratio(np.array(differences, np.float64), np.array(sizes, np.float64)),
        multiplicity,
        p_value,
        name,
        (only_a, only_b),
    )


def _pair_word_pairs(
    models: tuple[Vectors, Vectors],
    lookups: Sequence[Lookup],
    pairs: Pairs,
    resampling: Bootstrap,
) -> _Paired:
    cosines = np.array(
        [
            pair_cosines(model.index_to_key, model.vectors, lookup, pairs)
            for model, lookup in zip(models, lookups, strict=True)
        ]
    )
    known = ~np.isnan(cosines)
    both = _known_to_both(known, 2)
    gold = gold_scores(pairs)[both]
    a, b = cosines[:, both]
    rhos = [correlate(cosine, gold, len(pairs)).spearman for cosine in (a, b)]
    ranks = [average_ranks(values) for values in (gold, a, b)]
    return _Paired(
        "spearman",
        (rhos[0], rhos[1]),
        known,
        resampled_difference(gold, a, b),
        np.ones(len(gold), np.int64),
        rank_swap_p_value(*ranks, resamples=resampling.resamples, seed=resampling.seed),
        "exchanges of ranks",
        (None, None),
    )


def _known_to_both(known: NDArray[np.bool_], least: int) -> NDArray[np.bool_]:
    """Return which questions both models know; ValueError if these are fewer than needed."""
    both = np.asarray(known.all(axis=0))
    used, total = int(both.sum()), known.shape[1]
    if used < least:
        of_a, of_b = known.sum(axis=1).tolist()
        raise ValueError(
            f"only {used} of {total} questions are known to both models ({of_a} to a, {of_b} to "
            f"b), at least {least} must be; raise restrict_vocab, compare models of like texts, "
            "or train with a lower min_count"
        )
    return both


def _concluded(paired: _Paired, resampling: Bootstrap) -> Comparison:
    a, b = paired.scores
    used, total = int(paired.known.all(axis=0).sum()), paired.known.shape[1]
    unknown_a, unknown_b = (total - paired.known.sum(axis=1)).tolist()
    result = Comparison(
        score=paired.score,
        a=a,
        b=b,
        difference=a - b,
        confidence_interval=resampling.interval(paired.statistic, paired.multiplicity),
        p_value=paired.p_value,
        significance_test=paired.significance_test,
        only_a=paired.only[0],
        only_b=paired.only[1],
        used=used,
        total=total,
        out_of_vocabulary=(unknown_a, unknown_b),
    )
    logger.info("comparison: %s (a: %d, b: %d)", coverage(used, total), unknown_a, unknown_b)
    low, high = result.confidence_interval
    logger.info(
        "%s of a %.4f, of b %.4f: difference %+.4f (%+.4f to %+.4f), p = %.3g by %s",
        *(result.score, a, b, result.difference, low, high, result.p_value),
        result.significance_test,
    )
    return result
