"""The mathematics of word2vec: losses and analytic gradients in plain float64 NumPy.

Each training example of word2vec is a small differentiable function, and this module writes
those functions down, one at a time, with the derivation of every gradient beside its code.
It serves two readers. People who want to learn how word2vec works can read it from top to
bottom; the native kernels, which are fast and therefore hard to read, are tested against it.
Speed is not a goal: gradients are dense arrays, and nothing is updated in place.

Conventions
-----------
- V is the number of words, d the size of a vector, C the number of context words in a window.
- A matrix of vectors has shape (V, d), one row a word; a word is its row number.
- v is the *hidden* vector, which is compared with rows u_w of the *output* matrix U; the
  number s_w = u_wᵀv is the score of word w.
- J is a loss to be minimised and every gradient is a gradient of J, so that a training step
  with learning rate lr *subtracts* lr · gradient.

References
----------
.. [1] Mikolov, Chen, Corrado, Dean (2013a), "Efficient Estimation of Word Representations in
   Vector Space", arXiv:1301.3781: skip-gram and CBOW.
.. [2] Mikolov, Sutskever, Chen, Corrado, Dean (2013b), "Distributed Representations of Words
   and Phrases and their Compositionality", arXiv:1310.4546: negative sampling.
.. [3] Goldberg, Levy (2014), "word2vec Explained: Deriving Mikolov et al.'s Negative-Sampling
   Word-Embedding Method", arXiv:1402.3722.
.. [4] İrsoy, Benton, Stratos (2021), "Corrected CBOW Performs as well as Skip-gram",
   arXiv:2012.15332: the scale of CBOW's gradient (their software is called koan).
.. [5] Morin, Bengio (2005), "Hierarchical Probabilistic Neural Network Language Model",
   AISTATS: a tree in place of the softmax. [1]_ and [2]_ take Huffman's tree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastw2v.checks import (
    draws_per_pair,
    hidden_and_output,
    row_number,
    row_numbers,
    window_arguments,
)

FloatArray: TypeAlias = NDArray[np.float64]
WordIds: TypeAlias = Sequence[int] | NDArray[np.integer[Any]]
TreePath: TypeAlias = tuple[WordIds, ArrayLike]  # inner nodes, and a label for each
LogisticFunction: TypeAlias = Callable[[FloatArray], ArrayLike]


class ExampleGradients(NamedTuple):
    """Loss of one example, with ∂J/∂v of shape (d,) and ∂J/∂U of U's shape, (V, d)."""

    loss: float
    hidden_grad: FloatArray
    output_grad: FloatArray


class WindowGradients(NamedTuple):
    """Loss of one window, with a gradient for each of the two matrices, of shape (V, d)."""

    loss: float
    input_grad: FloatArray
    output_grad: FloatArray


def softmax(x: ArrayLike, axis: int = -1) -> FloatArray:
    """Turn scores into probabilities: softmax(x)_i = exp(x_i) / Σ_j exp(x_j).

    A constant c added to every score cancels: exp(x_i + c) = exp(c) exp(x_i) above and below
    the fraction bar. With c = −max x the largest exponent is 0, so nothing overflows, and the
    sum is at least 1, so nothing is divided by zero.

    The result has the shape of `x` and sums to 1 along `axis`.
    """
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(under="ignore"):  # far below the maximum, 0 is the right answer
        exponentials = np.exp(x - x.max(axis=axis, keepdims=True))
        result: FloatArray = exponentials / exponentials.sum(axis=axis, keepdims=True)
    return result


def sigmoid(x: ArrayLike) -> FloatArray:
    """Evaluate the logistic function σ(x) = 1 / (1 + exp(−x)), element by element.

    Multiplying both sides of the fraction by exp(min(x, 0)) gives
    exp(min(x, 0)) / (1 + exp(−|x|)) for either sign of x: no exponent is ever positive.
    """
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(under="ignore"):
        result: FloatArray = np.exp(np.minimum(x, 0.0)) / (1.0 + np.exp(-np.abs(x)))
    return result


def sigmoid_derivative(x: ArrayLike) -> FloatArray:
    """Evaluate σ'(x) = σ(x)(1 − σ(x)), element by element.

    From σ = (1 + e)⁻¹ with e = exp(−x): σ' = e (1 + e)⁻² = σ · e / (1 + e) = σ(1 − σ). The code
    writes 1 − σ(x) as σ(−x), which is equal and loses no digits where σ(x) is close to 1.
    Note that `x` is the argument of σ, not its value.
    """
    x = np.asarray(x, dtype=np.float64)
    return sigmoid(x) * sigmoid(-x)


