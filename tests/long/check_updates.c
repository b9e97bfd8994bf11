/* Checks the vector kernels against step.h's formulas in plain double-precision C.
 *
 * check_updates [steps, 2000 by default]: random steps through every kernel that this build has and
 * this processor can run. It needs no Python, so emulators and sanitizers can run it.
 *
 * What a kernel may be off by is derived, not measured. The reference carries beside each number the
 * most that float32 can move it: a sum in which no term passes through more than c operations is off
 * by at most c UNIT times the terms' sizes; a score's error reaches the gradients through sigma's
 * slope; and to these come the errors that simd/update.h states for its exponential and logarithm.
 * So what is beyond is a mistake, and padding, with nothing to be off by, must stay zero.
 *
 * Every array is an allocation of its own, of the size that kernel.pyx's Scratch gives it, between
 * guards. With -DGUARD=0 there are none, for the address sanitizer to see what lies beyond.
 */
#define _POSIX_C_SOURCE 200112L /* posix_memalign */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../fastw2v/_kernels/simd/compiled.h"
#include "random.h"

#ifndef GUARD
#define GUARD 64 /* bytes on each side of an array */
#endif

enum { MOST_ROWS = 40, MOST_SIZE = 520, MOST_FLOATS = 528, MOST_BLOCKS = 2 * MOST_ROWS + 9 };
enum { GUARD_BYTE = 0x3F }; /* four make 0.747f */

#define UNIT (1.001 * 0x1p-24) /* one rounding, and some for the products of errors */
#define SIGMA_OFF 1e-6 /* exp, near 0: 3e-6 e / (1 + e)^2 <= 7.5e-7; 1 + e, 1 / that, y - that: 2.2e-7 */
#define LOSS_OFF 4e-6  /* log: 2e-6; exp: 3e-6 e / (1 + e) <= 1.5e-6; roundings below 1: 2e-7 */

typedef struct { /* a number, and how far from it a kernel may be */
    double is, off;
} Bounded;

typedef struct {
    int is_mean, n, m, size, stride, n_distinct, has_nan;
    int distinct[MOST_ROWS]; /* the hidden row at each place: update_mean's repeat */
    float lr, scale, share;
    float hidden[MOST_ROWS][MOST_FLOATS], output[MOST_ROWS][MOST_FLOATS];
    float hidden_counts[MOST_ROWS], output_counts[MOST_ROWS + SLACK];
    float labels[MOST_ROWS + SLACK], losses[ROW_FLOATS];
} Case;

typedef struct {
    Bounded hidden[MOST_ROWS][MOST_FLOATS], output[MOST_ROWS][MOST_FLOATS], loss;
} Result;

/* ---- Random cases. ---- */

static double spread(double low, double high) { return exp(uniform(log(low), log(high))); }

/* Counts and labels beyond the last are what earlier steps left there; one hidden count of 0 is all
 * that take_distinct_contexts sets. What a kernel is not to look at is no number. */
