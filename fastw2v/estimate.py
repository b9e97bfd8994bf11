"""What training will take, so that what can't fit is refused by its numbers, not half-way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fastw2v._kernels.kernel import (
    BLOCK,
    LISTS_BEGUN,
    MANY_NEGATIVES,
    SOFTMAX_EXAMPLES,
    WINDOW_BYTES,
)
from fastw2v._kernels.rounds import MOST_MEMBERS, ROUND
from fastw2v.corpus import EncodedCorpus
from fastw2v.hyperparameters import MAX_SOFTMAX_VOCABULARY, Hyperparameters
from fastw2v.matrices import row_stride
from fastw2v.resources import require_memory
from fastw2v.vocabulary import Vocabulary

# Steps from the root of a Huffman tree to a word, for estimates. Text has some 25 at the most; more
# than this takes counts that nearly double from word to word.
LONGEST_PATH = 40


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes that training takes, beside the interpreter itself.

    Attributes
    ----------
    matrices
        Both float32 matrices.
    corpus
        Tokens and offsets, as far as they lie in memory.
    scratch
        All threads' working memory, and hierarchical softmax's tree.
    """

    matrices: int
    corpus: int
    scratch: int

    @property
    def total(self) -> int:
        """The sum of all."""
        return self.matrices + self.corpus + self.scratch

    def __str__(self) -> str:
        return (
            f"{self.total:,} bytes: {self.matrices:,} for the matrices, {self.corpus:,} for the "
            f"corpus, {self.scratch:,} for the threads"
        )


def estimate(
    parameters: Hyperparameters,
    *,
    vocabulary_size: int,
    tokens: int,
    sentences: int,
    longest_sentence: int,
    workers: int,
) -> MemoryEstimate:
    """Add up what training takes, with the corpus in memory."""
    return MemoryEstimate(
        matrices=2 * 4 * vocabulary_size * row_stride(parameters.vector_size),
        corpus=4 * tokens + 8 * (sentences + 1) if tokens else 0,
        scratch=threads_bytes(parameters, vocabulary_size, longest_sentence, workers)
        + tree_bytes(parameters, vocabulary_size),
    )


def estimate_for(
    parameters: Hyperparameters, corpus: EncodedCorpus, workers: int, *, budget: int = 0
) -> MemoryEstimate:
    """Add up what training on a corpus takes.

    A corpus that is still to be put into a random order will be copied, into memory if ``budget``
    bytes have room for it.
    """
    size = corpus.tokens.nbytes + corpus.offsets.nbytes
    copies = (not corpus.on_disk) + (parameters.shuffle and size <= budget)
    return estimate(
        parameters,
        vocabulary_size=len(corpus.vocabulary),
        tokens=copies * len(corpus.tokens),
        sentences=copies * len(corpus.offsets) - 1,
        longest_sentence=corpus.report.longest_sentence,
        workers=workers,
    )


def check_size(
    parameters: Hyperparameters,
    vocabulary: Vocabulary,
    workers: int,
    *,
    longest_sentence: int,
    with_matrices: bool,
) -> None:
    """Refuse what would take too long, or would not fit into memory beside the corpus.

    Raises
    ------
    ValueError
        If the vocabulary is too large for the exact softmax.
    MemoryError
        If the matrices, unless they are there already, and the threads' memory can't fit.
    """
    counts = np.sort(vocabulary.counts)[::-1]
    n, limit = len(counts), MAX_SOFTMAX_VOCABULARY
    if parameters.objective == "softmax" and n > limit:
        fewer = int(counts[limit]) + 1  # a min_count that keeps as many words at the most
        remedy = f"min_count={fewer}, or " if counts[0] >= fewer else ""
        raise ValueError(
            f"the exact softmax takes at most {limit:,} words, and this vocabulary has {n:,}: use "
            f"{remedy}objective='negative_sampling'"
        )
    needed = estimate(
        parameters,
        vocabulary_size=n,
        tokens=0,
        sentences=0,
        longest_sentence=longest_sentence,
        workers=workers,
    )
    matrices = needed.matrices if with_matrices else 0
    require_memory(
        matrices + needed.scratch,
        f"two float32 matrices of {n:,} words x {parameters.vector_size:,} dimensions "
        f"({matrices:,} bytes) and {workers} threads ({needed.scratch:,} bytes)",
        "raise min_count, or lower vector_size, workers or window",
    )


