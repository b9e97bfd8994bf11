/* The tokenizer: a text becomes numbers of its words and the places where its sentences end.
 *
 * Words are separated by ASCII white space (space, \t, \n, \v, \f, \r); \n and \r also end a
 * sentence. So UTF-8 passes through untouched: no byte of a longer character is an ASCII one.
 * White space is looked for eight bytes at a time, in the bits of one 64-bit word: the first white
 * byte's place is then also the length of a short word, and the bits below it are the word itself.
 */
#ifndef FASTW2V_TOKENIZER_H
#define FASTW2V_TOKENIZER_H

#include "key_table.h"

enum { TOKENIZER_PADDING = 8 };  /* white bytes that must follow the text */

typedef struct {
    int32_t *numbers;      /* OUT: room for (length + 1) / 2 */
    int32_t *ends;         /* OUT: room for (length + 1) / 2 + 1; numbers before each sentence's end */
    int64_t n_numbers;     /* OUT */
    int64_t n_ends;        /* OUT */
    int64_t invalid_word;  /* OUT: where the first new word that is no UTF-8 begins, or -1 */
} Tokenized;

/* Each byte's highest bit is set for the white bytes up to the first; bits above it mean nothing. */
static inline uint64_t white_bits(uint64_t word) {
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7, low = ~high;
    uint64_t space = word ^ (ones * ' ');
    uint64_t is_space = (space - ones) & ~space & high;
    /* 9 to 13: below 14 and above 8, for bytes below 128, with no carry from one to the next. */
    uint64_t seven = word & low;
    uint64_t is_control = (ones * (127 + 14) - seven) & (seven + ones * (127 - 8)) & ~word & high;
    return is_space | is_control;
}

static inline int lowest_byte(uint64_t bits) {
#if defined(__GNUC__)
    return __builtin_ctzll(bits) >> 3;
#else
    int i = 0;
    while (!(bits & (UINT64_C(0xFF) << (8 * i)))) i++;
    return i;
#endif
}

static inline int is_white(unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* Whether bytes are UTF-8 as RFC 3629 defines it: no overlong form, no surrogate, at most 10FFFF. */
static int is_utf8(const unsigned char *s, uint64_t length) {
    uint64_t i = 0;
    while (i < length) {
        unsigned char c = s[i++];
        if (c < 0x80) continue;
        int more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : 1;
        if (c < 0xC2 || c > 0xF4 || length - i < (uint64_t)more) return 0;
        unsigned char least = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
        unsigned char most = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
        if (s[i] < least || s[i] > most) return 0;
        for (i++; --more; i++)
            if ((s[i] & 0xC0) != 0x80) return 0;
    }
    return 1;
}

/* Number all words of a text; return 0 or a key table's error.
 *
 * Relies on TOKENIZER_PADDING white bytes, none of which ends a line, after the text's length bytes,
 * and on length < 2**31. Ends of sentences without a word in this text are left out, but for one
 * at 0, which may end a sentence that an earlier text began. A word that begins at byte i and is
 * new gets first_place + i as the place of its first appearance.
 */
static int tokenize(KeyTable *table, const unsigned char *text, int64_t length,
                    int64_t first_place, Tokenized *out) {
    const unsigned char *at = text, *stop = text + length;
    int64_t last_end = -1;
    out->n_numbers = out->n_ends = 0;
    out->invalid_word = -1;
    for (;;) {
        while (at < stop && is_white(*at)) {
            if ((*at == '\n' || *at == '\r') && out->n_numbers != last_end)
                out->ends[out->n_ends++] = (int32_t)(last_end = out->n_numbers);
            at++;
        }
        if (at >= stop) return 0;
        const unsigned char *word = at;
        uint64_t head = key_load8(at), white = white_bits(head), length_of_word;
        if (white) {
            length_of_word = lowest_byte(white);
            head &= (UINT64_C(1) << (8 * length_of_word)) - 1;
            at += length_of_word;
        } else {
            do {
                at += 8;
                white = white_bits(key_load8(at));
            } while (!white);
            at += lowest_byte(white);
            length_of_word = at - word;
            if (length_of_word > 8) head = key_hash(word, length_of_word);
        }
        int64_t n_known = table->n_slots_used;
        int64_t number =
            key_table_count_text(table, head, word, length_of_word, first_place + (word - text));
        if (number < 0) return (int)number;
        if (table->n_slots_used != n_known && out->invalid_word < 0 && !is_utf8(word, length_of_word))
            out->invalid_word = word - text;
        out->numbers[out->n_numbers++] = (int32_t)number;
    }
}

#endif
