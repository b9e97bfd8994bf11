"""Reading: threads, errors in the input's order, Ctrl-C, and what is left behind."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from importlib import import_module
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v.corpus import count, encode, objects, text
from fastw2v.corpus.reading import read

ENCODE = import_module("fastw2v.corpus.encode")  # the package has a function of that name
TOKENS = st.integers(0, 30) | st.sampled_from(["a", "b", "é"]) | st.tuples(st.integers(0, 3))


class Numbers:
    """A block of integers that takes its time, or fails."""

    def __init__(self, values, wait=0.0, error=None):
        self.values, self.wait, self.error = np.array(values, np.int64), wait, error

    def number(self, table, first_place, scratch):
        time.sleep(self.wait)
        if self.error is not None:
            raise self.error
        n = len(self.values)
        scratch.reserve(n)
        table.count_integers(self.values, first_place, scratch.numbers)
        scratch.ends[0] = n
        return n, 1


class Blocks:
    """A source of blocks that are there already."""

    parallel = True
    replaces_invalid = False

    def __init__(self, blocks):
        self.given = blocks

    def blocks(self):
        for block in self.given:
            if isinstance(block, Exception):
                raise block
            yield block


def ordered(corpus):
    """The keys of a corpus's tokens, in order, and its keys by first appearance."""
    rows = np.arange(corpus.n_numbers, dtype=np.int32)
    pieces = corpus.pieces(rows, consume=False)
    tokens = [corpus.keys(now[numbers].astype(np.int64)) for numbers, _, now in pieces]
    return tokens, corpus.keys(np.argsort(corpus.first()))


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("budget", [0, 1 << 20])
def test_the_order_is_the_inputs_whatever_the_threads(workers, budget):
    random = np.random.default_rng(workers)
    values = [random.integers(20, size=5).tolist() for _ in range(60)]
    blocks = [Numbers(row, wait) for row, wait in zip(values, random.random(60) / 500, strict=True)]
    corpus = read(Blocks(blocks), workers=workers, budget=budget)
    assert ordered(corpus) == (values, list(dict.fromkeys(np.ravel(values).tolist())))
    assert (corpus.n_tokens, corpus.n_sentences) == (300, 60)
    assert corpus.spool.on_disk == (budget == 0)
    corpus.close()


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_the_first_error_of_the_input_wins(workers):
    early, late, later = ValueError("early"), ValueError("late"), ValueError("later")
    blocks = [
        Numbers([1]),
        Numbers([2], wait=0.05, error=early),
        Numbers([3], wait=0.01, error=late),
        later,
    ]
    with pytest.raises(ValueError, match=r"^early$") as raised:
        read(Blocks(blocks), workers=workers, budget=0)
    assert raised.value is early
    with pytest.raises(ValueError, match=r"^later$"):
        read(
            Blocks([*(Numbers([n], wait=0.01) for n in range(9)), later]), workers=workers, budget=0
        )


@pytest.mark.parametrize("workers", [1, 3])
def test_no_thread_is_left_behind(workers):
    before = threading.active_count()
    for end in [], [Numbers([1], error=ValueError("ours"))]:
        blocks = [Numbers([n], wait=0.01) for n in range(5)] + end
        try:
            read(Blocks(blocks), workers=workers, budget=None)
        except ValueError:
            assert end
        assert threading.active_count() == before


def left(folder):
    """Temporary files of a folder that are there, or open."""
    names = set(map(str, folder.iterdir()))
    for handle in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []:
        try:
            names.add(os.readlink(f"/proc/self/fd/{handle}"))
        except OSError:  # the listing's own
            continue
    return [name for name in names if name.startswith(str(folder))]


@pytest.fixture
def spilling(tmp_path, monkeypatch):
    """Everything is read into temporary files of the folder returned."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(ENCODE, "LEAST_MEMORY_LIMIT", 1)
    monkeypatch.setattr(objects, "PIECE", 10)
    return tmp_path


class OurError(Exception):
    """An error of the caller's."""


@pytest.mark.parametrize("k", [0, 1, 50, 999])
def test_an_iterator_that_raises_leaves_no_temporary_file(spilling, k):
    seen = []

    def rows():
        for i in range(1000):
            if i == k:
                seen.extend(left(spilling))
                raise OurError
            yield ["a", str(i % 7)]

    with pytest.raises(OurError):
        encode(rows(), memory_limit=1)
    assert len(seen) == (k >= 50)
    gc.collect()  # the frames that the error holds on to
    assert not left(spilling)


def test_a_vocabulary_that_is_empty_leaves_no_temporary_file(spilling):
    with pytest.raises(ValueError, match="vocabulary is empty"):
        encode([["a", "b"]] * 100, min_count=1000, memory_limit=1)
    gc.collect()
    assert not left(spilling)


def test_a_corpus_on_disk_goes_with_the_last_look_at_it(spilling):
    corpus = encode([["a", "b"]] * 100, memory_limit=1)
    assert corpus.on_disk
    tokens = corpus.tokens
    del corpus
    assert tokens.tolist() == [0, 1] * 100
    del tokens
    gc.collect()
    assert not left(spilling)


