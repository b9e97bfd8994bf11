"""The kernels that can carry out a step (step.h), and the plain one.

=========  ========================================================================================
``blas``   sdot and saxpy, below: the reference that the others are tested against, and what runs
           where no other was compiled
others     ``simd/update.h``, compiled for several instruction sets
=========  ========================================================================================
"""

from libc.stdint cimport int32_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memset

from fastw2v._kernels.blas cimport saxpy, sdot
from fastw2v._kernels.sigmoid cimport negative_log_sigmoid_at, sigmoid_at, sigmoid_tables
from fastw2v._kernels.step cimport (
    ROW_BYTES, ROW_FLOATS, SLACK, TILE_COLUMNS, TILE_OUTPUTS, Step,
)


cdef extern from "simd/compiled.h":
    ctypedef struct Compiled:
        const Updates* updates
        bint is_supported

    enum:
        MOST_COMPILED

    int compiled_kernels(Compiled* found)


# How a matrix must lie in memory for kernels other than ``blas``.
globals().update(ROW_BYTES=ROW_BYTES, ROW_FLOATS=ROW_FLOATS)

cdef Compiled _compiled[MOST_COMPILED]
cdef int _n_compiled = compiled_kernels(_compiled)
cdef Updates _blas
_blas.name = b"blas"
_blas.any_rows = True
_blas.update_rows = update_rows
_blas.update_mean = update_mean
_blas.subtract = subtract


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
    """h = scale sum_i c_i; what h would move by is in ``moved`` afterwards, and moves each c_i."""
    cdef int d = step.vector_size, i
    cdef float once = 1.0
    cdef Step inner = step[0]
    memset(step.mean, 0, d * sizeof(float))
    for i in range(step.n):
        saxpy(d, step.scale, step.hidden_rows[i], 1, step.mean, 1)
    inner.n = 1
    inner.hidden_rows = &step.mean
    inner.hidden_counts = &once
    update_rows(&inner)
    for i in range(step.n):
        saxpy(d, step.share, step.moved, 1, step.hidden_rows[i], 1)


cdef void subtract(
    float* out, const float* a, const float* b, float share, int32_t stride,
) noexcept nogil:
    cdef int32_t d
    for d in range(stride):
        out[d] = a[d] - share * b[d]


def run_step(
    str name, float[:, :] hidden, float[:, :] outputs, const float[::1] labels, float lr, *,
    const float[::1] hidden_counts, const float[::1] output_counts, scale=None, share=None,
):
    """Carry out one step in place, for tests, and return its loss.

    Parameters
    ----------
    name
        The kernel's.
    hidden, outputs
        (n, d) and (m, d), n and m at least 1: from ``fastw2v.matrices``.
    labels, hidden_counts, output_counts
        (m,), (n,) and (m,).
    share
        None: ``update_rows``. A number: ``update_mean`` with this share, which leaves
        ``hidden_counts`` out.
    scale
        For ``update_mean``, of the sum; None: 1 / n.
    """
    cdef const Updates* updates = updates_named(name)
    cdef Py_ssize_t n = hidden.shape[0], m = outputs.shape[0], i
    cdef Py_ssize_t stride = (hidden.shape[1] + ROW_FLOATS - 1) // ROW_FLOATS * ROW_FLOATS
    cdef Py_ssize_t tiles = (m + TILE_OUTPUTS - 1) // TILE_OUTPUTS
    cdef float** rows = <float**>malloc((n + m) * sizeof(float*))
    cdef char* memory = <char*>calloc(
        stride * (n + 2) + tiles * TILE_COLUMNS * n + n + 2 * (m + SLACK) + 2 * ROW_FLOATS,
        sizeof(float))
    cdef Step step
    cdef float* at
    cdef double loss = 0.0
    if n < 1 or m < 1 or outputs.shape[1] != hidden.shape[1] or labels.shape[0] != m or (
            hidden_counts.shape[0] != n or output_counts.shape[0] != m):
        free(rows)
        free(memory)
        raise ValueError("rows, counts and labels do not fit each other")
    if rows is NULL or memory is NULL:
        free(rows)
        free(memory)
        raise MemoryError
    at = <float*>(memory + (ROW_BYTES - <size_t>memory % ROW_BYTES))
    step.n, step.m = <int>n, <int>m
    step.vector_size, step.stride, step.lr = <int>hidden.shape[1], <int>stride, lr
    step.scale = 1.0 / n if scale is None else scale
    step.share = 0.0 if share is None else share
    step.losses, at = at, at + ROW_FLOATS
    step.moved, at = at, at + stride * n
    step.mean, at = at, at + stride * 2
    step.grads, at = at, at + tiles * TILE_COLUMNS * n
    step.hidden_rows, step.output_rows = rows, rows + n
    for i in range(n):
        rows[i], at[i] = &hidden[i, 0], hidden_counts[i]
    step.hidden_counts, at = at, at + n
    for i in range(m):
        rows[n + i], at[i], at[m + SLACK + i] = &outputs[i, 0], output_counts[i], labels[i]
    step.output_counts, step.labels = at, at + m + SLACK
    if share is None:
        updates.update_rows(&step)
    else:
        updates.update_mean(&step)
    for i in range(ROW_FLOATS):
        loss += step.losses[i]
    free(rows)
    free(memory)
    return loss
