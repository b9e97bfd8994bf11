"""The output rows of the steps to come, found before they are needed.

The matrices are larger than the caches and their rows are met in random order, so a row comes some
hundred nanoseconds after it is asked for: as long as the step takes that needs it. So does an entry
of the table that says which row it is. Every list of output rows is therefore made in two parts,
some steps apart, by the objective (negative_sampling.pyx, hierarchical_softmax.pyx): it is begun,
which asks for entries of tables (prefetches them), and made, which asks for the rows.

Where a block is trained on a replica, all its lists are made before the first step of any block of
the round, as which rows are copied depends on them all: see rounds.pyx.
"""

from libc.stdint cimport int32_t, int64_t

from fastw2v._kernels.contexts cimport input_row
from fastw2v._kernels.prefetch cimport prefetch_row
from fastw2v._kernels.pulls cimport begin_pulls
from fastw2v._kernels.replica cimport copy_rows, mark_row, trained_row
from fastw2v._kernels.structures cimport STEPS_BEGUN, STEPS_LISTED, Outputs, Window
from fastw2v._kernels.windows cimport n_contexts


cdef inline void begin_lists(Scratch* scratch) noexcept nogil:
    scratch.n_begun = 0
    scratch.n_listed = 0
    scratch.n_found = 0
    scratch.next_window = 0
    scratch.lists_left = 0
    scratch.n_fetched = 0


cdef void start_outputs(const Parameters* parameters, Scratch* scratch) noexcept nogil:
    """Start with the windows of a new block, unless ``list_block`` has."""
    if scratch.replica.rows is NULL:
        begin_lists(scratch)


cdef void list_block(
    const Parameters* parameters,  # IN
    Scratch* scratch,  # IN: windows, whose streams move on; OUT: outputs, replica's marks
) noexcept nogil:
    """Make all lists of a block, and mark the rows that it touches."""
    begin_lists(scratch)
    while scratch.n_listed < scratch.n_begun or scratch.next_window < scratch.n_windows:
        while (scratch.n_begun < scratch.n_listed + STEPS_BEGUN
               and scratch.next_window < scratch.n_windows):
            begin_next(parameters, scratch)
        mark_rows(parameters, scratch, list_next(parameters, scratch))
    scratch.n_fetched = 0


cdef void take_outputs(
    const Parameters* parameters,  # IN
    Scratch* scratch,  # IN, OUT: step, windows, whose streams move on, outputs
    int64_t number,
    float lr,
) noexcept nogil:
    """Give the step the block's list ``number``, after making the lists that come soon after it.

    Numbers rise by one from call to call. A window has one list, or one for each context.
    """
    cdef const Outputs* outputs
    if scratch.replica.rows is NULL:
        while scratch.n_begun < number + STEPS_BEGUN and scratch.next_window < scratch.n_windows:
            begin_next(parameters, scratch)
        while scratch.n_listed < min(number + STEPS_LISTED, scratch.n_begun):
            fetch_rows(parameters, scratch, list_next(parameters, scratch))
    else:
        while scratch.n_found < min(number + STEPS_LISTED, scratch.n_listed):
            find_rows(
                parameters, scratch, &scratch.outputs[scratch.n_found & scratch.last_list])
            scratch.n_found += 1
    outputs = &scratch.outputs[number & scratch.last_list]
    copy_rows(parameters, &scratch.replica, outputs.n_replicated)
    scratch.step.m = outputs.m
    scratch.step.output_rows = outputs.rows
    scratch.step.output_counts = outputs.counts
    scratch.step.labels = outputs.labels
    scratch.step.lr = lr


cdef inline void begin_next(const Parameters* parameters, Scratch* scratch) noexcept nogil:
    """Begin the next list."""
    cdef Window* window = &scratch.windows[scratch.next_window]
    cdef Outputs* outputs = &scratch.outputs[scratch.n_begun & scratch.last_list]
    if scratch.lists_left == 0:
        scratch.lists_left = n_contexts(window) if parameters.for_pairs else 1
    outputs.center = scratch.kept[window.center]
    outputs.last = window.last
    parameters.begin_outputs(parameters, &window.stream, outputs)
    if scratch.replica.rows is not NULL:
        begin_pulls(parameters, outputs, window)
    scratch.n_begun += 1
    scratch.lists_left -= 1
    scratch.next_window += scratch.lists_left == 0


cdef inline Outputs* list_next(const Parameters* parameters, Scratch* scratch) noexcept nogil:
    """Make the next list."""
    cdef Outputs* outputs = &scratch.outputs[scratch.n_listed & scratch.last_list]
    parameters.list_outputs(parameters, outputs)
    scratch.n_listed += 1
    return outputs


cdef inline void fetch_rows(
    const Parameters* parameters, Scratch* scratch, const Outputs* outputs,
) noexcept nogil:
    """Ask for a list's rows, and for input rows that its window is the first to have."""
    cdef int32_t k
    for k in range(outputs.m):
        prefetch_row(outputs.rows[k], parameters.stride)
    while scratch.n_fetched < outputs.last:
        scratch.input_rows[scratch.n_fetched] = input_row(
            parameters, scratch.kept[scratch.n_fetched])
        prefetch_row(scratch.input_rows[scratch.n_fetched], parameters.stride)
        scratch.n_fetched += 1


cdef inline void mark_rows(
    const Parameters* parameters, Scratch* scratch, const Outputs* outputs,
) noexcept nogil:
    """Mark a list's rows, and input rows that its window is the first to have."""
    cdef int32_t k
    for k in range(outputs.m):
        mark_row(parameters, &scratch.marks, outputs.rows[k])
    while scratch.n_fetched < outputs.last:
        mark_row(parameters, &scratch.marks,
                 input_row(parameters, scratch.kept[scratch.n_fetched]))
        scratch.n_fetched += 1


cdef inline void find_rows(
    const Parameters* parameters, Scratch* scratch, Outputs* outputs,
) noexcept nogil:
    """Find where a list's rows are trained, and input rows that its window is the first to have."""
    cdef int32_t k
    for k in range(outputs.m):
        outputs.rows[k] = trained_row(
            parameters, &scratch.marks, &scratch.replica, outputs.rows[k],
            outputs.counts[k] * outputs.row_pull)
    while scratch.n_fetched < outputs.last:
        scratch.input_rows[scratch.n_fetched] = trained_row(
            parameters, &scratch.marks, &scratch.replica,
            input_row(parameters, scratch.kept[scratch.n_fetched]), outputs.m * outputs.place_pull)
        scratch.n_fetched += 1
    outputs.n_replicated = scratch.replica.n
