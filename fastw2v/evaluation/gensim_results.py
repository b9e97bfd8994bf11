"""The tests with gensim's options, and results of gensim's shapes, for ``KeyedVectors``."""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from fastw2v.checks import one_of
from fastw2v.evaluation.analogies import answer, parts, require_any, tally
from fastw2v.evaluation.correlation import Correlation
from fastw2v.evaluation.lookup import Lookup, Matrix
from fastw2v.evaluation.questions import read_analogies, read_word_pairs
from fastw2v.evaluation.significance import correlation_p_value
from fastw2v.evaluation.word_pairs import correlate, gold_scores, pair_cosines, require_two

METHODS = {"most_similar": "3cosadd", "most_similar_cosmul": "3cosmul"}


class Section(TypedDict):
    """A section's name, and its questions by how they were answered."""

    section: str
    correct: list[tuple[str, str, str, str]]
    incorrect: list[tuple[str, str, str, str]]


def word_analogies(
    keys: Sequence[Hashable],
    vectors: Matrix,
    path: str | os.PathLike[str],
    *,
    restrict_vocab: int | None,
    case_insensitive: bool,
    dummy4unknown: bool,
    similarity_function: str,
) -> tuple[float, list[Section]]:
    """Return the accuracy, and the sections with a last one of all: `KeyedVectors` tells more."""
    one_of("similarity_function", similarity_function, tuple(METHODS))
    questions = read_analogies(path, lower=False)
    lookup = Lookup(keys, restrict_vocab, case_insensitive)
    method = METHODS[similarity_function]
    known, right = answer(keys, vectors, lookup, questions, method)
    counted = np.ones_like(known) if dummy4unknown else known
    require_any(known, counted, lookup, len(keys), case_insensitive)
    tally(questions, counted, right)
    sections = []
    for name, part in parts(questions):
        asked = questions[name]
        if case_insensitive:
            asked = [(a.upper(), b.upper(), c.upper(), d.upper()) for a, b, c, d in asked]
        sections.append(_section(name, asked, counted[part], right[part]))
    total: Section = {
        "section": "Total accuracy",
        "correct": [question for section in sections for question in section["correct"]],
        "incorrect": [question for section in sections for question in section["incorrect"]],
    }
    return float(right.sum() / counted.sum()), [*sections, total]


def _section(
    name: str,
    questions: Sequence[tuple[str, str, str, str]],
    counted: NDArray[np.bool_],
    right: NDArray[np.bool_],
) -> Section:
    marked = list(zip(questions, counted.tolist(), right.tolist(), strict=True))
    return {
        "section": name,
        "correct": [question for question, _, correct in marked if correct],
        "incorrect": [question for question, counts, correct in marked if counts and not correct],
    }


def word_pairs(
    keys: Sequence[Hashable],
    vectors: Matrix,
    path: str | os.PathLike[str],
    *,
    delimiter: str,
    restrict_vocab: int | None,
    case_insensitive: bool,
    dummy4unknown: bool,
) -> tuple[Correlation, Correlation, float]:
    """Return Pearson's r, Spearman's rho, and % out of vocabulary: `KeyedVectors` tells more."""
    pairs = read_word_pairs(path, delimiter=delimiter, lower=False)
    lookup = Lookup(keys, restrict_vocab, case_insensitive)
    cosines, scores = pair_cosines(keys, vectors, lookup, pairs), gold_scores(pairs)
    known = ~np.isnan(cosines)
    counted = np.ones_like(known) if dummy4unknown else known
    require_two(known, counted, lookup, len(keys), case_insensitive)
    cosines[~known] = 0.0
    result = correlate(cosines[counted], scores[counted], len(pairs))
    pearson, spearman = (
        Correlation(value, correlation_p_value(value, result.pairs_used))
        for value in (result.pearson, result.spearman)
    )
    return pearson, spearman, 100.0 * float(np.mean(~known))
