"""Training end to end: what is learned, and that the same seed learns it again."""

import hashlib
import math
import os
import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise

import numpy as np
import pytest

import fastw2v
from fastw2v import matrices, objectives, team, trainer
from fastw2v._kernels.huffman import HuffmanTree
from fastw2v.corpus import encode
from fastw2v.hyperparameters import Hyperparameters
from fastw2v.workers import Batches

OBJECTIVES = {
    "skipgram-window": {"negative_sharing": "window"},
    "skipgram-pair": {"negative_sharing": "pair"},
    "cbow-exact": {"architecture": "cbow", "cbow_gradient": "exact"},
    "cbow-word2vec": {"architecture": "cbow", "cbow_gradient": "word2vec"},
    "skipgram-hierarchical": {"objective": "hierarchical_softmax"},
    "cbow-hierarchical": {"architecture": "cbow", "objective": "hierarchical_softmax"},
    "cbow-hierarchical-word2vec": {
        "architecture": "cbow",
        "objective": "hierarchical_softmax",
        "cbow_gradient": "word2vec",
    },
    "skipgram-softmax": {"objective": "softmax"},
    "cbow-softmax": {"architecture": "cbow", "objective": "softmax"},
}
KERNELS = fastw2v.kernels().available
every_objective = pytest.mark.parametrize("name", OBJECTIVES)
# All objectives on all kernels; but the exact softmax, which has its own code, on one.
every_kernel = pytest.mark.parametrize(
    ("name", "kernel"),
    [
        (name, kernel)
        for name in OBJECTIVES
        for kernel in (KERNELS if OBJECTIVES[name].get("objective") != "softmax" else KERNELS[:1])
    ],
)


@every_kernel
@pytest.mark.parametrize("workers", [1, 2])
def test_planted_structure_is_recovered(name, kernel, workers, planted, planted_share):
    options = {"vector_size": 24, "window": 1, "sample": 0, "workers": workers, "kernel": kernel}
    model = fastw2v.Model(planted, **options, **OBJECTIVES[name]).train(progress=False)
    assert planted_share(model.wv) >= 0.95
    losses = [record.loss for record in model.history]
    assert losses[-1] > 0
    assert all(later < earlier for earlier, later in pairwise(losses))


def test_the_softmax_reaches_the_entropy_of_the_corpus(planted):
    """A centre's contexts are uniform on four words, so no model's loss can be below log 4."""
    model = fastw2v.Model(
        planted, vector_size=24, window=1, sample=0, workers=1, epochs=8, objective="softmax"
    ).train(progress=False)
    assert math.log(4) < model.history[-1].loss < math.log(4) + 0.02


def train(
    sentences, *, batch_tokens=None, workers=1, first_epoch=0, kernel=KERNELS[0], **parameters
):
    """Train below ``Model``, where the size of a batch can be chosen."""
    settings = Hyperparameters(min_count=1, vector_size=16, **parameters)
    corpus = encode(sentences, min_count=1)
    shape = len(corpus.vocabulary), settings.vector_size
    inputs = np.random.default_rng(0).normal(size=shape, scale=0.1).astype(np.float32)
    inputs, outputs = matrices.padded(inputs), matrices.zeros(*shape)
    records = trainer.train(
        settings,
        corpus.vocabulary,
        corpus,
        inputs,
        outputs,
        workers=workers,
        kernel=kernel,
        progress=False,
        batch_tokens=batch_tokens,
        first_epoch=first_epoch,
    )
    return inputs, outputs, list(records)


@pytest.fixture(scope="module")
def uneven():
    """Sentences from 1 to 3,000 tokens over a vocabulary with frequent and rare words."""
    random = np.random.default_rng(3)
    return [
        np.minimum(random.zipf(1.3, size=length), 500).tolist()
        for length in [*random.integers(1, 40, size=300).tolist(), 3_000, 1, 257]
    ]


@every_kernel
def test_the_batch_size_changes_no_bit(name, kernel, uneven):
    options = {"kernel": kernel, "epochs": 2} | OBJECTIVES[name]
    inputs, outputs, records = train(uneven, **options)
    for batch_tokens in (1, 1_000, 10**9):
        again = train(uneven, batch_tokens=batch_tokens, **options)
        np.testing.assert_array_equal(inputs, again[0])
        np.testing.assert_array_equal(outputs, again[1])
        assert [r.loss for r in records] == [r.loss for r in again[2]]


@every_objective
def test_seeds_and_epochs_differ(name, uneven):
    inputs, _, _ = train(uneven, epochs=1, **OBJECTIVES[name])
    other_seed, _, _ = train(uneven, epochs=1, seed=2, **OBJECTIVES[name])
    other_epoch, _, _ = train(uneven, epochs=1, first_epoch=1, **OBJECTIVES[name])
    assert not np.array_equal(inputs, other_seed)
    assert not np.array_equal(inputs, other_epoch)


