/* Asking for memory before it is needed. */
#ifndef FASTW2V_PREFETCH_H
#define FASTW2V_PREFETCH_H

#include <stdint.h>

#include "step.h"

/* The cache line of an address, which need not be one that may be read. */
static inline void prefetch(const void *address)
{
#if defined(__GNUC__) || defined(__clang__)
    __builtin_prefetch(address, 1, 3);
#else
    (void)address;
#endif
}

/* A row of `stride` floats, if it begins with a cache line. */
static inline void prefetch_row(const float *row, int32_t stride)
{
    for (int32_t d = 0; d < stride; d += ROW_FLOATS) prefetch(row + d);
}

#endif
