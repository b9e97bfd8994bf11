/* Eight floats a vector: AVX2 with FMA. */
#include <immintrin.h>
#include <stdint.h>

#include "scores8.h"

#define LANES 8
enum {
    TILE_HIDDEN = 2, /* hidden rows that meet a tile's output rows together, */
    TILE_CHUNKS = 1  /* and chunks of a row that are updated together: as many as registers allow */
};

typedef __m256 vector;

static inline void store_sums(float *eight, const vector x[8]) { store_sums_of_eights(eight, x); }
