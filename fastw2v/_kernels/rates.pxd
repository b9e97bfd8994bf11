"""Steps whose input rows may learn at rates of their own: see rates.pyx."""

from fastw2v._kernels.step cimport Update
from fastw2v._kernels.structures cimport Parameters, Scratch

cdef void take_rated_step(
    const Parameters* parameters, Scratch* scratch, Update update,
) noexcept nogil


cdef inline void take_step(
    const Parameters* parameters,  # IN
    Scratch* scratch,  # IN: step
    Update update,  # of parameters.updates
) noexcept nogil:
    """Carry out the step that the scratch holds."""
    if parameters.input_rates is NULL:
        update(&scratch.step)
    else:
        take_rated_step(parameters, scratch, update)
