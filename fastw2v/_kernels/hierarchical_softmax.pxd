"""The outputs of hierarchical softmax: see hierarchical_softmax.pyx."""

from fastw2v._kernels.rng cimport Stream
from fastw2v._kernels.structures cimport Outputs, Parameters

cdef void find_path(
    const Parameters* parameters, Stream* stream, Outputs* outputs) noexcept nogil
cdef void list_path(const Parameters* parameters, Outputs* outputs) noexcept nogil
