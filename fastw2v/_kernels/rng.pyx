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