def threads_bytes(
    parameters: Hyperparameters, vocabulary_size: int, longest_sentence: int, workers: int
) -> int:
    """Return how many bytes of working memory all threads take that train, all but exactly."""
    one = scratch_bytes(parameters, vocabulary_size, longest_sentence)
    if not parameters.deterministic:
        return workers * one
    # Two rounds are at work at once, and one of them has copies of rows, with their addresses,
    # numbers, pulls and order, and a hash table; each thread has a byte for each row and round.
    margin, contexts = _span(parameters, longest_sentence)
    shard = ROUND // MOST_MEMBERS
    lists = shard
    if parameters.architecture == "skipgram" and parameters.negative_sharing == "pair":
        lists *= max(contexts, 1)
    lists = at_least_power_of_two(lists)
    rows = min(shard + margin, vocabulary_size)
    rows += min(lists * _outputs(parameters, vocabulary_size), vocabulary_size)
    table = 4 * at_least_power_of_two(2 * rows)
    if parameters.objective == "softmax":
        lists, rows, table = LISTS_BEGUN, 2 * vocabulary_size, 0
    copies = rows * (4 * row_stride(parameters.vector_size) + 24) + table
    shards = 2 * scratch_bytes(parameters, vocabulary_size, longest_sentence, lists=lists)
    for_all_rows = (2 * min(workers, MOST_MEMBERS) + 8) * 2 * vocabulary_size
    return one + MOST_MEMBERS * (shards + 2 * 8 * rows + copies) + for_all_rows


def scratch_bytes(
    parameters: Hyperparameters,
    vocabulary_size: int,
    longest_sentence: int,
    *,
    lists: int = LISTS_BEGUN,
) -> int:
    """Return how many bytes one ``Scratch`` takes, all but exactly; with so many lists at once."""
    d, stride = parameters.vector_size, row_stride(parameters.vector_size)
    margin, contexts = _span(parameters, longest_sentence)
    places = BLOCK + margin
    if parameters.objective == "softmax":
        floats = SOFTMAX_EXAMPLES * (2 * d + vocabulary_size)
    else:
        m = _outputs(parameters, vocabulary_size)
        # For each context a row, the gradients (8 a tile of 6 outputs), address, count and place;
        # the mean, and what it becomes; lists of outputs, with draws, addresses and counts, and
        # labels; and the address of each place's row.
        floats = contexts * (stride + 8 * -(-m // 6) + 4) + 2 * stride
        floats += lists * (5 * m + 26) + m + 8 + 2 * places
        if parameters.negative >= MANY_NEGATIVES:
            floats += at_least_power_of_two(2 * m)
    floats += 3 * places + at_least_power_of_two(max(places, 512))
    return 4 * floats + WINDOW_BYTES * BLOCK


def _span(parameters: Hyperparameters, longest_sentence: int) -> tuple[int, int]:
    """Return how far a window reaches on both sides, and the most contexts that it has."""
    sides = [longest_sentence if side is None else side for side in parameters.window_sides]
    margin = sum(min(side, longest_sentence) for side in sides)
    return margin, min(margin, longest_sentence)


def _outputs(parameters: Hyperparameters, vocabulary_size: int) -> int:
    """Return the most output rows of a step."""
    if parameters.objective == "hierarchical_softmax":
        return min(vocabulary_size, LONGEST_PATH)
    return 1 + parameters.negative


def at_least_power_of_two(n: int) -> int:
    """Return the smallest power of two that is not below n."""
    return 1 << (n - 1).bit_length()


def tree_bytes(parameters: Hyperparameters, vocabulary_size: int) -> int:
    """Return about how many bytes hierarchical softmax's tree takes while it is being built.

    That is 8 for each step of each word's path, and 48 more a word. Paths grow with the corpus's
    logarithm: at min_count 5, 17 M words of Wikipedia have 19 steps on average and 22 at the most.
    Room for 26 will do for a billion words.
    """
    return 256 * vocabulary_size if parameters.objective == "hierarchical_softmax" else 0
