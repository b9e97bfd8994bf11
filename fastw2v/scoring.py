"""How likely a trained model finds sentences: their log-probabilities, without training on them.

The score of a sentence is the sum of log p over the examples that it would be trained on without
chance, so with full windows and no subsampling: over its (centre, context) pairs for skip-gram, its
centres for CBOW (Taddy 2015, "Document classification by inversion of distributed language
representations"). It is no probability of the sentence as a whole, as each token is predicted, and
predicts, more than once; but scores of one sentence by several models compare them.

The examples of a run of sentences are listed by their distance: all tokens that have a neighbour
so far to one side at once.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fastw2v._kernels.huffman import HuffmanTree
from fastw2v._kernels.path_probability import path_log_probabilities
from fastw2v.corpus import EncodedCorpus
from fastw2v.corpus.objects import as_tokens, refuse_token
from fastw2v.hyperparameters import Hyperparameters
from fastw2v.threads import Pool, Task
from fastw2v.vocabulary import Vocabulary

RUN = 1 << 13  # tokens that are worked on at a time, at least
BATCH = 64  # hidden vectors that meet the whole output matrix at a time

Rows: TypeAlias = NDArray[np.int32]
Matrix: TypeAlias = NDArray[np.float32]
Logs: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.intp]
Pairs: TypeAlias = Iterator[tuple[Places, Places]]


class Run(NamedTuple):
    """Some whole sentences: rows of the vocabulary, and how many each sentence has."""

    tokens: Rows
    lengths: NDArray[np.int64]


def score(
    parameters: Hyperparameters,
    vocabulary: Vocabulary,
    inputs: Matrix,
    outputs: Matrix,
    sentences: Any,
    *,
    workers: int,
) -> Logs:
    """Return the score of each sentence; see ``Model.score``."""
    if parameters.objective == "negative_sampling":
        raise ValueError(
            "score needs probabilities, and negative sampling has none: it learns to tell words "
            "from noise, and what it gives to all words adds up to nothing; train with "
            "objective='hierarchical_softmax', or 'softmax' where the vocabulary is small"
        )
    is_tree = parameters.objective == "hierarchical_softmax"
    tree = HuffmanTree(vocabulary.counts) if is_tree else None
    work = partial(_score_run, parameters, inputs, outputs, tree)
    threads = workers if is_tree else 1  # the exact softmax's time is BLAS's, which has its own
    found: list[Logs] = []
    running: deque[Task[Logs]] = deque()
    with Pool(threads, "fastw2v-scorer") as pool:
        for run in _runs(sentences, vocabulary):
            running.append(pool.submit(work, run))
            if len(running) > 2 * threads:
                found.append(running.popleft().result())
        found += [task.result() for task in running]
    return np.concatenate(found)


def in_tree(tree: HuffmanTree, outputs: Matrix, hidden: Matrix, rows: Rows, words: Rows) -> Logs:
    """Return log p(words | hidden[rows]) of hierarchical softmax."""
    out = np.empty(len(words))
    path_log_probabilities(tree, hidden, rows, words, outputs, out)
    return out


def log_normalizers(outputs: Matrix, hidden: Matrix) -> Logs:
    """Return log Σ_w exp(u_w · h) for each hidden vector h: the exact softmax's denominators."""
    found = np.empty(len(hidden))
    for begin in range(0, len(hidden), BATCH):
        scores = (hidden[begin : begin + BATCH] @ outputs.T).astype(np.float64)
        largest = scores.max(axis=1)
        with np.errstate(under="ignore"):
            sums = np.exp(scores - largest[:, None]).sum(axis=1)
        found[begin : begin + BATCH] = largest + np.log(sums)
    return found


def _score_run(
    parameters: Hyperparameters, inputs: Matrix, outputs: Matrix, tree: HuffmanTree | None, run: Run
) -> Logs:
    """Return the scores of a run's sentences."""
    tokens = run.tokens
    sentences = np.repeat(np.arange(len(run.lengths)), run.lengths)
    pairs = _pairs(parameters, sentences, int(run.lengths.max(initial=0)))
    if parameters.architecture == "cbow":
        logs = _cbow(inputs, outputs, tree, tokens, pairs, mean=parameters.cbow_mean)
    elif tree is not None:
        logs = np.zeros(len(tokens))
        for centers, contexts in pairs:
            logs[centers] += in_tree(tree, outputs, inputs, tokens[contexts], tokens[centers])
    else:
        logs = _skipgram_softmax(inputs, outputs, tokens, pairs)
    scores: Logs = np.bincount(sentences, logs, len(run.lengths)).astype(np.float64)
    return scores


