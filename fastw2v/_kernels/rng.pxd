"""Counter-based random numbers: a draw is a hash of what it is for, so it needs no state.

Every draw is ``fold(key, counter)``. Keys are made the same way, from the outside in:

    fold(fold(fold(fold(0, seed), epoch), sentence), position)  is the key of one token;
    its draw 0 decides subsampling, draw 1 the window's size, draws 2, 3, … the negatives.

So the numbers do not depend on which thread works on a token, on how the corpus is cut into
batches, or on how many draws its neighbours needed. ``fold`` is a step of SplitMix64 (Steele, Lea
and Flood 2014, "Fast splittable pseudorandom number generators"): an odd multiple of the counter,
then a bijective mixing function, which passes the usual batteries of statistical tests.
"""

from libc.stdint cimport int32_t, uint32_t, uint64_t


cdef struct Stream:
    uint64_t key
    uint64_t counter


cdef inline uint64_t fold(uint64_t key, uint64_t counter) noexcept nogil:
    """One 64-bit draw: hash the counter under the key."""
    cdef uint64_t x = key + (counter + 1) * <uint64_t>0x9E3779B97F4A7C15
    x = (x ^ (x >> 30)) * <uint64_t>0xBF58476D1CE4E5B9
    x = (x ^ (x >> 27)) * <uint64_t>0x94D049BB133111EB
    return x ^ (x >> 31)


cdef inline uint64_t sentence_key(uint64_t seed, uint64_t epoch, uint64_t sentence) noexcept nogil:
    return fold(fold(fold(0, seed), epoch), sentence)


cdef inline uint64_t next_draw(Stream* stream) noexcept nogil:
    cdef uint64_t draw = fold(stream.key, stream.counter)
    stream.counter += 1
    return draw


cdef inline double uniform(uint64_t draw) noexcept nogil:
    """Map a draw to [0, 1): its upper 53 bits, as a fraction."""
    return <double>(draw >> 11) * (1.0 / 9007199254740992.0)


cdef inline uint32_t bounded(uint64_t draw, uint32_t n) noexcept nogil:
    """Map the upper 32 bits of a draw to 0 … n-1 without division.

    Each value's probability is within n / 2**32 of 1/n, relatively: 0.07 % for n = 3 million.
    """
    return <uint32_t>(((draw >> 32) * n) >> 32)
