"""Analogies by hand, and the blocked search against answering one question at a time."""

import logging
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v.evaluation import AnalogyResult, answering, evaluate_analogies

# woman - man + king points at queen, up to the lengths.
WORDS = ["man", "woman", "king", "queen", "rock"]
PLANE = np.array(
    [[1, 0, 0, 0.1], [0, 1, 0, 0.1], [1, 0, 3, 0.1], [0, 1, 3, 0.1], [0, 0, -5, 9]], np.float32
)
METHODS = ["3cosadd", "3cosmul"]


@pytest.mark.parametrize("method", METHODS)
def test_analogy_by_hand(method):
    questions = {"royal": [("man", "woman", "king", "queen")]}
    result = evaluate_analogies(WORDS, PLANE, questions, method=method)
    assert result == AnalogyResult(1.0, 1, 1, 1, {"royal": (1, 1)})
    questions = {"royal": [("man", "woman", "king", "rock")]}
    wrong = evaluate_analogies(WORDS, PLANE, questions, method=method)
    assert wrong == AnalogyResult(0.0, 0, 1, 1, {"royal": (0, 1)})


def test_the_path_of_a_file_of_questions(tmp_path):
    path = tmp_path / "questions.txt"
    path.write_text(": royal\nMan woman king queen\nman woman king queen\n")
    for options, used in (({}, 1), ({"case_insensitive": True}, 2)):
        found = evaluate_analogies(WORDS, PLANE, path, **options)
        assert found == AnalogyResult(1.0, used, used, 2, {"royal": (used, used)})
    with pytest.raises(TypeError, match=r"questions must be sections .*, not \[\] of type list"):
        evaluate_analogies(WORDS, PLANE, [])


@pytest.mark.parametrize("method", METHODS)
def test_direction_is_b_minus_a_plus_c(method):
    # Target angles: b - a + c. Reversed (a - b + c) the other of "up" and "down" would win.
    keys = ["a", "b", "c", "down", "up"]
    vectors = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, -0.5, 0.7], [-0.5, 0.5, 0.7]])
    for answer, correct in (("up", 1), ("down", 0)):
        questions = {"s": [("a", "b", "c", answer)]}
        assert evaluate_analogies(keys, vectors, questions, method=method).correct == correct


def test_the_two_methods_differ():
    # Cosines with a, b, c are 0, 0, 1 for "near", and 0, 0.45, 0.5 for "both":
    # 1 against 0.95; 0.5 * 1 / 0.501 against 0.725 * 0.75 / 0.501.
    keys = ["a", "b", "c", "near", "both"]
    both = [0, 0.45, 0.5, math.sqrt(1 - 0.45**2 - 0.5**2)]
    vectors = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], both])
    for method, answer in zip(METHODS, ("near", "both"), strict=True):
        questions = {"s": [("a", "b", "c", answer)]}
        assert evaluate_analogies(keys, vectors, questions, method=method).correct == 1
    with pytest.raises(ValueError, match="method must be one of '3cosadd', '3cosmul', not 'add'"):
        evaluate_analogies(keys, vectors, questions, method="add")


@pytest.mark.parametrize("method", METHODS)
def test_given_words_are_no_answers(at_angles, method):
    # The target is c itself (a and b are equal), so c would win; d is the best of the others.
    keys, vectors = ["a", "b", "c", "d", "e"], at_angles(0, 0, 90, 70, 200)
    assert evaluate_analogies(keys, vectors, {"s": [("a", "b", "c", "d")]}, method=method).correct
    # An answer that is given can't be right, not even where nothing else is left.
    for size in (3, 5):
        result = evaluate_analogies(keys[:size], vectors[:size], {"s": [("a", "b", "c", "a")]})
        assert (result.correct, result.questions_used) == (0, 1)


def test_vectors_are_normalised_before_the_sum():
    # b - a + c is (1, 2) at unit length, nearest to "near"; b's raw length would make it "far".
    keys = ["a", "b", "c", "near", "far"]
    vectors = np.array([[0, -3], [0, 100], [2, 0], [0.2, 0.3], [-1, 9]])
    assert evaluate_analogies(keys, vectors, {"s": [("a", "b", "c", "near")]}).correct == 1


