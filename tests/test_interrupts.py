"""Ctrl-C and other signals, sent to a real process while it reads, encodes, judges, trains."""

import os
import signal
import subprocess
import sys
import time

import pytest

# Says which stage begins, and once it was interrupted, after how long, by what and what is left.
SCRIPT = """
import importlib, signal, sys, threading, time
import numpy as np
import fastw2v

class Terminated(Exception):
    pass

def handler(number, frame):
    global at
    at = time.perf_counter()
    raise KeyboardInterrupt if number == signal.SIGINT else Terminated

begun = []

def announcing(module, name, stage):
    module = importlib.import_module(module)
    real = getattr(module, name)
    def announced(*arguments, **options):
        if stage not in begun:
            begun.append(stage)
            print(stage, flush=True)
        return real(*arguments, **options)
    setattr(module, name, announced)

signal.signal(signal.SIGINT, handler)  # also in a shell's background, where it is ignored
signal.signal(signal.SIGTERM, handler)
kind, stage = sys.argv[1:]
random = np.random.default_rng(0)
options = {"min_count": 1, "sample": 0, "workers": 2, "epochs": 10**6, "alpha": 1e-3}
if stage in ("reading", "encoding"):  # large enough
    sentences = random.integers(100_000, size=(12_000, 200), dtype=np.int32)
    options["vector_size"] = 8
elif kind == "softmax":
    sentences = random.integers(20_000, size=(2_000, 20))
    options |= {"objective": "softmax", "vector_size": 300}
elif kind == "long windows":
    sentences, options["window"] = random.integers(5_000, size=(2, 30_000)), None
elif kind == "many negatives":
    sentences, options["negative"] = random.integers(5_000, size=(200, 200)), 20_000
else:
    sentences = random.integers(5_000, size=(2_000, 200))
    options["objective"] = kind
announcing("fastw2v.corpus.encode", "read", "reading")
announcing("fastw2v.corpus.encoding", "arrange", "encoding")
announcing("fastw2v.validation", "scratch_bytes", "judging")
announcing("fastw2v.trainer", "train_batches", "training")
model = fastw2v.Model(sentences, **options)
try:
    model.train(validation=sentences if stage == "judging" else None, progress=False)
except (KeyboardInterrupt, Terminated) as error:
    seconds = time.perf_counter() - at
    assert threading.enumerate() == [threading.main_thread()], threading.enumerate()
    print(type(error).__name__, seconds, flush=True)
if stage == "training" or "training" in begun:  # some machines are fast
    assert np.isfinite(model.input_vectors).all() and model.input_vectors.any()
else:
    assert model.vocabulary is None and model.input_vectors is None  # as it was
if kind == "negative_sampling":  # it can be trained again, to the end
    n = len(model.history)
    model.train(epochs=1, progress=False)
    assert len(model.history) == n + 1
"""
KINDS = ["negative_sampling", "hierarchical_softmax", "softmax", "long windows", "many negatives"]
MOMENTS = [
    *(("negative_sampling", "reading", delay) for delay in (0.0, 0.1)),
    *(("negative_sampling", "encoding", delay) for delay in (0.0, 0.05)),
    *((kind, "judging", 0.3) for kind in ("long windows", "many negatives")),
    *((kind, "training", delay) for kind in KINDS for delay in (0.0, 0.6)),
]


@pytest.mark.skipif(sys.platform == "win32", reason="no signal can be sent to a process there")
@pytest.mark.parametrize(("kind", "stage", "delay"), MOMENTS)
def test_a_signal_ends_everything_within_a_second(kind, stage, delay, tmp_path):
    name, raised = ("SIGINT", "KeyboardInterrupt") if delay else ("SIGTERM", "Terminated")
    command = [sys.executable, "-c", SCRIPT, kind, stage]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment
    ) as process:
        try:
            while process.stdout.readline() != f"{stage}\n":
                assert process.poll() is None
            time.sleep(delay)
            process.send_signal(getattr(signal, name))
            sent = time.perf_counter()
            while len(line := process.stdout.readline().split()) == 1:
                pass  # a later stage has begun before the signal came
            error, seconds = line
            assert error == raised
            assert float(seconds) < 1
            assert time.perf_counter() - sent < 3  # on a busy machine
            process.communicate(timeout=60)
            assert process.returncode == 0
        finally:
            process.kill()
