/* Rows as codes of a byte a value: a quarter of the memory that a scan has to read.
 *
 * With u the row divided by its length, and its scale s = max |u_i| / 127, its codes are
 * c_i = round(u_i / s). With the query likewise as 16-bit numbers, q_i = round(p_i / t) for a vector p
 * of length 1, the cosine u.p is about s t c.q, an integer product, and off by no more than
 *
 *     |u.p - s c.t q| <= |u - s c| |p| + |s c| |p - t q|        (Cauchy and Schwarz)
 *                     <= e + (1 + e) e_p,     e = |u - s c|,  e_p = |p - t q|.
 *
 * So whatever is among the best by cosine is, by codes, at most twice that behind the best. Rows are
 * `width` codes apart, a multiple of CODES_ALIGNED; those after the row's own are 0.
 */
#ifndef FASTW2V_QUANTIZED_H
#define FASTW2V_QUANTIZED_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "cosine.h"

enum {
    CODES_ALIGNED = 16,
    MOST_CODE = 127,
    MOST_QUERY = 1 << 14,    /* and a query's magnitudes add up to no more than this, */
    MOST_QUERY_SUM = 1 << 24 /* so that no sum of products leaves 32 bits: 127 * 2^24 < 2^31 */
};

static inline ptrdiff_t codes_width(ptrdiff_t d)
{
    return (d + CODES_ALIGNED - 1) / CODES_ALIGNED * CODES_ALIGNED;
}

static inline float largest_magnitude(const float *x, ptrdiff_t d)
{
    float parts[PARTS] = {0}, largest = 0.0f;
    ptrdiff_t i = 0;
    for (; i + PARTS <= d; i += PARTS)
        for (int j = 0; j < PARTS; j++) {
            float magnitude = fabsf(x[i + j]);
            parts[j] = magnitude > parts[j] ? magnitude : parts[j];
        }
    for (; i < d; i++) largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
    for (int j = 0; j < PARTS; j++) largest = parts[j] > largest ? parts[j] : largest;
    return largest;
}

/* The nearest integer, of numbers that are small. */
static inline int32_t nearest_integer(float x) { return (int32_t)(x + copysignf(0.5f, x)); }

/* Write a row's codes; return 0 if it is not finite. `unit` is room for d floats, which keep what of
 * the row the codes do not say. */
static inline int write_codes(const float *x, ptrdiff_t d, float *unit, int8_t *codes, float *scale,
                              float *error)
{
    float largest, factor;
    if (!write_unit(x, d, unit)) return 0;
    largest = largest_magnitude(unit, d);
    factor = largest > 0.0f ? MOST_CODE / largest : 0.0f;
    *scale = largest / MOST_CODE;
    for (ptrdiff_t i = 0; i < d; i++) codes[i] = (int8_t)nearest_integer(unit[i] * factor);
    for (ptrdiff_t i = d; i < codes_width(d); i++) codes[i] = 0;
    for (ptrdiff_t i = 0; i < d; i++) unit[i] -= *scale * codes[i];
    *error = sqrtf(dot_product(unit, unit, d));
    return 1;
}

/* Write a query of length 1, or of zeros, as numbers of 16 bits; return its scale t. */
static inline float write_query(const float *unit_query, ptrdiff_t d, int16_t *query, float *error)
{
    float largest = largest_magnitude(unit_query, d), scale;
    double sum = 0.0, square = 0.0;
    for (ptrdiff_t i = 0; i < d; i++) sum += fabsf(unit_query[i]);
    scale = fmaxf(largest / MOST_QUERY, (float)(sum / (MOST_QUERY_SUM - d)));
    for (ptrdiff_t i = 0; i < codes_width(d); i++) {
        float value = i < d ? unit_query[i] : 0.0f;
        query[i] = (int16_t)(scale > 0.0f ? nearest_integer(value / scale) : 0);
        square += pow(value - (double)scale * query[i], 2.0);
    }
    *error = (float)sqrt(square);
    return scale;
}

static inline int32_t code_product(const int8_t *codes, ptrdiff_t width, const int16_t *query)
{
    int32_t sum = 0;
    for (ptrdiff_t i = 0; i < width; i++) sum += (int16_t)codes[i] * query[i];
    return sum;
}

#endif
