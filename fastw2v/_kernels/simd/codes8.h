/* Products of many rows of codes with one query: 16 codes an instruction with AVX2, four rows a step,
 * whose lanes are added up together. AVX-512's files use it as well: with more of its codes at once,
 * such scans would wait for memory.
 */
#include "../quantized.h"

enum { CODES_A_STEP = 16 };

/* Sixteen products, neighbours added. */
INLINE __m256i eight_products(const int8_t *codes, __m256i query)
{
    __m256i wide = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)codes));
    return _mm256_madd_epi16(wide, query);
}

/* `width` is a multiple of CODES_A_STEP. */
INLINE __m128i four_products(const int8_t *codes, ptrdiff_t width, const int16_t *query)
{
    __m256i s[4] = {{0}}, pairs;
    for (ptrdiff_t i = 0; i < width; i += CODES_A_STEP) {
        __m256i q = _mm256_loadu_si256((const __m256i *)(query + i));
        for (int r = 0; r < 4; r++)
            s[r] = _mm256_add_epi32(s[r], eight_products(codes + r * width + i, q));
    }
    pairs = _mm256_hadd_epi32(_mm256_hadd_epi32(s[0], s[1]), _mm256_hadd_epi32(s[2], s[3]));
    return _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
}

static void scan_codes(const int8_t *codes, ptrdiff_t width, ptrdiff_t n, const int16_t *query,
                       int32_t *out)
{
    ptrdiff_t row = 0;
    for (; row + 4 <= n; row += 4)
        _mm_storeu_si128((__m128i *)(out + row), four_products(codes + row * width, width, query));
    for (; row < n; row++) out[row] = code_product(codes + row * width, width, query);
}
