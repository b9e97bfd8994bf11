"""The objectives with the exact softmax: see softmax.pyx."""

from libc.stdint cimport int32_t

from fastw2v._kernels.structures cimport Parameters, Scratch

cdef enum:
    TILE_WORDS = 512  # output rows in one tile: 200 KB at 100 dimensions, half an L2 cache

cdef void skipgram_softmax(const Parameters* parameters, Scratch* scratch) noexcept nogil
cdef void cbow_softmax(const Parameters* parameters, Scratch* scratch) noexcept nogil


cdef inline int32_t n_tiles(int32_t vocabulary_size) noexcept nogil:
    return (vocabulary_size + TILE_WORDS - 1) // TILE_WORDS
