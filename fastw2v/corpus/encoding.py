"""Encoding: numbered pieces become one array of tokens, in the input's order or a random one.

The arrays hold the corpus once: a piece's memory goes back as soon as its tokens are placed. Where
they would exceed the budget they lie in a temporary file, of which little is in memory at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from fastw2v._kernels.encoding import LENGTH_BITS, MOST_BUCKET_BITS, Scatter, gather, translate
from fastw2v.corpus.storage import Mapping, allocate

BUCKET = 1 << 18  # tokens in a bucket, about, while sentences are put into a random order
STEP = 1 << 18  # offsets at a time

Numbered: TypeAlias = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]
Translated: TypeAlias = tuple[NDArray[np.int32], NDArray[np.int32]]


def arrange(
    pieces: Callable[[bool], Iterator[Numbered]], n_tokens: int, *, seed: int | None, budget: int
) -> tuple[Mapping, Mapping, int]:
    """Translate pieces and put their sentences in order.

    Parameters
    ----------
    pieces
        Called twice: yields each piece's numbers, its ends and the row of each number (-1 to drop
        it). With True, it may let go of each piece after it.
    n_tokens
        How many tokens the pieces have, at the most.
    seed
        Of the random order; None keeps the input's.
    budget
        Bytes for the result to take in memory; a larger one goes to a temporary file.

    Returns
    -------
    tokens, offsets : Mapping
        int32 (N,) and int64 (sentences + 1,). Sentences without a known token are dropped.
    longest : int
        The most tokens that a sentence has.
    """
    n_buckets = max(n_tokens // BUCKET, 1) if seed is not None else 1
    bits = min((n_buckets - 1).bit_length(), MOST_BUCKET_BITS)
    scatter = Scatter(seed, bits)
    counts = np.zeros((2, 1 << bits), np.int64)
    for tokens, ends in _translated(pieces(False)):
        scatter.plan(ends, len(tokens), *counts)
    n_kept, n_sentences = counts.sum(axis=1).tolist()
    on_disk = 4 * n_kept + 8 * (n_sentences + 1) > budget
    out = allocate(n_kept, np.int32, on_disk=on_disk)
    offsets = allocate(n_sentences + 1, np.int64, on_disk=on_disk)
    mappings = (out, offsets)
    records = offsets.array[1:].view(np.uint64)  # of sentences; their lengths, then their ends
    bounds = np.concatenate([np.zeros((2, 1), np.int64), np.cumsum(counts, axis=1)], axis=1)
    released = _Released(mappings, budget)
    scatter.restart()
    next_token, next_record = bounds[:, :-1].copy()
    for tokens, ends in _translated(pieces(True)):
        scatter.place(tokens, ends, next_token, next_record, out.array, records)
        released.after(tokens.nbytes)
    for bucket in range(1 << bits):
        (begin, first), (end, last) = bounds[:, bucket].tolist(), bounds[:, bucket + 1].tolist()
        _sort_bucket(out.array[begin:end], records[first:last], seed is not None, budget)
        released.after(4 * (end - begin))
    total = 0
    for begin in range(1, n_sentences + 1, STEP):
        part = offsets.array[begin : begin + STEP]
        np.cumsum(part, out=part)
        part += total
        total = int(part[-1])
    for mapping in mappings:
        mapping.release()
    return *mappings, scatter.longest


def _translated(pieces: Iterator[Numbered]) -> Iterator[Translated]:
    """Yield each piece's rows and its ends, and an end for a last sentence that has none.

    What is yielded holds until the next one.
    """
    tokens = ends = np.empty(0, np.int32)
    is_open = False
    for numbers, piece_ends, rows in pieces:
        if len(tokens) < len(numbers):
            tokens = np.empty(len(numbers), np.int32)
        if len(ends) < len(piece_ends):
            ends = np.empty(len(piece_ends), np.int32)
        n, n_ends, is_open = translate(numbers, piece_ends, rows, is_open, tokens, ends)
        yield tokens[:n], ends[:n_ends]
    if is_open:
        yield tokens[:0], np.zeros(1, np.int32)


def _sort_bucket(
    tokens: NDArray[np.int32], records: NDArray[np.uint64], is_random: bool, budget: int
) -> None:
    """Put a bucket's sentences in the order of their draws; turn records into lengths."""
    lengths = records.view(np.int64)
    if not is_random:
        return  # a draw of 0 and a length is a length
    draws = records >> np.uint64(LENGTH_BITS)
    order = np.argsort(draws, kind="stable")
    sizes = (records & np.uint64((1 << LENGTH_BITS) - 1)).view(np.int64)
    begins = np.cumsum(sizes) - sizes
    lengths[:] = sizes[order]
    if len(records) > 1:
        # A bucket is small, unless a single sentence is not.
        moved = allocate(len(tokens), np.int32, on_disk=4 * tokens.nbytes > budget)
        gather(tokens, begins[order], sizes[order], moved.array)
        tokens[:] = moved.array


class _Released:
    """Lets go of mapped pages whenever a share of the budget has been written."""

    def __init__(self, mappings: tuple[Mapping, ...], budget: int) -> None:
        self.mappings, self.most = mappings, budget // 8
        self.written = 0

    def after(self, n_bytes: int) -> None:
        """Count what was written."""
        self.written += n_bytes
        if self.written > self.most:
            for mapping in self.mappings:
                mapping.release()
            self.written = 0
