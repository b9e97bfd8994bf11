"""One gradient step, which the objectives prepare and a kernel carries out: see step.h."""

from libc.stdint cimport int32_t


cdef extern from "step.h":
    enum:
        ROW_FLOATS
        ROW_BYTES
        SLACK
        TILE_OUTPUTS
        TILE_COLUMNS

    ctypedef struct Step:
        int32_t n
        int32_t m
        int32_t vector_size
        int32_t stride
        float lr
        float** hidden_rows
        const float* hidden_counts
        float** output_rows
        const float* output_counts
        const float* labels
        float scale
        float share
        float* grads
        float* moved
        float* mean
        float* losses

    ctypedef void (*Update)(Step*) noexcept nogil
    ctypedef void (*Subtract)(
        float* out, const float* a, const float* b, float share, int32_t stride) noexcept nogil

    ctypedef struct Updates:
        const char* name
        bint any_rows
        Update update_rows
        Update update_mean
        Subtract subtract
