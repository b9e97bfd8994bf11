"""Rows with keys: adding and replacing them, choosing some, and passing them to other libraries."""

import builtins
import re
import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastw2v
from fastw2v import KeyedVectors, matrices


@pytest.fixture
def wv():
    return KeyedVectors(["a", 7, ("x", 1)], np.arange(6).reshape(3, 2), np.array([5, 3, 1]))


def contents(wv):
    assert wv.key_to_index == {key: row for row, key in enumerate(wv.index_to_key)}
    assert wv.vectors.dtype == np.float32
    assert wv.counts.dtype == np.int64
    return wv.index_to_key, wv.vectors.tolist(), wv.counts.tolist()


# Look-up


def test_get_index_with_a_default(wv):
    assert wv.get_index(7) == 1
    assert wv.get_index(7, default=-1) == 1
    assert wv.get_index("b", default=-1) == -1
    assert wv.get_index("b", None) is None
    with pytest.raises(KeyError, match="the key 'b' is not in the vocabulary"):
        wv.get_index("b")


@pytest.mark.parametrize("key", [slice(2), {"a"}, ["a"], np.ones(2)], ids=repr)
def test_what_can_be_no_key(wv, key):
    with pytest.raises(TypeError, match=r"a \w+ can't be a key; ask for several keys with a list"):
        wv.get_index(key)


def test_arrays_of_keys(wv):
    np.testing.assert_array_equal(wv[np.array([7, 7])], [[2, 3], [2, 3]])
    np.testing.assert_array_equal(wv[np.array(["a"])], [[0, 1]])


def test_normed_vectors_are_a_copy(wv):
    normed = wv.get_normed_vectors()
    assert normed.dtype == np.float32
    np.testing.assert_allclose(normed[1], np.array([2, 3]) / 13**0.5, rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(normed, axis=1), 1, rtol=1e-6)
    normed[:] = 0
    assert wv.vectors[1].tolist() == [2, 3]
    wv.vectors[0] = 0
    assert wv.get_normed_vectors()[0].tolist() == [0, 0]


# Changes


def test_adding_and_replacing(wv):
    before = wv.vectors
    assert wv.add_vector("b", [8, 9], count=4) == 3
    assert contents(wv) == (
        ["a", 7, ("x", 1), "b"],
        [[0, 1], [2, 3], [4, 5], [8, 9]],
        [5, 3, 1, 4],
    )
    assert wv.add_vector("b", [0, 0]) == 3  # it keeps what it has,
    assert wv["b"].tolist() == [8, 9]
    assert wv.add_vector("b", [1, 1], replace=True) == 3  # unless that is replaced
    assert wv["b"].tolist() == [1, 1]
    assert before.tolist() == [[0, 1], [2, 3], [4, 5]]  # the matrix given is left alone


def test_setting_items(wv):
    wv["a"] = [9, 9]
    wv[[7, "new"]] = np.ones((2, 2))
    assert contents(wv)[:2] == (["a", 7, ("x", 1), "new"], [[9, 9], [1, 1], [4, 5], [1, 1]])


@settings(deadline=None)
@given(st.data())
def test_adding_is_what_a_dict_would_do(data):
    n = data.draw(st.integers(0, 6))
    wv = KeyedVectors(range(n), np.arange(n * 2).reshape(n, 2))
    model = {key: ([2.0 * key, 2.0 * key + 1], 0) for key in range(n)}
    for step in range(3):
        keys = data.draw(st.lists(st.integers(0, 9), unique=True))
        replace = data.draw(st.booleans())
        wv.add_vectors(
            keys,
            np.array([[100 * step + key, 1] for key in keys]).reshape(-1, 2),
            counts=[step] * len(keys),
            replace=replace,
        )
        for key in keys:
            if replace or key not in model:
                model[key] = ([100.0 * step + key, 1.0], step)
    assert contents(wv) == (
        list(model),
        [vector for vector, _ in model.values()],
        [count for _, count in model.values()],
    )


