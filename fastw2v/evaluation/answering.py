"""Which analogy questions are answered correctly: a search over the vocabulary, block by block.

A question's score of a word is a sum of three terms, one for each given word, of the given word's
cosine with it. So a block of the vocabulary is multiplied with the given words' vectors once,
however many questions ask them, and a question costs three additions a word instead of a product.
Only whether the expected answer is the best is asked, so a question is settled when one better word
is found, mostly among the first.

The search is in float32, and only suspects: whether a word beats the expected answer is decided in
float64. So the result depends neither on the blocks nor on the BLAS.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v.evaluation.lookup import Lookup, Matrix, lengths
from fastw2v.resources import available_cores

Rows = NDArray[np.intp]
Reals = NDArray[Any]  # float32 in the search, float64 in the decision

_QUESTIONS = 1 << 13  # searched for together
_CELLS = 1 << 22  # of a block's cosines: 16 MiB of float32
_SCORES = 1 << 19  # of a thread's scores: 2 MiB
_LEAST_BLOCK = 256  # rows of the vocabulary
_DECISIONS = 1 << 12  # taken together


class Rule(NamedTuple):
    """How a word is scored: given(cosine with b) − taken(cosine with a) + given(cosine with c)."""

    given: Callable[[Reals], Reals]
    taken: Callable[[Reals], Reals]
    tolerance: float  # a score in float32 is less than this below the true one


def _same(cosines: Reals) -> Reals:
    return cosines


def _log_similarity(cosines: Reals) -> Reals:
    similarity = np.maximum((1 + cosines) / 2, 0)
    if cosines.dtype == np.float32:  # whose errors are too large below, in the logarithm
        similarity = np.maximum(similarity, np.float32(EPSILON))
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(similarity))


def _log_similarity_and_epsilon(cosines: Reals) -> Reals:
    return np.asarray(np.log(np.maximum((1 + cosines) / 2, 0) + cosines.dtype.type(EPSILON)))


EPSILON = 0.001  # Levy and Goldberg's, against division by zero
RULES = {
    "3cosadd": Rule(_same, _same, 1e-4),
    # The logarithm of their product and quotient, of similarities (1 + cosine) / 2.
    "3cosmul": Rule(_log_similarity, _log_similarity_and_epsilon, 1e-2),
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
    parts = range(0, len(questions), _QUESTIONS)
    with ThreadPoolExecutor(available_cores(), "fastw2v-analogies") as pool:
        right = [
            _Search(vectors, norms, lookup, questions[i : i + _QUESTIONS], RULES[method]).run(pool)
            for i in parts
        ]
    return np.concatenate(right) if right else np.zeros(0, np.bool_)


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
        self.block = max(_LEAST_BLOCK, _CELLS // len(words))

    def run(self, pool: ThreadPoolExecutor) -> NDArray[np.bool_]:
        """Return which expected answers nothing beats."""
        right = np.asarray((self.asked[:, :3] != self.asked[:, 3:]).all(axis=1))
        units = self.units.astype(np.float32)
        for start in range(0, len(self.norms), self.block):
            open_ = np.flatnonzero(right)
            if not len(open_):
                break
            cosines = units @ self._block(start).T
            given, taken = self.rule.given(cosines), self.rule.taken(cosines)
            step = max(1, _SCORES // cosines.shape[1])
            parts = [open_[i : i + step] for i in range(0, len(open_), step)]
            for part, beaten in zip(
                parts, pool.map(partial(self._beaten, given, taken, start), parts), strict=True
            ):
                right[part[beaten]] = False
        return right

    def _beaten(self, given: Reals, taken: Reals, start: int, questions: Rows) -> NDArray[np.bool_]:
        """Tell which questions' expected answers a word of this block beats."""
        a, b, c = self.asked[questions, :3].T
        scores = np.take(given, b, axis=0)
        scores -= np.take(taken, a, axis=0)
        scores += np.take(given, c, axis=0)
        own = self.own_rows[questions] - start
        i, j = np.nonzero((own >= 0) & (own < scores.shape[1]))
        scores[i, own[i, j]] = -np.inf
        least = self.expected[questions] - self.rule.tolerance
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
            scores[part] = self.rule.given(b) - self.rule.taken(a) + self.rule.given(c)
        return scores

    def _unit(self, rows: Rows) -> NDArray[np.float64]:
        """Return rows at unit length."""
        return np.asarray(self.vectors[rows] / self.norms[rows, None], np.float64)

    def _block(self, start: int) -> NDArray[np.float32]:
        """Return the rows of a block at unit length."""
        rows = self.vectors[start : min(start + self.block, len(self.norms))]
        dtype = np.result_type(rows.dtype, np.float32)
        norms = self.norms[start : start + len(rows), None].astype(dtype)
        return np.asarray(rows / norms, np.float32)


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
