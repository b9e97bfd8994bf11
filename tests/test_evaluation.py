"""Evaluation over keys and a matrix: every expected figure here can be worked out by hand."""

import math

import numpy as np
import pytest

from fastw2v import evaluation
from fastw2v.evaluation import (
    AnalogyResult,
    WordPairResult,
    evaluate_analogies,
    evaluate_word_pairs,
    read_analogies,
    read_word_pairs,
)


def at_angles(*degrees):
    """Return plane vectors of different lengths at the given angles."""
    radians = np.radians(degrees)
    lengths = np.arange(1.0, len(degrees) + 1.0)[:, None]
    return (lengths * np.column_stack([np.cos(radians), np.sin(radians)])).astype(np.float32)


# Cosines with "o": a > b > c > d, whatever the lengths.
KEYS = ["o", "a", "b", "c", "d"]
VECTORS = at_angles(0, 10, 40, 80, 150)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((9, 7, 3, 1), 1.0),
        ((1, 3, 7, 9), -1.0),
        ((9, 3, 7, 1), 0.8),  # 1 - 6 * (1 + 1) / (4 * 15)
        ((1000, 2, 1.5, 1), 1.0),  # ranks, not values
        # Ranks 3.5, 3.5, 2, 1 against 4, 3, 2, 1: 4.5 / sqrt(4.5 * 5).
        ((5, 5, 3, 1), math.sqrt(0.9)),
        # Ranks 2, 2, 2, 4 against 4, 3, 2, 1: -3 / sqrt(3 * 5).
        ((1, 1, 1, 8), -math.sqrt(0.6)),
    ],
)
def test_spearman_by_hand(scores, expected):
    pairs = [("o", word, score) for word, score in zip("abcd", scores, strict=True)]
    result = evaluate_word_pairs(KEYS, VECTORS, pairs)
    assert result.spearman == pytest.approx(expected, abs=1e-12)
    assert (result.pairs_used, result.pairs_total) == (4, 4)


def test_tied_cosines_share_their_rank():
    keys, vectors = ["o", "a", "b", "c"], np.array([[1, 0], [1, 1], [1, 1], [0, 1]], np.float32)
    result = evaluate_word_pairs(keys, vectors, [("o", "a", 3), ("o", "b", 2), ("o", "c", 1)])
    assert result.spearman == pytest.approx(1.5 / math.sqrt(1.5 * 2), abs=1e-12)


@pytest.mark.parametrize(
    ("values", "ranks"),
    [
        ([30, 10, 20], [3, 1, 2]),
        ([2, 2, 1, 2], [3, 3, 1, 3]),
        ([5, 5, 5, 5], [2.5, 2.5, 2.5, 2.5]),
        ([1, 7, 1, 7, 3], [1.5, 4.5, 1.5, 4.5, 3]),
        ([-0.0, 0.0], [1.5, 1.5]),
    ],
)
def test_average_ranks(values, ranks):
    assert evaluation._average_ranks(np.array(values, dtype=np.float64)).tolist() == ranks


def test_pairs_with_unknown_words_are_counted_and_skipped():
    known = [("o", "a", 9.0), ("o", "b", 5.0), ("o", "c", 1.0)]
    unknown = [("o", "nowhere", 0.0), ("nowhere", "a", 0.0), ("x", "y", 0.0)]
    result = evaluate_word_pairs(KEYS, VECTORS, unknown + known)
    assert result == WordPairResult(pytest.approx(1.0), 3, 6)


def test_keys_need_not_be_strings_and_zero_vectors_have_cosine_zero():
    vectors = np.array([[1, 0], [1, 1], [0, 0], [-1, 1]])
    result = evaluate_word_pairs(
        [7, (1, 2), 0, -3], vectors, [(7, (1, 2), 3), (7, 0, 2), (7, -3, 1)]
    )
    assert result.spearman == pytest.approx(1.0)


def test_the_first_of_equal_keys_counts():
    keys, vectors = [*KEYS, "a"], np.vstack([VECTORS, [[-1, 0]]])
    pairs = [("o", "a", 2.0), ("o", "b", 1.0)]
    assert evaluate_word_pairs(keys, vectors, pairs).spearman == pytest.approx(1.0)


@pytest.mark.parametrize("pairs", [[], [("o", "a", 1.0)], [("o", "a", 1.0), ("o", "x", 2.0)]])
def test_fewer_than_two_known_pairs(pairs):
    known = sum(pair[1] == "a" for pair in pairs)
    with pytest.raises(ValueError, match=rf"only {known} of {len(pairs)} pairs.*min_count"):
        evaluate_word_pairs(KEYS, VECTORS, pairs)


def test_undefined_correlation_is_an_error_not_nan():
    with pytest.raises(ValueError, match="scores of all 2 known pairs are equal"):
        evaluate_word_pairs(KEYS, VECTORS, [("o", "a", 4.0), ("o", "b", 4.0)])
    with pytest.raises(ValueError, match="cosines of all 2 known pairs are equal"):
        evaluate_word_pairs(KEYS, np.ones((5, 2)), [("o", "a", 4.0), ("o", "b", 5.0)])


