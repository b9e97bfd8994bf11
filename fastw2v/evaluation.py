"""Intrinsic evaluation of word vectors: word pairs and analogies.

Everything here works over a sequence of keys and a matrix with one row a key, so that the vectors
of any library can be judged by the same code. Two tests are offered:

- word pairs (WordSim-353, SimLex-999, MEN, ...): Spearman's rank correlation between the cosine of
  two words' vectors and the similarity that people gave the pair;
- analogies (Mikolov et al. 2013, ``questions-words.txt``): "a is to b as c is to ?", answered by
  3CosAdd.

The readers lower-case what they read. Keys are taken as they are: vectors whose keys contain
upper-case letters know only those questions whose lower-cased words are among the keys.
"""

from __future__ import annotations

import math
import os
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "AnalogyResult",
    "WordPairResult",
    "evaluate_analogies",
    "evaluate_word_pairs",
    "read_analogies",
    "read_word_pairs",
]

_Z95 = 1.959963984540054  # two-sided 95 % quantile of the standard normal distribution
_MAX_BLOCK = 512  # questions in one matrix product
_MAX_SCORES = 16 << 20  # entries of one block's score matrix: 64 MiB of float32


@dataclass(frozen=True)
class WordPairResult:
    """The outcome of a word-pair test.

    Attributes
    ----------
    spearman : float
        Spearman's rank correlation, in [-1, 1].
    pairs_used : int
        Pairs with both words known.
    pairs_total : int
        Pairs asked.
    """

    spearman: float
    pairs_used: int
    pairs_total: int

    @property
    def confidence_interval(self) -> tuple[float, float]:
        """Approximate 95 % interval of `spearman`, over the choice of pairs.

        Fisher's z with the standard error of Bonett and Wright (2000), "Sample size requirements
        for estimating Pearson, Kendall and Spearman correlations", Psychometrika 65:23-28. Fewer
        than four pairs say nothing: the interval is then (-1, 1).
        """
        if self.pairs_used < 4:
            return -1.0, 1.0
        if abs(self.spearman) == 1.0:
            return self.spearman, self.spearman
        half = _Z95 * math.sqrt((1.0 + self.spearman**2 / 2.0) / (self.pairs_used - 3))
        centre = math.atanh(self.spearman)
        return math.tanh(centre - half), math.tanh(centre + half)


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
    def confidence_interval(self) -> tuple[float, float]:
        """Approximate 95 % interval of `accuracy`.

        Wilson's score interval (1927). It takes the questions for independent; those of one section
        share their words, so the true interval is wider.
        """
        n, p = self.questions_used, self.accuracy
        scale = 1.0 + _Z95**2 / n
        centre = (p + _Z95**2 / (2 * n)) / scale
        half = _Z95 / scale * math.sqrt(p * (1.0 - p) / n + _Z95**2 / (4 * n * n))
        return max(0.0, centre - half), min(1.0, centre + half)


def read_word_pairs(path: str | os.PathLike[str]) -> list[tuple[str, str, float]]:
    """Read a word-pair test set.

    Parameters
    ----------
    path : str or path-like
        UTF-8 text file, one ``word word score`` a line, separated by tabs or other white space.
        Blank lines and lines that start with ``#`` are skipped.

    Returns
    -------
    list of (str, str, float)
        The pairs, lower-cased, in the file's order.

    Raises
    ------
    ValueError
        If a line is malformed; the message names the file, the line number and the line.
    """
    pairs = []
    for number, line in _lines(path):
        if line.startswith("#"):
            continue
        fields = [field.strip() for field in line.split("\t")]
        if len(fields) != 3:
            fields = line.split()
        try:
            first, second, score = fields[0].lower(), fields[1].lower(), float(fields[2])
        except (IndexError, ValueError):
            raise _malformed(path, number, line, "'word word score'") from None
        if len(fields) != 3 or not (first and second and math.isfinite(score)):
            raise _malformed(path, number, line, "'word word score'")
        pairs.append((first, second, score))
    return pairs


