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

/* Words that were found and not yet looked up: their slots are on the way into the cache. */
enum { TOKENIZER_AHEAD = 64 };

typedef struct {
    uint64_t hash, head, length;
    const unsigned char *begin;
} FoundWord;

/* Find the word that begins at a byte that is not white, and start fetching its slot. */
static inline FoundWord find_word(const KeyTable *table, const unsigned char *begin) {
    FoundWord word = {0, key_load8(begin), 0, begin};
    uint64_t white = white_bits(word.head);
    if (white) {
        word.length = lowest_byte(white);
        word.head &= (UINT64_C(1) << (8 * word.length)) - 1;
    } else {
        const unsigned char *at = begin;
        do {
            at += 8;
            white = white_bits(key_load8(at));
        } while (!white);
        word.length = at - begin + lowest_byte(white);
        if (word.length > 8) word.head = key_hash(begin, word.length);
    }
    word.hash = key_slot_hash(word.head, key_text_size(word.length));
    key_prefetch(table, word.hash);
    return word;
}

/* Number the words found; return 0 or a key table's error. */
static int number_words(KeyTable *table, const FoundWord *words, int n, const unsigned char *text,
                        int64_t first_place, Tokenized *out) {
    int32_t *numbers = out->numbers + out->n_numbers;
    for (int i = 0; i < n; i++) {
        const FoundWord *word = &words[i];
        int64_t n_known = table->n_slots_used, at = word->begin - text;
        int64_t number = key_table_number_text(table, word->hash, word->head, word->begin,
                                               word->length, first_place + at);
        if (number < 0) return (int)number;
        if (table->n_slots_used != n_known && out->invalid_word < 0
            && !is_utf8(word->begin, word->length))
            out->invalid_word = at;
        key_prefetch_count(table, number);
        numbers[i] = (int32_t)number;
    }
    for (int i = 0; i < n; i++) table->counts[numbers[i]]++;
    out->n_numbers += n;
    return 0;
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
    FoundWord words[TOKENIZER_AHEAD];
    int64_t last_end = -1;
    int n_words = 0, status = 0;
    out->n_numbers = out->n_ends = 0;
    out->invalid_word = -1;
    for (;;) {
        while (at < stop && is_white(*at)) {
            int64_t n = out->n_numbers + n_words;
            if ((*at == '\n' || *at == '\r') && n != last_end)
                out->ends[out->n_ends++] = (int32_t)(last_end = n);
            at++;
        }
        if (at >= stop || n_words == TOKENIZER_AHEAD) {
            status = number_words(table, words, n_words, text, first_place, out);
            if (status || at >= stop) return status;
            n_words = 0;
        }
        words[n_words] = find_word(table, at);
        at += words[n_words++].length;
    }
}

#endif
