"""Pairs are counted, scored and joined as ten plain lines of Python do it."""

import math
import pickle
from collections import Counter
from itertools import chain, pairwise

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import fastw2v
from fastw2v import phrases
from fastw2v.corpus import EncodedCorpus, encoded
from fastw2v.corpus.encoded import CorpusReport
from fastw2v.corpus.storage import allocate
from fastw2v.phrases import Phrases, find, join
from fastw2v.vocabulary import Vocabulary

TEXTS = ["new york is big", "is new york big", "big is new york"]
SENTENCES = [text.split() for text in TEXTS]
TIMES = [text.split() for text in ["the new york times says", "a new york times a day"] * 5]


def plain_find(sentences, min_count, threshold, scoring):
    """The score of each phrase, and how far the threshold is from any score."""
    words, pairs = Counter(chain(*sentences)), Counter(chain(*map(pairwise, sentences)))
    n, found, gap = sum(words.values()), {}, math.inf
    for (a, b), count in pairs.items():
        score = (count - min_count) / words[a] / words[b] * n
        if scoring == "npmi":
            score = math.log(count / n / (words[a] / n * words[b] / n)) / -math.log(count / n)
        gap = min(gap, abs(score - threshold))
        if count >= min_count and score > threshold:
            found[a, b] = count, score
    return found, gap


def plain_join(sentences, pairs, delimiter):
    joined = []
    for words in sentences:
        i, out = 0, []
        while i < len(words):
            a, *rest = words[i : i + 2]
            if rest and (a, rest[0]) in pairs:
                b, i = rest[0], i + 1
                a = f"{a}{delimiter}{b}" if isinstance(a, str) and isinstance(b, str) else (a, b)
            i, out = i + 1, [*out, a]
        joined.append(out)
    return joined


def decode(corpus):
    keys = [corpus.vocabulary.keys[token] for token in corpus.tokens]
    return [keys[begin:end] for begin, end in pairwise(corpus.offsets.tolist())]


def everything(corpus):
    return (
        corpus.vocabulary.keys,
        corpus.vocabulary.counts.tolist(),
        corpus.tokens.tolist(),
        corpus.offsets.tolist(),
        corpus.report,
    )


def by_hand(corpus, *keys):
    """Phrases of these pairs of keys."""
    index = corpus.vocabulary.key_to_index
    pairs = np.array([[index[a], index[b]] for a, b in keys], np.int32).reshape(-1, 2)
    return Phrases(corpus.vocabulary, pairs, np.ones(len(keys), np.int64), np.ones(len(keys)))


# Scores by hand: 12 tokens, each word 3 times; "new york" 3 times, "is new" twice


def test_word2phrase_by_hand():
    found = find(SENTENCES, min_count=1, threshold=1)
    assert list(found) == [
        (("new", "york"), 3, (3 - 1) / 9 * 12),
        (("is", "new"), 2, pytest.approx((2 - 1) / 9 * 12)),
    ]
    assert len(found) == 2
    assert [key for key, *_ in find(SENTENCES, min_count=2, threshold=0)] == [("new", "york")]


def test_npmi_by_hand():
    found = find(SENTENCES, min_count=2, threshold=0.1, scoring="npmi")
    assert list(found) == [
        (("new", "york"), 3, 1.0),  # neither without the other
        (("is", "new"), 2, pytest.approx(math.log(2 / 12 / (1 / 16)) / math.log(12 / 2))),
    ]


def test_default_thresholds():
    def found(n_others, **options):
        sentences = [["a", "b"]] * 10 + [[f"x{i}", f"y{i}"] for i in range(n_others)]
        return [pair for pair, *_ in find(sentences, **options)]

    # (10 - 5) / 10 / 10 * 2,000 = 100: above it, not at it
    assert found(990) == []
    assert found(991) == found(990, threshold=99.9) == [("a", "b")]
    assert found(10, scoring="npmi") == [("a", "b")]


def test_no_score_exceeds_the_bound_by_rounding():
    for n in range(2, 60):
        sentences = [["a", "b"]] * n + [["c", "d", "e"]] * n
        scores = find(sentences, min_count=1, threshold=-1, scoring="npmi").scores
        assert scores.max() <= 1
        assert scores.max() == pytest.approx(1)


def test_overlapping_pairs_are_counted_and_then_joined_from_the_left():
    corpus = fastw2v.encode([list("aaaaa"), ["a", "b"]], min_count=1)
    found = find(corpus, min_count=1, threshold=-1)
    assert {pair: count for pair, count, _ in found} == {("a", "a"): 4, ("a", "b"): 1}
    joined = join(corpus, by_hand(corpus, ("a", "a")))
    assert decode(joined) == [["a_a", "a_a", "a"], ["a", "b"]]


