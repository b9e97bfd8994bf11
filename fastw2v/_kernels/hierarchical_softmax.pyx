"""Hierarchical softmax (Morin and Bengio 2005): a word is what a row of decisions leads to.

The output rows of a step are the inner nodes of the Huffman tree (huffman.pyx) on the way to the
centre, labelled with the branches that lead there. Row j of the output matrix is inner node j.
"""

from libc.stdint cimport int64_t

from fastw2v._kernels.contexts cimport output_row


cdef void list_path(
    const Parameters* parameters,  # IN
    int32_t center,
    Stream* stream,  # not used: nothing is drawn
    Outputs* outputs,  # OUT: m, rows, labels; its counts are all 1
) noexcept nogil:
    """List the output rows of the centre's path, from the root down."""
    cdef int64_t begin = parameters.path_offsets[center], end = parameters.path_offsets[center + 1]
    cdef int64_t j
    for j in range(begin, end):
        outputs.rows[j - begin] = output_row(parameters, parameters.path_nodes[j])
    outputs.labels = parameters.path_labels + begin
    outputs.m = <int32_t>(end - begin)
