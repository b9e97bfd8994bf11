"""A small text, files of vectors, and the command line run in this process."""

import io
import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import fastw2v
from fastw2v.cli import main

LINES = ["the king rules the land", "the queen rules the land", "a king and a queen meet"]
KEYS = ["king", "queen", "man", "woman", "King"]
# Along "royal" and "female": queen is to king as woman is to man.
MATRIX = np.array([[1, 0, 0.1], [1, 1, 0.1], [0, 0, 0.1], [0, 1, 0.1], [0, -1, 0.2]], np.float32)


@pytest.fixture
def text(tmp_path):
    """A text of 30 lines."""
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(LINES * 10) + "\n")
    return path


@pytest.fixture
def vectors(tmp_path):
    """A text file of five vectors."""
    path = tmp_path / "vectors.txt"
    fastw2v.KeyedVectors(KEYS, MATRIX).save(path)
    return path


@pytest.fixture
def model_file(text, tmp_path):
    """The file of a trained model."""
    path = tmp_path / "model.safetensors"
    model = fastw2v.Model(text, vector_size=4, min_count=1, sample=0, epochs=2, workers=1, seed=3)
    model.train(progress=False).save(path)
    return path


@pytest.fixture
def run(capsys):
    """Run a command, and return its status and what it printed."""

    def run(*argv):
        capsys.readouterr()
        status = main(list(map(str, argv)))
        printed = capsys.readouterr()
        return SimpleNamespace(status=status, out=printed.out, err=printed.err)

    return run


@pytest.fixture
def result(run):
    """Run a command with --json, and return its object."""

    def result(*argv):
        done = run(*argv, "--json")
        assert (done.status, done.err) == (0, "")
        assert done.out.count("\n") == 1
        return json.loads(done.out)

    return result


@pytest.fixture
def refused(run):
    """Run a command that fails, and return its one line of error."""

    def refused(*argv):
        done = run(*argv)
        assert (done.status, done.out) == (1, "")
        assert done.err.startswith("fastw2v: error: ")
        assert done.err.count("\n") == 1
        return done.err

    return refused


@pytest.fixture
def misused(capsys):
    """Run a command with arguments that make no sense, and return what it said of them."""

    def misused(*argv):
        with pytest.raises(SystemExit) as raised:
            main(list(map(str, argv)))
        assert raised.value.code == 2
        return capsys.readouterr().err

    return misused


@pytest.fixture
def give_stdin(monkeypatch):
    """Put bytes on standard input."""

    def give_stdin(content):
        stream = io.BytesIO(content)
        stream.name = "<stdin>"
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))

    return give_stdin
