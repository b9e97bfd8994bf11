"""The outputs of negative sampling: see negative_sampling.pyx."""

from fastw2v._kernels.rng cimport Stream
from fastw2v._kernels.structures cimport Outputs, Parameters

cdef void draw_negatives(
    const Parameters* parameters, Stream* stream, Outputs* outputs) noexcept nogil
cdef void list_negatives(const Parameters* parameters, Outputs* outputs) noexcept nogil
