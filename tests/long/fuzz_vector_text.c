/* Fuzzes the reading and writing of rows of vectors against slow references.
 *
 * An input's first byte says how many numbers a row has and which of the parsers reads what follows.
 * The references share no code with what is tested: strtof for a number, one line at a time for
 * text, one byte at a time for binary rows. What was read is written and read again. All buffers have
 * exactly the sizes that are promised, for the address sanitizer to see what lies beyond. Built and
 * run by fuzz_vector_text.sh.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "vector_rows.h"

#define CHECK(condition)                                                             \
    do {                                                                             \
        if (!(condition)) {                                                          \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);  \
            abort();                                                                 \
        }                                                                            \
    } while (0)

enum { MOST = 1 << 12, MOST_WIDTH = 4 };

/* ---- The reference for one number: a grammar, then strtof, which glibc rounds right. ---- */

static int reference_number(const char *field, float *out) {
    const char *s = field;
    char *end;
    int n = 0;
    s += *s == '-' || *s == '+';
    if (strspn(s, "0123456789.eE+-") == strlen(s)) {
        n = (int)strspn(s, "0123456789");
        s += n;
        if (*s == '.') {
            int fraction = (int)strspn(++s, "0123456789");
            n += fraction, s += fraction;
        }
        if (n == 0) return 0;
        if (*s == 'e' || *s == 'E') {
            s++;
            s += *s == '-' || *s == '+';
            n = (int)strspn(s, "0123456789");
            if (n == 0) return 0;
            s += n;
        }
        if (*s) return 0;
        *out = strtof(field, &end);
        CHECK(*end == 0);
        return 1;
    }
    char lower[9] = {0};
    for (int i = 0; i < 8 && s[i]; i++) lower[i] = (char)(s[i] | 32);
    if (strlen(s) > 8 || (strcmp(lower, "nan") && strcmp(lower, "inf") && strcmp(lower, "infinity")))
        return 0;
    *out = INFINITY;
    return 1;
}

/* ---- The reference for a line: its fields, then the numbers from the left, or from the right. ---- */

typedef struct {
    int problem, key_end; /* of the line */
    float numbers[MOST_WIDTH];
} Line;

static int reference_blank(char c) { return c && strchr(" \t\r", c) != NULL; }

/* Numbers from the field at *first on; what is wrong, if anything. */
static int reference_numbers(char **fields, const int *ends, char *line, int n, int first, int width,
                             float *out) {
    for (int i = 0; i < width; i++) {
        if (first + i >= n) return ROWS_TOO_FEW;
        char *field = fields[first + i];
        char saved = line[ends[first + i]];
        if (memchr(field, 0, (size_t)(line + ends[first + i] - field))) return ROWS_NO_NUMBER;
        line[ends[first + i]] = 0;
        int is_number = reference_number(field, &out[i]);
        line[ends[first + i]] = saved;
        if (!is_number) return ROWS_NO_NUMBER;
        if (!isfinite(out[i])) return ROWS_NOT_FINITE;
    }
    return first + width < n ? ROWS_TOO_MANY : ROWS_RIGHT;
}

static void reference_line(char *line, int length, int width, int spaces_in_keys, Line *out) {
    static char *fields[MOST + 1];
    static int ends[MOST + 1];
    int n = 0;
    out->key_end = 0;
    for (int i = 0; i < length;) {
        if (reference_blank(line[i])) {
            i++;
            continue;
        }
        fields[n] = line + i;
        while (i < length && !reference_blank(line[i])) i++;
        ends[n++] = i;
    }
    out->problem = n == 0 ? ROWS_EMPTY_LINE : fields[0] != line ? ROWS_NO_KEY : ROWS_RIGHT;
    if (out->problem) return;
    out->key_end = ends[0];
    out->problem = reference_numbers(fields, ends, line, n, 1, width, out->numbers);
    if (spaces_in_keys && n > width + 1
        && (out->problem == ROWS_NO_NUMBER || out->problem == ROWS_TOO_MANY)) {
        out->key_end = ends[n - width - 1];
        out->problem = reference_numbers(fields, ends, line, n, n - width, width, out->numbers);
    }
}

/* ---- What is tested. ---- */

static Rows new_rows(int64_t most, int64_t width) {
    Rows rows = {malloc((size_t)(most * width) * sizeof(float)),
                 malloc((size_t)most * 2 * sizeof(int64_t)), width, most, -1, -1, -1, -1};
    CHECK(rows.vectors != NULL && rows.keys != NULL);
    return rows;
}

static void free_rows(Rows *rows) {
    free(rows->vectors);
    free(rows->keys);
}

