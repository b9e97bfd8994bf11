/* Whatever every processor of the kind has. */
#include "vector4.h"

#include "update.h"
#include "scan.h"
#include "codes.h"

const Updates fastw2v_generic = {"generic", 0, update_rows, update_mean, subtract};
const Scan fastw2v_generic_scan = {"generic", scan_cosines, scan_codes};
