"""The output rows of the steps to come, listed some steps before they are needed.

The matrices are larger than the caches and their rows are met in random order, so a row comes some
hundred nanoseconds after it is asked for: as long as the step takes that needs it. So the objective
(negative_sampling.pyx, hierarchical_softmax.pyx) lists the rows of the next STEPS_AHEAD steps, and
they are asked for (prefetched) at once, together with the input rows that a window brings.
"""

from libc.stdint cimport int32_t

from fastw2v._kernels.contexts cimport input_row
from fastw2v._kernels.structures cimport STEPS_AHEAD, Outputs, Window
from fastw2v._kernels.windows cimport n_contexts

cdef extern from "prefetch.h":
    void prefetch_row(const float* row, int32_t stride) noexcept nogil


cdef void start_outputs(Scratch* scratch) noexcept nogil:
    """Begin with the windows of a new block."""
    scratch.n_listed = 0
    scratch.list_window = 0
    scratch.lists_left = 0
    scratch.n_fetched = 0


cdef void take_outputs(
    const Parameters* parameters,  # IN
    Scratch* scratch,  # IN, OUT: step, windows, whose streams move on, outputs
    int64_t number,
    bint for_pairs,
    float lr,
) noexcept nogil:
    """Give the step the block's list ``number``, after making the lists that come soon after it.

    Numbers rise by one from call to call. A window has one list, or one for each context where they
    are ``for_pairs``.
    """
    cdef const Outputs* outputs
    while scratch.n_listed < number + STEPS_AHEAD and scratch.list_window < scratch.n_windows:
        list_next(parameters, scratch, &scratch.windows[scratch.list_window], for_pairs)
    outputs = &scratch.outputs[number % STEPS_AHEAD]
    scratch.step.m = outputs.m
    scratch.step.output_rows = outputs.rows
    scratch.step.output_counts = outputs.counts
    scratch.step.labels = outputs.labels
    scratch.step.lr = lr


cdef inline void list_next(
    const Parameters* parameters, Scratch* scratch, Window* window, bint for_pairs,
) noexcept nogil:
    """Make the next list, which is for this window, and ask for its rows."""
    cdef Outputs* outputs = &scratch.outputs[scratch.n_listed % STEPS_AHEAD]
    cdef int32_t k
    if scratch.lists_left == 0:
        scratch.lists_left = n_contexts(window) if for_pairs else 1
        while scratch.n_fetched < window.last:  # input rows that no window before had
            prefetch_row(input_row(parameters, scratch.kept[scratch.n_fetched]), parameters.stride)
            scratch.n_fetched += 1
    parameters.list_outputs(parameters, scratch.kept[window.center], &window.stream, outputs)
    for k in range(outputs.m):
        prefetch_row(outputs.rows[k], parameters.stride)
    scratch.n_listed += 1
    scratch.lists_left -= 1
    scratch.list_window += scratch.lists_left == 0
