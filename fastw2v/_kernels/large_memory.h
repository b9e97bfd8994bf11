/* Memory for tables that are read at random, and the fetching of it ahead of use.
 *
 * Where it is large it comes from the system itself, in large pages if it has them: with pages of
 * 4 KiB, finding a page takes longer than reading it (measured: two threads counting pairs were no
 * faster than one), and so does the first touch of each. It goes back to the system at once. */
#ifndef FASTW2V_LARGE_MEMORY_H
#define FASTW2V_LARGE_MEMORY_H

#include <stdint.h>
#include <stdlib.h>

#if SIZE_MAX < UINT64_MAX
#error "fastw2v needs a 64-bit system: sizes of tables are not checked against less"
#endif

#if defined(__linux__)
#include <sys/mman.h>
#endif

#if defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)(address))
#endif

#if defined(MADV_HUGEPAGE)
enum { LARGE_MEMORY = 1 << 21 };

/* Return zeros, to be given back by large_free with the same size; NULL if there is no memory. */
static inline void *large_zeros(size_t size) {
    void *memory;
    if (size < LARGE_MEMORY) return calloc(size, 1);
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    madvise(memory, size, MADV_HUGEPAGE);
    return memory;
}

static inline void large_free(void *memory, size_t size) {
    if (memory == NULL || size < LARGE_MEMORY) free(memory);
    else munmap(memory, size);
}
#else
static inline void *large_zeros(size_t size) { return calloc(size, 1); }

static inline void large_free(void *memory, size_t size) {
    (void)size;
    free(memory);
}
#endif

#endif
