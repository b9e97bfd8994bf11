/* A row of scores in one vector of eight, where there are AVX2 and FMA. */
enum { ROW_SCORES = 1 };

typedef __m256 scores;
typedef uint32_t bits __attribute__((vector_size(32)));

static inline scores smaller(scores x, scores y) { return _mm256_min_ps(x, y); }

/* The part'th of eight values' parts. */
static inline scores part(const float *eight, int part)
{
    (void)part;
    return _mm256_loadu_ps(eight);
}

/* The sums of eight vectors' lanes. */
static inline void store_sums_of_eights(float *eight, const __m256 x[8])
{
    __m256 four[2];
    for (int j = 0; j < 2; j++) {
        const __m256 *y = x + 4 * j;
        __m256 ab = _mm256_add_ps(_mm256_unpacklo_ps(y[0], y[1]), _mm256_unpackhi_ps(y[0], y[1]));
        __m256 cd = _mm256_add_ps(_mm256_unpacklo_ps(y[2], y[3]), _mm256_unpackhi_ps(y[2], y[3]));
        four[j] = _mm256_add_ps(_mm256_shuffle_ps(ab, cd, 0x44), _mm256_shuffle_ps(ab, cd, 0xEE));
    }
    /* Each 128-bit half of four[j] now holds a part of sums 4j … 4j + 3. */
    _mm256_storeu_ps(eight, _mm256_add_ps(_mm256_permute2f128_ps(four[0], four[1], 0x20),
                                          _mm256_permute2f128_ps(four[0], four[1], 0x31)));
}
