"""What the kernels' tests share: a chi-square test, the documented hash, and small kernels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from fastw2v._kernels.alias import AliasTable
from fastw2v._kernels.kernel import Kernel
from fastw2v.hyperparameters import Hyperparameters

WORD = 2**64 - 1


def _chi_square_z(observed: Any, expected: Any) -> float:
    """How many standard deviations Pearson's chi-square lies from what chance gives.

    Counts of all cells, those expected to be empty too; ``expected`` is scaled to the observed
    total, which costs one degree of freedom. By Wilson and Hilferty (1931) the cube root of
    chi-square / df is close to normal, with mean 1 - 2 / (9 df) and variance 2 / (9 df).
    """
    observed = np.asarray(observed, np.float64)
    expected = np.asarray(expected, np.float64)
    assert observed.shape == expected.shape
    expected = expected * (observed.sum() / expected.sum())
    assert not observed[expected == 0].any(), "counted what has no probability"
    observed, expected = observed[expected > 0], expected[expected > 0]
    assert expected.min() >= 5, "too few counts for chi-square"
    freedom = len(observed) - 1
    statistic = ((observed - expected) ** 2 / expected).sum()
    spread = 2 / (9 * freedom)
    return float(((statistic / freedom) ** (1 / 3) - (1 - spread)) / math.sqrt(spread))


def _fold(key: int, counter: int) -> int:
    """One step of SplitMix64, as rng.pxd documents it."""
    x = (key + (counter + 1) * 0x9E3779B97F4A7C15) & WORD
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & WORD
    return x ^ (x >> 31)


def _make_kernel(
    tokens: Iterable[int],
    offsets: Iterable[int] | None = None,
    *,
    v: int | None = None,
    keep_probability: Any = None,
    noise: AliasTable | None = None,
    first_epoch: int = 0,
    epochs: int = 1,
    **hyperparameters: Any,
) -> Kernel:
    """Make a kernel over tiny matrices; by default one sentence, nothing subsampled."""
    tokens = np.asarray(tokens, np.int32)
    offsets = np.asarray([0, len(tokens)] if offsets is None else offsets, np.int64)
    v = int(tokens.max()) + 1 if v is None else v
    settings = Hyperparameters(**{"vector_size": 1, "negative": 1} | hyperparameters)
    return Kernel(
        settings,
        tokens,
        offsets,
        keep_probability=np.asarray(
            np.ones(v) if keep_probability is None else keep_probability, np.float32
        ),
        noise=AliasTable(np.ones(v)) if noise is None else noise,
        input_vectors=np.zeros((v, settings.vector_size), np.float32),
        output_vectors=np.zeros((v, settings.vector_size), np.float32),
        first_epoch=first_epoch,
        epochs=epochs,
    )


@pytest.fixture(scope="session")
def chi_square_z() -> Callable[[Any, Any], float]:
    return _chi_square_z


@pytest.fixture(scope="session")
def fold() -> Callable[[int, int], int]:
    return _fold


@pytest.fixture(scope="session")
def make_kernel() -> Callable[..., Kernel]:
    return _make_kernel
