"""Checks of arguments: each names the argument, the value and what is allowed."""

from __future__ import annotations

import math
from numbers import Integral, Real


def whole_number(name: str, value: object, *, least: int = 0, most: int | None = None) -> int:
    """Check that ``value`` is an integer (not a bool) of the range, and return it as an int."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, not {value!r}")
    number = int(value)
    if number < least or (most is not None and number > most):
        bound = f"at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name} must be {bound}, not {number}")
    return number


def optional_number(
    name: str, value: object, *, least: int = 0, most: int | None = None
) -> int | None:
    """Check an integer as ``whole_number`` does, but for None."""
    return None if value is None else whole_number(name, value, least=least, most=most)


def real_number(
    name: str, value: object, *, least: float = -math.inf, above: float = -math.inf
) -> float:
    """Check that ``value`` is a finite number of the range, and return it as a float."""
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


def one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    """Check that ``value`` is one of the words allowed."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, not {value!r}")
