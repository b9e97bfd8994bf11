/* Cosines of many rows with one vector, for the same files as update.h, which comes before.
 *
 * Rows are taken SCANNED at a time: a chunk of the query is read once for all of them, and the lanes
 * of their sums are added up together. Lengths come with the products, from the same reading of the
 * row. Rows may lie anywhere, and be of any size: what is left of them after whole chunks is read
 * with the chunk that ends them, whose first lanes were there before and count 0.
 */
#include <string.h>

#include "../cosine.h"
#include "../prefetch.h"

enum {
    SCANNED = 4,
    AHEAD = 1 << 14 /* bytes: a scan of 32 MB takes 0.68 ms on a Zen 4 core, 0.94 without asking,
                       and as long with twice or four times as many, 0.74 with half */
};

/* Ask for what lies AHEAD of some rows, which may be the end, if rows lie close to each other. */
INLINE void prefetch_ahead(const float *rows, ptrdiff_t stride, ptrdiff_t d)
{
    uintptr_t first = (uintptr_t)rows + AHEAD;
    if (stride >= (d + ROW_FLOATS) * (ptrdiff_t)sizeof(float)) return;
    for (ptrdiff_t byte = 0; byte < SCANNED * stride; byte += ROW_BYTES)
        prefetch((const void *)(first + (uintptr_t)byte));
}

INLINE vector load_anywhere(const float *x)
{
    vector v;
    memcpy(&v, x, sizeof v);
    return v;
}

/* The products of rows with the query, then their squares, if d is at least LANES. */
INLINE void products_and_squares(const float *const rows[SCANNED], const float *query, ptrdiff_t d,
                                 const float *is_new, float sums[2 * SCANNED])
{
    vector s[2 * SCANNED] = {{0}};
    ptrdiff_t i = 0;
    for (; i + LANES <= d; i += LANES) {
        vector q = load_anywhere(query + i);
        for (int r = 0; r < SCANNED; r++) {
            vector x = load_anywhere(rows[r] + i);
            s[r] += x * q;
            s[SCANNED + r] += x * x;
        }
    }
    if (i < d) {
        vector q = load_anywhere(query + d - LANES), mask = load_anywhere(is_new);
        for (int r = 0; r < SCANNED; r++) {
            vector x = load_anywhere(rows[r] + d - LANES) * mask;
            s[r] += x * q;
            s[SCANNED + r] += x * x;
        }
    }
    store_sums(sums, s);
}

static void scan_cosines(const float *rows, ptrdiff_t stride, ptrdiff_t n, const float *unit_query,
                         ptrdiff_t d, float *out)
{
    float is_new[LANES], sums[2 * SCANNED] __attribute__((aligned(64)));
    const float *some[SCANNED];
    for (int lane = 0; lane < LANES; lane++) is_new[lane] = lane >= LANES - d % LANES;
    if (d < LANES) {
        for (ptrdiff_t row = 0; row < n; row++)
            out[row] = cosine(row_at(rows, stride, row), unit_query, d);
        return;
    }
    for (ptrdiff_t first = 0; first < n; first += SCANNED) {
        ptrdiff_t size = n - first < SCANNED ? n - first : SCANNED;
        for (int r = 0; r < SCANNED; r++) /* there are always so many: the last one is repeated */
            some[r] = row_at(rows, stride, first + (r < size ? r : size - 1));
        prefetch_ahead(some[0], stride, d);
        products_and_squares(some, unit_query, d, is_new, sums);
        for (int r = 0; r < size; r++)
            out[first + r] = is_ordinary(sums[SCANNED + r]) ? sums[r] / sqrtf(sums[SCANNED + r])
                                                            : exact_cosine(some[r], unit_query, d);
    }
}
