"""The outputs of negative sampling and hierarchical softmax together: see both_objectives.pyx."""

from fastw2v._kernels.rng cimport Stream
from fastw2v._kernels.structures cimport Outputs, Parameters

cdef void begin_both(
    const Parameters* parameters, Stream* stream, Outputs* outputs) noexcept nogil
cdef void list_both(const Parameters* parameters, Outputs* outputs) noexcept nogil
