"""What goes wrong outside: threads that can't start, files that change, blocks that take long."""

import os
import sys
import threading
import time

import numpy as np
import pyarrow as pa
import pytest
import zstandard

import fastw2v
from fastw2v import EncodedCorpus, encode
from fastw2v.corpus import columns, text
from fastw2v.corpus.reading import MOST_WAITING, Reader, read
from fastw2v.threads import StoppableThread


class Blocks:
    """A source of blocks that each wait before they number one token."""

    parallel = True
    replaces_invalid = False

    def __init__(self, n, seconds):
        self.n, self.seconds = n, seconds
        self.read = 0

    def blocks(self):
        for i in range(self.n):
            self.read += 1
            yield Block(self.seconds(i))


class Block:
    def __init__(self, seconds):
        self.seconds = seconds

    def number(self, table, first_place, scratch):
        time.sleep(self.seconds)
        scratch.reserve(1)
        scratch.ends[0] = 1
        return table.count_integers(np.array([1]), first_place, scratch.numbers), 1


def test_a_thread_that_cannot_start_ends_the_reading(monkeypatch):
    started = []

    def start(thread):
        if started:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        threading.Thread.start(thread)

    monkeypatch.setattr(Reader, "start", start)
    source = Blocks(1000, lambda i: 0.01)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        read(source, workers=3, budget=1 << 20)
    assert source.read < 100
    assert not started[0].is_alive()


@pytest.mark.parametrize("budget", [None, 1 << 20])
def test_few_pieces_wait_for_a_block_that_takes_long(budget):
    read_meanwhile = []
    source = Blocks(500, lambda i: 0)

    class Slow(Block):
        def number(self, table, first_place, scratch):
            time.sleep(0.5)
            read_meanwhile.append(source.read)
            return super().number(table, first_place, scratch)

    class OneSlow(Blocks):
        def blocks(self):
            for i, block in enumerate(source.blocks()):
                yield Slow(0) if i == 0 else block

    corpus = read(OneSlow(0, None), workers=2, budget=budget)
    assert read_meanwhile[0] <= 2 * MOST_WAITING + 3
    assert corpus.n_tokens == corpus.n_sentences == source.read == 500
    assert corpus.table.counts().tolist() == [500]


def test_waiting_goes_on_through_interrupts():
    class Slow(StoppableThread):
        def work_on(self):
            time.sleep(0.3)

    thread = Slow("slow")
    thread.wait()  # never started: nothing to wait for
    thread.start()
    calls = []
    real = thread.done.wait

    def interrupted(*timeout):
        if not calls:
            calls.append(1)
            raise KeyboardInterrupt
        return real(*timeout)

    thread.done.wait = interrupted
    with pytest.raises(KeyboardInterrupt):
        thread.wait()
    assert thread.ident not in sys._current_frames()


def test_a_file_that_shrinks_while_a_bad_byte_is_placed(tmp_path, monkeypatch):
    path = tmp_path / "corpus.txt"
    path.write_bytes(b"word\n" * 1000 + b"\xff\n")
    real = text._line_of

    def shrunk(path, offset):
        with open(path, "rb+") as file:
            file.truncate(100)
        return real(path, offset)

    monkeypatch.setattr(text, "_line_of", shrunk)
    with pytest.raises(ValueError, match=r"line 21, .* is not valid UTF-8"):
        encode(path)


def test_a_stream_of_one_use():
    class Once:
        def __init__(self, column):
            self.column = pa.chunked_array(column)

        def __arrow_c_stream__(self, requested=None):
            if self.column is None:
                raise RuntimeError("the stream is used up")
            column, self.column = self.column, None
            return column.__arrow_c_stream__(requested)

    assert len(encode(Once([[["a", "b"]] * 9]))) == 9
    assert len(fastw2v.Model(Once([[["a", "b"]] * 9]), epochs=1).train(progress=False).wv) == 2


@pytest.mark.parametrize("tokens", [1, 3, 1 << 17])
def test_long_lists_go_on_in_the_next_block(tokens, monkeypatch):
    monkeypatch.setattr(columns, "TOKENS", tokens)
    rows = [[], list("abcab"), ["a"], [], list("ccab") * 3, []]
    numbers = [[ord(token) for token in row] for row in rows]
    for column, plain in (rows, rows), (numbers, numbers):
        encoded, expected = encode(pa.array(column), min_count=1), encode(plain, min_count=1)
        assert encoded.offsets.tolist() == expected.offsets.tolist() == [0, 5, 6, 18]
        assert encoded.tokens.tolist() == expected.tokens.tolist()
        assert encoded.vocabulary.keys == expected.vocabulary.keys
    column = pa.array([*rows[:4], ["a", "b", None]])
    with pytest.raises(TypeError, match="sentence 4, position 2: null is no token"):
        encode(column, min_count=1)


@pytest.mark.parametrize("unit", ["ns", "D"])
def test_times_in_an_array_are_those_in_a_list(unit):
    times = np.array(["2020-01-01", "2020-01-02"], f"M8[{unit}]")
    keys = encode([times] * 5).vocabulary.keys
    assert keys == encode([list(times)] * 5).vocabulary.keys == list(times)


