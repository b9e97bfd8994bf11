"""The encoded corpus: saving, opening, choosing another vocabulary, and files that are damaged."""

import json
import pickle
from dataclasses import asdict

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import fastw2v
from fastw2v.corpus import EncodedCorpus, encode, encoded
from fastw2v.vocabulary import Vocabulary

KEYS = {
    "str": ["the", "cat", "é", "", "\ud800"],
    "int": [3, -1, 2**63 - 1],
    "mixed": ["a", 1, 2.5, (1, "b", (None, 2**70))],
}


@pytest.fixture
def path(tmp_path, sentences):
    path = tmp_path / "corpus"
    encode(sentences, min_count=1).save(path)
    return path


def rewritten(path, *, header=None, **tensors):
    """Write a corpus's file again with other tensors or another header."""
    contents = load_file(path) | tensors
    data = path.read_bytes()
    metadata = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    metadata |= header or {}
    save_file({n: v for n, v in contents.items() if v is not None}, path, metadata)


@pytest.mark.parametrize("kind", KEYS)
def test_what_is_saved_is_opened(contents, tmp_path, kind):
    keys = KEYS[kind]
    corpus = encode([keys, keys[:1] * 3, keys[::-1]], min_count=1)
    corpus.save(tmp_path / "corpus")
    opened = EncodedCorpus.open(tmp_path / "corpus")
    assert contents(opened) == contents(corpus)
    assert (opened.on_disk, corpus.on_disk) == (True, False)
    assert (len(opened), opened.raw_tokens) == (3, corpus.raw_tokens)
    opened.release()
    opened.save(tmp_path / "again")
    assert contents(EncodedCorpus.open(tmp_path / "again")) == contents(corpus)
    assert Vocabulary.load(tmp_path / "corpus").keys == corpus.vocabulary.keys


def test_its_looks(path, sentences):
    corpus = encode(sentences, min_count=2)
    assert repr(corpus) == "<EncodedCorpus: 3 sentences, 8 tokens of 10 read>"
    opened = EncodedCorpus.open(str(path))
    assert repr(opened) == "<EncodedCorpus: 4 sentences, 10 tokens of 10 read, in a file>"


@pytest.mark.parametrize("is_saved", [False, True])
def test_its_own_counts(is_saved, path, sentences, monkeypatch):
    monkeypatch.setattr(encoded, "PIECE", 3)
    counted = encode(sentences, min_count=1).vocabulary
    other = Vocabulary(["elsewhere", *counted.keys], np.arange(100, 101 + len(counted)))
    corpus = encode(EncodedCorpus.open(path) if is_saved else sentences, vocabulary=other)
    if is_saved:
        corpus.save(path)
        corpus = EncodedCorpus.open(path)
    own = corpus.with_own_counts()
    assert own.vocabulary.keys == other.keys
    expected = [dict(zip(counted.keys, counted.counts, strict=True)).get(k, 0) for k in other.keys]
    assert own.vocabulary.counts.tolist() == expected
    assert own.tokens.tolist() == corpus.tokens.tolist()
    assert corpus.vocabulary.counts.tolist() == other.counts.tolist()


def test_unseen_rows_are_saved_too(contents, tmp_path):
    corpus = encode([[4, 1, 4]], vocabulary="identity")
    corpus.save(tmp_path / "corpus")
    assert contents(EncodedCorpus.open(tmp_path / "corpus")) == contents(corpus)


def test_keys_that_no_file_can_hold(tmp_path):
    corpus = encode([[b"a", frozenset()]], min_count=1)
    with pytest.raises(TypeError, match="can't be saved: keys in files are str"):
        corpus.save(tmp_path / "corpus")
    assert not list(tmp_path.iterdir())


