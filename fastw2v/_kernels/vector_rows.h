/* Rows of a key and its numbers: those of text files, and those of word2vec's binary ones.
 *
 * A text row is a line: the key, then blanks (space, tab or \r) before each number and perhaps after
 * the last. A binary row is the key, a space, and float32 in little-endian order; a newline may come
 * before the key, as word2vec.c writes one after each row.
 *
 * Parsing goes as far as rows are whole and right, and says what stopped it; keys are told by where
 * they lie, so the interpreter is needed for none of it.
 */
#ifndef FASTW2V_VECTOR_ROWS_H
#define FASTW2V_VECTOR_ROWS_H

#include "float_text.h"

/* What is wrong with a row. */
enum {
    ROWS_RIGHT,
    ROWS_EMPTY_LINE,
    ROWS_NO_KEY,
    ROWS_NO_NUMBER,   /* something else is where a number belongs */
    ROWS_TOO_FEW,
    ROWS_TOO_MANY,
    ROWS_NOT_FINITE   /* a number is not, or is too large for a float32 */
};

typedef struct {
    float *vectors;   /* OUT: room for most rows of width numbers */
    int64_t *keys;    /* OUT: room for most pairs: where each key begins and ends */
    int64_t width;    /* IN: at least 1 */
    int64_t most;     /* IN */
    int64_t n;        /* OUT: rows parsed */
    int64_t end;      /* OUT: where the last of them ends */
    int problem;      /* OUT: of the row after them */
    int64_t at;       /* OUT: where in the text the problem is */
} Rows;

static inline int is_blank(unsigned char c) { return c == ' ' || c == '\t' || c == '\r'; }

static inline const unsigned char *skip_blanks(const unsigned char *s) {
    while (is_blank(*s)) s++;
    return s;
}

/* Parse a line's numbers, from where its key ended; return its end, or where the problem is. */
static inline const unsigned char *row_numbers(const unsigned char *s, int64_t width,
                                               float *out /* OUT */, int *problem /* OUT */) {
    *problem = ROWS_RIGHT;
    for (int64_t i = 0; i < width; i++) {
        s = skip_blanks(s);
        if (*s == '\n') {
            *problem = ROWS_TOO_FEW;
            return s;
        }
        const unsigned char *end = float_parse(s, &out[i]);
        if (end == NULL || !(is_blank(*end) || *end == '\n')) {
            *problem = ROWS_NO_NUMBER;
            return s;
        }
        if (!float_is_finite(out[i])) {
            *problem = ROWS_NOT_FINITE;
            return s;
        }
        s = end;
    }
    s = skip_blanks(s);
    if (*s != '\n') *problem = ROWS_TOO_MANY;
    return s;
}

/* Where the key of a line ends whose last width fields are numbers; NULL if it has no more fields.
 * stop is where the line ends. */
static inline const unsigned char *key_before_last(const unsigned char *begin,
                                                   const unsigned char *stop, int64_t width) {
    const unsigned char *s = stop;
    for (;;) {
        while (s > begin && is_blank(s[-1])) s--;
        if (s == begin) return NULL;
        if (width-- == 0) return s;
        while (s > begin && !is_blank(s[-1])) s--;
    }
}

/* Parse whole lines. Relies on a newline as the last of length bytes, unless there is none.
 *
 * With spaces_in_keys, a line in which a number is missing or which goes on after the last one is
 * tried again with its last fields as the numbers, and all before them as the key.
 */
static inline void rows_parse_text(const unsigned char *text, int64_t length, int spaces_in_keys,
                                   Rows *rows) {
    const unsigned char *begin = text, *stop = text + length;
    rows->n = rows->end = rows->at = 0;
    rows->problem = ROWS_RIGHT;
    while (begin < stop && rows->n < rows->most) {
        float *out = rows->vectors + rows->n * rows->width;
        const unsigned char *key_end = begin, *s = begin;
        int problem;
        while (!is_blank(*key_end) && *key_end != '\n') key_end++;
        if (key_end == begin) {
            problem = *skip_blanks(begin) == '\n' ? ROWS_EMPTY_LINE : ROWS_NO_KEY;
        } else {
            s = row_numbers(key_end, rows->width, out, &problem);
            if (spaces_in_keys && (problem == ROWS_NO_NUMBER || problem == ROWS_TOO_MANY)) {
                const unsigned char *line_end =
                    (const unsigned char *)memchr(s, '\n', (size_t)(stop - s));
                const unsigned char *other = key_before_last(begin, line_end, rows->width);
                if (other != NULL) s = row_numbers(key_end = other, rows->width, out, &problem);
            }
        }
        if (problem) {
            rows->problem = problem;
            rows->at = s - text;
            return;
        }
        rows->keys[2 * rows->n] = begin - text;
        rows->keys[2 * rows->n + 1] = key_end - text;
        begin = s + 1;
        rows->n++;
        rows->end = begin - text;
    }
}

