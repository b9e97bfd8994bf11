"""Bigrams: counting pairs of neighbours, and joining those that are phrases.

A pair (a, b) of rows is the 64-bit integer ``a << 32 | b``. ``PairTable`` is a hash table from such
integers to values above 0: how often a pair occurred, or what number its phrase has. It has open
addressing and linear probing, is at most half full, and takes 16 bytes a slot: about half of what
the table of keys would take, for there are many times more pairs than words.

A pair's hash is a bijection of its integer. So the hashes from ``first`` to ``last`` are a share of
all pairs, in which no two pairs are mistaken for each other and in which there are at most so many.
Threads share the pairs by ranges of hashes, and a counter that runs out of memory gives up the
upper half of its range, which a later pass over the corpus counts. Counts are exact either way.

A corpus comes in pieces, as ``EncodedCorpus.pieces`` yields them: tokens, and the places in them
where sentences end. A sentence may run on from piece to piece, so the word before is kept.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

import numpy as np

from fastw2v._kernels.rng cimport fold

cdef extern from "large_memory.h" nogil:
    void PREFETCH(const void*)
    void* large_zeros(size_t)
    void large_free(void*, size_t)

cdef enum:
    FIRST_BITS = 10  # of a new table
    MOST_BITS = 40  # of any: 16 TiB
    AHEAD = 32  # pairs whose slots, which lie outside the cache, are fetched ahead of their use

cdef struct Slot:
    uint64_t pair
    int64_t value  # 0 for a slot that is empty

cdef struct PairTable:
    Slot* slots
    int bits  # there are 1 << bits slots
    int64_t n  # of which so many are used

SLOT_BYTES = sizeof(Slot)
LAST_HASH = 2**64 - 1


cdef inline uint64_t pair_of(int32_t a, int32_t b) noexcept nogil:
    return <uint64_t>a << 32 | <uint32_t>b


cdef inline uint64_t hash_of(uint64_t pair) noexcept nogil:
    return fold(0, pair)


cdef inline Slot* find_slot(const PairTable* t, uint64_t pair, uint64_t hashed) noexcept nogil:
    """The slot that holds a pair, or the empty one where it would go."""
    cdef uint64_t mask = (<uint64_t>1 << t.bits) - 1
    cdef uint64_t place = hashed & mask  # the lowest bits: the highest are alike within a range
    while t.slots[place].value != 0 and t.slots[place].pair != pair:
        place = (place + 1) & mask
    return &t.slots[place]


cdef inline bint has_room(const PairTable* t) noexcept nogil:
    return 2 * (t.n + 1) <= <int64_t>1 << t.bits


cdef int rebuild(PairTable* t, int bits, uint64_t last) noexcept nogil:
    """Give a table, which may have none yet, 1 << bits slots; forget pairs of hashes above last."""
    cdef Slot* old = t.slots
    cdef uint64_t n_old = 0 if old is NULL else <uint64_t>1 << t.bits, i, hashed
    cdef Slot* slots = <Slot*>large_zeros(sizeof(Slot) << bits)
    if slots is NULL:
        return -1
    t.slots, t.bits, t.n = slots, bits, 0
    for i in range(n_old):
        hashed = hash_of(old[i].pair)
        if old[i].value != 0 and hashed <= last:
            find_slot(t, old[i].pair, hashed)[0] = old[i]
            t.n += 1
    large_free(old, n_old * sizeof(Slot))
    return 0


cdef void clear(PairTable* t) noexcept nogil:
    """Give a table's memory back."""
    large_free(t.slots, sizeof(Slot) << t.bits)
    t.slots = NULL


