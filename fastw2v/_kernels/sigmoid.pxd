"""The logistic function from a table, and −log of it from another.

``sigmoid_at`` is a step function: 1000 bins over [−6, 6], each with the value at its centre, which
is within 0.0015 of the exact value (half a bin times the largest slope, 1/4). Outside it takes one
value a side, the middle between sigma(6) and 1 (and between 0 and sigma(−6)), which is within
0.00124 for every x beyond. So the table is never off by 0.002 or more, and never skips an update.

``negative_log_sigmoid_at`` is for the loss, where a bin's centre would be off by 0.006: it
interpolates between the bins' edges (error below 5e-6) and is exact outside [−6, 6].
"""

from libc.math cimport exp, log1p

cdef enum:
    SIGMOID_BINS = 1000

cdef struct SigmoidTables:
    float sigmoid[SIGMOID_BINS + 2]  # below −6, the bins, above 6
    float negative_log_sigmoid[SIGMOID_BINS + 1]  # at the bins' edges

# Filled when the module is imported, read-only from then on.
cdef const SigmoidTables* sigmoid_tables() noexcept nogil


cdef inline float sigmoid_at(const SigmoidTables* tables, float x) noexcept nogil:
    if not x > -6.0:  # NaN, too, must not become an index
        return tables.sigmoid[0]
    if x >= 6.0:
        return tables.sigmoid[SIGMOID_BINS + 1]
    return tables.sigmoid[1 + <int>((x + 6.0) * <float>(SIGMOID_BINS / 12.0))]


cdef inline double negative_log_sigmoid_at(const SigmoidTables* tables, float x) noexcept nogil:
    cdef float place, part
    cdef int edge
    if not (x > -6.0 and x < 6.0):
        return log1p(exp(-x)) if x > 0.0 else log1p(exp(x)) - x
    place = (x + 6.0) * <float>(SIGMOID_BINS / 12.0)
    edge = <int>place
    if edge >= SIGMOID_BINS:  # the largest float below 6 rounds up to the last edge
        return tables.negative_log_sigmoid[SIGMOID_BINS]
    part = place - edge
    return (tables.negative_log_sigmoid[edge] * (1.0 - part)
            + tables.negative_log_sigmoid[edge + 1] * part)
