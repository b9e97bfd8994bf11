"""The hyper-parameters: their names, defaults and ranges, checked in one place.

``Hyperparameters`` is the one struct that travels down the house: ``Model`` makes it, files store
it, the trainer and the kernels read it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

Window = int | tuple[int, int] | None

ARCHITECTURES = ("skipgram", "cbow")
OBJECTIVES = ("negative_sampling", "softmax")
NEGATIVE_SHARING = ("window", "pair")
CBOW_GRADIENTS = ("exact", "word2vec")

# The exact softmax's work grows with the vocabulary: at this bound, some 5,000 centres a second.
MAX_SOFTMAX_VOCABULARY = 20_000

# Measured on 17 M words of Wikipedia; the README has the table.
DEFAULT_ALPHA = {"skipgram": 0.025, "cbow": 0.15}


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
    min_count: int = 5
    architecture: str = "skipgram"
    objective: str = "negative_sampling"
    negative: int = 5
    ns_exponent: float = 0.75
    negative_sharing: str = "window"
    cbow_gradient: str = "exact"
    sample: float = 1e-3
    alpha: float = None  # type: ignore[assignment] # None becomes the architecture's default
    min_alpha: float = 1e-4
    epochs: int = 5
    seed: int = 1

    def __post_init__(self) -> None:
        """Check every value, and turn NumPy scalars into Python's numbers."""
        _choice("architecture", self.architecture, ARCHITECTURES)
        _choice("objective", self.objective, OBJECTIVES)
        _choice("negative_sharing", self.negative_sharing, NEGATIVE_SHARING)
        _choice("cbow_gradient", self.cbow_gradient, CBOW_GRADIENTS)
        for name, least, most in (
            ("vector_size", 1, 1_000_000),
            ("min_count", 1, None),
            ("epochs", 1, 2**31 - 1),
            ("seed", 0, 2**64 - 1),
            ("negative", 1 if self.objective == "negative_sampling" else 0, 100_000),
        ):
            self._set(name, whole_number(name, getattr(self, name), least=least, most=most))
        self._set("window", _checked_window(self.window))
        for name in ("shrink_windows", "shuffle"):
            value = getattr(self, name)
            if not isinstance(value, bool | np.bool_):
                raise TypeError(f"{name} must be True or False, not {value!r}")
            self._set(name, bool(value))
        self._set("ns_exponent", _real("ns_exponent", self.ns_exponent))
        self._set("sample", _real("sample", self.sample, least=0.0))
        alpha = DEFAULT_ALPHA[self.architecture] if self.alpha is None else self.alpha
        self._set("alpha", _real("alpha", alpha, above=0.0))
        self._set("min_alpha", _real("min_alpha", self.min_alpha, least=0.0))
        if self.min_alpha > self.alpha:
            raise ValueError(
                f"min_alpha ({self.min_alpha}) must not be above alpha ({self.alpha}): the "
                "learning rate falls from alpha to min_alpha"
            )

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    @property
    def window_sides(self) -> tuple[int | None, int | None]:
        """The most contexts to the left and to the right; None is the whole sentence."""
        if self.window is None:
            return None, None
        return (self.window, self.window) if isinstance(self.window, int) else self.window


def whole_number(name: str, value: object, *, least: int = 0, most: int | None = None) -> int:
    """Check that ``value`` is an integer (not a bool) of the range, and return it as an int."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, not {value!r}")
    number = int(value)
    if number < least or (most is not None and number > most):
        bound = f"at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name} must be {bound}, not {number}")
    return number


def _real(name: str, value: object, *, least: float = -math.inf, above: float = -math.inf) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, not {value!r}")
    try:
        number = float(value)
    except OverflowError:  # an int or a Fraction beyond float's range
        number = math.inf
    if not math.isfinite(number) or number < least or number <= above:
        bound = "finite"
        if above > -math.inf:
            bound = f"above {above:g} and finite"
        elif least > -math.inf:
            bound = f"at least {least:g} and finite"
        raise ValueError(f"{name} must be {bound}, not {value}")
    return number


def _choice(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, not {value!r}")


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
