"""What a thread counts as it trains: losses and examples, each as its sentence weighs."""

from libc.stdint cimport int32_t

from fastw2v._kernels.step cimport ROW_FLOATS
from fastw2v._kernels.structures cimport Parameters, Scratch, Window


cdef inline void fold_losses(Scratch* scratch, double weight) noexcept nogil:
    """Add up in double what steps left in float."""
    cdef int i
    for i in range(ROW_FLOATS):
        scratch.loss += weight * scratch.step.losses[i]
        scratch.step.losses[i] = 0.0


cdef inline double weight_of(
    const Parameters* parameters, const Scratch* scratch, const Window* window,
) noexcept nogil:
    return 1.0 if parameters.weights is NULL else scratch.weights[window.center]


cdef inline void count_examples(
    const Parameters* parameters,  # IN
    Scratch* scratch,  # IN, OUT: tallies
    const Window* window,  # IN
    int32_t n,
) noexcept nogil:
    """Count the examples that the window's steps were; weigh their losses, if sentences weigh."""
    scratch.n_examples += n
    if parameters.weights is not NULL:
        fold_losses(scratch, weight_of(parameters, scratch, window))
        scratch.weight += n * weight_of(parameters, scratch, window)


cdef inline void add_tallies(Scratch* total, Scratch* part) noexcept nogil:
    """Move what one scratch has counted to another."""
    total.loss += part.loss
    total.n_examples += part.n_examples
    total.weight += part.weight
    part.loss = part.weight = 0.0
    part.n_examples = 0
