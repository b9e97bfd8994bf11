"""``Rounds``: training on several threads with the same bits, however many there are.

A round is ROUND_SHARDS shards of SHARD_TOKENS tokens. All begin with the same matrices, and each is
trained in order, as if it were alone. Then their changes are added up, in the order of the shards.
With P the matrices and F(P, s) what training shard s makes of them, a round moves each row by

    P <- P + share sum_s (F(P, s) - P)

with a share of 1 but for rows that are trained so often that the sum would go too far (pulls.pyx).
This is local SGD whose changes are summed, as in a parameter server, and not averaged: most rows are
touched by a single shard, whose change would be divided for nothing. Nothing of it depends on which
thread does what, and rounds begin at fixed tokens of an epoch.

Rows that no other shard of the round touches are trained where they are; of the others, a shard
trains copies (replica.pyx), so which shards touch a row must be known before the first step. Windows
and output rows do not depend on the matrices, so the next round's are found beside training. A round
takes two steps, and all threads meet after each:

    work    train the round's shards; find what the next round's shards touch
    add     add the changes: of each row by one thread
"""

from libc.stdint cimport int64_t, uint8_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from fastw2v._kernels.barrier cimport Barrier
from fastw2v._kernels.kernel cimport Kernel, Scratch
from fastw2v._kernels.pulls cimport add_pulls, clear_pulls
from fastw2v._kernels.replica cimport add_changes, clear_marks
from fastw2v._kernels.structures cimport (
    ROUND_SHARDS, SHARD_TOKENS, Pull, Scratch as ScratchStruct,
)
from fastw2v._kernels.tallies cimport add_tallies

MOST_MEMBERS = ROUND_SHARDS
ROUND = ROUND_SHARDS * SHARD_TOKENS

cdef enum:  # what is done with a shard
    SAMPLING
    TRAINING


