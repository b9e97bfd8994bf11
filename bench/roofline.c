/* What roofline.py measures a core with. It compiles this for each instruction set that fastw2v has
 * kernels for, with as many LANES, in floats, as its vectors have.
 *
 * The compiler can leave nothing out: the results go to `sink`, and without -ffast-math sums are
 * made in the order written.
 */
#include <stdint.h>
#include <stdlib.h>

#include "prefetch.h"
#include "step.h"

#if defined(__AVX512F__) || defined(__aarch64__)
enum { CHAINS = 16 }; /* independent sums: more than the latency of an FMA can hold up */
#else
enum { CHAINS = 12 }; /* of 16 registers */
#endif
enum {
    LOADS = 8,        /* a cache's lines are added to so many sums */
    RING = 64,        /* rows asked for ahead of use, at the most */
    STEPS_AHEAD = 3,  /* how early training asks for rows */
    MOST_ROWS = 64,   /* of either kind in a step: roofline.py checks it */
    MOST_GRADS = (MOST_ROWS / TILE_OUTPUTS + 1) * TILE_COLUMNS * (MOST_ROWS + 2)
};

typedef float vector __attribute__((vector_size(4 * LANES)));
typedef struct {
    int32_t n, m, fresh; /* rows of each kind; so many of the n are new: no step before had them */
} Shape;

static volatile float sink;

static float total(const vector *x, int n)
{
    vector sum = {0};
    float all = 0.0f;
    for (int i = 0; i < n; i++) sum += x[i];
    for (int j = 0; j < LANES; j++) all += sum[j];
    return all;
}

/* Multiply and add in registers; returns how many operations that was. */
double peak(int64_t repetitions)
{
    vector x[CHAINS] = {{0}}, factor = {0}, term = {0};
    factor += 0.5f + sink * 0.0f;
    term += 1.0f + sink * 0.0f;
    for (int i = 0; i < CHAINS; i++) x[i] += (float)i;
    for (int64_t r = 0; r < repetitions; r++)
        for (int i = 0; i < CHAINS; i++) x[i] = x[i] * factor + term;
    sink = total(x, CHAINS);
    return 2.0 * CHAINS * LANES * repetitions;
}

/* Read an aligned array of a multiple of LOADS * LANES floats again and again. */
void read_all(const float *memory, int64_t floats, int64_t passes)
{
    vector x[LOADS] = {{0}};
    for (int64_t p = 0; p < passes; p++)
        for (int64_t i = 0; i < floats; i += LOADS * LANES)
            for (int j = 0; j < LOADS; j++) x[j] += *(const vector *)(memory + i + j * LANES);
    sink = total(x, LOADS);
}

/* Read and write rows drawn at random, each asked for `ahead` rows before its turn. */
void fetch(float *matrix, int64_t rows, int32_t stride, int64_t count, int32_t ahead)
{
    static uint64_t random = 1;
    float *ring[RING];
    for (int64_t i = 0; i < count + ahead; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        float *row = matrix + (int64_t)((random >> 32) * (uint64_t)rows >> 32) * stride;
        ring[i % RING] = row;
        if (ahead) prefetch_row(row, stride);
        if (i < ahead) continue;
        row = ring[(i - ahead) % RING];
        for (int32_t d = 0; d < stride; d += LANES) *(vector *)(row + d) += 1e-6f;
    }
}

/* Carry out steps, and nothing else of what training does. `rows` numbers the steps' rows: n of the
 * inputs, the new ones first, then m of the outputs. With `ask` they are asked for ahead. */
void replay(const Updates *updates, int32_t of_mean, int32_t ask, float *inputs, float *outputs,
            int32_t vector_size, int32_t stride, int64_t steps, const Shape *shapes,
            const int32_t *rows)
{
    static const float labels[MOST_ROWS + SLACK] = {1};
    const int32_t room = MOST_ROWS + ROW_FLOATS, floats = 4 * room + (2 + MOST_ROWS) * stride;
    float *memory = aligned_alloc(ROW_BYTES, sizeof(float) * (floats + MOST_GRADS));
    float *hidden[MOST_ROWS], *output[MOST_ROWS];
    const int32_t *coming = rows;
    int64_t asked = ask ? 0 : steps;
    Step step = {.vector_size = vector_size, .stride = stride, .lr = 1e-4f};
    if (!memory) abort();
    for (int i = 0; i < floats; i++) memory[i] = i < 2 * room;
    step.hidden_rows = hidden;
    step.output_rows = output;
    step.hidden_counts = memory;
    step.output_counts = memory + room;
    step.labels = labels;
    step.losses = memory + 2 * room;
    step.mean = memory + 3 * room;
    step.moved = step.mean + 2 * stride;
    step.grads = memory + floats;
    for (int64_t s = 0; s < steps; s++) {
        for (; asked < steps && asked <= s + STEPS_AHEAD; asked++) {
            const Shape *next = &shapes[asked];
            for (int i = 0; i < next->fresh; i++)
                prefetch_row(inputs + (int64_t)coming[i] * stride, stride);
            for (int k = 0; k < next->m; k++)
                prefetch_row(outputs + (int64_t)coming[next->n + k] * stride, stride);
            coming += next->n + next->m;
        }
        step.n = shapes[s].n;
        step.m = shapes[s].m;
        step.scale = step.share = 1.0f / step.n;
        for (int i = 0; i < step.n; i++) hidden[i] = inputs + (int64_t)*rows++ * stride;
        for (int k = 0; k < step.m; k++) output[k] = outputs + (int64_t)*rows++ * stride;
        (of_mean ? updates->update_mean : updates->update_rows)(&step);
    }
    sink = step.losses[0];
    free(memory);
}
