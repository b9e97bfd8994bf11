"""Input rows that learn at rates of their own; at 0 a row is frozen.

With a rate r_c for each input row x_c, a step of gradient descent is

    x_c <- x_c - lr r_c dJ/dx_c        u_k <- u_k - lr dJ/du_k

so the other rows learn from a frozen one as from any other. No kernel knows of it: rows whose rate
is not 1 are copied, the step moves the copies, and each of these rows then goes r_c times as far as
its copy went. A row with rate 0 is not written to, and keeps its bits. A step may list a row more
than once (CBOW does): each of its copies begins where the row was, and all of them count.
"""

from libc.stdint cimport int32_t
from libc.string cimport memcpy

from fastw2v._kernels.replica cimport source_of
from fastw2v._kernels.step cimport Step


cdef void take_rated_step(
    const Parameters* parameters,  # IN, with input_vectors OUT
    Scratch* scratch,  # IN: step; OUT: rated_rows, copies
    Update update,
) noexcept nogil:
    """Carry out a step on the rows with rate 1, and on copies of the others."""
    cdef Step* step = &scratch.step
    cdef float** rows = step.hidden_rows
    cdef size_t row_bytes = step.vector_size * sizeof(float)
    cdef int32_t i
    cdef float* copy
    for i in range(step.n):
        scratch.rated_rows[i] = rows[i]
        if rate_of(parameters, scratch, rows[i]) != 1.0:
            copy = scratch.copies + 2 * <size_t>i * step.stride
            memcpy(copy, rows[i], row_bytes)
            memcpy(copy + step.stride, copy, row_bytes)  # not the row, which others write to
            scratch.rated_rows[i] = copy
    step.hidden_rows = scratch.rated_rows
    update(step)
    step.hidden_rows = rows
    for i in range(step.n):
        if scratch.rated_rows[i] != rows[i]:
            follow(rows[i], scratch.rated_rows[i], step, rate_of(parameters, scratch, rows[i]))


cdef inline float rate_of(
    const Parameters* parameters, const Scratch* scratch, const float* row,
) noexcept nogil:
    return parameters.input_rates[
        (source_of(parameters, &scratch.replica, row) - parameters.input_vectors) // parameters.stride]


cdef void follow(
    float* row,  # IN, OUT
    const float* copy,  # IN: after the step, and before it a stride further on
    const Step* step,  # IN
    float rate,
) noexcept nogil:
    """Move a row ``rate`` times as far as its copy went."""
    cdef int32_t d
    if rate == 0.0:
        return
    for d in range(step.vector_size):
        row[d] += rate * (copy[d] - copy[step.stride + d])
