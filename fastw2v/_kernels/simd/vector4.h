/* Four floats a vector, in the compiler's own vector types: SSE2, NEON, or whatever it makes of it. */
#include <stdint.h>

#define LANES 4
enum { TILE_CHUNKS = 1 }; /* of a row that are updated together: as many as registers allow */

typedef float vector __attribute__((vector_size(16), may_alias));
typedef uint32_t bits __attribute__((vector_size(16)));

#ifdef __clang__
#define PICK(x, y, ...) __builtin_shufflevector(x, y, __VA_ARGS__)
#else
#define PICK(x, y, ...) __builtin_shuffle(x, y, (bits){__VA_ARGS__})
#endif

static inline vector smaller(vector x, vector y)
{
    bits is_less = (bits)(x < y);
    return (vector)(((bits)x & is_less) | ((bits)y & ~is_less));
}

static inline vector reciprocal(vector x) { return (vector){1, 1, 1, 1} / x; }

/* The part'th four of eight values: a row of scores takes two vectors. */
static inline vector columns(const float *eight, int part)
{
    const float *x = eight + 4 * part;
    return (vector){x[0], x[1], x[2], x[3]};
}

static inline vector rows(const float *one) { return (vector){*one, *one, *one, *one}; }

/* Lane j is the sum of x[j]'s lanes. */
static inline vector sums(const vector x[LANES])
{
    vector ab = PICK(x[0], x[1], 0, 4, 1, 5) + PICK(x[0], x[1], 2, 6, 3, 7);
    vector cd = PICK(x[2], x[3], 0, 4, 1, 5) + PICK(x[2], x[3], 2, 6, 3, 7);
    return PICK(ab, cd, 0, 1, 4, 5) + PICK(ab, cd, 2, 3, 6, 7);
}
