"""Intrinsic evaluation of word vectors: word pairs, analogies, and which of two models is better.

Everything here works over a sequence of keys and a matrix with one row a key, so that the vectors
of any library can be judged by the same code. Two kinds of tests are offered:

- word pairs (WordSim-353, SimLex-999, MEN, ...): the correlation between the cosine of two words'
  vectors and the similarity that people gave the pair;
- analogies (Mikolov et al. 2013, ``questions-words.txt``): "a is to b as c is to ?", answered by
  3CosAdd or 3CosMul.

A score says little without its uncertainty: results have confidence intervals, and ``compare``
tells whether two models differ on the questions that both know. How many questions were left out,
as their words are out of the vocabulary, stands in every result and in the log.

The readers lower-case what they read unless told otherwise. ``evaluate_word_pairs`` and
``evaluate_analogies`` take keys as they are unless ``case_insensitive`` is true; then words are
equal if their upper-case forms are, as in gensim, and of equal keys the first one counts.
"""

from fastw2v.evaluation.analogies import AnalogyResult, evaluate_analogies
from fastw2v.evaluation.comparison import Comparison, compare
from fastw2v.evaluation.questions import read_analogies, read_test, read_word_pairs
from fastw2v.evaluation.word_pairs import WordPairResult, evaluate_word_pairs

__all__ = [
    "AnalogyResult",
    "Comparison",
    "WordPairResult",
    "compare",
    "evaluate_analogies",
    "evaluate_word_pairs",
    "read_analogies",
    "read_test",
    "read_word_pairs",
]
