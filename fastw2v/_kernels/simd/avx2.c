/* AVX2 with FMA. */
#include "vector8.h"

#include "update.h"
#include "scan.h"
#include "codes8.h"

const Updates fastw2v_avx2 = {"avx2", 0, update_rows, update_mean, subtract};
const Scan fastw2v_avx2_scan = {"avx2", scan_cosines, scan_codes};
