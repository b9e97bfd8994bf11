"""Files of word vectors, a block at a time: rows of keys and numbers, as text or in word2vec's binary form.

The native loops are plain C without the interpreter: ``float_text.h`` has single numbers,
``vector_rows.h`` rows. Keys go in and come out as bytes and where they lie.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport int64_t

cdef extern from "vector_rows.h" nogil:
    enum: ROWS_EMPTY_LINE, ROWS_NO_KEY, ROWS_NO_NUMBER, ROWS_TOO_FEW, ROWS_TOO_MANY, ROWS_NOT_FINITE
    ctypedef struct Rows:
        float* vectors
        int64_t* keys
        int64_t width
        int64_t most
        int64_t n
        int64_t end
        int problem
        int64_t at
    ctypedef struct RowsToWrite:
        const unsigned char* keys
        const int64_t* bounds
        const float* vectors
        int64_t n
        int64_t width
    void rows_parse_text(const unsigned char*, int64_t, bint, Rows*)
    void rows_parse_binary(const unsigned char*, int64_t, Rows*)
    int64_t keys_gather(const unsigned char*, const int64_t*, int64_t, unsigned char*)
    int64_t rows_most_text(int64_t, int64_t, int64_t)
    int64_t rows_most_binary(int64_t, int64_t, int64_t)
    int64_t rows_format_text(const RowsToWrite*, unsigned char*)
    int64_t rows_format_binary(const RowsToWrite*, unsigned char*)

EMPTY_LINE = ROWS_EMPTY_LINE
NO_KEY = ROWS_NO_KEY
NO_NUMBER = ROWS_NO_NUMBER
TOO_FEW = ROWS_TOO_FEW
TOO_MANY = ROWS_TOO_MANY
NOT_FINITE = ROWS_NOT_FINITE


def parse_text(
    const unsigned char[::1] text not None,  # IN: whole lines, each with its newline
    bint spaces_in_keys,  # IN: whether a key may contain spaces; see rows_parse_text
    float[:, ::1] out_vectors not None,  # OUT: (most, d)
    int64_t[:, ::1] out_keys not None,  # OUT: (most, 2): where each key begins and ends
):
    """Parse rows until there is no room for more, the text ends, or one is wrong.

    Returns how many rows were parsed, where the last of them ends, and what is wrong with the row
    after them and where: 0 if nothing is.
    """
    cdef Rows rows
    if text.shape[0] and text[text.shape[0] - 1] != b"\n":
        raise ValueError("the text must end with a newline")
    prepare(&rows, out_vectors, out_keys)
    if text.shape[0] == 0 or rows.most == 0:
        return 0, 0, 0, 0
    with nogil:
        rows_parse_text(&text[0], text.shape[0], spaces_in_keys, &rows)
    return rows.n, rows.end, rows.problem, rows.at


def parse_binary(
    const unsigned char[::1] data not None,  # IN
    float[:, ::1] out_vectors not None,  # OUT: (most, d)
    int64_t[:, ::1] out_keys not None,  # OUT: (most, 2): where each key begins and ends
):
    """Parse the rows that lie whole in the data, as far as there is room; return as ``parse_text``."""
    cdef Rows rows
    prepare(&rows, out_vectors, out_keys)
    if data.shape[0] == 0 or rows.most == 0:
        return 0, 0, 0, 0
    with nogil:
        rows_parse_binary(&data[0], data.shape[0], &rows)
    return rows.n, rows.end, rows.problem, rows.at


cdef int prepare(Rows* rows, float[:, ::1] vectors, int64_t[:, ::1] keys) except -1:
    rows.width, rows.most = vectors.shape[1], vectors.shape[0]
    if rows.width < 1 or keys.shape[0] != rows.most or keys.shape[1] != 2:
        raise ValueError(
            f"vectors of shape ({rows.most}, {rows.width}) don't fit keys of shape "
            f"({keys.shape[0]}, {keys.shape[1]})")
    if rows.most:
        rows.vectors, rows.keys = &vectors[0, 0], &keys[0, 0]
    return 0


def gather_keys(
    const unsigned char[::1] data not None,  # IN
    const int64_t[:, ::1] keys not None,  # IN: (n, 2): where each key begins and ends
):
    """Return the keys' bytes, with a newline between each two."""
    cdef Py_ssize_t i, n = keys.shape[0], length = n - 1
    cdef bytes gathered
    cdef unsigned char* out
    if keys.shape[1] != 2:
        raise ValueError(f"keys have the shape ({keys.shape[0]}, {keys.shape[1]})")
    if n == 0:
        return b""
    for i in range(n):
        if not 0 <= keys[i, 0] < keys[i, 1] <= data.shape[0]:
            raise ValueError(f"key {i} lies outside the data")
        length += keys[i, 1] - keys[i, 0]
    gathered = PyBytes_FromStringAndSize(NULL, length)
    out = <unsigned char*>PyBytes_AS_STRING(gathered)
    with nogil:
        keys_gather(&data[0], &keys[0, 0], n, out)
    return gathered


def most_bytes(Py_ssize_t n, Py_ssize_t width, Py_ssize_t key_bytes, bint binary):
    """Return how many bytes n rows take at the most."""
    return rows_most_binary(n, width, key_bytes) if binary else rows_most_text(n, width, key_bytes)


def format_rows(
    const unsigned char[::1] keys not None,  # IN: key after key, a byte after each but the last
    const int64_t[::1] bounds not None,  # IN: (n + 1,): where each begins; one more than where the last ends
    const float[:, ::1] vectors not None,  # IN: (n, d)
    bint binary,  # IN: write word2vec's binary form, not text
    unsigned char[::1] out not None,  # OUT: room for most_bytes
):
    """Write rows; return how many bytes, or -1 - i if row i can't be text, as it is not finite."""
    cdef RowsToWrite rows
    cdef Py_ssize_t i
    cdef int64_t written
    rows.n, rows.width = vectors.shape[0], vectors.shape[1]
    if rows.n == 0:
        return 0
    if rows.width < 1 or bounds.shape[0] != rows.n + 1 or bounds[0] != 0 \
            or bounds[rows.n] != keys.shape[0] + 1:
        raise ValueError("keys, bounds and vectors don't fit together")
    for i in range(rows.n):
        if bounds[i + 1] <= bounds[i]:
            raise ValueError(f"key {i} has a negative length")
    if out.shape[0] < most_bytes(rows.n, rows.width, keys.shape[0], binary):
        raise ValueError("no room for the rows")
    rows.keys, rows.bounds, rows.vectors = &keys[0], &bounds[0], &vectors[0, 0]
    with nogil:
        if binary:
            written = rows_format_binary(&rows, &out[0])
        else:
            written = rows_format_text(&rows, &out[0])
    return written
