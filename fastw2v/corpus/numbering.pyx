"""Numbers for tokens: ``KeyTable``, where Python's objects meet the native hash table.

The table itself, and the tokenizer, are plain C without the interpreter: ``_kernels/key_table.h``
and ``_kernels/tokenizer.h``. str tokens are looked up by their UTF-8 bytes and int tokens by their
value, without Python's hashing; everything else that is hashable goes through a dict. Whatever
equals an integer (True, 1.0, numpy.int8(1)) is that integer, as it would be in a dict.
"""

from cpython.object cimport PyObject
from cpython.unicode cimport PyUnicode_Check, PyUnicode_DecodeUTF8
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memchr

from numbers import Number

import numpy as np

cdef extern from "Python.h":
    PyObject* PyDict_GetItemWithError(object mapping, object key) except? NULL
    bint PyLong_CheckExact(object)
    int64_t PyLong_AsLongLongAndOverflow(object, int* overflow) except? -1
    bint PyUnicode_IS_COMPACT_ASCII(object)
    int PyUnicode_KIND(object)
    void* PyUnicode_DATA(object)
    uint32_t PyUnicode_READ(int kind, void* data, Py_ssize_t index)
    Py_ssize_t PyUnicode_GET_LENGTH(object)

cdef extern from "large_memory.h" nogil:
    void PREFETCH(const void*)

cdef extern from "tokenizer.h" nogil:
    enum: TOKENIZER_PADDING
    ctypedef struct Tokenized:
        int32_t* numbers
        int32_t* ends
        int64_t n_numbers
        int64_t n_ends
        int64_t invalid_word
    int c_tokenize "tokenize"(CKeyTable*, const unsigned char*, int64_t, int64_t, Tokenized*)
    bint is_utf8(const unsigned char*, uint64_t)
    bint is_white(unsigned char)

cdef enum:
    AHEAD = 8  # keys to fetch before their use

PADDING = b" " * TOKENIZER_PADDING
NUMBERS = (Number, np.bool_)


cdef int64_t checked(int64_t number) except -1:
    """Turn the table's error codes into exceptions."""
    if number == KEY_TOO_MANY:
        raise OverflowError(
            "more than 2,147,483,646 distinct tokens; give max_distinct, which forgets the rarest "
            "while counting")
    if number < 0:
        raise MemoryError("no memory for another distinct token; give max_distinct")
    return number