def test_sections_and_unknown_words(caplog):
    good, bad = ("man", "woman", "king", "queen"), ("man", "woman", "king", "rock")
    unknown = ("man", "woman", "king", "empress")
    questions = {"one": [good, bad, unknown], "none": [unknown], "two": [good, good]}
    with caplog.at_level(logging.INFO, "fastw2v"):
        result = evaluate_analogies(WORDS, PLANE, questions)
    assert result.sections == {"one": (1, 2), "none": (0, 0), "two": (2, 2)}
    assert (result.correct, result.questions_used, result.questions_total) == (3, 4, 6)
    assert (result.accuracy, result.out_of_vocabulary) == (0.75, 2)
    assert caplog.messages == [
        "analogies: 4 of 6 used, 2 (33.3 %) out of vocabulary",
        "analogies, one: 1 of 2 correct (50.0 %)",
        "analogies, none: 0 of 0 correct (0.0 %)",
        "analogies, two: 2 of 2 correct (100.0 %)",
        "analogies, all sections: 3 of 4 correct (75.0 %)",
    ]


def test_restrict_vocab_limits_questions_and_answers(at_angles):
    # "best" answers better than "good" does, but stands last.
    keys, vectors = ["a", "b", "c", "good", "best"], at_angles(0, 0, 90, 60, 89)
    questions = {"s": [("a", "b", "c", "good"), ("a", "b", "c", "best")]}
    everything = evaluate_analogies(keys, vectors, questions, restrict_vocab=5)
    assert (everything.correct, everything.questions_used) == (1, 2)
    assert everything == evaluate_analogies(keys, vectors, questions)
    assert everything == evaluate_analogies(keys, vectors, questions, restrict_vocab=None)
    first = evaluate_analogies(keys, vectors, questions, restrict_vocab=4)
    assert (first.correct, first.questions_used, first.questions_total) == (1, 1, 2)
    assert evaluate_analogies(keys, vectors, {"s": questions["s"][:1]}).correct == 0
    with pytest.raises(ValueError, match=r"none of 2 questions .* first 3 of 5"):
        evaluate_analogies(keys, vectors, questions, restrict_vocab=3)
    with pytest.raises(ValueError, match="restrict_vocab must be at least 1, not 0"):
        evaluate_analogies(keys, vectors, questions, restrict_vocab=0)


def test_case(at_angles):
    # "C" stands nearest to the target, but is c; "D" nearer than "d", and the same answer.
    keys, vectors = ["a", "b", "c", "C", "e", "d", "D"], at_angles(0, 0, 90, 89, 80, 60, 85)
    questions = {"s": [("A", "b", "c", "D")]}
    result = evaluate_analogies(keys, vectors, questions, case_insensitive=True)
    assert (result.correct, result.questions_used) == (1, 1)
    result = evaluate_analogies(
        keys, vectors, questions, case_insensitive=True, restrict_vocab=6
    )  # without "D", "e" is the best
    assert (result.correct, result.questions_used) == (0, 1)
    with pytest.raises(ValueError, match="pass case_insensitive=True or lower-case the keys"):
        evaluate_analogies(keys, vectors, questions)
    exact = evaluate_analogies(keys, vectors, {"s": [("a", "b", "c", "C")]})
    assert exact.correct == 1


def test_no_known_question():
    with pytest.raises(ValueError, match=r"none of 1 questions.*restrict_vocab"):
        evaluate_analogies(WORDS, PLANE, {"s": [("Man", "Woman", "King", "Queen")]})
    with pytest.raises(ValueError, match="none of 0 questions"):
        evaluate_analogies(WORDS, PLANE, {})


