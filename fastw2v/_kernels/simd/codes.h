/* Products of many rows of codes with one query, for what has no better instruction than a compiler
 * finds: see codes8.h, and ../quantized.h for what the codes are.
 */
#include "../quantized.h"

static void scan_codes(const int8_t *codes, ptrdiff_t width, ptrdiff_t n, const int16_t *query,
                       int32_t *out)
{
    for (ptrdiff_t row = 0; row < n; row++)
        out[row] = code_product(codes + row * width, width, query);
}