static void draw_case(Case *c)
{
    double scale, ratio = spread(0.01, 100);
    memset(c, 0, sizeof *c);
    c->is_mean = between(0, 1);
    c->n = between(1, between(0, 1) ? 12 : MOST_ROWS);
    c->m = between(1, between(0, 1) ? 8 : MOST_ROWS);
    c->size = between(1, between(0, 3) ? MOST_SIZE : 2 * ROW_FLOATS);
    c->stride = (c->size + ROW_FLOATS - 1) / ROW_FLOATS * ROW_FLOATS;
    c->lr = (float)spread(1e-4, 0.2);
    c->scale = !c->is_mean ? NAN : between(0, 1) ? 1.0f : 1.0f / (float)c->n;
    c->share = !c->is_mean ? NAN : between(0, 1) ? 1.0f : 1.0f / (float)c->n;
    scale = sqrt(3 * spread(1e-4, 50) / sqrt(c->size)); /* scores have this deviation */
    for (int i = 0; i < MOST_ROWS; i++) {
        int is_zero = between(0, 15) == 0; /* as all output rows at first */
        for (int d = 0; d < c->size; d++) {
            c->hidden[i][d] = (float)(scale * ratio * uniform(-1, 1));
            c->output[i][d] = is_zero ? 0.0f : (float)(scale / ratio * uniform(-1, 1));
        }
    }
    for (int i = 0; i < MOST_ROWS; i++)
        c->hidden_counts[i] = c->is_mean ? NAN : (float)(between(0, 2) ? 1 : between(1, 9));
    for (int i = 0; i < MOST_ROWS + SLACK; i++) {
        c->output_counts[i] = (float)(between(0, 2) ? 1 : between(1, 9));
        c->labels[i] = (float)between(0, 1);
    }
    for (int i = 0; i < c->n; i++) {
        int repeats = c->is_mean && c->n_distinct && between(0, 3) == 0;
        c->distinct[i] = repeats ? between(0, c->n_distinct - 1) : c->n_distinct++;
    }
    for (int j = 0, any = between(0, 1); j < ROW_FLOATS; j++)
        c->losses[j] = any ? (float)uniform(0, 9) : 0.0f;
    c->has_nan = between(0, 49) == 0;
    if (c->has_nan) c->output[between(0, c->m - 1)][between(0, c->size - 1)] = NAN;
}

/* ---- The reference. ---- */

/* What a step adds to n hidden vectors and to the output rows, and its loss. */
static void reference_step(const Case *c, int n, Bounded (*hidden)[MOST_FLOATS],
                           const float *counts, Result *change)
{
    static Bounded grads[MOST_ROWS][MOST_ROWS];
    double longest_sum = c->stride / 4 + 5; /* four lanes, then what adds them up */
    double sum = 0;
    for (int j = 0; j < ROW_FLOATS; j++) sum += c->losses[j];
    change->loss = (Bounded){0, UNIT * sum};
    sum = 0;
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < c->m; k++) {
            double y = c->labels[k], weight = counts[i] * c->output_counts[k], score = 0, off = 0;
            double sigma, loss, least, slope;
            for (int d = 0; d < c->size; d++) {
                double u = c->output[k][d], term = hidden[i][d].is * u;
                score += term;
                off += longest_sum * UNIT * fabs(term) + hidden[i][d].off * fabs(u);
            }
            sigma = 1 / (1 + exp(-score));
            loss = log1p(exp(-fabs(score))) + (score > 0 ? score : 0) - y * score;
            least = 1 / (1 + exp(fmin(off - fabs(score), 0))); /* within off, nearest to 1/2 */
            slope = least * (1 - least);
            grads[i][k].is = c->lr * weight * (y - sigma);
            grads[i][k].off = c->lr * weight * (slope * off + SIGMA_OFF)
                              + 3 * UNIT * fabs(grads[i][k].is);
            sum += weight * loss;
            change->loss.off += weight * ((fabs(y - sigma) + slope * off) * off + LOSS_OFF
                                          + 3 * UNIT * fabs(score));
        }
    }
    change->loss.is = sum; /* a lane may have a term of every pair */
    change->loss.off += (n * c->m + 5) * UNIT * sum;

    for (int d = 0; d < c->stride; d++) {
        for (int k = 0; k < c->m; k++) /* what is added to comes first in each sum */
            change->output[k][d] = (Bounded){0, (n + 1) * UNIT * fabs(c->output[k][d])};
        for (int i = 0; i < n; i++) {
            Bounded h = hidden[i][d], total = {0, (c->m + 1) * UNIT * fabs(h.is)};
            for (int k = 0; k < c->m; k++) {
                Bounded g = grads[i][k], *other = &change->output[k][d];
                double u = c->output[k][d];
                total.is += g.is * u;
                total.off += (g.off + (c->m + 1) * UNIT * fabs(g.is)) * fabs(u);
                other->is += g.is * h.is;
                other->off += (g.off + (n + 1) * UNIT * fabs(g.is)) * fabs(h.is)
                              + (fabs(g.is) + g.off) * h.off;
            }
            change->hidden[i][d] = total;
        }
    }
}

