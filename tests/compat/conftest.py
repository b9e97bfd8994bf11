"""Sentences small enough to train on in milliseconds, and models of them."""

import numpy as np
import pytest

from fastw2v.compat import Word2Vec


def sentences_of(n=200, n_words=30, seed=0):
    """Random sentences of words w0, w1, …, the first of which are frequent."""
    random = np.random.default_rng(seed)
    weights = 1 / np.arange(1, n_words + 1)
    drawn = random.choice(n_words, (n, 8), p=weights / weights.sum())
    return [[f"w{word}" for word in sentence] for sentence in drawn.tolist()]


SENTENCES = sentences_of()
SMALL = {"vector_size": 8, "min_count": 1, "workers": 1, "sample": 0, "epochs": 2}


@pytest.fixture(scope="session")
def sentences():
    return SENTENCES


@pytest.fixture
def make():
    """Train a small model; options as for Word2Vec."""

    def made(sentences=SENTENCES, **options):
        return Word2Vec(sentences, **{**SMALL, **options})

    return made
