"""Nearest neighbours by cosine: of one vector, and of many by products of tiles on sgemm.

For many queries the rows of the matrix are taken a tile at a time: divided by their lengths into
scratch memory, multiplied with all queries, and the products offered to each query's best while
they lie in the cache. Neither lengths nor products of the whole matrix are ever kept, so nothing
can go stale and memory does not grow with the vocabulary.

Functions that read vectors return the first row that holds NaN or infinity, or −1.
"""

from libc.math cimport INFINITY

from fastw2v._kernels.blas cimport CblasNoTrans, CblasRowMajor, CblasTrans, sgemm

cdef extern from "cosine.h" nogil:
    float cosine(const float* x, const float* unit_query, ptrdiff_t d)
    int write_unit(const float* x, ptrdiff_t d, float* unit)
    void scale_locally(float* cosines, const float* means, ptrdiff_t n)

cdef extern from "best.h" nogil:
    ctypedef struct best:
        float* scores
        ptrdiff_t* rows
        ptrdiff_t n

    enum:
        BEST_CHUNK

    void empty(best* b)
    void offer(best* b, const float* scores, ptrdiff_t n_scores, ptrdiff_t first)
    void offer_all(best* b, const float* scores, ptrdiff_t n_scores, float* maxima)
    ptrdiff_t list_from(
        float least, const float* scores, ptrdiff_t n_scores, const float* maxima, ptrdiff_t* rows)
    void sort_best(best b)

cdef extern from "simd/compiled.h":
    ctypedef struct Compiled:
        const Scan* scan
        bint is_supported

    enum:
        MOST_COMPILED

    int compiled_kernels(Compiled* found)

CHUNK = BEST_CHUNK
cdef Compiled _compiled[MOST_COMPILED]
cdef int _n_compiled = compiled_kernels(_compiled)


def cosines(const float[::1] unit_query, const float[:, :] vectors, float[::1] out, str kernel):
    """Write each row's cosine with a vector of length 1, or of zeros, by a kernel of that name."""
    cdef Py_ssize_t row, n = vectors.shape[0], d = vectors.shape[1], bad = -1
    cdef const Scan* scan = scan_named(kernel)
    check_rows(vectors)
    if unit_query.shape[0] != d or out.shape[0] != n:
        raise ValueError("the shapes of the query, the vectors and the cosines do not fit")
    with nogil:
        if scan is NULL:
            for row in range(n):
                out[row] = cosine(&vectors[row, 0], &unit_query[0], d)
        else:
            scan.cosines(&vectors[0, 0], vectors.strides[0], n, &unit_query[0], d, &out[0])
        for row in range(n):
            if out[row] != out[row]:
                bad = row
                break
    return bad


cdef const Scan* scan_named(str name) except? NULL:
    """Return the vector kernel of a name, or NULL for ``blas``: a plain loop, which needs no BLAS."""
    cdef int i
    if name == "blas":
        return NULL
    for i in range(_n_compiled):
        if _compiled[i].scan.name.decode() == name and _compiled[i].is_supported:
            return _compiled[i].scan
    raise ValueError(f"no kernel {name!r} can run here")


def unit_rows(const float[:, :] vectors, float[:, ::1] out):
    """Write each row divided by its length, zero rows as they are; ``out`` may be ``vectors``."""
    cdef Py_ssize_t bad
    check_rows(vectors)
    if out.shape[0] != vectors.shape[0] or out.shape[1] != vectors.shape[1]:
        raise ValueError("the shapes of vectors and out differ")
    with nogil:
        bad = write_unit_tile(vectors, 0, vectors.shape[0], &out[0, 0])
    return bad


def search(
    const float[:, ::1] unit_queries,  # IN: (n, d)
    const float[:, :] vectors,  # IN
    Py_ssize_t first,  # to be searched: the rows from first to last - 1
    Py_ssize_t last,
    const ptrdiff_t[::1] excluded,  # IN: (n,), a row that is no neighbour of each query, or −1
    const float[::1] means,  # IN: (len(vectors),) for CSLS, or (0,)
    float[::1] scratch,  # at least n + d floats: the more, the larger a tile
    ptrdiff_t[:, ::1] rows,  # IN, OUT: (n, topn), each query's best so far, −1 at first,
    float[:, ::1] scores,  # IN, OUT: and their scores, −infinity at first
):
    """Offer a range of rows to each query's best; ranges must come in order, ``sort`` after them."""
    cdef Py_ssize_t n = unit_queries.shape[0], d = unit_queries.shape[1]
    cdef Py_ssize_t start = first, size, tile = scratch.shape[0] // (n + d), bad = -1
    check_rows(vectors)
    if vectors.shape[1] != d or not 0 <= first <= last <= vectors.shape[0] or tile < 1:
        raise ValueError("the shapes of queries, vectors and scratch, or the range, do not fit")
    if excluded.shape[0] != n or means.shape[0] not in (0, vectors.shape[0]):
        raise ValueError("the shapes of excluded or means do not fit")
    check_best(rows, scores, n)
    with nogil:
        while start < last and bad < 0:
            size = min(tile, last - start)
            bad = write_unit_tile(vectors, start, size, &scratch[0])
            if bad < 0:
                search_tile(unit_queries, &scratch[0], start, size, excluded, means,
                            &scratch[tile * d], rows, scores)
            start += size
    return bad


