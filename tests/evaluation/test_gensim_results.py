"""``KeyedVectors``' evaluation: gensim's options, and results of its shapes."""

import logging
import math

import numpy as np
import pytest

from fastw2v import KeyedVectors
from fastw2v.evaluation import evaluate_analogies, evaluate_word_pairs

WORDS = ["man", "woman", "king", "queen", "rock", "Queen"]
PLANE = np.array(
    [
        [1, 0, 0, 0.1],
        [0, 1, 0, 0.1],
        [1, 0, 3, 0.1],
        [0, 1, 3, 0.1],
        [0, 0, -5, 9],
        [1, 0, 0, 9],
    ],
    np.float32,
)
ANALOGIES = """: royal
man woman king queen
Man Woman King ROCK
man woman king empress
: empty
: more
man woman emperor empress
"""


@pytest.fixture
def wv():
    return KeyedVectors(WORDS, PLANE)


@pytest.fixture
def analogies(tmp_path):
    path = tmp_path / "analogies.txt"
    path.write_text(ANALOGIES)
    return path


@pytest.fixture
def pairs(tmp_path):
    path = tmp_path / "pairs.txt"
    path.write_text("# score\nman\tking\t9\nMan\tWoman\t5\nking\tqueen\t7\nman\tearl\t3\n")
    return path


def test_word_analogies(wv, analogies, caplog):
    with caplog.at_level(logging.INFO, "fastw2v"):
        score, sections = wv.evaluate_word_analogies(str(analogies))
    assert score == 0.5
    assert type(score) is float
    right, wrong = ("MAN", "WOMAN", "KING", "QUEEN"), ("MAN", "WOMAN", "KING", "ROCK")
    assert sections == [
        {"section": "royal", "correct": [right], "incorrect": [wrong]},
        {"section": "empty", "correct": [], "incorrect": []},
        {"section": "more", "correct": [], "incorrect": []},
        {"section": "Total accuracy", "correct": [right], "incorrect": [wrong]},
    ]
    assert "analogies: 2 of 4 used, 2 (50.0 %) out of vocabulary" in caplog.messages
    assert "analogies, royal: 1 of 2 correct (50.0 %)" in caplog.messages


def test_word_analogies_with_case(wv, analogies):
    score, sections = wv.evaluate_word_analogies(analogies, case_insensitive=False)
    assert score == 1.0
    assert sections[0]["correct"] == [("man", "woman", "king", "queen")]
    assert sections[0]["incorrect"] == []


def test_unknown_words_can_count_as_wrong(wv, analogies):
    score, sections = wv.evaluate_word_analogies(analogies, dummy4unknown=True)
    assert score == 0.25
    assert sections[0]["incorrect"] == [
        ("MAN", "WOMAN", "KING", "ROCK"),
        ("MAN", "WOMAN", "KING", "EMPRESS"),
    ]
    assert sections[2]["incorrect"] == [("MAN", "WOMAN", "EMPEROR", "EMPRESS")]
    assert len(sections[-1]["incorrect"]) == 3
    score, _ = wv.evaluate_word_analogies(analogies, restrict_vocab=2, dummy4unknown=True)
    assert score == 0.0


def test_analogies_that_nobody_knows(wv, analogies, tmp_path):
    with pytest.raises(ValueError, match=r"none of 4 questions .* first 3 of 6 keys.*raise restri"):
        wv.evaluate_word_analogies(analogies, restrict_vocab=3)
    (tmp_path / "empty.txt").write_text(": section\n")
    with pytest.raises(ValueError, match="none of 0 questions"):
        wv.evaluate_word_analogies(tmp_path / "empty.txt", dummy4unknown=True)


