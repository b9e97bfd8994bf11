"""``Kernel`` and ``Scratch`` as ``rounds.pyx`` sees them: see kernel.pyx."""

from libc.stdint cimport int64_t

from fastw2v._kernels.structures cimport BlockUpdate, Parameters, Scratch as ScratchStruct

cdef enum:
    SCRATCH_BUFFERS = 40  # at least as many as the scratch struct has pointers


cdef class Kernel:
    cdef Parameters parameters
    cdef BlockUpdate update
    cdef double planned_tokens  # of all epochs
    cdef size_t most_outputs  # of a step; 0 for the exact softmax, which has none
    cdef object alive  # the arrays, the table and the tree that ``parameters`` points into

    cdef check_batch(self, int64_t begin, int64_t end, double progress, int64_t unit)
    cdef void sample_block(
        self, ScratchStruct* scratch, int64_t epoch, int64_t begin, int64_t end, double progress,
    ) noexcept nogil
    cdef void train_block(self, ScratchStruct* scratch) noexcept nogil


cdef class Scratch:
    cdef ScratchStruct buffers
    cdef void* owned[SCRATCH_BUFFERS]
    cdef int n_owned
    cdef readonly size_t nbytes  # of all buffers
    cdef readonly Kernel kernel
    cdef readonly bint is_for_shard

    cdef allocate_steps(self, size_t contexts, size_t outputs, int list_bits)
    cdef allocate_replica(self, size_t rows)
    cdef allocate_whole_replica(self)
    cdef void* allocate(self, size_t count, size_t size) except NULL
