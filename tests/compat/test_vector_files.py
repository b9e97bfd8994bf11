"""word2vec's files by gensim's options."""

import gzip

import numpy as np
import pytest

import fastw2v
from fastw2v.compat import KeyedVectors, Word2Vec

KEYS = ["b", "a", "c"]
VECTORS = np.array([[1, 2], [3, -4], [0.5, 1e-7]], np.float32)
BOTH = pytest.mark.parametrize("binary", [False, True])


@pytest.fixture
def wv():
    keyed = KeyedVectors(2)
    keyed.add_vectors(KEYS, VECTORS)
    keyed.expandos["count"] = np.array([2, 7, 7])
    return keyed


def load(path, **options):
    return KeyedVectors.load_word2vec_format(path, **options)


@BOTH
@pytest.mark.parametrize("name", ["vectors", "vectors.txt", "vectors.gz"])
def test_there_and_back(wv, tmp_path, binary, name):
    path = tmp_path / name
    wv.save_word2vec_format(path, binary=binary)
    found = load(path, binary=binary)
    assert found.index_to_key == ["a", "c", "b"]  # by count; ties in their order
    np.testing.assert_array_equal(found.vectors, VECTORS[[1, 2, 0]])
    assert found.counts.tolist() == [3, 2, 1]  # made up, as the file has none
    assert path.read_bytes().startswith(b"\x1f\x8b") == (name == "vectors.gz")
    assert type(found) is KeyedVectors


@BOTH
def test_counts_in_a_second_file(wv, tmp_path, binary):
    path, counts = tmp_path / "vectors", tmp_path / "counts"
    wv.save_word2vec_format(path, counts, binary=binary)
    assert counts.read_text() == "a 7\nc 7\nb 2\n"
    found = load(path, fvocab=counts, binary=binary)
    assert [found.get_vecattr(key, "count") for key in "abc"] == [7, 2, 7]


def test_counts_that_are_not_there(wv, tmp_path, caplog):
    path, counts = tmp_path / "vectors", tmp_path / "counts"
    wv.save_word2vec_format(path)
    counts.write_text("a 7\nb 2\n")
    assert load(path, fvocab=counts).counts.tolist() == [7, 0, 2]
    assert "lacks 1 keys, the first of them 'c'" in caplog.text
    del wv.expandos["count"]
    with pytest.raises(ValueError, match="no attribute 'count'"):
        wv.save_word2vec_format(path, counts)
    wv.save_word2vec_format(path)
    assert load(path).index_to_key == KEYS


@BOTH
def test_another_attribute_may_sort(wv, tmp_path, binary):
    for key, value in zip(KEYS, (1, 3, 2), strict=True):
        wv.set_vecattr(key, "rank", value)
    wv.save_word2vec_format(tmp_path / "v", tmp_path / "r", binary=binary, sort_attr="rank")
    assert load(tmp_path / "v", binary=binary).index_to_key == ["a", "c", "b"]
    assert (tmp_path / "r").read_text() == "a 3\nc 2\nb 1\n"


def test_prefix_header_and_total(wv, tmp_path):
    path = tmp_path / "vectors"
    wv.save_word2vec_format(path, prefix="*x_", total_vec=10)
    lines = path.read_text().splitlines()
    assert (lines[0], lines[1]) == ("10 2", "*x_a 3.0 -4.0")
    wv.save_word2vec_format(path, write_header=False)
    assert path.read_text().splitlines()[0] == "a 3.0 -4.0"
    assert load(path, no_header=True).index_to_key == ["a", "c", "b"]


@BOTH
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_appending(wv, tmp_path, binary, suffix):
    path = tmp_path / f"vectors{suffix}"
    wv.save_word2vec_format(path, binary=binary, total_vec=6)
    wv.save_word2vec_format(path, binary=binary, write_header=False, prefix="x", append=True)
    found = load(path, binary=binary)
    assert found.index_to_key == ["a", "c", "b", "xa", "xc", "xb"]
    np.testing.assert_array_equal(found["xa"], found["a"])


def test_integer_keys_become_text(tmp_path):
    wv = KeyedVectors(2)
    wv.add_vectors([7, 3], VECTORS[:2])
    wv.save_word2vec_format(tmp_path / "v")
    assert load(tmp_path / "v").index_to_key == ["7", "3"]


def test_keys_that_could_not_be_read_back_are_refused(wv, tmp_path):
    (tmp_path / "v").write_text("as it was")
    wv.add_vectors("new york", VECTORS[0])
    with pytest.raises(ValueError, match="'new york'"):
        wv.save_word2vec_format(tmp_path / "v")
    assert (tmp_path / "v").read_text() == "as it was"


@BOTH
def test_limits_and_types(wv, tmp_path, binary):
    wv.save_word2vec_format(tmp_path / "v", binary=binary)
    found = load(tmp_path / "v", binary=binary, limit=2, datatype=np.float16)
    assert (len(found), found.vectors.dtype) == (2, np.float16)
    assert len(load(tmp_path / "v", binary=binary, limit=0)) == 3


