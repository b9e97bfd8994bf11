"""Vectors in the plane whose cosines are plain to see, and random vectors with planted answers."""

import numpy as np
import pytest


def _at_angles(*degrees):
    radians = np.radians(degrees)
    lengths = np.arange(1.0, len(degrees) + 1.0)[:, None]
    return (lengths * np.column_stack([np.cos(radians), np.sin(radians)])).astype(np.float32)


@pytest.fixture(scope="session")
def at_angles():
    """Plane vectors of different lengths at the given angles."""
    return _at_angles


@pytest.fixture(scope="session")
def plane():
    """Keys and vectors: the cosines with "o" are a > b > c > d, whatever the lengths."""
    return ["o", "a", "b", "c", "d"], _at_angles(0, 10, 40, 80, 150)


@pytest.fixture(scope="session")
def planted_analogies():
    """Vectors, and questions in three sections, half of whose answers are the nearest words."""
    random = np.random.default_rng(3)
    vectors = random.normal(size=(300, 12))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    questions = {}
    for section in ("one", "two", "three"):
        questions[section] = []
        while len(questions[section]) < 60:
            a, b, c, d = (int(i) for i in random.choice(300, 4, replace=False))
            order = np.argsort(-(unit @ (unit[b] - unit[a] + unit[c])))
            best = next(int(i) for i in order if i not in (a, b, c))
            questions[section].append((a, b, c, best if random.random() < 0.5 else d))
    return vectors.astype(np.float32), questions