/* The bytes of floats, from or to little-endian order. */
static inline void copy_floats(void *to, const void *from, int64_t n) {
    memcpy(to, from, (size_t)n * sizeof(float));
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    unsigned char *bytes = (unsigned char *)to;
    for (int64_t i = 0; i < n; i++) {
        uint32_t word;
        memcpy(&word, bytes + 4 * i, 4);
        word = __builtin_bswap32(word);
        memcpy(bytes + 4 * i, &word, 4);
    }
#endif
}

static inline int floats_are_finite(const float *values, int64_t n) {
    int all = 1;
    for (int64_t i = 0; i < n; i++) all &= float_is_finite(values[i]);
    return all;
}

/* Parse binary rows, as many as lie whole in the data. */
static inline void rows_parse_binary(const unsigned char *data, int64_t length, Rows *rows) {
    const int64_t size = rows->width * (int64_t)sizeof(float);
    rows->n = rows->end = rows->at = 0;
    rows->problem = ROWS_RIGHT;
    while (rows->n < rows->most && rows->end < length) {
        int64_t begin = rows->end + (data[rows->end] == '\n');
        const unsigned char *space =
            (const unsigned char *)memchr(data + begin, ' ', (size_t)(length - begin));
        int64_t key_end = space == NULL ? length : space - data;
        if (length - key_end < 1 + size) return;
        if (key_end == begin) {
            rows->problem = ROWS_NO_KEY;
            rows->at = begin;
            return;
        }
        float *out = rows->vectors + rows->n * rows->width;
        copy_floats(out, space + 1, rows->width);
        if (!floats_are_finite(out, rows->width)) {
            rows->problem = ROWS_NOT_FINITE;
            rows->at = begin;
            return;
        }
        rows->keys[2 * rows->n] = begin;
        rows->keys[2 * rows->n + 1] = key_end;
        rows->n++;
        rows->end = key_end + 1 + size;
    }
}

/* Put keys one after the other, with a newline between each two; return where the last ends. */
static inline int64_t keys_gather(const unsigned char *data, const int64_t *keys, int64_t n,
                                  unsigned char *out /* OUT */) {
    unsigned char *s = out;
    for (int64_t i = 0; i < n; i++) {
        int64_t length = keys[2 * i + 1] - keys[2 * i];
        if (i > 0) *s++ = '\n';
        memcpy(s, data + keys[2 * i], (size_t)length);
        s += length;
    }
    return s - out;
}

/* Rows to be written: key i lies from bounds[i] to bounds[i + 1], but for a separator after it. */
typedef struct {
    const unsigned char *keys;
    const int64_t *bounds;
    const float *vectors;
    int64_t n, width;
} RowsToWrite;

/* The most bytes that the rows take as text, or as binary. */
static inline int64_t rows_most_text(int64_t n, int64_t width, int64_t key_bytes) {
    return key_bytes + n * (width * (FLOAT_MOST_CHARS + 1) + 1);
}
static inline int64_t rows_most_binary(int64_t n, int64_t width, int64_t key_bytes) {
    return key_bytes + n * (width * (int64_t)sizeof(float) + 2);
}

static inline unsigned char *row_key(const RowsToWrite *rows, int64_t i, unsigned char *s) {
    int64_t length = rows->bounds[i + 1] - rows->bounds[i] - 1;
    memcpy(s, rows->keys + rows->bounds[i], (size_t)length);
    return s + length;
}

/* Write lines; return how many bytes, or -1 - i if the numbers of row i are not all finite. */
static inline int64_t rows_format_text(const RowsToWrite *rows, unsigned char *out /* OUT */) {
    unsigned char *s = out;
    for (int64_t i = 0; i < rows->n; i++) {
        s = row_key(rows, i, s);
        const float *vector = rows->vectors + i * rows->width;
        for (int64_t k = 0; k < rows->width; k++) {
            if (!float_is_finite(vector[k])) return -1 - i;
            *s++ = ' ';
            s += float_format(vector[k], s);
        }
        *s++ = '\n';
    }
    return s - out;
}

/* Write binary rows, with a newline after each as word2vec.c does; return how many bytes. */
static inline int64_t rows_format_binary(const RowsToWrite *rows, unsigned char *out /* OUT */) {
    unsigned char *s = out;
    for (int64_t i = 0; i < rows->n; i++) {
        s = row_key(rows, i, s);
        *s++ = ' ';
        copy_floats(s, rows->vectors + i * rows->width, rows->width);
        s += rows->width * (int64_t)sizeof(float);
        *s++ = '\n';
    }
    return s - out;
}

#endif
