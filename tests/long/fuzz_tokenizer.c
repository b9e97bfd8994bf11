/* Fuzzes the tokenizer and the key table against a slow reference that shares no code with them.
 *
 * An input's first four bytes say where to cut its text, how much to prune and how small the tables
 * are at first; the text follows.
 * It is tokenized whole and in blocks, into one table and into two that are then merged; the result
 * is pruned and the text tokenized again. All buffers have exactly the sizes that are promised, for
 * the address sanitizer to see what lies beyond. Built and run by fuzz_tokenizer.sh.
 */
#include <stdio.h>

#include "tokenizer.h"

#define CHECK(condition)                                                             \
    do {                                                                             \
        if (!(condition)) {                                                          \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);  \
            abort();                                                                 \
        }                                                                            \
    } while (0)

enum { MOST = 1 << 12, PLACE = 1000000 };

/* ---- The reference: a list of keys, looked through from its beginning. ---- */

typedef struct {
    const unsigned char *bytes;
    int64_t length; /* of a text; -1 for an integer, -2 for a number that is free */
    int64_t integer, count, first;
} Entry;

typedef struct {
    Entry *entries;
    int n;
} List;

static int list_find(const List *list, const unsigned char *text, int64_t length, int64_t integer) {
    for (int i = 0; i < list->n; i++) {
        const Entry *e = &list->entries[i];
        if (e->length != length) continue;
        if (length == -1) {
            if (e->integer == integer) return i;
            continue;
        }
        int64_t k = length; /* from the end: faster here than memcmp, which the sanitizer wraps */
        while (k > 0 && e->bytes[k - 1] == text[k - 1]) k--;
        if (k == 0) return i;
    }
    return -1;
}

/* Count a key; *is_new says whether it had no number. The lowest free number is given first. */
static int list_count(List *list, const unsigned char *text, int64_t length, int64_t integer,
                      int64_t first, int *is_new) {
    int i = list_find(list, text, length, integer);
    *is_new = i < 0;
    if (i < 0) {
        for (i = 0; i < list->n && list->entries[i].length != -2;) i++;
        if (i == list->n) {
            list->entries = realloc(list->entries, sizeof(Entry) * (size_t)++list->n);
            CHECK(list->entries != NULL);
        }
        Entry *e = &list->entries[i];
        *e = (Entry){text, length, integer, 0, first};
    }
    list->entries[i].count++;
    return i;
}

/* UTF-8 by the code point that a sequence stands for, not by ranges of its bytes. */
static int reference_is_utf8(const unsigned char *s, int64_t n) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    for (int64_t i = 0; i < n;) {
        int size = 1;
        uint32_t code = s[i];
        if (code >> 7) {
            if (code >> 5 == 6) size = 2, code &= 31;
            else if (code >> 4 == 14) size = 3, code &= 15;
            else if (code >> 3 == 30) size = 4, code &= 7;
            else return 0;
        }
        for (int k = 1; k < size; k++) {
            if (i + k >= n || s[i + k] >> 6 != 2) return 0;
            code = code << 6 | (s[i + k] & 63);
        }
        if (code < least[size] || code > 0x10FFFF || code >> 11 == 27) return 0;
        i += size;
    }
    return 1;
}

typedef struct {
    int numbers[MOST], ends[MOST + 1];
    int n, n_ends;
    int64_t invalid;
} Result;

static int reference_is_white(unsigned char c) { return c && strchr(" \t\n\v\f\r", c) != NULL; }

static void reference_tokenize(List *list, const unsigned char *text, int64_t length,
                               int64_t first_place, Result *out) {
    int is_new;
    int64_t word = -1; /* where the word at hand began */
    out->n = out->n_ends = 0;
    out->invalid = -1;
    for (int64_t i = 0; i <= length; i++) {
        if (i < length && !reference_is_white(text[i])) {
            if (word < 0) word = i;
            continue;
        }
        if (word >= 0) {
            out->numbers[out->n++] =
                list_count(list, text + word, i - word, 0, first_place + word, &is_new);
            if (is_new && out->invalid < 0 && !reference_is_utf8(text + word, i - word))
                out->invalid = word;
            word = -1;
        }
        if (i < length && (text[i] == '\n' || text[i] == '\r')
            && (out->n_ends == 0 || out->ends[out->n_ends - 1] != out->n))
            out->ends[out->n_ends++] = out->n;
    }
}

