"""The kernels that can carry out a step: see updates.pyx."""

from fastw2v._kernels.step cimport Updates

cdef const Updates* updates_named(str name) except NULL
