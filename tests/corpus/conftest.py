"""What the corpus's tests share: a plain reference, and ways to write and to look at a corpus."""

import bz2
import gzip
import lzma
from collections import Counter
from dataclasses import asdict
from itertools import pairwise

import numpy as np
import pytest
import zstandard

from fastw2v.corpus import encode

SENTENCES = [["the", "cat", "sat"], [], ["the", "rare"], ["alone"], ["cat", "the", "cat", "sat"]]
TEXT = "the cat sat\n\nthe rare\nalone\ncat the cat sat\n"
COMPRESS = {
    ".txt": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(data),
}


def _contents(corpus):
    """Everything a corpus holds, as plain values."""
    assert corpus.tokens.dtype == np.int32
    assert corpus.offsets.dtype == corpus.vocabulary.counts.dtype == np.int64
    return (
        corpus.vocabulary.keys,
        [type(key) for key in corpus.vocabulary.keys],
        corpus.vocabulary.counts.tolist(),
        corpus.tokens.tolist(),
        corpus.offsets.tolist(),
        {name: n for name, n in asdict(corpus.report).items() if name != "sampled_share"},
    )


def _everything(sentences, min_count=1, **options):
    return _contents(encode(sentences, min_count=min_count, **options))


def _plain(corpus):
    """The sentences of a corpus, with its keys as tokens."""
    keys = [corpus.vocabulary.keys[token] for token in corpus.tokens]
    return [keys[begin:end] for begin, end in pairwise(corpus.offsets.tolist())]


def _reference(sentences, min_count=1):
    """The few plain lines that say what encoding is."""
    counts = Counter(token for sentence in sentences for token in sentence)  # by first appearance
    keys = [key for key, n in sorted(counts.items(), key=lambda kn: -kn[1]) if n >= min_count]
    index = {key: i for i, key in enumerate(keys)}
    rows = [[index[token] for token in sentence if token in index] for sentence in sentences]
    rows = [row for row in rows if row]
    tokens = [token for row in rows for token in row]
    offsets = [sum(map(len, rows[:i])) for i in range(len(rows) + 1)]
    report = {
        "sentences": sum(map(bool, sentences)),
        "tokens": sum(map(len, sentences)),
        "distinct": len(counts),
        "kept_sentences": len(rows),
        "kept_tokens": len(tokens),
        "longest_sentence": max(map(len, rows), default=0),
        "vocabulary_size": len(keys),
        "pruned_distinct": 0,
        "pruned_tokens": 0,
        "replaced_tokens": 0,
    }
    return keys, list(map(type, keys)), [counts[key] for key in keys], tokens, offsets, report


def _write(path, data):
    """Write a text, compressed as the path's suffix says."""
    path.write_bytes(COMPRESS[path.suffix](data.encode() if isinstance(data, str) else data))
    return path


@pytest.fixture(scope="session")
def contents():
    return _contents


@pytest.fixture(scope="session")
def everything():
    return _everything


@pytest.fixture(scope="session")
def plain():
    return _plain


@pytest.fixture(scope="session")
def reference():
    return _reference


@pytest.fixture(scope="session")
def write():
    return _write


@pytest.fixture
def sentences():
    return [list(sentence) for sentence in SENTENCES]


@pytest.fixture(scope="session")
def text():
    return TEXT
