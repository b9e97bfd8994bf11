"""Integer arrays: rows, and tokens with offsets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v.corpus import arrays, encode

ROWS = [[3, 1, 3], [2, 2, 1], [7, 3, 0]]
RAGGED = [[5, 6], [5], [6, 6, 7, 5]]


@pytest.mark.parametrize(
    "dtype",
    ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", ">i4", "<u2"],
)
def test_arrays_give_python_integers(everything, reference, plain, dtype):
    array = np.array(ROWS, dtype=dtype)
    for source in (
        array,
        list(array),
        [list(row) for row in array],  # NumPy scalars
        np.asfortranarray(array),
        np.repeat(array, 2, axis=1)[:, ::2],
        array.copy()[::-1][::-1],
        (array.ravel(), np.array([0, 3, 6, 9], dtype)),
    ):
        assert everything(source) == reference(ROWS)
    assert all(type(key) is int for key in encode(array, min_count=1).vocabulary.keys)
    assert plain(encode(array, min_count=1)) == ROWS


def test_arrays_of_other_classes(everything, reference, tmp_path):
    array = np.array(ROWS)
    np.save(tmp_path / "rows.npy", array)
    assert everything(np.load(tmp_path / "rows.npy", mmap_mode="r")) == reference(ROWS)
    array.flags.writeable = False
    assert everything(array) == reference(ROWS)
    assert everything(np.broadcast_to(array[0], (4, 3))) == reference([ROWS[0]] * 4)


def test_extreme_values():
    least, most = np.iinfo(np.int64).min, np.iinfo(np.uint64).max
    assert encode(np.array([[least, -1, least]]), min_count=1).vocabulary.keys == [least, -1]
    for rows in ([[0, most, most]], [[0, 1 << 63, 1 << 63]]):
        source = np.array(rows, np.uint64)
        assert encode(source, min_count=1).vocabulary.keys == [rows[0][1], 0]
        assert encode(list(source), min_count=1).vocabulary.keys == [rows[0][1], 0]


@settings(deadline=None)  # the machine may be busy
@given(
    rows=st.lists(st.lists(st.integers(-3, 3), min_size=4, max_size=4), min_size=1, max_size=8),
    padding=st.none() | st.integers(-3, 3),
    piece=st.integers(1, 10),
    workers=st.integers(1, 2),
)
def test_arrays_and_lists_are_the_same_corpus(everything, rows, padding, piece, workers):
    try:
        expected = everything(rows, padding=padding)
    except ValueError:
        expected = None
    array = np.array(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrays, "PIECE", piece)
        for source in array, (array.ravel(), np.arange(0, array.size + 1, 4)):
            if expected is None:
                with pytest.raises(ValueError, match=r"nothing to train on|no sentence"):
                    everything(source, padding=padding, workers=workers)
            else:
                assert everything(source, padding=padding, workers=workers) == expected


def test_a_row_of_many_pieces_is_one_sentence(plain, monkeypatch):
    monkeypatch.setattr(arrays, "PIECE", 3)
    array = np.arange(22).reshape(2, 11)
    assert plain(encode(array, min_count=1)) == array.tolist()


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 1 << 18])
def test_sentences_of_any_length(everything, reference, monkeypatch, piece):
    monkeypatch.setattr(arrays, "PIECE", piece)
    tokens = np.concatenate(RAGGED)
    assert everything((tokens, np.array([0, 2, 3, 7]))) == reference(RAGGED)
    with_empty = np.array([0, 0, 2, 3, 3, 3, 7, 7], np.uint32)
    assert everything((tokens, with_empty)) == reference(RAGGED)
    assert everything([np.array(row) for row in RAGGED]) == reference(RAGGED)


def test_two_arrays_in_a_list_are_two_sentences(everything, reference):
    rows = [[0, 2, 3], [0, 3]]
    assert everything(list(map(np.array, rows))) == reference(rows)


@pytest.mark.parametrize(
    "offsets", [[0, 3], [1, 4], [0, 5], [0, 3, 2, 4], [0, -1, 4], [], [4], [0, 2**63, 4]]
)
def test_offsets_that_can_not_be(offsets):
    dtype = np.uint64 if max(offsets, default=0) >= 2**63 else np.int64
    with pytest.raises(ValueError, match=r"\(tokens, offsets\).*, 4\. For two sentences, give a l"):
        encode((np.arange(4), np.array(offsets, dtype)))


def test_tokens_that_no_array_can_be_read_as():
    with pytest.raises(ValueError, match="give lists"):
        encode((np.array([1 << 63], np.uint64), np.array([0, 1])))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.zeros((2, 2)), "2-D and of integers.*not 2-D of float64"),
        (np.zeros((2, 2), np.float32), "not 2-D of float32"),
        (np.array([["a", "b"]]), "not 2-D of <U1; put anything else into a list"),
        (np.array([["a", "b"]], object), "not 2-D of object"),
        (np.arange(3), "must be 2-D and of integers.*not 1-D of int64"),
        (np.zeros((2, 2, 2), int), "must be 2-D.*not 3-D of int64"),
        (np.array(3), "not 0-D of int64"),
        (np.ones((2, 2), bool), "not 2-D of bool"),
        (np.ma.array([[1, 2]], mask=[[0, 1]]), r"masked.*filled\(-1\), with padding=-1"),
        (np.array(["the cat", "sat"]), "not 1-D of <U7"),
    ],
)
def test_arrays_that_are_no_sentences(given, message):
    with pytest.raises(TypeError, match=message):
        encode(given)


def test_an_array_of_lists_is_a_list_of_them(everything, reference):
    array = np.empty(3, object)
    array[:] = RAGGED
    assert everything(array) == reference(RAGGED)
    with pytest.raises(TypeError, match=r"sentence 0 is 'a b' of type str.*split"):
        encode(np.array(["a b", "c d"], object))


@pytest.mark.parametrize(
    "given",
    [
        np.empty((0, 5), int),
        np.empty((3, 0), int),
        np.full((3, 4), -1),
        (np.empty(0, int), np.zeros(3, int)),
        (np.full(4, -1), np.array([0, 4])),
    ],
)
def test_no_token_at_all(given):
    with pytest.raises(ValueError, match="nothing to train on"):
        encode(given, padding=-1)
