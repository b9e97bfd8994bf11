"""The hyper-parameters: their names, defaults and ranges, checked in one place.

``Hyperparameters`` is the one struct that travels down the house: ``Model`` makes it, files store
it, the trainer and the kernels read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from fastw2v.checks import one_of, optional_number, real_number, whole_number
from fastw2v.vocabulary import DEFAULT_MIN_COUNT

Window = int | tuple[int, int] | None

ARCHITECTURES = ("skipgram", "cbow")
OBJECTIVES = ("negative_sampling", "softmax", "hierarchical_softmax")
NEGATIVE_SHARING = ("window", "pair")
CBOW_GRADIENTS = ("exact", "word2vec")

# The exact softmax's work grows with the vocabulary: at this bound, some 5,000 centres a second.
MAX_SOFTMAX_VOCABULARY = 20_000

# Measured on 17 M words of Wikipedia; the README has the tables. Skip-gram's vectors score higher
# on average at 0.05, but lower on SimLex. What no table has (the exact softmax, and word2vec's
# gradient with either softmax) is carried over from what is nearest.
DEFAULT_SAMPLE = 1e-4
DEFAULT_ALPHA = {
    ("skipgram", "negative_sampling"): 0.035,
    ("skipgram", "hierarchical_softmax"): 0.025,
    ("skipgram", "softmax"): 0.025,
    ("cbow", "negative_sampling"): 0.15,
    ("cbow", "hierarchical_softmax"): 0.1,
    ("cbow", "softmax"): 0.15,
}
DEFAULT_ALPHA_WORD2VEC_CBOW = 0.05  # whose steps are as many times longer as there are contexts
DEFAULT_ALPHA_CBOW_SUM = 0.025  # and scores are so, too
LEAST_ALPHA = 5e-324  # is 0 as a float32: where a rate of 0 is wanted, nothing moves


@dataclass(frozen=True, kw_only=True)
class Hyperparameters:
    """All settings of a training run; ``Model`` documents each.

    Raises
    ------
    TypeError, ValueError
        If a value has the wrong type or lies outside its range; the message names the parameter,
        the value and what is allowed.
    """

    vector_size: int = 100
    window: Window = 5
    shrink_windows: bool = True
    shuffle: bool = True
    min_count: int = DEFAULT_MIN_COUNT
    max_vocab_size: int | None = None
    architecture: str = "skipgram"
    objective: str = "negative_sampling"
    negative: int = 5
    ns_exponent: float = 0.75
    negative_sharing: str = "window"
    cbow_mean: bool = True
    cbow_gradient: str = "exact"
    sample: float = DEFAULT_SAMPLE
    alpha: float = None  # type: ignore[assignment] # None becomes the measured default
    min_alpha: float = 1e-4
    epochs: int = 5
    deterministic: bool = False
    seed: int = 1

    def __post_init__(self) -> None:
        """Check every value, and turn NumPy scalars into Python's numbers."""
        one_of("architecture", self.architecture, ARCHITECTURES)
        one_of("objective", self.objective, OBJECTIVES)
        one_of("negative_sharing", self.negative_sharing, NEGATIVE_SHARING)
        one_of("cbow_gradient", self.cbow_gradient, CBOW_GRADIENTS)
        for name, least, most in (
            ("vector_size", 1, 1_000_000),
            ("min_count", 1, None),
            ("epochs", 1, 2**31 - 1),
            ("seed", 0, 2**64 - 1),
            ("negative", 1 if self.objective == "negative_sampling" else 0, 100_000),
        ):
            self._set(name, whole_number(name, getattr(self, name), least=least, most=most))
        most_words = optional_number("max_vocab_size", self.max_vocab_size, least=1)
        self._set("max_vocab_size", most_words)
        self._set("window", _checked_window(self.window))
        for name in ("shrink_windows", "shuffle", "cbow_mean", "deterministic"):
            value = getattr(self, name)
            if not isinstance(value, bool | np.bool_):
                raise TypeError(f"{name} must be True or False, not {value!r}")
            self._set(name, bool(value))
        self._set("ns_exponent", real_number("ns_exponent", self.ns_exponent))
        self._set("sample", real_number("sample", self.sample, least=0.0))
        alpha = self._default_alpha() if self.alpha is None else self.alpha
        self._set("alpha", real_number("alpha", alpha, above=0.0))
        self._set("min_alpha", real_number("min_alpha", self.min_alpha, least=0.0))
        if self.min_alpha > self.alpha:
            raise ValueError(
                f"min_alpha ({self.min_alpha}) must not be above alpha ({self.alpha}): the "
                "learning rate falls from alpha to min_alpha"
            )

    def _default_alpha(self) -> float:
        if self.architecture == "cbow" and not self.cbow_mean:
            return DEFAULT_ALPHA_CBOW_SUM
        if self.architecture == "cbow" and self.cbow_gradient == "word2vec":
            return DEFAULT_ALPHA_WORD2VEC_CBOW
        return DEFAULT_ALPHA[self.architecture, self.objective]

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    @property
    def window_sides(self) -> tuple[int | None, int | None]:
        """The most contexts to the left and to the right; None is the whole sentence."""
        if self.window is None:
            return None, None
        return (self.window, self.window) if isinstance(self.window, int) else self.window


def _checked_window(window: object) -> Window:
    if window is None:
        return None
    if isinstance(window, tuple | list):
        if len(window) != 2:
            raise ValueError(f"window must be a number, (left, right) or None, not {window!r}")
        left, right = (whole_number("window", side, most=2**31 - 1) for side in window)
        if left + right == 0:
            raise ValueError("window must span at least one token on one side, not (0, 0)")
        return left, right
    if isinstance(window, bool) or not isinstance(window, Integral):
        raise TypeError(f"window must be an integer, (left, right) or None, not {window!r}")
    return whole_number("window", window, least=1, most=2**31 - 1)