/* Write rows as text or binary, read that, and compare. */
static void write_and_read(const unsigned char *data, const Rows *rows, int binary) {
    if (rows->n == 0) return;
    int64_t *bounds = malloc((size_t)(rows->n + 1) * sizeof(int64_t)), n_keys = 0;
    for (int64_t i = 0; i < rows->n; i++) n_keys += rows->keys[2 * i + 1] - rows->keys[2 * i] + 1;
    unsigned char *keys = malloc((size_t)n_keys - 1);
    CHECK(bounds != NULL && keys != NULL);
    CHECK(keys_gather(data, rows->keys, rows->n, keys) == n_keys - 1);
    bounds[0] = 0;
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t begin = rows->keys[2 * i], length = rows->keys[2 * i + 1] - begin;
        CHECK(memcmp(keys + bounds[i], data + begin, (size_t)length) == 0);
        CHECK(i + 1 == rows->n || keys[bounds[i] + length] == '\n');
        bounds[i + 1] = bounds[i] + length + 1;
    }
    RowsToWrite to_write = {keys, bounds, rows->vectors, rows->n, rows->width};
    int64_t most = (binary ? rows_most_binary : rows_most_text)(rows->n, rows->width, n_keys - 1);
    unsigned char *out = malloc((size_t)most);
    CHECK(out != NULL);
    int64_t length = (binary ? rows_format_binary : rows_format_text)(&to_write, out);
    CHECK(length > 0 && length <= most);
    unsigned char *exact = malloc((size_t)length);
    CHECK(exact != NULL);
    memcpy(exact, out, (size_t)length);
    Rows again = new_rows(rows->n, rows->width);
    if (binary) rows_parse_binary(exact, length, &again);
    else rows_parse_text(exact, length, 1, &again);
    CHECK(again.n == rows->n && again.problem == ROWS_RIGHT);
    CHECK(memcmp(again.vectors, rows->vectors, (size_t)(rows->n * rows->width) * 4) == 0);
    if (!binary) {
        int64_t i = length % rows->n;
        again.vectors[i * rows->width + length % rows->width] = length % 2 ? NAN : -INFINITY;
        to_write.vectors = again.vectors;
        CHECK(rows_format_text(&to_write, out) == -1 - i);
    }
    free_rows(&again);
    free(exact);
    free(out);
    free(keys);
    free(bounds);
}

static void check_text(const unsigned char *text, int64_t length, int width, int spaces_in_keys) {
    static char line[MOST + 1];
    int64_t most = 0, begin = 0;
    while (length && text[length - 1] != '\n') length--;
    for (int64_t i = 0; i < length; i++) most += text[i] == '\n';
    Rows rows = new_rows(most, width);
    unsigned char *exact = malloc((size_t)length);
    CHECK(exact != NULL);
    if (length) memcpy(exact, text, (size_t)length);
    rows_parse_text(exact, length, spaces_in_keys, &rows);
    for (int64_t i = 0; i <= rows.n && begin < length; i++) {
        int n = (int)((const unsigned char *)memchr(text + begin, '\n', (size_t)(length - begin))
                      - text - begin);
        Line expected;
        memcpy(line, text + begin, (size_t)n);
        line[n] = 0;
        reference_line(line, n, width, spaces_in_keys, &expected);
        if (i == rows.n) {
            CHECK(expected.problem == rows.problem && rows.problem != ROWS_RIGHT);
            CHECK(rows.at >= begin && rows.at <= begin + n);
        } else {
            CHECK(expected.problem == ROWS_RIGHT);
            CHECK(rows.keys[2 * i] == begin && rows.keys[2 * i + 1] == begin + expected.key_end);
            CHECK(memcmp(rows.vectors + i * width, expected.numbers, (size_t)width * 4) == 0);
            begin += n + 1;
        }
    }
    CHECK(rows.end == begin && (begin < length || rows.problem == ROWS_RIGHT));
    int has_spaces = 0; /* which the writer leaves to its caller, and the reader may take otherwise */
    for (int64_t i = 0; i < rows.n; i++)
        for (int64_t k = rows.keys[2 * i]; k < rows.keys[2 * i + 1]; k++)
            has_spaces |= reference_blank((char)text[k]);
    if (!has_spaces) write_and_read(text, &rows, 0);
    free(exact);
    free_rows(&rows);
}

static void check_binary(const unsigned char *data, int64_t length, int width) {
    int64_t most = length / (2 + 4 * width), at = 0;
    Rows rows = new_rows(most, width);
    unsigned char *exact = malloc((size_t)length);
    CHECK(exact != NULL);
    if (length) memcpy(exact, data, (size_t)length);
    rows_parse_binary(exact, length, &rows);
    int newline_in_key = 0;
    for (int64_t i = 0;; i++) {
        int64_t key = at, space;
        if (key < length && data[key] == '\n') key++;
        for (space = key; space < length && data[space] != ' ';) space++;
        int is_whole = i < most && space + 1 + 4 * width <= length;
        uint32_t bits[MOST_WIDTH];
        int all_finite = 1;
        for (int k = 0; is_whole && k < width; k++) {
            const unsigned char *b = data + space + 1 + 4 * k;
            bits[k] = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
            all_finite &= (bits[k] >> 23 & 255) != 255;
        }
        int problem = !is_whole ? ROWS_RIGHT : space == key ? ROWS_NO_KEY : ROWS_NOT_FINITE;
        if (!is_whole || space == key || !all_finite) {
            CHECK(rows.n == i && rows.end == at && rows.problem == problem);
            CHECK(problem == ROWS_RIGHT || rows.at == key);
            break;
        }
        CHECK(rows.keys[2 * i] == key && rows.keys[2 * i + 1] == space);
        CHECK(memcmp(rows.vectors + i * width, bits, (size_t)width * 4) == 0);
        newline_in_key |= data[key] == '\n';
        at = space + 1 + 4 * width;
    }
    if (!newline_in_key) write_and_read(data, &rows, 1);
    int is_text = 1; /* then its floats may be written as text */
    for (int64_t i = 0; i < rows.n; i++)
        for (int64_t k = rows.keys[2 * i]; k < rows.keys[2 * i + 1]; k++)
            is_text &= !reference_blank((char)data[k]) && data[k] != '\n';
    if (is_text) write_and_read(data, &rows, 0);
    free(exact);
    free_rows(&rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size - 1 > MOST) return 0;
    int width = 1 + (data[0] & 3);
    check_text(data + 1, (int64_t)size - 1, width, data[0] >> 2 & 1);
    check_binary(data + 1, (int64_t)size - 1, width);
    return 0;
}
