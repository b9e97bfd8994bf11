"""Every hyper-parameter is checked; messages name the parameter, its value, what is allowed."""

import itertools
import math
from dataclasses import FrozenInstanceError, fields
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from fastw2v.checks import whole_number
from fastw2v.hyperparameters import Hyperparameters

WHOLE = {  # name: (least, most)
    "vector_size": (1, 1_000_000),
    "min_count": (1, None),
    "epochs": (1, None),
    "seed": (0, 2**64 - 1),
    "negative": (1, 100_000),
    "window": (1, 2**31 - 1),
}
OPTIONAL = {"max_vocab_size": (1, None)}
REAL = {  # name: (least, is the least itself allowed)
    "ns_exponent": (-math.inf, False),
    "sample": (0.0, True),
    "alpha": (0.0, False),
    "min_alpha": (0.0, True),
}
FLAGS = ("shrink_windows", "shuffle", "cbow_mean", "deterministic")
CHOICES = {
    "architecture": ("skipgram", "cbow"),
    "objective": ("negative_sampling", "softmax", "hierarchical_softmax"),
    "negative_sharing": ("window", "pair"),
    "cbow_gradient": ("exact", "word2vec"),
}
ALPHAS = {  # architecture, objective, cbow_gradient: the default
    ("skipgram", "negative_sampling", "exact"): 0.035,
    ("skipgram", "negative_sampling", "word2vec"): 0.035,
    ("skipgram", "hierarchical_softmax", "exact"): 0.025,
    ("skipgram", "hierarchical_softmax", "word2vec"): 0.025,
    ("skipgram", "softmax", "exact"): 0.025,
    ("skipgram", "softmax", "word2vec"): 0.025,
    ("cbow", "negative_sampling", "exact"): 0.15,
    ("cbow", "negative_sampling", "word2vec"): 0.05,
    ("cbow", "hierarchical_softmax", "exact"): 0.1,
    ("cbow", "hierarchical_softmax", "word2vec"): 0.05,
    ("cbow", "softmax", "exact"): 0.15,
    ("cbow", "softmax", "word2vec"): 0.05,
}


def made(name, value):
    # The highest alpha, so that no min_alpha is above it.
    return getattr(Hyperparameters(**{"alpha": 1e300, name: value}), name)


def refused(error, name, value, *parts):
    with pytest.raises(error) as raised:
        Hyperparameters(**{"alpha": 1e300, name: value})
    assert type(raised.value) is error
    for part in (name, *parts):
        assert part in str(raised.value)


def test_every_parameter_is_tested_here():
    names = {field.name for field in fields(Hyperparameters)}
    assert names == {*WHOLE, *OPTIONAL, *REAL, *CHOICES, *FLAGS}


def test_defaults_are_those_that_are_documented():
    assert Hyperparameters() == Hyperparameters(
        vector_size=100,
        window=5,
        shrink_windows=True,
        shuffle=True,
        min_count=5,
        max_vocab_size=None,
        architecture="skipgram",
        objective="negative_sampling",
        negative=5,
        ns_exponent=0.75,
        negative_sharing="window",
        cbow_mean=True,
        cbow_gradient="exact",
        sample=1e-4,
        alpha=0.035,
        min_alpha=1e-4,
        epochs=5,
        seed=1,
    )


def test_alpha_has_a_default_for_every_architecture_and_objective():
    names = "architecture", "objective", "cbow_gradient"
    assert set(ALPHAS) == set(itertools.product(*(CHOICES[name] for name in names)))
    for choice, alpha in ALPHAS.items():
        options = dict(zip(names, choice, strict=True))
        assert Hyperparameters(**options).alpha == alpha
        assert Hyperparameters(**options, alpha=None).alpha == alpha
        assert Hyperparameters(**options, alpha=0.01).alpha == 0.01
        summed = Hyperparameters(**options, cbow_mean=False).alpha
        assert summed == (0.025 if choice[0] == "cbow" else alpha)


def test_parameters_do_not_change():
    with pytest.raises(FrozenInstanceError):
        Hyperparameters().epochs = 3


@pytest.mark.parametrize("name", WHOLE | OPTIONAL)
def test_whole_numbers_and_their_range(name):
    least, most = (WHOLE | OPTIONAL)[name]
    for value in least, 7, np.int64(7), np.uint8(7), 10**6 if most is None else most:
        assert made(name, value) == value
        assert type(made(name, value)) is int
    refused(ValueError, name, least - 1, f"not {least - 1}", str(least))
    refused(ValueError, name, np.int32(-5), "not -5")
    refused(ValueError, name, -(10**30), str(-(10**30)))
    if most is not None:
        refused(ValueError, name, most + 1, f"not {most + 1}", f"from {least} to {most}")


@pytest.mark.parametrize("name", OPTIONAL)
def test_numbers_that_may_be_none(name):
    assert made(name, None) is None
    assert getattr(Hyperparameters(), name) is None


