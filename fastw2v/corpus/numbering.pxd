"""The key table, for the modules that number tokens."""

from libc.stdint cimport int32_t, int64_t, uint64_t

cdef extern from "key_table.h" nogil:
    enum: KEY_FREE, KEY_TEXT, KEY_INTEGER, KEY_OBJECT, KEY_TOO_MANY
    ctypedef struct Key:
        uint64_t begin
        uint64_t length
        int64_t first
        int32_t kind
    ctypedef struct CKeyTable "KeyTable":
        Key* keys
        int64_t* counts
        int32_t n
        int32_t n_free
        unsigned char* bytes
        uint64_t n_bytes
    int key_table_init(CKeyTable*)
    void key_table_free(CKeyTable*)
    uint64_t key_text_head(const unsigned char*, uint64_t)
    int32_t key_table_find_text(const CKeyTable*, const unsigned char*, uint64_t)
    int32_t key_table_find_integer(const CKeyTable*, int64_t)
    int64_t key_table_count_text(CKeyTable*, uint64_t, const unsigned char*, uint64_t, int64_t)
    int64_t key_table_count_integer(CKeyTable*, int64_t, int64_t)
    int64_t key_table_count_integers(
        CKeyTable*, const int64_t*, int64_t, const int64_t*, int64_t, int32_t*)
    int64_t key_table_new_number(CKeyTable*, int, uint64_t, int64_t)
    int key_table_merge(CKeyTable*, const CKeyTable*, int32_t*)
    int key_table_prune(CKeyTable*, int64_t)

cdef class KeyTable:
    cdef CKeyTable table
    cdef dict number_of_object  # those that are neither str nor int
    cdef dict object_of_number
    cdef unsigned char* text  # for the UTF-8 of one str
    cdef Py_ssize_t text_capacity

    cdef column(self, bint first)
    cdef int64_t count(self, object token, int64_t first) except -1
    cdef int64_t new_object(self, object token, int64_t first) except -1
    cdef const unsigned char* utf8(self, object token, Py_ssize_t* length) except NULL
