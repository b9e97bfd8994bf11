"""Drawing from any discrete distribution in constant time (Walker 1977; Vose 1991).

The distribution over n words is rewritten as n equally likely slots with at most two words each:
a slot keeps its own word with probability threshold / 2**32 and gives way to its alias otherwise.
A draw is then one random number: its upper half picks the slot, its lower half the word.
"""

from libc.stdint cimport int32_t, uint32_t, uint64_t

from fastw2v._kernels.rng cimport bounded


cdef struct AliasSlot:
    uint32_t threshold
    int32_t alias


cdef inline int32_t alias_draw(const AliasSlot* slots, uint32_t n, uint64_t draw) noexcept nogil:
    """Without a branch: none could be predicted, and all would wait for a slot far from the cache.

    The comparison is written as a borrow, as compilers make a branch of any plainer form.
    """
    cdef uint32_t slot = bounded(draw, n), alias = <uint32_t>slots[slot].alias
    cdef uint64_t keeps = (<uint64_t><uint32_t>draw - <uint64_t>slots[slot].threshold) >> 63
    return <int32_t>(alias ^ ((alias ^ slot) & -<uint32_t>keeps))


cdef class AliasTable:
    cdef AliasSlot* slots
    cdef readonly uint32_t size
