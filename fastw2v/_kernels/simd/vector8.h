/* Eight floats a vector: AVX2 with FMA. */
#include <immintrin.h>
#include <stdint.h>

#define LANES 8
enum { TILE_CHUNKS = 1 }; /* of a row that are updated together: as many as registers allow */

typedef __m256 vector;
typedef uint32_t bits __attribute__((vector_size(32)));

static inline vector smaller(vector x, vector y) { return _mm256_min_ps(x, y); }

static inline vector reciprocal(vector x) { return _mm256_set1_ps(1.0f) / x; }

static inline vector columns(const float *eight, int part)
{
    (void)part;
    return _mm256_loadu_ps(eight);
}

static inline vector rows(const float *one) { return _mm256_broadcast_ss(one); }

/* Lane j is the sum of x[j]'s lanes. */
static inline vector sums(const vector x[LANES])
{
    vector four[2];
    for (int j = 0; j < 2; j++) {
        const vector *y = x + 4 * j;
        vector ab = _mm256_add_ps(_mm256_unpacklo_ps(y[0], y[1]), _mm256_unpackhi_ps(y[0], y[1]));
        vector cd = _mm256_add_ps(_mm256_unpacklo_ps(y[2], y[3]), _mm256_unpackhi_ps(y[2], y[3]));
        four[j] = _mm256_add_ps(_mm256_shuffle_ps(ab, cd, 0x44), _mm256_shuffle_ps(ab, cd, 0xEE));
    }
    /* Each 128-bit half of four[j] now holds a part of sums 4j … 4j + 3. */
    return _mm256_add_ps(_mm256_permute2f128_ps(four[0], four[1], 0x20),
                         _mm256_permute2f128_ps(four[0], four[1], 0x31));
}
