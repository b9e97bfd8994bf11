"""Encoding: numbered pieces become one array of tokens, in the input's order or a random one.

The arrays hold the corpus once: a piece's memory goes back as soon as its tokens are placed. Where
they would exceed the budget they lie in a temporary file, of which little is in memory at any time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fastw2v._kernels.encoding import LENGTH_BITS, MOST_BUCKET_BITS, Scatter, gather, translate
from fastw2v.corpus.encoded import CorpusReport, EncodedCorpus
from fastw2v.corpus.storage import MappedArray, allocate
from fastw2v.corpus.weights import Weights, weights_left
from fastw2v.threads import Pool, Task
from fastw2v.vocabulary import Choice, Counted, Selection, Vocabulary

BUCKET = 1 << 18  # tokens in a bucket, about, while sentences are put into a random order
STEP = 1 << 18  # offsets at a time

Numbered: TypeAlias = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]
Translated: TypeAlias = tuple[NDArray[np.int32], NDArray[np.int32]]


class Encodable(Counted, Protocol):
    """A corpus of numbers: one that was just read, or one of rows, to be encoded anew."""

    @property
    def n_tokens(self) -> int:
        """How many tokens it has."""

    @property
    def n_sentences(self) -> int:
        """How many sentences it has."""

    @property
    def weights(self) -> Weights | None:
        """What each of them weighs, if not the same."""

    @property
    def n_numbers(self) -> int:
        """One more than the highest number."""

    def report_of_reading(self) -> dict[str, int]:
        """Return what was read, as the fields of a report."""

    def pieces(self, rows: NDArray[np.int32], *, consume: bool) -> Iterator[Numbered]:
        """Yield the numbers in pieces, the ends of sentences in each, and the rows for it.

        ``consume`` allows to let go of each piece after it.
        """


class NothingToTrainOnError(ValueError):
    """No sentence has two tokens of the vocabulary.

    Attributes
    ----------
    tokens
        How many were read.
    vocabulary
        What they were to be encoded by; None where no token was read.
    """

    def __init__(self, message: str, tokens: int = 0, vocabulary: Vocabulary | None = None) -> None:
        super().__init__(message)
        self.tokens, self.vocabulary = tokens, vocabulary


def encode_numbered(
    numbered: Encodable, choice: Choice, *, seed: int | None, budget: int, workers: int = 1
) -> EncodedCorpus:
    """Choose the vocabulary and encode.

    Parameters
    ----------
    numbered
        What to encode; what was just read is used up.
    choice
        How the vocabulary comes from the counts.
    seed
        Of a random order of the sentences; None keeps theirs.
    budget
        Bytes for the result to take in memory; a larger one goes to a temporary file.
    workers
        Threads; the result does not depend on it.

    Raises
    ------
    NothingToTrainOnError
        If no sentence has two tokens of the vocabulary: there would be no window to train on.
    ValueError
        If all sentences left weigh 0.
    """
    vocabulary, numbers = choice.choose(numbered)
    rows = np.full(numbered.n_numbers, -1, np.int32)
    known = numbers >= 0
    rows[numbers[known]] = np.flatnonzero(known)
    if isinstance(numbered, EncodedCorpus) and seed is None and _is_identity(rows):
        return numbered.with_vocabulary(vocabulary)
    n_tokens, n_sentences = numbered.n_tokens, numbered.n_sentences

    def pieces(consume: bool) -> Iterator[Numbered]:
        return numbered.pieces(rows, consume=consume)

    weights = numbered.weights
    if weights is not None:
        weights = weights_left(weights, pieces(False), seed)
    tokens, offsets, longest = arrange(
        pieces, n_tokens, n_sentences, seed=seed, budget=budget, workers=workers
    )
    report = CorpusReport(
        **numbered.report_of_reading(),
        kept_sentences=len(offsets.array) - 1,
        kept_tokens=len(tokens.array),
        longest_sentence=longest,
        vocabulary_size=len(vocabulary),
    )
    if longest < 2:
        raise NothingToTrainOnError(
            f"no sentence has two tokens of the vocabulary: {report.tokens:,} tokens in "
            f"{report.sentences:,} sentences were read, {report.kept_tokens:,} of them known. "
            f"{_advice(vocabulary, choice)}",
            report.tokens,
            vocabulary,
        )
    return EncodedCorpus(tokens, offsets, vocabulary, report, weights)


def _advice(vocabulary: Vocabulary, choice: Choice) -> str:
    if isinstance(choice, Selection):
        return "Lower min_count, or check that sentences are lists of more than one token"
    key = vocabulary.keys[0]
    return (
        f"Check that its keys, such as {key!r} of type {type(key).__name__}, are the sentences' "
        "tokens"
    )


def _is_identity(rows: NDArray[np.int32]) -> bool:
    return bool(np.array_equal(rows, np.arange(len(rows))))


def arrange(
    pieces: Callable[[bool], Iterator[Numbered]],
    n_tokens: int,
    n_sentences: int,
    *,
    seed: int | None,
    budget: int,
    workers: int = 1,
) -> tuple[MappedArray, MappedArray, int]:
    """Translate pieces and put their sentences in order.

    Parameters
    ----------
    pieces
        Called once or twice: yields each piece's numbers, its ends and the row of each number (-1
        to drop it). With True, it may let go of each piece after it.
    n_tokens, n_sentences
        How many the pieces have, at the most.
    seed
        Of the random order; None keeps the input's.
    budget
        Bytes for the result to take in memory; a larger one goes to a temporary file.
    workers
        Threads that translate.

    Returns
    -------
    tokens, offsets : MappedArray
        int32 (N,) and int64 (sentences + 1,). Sentences without a known token are dropped.
    longest : int
        The most tokens that a sentence has.
    """
    with Pool(workers, "fastw2v-encoder") as pool:

        def translated(consume: bool) -> Iterator[Translated]:
            return _translated(pieces(consume), pool, workers)

        if seed is None:
            return _in_their_order(translated(True), n_tokens, n_sentences, budget, workers)
        bits = min((max(n_tokens // BUCKET, 1) - 1).bit_length(), MOST_BUCKET_BITS)
        return _in_random_order(translated, Scatter(seed, bits), 1 << bits, budget)


def _in_their_order(
    pieces: Iterator[Translated], n_tokens: int, n_sentences: int, budget: int, workers: int
) -> tuple[MappedArray, MappedArray, int]:
    """Put pieces one after the other; at most as many tokens and sentences as said."""
    out, offsets = _allocate(n_tokens, n_sentences, budget, in_one_go=True)
    released = _Released((out, offsets), budget)
    n_tokens = n_sentences = longest = 0
    with Pool(1, "fastw2v-encoder") as pool:
        copying: Task[None] | None = None
        for tokens, ends in pieces:
            if copying is not None:
                copying.result()
            place = out.array[n_tokens : n_tokens + len(tokens)]
            # By another thread, if there may be one: the first touch of memory takes its time.
            if workers > 1:
                copying = pool.submit(np.copyto, place, tokens)
            else:
                np.copyto(place, tokens)
            if len(ends):
                its_offsets = offsets.array[n_sentences : n_sentences + len(ends) + 1]
                its_offsets[1:] = ends
                its_offsets[1:] += n_tokens
                longest = max(longest, int(np.diff(its_offsets).max()))
            n_tokens, n_sentences = n_tokens + len(tokens), n_sentences + len(ends)
            released.after(tokens.nbytes)
        if copying is not None:
            copying.result()
    released.now()
    return (
        out._replace(array=out.array[:n_tokens]),
        offsets._replace(array=offsets.array[: n_sentences + 1]),
        longest,
    )


def _in_random_order(
    pieces: Callable[[bool], Iterator[Translated]], scatter: Scatter, n_buckets: int, budget: int
) -> tuple[MappedArray, MappedArray, int]:
    """Count what each bucket will hold, fill the buckets, and sort each of them."""
    sizes = np.zeros((2, n_buckets), np.int64)  # tokens and sentences
    for tokens, ends in pieces(False):
        scatter.plan(ends, len(tokens), *sizes)
    scatter.restart()
    bounds = np.concatenate([np.zeros((2, 1), np.int64), np.cumsum(sizes, axis=1)], axis=1)
    n_tokens, n_sentences = bounds[:, -1].tolist()
    out, offsets = _allocate(n_tokens, n_sentences, budget)
    released = _Released((out, offsets), budget)
    records = offsets.array[1:].view(np.uint64)  # of sentences; then their lengths, then their ends
    next_token, next_record = bounds[:, :-1].copy()
    for tokens, ends in pieces(True):
        scatter.place(tokens, ends, next_token, next_record, out.array, records)
        released.after(tokens.nbytes)
    for (begin, first), (end, last) in pairwise(bounds.T.tolist()):
        _sort_bucket(out.array[begin:end], records[first:last], budget)
        released.after(4 * (end - begin))
    for begin in range(0, len(records), STEP):  # the running sum, so that little is touched at once
        part = offsets.array[1 + begin : 1 + begin + STEP]
        part[0] += offsets.array[begin]
        np.cumsum(part, out=part)
    released.now()
    return out, offsets, scatter.longest


def _allocate(
    n_tokens: int, n_sentences: int, budget: int, *, in_one_go: bool = False
) -> tuple[MappedArray, MappedArray]:
    """Return room for tokens and offsets, in memory if the budget allows it."""
    on_disk = 4 * n_tokens + 8 * (n_sentences + 1) > budget
    return (
        allocate(n_tokens, np.int32, on_disk=on_disk, in_one_go=in_one_go),
        allocate(n_sentences + 1, np.int64, on_disk=on_disk, in_one_go=in_one_go),
    )


def _translated(pieces: Iterator[Numbered], pool: Pool, workers: int) -> Iterator[Translated]:
    """Yield each piece's rows and its ends, and an end for a last sentence that has none."""
    is_open = False
    for tokens, ends in _in_order(pieces, pool, workers):
        if len(ends) and ends[0] == 0 and not is_open:
            ends = ends[1:]  # of a sentence whose tokens were all dropped
        is_open = len(tokens) > ends[-1] if len(ends) else is_open or len(tokens) > 0
        yield tokens, ends
    if is_open:
        yield np.empty(0, np.int32), np.zeros(1, np.int32)


