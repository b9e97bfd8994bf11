"""Checkpoints: what a run that was ended loses, and what it ends in when it goes on."""

import errno
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import fastw2v
from fastw2v import Model, checkpoint_file, checkpoints, trainer
from fastw2v.checkpoints import Checkpoints, Interval
from fastw2v.formats import safetensors
from fastw2v.formats.keys import encode_keys

RANDOM = np.random.default_rng(0)
SENTENCES = [
    RANDOM.zipf(1.4, size=length).clip(max=300).tolist()
    for length in [*RANDOM.integers(1, 40, size=700).tolist(), 2_000]
]
WEIGHTS = RANDOM.uniform(0, 2, size=len(SENTENCES)).round(1)
SMALL = {"vector_size": 12, "workers": 1, "epochs": 2, "sample": 1e-2, "min_count": 1}
KINDS = {
    "skipgram": {},
    "pair": {"negative_sharing": "pair", "window": 60, "shuffle": False},
    "cbow": {"architecture": "cbow"},
    "hierarchical": {"objective": "hierarchical_softmax"},
    "softmax": {"objective": "softmax", "window": (2, 3)},
    "cbow softmax": {"objective": "softmax", "architecture": "cbow"},
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.ckpt"


@pytest.fixture
def kept(monkeypatch, path):
    """Copies of all checkpoints that are written, as each is waited for."""
    copies = []
    take = Checkpoints.take

    def take_and_keep(self, position, done):
        take(self, position, done)
        self._finish()
        copies.append(f"{path}.{len(copies)}")
        shutil.copy(self._path, copies[-1])

    monkeypatch.setattr(Checkpoints, "take", take_and_keep)
    return copies


def threads_left():
    return [thread for thread in threading.enumerate() if thread.name.startswith("fastw2v")]


def assert_same(model, expected):
    assert model.vocabulary.keys == expected.vocabulary.keys
    assert model.vocabulary.counts.tolist() == expected.vocabulary.counts.tolist()
    assert model.input_vectors.tobytes() == expected.input_vectors.tobytes()
    assert model.output_vectors.tobytes() == expected.output_vectors.tobytes()
    for record, other in zip(model.history, expected.history, strict=True):
        assert (record.epoch, record.loss, record.examples) == (
            *(other.epoch, other.loss, other.examples),
        )
        assert (record.tokens, record.lr) == (other.tokens, other.lr)


# Going on


@pytest.mark.parametrize("rated", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_resumed_run_ends_in_the_same_bits(kind, rated, path, kept):
    options = SMALL | KINDS[kind]
    given = {"weights": WEIGHTS} if rated else {}
    how = {"input_rates": {1: 0, 2: 0.5}, "alpha": 0.02, "epochs": 3} if rated else {}
    expected = Model(**options).train(SENTENCES, **given, **how, progress=False)
    model = Model(**options)
    model.train(SENTENCES, **given, **how, checkpoint=path, every=5_000, progress=False)
    assert_same(model, expected)  # it changes nothing
    first, *_, last = copies = list(kept)
    assert len(copies) > 4
    for copy in first, copies[len(copies) // 2], last:
        resumed = Model.resume(copy, SENTENCES, **given, progress=False)
        assert_same(resumed, expected)
        assert resumed.parameters == expected.parameters
        assert (resumed.workers, resumed.kernel) == (1, "auto")
    assert not threads_left()


def test_a_resumed_run_writes_checkpoints_to_go_on_from(path, kept):
    expected = Model(SENTENCES, **SMALL).train(progress=False)
    Model(SENTENCES, **SMALL).train(checkpoint=path, every=9_000, progress=False)
    n = len(kept)
    Model.resume(kept[0], SENTENCES, progress=False)
    assert len(kept) == 2 * n - 1
    for i in range(1, n):  # in the same places
        positions = [safetensors.read_tensors(kept[j], set())[0]["run"] for j in (i, n + i - 1)]
        tokens = [position.partition('"seconds"')[0] for position in positions]
        assert tokens[0] == tokens[1]
    assert_same(Model.resume(kept[-1], SENTENCES, progress=False), expected)


def test_the_second_call_of_train(path, kept):
    def begun():
        return Model(SENTENCES, **SMALL).train(progress=False)

    expected = begun().train(progress=False)
    begun().train(checkpoint=path, every=12_000, progress=False)
    assert_same(Model.resume(kept[1], SENTENCES, progress=False), expected)


def test_partial_fit(path, kept):
    new = [[5, 1000, 7, 1001, 1000, 1], [1001, 3]] * 400

    def begun():
        return Model(SENTENCES, **SMALL).train(progress=False)

    expected = begun().partial_fit(new, progress=False)
    begun().partial_fit(new, checkpoint=path, every=2_000, progress=False)
    assert 1001 in expected.wv
    assert_same(Model.resume(kept[1], new, progress=False), expected)


def test_every_kind_of_sentences(path, kept, tmp_path):
    """An iterator that is made anew, a corpus in a file, a corpus that was encoded."""
    expected = Model(**SMALL).train(iter(SENTENCES), progress=False)
    Model(**SMALL).train(iter(SENTENCES), checkpoint=path, every=20_000, progress=False)
    fastw2v.encode(SENTENCES, min_count=1).save(tmp_path / "corpus.f2v")
    for sentences in iter(SENTENCES), fastw2v.EncodedCorpus.open(tmp_path / "corpus.f2v"):
        assert_same(Model.resume(kept[0], sentences, progress=False), expected)


def test_numbered_nodes(path, kept):
    options = SMALL | {"vocabulary": "identity"}
    del options["min_count"]
    expected = Model(SENTENCES, **options).train(progress=False)
    Model(SENTENCES, **options).train(checkpoint=path, every=20_000, progress=False)
    model = Model.resume(kept[0], SENTENCES, progress=False)
    assert_same(model, expected)
    assert model.grow_vocabulary([[305, 305]]).vocabulary.keys == list(range(306))


def test_several_workers(path, kept):
    options = SMALL | {"workers": 3, "sample": 0}
    expected = Model(SENTENCES, **options).train(progress=False)
    Model(SENTENCES, **options).train(checkpoint=path, every=5_000, progress=False)
    assert len(kept) > 3
    for copy in kept[:3]:
        model = Model.resume(copy, SENTENCES, progress=False)
        assert model.workers == 3
        for record, other in zip(model.history, expected.history, strict=True):
            # Windows are the same, so no token was left out, and none was trained on twice.
            assert (record.epoch, record.examples) == (other.epoch, other.examples)
            assert record.loss == pytest.approx(other.loss, rel=0.02)


def test_by_time(path, monkeypatch):
    written = []
    monkeypatch.setattr(checkpoints, "write", lambda *a: written.append(time.monotonic()))
    model = Model(SENTENCES, **SMALL | {"epochs": 10**6, "workers": 2})
    began = time.monotonic()
    model.train(
        checkpoint=path,
        every="0.3s",
        callback=lambda *_: time.monotonic() > began + 1.3,
        progress=False,
    )
    assert 1 <= len(written) <= 4
    assert written[0] - began >= 0.3


def test_what_a_checkpoint_is_to_others(path):
    model = Model(SENTENCES, **SMALL).train(checkpoint=path, every=1, progress=False)
    loaded = Model.load(path)
    assert loaded.parameters == model.parameters
    assert loaded.vocabulary.keys == model.vocabulary.keys
    assert np.isfinite(loaded.input_vectors).all()
    assert fastw2v.load(path).index_to_key == model.wv.index_to_key
    model.save(path.with_name("m.safetensors"))
    with pytest.raises(ValueError, match=r"m\.safetensors is no checkpoint of a run; Model.load"):
        Model.resume(path.with_name("m.safetensors"), SENTENCES)


def test_the_last_two_are_kept(path, kept):
    Model(SENTENCES, **SMALL).train(checkpoint=path, every=5_000, progress=False)
    names = {name for name in os.listdir(path.parent) if not name[-1].isdigit()}
    assert names == {"run.ckpt", "run.ckpt.previous"}
    assert path.read_bytes() == Path(kept[-1]).read_bytes()
    previous = path.with_name("run.ckpt.previous")
    assert previous.read_bytes() == Path(kept[-2]).read_bytes()
    path.unlink()  # as between two renames, where there are no hard links
    expected = Model(SENTENCES, **SMALL).train(progress=False)
    assert_same(Model.resume(path, SENTENCES, progress=False), expected)


def test_the_checkpoints_of_another_model_are_not_replaced(path, tmp_path):
    """Neither by one that would train on the same, nor where only the one before is there."""
    first = Model(SENTENCES, **SMALL).train(checkpoint=path, every=5_000, progress=False)
    before = path.read_bytes()
    second = Model(SENTENCES, **SMALL)
    refused = (
        r"run\.ckpt.* is a checkpoint of another model's training, at epoch [01], .*Model\.resume"
    )
    with pytest.raises(ValueError, match=refused):
        second.train(checkpoint=path, progress=False)
    assert second.vocabulary is None
    with pytest.raises(ValueError, match=refused):
        second.partial_fit(SENTENCES, checkpoint=path, progress=False)
    assert path.read_bytes() == before
    # Its own it replaces, also when it goes on, or has become another object.
    first.train(checkpoint=path, every=5_000, progress=False)
    Model.resume(path, SENTENCES, progress=False).train(checkpoint=path, progress=False)
    pickle.loads(pickle.dumps(first)).train(checkpoint=path, progress=False)
    path.unlink()
    with pytest.raises(ValueError, match=r"run\.ckpt\.previous.* another model's training"):
        second.train(checkpoint=path, progress=False)


def test_going_on_from_the_one_before(path, kept):
    model = Model(SENTENCES, **SMALL).train(checkpoint=path, every=5_000, progress=False)
    previous = path.with_name("run.ckpt.previous")
    shutil.copy(kept[0], previous)
    path.write_bytes(b"damaged")
    with pytest.raises(ValueError, match="is no checkpoint, and would be replaced"):
        Model.resume(previous, SENTENCES, progress=False)
    path.unlink()
    assert_same(Model.resume(previous, SENTENCES, progress=False), model)
    assert path.exists()  # where it was being written before
    assert not previous.with_name("run.ckpt.previous.previous").exists()


def test_without_hard_links(path, kept, monkeypatch):
    def refuse(*_):
        raise PermissionError("no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    test_the_last_two_are_kept(path, kept)


def test_a_stop_by_a_callback(path, kept):
    def stop(model, record):
        return record.epoch == 1

    options = SMALL | {"epochs": 3}
    expected = Model(SENTENCES, **options).train(callback=stop, progress=False)
    model = Model(SENTENCES, **options)
    model.train(checkpoint=path, every=5_000, callback=stop, progress=False)
    assert_same(model, expected)
    assert_same(Model.resume(kept[0], SENTENCES, callback=stop, progress=False), expected)


# What is refused


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A checkpoint, with weights; not to be written to."""
    path = tmp_path_factory.mktemp("run") / "run.ckpt"
    Model(SENTENCES, **SMALL).train(weights=WEIGHTS, checkpoint=path, every=1, progress=False)
    return path


def test_other_sentences_are_refused(checkpoint):
    swapped = [SENTENCES[1], SENTENCES[0], *SENTENCES[2:]]
    ones_and_twos = [[{1: 2, 2: 1}.get(token, token) for token in s] for s in SENTENCES]
    for sentences, message in (
        (SENTENCES[1:], "tokens of the vocabulary in .* and the checkpoint was made with"),
        (swapped, "as many tokens and sentences, but others, or in another order"),
        (ones_and_twos, "as many tokens and sentences, but others"),
    ):
        weights = WEIGHTS[: len(sentences)]
        with pytest.raises(ValueError, match=message) as error:
            Model.resume(checkpoint, sentences, weights=weights)
        assert "An iterator must be made anew" in str(error.value)
        assert "EncodedCorpus.open(path)" in str(error.value)
    with pytest.raises(ValueError, match="give those that it was training on"):
        Model.resume(checkpoint, None)
    with pytest.raises(ValueError, match="not one token"):
        Model.resume(checkpoint, iter(()))


def test_other_weights_are_refused(checkpoint, path):
    with pytest.raises(ValueError, match=r"not the sentences' weights .* must be given again"):
        Model.resume(checkpoint, SENTENCES)
    with pytest.raises(ValueError, match="not the sentences' weights"):
        Model.resume(checkpoint, SENTENCES, weights=WEIGHTS + 1)
    Model(SENTENCES, **SMALL).train(checkpoint=path, every=1, progress=False)
    with pytest.raises(ValueError, match="which were none"):
        Model.resume(path, SENTENCES, weights=WEIGHTS)


def test_a_damaged_checkpoint_is_refused(checkpoint, path):
    whole = bytearray(checkpoint.read_bytes())
    for place in [*RANDOM.integers(len(whole), size=60).tolist(), 0, 7, 8, 20, len(whole) - 1]:
        damaged = whole.copy()
        damaged[place] ^= 1 << int(RANDOM.integers(8))
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"run\.ckpt"):
            Model.resume(path, SENTENCES, weights=WEIGHTS)
    for length in [0, 1, 8, 100, len(whole) // 2, len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"run\.ckpt"):
            Model.resume(path, SENTENCES, weights=WEIGHTS)
    shutil.copy(checkpoint, f"{path}.previous")
    with pytest.raises(ValueError, match=r"run\.ckpt\.previous is the checkpoint before it"):
        Model.resume(path, SENTENCES, weights=WEIGHTS)
    with pytest.raises(FileNotFoundError):
        Model.resume(path.with_name("none.ckpt"), SENTENCES)


@pytest.mark.parametrize(
    ("every", "seconds", "tokens"),
    [
        ("30s", 30, None),
        ("10min", 600, None),
        ("1.5 h", 5400, None),
        (7, None, 7),
        (np.int64(9), None, 9),
    ],
)
def test_intervals(every, seconds, tokens):
    interval = Interval.of(every)
    assert interval.seconds == (seconds or float("inf"))
    assert interval.tokens == (tokens or 1 << 62)


@pytest.mark.parametrize("every", ["", "10", "min", "10 minutes", "0s", "-3s", 0, -1, 2.5, True])
def test_what_is_no_interval(every, path):
    sentences = iter(SENTENCES)
    with pytest.raises((TypeError, ValueError), match="every must be"):
        Model(**SMALL).train(sentences, checkpoint=path, every=every)
    assert len(list(sentences)) == len(SENTENCES)


def test_what_is_refused_before_reading(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("a b\n")
    (tmp_path / "old.previous").write_text("precious")
    for options, error, message in (
        ({"every": "10min"}, ValueError, "none was asked for"),
        ({"checkpoint": tmp_path / "no" / "run.ckpt"}, FileNotFoundError, "no folder"),
        ({"checkpoint": tmp_path}, IsADirectoryError, "is a folder"),
        ({"checkpoint": text}, ValueError, "text.txt' is there already, is no checkpoint"),
        ({"checkpoint": tmp_path / "old"}, ValueError, "old.previous' is there already"),
        ({"checkpoint": tmp_path / ("x" * 255)}, OSError, "too long"),
        ({"checkpoint": 7}, TypeError, "7|int"),
    ):
        for method in Model(**SMALL).train, Model(**SMALL).partial_fit:
            sentences = iter(SENTENCES)
            with pytest.raises(error, match=message):
                method(sentences, **options)
            assert len(list(sentences)) == len(SENTENCES)
    assert sorted(os.listdir(tmp_path)) == ["old.previous", "text.txt"]


def test_keys_that_cannot_be_written_are_refused_before_training(path):
    model = Model([[frozenset("a"), frozenset("b")]] * 50, **SMALL)
    with pytest.raises(TypeError, match="frozenset"):
        model.train(checkpoint=path, progress=False)
    assert model.vocabulary is None
    assert model.train(progress=False).history


def test_memory_that_is_not_there(path, monkeypatch):
    model = Model(SENTENCES, **SMALL)
    monkeypatch.setattr("fastw2v.resources.available_memory", lambda: 10)
    monkeypatch.setattr("fastw2v.model_state.check_size", lambda *_, **__: None)
    with pytest.raises(MemoryError, match="copies of both matrices"):
        model.train(checkpoint=path, progress=False)
    assert model.vocabulary is None


# What goes wrong meanwhile


def test_a_full_disk_is_an_error_that_names_the_file(path, kept, monkeypatch):
    model = Model(SENTENCES, **SMALL | {"epochs": 10**6})
    write = safetensors.write_tensors_to

    def fill(file, tensors, header, release):
        if len(kept) < 3:
            write(file, tensors, header, release)
        else:
            file.write(b"half of it")
            file.flush()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(safetensors, "write_tensors_to", fill)
    with pytest.raises(OSError, match="no checkpoint could be written: No space left") as error:
        model.train(checkpoint=path, every=10_000, progress=False)
    assert error.value.errno == errno.ENOSPC
    assert error.value.filename == str(path)
    assert not threads_left()
    assert not list(path.parent.glob("*.partial"))
    assert path.read_bytes() == Path(kept[-1]).read_bytes()
    assert Model.load(path).input_vectors.any()
    assert np.isfinite(model.input_vectors).all()
    n = len(model.history)
    assert len(model.train(epochs=2, progress=False).history) == n + 2


def test_a_folder_that_is_gone_is_named(path):
    folder = path.parent / "folder"
    folder.mkdir()
    model = Model(SENTENCES, **SMALL | {"epochs": 1000})

    def remove(model, record):
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.02)

    with pytest.raises(FileNotFoundError, match=r"folder"):
        model.train(checkpoint=folder / "c", every=20_000, callback=remove, progress=False)


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limits")
def test_a_file_that_grows_too_large(tmp_path):
    """The system's own error, in the middle of a write, beside training."""
    script = """
import resource, sys, threading, fastw2v
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
sentences = [[f"w{i % 2000}", f"w{(7 * i) % 2000}"] * 9 for i in range(4_000)]
model = fastw2v.Model(sentences, vector_size=40, sample=0, workers=2, epochs=10**6)
try:
    model.train(checkpoint="run.ckpt", every="0.05s", progress=False)
except OSError as error:
    assert threading.active_count() == 1
    assert model.input_vectors.any()
    print(error)
"""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout.endswith("no checkpoint could be written: File too large: 'run.ckpt'\n")
    assert not list(tmp_path.iterdir())


def test_vectors_that_are_not_finite_are_not_written(path, kept):
    def diverge(model, record):
        model.input_vectors[3, 1] = np.nan

    model = Model(SENTENCES, **SMALL)
    with pytest.raises(FloatingPointError, match="after the callbacks of epoch 0"):
        model.train(checkpoint=path, every=1_000, callback=diverge, progress=False)
    assert len(model.history) == 1
    assert np.isfinite(Model.load(path).input_vectors).all()


def slow_write(monkeypatch):
    """Let checkpoints take for ever; return an event that says that one is being written."""
    writes = threading.Event()

    def write(file, tensors, header, release):
        file.write(b"some of it")
        writes.set()
        while True:
            time.sleep(0.01)
            release()

    monkeypatch.setattr(safetensors, "write_tensors_to", write)
    return writes


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError, SystemExit])
def test_an_exception_ends_the_writing_too(error, path, monkeypatch):
    writes = slow_write(monkeypatch)

    def fail(model, record):
        if writes.wait(1):
            raise error

    model = Model(SENTENCES, **SMALL | {"epochs": 1000})
    with pytest.raises(error):
        model.train(checkpoint=path, every=5_000, callback=fail, progress=False)
    assert not threads_left()
    assert not list(path.parent.iterdir())
    assert model.train(epochs=1, progress=False).history


def test_keys_are_encoded_once_and_not_beside_training(path, kept, monkeypatch):
    """With millions of them it takes seconds, in which the writer's thread could not be ended."""
    threads = []

    def encode(keys):
        threads.append(threading.current_thread())
        return encode_keys(keys)

    for module in checkpoints, checkpoint_file:
        monkeypatch.setattr(module, "encode_keys", encode, raising=False)
    Model(SENTENCES, **SMALL).train(checkpoint=path, every=10_000, progress=False)
    assert len(kept) > 1
    assert threads == [threading.main_thread()]


def test_training_does_not_wait_for_the_writing(path, monkeypatch):
    writes = slow_write(monkeypatch)
    epochs_meanwhile = []

    def look(model, record):
        epochs_meanwhile.extend([record] * writes.is_set())
        if len(epochs_meanwhile) == 3:
            raise ZeroDivisionError

    model = Model(SENTENCES, **SMALL | {"epochs": 1000})
    with pytest.raises(ZeroDivisionError):
        model.train(checkpoint=path, every=5_000, callback=look, progress=False)


def test_threads_share_the_work_while_one_that_is_overdue_waits_for_the_writing(path, monkeypatch):
    writes, runs = slow_write(monkeypatch), []
    train_batches = trainer.train_batches

    def count(*arguments, **options):
        runs.append(writes.is_set())
        train_batches(*arguments, **options)

    def look(model, record):
        if writes.wait(1) and sum(runs) > 3:
            raise ZeroDivisionError

    monkeypatch.setattr(trainer, "train_batches", count)
    model = Model(SENTENCES, **SMALL | {"epochs": 1000})
    with pytest.raises(ZeroDivisionError):
        model.train(checkpoint=path, every=1_000, callback=look, progress=False)
    # Whole epochs, but for that in which the writing began; of a batch each they were many.
    assert len(runs) - len(model.history) < 5


def test_the_end_waits_for_what_is_being_written(path, monkeypatch):
    write = safetensors.write_tensors_to

    def slow(*arguments):
        time.sleep(0.3)
        write(*arguments)

    monkeypatch.setattr(safetensors, "write_tensors_to", slow)
    Model(SENTENCES, **SMALL).train(checkpoint=path, every=5_000, progress=False)
    names = {file.name for file in path.parent.iterdir()}  # two, where training takes long enough
    assert {"run.ckpt"} <= names <= {"run.ckpt", "run.ckpt.previous"}


def test_what_a_killed_process_left_is_written_over(path):
    partial = path.with_name("run.ckpt.partial")
    partial.write_bytes(b"half of it")
    Model(SENTENCES, **SMALL).train(checkpoint=path, every=5_000, progress=False)
    assert not partial.exists()


KILLED = """
import os, sys
import numpy as np
from fastw2v import Model
path = sys.argv[1]
random = np.random.default_rng(3)
sentences = [random.zipf(1.3, size=20).clip(max=5_000) for _ in range(3_000)]
def starts(model, record):
    print(record.epoch, flush=True)
if os.path.exists(path):
    model = Model.resume(path, sentences, callback=starts, progress=False)
else:
    options = {"vector_size": 64, "sample": 0, "workers": 1, "epochs": 12, "min_count": 1}
    model = Model(sentences, **options)
    model.train(checkpoint=path, every=20_000, callback=starts, progress=False)
model.save(path + ".safetensors")
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal")
def test_killed_again_and_again(tmp_path):
    for name, kills in ("whole", []), ("killed", [0.0, 0.05, 0.15, 0.02]):
        path = tmp_path / name
        for delay in [*kills, None]:
            command = [sys.executable, "-c", KILLED, str(path)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout.readline()  # an epoch is over
                if delay is None:
                    process.communicate(timeout=60)
                    assert process.returncode == 0
                else:
                    time.sleep(delay)
                    process.kill()
    models = [Model.load(tmp_path / f"{name}.safetensors") for name in ("whole", "killed")]
    assert_same(*models)