cdef class Rounds:
    """A kernel and the threads that share out each of its rounds, the members.

    Parameters
    ----------
    kernel
        What trains a shard.
    n_members
        How many threads will call ``train``, each with a number below this one. More than
        MOST_MEMBERS would find no work.

    Attributes
    ----------
    scratch : Scratch
        That has the tallies of all that is trained, and nothing else.
    nbytes : int
        Of all working memory.
    """

    cdef readonly Scratch scratch
    cdef readonly size_t nbytes
    cdef Kernel kernel
    cdef list alive
    # Of every second round, as two are at work at once.
    cdef ScratchStruct* scratches[2][ROUND_SHARDS]
    cdef uint8_t** marks[2]  # (n_members, rows of all matrices)
    cdef Barrier barrier
    cdef Pull* pulls  # (rows,): 0 but while changes are added
    # Which shards of a round somebody samples or trains; guarded by the barrier's mutex.
    cdef bint taken[2][2][ROUND_SHARDS]

    def __cinit__(self, Kernel kernel not None, int n_members):
        cdef size_t rows = kernel.parameters.vocabulary_size * (
            2 if kernel.parameters.node_vectors is NULL else 3)
        cdef ScratchStruct* s
        cdef Scratch scratch
        if not 0 < n_members <= ROUND_SHARDS:
            raise ValueError(f"a round has work for 1 to {ROUND_SHARDS} threads, not {n_members}")
        self.kernel, self.alive = kernel, []
        self.pulls = <Pull*>calloc(rows, sizeof(Pull))
        if self.pulls is NULL:
            raise MemoryError(f"no memory for {rows:,} rows")
        self.barrier = Barrier(n_members)
        for parity in range(2):
            self.marks[parity] = <uint8_t**>calloc(n_members, sizeof(uint8_t*))
            if self.marks[parity] is NULL:
                raise MemoryError
            for i in range(n_members):
                self.marks[parity][i] = <uint8_t*>calloc(rows, 1)
                if self.marks[parity][i] is NULL:
                    raise MemoryError(f"no memory for marks of {rows:,} rows")
            for i in range(ROUND_SHARDS):
                scratch = Scratch(kernel, True, self.alive[i] if parity else None)
                self.alive.append(scratch)
                s = &scratch.buffers
                self.scratches[parity][i] = s
                s.marks.bit = 1 << i
                s.marks.of_threads, s.marks.n_threads = self.marks[parity], n_members
        self.scratch = Scratch(kernel)
        self.nbytes = (2 * n_members + sizeof(Pull)) * rows + sum(each.nbytes for each in self.alive)

    def __dealloc__(self):
        for parity in range(2):
            if self.marks[parity] is not NULL:
                for i in range(self.barrier.n_members):
                    free(self.marks[parity][i])
            free(self.marks[parity])
        free(self.pulls)

    def stop(self):
        """Have all members return from ``train`` soon, in the midst of a round; it is the last call."""
        self.barrier.stop()  # first: else members whose shard was cut short might meet
        self.kernel.stop()

    def train(self, int member, int64_t epoch, int64_t begin, int64_t end, double progress=0.0):
        """Take part in training on tokens ``begin`` … ``end - 1``, as all members must, in threads.

        ``begin`` is a multiple of ``ROUND``, and so is ``end``, unless it is the corpus's end.
        ``progress`` is as for ``Kernel.train``.
        """
        if not 0 <= member < self.barrier.n_members:
            raise ValueError(f"there are {self.barrier.n_members} members, and no number {member}")
        self.kernel.check_batch(begin, end, progress, ROUND)
        with nogil:
            self.train_rounds(member, epoch, begin, end, progress)

    cdef void train_rounds(
        self, int member, int64_t epoch, int64_t begin, int64_t end, double progress,
    ) noexcept nogil:
        cdef int64_t middle = min(begin + ROUND_SHARDS * SHARD_TOKENS, end), following
        cdef int parity = 0
        self.sample_shards(member, parity, epoch, begin, middle, progress)
        if not self.barrier.wait(member):
            return
        while begin < end:
            following = min(middle + ROUND_SHARDS * SHARD_TOKENS, end)
            self.train_shards(member, parity, begin, middle)
            self.sample_shards(member, 1 - parity, epoch, middle, following, progress)
            if not self.barrier.wait(member):
                return
            self.add_changes(member, parity, begin, middle)
            if not self.barrier.wait(member):
                return
            begin, middle, parity = middle, following, 1 - parity

    cdef void sample_shards(
        self, int member, int parity, int64_t epoch, int64_t begin, int64_t end, double progress,
    ) noexcept nogil:
        """Find the windows of a round's shards, and which of them touch which rows."""
        cdef int64_t first
        cdef int i = self.take(SAMPLING, member, parity, begin, end)
        while i >= 0:
            first = begin + i * <int64_t>SHARD_TOKENS
            self.scratches[parity][i].marks.rows = self.marks[parity][member]
            self.kernel.sample_block(self.scratches[parity][i], epoch, first,
                                     min(first + SHARD_TOKENS, end), progress)
            i = self.take(SAMPLING, member, parity, begin, end)

    cdef void train_shards(self, int member, int parity, int64_t begin, int64_t end) noexcept nogil:
        """Train a round's shards."""
        cdef int i = self.take(TRAINING, member, parity, begin, end)
        while i >= 0:
            self.kernel.train_block(self.scratches[parity][i])
            i = self.take(TRAINING, member, parity, begin, end)

    cdef int take(
        self, int what, int member, int parity, int64_t begin, int64_t end,
    ) noexcept nogil:
        """Return a shard that nobody has taken, or -1.

        A member first takes those that it has had before, as they are in its caches.
        """
        cdef int n = n_shards(begin, end), i, offset, found = -1
        cdef bint* taken = self.taken[parity][what]
        self.barrier.lock()
        for offset in range(self.barrier.n_members):
            i = (member + offset) % self.barrier.n_members
            while i < n and taken[i]:
                i += self.barrier.n_members
            if i < n:
                taken[i] = True
                found = i
                break
        self.barrier.unlock()
        return found

    cdef void add_changes(self, int member, int parity, int64_t begin, int64_t end) noexcept nogil:
        """Add the changes of all shards to the member's share of the rows, in the shards' order."""
        cdef int i, n = n_shards(begin, end)
        cdef ScratchStruct* s
        for i in range(n):
            s = self.scratches[parity][i]
            add_pulls(&s.replica, self.pulls, member)
        for i in range(n):
            s = self.scratches[parity][i]
            add_changes(&self.kernel.parameters, &s.replica, self.pulls, member)
        for i in range(n):
            s = self.scratches[parity][i]
            clear_pulls(&s.replica, self.pulls, member)
            if s.marks.rows == self.marks[parity][member]:
                clear_marks(&s.marks)
        if member == 0:
            for i in range(n):
                add_tallies(&self.scratch.buffers, self.scratches[parity][i])
            memset(self.taken[parity], 0, sizeof(self.taken[parity]))


cdef inline int n_shards(int64_t begin, int64_t end) noexcept nogil:
    return <int>((end - begin + SHARD_TOKENS - 1) // SHARD_TOKENS)
