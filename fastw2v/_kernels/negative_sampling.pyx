"""Negative sampling (Mikolov et al. 2013): tell the centre from words drawn at random.

The output rows of a step are the centre's, with label 1, and those of the draws, with label 0.
"""

from libc.stdint cimport int32_t, uint32_t
from libc.string cimport memset

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
    cdef int32_t j, k, word
    outputs.m = 0
    if outputs.table is not NULL:
        memset(outputs.table, 0, sizeof(int32_t) << outputs.table_bits)
    place_of(parameters, outputs, outputs.center)
    for j in range(parameters.negative):
        word = alias_draw(
            parameters.noise, <uint32_t>parameters.vocabulary_size, outputs.draws[j])
        k = place_of(parameters, outputs, word)
        outputs.counts[k] += k > 0
    outputs.counts[0] = 1.0


cdef inline int32_t place_of(
    const Parameters* parameters, Outputs* outputs, int32_t word,
) noexcept nogil:
    """Return a word's place in ``rows``, where it is put, with a count of 0, if it is new.

    Few are compared one by one, which is fastest; many would take the square of their number.
    """
    cdef float* row = output_row(parameters, word)
    cdef uint32_t slot
    cdef int32_t k = 0
    if outputs.table is NULL:
        while k < outputs.m and outputs.rows[k] != row:
            k += 1
    else:
        k = outputs.m
        slot = (<uint32_t>word * <uint32_t>0x9E3779B9) >> (32 - outputs.table_bits)
        while outputs.table[slot] and outputs.rows[outputs.table[slot] - 1] != row:
            slot = (slot + 1) & ((<uint32_t>1 << outputs.table_bits) - 1)
        if outputs.table[slot]:
            k = outputs.table[slot] - 1
        else:
            outputs.table[slot] = k + 1
    if k == outputs.m:
        outputs.rows[k] = row
        outputs.counts[k] = 0.0
        outputs.m += 1
    return k