def test_similarity_functions(planted_analogies, tmp_path):
    vectors, questions = planted_analogies
    wv = KeyedVectors([f"w{i}" for i in range(300)], vectors)
    path = tmp_path / "questions.txt"
    lines = []
    for name, section in questions.items():
        lines += [f": {name}", *(" ".join(f"w{i}" for i in question) for question in section)]
    path.write_text("\n".join(lines))
    scores = {}
    for function, method in (("most_similar", "3cosadd"), ("most_similar_cosmul", "3cosmul")):
        scores[method], sections = wv.evaluate_word_analogies(path, similarity_function=function)
        result = evaluate_analogies(range(300), vectors, questions, method=method)
        assert scores[method] == result.accuracy
        for section in sections[:-1]:
            correct, used = result.sections[section["section"]]
            assert (len(section["correct"]), len(section["incorrect"])) == (correct, used - correct)
    assert scores["3cosadd"] != scores["3cosmul"]
    with pytest.raises(ValueError, match="similarity_function must be one of 'most_similar', "):
        wv.evaluate_word_analogies(path, similarity_function="nearest")


def test_analogies_are_most_similars_answers(planted_analogies, tmp_path):
    vectors, questions = planted_analogies
    wv = KeyedVectors([f"w{i}" for i in range(300)], vectors)
    path = tmp_path / "questions.txt"
    asked = [tuple(f"W{i}" for i in question) for question in questions["one"]]
    path.write_text(": one\n" + "\n".join(" ".join(question) for question in asked))
    _, (section, _) = wv.evaluate_word_analogies(path)
    for question in asked:
        a, b, c, d = (word.lower() for word in question)
        correct = wv.most_similar(positive=[b, c], negative=[a], topn=1)[0][0] == d
        assert question in section["correct" if correct else "incorrect"]
    assert 10 < len(section["correct"]) < 50


def test_word_pairs(wv, pairs, caplog):
    with caplog.at_level(logging.INFO, "fastw2v"):
        pearson, spearman, ratio = wv.evaluate_word_pairs(str(pairs))
    assert ratio == 25.0
    result = evaluate_word_pairs(
        WORDS, PLANE, [("man", "king", 9), ("man", "woman", 5), ("king", "queen", 7)]
    )
    assert pearson.statistic == result.pearson
    assert spearman.statistic == spearman[0] == result.spearman == pytest.approx(0.5)
    # Cosines order them 2, 1, 3 as scores do 3, 1, 2: rho 0.5, t = 0.5 / sqrt(0.75), one degree.
    assert spearman.pvalue == spearman[1] == pytest.approx(2 / 3, abs=1e-12)
    angle = math.acos(abs(pearson.statistic))  # Student's t with one degree is Cauchy's
    assert pearson.pvalue == pytest.approx(2 * angle / math.pi, abs=1e-12)
    assert "word pairs: 3 of 4 used, 1 (25.0 %) out of vocabulary" in caplog.messages


def test_word_pairs_with_options(wv, pairs, tmp_path):
    _, spearman, ratio = wv.evaluate_word_pairs(pairs, case_insensitive=False)
    assert (spearman.statistic, spearman.pvalue, ratio) == (pytest.approx(-1), 1.0, 50.0)
    _, spearman, ratio = wv.evaluate_word_pairs(pairs, dummy4unknown=True)
    # The cosines 0.32, 0.01, 0.9 and 0 against 9, 5, 7 and 3: ranks 3, 2, 4, 1 and 4, 2, 3, 1.
    assert (spearman.statistic, ratio) == (pytest.approx(0.8), 25.0)
    with pytest.raises(ValueError, match=r"only 1 of 4 pairs .* first 2 of 6 keys"):
        wv.evaluate_word_pairs(pairs, restrict_vocab=2)
    other = tmp_path / "pairs.csv"
    other.write_text("man,king,9\nman,woman,5\nking,queen,7\n")
    assert wv.evaluate_word_pairs(other, delimiter=",")[1].statistic == pytest.approx(0.5)
    with pytest.raises(ValueError, match=r"pairs.csv, line 1: expected 'word\\tword\\tscore'"):
        wv.evaluate_word_pairs(other)