SCRIPT = """
import hashlib, sys, fastw2v
sentences = [[f"w{(i * j) % 97}" for j in range(i % 30)] for i in range(1_000)]
model = fastw2v.Model(sentences, vector_size=20, epochs=2, workers=1, min_count=2)
model.train(progress=False)
state = model.input_vectors.tobytes() + model.output_vectors.tobytes()
state += repr(model.vocabulary.keys).encode() + repr([r.loss for r in model.history]).encode()
print(hashlib.sha256(state).hexdigest())
"""


@pytest.mark.parametrize("kernel", KERNELS)
def test_one_seed_gives_the_same_bits_in_every_process(kernel, tmp_path):
    digests = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "FASTW2V_KERNEL": kernel},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "4242")
    }
    assert len(digests) == 1
    assert len(digests.pop().strip()) == hashlib.sha256().digest_size * 2


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_no_sentence_is_truncated(architecture):
    """All 200,000 tokens of one sentence are centres, whatever the number of threads."""
    sentence = np.random.default_rng(0).integers(0, 50, size=200_000)
    for workers in (1, 3):
        model = fastw2v.Model(
            sentence[None, :],
            architecture=architecture,
            vector_size=8,
            window=2,
            shrink_windows=False,
            sample=0,
            workers=workers,
            epochs=1,
        ).train(progress=False)
        [record] = model.history
        assert record.tokens == 200_000
        pairs = 4 * 200_000 - 2 * (2 + 1)
        assert record.examples == (200_000 if architecture == "cbow" else pairs)


