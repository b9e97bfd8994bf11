"""``patch_gensim``: ours in the places of gensim's, for code that can't be edited.

Names are put into copies of gensim's modules, which are imported if gensim is installed; where
there is no gensim, into modules that are made for it. ``unpatch_gensim`` puts back what was there.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Callable
from multiprocessing import spawn
from types import ModuleType
from typing import Any

from fastw2v.compat import phrases, readers, stand_in
from fastw2v.compat.callbacks import CallbackAny2Vec
from fastw2v.compat.keyed_vectors import KeyedVectors
from fastw2v.compat.word2vec import Word2Vec

logger = logging.getLogger("fastw2v")

NAMES: dict[str, dict[str, Any]] = {
    "gensim.models": {
        "Word2Vec": Word2Vec,
        "KeyedVectors": KeyedVectors,
        "Phrases": phrases.Phrases,
    },
    "gensim.models.word2vec": {
        "Word2Vec": Word2Vec,
        "KeyedVectors": KeyedVectors,
        "LineSentence": readers.LineSentence,
        "PathLineSentences": readers.PathLineSentences,
        "Text8Corpus": readers.Text8Corpus,
    },
    "gensim.models.keyedvectors": {
        "KeyedVectors": KeyedVectors,
        "Word2VecKeyedVectors": KeyedVectors,
    },
    "gensim.models.callbacks": {"CallbackAny2Vec": CallbackAny2Vec},
    "gensim.models.phrases": {
        "ENGLISH_CONNECTOR_WORDS": phrases.ENGLISH_CONNECTOR_WORDS,
        "FrozenPhrases": phrases.FrozenPhrases,
        "Phraser": phrases.Phraser,
        "Phrases": phrases.Phrases,
        "npmi_scorer": phrases.npmi_scorer,
        "original_scorer": phrases.original_scorer,
    },
}

_MISSING = object()
_before: list[tuple[ModuleType, str, Any]] = []
_made: list[str] = []
_replaced: dict[str, ModuleType] = {}
_finder = stand_in.Finder()


def patch_gensim() -> None:
    """Put ours in the places of gensim's ``Word2Vec``, ``KeyedVectors``, readers and callbacks.

    Call it before the code that imports them: a name or module that was imported from gensim before
    stays gensim's, and so do its other models, such as FastText. Doc2Vec can be trained, but not
    saved or loaded, as pickles go by the names of classes. Without gensim, or with one that can't
    be imported, modules of its name are made, with little else in them: see ``stand_in``. Processes
    that ``multiprocessing`` starts meanwhile are patched, too. A second call does nothing.
    """
    if _before:
        return
    is_installed = _can_be_imported()
    if not is_installed:
        sys.meta_path.insert(0, _finder)
    for name, ours in (NAMES if is_installed else NAMES | stand_in.NAMES).items():
        module = _double(name) if is_installed else _module(name)
        for attribute, value in ours.items():
            _set(module, attribute, value)
    _set(spawn, "get_preparation_data", _Preparation(spawn.get_preparation_data))


class _Preparation:
    """What ``multiprocessing`` tells a process that it starts, with our patch before all else."""

    def __init__(self, original: Callable[..., dict[str, Any]]) -> None:
        self.original = original

    def __call__(self, *arguments: Any) -> dict[str, Any]:
        return {"fastw2v": _PatchWhereRead(), **self.original(*arguments)}


class _PatchWhereRead:
    """Calls ``patch_gensim`` where it is unpickled: in a new process, before it imports anything.

    The new process runs the main script anew, whose names would otherwise be gensim's.
    """

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return patch_gensim, ()


def unpatch_gensim() -> None:
    """Take back what ``patch_gensim`` did: gensim's own names, and no modules of it if it has none.

    What was imported meanwhile stays ours.
    """
    while _before:
        module, attribute, value = _before.pop()
        if value is _MISSING:
            delattr(module, attribute)
        else:
            setattr(module, attribute, value)
    sys.modules.update(_replaced)
    _replaced.clear()
    while _made:
        sys.modules.pop(_made.pop(), None)
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)


def _can_be_imported() -> bool:
    try:
        importlib.import_module("gensim.models")
    except ImportError as error:
        if error.name != "gensim":  # such as an older gensim with a newer SciPy
            logger.warning("gensim can't be imported, and is taken for not installed: %s", error)
        return False
    return True


def _set(module: ModuleType, attribute: str, value: Any) -> None:
    _before.append((module, attribute, vars(module).get(attribute, _MISSING)))
    setattr(module, attribute, value)


def _double(name: str) -> ModuleType:
    """Put a copy of one of gensim's modules in its place.

    The module itself stays as it is for the functions that were defined in it: FastText and Doc2Vec
    stand on gensim's own Word2Vec, whose methods look up Word2Vec and KeyedVectors there.
    """
    module = importlib.import_module(name)
    above, _, own = name.rpartition(".")
    if above == "gensim":  # gensim.models only hands names on
        return module
    double = ModuleType(name)
    vars(double).update(vars(module))
    _set(sys.modules[above], own, double)
    _replaced[name], sys.modules[name] = module, double
    return double


def _module(name: str) -> ModuleType:
    """Make a module, and those above it."""
    if name in sys.modules:
        return sys.modules[name]
    module = stand_in.made_module(name)
    above, _, own = name.rpartition(".")
    if above:
        _set(_module(above), own, module)
    sys.modules[name] = module
    _made.append(name)
    return module