/* What the rows must be afterwards. */
static void reference(const Case *c, Result *after)
{
    static Bounded hidden[MOST_ROWS][MOST_FLOATS];
    static const float once = 1;
    int times[MOST_ROWS] = {0};
    for (int i = 0; i < c->n; i++) times[c->distinct[i]]++;
    for (int d = 0; d < c->stride; d++) {
        double sum = 0, size = 0;
        for (int i = 0; i < c->n; i++) {
            float x = c->hidden[c->distinct[i]][d];
            sum += x;
            size += fabs(x);
            if (!c->is_mean) hidden[i][d] = (Bounded){x, 0};
        }
        if (c->is_mean)
            hidden[0][d] = (Bounded){sum * c->scale, (c->n + 2) * UNIT * size * c->scale};
    }
    reference_step(c, c->is_mean ? 1 : c->n, hidden, c->is_mean ? &once : c->hidden_counts, after);
    for (int d = 0; d < c->stride; d++) {
        Bounded mean = after->hidden[0][d];
        for (int k = 0; k < c->m; k++) after->output[k][d].is += c->output[k][d];
        for (int i = 0; i < c->n_distinct; i++) {
            double x = c->hidden[i][d], times_share = times[i] * (double)c->share;
            if (c->is_mean)
                after->hidden[i][d] = (Bounded){
                    times_share * mean.is,
                    times_share * mean.off
                        + 2 * times[i] * UNIT * (fabs(x) + times_share * fabs(mean.is))};
            after->hidden[i][d].is += x;
        }
    }
}

/* ---- Memory. ---- */

static struct {
    unsigned char *memory;
    size_t before, size;
    const void *fixed; /* what a kernel must not change */
} blocks[MOST_BLOCKS];
static int n_blocks;

/* Full of what is no number, between guards that are numbers, so that adding to them shows. Begins
 * `shift` floats past a multiple of ROW_BYTES. */
static void *room(size_t size, int shift)
{
    size_t before = GUARD + sizeof(float) * (size_t)shift;
    void *memory;
    if (n_blocks == MOST_BLOCKS) abort();
    if (posix_memalign(&memory, ROW_BYTES, before + size + GUARD)) abort();
    blocks[n_blocks].memory = memset(memory, GUARD_BYTE, before + size + GUARD);
    blocks[n_blocks].before = before;
    blocks[n_blocks++].size = size;
    return memset((unsigned char *)memory + before, 0xFF, size);
}

static void *fixed(const void *values, size_t size, int shift)
{
    blocks[n_blocks].fixed = values;
    return memcpy(room(size, shift), values, size);
}

/* Frees all blocks; returns whether the guards and what is fixed are as they were. */
static int clear_blocks(void)
{
    int well = 1;
    for (; n_blocks > 0; n_blocks--) {
        unsigned char *memory = blocks[n_blocks - 1].memory;
        size_t begin = blocks[n_blocks - 1].before, end = begin + blocks[n_blocks - 1].size;
        const void *values = blocks[n_blocks - 1].fixed;
        if (values && memcmp(memory + begin, values, end - begin)) well = 0;
        for (size_t j = 0; j < end + GUARD; j++)
            if ((j < begin || j >= end) && memory[j] != GUARD_BYTE) well = 0;
        free(memory);
        blocks[n_blocks - 1].fixed = NULL;
    }
    return well;
}

/* ---- A kernel against the reference. ---- */

typedef struct { /* largest of all steps: in itself, and as a part of what is allowed */
    double off, part;
} Largest;

static void compare(double found, Bounded expected, Largest *largest)
{
    double off = fabs(found - expected.is), part = off == 0 ? 0 : off / expected.off;
    if (!(off <= largest->off)) largest->off = off; /* a difference that is no number stays */
    if (!(part <= largest->part)) largest->part = part;
}

