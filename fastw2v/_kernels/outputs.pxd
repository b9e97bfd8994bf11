"""The output rows of the steps to come: see outputs.pyx."""

from libc.stdint cimport int64_t

from fastw2v._kernels.structures cimport Parameters, Scratch

cdef void list_block(const Parameters* parameters, Scratch* scratch) noexcept nogil
cdef void start_outputs(const Parameters* parameters, Scratch* scratch) noexcept nogil
cdef void take_outputs(
    const Parameters* parameters, Scratch* scratch, int64_t number, float lr) noexcept nogil
