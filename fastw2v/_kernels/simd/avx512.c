/* AVX-512 (F and DQ), with AVX2 and FMA. */
#include "vector16.h"

#include "update.h"
#include "scan.h"
#include "codes8.h"

const Updates fastw2v_avx512 = {"avx512", 0, update_rows, update_mean, subtract};
const Scan fastw2v_avx512_scan = {"avx512", scan_cosines, scan_codes};
