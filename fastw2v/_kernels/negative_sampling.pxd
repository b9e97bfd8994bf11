"""The objectives with negative sampling: see negative_sampling.pyx."""

from fastw2v._kernels.structures cimport Parameters, Scratch

cdef void skipgram_window(const Parameters* parameters, Scratch* scratch) noexcept nogil
cdef void skipgram_pair(const Parameters* parameters, Scratch* scratch) noexcept nogil
cdef void cbow(const Parameters* parameters, Scratch* scratch) noexcept nogil
