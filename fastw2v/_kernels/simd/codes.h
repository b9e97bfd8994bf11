/* Products of many rows of codes with one query, in the compiler's own vectors, for what has no
 * better instruction: see codes8.h, and ../quantized.h for what the codes are.
 */
#include "../quantized.h"

static void scan_codes(const int8_t *codes, ptrdiff_t width, ptrdiff_t n, const int16_t *query,
                       int32_t *out)
{
    for (ptrdiff_t row = 0; row < n; row++, codes += width) {
        int32_t sum = 0;
        for (ptrdiff_t i = 0; i < width; i++) sum += (int16_t)codes[i] * query[i];
        out[row] = sum;
    }
}