/* ---- What is tested, beside it. ---- */

/* Tokenize one block by both, and compare. */
static void tokenize_both(KeyTable *table, List *list, const unsigned char *text, int64_t length,
                          int64_t first_place, Result *expected) {
    size_t room = (size_t)(length + 1) / 2;
    unsigned char *padded = malloc((size_t)length + TOKENIZER_PADDING);
    Tokenized out = {malloc(room * 4), malloc(room * 4 + 4), -1, -1, -7};
    CHECK(padded != NULL && out.numbers != NULL && out.ends != NULL);
    if (length) memcpy(padded, text, (size_t)length);
    memset(padded + length, ' ', TOKENIZER_PADDING);
    CHECK(tokenize(table, padded, length, first_place, &out) == 0);
    reference_tokenize(list, text, length, first_place, expected);
    CHECK(out.n_numbers == expected->n && out.n_ends == expected->n_ends);
    for (int i = 0; i < expected->n; i++) CHECK(out.numbers[i] == expected->numbers[i]);
    for (int i = 0; i < expected->n_ends; i++) CHECK(out.ends[i] == expected->ends[i]);
    CHECK(out.invalid_word == expected->invalid);
    free(padded);
    free(out.numbers);
    free(out.ends);
}

static void compare(const KeyTable *table, const List *list) {
    int n_free = 0;
    CHECK(table->n == list->n);
    for (int i = 0; i < list->n; i++) {
        const Entry *e = &list->entries[i];
        const Key *key = &table->keys[i];
        n_free += e->length == -2;
        CHECK(table->counts[i] == e->count);
        CHECK(key->kind == (e->length == -2 ? KEY_FREE : e->length == -1 ? KEY_INTEGER : KEY_TEXT));
        if (e->length == -2) continue;
        CHECK(key->first == e->first);
        if (e->length == -1) {
            CHECK((int64_t)key->length == e->integer);
            CHECK(key_table_find_integer(table, e->integer) == i);
        } else {
            unsigned char *text = malloc((size_t)e->length + !e->length); /* exactly, for ASan */
            CHECK(text != NULL);
            memcpy(text, e->bytes, (size_t)e->length);
            CHECK((int64_t)key->length == e->length);
            CHECK(is_utf8(text, key->length) == reference_is_utf8(text, e->length));
            CHECK(memcmp(table->bytes + key->begin, text, (size_t)e->length) == 0);
            CHECK(key_table_find_text(table, text, (uint64_t)e->length) == i);
            free(text);
        }
    }
    CHECK(table->n_free == n_free && table->n_slots_used == list->n - n_free);
}

/* Integers, among them those whose 64 bits are a text's own; and the empty text. */
static void count_others(KeyTable *table, List *list, const unsigned char *text, int64_t length,
                         int64_t first_place) {
    int is_new, expected[MOST], n = 0;
    int64_t n_values = length < 48 ? length : 48;
    int64_t *values = malloc((size_t)n_values * 8);
    int32_t *numbers = malloc((size_t)n_values * 4);
    int64_t skip = n_values ? text[0] : 0;
    CHECK(values != NULL && numbers != NULL);
    for (int64_t i = 0; i < n_values; i++) {
        uint64_t value = 0;
        for (int64_t k = 0; k < 1 + i % 8 && i + k < length; k++)
            value |= (uint64_t)text[i + k] << (8 * k);
        values[i] = (int64_t)value;
    }
    for (int64_t i = 0; i < n_values; i++)
        if (values[i] != skip)
            expected[n++] = list_count(list, NULL, -1, values[i], 0, &is_new);
    CHECK(key_table_count_integers(table, values, n_values, &skip, 0, numbers) == n);
    for (int i = 0; i < n; i++) CHECK(numbers[i] == expected[i]);
    for (int i = 0; i < list->n; i++) /* where they came first is not compared */
        if (list->entries[i].length == -1 && list->entries[i].first == 0)
            list->entries[i].first = table->keys[i].first;
    if (length % 2)
        CHECK(key_table_count_text(table, key_text_head(text, 0), text, 0, first_place)
              == list_count(list, text, 0, 0, first_place, &is_new));
    free(values);
    free(numbers);
}

