"""Which analogy questions are answered correctly: a search over the vocabulary, block by block.

A question's score of a word has three terms, one for each given word: of its cosine with the word.
So a block of the vocabulary is multiplied with the vectors of all given words once, however many
questions they are in, and a question costs two additions a word instead of a product of vectors.
Only whether the expected answer is the best is asked, so a question is settled when one better word
is found, mostly among the first.

The search is in float32, and only suspects: whether a word beats the expected answer is decided in
float64. So the result depends neither on the blocks nor on the BLAS.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v.evaluation.lookup import Lookup, Matrix, lengths

Rows = NDArray[np.intp]
Reals = NDArray[Any]  # float32 in the search, float64 in the decision

_QUESTIONS = 1 << 13  # searched for together
_CELLS = 1 << 22  # of a block's cosines: 16 MiB of float32
_SCORES = 1 << 18  # scored together: 1 MiB, and as much for one term
_LEAST_BLOCK = 256  # rows of the vocabulary
_DECISIONS = 1 << 12  # taken together


class Rule(NamedTuple):
    """How a word is scored: three terms, of its cosines with b, a and c, in one sum or product."""

    combine: Callable[..., Reals]
    given: Callable[[Reals], Reals]  # the terms of b and of c
    taken: Callable[[Reals], Reals]  # that of a
    # By how much a score in float32 can be less than the true one: at any rate, and of its size.
    absolute: float
    relative: float


def _similarity(cosines: Reals) -> Reals:
    """Return (1 + cosine) / 2; in float32 a little more, and so never less than the true one."""
    similarity = np.maximum((1 + cosines) / 2, 0)
    return similarity + np.float32(1e-5) if cosines.dtype == np.float32 else similarity


def _reciprocal(cosines: Reals) -> Reals:
    return np.asarray(1 / (np.maximum((1 + cosines) / 2, 0) + cosines.dtype.type(EPSILON)))


EPSILON = 0.001  # Levy and Goldberg's, against division by zero
RULES = {
    "3cosadd": Rule(np.add, np.positive, np.negative, 1e-4, 0.0),
    "3cosmul": Rule(np.multiply, _similarity, _reciprocal, 0.0, 5e-3),
}


def right_answers(
    keys: Sequence[Hashable], vectors: Matrix, lookup: Lookup, questions: Rows, method: str
) -> NDArray[np.bool_]:
    """Tell for each question whether its d is the best answer of all but a, b and c.

    Parameters
    ----------
    keys, vectors
        Of all rows.
    lookup
        What is known of them. Rows of one word are one answer, or none if it is given.
    questions
        First rows of the words (a, b, c, d), (n, 4).
    method
        A name of ``RULES``.

    Returns
    -------
    ndarray of bool, (n,)
        Of equally good words the one of the first row is the answer.
    """
    norms = lengths(keys, vectors, lookup.size)
    right = np.zeros(len(questions), np.bool_)
    for start in range(0, len(questions), _QUESTIONS):
        part = slice(start, start + _QUESTIONS)
        right[part] = _Search(vectors, norms, lookup, questions[part], RULES[method]).run()
    return right


class _Search:
    """The search for words that beat the expected answers of some questions."""

    def __init__(
        self,
        vectors: Matrix,
        norms: NDArray[np.float64],
        lookup: Lookup,
        questions: Rows,
        rule: Rule,
    ) -> None:
        self.vectors, self.norms, self.rule = vectors, norms, rule
        words, inverse = np.unique(questions, return_inverse=True)
        self.asked = inverse.reshape(-1, 4)  # positions in words
        self.units = self._unit(words)
        rows = _rows_of_words(lookup.word_of_row, words)
        # All rows of a question's four words, (n, 4 · most rows of a word).
        self.own_rows = rows[self.asked].reshape(len(questions), -1)
        self.expected_row = rows[self.asked[:, 3], 0]
        everyone = np.arange(len(questions))
        self.expected = self._exact(everyone, self.expected_row)
        for column in rows.T[1:]:
            row = column[self.asked[:, 3]]
            score = self._exact(everyone, row)
            better = score > self.expected
            self.expected = np.where(better, score, self.expected)
            self.expected_row = np.where(better, row, self.expected_row)
        margin = self.rule.absolute + self.rule.relative * np.abs(self.expected)
        self.least = self.expected - margin  # what in float32 may be a better score
        self.most_rows = max(_LEAST_BLOCK, _CELLS // len(words))  # of a block

    def run(self) -> NDArray[np.bool_]:
        """Return which expected answers nothing beats."""
        right = np.asarray((self.asked[:, :3] != self.asked[:, 3:]).all(axis=1))
        units = self.units.astype(np.float32)
        start, end, size = 0, _LEAST_BLOCK, len(self.norms)
        while start < size and right.any():
            # Blocks that grow: most questions are settled by the frequent words.
            cosines = units @ self._unit(slice(start, min(end, size))).T.astype(np.float32)
            given, taken = self.rule.given(cosines), self.rule.taken(cosines)
            unsettled = np.flatnonzero(right)
            step = max(1, _SCORES // cosines.shape[1])
            for i in range(0, len(unsettled), step):
                questions = unsettled[i : i + step]
                right[questions] = ~self._beaten(given, taken, start, questions)
            start, end = end, end + min(2 * (end - start), self.most_rows)
        return right

    def _beaten(self, given: Reals, taken: Reals, start: int, questions: Rows) -> NDArray[np.bool_]:
        """Tell which questions' expected answers a word of the block that starts there beats."""
        a, b, c = self.asked[questions, :3].T
        scores = np.take(given, b, axis=0)
        self.rule.combine(scores, np.take(taken, a, axis=0), out=scores)
        self.rule.combine(scores, np.take(given, c, axis=0), out=scores)
        own = self.own_rows[questions] - start
        i, j = np.nonzero((own >= 0) & (own < scores.shape[1]))
        scores[i, own[i, j]] = -np.inf
        least = self.least[questions]
        beaten = np.zeros(len(questions), np.bool_)
        suspects = np.flatnonzero(scores.max(axis=1) > least)
        # Mostly the best word of the block decides; else all those that come near are looked at.
        best = scores[suspects].argmax(axis=1)
        beaten[suspects] = self._decide(questions[suspects], start + best)
        suspects = suspects[~beaten[suspects]]
        i, j = np.nonzero(scores[suspects] > least[suspects, None])
        i = suspects[i]
        beaten[i[self._decide(questions[i], start + j)]] = True
        return beaten

    def _decide(self, questions: Rows, rows: Rows) -> NDArray[np.bool_]:
        """Tell for each question whether a row is better than the expected one."""
        scores, expected = self._exact(questions, rows), self.expected[questions]
        first = rows < self.expected_row[questions]
        return np.asarray((scores > expected) | ((scores == expected) & first))

    def _exact(self, questions: Rows, rows: Rows) -> NDArray[np.float64]:
        """Return each question's score of a row, in float64."""
        scores = np.empty(len(questions))
        for start in range(0, len(questions), _DECISIONS):
            part = slice(start, start + _DECISIONS)
            unit = self._unit(rows[part])
            a, b, c = (
                np.einsum("ij,ij->i", self.units[word], unit)
                for word in self.asked[questions[part], :3].T
            )
            combine, given, taken = self.rule[:3]
            scores[part] = combine(combine(given(b), taken(a)), given(c))
        return scores

    def _unit(self, rows: Rows | slice) -> NDArray[np.float64]:
        """Return rows at unit length."""
        return np.asarray(self.vectors[rows] / self.norms[rows, None], np.float64)


def _rows_of_words(word_of_row: Rows, words: Rows) -> Rows:
    """Return all rows of each word, (len(words), most rows of one), filled up with its first."""
    place = np.full(len(word_of_row), -1)
    place[words] = np.arange(len(words))
    rows = np.flatnonzero(place[word_of_row] >= 0)
    word = place[word_of_row[rows]]
    order = np.argsort(word, kind="stable")
    rows, word = rows[order], word[order]
    nth = np.arange(len(rows)) - np.searchsorted(word, word)
    table = np.repeat(words[:, None], nth.max() + 1, axis=1)
    table[word, nth] = rows
    return table
