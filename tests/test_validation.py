"""The loss on held-out sentences: what it is, and which sentences these are."""

import numpy as np
import pytest

import fastw2v
from fastw2v import matrices, objectives
from fastw2v._kernels.huffman import HuffmanTree
from fastw2v._kernels.rng import HELD_OUT_WINDOWS
from fastw2v.corpus import encode
from fastw2v.hyperparameters import Hyperparameters
from fastw2v.validation import HeldOut, hold_out

KERNELS = fastw2v.kernels().available
CBOW, HIERARCHICAL = {"architecture": "cbow"}, {"objective": "hierarchical_softmax"}
OBJECTIVES = {
    "skipgram-window": {},
    "skipgram-pair": {"negative_sharing": "pair"},
    "skipgram-hierarchical": HIERARCHICAL,
    "skipgram-softmax": {"objective": "softmax"},
    "cbow": CBOW,
    "cbow-sum": CBOW | {"cbow_mean": False},
    "cbow-hierarchical": CBOW | HIERARCHICAL,
    "cbow-softmax": CBOW | {"objective": "softmax"},
}
SMALL = {"min_count": 1, "vector_size": 6, "sample": 0, "workers": 1, "epochs": 2}


def held_out(sentences, *, workers=1, kernel=KERNELS[0], weights=None, **options):
    """Sentences with random vectors, and both matrices."""
    parameters = Hyperparameters(**{"vector_size": 9, "sample": 0, "seed": 5} | options)
    corpus = encode(sentences, min_count=1, weights=weights)
    random = np.random.default_rng(0)
    shape = len(corpus.vocabulary), parameters.vector_size
    both = [matrices.padded(random.normal(size=shape).astype(np.float32)) for _ in range(2)]
    names = {"workers": workers, "kernel": kernel}
    return HeldOut(parameters, corpus.vocabulary, corpus, *both, **names), both, corpus


def window_losses(judge, corpus, inputs, outputs, options):
    """Each window's centre, number of contexts and loss, by ``fastw2v.objectives``."""
    p = Hyperparameters(**options)
    tree = HuffmanTree(corpus.vocabulary.counts)
    windows = judge._kernel.windows(HELD_OUT_WINDOWS, 0, len(corpus.tokens))
    for center, contexts, lr, draws in windows:
        assert lr == 0
        arguments = {}
        if p.objective == "negative_sampling":
            arguments["negatives"] = draws[: p.negative]
            if p.negative_sharing == "pair":
                arguments["negatives"] = np.reshape(draws, (len(contexts), -1)).tolist()
        if p.objective == "hierarchical_softmax":
            arguments["path"] = tree.path(center)
        of = objectives.skipgram_window
        if p.architecture == "cbow":
            of, arguments["mean"] = objectives.cbow_window, p.cbow_mean
        yield center, len(contexts), of(center, contexts, inputs, outputs, **arguments).loss


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_loss_is_the_objectives(name, kernel):
    sentences, options = [[*"abcabd"], [*"eca"], [*"dbbacae"]] * 3, OBJECTIVES[name]
    judge, both, corpus = held_out(sentences, kernel=kernel, **options)
    total = n = 0
    for _, n_contexts, loss in window_losses(judge, corpus, *both, options):
        total, n = total + loss, n + (1 if name.startswith("cbow") else n_contexts)
    assert judge.loss() == pytest.approx(total / n, rel=2e-5)


