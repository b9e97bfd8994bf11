"""Weights of sentences: checked as they are given, and put where their sentences are put.

Reading and encoding drop sentences and change their order, without a thought for weights, which few
corpora have. Where there are some, this room finds out afterwards what became of the sentences.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v._kernels.encoding import Scatter
from fastw2v.checks import factors

Weights = NDArray[np.float32]
Numbered = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]


def checked_weights(weights: Any) -> Weights:
    """Return weights as float32, if they can be some for any number of sentences."""
    checked = factors("weights", weights)
    if not checked.any():
        raise ValueError("weights are all 0: there would be nothing to train on")
    return checked


def check_count(weights: Weights, n_sentences: int) -> None:
    """Refuse weights that are not one for each of the sentences read."""
    if len(weights) != n_sentences:
        raise ValueError(
            f"{len(weights):,} weights were given, but {n_sentences:,} sentences were read; there "
            "must be one for each sentence that has a token (an empty one, or a blank line, has "
            "no weight), in the order of the sentences"
        )


def weights_left(weights: Weights, pieces: Iterable[Numbered], seed: int | None) -> Weights:
    """Return the weights of the sentences that encoding leaves, in the order that it puts them in.

    Parameters
    ----------
    weights
        One for each sentence that was read.
    pieces
        What is to be encoded.
    seed
        Of the random order; None keeps the sentences' own.

    Raises
    ------
    ValueError
        If all that is left weighs 0.
    """
    kept = _with_known_tokens(pieces)
    if len(kept) != len(weights):
        raise ValueError(
            f"{len(weights):,} weights for {len(kept):,} sentences: does the corpus have sentences "
            "without a token? Encode it again"
        )
    left = weights[kept]
    if not left.any():
        raise ValueError(
            "every sentence with a token of the vocabulary has weight 0: there would be nothing "
            "to train on"
        )
    if seed is None:
        return left
    draws = np.empty(len(left), np.uint32)
    Scatter(seed, 0).draws(draws)
    return left[np.argsort(draws, kind="stable")]


def _with_known_tokens(pieces: Iterable[Numbered]) -> NDArray[np.bool_]:
    """Return for each sentence whether any of its tokens has a row."""
    found = []
    is_open = is_known = False  # the sentence that goes on has a token; has a known one
    for numbers, ends, rows in pieces:
        if len(ends) and ends[0] == 0 and not is_open:
            ends = ends[1:]  # of no sentence
        known = np.concatenate([[0], np.cumsum(rows[numbers] >= 0)])
        bounds = np.concatenate([[0], ends, [len(numbers)]])
        of_sentences = np.diff(known[bounds]) > 0
        of_sentences[0] |= is_known
        found.append(of_sentences[:-1])
        is_known = bool(of_sentences[-1])
        is_open = bool(bounds[-2] < bounds[-1]) or (is_open and not len(ends))
    if is_open:
        found.append(np.array([is_known]))
    return np.concatenate(found) if found else np.zeros(0, bool)
