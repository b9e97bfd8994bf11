"""Deterministic rounds: the sum of what each shard makes of the same matrices, whoever does what.

With P the matrices and F(P, s) what training shard s alone makes of them, a round moves each row by
a share of sum_s (F(P, s) - P): all of it where one shard moves it, and no less than the mean. F is
the plain kernel's, which a sentence's weight of 0 keeps off all shards but one: everything else
about a window follows from where its tokens stand.
"""

import threading

import numpy as np
import pytest

from fastw2v import kernels, matrices
from fastw2v._kernels.alias import AliasTable
from fastw2v._kernels.huffman import HuffmanTree
from fastw2v._kernels.kernel import Kernel, Scratch
from fastw2v._kernels.rounds import MOST_MEMBERS, ROUND, Rounds
from fastw2v.hyperparameters import Hyperparameters

SHARD = ROUND // MOST_MEMBERS
SENTENCE = 16  # of which a shard is a whole number
N_WORDS = 300
CBOW = {"architecture": "cbow"}
HIERARCHICAL = {"objective": "hierarchical_softmax"}
OBJECTIVES = {
    "skipgram-window": {},
    "skipgram-pair": {"negative_sharing": "pair"},
    "skipgram-hierarchical": HIERARCHICAL,
    "skipgram-softmax": {"objective": "softmax"},
    "skipgram-many-negatives": {"negative": 40, "alpha": 0.02},
    "cbow": CBOW,
    "cbow-word2vec": CBOW | {"cbow_gradient": "word2vec"},
    "cbow-hierarchical": CBOW | HIERARCHICAL,
    "cbow-softmax": CBOW | {"objective": "softmax"},
}
every_objective = pytest.mark.parametrize("name", OBJECTIVES)


