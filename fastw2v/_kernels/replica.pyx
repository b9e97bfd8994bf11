"""Replicas: training a shard without seeing what others do meanwhile.

Where results must not depend on how threads meet (rounds.pyx), a shard trains copies of the rows that
it shares with other shards of the round. A row is copied once, as it was when the round began, and
found again through a small hash table; the kernels that carry out steps do not know whose rows these
are. When the shard is done a copy becomes the row's change, and when all are, the changes are added
to the row, in the order of the shards.

A row is listed some steps before it is needed, which asks for it (outputs.pyx), and copied when it
is needed, so that its memory has come by then.
"""

from libc.string cimport memcpy, memset

from fastw2v._kernels.pulls cimport share_of

cdef enum:
    ROWS_AHEAD = 8  # are asked for


cdef inline int32_t width_of(const Parameters* parameters) noexcept nogil:
    """Return how many floats of a row there are: behind the last one there may be no padding."""
    return parameters.vector_size if parameters.updates.any_rows else parameters.stride


cdef void begin_replica(const Parameters* parameters, Replica* replica) noexcept nogil:
    """Forget all rows; or, where the replica is of whole matrices, copy them."""
    replica.n_copied = 0
    if replica.is_whole:
        copy_rows(parameters, replica, replica.n)
    else:
        replica.n = 0
        memset(replica.table, 0, sizeof(int32_t) << replica.table_bits)


cdef void copy_rows(
    const Parameters* parameters,  # IN
    Replica* replica,  # IN, OUT
    int32_t n,
) noexcept nogil:
    """Copy the listed rows up to the n-th that were not copied yet."""
    cdef size_t row_bytes = width_of(parameters) * sizeof(float)
    while replica.n_copied < n:
        memcpy(replica.rows + <size_t>replica.n_copied * parameters.stride,
               replica.sources[replica.n_copied], row_bytes)
        replica.n_copied += 1


cdef void end_replica(
    const Parameters* parameters,  # IN, with the matrices as they were when the round began
    Replica* replica,  # IN, OUT: rows; OUT: order, begins
    int32_t n_threads,
) noexcept nogil:
    """Turn each copy into what it lost, the row minus its copy, and share them out.

    Subtracting that adds the change, and leaves a row that did not change its bits, as x - 0 is x
    also where x is -0.
    """
    cdef int32_t i, width = width_of(parameters), thread
    cdef float* row
    memset(replica.begins, 0, sizeof(replica.begins))
    for i in range(replica.n):
        row = replica.rows + <size_t>i * parameters.stride
        parameters.updates.subtract(row, replica.sources[i], row, 1.0, width)
        replica.begins[1 + thread_of(replica.sources[i], n_threads)] += 1
    for thread in range(1, n_threads):
        replica.begins[thread + 1] += replica.begins[thread]
    for i in range(replica.n):
        thread = thread_of(replica.sources[i], n_threads)
        replica.order[replica.begins[thread]] = i
        replica.begins[thread] += 1
    for thread in range(n_threads, 0, -1):  # each has come to where the next one's begin
        replica.begins[thread] = replica.begins[thread - 1]
    replica.begins[0] = 0


cdef inline int32_t thread_of(const float* row, int32_t n_threads) noexcept nogil:
    """Return which thread adds all changes of a row."""
    return <int32_t>(((hash_of(row) >> 32) * <uint64_t>n_threads) >> 32)


cdef void add_changes(
    const Parameters* parameters,  # IN, with the matrices OUT
    const Replica* replica,  # IN
    const Pull* pulls,  # IN
    int32_t thread,
) noexcept nogil:
    """Add a shard's changes to the rows that are a thread's, as far as they are kept: pulls.pyx."""
    cdef int32_t i, k, width = width_of(parameters), end = replica.begins[thread + 1]
    for k in range(replica.begins[thread], end):
        i = replica.order[min(k + ROWS_AHEAD, end - 1)]
        prefetch_row(replica.sources[i], parameters.stride)
        prefetch_row(replica.rows + <size_t>i * parameters.stride, parameters.stride)
        i = replica.order[k]
        parameters.updates.subtract(
            replica.sources[i], replica.sources[i],
            replica.rows + <size_t>i * parameters.stride,
            share_of(&pulls[replica.numbers[i]]), width)


cdef void clear_marks(Marks* marks) noexcept nogil:
    """Take back the marks of a shard, once no shard of its round needs any."""
    cdef int32_t i
    for i in range(marks.n_marked):
        marks.rows[marks.marked[i]] = 0
    marks.n_marked = 0