def read_analogies(path: str | os.PathLike[str]) -> dict[str, list[tuple[str, str, str, str]]]:
    """Read an analogy test set in the format of word2vec's ``questions-words.txt``.

    Parameters
    ----------
    path : str or path-like
        UTF-8 text file. A line ``: name`` starts a section, every other line holds the four words
        of one question, separated by white space. Blank lines are skipped.

    Returns
    -------
    dict of str to list of (str, str, str, str)
        Section name to questions, lower-cased (the names are not), in the file's order.

    Raises
    ------
    ValueError
        If a line is malformed or a question precedes the first section; the message names the file,
        the line number and the line.
    """
    sections: dict[str, list[tuple[str, str, str, str]]] = {}
    questions: list[tuple[str, str, str, str]] | None = None
    for number, line in _lines(path):
        if line.startswith(":"):
            name = line[1:].strip()
            if not name:
                raise _malformed(path, number, line, "': section'")
            questions = sections.setdefault(name, [])
            continue
        words = line.lower().split()
        if len(words) != 4:
            raise _malformed(path, number, line, "four words or ': section'")
        if questions is None:
            raise _malformed(path, number, line, "': section' before the first question")
        questions.append((words[0], words[1], words[2], words[3]))
    return sections


def evaluate_word_pairs(
    keys: Sequence[Hashable],
    vectors: NDArray[np.floating[Any]],
    pairs: Sequence[tuple[Hashable, Hashable, float]],
) -> WordPairResult:
    """Correlate the cosine of word pairs with human scores.

    Parameters
    ----------
    keys : sequence of hashable
        The key of each row of `vectors`; taken as they are (see the module's docstring about
        upper-case letters).
    vectors : ndarray of shape (len(keys), vector_size)
        The vectors; they need not have unit length. The cosine with a zero vector is 0.
    pairs : sequence of (hashable, hashable, float)
        Two keys and their score, as from `read_word_pairs`. Pairs with an unknown key are skipped.

    Returns
    -------
    WordPairResult
        Spearman's rho with average ranks for ties, and how many pairs it rests on.

    Raises
    ------
    ValueError
        If fewer than two pairs are known, or if all cosines or all scores are equal, so that the
        correlation is undefined; if `vectors` does not fit `keys` or holds a non-finite value.
    """
    _check_shape(keys, vectors)
    index = _index(keys, len(keys))
    known = [(index[a], index[b], score) for a, b, score in pairs if a in index and b in index]
    if len(known) < 2:
        raise ValueError(
            f"only {len(known)} of {len(pairs)} pairs have both words among the {len(keys)} keys, "
            "at least 2 are needed; check that the keys are lower-cased as the pairs are, "
            "train with a lower min_count or on more text"
        )
    rows, inverse = np.unique([pair[:2] for pair in known], return_inverse=True)
    unit = _unit_rows(keys, vectors, rows)
    firsts, seconds = inverse.reshape(-1, 2).T
    cosines = np.einsum("ij,ij->i", unit[firsts], unit[seconds])
    rho = _spearman(cosines, np.array([pair[2] for pair in known], dtype=np.float64))
    return WordPairResult(rho, len(known), len(pairs))


def evaluate_analogies(
    keys: Sequence[Hashable],
    vectors: NDArray[np.floating[Any]],
    questions: Mapping[str, Sequence[tuple[Hashable, Hashable, Hashable, Hashable]]],
    *,
    restrict_vocab: int = 30_000,
) -> AnalogyResult:
    """Answer analogy questions "a is to b as c is to d" by 3CosAdd.

    The answer is the word whose vector has the largest cosine with b - a + c, all of unit length,
    the three given words excluded (Mikolov, Yih and Zweig 2013, "Linguistic regularities in
    continuous space word representations"; named 3CosAdd by Levy and Goldberg 2014). Equal cosines
    are decided in favour of the more frequent word. A question whose answer is one of its given
    words can't be answered correctly, and counts.

    Parameters
    ----------
    keys : sequence of hashable
        The key of each row of `vectors`, most frequent first; taken as they are (see the module's
        docstring about upper-case letters).
    vectors : ndarray of shape (len(keys), vector_size)
        The vectors; they need not have unit length.
    questions : mapping of str to sequence of (a, b, c, d)
        Section name to questions, as from `read_analogies`.
    restrict_vocab : int, default 30000
        Only the first so many keys are known: a question with another word is skipped, and no other
        word is an answer.

    Returns
    -------
    AnalogyResult
        The accuracy, overall and for each section.

    Raises
    ------
    ValueError
        If no question has all four words known; if `restrict_vocab` is less than 1; if `vectors`
        does not fit `keys` or holds a non-finite value.
    """
    _check_shape(keys, vectors)
    if restrict_vocab < 1:
        raise ValueError(f"restrict_vocab must be at least 1, not {restrict_vocab}")
    size = min(restrict_vocab, len(keys))
    index = _index(keys, size)
    total = sum(len(section) for section in questions.values())
    known = {
        name: [
            [index[word] for word in question]
            for question in section
            if index.keys() >= {*question}
        ]
        for name, section in questions.items()
    }
    flat = [question for section in known.values() for question in section]
    if not flat:
        raise ValueError(
            f"none of {total} questions has all four words among the first {size} of {len(keys)} "
            "keys; check that the keys are lower-cased as the questions are and sorted by "
            "frequency, raise restrict_vocab or train on more text"
        )
    unit = _unit_rows(keys, vectors, slice(size)).astype(np.float32)
    hits = _answer(unit, np.array(flat, dtype=np.intp))
    sections, start = {}, 0
    for name, section in known.items():
        stop = start + len(section)
        sections[name] = (int(hits[start:stop].sum()), len(section))
        start = stop
    correct = int(hits.sum())
    return AnalogyResult(correct / len(flat), correct, len(flat), total, sections)


