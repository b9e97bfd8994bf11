"""Rows of a matrix as codes of a byte a value, and the scan of them: ``quantized.h`` says more.

Products are exact integers: every kernel gives the same.
"""

from libc.math cimport fmaxf
from libc.stdint cimport int8_t, int16_t, int32_t

from fastw2v._kernels.nearest cimport Scan, scan_named

cdef extern from "quantized.h" nogil:
    enum:
        CODES_ALIGNED

    ptrdiff_t codes_width(ptrdiff_t d)
    int write_codes(
        const float* x, ptrdiff_t d, float* unit, int8_t* codes, float* scale, float* error)
    float write_query(const float* unit_query, ptrdiff_t d, int16_t* query, float* error)

cdef extern from "simd/codes.h" nogil:
    void scan_codes(
        const int8_t* codes, ptrdiff_t width, ptrdiff_t n, const int16_t* query, int32_t* out)

cdef enum:
    PRODUCTS_AT_ONCE = 1024


def width(Py_ssize_t d):
    """Return how many codes a row of d values takes."""
    return codes_width(d)


def encode(
    const float[:, :] vectors,  # IN: (n, d)
    int8_t[:, ::1] codes,  # OUT: (n, width(d))
    float[::1] scales,  # OUT: (n,)
    float[::1] scratch,  # (d,)
):
    """Write each row's codes and scale; return the first row that is not finite, or −1.

    Also the largest error: the distance of a row, divided by its length, from what its codes say.
    """
    cdef Py_ssize_t row, n = vectors.shape[0], d = vectors.shape[1], bad = -1
    cdef float error, largest = 0.0
    if d < 1 or (d > 1 and vectors.strides[1] != sizeof(float)):
        raise ValueError("each row of vectors must be one block of memory, of one float at least")
    if codes.shape[0] != n or codes.shape[1] != codes_width(d) or scales.shape[0] != n:
        raise ValueError("the shapes of vectors, codes and scales do not fit")
    if scratch.shape[0] < d:
        raise ValueError("scratch must have room for a row")
    with nogil:
        for row in range(n):
            if not write_codes(
                &vectors[row, 0], d, &scratch[0], &codes[row, 0], &scales[row], &error
            ):
                bad = row
                break
            largest = fmaxf(largest, error)
    return bad, largest


def quantized_query(const float[::1] unit_query, int16_t[::1] out):
    """Write a vector of length 1, (d,), as integers, (width(d),); return their scale and error."""
    cdef float scale, error
    cdef Py_ssize_t d = unit_query.shape[0]
    if d < 1 or out.shape[0] != codes_width(d):
        raise ValueError("the shapes of the query and its integers do not fit")
    scale = write_query(&unit_query[0], d, &out[0], &error)
    return scale, error


def approximate_cosines(
    const int16_t[::1] query,  # IN: (width,), with its scale
    float scale,
    const int8_t[:, ::1] codes,  # IN: (n, width), with their scales
    const float[::1] scales,
    float[::1] out,  # OUT: (n,)
    str kernel,
):
    """Write each row's cosine with the query, as their integers say, by a kernel of that name."""
    cdef int32_t products[PRODUCTS_AT_ONCE]
    cdef Py_ssize_t first = 0, row, size, n = codes.shape[0]
    cdef const Scan* scan = scan_named(kernel)
    if query.shape[0] != codes.shape[1] or codes.shape[1] % CODES_ALIGNED:
        raise ValueError("the shapes of the query and the codes do not fit")
    if scales.shape[0] != n or out.shape[0] != n:
        raise ValueError("the shapes of the codes, their scales and the cosines do not fit")
    with nogil:
        while first < n:
            size = min(<Py_ssize_t>PRODUCTS_AT_ONCE, n - first)
            if scan is NULL:
                scan_codes(&codes[first, 0], codes.shape[1], size, &query[0], products)
            else:
                scan.codes(&codes[first, 0], codes.shape[1], size, &query[0], products)
            for row in range(size):
                out[first + row] = scale * scales[first + row] * products[row]
            first += size