def test_a_long_zstandard_window(tmp_path):
    parameters = zstandard.ZstdCompressionParameters(window_log=28, enable_ldm=True)
    compressor = zstandard.ZstdCompressor(compression_params=parameters)
    path = tmp_path / "corpus.zst"
    with open(path, "wb") as file, compressor.stream_writer(file) as writer:
        writer.write(b"a b c\n" * 1000)
    assert len(encode(path)) == 1000


def test_an_error_of_another_kind_is_no_damage(tmp_path, monkeypatch):
    path = tmp_path / "corpus.txt"
    path.write_bytes(b"a b\n" * 10)

    def late(*_):
        raise TimeoutError("late")

    monkeypatch.setattr(text, "_fill", late)
    with pytest.raises(TimeoutError, match="late"):
        encode(path)


def test_noise_of_extreme_exponents_leaves_out_what_never_occurs():
    vocabulary = fastw2v.Vocabulary.in_order(["a", "b", "c"], [1_000_000, 2_000_000, 0])
    for exponent in -60, -1, 0, 0.75, 1e3:
        weights = vocabulary.noise_weights(exponent)
        assert weights[2] == 0
        assert np.isfinite(weights).all()


def test_lists_of_paths_and_patterns(tmp_path):
    for name in "one.txt", "two.txt":
        (tmp_path / name).write_text("a b\n" * 5)
    assert len(encode([str(tmp_path / "*.txt")])) == 10
    with pytest.raises(TypeError, match="or if it is a path: there is no such file"):
        encode([str(tmp_path / "none.txt")])


@pytest.mark.parametrize(
    "pair",
    [
        (np.array([5, 6]), [0, 2]),
        ([5, 6], np.array([0, 2])),
        (np.array([5, 6]), np.array([0.0, 2.0])),
        (np.array(["a", "b"]), np.array([0, 2])),
    ],
)
def test_what_looks_like_tokens_and_offsets_is_not_two_sentences(pair):
    with pytest.raises(TypeError, match=r"\(tokens, offsets\) must be two 1-D arrays of integers"):
        encode(pair)


def test_a_padding_that_an_array_cannot_hold():
    for dtype in np.uint8, np.uint32, np.uint64:
        filled = np.array([[1, -1]] * 9).astype(dtype)
        with pytest.raises(ValueError, match="padding=-1 can't occur in an array of uint"):
            encode(filled, padding=-1)
        with pytest.raises(ValueError, match="padding=-1 can't occur in an array of uint"):
            encode((filled.ravel(), np.array([0, 18])), padding=-1)
    with pytest.raises(ValueError, match="this column holds texts"):
        encode(pa.array(["1 -1"]), padding=-1)


def test_bytes_of_zero_are_warned_of(tmp_path, caplog):
    path = tmp_path / "corpus.txt"
    path.write_bytes("a b\n".encode("utf-16-le") * 10)
    encode(path)
    assert "the text has NUL bytes: if it is UTF-16" in caplog.text


def test_our_own_files_are_no_text(tmp_path):
    corpus = encode([["a", "b"]] * 9)
    corpus.save(tmp_path / "c.f2v")
    fastw2v.Model(corpus, epochs=1, sample=0).train(progress=False).save(tmp_path / "m.safetensors")
    for name in "c.f2v", "m.safetensors":
        with pytest.raises(ValueError, match="is no text but a safetensors file: an encoded"):
            fastw2v.Model(tmp_path / name)


def test_folders_hide_nothing(tmp_path, caplog):
    (tmp_path / "one.txt").write_text("a b\n" * 9)
    (tmp_path / "more").mkdir()
    assert len(encode(tmp_path)) == 9
    assert "/**/*' names all files in them too" in caplog.text
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"gone.txt is a link to nowhere"):
        encode(tmp_path)


def test_a_pipe_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="is no regular file; save what comes from it"):
        encode(tmp_path / "pipe")


def test_a_corpus_whose_file_was_written_to(tmp_path):
    path = tmp_path / "c.f2v"
    corpus = encode([["a", "b"]] * 9)
    corpus.save(path)
    opened = EncodedCorpus.open(path)
    corpus.save(path)  # a new file in its place
    model = fastw2v.Model(opened, epochs=1, sample=0, shuffle=False).train(progress=False)
    opened = EncodedCorpus.open(path)
    path.write_bytes(path.read_bytes() + b" ")
    for use in (
        lambda: fastw2v.Model(opened).train(),
        lambda: fastw2v.Model(opened, shuffle=False).train(),
        lambda: fastw2v.phrases.find(opened),
        lambda: model.train(opened),
    ):
        with pytest.raises(RuntimeError, match=r"c.f2v was changed since it was opened"):
            use()


def test_lists_of_arrow_and_of_its_scalars():
    column = pa.array([["a", "b"]] * 9)
    for sentences in list(column), [row.values for row in column]:
        assert encode(sentences).vocabulary.keys == ["a", "b"]


def test_advice_for_a_vocabulary_of_another_type():
    with pytest.raises(ValueError, match="its keys, such as 1 of type int, are the sentences'"):
        encode([["1", "2"]] * 9, vocabulary={1: 5, 2: 3})