def log_sigmoid(x: ArrayLike) -> FloatArray:
    """Evaluate log σ(x), element by element, also where σ(x) itself rounds to 0.

    The logarithm of the fraction in `sigmoid` is min(x, 0) − log(1 + exp(−|x|)).
    """
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(under="ignore"):
        result: FloatArray = np.minimum(x, 0.0) - np.log1p(np.exp(-np.abs(x)))
    return result


def softmax_cross_entropy(
    hidden: ArrayLike, output_vectors: ArrayLike, target: SupportsIndex
) -> ExampleGradients:
    """Predict one word out of the whole vocabulary: J = −log ŷ_o with ŷ = softmax(Uv) [1]_.

    Parameters
    ----------
    hidden : array_like, shape (d,)
        v: one input vector, or a mean of several.
    output_vectors : array_like, shape (V, d)
        U.
    target : int
        o, the word that was observed.

    Returns
    -------
    ExampleGradients
        The loss, ∂J/∂v of shape (d,), and ∂J/∂U of shape (V, d).

    Notes
    -----
    In terms of the scores s = Uv the loss is J = log Σ_w exp(s_w) − s_o, hence

        ∂J/∂s_w = exp(s_w) / Σ_j exp(s_j) − [w = o] = ŷ_w − y_w,

    where y is 1 at o and 0 elsewhere. Since s_w = u_wᵀv, the chain rule gives

        ∂J/∂v   = Σ_w (ŷ_w − y_w) u_w = Uᵀ(ŷ − y)
        ∂J/∂u_w = (ŷ_w − y_w) v.

    The observed word's row therefore gets (ŷ_o − 1) v, whose factor is *negative*: descent
    moves u_o towards v. All other rows get ŷ_w v and move away from it. Some lecture notes
    print (1 − ŷ_o) v for the observed word; a finite difference shows that it isn't so.
    """
    v, u = hidden_and_output(hidden, output_vectors)
    target = row_number("target", target, len(u))
    scores = u @ v
    with np.errstate(under="ignore"):
        log_sum = np.logaddexp.reduce(scores)  # log Σ_w exp(s_w), without overflow
    errors = softmax(scores)
    errors[target] -= 1.0  # ŷ − y
    return ExampleGradients(
        loss=float(log_sum - scores[target]),
        hidden_grad=errors @ u,
        output_grad=np.outer(errors, v),
    )


def negative_sampling(
    hidden: ArrayLike,
    output_vectors: ArrayLike,
    target: SupportsIndex,
    negatives: WordIds,
    *,
    sigmoid: LogisticFunction = sigmoid,
) -> ExampleGradients:
    """Tell the observed word from a few words drawn at random [2]_ [3]_.

    J = −log σ(u_oᵀv) − Σ_k log σ(−u_kᵀv), where k runs over the draws.

    Parameters
    ----------
    hidden, output_vectors, target
        As in `softmax_cross_entropy`: v, U, and the observed word o, which has label 1.
    negatives : sequence of int
        The words drawn (label 0). A word drawn twice counts twice. A draw
        equal to `target` is skipped, as in word2vec: it contributes nothing.
    sigmoid : callable
        The logistic function used for the *gradients*, called once with the 1-D array of
        scores: pass the lookup of a table to follow a kernel that uses one. The loss is always
        the exact one.

    Returns
    -------
    ExampleGradients
        The loss, ∂J/∂v of shape (d,), and ∂J/∂U of shape (V, d).

    Notes
    -----
    With σ' = σ(1 − σ) and σ(−s) = 1 − σ(s), the derivatives of the two kinds of term are

        d/ds [−log σ(s)]  = −σ'(s) / σ(s)   = σ(s) − 1
        d/ds [−log σ(−s)] =  σ'(−s) / σ(−s) = σ(s),

    which is σ(s) − label for both. Since s_w = u_wᵀv, the chain rule gives

        ∂J/∂v   = (σ(u_oᵀv) − 1) u_o + Σ_k σ(u_kᵀv) u_k
        ∂J/∂u_o = (σ(u_oᵀv) − 1) v
        ∂J/∂u_k = σ(u_kᵀv) v, once for each time that k was drawn.
    """
    v, u = hidden_and_output(hidden, output_vectors)
    target = row_number("target", target, len(u))
    draws = row_numbers("negatives", negatives, len(u))
    draws = draws[draws != target]

    rows = np.concatenate(([target], draws))  # the positive first, repeats kept
    labels = np.zeros(len(rows))
    labels[0] = 1.0
    return _binary_decisions(v, u, rows, labels, sigmoid)


