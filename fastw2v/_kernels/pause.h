/* Letting another thread run, if one is waiting for this processor. */
#ifndef FASTW2V_PAUSE_H
#define FASTW2V_PAUSE_H

#if defined(_WIN32)
#include <windows.h>
static inline void let_others_run(void) { SwitchToThread(); }
#else
#include <sched.h>
static inline void let_others_run(void) { sched_yield(); }
#endif

#endif
