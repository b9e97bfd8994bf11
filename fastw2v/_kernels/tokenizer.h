/* The tokenizer: a text becomes numbers of its words and the places where its sentences end.
 *
 * Words are separated by ASCII white space (space, \t, \n, \v, \f, \r); \n and \r also end a
 * sentence. So UTF-8 passes through untouched: no byte of a longer character is an ASCII one.
 *
 * The text is scanned 64 bytes at a time into two masks with a bit a byte, one of white bytes and
 * one of line ends, eight bytes at a time in the lanes of a 64-bit word. Words then begin and end
 * where neighbouring bits differ, and finding the next takes no look at the bytes. 64 words are
 * found before the first is looked up, so their slots are on the way into the cache.
 */
#ifndef FASTW2V_TOKENIZER_H
#define FASTW2V_TOKENIZER_H

#include "key_table.h"

enum { TOKENIZER_PADDING = 8 };  /* bytes that must follow the text, whatever they are */

typedef struct {
    int32_t *numbers;      /* OUT: room for (length + 1) / 2 */
    int32_t *ends;         /* OUT: room for (length + 1) / 2 + 1; numbers before each sentence's end */
    int64_t n_numbers;     /* OUT */
    int64_t n_ends;        /* OUT */
    int64_t invalid_word;  /* OUT: where the first new word that is no UTF-8 begins, or -1 */
} Tokenized;

#define LANES(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline int lowest_bit(uint64_t bits) {
#if defined(__GNUC__)
    return __builtin_ctzll(bits);
#else
    int i = 0;
    while (!(bits >> i & 1)) i++;
    return i;
#endif
}

static inline int is_white(unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* Whether bytes are UTF-8 as RFC 3629 defines it: no overlong form, no surrogate, at most 10FFFF. */
static inline int is_utf8(const unsigned char *s, uint64_t length) {
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

/* A bit for each of eight bytes, the first byte's lowest, from the lanes' highest bits. */
static inline uint64_t gather_bits(uint64_t lanes) {
    return (lanes >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

/* The masks of 64 bytes. Every lane's result is exact, for no sum or difference leaves its lane. */
static inline uint64_t scan64(const unsigned char *text, uint64_t *line_ends /* OUT */) {
    uint64_t white = 0;
    *line_ends = 0;
    for (int i = 0; i < 64; i += 8) {
        uint64_t word = key_load8(text + i), low = word & LANES(0x7F);
        uint64_t ascii = ~word & LANES(0x80);
        uint64_t space = ~((low ^ LANES(' ')) + LANES(0x7F)) & ascii;
        uint64_t control = (LANES(127 + 14) - low) & (low + LANES(127 - 8)) & ascii; /* 9 to 13 */
        white |= gather_bits(space | control) << i;
        if (control) {
            uint64_t feed = ~((low ^ LANES('\n')) + LANES(0x7F)) & ascii;
            uint64_t carriage = ~((low ^ LANES('\r')) + LANES(0x7F)) & ascii;
            *line_ends |= gather_bits(feed | carriage) << i;
        }
    }
    return white;
}

/* Words that were found and not yet looked up. */
enum { TOKENIZER_AHEAD = 64 };

typedef struct {
    uint64_t hash, head, length;
    const unsigned char *begin;
} FoundWord;

/* Prepare a word's look-up, and start fetching its slot. */
static inline FoundWord found_word(const KeyTable *table, const unsigned char *begin,
                                   const unsigned char *end) {
    FoundWord word = {0, 0, (uint64_t)(end - begin), begin};
    word.head = word.length <= 8 ? key_load8(begin) & (UINT64_MAX >> (64 - 8 * word.length))
                                 : key_hash(begin, word.length);
    word.hash = key_slot_hash(word.head, key_text_size(word.length));
    key_prefetch(table, word.hash);
    return word;
}

/* Number the words found; return 0 or a key table's error. */
static inline int number_words(KeyTable *table, const FoundWord *words, int n, const unsigned char *text,
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
        PREFETCH(&table->counts[number]);
        numbers[i] = (int32_t)number;
    }
    for (int i = 0; i < n; i++) table->counts[numbers[i]]++;
    out->n_numbers += n;
    return 0;
}

/* Number all words of a text; return 0 or a key table's error.
 *
 * Relies on TOKENIZER_PADDING readable bytes after the text's length bytes, and on length < 2**31.
 * Ends of sentences without a word in this text are left out, but for one at 0, which may end a
 * sentence that an earlier text began. A word that begins at byte i and is new gets
 * first_place + i as the place of its first appearance.
 */
static inline int tokenize(KeyTable *table, const unsigned char *text, int64_t length,
                    int64_t first_place, Tokenized *out) {
    const unsigned char *stop = text + length, *begin = NULL; /* of a word whose end is to come */
    FoundWord words[TOKENIZER_AHEAD];
    unsigned char last[64];
    uint64_t was_white = 1;
    int64_t last_end = -1;
    int n_words = 0, status = 0;
    out->n_numbers = out->n_ends = 0;
    out->invalid_word = -1;
    for (const unsigned char *at = text; at < stop || begin != NULL; at += 64) {
        uint64_t line_ends, white;
        if (stop - at >= 64) {
            white = scan64(at, &line_ends);
        } else { /* as if white space followed */
            memset(last, ' ', sizeof last);
            if (at < stop) memcpy(last, at, stop - at);
            white = scan64(last, &line_ends);
        }
        uint64_t after_white = white << 1 | was_white;
        uint64_t begins = ~white & after_white, ends = white & ~after_white;
        was_white = white >> 63;
        for (uint64_t events = ends | line_ends; events; events &= events - 1) {
            int place = lowest_bit(events);
            if (ends >> place & 1) {
                if (begin == NULL) {
                    begin = at + lowest_bit(begins);
                    begins &= begins - 1;
                }
                words[n_words++] = found_word(table, begin, at + place);
                begin = NULL;
                if (n_words == TOKENIZER_AHEAD) {
                    status = number_words(table, words, n_words, text, first_place, out);
                    if (status) return status;
                    n_words = 0;
                }
            }
            int64_t n = out->n_numbers + n_words;
            if ((line_ends >> place & 1) && n != last_end)
                out->ends[out->n_ends++] = (int32_t)(last_end = n);
        }
        if (begins) begin = at + lowest_bit(begins);
    }
    return number_words(table, words, n_words, text, first_place, out);
}

#endif
