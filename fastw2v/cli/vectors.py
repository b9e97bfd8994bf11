"""Files of vectors as the command line reads and writes them, and words as their keys.

What is typed is text, and keys may be anything that a file can hold: a word that is no key is read
as JSON, so that 17 is a node's number where there is no word "17".
"""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fastw2v.cli.arguments import MisuseError
from fastw2v.cli.sources import STANDARD_INPUT

if TYPE_CHECKING:
    from fastw2v import KeyedVectors


def load(path: str, arguments: argparse.Namespace) -> KeyedVectors:
    """Load a file of vectors by the options of ``add_loading``.

    Raises
    ------
    MisuseError
        For standard input.
    """
    from fastw2v import KeyedVectors

    refuse_standard_input(path)
    return KeyedVectors.load(
        path,
        format=arguments.format,
        limit=arguments.limit,
        encoding_errors=arguments.encoding_errors,
    )


def refuse_standard_input(path: str) -> None:
    """Raise MisuseError for standard input, which can't be read twice, as some formats are."""
    if path == STANDARD_INPUT:
        raise MisuseError(
            "only fastw2v convert reads vectors from standard input: write them to a file by "
            "fastw2v convert - FILE, and give that"
        )


def saved_format(path: str, name: str | None, *, option: str = "--format") -> str:
    """Return the name of the format that a file of vectors will be written in.

    ``option`` is the one that names it.

    Raises
    ------
    MisuseError
        If neither the suffix nor the name tells.
    """
    from fastw2v.formats.table import target_format

    try:
        return target_format(path, name).name
    except ValueError as error:
        raise MisuseError(str(error).replace("format=", option)) from error


def check_keys(format: str, keys: Sequence[Hashable]) -> None:
    """Notice now, not after the training, that keys have no form in a format.

    Raises
    ------
    ValueError
        If one has none.
    """
    from fastw2v.formats import FORMATS

    module = FORMATS[format].module()
    if hasattr(module, "check_keys"):
        with types_as_values():
            module.check_keys(keys)


def write_vectors(path: str, vectors: KeyedVectors, format: str) -> None:
    """Write a file of vectors.

    Raises
    ------
    ValueError
        If a key or a value can't be written.
    """
    with types_as_values():
        vectors.save(path, format=format)


@contextlib.contextmanager
def types_as_values() -> Iterator[None]:
    """Make a TypeError of a key that a format has no form for a ValueError: it is no mistake."""
    try:
        yield
    except TypeError as error:
        raise ValueError(str(error)) from error


def find_row(vectors: KeyedVectors, word: str) -> int | None:
    """Return the row of the key that a word on the command line stands for; None without one."""
    if word in vectors:
        return vectors.key_to_index[word]
    try:
        key = _as_tuples(json.loads(word))
        row = vectors.key_to_index.get(key)
    except (RecursionError, TypeError, ValueError):  # no JSON, or an object
        return None
    # Python takes 1, 1.0 and true for equal; what is typed is to be what is there.
    if row is None or json.dumps(vectors.index_to_key[row]) != json.dumps(key):
        return None
    return row


def require_keys(vectors: KeyedVectors, words: Sequence[str], path: str) -> list[Hashable]:
    """Return the keys that some words stand for.

    Raises
    ------
    ValueError
        If some are not there; the message names them and the file.
    """
    rows = [find_row(vectors, word) for word in words]
    if missing := [word for word, row in zip(words, rows, strict=True) if row is None]:
        raise ValueError(unknown(vectors, missing, path))
    return [vectors.index_to_key[row] for row in rows if row is not None]


def unknown(vectors: KeyedVectors, words: Sequence[str], path: str) -> str:
    """Say that some words have no vectors, and what may have been meant."""
    shown = ", ".join(map(repr, words[:5])) + (", ..." if len(words) > 5 else "")
    hints = [other for word in words[:5] for other in _other_cases(vectors, word)]
    hint = f"; there is {', '.join(map(repr, hints))}" if hints else ""
    verb = "is" if len(words) == 1 else "are"
    return f"{shown} {verb} not among the {len(vectors):,} keys of {path}{hint}"


def _other_cases(vectors: KeyedVectors, word: str) -> list[str]:
    cases = dict.fromkeys([word.lower(), word.capitalize(), word.title(), word.upper()])
    return [case for case in cases if case != word and case in vectors][:1]


def _as_tuples(value: Any) -> Any:
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value
