/* Four floats a vector, in the compiler's own vector types: SSE2, NEON, or whatever it makes of it. */
#include <stdint.h>

#define LANES 4
enum {
    TILE_HIDDEN = 2, /* hidden rows that meet a tile's output rows together, */
    TILE_CHUNKS = 1, /* and chunks of a row that are updated together: as many as registers allow */
    ROW_SCORES = 2   /* vectors of a row of scores */
};

typedef float vector __attribute__((vector_size(16), may_alias));
typedef vector scores;
typedef uint32_t bits __attribute__((vector_size(16)));

#ifdef __clang__
#define PICK(x, y, ...) __builtin_shufflevector(x, y, __VA_ARGS__)
#else
#define PICK(x, y, ...) __builtin_shuffle(x, y, (bits){__VA_ARGS__})
#endif

static inline scores smaller(scores x, scores y)
{
    bits is_less = (bits)(x < y);
    return (scores)(((bits)x & is_less) | ((bits)y & ~is_less));
}

/* The part'th of eight values' parts. */
static inline scores part(const float *eight, int part)
{
    const float *x = eight + 4 * part;
    return (scores){x[0], x[1], x[2], x[3]};
}

/* The sums of eight vectors' lanes. */
static inline void store_sums(float *eight, const vector x[8])
{
    for (int j = 0; j < 8; j += 4) {
        const vector *y = x + j;
        vector ab = PICK(y[0], y[1], 0, 4, 1, 5) + PICK(y[0], y[1], 2, 6, 3, 7);
        vector cd = PICK(y[2], y[3], 0, 4, 1, 5) + PICK(y[2], y[3], 2, 6, 3, 7);
        *(vector *)(eight + j) = PICK(ab, cd, 0, 1, 4, 5) + PICK(ab, cd, 2, 3, 6, 7);
    }
}
