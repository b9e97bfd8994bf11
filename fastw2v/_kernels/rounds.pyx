"""``Rounds``: training on several threads with the same bits, however many there are.

A round is ROUND_BLOCKS blocks, each with a scratch of its own. The threads take its blocks, whichever
is free, and train each in order on a replica (replica.pyx): all from the same matrices. Then the
changes are added to the matrices. A row is changed by one thread, in the order of the blocks, so no
sum depends on the threads. With P the matrices and F(P, b) what training block b from there makes of
them, a round is

    P <- P + sum_b (F(P, b) - P)

summed from the first block to the last. It is local SGD with ROUND_BLOCKS workers whose changes are
summed, as a parameter server's are, and not averaged: most rows are touched by a single block, whose
change would be divided for nothing. Rounds begin at fixed tokens of an epoch.
"""

from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free

from fastw2v._kernels.barrier cimport Barrier
from fastw2v._kernels.kernel cimport Kernel, Scratch
from fastw2v._kernels.replica cimport add_changes
from fastw2v._kernels.structures cimport BLOCK_TOKENS, ROUND_BLOCKS, Scratch as ScratchStruct
from fastw2v._kernels.tallies cimport add_tallies

ROUND = ROUND_BLOCKS * BLOCK_TOKENS


cdef class Rounds:
    """The blocks of a round, and the threads that share them out.

    Parameters
    ----------
    kernel
        What trains a block.
    scratches
        With replicas: one for each block of a round, or as many as there are blocks at all.
    n_members
        How many threads will call ``train``, each with a number below this one.
    """

    cdef Kernel kernel
    cdef list alive
    cdef ScratchStruct** scratches
    cdef int n_scratches
    cdef int next_scratch  # of the round at hand, guarded by the barrier's mutex
    cdef Barrier barrier

    def __cinit__(self, Kernel kernel not None, list scratches not None, int n_members):
        self.kernel, self.alive = kernel, list(scratches)
        self.n_scratches = len(scratches)
        self.barrier = Barrier(n_members)
        self.scratches = <ScratchStruct**>calloc(max(len(scratches), 1), sizeof(ScratchStruct*))
        if self.scratches is NULL:
            raise MemoryError
        for i, scratch in enumerate(scratches):
            if (<Scratch?>scratch).kernel is not kernel:
                raise ValueError("this scratch was made for another kernel")
            if not (<Scratch>scratch).has_replica:
                raise ValueError("rounds need scratches with replicas")
            self.scratches[i] = &(<Scratch>scratch).buffers

    def __dealloc__(self):
        free(self.scratches)

    def stop(self):
        """Have all members return from ``train`` soon. Of the round at hand all is kept, or nothing."""
        self.barrier.stop()  # first: else members whose block was cut short might meet
        self.kernel.stop()

    def train(self, int member, int64_t epoch, int64_t begin, int64_t end, double progress=0.0):
        """Take part in training on tokens ``begin`` … ``end - 1``, as all members must, each in its thread.

        ``begin`` is a multiple of ``ROUND``, and so is ``end``, unless it is the corpus's end.
        ``progress`` is as for ``Kernel.train``.
        """
        cdef int64_t round_end
        if not 0 <= member < self.barrier.n_members:
            raise ValueError(f"there are {self.barrier.n_members} members, and no number {member}")
        self.kernel.check_batch(begin, end, progress, self.n_scratches * BLOCK_TOKENS)
        with nogil:
            while begin < end:
                round_end = min(begin + self.n_scratches * BLOCK_TOKENS, end)
                self.train_blocks(epoch, begin, round_end, progress)
                if not self.barrier.wait(member):
                    break
                self.add_changes(member, begin, round_end)
                if not self.barrier.wait(member):
                    break
                begin = round_end

    cdef void train_blocks(
        self, int64_t epoch, int64_t begin, int64_t end, double progress,
    ) noexcept nogil:
        """Train blocks of the round until all are taken."""
        cdef int i
        cdef int64_t first
        while True:
            self.barrier.lock()
            i = self.next_scratch
            self.next_scratch += 1
            self.barrier.unlock()
            first = begin + i * <int64_t>BLOCK_TOKENS
            if first >= end:
                return
            self.kernel.train_block(
                self.scratches[i], epoch, first, min(first + BLOCK_TOKENS, end), progress)

    cdef void add_changes(self, int member, int64_t begin, int64_t end) noexcept nogil:
        """Add the changes of all blocks to the member's share of the rows, in the blocks' order."""
        cdef int i, n = <int>((end - begin + BLOCK_TOKENS - 1) // BLOCK_TOKENS)
        for i in range(n):
            add_changes(&self.kernel.parameters, &self.scratches[i].replica,
                        member, self.barrier.n_members)
        if member == 0:  # nobody takes a block before all are here again
            self.next_scratch = 0
            for i in range(1, n):
                add_tallies(self.scratches[0], self.scratches[i])
