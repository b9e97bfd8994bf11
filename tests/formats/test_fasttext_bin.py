"""fastText's model files, written here byte by byte, against a slow reading of fastText's rules."""

import struct

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fastw2v.formats import fasttext_bin
from fastw2v.formats.source import read_whole

SETTINGS = (
    *("dim", "ws", "epoch", "minCount", "neg", "wordNgrams", "loss", "model", "bucket"),
    *("minn", "maxn", "lrUpdateRate"),
)
WORDS = ["</s>", "the", "naïve", "a", "日本語", "🙂x", "<a>", ""]


class File:
    """A model file; what it says of itself may be changed before it is put together."""

    def __init__(self, words=WORDS, minn=2, maxn=4, bucket=11, dim=3, pruned=None, labels=()):
        self.words = [w if isinstance(w, bytes) else w.encode() for w in words]
        self.labels = [label.encode() for label in labels]
        self.pruned = pruned
        self.magic, self.version = 793712314, 12
        self.settings = dict.fromkeys(SETTINGS, 5) | {
            **{"dim": dim, "model": 2, "bucket": bucket, "minn": minn, "maxn": maxn}
        }
        rows = len(words) + (bucket if pruned is None or not len(pruned) else len(pruned))
        random = np.random.default_rng(rows)
        self.input = random.normal(size=(rows, dim)).astype(np.float32)
        self.output = random.normal(size=(len(words), dim)).astype(np.float32)
        self.counts = list(range(len(words) + len(labels), 0, -1))
        self.quantised = self.quantised_output = 0
        self.types = [0] * len(words) + [1] * len(labels)
        self.entries, self.n_words, self.n_labels = (len(self.types), len(words), len(labels))
        self.n_pruned = -1 if pruned is None else len(pruned)
        self.shape, self.output_shape = self.input.shape, self.output.shape

    def bytes(self):
        data = struct.pack("<2i", self.magic, self.version)
        data += struct.pack("<12i", *(self.settings[name] for name in SETTINGS))
        data += struct.pack("<d", 1e-4)
        data += struct.pack("<3i", self.entries, self.n_words, self.n_labels)
        data += struct.pack("<2q", 12345, self.n_pruned)
        for word, count, kind in zip(
            [*self.words, *self.labels], self.counts, self.types, strict=True
        ):
            data += word + b"\0" + struct.pack("<qb", count, kind)
        for bucket, row in self.pruned or []:
            data += struct.pack("<2i", bucket, row)
        for quantised, shape, matrix in (
            (self.quantised, self.shape, self.input),
            (self.quantised_output, self.output_shape, self.output),
        ):
            data += struct.pack("<B2q", quantised, *shape) + matrix.astype("<f4").tobytes()
        return data

    def vector(self, i):
        """Return a word's vector, one n-gram after the other, each a list of characters."""
        rows = [i]
        text = "<" + self.words[i].decode() + ">"
        for begin in range(len(text)):
            for end in range(begin + 1, len(text) + 1):
                ngram = text[begin:end]
                long_enough = self.settings["minn"] <= len(ngram) <= self.settings["maxn"]
                alone = end - begin == 1 and (begin == 0 or end == len(text))  # "<" or ">"
                if self.words[i] != b"</s>" and long_enough and not alone:
                    rows.append(self.row(ngram.encode()))
        total = np.zeros(self.input.shape[1], np.float32)
        used = [row for row in rows if row is not None]
        for row in used:
            total += self.input[row]
        return total * np.float32(1 / len(used))

    def row(self, ngram):
        value = 2166136261
        for byte in ngram:
            signed = byte - 256 if byte >= 128 else byte
            value = ((value ^ (signed % 2**32)) * 16777619) % 2**32
        value %= self.settings["bucket"]
        if self.pruned:
            row = dict(self.pruned).get(value)
            return None if row is None else len(self.words) + row
        return len(self.words) + value


def write(path, file):
    path.write_bytes(file.bytes())
    return path


def read(path, **options):
    with fasttext_bin.open_source(path, **options) as source:
        return read_whole(source)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return tmp_path_factory.mktemp("fasttext") / "m.bin"


