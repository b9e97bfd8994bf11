"""Negative sampling (Mikolov et al. 2013): tell the centre from words drawn at random.

The output rows of a step are the centre's, with label 1, and those of the draws, with label 0.
"""

from libc.stdint cimport int32_t, uint32_t

from fastw2v._kernels.alias cimport alias_draw
from fastw2v._kernels.contexts cimport output_row
from fastw2v._kernels.prefetch cimport prefetch
from fastw2v._kernels.rng cimport bounded, next_draw


cdef void draw_negatives(
    const Parameters* parameters,  # IN
    Stream* stream,  # IN, OUT
    Outputs* outputs,  # OUT: draws
) noexcept nogil:
    """Draw the random numbers, and ask for their slots of the alias table."""
    cdef int32_t j
    for j in range(parameters.negative):
        outputs.draws[j] = next_draw(stream)
        prefetch(&parameters.noise[
            bounded(outputs.draws[j], <uint32_t>parameters.vocabulary_size)])


cdef void list_negatives(
    const Parameters* parameters,  # IN
    Outputs* outputs,  # IN: center, draws; OUT: m, rows, counts
) noexcept nogil:
    """List the centre's output row and those of the negatives, each once.

    A draw equal to the centre is skipped; one that was drawn before adds to the count of its row.
    """
    cdef float** rows = outputs.rows
    cdef float* row
    cdef int32_t m = 1, j, k
    rows[0] = output_row(parameters, outputs.center)
    outputs.counts[0] = 1.0
    for j in range(parameters.negative):
        row = output_row(parameters, alias_draw(
            parameters.noise, <uint32_t>parameters.vocabulary_size, outputs.draws[j]))
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
