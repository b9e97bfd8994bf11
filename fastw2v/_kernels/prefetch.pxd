"""Asking for memory before it is needed: see prefetch.h."""

from libc.stdint cimport int32_t


cdef extern from "prefetch.h":
    void prefetch(const void* address) noexcept nogil
    void prefetch_row(const float* row, int32_t stride) noexcept nogil
