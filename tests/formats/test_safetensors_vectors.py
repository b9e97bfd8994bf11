"""Vectors in our own file: written by chunks, they are what writing them at once gives."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from fastw2v.formats import safetensors, safetensors_vectors
from fastw2v.formats.source import Source, Vectors, read_whole

KEYS = {
    "text": st.text(max_size=5),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "tuples": st.tuples(st.integers(), st.text("aé", max_size=3)),
    "mixed": st.one_of(st.text("ab", max_size=3), st.integers(), st.none()),
}


def source(keys, vectors, counts=None, rows=2):
    def chunks():
        for i in range(0, len(keys), rows):
            here = slice(i, i + rows)
            yield Vectors(keys[here], vectors[here], None if counts is None else counts[here])

    return Source(len(keys), vectors.shape[1], chunks())


def random_vectors(n, size=3):
    return np.random.default_rng(n).normal(size=(n, size)).astype(np.float32)


@pytest.fixture(scope="module")
def shared_path(tmp_path_factory):
    return tmp_path_factory.mktemp("vectors") / "f.safetensors"


@pytest.mark.parametrize("kind", KEYS)
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_what_is_written_by_chunks_is_read_as_a_whole(kind, data, shared_path):
    keys = data.draw(st.lists(KEYS[kind], unique=True, max_size=7))
    size, rows = data.draw(st.integers(0, 3)), data.draw(st.integers(1, 4))
    counts = np.arange(1, len(keys) + 1) if data.draw(st.booleans()) else None
    vectors = random_vectors(len(keys), size)
    safetensors_vectors.write(shared_path, source(keys, vectors, counts, rows))
    contents = safetensors.read(shared_path)
    assert contents.keys == keys
    assert list(map(type, contents.keys)) == list(map(type, keys))
    np.testing.assert_array_equal(contents.matrices["vectors"], vectors)
    np.testing.assert_array_equal(
        contents.counts, np.zeros(len(keys)) if counts is None else counts
    )
    with safetensors_vectors.open_source(shared_path) as opened:
        assert (opened.n, opened.vector_size) == (len(keys), size)
        read = read_whole(opened)
    assert read.keys == keys
    np.testing.assert_array_equal(read.vectors, vectors)
    assert (read.counts is None) == (counts is None or not len(keys))


@pytest.mark.parametrize("keys", [["a", "bé", "c"], [1, 2, 3], [None, 1, "x"]], ids=str)
def test_every_tensor_is_aligned_and_the_library_reads_them(tmp_path, keys):
    path = tmp_path / "f.safetensors"
    safetensors_vectors.write(path, source(keys, random_vectors(3)))
    _, places = safetensors.tensor_places(path)
    for name, place in places.items():
        assert place.begin % place.dtype.itemsize == 0, name
    np.testing.assert_array_equal(load_file(path)["vectors"], random_vectors(3))


def test_reading_in_chunks_and_up_to_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr("fastw2v.formats.source.CHUNK_BYTES", 24)  # two rows
    path = tmp_path / "f.safetensors"
    keys, vectors, counts = list("abcde"), random_vectors(5), np.arange(5, 0, -1)
    safetensors_vectors.write(path, source(keys, vectors, counts))
    for limit in None, 0, 1, 2, 3, 5, 9:
        n = 5 if limit is None else min(limit, 5)
        with safetensors_vectors.open_source(path, limit=limit) as opened:
            assert opened.n == n
            chunks = list(opened.chunks)
        assert [len(chunk.keys) for chunk in chunks] == [2] * (n // 2) + [1] * (n % 2)
        for i, whole in enumerate((keys, vectors, counts)):
            parts = [chunk[i] for chunk in chunks]
            assert not n or np.array_equal(np.concatenate(parts), whole[:n])


def test_a_model_s_input_vectors_are_its_vectors(tmp_path):
    path = tmp_path / "f.safetensors"
    first, second = random_vectors(2, 4), random_vectors(2, 5)
    matrices = {"input_vectors": first, "output_vectors": second}
    safetensors.write(path, ["a", "b"], np.array([2, 1]), matrices, {})
    opened = safetensors_vectors.open_vectors(path)
    assert opened.keys == ["a", "b"]
    assert opened.counts.tolist() == [2, 1]
    np.testing.assert_array_equal(opened.vectors, first)
    opened.vectors[0] = 7  # a copy of the page, not the file
    np.testing.assert_array_equal(safetensors_vectors.open_vectors(path).vectors, first)


def test_a_file_without_vectors_is_refused(tmp_path):
    path = tmp_path / "f.safetensors"
    safetensors.write(path, ["a"], np.array([1]), {}, {})
    with pytest.raises(ValueError, match=r"f\.safetensors holds no vectors, only \[\]"):
        safetensors_vectors.open_vectors(path)


def not_finite(vectors):
    vectors[4, 1] = np.inf
    return source(list("abcde"), vectors)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (not_finite, ValueError, r"the vector of 'e' \(row 4\) is not finite"),
        (
            lambda v: Source(6, 3, source(list("abcde"), v).chunks),
            ValueError,
            "6 rows announced, 5 found",
        ),
        (
            lambda v: Source(3, 3, source(list("abcde"), v).chunks),
            ValueError,
            "2 keys .* from row 2 on, where 3 rows of 3 were announced",
        ),
        (
            lambda v: Source(5, 2, source(list("abcde"), v).chunks),
            ValueError,
            r"shape \(2, 3\) from row 0 on, where 5 rows of 2",
        ),
        (lambda v: source(["a", "b", "c", "d", b"e"], v), TypeError, "key b'e' of type bytes"),
    ],
)
def test_what_cannot_be_written_leaves_the_old_file(tmp_path, make, error, message):
    path = tmp_path / "f.safetensors"
    path.write_bytes(b"old")
    with pytest.raises(error, match=message):
        safetensors_vectors.write(path, make(random_vectors(5)))
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["f.safetensors"]
