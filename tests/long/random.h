/* Random numbers for the kernels' checks, the same everywhere: splitmix64. */
#ifndef FASTW2V_RANDOM_H
#define FASTW2V_RANDOM_H

#include <stdint.h>

static uint64_t random_state;

static inline double uniform(double low, double high)
{
    uint64_t x = random_state += 0x9E3779B97F4A7C15;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return low + (high - low) * (double)((x ^ x >> 31) >> 11) * 0x1p-53;
}

static inline int between(int low, int high) { return low + (int)uniform(0, high - low + 1); }

#endif