cdef class PairCounter:
    """Counts pairs of neighbours whose hash is in a range. For one thread at a time.

    Parameters
    ----------
    counted
        uint8, one a row: pairs with a row that is 0 here are left out.
    first, last
        The range of hashes; ``last`` falls when memory runs out, and then says how far the counts
        reach: within what is left of the range they are exact.
    most_bytes
        For the table, at any time; what 1 << FIRST_BITS slots take is allowed anyway.
    """

    cdef PairTable table
    cdef const uint8_t[::1] counted
    cdef uint64_t first_hash, last_hash
    cdef int most_bits
    cdef int32_t previous  # the word before, if it is counted and in the same sentence, or -1

    def __cinit__(
        self, const uint8_t[::1] counted not None, uint64_t first, uint64_t last,
        int64_t most_bytes,
    ):
        if first > last:
            raise ValueError(f"no hash is from {first} to {last}")
        self.counted, self.first_hash, self.last_hash, self.previous = counted, first, last, -1
        self.most_bits = FIRST_BITS
        # Two tables of the largest size are there at once when one is rebuilt.
        while (self.most_bits < MOST_BITS
               and most_bytes >> (self.most_bits + 1) >= 2 * <int64_t>sizeof(Slot)):
            self.most_bits += 1
        if rebuild(&self.table, FIRST_BITS, last):
            raise MemoryError("no memory for a table of pairs")

    def __dealloc__(self):
        clear(&self.table)

    @property
    def last(self):
        """The last hash of the range that was counted, so far."""
        return self.last_hash

    def count(self, const int32_t[::1] tokens not None, const int32_t[::1] ends not None):
        """Count the pairs of the next piece."""
        cdef uint64_t pairs[AHEAD]
        cdef uint64_t hashes[AHEAD]
        cdef uint64_t pair, hashed
        cdef Py_ssize_t begin = 0, end, s, i
        cdef int n = 0, status = 0
        check_piece(tokens, ends, self.counted.shape[0])
        with nogil:
            for s in range(ends.shape[0] + 1):
                end = ends[s] if s < ends.shape[0] else tokens.shape[0]
                for i in range(begin, end):
                    if not self.counted[tokens[i]]:
                        self.previous = -1
                        continue
                    if self.previous >= 0:
                        pair = pair_of(self.previous, tokens[i])
                        hashed = hash_of(pair)
                        if self.first_hash <= hashed <= self.last_hash:
                            pairs[n], hashes[n] = pair, hashed
                            PREFETCH(&self.table.slots[
                                hashed & ((<uint64_t>1 << self.table.bits) - 1)])
                            n += 1
                            if n == AHEAD:
                                status |= self.add(pairs, hashes, n)
                                n = 0
                    self.previous = tokens[i]
                begin = end
                if s < ends.shape[0]:
                    self.previous = -1
            status |= self.add(pairs, hashes, n)
        if status:
            raise MemoryError(
                f"no memory to count more than {self.table.n:,} distinct pairs; give a lower "
                "memory_limit, which counts them in several passes, or a higher min_count")

    cdef int add(self, const uint64_t* pairs, const uint64_t* hashes, int n) noexcept nogil:
        """Count n pairs; return -1 if there was no memory for one."""
        cdef Slot* slot
        cdef int i
        for i in range(n):
            slot = find_slot(&self.table, pairs[i], hashes[i])
            if slot.value == 0:
                if not has_room(&self.table):
                    if self.make_room():
                        return -1
                    slot = find_slot(&self.table, pairs[i], hashes[i])
                if hashes[i] > self.last_hash:
                    continue
                slot.pair = pairs[i]
                self.table.n += 1
            slot.value += 1
        return 0

    cdef int make_room(self) noexcept nogil:
        """Double the table or, where it may not grow, halve the range until enough are gone.

        A range of as many hashes as half the slots has no more pairs than that, so this ends.
        """
        if self.table.bits < self.most_bits:
            return rebuild(&self.table, self.table.bits + 1, self.last_hash)
        while not has_room(&self.table):
            self.last_hash = self.first_hash + (self.last_hash - self.first_hash) // 2
            if rebuild(&self.table, self.table.bits, self.last_hash):
                return -1
        return 0

    def pairs(self, int64_t least):
        """Return the pairs that occurred so often at least, int32 (n, 2), and their counts, int64.

        Their order is the table's: sort them.
        """
        cdef int64_t i, n = 0, n_slots = <int64_t>1 << self.table.bits
        if least < 1:
            raise ValueError(f"least must be at least 1, not {least}")
        for i in range(n_slots):
            n += self.table.slots[i].value >= least
        pairs, counts = np.empty((n, 2), np.int32), np.empty(n, np.int64)
        cdef int32_t[:, ::1] pair_view = pairs
        cdef int64_t[::1] count_view = counts
        n = 0
        for i in range(n_slots):
            if self.table.slots[i].value >= least:
                pair_view[n, 0] = <int32_t>(self.table.slots[i].pair >> 32)
                pair_view[n, 1] = <int32_t>(self.table.slots[i].pair & 0xFFFFFFFF)
                count_view[n] = self.table.slots[i].value
                n += 1
        return pairs, counts


