// Writes every finite float32 and reads it back, beside the C++ library's own conversions.
//
// Each text must be read as the same float again by our reader and by the library's, must have as few
// digits as the library's shortest form has, and must fit into its room. Of the midpoint between each
// float and the next, and of the decimals just below and above it, the reader must make what the
// library makes. Negative floats differ by their sign alone, which is checked too. Built and run by
// check_float_text.sh.
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "float_text.h"

static void fail(const char *what, uint32_t bits, const char *text) {
    std::fprintf(stderr, "%s: 0x%08x, %s\n", what, bits, text);
    std::exit(1);
}

static int digits_of(const char *begin, const char *end) {
    int n = 0, zeros = 0;
    for (const char *s = begin; s < end && *s != 'e'; s++) {
        if (*s < '0' || *s > '9' || (n == 0 && *s == '0')) continue;
        zeros = *s == '0' ? zeros + 1 : 0;
        n++;
    }
    return n - zeros;
}

static void check(uint32_t bits) {
    char text[64] = {0}, shortest[64];
    float value = float_of_bits(bits), ours, theirs;
    int length = float_format(value, reinterpret_cast<unsigned char *>(text));
    if (length > FLOAT_MOST_CHARS) fail("too long", bits, text);
    text[length] = '\n';
    const unsigned char *end = float_parse(reinterpret_cast<unsigned char *>(text), &ours);
    if (end != reinterpret_cast<unsigned char *>(text) + length || float_bits(ours) != bits)
        fail("read otherwise", bits, text);
    auto read = std::from_chars(text, text + length, theirs);
    if (read.ptr != text + length || float_bits(theirs) != bits) fail("others read", bits, text);
    auto written = std::to_chars(shortest, shortest + 64, value, std::chars_format::scientific);
    if (digits_of(text, text + length) != digits_of(shortest, written.ptr))
        fail("not the shortest", bits, text);
    unsigned char negative[64] = {0};
    if (float_format(-value, negative) != length + 1 || negative[0] != '-'
        || std::memcmp(negative + 1, text, length))
        fail("the sign", bits, text);
}

static void check_midpoint(uint32_t bits) {
    char text[256];
    double middle = ((double)float_of_bits(bits) + (double)float_of_bits(bits + 1)) / 2;
    if (bits + 1 == FLOAT_INFINITY) middle = 0x1.ffffffp127;
    for (int digits : {0, 112, 15, 16, 17, 18}) { // all that it has, and fewer: to either side
        int n = digits ? std::snprintf(text, sizeof text, "%.*e", digits, middle)
                       : std::snprintf(text, sizeof text, "%.17g", middle);
        float ours, theirs = std::strtof(text, nullptr);
        text[n] = '\n';
        float_parse(reinterpret_cast<unsigned char *>(text), &ours);
        text[n] = 0;
        if (float_bits(ours) != float_bits(theirs)) fail("the midpoint above", bits, text);
    }
}

int main(int n_arguments, char **arguments) {
    uint32_t stride = n_arguments > 1 ? (uint32_t)std::atoi(arguments[1]) : 1;
    uint32_t first = n_arguments > 2 ? (uint32_t)std::atoi(arguments[2]) : 0;
    for (uint32_t bits = first; bits < FLOAT_INFINITY; bits += stride) {
        check(bits);
        if (bits / stride % 256 == 0) check_midpoint(bits);
    }
    check(FLOAT_INFINITY - 1);
    check_midpoint(FLOAT_INFINITY - 1);
    std::printf("all as they should be\n");
}
