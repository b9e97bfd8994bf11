"""From numbers to an encoded corpus: translation to rows, and sentences into a random order.

A corpus arrives in pieces, each some numbers and the places in them where sentences end. A sentence
may run on from piece to piece. ``translate`` turns one piece's numbers into rows of the vocabulary.
``Scatter`` then puts each sentence where it belongs.

The random order sorts sentences by 24 bits drawn for each, ties by their order. It is made without
ever holding the corpus twice: sentences first go to buckets, by the highest of these bits, which are
filled one after the other from end to end; then each bucket is sorted alone.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastw2v._kernels.rng cimport fold
from fastw2v._kernels.rng import SENTENCE_ORDER

cdef enum:
    DRAW_BITS = 24
    RECORD_LENGTH_BITS = 40  # a record: the draw above, below it a length, which no memory reaches

LENGTH_BITS = RECORD_LENGTH_BITS
MOST_BUCKET_BITS = 16

def translate(
    const int32_t[::1] numbers not None,  # IN
    const int32_t[::1] ends not None,  # IN
    const int32_t[::1] rows not None,  # IN: each number's row, -1 for those to be dropped
    bint is_open,  # IN: whether the sentence that the piece goes on with has a token already
    int32_t[::1] out_tokens not None,  # OUT: room for as many as numbers
    int32_t[::1] out_ends not None,  # OUT: room for as many as ends
):
    """Translate one piece; drop unknown tokens, and ends of sentences without any token left.

    Returns how many tokens and ends were written, and whether a sentence with a token is open.
    """
    cdef Py_ssize_t n = 0, n_ends = 0, begin = 0, end, last = 0, s, i
    cdef int32_t row
    cdef int32_t bound = <int32_t>rows.shape[0]
    cdef bint outside = False
    if out_tokens.shape[0] < numbers.shape[0] or out_ends.shape[0] < ends.shape[0]:
        raise ValueError("no room for the translation")
    with nogil:
        for s in range(ends.shape[0] + 1):
            end = ends[s] if s < ends.shape[0] else numbers.shape[0]
            if end < begin or end > numbers.shape[0]:
                outside = True
                break
            for i in range(begin, end):
                if numbers[i] < 0 or numbers[i] >= bound:
                    outside = True
                    break
                row = rows[numbers[i]]
                out_tokens[n] = row
                n += row >= 0
            if outside:
                break
            begin = end
            if s < ends.shape[0] and (n > last or is_open):
                out_ends[n_ends] = <int32_t>n
                n_ends += 1
                last = n
                is_open = False
    if outside:
        raise ValueError("a number or an end lies outside its range: the corpus is damaged")
    return n, n_ends, is_open or n > last


cdef class Scatter:
    """Puts sentences, piece by piece, into buckets of one array: first all planned, then all placed.

    Parameters
    ----------
    seed
        Of the random order.
    bucket_bits
        There are ``2 ** bucket_bits`` buckets.
    """

    cdef uint64_t key
    cdef int bucket_bits
    cdef int64_t sentence  # the one at hand
    cdef int64_t length  # how much of it came in earlier pieces
    cdef readonly int64_t longest

    def __cinit__(self, uint64_t seed, int bucket_bits):
        if not 0 <= bucket_bits <= MOST_BUCKET_BITS:
            raise ValueError(f"bucket_bits {bucket_bits} is out of range")
        self.bucket_bits = bucket_bits
        self.key = fold(fold(0, seed), SENTENCE_ORDER)

    cdef inline uint64_t draw(self) noexcept nogil:
        return fold(self.key, self.sentence) >> (64 - DRAW_BITS)

    cdef inline int64_t bucket(self) noexcept nogil:
        return <int64_t>(self.draw() >> (DRAW_BITS - self.bucket_bits))

    def draws(self, uint32_t[::1] out not None):
        """Write the draws of sentences 0, 1, …; sorted by these, ties by number, they are in order."""
        cdef Py_ssize_t s
        cdef int64_t sentence = self.sentence
        for s in range(out.shape[0]):
            self.sentence = s
            out[s] = <uint32_t>self.draw()
        self.sentence = sentence

    def plan(
        self,
        const int32_t[::1] ends not None,  # IN
        int64_t n_tokens,  # IN: tokens of the piece
        int64_t[::1] bucket_tokens not None,  # INOUT: tokens for each bucket
        int64_t[::1] bucket_sentences not None,  # INOUT: sentences for each bucket
    ):
        """Count what one piece, already translated, puts into each bucket."""
        cdef Py_ssize_t s, n_done = 0
        cdef int64_t begin = 0, bucket
        check_buckets(self.bucket_bits, bucket_tokens, bucket_sentences)
        with nogil:
            for s in range(ends.shape[0]):
                if ends[s] < begin:
                    break
                bucket = self.bucket()
                self.length += ends[s] - begin
                bucket_tokens[bucket] += self.length
                bucket_sentences[bucket] += 1
                begin = ends[s]
                self.length = 0
                self.sentence += 1
                n_done += 1
            self.length += n_tokens - begin
        if n_done < ends.shape[0] or begin > n_tokens:
            raise ValueError("an end lies outside its piece")

    def restart(self):
        """Begin again with the first sentence, to place what was planned."""
        self.sentence = self.length = 0

    def place(
        self,
        const int32_t[::1] tokens not None,  # IN
        const int32_t[::1] ends not None,  # IN
        int64_t[::1] next_token not None,  # INOUT: each bucket's first free place in out_tokens
        int64_t[::1] next_record not None,  # INOUT: and in out_records
        int32_t[::1] out_tokens not None,  # OUT
        uint64_t[::1] out_records not None,  # OUT: draw and length of each sentence
    ):
        """Put one translated piece's sentences at the ends of their buckets."""
        cdef Py_ssize_t s
        cdef int64_t begin = 0, end, bucket
        cdef bint outside = False
        check_buckets(self.bucket_bits, next_token, next_record)
        with nogil:
            for s in range(ends.shape[0] + 1):
                end = ends[s] if s < ends.shape[0] else tokens.shape[0]
                bucket = self.bucket()
                if (end < begin or end > tokens.shape[0]
                        or not 0 <= next_token[bucket] <= out_tokens.shape[0]
                        or end - begin > out_tokens.shape[0] - next_token[bucket]
                        or not 0 <= next_record[bucket] <= out_records.shape[0]):
                    outside = True
                    break
                if end > begin:
                    memcpy(&out_tokens[next_token[bucket]], &tokens[begin],
                           (end - begin) * sizeof(int32_t))
                next_token[bucket] += end - begin
                self.length += end - begin
                begin = end
                if s < ends.shape[0]:
                    if next_record[bucket] == out_records.shape[0]:
                        outside = True
                        break
                    out_records[next_record[bucket]] = (
                        self.draw() << RECORD_LENGTH_BITS | <uint64_t>self.length)
                    next_record[bucket] += 1
                    self.longest = max(self.longest, self.length)
                    self.length = 0
                    self.sentence += 1
        if outside:
            raise ValueError(
                "more tokens or sentences were placed than planned, or an end lies outside")