@pytest.mark.parametrize("vectors", [VECTORS[:4], VECTORS.ravel(), np.zeros(5)])
def test_keys_and_vectors_must_fit(vectors):
    with pytest.raises(ValueError, match="5 keys"):
        evaluate_word_pairs(KEYS, vectors, [("o", "a", 4.0), ("o", "b", 5.0)])
    with pytest.raises(ValueError, match="5 keys"):
        evaluate_analogies(KEYS, vectors, {"s": [("o", "a", "b", "c")]})


def test_non_finite_vectors_are_named():
    vectors = VECTORS.copy()
    vectors[2, 1] = np.nan
    with pytest.raises(ValueError, match=r"'b' \(row 2\)"):
        evaluate_word_pairs(KEYS, vectors, [("o", "a", 4.0), ("o", "b", 5.0)])
    with pytest.raises(ValueError, match=r"'b' \(row 2\)"):
        evaluate_analogies(KEYS, vectors, {"s": [("o", "a", "d", "c")]})


def test_confidence_intervals():
    low, high = WordPairResult(0.0, 103, 103).confidence_interval
    assert (low, high) == pytest.approx((-math.tanh(0.1959964), math.tanh(0.1959964)), abs=1e-6)
    assert WordPairResult(0.5, 3, 3).confidence_interval == (-1.0, 1.0)
    assert WordPairResult(1.0, 9, 9).confidence_interval == (1.0, 1.0)
    # Wilson's interval for 0 of n is [0, z^2 / (n + z^2)].
    low, high = AnalogyResult(0.0, 0, 10, 10, {}).confidence_interval
    assert (low, high) == pytest.approx((0.0, 3.841459 / 13.841459), abs=1e-6)
    assert AnalogyResult(1.0, 10, 10, 10, {}).confidence_interval[1] == pytest.approx(1.0)


# woman - man + king points at queen, up to the lengths.
WORDS = ["man", "woman", "king", "queen", "rock"]
PLANE = np.array(
    [[1, 0, 0, 0.1], [0, 1, 0, 0.1], [1, 0, 3, 0.1], [0, 1, 3, 0.1], [0, 0, -5, 9]], np.float32
)


def test_analogy_by_hand():
    result = evaluate_analogies(WORDS, PLANE, {"royal": [("man", "woman", "king", "queen")]})
    assert result == AnalogyResult(1.0, 1, 1, 1, {"royal": (1, 1)})
    wrong = evaluate_analogies(WORDS, PLANE, {"royal": [("man", "woman", "king", "rock")]})
    assert wrong == AnalogyResult(0.0, 0, 1, 1, {"royal": (0, 1)})


def test_direction_is_b_minus_a_plus_c():
    # Target angles: b - a + c. Reversed (a - b + c) the other of "up" and "down" would win.
    keys = ["a", "b", "c", "down", "up"]
    vectors = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, -0.5, 0.7], [-0.5, 0.5, 0.7]])
    assert evaluate_analogies(keys, vectors, {"s": [("a", "b", "c", "up")]}).correct == 1
    assert evaluate_analogies(keys, vectors, {"s": [("a", "b", "c", "down")]}).correct == 0


def test_given_words_are_no_answers():
    # The target is c itself (a and b are equal), so c would win; d is the best of the others.
    keys, vectors = ["a", "b", "c", "d", "e"], at_angles(0, 0, 90, 70, 200)
    assert evaluate_analogies(keys, vectors, {"s": [("a", "b", "c", "d")]}).correct == 1
    # An answer that is given can't be right, not even where nothing else is left.
    for size in (3, 5):
        result = evaluate_analogies(keys[:size], vectors[:size], {"s": [("a", "b", "c", "a")]})
        assert (result.correct, result.questions_used) == (0, 1)


def test_vectors_are_normalised_before_the_sum():
    # b - a + c is (1, 2) at unit length, nearest to "near"; b's raw length would make it "far".
    keys = ["a", "b", "c", "near", "far"]
    vectors = np.array([[0, -3], [0, 100], [2, 0], [0.2, 0.3], [-1, 9]])
    assert evaluate_analogies(keys, vectors, {"s": [("a", "b", "c", "near")]}).correct == 1


def test_sections_and_unknown_words():
    good, bad = ("man", "woman", "king", "queen"), ("man", "woman", "king", "rock")
    unknown = ("man", "woman", "king", "empress")
    questions = {"one": [good, bad, unknown], "none": [unknown], "two": [good, good]}
    result = evaluate_analogies(WORDS, PLANE, questions)
    assert result.sections == {"one": (1, 2), "none": (0, 0), "two": (2, 2)}
    assert (result.correct, result.questions_used, result.questions_total) == (3, 4, 6)
    assert result.accuracy == 0.75


