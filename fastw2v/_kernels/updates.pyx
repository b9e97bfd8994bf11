"""The kernels that can carry out a step (step.h), the plain one, and which to take.

=========  ========================================================================================
``blas``   sdot and saxpy, below: the reference that the others are tested against, and what runs
           where no other was compiled
others     ``simd/update.h``, compiled for several instruction sets
=========  ========================================================================================
"""

from libc.string cimport memset

from fastw2v._kernels.blas cimport saxpy, sdot
from fastw2v._kernels.sigmoid cimport negative_log_sigmoid_at, sigmoid_at, sigmoid_tables
from fastw2v._kernels.step cimport ROW_BYTES as _ROW_BYTES, ROW_FLOATS as _ROW_FLOATS, Step


cdef extern from "simd/compiled.h":
    ctypedef struct Compiled:
        const Updates* updates
        bint is_supported

    enum:
        MOST_COMPILED

    int compiled_kernels(Compiled* found)


# How a matrix must lie in memory for kernels other than ``blas``.
ROW_BYTES = _ROW_BYTES
ROW_FLOATS = _ROW_FLOATS

cdef Compiled _compiled[MOST_COMPILED]
cdef int _n_compiled = compiled_kernels(_compiled)
cdef Updates _blas
_blas.name = b"blas"
_blas.any_rows = True
_blas.update_rows = update_rows
_blas.update_mean = update_mean


def compiled():
    """Return the names of this build's kernels, best first, each with whether it can run here."""
    found = [(_compiled[i].updates.name.decode(), bool(_compiled[i].is_supported))
             for i in range(_n_compiled)]
    return [*found, ("blas", True)]


def any_rows(str name):
    """Return whether the kernel takes matrices whose rows are not padded and aligned."""
    return bool(updates_named(name).any_rows)


cdef const Updates* updates_named(str name) except NULL:
    cdef int i
    if name == "blas":
        return &_blas
    for i in range(_n_compiled):
        if _compiled[i].updates.name.decode() == name and _compiled[i].is_supported:
            return _compiled[i].updates
    raise ValueError(f"no kernel {name!r} can run here; there are {compiled()}")


cdef void update_rows(Step* step) noexcept nogil:
    """The operation in step.h, term by term."""
    cdef int d = step.vector_size, i, k
    cdef float score, weight
    cdef float* grads
    cdef double loss = 0.0

    for i in range(step.n):
        grads = step.grads + <size_t>i * step.m
        for k in range(step.m):
            weight = step.hidden_counts[i] * step.output_counts[k]
            score = sdot(d, step.hidden_rows[i], 1, step.output_rows[k], 1)
            grads[k] = step.lr * weight * (step.labels[k] - sigmoid_at(sigmoid_tables(), score))
            loss += weight * negative_log_sigmoid_at(
                sigmoid_tables(), score if step.labels[k] else -score)
    step.losses[0] += loss

    memset(step.moved, 0, <size_t>step.n * step.stride * sizeof(float))
    for i in range(step.n):
        grads = step.grads + <size_t>i * step.m
        for k in range(step.m):
            saxpy(d, grads[k], step.output_rows[k], 1, step.moved + <size_t>i * step.stride, 1)

    for i in range(step.n):
        grads = step.grads + <size_t>i * step.m
        for k in range(step.m):
            saxpy(d, grads[k], step.hidden_rows[i], 1, step.output_rows[k], 1)

    for i in range(step.n):
        saxpy(d, 1.0, step.moved + <size_t>i * step.stride, 1, step.hidden_rows[i], 1)


cdef void update_mean(Step* step) noexcept nogil:
    """h = sum_i c_i / C; what h would move by is in ``moved`` afterwards, and moves each c_i."""
    cdef int d = step.vector_size, i
    cdef float once = 1.0
    cdef Step inner = step[0]
    memset(step.mean, 0, d * sizeof(float))
    for i in range(step.n):
        saxpy(d, 1.0 / step.n, step.hidden_rows[i], 1, step.mean, 1)
    inner.n = 1
    inner.hidden_rows = &step.mean
    inner.hidden_counts = &once
    update_rows(&inner)
    for i in range(step.n):
        saxpy(d, step.share, step.moved, 1, step.hidden_rows[i], 1)
