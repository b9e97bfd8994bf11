"""Guards the suite against testing the wrong thing, tells what it could not test, and makes the
corpus with planted structure.
"""

import os

import numpy as np
import pytest

from fastw2v._kernels.updates import compiled
from fastw2v.dispatch import NAMES

CLASSES, WORDS_PER_CLASS = 24, 4


def pytest_terminal_summary(terminalreporter):
    """Say which kernels no test can run here: nothing else shows it, as no test is skipped."""
    found = dict(compiled())
    tested = [name for name in NAMES if found.get(name)]
    untested = [
        f"{name} ({'not for this processor' if name in found else 'not compiled'})"
        for name in NAMES
        if name not in tested
    ]
    line = f"kernels here: {', '.join(tested)}; not tested: {', '.join(untested) or 'none'}"
    terminalreporter.write_line(line)


@pytest.fixture(scope="session", autouse=True)
def _away_from_the_checkout(tmp_path_factory):
    """Pythons that tests start must import the installed package, not the checkout's sources."""
    before = os.getcwd()
    os.chdir(tmp_path_factory.mktemp("elsewhere"))
    yield
    os.chdir(before)


@pytest.fixture(scope="session")
def planted():
    """Sentences in which the words of one class share all their contexts, and those classes.

    Classes form a ring of pairs: a sentence alternates between the two classes of a pair, with
    words drawn at random, so at window 1 a word's contexts are exactly the partner class's words.
    """
    random = np.random.default_rng(0)
    sentences = []
    for _ in range(6_000):
        pair = random.integers(CLASSES // 2)
        classes = 2 * pair + np.arange(10) % 2
        words = random.integers(WORDS_PER_CLASS, size=10)
        sentences.append([f"c{c}w{w}" for c, w in zip(classes, words, strict=True)])
    return sentences


@pytest.fixture(scope="session")
def planted_share():
    """The share of words whose nearest neighbours are exactly the other words of their class."""

    def share(vectors):
        right = 0
        for key in vectors.index_to_key:
            near = vectors.most_similar(key, topn=WORDS_PER_CLASS - 1)
            name = key.split("w")[0]
            right += all(neighbor.split("w")[0] == name for neighbor, _ in near)
        return right / (CLASSES * WORDS_PER_CLASS)

    return share