@pytest.mark.parametrize(
    ("keys", "vectors", "counts", "message"),
    [
        (["b"], [1, 2], None, r"1 keys need vectors of shape \(1, 2\), not \(2,\)"),
        (["b", "c"], [[1, 2]], None, r"2 keys need vectors of shape \(2, 2\), not \(1, 2\)"),
        (["b"], [[1, 2, 3]], None, r"shape \(1, 2\), not \(1, 3\)"),
        (["b", "c", "b"], np.ones((3, 2)), None, "the key 'b' occurs more than once"),
        (["a", "c"], [[1, 2], [np.nan, 1]], None, "the vector for 'c' holds NaN"),
        (["a"], [[1e39, 1]], None, "the vector for 'a' holds NaN, infinity or what is too large"),
        (["b"], [[1, 2]], [1, 2], "1 keys need as many counts"),
        (["b"], [[1, 2]], [1.5], "integers, not float64"),
    ],
)
def test_what_is_not_added(wv, keys, vectors, counts, message):
    before = contents(wv)
    with pytest.raises(ValueError, match=message):
        wv.add_vectors(keys, vectors, counts=counts, replace=True)
    assert contents(wv) == before


def test_replacing_in_a_matrix_that_is_read_only():
    vectors = np.ones((2, 2), np.float32)
    vectors.flags.writeable = False
    wv = KeyedVectors("ab", vectors)
    wv["a"] = [5, 6]
    assert wv.vectors.tolist() == [[5, 6], [1, 1]]
    assert vectors.tolist() == [[1, 1], [1, 1]]


def test_a_models_vectors_take_no_new_keys():
    sentences = [["a", "b"], ["b", "a"]] * 10
    model = fastw2v.Model(sentences, vector_size=2, workers=1, sample=0).train(progress=False)
    counts = model.vocabulary.counts.copy()
    for wv in model.wv, model.context_wv:
        before = contents(wv)
        with pytest.raises(ValueError, match=r"'c' can't be added: these vectors are a model's"):
            wv.add_vectors(["a", "c"], [[1, 2], [3, 4]], replace=True)
        assert contents(wv) == before
    model.wv["a"] = [1, 2]  # the model's own row
    assert model.input_vectors[model.wv.get_index("a")].tolist() == [1, 2]
    copy = model.wv.copy()
    copy["c"] = [3, 4]
    copy.add_vectors(["a"], [[0, 0]], counts=[99], replace=True)
    assert "c" not in model.wv
    assert model.wv["a"].tolist() == [1, 2]
    assert model.vocabulary.counts.tolist() == counts.tolist()


def test_vectors_for_all(wv):
    some = wv.vectors_for_all(iter([("x", 1), "unknown", "a", ("x", 1)]))
    assert type(some) is KeyedVectors
    assert contents(some) == ([("x", 1), "a"], [[4, 5], [0, 1]], [1, 5])
    some["a"] = [7, 7]
    assert wv["a"].tolist() == [0, 1]
    assert len(wv.vectors_for_all([])) == 0
    assert wv.vectors_for_all([]).vector_size == 2


# NumPy and DLPack


def test_numpy_takes_the_matrix_itself(wv):
    assert np.asarray(wv) is wv.vectors
    assert np.asarray(wv, dtype=np.float32) is wv.vectors
    copy = np.array(wv)
    assert not np.shares_memory(copy, wv.vectors)
    assert copy.tolist() == wv.vectors.tolist()
    assert np.asarray(wv, dtype=np.float64).dtype == np.float64
    with pytest.raises(ValueError, match="can't be had as float64 without a copy"):
        wv.__array__(np.float64, copy=False)
    assert wv.__array__(copy=False) is wv.vectors


def test_dlpack_shares_the_memory(wv):
    wv = KeyedVectors(wv.index_to_key, wv.vectors)
    taken = np.from_dlpack(wv)
    assert np.shares_memory(taken, wv.vectors)
    assert taken.tolist() == wv.vectors.tolist()
    assert wv.__dlpack_device__() == (1, 0)
    padded = matrices.padded(wv.vectors)  # as a model's
    assert np.from_dlpack(KeyedVectors("abc", padded)).tolist() == wv.vectors.tolist()


# Tables


