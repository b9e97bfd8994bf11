"""A flag that one thread raises and others look at: see flag.h."""


cdef extern from "flag.h":
    void raise_flag(int* flag) noexcept nogil
    bint is_raised(const int* flag) noexcept nogil
