"""Subsampling and windows: see windows.pyx."""

from libc.stdint cimport int32_t, int64_t

from fastw2v._kernels.structures cimport Parameters, Scratch, Window

cdef void sample_windows(
    const Parameters* parameters, Scratch* scratch, int64_t epoch, int64_t begin, int64_t end,
) noexcept nogil

cdef void link_repeats(const Parameters* parameters, Scratch* scratch) noexcept nogil


cdef inline int32_t n_contexts(const Window* window) noexcept nogil:
    return window.last - window.first - 1
