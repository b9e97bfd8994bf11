"""``deterministic=True``: the same bits with any number of workers, whatever happens on the way."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import fastw2v
from fastw2v import Model, team, trainer
from fastw2v._kernels.rounds import MOST_MEMBERS, Rounds
from fastw2v.checkpoints import Checkpoints
from fastw2v.clock import Clock
from fastw2v.workers import JointBatches

RANDOM = np.random.default_rng(0)
SENTENCES = [
    RANDOM.zipf(1.4, size=length).clip(max=500).tolist()
    for length in [*RANDOM.integers(1, 40, size=900).tolist(), 3_000]
]
WEIGHTS = RANDOM.uniform(0, 2, size=len(SENTENCES)).round(1)
SMALL = {"vector_size": 12, "epochs": 2, "sample": 1e-2, "min_count": 1, "deterministic": True}
KINDS = {
    "skipgram": {},
    "pair": {"negative_sharing": "pair", "window": 60, "shuffle": False},
    "cbow": {"architecture": "cbow"},
    "hierarchical": {"objective": "hierarchical_softmax"},
    "softmax": {"objective": "softmax", "window": (2, 3)},
}
WORKERS = 1, 2, 3, 4, 8, 20


def fingerprint(model):
    assert all(np.isfinite(matrix).all() for matrix in (model.input_vectors, model.output_vectors))
    matrices = model.input_vectors.tobytes() + model.output_vectors.tobytes()
    losses = [(record.loss, record.examples, record.lr) for record in model.history]
    return hashlib.sha256(matrices).hexdigest(), losses


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_any_number_of_workers_gives_the_same_bits(kind, seed):
    options = SMALL | KINDS[kind] | {"seed": seed}
    found = [
        fingerprint(Model(SENTENCES, workers=workers, **options).train(progress=False))
        for workers in WORKERS
    ]
    assert all(one == found[0] for one in found)


def test_with_weights_rates_and_held_out_sentences():
    found = []
    for workers in 1, 3:
        model = Model(workers=workers, **SMALL)
        model.train(
            *[SENTENCES],
            weights=WEIGHTS,
            input_rates={1: 0, 2: 0.5},
            validation=0.2,
            patience=1,
            progress=False,
        )
        found.append((fingerprint(model), model.history[-1].validation_loss))
    assert found[0] == found[1]


def test_it_learns_what_others_learn():
    """Nearly the same losses; and bits that a seed decides on."""
    options = SMALL | {"workers": 1, "epochs": 5}
    model = Model(SENTENCES, **options).train(progress=False)
    plain = Model(SENTENCES, **options | {"deterministic": False}).train(progress=False)
    assert model.history[-1].loss == pytest.approx(plain.history[-1].loss, rel=0.02)
    assert model.history[-1].examples == plain.history[-1].examples
    other = Model(SENTENCES, **options | {"seed": 2}).train(progress=False)
    assert fingerprint(other) != fingerprint(model)


def test_the_size_of_batches_makes_no_difference(monkeypatch):
    expected = Model(SENTENCES, workers=2, **SMALL).train(progress=False)
    monkeypatch.setattr(team, "_batch_tokens", lambda *_: 3000)
    model = Model(SENTENCES, workers=2, **SMALL).train(progress=False)
    assert fingerprint(model) == fingerprint(expected)


def test_another_process_gives_the_same_bits(tmp_path):
    script = (
        "import sys, fastw2v\n"
        "model = fastw2v.Model(sys.argv[1], vector_size=8, workers=3, deterministic=True,\n"
        "                      min_count=1, sample=0).train(progress=False)\n"
        "sys.stdout.write(model.input_vectors.tobytes().hex())"
    )
    path = tmp_path / "text.txt"
    path.write_text("\n".join(" ".join(map(str, sentence)) for sentence in SENTENCES))
    found = {
        subprocess.run(
            [sys.executable, "-c", script, path],
            **{"capture_output": True, "check": True, "cwd": tmp_path},
            env=os.environ | {"PYTHONHASHSEED": str(seed)},
        ).stdout
        for seed in (0, 1)
    }
    assert len(found) == 1
    assert found != {b""}


def test_a_resumed_run_ends_in_the_same_bits_with_other_workers(tmp_path, monkeypatch):
    path, copies, take = tmp_path / "run.ckpt", [], Checkpoints.take

    def take_and_keep(self, position, done):
        take(self, position, done)
        self._finish()
        copies.append(f"{path}.{len(copies)}")
        shutil.copy(path, copies[-1])

    monkeypatch.setattr(Checkpoints, "take", take_and_keep)
    expected = Model(SENTENCES, workers=1, **SMALL).train(progress=False)
    model = Model(SENTENCES, workers=2, **SMALL)
    model.train(checkpoint=path, every=7_000, progress=False)
    assert fingerprint(model) == fingerprint(expected)
    assert len(copies) > 3
    for copy, workers in zip(copies[:3], (1, 2, 5), strict=True):
        resumed = Model.resume(copy, SENTENCES, workers=workers, progress=False)
        assert fingerprint(resumed) == fingerprint(expected)
        assert resumed.parameters.deterministic


def test_a_model_goes_on_deterministically_after_it_was_saved(tmp_path):
    Model(SENTENCES, workers=2, **SMALL).train(progress=False).save(tmp_path / "m.safetensors")
    found = []
    for workers in 1, 4:
        model = Model.load(tmp_path / "m.safetensors")
        model.workers = workers
        assert model.parameters.deterministic
        found.append(fingerprint(model.train(SENTENCES, progress=False)))
    assert found[0] == found[1]


def test_max_seconds_end_it():
    model = Model(SENTENCES, workers=3, **SMALL | {"epochs": 10**6})
    began = time.perf_counter()
    model.train(max_seconds=0.3, progress=False)
    assert time.perf_counter() - began < 5
    assert model.history[-1].lr == pytest.approx(1e-4, abs=0.002)


@pytest.mark.parametrize("failing", [0, 1])
def test_a_thread_that_fails_ends_all(failing, monkeypatch):
    """One that has left is missed at the next meeting, which must not wait for it."""
    train = Rounds.train

    class Failing:
        def __init__(self, rounds):
            self.rounds, self.calls = rounds, 0

        def train(self, member, *arguments):
            if member == failing:
                self.calls += 1
                if self.calls == 3:
                    raise ZeroDivisionError
            train(self.rounds, member, *arguments)

        def stop(self):
            self.rounds.stop()

    run_batches = trainer.train_batches

    def train_batches(steps, *arguments, **options):
        assert isinstance(steps, Rounds)
        run_batches(failings.setdefault(id(steps), Failing(steps)), *arguments, **options)

    failings = {}
    monkeypatch.setattr(trainer, "train_batches", train_batches)
    model = Model(SENTENCES, workers=2, **SMALL | {"epochs": 10**6})
    with pytest.raises(ZeroDivisionError):
        model.train(progress=False)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("fastw2v")]


def test_ctrl_c_ends_all_threads(tmp_path):
    script = (
        "import signal, sys, threading, fastw2v\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "text = [['a', 'b', 'c', 'd'] * 5_000] * 20\n"
        "model = fastw2v.Model(text, epochs=10**6, sample=0, workers=3, deterministic=True)\n"
        "print('ready', flush=True)\n"
        "try:\n"
        "    model.train(progress=False)\n"
        "except KeyboardInterrupt:\n"
        "    assert threading.active_count() == 1, threading.enumerate()\n"
        "    import numpy; assert numpy.isfinite(model.input_vectors).all()\n"
        "    sys.exit(42)\n"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=tmp_path) as process:
        assert process.stdout.readline().strip() == b"ready"
        time.sleep(0.7)
        try:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 42
        finally:
            process.kill()


def test_joint_batches():
    batches = JointBatches(0, 1000, 300, n_threads=2)
    first, second = iter(batches), iter(batches)
    assert next(first) == (0, 300)
    assert next(first) == (300, 600)
    batches.close()  # what one has begun, all finish
    assert list(second) == [(0, 300), (300, 600)]
    assert list(first) == []
    assert batches.next == 600
    over = JointBatches(0, 1000, 300, Clock(1e-9), n_threads=2)
    assert list(over) == list(over) == [(0, 300)]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"window": None, "architecture": "cbow", "vector_size": 33},
        {"negative_sharing": "pair"},
        {"objective": "softmax"},
        {"negative": 300, "alpha": 0.01},
    ],
)
@pytest.mark.parametrize("workers", [1, 20])
def test_the_estimate_is_what_is_taken(options, workers, monkeypatch):
    made = []

    class Kept(Rounds):
        def __init__(self, *_):
            made.append(self)

    monkeypatch.setattr(team, "Rounds", Kept)
    model = Model(SENTENCES, workers=workers, **SMALL | options).train(progress=False)
    estimate = model.estimate_memory().scratch
    assert estimate == pytest.approx(made[0].nbytes, rel=0.1, abs=20_000)


def test_it_must_be_true_or_false():
    with pytest.raises(TypeError, match="deterministic must be True or False, not 1"):
        fastw2v.Model(deterministic=1)
    assert MOST_MEMBERS == 8  # as the docstring says
