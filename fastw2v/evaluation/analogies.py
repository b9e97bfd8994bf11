"""Analogies: "a is to b as c is to ?", in sections of questions."""

from __future__ import annotations

import logging
import os
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v.checks import one_of
from fastw2v.evaluation.answering import RULES, right_answers
from fastw2v.evaluation.intervals import Bootstrap, ratio, wilson
from fastw2v.evaluation.lookup import Lookup, Matrix, check_shape, coverage, remedy
from fastw2v.evaluation.questions import AnyPath, Questions, read_analogies
from fastw2v.messages import described

logger = logging.getLogger("fastw2v")


class Answers(NamedTuple):
    """What became of each question, in the order of the sections, (questions,)."""

    known: NDArray[np.bool_]  # all four words
    right: NDArray[np.bool_]  # never where a word is not known


@dataclass(frozen=True)
class AnalogyResult:
    """The outcome of an analogy test.

    Attributes
    ----------
    accuracy : float
        Share of the used questions answered correctly, in [0, 1].
    correct : int
        Questions answered correctly.
    questions_used : int
        Questions with all four words known.
    questions_total : int
        Questions asked.
    sections : dict of str to (int, int)
        For each section, how many questions were answered correctly and how many were used.
    """

    accuracy: float
    correct: int
    questions_used: int
    questions_total: int
    sections: dict[str, tuple[int, int]]

    @property
    def out_of_vocabulary(self) -> int:
        """Questions left out, as a word of theirs is not known."""
        return self.questions_total - self.questions_used

    @property
    def confidence_interval(self) -> tuple[float, float]:
        """Approximate 95 % interval of `accuracy`, in closed form.

        Wilson's score interval (1927). It takes the questions for independent, and for equally
        hard; those of one section share their words and their relation, so the true interval is
        wider. ``bootstrap_interval(by="section")`` assumes neither.
        """
        return wilson(self.correct, self.questions_used)

    def bootstrap_interval(
        self,
        *,
        by: str = "question",
        level: float = 0.95,
        resamples: int = 10_000,
        method: str = "bca",
        seed: int = 0,
    ) -> tuple[float, float]:
        """Return a confidence interval of `accuracy` by the bootstrap.

        Parameters
        ----------
        by : {"question", "section"}, default "question"
            What is drawn again: single questions, as if they were independent, or whole sections,
            which asks how much the score depends on the relations that the test happens to have.
            With few sections such an interval is rough, and mostly too narrow.
        level : float, default 0.95
            Share of such intervals that hold the true value.
        resamples : int, default 10000
            Resamples, at least 100.
        method : {"bca", "percentile"}, default "bca"
            Quantiles of the resamples' accuracy, corrected for bias and skewness (Efron 1987) or
            not.
        seed : int, default 0
            Of the resamples: the same seed gives the same interval.

        Returns
        -------
        (float, float)
            Lower and upper bound.

        Raises
        ------
        ValueError
            If an argument is out of its range, or if by sections fewer than two have questions.
        """
        resampling = Bootstrap(level, resamples, method, seed)
        one_of("by", by, ("question", "section"))
        if by == "section":
            units = np.array([section for section in self.sections.values() if section[1]])
            sums, sizes = units.T.astype(np.float64)
            multiplicity = at_least_two_sections(len(units))
        else:
            sums, sizes = np.array([1.0, 0.0]), np.ones(2)
            multiplicity = np.array([self.correct, self.questions_used - self.correct])
        return resampling.interval(ratio(sums, sizes), multiplicity)


