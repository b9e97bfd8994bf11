"""Python wrappers that let tests see the random numbers that the kernels draw."""


def draws(uint64_t seed, uint64_t epoch, uint64_t sentence, uint64_t position, Py_ssize_t n):
    """Return the first ``n`` draws of one token, as a list of 64-bit integers."""
    cdef Stream stream
    stream.key = fold(sentence_key(seed, epoch, sentence), position)
    stream.counter = 0
    return [next_draw(&stream) for _ in range(n)]


def as_uniform(uint64_t draw):
    """Return the number in [0, 1) that a draw stands for."""
    return uniform(draw)


def as_bounded(uint64_t draw, uint32_t n):
    """Return the number in 0 … n-1 that a draw stands for."""
    return bounded(draw, n)


# What draws that belong to no epoch are for: they take the place of epochs that none can reach.
INITIAL_VECTORS = 2**64 - 1
SENTENCE_ORDER = 2**64 - 2
HELD_OUT_SENTENCES = 2**64 - 3
HELD_OUT_WINDOWS = 2**63 - 1  # as an epoch, which is signed


def fill_uniform(
    float[:, :] out, uint64_t seed, uint64_t purpose, double half_width, uint64_t first_row=0,
):
    """Fill a matrix with numbers uniform on ±half_width, from the seed and the purpose alone.

    Its rows are those from ``first_row`` of a matrix that has no end.
    """
    cdef uint64_t key = fold(fold(0, seed), purpose)
    cdef Py_ssize_t i, j, columns = out.shape[1]
    with nogil:
        for i in range(out.shape[0]):
            for j in range(columns):
                out[i, j] = <float>((2.0 * uniform(fold(key, (first_row + i) * columns + j)) - 1.0) * half_width)
