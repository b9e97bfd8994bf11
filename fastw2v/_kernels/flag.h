/* A flag that one thread raises and others look at, without a lock.
 *
 * A plain int would do on every processor, but the C standard calls it a data race, and a compiler may
 * then read it once for a whole loop. Relaxed atomics are the same loads and stores, said in the
 * language: they order nothing else, so who sees the flag knows that it was raised and no more. */
#ifndef FASTW2V_FLAG_H
#define FASTW2V_FLAG_H

static inline void raise_flag(int *flag)
{
#if defined(__GNUC__) || defined(__clang__)
    __atomic_store_n(flag, 1, __ATOMIC_RELAXED);
#else
    *(volatile int *)flag = 1; /* MSVC: aligned ints are written, and read, at once */
#endif
}

static inline int is_raised(const int *flag)
{
#if defined(__GNUC__) || defined(__clang__)
    return __atomic_load_n(flag, __ATOMIC_RELAXED);
#else
    return *(const volatile int *)flag;
#endif
}

#endif
