"""``fastw2v evaluate`` and ``fastw2v compare``."""

import numpy as np
import pytest

import fastw2v
from fastw2v import evaluation

SECTIONS = 3


@pytest.fixture
def judged(tmp_path):
    """Two files of vectors, with tests of both kinds that know some of their words."""
    random = np.random.default_rng(0)
    keys = [f"w{i}" for i in range(40)]
    for name, noise in ("a.txt", 0.1), ("b.bin", 1.0):
        base = np.repeat(np.eye(8, 12), 5, axis=0) + np.tile(np.eye(5, 12, 7), (8, 1))
        matrix = base + noise * random.normal(size=(40, 12))
        fastw2v.KeyedVectors(keys, matrix.astype(np.float32)).save(tmp_path / name)
    lines = []
    for section in range(SECTIONS):
        lines.append(f": section {section}")
        for _ in range(12):
            a, b = random.choice(8, 2, replace=False) * 5
            i, j = random.choice(5, 2, replace=False)
            lines.append(f"W{a + i} w{a + j} w{b + i} w{b + j}")
        lines.append("w1 w2 unknown w3")
    (tmp_path / "analogies.txt").write_text("\n".join(lines) + "\n")
    pairs = [f"w{i}\tw{j}\t{10 * (i // 5 == j // 5) + random.random()}"
             for i, j in random.integers(40, size=(30, 2))]  # fmt: skip
    (tmp_path / "pairs.tsv").write_text("\n".join([*pairs, "w1\tunknown\t3"]) + "\n")
    return tmp_path


def both_tests(folder):
    return ["--analogies", folder / "analogies.txt", "--pairs", folder / "pairs.tsv"]


QUICK = ("--resamples", "200")


def test_scores_are_those_of_the_library(judged, result):
    path = judged / "a.txt"
    found = result("evaluate", path, *both_tests(judged), *QUICK, "--seed", "4", "--level", "0.9")
    assert (found["vectors"], found["keys"], found["restrict_vocab"]) == (str(path), 40, 300_000)
    analogies, pairs = found["tests"]
    wv = fastw2v.load(path)
    expected = evaluation.evaluate_analogies(
        wv.index_to_key,
        wv.vectors,
        evaluation.read_analogies(judged / "analogies.txt"),
        case_insensitive=True,
    )
    assert analogies["test"] == str(judged / "analogies.txt")
    assert analogies["accuracy"] == expected.accuracy > 0.3
    assert (analogies["used"], analogies["total"], analogies["out_of_vocabulary"]) == (36, 39, 3)
    interval = expected.bootstrap_interval(resamples=200, seed=4, level=0.9)
    assert tuple(analogies["interval"]) == interval
    assert analogies["sections"]["section 1"]["used"] == 12
    expected = evaluation.evaluate_word_pairs(
        wv.index_to_key, wv.vectors, evaluation.read_word_pairs(judged / "pairs.tsv")
    )
    assert (pairs["spearman"], pairs["pearson"]) == (expected.spearman, expected.pearson)
    interval = expected.bootstrap_interval(resamples=200, seed=4, level=0.9)
    assert tuple(pairs["interval"]) == interval
    assert (pairs["used"], pairs["total"], pairs["out_of_vocabulary"]) == (30, 31, 1)


def test_a_table(judged, run, result):
    argv = ["evaluate", judged / "a.txt", *both_tests(judged), *QUICK]
    lines = run(*argv).out.splitlines()
    found = result(*argv)["tests"]
    assert lines[0].split() == ["test", "score", "95", "%", "interval", "used", "unknown"]
    assert lines[1].startswith(f"analogies.txt  {found[0]['accuracy']:.4f}  accuracy  ")
    assert lines[1].endswith("  36 of 39        3")
    assert lines[2].startswith(f"pairs.tsv      {found[1]['spearman']:.4f}  spearman  ")
    assert lines[4].split() == ["analogies.txt,", "by", "section", "correct", "of"]
    assert [line.split()[:2] for line in lines[5:]] == [["section", str(i)] for i in range(3)]


def test_options_reach_the_tests(judged, result):
    argv = ["evaluate", judged / "a.txt", "--analogies", judged / "analogies.txt", *QUICK]
    assert result(*argv, "--restrict-vocab", "20")["tests"][0]["used"] < 36
    by_section = result(*argv, "--by", "section")["tests"][0]
    plain = result(*argv)["tests"][0]
    assert by_section["accuracy"] == plain["accuracy"]
    assert by_section["interval"] != plain["interval"]
    assert result(*argv, "--method", "3cosmul")["tests"][0]["method"] == "3cosmul"
    assert result(*argv, "--limit", "30")["keys"] == 30


def test_case(judged, refused):
    argv = ["evaluate", judged / "a.txt", "--analogies", judged / "analogies.txt", *QUICK]
    assert "all four words" in refused(*argv, "--case-sensitive")


def test_a_comparison(judged, result, run):
    argv = ["compare", judged / "a.txt", judged / "b.bin", *both_tests(judged), *QUICK]
    found = result(*argv, "--by", "section", "--seed", "2")
    a, b = fastw2v.load(judged / "a.txt"), fastw2v.load(judged / "b.bin")
    expected = evaluation.compare(
        a, b, judged / "analogies.txt", by="section", resamples=200, seed=2
    )
    analogies, pairs = found["tests"]
    assert analogies["difference"] == expected.difference > 0
    assert analogies["p_value"] == expected.p_value
    assert tuple(analogies["confidence_interval"]) == expected.confidence_interval
    assert (analogies["only_a"], analogies["used"]) == (expected.only_a, 36)
    expected = evaluation.compare(a, b, judged / "pairs.tsv", resamples=200, seed=2)
    assert (pairs["a"], pairs["b"], pairs["p_value"]) == (expected.a, expected.b, expected.p_value)
    assert pairs["out_of_vocabulary"] == [1, 1]
    lines = run(*argv).out.splitlines()
    assert lines[0].split()[:4] == ["test", "a", "b", "a"]
    assert lines[1].startswith("analogies.txt, accuracy  ")
    assert "  3 to a, 3 to b" in lines[1]
    assert lines[2].startswith("pairs.tsv, spearman      ")


def test_refused(judged, refused, misused):
    for command in ["evaluate", judged / "a.txt"], ["compare", judged / "a.txt", judged / "b.bin"]:
        assert "give a test" in misused(*command)
        assert "No such file" in refused(*command, "--pairs", judged / "none.tsv")
        assert "line 1: expected" in refused(*command, "--pairs", judged / "a.txt")
        assert "--level" in misused(*command, *both_tests(judged), "--level", "1")
        assert "no file" in refused(command[0], *["none"] * (len(command) - 1), *both_tests(judged))
