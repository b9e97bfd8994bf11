"""A shard's copies of rows, and who needs them: see replica.pyx."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t

from fastw2v._kernels.prefetch cimport prefetch_row
from fastw2v._kernels.structures cimport Marks, Parameters, Pull, Replica

cdef void begin_replica(const Parameters* parameters, Replica* replica) noexcept nogil
cdef void end_replica(
    const Parameters* parameters, Replica* replica, int32_t n_threads) noexcept nogil
cdef void copy_rows(
    const Parameters* parameters, Replica* replica, int32_t n) noexcept nogil
cdef void add_changes(
    const Parameters* parameters, const Replica* replica, const Pull* pulls, int32_t thread,
) noexcept nogil
cdef void clear_marks(Marks* marks) noexcept nogil


cdef inline int64_t number_of(const Parameters* parameters, const float* row) noexcept nogil:
    """Number the rows of all matrices, those of the inputs, of the outputs, of the nodes.

    A distance is a row's number times the stride, so its product with 1 / stride is wrong by less
    than a half.
    """
    cdef size_t floats = <size_t>parameters.vocabulary_size * parameters.stride
    cdef int64_t distance = row - parameters.input_vectors, before = 0
    if not 0 <= distance < <int64_t>floats:
        distance, before = row - parameters.output_vectors, parameters.vocabulary_size
        if not 0 <= distance < <int64_t>floats:
            distance = row - parameters.node_vectors
            before = 2 * <int64_t>parameters.vocabulary_size
    return before + <int64_t>(distance * parameters.rows_per_float + 0.5)


cdef inline void mark_row(
    const Parameters* parameters, Marks* marks, const float* row,
) noexcept nogil:
    """Mark a row as touched by the shard."""
    cdef int64_t number = number_of(parameters, row)
    if not marks.rows[number] & marks.bit:
        marks.rows[number] |= marks.bit
        marks.marked[marks.n_marked] = number
        marks.n_marked += 1


cdef inline float* trained_row(
    const Parameters* parameters, const Marks* marks, Replica* replica, float* row, float pull,
) noexcept nogil:
    """Ask for a row, and return where it is trained: there, or, if others touch it, in a copy."""
    cdef int64_t number = number_of(parameters, row)
    cdef uint8_t shards = 0
    cdef int32_t i
    for i in range(marks.n_threads):
        shards |= marks.of_threads[i][number]
    if shards == marks.bit:
        prefetch_row(row, parameters.stride)
        return row
    return copy_of(parameters, replica, row, number, pull)


cdef inline const float* source_of(
    const Parameters* parameters, const Replica* replica, const float* row,
) noexcept nogil:
    """Return the row of the matrices that is trained there."""
    if replica.rows <= row < replica.rows + <size_t>replica.n * parameters.stride:
        return replica.sources[(row - replica.rows) // parameters.stride]
    return row


cdef inline uint64_t hash_of(const float* row) noexcept nogil:
    return (<uint64_t><size_t>row >> 2) * <uint64_t>0x9E3779B97F4A7C15


cdef inline float* copy_of(
    const Parameters* parameters, Replica* replica, float* source, int64_t number, float pull,
) noexcept nogil:
    """Find the copy of a row; if it is new, list the row, and ask for it."""
    cdef uint64_t last = (<uint64_t>1 << replica.table_bits) - 1
    cdef uint64_t slot = hash_of(source) >> (64 - replica.table_bits)
    cdef int32_t place
    while replica.table[slot]:
        place = replica.table[slot] - 1
        if replica.sources[place] == source:
            replica.pulls[place] += pull
            return replica.rows + <size_t>place * parameters.stride
        slot = (slot + 1) & last
    place = replica.n
    replica.sources[place] = source
    replica.numbers[place] = number
    replica.pulls[place] = pull
    replica.table[slot] = place + 1
    replica.n += 1
    prefetch_row(source, parameters.stride)
    return replica.rows + <size_t>place * parameters.stride