def test_weights_weigh():
    """With one word a sentence more than any other has, a window's sentence is known."""
    weights = np.array([2, 0, 0.5], np.float32)
    judge, both, corpus = held_out([[*"abab"], [*"cdcd"], [*"efef"]], weights=weights)
    own = dict(zip("abcdef", np.repeat(weights, 2).tolist(), strict=True))
    total = n = 0.0
    for center, n_contexts, loss in window_losses(judge, corpus, *both, {}):
        weight = own[corpus.vocabulary.keys[center]]
        total, n = total + weight * loss, n + weight * n_contexts
    assert judge.loss() == pytest.approx(total / n, rel=1e-5)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_same_for_any_number_of_workers_and_nothing_changes(name):
    n = 3_000 if name.endswith("softmax") else 30_000  # several batches
    words = np.random.default_rng(1).integers(0, 40, n)
    losses = set()
    for workers in 1, 2, 5:
        judge, both, _ = held_out(words.reshape(-1, 10), workers=workers, **OBJECTIVES[name])
        before = [matrix.copy() for matrix in both]
        losses |= {judge.untrained_loss, judge.loss(), judge.loss()}
        for matrix, copy in zip(both, before, strict=True):
            np.testing.assert_array_equal(matrix, copy)
    assert len(losses) == 1
    both[0][3] += 0.1
    assert judge.loss() not in losses


# In training --------------------------------------------------------------------------------------


def unique_sentences(n):
    """Sentences without a word in common."""
    return [[f"{i}{letter}" for letter in "abcd"] for i in range(n)]


@pytest.mark.parametrize("shuffle", [True, False])
def test_a_share_is_not_trained_on(shuffle):
    """An input vector moves only as a context, so those of held-out sentences stay."""
    model = fastw2v.Model(unique_sentences(40), **SMALL, shuffle=shuffle)
    model.grow_vocabulary()
    initial = model.input_vectors.copy()
    model.train(validation=0.2, progress=False)
    assert len(model.vocabulary) == 160
    stayed = (model.input_vectors == initial).all(axis=1)
    of_sentences = {}
    for key, stays in zip(model.vocabulary.keys, stayed.tolist(), strict=True):
        of_sentences.setdefault(key[:-1], set()).add(stays)
    assert sorted(of_sentences.values(), key=str) == [{False}] * 32 + [{True}] * 8
    assert all(
        record.examples == 32 * 4 * 3 or record.examples < 32 * 12 for record in model.history
    )
    model.train(progress=False)  # without, all are
    assert not (model.input_vectors == initial).all(axis=1).any()


def test_the_seed_chooses():
    corpus = encode(unique_sentences(50), min_count=1)
    chosen = []
    for seed in 1, 1, 2:
        training, out = hold_out(corpus, 0.3, seed=seed, budget=1 << 30, workers=1)
        np.testing.assert_array_equal(training.weights + out.weights, 1)
        assert out.weights.sum() == 15
        chosen.append(out.weights.tolist())
    assert chosen[0] == chosen[1] != chosen[2]


def test_weights_stay_with_their_sentences():
    weights = np.arange(20) / 4
    corpus = encode(unique_sentences(20), min_count=1, weights=weights)
    training, out = hold_out(corpus, 0.5, seed=1, budget=1 << 30, workers=1)
    np.testing.assert_array_equal(training.weights + out.weights, weights.astype(np.float32))
    np.testing.assert_array_equal(corpus.weights, weights.astype(np.float32))
    assert np.count_nonzero(training.weights) in (9, 10)


def test_a_small_share_is_one_sentence_and_a_large_one_leaves_one():
    corpus = encode(unique_sentences(5), min_count=1)
    for share, n in (0.001, 1), (0.999, 4):
        _, out = hold_out(corpus, share, seed=1, budget=1 << 30, workers=1)
        assert out.weights.sum() == n


def test_sentences_of_their_own(tmp_path):
    """Whatever they come in, without words that the vocabulary has not; training is as without."""
    training, held = [[*"abc"], [*"bcda"]] * 20, [[*"abxc"], ["x"], [*"dac"]] * 3
    (tmp_path / "held.txt").write_text("\n".join(map(" ".join, held)))
    plain = fastw2v.Model(training, **SMALL).train(progress=False)
    assert all(record.validation_loss is None for record in plain.history)
    losses = []
    for given in held, iter(held), tmp_path / "held.txt", encode(held, min_count=1):
        model = fastw2v.Model(training, **SMALL).train(validation=given, progress=False)
        losses.append([record.validation_loss for record in model.history])
        np.testing.assert_array_equal(model.input_vectors, plain.input_vectors)
        np.testing.assert_array_equal(model.output_vectors, plain.output_vectors)
    assert losses[0][0] != losses[0][1]
    assert all(others == losses[0] for others in losses)
    assert "x" not in model.wv


