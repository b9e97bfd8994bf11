"""Comparisons: the counts and tests by hand, and how often they find what isn't there."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest

from fastw2v import KeyedVectors
from fastw2v.evaluation import compare, evaluate_analogies, evaluate_word_pairs
from fastw2v.evaluation.significance import mcnemar_p_value, sign_flip_p_value

N_KEYS = 300


def keyed(vectors, keys=None):
    return KeyedVectors([f"w{i}" for i in range(N_KEYS)] if keys is None else keys, vectors)


@pytest.fixture
def models(planted_analogies):
    """Two models, and questions: b is a with noise, and answers fewer of them."""
    vectors, sections = planted_analogies
    noise = np.random.default_rng(4).normal(size=vectors.shape)
    questions = {
        name: [tuple(f"w{i}" for i in question) for question in section]
        for name, section in sections.items()
    }
    return keyed(vectors), keyed(vectors + 0.5 * noise), questions


@pytest.fixture
def pairs():
    """The scores are a's cosines with noise."""
    random = np.random.default_rng(6)
    vectors = random.normal(size=(N_KEYS, 8))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = random.integers(N_KEYS, size=(150, 2))
    scores = (unit[rows[:, 0]] * unit[rows[:, 1]]).sum(axis=1) + 0.2 * random.normal(size=150)
    asked = [(f"w{i}", f"w{j}", s) for (i, j), s in zip(rows.tolist(), scores, strict=True)]
    return keyed(vectors), keyed(vectors + 0.4 * random.normal(size=vectors.shape)), asked


def by_question(model, questions):
    """Answer one by one."""
    return [
        evaluate_analogies(model.index_to_key, model.vectors, {"": [q]}).correct
        for section in questions.values()
        for q in section
    ]


def test_analogies(models, caplog):
    a, b, questions = models
    with caplog.at_level(logging.INFO, "fastw2v"):
        found = compare(a, b, questions)
    of_a, of_b = (np.array(by_question(model, questions)) for model in (a, b))
    assert found.score == "accuracy"
    assert (found.a, found.b) == (of_a.mean(), of_b.mean())
    assert found.difference == found.a - found.b > 0.2
    assert found.only_a == ((of_a - of_b) == 1).sum()
    assert found.only_b == ((of_b - of_a) == 1).sum()
    assert found.p_value == mcnemar_p_value(found.only_a, found.only_b) < 1e-6
    assert found.significance_test == "McNemar's exact test"
    assert (found.used, found.total, found.out_of_vocabulary) == (180, 180, (0, 0))
    # The differences' standard error gives nearly the same interval.
    half = 1.96 * (of_a - of_b).std() / np.sqrt(180)
    expected = (found.difference - half, found.difference + half)
    assert found.confidence_interval == pytest.approx(expected, abs=0.012)
    assert (
        "comparison: 180 of 180 used, 0 (0.0 %) out of vocabulary (a: 0, b: 0)" in caplog.messages
    )


def test_the_other_way_round(models, pairs):
    for a, b, test in (models, pairs):
        one, other = compare(a, b, test), compare(b, a, test)
        assert (one.a, one.b, one.difference) == (other.b, other.a, -other.difference)
        assert (one.only_a, one.only_b) == (other.only_b, other.only_a)
        low, high = other.confidence_interval
        assert one.confidence_interval == pytest.approx((-high, -low), abs=0.02)
        assert one.p_value == pytest.approx(other.p_value, abs=0.02)


def test_the_same_model(models, pairs):
    for a, _, test in (models, pairs):
        found = compare(a, a, test)
        assert (found.difference, found.confidence_interval, found.p_value) == (0, (0, 0), 1.0)


def test_by_section(models):
    a, b, questions = models
    sections = {}
    for name, section in questions.items():
        for i in range(4):
            sections[f"{name}{i}"] = section[i::4]
    found = compare(a, b, sections, by="section")
    differences = [
        sum(by_question(a, {"": section})) - sum(by_question(b, {"": section}))
        for section in sections.values()
    ]
    assert found.difference == pytest.approx(sum(differences) / 180)
    assert found.p_value == sign_flip_p_value(differences)
    assert found.significance_test == "sign changes of sections"
    low, high = found.confidence_interval
    assert low < found.difference < high
    with pytest.raises(ValueError, match="only 1 section has known questions"):
        compare(a, b, {"s": questions["one"]}, by="section")


def test_questions_that_one_model_does_not_know(models):
    a, b, questions = models
    rows = [i for i in range(N_KEYS) if i % 10]  # b lacks each tenth word
    b = keyed(b.vectors[rows], [f"w{i}" for i in rows])
    known = {
        name: [q for q in section if all(word in b for word in q)]
        for name, section in questions.items()
    }
    used = sum(map(len, known.values()))
    found = compare(a, b, questions)
    assert (found.used, found.total, found.out_of_vocabulary) == (used, 180, (0, 180 - used))
    of_a = evaluate_analogies(a.index_to_key, a.vectors, known)
    of_b = evaluate_analogies(b.index_to_key, b.vectors, known)
    assert (found.a, found.b) == (of_a.accuracy, of_b.accuracy)
    assert 60 < used < 170


