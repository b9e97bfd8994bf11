"""``fastw2v similar`` and ``fastw2v analogy``."""

import io

import numpy as np
import pytest

import fastw2v
from fastw2v.cli.similar import lines_as_they_come


def test_neighbours_of_each_word(vectors, run):
    done = run("similar", vectors, "king", "woman", "-n", "2")
    wv = fastw2v.load(vectors)
    expected = []
    for word in ("king", "woman"):
        expected.append(word)
        near = wv.most_similar(word, topn=2)
        width = max(len(key) for key, _ in near)
        expected += [f"  {key:<{width}}  {cosine:.4f}" for key, cosine in near]
    assert done.out.splitlines() == expected
    assert (done.status, done.err) == (0, "")


def test_json_and_options(vectors, result):
    found = result("similar", vectors, "queen", "--limit", "4", "--restrict-vocab", "3")
    [answer] = found["answers"]
    assert answer["word"] == "queen"
    wv = fastw2v.load(vectors, limit=4)
    expected = wv.most_similar("queen", restrict_vocab=3)
    assert [one["key"] for one in answer["neighbors"]] == [key for key, _ in expected]
    cosines = [one["cosine"] for one in answer["neighbors"]]
    np.testing.assert_allclose(cosines, [cosine for _, cosine in expected], rtol=1e-5)


def test_words_without_a_vector_are_told_at_the_end(vectors, run):
    done = run("similar", vectors, "king", "QUEEN", "x", "-n", "1")
    assert done.status == 1
    assert done.out.splitlines()[2:] == ["QUEEN: no vector", "x: no vector"]
    assert done.err == (
        f"fastw2v: error: 'QUEEN', 'x' are not among the 5 keys of {vectors}; there is 'queen'\n"
    )


def test_json_of_words_without_a_vector(vectors, run):
    done = run("similar", vectors, "x", "--json")
    assert (done.status, done.out) == (1, '{"answers": [{"word": "x", "neighbors": null}]}\n')


def test_lines_of_standard_input(vectors, run, give_stdin):
    expected = run("similar", vectors, "king", "queen").out
    give_stdin(b"king\n\n  queen\r\n")
    assert run("similar", vectors, "-").out == expected
    give_stdin(b"king\nqueen")
    assert run("similar", vectors, "-").out == expected


class Pipe(io.BytesIO):
    """Gives what was written at once, and no more."""

    def __init__(self, *parts):
        self.parts = list(parts)

    def read1(self, size):
        return self.parts.pop(0) if self.parts else b""


def test_lines_are_answered_as_they_come():
    lines = lines_as_they_come(Pipe(b"a\nb\nc", b"c\n", b"\n", "é".encode()[:1], "é".encode()[1:]))
    assert list(lines) == [["a", "b"], ["cc"], ["é"]]


def test_formats_that_are_written_only_are_not_offered(vectors, misused):
    message = misused("similar", vectors, "king", "--format", "projector")
    assert "must be one of safetensors, npy" in message
    assert "sentence_transformers" not in message


def test_input_stands_alone(vectors, misused):
    assert "read alone" in misused("similar", vectors, "-", "king")


@pytest.fixture
def numbered(tmp_path):
    """Vectors whose keys are no texts, but for one."""
    keys = [17, ("a", 1), None, 2.5, "17a"]
    path = tmp_path / "numbered.safetensors"
    fastw2v.KeyedVectors(keys, np.eye(5, 4, dtype=np.float32) + 0.1).save(path)
    return path


def test_keys_that_are_no_texts_are_written_as_json(numbered, result, run):
    words = ["17", '["a", 1]', "null", "2.5", "17a"]
    found = result("similar", numbered, *words, "-n", "4")
    assert [one["word"] for one in found["answers"]] == words
    keys = [17, ["a", 1], None, 2.5, "17a"]
    for asked, answer in zip(keys, found["answers"], strict=True):
        others = [one["key"] for one in answer["neighbors"]]
        assert sorted(map(repr, [asked, *others])) == sorted(map(repr, keys))
    assert '["a", 1]' in run("similar", numbered, "17").out
    for word in ("17.0", "true", '{"a": 1}', '[{"a": 1}]', "nan", "18", "[" * 100_000):
        assert run("similar", numbered, word).status == 1


def test_keys_that_would_move_the_cursor_are_shown_escaped(tmp_path, run):
    path = tmp_path / "v.safetensors"
    fastw2v.KeyedVectors(["a", "\x1b[2J"], np.eye(2, dtype=np.float32) + 1).save(path)
    assert "'\\x1b[2J'" in run("similar", path, "a").out


# Analogies


def test_an_analogy(vectors, run, result):
    argv = ["analogy", vectors, "man", "king", "woman"]
    wv = fastw2v.load(vectors)
    expected = wv.most_similar(positive=["king", "woman"], negative=["man"])
    assert expected[0][0] == "queen"
    assert run(*argv, "-n", "1").out == f"queen  {expected[0][1]:.4f}\n"
    found = result(*argv)
    assert found["question"] == ["man", "king", "woman"]
    assert found["answers"] == [{"key": key, "score": score} for key, score in expected]
    found = result(*argv, "--method", "3cosmul", "--restrict-vocab", "4")
    expected = wv.most_similar_cosmul(["king", "woman"], ["man"], restrict_vocab=4)
    assert found["answers"] == [{"key": key, "score": score} for key, score in expected]


def test_unknown_words(vectors, refused, misused):
    assert "'Man' is not among the 5 keys" in refused("analogy", vectors, "Man", "king", "woman")
    assert "analogy" in misused("analogy", vectors, "man", "king")
    assert "--topn" in misused("analogy", vectors, "man", "king", "woman", "-n", "0")
