"""fastw2v: word vectors (skip-gram and CBOW) trained by native kernels.

    >>> import fastw2v
    >>> model = fastw2v.Model([["a", "b", "c"]] * 20, vector_size=8, sample=0).train()
    >>> neighbors = model.wv.most_similar("a", topn=2)

``Model`` trains, ``encode`` and ``count`` read, ``load`` reads vectors from a file of any format,
``KeyedVectors`` answers questions, ``phrases`` finds words that belong together, ``objectives`` is
the mathematics.

Names are imported when they are first asked for (PEP 562): NumPy alone takes most of the time that
all of them do, and who asks for the version, or loads vectors, need not wait for the rest. Kernels
that are missing or can't be loaded are an ImportError at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fastw2v import _kernels as _kernels

if TYPE_CHECKING:
    from fastw2v import evaluation, formats, objectives, phrases
    from fastw2v.corpus import CorpusReport, EncodedCorpus
    from fastw2v.corpus.encode import count, encode
    from fastw2v.dispatch import Kernels, kernels
    from fastw2v.estimate import MemoryEstimate
    from fastw2v.hyperparameters import Hyperparameters
    from fastw2v.keyed_vectors import KeyedVectors
    from fastw2v.model import Model
    from fastw2v.provenance import Provenance
    from fastw2v.trainer import EpochRecord
    from fastw2v.vocabulary import Vocabulary

    __version__: str
    load = KeyedVectors.load

__all__ = [
    "CorpusReport",
    "EncodedCorpus",
    "EpochRecord",
    "Hyperparameters",
    "Kernels",
    "KeyedVectors",
    "MemoryEstimate",
    "Model",
    "Provenance",
    "Vocabulary",
    "count",
    "encode",
    "evaluation",
    "formats",
    "kernels",
    "load",
    "objectives",
    "phrases",
]

_MODULES = {
    "fastw2v.corpus": ("CorpusReport", "EncodedCorpus", "count", "encode"),
    "fastw2v.dispatch": ("Kernels", "kernels"),
    "fastw2v.estimate": ("MemoryEstimate",),
    "fastw2v.hyperparameters": ("Hyperparameters",),
    "fastw2v.keyed_vectors": ("KeyedVectors",),
    "fastw2v.model": ("Model",),
    "fastw2v.provenance": ("Provenance",),
    "fastw2v.trainer": ("EpochRecord",),
    "fastw2v.vocabulary": ("Vocabulary",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    value: Any
    if name == "__version__":
        from importlib.metadata import version

        value = version("fastw2v")
    elif name == "load":
        value = __getattr__("KeyedVectors").load
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    elif name in __all__ or name == "compat":  # which a star need not bring
        value = import_module(f"fastw2v.{name}")
    else:
        raise AttributeError(f"module 'fastw2v' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