static void merge_both(KeyTable *table, List *list, const KeyTable *other, const List *from) {
    int32_t *mapping = malloc((size_t)other->n * 4 + 1);
    CHECK(mapping != NULL && key_table_merge(table, other, mapping) == 0);
    for (int i = 0; i < from->n; i++) {
        const Entry *e = &from->entries[i];
        int is_new;
        if (e->length == -2) {
            CHECK(mapping[i] == -1);
            continue;
        }
        int number = list_count(list, e->bytes, e->length, e->integer, e->first, &is_new);
        CHECK(mapping[i] == number);
        list->entries[number].count += e->count - 1;
        if (e->first < list->entries[number].first) list->entries[number].first = e->first;
    }
    free(mapping);
}

static void prune_both(KeyTable *table, List *list, int64_t least) {
    List before = {malloc(sizeof(Entry) * (size_t)list->n + 1), list->n};
    CHECK(before.entries != NULL);
    if (list->n) memcpy(before.entries, list->entries, sizeof(Entry) * (size_t)list->n);
    CHECK(key_table_prune(table, least) == 0);
    for (int i = 0; i < list->n; i++)
        if (list->entries[i].count < least) list->entries[i].length = -2, list->entries[i].count = 0;
    for (int i = 0; i < before.n; i++) {
        const Entry *e = &before.entries[i];
        int32_t expected = e->count < least ? -1 : i;
        if (e->length == -1) CHECK(key_table_find_integer(table, e->integer) == expected);
        if (e->length >= 0)
            CHECK(key_table_find_text(table, e->bytes, (uint64_t)e->length) == expected);
    }
    free(before.entries);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 4 || size - 4 > MOST) return 0;
    const unsigned char *text = data + 4;
    int64_t length = (int64_t)size - 4;
    uint32_t random = data[0] | (uint32_t)data[1] << 8;
    KeyTable tables[4];
    List lists[4] = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    static Result whole, block, again;
    for (int i = 0; i < 4; i++) { /* from few slots, for it to grow and to be full more often */
        CHECK(key_table_init(&tables[i]) == 0);
        if (data[3] & 32) CHECK(key_table_rehash(&tables[i], 1 + (data[3] & 3)) == 0);
    }
    tokenize_both(&tables[0], &lists[0], text, length, PLACE, &whole);
    compare(&tables[0], &lists[0]);

    /* In blocks: into one table, and in turn into two. Joined, they are what the whole was. */
    int n = 0, n_ends = 0, last_end = -1, turn = 0;
    for (int64_t begin = 0, end; begin < length; begin = end) {
        for (end = begin + 1; end < length; end++) {
            if (!reference_is_white(text[end]) && !reference_is_white(text[end - 1])) continue;
            random = random * 1664525 + 1013904223;
            if (random >> 24 < data[2]) break;
        }
        tokenize_both(&tables[1], &lists[1], text + begin, end - begin, PLACE + begin, &block);
        for (int i = 0; i < block.n; i++) CHECK(block.numbers[i] == whole.numbers[n + i]);
        for (int i = 0; i < block.n_ends; i++) {
            if (n + block.ends[i] == last_end) continue;
            CHECK(n_ends < whole.n_ends && whole.ends[n_ends] == n + block.ends[i]);
            last_end = whole.ends[n_ends++];
        }
        n += block.n;
        turn = 5 - (turn ? turn : 3);
        tokenize_both(&tables[turn], &lists[turn], text + begin, end - begin, PLACE + begin, &block);
    }
    CHECK(n == whole.n && n_ends == whole.n_ends);
    compare(&tables[1], &lists[0]);

    for (int i = 2; i < 4; i++) count_others(&tables[i], &lists[i], text, length, PLACE);
    if (data[3] & 64) prune_both(&tables[3], &lists[3], 2);
    merge_both(&tables[2], &lists[2], &tables[3], &lists[3]);
    compare(&tables[2], &lists[2]);
    for (int round = 0; round < 2; round++) { /* on the second, some numbers are given again */
        prune_both(&tables[2], &lists[2], 1 + (data[3] & 7));
        compare(&tables[2], &lists[2]);
        int64_t half = data[3] & 128 ? length / 2 : 0;
        tokenize_both(&tables[2], &lists[2], text + half, length - half, 0, &again);
        compare(&tables[2], &lists[2]);
    }
    for (int i = 0; i < 4; i++) {
        key_table_free(&tables[i]);
        free(lists[i].entries);
    }
    return 0;
}
