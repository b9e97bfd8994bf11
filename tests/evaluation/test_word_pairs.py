"""Word pairs: every expected figure here can be worked out by hand."""

import logging
import math

import numpy as np
import pytest

from fastw2v.evaluation import WordPairResult, evaluate_word_pairs


def result(spearman, used, total=None):
    none = np.zeros(0)
    return WordPairResult(spearman, 0.0, used, used if total is None else total, none, none)


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
def test_spearman_by_hand(plane, scores, expected):
    pairs = [("o", word, score) for word, score in zip("abcd", scores, strict=True)]
    found = evaluate_word_pairs(*plane, pairs)
    assert found.spearman == pytest.approx(expected, abs=1e-12)
    assert (found.pairs_used, found.pairs_total, found.out_of_vocabulary) == (4, 4, 0)


def test_the_path_of_a_file_of_pairs(plane, tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("o\ta\t9\nO\tb\t7\no\tc\t3\no\td\t1\n")
    pairs = [("o", "a", 9), ("O", "b", 7), ("o", "c", 3), ("o", "d", 1)]
    for options in {}, {"case_insensitive": True}:
        expected = evaluate_word_pairs(*plane, pairs, **options)
        for name in path, str(path):
            assert evaluate_word_pairs(*plane, name, **options) == expected
    assert expected.pairs_used == 4


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (("o", "b", "a"), r"score of the pair \('o', 'b', 'a'\) is no number"),
        (("o", "b", None), "is no number"),
        (("o", "b", math.inf), "is not finite"),
        (("o", "b"), r"pair 1 must be two keys and their score, .* not \('o', 'b'\)"),
        ("abc", "pair 1 must be two keys"),
    ],
)
def test_what_is_no_pair(plane, pair, message):
    with pytest.raises(ValueError, match=message):
        evaluate_word_pairs(*plane, [("o", "a", 1), pair])


def test_pearson_by_hand():
    # Cosines 1, 0, -1 against 3, 1, 1: deviations 4/3, -2/3, -2/3; 2 / sqrt(2 * 24/9).
    vectors = np.array([[2, 0], [1, 0], [0, 3], [-1, 0]], np.float32)
    found = evaluate_word_pairs("oabc", vectors, [("o", "a", 3), ("o", "b", 1), ("o", "c", 1)])
    assert found.pearson == pytest.approx(math.sqrt(0.75), abs=1e-12)
    assert found.cosines.tolist() == [1, 0, -1]
    assert found.scores.tolist() == [3, 1, 1]


def test_tied_cosines_share_their_rank():
    keys, vectors = ["o", "a", "b", "c"], np.array([[1, 0], [1, 1], [1, 1], [0, 1]], np.float32)
    found = evaluate_word_pairs(keys, vectors, [("o", "a", 3), ("o", "b", 2), ("o", "c", 1)])
    assert found.spearman == pytest.approx(1.5 / math.sqrt(1.5 * 2), abs=1e-12)


def test_pairs_with_unknown_words_are_counted_and_skipped(plane, caplog):
    known = [("o", "a", 9.0), ("o", "b", 5.0), ("o", "c", 1.0)]
    unknown = [("o", "nowhere", 0.0), ("nowhere", "a", 0.0), ("x", "y", 0.0)]
    with caplog.at_level(logging.INFO, "fastw2v"):
        found = evaluate_word_pairs(*plane, unknown + known)
    assert (found.spearman, found.pairs_used, found.pairs_total) == (pytest.approx(1.0), 3, 6)
    assert found.out_of_vocabulary == 3
    assert found.scores.tolist() == [9, 5, 1]
    assert "word pairs: 3 of 6 used, 3 (50.0 %) out of vocabulary" in caplog.messages


def test_keys_need_not_be_strings_and_zero_vectors_have_cosine_zero():
    vectors = np.array([[1, 0], [1, 1], [0, 0], [-1, 1]])
    pairs = [(7, (1, 2), 3), (7, 0, 2), (7, -3, 1)]
    for case_insensitive in (False, True):
        found = evaluate_word_pairs(
            [7, (1, 2), 0, -3], vectors, pairs, case_insensitive=case_insensitive
        )
        assert found.spearman == pytest.approx(1.0)


def test_the_first_of_equal_keys_counts(plane):
    keys, vectors = [*plane[0], "a", "B"], np.vstack([plane[1], [[-1, 0], [-1, 0]]])
    pairs = [("o", "a", 2.0), ("o", "b", 1.0)]
    assert evaluate_word_pairs(keys, vectors, pairs).spearman == pytest.approx(1.0)
    pairs = [("O", "A", 2.0), ("o", "B", 1.0)]
    found = evaluate_word_pairs(keys, vectors, pairs, case_insensitive=True)
    assert found.spearman == pytest.approx(1.0)
    assert found.cosines[1] == pytest.approx(math.cos(math.radians(40)))  # of "b", not of "B"
    with pytest.raises(ValueError, match=r"only 1 of 2 pairs.*case_insensitive=True"):
        evaluate_word_pairs(keys, vectors, [*pairs[:1], ("o", "B", 1.0)])


