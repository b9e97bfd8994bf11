"""The output rows of the steps to come, found before they are needed.

The matrices are larger than the caches and their rows are met in random order, so a row comes some
hundred nanoseconds after it is asked for: as long as the step takes that needs it. So does an entry
of the table that says which row it is. Every list of output rows is therefore made in two parts,
some steps apart, by the objective (negative_sampling.pyx, hierarchical_softmax.pyx): it is begun,
which asks for entries of tables (prefetches them), and made, which asks for the rows.
"""

from libc.stdint cimport int32_t

from fastw2v._kernels.contexts cimport input_row
from fastw2v._kernels.replica cimport copy_rows, fetched_row
from fastw2v._kernels.structures cimport STEPS_BEGUN, STEPS_LISTED, Outputs, Window
from fastw2v._kernels.windows cimport n_contexts


cdef void start_outputs(Scratch* scratch) noexcept nogil:
    """Start with the windows of a new block."""
    scratch.n_begun = 0
    scratch.n_listed = 0
    scratch.next_window = 0
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
    while scratch.n_begun < number + STEPS_BEGUN and scratch.next_window < scratch.n_windows:
        begin_next(parameters, scratch, &scratch.windows[scratch.next_window], for_pairs)
    while scratch.n_listed < min(number + STEPS_LISTED, scratch.n_begun):
        list_next(parameters, scratch)
    outputs = &scratch.outputs[number % STEPS_BEGUN]
    copy_rows(parameters, &scratch.replica, outputs.n_replicated)
    scratch.step.m = outputs.m
    scratch.step.output_rows = outputs.rows
    scratch.step.output_counts = outputs.counts
    scratch.step.labels = outputs.labels
    scratch.step.lr = lr


cdef inline void begin_next(
    const Parameters* parameters, Scratch* scratch, Window* window, bint for_pairs,
) noexcept nogil:
    """Begin the next list, which is for this window."""
    cdef Outputs* outputs = &scratch.outputs[scratch.n_begun % STEPS_BEGUN]
    if scratch.lists_left == 0:
        scratch.lists_left = n_contexts(window) if for_pairs else 1
    outputs.center = scratch.kept[window.center]
    outputs.last = window.last
    parameters.begin_outputs(parameters, &window.stream, outputs)
    scratch.n_begun += 1
    scratch.lists_left -= 1
    scratch.next_window += scratch.lists_left == 0


cdef inline void list_next(const Parameters* parameters, Scratch* scratch) noexcept nogil:
    """Make the next list, and ask for its rows and for input rows that its window is first to have."""
    cdef Outputs* outputs = &scratch.outputs[scratch.n_listed % STEPS_BEGUN]
    cdef int32_t k
    parameters.list_outputs(parameters, outputs)
    for k in range(outputs.m):
        outputs.rows[k] = fetched_row(parameters, scratch, outputs.rows[k])
    while scratch.n_fetched < outputs.last:
        fetched_row(parameters, scratch, input_row(parameters, scratch.kept[scratch.n_fetched]))
        scratch.n_fetched += 1
    outputs.n_replicated = scratch.replica.n
    scratch.n_listed += 1
