/* The step of step.h on vectors: one source, which avx512.c, avx2.c, neon.c and generic.c compile for
 * what their names say. They include a header with `vector` (of LANES floats) for rows, `scores`
 * for what is made of them, how many of each to work on together, and the few operations that
 * differ; then this.
 *
 * Output rows are taken in tiles of up to TILE_OUTPUTS, hidden rows TILE_HIDDEN at a time, so that
 * all running sums of a tile live in registers:
 *
 *     scores   a chunk of each hidden row meets a chunk of each output row
 *     grads    the running sums' lanes are added up, and go through the sigmoid, eight to a row
 *     updates  chunk by chunk: each hidden row is read and written once, for both matrices' sake,
 *              and so are the tile's output rows
 *
 * Invariants: rows begin at multiples of ROW_BYTES and are padded to multiples of ROW_FLOATS, so
 * there is no tail; all scores come before the first write; no row occurs twice.
 *
 * Numbers of rows and chunks that are `const int` are constants where the function is inlined, so
 * loops over them unroll.
 */
#include <stddef.h>

#include "../step.h"

#define INLINE static inline __attribute__((always_inline))

INLINE vector load(const float *x) { return *(const vector *)x; }
INLINE void store(float *x, vector v) { *(vector *)x = v; }
INLINE vector all(float x) { return x - (vector){0}; }
INLINE scores each(float x) { return x - (scores){0}; }

/* exp(-x) for x >= 0: 2^whole * 2^part, and a minimax polynomial. The error is below 3e-6, and below
 * (3e-6 + 5e-8 x) exp(-x) up to x = 86, from where on exp(-86) is returned. */
INLINE scores exp_of_minus(scores x)
{
    const scores to_nearest = each(12582912.0f); /* 1.5 * 2^23: what is added to it becomes whole */
    scores t = smaller(x, each(86.0f)) * each(-1.44269504f);
    scores shifted = t + to_nearest, part = t - (shifted - to_nearest);
    scores p = part * each(9.58285314e-3f) + each(5.59064267e-2f);
    p = p * part + each(2.40240986e-1f);
    p = p * part + each(6.93124193e-1f);
    p = p * part + each(1.0f);
    return (scores)((bits)p + (((bits)shifted - (bits)to_nearest) << 23));
}

/* log(1 + x) for x in [0, 1], error below 2e-6: a minimax polynomial without a constant. */
INLINE scores log_of_one_plus(scores x)
{
    scores p = x * each(-1.83388564e-2f) + each(8.55699097e-2f);
    p = p * x + each(-1.93760926e-1f);
    p = p * x + each(3.17649048e-1f);
    p = p * x + each(-4.97875073e-1f);
    p = p * x + each(9.99901644e-1f);
    return p * x;
}

/* y - sigma(s) and its loss, from y - 1/2. With e = exp(-|s|), sigma(s) lies 1 / (1 + e) - 1/2 above
 * or below 1/2, as s is positive or negative; and log(1 + exp(s)) - ys is
 * log(1 + e) + |s| / 2 - (y - 1/2) s. A score that is not a number makes the loss none. */
INLINE scores error_of(scores score, scores label_less_half, scores *loss)
{
    const bits sign = (bits)each(-0.0f);
    scores size = (scores)((bits)score & ~sign), e = exp_of_minus(size);
    scores off_half = each(1.0f) / (each(1.0f) + e) - each(0.5f);
    *loss = log_of_one_plus(e) + each(0.5f) * size - label_less_half * score;
    return label_less_half - (scores)((bits)off_half | ((bits)score & sign));
}

/* What a row of scores is compared with: a tile's columns, those that it lacks with a count of 0. */
typedef struct {
    scores counts[ROW_SCORES];
    scores labels_less_half[ROW_SCORES];
} Columns;

INLINE Columns columns_of(const Step *step, int k, const int m)
{
    static const float live[TILE_OUTPUTS + 1][TILE_COLUMNS] = {
        {0}, {1}, {1, 1}, {1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 1},
    };
    Columns found;
    for (int j = 0; j < ROW_SCORES; j++) {
        found.counts[j] = part(step->output_counts + k, j) * part(live[m], j);
        found.labels_less_half[j] = part(step->labels + k, j) - each(0.5f);
    }
    return found;
}