def test_to_arrow():
    pa = pytest.importorskip("pyarrow")
    wv = KeyedVectors(["a", "b"], matrices.padded(np.eye(2, 3)), np.array([4, 2]))
    table = wv.to_arrow()
    assert table.column_names == ["key", "count", "vector"]
    assert table.schema.field("vector").type == pa.list_(pa.float32(), 3)
    assert table.schema.field("count").type == pa.int64()
    assert table.to_pylist() == [
        {"key": "a", "count": 4, "vector": [1, 0, 0]},
        {"key": "b", "count": 2, "vector": [0, 1, 0]},
    ]
    integers = KeyedVectors([5, 3], np.eye(2)).to_arrow()
    assert integers.schema.field("key").type == pa.int64()
    assert len(KeyedVectors([], np.zeros((0, 3))).to_arrow()) == 0


@pytest.mark.parametrize("keys", [["a", 7], [("x", 1), "a"], [2**70, 1]], ids=repr)
def test_keys_that_are_no_column_of_arrow(keys):
    pytest.importorskip("pyarrow")
    with pytest.raises(TypeError, match="the keys do not make one column"):
        KeyedVectors(keys, np.eye(2)).to_arrow()


def test_to_pandas(wv):
    pytest.importorskip("pandas")
    table = wv.to_pandas()
    assert table.index.name == "key"
    assert table.index.tolist() == ["a", 7, ("x", 1)]
    assert table.columns.tolist() == ["count", "v0", "v1"]
    assert table["count"].tolist() == [5, 3, 1]
    assert table[["v0", "v1"]].to_numpy().tolist() == wv.vectors.tolist()
    assert table.dtypes.tolist() == [np.int64, np.float32, np.float32]
    table.loc["a", "v0"] = 99
    assert wv["a"].tolist() == [0, 1]
    pairs = KeyedVectors([("x", 1), ("y", 2)], np.eye(2)).to_pandas()
    assert pairs.index.nlevels == 1


@pytest.mark.parametrize(
    ("method", "module", "remedy"),
    [
        ("to_arrow", "pyarrow", 'pip install "fastw2v\\[arrow\\]"'),
        ("to_pandas", "pandas", "pip install pandas"),
    ],
)
def test_libraries_that_are_not_there(wv, monkeypatch, method, module, remedy):
    real = builtins.__import__

    def without(name, *arguments, **options):
        if name.split(".")[0] == module:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=remedy):
        getattr(wv, method)()


# From gensim


def of_gensim(keys, vectors, counts=None):
    """What ``from_gensim`` knows of gensim's KeyedVectors."""

    def get_vecattr(key, name):
        if counts is None:
            raise KeyError(name)
        return counts[keys.index(key)]

    return types.SimpleNamespace(index_to_key=keys, vectors=vectors, get_vecattr=get_vecattr)


def test_from_gensim():
    vectors = np.eye(2, dtype=np.float32)
    theirs = of_gensim(["a", 7], vectors, [9, np.int64(3)])
    for source in theirs, types.SimpleNamespace(wv=theirs):
        wv = KeyedVectors.from_gensim(source)
        assert type(wv) is KeyedVectors
        assert contents(wv) == (["a", 7], [[1, 0], [0, 1]], [9, 3])
        assert wv.vectors is vectors
    assert KeyedVectors.from_gensim(of_gensim(["a", 7], vectors)).counts.tolist() == [0, 0]


@pytest.mark.parametrize("source", ["vectors.kv", {"a": 1}, object()], ids=repr)
def test_what_is_not_gensims(source):
    with pytest.raises(TypeError, match=r"is no KeyedVectors of gensim 4.* no index_to_key"):
        KeyedVectors.from_gensim(source)


# Notebooks


def test_html_is_short_and_escaped():
    keys = ["<script>", "&" * 100, *range(1000)]
    html = KeyedVectors(keys, np.zeros((1002, 3)), np.arange(1002)[::-1])._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "1,002 keys, vector_size=3" in html
    assert "1,001" in html
    assert "&amp;" * 41 not in html
    assert html.count("<tr>") == 7  # head, five keys, and more
    assert len(html) < 1000
    assert KeyedVectors(["a"], np.zeros((1, 3)))._repr_html_().count("<tr>") == 2


# What a matrix is made of


