"""Hierarchical softmax (Morin and Bengio 2005): a word is what a row of decisions leads to.

The output rows of a step are the inner nodes of the Huffman tree (huffman.pyx) on the way to the
centre, labelled with the branches that lead there. Row j of the output matrix is inner node j.
"""

from libc.stdint cimport int32_t, int64_t

from fastw2v._kernels.contexts cimport output_row
from fastw2v._kernels.prefetch cimport prefetch


cdef void find_path(
    const Parameters* parameters,  # IN
    Stream* stream,  # not used: nothing is drawn
    Outputs* outputs,  # IN: center
) noexcept nogil:
    """Ask for the centre's path."""
    cdef int64_t begin = parameters.path_offsets[outputs.center]
    prefetch(parameters.path_nodes + begin)
    prefetch(parameters.path_labels + begin)


cdef void list_path(
    const Parameters* parameters,  # IN
    Outputs* outputs,  # IN: center; OUT: m, rows, labels; its counts are all 1
) noexcept nogil:
    """List the output rows of the centre's path, from the root down."""
    cdef int64_t begin = parameters.path_offsets[outputs.center], j
    outputs.m = <int32_t>(parameters.path_offsets[outputs.center + 1] - begin)
    for j in range(outputs.m):
        outputs.rows[j] = output_row(parameters, parameters.path_nodes[begin + j])
    outputs.labels = parameters.path_labels + begin