def test_a_model_trains_on_an_opened_corpus_as_on_its_sentences(tmp_path, planted):
    rows = planted[:300]
    encode(rows, min_count=1).save(tmp_path / "corpus")
    for shuffle in False, True:
        vectors = [
            fastw2v.Model(**given, vector_size=4, sample=0, epochs=1, workers=1, shuffle=shuffle)
            .train()
            .wv.vectors
            for given in (
                {"sentences": rows, "min_count": 1},
                {"sentences": encode(rows, min_count=1)},
                {"sentences": EncodedCorpus.open(tmp_path / "corpus")},
            )
        ]
        assert np.array_equal(vectors[0], vectors[1])
        assert np.array_equal(vectors[0], vectors[2])


# Another vocabulary


@pytest.mark.parametrize("piece", [1, 3, 1 << 18])
@pytest.mark.parametrize("on_disk", [False, True])
def test_choosing_again_is_choosing_at_first(
    everything, contents, path, sentences, monkeypatch, piece, on_disk
):
    monkeypatch.setattr(encoded, "PIECE", piece)
    corpus = EncodedCorpus.open(path) if on_disk else encode(sentences, min_count=1)
    for options in (
        {"min_count": 2},
        {"min_count": 1, "max_vocab_size": 2},
        {"min_count": 1, "keep": lambda key, n: key != "the"},
    ):
        again = encode(corpus, **options)
        assert contents(again) == everything(sentences, **options)
    given = Vocabulary.in_order(["sat", "new", "cat"], [1, 2, 3])
    again = encode(corpus, vocabulary=given)
    assert contents(again) == contents(encode(sentences, vocabulary=given))
    assert corpus.vocabulary.keys == ["the", "cat", "sat", "rare", "alone"]
    assert np.shares_memory(encode(corpus, min_count=1).tokens, corpus.tokens)


def test_a_given_vocabulary_with_the_same_first_keys_is_used_whole():
    corpus = encode([["a", "b", "a"]], min_count=1)
    for keys, counts in (["a", "b", "new"], [5, 4, 3]), (["a", "b"], [9, 9]), (["a", "b"], [2, 0]):
        again = encode(corpus, vocabulary=Vocabulary.in_order(keys, counts))
        assert again.vocabulary.keys == keys
        assert again.vocabulary.counts.tolist() == counts
        assert again.tokens.tolist() == [0, 1, 0]
        assert again.report.vocabulary_size == len(keys)


def test_a_model_keeps_its_vocabulary_with_a_corpus_of_fewer_keys():
    model = fastw2v.Model(
        [["a", "a", "b", "c"]] * 9, vector_size=2, sample=0, workers=1, shuffle=False
    ).train()
    model.train(encode([["a", "b", "a"]], min_count=1))
    assert model.vocabulary.keys == ["a", "b", "c"]
    assert len(model.wv["c"]) == 2


def test_identity_after_the_fact():
    corpus = encode([[4, 1, 4], [2, 1]], min_count=1)
    again = encode(corpus, vocabulary="identity")
    assert again.vocabulary.keys == [0, 1, 2, 3, 4]
    assert again.tokens.tolist() == [4, 1, 4, 2, 1]


def test_nothing_is_left_to_train_on(path):
    corpus = EncodedCorpus.open(path)
    with pytest.raises(ValueError, match=r"vocabulary is empty.*highest count is 3"):
        encode(corpus)
    with pytest.raises(ValueError, match=r"no sentence has two tokens.*10 tokens.*1 of them known"):
        encode(corpus, vocabulary={"alone": 1})


# Files that are none, or damaged


def test_other_files_are_refused(path, tmp_path):
    corpus = EncodedCorpus.open(path)
    corpus.vocabulary.save(tmp_path / "vocabulary")
    fastw2v.Model([["a", "b"]] * 9, vector_size=2).train().save(tmp_path / "model")
    for name in "vocabulary", "model":
        with pytest.raises(ValueError, match=f"{name} is no encoded corpus; Model.load reads"):
            EncodedCorpus.open(tmp_path / name)
    for load in fastw2v.Model.load, fastw2v.KeyedVectors.load:
        with pytest.raises(ValueError, match="corpus is an encoded corpus, and holds no vectors"):
            load(path)
    (tmp_path / "text").write_text("the cat sat on the mat\n" * 9)
    (tmp_path / "pickle").write_bytes(pickle.dumps([["a"]]))
    for name in "text", "pickle":
        with pytest.raises(ValueError, match=f"{name} is no safetensors file, or is damaged"):
            EncodedCorpus.open(tmp_path / name)
    with pytest.raises(FileNotFoundError, match=r"no file '.*missing'"):
        EncodedCorpus.open(tmp_path / "missing")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        EncodedCorpus.open(tmp_path)


