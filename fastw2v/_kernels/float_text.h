/* float32 as decimal text: what is read is rounded right, what is written is as short as can be.
 *
 * Reading takes up to 19 digits as an integer and scales it in double precision, with an error of a
 * few of the double's last units. Only if a midpoint between two floats lies that near, or if the
 * float is subnormal, can the error matter; then the digits are compared with the midpoint in exact
 * arithmetic. So the result is that of an exact computation, rounded once, half to even.
 *
 * Writing finds the shortest decimal that lies in a float's rounding interval, and of those the
 * nearest to it, by Schubfach (R. Giulietti, The Schubfach way to render doubles, 2020). The
 * interval's ends are scaled by a power of ten such that a float's unit becomes 1 to 10: one of the
 * integers in between, or one multiple of ten, is the decimal. 64 bits of the power suffice for that.
 *
 * Neither looks at the locale. tests/long/check_float_text.sh tries every float32 there is.
 */
#ifndef FASTW2V_FLOAT_TEXT_H
#define FASTW2V_FLOAT_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { FLOAT_MOST_CHARS = 15 };  /* that float_format writes, such as -1.17549435e-38 */
#define FLOAT_INFINITY UINT32_C(0x7F800000)  /* its bits */

static inline uint32_t float_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline int float_is_finite(float value) {
    return (float_bits(value) & FLOAT_INFINITY) != FLOAT_INFINITY;
}

/* ---- Natural numbers, as large as the comparison with a midpoint needs. ---- */

enum { NATURAL_LIMBS = 32 };  /* 1024 bits; 611 are needed */

typedef struct {
    uint32_t limbs[NATURAL_LIMBS];  /* the lowest first */
    int n;
} Natural;

static inline void natural_multiply_add(Natural *a, uint32_t factor, uint32_t addend) {
    uint64_t carry = addend;
    for (int i = 0; i < a->n; i++) {
        carry += (uint64_t)a->limbs[i] * factor;
        a->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry) a->limbs[a->n++] = (uint32_t)carry;
}

static inline void natural_multiply_power(Natural *a, uint32_t factor, int64_t times) {
    while (times-- > 0) natural_multiply_add(a, factor, 0);
}

static inline int natural_compare(const Natural *a, const Natural *b) {
    if (a->n != b->n) return a->n > b->n ? 1 : -1;
    for (int i = a->n; i-- > 0;)
        if (a->limbs[i] != b->limbs[i]) return a->limbs[i] > b->limbs[i] ? 1 : -1;
    return 0;
}

/* ---- Reading. ---- */

enum {
    FLOAT_LEADING_DIGITS = 19,   /* that fit into 64 bits */
    FLOAT_LEAST_EXPONENT = -66,  /* 19 digits times a smaller power are less than half of any float */
    FLOAT_MOST_EXPONENT = 39,    /* 1 times a larger power is more than any float */
    FLOAT_ERROR = 8,             /* more units of a double than scaling is off by */
    FLOAT_MIDPOINT_DIGITS = 128  /* more than the 113 digits that a midpoint can have */
};

static const double FLOAT_SCALES[] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14,
    1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29,
    1e30, 1e31, 1e32, 1e33, 1e34, 1e35, 1e36, 1e37, 1e38, 1e39, 1e40, 1e41, 1e42, 1e43, 1e44,
    1e45, 1e46, 1e47, 1e48, 1e49, 1e50, 1e51, 1e52, 1e53, 1e54, 1e55, 1e56, 1e57, 1e58, 1e59,
    1e60, 1e61, 1e62, 1e63, 1e64, 1e65, 1e66};

/* A number's text: digits, maybe with a point among them, and the power of ten of the last one. */
typedef struct {
    const unsigned char *begin, *end;
    int64_t exponent;
} Decimal;

/* The sign of a decimal less the midpoint between c·2^q and (c + 1)·2^q. */
static inline int decimal_compare_midpoint(const Decimal *decimal, uint32_t c, int q) {
    Natural left = {{0}, 0}, right = {{2 * c + 1}, 1};
    int64_t exponent = decimal->exponent;
    int n = 0, has_more = 0;
    for (const unsigned char *s = decimal->begin; s < decimal->end; s++) {
        if (*s == '.' || (n == 0 && *s == '0')) continue;
        if (n < FLOAT_MIDPOINT_DIGITS) {
            natural_multiply_add(&left, 10, (uint32_t)(*s - '0'));
            n++;
        } else {
            has_more |= *s != '0';
            exponent++;
        }
    }
    natural_multiply_power(exponent > 0 ? &left : &right, 10, exponent > 0 ? exponent : -exponent);
    natural_multiply_power(q > 0 ? &right : &left, 2, q > 0 ? q - 1 : 1 - q);
    int order = natural_compare(&left, &right);
    return order == 0 ? has_more : order; /* a midpoint has no digits where more of them are */
}