def test_every_batch_is_handed_out_once_to_racing_threads():
    batches = Batches(0, 1_000_003, 256)
    taken = []
    threads = [threading.Thread(target=lambda: taken.extend(batches)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken.sort()
    assert taken[0][0] == 0
    assert taken[-1][1] == 1_000_003
    assert all(a[1] == b[0] for a, b in pairwise(taken))


def test_closed_batches_are_handed_out_no_more():
    batches = Batches(0, 10**12, 256)
    taken = []
    for begin, _ in batches:
        taken.append(begin)
        if len(taken) == 3:
            batches.close()
    assert taken == [0, 256, 512]


def test_history():
    model = fastw2v.Model(vector_size=4, epochs=3, min_count=100, sample=0)
    sentences = [["a", "b"]] * 100 + [["a", "odd"]]
    model.train(sentences, progress=False)
    assert [record.epoch for record in model.history] == [0, 1, 2]
    assert all(record.tokens == 202 for record in model.history)
    assert all(record.words_per_second > 0 for record in model.history)
    lrs = [record.lr for record in model.history]
    parameters = model.parameters
    assert lrs == sorted(lrs, reverse=True)
    assert lrs[-1] == pytest.approx(parameters.min_alpha)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("workers", [1, 3])
def test_the_mean_loss_is_the_objectives(workers, kernel):
    """Scores of 0 cost log 2 each; of two words, every second draw is the centre and skipped."""
    sentences = [["a", "b"] * 20_000]
    options = {"workers": workers, "kernel": kernel, "negative": 6, "sample": 0}
    _, _, [record] = train(sentences, alpha=1e-9, min_alpha=0, epochs=1, **options)
    assert record.loss == pytest.approx((1 + 6 / 2) * math.log(2), rel=0.01)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_the_mean_loss_of_a_tree_is_the_objectives(architecture, kernel):
    """Nothing is drawn, so every example's loss is known while the vectors stay as they are."""
    random = np.random.default_rng(5)
    settings = Hyperparameters(
        architecture=architecture,
        objective="hierarchical_softmax",
        window=2,
        shrink_windows=False,
        vector_size=10,
        sample=0,
        alpha=1e-12,
        min_alpha=0,
        epochs=1,
    )
    corpus = encode([random.zipf(1.3, size=9).clip(max=40) for _ in range(40)], min_count=1)
    size = len(corpus.vocabulary)
    inputs, outputs = (
        matrices.padded(random.normal(size=(size, 10)).astype(np.float32)) for _ in range(2)
    )
    [record] = trainer.train(
        settings, corpus.vocabulary, corpus, inputs, outputs, kernel=kernel, progress=False
    )
    window = {"skipgram": objectives.skipgram_window, "cbow": objectives.cbow_window}[architecture]
    tree = HuffmanTree(corpus.vocabulary.counts)
    losses, examples = [], 0
    for sentence in np.split(corpus.tokens, corpus.offsets[1:-1]):
        for place, center in enumerate(sentence):
            contexts = [*sentence[max(place - 2, 0) : place], *sentence[place + 1 : place + 3]]
            losses.append(window(center, contexts, inputs, outputs, path=tree.path(center)).loss)
            examples += 1 if architecture == "cbow" else len(contexts)
    assert record.examples == examples
    assert record.loss == pytest.approx(sum(losses) / examples, rel=1e-5)


def test_the_softmaxs_mean_loss_is_the_objectives():
    _, _, [record] = train(
        [list(range(50)) * 20], objective="softmax", alpha=1e-9, min_alpha=0, epochs=1, sample=0
    )
    assert record.loss == pytest.approx(math.log(50), rel=1e-5)


def test_every_thread_has_work_on_a_small_corpus():
    for objective in ("negative_sampling", "softmax"):
        parameters = Hyperparameters(objective=objective)
        assert team._batch_tokens(parameters, 10_000, 4, 100) <= 10_000 / 8
    assert team._batch_tokens(Hyperparameters(), 10**8, 4, 100) == team.MOST_BATCH_TOKENS


def test_batches_are_short_where_a_token_takes_long():
    """Threads that wait for a checkpoint, or at an epoch's end, wait for a batch of the others."""
    for options in {"window": None}, {"window": 10_000}, {"negative": 10_000}:
        parameters = Hyperparameters(**options)
        assert team._batch_tokens(parameters, 10**8, 4, 10_000) < 20 * team.BLOCK


def test_an_epoch_without_examples_has_no_loss_and_says_so(caplog):
    _, _, records = train([["a", "b"]] * 3, sample=1e-30)
    assert all(math.isnan(record.loss) for record in records)
    assert all(record.examples == 0 for record in records)
    assert "subsampling keeps only 0 % of the tokens" in caplog.text
    assert "had nothing to train on" in caplog.text


def test_a_thread_that_fails_stops_the_others_and_raises_here(uneven, monkeypatch):
    def kernel_of(sentences):
        corpus = encode(sentences, min_count=1)
        vocabulary = corpus.vocabulary
        return trainer.Kernel(
            Hyperparameters(),
            corpus.tokens,
            corpus.offsets,
            keep_probability=vocabulary.keep_probability(0),
            noise=trainer.AliasTable(vocabulary.noise_weights(1)),
            input_vectors=np.zeros((len(vocabulary), 2), np.float32),
            output_vectors=np.zeros((len(vocabulary), 2), np.float32),
            first_epoch=0,
            epochs=1,
        )

    threads = threading.active_count()
    real = team.Scratch
    calls = []

    def sabotaged(kernel):
        calls.append(kernel)
        return real(kernel if len(calls) == 1 else kernel_of(uneven))

    monkeypatch.setattr(team, "Scratch", sabotaged)
    with pytest.raises(ValueError, match="made for another kernel"):
        train(uneven, workers=2, epochs=10**6)
    assert threading.active_count() == threads


def test_ctrl_c_ends_all_threads_within_a_second(tmp_path):
    script = tmp_path / "endless.py"
    script.write_text(  # which hears of Ctrl-C even in a shell's background, where it is ignored
        "import signal, sys, threading, fastw2v\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "text = [['a', 'b', 'c', 'd'] * 5_000] * 20\n"
        "model = fastw2v.Model(text, epochs=10**6, sample=0, workers=2)\n"
        "def say_once(model, record):\n"
        "    record.epoch or print('training', flush=True)\n"
        "try:\n"
        "    model.train(progress=False, callback=say_once)\n"
        "except KeyboardInterrupt:\n"
        "    assert threading.active_count() == 1, threading.enumerate()\n"
        "    import numpy; assert numpy.isfinite(model.input_vectors).all()\n"
        "    sys.exit(42)\n"
    )
    command = [sys.executable, script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=tmp_path) as process:
        assert process.stdout.readline().strip() == b"training"
        time.sleep(0.1)
        try:
            process.send_signal(signal.SIGINT)
            began = time.perf_counter()
            assert process.wait(timeout=20) == 42
            assert time.perf_counter() - began < 3  # a second, and its end, on a busy machine
        finally:
            process.kill()


def test_leaving_early_ends_the_threads(uneven):
    generator_threads = threading.active_count()

    class Fault(Exception):
        pass

    def failing_train():
        settings = Hyperparameters(min_count=1, vector_size=4, epochs=50)
        corpus = encode(uneven, min_count=1)
        matrices = [np.zeros((len(corpus.vocabulary), 4), np.float32) for _ in range(2)]
        for _ in trainer.train(settings, corpus.vocabulary, corpus, *matrices, progress=False):
            raise Fault

    with pytest.raises(Fault):
        failing_train()
    assert threading.active_count() == generator_threads