static int check_step(const Updates *updates, const Case *c, const Result *after, Largest *largest)
{
    static float *hidden[MOST_ROWS], *listed[MOST_ROWS], *output[MOST_ROWS];
    size_t n = (size_t)c->n, m = (size_t)c->m, row = (size_t)c->stride * sizeof(float);
    size_t tiles = (m + TILE_OUTPUTS - 1) / TILE_OUTPUTS, one = sizeof(float);
    double loss = 0;
    Step step, before;
    memset(&step, 0, sizeof step);
    step.n = c->n, step.m = c->m, step.vector_size = c->size, step.stride = c->stride;
    step.lr = c->lr, step.scale = c->scale, step.share = c->share;
    for (int i = 0; i < c->n_distinct; i++) hidden[i] = memcpy(room(row, 0), c->hidden[i], row);
    for (int i = 0; i < c->n; i++) listed[i] = hidden[c->distinct[i]];
    for (int k = 0; k < c->m; k++) output[k] = memcpy(room(row, 0), c->output[k], row);
    step.hidden_rows = fixed(listed, n * sizeof(float *), 0);
    step.output_rows = fixed(output, m * sizeof(float *), 0);
    step.hidden_counts = fixed(c->hidden_counts, n * one, c->n % 16);
    step.output_counts = fixed(c->output_counts, (m + SLACK) * one, c->m % 16);
    step.labels = fixed(c->labels, (m + SLACK) * one, c->size % 16);
    step.grads = room(tiles * TILE_COLUMNS * n * one, 0);
    step.moved = room(n * row, 0);
    step.mean = room(2 * row, 0);
    step.losses = memcpy(room(sizeof c->losses, 0), c->losses, sizeof c->losses);
    memcpy(&before, &step, sizeof step);

    (c->is_mean ? updates->update_mean : updates->update_rows)(&step);

    for (int j = 0; j < ROW_FLOATS; j++) loss += step.losses[j] - (double)c->losses[j];
    if (!c->has_nan) { /* then rows are as they may be; but the loss tells */
        compare(loss, after->loss, &largest[2]);
        for (int d = 0; d < c->stride; d++) {
            for (int i = 0; i < c->n_distinct; i++)
                compare(hidden[i][d], after->hidden[i][d], &largest[0]);
            for (int k = 0; k < c->m; k++) compare(output[k][d], after->output[k][d], &largest[1]);
        }
    }
    return clear_blocks() && !memcmp(&before, &step, sizeof step) && c->has_nan == !!isnan(loss)
           && largest[0].part <= 1 && largest[1].part <= 1 && largest[2].part <= 1;
}

int main(int argc, char **argv)
{
    static Case c;
    static Result after;
    static Largest largest[MOST_COMPILED][3];
    int steps = argc > 1 ? atoi(argv[1]) : 2000, is_wrong[MOST_COMPILED] = {0}, failed = 0;
    Compiled kernels[MOST_COMPILED];
    int n_kernels = compiled_kernels(kernels);
    for (int number = 0; number < steps; number++) {
        random_state = (uint64_t)number << 32;
        draw_case(&c);
        reference(&c, &after);
        for (int i = 0; i < n_kernels; i++) {
            const Updates *updates = kernels[i].updates;
            if (!kernels[i].is_supported || is_wrong[i]) continue; /* one to look at is enough */
            if (check_step(updates, &c, &after, largest[i])) continue;
            is_wrong[i] = failed = 1;
            printf("%s is wrong in step %d: %s, n %d, m %d, vector size %d%s\n", updates->name,
                   number, c.is_mean ? "update_mean" : "update_rows", c.n, c.m, c.size,
                   c.has_nan ? ", with what is no number" : "");
        }
    }
    printf("%d steps; the largest deviations, and what part of the allowed was reached:\n", steps);
    for (int i = 0; i < n_kernels; i++) {
        printf("  %-8s", kernels[i].updates->name);
        if (!kernels[i].is_supported) printf(" not run: this processor lacks what it needs");
        for (int j = 0; kernels[i].is_supported && j < 3; j++)
            printf("   %s %.1e %3.0f%%", (const char *[]){"hidden", "output", "loss"}[j],
                   largest[i][j].off, 100 * largest[i][j].part);
        printf("%s\n", is_wrong[i] ? "WRONG" : "");
    }
    return failed;
}
