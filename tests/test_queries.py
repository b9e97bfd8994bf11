"""What vectors can be asked with, and what is said of anything else."""

import numpy as np
import pytest

from fastw2v import KeyedVectors

WORDS = ["a", "b", "c"]


@pytest.fixture
def wv():
    return KeyedVectors(WORDS, np.eye(3, 4, dtype=np.float32))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ([[0.1] * 4], r"a list where .* \[0.1, 0.1, .*: a vector is a NumPy array, np.array"),
        ([["a", "b"]], r"a list where .* \['a', 'b'\]: several are asked for in one list"),
        ([{"a"}], r"a set where .* \{'a'\}: several are asked for in one list, list"),
        ([{"a": 1}], "a dict where a key or a vector belongs"),
        ([iter(["a"])], "a list_iterator where .* belongs: several are asked for in one list"),
    ],
)
def test_several_in_the_place_of_one(wv, query, message):
    for ask in wv.most_similar, wv.neighbors:
        with pytest.raises(TypeError, match=message):
            ask(query)
    with pytest.raises(TypeError, match=message):
        wv.distances(query[0])


def test_sets_and_iterators_are_no_lists(wv):
    for query in {"a", "b"}, (word for word in WORDS):
        with pytest.raises(TypeError, match=r"where a key or a vector belongs.* one list, list\("):
            wv.most_similar(query)


def test_iterators_and_frozensets_that_are_keys():
    keys = [iter([1]), frozenset("a")]
    wv = KeyedVectors(keys, np.eye(2, 4, dtype=np.float32))
    assert wv.most_similar(keys[0]) == [(keys[1], 0.0)]
    assert wv.neighbors(keys, topn=1)[0].tolist() == [[1], [0]]
    with pytest.raises(KeyError, match="frozenset"):
        wv.most_similar(frozenset("b"))


@pytest.mark.parametrize("weight", [np.inf, -np.inf, np.nan])
def test_weights_that_are_not_finite(wv, weight):
    with pytest.raises(ValueError, match=f"the weight of 'b' is not finite: {weight}"):
        wv.most_similar(["a", ("b", weight)])


def test_weights_that_are_too_large_together(wv):
    with pytest.raises(ValueError, match=r"the weights \[1e\+308, 1e\+308\] are too large"):
        wv.most_similar([("a", 1e308), (wv["a"], 1e308)])