def test_restrict_vocab(plane):
    pairs = [("o", "a", 3.0), ("o", "b", 2.0), ("o", "d", 9.0)]
    assert evaluate_word_pairs(*plane, pairs).pairs_used == 3
    assert evaluate_word_pairs(*plane, pairs, restrict_vocab=4).pairs_used == 2
    assert evaluate_word_pairs(*plane, pairs, restrict_vocab=400).pairs_used == 3
    with pytest.raises(ValueError, match=r"only 1 of 3 pairs.*first 2 of 5 keys.*restrict_vocab"):
        evaluate_word_pairs(*plane, pairs, restrict_vocab=2)
    with pytest.raises(ValueError, match="restrict_vocab must be at least 1, not 0"):
        evaluate_word_pairs(*plane, pairs, restrict_vocab=0)


@pytest.mark.parametrize("pairs", [[], [("o", "a", 1.0)], [("o", "a", 1.0), ("o", "x", 2.0)]])
def test_fewer_than_two_known_pairs(plane, pairs):
    known = sum(pair[1] == "a" for pair in pairs)
    with pytest.raises(ValueError, match=rf"only {known} of {len(pairs)} pairs.*min_count"):
        evaluate_word_pairs(*plane, pairs)


def test_undefined_correlation_is_an_error_not_nan(plane):
    with pytest.raises(ValueError, match="scores of all 2 pairs are equal"):
        evaluate_word_pairs(*plane, [("o", "a", 4.0), ("o", "b", 4.0)])
    with pytest.raises(ValueError, match="cosines of all 2 pairs are equal"):
        evaluate_word_pairs(plane[0], np.ones((5, 2)), [("o", "a", 4.0), ("o", "b", 5.0)])


def test_keys_and_vectors_must_fit(plane):
    keys, vectors = plane
    for wrong in (vectors[:4], vectors.ravel(), np.zeros(5)):
        with pytest.raises(ValueError, match="5 keys"):
            evaluate_word_pairs(keys, wrong, [("o", "a", 4.0), ("o", "b", 5.0)])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e200])
def test_vectors_that_are_not_finite_are_named(plane, value):
    vectors = plane[1].astype(np.float64)
    vectors[2, 1] = value
    with pytest.raises(ValueError, match=r"'b' \(row 2\)"):
        evaluate_word_pairs(plane[0], vectors, [("o", "a", 4.0), ("o", "b", 5.0)])
    assert evaluate_word_pairs(plane[0], vectors, [("o", "a", 4.0), ("o", "c", 5.0)])


def test_scores_that_are_not_finite_are_named(plane):
    with pytest.raises(ValueError, match=r"score of the pair \('o', 'b', nan\)"):
        evaluate_word_pairs(*plane, [("o", "a", 4.0), ("o", "b", np.nan), ("o", "c", 1.0)])


def test_confidence_interval_in_closed_form():
    low, high = result(0.0, 103).confidence_interval
    assert (low, high) == pytest.approx((-math.tanh(0.1959964), math.tanh(0.1959964)), abs=1e-6)
    assert result(0.5, 3).confidence_interval == (-1.0, 1.0)
    assert result(1.0, 9).confidence_interval == (1.0, 1.0)


def test_bootstrap_interval():
    random = np.random.default_rng(5)
    vectors = random.normal(size=(200, 5))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = (unit[:100] * unit[100:]).sum(axis=1)
    scores = cosines + 0.4 * random.normal(size=100)
    pairs = [(i, i + 100, score) for i, score in enumerate(scores)]
    found = evaluate_word_pairs(range(200), vectors, pairs)
    low, high = found.bootstrap_interval()
    assert low < found.spearman < high
    # The closed form's assumption is nearly true here.
    assert (low, high) == pytest.approx(found.confidence_interval, abs=0.04)
    assert found.bootstrap_interval() == (low, high)
    assert found.bootstrap_interval(seed=1) == pytest.approx((low, high), abs=0.02)
    assert found.bootstrap_interval(seed=1) != (low, high)
    assert found.bootstrap_interval(method="percentile") == pytest.approx((low, high), abs=0.03)
    narrow = found.bootstrap_interval(level=0.5)
    assert low < narrow[0] < found.spearman < narrow[1] < high
