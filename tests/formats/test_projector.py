"""The embedding projector's two tables, read back as the projector reads them."""

import os

import numpy as np
import pytest

from fastw2v.formats import projector
from fastw2v.formats.source import Source, Vectors, from_arrays

KEYS = ["the", "naïve", "日本", " x", 7, ("a", 1), None]


def table(path):
    """Return the lines that are not blank, cut at tabs."""
    lines = path.read_bytes().decode("utf-8").split("\n")
    return [line.split("\t") for line in lines if line.strip()]


def random_vectors(n, size=3):
    return np.random.default_rng(n).normal(size=(n, size)).astype(np.float32)


@pytest.mark.parametrize("counted", [False, True])
def test_both_tables_have_a_line_a_row(tmp_path, monkeypatch, counted):
    monkeypatch.setattr("fastw2v.formats.source.CHUNK_BYTES", 24)  # two rows
    vectors, counts = random_vectors(7) * 1e-20, np.arange(7, 0, -1) if counted else None
    projector.write(tmp_path / "x.tsv", from_arrays(Vectors(KEYS, vectors, counts)))
    assert sorted(os.listdir(tmp_path)) == ["x.metadata.tsv", "x.tsv"]
    numbers = np.array(table(tmp_path / "x.tsv"), np.float32)
    np.testing.assert_array_equal(numbers, vectors)  # to the last bit
    labels = list(map(str, KEYS))
    expected = [["key", "count"], *([x, str(7 - i)] for i, x in enumerate(labels))]
    assert table(tmp_path / "x.metadata.tsv") == (expected if counted else [[x] for x in labels])


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("a\tb", "holds a tab or a line's end"),
        ("a\n", "holds a tab"),
        ("\r", "holds a tab"),
        ("", "is blank"),
        (" \u3000\ufeff", "is blank"),
        ("\ud800", "holds a lone surrogate"),
    ],
)
@pytest.mark.parametrize("counts", [None, np.array([2, 1])])
def test_labels_that_the_projector_would_not_show(tmp_path, key, message, counts):
    with pytest.raises(ValueError, match=message) as raised:
        projector.write(tmp_path / "x", from_arrays(Vectors(["a", key], random_vectors(2), counts)))
    assert f"{key!r} (row 1)" in str(raised.value)
    assert not os.listdir(tmp_path)


def test_what_else_is_refused(tmp_path):
    vectors = random_vectors(2)
    with pytest.raises(ValueError, match="1 dimensions, and the projector takes two or more"):
        projector.write(tmp_path / "x", from_arrays(Vectors(["a", "b"], vectors[:, :1])))
    with pytest.raises(ValueError, match="3 rows announced, 2 found"):
        projector.write(tmp_path / "x", Source(3, 3, iter([Vectors(["a", "b"], vectors)])))
    vectors[1, 2] = np.nan
    with pytest.raises(ValueError, match=r"'b' \(row 1\) is not finite"):
        projector.write(tmp_path / "x", from_arrays(Vectors(["a", "b"], vectors)))
    assert not os.listdir(tmp_path)
