"""Negatives, drawn DRAWS_AHEAD steps before they are needed.

A matrix is larger than the caches, and its rows are met in random order, so that a row would come
some hundred nanoseconds after it is asked for: as long as the step that needs it takes. The draws
of the steps to come are therefore made early, and their rows asked for (prefetched) at once.
"""

from fastw2v._kernels.alias cimport alias_draw
from fastw2v._kernels.contexts cimport input_row
from fastw2v._kernels.rng cimport next_draw
from fastw2v._kernels.structures cimport DRAWS_AHEAD, Window
from fastw2v._kernels.windows cimport n_contexts

cdef extern from "prefetch.h":
    void prefetch_row(const float* row, int32_t stride) noexcept nogil


cdef void start_draws(Scratch* scratch) noexcept nogil:
    """Begin with the windows of a new block."""
    scratch.n_drawn = 0
    scratch.draw_window = 0
    scratch.draws_left = 0
    scratch.n_fetched = 0


cdef const Draw* next_draw_of(
    const Parameters* parameters,  # IN
    Scratch* scratch,  # IN: windows, whose streams move on; OUT: draws
    int64_t number,
    bint for_pairs,
) noexcept nogil:
    """Return the block's draw ``number``, after making those that come soon after it.

    Numbers rise by one from call to call. Each window has one draw, or one for each context
    where they are ``for_pairs``.
    """
    cdef Window* window
    while scratch.n_drawn < number + DRAWS_AHEAD and scratch.draw_window < scratch.n_windows:
        window = &scratch.windows[scratch.draw_window]
        if scratch.draws_left == 0:
            scratch.draws_left = n_contexts(window) if for_pairs else 1
            fetch_contexts(parameters, scratch, window)
        draw_outputs(parameters, scratch, window, &scratch.draws[scratch.n_drawn % DRAWS_AHEAD])
        scratch.n_drawn += 1
        scratch.draws_left -= 1
        scratch.draw_window += scratch.draws_left == 0
    return &scratch.draws[number % DRAWS_AHEAD]


cdef inline void fetch_contexts(
    const Parameters* parameters, Scratch* scratch, const Window* window,
) noexcept nogil:
    """Ask for the input rows that this window has and none before it had."""
    while scratch.n_fetched < window.last:
        prefetch_row(input_row(parameters, scratch.kept[scratch.n_fetched]), parameters.stride)
        scratch.n_fetched += 1


cdef inline void draw_outputs(
    const Parameters* parameters,  # IN
    const Scratch* scratch,  # IN
    Window* window,  # IN, OUT: its stream moves on
    Draw* draw,  # OUT
) noexcept nogil:
    """List the centre's output row and those of fresh negatives, each once, and ask for them.

    A draw equal to the centre is skipped; one drawn before adds to the count of its row.
    """
    cdef int32_t token = scratch.kept[window.center], m = 1, k
    cdef float* row = parameters.output_vectors + <size_t>token * parameters.stride
    cdef float** rows = draw.rows
    cdef float* counts = draw.counts
    rows[0] = row
    counts[0] = 1.0
    prefetch_row(row, parameters.stride)
    for _ in range(parameters.negative):
        token = alias_draw(
            parameters.noise, <unsigned int>parameters.vocabulary_size, next_draw(&window.stream))
        row = parameters.output_vectors + <size_t>token * parameters.stride
        k = 0
        while k < m and rows[k] != row:
            k += 1
        if k == m:
            rows[m] = row
            counts[m] = 1.0
            m += 1
            prefetch_row(row, parameters.stride)
        elif k > 0:
            counts[k] += 1.0
    for k in range(m, parameters.negative + 1):
        counts[k] = 0.0
    draw.m = m
