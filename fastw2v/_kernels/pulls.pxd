"""How much of a row's changes in a round is kept: see pulls.pyx."""

from libc.stdint cimport int32_t

from fastw2v._kernels.structures cimport Outputs, Parameters, Pull, Replica, Scratch, Window

cdef void begin_pulls(
    const Parameters* parameters, Outputs* outputs, const Window* window) noexcept nogil
cdef void softmax_pulls(const Parameters* parameters, Scratch* scratch) noexcept nogil
cdef void add_pulls(const Replica* replica, Pull* pulls, int32_t thread) noexcept nogil
cdef void clear_pulls(const Replica* replica, Pull* pulls, int32_t thread) noexcept nogil


cdef inline float share_of(const Pull* pull) noexcept nogil:
    """Return the share of the sum of a row's changes that it moves by."""
    if pull.parts == 0.0:
        return 1.0
    return pull.total / (1.0 + pull.total) / pull.parts
