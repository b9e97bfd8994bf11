"""A barrier, on which threads that don't hold the GIL wait for each other: see barrier.pyx."""

from cpython.pythread cimport PyThread_type_lock


cdef class Barrier:
    cdef int n_members
    cdef int n_arrived
    cdef bint is_broken
    cdef PyThread_type_lock mutex  # held to read or write what is here
    cdef PyThread_type_lock* gates  # (n_members,): held, but for a moment when a member is let go
    cdef bint* waits  # (n_members,)
    cdef bint* passed  # (n_members,): why it was let go

    cdef bint wait(self, int member) noexcept nogil
    cdef void let_go(self, bint passed) noexcept nogil
    cdef void lock(self) noexcept nogil
    cdef void unlock(self) noexcept nogil
    cdef void stop(self) noexcept nogil
