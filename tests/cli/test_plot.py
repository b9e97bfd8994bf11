"""``fastw2v plot``: which picture, of what."""

import sys

import pytest

import fastw2v
from fastw2v import plot


@pytest.fixture
def drawn(monkeypatch):
    """Note what is drawn, by which function and options."""
    calls = []

    def noting(name, draw):
        def noted(*args, **options):
            calls.append((name, args[1:], options))
            return draw(*args, **options)

        return noted

    for name in ("map", "neighbors", "analogies", "history"):
        monkeypatch.setattr(plot, name, noting(name, getattr(plot, name)))
    return calls


def test_a_page(vectors, tmp_path, run, result):
    target = tmp_path / "map.html"
    assert run("plot", vectors, "-o", target, "--method", "pca").out == f"saved {target}\n"
    assert "queen" in target.read_text(encoding="utf-8")
    found = result("plot", vectors, "-o", target, "--method", "pca", "-n", "2")
    assert found == {"output": str(target), "bytes": target.stat().st_size}


def test_a_picture(model_file, tmp_path, run):
    pytest.importorskip("matplotlib")
    target = tmp_path / "loss.png"
    assert run("plot", model_file, "-o", target, "--history").status == 0
    assert target.read_bytes().startswith(b"\x89PNG")


def test_options_reach_the_picture(vectors, tmp_path, run, drawn, give_stdin):
    argv = ["plot", vectors, "-o", tmp_path / "map.html"]
    pca = ["--method", "pca"]
    words = ["queen", "king", "man"]
    give_stdin(b"queen\nking\n\n man\n")
    for more, expected in (
        (pca, ("map", (), {"n": 300, "method": "pca", "seed": None})),
        ([*pca, "-n", "3"], ("map", (), {"n": 3, "method": "pca", "seed": None})),
        ([*pca, "--words", *words], ("map", (words,), {"method": "pca", "seed": None})),
        ([*pca, "--words", "-"], ("map", (words,), {"method": "pca", "seed": None})),
        (["--neighbors", "king"], ("neighbors", ("king",), {"topn": 30})),
        (["--neighbors", "king", "-n", "2"], ("neighbors", ("king",), {"topn": 2})),
        (
            ["--analogies", "man:woman", "king:queen"],
            ("analogies", ([("man", "woman"), ("king", "queen")],), {}),
        ),
    ):
        assert run(*argv, *more).status == 0
        assert drawn.pop() == expected


def test_pairs_of_words_with_colons(tmp_path, run, drawn, refused, misused):
    path = tmp_path / "v.txt"
    path.write_text("3 2\na:b 1 0\nc 0 1\nd 1 1\n")
    argv = ["plot", path, "-o", tmp_path / "map.html"]
    assert run(*argv, "--analogies", "a:b:c", "c:d").status == 0
    assert drawn == [("analogies", ([("a:b", "c"), ("c", "d")],), {})]
    assert "two words, such as man:woman, not 'c'" in misused(*argv, "--analogies", "c")
    assert "'x' is not among the 3 keys" in refused(*argv, "--analogies", "c:x")


def test_refused(vectors, model_file, tmp_path, refused, misused, drawn):
    argv = ["plot", vectors, "-o", tmp_path / "map.html"]
    assert "saved as .png" in misused("plot", vectors, "-o", tmp_path / "map.txt")
    assert "saved as .png" in misused("plot", model_file, "-o", tmp_path / "map.html", "--history")
    assert "no folder" in refused("plot", vectors, "-o", tmp_path / "none" / "map.html")
    assert "'x', 'y' are not among" in refused(*argv, "--words", "king", "x", "y")
    assert "'Queen' is not among the 5 keys" in refused(*argv, "--neighbors", "Queen")
    assert "--method is for maps" in misused(*argv, "--neighbors", "king", "--method", "pca")
    assert "--seed is for maps" in misused(*argv, "--analogies", "king:man", "--seed", "1")
    assert "--seed is for --method tsne" in misused(*argv, "--seed", "5", "--method", "pca")
    assert "-n is for maps" in misused(*argv, "--words", "king", "-n", "3")
    picture = ["-o", tmp_path / "loss.png", "--history"]
    assert "holds no model" in refused("plot", vectors, *picture)
    assert "--limit is for vectors" in misused("plot", model_file, *picture, "--limit", "3")
    assert drawn == []
    assert "not allowed with" in misused(*argv, "--words", "king", "--neighbors", "king")
    assert not list(tmp_path.glob("*.html"))


def test_ways_out_are_options(vectors, tmp_path, refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.manifold", None)
    argv = ["plot", vectors, "-o", tmp_path / "map.svg"]
    assert refused(*argv).endswith("or use --method pca\n")


def test_vectors_without_a_history(tmp_path, refused):
    path = tmp_path / "v.safetensors"
    fastw2v.KeyedVectors(["a"], [[1.0, 2.0]]).save(path)
    assert "holds no model" in refused("plot", path, "-o", tmp_path / "l.png", "--history")