cdef Py_ssize_t write_unit_tile(
    const float[:, :] vectors,  # IN
    Py_ssize_t start,
    Py_ssize_t size,
    float* out,  # OUT: (size, d)
) noexcept nogil:
    """Write some rows divided by their lengths; return the first that is not finite, or −1."""
    cdef Py_ssize_t row, d = vectors.shape[1]
    for row in range(size):
        if not write_unit(&vectors[start + row, 0], d, out + row * d):
            return start + row
    return -1


cdef void search_tile(
    const float[:, ::1] unit_queries,  # IN: (n, d)
    const float* unit_vectors,  # IN: (size, d), rows start, start + 1, ... of the matrix
    Py_ssize_t start,
    Py_ssize_t size,
    const ptrdiff_t[::1] excluded,  # IN
    const float[::1] means,  # IN
    float* products,  # OUT: (n, size)
    ptrdiff_t[:, ::1] rows,  # IN, OUT
    float[:, ::1] scores,  # IN, OUT
) noexcept nogil:
    cdef Py_ssize_t n = unit_queries.shape[0], d = unit_queries.shape[1], query
    cdef float* cosines
    cdef best found
    found.n = rows.shape[1]
    sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, <int>n, <int>size, <int>d,
          1.0, &unit_queries[0, 0], <int>d, unit_vectors, <int>d, 0.0, products, <int>size)
    for query in range(n):
        cosines = products + query * size
        if means.shape[0]:
            scale_locally(cosines, &means[start], size)
        if start <= excluded[query] < start + size:
            cosines[excluded[query] - start] = -INFINITY
        found.scores, found.rows = &scores[query, 0], &rows[query, 0]
        offer(&found, cosines, size, start)


def best_of(
    const float[::1] scores,  # IN: (n,)
    float[::1] scratch,  # a float for each whole CHUNK of them
    ptrdiff_t[:, ::1] rows,  # OUT: (1, topn), the best, in no order
    float[:, ::1] best_scores,  # OUT: and their scores
):
    """Choose the best of one query's scores of all rows; −1 and −infinity fill what is left."""
    cdef best found
    check_best(rows, best_scores, 1)
    if scratch.shape[0] < scores.shape[0] // BEST_CHUNK:
        raise ValueError("scratch must have a float for each chunk")
    found.n = rows.shape[1]
    found.scores, found.rows = &best_scores[0, 0], &rows[0, 0]
    with nogil:
        empty(&found)
        if scores.shape[0]:
            offer_all(&found, &scores[0], scores.shape[0], &scratch[0])


def near_best(
    const float[::1] scores,  # IN: (n,)
    Py_ssize_t topn,
    float margin,
    float[::1] scratch,  # at least a float for each whole CHUNK of them, and topn
    ptrdiff_t[::1] rows,  # OUT: (n + topn,), in their order
):
    """List the rows whose scores are at most ``margin`` below the topn-th best; return how many."""
    cdef Py_ssize_t n = scores.shape[0], n_listed = 0
    cdef best found
    if topn < 1 or rows.shape[0] < n + topn or scratch.shape[0] < n // BEST_CHUNK + topn:
        raise ValueError("rows and scratch must have room for the best and more")
    found.n, found.scores, found.rows = topn, &scratch[0], &rows[n]
    with nogil:
        empty(&found)
        if n:
            offer_all(&found, &scores[0], n, &scratch[topn])
            n_listed = list_from(
                found.scores[0] - margin, &scores[0], n, &scratch[topn], &rows[0])
    return n_listed


def sort(ptrdiff_t[:, ::1] rows, float[:, ::1] scores):
    """Sort each query's best from high to low, equal scores by row."""
    cdef best found
    cdef Py_ssize_t query
    check_best(rows, scores, rows.shape[0])
    found.n = rows.shape[1]
    with nogil:
        for query in range(rows.shape[0]):
            found.scores, found.rows = &scores[query, 0], &rows[query, 0]
            sort_best(found)


cdef int check_rows(const float[:, :] vectors) except -1:
    if vectors.shape[1] < 1 or (vectors.shape[1] > 1 and vectors.strides[1] != sizeof(float)):
        raise ValueError("each row of vectors must be one block of memory, of one float at least")
    return 0


cdef int check_best(
    const ptrdiff_t[:, ::1] rows, const float[:, ::1] scores, Py_ssize_t n
) except -1:
    if rows.shape[0] != n or scores.shape[0] != n or rows.shape[1] != scores.shape[1]:
        raise ValueError("the shapes of rows and scores do not fit")
    if rows.shape[1] < 1:
        raise ValueError("there must be room for one neighbour at least")
    return 0