def test_counting_keeps_no_numbers(spilling):
    def rows():
        for _ in range(1000):
            yield ["a", "b"]
        assert not left(spilling)

    assert len(count(rows())) == 2


# Forgetting


def forgetful(tokens, piece, most):
    """Count as max_distinct does, and return which occurrences count in the end."""
    counts, lives, births, forgotten = {}, {}, [], []
    for begin in range(0, len(tokens) + 1, piece):  # the last piece may be empty
        for token in tokens[begin : begin + piece]:
            counts[token] = counts.get(token, 0) + 1
            births.append(lives.get(token, 0))
        if len(counts) > most:
            # The fewest that leave no more than half; but if all would go, those of one count less.
            bounds = [n + 1 for n in sorted(set(counts.values()))]
            left = [sum(n >= bound for n in counts.values()) for bound in bounds]
            enough = next(i for i, n in enumerate(left) if n <= most // 2)
            if left[enough] == 0 and enough > 0 and left[enough - 1] <= most:
                enough -= 1
            least = bounds[enough]
            for token in [token for token, n in counts.items() if n < least]:
                forgotten.append(counts.pop(token))
                lives[token] = lives.get(token, 0) + 1
    kept = [
        token if token in counts and birth == lives.get(token, 0) else None
        for token, birth in zip(tokens, births, strict=True)
    ]
    return counts, kept, forgotten


@settings(deadline=None)  # the machine may be busy
@given(
    rows=st.lists(st.lists(TOKENS, max_size=9), min_size=1, max_size=20),
    piece=st.integers(1, 9),
    most=st.integers(1, 8),
)
def test_forgetting_agrees_with_a_plain_simulation(plain, rows, piece, most):
    counts, kept, forgotten = forgetful(list(chain.from_iterable(rows)), piece, most)
    at = iter(kept)
    expected = [[token for token in [next(at) for _ in row] if token is not None] for row in rows]
    expected = [row for row in expected if row]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ENCODE, "LEAST_MAX_DISTINCT", 1)
        patch.setattr(objects, "PIECE", piece)
        if max(map(len, expected), default=0) < 2:
            with pytest.raises(ValueError, match=r"nothing to train on|vocabulary|forget all"):
                encode(rows, min_count=1, max_distinct=most)
            return
        corpus = encode(rows, min_count=1, max_distinct=most)
    assert plain(corpus) == expected
    vocabulary = corpus.vocabulary
    assert dict(zip(vocabulary.keys, vocabulary.counts.tolist(), strict=True)) == counts
    assert corpus.report.distinct == len(counts)
    assert corpus.report.pruned_distinct == len(forgotten)
    assert corpus.report.pruned_tokens == sum(forgotten)


@pytest.mark.parametrize("workers", [1, 2])
def test_forgetting_does_not_depend_on_the_threads(tmp_path, monkeypatch, contents, workers):
    monkeypatch.setattr(text, "BLOCK", 1 << 14)
    numbers = np.random.default_rng(1).zipf(1.2, size=30_000) % 20_000
    path = tmp_path / "corpus.txt"
    path.write_text(" ".join(map(str, numbers)))
    corpus = encode(path, min_count=1, max_distinct=1000, workers=workers)
    assert 0 < corpus.report.distinct <= 1000
    assert corpus.report.pruned_distinct > 5000
    assert corpus.report.kept_tokens + corpus.report.pruned_tokens == 30_000
    counts = np.bincount(corpus.tokens, minlength=len(corpus.vocabulary))
    assert counts.tolist() == corpus.vocabulary.counts.tolist()
    assert contents(corpus) == contents(encode(path, min_count=1, max_distinct=1000, workers=1))


# Ctrl-C


INTERRUPTED = """
import itertools, signal, sys
import numpy as np
from fastw2v.corpus import count, encode
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
kind, path = sys.argv[1:]
row = np.random.default_rng(0).integers(1000, size=1000)
source = {
    "lists": itertools.repeat(["a", "b"] * 50),
    "generators": (iter("ab") for _ in itertools.count()),
    "empty": itertools.repeat([]),
    "rows": np.broadcast_to(row, (2_000_000_000, 1000)),
    "long rows": np.broadcast_to(row[:2, None], (2, 10**12)),
    "files": [path] * 1000,
}[kind]
print("reading", flush=True)
try:
    (encode if kind == "lists" else count)(source)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT can be sent to a process there")
@pytest.mark.parametrize("kind", ["lists", "generators", "empty", "rows", "long rows", "files"])
def test_ctrl_c_while_reading(tmp_path, kind):
    path = tmp_path / "corpus.txt"
    path.write_bytes(b"abcd " * 2_000_000)
    command = [sys.executable, "-c", INTERRUPTED, kind, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "reading\n"
            time.sleep(0.4)
            process.send_signal(signal.SIGINT)
            sent = time.perf_counter()
            assert process.stdout.readline() == "interrupted\n"
            assert time.perf_counter() - sent < 1
        finally:
            process.kill()