@BOTH
def test_files_that_are_cut_off(wv, tmp_path, binary):
    path = tmp_path / "v"
    wv.save_word2vec_format(path, binary=binary)
    data = path.read_bytes()
    cut = data[:-3] if binary else data[: data.rindex(b"\n", 0, -1) + 1]
    for damaged in (cut, data.replace(b"3 2\n", b"4 2\n", 1)):
        path.write_bytes(damaged)
        with pytest.raises(EOFError) as raised:
            load(path, binary=binary)
        assert isinstance(raised.value, ValueError)
        assert str(path) in str(raised.value)


@BOTH
def test_keys_that_are_not_utf8(wv, tmp_path, binary):
    path = tmp_path / "v"
    wv.save_word2vec_format(path, binary=binary)
    path.write_bytes(path.read_bytes().replace(b"c", b"\xff"))
    with pytest.raises(UnicodeDecodeError, match="no valid UTF-8"):
        load(path, binary=binary)
    assert "\ufffd" in load(path, binary=binary, unicode_errors="replace")


@pytest.mark.parametrize("options", [{}, {"binary": True, "no_header": True}])
def test_what_is_not_read(wv, tmp_path, options):
    wv.save_word2vec_format(tmp_path / "v")
    if options:
        with pytest.raises(NotImplementedError):
            load(tmp_path / "v", **options)
    else:
        with pytest.raises(ValueError, match="must be UTF-8"):
            load(tmp_path / "v", encoding="latin-1")


def test_fastw2v_reads_them(wv, tmp_path):
    wv.save_word2vec_format(tmp_path / "v.bin", binary=True)
    assert fastw2v.load(tmp_path / "v.bin").index_to_key == ["a", "c", "b"]


# gensim leaves a file open where it reads one without a header.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("options", [{}, {"binary": True}, {"write_header": False}])
def test_they_are_gensims(wv, tmp_path, options):
    gensim = pytest.importorskip("gensim.models.keyedvectors")
    theirs = gensim.KeyedVectors(2)
    theirs.add_vectors(KEYS, VECTORS)
    for key, count in zip(KEYS, (2, 7, 7), strict=True):
        theirs.set_vecattr(key, "count", count)
    theirs.save_word2vec_format(str(tmp_path / "theirs"), **options)
    reading = {"binary": options.get("binary", False), "no_header": "write_header" in options}
    found = load(tmp_path / "theirs", **reading)
    wv.save_word2vec_format(tmp_path / "ours", **options)
    again = gensim.KeyedVectors.load_word2vec_format(str(tmp_path / "ours"), **reading)
    assert found.index_to_key == again.index_to_key == ["a", "c", "b"]
    np.testing.assert_array_equal(found.vectors, again.vectors)


# Intersecting -------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("lockf", [0.0, 1.0])
def test_intersecting(make, tmp_path, binary, lockf):
    given = KeyedVectors(8)
    given.add_vectors(["w3", "other"], np.array([[3.0] * 8, [4.0] * 8]))
    given.save_word2vec_format(tmp_path / "v", binary=binary)
    model = make()
    before = model.wv.vectors.copy()
    assert model.wv.vectors_lockf.shape == (1,)  # of which gensim writes the others
    model.wv.intersect_word2vec_format(tmp_path / "v", binary=binary, lockf=lockf)
    row = model.wv.key_to_index["w3"]
    np.testing.assert_array_equal(model.wv["w3"], [3] * 8)
    np.testing.assert_array_equal(np.delete(model.wv.vectors, row, 0), np.delete(before, row, 0))
    assert model.wv.vectors_lockf.tolist() == [lockf if i == row else 1 for i in range(30)]
    assert "other" not in model.wv
    sentences = [["w0", "w3", "w1"], ["w3", "w2"]] * 5
    model.train(sentences, total_examples=10, epochs=1)
    assert (model.wv["w3"] == 3).all() == (lockf == 0)
    assert not np.array_equal(model.wv["w0"], before[model.wv.key_to_index["w0"]])


def test_vectors_of_another_size_do_not_intersect(make, wv, tmp_path):
    wv.save_word2vec_format(tmp_path / "v")
    with pytest.raises(ValueError, match="2 dimensions, and these 8"):
        make().wv.intersect_word2vec_format(tmp_path / "v")


def test_a_model_before_training_may_intersect(tmp_path, sentences):
    given = KeyedVectors(8)
    given.add_vectors(["w0"], np.ones((1, 8)))
    given.save_word2vec_format(tmp_path / "v.gz")
    assert gzip.decompress((tmp_path / "v.gz").read_bytes()).startswith(b"1 8\n")
    model = Word2Vec(vector_size=8, min_count=1, workers=1)
    model.build_vocab(sentences)
    model.wv.intersect_word2vec_format(tmp_path / "v.gz")
    model.train(sentences, total_examples=200, epochs=1)
    np.testing.assert_array_equal(model.wv["w0"], np.ones(8))


@pytest.mark.parametrize("binary", [False, True])
def test_the_way_out_of_bytes_that_are_not_utf8_is_gensims(tmp_path, binary):
    row = np.ones(1, np.float32).tobytes() if binary else b"1\n"
    (tmp_path / "v").write_bytes(b"1 1\n\xff " + row)
    with pytest.raises(UnicodeDecodeError, match="unicode_errors='replace'"):
        KeyedVectors.load_word2vec_format(tmp_path / "v", binary=binary)