def test_restrict_vocab_limits_questions_and_answers():
    # "best" answers better than "good" does, but stands last.
    keys, vectors = ["a", "b", "c", "good", "best"], at_angles(0, 0, 90, 60, 89)
    questions = {"s": [("a", "b", "c", "good"), ("a", "b", "c", "best")]}
    everything = evaluate_analogies(keys, vectors, questions, restrict_vocab=5)
    assert (everything.correct, everything.questions_used) == (1, 2)
    assert everything == evaluate_analogies(keys, vectors, questions)
    first = evaluate_analogies(keys, vectors, questions, restrict_vocab=4)
    assert (first.correct, first.questions_used, first.questions_total) == (1, 1, 2)
    assert evaluate_analogies(keys, vectors, {"s": questions["s"][:1]}).correct == 0
    with pytest.raises(ValueError, match=r"none of 2 questions .* first 3 of 5"):
        evaluate_analogies(keys, vectors, questions, restrict_vocab=3)
    with pytest.raises(ValueError, match="restrict_vocab"):
        evaluate_analogies(keys, vectors, questions, restrict_vocab=0)


def test_no_known_question():
    with pytest.raises(ValueError, match=r"none of 1 questions.*restrict_vocab"):
        evaluate_analogies(WORDS, PLANE, {"s": [("Man", "Woman", "King", "Queen")]})
    with pytest.raises(ValueError, match="none of 0 questions"):
        evaluate_analogies(WORDS, PLANE, {})


def one_at_a_time(vectors, questions):
    """Answer the questions in float64, one by one, with no matrix product."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    hits = 0
    for a, b, c, d in questions:
        target = unit[b] - unit[a] + unit[c]
        cosines = {i: float(unit[i] @ target) for i in range(len(unit)) if i not in (a, b, c)}
        hits += max(cosines, key=cosines.__getitem__) == d
    return hits


@pytest.mark.parametrize(("block", "scores"), [(512, 1 << 24), (7, 1 << 24), (1, 1), (512, 1)])
def test_blocked_equals_one_at_a_time(monkeypatch, block, scores):
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(60, 8))
    questions = []
    while len(questions) < 100:  # half of them answerable by construction, half of them random
        a, b, c, d = (int(i) for i in rng.choice(60, 4, replace=False))
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        order = np.argsort(-(unit @ (unit[b] - unit[a] + unit[c])))
        best = next(int(i) for i in order if i not in (a, b, c))
        questions.append((a, b, c, best if len(questions) % 2 else d))
    monkeypatch.setattr(evaluation, "_MAX_BLOCK", block)
    monkeypatch.setattr(evaluation, "_MAX_SCORES", scores)
    result = evaluate_analogies(range(60), vectors.astype(np.float32), {"s": questions})
    assert result.correct == one_at_a_time(vectors, questions)
    assert 50 <= result.correct < 100


def write(tmp_path, text):
    """Write a test file and return its path."""
    path = tmp_path / "asked.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_read_word_pairs(tmp_path):
    text = (
        "# Word 1\tWord 2\tscore\n\nLove\tSex\t6.77\r\ntiger cat  7\nNew York\t\u00c5rhus\t-1e0\n"
    )
    assert read_word_pairs(write(tmp_path, text)) == [
        ("love", "sex", 6.77),
        ("tiger", "cat", 7.0),
        ("new york", "\u00e5rhus", -1.0),
    ]


@pytest.mark.parametrize(
    "line", ["tiger cat", "tiger", "tiger cat seven", "a b 1 2", "a b nan", "a\t\t1", "a\tb\tinf"]
)
def test_malformed_word_pairs(tmp_path, line):
    path = write(tmp_path, f"# comment\n\nlove sex 6.77\n{line}\n")
    with pytest.raises(ValueError, match=r", line 4: ") as error:
        read_word_pairs(path)
    assert str(error.value).startswith(f"{path}, line 4: ")
    assert repr(line) in str(error.value)


def test_read_analogies(tmp_path):
    text = ": One\nAthens Greece\tOslo Norway\n\n:empty\n: Two\nboy girl he SHE\n: One\na b c d\n"
    assert read_analogies(write(tmp_path, text)) == {
        "One": [("athens", "greece", "oslo", "norway"), ("a", "b", "c", "d")],
        "empty": [],
        "Two": [("boy", "girl", "he", "she")],
    }


@pytest.mark.parametrize("line", ["a b c", "a b c d e", ":"])
def test_malformed_analogies(tmp_path, line):
    path = write(tmp_path, f": section\na b c d\n{line}\n")
    with pytest.raises(ValueError, match=r", line 3: ") as error:
        read_analogies(path)
    assert str(error.value).startswith(f"{path}, line 3: ")
    assert repr(line) in str(error.value)


def test_question_before_the_first_section(tmp_path):
    with pytest.raises(ValueError, match="line 1: expected ': section' before"):
        read_analogies(write(tmp_path, "a b c d\n"))