def test_keys_of_an_array_are_pythons_own(tmp_path):
    wv = KeyedVectors(np.array(["a", "b"]), np.ones((2, 3)), np.array([3, 1], np.uint8))
    assert [type(key) for key in wv.index_to_key] == [str, str]
    assert wv.counts.dtype == np.int64
    wv.add_vectors(np.array(["c"]), np.ones((1, 3)), counts=np.array([7], np.uint64))
    assert wv.counts.dtype == np.int64
    assert wv.counts.tolist() == [3, 1, 7]
    wv.save(tmp_path / "v.safetensors")
    assert KeyedVectors.load(tmp_path / "v.safetensors").index_to_key == ["a", "b", "c"]
    assert len(KeyedVectors((str(i) for i in range(3)), np.ones((3, 1)))) == 3


@pytest.mark.parametrize(
    ("keys", "vectors", "counts", "error", "message"),
    [
        (["a", ["b"]], np.ones((2, 1)), None, TypeError, "row 1 is a list"),
        (np.array([["a"]]), np.ones((1, 1)), None, TypeError, r"of shape \(1, 1\)"),
        (["a"], np.ones((1, 0)), None, ValueError, "one dimension at least"),
        (["a"], np.ones((1, 1)), [1.7], ValueError, "integers, not float64"),
        (["a"], np.ones((1, 1)), [-3], ValueError, "from 0 to"),
        (["a"], np.ones((1, 1)), np.array([1 << 63], np.uint64), ValueError, "from 0 to"),
    ],
)
def test_what_no_matrix_is_made_of(keys, vectors, counts, error, message):
    with pytest.raises(error, match=message):
        KeyedVectors(keys, vectors, counts)


def test_vectors_that_are_set_are_checked():
    wv = KeyedVectors("ab", np.ones((2, 3)))
    wv.vectors = [[1.0, 0.0], [0.0, 1.0]]
    assert wv.vectors.dtype == np.float32
    assert wv.vector_size == 2
    with pytest.raises(ValueError, match="2 keys need a matrix of as many rows"):
        wv.vectors = np.ones((3, 2))
    assert wv.vectors.shape == (2, 2)


def test_nothing_is_added_where_not_all_can_be(monkeypatch):
    wv = KeyedVectors("ab", np.ones((2, 3)))
    before = wv.copy()

    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(np, "concatenate", fail)
    with pytest.raises(MemoryError):
        wv.add_vectors(["a", "c"], np.zeros((2, 3)), replace=True)
    monkeypatch.undo()
    assert wv.index_to_key == before.index_to_key
    np.testing.assert_array_equal(wv.vectors, before.vectors)
    assert "c" not in wv


def test_a_models_vectors_that_were_made_read_only():
    model = fastw2v.Model([["a", "b"]] * 9, vector_size=4, sample=0).train(progress=False)
    model.wv.vectors.flags.writeable = False
    key = model.wv.index_to_key[0]
    with pytest.raises(ValueError, match="made read-only"):
        model.wv[key] = np.ones(model.wv.vector_size)
    model.wv.vectors.flags.writeable = True
    model.wv[key] = np.ones(model.wv.vector_size)
    assert (model.wv[key] == 1).all()


def test_tables_are_copies():
    pa = pytest.importorskip("pyarrow")
    wv = KeyedVectors("ab", np.ones((2, 3)), [5, 2])
    table = wv.to_arrow()
    wv.vectors[:], wv.counts[:] = 7, 9
    assert table["vector"].to_pylist() == [[1, 1, 1], [1, 1, 1]]
    assert table["count"].to_pylist() == [5, 2]
    assert isinstance(table, pa.Table)
    for keys in [1, "b"], [1, None], [2, 1.5]:
        with pytest.raises(TypeError, match="do not make one column"):
            KeyedVectors(keys, np.ones((2, 3))).to_arrow()


@pytest.mark.parametrize("number", [1e39, -1e300])
def test_numbers_beyond_float32_are_refused_by_row(number):
    vectors = np.ones((3, 2))
    vectors[0] = [np.nan, np.inf]  # told of when it is asked about
    KeyedVectors(["a", "b", "c"], vectors)
    vectors[2, 1] = number
    wv = KeyedVectors(["a", "b", "c"], np.ones((3, 2), np.float32))
    message = f"row 2 holds a number that is too large for a float32, {number:g}"
    for made in (
        lambda: KeyedVectors(["a", "b", "c"], vectors),
        lambda: setattr(wv, "vectors", vectors),
    ):
        with pytest.raises(ValueError, match=re.escape(message)):
            made()
