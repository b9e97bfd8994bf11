/* One gradient step: the operation that every objective but the exact softmax is made of.
 *
 * n hidden vectors h_i meet m output rows u_k with labels y_k of 1 or 0. Each may stand for several
 * equal ones: a_i and b_k say how many. With
 *
 *     s_ik = <h_i, u_k>
 *     loss = sum_ik a_i b_k ( log(1 + exp(s_ik)) - y_k s_ik )
 *     g_ik = lr a_i b_k ( y_k - sigma(s_ik) )
 *
 * h_i moves by sum_k g_ik u_k and u_k by sum_i g_ik h_i, all from the rows as they were when the
 * step began. A word twice in a window has twice its gradient, so one row with a_i = 2 is exact.
 */
#ifndef FASTW2V_STEP_H
#define FASTW2V_STEP_H

#include <stdint.h>

enum {
    ROW_FLOATS = 16,  /* rows are padded to a multiple of this, with zeros that stay zeros */
    ROW_BYTES = 64,   /* and begin at multiples of this */
    SLACK = 8,        /* values that vector kernels may read past the end of what has one an output */
    TILE_OUTPUTS = 6, /* output rows that are worked on together */
    TILE_COLUMNS = 8  /* grads holds a row of this many for a hidden vector and a tile */
};

/* What a step works on. Output rows are all different, and so are hidden rows, but for update_mean;
 * other threads may be at work on the same. */
typedef struct {
    int32_t n;
    int32_t m;
    int32_t vector_size;
    int32_t stride; /* floats from one row to the next: at least vector_size */
    float lr;
    float **hidden_rows;        /* (n,) */
    const float *hidden_counts; /* (n,): a_i */
    float **output_rows;        /* (m,) */
    const float *output_counts; /* (m + SLACK,): b_k */
    const float *labels;        /* (m + SLACK,): y_k */
    float scale;                /* update_mean: of the sum of the contexts */
    float share;                /* update_mean: of the hidden gradient, for each context */
    /* Working memory. */
    float *grads;        /* (tiles, n, TILE_COLUMNS), or (n, m) in the same room */
    float *moved;        /* (n, stride): hidden rows on their way, or what they move by */
    float *mean;         /* (2, stride): of the hidden rows, or their sum, and what it becomes */
    float *losses;       /* (ROW_FLOATS,): the step's loss is added, however it is spread over them */
} Step;

typedef void (*Update)(Step *);
typedef void (*Subtract)(float *out, const float *a, const float *b, float share, int32_t stride);

/* One implementation of the steps. It needs padded rows unless `any_rows` says otherwise. */
typedef struct {
    const char *name;
    int any_rows;
    Update update_rows;
    /* CBOW: the hidden vector is `scale` times the sum of the n rows (1 / n for their mean), each
     * as often as it is listed (the counts are not looked at), and each row moves by `share` times
     * what the hidden vector would move by. */
    Update update_mean;
    /* a - share b of two rows; `out` may be either of them, too. */
    Subtract subtract;
} Updates;

#endif
