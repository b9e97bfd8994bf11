"""The corpus: every accepted input becomes one ``EncodedCorpus``, in one pass, before training.

================= =================================================================================
``sources``       what sentences may be: recognises each kind, refuses everything else
``text``          files and streams: blocks of text
``compression``   compressed files
``arrays``        integer arrays
``columns``       Arrow columns
``objects``       Python's own sentences
``object_reader`` native: the loop over Python's sentences
``numbering``     native: numbers for tokens, in a hash table of texts and integers
``reading``       threads that turn blocks into numbers, and the ``NumberedCorpus`` that comes of it
``storage``       where numbers lie: memory, or temporary files
``encoded``       ``EncodedCorpus``: the result, and its file
``fingerprint``   what tells one from another
``weights``       what becomes of sentences' weights
``encoding``      numbers become rows of a vocabulary, sentences are put in order
``encode``        ``encode`` and ``count``, which tie these together
``writing``       text files out
================= =================================================================================

Data flows down this list, but for ``numbering``, which the four kinds of input call, and
``writing``, which begins with what is encoded.
"""

from fastw2v.corpus.encode import count, encode, encode_for_training, memory_budget
from fastw2v.corpus.encoded import CorpusReport, EncodedCorpus
from fastw2v.corpus.sources import source_of

__all__ = [
    "CorpusReport",
    "EncodedCorpus",
    "count",
    "encode",
    "encode_for_training",
    "memory_budget",
    "source_of",
]