cdef check_buckets(int bucket_bits, const int64_t[::1] first, const int64_t[::1] second):
    if first.shape[0] != 1 << bucket_bits or second.shape[0] != 1 << bucket_bits:
        raise ValueError(f"{1 << bucket_bits} buckets, but {first.shape[0]}, {second.shape[0]}")


def gather(
    const int32_t[::1] tokens not None,  # IN: one bucket
    const int64_t[::1] begins not None,  # IN: where each sentence begins in it, in the new order
    const int64_t[::1] lengths not None,  # IN
    int32_t[::1] out not None,  # OUT: as many as tokens
):
    """Copy sentences one after the other."""
    cdef Py_ssize_t s
    cdef int64_t at = 0
    cdef bint outside = False
    if lengths.shape[0] != begins.shape[0]:
        raise ValueError(f"{begins.shape[0]} sentences, but {lengths.shape[0]} lengths")
    with nogil:
        for s in range(begins.shape[0]):
            if (lengths[s] < 0 or not 0 <= begins[s] <= tokens.shape[0]
                    or lengths[s] > tokens.shape[0] - begins[s]
                    or lengths[s] > out.shape[0] - at):
                outside = True
                break
            if lengths[s] > 0:
                memcpy(&out[at], &tokens[begins[s]], lengths[s] * sizeof(int32_t))
            at += lengths[s]
    if outside:
        raise ValueError("a sentence lies outside its bucket")
