/* Asking for memory before it is needed. */
#ifndef FASTW2V_PREFETCH_H
#define FASTW2V_PREFETCH_H

#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define FASTW2V_PREFETCH(address) __builtin_prefetch(address, 1, 3)
#else
#define FASTW2V_PREFETCH(address) ((void)(address))
#endif

/* A row of `stride` floats; it may begin inside a cache line. */
static inline void prefetch_row(const float *row, int32_t stride)
{
    for (int32_t d = 0; d < stride; d += 16) FASTW2V_PREFETCH(row + d);
}

#endif