/* A float's bits, where the double near it does not settle them. Not far above FLT_MAX. */
static inline uint32_t float_round_exactly(const Decimal *decimal, double rough) {
    uint64_t double_bits;
    memcpy(&double_bits, &rough, sizeof double_bits);
    int q = (int)(double_bits >> 52) - 1023 - 23;
    uint32_t c; /* the float, c·2^q, that is nearest below the double */
    if (q < -149) {
        q = -149;
        c = (uint32_t)(rough * 0x1p149);
    } else {
        c = (uint32_t)((double_bits >> 29 & 0x7FFFFF) | 0x800000);
    }
    int order = decimal_compare_midpoint(decimal, c, q);
    c += order > 0 || (order == 0 && (c & 1));
    return ((uint32_t)(q + 149) << 23) + c; /* a carry into the exponent is right, up to infinity */
}

/* The first 19 digits of a decimal, and the power of ten of the last of those. */
static inline uint64_t decimal_leading_digits(const Decimal *decimal, int64_t *exponent /* OUT */) {
    uint64_t digits = 0;
    int n = 0;
    *exponent = decimal->exponent;
    for (const unsigned char *s = decimal->begin; s < decimal->end; s++) {
        if (*s == '.') continue;
        if (n < FLOAT_LEADING_DIGITS) {
            digits = 10 * digits + (uint64_t)(*s - '0');
            n += digits != 0;
        } else {
            ++*exponent;
        }
    }
    return digits;
}

/* A float's bits of its digits, or of the first 19 of them, and the power of ten of the last. */
static inline uint32_t float_scale(uint64_t digits, int64_t exponent, const Decimal *decimal) {
    enum { BELOW = 29 }; /* bits that a double has below a float's */
    if (digits == 0 || exponent < FLOAT_LEAST_EXPONENT) return 0;
    if (exponent > FLOAT_MOST_EXPONENT) return FLOAT_INFINITY;
    double rough = exponent < 0 ? (double)digits / FLOAT_SCALES[-exponent]
                               : (double)digits * FLOAT_SCALES[exponent];
    if (rough >= 0x1p128) return FLOAT_INFINITY;
    uint64_t bits;
    memcpy(&bits, &rough, sizeof bits);
    uint64_t below = bits & ((UINT64_C(1) << BELOW) - 1), midpoint = UINT64_C(1) << (BELOW - 1);
    if (below - (midpoint - FLOAT_ERROR) <= 2 * FLOAT_ERROR || rough < 0x1p-126)
        return float_round_exactly(decimal, rough);
    return float_bits((float)rough);
}

static inline int float_is_digit(unsigned char c) { return c >= '0' && c <= '9'; }

/* Whether a text begins with a word of lower-case letters, in whatever case. */
static inline int float_begins_with(const unsigned char *s, const char *word) {
    while (*word && (*s | 32) == *word) s++, word++;
    return *word == 0;
}

/* Read nan, inf or infinity, all as infinity; return where it ends, or NULL. */
static inline const unsigned char *float_parse_word(const unsigned char *s, float *out /* OUT */) {
    *out = float_of_bits(FLOAT_INFINITY);
    if (float_begins_with(s, "infinity")) return s + 8;
    return float_begins_with(s, "nan") || float_begins_with(s, "inf") ? s + 3 : NULL;
}

/* Read the number that a text begins with; return where it ends, or NULL if there is none.
 *
 * Digits with or without a point, a sign before and an exponent after them. What is too large for a
 * float becomes infinity. Relies on a byte after the number that can't go on with it, as a newline.
 */
static inline const unsigned char *float_parse(const unsigned char *s, float *out /* OUT */) {
    const int64_t most = INT64_C(1) << 40; /* of an exponent: more than a text has digits */
    uint32_t sign = 0;
    if (*s == '-' || *s == '+') sign = (uint32_t)(*s++ == '-') << 31;
    Decimal decimal = {s, NULL, 0};
    uint64_t digits = 0;
    for (; float_is_digit(*s); s++) digits = 10 * digits + (uint64_t)(*s - '0');
    int64_t n = s - decimal.begin;
    if (*s == '.') {
        const unsigned char *fraction = ++s;
        for (; float_is_digit(*s); s++) digits = 10 * digits + (uint64_t)(*s - '0');
        decimal.exponent = fraction - s;
        n += s - fraction;
    }
    decimal.end = s;
    if (n == 0) return decimal.end == decimal.begin ? float_parse_word(s, out) : NULL;
    if ((*s | 32) == 'e') {
        int is_negative = *++s == '-';
        int64_t exponent = 0;
        s += is_negative || *s == '+';
        if (!float_is_digit(*s)) return NULL;
        for (; float_is_digit(*s); s++)
            if (exponent < most) exponent = 10 * exponent + (*s - '0');
        decimal.exponent += is_negative ? -exponent : exponent;
    }
    int64_t exponent = decimal.exponent;
    if (n > FLOAT_LEADING_DIGITS) digits = decimal_leading_digits(&decimal, &exponent);
    *out = float_of_bits(sign | float_scale(digits, exponent, &decimal));
    return s;
}