def test_word_pairs(pairs):
    a, b, asked = pairs
    asked = [*asked, ("w0", "nowhere", 1.0), ("nobody", "nowhere", 1.0)]
    found = compare(a, keyed(b.vectors[:250], b.index_to_key[:250]), asked)
    known = [p for p in asked if all(w in a and int(w[1:]) < 250 for w in p[:2])]
    assert found.score == "spearman"
    for score, model in ((found.a, a), (found.b, b)):
        expected = evaluate_word_pairs(model.index_to_key, model.vectors, known)
        assert score == pytest.approx(expected.spearman, abs=1e-12)
    assert (found.used, found.total) == (len(known), 152)
    assert found.out_of_vocabulary == (2, 152 - len(known))
    assert (found.only_a, found.only_b) == (None, None)
    assert found.significance_test == "exchanges of ranks"
    low, high = found.confidence_interval
    assert 0 < low < found.difference < high
    assert found.p_value < 0.05


def test_options(models, pairs):
    a, b, questions = models
    mul = compare(a, b, questions, method="3cosmul")
    expected = evaluate_analogies(a.index_to_key, a.vectors, questions, method="3cosmul")
    assert mul.a == expected.accuracy
    few = compare(a, b, questions, restrict_vocab=250)
    assert few.used < 180
    assert few.out_of_vocabulary == (180 - few.used,) * 2
    for x, y, test in (models, pairs):
        usual, narrow = (compare(x, y, test, resamples=999, level=level) for level in (0.95, 0.5))
        assert usual == compare(x, y, test, resamples=999)
        assert usual.confidence_interval[0] < narrow.confidence_interval[0]
        assert narrow.confidence_interval[1] < usual.confidence_interval[1]
        for option, value, message in (
            ("level", 1, "level must be below 1"),
            ("resamples", 10, "resamples must be at least 100"),
            ("restrict_vocab", 0, "restrict_vocab must be at least 1"),
            ("by", "word", "by must be one of|by='word' are for analogies"),
            ("method", "add", "method must be one of|method='add'.* are for analogies"),
        ):
            with pytest.raises(ValueError, match=message):
                compare(x, y, test, **{option: value})


def test_case_and_files(models, tmp_path):
    a, b, questions = models
    path = tmp_path / "questions.txt"
    lines = [f": s\n{' '.join(q).upper()}" for section in questions.values() for q in section]
    path.write_text("\n".join(lines))
    found = compare(a, b, path)
    assert (found.only_a, found.used) == (compare(a, b, questions).only_a, 180)
    with pytest.raises(ValueError, match="only 0 of 180 questions are known to both"):
        compare(a, b, path, case_insensitive=False)
    path.write_text("w1 W2 3.5\nw3 w4 1\nw5 w6 2\nw9 w8 7\n")
    assert compare(a, b, str(path)).score == "spearman"


def test_models_of_other_libraries(models):
    a, b, questions = models
    other = SimpleNamespace(index_to_key=tuple(b.index_to_key), vectors=b.vectors)
    assert compare(a, other, questions) == compare(a, b, questions)
    with pytest.raises(TypeError, match=r"b must have index_to_key and vectors.*dict has not"):
        compare(a, {"w1": [1.0]}, questions)


def test_too_few_known_to_both(models, pairs):
    a, b, _ = pairs
    b = keyed(b.vectors, [f"x{i}" for i in range(N_KEYS)])
    for least, test in ((1, models[2]), (2, pairs[2])):
        message = r"only 0 of \d+ questions are known to both models \(\d+ to a, 0 to b\), at least"
        with pytest.raises(ValueError, match=f"{message} {least}"):
            compare(a, b, test)


def test_how_often_a_difference_is_found_where_there_is_none():
    """Two models of the same quality: a p-value below 0.1 in a tenth of the cases."""
    random = np.random.default_rng(8)
    p_values, held = [], 0
    for _ in range(150):
        gold = random.normal(size=60)
        # One dimension for each word and one in common: the cosine of 2i and 2i + 1 is what we say.
        models = []
        for _ in range(2):
            cosines = np.tanh(gold / 2 + random.normal(size=60) / 2)
            vectors = np.zeros((120, 2))
            vectors[0::2, 0] = 1.0
            vectors[1::2] = np.column_stack([cosines, np.sqrt(1 - cosines**2)])
            models.append(SimpleNamespace(index_to_key=range(120), vectors=vectors))
        test = [(2 * i, 2 * i + 1, g) for i, g in enumerate(gold)]
        found = compare(*models, test, resamples=300, level=0.9)
        p_values.append(found.p_value)
        held += found.confidence_interval[0] <= 0 <= found.confidence_interval[1]
    assert np.mean(np.array(p_values) < 0.1) == pytest.approx(0.1, abs=0.075)
    assert np.mean(np.array(p_values) < 0.5) == pytest.approx(0.5, abs=0.13)
    assert held / 150 == pytest.approx(0.9, abs=0.075)
