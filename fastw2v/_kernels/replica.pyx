"""Replicas: training a block without seeing what other blocks do meanwhile.

Where results must not depend on how threads meet, a block is trained on copies of the rows that it
touches. A row is copied once, from the matrices as they were when the round began (rounds.pyx), and
found again through a small hash table; steps.h's kernels do not know whose rows they work on. When
the block is done a copy becomes the row's change, and when all blocks of the round are, the changes
are added to the matrices, in the order of the blocks.

A row is listed some steps before it is needed, which asks for it (outputs.pyx), and copied when it
is needed, so that its memory has come by then.
"""

from libc.string cimport memcpy, memset


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
    Replica* replica,  # IN, OUT: rows
) noexcept nogil:
    """Turn each copy into what it lost: the row minus its copy.

    Subtracting that adds the change, and leaves a row that did not change its bits, as x - 0 is x
    also where x is -0.
    """
    cdef int32_t i
    for i in range(replica.n):
        subtract_from(parameters, replica.sources[i],
                      replica.rows + <size_t>i * parameters.stride)


cdef inline void subtract_from(
    const Parameters* parameters, const float* before, float* after,
) noexcept nogil:
    cdef int32_t d
    for d in range(width_of(parameters)):
        after[d] = before[d] - after[d]


cdef void add_changes(
    const Parameters* parameters,  # IN, with the matrices OUT
    const Replica* replica,  # IN
    int32_t member,
    int32_t n_members,
) noexcept nogil:
    """Add the changes of a member's share of the rows: which rows these are follows from the rows."""
    cdef int32_t i, d
    cdef float* row
    cdef const float* lost
    for i in range(replica.n):
        row = replica.sources[i]
        if <int32_t>(((hash_of(row) >> 32) * <uint64_t>n_members) >> 32) == member:
            lost = replica.rows + <size_t>i * parameters.stride
            for d in range(width_of(parameters)):
                row[d] -= lost[d]