def _skipgram_softmax(inputs: Matrix, outputs: Matrix, tokens: Rows, pairs: Pairs) -> Logs:
    """Return the sum of log p(context | centre) for each place as a centre."""
    logs, counts = np.zeros(len(tokens)), np.zeros(len(tokens))
    for centers, contexts in pairs:
        logs[centers] += _dots(inputs[tokens[centers]], outputs[tokens[contexts]])
        counts[centers] += 1
    used, number = np.unique(tokens, return_inverse=True)
    return logs - counts * log_normalizers(outputs, inputs[used])[number]


def _cbow(
    inputs: Matrix,
    outputs: Matrix,
    tree: HuffmanTree | None,
    tokens: Rows,
    pairs: Pairs,
    *,
    mean: bool,
) -> Logs:
    """Return log p(centre | mean or sum of its contexts) for each place, 0 without a context."""
    sums, counts = np.zeros((len(tokens), inputs.shape[1])), np.zeros(len(tokens))
    for centers, contexts in pairs:
        sums[centers] += inputs[tokens[contexts]]
        counts[centers] += 1
    places = np.flatnonzero(counts)
    divisors = counts[places, None] if mean else 1.0
    hidden = (sums[places] / divisors).astype(np.float32)
    words, logs = tokens[places], np.zeros(len(tokens))
    if tree is not None:
        logs[places] = in_tree(tree, outputs, hidden, np.arange(len(places), dtype=np.int32), words)
    else:
        logs[places] = _dots(hidden, outputs[words]) - log_normalizers(outputs, hidden)
    return logs


def _dots(a: Matrix, b: Matrix) -> Matrix:
    return np.einsum("ij,ij->i", a, b)  # type: ignore[no-any-return]


def _pairs(parameters: Hyperparameters, sentences: Places, longest: int) -> Pairs:
    """Yield the places of centres and of their contexts, those of one distance to one side at once.

    So no place is a centre twice in one of them.
    """
    left, right = (longest if side is None else side for side in parameters.window_sides)
    for distance in range(1, min(max(left, right), longest - 1) + 1):
        first = np.flatnonzero(sentences[distance:] == sentences[:-distance])
        if distance <= left:
            yield first + distance, first
        if distance <= right:
            yield first, first + distance


def _runs(sentences: Any, vocabulary: Vocabulary) -> Iterator[Run]:
    """Yield all sentences, without the tokens outside the vocabulary."""
    if isinstance(sentences, EncodedCorpus):
        yield from _encoded_runs(sentences, vocabulary)
        return
    if isinstance(sentences, str | bytes | os.PathLike | Mapping) or not isinstance(
        sentences, Iterable
    ):
        raise TypeError(
            f"sentences must be an iterable of token sequences, or an EncodedCorpus, not "
            f"{sentences!r:.60}; fastw2v.encode(..., vocabulary=model.vocabulary) reads files"
        )
    rows: list[int] = []
    lengths: list[int] = []
    for number, sentence in enumerate(sentences):
        before = len(rows)
        rows += _known_rows(sentence, number, vocabulary.key_to_index)
        lengths.append(len(rows) - before)
        if len(rows) >= RUN or len(lengths) >= RUN:
            yield Run(np.array(rows, np.int32), np.array(lengths, np.int64))
            rows, lengths = [], []
    yield Run(np.array(rows, np.int32), np.array(lengths, np.int64))


def _known_rows(sentence: Any, number: int, row_of: Mapping[Hashable, int]) -> list[int]:
    tokens = sentence
    if type(sentence) is not list and type(sentence) is not tuple:
        tokens = as_tokens(sentence, number)
        tokens = tokens.tolist() if isinstance(tokens, np.ndarray) else tokens
    try:
        return [row for token in tokens if (row := row_of.get(token, -1)) >= 0]
    except TypeError:
        for position, token in enumerate(tokens):
            try:
                hash(token)
            except TypeError as error:
                refuse_token(number, position, token, error)
        raise


def _encoded_runs(corpus: EncodedCorpus, vocabulary: Vocabulary) -> Iterator[Run]:
    corpus.check_file()
    is_own = corpus.vocabulary.keys == vocabulary.keys
    row_of = vocabulary.key_to_index
    rows = np.array([row_of.get(key, -1) for key in corpus.vocabulary.keys], np.int32)
    begin = 0
    while begin < len(corpus):
        end = int(np.searchsorted(corpus.offsets, corpus.offsets[begin] + RUN))
        end = min(max(end, begin + 1), len(corpus), begin + RUN)
        offsets = corpus.offsets[begin : end + 1]
        tokens = corpus.tokens[offsets[0] : offsets[-1]]
        lengths = np.diff(offsets)
        if not is_own:
            tokens = rows[tokens]
            known_before = np.concatenate([[0], np.cumsum(tokens >= 0)])
            lengths, tokens = np.diff(known_before[offsets - offsets[0]]), tokens[tokens >= 0]
        yield Run(tokens, lengths)
        corpus.release()
        begin = end
