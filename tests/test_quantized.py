"""The best rows by codes: those of a scan of the whole matrix, to the bit."""

import copy
import pickle
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v import KeyedVectors, quantized
from fastw2v.neighbors import cosines, largest, unit
from fastw2v.quantized import QuantizedRows


def matrix_of(n, d, seed):
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((5, d))
    matrix = centres[rng.integers(5, size=n)] + rng.standard_normal((n, d)) * rng.random((n, 1))
    matrix[n // 2] = matrix[0]  # ties
    matrix[n // 3] = 0
    return matrix.astype(np.float32)


def best_of_all(matrix, query, topn, answers, excluded):
    scores = cosines(matrix[answers], query)
    for row in excluded:
        if answers.start <= row < answers.stop:
            scores[row - answers.start] = -np.inf
    rows, best = largest(scores, topn)
    return np.where(rows < 0, -1, rows + answers.start), best


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 3000),
    st.sampled_from([16, 17, 40, 100]),
    st.integers(0, 100),
    st.integers(1, 12),
    st.data(),
)
def test_the_same_as_a_scan_of_the_matrix(n, d, seed, topn, data):
    matrix = matrix_of(n, d, seed)
    first, last = sorted(data.draw(st.tuples(st.integers(0, n), st.integers(0, n))))
    excluded = data.draw(st.lists(st.integers(0, n - 1), max_size=5))
    query = unit(matrix[data.draw(st.integers(0, n - 1))] + np.float32(0.01))
    arguments = query, topn, slice(first, last), excluded
    found = QuantizedRows(matrix).best(*arguments)
    if found is not None:
        for ours, theirs in zip(found, best_of_all(matrix, *arguments), strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("topn", [1, 5])
def test_rows_asked_with_take_no_places(topn):
    matrix = np.random.default_rng(1).standard_normal((502, 32)).astype(np.float32)
    away = np.linspace(0, 1, 10, dtype=np.float32)[:, None]
    matrix[:10] = matrix[500] + away * matrix[501]  # nearer to the first than all others are
    matrix = matrix[:500]
    arguments = unit(matrix[0]), topn, slice(0, 500), [0, 1, 2]
    found = QuantizedRows(matrix).best(*arguments)
    assert found is not None
    assert found[0].tolist() == list(range(3, 3 + topn))


def test_rows_that_codes_put_in_the_wrong_order():
    """Among rows that differ by less than codes tell, true cosines decide."""
    rng = np.random.default_rng(3)
    matrix = rng.standard_normal((4000, 64)).astype(np.float32)
    matrix[:30] = matrix[0] + 0.004 * rng.standard_normal((30, 64))
    for row in range(30):
        arguments = unit(matrix[row]), 10, slice(0, 4000), [row]
        codes = QuantizedRows(matrix)
        expected = best_of_all(matrix, *arguments)
        by_codes = largest(codes._approximate_cosines(unit(matrix[row]), slice(0, 4000))[0], 11)[0]
        assert by_codes[1:].tolist() != expected[0].tolist()
        for ours, theirs in zip(codes.best(*arguments), expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_where_codes_leave_too_much_they_say_so():
    matrix = np.ones((500, 32), np.float32)
    assert QuantizedRows(matrix).best(unit(matrix[0]), 1, slice(0, 500), []) is None


def test_threads_find_the_same(monkeypatch):
    matrix = matrix_of(2000, 32, 1)
    query = unit(matrix[3])
    arguments = query, 10, slice(0, 2000), [3]
    alone = QuantizedRows(matrix).best(*arguments)
    monkeypatch.setattr(quantized, "ROWS_AT_ONCE", 300)
    monkeypatch.setattr(quantized, "CODES_PER_THREAD", 10_000)
    monkeypatch.setattr(quantized, "threads_for", lambda workers: 3)
    for ours, theirs in zip(QuantizedRows(matrix).best(*arguments), alone, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_what_is_not_finite_is_refused():
    matrix = matrix_of(20, 8, 1)
    matrix[11, 3] = np.nan
    with pytest.raises(ValueError, match="row 11 holds NaN"):
        QuantizedRows(matrix)


# As KeyedVectors use them


def near_each_other(n):
    rng = np.random.default_rng(1)
    return (1 + 0.01 * rng.standard_normal((n, 16))).astype(np.float32)


@pytest.fixture
def wv(tmp_path):
    keys = [f"k{i}" for i in range(500)]
    KeyedVectors(keys, matrix_of(500, 16, 1)).save(tmp_path / "v.safetensors")
    return KeyedVectors.load(tmp_path / "v.safetensors")


def ask_twice(wv, key="k7"):
    wv.most_similar(key)
    return wv.most_similar(key)


@pytest.fixture
def built(monkeypatch):
    """What codes were made of."""
    of = []
    original = QuantizedRows.__init__
    monkeypatch.setattr(
        QuantizedRows,
        "__init__",
        lambda self, matrix: (of.append(matrix), original(self, matrix))[1],
    )
    return of


def test_codes_are_made_at_the_second_question_and_once(wv, built):
    first = wv.most_similar("k7")
    assert not built
    assert wv.most_similar("k7") == first == wv.most_similar("k7")
    assert wv.most_similar("k8", "k9", clip_start=3, clip_end=300) is not None
    assert len(built) == 1


def test_none_where_others_may_write(wv, built):
    mine = KeyedVectors(wv.index_to_key, wv.copy().vectors)
    ask_twice(mine)
    wv.vectors.shape  # noqa: B018 - whoever read it may have kept it
    ask_twice(wv)
    assert not built
    wv.vectors.flags.writeable = False
    ask_twice(wv)
    assert len(built) == 1


@pytest.mark.parametrize("exposed", [lambda wv: wv.vectors, np.asarray, np.from_dlpack])
def test_what_is_written_to_vectors_is_seen(wv, exposed):
    ask_twice(wv)
    matrix = exposed(wv)
    if not matrix.flags.writeable:
        pytest.skip("this NumPy's DLPack gives arrays that can't be written to")
    matrix[400] = 2 * wv["k7"]
    assert ask_twice(wv)[0] == ("k400", pytest.approx(1))


def test_what_is_set_and_added_is_seen(wv):
    ask_twice(wv)
    wv["k400"] = 2 * wv["k7"]
    assert ask_twice(wv)[0] == ("k400", pytest.approx(1))
    wv["new"] = 3 * wv["k8"]
    assert ask_twice(wv, "k8")[0] == ("new", pytest.approx(1))
    wv.vectors = wv.vectors[::-1]
    assert ask_twice(wv, "k499") == wv.copy().most_similar("k499")


def test_flags_set_back_drop_what_was_made(wv):
    wv.vectors.flags.writeable = False
    ask_twice(wv)
    wv.vectors.flags.writeable = True
    wv.vectors[400] = 2 * wv["k7"]
    wv.vectors.flags.writeable = False
    assert ask_twice(wv)[0] == ("k400", pytest.approx(1))


def test_a_vector_that_was_looked_up_cannot_be_written_to(wv):
    with pytest.raises(ValueError, match="read-only"):
        wv["k7"][0] = 1


def test_a_vector_that_is_not_finite_is_named(wv):
    wv["k400"] = np.ones(16, np.float32)
    wv.vectors[400, 3] = np.nan
    wv.vectors.flags.writeable = False
    for _ in range(3):
        with pytest.raises(ValueError, match="'k400'"):
            wv.most_similar("k7")


def test_codes_are_given_up_where_they_do_not_help(built):
    wv = KeyedVectors([f"k{i}" for i in range(500)], near_each_other(500)).copy()
    expected = [wv.most_similar("k7", topn=3)] * 9
    assert [wv.most_similar("k7", topn=3) for _ in range(9)] == expected
    assert len(built) == 1
    assert wv._codes._is_given_up


def test_a_few_rows_are_not_what_codes_are_made_for(wv, built):
    for _ in range(9):
        wv.most_similar("k7", restrict_vocab=50)
        wv.most_similar("k7", topn=400)
        wv.most_similar("k7", topn=0)
    assert not built
    for _ in range(12):
        wv.most_similar("k7", topn=2, restrict_vocab=50)
    assert len(built) == 1


def test_none_where_there_is_no_room(wv, built, monkeypatch):
    def refuse(*_):
        raise MemoryError

    monkeypatch.setattr(quantized, "require_memory", refuse)
    assert ask_twice(wv) == wv.copy().most_similar("k7")
    assert not built


def test_none_of_matrices_that_others_made_read_only(wv, built):
    matrix = wv.copy().vectors
    view = matrix[:]
    view.flags.writeable = False
    mine = KeyedVectors(wv.index_to_key, view)
    ask_twice(mine)
    matrix[400] = 2 * matrix[7]
    assert ask_twice(mine)[0] == ("k400", pytest.approx(1))
    assert not built


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda wv: pickle.loads(pickle.dumps(wv, 4))]
)
def test_copies_are_of_their_own(wv, copied):
    ask_twice(wv)
    other = copied(wv)
    assert ask_twice(other) == ask_twice(wv)
    wv["k400"] = 2 * wv["k7"]
    assert ask_twice(wv)[0] == ("k400", pytest.approx(1))
    assert ask_twice(other)[0] != ("k400", pytest.approx(1))
    assert len(other.index_to_key) == len(other.vectors) == 500


def test_a_pickle_whose_buffers_are_shared(wv):
    ask_twice(wv)
    buffers = []
    other = pickle.loads(
        pickle.dumps(wv, protocol=5, buffer_callback=buffers.append), buffers=buffers
    )
    for one in wv, other:
        ask_twice(one)
    assert np.shares_memory(wv.vectors, other.vectors)
    wv["k400"] = 2 * wv["k7"]
    assert ask_twice(wv)[0] == ask_twice(other)[0] == ("k400", pytest.approx(1))


def test_codes_that_were_being_made_of_what_was_before(wv, monkeypatch):
    """Who makes them keeps them to himself."""
    original = QuantizedRows.__init__

    def interrupted(self, matrix):
        original(self, matrix)
        monkeypatch.undo()
        wv["k400"] = 2 * wv["k7"]

    wv.most_similar("k7")
    monkeypatch.setattr(QuantizedRows, "__init__", interrupted)
    wv.most_similar("k7")
    assert ask_twice(wv)[0] == ("k400", pytest.approx(1))


def test_many_threads_asking_first(wv):
    expected = wv.copy().most_similar("k7")
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.extend(wv.most_similar("k7") for _ in range(20)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [expected] * 80
