"""``Phrases`` by gensim's names."""

from itertools import pairwise

import numpy as np
import pytest

from fastw2v.compat.phrases import (
    ENGLISH_CONNECTOR_WORDS,
    FrozenPhrases,
    Phrases,
    npmi_scorer,
    original_scorer,
)

TEXTS = ["the bank of america is here", "a bank of america", "new york is not here"] * 3
SENTENCES = [text.split() for text in [*TEXTS, "new york", "america is new", "is the bank here"]]
OPTIONS = {"min_count": 1, "threshold": 0.5}


@pytest.fixture(params=[frozenset(), ENGLISH_CONNECTOR_WORDS], ids=["plain", "connectors"])
def connectors(request):
    return request.param


def test_phrases_are_joined():
    phrases = Phrases(SENTENCES, min_count=2, threshold=1)
    assert phrases["i", "like", "new", "york"] == ["i", "like", "new_york"]
    assert phrases["new", "york", "new", "york"] == ["new_york"] * 2
    assert phrases[[]] == []
    joined = phrases[SENTENCES]
    assert list(joined) == list(joined)
    assert next(iter(joined)) == phrases[SENTENCES[0]]
    assert list(phrases[iter(SENTENCES)]) == list(joined)
    assert phrases[iter(["new", "york"])] == ["new_york"]


def test_scores_are_the_formulas():
    found = Phrases(SENTENCES, min_count=1, threshold=0.01).export_phrases()
    vocabulary = Phrases(SENTENCES, min_count=1).vocab
    pairs = {pair for s in SENTENCES for pair in pairwise(s)}
    assert len(vocabulary) == len({word for s in SENTENCES for word in s}) + len(pairs)
    n = vocabulary["new_york"] - 1
    expected = n / vocabulary["new"] / vocabulary["york"] * len(vocabulary)
    assert found["new_york"] == pytest.approx(expected)
    found = Phrases(SENTENCES, min_count=1, threshold=0, scoring="npmi").export_phrases()
    p = vocabulary["new_york"] / sum(map(len, SENTENCES))
    share = [vocabulary[word] / sum(map(len, SENTENCES)) for word in ("new", "york")]
    assert found["new_york"] == pytest.approx(np.log(p / share[0] / share[1]) / -np.log(p))


def test_connector_words_stand_inside():
    phrases = Phrases(SENTENCES, **OPTIONS, connector_words=ENGLISH_CONNECTOR_WORDS)
    assert phrases["the", "bank", "of", "america", "of"] == ["the", "bank_of_america", "of"]
    assert phrases["bank", "of", "the", "america"] == ["bank", "of", "the", "america"]
    assert "bank_of_america" in phrases.export_phrases()
    assert "the" not in phrases.vocab


def test_all_is_gensims(connectors):
    gensim = pytest.importorskip("gensim.models.phrases")
    assert gensim.ENGLISH_CONNECTOR_WORDS == ENGLISH_CONNECTOR_WORDS
    for scoring, threshold in (("default", 0.5), ("default", 3), ("npmi", 0.2), ("npmi", -1)):
        options = {
            "min_count": 2,
            "threshold": threshold,
            "scoring": scoring,
            "connector_words": connectors,
        }
        ours, theirs = Phrases(SENTENCES, **options), gensim.Phrases(SENTENCES, **options)
        for _ in range(2):
            assert ours.vocab == theirs.vocab
            assert ours.corpus_word_count == theirs.corpus_word_count
            assert ours.export_phrases() == pytest.approx(theirs.export_phrases())
            assert ours.find_phrases(SENTENCES) == pytest.approx(theirs.find_phrases(SENTENCES))
            frozen = ours.freeze(), theirs.freeze()
            for sentence in SENTENCES:
                assert ours[sentence] == theirs[sentence]
                assert frozen[0][sentence] == frozen[1][sentence] == ours[sentence]
            for model in ours, theirs:
                model.add_vocab([["new", "york", "of", "york"], ["is", "of"]] * 2)