def _binary_decisions(
    v: FloatArray,
    u: FloatArray,
    rows: NDArray[np.intp],
    labels: FloatArray,
    sigmoid: LogisticFunction,
) -> ExampleGradients:
    """J = −Σ log σ(s) over label 1, −Σ log σ(−s) over label 0; dJ/ds is σ(s) − label for both."""
    scores = u[rows] @ v
    errors = np.asarray(sigmoid(scores), dtype=np.float64) - labels
    output_grad = np.zeros_like(u)
    np.add.at(output_grad, rows, np.outer(errors, v))  # unlike +=, adds up repeated rows
    return ExampleGradients(
        loss=-float(log_sigmoid(np.where(labels == 1.0, scores, -scores)).sum()),
        hidden_grad=errors @ u[rows],
        output_grad=output_grad,
    )


def hierarchical_softmax(
    hidden: ArrayLike,
    output_vectors: ArrayLike,
    nodes: WordIds,
    labels: ArrayLike,
    *,
    sigmoid: LogisticFunction = sigmoid,
) -> ExampleGradients:
    """Find the observed word in a binary tree, one decision at each inner node [5]_ [2]_.

    J = −Σ_j log σ(±u_jᵀv), where j runs over the inner nodes on the path from the root to the
    word, and the sign is + where the path's label is 1, − where it is 0.

    Parameters
    ----------
    hidden, sigmoid
        As in `negative_sampling`.
    output_vectors : array_like, shape (V − 1, d)
        U, whose rows are inner nodes here, not words. More rows than the tree has are allowed.
    nodes : sequence of int
        The inner nodes on the path, each once.
    labels : array_like of 0 and 1, as long as `nodes`
        Which branch the path takes there.

    Returns
    -------
    ExampleGradients
        The loss, ∂J/∂v of shape (d,), and ∂J/∂U of U's shape.

    Notes
    -----
    *A distribution.* The words are the leaves, and p(word) = Π_j σ(±u_jᵀv) over the word's path.
    The probability 1 starts at the root. At each inner node one branch takes the fraction σ(s) of
    what arrives and the other σ(−s) = 1 − σ(s), so none of it is lost, and it all ends up at the
    leaves: the probabilities of the V words sum to 1, whatever the vectors and the tree. No sum
    over the vocabulary is needed, only a path, of about log₂ V nodes.

    *Gradients.* J is a sum of the two kinds of term in `negative_sampling`, both with derivative
    σ(s) − label. Since s_j = u_jᵀv, the chain rule gives

        ∂J/∂v   = Σ_j (σ(u_jᵀv) − label_j) u_j
        ∂J/∂u_j = (σ(u_jᵀv) − label_j) v, and 0 for the nodes beside the path.
    """
    v, u = hidden_and_output(hidden, output_vectors)
    rows = row_numbers("nodes", nodes, len(u))
    branches = np.asarray(labels, dtype=np.float64)
    if branches.shape != rows.shape or not np.isin(branches, (0.0, 1.0)).all():
        raise ValueError(f"labels must be 0 or 1 for each of {len(rows)} nodes, not {labels!r}")
    if len(np.unique(rows)) < len(rows):
        raise ValueError(f"nodes has a node twice, and a path doesn't: {nodes!r}")
    return _binary_decisions(v, u, rows, branches, sigmoid)


