"""gensim's names over fastw2v: for code that was written for gensim's ``Word2Vec``.

    >>> from fastw2v.compat import Word2Vec
    >>> model = Word2Vec([["a", "b", "c"], ["a", "c", "b"]] * 10, vector_size=8, sample=0)
    >>> model.wv.most_similar("a", topn=1)[0][0] in ("b", "c")
    True

Names, defaults and the shapes of results are those of gensim 4.4; what is done is fastw2v's.

What gensim logs, the logger ``fastw2v.compat`` does, for those who set up logging; what nobody
should miss, ``fastw2v`` does, whose warnings Python shows in any case.
"""

import logging

from fastw2v.compat.callbacks import CallbackAny2Vec
from fastw2v.compat.keyed_vectors import KeyedVectors
from fastw2v.compat.patching import patch_gensim, unpatch_gensim
from fastw2v.compat.phrases import Phrases
from fastw2v.compat.readers import LineSentence, PathLineSentences, Text8Corpus
from fastw2v.compat.word2vec import Word2Vec

logging.getLogger("fastw2v.compat").addHandler(logging.NullHandler())

__all__ = [
    "CallbackAny2Vec",
    "KeyedVectors",
    "LineSentence",
    "PathLineSentences",
    "Phrases",
    "Text8Corpus",
    "Word2Vec",
    "patch_gensim",
    "unpatch_gensim",
]
