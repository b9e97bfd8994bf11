/* Sixteen floats a vector: AVX-512. */
#include <immintrin.h>
#include <stdint.h>

#define LANES 16
enum { TILE_CHUNKS = 2 }; /* of a row that are updated together: as many as registers allow */

typedef __m512 vector;
typedef uint32_t bits __attribute__((vector_size(64)));

static inline vector smaller(vector x, vector y) { return _mm512_min_ps(x, y); }

/* 1 / x, relative error below 2^-23: an approximation and a Newton step, faster than a division. */
static inline vector reciprocal(vector x)
{
    vector r = _mm512_rcp14_ps(x);
    return r * _mm512_fnmadd_ps(x, r, _mm512_set1_ps(2.0f));
}

/* Eight values, for each of the vector's two rows of scores. */
static inline vector columns(const float *eight, int part)
{
    (void)part;
    __m256 half = _mm256_loadu_ps(eight);
    return _mm512_insertf32x8(_mm512_castps256_ps512(half), half, 1);
}

/* One value for each of the vector's two rows of scores. */
static inline vector rows(const float *two)
{
    return _mm512_insertf32x8(_mm512_set1_ps(two[0]), _mm256_set1_ps(two[1]), 1);
}

/* Lane j is the sum of x[j]'s lanes. Three in four of these permutations stay inside 128 bits. */
static inline vector sums(const vector x[LANES])
{
    vector four[4], low, high;
    for (int j = 0; j < 4; j++) {
        const vector *y = x + 4 * j;
        vector ab = _mm512_add_ps(_mm512_unpacklo_ps(y[0], y[1]), _mm512_unpackhi_ps(y[0], y[1]));
        vector cd = _mm512_add_ps(_mm512_unpacklo_ps(y[2], y[3]), _mm512_unpackhi_ps(y[2], y[3]));
        four[j] = _mm512_add_ps(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xEE));
    }
    /* Each 128-bit lane of four[j] now holds a part of sums 4j … 4j + 3. */
    low = _mm512_add_ps(_mm512_shuffle_f32x4(four[0], four[1], 0x44),
                        _mm512_shuffle_f32x4(four[0], four[1], 0xEE));
    high = _mm512_add_ps(_mm512_shuffle_f32x4(four[2], four[3], 0x44),
                         _mm512_shuffle_f32x4(four[2], four[3], 0xEE));
    return _mm512_add_ps(_mm512_shuffle_f32x4(low, high, 0x88),
                         _mm512_shuffle_f32x4(low, high, 0xDD));
}