def skipgram_window(
    center: SupportsIndex,
    contexts: WordIds,
    input_vectors: ArrayLike,
    output_vectors: ArrayLike,
    negatives: WordIds | Sequence[WordIds] | None = None,
    *,
    path: TreePath | None = None,
    sigmoid: LogisticFunction = sigmoid,
) -> WindowGradients:
    """Sum the skip-gram loss and its gradients over one window [1]_ [2]_.

    Parameters
    ----------
    center : int
        The word in the middle of the window.
    contexts : sequence of int, length C >= 1
        The words around it. A word that stands there twice counts twice; `center` may be
        among them.
    input_vectors, output_vectors : array_like, shape (V, d)
        Both matrices as they are when the window starts. With `path`, the output matrix may
        have V − 1 rows, as many as a tree has inner nodes.
    negatives : sequence of int, or one such sequence per context, optional
        Words drawn for negative sampling: either drawn once and shared by all the pairs of the
        window, or drawn afresh for each pair (C sequences, not necessarily equally long).
        Without it and without `path`, the objective is the exact softmax.
    path : (nodes, labels), optional
        The center's path, for `hierarchical_softmax`. It excludes `negatives`.
    sigmoid : callable
        See `negative_sampling`. The exact softmax makes no use of it.

    Returns
    -------
    WindowGradients
        The loss, the total over the contexts (not the mean), and two (V, d) gradients.

    Notes
    -----
    *Negative sampling.* For every context word c, the input vector of c is the hidden vector
    and the *center* is the observed output word: the pair (input c, output center), as in
    word2vec's code. With symmetric windows of one width a whole corpus gives the same pairs as
    predicting each context from its center, because whenever c is in the window of a word,
    that word is in the window of c; widths drawn at random give the same pairs on average.
    The window's J is the sum of its pairs' losses, so

        ∂J/∂(input row c) = Σ over the positions that hold c of ∂J_pair/∂v
        ∂J/∂U             = Σ over all pairs of ∂J_pair/∂U.

    *Hierarchical softmax* has the same pairs: each context looks for the center, on its path.

    *Exact softmax.* Here the roles are those of the papers: the input vector of the *center* is
    the hidden vector v, and every context word o is a target: J = Σ_o −log ŷ_o. All the terms
    have the same v and hence the same ŷ = softmax(Uv), so one softmax, the expensive part,
    serves all the contexts; the other way round would need one for each of them. Summed,

        ∂J/∂v = Uᵀ(Cŷ − n),   ∂J/∂u_w = (Cŷ_w − n_w) v,

    where n_w counts how often w stands in the window.
    """
    w_in, w_out, center, contexts = window_arguments(
        center, contexts, input_vectors, output_vectors, negatives, path
    )
    hidden_rows = contexts
    if path is not None:
        examples = [hierarchical_softmax(w_in[c], w_out, *path, sigmoid=sigmoid) for c in contexts]
    elif negatives is None:
        hidden_rows = np.full_like(contexts, center)
        examples = [softmax_cross_entropy(w_in[center], w_out, o) for o in contexts]
    else:
        examples = [
            negative_sampling(w_in[c], w_out, center, draws, sigmoid=sigmoid)
            for c, draws in zip(contexts, draws_per_pair(negatives, len(contexts)), strict=True)
        ]
    input_grad = np.zeros_like(w_in)
    np.add.at(input_grad, hidden_rows, np.array([e.hidden_grad for e in examples]))
    return WindowGradients(
        loss=sum(e.loss for e in examples),
        input_grad=input_grad,
        output_grad=np.sum([e.output_grad for e in examples], axis=0),
    )


def cbow_window(
    center: SupportsIndex,
    contexts: WordIds,
    input_vectors: ArrayLike,
    output_vectors: ArrayLike,
    negatives: WordIds | None = None,
    *,
    path: TreePath | None = None,
    mean: bool = True,
    gradient: Literal["exact", "word2vec"] = "exact",
    sigmoid: LogisticFunction = sigmoid,
) -> WindowGradients:
    """Predict the center from the mean of its context vectors, or their sum, for one window [1]_.

    Parameters
    ----------
    center, contexts, input_vectors, output_vectors, path, sigmoid
        As in `skipgram_window`. A context word that stands there twice counts twice in the mean.
    negatives : sequence of int, optional
        Words drawn for negative sampling. Without it and without `path`, the objective is the
        exact softmax.
    mean : bool
        Whether the hidden vector is the mean of the context vectors, or their sum.
    gradient : {"exact", "word2vec"}
        What each context row receives; see the notes.

    Returns
    -------
    WindowGradients
        The loss and two gradients of shape (V, d).

    Notes
    -----
    The hidden vector is v = (1/C) Σ_c x_c, where x_c is the input vector of the context at
    position c. Hence ∂v/∂x_c = I/C and, by the chain rule,

        ∂J/∂x_c = (1/C) ∂J/∂v, once for each position that the word holds.

    That is ``gradient="exact"``. With ``gradient="word2vec"`` each position receives ∂J/∂v
    undivided, as word2vec.c does it. `input_grad` then is C times too long and is *not* the
    gradient of the loss: the wider the window, the larger the steps of the input vectors.
    İrsoy, Benton and Stratos [4]_ found this and measured what it costs.

    With ``mean=False``, v = Σ_c x_c and ∂v/∂x_c = I: each position receives ∂J/∂v as it is, and
    there is nothing to leave undivided.
    """
    if gradient not in ("exact", "word2vec"):
        raise ValueError(f'gradient must be "exact" or "word2vec", not {gradient!r}')
    w_in, w_out, center, contexts = window_arguments(
        center, contexts, input_vectors, output_vectors, negatives, path
    )
    hidden = w_in[contexts].mean(axis=0) if mean else w_in[contexts].sum(axis=0)
    if path is not None:
        example = hierarchical_softmax(hidden, w_out, *path, sigmoid=sigmoid)
    elif negatives is None:
        example = softmax_cross_entropy(hidden, w_out, center)
    else:
        example = negative_sampling(hidden, w_out, center, negatives, sigmoid=sigmoid)
    share = 1.0 / len(contexts) if mean and gradient == "exact" else 1.0
    input_grad = np.zeros_like(w_in)
    np.add.at(input_grad, contexts, share * example.hidden_grad)
    return WindowGradients(example.loss, input_grad, example.output_grad)
