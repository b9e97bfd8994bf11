/* Checks the vector kernels' scans of rows against plain C: cosines in double precision, products of
 * codes as whole numbers.
 *
 * check_scans [steps, 2000 by default]: random matrices through every kernel that this build has and
 * this processor can run. It needs no Python, so emulators and sanitizers can run it. Arrays have
 * exactly the sizes that are promised, for the address sanitizer to see what lies beyond.
 *
 * How far a cosine may be off is derived, not measured: a sum in which no term passes through more
 * than c operations is off by at most c UNIT times the terms' sizes, and these are at most the
 * lengths' product (Cauchy and Schwarz); so is the length's square, and its root by half of that.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../fastw2v/_kernels/quantized.h"
#include "../../fastw2v/_kernels/simd/compiled.h"
#include "random.h"

enum { MOST_ROWS = 40, MOST_SIZE = 650 };

#define UNIT (1.001 * 0x1p-24) /* one rounding, and some for the products of errors */

static void *room(size_t size)
{
    void *memory = malloc(size ? size : 1);
    if (memory == NULL) abort();
    return memset(memory, 0xFF, size);
}

/* ---- Cosines. ---- */

static void draw_row(float *row, int d)
{
    double scale = pow(10, between(0, 2) ? uniform(-2, 2) : uniform(-43, 37));
    int kind = between(0, 19);
    for (int i = 0; i < d; i++) row[i] = kind ? (float)(scale * uniform(-1, 1)) : 0.0f;
    if (kind == 1) row[between(0, d - 1)] = (const float[]){NAN, INFINITY, -INFINITY}[between(0, 2)];
}

/* What part of the allowed a cosine is off by; infinite if it is a number and should not be. */
static double deviation(float found, const float *row, const float *query, int d)
{
    double square = 0, dot = 0, most = (1.5 * (d / 4 + 24) + 4) * UNIT, off;
    for (int i = 0; i < d; i++) {
        square += (double)row[i] * row[i];
        dot += (double)row[i] * query[i];
    }
    if (!isfinite(square)) return isnan(found) ? 0 : INFINITY;
    off = fabs(found - (square > 0 ? dot / sqrt(square) : 0));
    return off <= most ? off / most : INFINITY;
}

static double check_cosines(const Scan *scan)
{
    int n = between(1, MOST_ROWS), d = between(1, between(0, 1) ? 40 : MOST_SIZE);
    size_t apart = (size_t)(d + between(0, 1) * between(0, 30));
    size_t n_floats = apart * (size_t)(n - 1) + (size_t)d;
    float *rows = room(n_floats * sizeof(float)), *query = room((size_t)d * sizeof(float));
    float *out = room((size_t)n * sizeof(float));
    double length = 0, largest = 0;
    ptrdiff_t stride = (ptrdiff_t)(apart * sizeof(float));
    int is_backward = between(0, 3) == 0;
    const float *first = is_backward ? rows + apart * (size_t)(n - 1) : rows;
    for (int i = 0; i < n; i++) draw_row(rows + (size_t)i * apart, d);
    for (int i = 0; i < d; i++) query[i] = (float)uniform(-1, 1);
    for (int i = 0; i < d; i++) length += (double)query[i] * query[i];
    for (int i = 0; i < d; i++) query[i] = (float)(query[i] / sqrt(length));
    stride = is_backward ? -stride : stride;
    scan->cosines(first, stride, n, query, d, out);
    for (int i = 0; i < n; i++)
        largest = fmax(largest, deviation(out[i], row_at(first, stride, i), query, d));
    free(rows);
    free(query);
    free(out);
    return largest;
}

/* ---- Products of codes. ---- */

/* Numbers whose sizes add up to no more than they may; all as large as that, now and then. */
static void draw_query(int16_t *query, int width)
{
    int most = MOST_QUERY_SUM / width < MOST_QUERY ? MOST_QUERY_SUM / width : MOST_QUERY;
    int is_extreme = between(0, 7) == 0;
    for (int i = 0; i < width; i++)
        query[i] = (int16_t)(is_extreme ? (between(0, 1) ? most : -most) : between(-most, most));
}

static int check_codes(const Scan *scan)
{
    int n = between(0, MOST_ROWS), wide = between(0, 29) == 0;
    int width = (int)codes_width(between(1, wide ? 20000 : MOST_SIZE)), well = 1;
    int8_t *codes = room((size_t)n * (size_t)width);
    int16_t *query = room((size_t)width * sizeof(int16_t));
    int32_t *out = room((size_t)n * sizeof(int32_t));
    draw_query(query, width);
    for (int i = 0; i < n * width; i++) codes[i] = (int8_t)between(-MOST_CODE, MOST_CODE);
    if (n) /* the largest sum that there can be */
        for (int i = 0; i < width; i++) codes[i] = (int8_t)(query[i] < 0 ? -MOST_CODE : MOST_CODE);
    scan->codes(codes, width, n, query, out);
    for (int row = 0; row < n; row++) {
        int64_t sum = 0;
        for (int i = 0; i < width; i++) sum += (int64_t)codes[row * width + i] * query[i];
        if (out[row] != sum) well = 0;
    }
    free(codes);
    free(query);
    free(out);
    return well;
}

int main(int argc, char **argv)
{
    int steps = argc > 1 ? atoi(argv[1]) : 2000, failed = 0;
    Compiled kernels[MOST_COMPILED];
    int n_kernels = compiled_kernels(kernels);
    printf("%d scans; the largest deviation of a cosine, as a part of the allowed:\n", steps);
    for (int k = 0; k < n_kernels; k++) {
        const Scan *scan = kernels[k].scan;
        double largest = 0;
        int step = 0, are_exact = 1;
        if (!kernels[k].is_supported) {
            printf("  %-8s not run: this processor lacks what it needs\n", scan->name);
            continue;
        }
        for (; step < steps && are_exact && largest <= 1; step++) {
            random_state = (uint64_t)step << 32;
            largest = fmax(largest, check_cosines(scan));
            are_exact = check_codes(scan);
        }
        printf("  %-8s %3.0f%%\n", scan->name, 100 * largest);
        if (are_exact && largest <= 1) continue;
        failed = 1;
        printf("  WRONG in step %d: %s\n", step - 1, are_exact ? "cosines" : "products of codes");
    }
    return failed;
}
