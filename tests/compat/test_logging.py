"""What is logged: gensim's lines where logging is set up, and only what must be seen elsewhere."""

import logging
import subprocess
import sys

import pytest

from fastw2v.compat import KeyedVectors, Phrases, Word2Vec


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr


LOOP = """
from fastw2v.compat import Word2Vec
sentences = [["a", "b", "c"]] * 20
model = Word2Vec(sentences, min_count=1, vector_size=4, sample=0, hs=1)
for _ in range(3):
    model.train(sentences, total_examples=1, epochs=1)
    model.train([["unknown", "words"]], total_examples=1, epochs=1)
"""


def test_gensims_warnings_are_for_those_who_set_up_logging():
    assert run(LOOP) == ""
    shown = run("import logging; logging.basicConfig()" + LOOP)
    assert "Effective 'alpha' higher than previous training cycles" in shown
    assert "Both hierarchical softmax and negative sampling are activated" in shown
    assert "nothing is trained" in shown


def test_what_is_likely_a_mistake_is_seen():
    code = "from fastw2v.compat import Word2Vec; Word2Vec(min_count=1).build_vocab(['a text'])"
    assert "should be a list of words" in run(code)


def test_subsampling_that_leaves_nothing_is_said_once():
    """Models of toy corpora with gensim's defaults."""
    code = """
from fastw2v.compat import Word2Vec
sentences = [["a", "b", "c"]] * 20
model = Word2Vec(sentences, min_count=1, vector_size=4, sample=1e-6)
for _ in range(3):
    model.train(sentences, total_examples=1, epochs=2)
"""
    shown = run(code)
    assert shown.count("subsampling keeps only") == 1
    assert shown.count("nothing to train on") == 1


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, logger="fastw2v")

    def found():
        kept = [record.getMessage() for record in caplog.records]
        caplog.clear()
        return kept

    return found


def test_the_steps_are_logged(lines, make, sentences, tmp_path):
    model = make(epochs=1)
    counted, chosen, began, epoch, ended = lines()
    assert counted == "counted 1600 tokens in 200 sentences, 30 of them distinct"
    assert chosen == "min_count=1 leaves 30 of 30 tokens"
    assert began == (
        "training for 1 epochs on 1600 tokens in 200 sentences: vocabulary 30, vector_size 8, "
        "workers 1, sg=0 hs=0 negative=5 window=5 sample=0"
    )
    assert epoch.startswith("epoch 0: loss ")
    assert ended.startswith("trained on 1600 tokens, 1600 of them left by subsampling, in ")
    assert ended.endswith(" words/s")
    model.save(tmp_path / "m")
    Word2Vec.load(tmp_path / "m")
    model.wv.save(tmp_path / "wv")
    KeyedVectors.load(tmp_path / "wv")
    model.wv.save_word2vec_format(tmp_path / "wv.txt")
    KeyedVectors.load_word2vec_format(tmp_path / "wv.txt")
    phrases = Phrases(sentences)
    phrases.save(tmp_path / "phrases")
    Phrases.load(tmp_path / "phrases")
    assert [line for line in lines() if line.startswith(("saved", "loaded", "counted"))] == [
        f"saved Word2Vec<vocab=30, vector_size=8, alpha=0.025> to {tmp_path / 'm'}",
        f"loaded Word2Vec<vocab=30, vector_size=8, alpha=0.025> from {tmp_path / 'm'}",
        f"saved KeyedVectors<vector_size=8, 30 keys> to {tmp_path / 'wv'}",
        f"loaded KeyedVectors<vector_size=8, 30 keys> from {tmp_path / 'wv'}",
        f"saved KeyedVectors<vector_size=8, 30 keys> to {tmp_path / 'wv.txt'}",
        f"loaded KeyedVectors<vector_size=8, 30 keys> from {tmp_path / 'wv.txt'}",
        f"counted {phrases}",
        f"saved {phrases} to {tmp_path / 'phrases'}",
        f"loaded {phrases} from {tmp_path / 'phrases'}",
    ]
