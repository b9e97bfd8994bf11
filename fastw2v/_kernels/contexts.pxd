"""Rows of the matrices, and a window's contexts as the hidden rows of a step."""

from libc.stdint cimport int32_t

from fastw2v._kernels.structures cimport MOST_CONTEXTS, Parameters, Scratch, Window


cdef inline float* input_row(const Parameters* parameters, int32_t token) noexcept nogil:
    return parameters.input_vectors + <size_t>token * parameters.stride


cdef inline float* output_row(const Parameters* parameters, int32_t row) noexcept nogil:
    return parameters.output_vectors + <size_t>row * parameters.stride


cdef inline int32_t take_contexts(
    const Parameters* parameters,  # IN
    Scratch* scratch,  # OUT: context_rows
    const Window* window,  # IN
) noexcept nogil:
    """List the input row of each context, a word's as often as it stands there; count them."""
    cdef int32_t place, n = 0
    for place in range(window.first, window.last):
        if place != window.center:
            scratch.context_rows[n] = scratch.input_rows[place]
            n += 1
    return n


cdef inline int32_t take_distinct_contexts(
    const Parameters* parameters,  # IN
    Scratch* scratch,  # OUT: context_rows, context_counts
    const Window* window,  # IN
    int32_t* next_place,  # IN, OUT: of the window, where to go on
) noexcept nogil:
    """List the input rows of the window's next MOST_CONTEXTS contexts, each word's once.

    Say how often each word stands there, and count the rows.
    """
    cdef int32_t first = next_place[0], place, twin, taken = 0, n = 0, slot
    for place in range(first, window.last):
        next_place[0] = place + 1
        if place == window.center:
            continue
        twin = scratch.previous[place]
        if twin == window.center:
            twin = scratch.previous[twin]
        if twin < first:
            slot = n
            scratch.context_rows[n] = scratch.input_rows[place]
            scratch.context_counts[n] = 1.0
            n += 1
        else:
            slot = scratch.context_slots[twin - first]
            scratch.context_counts[slot] += 1.0
        scratch.context_slots[place - first] = slot
        taken += 1
        if taken == MOST_CONTEXTS:
            break
    return n