def test_a_file_cut_off_anywhere_is_refused(path):
    whole = path.read_bytes()
    for length in range(0, len(whole), 3):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="damaged") as raised:
            EncodedCorpus.open(path)
        assert str(path) in str(raised.value)


def test_a_flipped_byte_is_refused_or_harmless(path):
    whole = path.read_bytes()
    refused = 0
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= (0x01, 0x80, 0xFF)[position % 3]
        path.write_bytes(damaged)
        try:
            corpus = EncodedCorpus.open(path)
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017
            refused += 1
        else:  # another key or count, perhaps, but nothing that leads outside
            assert 0 <= corpus.tokens.min() <= corpus.tokens.max() < len(corpus.vocabulary)
            assert len(str(corpus.report)) > 50
    assert refused > len(whole) // 2


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"tokens": np.array([0, 9], np.int32)}, "offsets that don't fit"),
        ({"tokens": np.array([0, 1, 2, 0, 3, 4, 1, 0, 1, 5], np.int32)}, "no row of the vocab"),
        ({"tokens": np.array([0, 1, 2, 0, 3, 4, 1, 0, 1, -1], np.int32)}, "no row of the vocab"),
        ({"tokens": np.zeros(10, np.int64)}, "tokens are int64"),
        ({"tokens": np.zeros((5, 2), np.int32)}, r"tokens are int32 of shape \(5, 2\)"),
        ({"tokens": np.zeros(10, np.float32)}, "tokens are float32"),
        ({"tokens": None}, "KeyError"),
        ({"tokens": np.zeros(0, np.int32), "offsets": np.zeros(1, np.int64)}, "0 tokens, but"),
        ({"offsets": np.array([0, 8, 5, 6, 10])}, "offsets fall"),
        ({"offsets": np.array([0, 3, 5, 6, 9])}, "offsets that don't fit"),
        ({"offsets": np.array([1, 3, 5, 6, 10])}, "offsets that don't fit"),
        ({"offsets": np.array([0, 3, 5, 6, 10], np.int32)}, "offsets are int32"),
        ({"offsets": np.zeros(0, np.int64)}, "offsets that don't fit"),
        ({"offsets": None}, "KeyError"),
        ({"counts": np.array([3, 3, 2, 1, -1])}, "the count of 'alone' is -1"),
        ({"counts": np.zeros(5, np.int64)}, "not all 0"),
        ({"counts": np.array([3, 3])}, "5 keys, but counts"),
        ({"header": {"report": "{"}}, "JSONDecodeError"),
        ({"header": {"report": "{}"}}, "TypeError"),
        ({"header": {"report": "[1, 2]"}}, "TypeError"),
        ({"header": {"key_kind": "none"}}, "unknown kind of keys"),
    ],
)
def test_contents_that_can_not_be(path, tensors, message):
    rewritten(path)
    EncodedCorpus.open(path)
    rewritten(path, **tensors)
    with pytest.raises(ValueError, match=f"corpus is damaged: .*{message}"):
        EncodedCorpus.open(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sentences", None),
        ("tokens", "10"),
        ("tokens", 0),
        ("distinct", -1),
        ("kept_sentences", 5),
        ("kept_tokens", 9),
        ("longest_sentence", 1.5),
        ("vocabulary_size", 4),
    ],
)
def test_a_report_of_another_corpus(path, name, value):
    report = asdict(EncodedCorpus.open(path).report) | {name: value}
    rewritten(path, header={"report": json.dumps(report)})
    with pytest.raises(ValueError, match="corpus is damaged"):
        EncodedCorpus.open(path)