cdef class KeyTable:
    """Distinct tokens, their numbers and counts. Not for more than one thread at a time."""

    def __cinit__(self):
        self.number_of_object, self.object_of_number = {}, {}
        if key_table_init(&self.table):
            raise MemoryError("no memory for a key table")

    def __dealloc__(self):
        key_table_free(&self.table)
        free(self.text)

    def __len__(self):
        """How many keys there are, pruned ones not among them."""
        return self.table.n - self.table.n_free

    @property
    def n_numbers(self):
        """One more than the highest number ever given."""
        return self.table.n

    def counts(self):
        """How often each number's key occurred, int64 (n_numbers,); 0 for those that are free."""
        return self.column(False)

    def first(self):
        """The place of each key's first appearance, int64 (n_numbers,)."""
        return self.column(True)

    cdef column(self, bint first):
        values = np.empty(self.table.n, np.int64)
        cdef int64_t[::1] view = values
        cdef int32_t i
        for i in range(self.table.n):
            view[i] = self.table.keys[i].first if first else self.table.counts[i]
        return values

    def tokenize(
        self, const unsigned char[::1] text not None, Py_ssize_t length, int64_t first_place,
        int32_t[::1] numbers not None, int32_t[::1] ends not None,
    ):
        """Number the words of ``text[:length]``, after which ``PADDING`` must follow.

        Returns how many numbers and sentence ends were written, and where the first new word that
        is not UTF-8 begins, or -1. A new word at byte i gets ``first_place + i``.
        """
        cdef Tokenized out
        cdef int status
        if length < 0 or length >= 2**31 - 8 or text.shape[0] < length + TOKENIZER_PADDING:
            raise ValueError(f"a text of {length} bytes in a buffer of {text.shape[0]}")
        if bytes(text[length:length + TOKENIZER_PADDING]) != PADDING:
            raise ValueError("the text must be followed by spaces")
        if numbers.shape[0] < (length + 1) // 2 or ends.shape[0] < (length + 1) // 2 + 1:
            raise ValueError("numbers and ends have no room for the text's words")
        if length == 0:
            return 0, 0, -1
        out.numbers, out.ends = &numbers[0], &ends[0]
        with nogil:
            status = c_tokenize(&self.table, &text[0], length, first_place, &out)
        checked(status)
        return out.n_numbers, out.n_ends, out.invalid_word

    def count_integers(
        self, const int64_t[::1] values not None, int64_t first_place,
        int32_t[::1] numbers not None, skip=None,
    ):
        """Number integers, but those equal to ``skip``; return how many numbers were written."""
        cdef int64_t skipped = 0 if skip is None else skip, n = values.shape[0], written
        cdef int64_t* skip_at = NULL if skip is None else &skipped
        if numbers.shape[0] < n:
            raise ValueError("numbers has no room for the values")
        if n == 0:
            return 0
        with nogil:
            written = key_table_count_integers(
                &self.table, &values[0], n, skip_at, first_place, &numbers[0])
        return checked(written)

    def count_texts(
        self, const unsigned char[::1] data not None, const int64_t[::1] offsets not None,
        int64_t first_place, int32_t[::1] numbers not None,
    ):
        """Number the texts ``data[offsets[i]:offsets[i + 1]]``; return the first new one that is
        not UTF-8, or -1."""
        cdef int64_t n = offsets.shape[0] - 1, i, invalid = -1, number = 0
        cdef int32_t known
        cdef uint64_t length
        cdef const unsigned char* text
        cdef unsigned char nothing = 0
        if numbers.shape[0] < n or n < 0:
            raise ValueError("numbers has no room for the texts")
        for i in range(n):
            if not 0 <= offsets[i] <= offsets[i + 1] <= data.shape[0]:
                raise ValueError(f"the text at {i} lies outside the data")
        with nogil:
            for i in range(n):
                length = offsets[i + 1] - offsets[i]
                text = &data[offsets[i]] if length else &nothing
                known = self.table.n - self.table.n_free
                number = key_table_count_text(
                    &self.table, key_text_head(text, length), text, length, first_place + i)
                if number < 0:
                    break
                if (self.table.n - self.table.n_free != known and invalid < 0
                        and not is_utf8(text, length)):
                    invalid = i
                numbers[i] = <int32_t>number
        checked(number)
        return invalid

    cdef int64_t count(self, object token, int64_t first) except -1:
        """Number one Python object of any kind."""
        cdef const unsigned char* text
        cdef Py_ssize_t length
        cdef int64_t value
        cdef PyObject* known
        cdef int overflow = 0
        if PyUnicode_Check(token):
            text = self.utf8(token, &length)
            return checked(key_table_count_text(
                &self.table, key_text_head(text, length), text, length, first))
        if PyLong_CheckExact(token):
            value = PyLong_AsLongLongAndOverflow(token, &overflow)
            if not overflow:
                return checked(key_table_count_integer(&self.table, value, first))
        integer = equal_integer(token)
        if integer is not None:
            return checked(key_table_count_integer(&self.table, integer, first))
        known = PyDict_GetItemWithError(self.number_of_object, token)
        value = <object>known if known is not NULL else self.new_object(token, first)
        self.table.counts[value] += 1
        return value

    cdef int64_t new_object(self, object token, int64_t first) except -1:
        """Give a number to an object that has none; it is not counted yet."""
        cdef int64_t number
        if is_missing(token):
            raise MissingToken
        number = checked(key_table_new_number(&self.table, KEY_OBJECT, 0, first))
        # Times stay NumPy's: as Python's own they would be other keys, or bare integers.
        is_plain = isinstance(token, np.generic) and token.dtype.kind not in "mM"
        self.object_of_number[number] = token.item() if is_plain else token
        self.number_of_object[token] = number
        return number

    cdef const unsigned char* utf8(self, object token, Py_ssize_t* length) except NULL:
        """The UTF-8 of a str; lone surrogates like other characters. Valid until the next call.

        Not PyUnicode_AsUTF8: it would leave a copy in every one of the caller's objects.
        """
        cdef Py_ssize_t n = PyUnicode_GET_LENGTH(token), i
        cdef int kind
        cdef void* data
        cdef unsigned char* out
        cdef uint32_t c
        if PyUnicode_IS_COMPACT_ASCII(token):
            length[0] = n
            return <const unsigned char*>PyUnicode_DATA(token)
        if self.text_capacity < 4 * n + 1:
            out = <unsigned char*>realloc(self.text, 4 * n + 1)
            if out is NULL:
                raise MemoryError(f"no memory for a token of {n} characters")
            self.text, self.text_capacity = out, 4 * n + 1
        kind, data, out = PyUnicode_KIND(token), PyUnicode_DATA(token), self.text
        for i in range(n):
            c = PyUnicode_READ(kind, data, i)
            if c < 0x80:
                out[0] = c
                out += 1
                continue
            if c < 0x800:
                out[0] = 0xC0 | c >> 6
                out += 1
            else:
                if c < 0x10000:
                    out[0] = 0xE0 | c >> 12
                    out += 1
                else:
                    out[0] = 0xF0 | c >> 18
                    out[1] = 0x80 | (c >> 12 & 0x3F)
                    out += 2
                out[0] = 0x80 | (c >> 6 & 0x3F)
                out += 1
            out[0] = 0x80 | (c & 0x3F)
            out += 1
        length[0] = out - self.text
        return self.text

    def find(self, keys):
        """The numbers of keys, int32 (len(keys),), -1 where there is none."""
        found = np.empty(len(keys), np.int32)
        cdef int32_t[::1] view = found
        cdef Py_ssize_t i = -1, length
        cdef const unsigned char* text
        cdef int64_t value = 0
        cdef int overflow
        for i, key in enumerate(keys):
            if i >= view.shape[0]:
                raise ValueError("the keys became more while they were looked up")
            if PyUnicode_Check(key):
                text = self.utf8(key, &length)
                view[i] = key_table_find_text(&self.table, text, length)
                continue
            overflow = 1
            integer = key if PyLong_CheckExact(key) else equal_integer(key)
            if integer is not None:
                value = PyLong_AsLongLongAndOverflow(integer, &overflow)
            view[i] = (self.number_of_object.get(key, -1) if overflow
                       else key_table_find_integer(&self.table, value))
        if i + 1 != view.shape[0]:
            raise ValueError("the keys became fewer while they were looked up")
        return found

    def keys(self, const int64_t[::1] numbers not None):
        """The keys of numbers as Python objects: str, int, or what was given."""
        cdef Py_ssize_t i, n = numbers.shape[0]
        cdef Key key
        found = []
        for i in range(n):
            if not 0 <= numbers[i] < self.table.n:
                raise IndexError(f"no number {numbers[i]}")
        for i in range(n):
            if i + 2 * AHEAD < n:  # keys and their texts lie anywhere in memory
                PREFETCH(&self.table.keys[numbers[i + 2 * AHEAD]])
            if i + AHEAD < n:
                PREFETCH(self.table.bytes + self.table.keys[numbers[i + AHEAD]].begin)
            key = self.table.keys[numbers[i]]
            if key.kind == KEY_TEXT:
                found.append(PyUnicode_DecodeUTF8(
                    <const char*>self.table.bytes + key.begin, key.length, "surrogatepass"))
            elif key.kind == KEY_INTEGER:
                found.append(<int64_t>key.length)
            elif key.kind == KEY_OBJECT:
                found.append(self.object_of_number[numbers[i]])
            else:
                raise KeyError(f"the number {numbers[i]} is free")
        return found

    def merge(self, KeyTable other not None):
        """Add another table's texts and integers; return their numbers here, int32 by number there."""
        mapping = np.empty(other.table.n, np.int32)
        cdef int32_t[::1] view = mapping
        cdef int status = 0
        if other is self:
            raise ValueError("a table can't be merged with itself")
        if other.table.n:
            with nogil:
                status = key_table_merge(&self.table, &other.table, &view[0])
        checked(status)
        return mapping

    def replace_invalid(self, int32_t[::1] mapping not None):
        """Make texts that are not UTF-8 into ones that are, with U+FFFD for what is not.

        ``mapping``, from older numbers to this table's, follows. Returns how many occurrences
        changed.
        """
        cdef int64_t changed = 0
        cdef int32_t i, n = self.table.n
        cdef Py_ssize_t j
        cdef Key key
        becomes = {}
        for i in range(n):
            key = self.table.keys[i]
            if key.kind != KEY_TEXT or is_utf8(self.table.bytes + key.begin, key.length):
                continue
            raw = (<const char*>self.table.bytes)[key.begin:key.begin + key.length]
            number = self.count(raw.decode("utf-8", "replace"), key.first)
            self.table.counts[number] += self.table.counts[i] - 1
            self.table.keys[number].first = min(self.table.keys[number].first, key.first)
            changed += self.table.counts[i]
            self.table.counts[i] = 0
            becomes[i] = number
        if becomes:
            for j in range(mapping.shape[0]):
                mapping[j] = becomes.get(mapping[j], mapping[j])
            self.prune(1)  # their numbers are free now
        return changed

    def prune(self, int64_t least):
        """Forget keys that occurred fewer than ``least`` times; their numbers are given out again."""
        if least < 1:
            raise ValueError(f"least must be at least 1, not {least}")
        checked(key_table_prune(&self.table, least))
        self.number_of_object = {
            token: number for token, number in self.number_of_object.items()
            if self.table.keys[<int32_t>number].kind != KEY_FREE}
        self.object_of_number = {
            number: token for number, token in self.object_of_number.items()
            if self.table.keys[<int32_t>number].kind != KEY_FREE}

    def has_nul(self):
        """Whether a text contains a NUL byte, as those of UTF-16 and of binary files do."""
        return self.table.n_bytes > 0 and memchr(self.table.bytes, 0, self.table.n_bytes) is not NULL

    def text_counts(self):
        """How many tokens are texts, and how many of these contain white space."""
        cdef int64_t texts = 0, spaced = 0
        cdef int32_t i
        cdef uint64_t j
        cdef Key key
        for i in range(self.table.n):
            key = self.table.keys[i]
            if key.kind != KEY_TEXT:
                continue
            texts += self.table.counts[i]
            for j in range(key.begin, key.begin + key.length):
                if is_white(self.table.bytes[j]):
                    spaced += self.table.counts[i]
                    break
        return texts, spaced


class MissingToken(TypeError):
    """A token that stands for no value: None, NaN, NaT or pandas.NA."""


cdef bint is_missing(object token) except -1:
    """Whether a token is None, or does not equal itself, or can't say whether it does (pandas.NA)."""
    if token is None:
        return True
    differs = token != token
    try:
        return bool(differs)
    except (TypeError, ValueError):
        return True


cdef object equal_integer(object token):
    """The 64-bit integer that a token equals, or None."""
    if type(token) is tuple or type(token) is bytes or not isinstance(token, NUMBERS):
        return None
    if isinstance(token, np.integer) and token.dtype != np.uint64:
        return int(token)
    try:
        real = bool(token) if isinstance(token, np.bool_) else token.real
        if not -2**63 <= real < 2**63:  # before int(), which would write out Decimal("1e999999")
            return None
        integer = int(real)
    except (AttributeError, TypeError, ValueError, ArithmeticError):  # no such number at all
        return None
    return integer if token == integer and -2**63 <= integer < 2**63 else None
