"""Reading: whatever the input is, its blocks become numbers of distinct tokens, in one pass.

A ``Source`` yields blocks, one thread at a time; a block numbers its tokens in a key table, which
is work for all threads at once, each with a table of its own. What comes out goes to a ``Spool`` in
the order of the blocks, so it does not depend on the threads. At the end the tables become one.

A token's place, which settles ties in the vocabulary's order, is its block's number and its place
in that block.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Hashable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fastw2v.corpus.numbering import KeyTable
from fastw2v.corpus.storage import Piece, Slabs, Spool
from fastw2v.threads import StoppableThread, insist, wait_for_all

MOST_WAITING = 4  # pieces for each thread, while an earlier block takes its time
WAIT_SECONDS = 0.002  # until the next look whether a piece may be added
BLOCK_BITS = 32  # of a place: which block, above; where in it, below


class Scratch:
    """One thread's room for the numbers and ends of one block."""

    def __init__(self) -> None:
        self.numbers: NDArray[np.int32] = np.empty(0, np.int32)
        self.ends: NDArray[np.int32] = np.empty(0, np.int32)

    def reserve(self, n: int) -> None:
        """Make room for n numbers, an end after each, one at 0 and one for the input's end."""
        if len(self.numbers) < n:
            self.numbers, self.ends = np.empty(n, np.int32), np.empty(n + 2, np.int32)
        elif len(self.ends) < 2:
            self.ends = np.empty(2, np.int32)


class Block(Protocol):
    """A part of an input, ready to be numbered."""

    def number(self, table: KeyTable, first_place: int, scratch: Scratch) -> tuple[int, int]:
        """Write all tokens' numbers into the scratch; return how many numbers and ends.

        Ends of sentences without a token may be left out, but for one at 0, which may end a
        sentence that the block before began.
        """


class Source(Protocol):
    """An input of any kind. The last block of a source ends its last sentence."""

    @property
    def parallel(self) -> bool:
        """Whether several threads may number blocks at the same time."""

    @property
    def replaces_invalid(self) -> bool:
        """Whether texts that are not UTF-8 are to be mended."""

    def blocks(self) -> Generator[Block]:
        """Yield the input's blocks, in order."""