def _answer(unit: NDArray[np.float32], questions: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Tell for each row (a, b, c, d) of `questions` whether 3CosAdd over `unit` answers d."""
    hits = np.empty(len(questions), dtype=np.bool_)
    block = max(1, min(_MAX_BLOCK, _MAX_SCORES // len(unit)))
    for start in range(0, len(questions), block):
        part = questions[start : start + block]
        given, answer = part[:, :3], part[:, 3]
        a, b, c = unit[given.T]
        scores = (b - a + c) @ unit.T  # the target's length doesn't move the maximum
        np.put_along_axis(scores, given, -np.inf, axis=1)
        answerable = (given != answer[:, None]).all(axis=1)
        hits[start : start + block] = (scores.argmax(axis=1) == answer) & answerable
    return hits


def _spearman(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Return Spearman's rho: Pearson's correlation of the average ranks."""
    a, b = _average_ranks(x), _average_ranks(y)
    a -= a.mean()
    b -= b.mean()
    norm = math.sqrt(float(a @ a) * float(b @ b))
    if norm == 0.0:
        which = "cosines" if not a.any() else "scores"
        raise ValueError(
            f"Spearman's rho is undefined: the {which} of all {len(x)} known pairs are equal; "
            "use more pairs, or trained vectors"
        )
    return max(-1.0, min(1.0, float(a @ b) / norm))


def _average_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the ranks from 1, equal values sharing the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: NDArray[np.float64] = np.cumsum(counts) - (counts - 1) / 2.0
    return ranks[inverse]


def _unit_rows(
    keys: Sequence[Hashable], vectors: NDArray[np.floating[Any]], rows: NDArray[np.intp] | slice
) -> NDArray[np.float64]:
    """Return the chosen rows at unit length, zero rows left at zero; a new array."""
    unit = np.array(vectors[rows], dtype=np.float64)
    finite = np.isfinite(unit).all(axis=1)
    if not finite.all():
        row = int(np.arange(len(keys))[rows][~finite][0])
        raise ValueError(f"the vector of {keys[row]!r} (row {row}) holds NaN or infinity")
    norms = np.linalg.norm(unit, axis=1, keepdims=True)
    unit /= np.where(norms > 0.0, norms, 1.0)
    return unit


def _check_shape(keys: Sequence[Hashable], vectors: NDArray[np.floating[Any]]) -> None:
    if np.ndim(vectors) != 2 or len(vectors) != len(keys):
        raise ValueError(
            f"vectors must be a matrix with one row for each of the {len(keys)} keys, "
            f"not an array of shape {np.shape(vectors)}"
        )


def _index(keys: Sequence[Hashable], size: int) -> dict[Hashable, int]:
    """Map the first `size` keys to their rows; of equal keys the first one counts."""
    index: dict[Hashable, int] = {}
    for row, key in enumerate(islice(keys, size)):
        index.setdefault(key, row)
    return index


def _lines(path: str | os.PathLike[str]) -> Iterator[tuple[int, str]]:
    """Yield the number, from 1, and the stripped text of every line that isn't blank."""
    with open(path, encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if text := line.strip():
                yield number, text


def _malformed(path: str | os.PathLike[str], number: int, line: str, expected: str) -> ValueError:
    return ValueError(f"{os.fspath(path)}, line {number}: expected {expected}, found {line!r}")
