/* The key table: gives every distinct token a number, counts it, and remembers where it came first.
 *
 * Keys are texts (UTF-8 bytes), 64-bit integers, or objects that the caller keeps itself. Numbers
 * run from 0 in the order of insertion; those that pruning frees are given out again.
 *
 * It is a hash table with open addressing and linear probing, at most 5/8 full. A slot holds a
 * text of up to 8 bytes itself, so most look-ups in natural text touch one slot and one counter and
 * no text at all. A longer text's slot holds 64 bits of hash, and the bytes are compared.
 *
 * Invariants: every live text or integer is in exactly one slot; a slot's number is below n;
 * counts[number] is 0 exactly for numbers that are free; texts' bytes never move but in pruning.
 */
#ifndef FASTW2V_KEY_TABLE_H
#define FASTW2V_KEY_TABLE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "large_memory.h"

enum { KEY_FREE, KEY_TEXT, KEY_INTEGER, KEY_OBJECT };
enum { KEY_NO_MEMORY = -1, KEY_TOO_MANY = -2 };

#define KEY_SIZE_INTEGER UINT32_MAX      /* a slot's size that marks an integer */
#define KEY_SIZE_LONG (UINT32_MAX - 1)   /* and one that marks a text of as many bytes or more */

typedef struct {
    uint64_t head;  /* the text's bytes, zero-padded; the hash of a longer text; the integer */
    uint32_t size;  /* the text's length in bytes, or one of the two marks above */
    int32_t label;  /* the number + 1; 0 for a slot that is empty */
} KeySlot;

typedef struct {
    uint64_t begin;   /* of the text in bytes */
    uint64_t length;  /* of the text, or the integer's own 64 bits */
    int64_t first;    /* the place of its first appearance, as the caller counts places */
    int32_t kind;
    int32_t next_free;  /* while it is free: the next free number, or -1 */
} Key;

typedef struct {
    KeySlot *slots;
    int bits;        /* there are 1 << bits slots */
    int64_t n_slots_used;
    Key *keys;
    int64_t *counts;
    int32_t n;       /* numbers given out, those free again too */
    int32_t capacity;
    int32_t first_free;
    int32_t n_free;
    unsigned char *bytes;
    uint64_t n_bytes, bytes_capacity;
} KeyTable;