def evaluate_analogies(
    keys: Sequence[Hashable],
    vectors: Matrix,
    questions: Questions | AnyPath,
    *,
    restrict_vocab: int | None = 30_000,
    case_insensitive: bool = False,
    method: str = "3cosadd",
) -> AnalogyResult:
    """Answer analogy questions "a is to b as c is to d".

    The answer is the word w, other than the three given, with the highest score. By 3CosAdd that is
    cos(w, b) − cos(w, a) + cos(w, c): the word nearest to b − a + c, all of unit length (Mikolov,
    Yih and Zweig 2013, "Linguistic regularities in continuous space word representations"). By
    3CosMul it is s(w, b) · s(w, c) / (s(w, a) + 0.001) with s = (1 + cos) / 2 (Levy and Goldberg
    2014, "Linguistic regularities in sparse and explicit word representations"). Equal scores are
    decided in favour of the more frequent word. A question whose answer is one of its given words
    can't be answered correctly, and counts.

    Parameters
    ----------
    keys : sequence of hashable
        The key of each row of `vectors`, most frequent first.
    vectors : ndarray of shape (len(keys), vector_size)
        The vectors; they need not have unit length.
    questions : mapping of str to sequence of (a, b, c, d), or path
        Section name to questions, as from `read_analogies`. A path is one of a file that it reads,
        with the words as they are there: ``case_insensitive=True`` finds them among lower-case
        keys.
    restrict_vocab : int, default 30000
        Only the first so many keys are known: a question with another word is skipped, and no other
        word is an answer. None: all. (`compare` and the methods of `KeyedVectors` take the first
        300,000, as gensim does, unless told otherwise.)
    case_insensitive : bool, default False
        Whether strings are equal if their upper-case forms are; the first key's vector counts, and
        all of them are one answer.
    method : {"3cosadd", "3cosmul"}, default "3cosadd"
        How words are scored.

    Returns
    -------
    AnalogyResult
        The accuracy, overall and for each section, and how many questions were left out.

    Raises
    ------
    ValueError
        If no question has all four words known; if `restrict_vocab` is less than 1 or `method`
        unknown; if `vectors` does not fit `keys` or holds a non-finite value; if a file is
        malformed.
    TypeError
        If `questions` is neither a mapping nor a path.
    OSError
        If a file can't be read.
    """
    if isinstance(questions, str | os.PathLike):
        questions = read_analogies(questions, lower=False)
    elif not isinstance(questions, Mapping):
        raise TypeError(
            "questions must be sections of questions, such as {'family': [('man', 'woman', 'king', "
            f"'queen')]}}, or the path of a file of them, not {described(questions)}"
        )
    lookup = Lookup(keys, restrict_vocab, case_insensitive)
    known, right = answer(keys, vectors, lookup, questions, method)
    require_any(known, known, lookup, len(keys), case_insensitive)
    sections = tally(questions, known, right)
    used, correct = int(known.sum()), int(right.sum())
    return AnalogyResult(correct / used, correct, used, len(known), sections)


def answer(
    keys: Sequence[Hashable], vectors: Matrix, lookup: Lookup, questions: Questions, method: str
) -> Answers:
    """Answer all questions, section after section."""
    one_of("method", method, tuple(RULES))
    check_shape(keys, vectors)
    flat = [question for section in questions.values() for question in section]
    words = (word for question in flat for word in _four(question))
    rows = lookup.rows(words).reshape(-1, 4)
    known = np.asarray((rows >= 0).all(axis=1))
    right = np.zeros(len(flat), np.bool_)
    if known.any():
        right[known] = right_answers(keys, vectors, lookup, rows[known], method)
    return Answers(known, right)


def require_any(
    known: NDArray[np.bool_],
    counted: NDArray[np.bool_],
    lookup: Lookup,
    n_keys: int,
    case_insensitive: bool,
) -> None:
    """Log how many questions are known; raise ValueError if none counts."""
    logger.info("analogies: %s", coverage(int(known.sum()), len(known)))
    if not counted.any():
        raise ValueError(
            f"none of {len(known)} questions has all four words among the first {lookup.size} of "
            f"{n_keys} keys (they should be sorted by frequency); {remedy(case_insensitive)}"
        )


def tally(
    questions: Questions, counted: NDArray[np.bool_], right: NDArray[np.bool_]
) -> dict[str, tuple[int, int]]:
    """Return for each section how many were answered correctly and how many count; log them."""
    sections = {
        name: (int(right[part].sum()), int(counted[part].sum())) for name, part in parts(questions)
    }
    everything = ("all sections", (int(right.sum()), int(counted.sum())))
    for name, (correct, used) in (*sections.items(), everything):
        share = 100.0 * correct / used if used else 0.0
        logger.info("analogies, %s: %d of %d correct (%.1f %%)", name, correct, used, share)
    return sections


def parts(questions: Questions) -> Iterator[tuple[str, slice]]:
    """Yield each section's name, and where it lies in an array of all questions."""
    start = 0
    for name, section in questions.items():
        yield name, slice(start, start + len(section))
        start += len(section)


def at_least_two_sections(n: int) -> NDArray[np.int64]:
    """Return the multiplicity of so many sections: 1 each."""
    if n < 2:
        raise ValueError(
            f"only {n} section has known questions, and drawing sections again needs at least 2; "
            "use by='question'"
        )
    return np.ones(n, np.int64)


def _four(question: Sequence[Hashable]) -> Sequence[Hashable]:
    if len(question) != 4:
        raise ValueError(f"a question must have four words, not {question!r}")
    return question
