"""Builds the alias table in linear time."""

from libc.stdlib cimport free, malloc

from fastw2v._kernels.rng cimport fold


cdef class AliasTable:
    """Constant-time draws of 0 … n-1 in proportion to ``weights``.

    Parameters
    ----------
    weights
        float64, (n,): not negative, finite, with a positive sum.
    """

    def __cinit__(self, const double[::1] weights):
        cdef Py_ssize_t n = weights.shape[0], i
        cdef double total = 0.0
        if not 0 < n < 2**31:
            raise ValueError(f"an alias table needs 1 to 2**31 - 1 weights, not {n}")
        for i in range(n):
            if not 0.0 <= weights[i] < float("inf"):
                raise ValueError(f"weight {i} is {weights[i]}: weights must be finite and >= 0")
            total += weights[i]
        if not 0.0 < total < float("inf"):
            raise ValueError(f"the weights add up to {total}: at least one must be positive")
        self.size = <uint32_t>n
        self.slots = <AliasSlot*>malloc(n * sizeof(AliasSlot))
        cdef double* share = <double*>malloc(n * sizeof(double))
        cdef int32_t* stack = <int32_t*>malloc(n * sizeof(int32_t))
        if self.slots is NULL or share is NULL or stack is NULL:
            free(share)
            free(stack)
            raise MemoryError(f"no memory for an alias table of {n} slots")
        for i in range(n):
            share[i] = weights[i] / total * n
        _fill(self.slots, share, stack, <int32_t>n)
        free(share)
        free(stack)

    def __dealloc__(self):
        free(self.slots)

    def probability(self, int32_t index):
        """Return the probability that a draw gives ``index``, read back from the slots."""
        cdef double whole = 4294967296.0, found = 0.0
        cdef uint32_t i
        for i in range(self.size):
            if i == <uint32_t>index:
                found += self.slots[i].threshold / whole
            if self.slots[i].alias == index:
                found += 1.0 - self.slots[i].threshold / whole
        return found / self.size

    def draw(self, uint64_t key, Py_ssize_t n):
        """Return ``n`` draws under ``key``, as a list."""
        return [alias_draw(self.slots, self.size, fold(key, i)) for i in range(n)]


cdef void _fill(AliasSlot* slots, double* share, int32_t* stack, int32_t n) noexcept nogil:
    """Pair every slot that has too little (share < 1) with one that has too much.

    ``share`` holds each word's probability times n. ``stack`` keeps both kinds: slots with too
    little grow from its start, slots with too much from its end, and together they are never more
    than n.
    """
    cdef int32_t little = 0, much = n, poor, rich, i
    for i in range(n):
        if share[i] < 1.0:
            stack[little] = i
            little += 1
        else:
            much -= 1
            stack[much] = i
    while little > 0 and much < n:
        little -= 1
        poor = stack[little]
        rich = stack[much]
        slots[poor].threshold = <uint32_t>(share[poor] * 4294967295.0)
        slots[poor].alias = rich
        share[rich] -= 1.0 - share[poor]
        if share[rich] < 1.0:  # the rich slot has become a poor one: it changes sides
            much += 1
            stack[little] = rich
            little += 1
    # What is left has a share of 1 up to rounding: the slot is its own alias.
    for i in range(little):
        slots[stack[i]].threshold = 0
        slots[stack[i]].alias = stack[i]
    for i in range(much, n):
        slots[stack[i]].threshold = 0
        slots[stack[i]].alias = stack[i]