def assert_as_reference(path, file):
    found = read(write(path, file))
    assert found.keys == [word.decode() for word in file.words]
    expected = np.array([file.vector(i) for i in range(len(file.words))]).reshape(-1, 3)
    np.testing.assert_array_equal(found.vectors, expected)  # to the last bit
    assert found.vectors.dtype == np.float32
    if file.words:
        assert found.counts.tolist() == file.counts[: len(file.words)]


@settings(deadline=None)
@given(
    words=st.lists(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
    ),
    minn=st.integers(0, 3),
    maxn=st.integers(0, 7),
    bucket=st.integers(1, 40),
)
def test_vectors_are_fasttext_s(shared, words, minn, maxn, bucket):
    assert_as_reference(shared, File([*words, "</s>"], minn, maxn, bucket))


def test_pieces_of_any_size_give_the_same(tmp_path, monkeypatch):
    file = File(WORDS * 3, bucket=50)
    whole = read(write(tmp_path / "m.bin", file))
    monkeypatch.setattr(fasttext_bin, "CHUNK_NGRAMS", 60)
    monkeypatch.setattr("fastw2v.formats.source.CHUNK_BYTES", 40)
    for limit in None, 0, 1, 7, 100:
        n = len(file.words[:limit])
        with fasttext_bin.open_source(tmp_path / "m.bin", limit=limit) as source:
            assert source.n == n
            chunks = list(source.chunks)
        assert len(chunks) >= n / 3
        assert [key for chunk in chunks for key in chunk.keys] == whole.keys[:n]
        if n:
            found = np.concatenate([chunk.vectors for chunk in chunks])
            np.testing.assert_array_equal(found, whole.vectors[:n])


def test_without_ngrams_a_vector_is_a_row(tmp_path):
    file = File(minn=0, maxn=0, bucket=0)
    np.testing.assert_array_equal(read(write(tmp_path / "m.bin", file)).vectors, file.input)


@pytest.mark.parametrize("version", [11, 12])
def test_a_supervised_model(tmp_path, version):
    file = File(labels=["__label__a", "__label__b"])
    file.settings["model"], file.version = 3, version
    found = read(write(tmp_path / "m.bin", file))
    assert found.keys == WORDS
    if version == 11:  # such models had no n-grams of characters, whatever they say
        file.settings["maxn"] = 0
    np.testing.assert_array_equal(found.vectors, [file.vector(i) for i in range(len(WORDS))])


@pytest.mark.parametrize("pruned", [[], [(3, 1), (0, 0), (10, 2)], [(7, 0)]])
def test_a_pruned_dictionary(tmp_path, pruned):
    assert_as_reference(tmp_path / "m.bin", File(pruned=pruned))


def test_a_dictionary_pruned_of_all_ngrams(tmp_path):
    file = File(pruned=[])
    file.input = file.input[: len(WORDS)]
    file.shape = file.input.shape
    np.testing.assert_array_equal(read(write(tmp_path / "m.bin", file)).vectors, file.input)


def test_words_that_are_not_utf8(tmp_path):
    path = write(
        tmp_path / "m.bin", File(["a", b"b\xff\x80", b"\x80\x81", b"\xc3"], minn=1, maxn=3)
    )
    with pytest.raises(ValueError, match=r"m\.bin: word 1, b'b\\xff\\x80', is not UTF-8"):
        read(path)
    found = read(path, encoding_errors="backslashreplace")
    assert found.keys == ["a", r"b\xff\x80", r"\x80\x81", r"\xc3"]
    assert np.isfinite(found.vectors).all()