class NumberedCorpus:
    """What was read: tokens as numbers, and what each number stands for.

    Parameters
    ----------
    budget
        Bytes of numbers to keep in memory; the rest goes to a temporary file. None keeps none:
        tokens are counted only.
    max_distinct
        Forget the rarer half of the distinct tokens, or more, whenever there are more than this.

    Attributes
    ----------
    table
        The distinct tokens with their counts.
    spool
        The numbers; None if they were only counted.
    n_tokens, n_sentences
        What was read; sentences without a token are not counted.
    pruned_keys, pruned_tokens
        How many distinct tokens were forgotten, and how many occurrences with them.
    replaced_tokens
        How many tokens were not UTF-8, and were mended.
    weights
        What each sentence weighs, where the caller says so.
    """

    def __init__(self, budget: int | None, max_distinct: int | None = None) -> None:
        self.table = KeyTable()
        self.spool = None if budget is None else Spool(budget)
        self.max_distinct = max_distinct
        self.n_tokens = self.n_sentences = 0
        self.pruned_keys = self.pruned_tokens = self.replaced_tokens = 0
        self.weights: NDArray[np.float32] | None = None
        self._is_open = False  # the last sentence so far has a token, and no end yet
        self._mappings: dict[int, NDArray[np.int32]] = {}
        self._last_blocks_before_pruning: list[int] = []
        self._first_block: NDArray[np.int64] | None = None  # of numbers

    def add(self, piece: Piece) -> None:
        """Add the next piece."""
        ends_nothing = len(piece.ends) > 0 and piece.ends[0] == 0 and not self._is_open
        self.n_tokens += len(piece.numbers)
        self.n_sentences += len(piece.ends) - int(ends_nothing)
        if len(piece.ends):
            self._is_open = int(piece.ends[-1]) < len(piece.numbers)
        else:
            self._is_open = self._is_open or len(piece.numbers) > 0
        if self.spool is not None:
            self.spool.append(piece)
        if self.max_distinct is not None and len(self.table) > self.max_distinct:
            self._prune(piece.block)

    def _prune(self, block: int) -> None:
        """Forget the rarest tokens: the rarer half of what there may be, or more."""
        assert self.max_distinct is not None
        live = self.table.counts()
        live = np.sort(live[live > 0])
        bounds = np.unique(live) + 1  # forgetting below each, so many are left:
        left = len(live) - np.searchsorted(live, bounds)
        enough = np.flatnonzero(left <= self.max_distinct // 2)[0]
        if left[enough] == 0 and enough > 0 and left[enough - 1] <= self.max_distinct:
            enough -= 1  # many tie: better to forget few than all
        least = int(bounds[enough])
        forgotten = live[live < least]
        self.pruned_keys += len(forgotten)
        self.pruned_tokens += int(forgotten.sum())
        self.table.prune(least)
        self._last_blocks_before_pruning.append(block)

    def close(self) -> None:
        """Give back the numbers' memory and their temporary file."""
        if self.spool is not None:
            self.spool.close()

    def finish(self, tables: list[KeyTable], *, replaces_invalid: bool) -> None:
        """Make one table of all, whose first is this corpus's own."""
        for i, other in enumerate(tables):
            if other is not self.table:
                self._mappings[i] = self.table.merge(other)
        if self._last_blocks_before_pruning:  # as they are before mending gives numbers out again
            self._first_block = np.where(
                self.table.counts() > 0, self.table.first() >> BLOCK_BITS, 1 << 62
            )
        if replaces_invalid:
            change = np.arange(self.table.n_numbers, dtype=np.int32)
            self.replaced_tokens = self.table.replace_invalid(change)
            if self.replaced_tokens:
                self._mappings = {i: change[now] for i, now in self._mappings.items()} | {0: change}

    @property
    def n_numbers(self) -> int:
        """One more than the highest number."""
        return self.table.n_numbers

    def counts(self) -> NDArray[np.int64]:
        """Return how often each number's key occurs; 0 for a number that has none."""
        return self.table.counts()

    def first(self) -> NDArray[np.int64]:
        """Return the place of each number's first appearance."""
        return self.table.first()

    def keys(self, numbers: NDArray[np.int64]) -> list[Hashable]:
        """Return the keys of some numbers."""
        return self.table.keys(numbers)

    def find(self, keys: Sequence[Hashable]) -> NDArray[np.int32]:
        """Return the numbers of some keys, -1 for those that did not occur."""
        return self.table.find(keys)

    def report_of_reading(self) -> dict[str, int]:
        """Return what was read, as the fields of a report."""
        return {
            "sentences": self.n_sentences,
            "tokens": self.n_tokens,
            "distinct": int(np.count_nonzero(self.table.counts())),
            "pruned_distinct": self.pruned_keys,
            "pruned_tokens": self.pruned_tokens,
            "replaced_tokens": self.replaced_tokens,
        }

    def pieces(
        self, rows: NDArray[np.int32], *, consume: bool
    ) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]]:
        """Yield each piece's numbers, its ends, and the row of each number.

        Parameters
        ----------
        rows
            The row of each number of ``table``, -1 where it has none.
        consume
            Give the memory of each piece back after it.
        """
        assert self.spool is not None
        eras = [*self._last_blocks_before_pruning, 1 << (63 - BLOCK_BITS)]
        era = -1
        rows_of_table: dict[int, NDArray[np.int32]] = {}
        for piece in self.spool.consume() if consume else self.spool:
            if era < 0 or piece.block > eras[era]:
                era = int(np.searchsorted(eras, piece.block))
                rows_of_table.clear()
            if piece.table not in rows_of_table:
                # A number that pruning freed may since have become another key's.
                mapping = self._mappings.get(piece.table)
                now = rows if mapping is None else rows[mapping]
                if self._first_block is not None:
                    now = np.where(self._first_block <= eras[era], now, -1)
                rows_of_table[piece.table] = now.astype(np.int32, copy=False)
            yield piece.numbers, piece.ends, rows_of_table[piece.table]