cdef class Joiner:
    """Joins pairs from left to right, piece by piece. For one thread at a time.

    Parameters
    ----------
    pairs
        int32 (n, 2): the rows of each phrase.
    numbers
        int32 (n,): what stands for it.
    n_rows
        Rows are below this.
    """

    cdef PairTable table  # its values are numbers + 1
    cdef const uint8_t[::1] begins  # by row: whether a phrase begins with it
    cdef int32_t held  # a token that the next may be joined to, or -1
    cdef bint is_open  # whether the sentence at hand has a token that was written

    def __cinit__(
        self, const int32_t[:, ::1] pairs not None, const int32_t[::1] numbers not None,
        Py_ssize_t n_rows,
    ):
        cdef Py_ssize_t i
        cdef uint64_t pair, hashed
        cdef Slot* slot
        cdef int bits = FIRST_BITS
        if pairs.shape[1] != 2 or numbers.shape[0] != pairs.shape[0]:
            raise ValueError("pairs must be of shape (n, 2), and numbers of shape (n,)")
        while <Py_ssize_t>1 << bits < 2 * pairs.shape[0]:
            bits += 1
        if rebuild(&self.table, bits, LAST_HASH):
            raise MemoryError(f"no memory for {pairs.shape[0]:,} phrases")
        begins = np.zeros(n_rows, np.uint8)
        for i in range(pairs.shape[0]):
            if not (0 <= pairs[i, 0] < n_rows and 0 <= pairs[i, 1] < n_rows and numbers[i] >= 0):
                raise ValueError(f"pair {i}, or its number, is out of range")
            pair = pair_of(pairs[i, 0], pairs[i, 1])
            slot = find_slot(&self.table, pair, hash_of(pair))
            self.table.n += slot.value == 0
            slot.pair, slot.value = pair, <int64_t>numbers[i] + 1
            begins[pairs[i, 0]] = 1
        self.begins, self.held = begins, -1

    def __dealloc__(self):
        clear(&self.table)

    def join(
        self,
        const int32_t[::1] tokens not None,  # IN
        const int32_t[::1] ends not None,  # IN
        int32_t[::1] out_numbers not None,  # OUT: room for one more than tokens
        int32_t[::1] out_ends not None,  # OUT: room for as many as ends
    ):
        """Join one piece; leave out ends of sentences without a token.

        Returns how many numbers and ends were written. The last token of a piece may come with the
        next one, unless its sentence ends.
        """
        cdef Py_ssize_t n = 0, n_ends = 0, begin = 0, end, s, i
        cdef int64_t joined
        check_piece(tokens, ends, self.begins.shape[0])
        if out_numbers.shape[0] < tokens.shape[0] + 1 or out_ends.shape[0] < ends.shape[0]:
            raise ValueError("no room for what is joined")
        with nogil:
            for s in range(ends.shape[0] + 1):
                end = ends[s] if s < ends.shape[0] else tokens.shape[0]
                for i in range(begin, end):
                    joined = self.find(tokens[i])
                    if joined >= 0 or self.held >= 0:
                        out_numbers[n] = <int32_t>joined if joined >= 0 else self.held
                        n += 1
                        self.is_open = True
                    self.held = -1 if joined >= 0 else tokens[i]
                begin = end
                if s == ends.shape[0]:
                    break
                if self.held >= 0:
                    out_numbers[n] = self.held
                    n += 1
                    self.is_open = True
                    self.held = -1
                if self.is_open:
                    out_ends[n_ends] = <int32_t>n
                    n_ends += 1
                    self.is_open = False
        return n, n_ends

    cdef inline int64_t find(self, int32_t token) noexcept nogil:
        """The number of the phrase that a token makes with the one held, or -1."""
        cdef uint64_t pair
        if self.held < 0 or not self.begins[self.held]:
            return -1
        pair = pair_of(self.held, token)
        return find_slot(&self.table, pair, hash_of(pair)).value - 1


def tally(
    const int32_t[::1] numbers not None,  # IN
    int64_t first_place,  # IN: of numbers[0]
    int64_t[::1] counts not None,  # INOUT: by number
    int64_t[::1] first not None,  # INOUT: the place where each number, if counted, came first
):
    """Count numbers, and note where each comes first."""
    cdef Py_ssize_t i
    cdef bint outside = False
    if counts.shape[0] != first.shape[0]:
        raise ValueError("counts and first must have the same length")
    with nogil:
        for i in range(numbers.shape[0]):
            if not 0 <= numbers[i] < counts.shape[0]:
                outside = True
                break
            if counts[numbers[i]] == 0:
                first[numbers[i]] = first_place + i
            counts[numbers[i]] += 1
    if outside:
        raise ValueError("a number lies outside its range: the corpus is damaged")


cdef check_piece(const int32_t[::1] tokens, const int32_t[::1] ends, Py_ssize_t n_rows):
    """Refuse tokens that are no rows, and ends that fall or lie outside the piece."""
    cdef Py_ssize_t i
    cdef int32_t last = 0
    cdef bint outside = False
    with nogil:
        for i in range(tokens.shape[0]):
            outside |= not 0 <= tokens[i] < n_rows
        for i in range(ends.shape[0]):
            outside |= not last <= ends[i] <= tokens.shape[0]
            last = ends[i]
    if outside:
        raise ValueError("a token or an end lies outside its range: the corpus is damaged")
