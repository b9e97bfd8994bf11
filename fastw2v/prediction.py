"""What a trained model expects beside, or between, given words: exact distributions.

p(w | c), of the centre w given one context c, is what skip-gram learns; CBOW learns p(w | h), with
h the mean of the contexts' input vectors, of which one context is a case. With x_c rows of the
input matrix, u_w of the output matrix:

====================  ==============================================================================
hierarchical softmax  p(w | h) = product of sigma(±u_j · h) over the inner nodes j on the way to w
exact softmax         p(w | h) proportional to exp(u_w · h); but skip-gram's input row is the
                      centre's: p(c | w) proportional to exp(u_c · x_w)
negative sampling     p(w | h) proportional to q(w) exp(u_w · h), with q the noise
====================  ==============================================================================

The last is no definition but where the objective is least: there exp(u_w · h) is the odds of the
true word against k draws from q, so p(w | h) = k q(w) exp(u_w · h) (Levy and Goldberg 2014, "Neural
word embedding as implicit matrix factorization"). It is brought to a sum of 1 here.

What is learned the other way round comes by Bayes's rule, p(c | w) proportional to p(w | c) p(c),
with p(c) the share of c in the corpus as it was trained on, after subsampling. Several contexts of
skip-gram, each with a distribution of its own, give the geometric mean of these.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v import objectives
from fastw2v._kernels.huffman import HuffmanTree
from fastw2v.checks import optional_number
from fastw2v.hyperparameters import Hyperparameters
from fastw2v.scoring import Logs, Matrix, in_tree, log_normalizers
from fastw2v.vocabulary import Vocabulary


class Trained(NamedTuple):
    """What a model has learned."""

    parameters: Hyperparameters
    vocabulary: Vocabulary
    inputs: Matrix
    outputs: Matrix

    @property
    def learns_contexts(self) -> bool:
        """Whether p(context | centre) is what was learned."""
        p = self.parameters
        return p.architecture == "skipgram" and p.objective == "softmax"


def predict_center(
    trained: Trained, context_keys: Iterable[Hashable], topn: int | None
) -> list[tuple[Hashable, float]]:
    """Return the likeliest centres; see ``Model.predict_center``."""
    if isinstance(context_keys, str | bytes) or not isinstance(context_keys, Iterable):
        raise TypeError(
            f"context_keys must be a list of keys, such as ['a', 'b'], not {context_keys!r}"
        )
    rows = [_row(trained.vocabulary, key) for key in context_keys]
    if not rows:
        raise ValueError("context_keys is empty: a centre is predicted from one context or more")
    return likeliest(trained.vocabulary.keys, center_probabilities(trained, np.array(rows)), topn)


def predict_context(
    trained: Trained, center_key: Hashable, topn: int | None
) -> list[tuple[Hashable, float]]:
    """Return the likeliest contexts; see ``Model.predict_context``."""
    row = _row(trained.vocabulary, center_key)
    return likeliest(trained.vocabulary.keys, context_probabilities(trained, row), topn)


def _row(vocabulary: Vocabulary, key: Hashable) -> int:
    row = vocabulary.key_to_index.get(key)
    if row is None:
        raise KeyError(f"the key {key!r} is not in the vocabulary")
    return row


def likeliest(
    keys: Sequence[Hashable], probabilities: Logs, topn: int | None
) -> list[tuple[Hashable, float]]:
    """Return the ``topn`` likeliest keys, or all, with their probabilities; ties by their rows."""
    topn = optional_number("topn", topn, least=1)
    rows = np.arange(len(keys))
    if topn is not None and topn < len(keys):  # sort no more than may be among them
        least = np.partition(probabilities, -topn)[-topn]
        rows = np.flatnonzero(~(probabilities < least))
    rows = rows[np.argsort(-probabilities[rows], kind="stable")][:topn]
    return [(keys[row], float(probabilities[row])) for row in rows.tolist()]


def center_probabilities(trained: Trained, contexts: NDArray[np.intp]) -> Logs:
    """Return for each word the probability that it stands between some contexts, (V,).

    Parameters
    ----------
    trained
        The model.
    contexts
        Their rows, at least one; a word that stands there twice counts twice.
    """
    inputs, outputs = trained.inputs, trained.outputs
    if trained.learns_contexts:
        scores = (inputs @ outputs[contexts].mean(axis=0)).astype(np.float64)
        logs = scores - log_normalizers(outputs, inputs) + _log_shares(trained)
    elif trained.parameters.architecture == "cbow":
        hidden = inputs[contexts].sum(axis=0, keepdims=True)
        if trained.parameters.cbow_mean:
            hidden /= len(contexts)
        logs = _log_centers(trained, hidden)[0]
    else:
        logs = _log_centers(trained, inputs[contexts]).mean(axis=0)
    return objectives.softmax(logs)


def context_probabilities(trained: Trained, center: int) -> Logs:
    """Return for each word the probability that it is a given centre's context, (V,).

    Parameters
    ----------
    trained
        The model.
    center
        Its row.
    """
    inputs, outputs = trained.inputs, trained.outputs
    if trained.learns_contexts:
        return objectives.softmax(outputs @ inputs[center])
    if trained.parameters.objective == "hierarchical_softmax":
        rows = np.arange(len(inputs), dtype=np.int32)
        logs = in_tree(_tree(trained), outputs, inputs, rows, np.full_like(rows, center))
    else:
        logs = (inputs @ outputs[center]).astype(np.float64)
        if trained.parameters.objective == "softmax":
            logs -= log_normalizers(outputs, inputs)
    return objectives.softmax(logs + _log_shares(trained))


def _log_centers(trained: Trained, hidden: Matrix) -> Logs:
    """Return log p(w | h) for each of n hidden vectors and each word, (n, V), up to constants."""
    parameters, vocabulary, _, outputs = trained
    if parameters.objective == "hierarchical_softmax":
        rows, words = np.indices((len(hidden), len(vocabulary)), np.int32).reshape(2, -1)
        return in_tree(_tree(trained), outputs, hidden, rows, words).reshape(len(hidden), -1)
    logs: Logs = (hidden @ outputs.T).astype(np.float64)
    if parameters.objective == "negative_sampling":
        logs += _log(vocabulary.noise_weights(parameters.ns_exponent))
    return logs


def _log_shares(trained: Trained) -> Logs:
    """Return log p(c) for each word c, up to a constant."""
    vocabulary = trained.vocabulary
    return _log(vocabulary.counts * vocabulary.keep_probability(trained.parameters.sample))


def _log(weights: NDArray[np.floating[Any]]) -> Logs:
    with np.errstate(divide="ignore"):  # of a word that never occurs: −inf, hence probability 0
        return np.log(weights)  # type: ignore[no-any-return]


def _tree(trained: Trained) -> HuffmanTree:
    return HuffmanTree(trained.vocabulary.counts)
