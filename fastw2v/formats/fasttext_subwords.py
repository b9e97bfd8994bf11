"""Vectors of words from those of their character n-grams, as fastText computes them.

Source: Bojanowski et al., "Enriching Word Vectors with Subword Information", 2017. A word's vector
is the mean of its own row of a matrix and those of its n-grams, which a hash lets share ``bucket``
rows after the words'.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

END_OF_SENTENCE = b"</s>"  # a word without n-grams

# 32-bit FNV-1a
OFFSET_BASIS = np.uint32(2166136261)
PRIME = np.uint32(16777619)


@dataclass(frozen=True)
class Subwords:
    """How fastText finds the rows of a word's n-grams.

    Attributes
    ----------
    minn, maxn
        Characters of the shortest and the longest n-gram.
    bucket
        How many values the hash takes.
    kept, rows
        If the dictionary was pruned: the hashes that are left, rising, and the row of each, counted
        from the end of the words.
    """

    minn: int
    maxn: int
    bucket: int
    kept: NDArray[np.int64] | None = None
    rows: NDArray[np.int64] | None = None

    def of(self, words: list[bytes]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the rows of all n-grams of some words, and how many each word has.

        Rows are counted from the end of the words, and in the order in which fastText adds them.
        """
        hashes, counts = ngram_hashes(words, self.minn, self.maxn)
        rows = (hashes % np.uint32(self.bucket)).astype(np.int64) if len(hashes) else hashes
        if self.kept is None or self.rows is None:
            return rows.astype(np.int64), counts
        if not len(self.kept):
            return np.empty(0, np.int64), np.zeros(len(words), np.int64)
        place = np.minimum(np.searchsorted(self.kept, rows), len(self.kept) - 1)
        is_kept = self.kept[place] == rows
        word = np.repeat(np.arange(len(words)), counts)
        return self.rows[place[is_kept]], np.bincount(word[is_kept], minlength=len(words))


def ngram_hashes(
    words: list[bytes], minn: int, maxn: int
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the hashes of all character n-grams of some words, and how many each word has.

    A word stands between ``<`` and ``>``, which alone are no n-grams. Characters are UTF-8's: a
    byte of the form 10xxxxxx belongs to the character before it.
    """
    texts = [b"" if word == END_OF_SENTENCE else b"<%b>" % word for word in words]
    text = np.frombuffer(b"".join(texts), np.uint8)
    # fastText's bytes have signs: one of 128 or more sets all higher bits too.
    signed = text.view(np.int8).astype(np.int32).view(np.uint32)
    starts = np.flatnonzero((text & 0xC0) != 0x80)  # where characters begin
    lengths = np.diff(starts, append=len(text))
    word_ends = np.searchsorted(starts, np.cumsum([len(t) for t in texts]))  # in characters
    word = np.searchsorted(word_ends, np.arange(len(starts)), side="right")
    left = word_ends[word] - np.arange(len(starts))  # characters from this one to the word's end
    first = np.diff(word, prepend=-1) > 0

    longest = min(maxn, int(left.max(initial=0)))
    shortest = max(minn, 1)
    table = np.zeros((len(starts), max(longest - shortest + 1, 0)), np.uint32)
    found = np.zeros(table.shape, bool)
    hashes = np.full(len(starts), OFFSET_BASIS, np.uint32)
    begins = np.arange(len(starts))
    for n in range(1, longest + 1):
        begins = begins[left[begins] >= n]
        last = begins + n - 1  # the character that joins the n-gram
        for k in range(int(lengths[last].max(initial=0))):
            longer = lengths[last] > k
            here = begins[longer]
            hashes[here] = (hashes[here] ^ signed[starts[last[longer]] + k]) * PRIME
        if n >= shortest:
            table[begins, n - shortest] = hashes[begins]
            found[begins, n - shortest] = True
            if n == 1:
                found[first | (left == 1), 0] = False
    counts = np.bincount(word, found.sum(axis=1), len(words)).astype(np.int64)
    return table[found], counts


def mean_rows(
    matrix: NDArray[np.float32],
    own: NDArray[np.int64],
    others: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Return, for each i, the mean of row ``own[i]`` and of its ``counts[i]`` rows of ``others``.

    One row of each at a time, in float32: the sums are rounded as fastText's are.
    """
    order = np.argsort(-counts, kind="stable")  # so that those with a further row come first
    begins = (np.cumsum(counts) - counts)[order]
    sums = matrix[own[order]].astype(np.float32, copy=False)
    with np.errstate(over="ignore", invalid="ignore"):  # in damaged files; refused later
        for i in range(int(counts.max(initial=0))):
            further = int(np.count_nonzero(counts > i))
            sums[:further] += matrix[others[begins[:further] + i]]
    means = np.empty_like(sums)
    means[order] = sums * (1 / (counts[order] + 1)).astype(np.float32)[:, None]
    return means
