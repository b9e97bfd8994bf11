"""What kernels rely on, checked once: see kernel_checks.pyx."""

from libc.stdint cimport int32_t, int64_t

from fastw2v._kernels.structures cimport Parameters

cdef check_shapes(Py_ssize_t v, inputs, outputs, keep_probability)
cdef check_words(str name, Py_ssize_t v, words)
cdef const float* factors(
    str name, const float[::1] values, Py_ssize_t n,
) except? NULL
cdef int32_t row_stride(
    const float[:, :] inputs, const float[:, :] outputs, bint any_rows,
) except -1
cdef int64_t check_corpus(
    const int32_t[::1] tokens, const int64_t[::1] offsets, Py_ssize_t v, release,
) except -1
cdef check_range(const Parameters* parameters, int64_t begin, int64_t end, int64_t unit)
