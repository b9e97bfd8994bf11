"""Negative sampling and hierarchical softmax at once: the sum of their losses, in one step.

word2vec.c and gensim train by both where both are asked for. An example's output rows are then
those of negative sampling, of ``output_vectors``, followed by those of the centre's path, of
``node_vectors``. No row is in both.
"""

from libc.stdint cimport int32_t, int64_t

from fastw2v._kernels.hierarchical_softmax cimport find_path
from fastw2v._kernels.negative_sampling cimport draw_negatives, list_negatives


cdef void begin_both(
    const Parameters* parameters,  # IN
    Stream* stream,  # IN, OUT
    Outputs* outputs,  # IN: center; OUT: draws
) noexcept nogil:
    """Draw the negatives, and ask for the centre's path."""
    draw_negatives(parameters, stream, outputs)
    find_path(parameters, stream, outputs)


cdef void list_both(
    const Parameters* parameters,  # IN
    Outputs* outputs,  # IN: center, draws; OUT: m, rows, counts, own_labels
) noexcept nogil:
    """List the rows of negative sampling, and then those of the path."""
    cdef int64_t begin = parameters.path_offsets[outputs.center], j
    cdef int64_t length = parameters.path_offsets[outputs.center + 1] - begin
    cdef int32_t k
    list_negatives(parameters, outputs)
    outputs.own_labels[0] = 1.0
    for k in range(1, outputs.m):
        outputs.own_labels[k] = 0.0
    for j in range(begin, begin + length):
        k = outputs.m
        outputs.rows[k] = (
            parameters.node_vectors + <size_t>parameters.path_nodes[j] * parameters.stride)
        outputs.counts[k] = 1.0  # another list may have left another
        outputs.own_labels[k] = parameters.path_labels[j]
        outputs.m += 1
