"""Skip-gram and CBOW as a series of steps: see architectures.pyx."""

from fastw2v._kernels.structures cimport Parameters, Scratch

cdef void skipgram(const Parameters* parameters, Scratch* scratch) noexcept nogil
cdef void skipgram_pairs(const Parameters* parameters, Scratch* scratch) noexcept nogil
cdef void cbow(const Parameters* parameters, Scratch* scratch) noexcept nogil