/* ---- Writing. ---- */

enum { FLOAT_LEAST_POWER = -31, FLOAT_MOST_POWER = 45 };

/* The upper 64 bits of 10^FLOAT_LEAST_POWER and so on, rounded up. */
static const uint64_t FLOAT_POWERS[FLOAT_MOST_POWER - FLOAT_LEAST_POWER + 1] = {
    UINT64_C(0x81CEB32C4B43FCF5), UINT64_C(0xA2425FF75E14FC32), UINT64_C(0xCAD2F7F5359A3B3F),
    UINT64_C(0xFD87B5F28300CA0E), UINT64_C(0x9E74D1B791E07E49), UINT64_C(0xC612062576589DDB),
    UINT64_C(0xF79687AED3EEC552), UINT64_C(0x9ABE14CD44753B53), UINT64_C(0xC16D9A0095928A28),
    UINT64_C(0xF1C90080BAF72CB2), UINT64_C(0x971DA05074DA7BEF), UINT64_C(0xBCE5086492111AEB),
    UINT64_C(0xEC1E4A7DB69561A6), UINT64_C(0x9392EE8E921D5D08), UINT64_C(0xB877AA3236A4B44A),
    UINT64_C(0xE69594BEC44DE15C), UINT64_C(0x901D7CF73AB0ACDA), UINT64_C(0xB424DC35095CD810),
    UINT64_C(0xE12E13424BB40E14), UINT64_C(0x8CBCCC096F5088CC), UINT64_C(0xAFEBFF0BCB24AAFF),
    UINT64_C(0xDBE6FECEBDEDD5BF), UINT64_C(0x89705F4136B4A598), UINT64_C(0xABCC77118461CEFD),
    UINT64_C(0xD6BF94D5E57A42BD), UINT64_C(0x8637BD05AF6C69B6), UINT64_C(0xA7C5AC471B478424),
    UINT64_C(0xD1B71758E219652C), UINT64_C(0x83126E978D4FDF3C), UINT64_C(0xA3D70A3D70A3D70B),
    UINT64_C(0xCCCCCCCCCCCCCCCD), UINT64_C(0x8000000000000000), UINT64_C(0xA000000000000000),
    UINT64_C(0xC800000000000000), UINT64_C(0xFA00000000000000), UINT64_C(0x9C40000000000000),
    UINT64_C(0xC350000000000000), UINT64_C(0xF424000000000000), UINT64_C(0x9896800000000000),
    UINT64_C(0xBEBC200000000000), UINT64_C(0xEE6B280000000000), UINT64_C(0x9502F90000000000),
    UINT64_C(0xBA43B74000000000), UINT64_C(0xE8D4A51000000000), UINT64_C(0x9184E72A00000000),
    UINT64_C(0xB5E620F480000000), UINT64_C(0xE35FA931A0000000), UINT64_C(0x8E1BC9BF04000000),
    UINT64_C(0xB1A2BC2EC5000000), UINT64_C(0xDE0B6B3A76400000), UINT64_C(0x8AC7230489E80000),
    UINT64_C(0xAD78EBC5AC620000), UINT64_C(0xD8D726B7177A8000), UINT64_C(0x878678326EAC9000),
    UINT64_C(0xA968163F0A57B400), UINT64_C(0xD3C21BCECCEDA100), UINT64_C(0x84595161401484A0),
    UINT64_C(0xA56FA5B99019A5C8), UINT64_C(0xCECB8F27F4200F3A), UINT64_C(0x813F3978F8940985),
    UINT64_C(0xA18F07D736B90BE6), UINT64_C(0xC9F2C9CD04674EDF), UINT64_C(0xFC6F7C4045812297),
    UINT64_C(0x9DC5ADA82B70B59E), UINT64_C(0xC5371912364CE306), UINT64_C(0xF684DF56C3E01BC7),
    UINT64_C(0x9A130B963A6C115D), UINT64_C(0xC097CE7BC90715B4), UINT64_C(0xF0BDC21ABB48DB21),
    UINT64_C(0x96769950B50D88F5), UINT64_C(0xBC143FA4E250EB32), UINT64_C(0xEB194F8E1AE525FE),
    UINT64_C(0x92EFD1B8D0CF37BF), UINT64_C(0xB7ABC627050305AE), UINT64_C(0xE596B7B0C643C71A),
    UINT64_C(0x8F7E32CE7BEA5C70), UINT64_C(0xB35DBF821AE4F38C)};

