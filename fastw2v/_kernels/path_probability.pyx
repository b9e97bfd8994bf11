"""Log-probabilities of words in the tree of hierarchical softmax, for questions to a trained model.

log p(w) = sum over the inner nodes u_j on the way to w of log sigma(±<u_j, h>), + where the label is 1:
see huffman.pxd, and ``hierarchical_softmax`` in ``fastw2v/objectives.py``.
"""

from libc.math cimport exp, fabs, fmin, log1p
from libc.stdint cimport int32_t, int64_t

from fastw2v._kernels.blas cimport sdot
from fastw2v._kernels.huffman cimport HuffmanTree


def path_log_probabilities(
    HuffmanTree tree not None,
    const float[:, :] hidden not None,  # IN: hidden vectors
    const int32_t[::1] rows not None,  # IN: (n,): which of them
    const int32_t[::1] words not None,  # IN: (n,): and which word it is to predict
    const float[:, :] output_vectors not None,  # IN: a row for each inner node, or more
    double[::1] out not None,  # OUT: (n,)
):
    """Write log p(words[i] | hidden[rows[i]]), without the GIL."""
    cdef Py_ssize_t i, n = out.shape[0]
    cdef bint outside = False
    if rows.shape[0] != n or words.shape[0] != n:
        raise ValueError(f"{rows.shape[0]} rows, {words.shape[0]} words, {n} places for results")
    if hidden.shape[1] != output_vectors.shape[1] or output_vectors.shape[0] < tree.size - 1:
        raise ValueError("hidden, output_vectors and the tree do not fit each other")
    if hidden.strides[1] != sizeof(float) or output_vectors.strides[1] != sizeof(float):
        raise ValueError("the rows of hidden and output_vectors must be contiguous")
    with nogil:
        for i in range(n):
            if not (0 <= rows[i] < hidden.shape[0] and 0 <= words[i] < tree.size):
                outside = True
                break
            out[i] = log_probability(tree, &hidden[rows[i], 0], words[i], output_vectors)
    if outside:
        raise ValueError("a row or a word is out of range")


cdef double log_probability(
    HuffmanTree tree, const float* hidden, int32_t word, const float[:, :] output_vectors,
) noexcept nogil:
    cdef int64_t j
    cdef double score, total = 0.0
    for j in range(tree.offsets[word], tree.offsets[word + 1]):
        score = sdot(<int>output_vectors.shape[1], hidden, 1, &output_vectors[tree.nodes[j], 0], 1)
        if tree.labels[j] == 0.0:
            score = -score
        total += fmin(score, 0.0) - log1p(exp(-fabs(score)))
    return total
