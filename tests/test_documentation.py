"""The examples in the docstrings run, and nothing unfinished is left in what people read."""

import doctest
import importlib
import pkgutil

import pytest

import fastw2v

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(fastw2v.__path__, "fastw2v.")
    if not module.name.endswith("__main__")
)


@pytest.mark.parametrize("name", ["fastw2v", *MODULES])
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_examples_are_found():
    attempted = {name: doctest.testmod(importlib.import_module(name)).attempted for name in MODULES}
    assert attempted["fastw2v.model"] > 0
    assert attempted["fastw2v.demo"] > 0


def test_every_public_name_is_documented():
    for name in fastw2v.__all__:
        assert getattr(fastw2v, name).__doc__, name
