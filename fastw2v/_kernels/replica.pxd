"""A thread's copies of the rows that one block touches: see replica.pyx."""

from libc.stdint cimport int32_t, uint64_t

from fastw2v._kernels.prefetch cimport prefetch_row
from fastw2v._kernels.structures cimport Parameters, Replica, Scratch

cdef void begin_replica(const Parameters* parameters, Replica* replica) noexcept nogil
cdef void end_replica(const Parameters* parameters, Replica* replica) noexcept nogil
cdef void copy_rows(
    const Parameters* parameters, Replica* replica, int32_t n) noexcept nogil
cdef void add_changes(
    const Parameters* parameters, const Replica* replica, int32_t member, int32_t n_members,
) noexcept nogil


cdef inline uint64_t hash_of(const float* row) noexcept nogil:
    return (<uint64_t><size_t>row >> 2) * <uint64_t>0x9E3779B97F4A7C15


cdef inline float* fetched_row(
    const Parameters* parameters, Scratch* scratch, float* row,
) noexcept nogil:
    """Ask for a row of the matrices, and return where this thread is to train it."""
    if scratch.replica.rows is NULL:
        prefetch_row(row, parameters.stride)
        return row
    return listed_row(parameters, &scratch.replica, row)


cdef inline float* trained_row(
    const Parameters* parameters, Scratch* scratch, float* row,
) noexcept nogil:
    """Return where this thread trains a row that was fetched."""
    if scratch.replica.rows is NULL:
        return row
    return listed_row(parameters, &scratch.replica, row)


cdef inline const float* source_of(
    const Parameters* parameters, const Scratch* scratch, const float* row,
) noexcept nogil:
    """Return the row of the matrices that is trained there."""
    if scratch.replica.rows is NULL:
        return row
    return scratch.replica.sources[(row - scratch.replica.rows) // parameters.stride]


cdef inline float* listed_row(
    const Parameters* parameters, Replica* replica, float* source,
) noexcept nogil:
    """Find the copy of a row; list the row, and ask for it, if it is new."""
    cdef uint64_t last = (<uint64_t>1 << replica.table_bits) - 1
    cdef uint64_t slot = hash_of(source) >> (64 - replica.table_bits)
    cdef int32_t place
    while replica.table[slot]:
        place = replica.table[slot] - 1
        if replica.sources[place] == source:
            return replica.rows + <size_t>place * parameters.stride
        slot = (slot + 1) & last
    place = replica.n
    replica.sources[place] = source
    replica.table[slot] = place + 1
    replica.n += 1
    prefetch_row(source, parameters.stride)
    return replica.rows + <size_t>place * parameters.stride
