"""Negatives, drawn before they are needed: see draws.pyx."""

from libc.stdint cimport int32_t, int64_t

from fastw2v._kernels.structures cimport Draw, Parameters, Scratch

cdef void start_draws(Scratch* scratch) noexcept nogil
cdef const Draw* next_draw_of(
    const Parameters* parameters, Scratch* scratch, int64_t number, bint for_pairs,
) noexcept nogil