/* floor(x·log10(2)), less 1 if x stands for 3/4·2^x and that is so; floor(x·log2(10)). */
static inline int float_floor_log10(int x, int of_three_quarters) {
    return (x * 1262611 - (of_three_quarters ? 524031 : 0)) >> 22;
}
static inline int float_floor_log2_of_power(int x) { return (x * 1741647) >> 19; }

/* x·power / 2^64 without its fraction, but odd if there was one: so it compares with even numbers
 * as the whole does. A fraction below 2^-31 comes of the power's having been rounded up. */
static inline uint32_t float_scale_odd(uint64_t power, uint32_t x) {
    uint64_t low = (power & UINT32_MAX) * x;
    uint64_t high = (power >> 32) * x + (low >> 32);
    return (uint32_t)(high >> 32) | ((uint32_t)high > 1);
}

/* The shortest decimal, digits·10^exponent, that is read as a float of some bits: positive, finite. */
static inline uint32_t float_shortest(uint32_t bits, int *exponent /* OUT */) {
    uint32_t fraction = bits & 0x7FFFFF, biased = bits >> 23;
    uint32_t c = biased ? fraction | 0x800000 : fraction;
    int q = biased ? (int)biased - 150 : -149;     /* the float is c·2^q */
    int is_power = fraction == 0 && biased > 1;    /* the float below is half as far as that above */
    int is_odd = c & 1;                            /* then the interval's ends are not of it */
    int k = float_floor_log10(q, is_power);
    int shift = q + float_floor_log2_of_power(-k) + 1;
    uint64_t power = FLOAT_POWERS[-k - FLOAT_LEAST_POWER];
    /* Four times the interval's ends and the float, divided by 10^k. */
    uint32_t lower = float_scale_odd(power, (4 * c - 2 + (uint32_t)is_power) << shift);
    uint32_t value = float_scale_odd(power, (4 * c) << shift);
    uint32_t upper = float_scale_odd(power, (4 * c + 2) << shift);
    lower += (uint32_t)is_odd;
    upper -= (uint32_t)is_odd;
    uint32_t below = value / 4;
    if (below >= 10) { /* a digit less will do, if one of the two tens about the float is inside */
        uint32_t ten = below / 10;
        int ten_below = lower <= 40 * ten, ten_above = 40 * ten + 40 <= upper;
        if (ten_below != ten_above) {
            *exponent = k + 1;
            return ten + (uint32_t)ten_above;
        }
    }
    int is_below = lower <= 4 * below, is_above = 4 * below + 4 <= upper;
    *exponent = k;
    if (is_below != is_above) return below + (uint32_t)is_above;
    uint32_t middle = 4 * below + 2; /* both are inside: the nearer one, the even one in the middle */
    return below + (value > middle || (value == middle && (below & 1)));
}

/* Write a finite float; return how many bytes, at most FLOAT_MOST_CHARS.
 *
 * Always with a point or an exponent, so that no integer is seen in it: 1.0, 0.00025, 1.5e-07, -0.0.
 */
static inline int float_format(float value, unsigned char *out /* OUT */) {
    unsigned char digits[10], *s = out;
    uint32_t bits = float_bits(value);
    int exponent = 0, n = 0;
    if (bits >> 31) *s++ = '-';
    bits &= UINT32_MAX >> 1;
    if (bits == 0) {
        memcpy(s, "0.0", 3);
        return (int)(s + 3 - out);
    }
    uint32_t rest = float_shortest(bits, &exponent);
    for (; rest % 10 == 0; rest /= 10) exponent++;
    for (; rest; rest /= 10) digits[9 - n++] = (unsigned char)('0' + rest % 10);
    const unsigned char *first = digits + 10 - n;
    int power = exponent + n - 1; /* of the first digit */
    if (power < -4 || power > 8) {
        *s++ = first[0];
        if (n > 1) *s++ = '.';
        for (int i = 1; i < n; i++) *s++ = first[i];
        *s++ = 'e';
        *s++ = power < 0 ? '-' : '+';
        power = power < 0 ? -power : power;
        *s++ = (unsigned char)('0' + power / 10);
        *s++ = (unsigned char)('0' + power % 10);
        return (int)(s - out);
    }
    for (int place = 0; place > power; place--) { /* zeros before the digits */
        *s++ = '0';
        if (place == 0) *s++ = '.';
    }
    for (int i = 0, place = power; i < n || place >= -1; i++, place--) {
        if (place == -1 && power >= 0) *s++ = '.';
        *s++ = i < n ? first[i] : '0';
    }
    return (int)(s - out);
}

#endif