def test_what_does_not_fit():
    questions = {"s": [("man", "woman", "king", "queen")]}
    for vectors in (PLANE[:4], PLANE.ravel(), np.zeros(5)):
        with pytest.raises(ValueError, match="5 keys"):
            evaluate_analogies(WORDS, vectors, questions)
    with pytest.raises(ValueError, match=r"four words, not \('man', 'woman', 'king'\)"):
        evaluate_analogies(WORDS, PLANE, {"s": [("man", "woman", "king")]})
    for value in (np.nan, np.inf):
        vectors = PLANE.copy()
        vectors[4, 1] = value
        with pytest.raises(ValueError, match=r"'rock' \(row 4\)"):
            evaluate_analogies(WORDS, vectors, questions)
        assert evaluate_analogies(WORDS, vectors, questions, restrict_vocab=4).correct == 1


# Against one question at a time -------------------------------------------------------------------


def score(method, of_a, of_b, of_c):
    if method == "3cosadd":
        return of_b - of_a + of_c
    of_a, of_b, of_c = ((1 + cosine) / 2 for cosine in (of_a, of_b, of_c))
    return of_b * of_c / (of_a + 0.001)


def one_at_a_time(vectors, question, method, word_of_row=None):
    """Return the rows of the best answers, in float64: several where they are all but equal."""
    vectors = np.asarray(vectors, np.float64)
    words = np.arange(len(vectors)) if word_of_row is None else word_of_row
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(lengths > 0, lengths, 1)
    a, b, c = (unit @ unit[row] for row in question[:3])
    scores = score(method, a, b, c)
    scores[np.isin(words, question[:3])] = -np.inf
    best = scores.max()
    return np.flatnonzero(scores >= best - 1e-9) if best > -np.inf else np.array([], int)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("questions_together", "cells", "scores", "least"),
    [(1 << 13, 1 << 22, 1 << 19, 256), (7, 40, 30, 3), (1, 1, 1, 1), (1 << 13, 1 << 22, 1, 1)],
)
def test_blocked_equals_one_at_a_time(
    monkeypatch, planted_analogies, method, questions_together, cells, scores, least
):
    vectors, sections = planted_analogies
    sections = {name: questions[:9] for name, questions in sections.items()}
    monkeypatch.setattr(answering, "_QUESTIONS", questions_together)
    monkeypatch.setattr(answering, "_CELLS", cells)
    monkeypatch.setattr(answering, "_SCORES", scores)
    monkeypatch.setattr(answering, "_LEAST_BLOCK", least)
    monkeypatch.setattr(answering, "_DECISIONS", max(1, questions_together - 1))
    result = evaluate_analogies(range(300), vectors, sections, method=method)
    expected = {
        name: (sum(q[3] in one_at_a_time(vectors, q, method) for q in questions), len(questions))
        for name, questions in sections.items()
    }
    assert result.sections == expected
    assert 1 <= result.correct <= 20


coordinates = st.integers(-2, 2)


@settings(deadline=None)
@given(st.data())
@pytest.mark.parametrize("method", METHODS)
def test_answers_to_anything(method, data):
    """Few small whole numbers: zero vectors, equal ones, opposite ones, and many ties."""
    rows = data.draw(st.lists(st.tuples(coordinates, coordinates), min_size=4, max_size=12))
    vectors = np.array(rows, data.draw(st.sampled_from([np.float32, np.float64])))
    # Keys of two letters in either case: several rows are one word.
    folded = data.draw(st.booleans())
    letters = st.sampled_from("abcdABCD") if folded else st.sampled_from("abcdefghijkl")
    keys = data.draw(st.lists(letters, min_size=len(rows), max_size=len(rows)))
    lookup = {}
    words = np.array(
        [lookup.setdefault(key.upper() if folded else key, row) for row, key in enumerate(keys)]
    )
    asked = st.tuples(*[st.sampled_from(keys)] * 4)
    questions = data.draw(st.lists(asked, min_size=1, max_size=8))
    found = evaluate_analogies(
        keys,
        vectors,
        {str(i): [q] for i, q in enumerate(questions)},
        method=method,
        case_insensitive=folded,
    )
    for i, question in enumerate(questions):
        numbers = [lookup[word.upper() if folded else word] for word in question]
        best = one_at_a_time(vectors, numbers, method, words)
        correct = found.sections[str(i)][0]
        if numbers[3] in numbers[:3] or numbers[3] not in words[best]:
            assert not correct
        elif (words[best] == numbers[3]).all():
            assert correct
        elif len(np.unique(vectors[best], axis=0)) == 1:  # equal vectors: the first is the answer
            assert correct == (words[best[0]] == numbers[3])


