/* Sixteen floats a vector: AVX-512. */
#include <immintrin.h>
#include <stdint.h>

#include "scores8.h"

#define LANES 16
enum {
    TILE_HIDDEN = 4, /* hidden rows that meet a tile's output rows together, */
    TILE_CHUNKS = 2  /* and chunks of a row that are updated together: as many as registers allow */
};

typedef __m512 vector;

static inline void store_sums(float *eight, const vector x[8])
{
    __m256 halves[8];
    for (int j = 0; j < 8; j++)
        halves[j] = _mm256_add_ps(_mm512_castps512_ps256(x[j]), _mm512_extractf32x8_ps(x[j], 1));
    store_sums_of_eights(eight, halves);
}
