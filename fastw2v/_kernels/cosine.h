/* Rows of a matrix, their lengths, and their cosines with a vector of length 1.
 *
 * What is not vectors of simd/ is plain loops with a fixed number of partial results, so that
 * compilers may turn them into vector code without reordering sums.
 */
#ifndef FASTW2V_COSINE_H
#define FASTW2V_COSINE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

enum { PARTS = 16 };

/* One implementation of scans. `cosines`: of n rows of d floats, `stride` bytes from one to the next,
 * with a vector of length 1; 0 for a row of zeros, NaN for one that is not finite. `codes`: the
 * products of n rows of quantized.h, `width` codes each, with a query of as many values. */
typedef struct {
    const char *name;
    void (*cosines)(const float *rows, ptrdiff_t stride, ptrdiff_t n, const float *unit_query,
                    ptrdiff_t d, float *out);
    void (*codes)(const int8_t *codes, ptrdiff_t width, ptrdiff_t n, const int16_t *query,
                  int32_t *out);
} Scan;

static inline const float *row_at(const float *rows, ptrdiff_t stride, ptrdiff_t row)
{
    return (const float *)((const char *)rows + row * stride);
}

static inline float dot_product(const float *x, const float *y, ptrdiff_t d)
{
    float parts[PARTS] = {0}, sum = 0.0f;
    ptrdiff_t i = 0;
    for (; i + PARTS <= d; i += PARTS)
        for (int j = 0; j < PARTS; j++) parts[j] += x[i + j] * y[i + j];
    for (; i < d; i++) sum += x[i] * y[i];
    for (int j = 0; j < PARTS; j++) sum += parts[j];
    return sum;
}

/* Whether a float holds a sum of squares well: none was too large or too small, and no value was NaN.
 * A zero vector's is not ordinary either. */
static inline int is_ordinary(float square) { return square > 1e-25f && square < 1e30f; }

/* In double, no square of a float is too large or too small. */
static inline double exact_square(const float *x, ptrdiff_t d)
{
    double square = 0.0;
    for (ptrdiff_t i = 0; i < d; i++) square += (double)x[i] * x[i];
    return square;
}

static inline float exact_cosine(const float *x, const float *unit_query, ptrdiff_t d)
{
    double square = exact_square(x, d), dot = 0.0;
    for (ptrdiff_t i = 0; i < d; i++) dot += (double)x[i] * unit_query[i];
    return square == 0.0 ? 0.0f : (float)(dot / sqrt(square));
}

static inline float cosine(const float *x, const float *unit_query, ptrdiff_t d)
{
    float square = dot_product(x, x, d);
    if (is_ordinary(square)) return dot_product(x, unit_query, d) / sqrtf(square);
    return exact_cosine(x, unit_query, d);
}

/* Write a row divided by its length, a zero row as it is. Return 0 if the row is not finite. */
static inline int write_unit(const float *x, ptrdiff_t d, float *unit)
{
    float square = dot_product(x, x, d);
    double exact;
    if (is_ordinary(square)) {
        float factor = 1.0f / sqrtf(square);
        for (ptrdiff_t i = 0; i < d; i++) unit[i] = x[i] * factor;
        return 1;
    }
    exact = exact_square(x, d);
    if (!(exact < INFINITY)) return 0;
    exact = exact > 0.0 ? 1.0 / sqrt(exact) : 0.0;
    for (ptrdiff_t i = 0; i < d; i++) unit[i] = (float)(x[i] * exact);
    return 1;
}

/* Cross-domain similarity local scaling, but for what depends on the query alone. */
static inline void scale_locally(float *cosines, const float *means, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) cosines[i] = 2.0f * cosines[i] - means[i];
}

#endif
