"""The loop over Python's own sentences: ``ObjectReader`` numbers their tokens, a block at a time."""

from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport int32_t, int64_t

import numpy as np

from fastw2v.corpus.numbering cimport KeyTable

from fastw2v.corpus.numbering import NUMBERS


cdef class ObjectReader:
    """Numbers the tokens of Python's own sentences, a block at a time.

    Parameters
    ----------
    sentences
        An iterable of sentences.
    prepare
        Called with a sentence that is neither list nor tuple, and its index: returns a list, or a
        contiguous int64 array, or raises.
    refuse
        Called with a sentence's index, a position, the token and the exception that it caused:
        raises.
    skip
        Integers to leave out, or None.
    """

    cdef object sentences, prepare, refuse, skip
    cdef object tokens  # the sentence at hand: a list, a tuple, an int64 array, or None
    cdef Py_ssize_t position
    cdef readonly int64_t n_sentences  # begun so far

    def __cinit__(self, sentences, prepare, refuse, skip=None):
        self.sentences, self.prepare, self.refuse, self.skip = (
            iter(sentences), prepare, refuse, skip)

    def read(
        self, KeyTable table not None, int64_t first_place, int32_t[::1] numbers not None,
        int32_t[::1] ends not None,
    ):
        """Fill ``numbers`` and ``ends``; return how many were written, and whether that was all.

        Ends of sentences without a token in this block are left out, but for one at 0, which may
        end a sentence that an earlier block began.
        """
        cdef Py_ssize_t n = 0, n_ends = 0, last_end = -1, room = numbers.shape[0]
        cdef bint is_last = False
        if room == 0 or ends.shape[0] < room + 1:
            raise ValueError("numbers and ends have no room")
        while n < room:
            if self.tokens is None:
                if not self.next_sentence():
                    is_last = True
                    break
            if isinstance(self.tokens, np.ndarray):
                n += self.count_array(table, first_place + n, numbers[n:])
            else:
                n += self.count_tokens(table, first_place + n, numbers[n:])
            if self.position >= len(self.tokens):
                self.tokens = None
                if n != last_end:
                    ends[n_ends] = last_end = n
                    n_ends += 1
        return n, n_ends, is_last

    cdef bint next_sentence(self) except -1:
        try:
            sentence = next(self.sentences)
        except StopIteration:
            return False
        if self.n_sentences % 4096 == 0:
            PyErr_CheckSignals()
        if type(sentence) is not list and type(sentence) is not tuple:
            sentence = self.prepare(sentence, self.n_sentences)
        self.tokens, self.position = sentence, 0
        self.n_sentences += 1
        return True

    cdef Py_ssize_t count_array(
        self, KeyTable table, int64_t first_place, int32_t[::1] numbers) except -1:
        cdef Py_ssize_t n = min(numbers.shape[0], len(self.tokens) - self.position)
        values = self.tokens[self.position:self.position + n]
        self.position += n
        return table.count_integers(values, first_place, numbers, self.skip)

    cdef Py_ssize_t count_tokens(
        self, KeyTable table, int64_t first_place, int32_t[::1] numbers) except -1:
        """Number tokens of a list or tuple, which may change its length meanwhile."""
        cdef Py_ssize_t n = 0
        cdef object skip = self.skip, tokens = self.tokens, token = None
        cdef list as_list = tokens if type(tokens) is list else None
        cdef tuple as_tuple = tokens if type(tokens) is tuple else None
        try:
            while n < numbers.shape[0]:
                if as_list is not None:
                    if self.position >= len(as_list):
                        break
                    token = as_list[self.position]
                else:
                    if self.position >= len(as_tuple):
                        break
                    token = as_tuple[self.position]
                self.position += 1
                if skip is not None and isinstance(token, NUMBERS) and token == skip:
                    continue
                numbers[n] = <int32_t>table.count(token, first_place + n)
                n += 1
        except TypeError as error:
            self.refuse(self.n_sentences - 1, self.position - 1, token, error)
            raise
        return n
