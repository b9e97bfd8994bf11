"""``Barrier``: native threads wait until all have come, or until one says that they need not.

Python's own locks do not need the GIL, and are there on every platform.
"""

from cpython.pythread cimport (
    NOWAIT_LOCK, WAIT_LOCK, PyThread_acquire_lock, PyThread_allocate_lock, PyThread_free_lock,
    PyThread_release_lock,
)
from libc.stdlib cimport calloc, free

cdef extern from "pause.h":
    void let_others_run() noexcept nogil

cdef enum:
    LOOKS = 200  # before a thread goes to sleep, which takes longer than most waiting does


cdef class Barrier:
    """Where a number of threads, its members, meet again and again.

    Passing is all or nothing: once the last member has come, all pass, even if the barrier is
    stopped before some of them have woken up.
    """

    def __cinit__(self, int n_members):
        self.n_members = n_members
        self.gates = <PyThread_type_lock*>calloc(n_members, sizeof(PyThread_type_lock))
        self.waits = <bint*>calloc(n_members, sizeof(bint))
        self.passed = <bint*>calloc(n_members, sizeof(bint))
        self.mutex = PyThread_allocate_lock()
        if self.gates is NULL or self.waits is NULL or self.passed is NULL or self.mutex is NULL:
            raise MemoryError
        for member in range(n_members):
            self.gates[member] = PyThread_allocate_lock()
            if self.gates[member] is NULL:
                raise MemoryError
            PyThread_acquire_lock(self.gates[member], WAIT_LOCK)

    def __dealloc__(self):
        if self.gates is not NULL:
            for member in range(self.n_members):
                if self.gates[member] is not NULL:
                    PyThread_free_lock(self.gates[member])
        if self.mutex is not NULL:
            PyThread_free_lock(self.mutex)
        free(self.gates)
        free(self.waits)
        free(self.passed)

    cdef bint wait(self, int member) noexcept nogil:
        """Wait for all others, and return True; False if the barrier was stopped meanwhile."""
        self.lock()
        if self.is_broken:
            self.unlock()
            return False
        self.n_arrived += 1
        if self.n_arrived == self.n_members:
            self.n_arrived = 0
            self.let_go(True)
            self.unlock()
            return True
        self.waits[member] = True
        self.unlock()
        for _ in range(LOOKS):
            if PyThread_acquire_lock(self.gates[member], NOWAIT_LOCK):
                return self.passed[member]
            let_others_run()
        PyThread_acquire_lock(self.gates[member], WAIT_LOCK)
        return self.passed[member]

    cdef void stop(self) noexcept nogil:
        """Let go all that wait, and all that come."""
        self.lock()
        self.is_broken = True
        self.let_go(False)
        self.unlock()

    cdef void let_go(self, bint passed) noexcept nogil:
        cdef int member
        for member in range(self.n_members):
            if self.waits[member]:
                self.waits[member] = False
                self.passed[member] = passed
                PyThread_release_lock(self.gates[member])

    cdef void lock(self) noexcept nogil:
        PyThread_acquire_lock(self.mutex, WAIT_LOCK)

    cdef void unlock(self) noexcept nogil:
        PyThread_release_lock(self.mutex)