@pytest.mark.parametrize("method", METHODS)
def test_vectors_that_are_all_the_same(method):
    keys = [f"w{i}" for i in range(50)]
    questions = {
        "s": [("w7", "w8", "w9", "w0"), ("w0", "w1", "w2", "w3"), ("w0", "w1", "w2", "w4")]
    }
    result = evaluate_analogies(keys, np.ones((50, 3), np.float32), questions, method=method)
    assert result.correct == 2  # the first of those that are not given


@pytest.mark.parametrize("method", METHODS)
def test_memory_is_bounded(monkeypatch, method):
    """Of 900 words' cosines with 30,000, and of 300 questions' scores, only blocks are held."""
    vectors = np.random.default_rng(0).normal(size=(30_000, 4)).astype(np.float32)
    questions = {"s": [tuple(range(i, i + 4)) for i in range(0, 1200, 4)]}
    monkeypatch.setattr(answering, "_CELLS", 1 << 18)
    monkeypatch.setattr(answering, "_SCORES", 1 << 16)
    tracemalloc.start()
    try:
        evaluate_analogies(range(30_000), vectors, questions, method=method)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 << 20  # the cosines alone: 137 MiB


# Intervals ----------------------------------------------------------------------------------------


def test_confidence_interval_in_closed_form():
    # Wilson's interval for 0 of n is [0, z^2 / (n + z^2)].
    low, high = AnalogyResult(0.0, 0, 10, 10, {}).confidence_interval
    assert (low, high) == pytest.approx((0.0, 3.841459 / 13.841459), abs=1e-6)
    assert AnalogyResult(1.0, 10, 10, 10, {}).confidence_interval[1] == pytest.approx(1.0)


def test_bootstrap_by_question_is_near_the_closed_form():
    result = AnalogyResult(0.25, 250, 1000, 1200, {"all": (250, 1000)})
    assert result.bootstrap_interval() == pytest.approx(result.confidence_interval, abs=0.003)
    assert result.bootstrap_interval() == result.bootstrap_interval(seed=0)
    low, high = result.bootstrap_interval(level=0.5, method="percentile")
    half = 0.6744898 * math.sqrt(0.25 * 0.75 / 1000)
    assert (low, high) == pytest.approx((0.25 - half, 0.25 + half), abs=0.0021)


def test_bootstrap_by_section_tells_how_sections_differ():
    alike = {f"s{i}": (25, 100) for i in range(10)}
    assert AnalogyResult(0.25, 250, 1000, 1000, alike).bootstrap_interval(by="section") == (
        0.25,
        0.25,
    )
    unlike = {f"s{i}": (50 * (i % 2), 100) for i in range(10)} | {"unknown": (0, 0)}
    result = AnalogyResult(0.25, 250, 1000, 1000, unlike)
    low, high = result.bootstrap_interval(by="section", method="percentile")
    # Of ten sections drawn, those with 50 of 100 are a binomial number: from 2 to 8 in 95 %.
    assert (low, high) == pytest.approx((0.1, 0.4), abs=0.051)
    wide = high - low
    low, high = result.bootstrap_interval()
    assert high - low < wide / 3


def test_bootstrap_of_what_can_not_be_drawn():
    result = AnalogyResult(0.5, 5, 10, 10, {"one": (5, 10), "none": (0, 0)})
    with pytest.raises(ValueError, match=r"only 1 section has known questions.*by='question'"):
        result.bootstrap_interval(by="section")
    with pytest.raises(ValueError, match="by must be one of 'question', 'section', not 'word'"):
        result.bootstrap_interval(by="word")
