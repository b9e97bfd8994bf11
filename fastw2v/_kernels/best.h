/* The best of many scores: few chunks of them hold one that is good enough, and these are looked
 * through.
 */
#ifndef FASTW2V_BEST_H
#define FASTW2V_BEST_H

#include <math.h>
#include <stddef.h>

enum { BEST_PARTS = 16, BEST_CHUNK = 64 };

/* The n best entries so far, each a score and the row it belongs to: a heap with the worst on top,
 * which a better one replaces. Places still empty hold −infinity and row −1. */
typedef struct {
    float *scores;
    ptrdiff_t *rows;
    ptrdiff_t n; /* at least 1 */
} best;

static inline void empty(best *b)
{
    for (ptrdiff_t place = 0; place < b->n; place++) {
        b->scores[place] = -INFINITY;
        b->rows[place] = -1;
    }
}

/* Of equal scores, that of the later row is the worse. */
static inline int is_worse(const best *b, ptrdiff_t place, float score, ptrdiff_t row)
{
    return b->scores[place] < score || (b->scores[place] == score && b->rows[place] > row);
}

static void replace_worst(best *b, float score, ptrdiff_t row)
{
    ptrdiff_t place = 0, child;
    while ((child = 2 * place + 1) < b->n) {
        if (child + 1 < b->n && is_worse(b, child + 1, b->scores[child], b->rows[child])) child++;
        if (!is_worse(b, child, score, row)) break;
        b->scores[place] = b->scores[child];
        b->rows[place] = b->rows[child];
        place = child;
    }
    b->scores[place] = score;
    b->rows[place] = row;
}

static inline float maximum_of_chunk(const float *x)
{
    float parts[BEST_PARTS];
    for (int j = 0; j < BEST_PARTS; j++) parts[j] = x[j];
    for (int i = BEST_PARTS; i < BEST_CHUNK; i += BEST_PARTS)
        for (int j = 0; j < BEST_PARTS; j++) parts[j] = x[i + j] > parts[j] ? x[i + j] : parts[j];
    for (int half = BEST_PARTS / 2; half > 0; half /= 2)
        for (int j = 0; j < half; j++)
            parts[j] = parts[j + half] > parts[j] ? parts[j + half] : parts[j];
    return parts[0];
}

/* Offer the scores of rows first, first + 1, ..., all of them later than those offered before. */
static void offer(best *b, const float *scores, ptrdiff_t n_scores, ptrdiff_t first)
{
    for (ptrdiff_t start = 0; start < n_scores; start += BEST_CHUNK) {
        ptrdiff_t end = start + BEST_CHUNK < n_scores ? start + BEST_CHUNK : n_scores;
        if (end - start == BEST_CHUNK && maximum_of_chunk(scores + start) <= b->scores[0]) continue;
        for (ptrdiff_t i = start; i < end; i++)
            if (scores[i] > b->scores[0]) replace_worst(b, scores[i], first + i);
    }
}

/* Offer the scores of all rows at once. Where they rise from row to row, one chunk after another beats
 * what was best so far; so chunks' maxima go first, `maxima` is room for them: as many rows as are
 * wanted have at least the least of the best of these, and few chunks do. */
static void offer_all(best *b, const float *scores, ptrdiff_t n_scores, float *maxima)
{
    ptrdiff_t n_chunks = n_scores / BEST_CHUNK, end = n_chunks * BEST_CHUNK;
    float enough;
    for (ptrdiff_t chunk = 0; chunk < n_chunks; chunk++)
        maxima[chunk] = maximum_of_chunk(scores + chunk * BEST_CHUNK);
    offer(b, maxima, n_chunks, 0);
    enough = b->scores[0];
    empty(b);
    for (ptrdiff_t chunk = 0; chunk < n_chunks; chunk++)
        if (!(maxima[chunk] < enough))
            offer(b, scores + chunk * BEST_CHUNK, BEST_CHUNK, chunk * BEST_CHUNK);
    offer(b, scores + end, n_scores - end, end);
}

/* List the rows with at least a score, after offer_all wrote the chunks' maxima; return how many. */
static ptrdiff_t list_from(float least, const float *scores, ptrdiff_t n_scores,
                           const float *maxima, ptrdiff_t *rows)
{
    ptrdiff_t n = 0;
    for (ptrdiff_t start = 0; start < n_scores; start += BEST_CHUNK) {
        ptrdiff_t end = start + BEST_CHUNK < n_scores ? start + BEST_CHUNK : n_scores;
        if (end - start == BEST_CHUNK && maxima[start / BEST_CHUNK] < least) continue;
        for (ptrdiff_t i = start; i < end; i++)
            if (scores[i] >= least) rows[n++] = i;
    }
    return n;
}

/* Sort the best from high to low, equal scores by row: afterwards they are no heap any more. */
static void sort_best(best b)
{
    while (b.n > 1) {
        float worst_score = b.scores[0];
        ptrdiff_t worst_row = b.rows[0], last = b.n - 1;
        b.n = last;
        replace_worst(&b, b.scores[last], b.rows[last]);
        b.scores[last] = worst_score;
        b.rows[last] = worst_row;
    }
}

#endif