/* Eight bytes as a little-endian number, so that the first byte is the lowest on every machine. */
static inline uint64_t key_load8(const unsigned char *bytes) {
    uint64_t word;
    memcpy(&word, bytes, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline uint64_t key_load4(const unsigned char *bytes) {
    uint32_t word;
    memcpy(&word, bytes, 4);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap32(word);
#endif
    return word;
}

/* Up to eight bytes, zero-padded, reading none beyond them: two loads overlap in the middle. */
static inline uint64_t key_load_partial(const unsigned char *bytes, uint64_t n) {
    if (n >= 8) return key_load8(bytes);
    if (n >= 4) return key_load4(bytes) | key_load4(bytes + n - 4) << (8 * (n - 4));
    if (n == 0) return 0;
    return (uint64_t)bytes[0] | (uint64_t)bytes[n / 2] << (8 * (n / 2))
           | (uint64_t)bytes[n - 1] << (8 * (n - 1));
}

static inline uint64_t key_mix(uint64_t hash, uint64_t word) {
    hash = (((hash << 23) | (hash >> 41)) ^ word) * UINT64_C(0x9FB21C651E98DF25);
    return hash ^ (hash >> 32);
}

static inline uint64_t key_hash(const unsigned char *bytes, uint64_t length) {
    uint64_t hash = length, i = 0;
    for (; i + 8 <= length; i += 8) hash = key_mix(hash, key_load8(bytes + i));
    return key_mix(hash, key_load_partial(bytes + i, length - i));
}

/* A slot's hash; its upper bits are the place where a key's search begins. */
static inline uint64_t key_slot_hash(uint64_t head, uint32_t size) {
    return key_mix(head, size * UINT64_C(0x9E3779B97F4A7C15)) * UINT64_C(0xD6E8FEB86659FD93);
}

static inline uint64_t key_place(const KeyTable *t, uint64_t hash) { return hash >> (64 - t->bits); }

static inline void key_prefetch(const KeyTable *t, uint64_t hash) {
    PREFETCH(&t->slots[key_place(t, hash)]);
}

static inline void key_table_free(KeyTable *t) {
    large_free(t->slots, sizeof(KeySlot) << t->bits);
    free(t->keys);
    free(t->counts);
    free(t->bytes);
    memset(t, 0, sizeof *t);
}

static inline int key_table_init(KeyTable *t) {
    memset(t, 0, sizeof *t);
    t->bits = 10;
    t->first_free = -1;
    t->slots = (KeySlot *)large_zeros(sizeof(KeySlot) << t->bits);
    return t->slots == NULL ? KEY_NO_MEMORY : 0;
}

/* Make the table of slots anew with 1 << bits of them. */
static inline int key_table_rehash(KeyTable *t, int bits) {
    KeySlot *old = t->slots;
    uint64_t n_old = UINT64_C(1) << t->bits, mask = (UINT64_C(1) << bits) - 1;
    KeySlot *slots = (KeySlot *)large_zeros(sizeof(KeySlot) << bits);
    if (slots == NULL) return KEY_NO_MEMORY;
    t->slots = slots;
    t->bits = bits;
    for (uint64_t i = 0; i < n_old; i++) {
        if (old[i].label == 0) continue;
        uint64_t place = key_place(t, key_slot_hash(old[i].head, old[i].size));
        while (slots[place].label != 0) place = (place + 1) & mask;
        slots[place] = old[i];
    }
    large_free(old, n_old * sizeof(KeySlot));
    return 0;
}

static inline int key_table_grow_keys(KeyTable *t) {
    int64_t capacity = t->capacity < 512 ? 512 : (int64_t)t->capacity * 3 / 2;
    if (t->n >= INT32_MAX - 1) return KEY_TOO_MANY;
    if (capacity > INT32_MAX) capacity = INT32_MAX;
    Key *keys = (Key *)realloc(t->keys, capacity * sizeof(Key));
    if (keys == NULL) return KEY_NO_MEMORY;
    t->keys = keys;
    int64_t *counts = (int64_t *)realloc(t->counts, capacity * sizeof(int64_t));
    if (counts == NULL) return KEY_NO_MEMORY;
    t->counts = counts;
    t->capacity = (int32_t)capacity;
    return 0;
}

static inline int key_table_reserve_bytes(KeyTable *t, uint64_t length) {
    if (t->bytes != NULL && t->n_bytes + length <= t->bytes_capacity) return 0;
    uint64_t capacity = t->bytes_capacity + t->bytes_capacity / 2 + length + 4096;
    unsigned char *bytes = (unsigned char *)realloc(t->bytes, capacity);
    if (bytes == NULL) return KEY_NO_MEMORY;
    t->bytes = bytes;
    t->bytes_capacity = capacity;
    return 0;
}

/* A number for a key that has no slot (yet): a freed one or the next; with a count of 0. */
static inline int64_t key_table_new_number(KeyTable *t, int kind, uint64_t length, int64_t first) {
    int32_t number = t->first_free;
    if (number >= 0) {
        t->first_free = t->keys[number].next_free;
        t->n_free--;
    } else {
        if (t->n == t->capacity) {
            int error = key_table_grow_keys(t);
            if (error) return error;
        }
        number = t->n++;
    }
    Key key = {t->n_bytes, length, first, kind, -1};
    t->keys[number] = key;
    t->counts[number] = 0;
    return number;
}

/* Put a key that was not found into the empty slot at place; text is NULL for an integer. */
static inline int64_t key_table_insert(KeyTable *t, uint64_t place, uint64_t head, uint32_t size,
                                const unsigned char *text, uint64_t length, int64_t first) {
    if (text != NULL && key_table_reserve_bytes(t, length)) return KEY_NO_MEMORY;
    if (8 * (t->n_slots_used + 1) > (INT64_C(5) << t->bits)) {
        if (key_table_rehash(t, t->bits + 1)) return KEY_NO_MEMORY;
        uint64_t mask = (UINT64_C(1) << t->bits) - 1;
        place = key_place(t, key_slot_hash(head, size));
        while (t->slots[place].label != 0) place = (place + 1) & mask;
    }
    int64_t number =
        key_table_new_number(t, text == NULL ? KEY_INTEGER : KEY_TEXT, length, first);
    if (number < 0) return number;
    if (text != NULL) {
        memcpy(t->bytes + t->n_bytes, text, length);
        t->n_bytes += length;
    }
    KeySlot slot = {head, size, (int32_t)number + 1};
    t->slots[place] = slot;
    t->n_slots_used++;
    return number;
}

static inline int key_slot_holds(const KeyTable *t, const KeySlot *slot, uint64_t head,
                                 uint32_t size, const unsigned char *text, uint64_t length) {
    if (slot->head != head || slot->size != size) return 0;
    if (length <= 8 || text == NULL) return 1;
    const Key *key = &t->keys[slot->label - 1];
    const unsigned char *own = t->bytes + key->begin;
    if (key->length != length) return 0;
    if (length <= 16) /* two loads that overlap in the middle */
        return key_load8(own) == key_load8(text)
               && key_load8(own + length - 8) == key_load8(text + length - 8);
    return memcmp(own, text, length) == 0;
}

/* Find a key: its number, or -1 and the place where it would go. */
static inline int32_t key_table_probe(const KeyTable *t, uint64_t hash, uint64_t head,
                                      uint32_t size, const unsigned char *text, uint64_t length,
                                      uint64_t *place) {
    uint64_t mask = (UINT64_C(1) << t->bits) - 1, at = key_place(t, hash);
    while (t->slots[at].label != 0
           && !key_slot_holds(t, &t->slots[at], head, size, text, length))
        at = (at + 1) & mask;
    *place = at;
    return t->slots[at].label - 1;
}

static inline uint32_t key_text_size(uint64_t length) {
    return length < KEY_SIZE_LONG ? (uint32_t)length : KEY_SIZE_LONG;
}

/* The head of a text of any length; key_load_partial reads no byte beyond it. */
static inline uint64_t key_text_head(const unsigned char *text, uint64_t length) {
    return length <= 8 ? key_load_partial(text, length) : key_hash(text, length);
}

static inline int32_t key_table_find_text(const KeyTable *t, const unsigned char *text, uint64_t length) {
    uint64_t place, head = key_text_head(text, length);
    uint32_t size = key_text_size(length);
    return key_table_probe(t, key_slot_hash(head, size), head, size, text, length, &place);
}

static inline int32_t key_table_find_integer(const KeyTable *t, int64_t value) {
    uint64_t place, hash = key_slot_hash((uint64_t)value, KEY_SIZE_INTEGER);
    return key_table_probe(t, hash, (uint64_t)value, KEY_SIZE_INTEGER, NULL, 0, &place);
}

/* The number of a text whose hash and head are known, which is new if need be, or an error below 0.
 * The occurrence is left to be counted. */
static inline int64_t key_table_number_text(KeyTable *t, uint64_t hash, uint64_t head,
                                            const unsigned char *text, uint64_t length,
                                            int64_t first) {
    uint64_t place;
    uint32_t size = key_text_size(length);
    int64_t number = key_table_probe(t, hash, head, size, text, length, &place);
    return number >= 0 ? number : key_table_insert(t, place, head, size, text, length, first);
}

static inline int64_t key_table_number_integer(KeyTable *t, int64_t value, int64_t first) {
    uint64_t place, head = (uint64_t)value, hash = key_slot_hash(head, KEY_SIZE_INTEGER);
    int64_t number = key_table_probe(t, hash, head, KEY_SIZE_INTEGER, NULL, 0, &place);
    return number >= 0 ? number
                       : key_table_insert(t, place, head, KEY_SIZE_INTEGER, NULL, head, first);
}

/* Count one occurrence of a key; return its number, or an error below 0. */
static inline int64_t key_table_count_text(KeyTable *t, uint64_t head, const unsigned char *text,
                                           uint64_t length, int64_t first) {
    uint64_t hash = key_slot_hash(head, key_text_size(length));
    int64_t number = key_table_number_text(t, hash, head, text, length, first);
    if (number >= 0) t->counts[number]++;
    return number;
}

static inline int64_t key_table_count_integer(KeyTable *t, int64_t value, int64_t first) {
    int64_t number = key_table_number_integer(t, value, first);
    if (number >= 0) t->counts[number]++;
    return number;
}

/* Number and count many integers. A large table lies outside the cache, so slots are fetched a run
 * ahead of their use, and counters too. Integers equal to *skip, unless it is NULL, are left out.
 * One that is new gets first_place plus how many numbers were written before. Return how many were
 * written, or an error below 0. */
static inline int64_t key_table_count_integers(KeyTable *t, const int64_t *values, int64_t n,
                                        const int64_t *skip, int64_t first_place,
                                        int32_t *numbers /* OUT */) {
    enum { AHEAD = 32 };
    int64_t written = 0, counted = 0;
    for (int64_t begin = 0; begin < n; begin += AHEAD) {
        int64_t end = begin + AHEAD < n ? begin + AHEAD : n;
        for (int64_t i = begin; i < end; i++)
            key_prefetch(t, key_slot_hash((uint64_t)values[i], KEY_SIZE_INTEGER));
        for (int64_t i = begin; i < end; i++) {
            if (skip != NULL && values[i] == *skip) continue;
            int64_t number = key_table_number_integer(t, values[i], first_place + written);
            if (number < 0) return number;
            PREFETCH(&t->counts[number]);
            numbers[written++] = (int32_t)number;
        }
        for (; counted < written; counted++) t->counts[numbers[counted]]++;
    }
    return written;
}

/* A key's number in t, of a key of another table; new if need be. Counts are left as they are. */
static inline int64_t key_table_adopt(KeyTable *t, const KeyTable *other, const Key *key,
                                      uint64_t head) {
    if (key->kind == KEY_INTEGER)
        return key_table_number_integer(t, (int64_t)key->length, key->first);
    uint64_t hash = key_slot_hash(head, key_text_size(key->length));
    return key_table_number_text(t, hash, head, other->bytes + key->begin, key->length, key->first);
}

/* Add the keys of another table: mapping[their number] becomes the number here. Objects, which only
 * the caller can tell apart, and free numbers become -1. Done in runs, each step for all of a run,
 * so that what the next step touches is on its way. */
static inline int key_table_merge(KeyTable *t, const KeyTable *other, int32_t *mapping) {
    enum { AHEAD = 32 };
    uint64_t heads[AHEAD];
    for (int64_t begin = 0; begin < other->n; begin += AHEAD) {
        int64_t end = other->n - begin < AHEAD ? other->n : begin + AHEAD;
        for (int64_t i = begin; i < end; i++) {
            const Key *key = &other->keys[i];
            uint64_t *head = &heads[i - begin];
            *head = key->kind == KEY_TEXT ? key_text_head(other->bytes + key->begin, key->length)
                                          : key->length;
            key_prefetch(t, key_slot_hash(*head, key->kind == KEY_TEXT ? key_text_size(key->length)
                                                                       : KEY_SIZE_INTEGER));
        }
        for (int64_t i = begin; i < end; i++) { /* a longer text is compared in the arena */
            const Key *key = &other->keys[i];
            if (key->kind != KEY_TEXT || key->length <= 8) continue;
            uint64_t hash = key_slot_hash(heads[i - begin], key_text_size(key->length));
            int32_t label = t->slots[key_place(t, hash)].label;
            if (label) PREFETCH(&t->keys[label - 1]);
        }
        for (int64_t i = begin; i < end; i++) {
            const Key *key = &other->keys[i];
            mapping[i] = -1;
            if (key->kind != KEY_TEXT && key->kind != KEY_INTEGER) continue;
            int64_t number = key_table_adopt(t, other, key, heads[i - begin]);
            if (number < 0) return (int)number;
            mapping[i] = (int32_t)number;
            PREFETCH(&t->counts[number]);
            PREFETCH(&t->keys[number]);
        }
        for (int64_t i = begin; i < end; i++) {
            if (mapping[i] < 0) continue;
            Key *key = &t->keys[mapping[i]];
            t->counts[mapping[i]] += other->counts[i];
            if (other->keys[i].first < key->first) key->first = other->keys[i].first;
        }
    }
    return 0;
}

/* Forget all keys that occurred fewer than least times; their numbers become free. */
static inline int key_table_prune(KeyTable *t, int64_t least) {
    unsigned char *bytes = (unsigned char *)malloc(t->bytes_capacity ? t->bytes_capacity : 1);
    if (bytes == NULL) return KEY_NO_MEMORY;
    uint64_t n_bytes = 0, mask = (UINT64_C(1) << t->bits) - 1;
    memset(t->slots, 0, sizeof(KeySlot) << t->bits);
    t->n_slots_used = 0;
    t->first_free = -1;
    t->n_free = 0;
    for (int32_t number = t->n - 1; number >= 0; number--) { /* the lowest are used first again */
        Key *key = &t->keys[number];
        if (t->counts[number] < least) {
            key->kind = KEY_FREE;
            key->next_free = t->first_free;
            t->counts[number] = 0;
            t->first_free = number;
            t->n_free++;
            continue;
        }
        KeySlot slot = {key->length, KEY_SIZE_INTEGER, number + 1};
        if (key->kind == KEY_TEXT) {
            memcpy(bytes + n_bytes, t->bytes + key->begin, key->length);
            key->begin = n_bytes;
            n_bytes += key->length;
            slot.head = key_text_head(bytes + key->begin, key->length);
            slot.size = key_text_size(key->length);
        }
        if (key->kind == KEY_OBJECT) continue;
        uint64_t place = key_place(t, key_slot_hash(slot.head, slot.size));
        while (t->slots[place].label != 0) place = (place + 1) & mask;
        t->slots[place] = slot;
        t->n_slots_used++;
    }
    free(t->bytes);
    t->bytes = bytes;
    t->n_bytes = n_bytes;
    return 0;
}

#endif
