"""How values are shown in messages: what they are, and never at full length."""

from __future__ import annotations


def described(value: object) -> str:
    """Return a value and its type."""
    return f"{shown(value)} of type {type(value).__name__}"


def shown(value: object, most: int = 60) -> str:
    """Return a value's repr, cut to ``most`` characters."""
    text = repr(value)
    return text if len(text) <= most else text[: most - 3] + "..."
