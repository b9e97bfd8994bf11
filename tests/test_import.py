"""The package's names, imported when they are asked for, and what importing them brings."""

import subprocess
import sys

import pytest

import fastw2v

HEAVY = {"matplotlib", "sklearn", "scipy", "pyarrow", "pandas", "torch", "gensim", "mpi4py"}


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_every_name_is_there():
    for name in [*fastw2v.__all__, "__version__"]:
        assert getattr(fastw2v, name) is getattr(fastw2v, name)
        assert name in dir(fastw2v)
    with pytest.raises(AttributeError, match="'fastw2v' has no attribute 'Word2Vec'"):
        fastw2v.Word2Vec  # noqa: B018
    exec("from fastw2v import *", names := {})
    assert set(fastw2v.__all__) <= set(names)


def test_rooms_that_no_star_brings_are_there_too():
    assert run("import fastw2v; print(fastw2v.compat.Word2Vec.__name__)") == ["Word2Vec"]


def test_importing_brings_the_kernels_but_not_numpy():
    found = run("import sys, fastw2v; print(*sys.modules)")
    assert "fastw2v._kernels.blas" in found
    assert "numpy" not in found


def test_no_name_brings_what_is_optional():
    code = "import sys, fastw2v; [getattr(fastw2v, name) for name in fastw2v.__all__]"
    assert not HEAVY & set(run(f"{code}; print(*sys.modules)"))


def test_a_name_that_a_module_has_as_well_is_the_function():
    for first in "fastw2v.corpus.encode", "fastw2v.dispatch", "fastw2v.cli", "fastw2v.phrases":
        code = (
            f"import {first}, fastw2v; print(callable(fastw2v.encode), callable(fastw2v.kernels))"
        )
        assert run(code) == ["True", "True"]


@pytest.mark.parametrize("room", ["formats", "vocabulary", "corpus", "evaluation", "neighbors"])
def test_a_room_needs_none_below_it(room):
    below = "fastw2v.formats fastw2v.vocabulary fastw2v.corpus fastw2v.trainer fastw2v.model"
    found = run(f"import sys, fastw2v.{room}; print(*sys.modules)")
    allowed = {
        "vocabulary": {"fastw2v.formats"},
        "corpus": {"fastw2v.formats", "fastw2v.vocabulary"},
    }
    rooms = set(below.split()) - {f"fastw2v.{room}"} - allowed.get(room, set())
    assert not rooms & set(found)