/* Scores of hidden rows i … i + n - 1 and output rows k … k + m - 1. */
INLINE void score_tile(const int n, const int m, const Step *step, int i, int k, float *grads)
{
    const float *hidden[TILE_HIDDEN], *output[TILE_OUTPUTS]; /* copies, for registers */
    vector running[TILE_HIDDEN][TILE_OUTPUTS] = {{{0}}};

    for (int r = 0; r < n; r++) hidden[r] = step->hidden_rows[i + r];
    for (int c = 0; c < m; c++) output[c] = step->output_rows[k + c];
    for (int d = 0; d < step->stride; d += LANES) {
        vector h[TILE_HIDDEN];
        for (int r = 0; r < n; r++) h[r] = load(hidden[r] + d);
        for (int c = 0; c < m; c++) {
            vector u = load(output[c] + d);
            for (int r = 0; r < n; r++) running[r][c] += h[r] * u;
        }
    }

#pragma GCC unroll 4 /* or the running sums would be stored, to be found by their number */
    for (int r = 0; r < n; r++) {
        vector x[TILE_COLUMNS];
        for (int c = 0; c < TILE_COLUMNS; c++) /* columns too many repeat the last two */
            x[c] = running[r][c < m ? c : m < 2 ? 0 : m - 2 + (c - m) % 2];
        store_sums(grads + (size_t)(i + r) * TILE_COLUMNS, x);
    }
}

/* All hidden rows against one tile of outputs: scores, which then become grads. */
INLINE void score_rows(const int m, const Step *step, int k, float *grads, scores *loss)
{
    const Columns columns = columns_of(step, k, m);
    int i = 0;
    for (; i + TILE_HIDDEN <= step->n; i += TILE_HIDDEN) score_tile(TILE_HIDDEN, m, step, i, k, grads);
    if (TILE_HIDDEN > 2 && i + 2 <= step->n) {
        score_tile(2, m, step, i, k, grads);
        i += 2;
    }
    if (i < step->n) score_tile(1, m, step, i, k, grads);

    for (i = 0; i < step->n; i++)
        for (int j = 0; j < ROW_SCORES; j++) {
            float *at = grads + (size_t)i * TILE_COLUMNS + j * (TILE_COLUMNS / ROW_SCORES);
            scores lost, weight = each(step->hidden_counts[i]) * columns.counts[j];
            scores error = error_of(*(scores *)at, columns.labels_less_half[j], &lost);
            *(scores *)at = each(step->lr) * weight * error;
            *loss += weight * lost;
        }
}

/* Where a tile takes each hidden row's sum from, and where it leaves it. Several tiles need the
 * hidden rows as they were, so their sums grow in `moved`, and only the last tile's go home. */
enum { ONLY_TILE, FIRST_TILE, MIDDLE_TILE, LAST_TILE };

/* The update of so many chunks of all rows, from float d on. */
INLINE void update_chunks(const int chunks, int d, const int m, const Step *step, int k,
                          const float *grads, const int place)
{
    float *const *output = step->output_rows + k;
    float *sum = step->moved + d;
    vector before[TILE_OUTPUTS][TILE_CHUNKS], after[TILE_OUTPUTS][TILE_CHUNKS];

    for (int c = 0; c < m; c++)
        for (int q = 0; q < chunks; q++)
            before[c][q] = after[c][q] = load(output[c] + d + q * LANES);
    for (int i = 0; i < step->n; i++, sum += step->stride) {
        float *row = step->hidden_rows[i] + d;
        float *from = place == ONLY_TILE || place == FIRST_TILE ? row : sum;
        float *to = place == ONLY_TILE || place == LAST_TILE ? row : sum;
        vector h[TILE_CHUNKS], total[TILE_CHUNKS];
        for (int q = 0; q < chunks; q++) {
            h[q] = load(row + q * LANES);
            total[q] = from == row ? h[q] : load(from + q * LANES);
        }
        for (int c = 0; c < m; c++) {
            vector grad = all(grads[(size_t)i * TILE_COLUMNS + c]);
            for (int q = 0; q < chunks; q++) {
                after[c][q] += grad * h[q];
                total[q] += grad * before[c][q];
            }
        }
        for (int q = 0; q < chunks; q++) store(to + q * LANES, total[q]);
    }
    for (int c = 0; c < m; c++)
        for (int q = 0; q < chunks; q++) store(output[c] + d + q * LANES, after[c][q]);
}

INLINE void update_tile(const int m, const Step *step, int k, const float *grads, const int place)
{
    int d = 0;
    for (; d + TILE_CHUNKS * LANES <= step->stride; d += TILE_CHUNKS * LANES)
        update_chunks(TILE_CHUNKS, d, m, step, k, grads, place);
    for (; d < step->stride; d += LANES) update_chunks(1, d, m, step, k, grads, place);
}

