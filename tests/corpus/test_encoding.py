"""Putting sentences in order: whole, the same for every size, and every order as likely."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from fastw2v.corpus import encoding
from fastw2v.corpus.encoding import arrange

RANDOM = np.random.default_rng(0)
SENTENCES = [RANDOM.integers(50, size=n).tolist() for n in RANDOM.integers(1, 9, size=200)]
IDENTITY = np.arange(50, dtype=np.int32)


def cut(sentences, size):
    """Return the pieces of sentences, as a spool would: any end may come in the next piece."""
    tokens = [token for sentence in sentences for token in sentence]
    ends = np.cumsum([len(sentence) for sentence in sentences])
    pieces = []
    for begin in range(0, len(tokens), size):
        here = ends[(ends > begin) & (ends <= begin + size)] - begin
        pieces.append((tokens[begin : begin + size], here))
    return [tuple(np.array(part, np.int32) for part in piece) for piece in pieces]


def arranged(sentences, *, size=64, rows=IDENTITY, seed=1, budget=1 << 30):
    """Arrange sentences cut into pieces; return them, where they lie, and the longest's length."""
    pieces = [(numbers, ends, rows) for numbers, ends in cut(sentences, size)]
    n_tokens = sum(map(len, sentences))
    tokens, offsets, longest = arrange(
        lambda consume: iter(pieces), n_tokens, len(sentences), seed=seed, budget=budget
    )
    assert tokens.on_disk == offsets.on_disk == (budget < 1 << 20)
    found = [tokens.array[begin:end].tolist() for begin, end in pairwise(offsets.array)]
    return found, longest


@pytest.mark.parametrize("size", [1, 3, 64, 5_000])
@pytest.mark.parametrize("budget", [0, 1 << 30])
def test_without_a_seed_the_order_stays(size, budget):
    assert arranged(SENTENCES, size=size, seed=None, budget=budget) == (SENTENCES, 8)


@pytest.mark.parametrize("bucket", [1, 10, 100, 1 << 18])
@pytest.mark.parametrize("budget", [0, 1 << 30])
def test_a_seed_is_one_order_whatever_the_sizes(monkeypatch, bucket, budget):
    expected = arranged(SENTENCES)[0]
    assert expected != SENTENCES
    assert sorted(expected) == sorted(SENTENCES)
    monkeypatch.setattr(encoding, "BUCKET", bucket)
    for size, step in (1, 1), (7, 3), (5_000, 1 << 18):
        monkeypatch.setattr(encoding, "STEP", step)
        assert arranged(SENTENCES, size=size, budget=budget) == (expected, 8)
        assert arranged(SENTENCES, size=size, budget=budget, seed=2)[0] != expected


@pytest.mark.parametrize("seed", [None, 3])
@pytest.mark.parametrize("bucket", [1, 1 << 18])
def test_unknown_tokens_are_dropped_and_sentences_without_another(monkeypatch, seed, bucket):
    monkeypatch.setattr(encoding, "BUCKET", bucket)
    rows = np.where(IDENTITY % 2, IDENTITY // 2, -1).astype(np.int32)
    kept = [[token // 2 for token in sentence if token % 2] for sentence in SENTENCES]
    kept = [sentence for sentence in kept if sentence]
    for size in 1, 7, 5_000:
        found, longest = arranged(SENTENCES, size=size, rows=rows, seed=seed)
        assert longest == max(map(len, kept))
        assert (sorted(found), found == kept) == (sorted(kept), seed is None)


@pytest.mark.parametrize("seed", [None, 3])
def test_nothing_is_known(seed):
    assert arranged(SENTENCES, rows=np.full(50, -1, np.int32), seed=seed) == ([], 0)


@pytest.mark.parametrize("bucket", [1, 1 << 18])
def test_every_order_of_sentences_is_as_likely(monkeypatch, bucket):
    monkeypatch.setattr(encoding, "BUCKET", bucket)
    sentences = [[1, 1], [2, 2], [3, 3]]
    orders = Counter(str(arranged(sentences, seed=seed)[0]) for seed in range(6_000))
    assert len(orders) == 6
    assert all(850 < count < 1_150 for count in orders.values())  # 1,000 give or take 5 sigma


def test_a_very_long_sentence_moves_as_a_whole(monkeypatch):
    monkeypatch.setattr(encoding, "BUCKET", 16)
    sentences = [[1] * 5_000, *([n] for n in range(40)), [2] * 3_000]
    found, longest = arranged(sentences)
    assert (sorted(found), longest) == (sorted(sentences), 5_000)
    assert found != sentences
