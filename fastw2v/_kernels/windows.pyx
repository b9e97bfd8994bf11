"""Turns a block of tokens into a list of windows: subsampling, then windows over what is kept.

A token w is kept with probability sqrt(t/f) + t/f, where f is its share of the corpus and t is
``sample`` (word2vec.c's rule; the probabilities come ready made). A window spans a number of kept
tokens on either side of its centre, within the sentence, drawn uniformly from 1 to the maximum.

Where sentences have weights, a sentence's objective is multiplied by its weight, and so are its
gradients: its windows get so much of the learning rate, and tallies.pxd weighs their losses. One
with weight 0 has no windows.

A block may begin or end inside a sentence. The kept tokens that its windows need from outside are
then drawn again from the same keys, so a sentence's windows are the same wherever it is cut.
"""

from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memset

from fastw2v._kernels.rng cimport Stream, fold, next_draw, sentence_key, uniform
from fastw2v._kernels.structures cimport LEAST_BUCKET_BITS


cdef void sample_windows(
    const Parameters* parameters,  # IN
    Scratch* scratch,  # OUT: kept, weights, windows, n_kept, n_windows
    int64_t epoch,
    int64_t begin,
    int64_t end,
) noexcept nogil:
    """List the windows whose centres are among tokens ``begin`` … ``end - 1``.

    Relies on 0 <= begin < end <= n_tokens and end - begin <= BLOCK_TOKENS; ``kept`` has room for
    BLOCK_TOKENS and one margin on either side.
    """
    cdef int64_t sentence = sentence_of(parameters, begin)
    scratch.n_kept = 0
    scratch.n_windows = 0
    while sentence < parameters.n_sentences and parameters.offsets[sentence] < end:
        sample_sentence(parameters, scratch, epoch, sentence,
                        max(begin, parameters.offsets[sentence]),
                        min(end, parameters.offsets[sentence + 1]))
        sentence += 1


cdef int64_t sentence_of(const Parameters* parameters, int64_t index) noexcept nogil:
    """Find the sentence that token ``index`` belongs to, by bisection."""
    cdef int64_t low = 0, high = parameters.n_sentences, middle
    while high - low > 1:
        middle = (low + high) // 2
        if parameters.offsets[middle] <= index:
            low = middle
        else:
            high = middle
    return low


cdef inline bint is_kept(
    const Parameters* parameters, uint64_t key, int64_t position, int32_t token, Stream* stream,
) noexcept nogil:
    """Subsampling's decision on one token; ``stream`` is left at the token's next draw."""
    stream.key = fold(key, position)
    stream.counter = 0
    return uniform(next_draw(stream)) < parameters.keep_probability[token]


cdef void sample_sentence(
    const Parameters* parameters, Scratch* scratch, int64_t epoch, int64_t sentence,
    int64_t begin, int64_t end,
) noexcept nogil:
    """Append the windows of one sentence's tokens ``begin`` … ``end - 1``, and what they span."""
    cdef int64_t start = parameters.offsets[sentence], stop = parameters.offsets[sentence + 1]
    cdef uint64_t key = sentence_key(parameters.seed, epoch, sentence)
    cdef int64_t tokens_before = (epoch - parameters.first_epoch) * parameters.n_tokens
    cdef int32_t first_kept = scratch.n_kept, first_window = scratch.n_windows
    cdef Stream stream
    cdef Window* window
    cdef int64_t index, missing
    cdef int32_t token
    cdef double weight = 1.0
    if parameters.weights is not NULL:
        weight = parameters.weights[sentence]
        if weight == 0.0:
            return

    missing = parameters.window_left
    index = begin - 1
    while index >= start and missing > 0:
        token = parameters.tokens[index]
        if is_kept(parameters, key, index - start, token, &stream):
            append(scratch, token)
            missing -= 1
        index -= 1
    reverse(scratch.kept, first_kept, scratch.n_kept)

    for index in range(begin, end):
        token = parameters.tokens[index]
        if is_kept(parameters, key, index - start, token, &stream):
            window = &scratch.windows[scratch.n_windows]
            window.center = scratch.n_kept
            window.lr = <float>(weight * (
                parameters.alpha - parameters.alpha_slope * max(
                    <double>(tokens_before + index), scratch.least_position)))
            window.stream = stream
            scratch.n_windows += 1
            append(scratch, token)

    missing = parameters.window_right
    index = end
    while index < stop and missing > 0 and scratch.n_windows > first_window:
        token = parameters.tokens[index]
        if is_kept(parameters, key, index - start, token, &stream):
            append(scratch, token)
            missing -= 1
        index += 1

    if parameters.weights is not NULL:
        for index in range(first_kept, scratch.n_kept):
            scratch.weights[index] = <float>weight
    set_spans(parameters, scratch, first_window, first_kept)


cdef inline void append(Scratch* scratch, int32_t token) noexcept nogil:
    scratch.kept[scratch.n_kept] = token
    scratch.n_kept += 1


cdef void reverse(int32_t* kept, int32_t first, int32_t last) noexcept nogil:
    cdef int32_t i
    for i in range((last - first) // 2):
        kept[first + i], kept[last - 1 - i] = kept[last - 1 - i], kept[first + i]


cdef void set_spans(
    const Parameters* parameters, Scratch* scratch, int32_t first_window, int32_t first_kept,
) noexcept nogil:
    """Draw each window's size, and drop the windows without a context."""
    cdef int32_t i, n_windows = first_window
    cdef Window window
    cdef int64_t left, right
    cdef double share
    for i in range(first_window, scratch.n_windows):
        window = scratch.windows[i]
        left, right = parameters.window_left, parameters.window_right
        # One draw for both sides: u of [0, 1) means 1 + floor(u * size), uniform on 1 … size. It is
        # drawn for fixed windows too, so that draw 2 is always the first negative.
        share = uniform(next_draw(&window.stream))
        if parameters.shrink_windows:
            left = min(left, 1 + <int64_t>(share * left))
            right = min(right, 1 + <int64_t>(share * right))
        window.first = <int32_t>max(<int64_t>first_kept, window.center - left)
        window.last = <int32_t>min(<int64_t>scratch.n_kept, window.center + right + 1)
        if n_contexts(&window) > 0:
            scratch.windows[n_windows] = window
            n_windows += 1
    scratch.n_windows = n_windows


cdef void link_repeats(
    const Parameters* parameters,  # IN
    Scratch* scratch,  # IN: kept; OUT: previous
) noexcept nogil:
    """For each kept token, find where it was kept before, as far back as one window can reach.

    Places are chained by buckets of tokens, of which there are no fewer than places, so the time
    does not depend on how far windows reach.
    """
    cdef int64_t reach = parameters.window_left + parameters.window_right
    cdef int32_t i, j
    cdef uint32_t shift = 32 - LEAST_BUCKET_BITS, bucket
    while scratch.n_kept > <int64_t>1 << (32 - shift):
        shift -= 1
    memset(scratch.latest, 0xFF, sizeof(int32_t) << (32 - shift))  # -1: none so far
    for i in range(scratch.n_kept):
        bucket = (<uint32_t>scratch.kept[i] * <uint32_t>0x9E3779B9) >> shift
        j = scratch.latest[bucket]
        scratch.latest[bucket] = i
        scratch.same_bucket[i] = j
        while j >= 0 and i - j <= reach and scratch.kept[j] != scratch.kept[i]:
            j = scratch.same_bucket[j]
        scratch.previous[i] = j if j >= 0 and i - j <= reach else -1