def test_equal_scores_are_ordered_by_rows():
    found = find([list("cdab"), list("abcd"), list("efef")], min_count=1, threshold=-1)
    order = [
        (-score, *pair) for pair, score in zip(found.pairs.tolist(), found.scores, strict=True)
    ]
    assert order == sorted(order)
    assert len(set(found.scores.tolist())) < len(found)


# Anything, against the plain reference

TOKENS = st.sampled_from(["a", "b", "a_b", "ab", "b_a", "", 1, 2, (1, 2), ("a", 1)])
CORPORA = st.lists(st.lists(TOKENS, max_size=10), min_size=1, max_size=10)


def encoded_or_assumed_away(sentences, min_count=1):
    assume(any(len(sentence) > 1 for sentence in sentences))
    return fastw2v.encode(sentences, min_count=min_count)


@settings(deadline=None)
@given(
    sentences=CORPORA,
    min_count=st.integers(1, 3),
    threshold=st.floats(-1, 0.99),
    factor=st.integers(1, 4),
    scoring=st.sampled_from(["word2phrase", "npmi"]),
    piece=st.integers(1, 12),
    workers=st.integers(1, 3),
)
@example([["a"] * 10], 1, 0.1, 1, "npmi", 3, 2)
def test_find_agrees_with_the_plain_reference(
    sentences, min_count, threshold, factor, scoring, piece, workers
):
    corpus = encoded_or_assumed_away(sentences)
    if scoring == "word2phrase":
        threshold *= factor
    expected, gap = plain_find(sentences, min_count, threshold, scoring)
    assume(gap > 1e-9)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoded, "PIECE", piece)
        found = find(
            corpus, min_count=min_count, threshold=threshold, scoring=scoring, workers=workers
        )
    assert found.vocabulary is corpus.vocabulary
    assert {pair: count for pair, count, _ in found} == {k: n for k, (n, _) in expected.items()}
    for pair, _, score in found:
        assert score == pytest.approx(expected[pair][1])
    assert (np.diff(found.scores) <= 0).all()
    assert (found.pairs.dtype, found.counts.dtype, found.scores.dtype) == ("i4", "i8", "f8")


@settings(deadline=None)
@given(
    sentences=CORPORA,
    chosen=st.lists(st.tuples(TOKENS, TOKENS), max_size=8),
    delimiter=st.sampled_from(["_", "", " "]),
    min_count=st.integers(1, 2),
    piece=st.integers(1, 12),
)
@example([["a", "b", "a_b", "a"]], [("a", "b")], "_", 1, 1)  # the key is there already
@example([["a", "b_a", "a_b", "a", ""]], [("a", "b_a"), ("a_b", "a")], "_", 1, 2)  # one key twice
@example([["a", "b"], ["a", "a", "b"]], [("a", "b")], "_", 1, 2)  # a word is left for the next one
def test_join_agrees_with_the_plain_reference(sentences, chosen, delimiter, min_count, piece):
    corpus = encoded_or_assumed_away(sentences)
    known = [pair for pair in chosen if all(key in corpus.vocabulary for key in pair)]
    expected = [words for words in plain_join(sentences, known, delimiter) if words]
    counts = Counter(chain(*expected))  # by first appearance
    kept = [[word for word in words if counts[word] >= min_count] for words in expected]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoded, "PIECE", piece)
        if max(map(len, kept)) < 2:
            with pytest.raises(ValueError, match=r"single token|no sentence has two|is empty"):
                join(corpus, by_hand(corpus, *known), delimiter=delimiter, min_count=min_count)
            return
        joined = join(corpus, by_hand(corpus, *known), delimiter=delimiter, min_count=min_count)
    assert decode(joined) == [words for words in kept if words]
    by_count = sorted(counts, key=lambda key: -counts[key])
    assert joined.vocabulary.keys == [key for key in by_count if counts[key] >= min_count]
    assert joined.vocabulary.counts.tolist() == [counts[key] for key in joined.vocabulary.keys]
    report = joined.report
    assert (report.sentences, report.tokens) == (len(expected), sum(map(len, expected)))
    assert report.distinct == len(counts)
    # as if the joined sentences had been read
    assert everything(joined) == everything(fastw2v.encode(expected, min_count=min_count))


