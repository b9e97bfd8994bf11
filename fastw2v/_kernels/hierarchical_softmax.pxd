"""The outputs of hierarchical softmax: see hierarchical_softmax.pyx."""

from libc.stdint cimport int32_t

from fastw2v._kernels.rng cimport Stream
from fastw2v._kernels.structures cimport Outputs, Parameters

cdef void list_path(
    const Parameters* parameters, int32_t center, Stream* stream, Outputs* outputs,
) noexcept nogil
