/* NEON. */
#include "vector4.h"

#include "update.h"

const Updates fastw2v_neon = {"neon", 0, update_rows, update_mean};
