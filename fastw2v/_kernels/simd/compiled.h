/* Which vector kernels this build has, best first, and which of them the processor can run. All that
 * depends on the platform is here, and in setup.py, which compiles the files named below. */
#ifndef FASTW2V_COMPILED_H
#define FASTW2V_COMPILED_H

#include "../cosine.h"
#include "../step.h"

typedef struct {
    const Updates *updates;
    const Scan *scan;
    int is_supported;
} Compiled;

extern const Updates fastw2v_avx512, fastw2v_avx2, fastw2v_neon, fastw2v_generic;
extern const Scan fastw2v_avx512_scan, fastw2v_avx2_scan, fastw2v_neon_scan, fastw2v_generic_scan;

enum { MOST_COMPILED = 4 };

static inline int compiled_kernels(Compiled found[MOST_COMPILED])
{
    int n = 0;
    (void)found;
#if defined(FASTW2V_X86_KERNELS)
    __builtin_cpu_init();
    int has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    int has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
    found[n].is_supported = has_avx2 && has_avx512; /* both sets' instructions are in it */
    found[n].scan = &fastw2v_avx512_scan;
    found[n++].updates = &fastw2v_avx512;
    found[n].is_supported = has_avx2;
    found[n].scan = &fastw2v_avx2_scan;
    found[n++].updates = &fastw2v_avx2;
#elif defined(FASTW2V_ARM_KERNELS)
    found[n].is_supported = 1;
    found[n].scan = &fastw2v_neon_scan;
    found[n++].updates = &fastw2v_neon;
#endif
#if defined(FASTW2V_GENERIC_KERNEL)
    found[n].is_supported = 1;
    found[n].scan = &fastw2v_generic_scan;
    found[n++].updates = &fastw2v_generic;
#endif
    return n;
}

#endif
