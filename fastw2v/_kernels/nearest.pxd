"""The vector kernels' scans, by name."""

from libc.stdint cimport int8_t, int16_t, int32_t

cdef extern from "cosine.h" nogil:
    ctypedef void (*Cosines)(
        const float* rows, ptrdiff_t stride, ptrdiff_t n, const float* unit_query, ptrdiff_t d,
        float* out) noexcept nogil
    ctypedef void (*CodeProducts)(
        const int8_t* codes, ptrdiff_t width, ptrdiff_t n, const int16_t* query, int32_t* out
    ) noexcept nogil

    ctypedef struct Scan:
        const char* name
        Cosines cosines
        CodeProducts codes


cdef const Scan* scan_named(str name) except? NULL