def _in_order(pieces: Iterator[Numbered], pool: Pool, workers: int) -> Iterator[Translated]:
    """Translate pieces on a pool's threads, no more of them at a time, and yield them in order."""
    if workers == 1:
        yield from map(_translate, pieces)
        return
    running: deque[Task[Translated]] = deque()
    for piece in pieces:
        running.append(pool.submit(_translate, piece))
        if len(running) > workers:
            yield running.popleft().result()
    while running:
        yield running.popleft().result()


def _translate(piece: Numbered) -> Translated:
    """Translate one piece; an end at 0 may or may not end a sentence of the piece before."""
    numbers, ends, rows = piece
    tokens, ends_left = np.empty(len(numbers), np.int32), np.empty(len(ends), np.int32)
    n, n_ends, _ = translate(numbers, ends, rows, True, tokens, ends_left)
    return tokens[:n], ends_left[:n_ends]


def _sort_bucket(tokens: NDArray[np.int32], records: NDArray[np.uint64], budget: int) -> None:
    """Put a bucket's sentences in the order of their draws; turn records into lengths."""
    order = np.argsort(records >> np.uint64(LENGTH_BITS), kind="stable")
    lengths = (records & np.uint64((1 << LENGTH_BITS) - 1)).view(np.int64)
    begins = np.cumsum(lengths) - lengths
    records[:] = lengths[order]
    if len(records) > 1:
        # A bucket is small, unless a single sentence is not.
        moved = allocate(len(tokens), np.int32, on_disk=4 * tokens.nbytes > budget)
        gather(tokens, begins[order], lengths[order], moved.array)
        tokens[:] = moved.array


class _Released:
    """Lets go of mapped pages whenever a share of the budget has been written."""

    def __init__(self, mappings: tuple[MappedArray, ...], budget: int) -> None:
        self.mappings, self.most = mappings, budget // 8
        self.written = 0

    def after(self, n_bytes: int) -> None:
        """Count what was written."""
        self.written += n_bytes
        if self.written > self.most:
            self.now()

    def now(self) -> None:
        """Let go at once."""
        self.written = 0
        for mapping in self.mappings:
            mapping.release()
