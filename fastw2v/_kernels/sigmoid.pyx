"""Fills the sigmoid tables at import, and shows them to Python for tests."""

cdef SigmoidTables _tables


cdef const SigmoidTables* sigmoid_tables() noexcept nogil:
    return &_tables


def _fill_tables():
    cdef int i
    cdef double x, at_six = 1.0 / (1.0 + exp(-6.0))
    _tables.sigmoid[SIGMOID_BINS + 1] = (1.0 + at_six) / 2.0
    _tables.sigmoid[0] = (1.0 - at_six) / 2.0
    for i in range(SIGMOID_BINS):
        x = (i + 0.5) * (12.0 / SIGMOID_BINS) - 6.0
        _tables.sigmoid[i + 1] = 1.0 / (1.0 + exp(-x))
    for i in range(SIGMOID_BINS + 1):
        x = i * (12.0 / SIGMOID_BINS) - 6.0
        _tables.negative_log_sigmoid[i] = log1p(exp(-x))


_fill_tables()


def sigmoid(float x):
    """Return the kernels' sigma(x)."""
    return sigmoid_at(&_tables, x)


def negative_log_sigmoid(float x):
    """Return the kernels' −log sigma(x)."""
    return negative_log_sigmoid_at(&_tables, x)
