"""fastText's model files, ``.bin``: words with the vectors that fastText gives them.

``fastw2v.formats.fasttext_subwords`` computes them. The file, in the order of its bytes,
little-endian:

==============  ==========================================================================
magic           int32 793712314, int32 version (11 or 12)
settings        12 int32 (``SETTINGS`` names them) and a float64
dictionary      int32 entries, words, labels; int64 tokens; int64 size of the pruned index, -1 if
                there is none; for each entry its bytes, a zero byte, int64 count, int8 type (0:
                word, 1: label), words first; for each n-gram that pruning left, int32 bucket
                and int32 row after the words
input           uint8 quantised?; int64 rows, int64 columns; float32, row by row
output          the same
==============  ==========================================================================

Only the input matrix and the dictionary are of use here. Quantised models (``.ftz``) hold no such
matrix, and are refused.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from fastw2v.formats.fasttext_subwords import Subwords, mean_rows
from fastw2v.formats.files import check_readable
from fastw2v.formats.source import Source, Vectors, checked, chunk_rows

MAGIC = 793712314
VERSIONS = (11, 12)
SETTINGS = (
    *("dim", "ws", "epoch", "minCount", "neg", "wordNgrams", "loss", "model", "bucket"),
    *("minn", "maxn", "lrUpdateRate"),
)
SUPERVISED = 3  # of model
LEAST_ENTRY = 1 + 8 + 1  # bytes of a dictionary's entry without those of its word
CHUNK_NGRAMS = 1 << 20  # of a chunk's words, at the most; a single word that has more is damaged


@dataclass(frozen=True)
class Model:
    """What of a file is of use here.

    Attributes
    ----------
    words
        As bytes, the most frequent first.
    counts
        int64, (len(words),).
    matrix
        float32, rows of words and then of n-grams; mapped.
    """

    words: list[bytes]
    counts: NDArray[np.int64]
    subwords: Subwords
    matrix: NDArray[np.float32]


@contextmanager
def open_source(
    path: str | os.PathLike[str], *, limit: int | None = None, encoding_errors: str = "strict"
) -> Iterator[Source]:
    """Open a fastText model: its words, their vectors as fastText computes them, and their counts.

    Parameters
    ----------
    path
        The ``.bin`` file.
    limit
        How many words to read at the most; they come in fastText's order, the most frequent first.
    encoding_errors
        What becomes of words that are not UTF-8: a name that ``bytes.decode`` knows.

    Raises
    ------
    ValueError
        If the file is damaged, cut off, quantised, of an unknown version or no fastText model, or
        if a word is not UTF-8.
    """
    check_readable(path)
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size < 8:
            raise ValueError(f"{path} is no fastText model: it is shorter than 8 bytes")
        pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    model = _Parser(path, pages).model()
    n = len(model.words) if limit is None else min(limit, len(model.words))
    source = Source(n, model.matrix.shape[1], _chunks(path, model, n, encoding_errors))
    yield checked(source, f"{path}: ")


def _chunks(path: object, model: Model, n: int, errors: str) -> Iterator[Vectors]:
    for begin, end in _pieces(path, model, n):
        words = model.words[begin:end]
        ngrams, counts = model.subwords.of(words)
        own = np.arange(begin, end)
        vectors = mean_rows(model.matrix, own, ngrams + len(model.words), counts)
        keys = [_decoded(path, word, begin + i, errors) for i, word in enumerate(words)]
        yield Vectors(list(keys), vectors, model.counts[begin:end])


def _pieces(path: object, model: Model, n: int) -> Iterator[tuple[int, int]]:
    """Yield which words make a chunk: so many that neither they nor their n-grams are too many."""
    subwords = model.subwords
    characters = np.array([len(word) for word in model.words[:n]], np.int64) + 2
    ngrams = np.maximum(np.minimum(characters, subwords.maxn) - max(subwords.minn, 1) + 1, 0)
    ngrams *= characters
    if n and ngrams.max() > CHUNK_NGRAMS:
        word = int(ngrams.argmax())
        raise ValueError(
            f"{path} is damaged: word {word} has {characters[word] - 2:,} bytes, and n-grams of "
            f"{subwords.minn} to {subwords.maxn} characters"
        )
    ends = np.cumsum(ngrams)
    rows = chunk_rows(model.matrix.shape[1])
    begin = 0
    while begin < n:
        before = ends[begin - 1] if begin else 0
        end = int(np.searchsorted(ends, before + CHUNK_NGRAMS, side="right"))
        end = min(end, begin + rows, n)
        yield begin, end
        begin = end


def _decoded(path: object, word: bytes, row: int, errors: str) -> str:
    try:
        return word.decode("utf-8", errors)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path}: word {row}, {word!r}, is not UTF-8 ({error.reason}); "
            'encoding_errors="replace" or "ignore" reads it'
        ) from error


class _Parser:
    """Reads a mapped file from its beginning on, and says at which byte something is wrong."""

    def __init__(self, path: object, pages: mmap.mmap) -> None:
        self.path = path
        self.pages = pages
        self.at = 0

    def model(self) -> Model:
        """Return the model; everything that the file announces is checked against its size."""
        magic, version = self.take("<2i", "the magic number and the version")
        if magic != MAGIC:
            raise ValueError(
                f"{self.path} is no fastText model: it begins with {magic}, not {MAGIC}"
            )
        if version not in VERSIONS:
            raise ValueError(f"{self.path} is a fastText model of version {version}, not 11 or 12")
        settings = dict(zip(SETTINGS, self.take("<12id", "the settings"), strict=False))
        if version == 11 and settings["model"] == SUPERVISED:
            settings["maxn"] = 0  # as in fastText: such models had no n-grams of characters
        words, counts, pruned = self.dictionary()
        matrix = self.matrix("input")
        self.matrix("output")
        if self.at != len(self.pages):
            self.fail(f"{len(self.pages) - self.at:,} bytes follow the output matrix")
        subwords = self.subwords(settings, pruned, len(matrix) - len(words))
        if matrix.shape[1] != settings["dim"]:
            self.fail(f"dim is {settings['dim']}, but the matrix has {matrix.shape[1]} columns")
        return Model(words, counts, subwords, matrix)

    def subwords(
        self, settings: dict[str, int], pruned: NDArray[np.int64] | None, rows: int
    ) -> Subwords:
        """Return how n-grams find their rows, of which the matrix has so many."""
        minn, maxn, bucket = (settings[name] for name in ("minn", "maxn", "bucket"))
        if bucket < 0 or (bucket == 0 and maxn >= max(minn, 1)):
            self.fail(f"bucket is {bucket}, minn {minn}, maxn {maxn}")
        # Some old files have an empty index, and all their n-grams nonetheless.
        if pruned is None or (len(pruned) == 0 and rows == bucket):
            if rows != bucket:
                self.fail(f"the input matrix has {rows:,} rows for {bucket:,} buckets of n-grams")
            return Subwords(minn, maxn, bucket)
        if rows != len(pruned) or (pruned < 0).any() or (pruned[:, 1] >= rows).any():
            self.fail(f"the input matrix has {rows:,} rows for {len(pruned):,} n-grams left")
        pruned = pruned[np.argsort(pruned[:, 0], kind="stable")]
        return Subwords(minn, maxn, bucket, pruned[:, 0], pruned[:, 1])

    def dictionary(self) -> tuple[list[bytes], NDArray[np.int64], NDArray[np.int64] | None]:
        """Return the words, their counts and, if there is one, the index of what pruning left."""
        entries, n_words, n_labels, _, n_pruned = self.take("<3i2q", "the dictionary's sizes")
        if min(n_words, n_labels) < 0 or entries != n_words + n_labels:
            self.fail(f"{entries:,} entries, but {n_words:,} words and {n_labels:,} labels")
        self.expect(entries * LEAST_ENTRY, f"{entries:,} entries of the dictionary")
        if n_pruned < -1:
            self.fail(f"{n_pruned:,} n-grams left by pruning")
        words, ends = [], np.empty(entries, np.int64)
        at, find, pages = self.at, self.pages.find, self.pages
        for i in range(entries):
            end = find(b"\0", at)
            if end < 0 or end + LEAST_ENTRY > len(pages):
                self.fail(f"the file ends inside entry {i:,} of the dictionary, which begins here")
            words.append(pages[at:end])
            ends[i] = end
            at = self.at = end + LEAST_ENTRY
        whole = np.frombuffer(self.pages, np.uint8)
        counts = whole[ends[:, None] + np.arange(1, 9)].view("<i8")[:, 0].astype(np.int64)
        expected = np.arange(entries) >= n_words
        wrong = (whole[ends + 9] != expected) | (counts < 0)
        if wrong.any():
            i = int(wrong.argmax())
            self.fail(
                f"{words[i]!r}, entry {i:,} of the dictionary, has count {counts[i]:,} and type "
                f"{whole[ends[i] + 9]}, where {int(expected[i])} is expected",
                int(ends[i]),
            )
        pruned = None
        if n_pruned >= 0:
            self.expect(n_pruned * 8, f"{n_pruned:,} n-grams left by pruning")
            pruned = np.frombuffer(self.pages, "<i4", 2 * n_pruned, self.at).astype(np.int64)
            pruned = pruned.reshape(n_pruned, 2)
            self.at += n_pruned * 8
        return words[:n_words], counts[:n_words], pruned

    def matrix(self, name: str) -> NDArray[np.float32]:
        """Return the matrix that begins here, mapped."""
        (quantised,) = self.take("<B", f"the kind of the {name} matrix")
        if quantised == 1:
            raise ValueError(
                f"{self.path} is quantised (.ftz): its {name} matrix can't be read; give the .bin "
                "file that it was made of"
            )
        if quantised:
            self.fail(f"the kind of the {name} matrix is {quantised}", self.at - 1)
        rows, columns = self.take("<2q", f"the shape of the {name} matrix")
        if rows < 0 or columns < 1:
            self.fail(f"the {name} matrix has {rows:,} rows and {columns:,} columns", self.at - 16)
        self.expect(rows * columns * 4, f"the {name} matrix of {rows:,} × {columns:,}")
        values = np.frombuffer(self.pages, "<f4", rows * columns, self.at)
        self.at += values.nbytes
        return values.reshape(rows, columns)

    def take(self, form: str, what: str) -> tuple[Any, ...]:
        """Return the values that come next."""
        self.expect(struct.calcsize(form), what)
        values = struct.unpack_from(form, self.pages, self.at)
        self.at += struct.calcsize(form)
        return values

    def expect(self, size: int, what: str) -> None:
        """Make sure that so many bytes are left."""
        if self.at + size > len(self.pages):
            self.fail(f"{what} would take {size:,} bytes, and {len(self.pages) - self.at:,} follow")

    def fail(self, problem: str, at: int | None = None) -> NoReturn:
        """Say what is wrong at a byte."""
        at = self.at if at is None else at
        raise ValueError(f"{self.path} is damaged at byte {at:,}: {problem}")
