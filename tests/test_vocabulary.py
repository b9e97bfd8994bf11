"""The vocabulary: order, counts, how it is chosen, and the two distributions that follow."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v.formats import safetensors
from fastw2v.vocabulary import Given, Identity, Selection, Vocabulary, choice_of

COUNTS = st.lists(st.integers(1, 5), min_size=1, max_size=20)
REAL_COUNTS = np.array([900, 90, 9, 1])


def of_counts(counts):
    return Vocabulary([f"w{i}" for i in range(len(counts))], np.array(counts))


@settings(deadline=None)  # the machine may be busy
@given(COUNTS)
def test_order_is_by_count_and_ties_keep_their_order(counts):
    vocabulary = of_counts(counts)
    order = sorted(range(len(counts)), key=lambda i: (-counts[i], i))
    assert vocabulary.keys == list(vocabulary) == [f"w{i}" for i in order]
    assert vocabulary.counts.tolist() == [counts[i] for i in order]
    assert vocabulary.counts.dtype == np.int64
    assert vocabulary.key_to_index == {f"w{i}": row for row, i in enumerate(order)}
    assert len(vocabulary) == len(counts)


def test_ties_of_many_keys_keep_their_order():
    # More than a sort of small runs: an unstable sort would show here.
    counts = np.random.default_rng(0).integers(1, 4, size=5000)
    vocabulary = Vocabulary(range(5000), counts)
    assert vocabulary.keys == sorted(range(5000), key=lambda i: (-counts[i], i))


def test_membership_and_repr():
    vocabulary = Vocabulary(["a", 1, (1, "x")], [1, 2000, 1])
    assert "a" in vocabulary
    assert 1 in vocabulary
    assert (1, "x") in vocabulary
    assert "1" not in vocabulary
    assert 0 not in vocabulary  # an integer is a key, not a row
    assert repr(vocabulary) == "<Vocabulary: 3 keys, 2,002 tokens>"


class Counted:
    """Keys that were counted, each with a number: its place in the list."""

    def __init__(self, keys, counts, first=None):
        self.all_keys, self.all_counts = list(keys), np.array(counts)
        self.all_first = np.arange(len(counts)) if first is None else np.array(first)

    def counts(self):
        return self.all_counts

    def first(self):
        return self.all_first

    def keys(self, numbers):
        return [self.all_keys[number] for number in numbers.tolist()]

    def find(self, keys):
        index = {key: i for i, key in enumerate(self.all_keys)}
        return np.array([index.get(key, -1) for key in keys], np.int32)


@settings(deadline=None)  # the machine may be busy
@given(
    counts=COUNTS,
    min_count=st.integers(1, 6),
    max_size=st.none() | st.integers(1, 9),
    verdicts=st.dictionaries(st.integers(0, 19), st.sampled_from([True, False, None, np.True_])),
    order=st.randoms(use_true_random=False),
)
def test_a_selection_is_by_rule_count_and_first_appearance(
    counts, min_count, max_size, verdicts, order
):
    first = list(range(0, 10 * len(counts), 10))
    order.shuffle(first)
    keys = range(len(counts))
    ranked = sorted(keys, key=lambda i: (-counts[i], first[i]))
    certain = [i for i in ranked if verdicts.get(i)]
    usual = [i for i in ranked if verdicts.get(i) is None and counts[i] >= min_count]
    if max_size is not None:
        usual = usual[: max(max_size - len(certain), 0)]
    expected = sorted(certain + usual, key=lambda i: (-counts[i], first[i]))
    rule = (lambda key, n: verdicts.get(key)) if verdicts else None
    selection = Selection(min_count, max_size, rule)
    if not expected:
        with pytest.raises(ValueError, match="the vocabulary is empty"):
            selection.choose(Counted(keys, counts, first))
        return
    vocabulary, numbers = selection.choose(Counted(keys, counts, first))
    assert vocabulary.keys == numbers.tolist() == expected
    assert vocabulary.counts.tolist() == [counts[i] for i in expected]


def test_a_selection_passes_over_numbers_without_a_key():
    counted = Counted([None, "a", None, "b"], [0, 1, 0, 2])
    asked = []
    vocabulary, numbers = Selection(1, None, lambda *given: asked.append(given)).choose(counted)
    assert (vocabulary.keys, numbers.tolist()) == (["b", "a"], [3, 1])
    assert asked == [("a", 1), ("b", 2)]
    assert type(asked[0][1]) is int


def test_an_empty_selection_says_what_would_do():
    with pytest.raises(ValueError, match="vocabulary is empty") as raised:
        Selection(6).choose(Counted("abc", [1, 4, 2]))
    for part in (
        "3 distinct",
        "6 times or more",
        "highest count is 4",
        "min_count must be at most 4",
    ):
        assert part in str(raised.value)
    with pytest.raises(ValueError, match="keep dropped all 3 distinct tokens"):
        Selection(1, None, lambda key, n: False).choose(Counted("abc", [1, 4, 2]))


def test_a_given_vocabulary_is_found():
    vocabulary = Vocabulary(["c", "x", "a"], [3, 2, 1])
    chosen, numbers = Given(vocabulary).choose(Counted("abc", [1, 4, 2]))
    assert chosen is vocabulary
    assert numbers.tolist() == [2, -1, 0]


def test_identity_has_a_row_for_every_integer_or_for_those_that_occur():
    counted = Counted([4, 1, None, 2], [5, 6, 0, 7])
    vocabulary, numbers = Identity().choose(counted)
    assert vocabulary.keys == [0, 1, 2, 3, 4]
    assert vocabulary.counts.tolist() == [0, 6, 7, 0, 5]
    assert numbers.tolist() == [-1, 1, 3, -1, 0]
    vocabulary, numbers = Identity(drop_unseen=True).choose(counted)
    assert vocabulary.keys == [1, 2, 4]
    assert vocabulary.counts.tolist() == [6, 7, 5]
    assert numbers.tolist() == [1, 3, 0]


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        ("1", TypeError, "is for integers, and '1' is none"),
        (1.5, TypeError, r"is for integers, and 1\.5 is none"),
        (-1, ValueError, "the token -1 can't be a row; padding=-1 leaves it out"),
        (2**31 - 1, ValueError, "2147483647 is too large for a row"),
        (2**70, ValueError, "is too large for a row"),
    ],
)
def test_what_identity_can_not_be(key, error, message):
    for drop_unseen in False, True:
        with pytest.raises(error, match=message):
            Identity(drop_unseen).choose(Counted([3, key], [1, 1]))


def chosen(given=None, *, min_count=5, max_size=None, keep=None, unseen="keep"):
    return choice_of(given, min_count=min_count, max_size=max_size, keep=keep, unseen=unseen)


def test_what_options_amount_to():
    vocabulary = Vocabulary(["a"], [1])
    assert chosen() == Selection()
    assert chosen(min_count=2, max_size=3, keep=bool) == Selection(2, 3, bool)
    assert chosen(vocabulary).vocabulary is vocabulary
    mapped = chosen({"b": 3, "a": np.int64(2)}).vocabulary
    assert (mapped.keys, mapped.counts.tolist()) == (["b", "a"], [3, 2])
    assert chosen("identity") == Identity()
    assert chosen("identity", unseen="drop") == Identity(drop_unseen=True)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"given": {"a": 1}, "min_count": 1}, ValueError, "give one or the other"),
        ({"given": {"a": 1}, "max_size": 1}, ValueError, "give one or the other"),
        ({"given": "identity", "keep": bool}, ValueError, "give one or the other"),
        ({"given": "identities"}, TypeError, "'identities' of type str"),
        ({"given": ["a", "b"]}, TypeError, r"\['a', 'b'\] of type list"),
        ({"given": {}}, ValueError, "at least one key"),
        ({"given": {"a": "1"}}, TypeError, "counts must be integers"),
        ({"given": {"a": -1}}, ValueError, "the count of 'a' is -1"),
        ({"keep": 3}, TypeError, "keep must be called with a key and its count; 3 can't be"),
        ({"unseen": "drop"}, ValueError, "goes with vocabulary='identity'"),
        ({"unseen": "drop", "given": {"a": 1}}, ValueError, "goes with vocabulary='identity'"),
        ({"unseen": None}, ValueError, "unseen must be 'keep' or 'drop', not None"),
    ],
)
def test_options_that_exclude_each_other(options, error, message):
    with pytest.raises(error, match=message):
        chosen(**options)


# In the order given, with counts of 0


def test_in_order_keeps_the_order_whatever_the_counts():
    keys = ["a", "b", "c"]
    vocabulary = Vocabulary.in_order(keys, [1, 0, 9])
    assert vocabulary.keys == keys
    assert vocabulary.keys is not keys
    assert vocabulary.counts.tolist() == [1, 0, 9]
    assert vocabulary.key_to_index == {"a": 0, "b": 1, "c": 2}
    assert Vocabulary.in_order(range(2), [0, 1]).keys == [0, 1]


@pytest.mark.parametrize(
    ("keys", "counts", "error", "message"),
    [
        (["a", "b"], [0, 0], ValueError, "counts must be at least 0, and not all 0"),
        (["a", "b"], [1, -1], ValueError, "the count of 'b' is -1: counts must be at least 0"),
        (["a", "a"], [1, 1], ValueError, "the key 'a' occurs more than once"),
        ([], [], ValueError, "at least one key"),
        (["a"], [1, 2], ValueError, r"1 keys, but counts of shape \(2,\)"),
        (["a"], [1.0], TypeError, "counts must be integers, not float64"),
    ],
)
def test_what_is_no_order(keys, counts, error, message):
    with pytest.raises(error, match=message):
        Vocabulary.in_order(keys, counts)


@pytest.mark.parametrize("exponent", [0.75, 0, -0.5, 1e308, -1e308])
def test_what_never_occurs_is_never_drawn(exponent):
    weights = Vocabulary.in_order("abcd", np.array([4, 0, 1, 0])).noise_weights(exponent)
    expected = of_counts([4, 1]).noise_weights(exponent)
    assert weights.tolist() == [expected[0], 0, expected[1], 0]


def test_what_never_occurs_is_no_matter_to_subsampling():
    probability = Vocabulary.in_order("abc", np.array([900, 0, 100])).keep_probability(1e-3)
    expected = of_counts([900, 100]).keep_probability(1e-3)
    assert probability[[0, 2]].tolist() == expected.tolist()
    assert np.all(np.isfinite(probability))


# Files


def test_what_is_saved_is_loaded(tmp_path):
    for keys in ["b", "a", "é"], [3, -1, 2], ["a", 1, 2.5, (1, ("b", None))]:
        vocabulary = Vocabulary.in_order(keys, np.arange(len(keys)))
        vocabulary.save(tmp_path / "vocabulary")
        loaded = Vocabulary.load(str(tmp_path / "vocabulary"))
        assert loaded.keys == keys
        assert list(map(type, loaded.keys)) == list(map(type, keys))
        assert loaded.counts.tolist() == list(range(len(keys)))
        assert loaded.counts.dtype == np.int64


def test_files_that_hold_no_vocabulary(tmp_path):
    path = tmp_path / "vocabulary"
    with pytest.raises(FileNotFoundError, match="no file"):
        Vocabulary.load(path)
    of_counts([3, 2, 1]).save(path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="damaged") as raised:
            Vocabulary.load(path)
        assert str(path) in str(raised.value)
    safetensors.write(path, ["a"], np.array([-1]), {}, {})
    with pytest.raises(ValueError, match="vocabulary is damaged: the count of 'a' is -1"):
        Vocabulary.load(path)


def test_keys_that_no_file_can_hold(tmp_path):
    with pytest.raises(TypeError, match="the key b'a' of type bytes can't be saved"):
        Vocabulary([b"a"], [1]).save(tmp_path / "vocabulary")
    assert not list(tmp_path.iterdir())


# The distributions


@pytest.mark.parametrize("sample", [1e-5, 1e-3, 0.1, 1 / 3])
def test_keep_probability_is_the_formula(sample):
    expected = []
    for count in REAL_COUNTS:
        share = count / 1000
        expected.append(min(math.sqrt(sample / share) + sample / share, 1))
    probability = of_counts(REAL_COUNTS).keep_probability(sample)
    assert probability.dtype == np.float32
    np.testing.assert_allclose(probability, expected, rtol=1e-6)
    assert np.all(np.diff(probability) >= 0)
    assert probability[0] < 1


@pytest.mark.parametrize("sample", [0, 0.0, 1, 1.0, 7, 1e308])
def test_no_sample_or_a_huge_one_keeps_all(sample):
    assert of_counts(REAL_COUNTS).keep_probability(sample).tolist() == [1, 1, 1, 1]


def test_the_least_sample_keeps_next_to_nothing():
    assert np.all(of_counts(REAL_COUNTS).keep_probability(5e-324) < 1e-30)


@pytest.mark.parametrize("exponent", [0.75, 1, 0.5, -0.5, -1, 3])
def test_noise_weights_are_powers_of_the_counts(exponent):
    weights = of_counts(REAL_COUNTS).noise_weights(exponent)
    expected = REAL_COUNTS.astype(float) ** exponent
    np.testing.assert_allclose(weights / weights.sum(), expected / expected.sum(), rtol=1e-12)
    assert weights.max() == 1


def test_exponent_zero_draws_all_alike():
    assert of_counts(REAL_COUNTS).noise_weights(0).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("exponent", [1e3, 1e6, 1e308])
def test_no_exponent_overflows(exponent):
    vocabulary = of_counts([10**12, 10**12, 10, 1])
    assert vocabulary.noise_weights(exponent).tolist() == [1, 1, 0, 0]
    assert vocabulary.noise_weights(-exponent).tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("keys", "counts", "error", "message"),
    [
        (["a", "b", "a"], [1, 2, 3], ValueError, "the key 'a' occurs more than once"),
        ([1, 1.0], [1, 2], ValueError, r"the key 1\.0 occurs more than once"),
        ([], [], ValueError, "at least one key"),
        (["a"], [1, 2], ValueError, r"1 keys, but counts of shape \(2,\)"),
        (["a"], [[1]], ValueError, r"1 keys, but counts of shape \(1, 1\)"),
        (["a", "b"], [1, 0], ValueError, "the count of 'b' is 0: counts must be at least 1"),
        (["a", "b"], [-3, 1], ValueError, "the count of 'a' is -3"),
        (["a"], [1.5], TypeError, "counts must be integers, not float64"),
        (["a"], ["1"], TypeError, "counts must be integers, not <U1"),
    ],
)
def test_what_is_no_vocabulary(keys, counts, error, message):
    with pytest.raises(error, match=message):
        Vocabulary(keys, counts)