@pytest.mark.parametrize("name", WHOLE | OPTIONAL)
@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        5.0,
        5.5,
        np.float32(5),
        math.nan,
        math.inf,
        "5",
        b"5",
        5j,
        Decimal(5),
        {},
        set(),
    ],
)
def test_what_is_no_whole_number(name, value):
    refused(TypeError, name, value, "an integer", f"not {value!r}")


@pytest.mark.parametrize("name", [name for name in WHOLE if name != "window"])
@pytest.mark.parametrize("value", [None, [5], (5, 5), np.array([5]), np.True_])
def test_what_is_no_whole_number_and_no_window(name, value):
    refused(TypeError, name, value, "an integer", f"not {value!r}")


@pytest.mark.parametrize("objective", ["softmax", "hierarchical_softmax"])
def test_both_softmaxes_need_no_negatives(objective):
    assert Hyperparameters(objective=objective, negative=0).negative == 0
    refused(ValueError, "negative", 0, "from 1")


@pytest.mark.parametrize(
    ("window", "sides"),
    [
        (1, (1, 1)),
        (np.int16(4), (4, 4)),
        ((2, 3), (2, 3)),
        ([2, np.int64(0)], (2, 0)),
        ((0, 1), (0, 1)),
        (None, (None, None)),
    ],
)
def test_windows(window, sides):
    parameters = Hyperparameters(window=window)
    assert parameters.window_sides == sides
    assert all(side is None or type(side) is int for side in parameters.window_sides)
    assert not isinstance(parameters.window, list)  # as hashable as the rest
    hash(parameters)


@pytest.mark.parametrize(
    ("window", "error", "part"),
    [
        ((0, 0), ValueError, "(0, 0)"),
        ((1,), ValueError, "(left, right) or None, not (1,)"),
        ((), ValueError, "not ()"),
        ((1, 2, 3), ValueError, "not (1, 2, 3)"),
        ((-1, 2), ValueError, "not -1"),
        ((1, 2**31), ValueError, f"not {2**31}"),
        ((1, 2.0), TypeError, "not 2.0"),
        ((None, 2), TypeError, "not None"),
        ((True, 2), TypeError, "not True"),
        ("ab", TypeError, "(left, right) or None, not 'ab'"),
        (np.array([2, 3]), TypeError, "not array([2, 3])"),
    ],
)
def test_what_is_no_window(window, error, part):
    refused(error, "window", window, part)


@pytest.mark.parametrize("name", REAL)
def test_real_numbers_and_their_range(name):
    for value in 0.5, 1, np.float32(0.5), np.float64(0.5), np.int8(1), Fraction(1, 2):
        assert made(name, value) == value
        assert type(made(name, value)) is float
    least, allowed = REAL[name]
    if least == -math.inf:
        assert made(name, -2.5) == -2.5
        return
    refused(ValueError, name, -1e-9, "not -1e-09", "0")
    refused(ValueError, name, -1, "not -1")
    if allowed:
        assert made(name, 0) == 0
    else:
        refused(ValueError, name, 0, "above 0", "not 0")


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, np.float32("nan"), np.float64("inf"), 10**400]
)
def test_numbers_that_are_not_finite(name, value):
    refused(ValueError, name, value, "finite", f"not {value}")


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize(
    "value", [True, np.True_, None, "0.5", b"1", 1j, Decimal("0.5"), [0.5], np.array([0.5])]
)
def test_what_is_no_number(name, value):
    if name == "alpha" and value is None:
        return  # the default of the architecture and objective
    refused(TypeError, name, value, "a number", f"not {value!r}")


def test_min_alpha_is_at_most_alpha():
    assert Hyperparameters(alpha=0.01, min_alpha=0.01).min_alpha == 0.01
    with pytest.raises(ValueError, match=r"min_alpha \(0\.02\) must not be above alpha \(0\.01\)"):
        Hyperparameters(alpha=0.01, min_alpha=0.02)


@pytest.mark.parametrize("name", CHOICES)
def test_choices(name):
    for choice in CHOICES[name]:
        assert made(name, choice) == choice
        assert made(name, np.str_(choice)) == choice
    for value in "", "skip-gram", "CBOW", None, 0, True, b"cbow", [CHOICES[name][0]], {}:
        refused(ValueError, name, value, *map(repr, CHOICES[name]), f"not {value!r}")
    refused(ValueError, name, np.array(CHOICES[name]), "must be one of")


@pytest.mark.parametrize("name", FLAGS)
def test_flags_are_true_or_false(name):
    for value in True, False, np.True_, np.False_:
        assert made(name, value) is bool(value)
    for value in 1, 0, None, "yes", "False", 1.0, [True]:
        refused(TypeError, name, value, "True or False", f"not {value!r}")


def test_unknown_names_and_positions_are_refused():
    with pytest.raises(TypeError, match="size"):
        Hyperparameters(size=100)
    with pytest.raises(TypeError, match="positional"):
        Hyperparameters(100)


def test_whole_number_for_others():
    assert whole_number("workers", np.int32(2), least=1) == 2
    with pytest.raises(ValueError, match="workers must be at least 1, not 0"):
        whole_number("workers", 0, least=1)
    with pytest.raises(TypeError, match="workers must be an integer, not '2'"):
        whole_number("workers", "2", least=1)
