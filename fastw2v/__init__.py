"""fastw2v: word vectors (skip-gram and CBOW) trained by native kernels.

    >>> import fastw2v
    >>> model = fastw2v.Model([["a", "b", "c"]] * 20, vector_size=8, sample=0).train()
    >>> neighbors = model.wv.most_similar("a", topn=2)

``Model`` trains, ``encode`` and ``count`` read, ``load`` reads vectors from a file of any format,
``KeyedVectors`` answers questions, ``phrases`` finds words that belong together, ``objectives`` is
the mathematics.
"""

from importlib.metadata import version

from fastw2v import evaluation, formats, objectives, phrases
from fastw2v.corpus import CorpusReport, EncodedCorpus, count, encode
from fastw2v.dispatch import Kernels, kernels
from fastw2v.estimate import MemoryEstimate
from fastw2v.hyperparameters import Hyperparameters
from fastw2v.keyed_vectors import KeyedVectors
from fastw2v.model import Model
from fastw2v.trainer import EpochRecord
from fastw2v.vocabulary import Vocabulary

__version__ = version("fastw2v")

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