@settings(deadline=None)
@given(sentences=CORPORA)
def test_without_phrases_the_corpus_stays_as_it_is(sentences):
    corpus = encoded_or_assumed_away(sentences)
    found = find(corpus, min_count=1000)
    assert len(found) == 0
    assert list(found) == []
    assert found.pairs.shape == (0, 2)
    assert everything(join(corpus, found)) == everything(corpus)


def test_numbers_of_keys_in_a_joined_corpus():
    corpus = fastw2v.encode(SENTENCES, min_count=1)
    joined = phrases._JoinedCorpus(corpus, by_hand(corpus, ("new", "york"), ("is", "big")), "_")
    numbers = joined.find(["new", "is_big", "new_york", "york_is"])
    assert numbers.tolist() == [0, 5, 4, -1]
    assert joined.keys(numbers[:3]) == ["new", "is_big", "new_york"]


def test_longer_phrases_by_repetition():
    corpus = fastw2v.encode(TIMES, min_count=1)
    for _ in range(3):  # the third time there is nothing left to join
        found = find(corpus, min_count=8, threshold=0.5)
        corpus = join(corpus, found)
    assert len(found) == 0
    assert decode(corpus)[:2] == [
        ["the", "new_york_times", "says"],
        ["a", "new_york_times", "a", "day"],
    ]
    numbers = fastw2v.encode([[1, 2, 3, 4], [5, 1, 2, 3, 6]], min_count=1)
    numbers = join(numbers, find(numbers, min_count=2, threshold=-1))
    numbers = join(numbers, by_hand(numbers, ((1, 2), 3)))
    assert decode(numbers) == [[((1, 2), 3), 4], [5, ((1, 2), 3), 6]]


# Corpora that are not simply read


def test_a_saved_corpus(tmp_path, monkeypatch):
    monkeypatch.setattr(encoded, "PIECE", 7)
    corpus = fastw2v.encode(TIMES, min_count=1)
    corpus.save(tmp_path / "corpus")
    opened = EncodedCorpus.open(tmp_path / "corpus")
    assert opened.on_disk
    found = find(opened, min_count=8, threshold=0.5)
    assert list(found) == list(find(corpus, min_count=8, threshold=0.5))
    joined = join(opened, found)
    assert everything(joined) == everything(join(corpus, found))
    joined.save(tmp_path / "joined")
    assert everything(EncodedCorpus.open(tmp_path / "joined")) == everything(joined)


def test_little_memory_puts_the_joined_corpus_into_a_file(monkeypatch):
    corpus = fastw2v.encode(TIMES, min_count=1)
    found = find(corpus, min_count=8, threshold=0.5)
    in_memory = join(corpus, found)
    monkeypatch.setattr(phrases, "memory_budget", lambda limit: 0)
    on_disk = join(corpus, found)
    assert (in_memory.on_disk, on_disk.on_disk) == (False, True)
    assert everything(on_disk) == everything(in_memory)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_little_memory_counts_pairs_in_passes(monkeypatch, caplog, workers):
    random = np.random.default_rng(0)
    corpus = fastw2v.encode(random.integers(200, size=(500, 40)), min_count=1)
    expected = find(corpus, min_count=2, threshold=-1, workers=1)
    assert len(expected) > 1000
    monkeypatch.setattr(phrases, "memory_budget", lambda limit: 0)
    with caplog.at_level("INFO", "fastw2v"):
        found = find(corpus, min_count=2, threshold=-1, workers=workers)
    assert "passes" in caplog.text
    for name in "pairs", "counts", "scores":
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_counts_are_the_corpus_own_whatever_the_vocabulary_says():
    vocabulary = {"york": 1000, "never": 7, "new": 1, "is": 1, "big": 1}
    corpus = fastw2v.encode(SENTENCES, vocabulary=vocabulary)
    assert list(find(corpus, min_count=1, threshold=2)) == [(("new", "york"), 3, 2 / 9 * 12)]
    joined = join(corpus, by_hand(corpus, ("new", "york")))
    assert dict(zip(joined.vocabulary.keys, joined.vocabulary.counts, strict=True)) == {
        "new_york": 3,
        "is": 3,
        "big": 3,
    }


def test_other_sentences_with_the_same_vocabulary():
    found = find(SENTENCES, min_count=1, threshold=2)
    other = [["york", "new", "york"], ["new", "unknown", "york", "big"]]
    corpus = fastw2v.encode(other, vocabulary=found.vocabulary)
    # without "unknown", its neighbours are each other's
    assert decode(join(corpus, found)) == [["york", "new_york"], ["new_york", "big"]]