def change(**changes):
    def file():
        made = File(labels=["__label__x"])
        for name, value in changes.items():
            if name in SETTINGS:
                made.settings[name] = value
            else:
                setattr(made, name, value)
        return made

    return file


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"magic": 5}, "is no fastText model: it begins with 5, not 793712314"),
        ({"version": 10}, "is a fastText model of version 10, not 11 or 12"),
        ({"version": 13}, "version 13"),
        ({"quantised": 1}, r"is quantised \(\.ftz\): its input matrix can't be read; give the"),
        ({"quantised_output": 1}, "is quantised"),
        ({"quantised": 7}, "damaged at byte [0-9]+: the kind of the input matrix is 7"),
        ({"n_words": 5}, "9 entries, but 5 words and 1 labels"),
        ({"n_words": -1, "n_labels": 10}, "9 entries, but -1 words"),
        ({"entries": 2**31 - 1, "n_words": 2**31 - 2}, "2,147,483,647 entries.* would take"),
        ({"n_pruned": -5}, "-5 n-grams left by pruning"),
        ({"n_pruned": 2**60}, "n-grams left by pruning would take"),
        ({"counts": [-1] * 9}, "b'</s>', entry 0 of the dictionary, has count -1 and type 0"),
        ({"types": [0] * 9}, "entry 8 of the dictionary, has count 1 and type 0, where 1 is"),
        ({"types": [2] * 9}, "entry 0 of the dictionary, has count 9 and type 2, where 0 is"),
        ({"shape": (2**40, 3)}, "the input matrix of 1,099,511,627,776 × 3 would take"),
        ({"shape": (2**62, 2**62)}, "the input matrix of .* would take"),
        ({"shape": (-1, 3)}, "the input matrix has -1 rows and 3 columns"),
        ({"shape": (3, 0)}, "the input matrix has 3 rows and 0 columns"),
        ({"output_shape": (2**40, 3)}, "the output matrix of .* would take"),
        ({"output_shape": (1, 3)}, "84 bytes follow the output matrix"),
        ({"dim": 4}, "dim is 4, but the matrix has 3 columns"),
        ({"bucket": 12}, "the input matrix has 11 rows for 12 buckets"),
        ({"bucket": -1}, "bucket is -1"),
        ({"bucket": 0}, "bucket is 0, minn 2, maxn 4"),
        ({"pruned": [(1, 11)], "n_pruned": 1}, "the input matrix has 11 rows for 1 n-grams left"),
    ],
)
def test_what_does_not_fit_together(tmp_path, changes, message):
    path = write(tmp_path / "m.bin", change(**changes)())
    with pytest.raises(ValueError, match=message) as raised:
        read(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("pair", [(-1, 0), (0, -1), (0, 1)])
def test_an_index_that_leads_nowhere(tmp_path, pair):
    path = write(tmp_path / "m.bin", File(pruned=[pair]))
    with pytest.raises(ValueError, match="1 rows for 1 n-grams left"):
        read(path)


def test_more_ngrams_than_a_word_can_have(tmp_path, monkeypatch):
    monkeypatch.setattr(fasttext_bin, "CHUNK_NGRAMS", 10_000)
    path = write(tmp_path / "m.bin", File(["a", "x" * 1000], maxn=10**9))
    with pytest.raises(ValueError, match="word 1 has 1,000 bytes, and n-grams of 2 to 10"):
        read(path)


def test_a_value_that_is_not_finite(tmp_path):
    file = File()
    file.input[2, 1] = np.nan
    with pytest.raises(ValueError, match=r"m\.bin: the vector of 'naïve' \(row 2\) is not finite"):
        read(write(tmp_path / "m.bin", file))


def test_no_file_of_any_kind(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file"):
        read(tmp_path / "m.bin")
    for data in b"", b"hello", b"the cat sat on the mat":
        (tmp_path / "m.bin").write_bytes(data)
        with pytest.raises(ValueError, match=r"m\.bin is no fastText model"):
            read(tmp_path / "m.bin")


def test_a_file_cut_off_anywhere_is_refused(tmp_path):
    whole = File(["a", "é"], labels=["x"], pruned=[(1, 0)], bucket=2).bytes()
    path = tmp_path / "m.bin"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"m\.bin is (damaged at byte [0-9]+|no fastText)"):
            read(path)


@settings(deadline=None)
@example(position=288, value=126)  # a number so large that a sum is infinite
@given(position=st.integers(0, 400), value=st.integers(0, 255))
def test_damage_is_named_or_harmless(shared, position, value):
    content = bytearray(File(WORDS[:6], bucket=5).bytes())
    content[position % len(content)] = value
    shared.write_bytes(content)
    try:
        found = read(shared)
    except ValueError as error:
        assert str(shared) in str(error)  # noqa: PT017
    else:
        assert found.vectors.shape[1] == 3
        assert np.isfinite(found.vectors).all()
