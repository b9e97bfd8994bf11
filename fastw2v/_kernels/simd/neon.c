/* NEON: what compilers for ARM make of four floats. generic.c is the same there, and tested so. */
#include "vector4.h"

#include "update.h"
#include "scan.h"
#include "codes.h"

const Updates fastw2v_neon = {"neon", 0, update_rows, update_mean, subtract};
const Scan fastw2v_neon_scan = {"neon", scan_cosines, scan_codes};