def test_a_scorer_of_ones_own():
    def count(worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count):
        return bigram_count

    found = Phrases(SENTENCES, min_count=1, threshold=3, scoring=count).export_phrases()
    assert found["new_york"] == 4
    assert min(found.values()) == 4
    # min_count is the function's own affair, as in gensim.
    assert Phrases(SENTENCES, min_count=99, threshold=3, scoring=count).export_phrases() == found


def test_scorers():
    arguments = {"worda_count": 4, "wordb_count": 5, "bigram_count": 3, "len_vocab": 100}
    others = {"min_count": 1, "corpus_word_count": 50}
    assert original_scorer(**arguments, **others) == pytest.approx(10)
    expected = np.log((3 / 50) / (4 / 50 * 5 / 50)) / -np.log(3 / 50)
    assert npmi_scorer(**arguments, **others) == pytest.approx(expected)
    assert npmi_scorer(**arguments, **{**others, "min_count": 4}) == -np.inf


def test_memory_is_bounded():
    phrases = Phrases(SENTENCES, max_vocab_size=10)
    assert len(phrases.vocab) <= 10
    assert min(phrases.vocab.values()) > 1
    assert phrases.min_reduce > 1


@pytest.mark.parametrize(
    "options",
    [
        {"min_count": 0},
        {"threshold": 0},
        {"scoring": "npmi", "threshold": 2},
        {"scoring": "other"},
    ],
)
def test_options_out_of_range(options):
    with pytest.raises(ValueError, match=next(iter(options)) if len(options) == 1 else "threshold"):
        Phrases(**options)


def test_they_come_back(tmp_path, connectors):
    phrases = Phrases(SENTENCES, **OPTIONS, delimiter="+", connector_words=connectors)
    phrases.save(tmp_path / "phrases")
    loaded = Phrases.load(tmp_path / "phrases")
    assert loaded.vocab == phrases.vocab
    assert loaded.export_phrases() == phrases.export_phrases()
    assert str(loaded) == str(phrases)
    with pytest.raises(TypeError, match="scoring function can't be saved"):
        Phrases(SENTENCES, scoring=lambda **_: 0.0).save(tmp_path / "phrases")


@pytest.mark.parametrize("threshold", [0.5, 1e9])
def test_frozen_ones_come_back(tmp_path, connectors, threshold):
    options = {"min_count": 1, "threshold": threshold, "connector_words": connectors}
    frozen = Phrases(SENTENCES, **options).freeze()
    frozen.save(tmp_path / "frozen")
    loaded = FrozenPhrases.load(tmp_path / "frozen")
    assert vars(loaded) == vars(frozen)
    assert [loaded[sentence] for sentence in SENTENCES] == [frozen[s] for s in SENTENCES]
    with pytest.raises(ValueError, match="holds no Phrases"):
        Phrases.load(tmp_path / "frozen")
    Phrases(SENTENCES, **options).save(tmp_path / "phrases")
    with pytest.raises(ValueError, match="holds no FrozenPhrases"):
        FrozenPhrases.load(tmp_path / "phrases")


def test_frozen():
    phrases = Phrases(SENTENCES, **OPTIONS)
    frozen = phrases.freeze()
    assert isinstance(frozen, FrozenPhrases)
    assert frozen.phrasegrams == phrases.export_phrases()
    assert str(frozen).startswith("FrozenPhrases<")


def test_sentences_may_be_what_they_are_for_models(caplog):
    assert Phrases([{"b", "a"}]).vocab == {"a": 1, "b": 1, "a_b": 1}
    assert Phrases(["ab"]).vocab == {"a": 1, "b": 1, "a_b": 1}
    assert "should be a list of words" in caplog.text
    with pytest.raises(TypeError, match="a text as lists of words"):
        Phrases("a text")


@pytest.mark.parametrize("connectors", [(), ("of",)])
@pytest.mark.parametrize(
    ("sentences", "vocab"), [([], {}), ([[]], {}), ([["a"], ["b"], ["a"]], {"a": 2, "b": 1})]
)
def test_sentences_without_a_pair(sentences, vocab, connectors):
    counted = Phrases(sentences, connector_words=connectors)
    assert counted.vocab == vocab
    assert counted.corpus_word_count == len(vocab and sentences)
