"""The outputs of negative sampling: see negative_sampling.pyx."""

from libc.stdint cimport int32_t

from fastw2v._kernels.rng cimport Stream
from fastw2v._kernels.structures cimport Outputs, Parameters

cdef void draw_negatives(
    const Parameters* parameters, int32_t center, Stream* stream, Outputs* outputs,
) noexcept nogil