/* Calls f(m, ...) with a constant for m, from 1 to TILE_OUTPUTS. */
#define WITH_CONSTANT(m, f, ...)           \
    switch (m) {                           \
    case 1: f(1, __VA_ARGS__); break;      \
    case 2: f(2, __VA_ARGS__); break;      \
    case 3: f(3, __VA_ARGS__); break;      \
    case 4: f(4, __VA_ARGS__); break;      \
    case 5: f(5, __VA_ARGS__); break;      \
    default: f(6, __VA_ARGS__); break;     \
    }

/* How many of the `left` output rows the first of so many tiles gets: about the same for all. */
INLINE int tile_width(int left, int tiles)
{
    return tiles == 1 ? left : (left + tiles - 1) / tiles;
}

static void update_rows(Step *step)
{
    const int n = step->n, tiles = (step->m + TILE_OUTPUTS - 1) / TILE_OUTPUTS;
    const size_t grads_of_tile = (size_t)n * TILE_COLUMNS;
    scores loss = {0};
    if (n < 1) return;
    for (int t = 0, k = 0, m; t < tiles; t++, k += m) {
        m = tile_width(step->m - k, tiles - t);
        WITH_CONSTANT(m, score_rows, step, k, step->grads + t * grads_of_tile, &loss)
    }
    for (int t = 0, k = 0, m; t < tiles; t++, k += m) {
        const float *grads = step->grads + t * grads_of_tile;
        m = tile_width(step->m - k, tiles - t);
        if (tiles == 1) {
            WITH_CONSTANT(m, update_tile, step, k, grads, ONLY_TILE)
        } else if (t == 0) {
            WITH_CONSTANT(m, update_tile, step, k, grads, FIRST_TILE)
        } else if (t < tiles - 1) {
            WITH_CONSTANT(m, update_tile, step, k, grads, MIDDLE_TILE)
        } else {
            WITH_CONSTANT(m, update_tile, step, k, grads, LAST_TILE)
        }
    }
    *(scores *)step->losses += loss;
}

/* The mean of the hidden rows or their sum, and a copy of it, for so many chunks from float d on. */
INLINE void mean_of_chunks(const int chunks, int d, const Step *step)
{
    float *mean = step->mean + d;
    vector sum[4] = {{0}};
    for (int i = 0; i < step->n; i++)
        for (int q = 0; q < chunks; q++) sum[q] += load(step->hidden_rows[i] + d + q * LANES);
    for (int q = 0; q < chunks; q++) {
        sum[q] *= all(step->scale);
        store(mean + q * LANES, sum[q]);
        store(mean + step->stride + q * LANES, sum[q]);
    }
}

/* What the mean has moved by is shared out among the hidden rows. */
INLINE void share_chunks(const int chunks, int d, const Step *step)
{
    const float *mean = step->mean + d;
    vector change[4];
    for (int q = 0; q < chunks; q++)
        change[q] = all(step->share) *
                    (load(mean + step->stride + q * LANES) - load(mean + q * LANES));
    for (int i = 0; i < step->n; i++) {
        float *row = step->hidden_rows[i] + d;
        for (int q = 0; q < chunks; q++) store(row + q * LANES, load(row + q * LANES) + change[q]);
    }
}

/* f for all chunks of a row, four at a time, so that loops over rows are few. */
#define FOR_ALL_CHUNKS(f, step)                                                      \
    do {                                                                             \
        int d = 0;                                                                   \
        for (; d + 4 * LANES <= (step)->stride; d += 4 * LANES) f(4, d, step);       \
        if (d + 2 * LANES <= (step)->stride) { f(2, d, step); d += 2 * LANES; }      \
        if (d < (step)->stride) f(1, d, step);                                       \
    } while (0)

static void update_mean(Step *step)
{
    static const float once = 1;
    float *moved = step->mean + step->stride;
    Step inner = *step;
    FOR_ALL_CHUNKS(mean_of_chunks, step);
    inner.n = 1;
    inner.hidden_rows = &moved;
    inner.hidden_counts = &once;
    update_rows(&inner);
    FOR_ALL_CHUNKS(share_chunks, step);
}

static void subtract(float *out, const float *a, const float *b, float share, int32_t stride)
{
    for (int d = 0; d < stride; d += LANES)
        store(out + d, load(a + d) - all(share) * load(b + d));
}
