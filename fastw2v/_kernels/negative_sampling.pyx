"""Negative sampling (Mikolov et al. 2013): tell the centre from words drawn at random.

The output rows of a step are the centre's, with label 1, and those of the draws, with label 0.
"""

from fastw2v._kernels.alias cimport alias_draw
from fastw2v._kernels.contexts cimport output_row
from fastw2v._kernels.rng cimport next_draw


cdef void draw_negatives(
    const Parameters* parameters,  # IN
    int32_t center,
    Stream* stream,  # IN, OUT
    Outputs* outputs,  # OUT: m, rows, counts
) noexcept nogil:
    """List the centre's output row and those of fresh negatives, each once.

    A draw equal to the centre is skipped; one that was drawn before adds to the count of its row.
    """
    cdef float** rows = outputs.rows
    cdef float* row
    cdef int32_t m = 1, k, token
    rows[0] = output_row(parameters, center)
    outputs.counts[0] = 1.0
    for _ in range(parameters.negative):
        token = alias_draw(
            parameters.noise, <unsigned int>parameters.vocabulary_size, next_draw(stream))
        row = output_row(parameters, token)
        k = 0
        while k < m and rows[k] != row:
            k += 1
        if k == m:
            rows[m] = row
            outputs.counts[m] = 1.0
            m += 1
        elif k > 0:
            outputs.counts[k] += 1.0
    outputs.m = m