class Run:
    """A corpus of a round and a half, matrices, and kernels that train them."""

    def __init__(
        self, name="skipgram-window", kernel="blas", n_tokens=ROUND + 3 * SHARD, **options
    ):
        self.parameters = Hyperparameters(
            **{"vector_size": 20, "window": 3, "alpha": 0.2} | OBJECTIVES[name] | options
        )
        self.kernel_name, random = kernel, np.random.default_rng(3)
        shares = 1 / np.arange(1, N_WORDS + 1)
        self.tokens = random.choice(N_WORDS, n_tokens, p=shares / shares.sum()).astype(np.int32)
        self.offsets = np.arange(0, n_tokens + 1, SENTENCE)
        shape = 3, N_WORDS, self.parameters.vector_size
        self.begin = random.normal(scale=0.3, size=shape).astype(np.float32)
        self.matrices = [matrices.padded(matrix) for matrix in self.begin]
        self.noise, self.tree = AliasTable(shares**0.75), HuffmanTree(np.int64(1e6 * shares))
        self.rates = self.weights = None
        self.with_nodes = False

    def kernel(self, weights=None):
        inputs, outputs, nodes = self.matrices
        return Kernel(
            self.parameters,
            self.tokens,
            self.offsets,
            keep_probability=np.full(N_WORDS, 0.9, np.float32),
            noise=self.noise,
            tree=self.tree,
            weights=self.weights if weights is None else weights,
            input_rates=self.rates,
            input_vectors=inputs,
            output_vectors=outputs,
            node_vectors=nodes if self.with_nodes else None,
            first_epoch=0,
            epochs=2,
            kernel=self.kernel_name,
        )

    def train(self, n_members=1, n_epochs=1):
        """Train all in rounds, and return what the rounds have counted."""
        rounds = Rounds(self.kernel(), n_members)

        def work(member):
            for epoch in range(n_epochs):
                # In two calls, which must make no difference.
                rounds.train(member, epoch, 0, ROUND)
                rounds.train(member, epoch, ROUND, len(self.tokens))

        threads = [threading.Thread(target=work, args=[member]) for member in range(n_members)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        return rounds.scratch

    def train_shard(self, shard):
        """Train one shard alone, from the matrices as they are; return the changes, undone."""
        weights = np.zeros(len(self.offsets) - 1, np.float32)
        sentences = slice(shard * SHARD // SENTENCE, (shard + 1) * SHARD // SENTENCE)
        weights[sentences] = 1 if self.weights is None else self.weights[sentences]
        before = [matrix.copy() for matrix in self.matrices]
        kernel = self.kernel(weights)
        scratch = Scratch(kernel)
        kernel.train(scratch, 0, 0, len(self.tokens))
        changes = np.float64(self.matrices) - before
        for matrix, old in zip(self.matrices, before, strict=True):
            matrix[:] = old
        return changes, scratch


def check_against_shards_alone(run):
    """Return the shares of the changes that frequent rows kept, the least first."""
    rounds, shares = Rounds(run.kernel(), 1), []
    loss = weight = n_examples = 0
    n_shards = len(run.tokens) // SHARD
    for first in range(0, n_shards, MOST_MEMBERS):
        before, last = np.float64(run.matrices), min(first + MOST_MEMBERS, n_shards)
        found = [run.train_shard(shard) for shard in range(first, last)]
        for _, alone in found:
            loss, weight = loss + alone.loss, weight + alone.weight
            n_examples += alone.n_examples
        rounds.train(0, 0, first * SHARD, last * SHARD)
        shares.extend(checked_shares(run.matrices - before, [changes for changes, _ in found]))
    scratch = rounds.scratch
    assert scratch.loss == pytest.approx(loss, rel=1e-5)
    assert scratch.n_examples == n_examples
    assert scratch.weight == pytest.approx(weight)
    return sorted(shares)


def checked_shares(moved, changes):
    """Check that rows moved by shares of the sums of their changes, and return these shares."""
    rows = moved.reshape(-1, moved.shape[-1])
    changes = np.reshape(changes, (len(changes), *rows.shape))
    n_touching = changes.any(axis=2).sum(axis=0)
    total = changes.sum(axis=0)
    assert np.abs(total).max() > 1e-3
    shares = (rows * total).sum(axis=1) / np.maximum((total**2).sum(axis=1), 1e-30)
    scale = max(np.abs(changes).max(), 1)
    np.testing.assert_allclose(rows, shares[:, None] * total, atol=2e-6 * scale)
    moving = np.abs(total).max(axis=1) > 1e-3 * scale
    assert (shares[moving] < 1.001).all()
    # Some fetch a row, which counts, and take no step with it.
    assert (shares[moving] * n_touching[moving] > 0.8).all()
    assert np.median([1, *shares[moving & (n_touching == 1)]]) > 0.999
    return shares[moving & (n_touching > 1)].tolist()


@pytest.mark.parametrize("kernel", kernels().available)
@every_objective
def test_a_round_is_the_sum_of_its_shards(name, kernel):
    shares = check_against_shards_alone(Run(name, kernel, vector_size=19))
    assert shares[0] < 0.6  # the most frequent word's
    assert shares[-1] > 0.75


def test_small_steps_are_summed_whole():
    assert check_against_shards_alone(Run(alpha=1e-4, min_alpha=0, vector_size=4))[0] > 0.95


def test_large_steps_are_averaged():
    run = Run(window=20, negative=20, alpha=0.1)
    run.tokens %= 4
    assert check_against_shards_alone(run)[0] < 1.1 / MOST_MEMBERS


@pytest.mark.parametrize("name", ["skipgram-window", "skipgram-pair", "cbow", "skipgram-softmax"])
def test_with_rates_and_weights(name):
    run = Run(name)
    random = np.random.default_rng(5)
    run.rates = random.choice([0, 0.5, 1], N_WORDS).astype(np.float32)
    run.weights = random.choice([0, 0.5, 1, 2], len(run.offsets) - 1).astype(np.float32)
    run.begin[0, 7] = -0.0
    run.matrices[0][7] = -0.0
    run.rates[7] = 0
    check_against_shards_alone(run)
    frozen = run.rates == 0
    # To the bit: -0.0 stays -0.0.
    np.testing.assert_array_equal(
        run.matrices[0][frozen].view(np.uint32), run.begin[0][frozen].view(np.uint32)
    )


def test_with_both_objectives():
    run = Run()
    run.with_nodes = True
    check_against_shards_alone(run)


@pytest.mark.parametrize("window", [(0, 2), 200, None])
def test_other_windows(window):
    check_against_shards_alone(Run(window=window, alpha=0.05))


@every_objective
def test_any_number_of_threads_gives_the_same_bits(name):
    found = []
    for n_members in 1, 2, 3, 5, 8:
        run = Run(name, kernels().available[0])
        scratch = run.train(n_members, n_epochs=2)
        found.append(
            [np.array(run.matrices).tobytes(), scratch.loss, scratch.n_examples, scratch.weight]
        )
    assert all(one == found[0] for one in found)


def test_a_last_shard_that_is_not_whole():
    found = []
    for n_members in 1, 4:
        run = Run(n_tokens=ROUND + 2 * SENTENCE)
        run.train(n_members)
        found.append(np.array(run.matrices).tobytes())
    assert found[0] == found[1]


def test_stopping_lets_all_go():
    """Also a member that waits for another, which never comes."""
    run = Run()
    rounds = Rounds(run.kernel(), 3)
    threads = [
        threading.Thread(target=rounds.train, args=[member, 0, 0, len(run.tokens)])
        for member in range(2)
    ]
    for thread in threads:
        thread.start()
    threads[0].join(0.2)
    assert all(thread.is_alive() for thread in threads)
    rounds.stop()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    rounds.train(2, 0, 0, ROUND)  # who comes later returns at once
    np.testing.assert_array_equal(run.matrices, run.begin)  # no round came to its training


def test_what_is_refused():
    run = Run()
    kernel = run.kernel()
    with pytest.raises(ValueError, match="work for 1 to 8 threads, not 9"):
        Rounds(kernel, 9)
    with pytest.raises(ValueError, match="work for 1 to 8 threads, not 0"):
        Rounds(kernel, 0)
    rounds = Rounds(kernel, 2)
    with pytest.raises(ValueError, match="there are 2 members, and no number 2"):
        rounds.train(2, 0, 0, ROUND)
    with pytest.raises(ValueError, match=f"no run of blocks of {ROUND}"):
        rounds.train(0, 0, SHARD, ROUND)
    with pytest.raises(ValueError, match="progress must be from 0 to 1"):
        rounds.train(0, 0, 0, ROUND, 1.5)
    with pytest.raises(ValueError, match="a shard's scratch is for rounds"):
        kernel.train(Scratch(kernel, for_shard=True), 0, 0, ROUND)