def test_sentences_without_a_token(tmp_path):
    tokens, offsets = allocate(4, np.int32), allocate(7, np.int64)
    tokens.array[:], offsets.array[:] = [0, 1, 1, 0], [0, 0, 1, 1, 2, 4, 4]
    vocabulary = Vocabulary(["a", "b"], np.array([2, 2]))
    corpus = EncodedCorpus(tokens, offsets, vocabulary, CorpusReport(6, 4, 2, 6, 4, 2, 2))
    assert [(pair, n) for pair, n, _ in find(corpus, min_count=1, threshold=-1)] == [
        (("b", "a"), 1)
    ]
    joined = join(corpus, by_hand(corpus, ("a", "b")))  # never within a sentence
    assert decode(joined) == [["a"], ["b"], ["b", "a"]]


def test_sentences_of_any_kind_and_the_model(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(TEXTS) + "\n")
    expected = list(find(SENTENCES, min_count=1, threshold=1))
    assert list(find(path, min_count=1, threshold=1, memory_limit=1 << 24)) == expected
    assert list(find(map(list, SENTENCES), min_count=1, threshold=1)) == expected
    corpus = fastw2v.encode(path, min_count=1)
    joined = join(corpus, find(path, min_count=1, threshold=2))
    model = fastw2v.Model(joined, vector_size=4, sample=0, epochs=1).train(progress=False)
    assert "new_york" in model.wv


# What Phrases is, and what is refused


def test_phrases_show_themselves():
    assert repr(find(SENTENCES, min_count=1, threshold=2)) == (
        "<Phrases: 1 pairs, ('new', 'york'): 2.67>"
    )
    assert repr(find(SENTENCES, min_count=1, threshold=-1)).endswith(", ...>")
    assert repr(find(SENTENCES)) == "<Phrases: 0 pairs>"
    found = find(SENTENCES, min_count=1, threshold=1)
    assert list(pickle.loads(pickle.dumps(found))) == list(found)
    with pytest.raises(AttributeError):
        found.pairs = None


CORPUS = fastw2v.encode(SENTENCES, min_count=1)
FOUND = find(CORPUS, min_count=1, threshold=1)
MISTAKES = {
    "scoring must be one of": lambda: find(CORPUS, scoring="pmi"),
    "min_count must be at least 1": lambda: find(CORPUS, min_count=0),
    "min_count must be an integer": lambda: find(CORPUS, min_count=2.5),
    "threshold must be a number": lambda: find(CORPUS, threshold="10"),
    "threshold must be finite": lambda: find(CORPUS, threshold=math.nan),
    "threshold must be from -1 to below 1": lambda: find(CORPUS, threshold=1, scoring="npmi"),
    "workers must be at least 1": lambda: find(CORPUS, workers=0),
    "memory_limit must be at least": lambda: find(CORPUS, memory_limit=1000),
    "sentences must be an iterable": lambda: find(7),
    "corpus must be an EncodedCorpus.*min_count=1": lambda: join(SENTENCES, FOUND),
    "phrases must be what find returns": lambda: join(CORPUS, [("new", "york")]),
    "delimiter must be a str": lambda: join(CORPUS, FOUND, delimiter=None),
    "least 1, not 0": lambda: join(CORPUS, FOUND, min_count=0),
    "memory_limit must be an integer": lambda: join(CORPUS, FOUND, memory_limit="1 GB"),
    "another vocabulary": lambda: join(fastw2v.encode(TIMES, min_count=1), FOUND),
    "vocabulary is empty": lambda: join(CORPUS, FOUND, min_count=100),
    "single token": lambda: _join_all([["a", "b"]] * 3),
    "shapes": lambda: Phrases(CORPUS.vocabulary, FOUND.pairs[:1], FOUND.counts, FOUND.scores),
    "from 0 to 3, not": lambda: Phrases(
        CORPUS.vocabulary, FOUND.pairs + 3, FOUND.counts, FOUND.scores
    ),
    "pairs must be int32, not float64": lambda: Phrases(
        CORPUS.vocabulary, FOUND.pairs * 1.0, FOUND.counts, FOUND.scores
    ),
}


def _join_all(sentences):
    corpus = fastw2v.encode(sentences, min_count=1)
    return join(corpus, find(corpus, min_count=1, threshold=-1))


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes_are_named(message):
    with pytest.raises((TypeError, ValueError), match=message):
        MISTAKES[message]()