def test_a_corpus_in_a_file(tmp_path):
    sentences = [[*"abc"], [*"bcda"], [*"ddb"]] * 20
    encode(sentences, min_count=1).save(tmp_path / "corpus.f2v")
    options = {name: SMALL[name] for name in SMALL if name != "min_count"} | {"shuffle": False}
    found = []
    for corpus in (
        encode(sentences, min_count=1),
        fastw2v.EncodedCorpus.open(tmp_path / "corpus.f2v"),
    ):
        model = fastw2v.Model(corpus, **options).train(validation=0.25, progress=False)
        found.append([record.validation_loss for record in model.history])
    assert found[0] == found[1]
    assert model._corpus.weights is None  # the corpus itself is as it was


def test_partial_fit_holds_out_new_sentences():
    model = fastw2v.Model([[*"ab"]] * 9, **SMALL).train(progress=False)
    model.partial_fit(unique_sentences(10), validation=0.5, progress=False)
    new = model.history[2:]
    assert all(record.validation_loss is not None for record in new)
    assert max(record.examples for record in new) <= 5 * 12
    assert len(model.vocabulary) == 42


def test_the_loss_is_shown(caplog, capsys):
    with caplog.at_level("INFO", logger="fastw2v"):
        model = fastw2v.Model(unique_sentences(10), **SMALL)
        model.train(validation=0.2, progress=True)
    loss = f"{model.history[-1].validation_loss:.4f}"
    assert f"validation={loss}" in capsys.readouterr().err
    assert f"validation {loss}, " in caplog.text


@pytest.mark.parametrize(
    ("validation", "error", "message"),
    [
        (0, ValueError, "above 0 and below 1, or sentences, not 0"),
        (1, ValueError, "above 0 and below 1"),
        (-0.1, ValueError, "above 0 and below 1"),
        (float("nan"), ValueError, "above 0 and below 1"),
        (True, TypeError, "bool"),
        ("no such file", FileNotFoundError, "no such file"),
        ({"a": 1}, TypeError, "dict"),
    ],
)
def test_what_cannot_be_held_out_is_refused_before_reading(validation, error, message):
    sentences = iter([[*"ab"]] * 9)
    for method in fastw2v.Model(**SMALL).train, fastw2v.Model(**SMALL).partial_fit:
        with pytest.raises(error, match=message):
            method(sentences, validation=validation)
    assert len(list(sentences)) == 9


@pytest.mark.parametrize(
    ("validation", "options", "message"),
    [
        ([["x", "y"]], {}, "^validation: .* vocabulary"),
        ([["a"], ["b", "x"]], {}, "^validation: no sentence has two tokens of the vocabulary"),
        (0.5, {"weights": [0, 0, 1]}, "holds out every sentence whose weight|nothing to score"),
        ([["a", "b"]], {"input_rates": {"z": 0}}, "'z' of input_rates"),
    ],
)
def test_what_leaves_nothing_is_refused_and_the_model_is_as_it_was(validation, options, message):
    sentences = [[*"ab"], [*"cd"], [*"abcd"]]
    model = fastw2v.Model(**SMALL)
    with pytest.raises((ValueError, KeyError), match=message):
        model.train(sentences, validation=validation, progress=False, **options)
    assert model.vocabulary is None
    assert not model.history


def test_subsampling_that_leaves_nothing():
    with pytest.raises(ValueError, match=r"nothing to score: .* use sample=0"):
        fastw2v.Model([[*"abcd"]] * 9, **SMALL | {"sample": 1e-15}).train(validation=0.5)


def test_a_single_sentence_has_no_share():
    with pytest.raises(ValueError, match="single sentence"):
        fastw2v.Model([[*"abcd"]], **SMALL).train(validation=0.5)
