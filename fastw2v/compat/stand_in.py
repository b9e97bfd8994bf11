"""What modules of gensim's names have where gensim is not installed, and what they say of the rest.

``patching.py`` makes these modules and takes them back.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import re
import unicodedata
from collections.abc import Sequence
from types import ModuleType
from typing import Any, NoReturn

from fastw2v.compat.vocabulary import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP

VERSION = "4.4.0"  # of gensim, whose names and defaults ours are

WORD = re.compile(r"[^\W\d]+")


def simple_preprocess(
    doc: str | bytes, deacc: bool = False, min_len: int = 2, max_len: int = 15
) -> list[str]:
    """Return the words of a text: runs of letters, lower-cased, of a length in a range.

    Parameters
    ----------
    doc
        The text; bytes are UTF-8, and what is none is left out.
    deacc
        Whether to take accents off letters.
    min_len, max_len
        The least and the most characters that a word has. Words that begin with ``_`` are left out.
    """
    text = (doc.decode(errors="ignore") if isinstance(doc, bytes) else doc).lower()
    if deacc:
        letters = unicodedata.normalize("NFD", text)
        kept = (letter for letter in letters if unicodedata.category(letter) != "Mn")
        text = unicodedata.normalize("NFC", "".join(kept))
    words = WORD.findall(text)
    return [word for word in words if min_len <= len(word) <= max_len and word[0] != "_"]


NAMES: dict[str, dict[str, Any]] = {
    "gensim": {"__version__": VERSION},
    "gensim.utils": {
        "RULE_DEFAULT": RULE_DEFAULT,
        "RULE_DISCARD": RULE_DISCARD,
        "RULE_KEEP": RULE_KEEP,
        "simple_preprocess": simple_preprocess,
    },
}


def made_module(name: str) -> ModuleType:
    """Make a module that says of what it lacks that gensim is not installed."""
    module = ModuleType(name, "Made by fastw2v.compat.patch_gensim, as gensim is not installed.")
    module.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
    module.__path__ = []  # a package, of which others may be imported

    def missing(attribute: str) -> NoReturn:
        raise AttributeError(_message(f"{name}.{attribute}"))

    module.__getattr__ = missing  # type: ignore[method-assign]
    return module


class Finder(importlib.abc.MetaPathFinder):
    """Refuses imports from modules of gensim's that there are not, and says why."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: object = None) -> None:
        """Raise ModuleNotFoundError if the name is gensim's."""
        if fullname.partition(".")[0] == "gensim":
            raise ModuleNotFoundError(_message(fullname), name="gensim")


def _message(name: str) -> str:
    return (
        f"there is no {name}: fastw2v stands in for gensim, which is not installed, and has only "
        "gensim's Word2Vec, KeyedVectors, Phrases and what belongs to them; pip install gensim"
    )