def read(
    source: Source, *, workers: int, budget: int | None, max_distinct: int | None = None
) -> NumberedCorpus:
    """Read a source from its first block to its last.

    Parameters
    ----------
    source
        The input.
    workers
        Threads, where the source allows several. ``max_distinct`` takes one, as what is forgotten
        would follow from how the threads share the work.
    budget, max_distinct
        As for ``NumberedCorpus``.

    Raises
    ------
    Exception
        The first, in the input's order, that reading or numbering raised.
    """
    corpus = NumberedCorpus(budget, max_distinct)
    n_threads = workers if source.parallel and max_distinct is None else 1
    tables = [corpus.table, *(KeyTable() for _ in range(n_threads - 1))]
    work = _Work(source, corpus, tables)
    threads = [Reader(work, i) for i in range(1, n_threads)]
    try:
        try:
            for thread in threads:
                thread.start()
            work.run(0)  # the main thread works too, and between two blocks sees to Ctrl-C
        finally:
            insist(work.stop)  # at the end there is nothing left to stop
            wait_for_all(threads)
            work.blocks.close()  # a file that is being read
        if work.errors:
            raise min(work.errors, key=lambda error: error[0])[1]
        corpus.finish(tables, replaces_invalid=source.replaces_invalid)
    except BaseException:
        corpus.close()
        raise
    return corpus


class Reader(StoppableThread):
    """A thread that works on blocks, in a table of its own."""

    def __init__(self, work: _Work, table: int) -> None:
        super().__init__("fastw2v-reader")
        self.work, self.table = work, table

    def work_on(self) -> None:
        """Work until there is no block left."""
        self.work.run(self.table)


class _Work:
    """What the threads share: the blocks to come, and the pieces that wait for earlier ones."""

    def __init__(self, source: Source, corpus: NumberedCorpus, tables: list[KeyTable]) -> None:
        self.blocks = source.blocks()
        self.corpus, self.tables = corpus, tables
        self.stopped = False
        self.errors: list[tuple[int, BaseException]] = []
        self._n_blocks = self._n_added = 0
        self._waiting: dict[int, Piece] = {}
        self._reading, self._adding = threading.Lock(), threading.Lock()

    def stop(self) -> None:
        """Let every thread end after its block."""
        self.stopped = True

    def run(self, table: int) -> None:
        """Work on blocks, in one of the tables, until there is none left or one has failed."""
        scratch = Scratch()
        spool = self.corpus.spool
        slabs = None if spool is None else Slabs(spool.budget)
        index = -1
        try:
            while not self.stopped:
                with self._reading:
                    index = self._n_blocks
                    block = next(self.blocks, None)
                    self._n_blocks += 1
                if block is None:
                    return
                n, n_ends = block.number(self.tables[table], index << BLOCK_BITS, scratch)
                del block  # its memory, before the piece takes some
                numbers, ends = scratch.numbers[:n], scratch.ends[:n_ends]
                if slabs is not None:
                    numbers, ends = slabs.copy(numbers), slabs.copy(ends)
                elif len(self.tables) > 1:  # to be counted only, but it may have to wait
                    numbers, ends = numbers.copy(), ends.copy()
                self._add(index, Piece(numbers, ends, table, index))
        except Exception as error:
            self.errors.append((index, error))
            self.stop()
        except BaseException:  # Ctrl-C, in the main thread
            self.stop()
            raise

    def _add(self, index: int, piece: Piece) -> None:
        """Add a piece when its turn has come; wait if too many wait for an earlier block."""
        with self._adding:
            self._waiting[index] = piece
            while self._n_added in self._waiting:
                self.corpus.add(self._waiting.pop(self._n_added))
                self._n_added += 1
        most = MOST_WAITING * len(self.tables)
        while index - self._n_added > most and not self.stopped:
            time.sleep(WAIT_SECONDS)
