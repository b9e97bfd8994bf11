"""Skip-gram and CBOW with the exact softmax, for small vocabularies, on BLAS's sgemm.

One example is a hidden vector h with n target words: for skip-gram the centre's input row and all
its contexts (p(·|centre) is one distribution, so they share one softmax), for CBOW the mean of the
contexts and the centre. With p = softmax(U h) and y the targets' counts (sum n):

    loss = −sum_o y_o log p_o;   dloss/dh = U^T (n p − y);   dloss/du_w = (n p_w − y_w) h

SOFTMAX_BATCH windows are computed together, with the matrices as they were at the batch's start.
U is walked in tiles of TILE_WORDS rows, three products a tile:

    first walk     S = H U^T       scores, turned into exponentials relative to the
                                   maximum so far; with a running sum, that gives p
    second walk    HG += G U       G = lr (y − n p), made from S in place
                   U  += G^T H
"""

from libc.math cimport log
from libc.stdint cimport int32_t
from libc.string cimport memcpy, memset

from fastw2v._kernels.blas cimport (
    CblasNoTrans, CblasRowMajor, CblasTrans, saxpy, sdot, sgemm,
)
from fastw2v._kernels.contexts cimport input_row
from fastw2v._kernels.flag cimport is_raised
from fastw2v._kernels.structures cimport SOFTMAX_BATCH, Window
from fastw2v._kernels.tallies cimport count_examples, weight_of
from fastw2v._kernels.windows cimport n_contexts

cdef extern from *:
    """
    #include <string.h>

    /* exp(x) for x <= 0, without a branch or a call, so that compilers turn loops over it into
     * vector code: 2^whole * 2^part by Cody and Waite's splitting, with a polynomial for 2^part
     * on [-1/2, 1/2]. Relative error below 3e-7. Below x = -60 it gives 0: smaller results would be
     * multiplied into denormal numbers, which slow sgemm down a hundredfold and change no float. */
    static inline float exp_of_nonpositive(float x)
    {
        const float to_nearest = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
        float t, whole, part, p, scale;
        int bits;
        x = x > -61.0f ? x : -61.0f;
        t = x * 1.44269504f;
        whole = (t + to_nearest) - to_nearest;
        part = t - whole;
        p = 1.5403530e-4f;
        p = p * part + 1.3333558e-3f;
        p = p * part + 9.6181291e-3f;
        p = p * part + 5.5504109e-2f;
        p = p * part + 2.4022651e-1f;
        p = p * part + 6.9314718e-1f;
        p = p * part + 1.0f;
        bits = ((int)whole + 127) << 23;
        memcpy(&scale, &bits, sizeof scale);
        return x > -60.0f ? p * scale : 0.0f;
    }

    static void exponentials(float *scores, int n, float maximum)
    {
        for (int i = 0; i < n; i++) scores[i] = exp_of_nonpositive(scores[i] - maximum);
    }

    /* In 16 partial results, as compilers may not reorder the sums of floats by themselves. */
    static float sum_of(const float *x, int n)
    {
        float part[16] = {0}, total = 0.0f;
        int i = 0;
        for (; i + 16 <= n; i += 16)
            for (int j = 0; j < 16; j++) part[j] += x[i + j];
        for (; i < n; i++) part[i % 16] += x[i];
        for (int j = 0; j < 16; j++) total += part[j];
        return total;
    }

    static float maximum_of(const float *x, int n)
    {
        float part[16], largest = x[0];
        int i = 0;
        for (int j = 0; j < 16; j++) part[j] = x[0];
        for (; i + 16 <= n; i += 16)
            for (int j = 0; j < 16; j++) part[j] = x[i + j] > part[j] ? x[i + j] : part[j];
        for (; i < n; i++) part[i % 16] = x[i] > part[i % 16] ? x[i] : part[i % 16];
        for (int j = 0; j < 16; j++) largest = part[j] > largest ? part[j] : largest;
        return largest;
    }

    static void scale_by(float *x, int n, float factor)
    {
        for (int i = 0; i < n; i++) x[i] *= factor;
    }
    """
    void exponentials(float* scores, int n, float maximum) noexcept nogil
    float sum_of(const float* x, int n) noexcept nogil
    float maximum_of(const float* x, int n) noexcept nogil
    void scale_by(float* x, int n, float factor) noexcept nogil


cdef struct Batch:
    const Window* windows
    int32_t size
    bint predict_center  # the target: the centre (CBOW), or every context (skip-gram)


cdef void skipgram_softmax(const Parameters* parameters, Scratch* scratch) noexcept nogil:
    """The centre's row predicts each of its contexts."""
    cdef int32_t number, b, d = parameters.vector_size
    cdef Batch batch
    for number in range(n_batches(scratch)):
        if is_raised(&parameters.stop):
            return
        batch = batch_of(scratch, number, False)
        for b in range(batch.size):
            memcpy(scratch.batch_hidden + <size_t>b * d,
                   input_row(parameters, scratch.kept[batch.windows[b].center]),
                   d * sizeof(float))
        update_outputs(parameters, scratch, &batch)
        for b in range(batch.size):
            move_input(parameters, scratch, b, scratch.kept[batch.windows[b].center], 1.0)


cdef void cbow_softmax(const Parameters* parameters, Scratch* scratch) noexcept nogil:
    """The mean of the contexts, or their sum, predicts the centre: as in architectures.pyx."""
    cdef int32_t number, b, place, d = parameters.vector_size
    cdef float scale
    cdef float* hidden
    cdef const Window* window
    cdef Batch batch
    for number in range(n_batches(scratch)):
        if is_raised(&parameters.stop):
            return
        batch = batch_of(scratch, number, True)
        for b in range(batch.size):
            window = &batch.windows[b]
            hidden = scratch.batch_hidden + <size_t>b * d
            scale = 1.0 / n_contexts(window) if parameters.cbow_mean else 1.0
            memset(hidden, 0, d * sizeof(float))
            for place in range(window.first, window.last):
                if place != window.center:
                    saxpy(d, scale,
                          input_row(parameters, scratch.kept[place]), 1, hidden, 1)
        update_outputs(parameters, scratch, &batch)
        for b in range(batch.size):
            window = &batch.windows[b]
            scale = 1.0
            if parameters.cbow_mean and parameters.cbow_exact:
                scale = 1.0 / n_contexts(window)
            for place in range(window.first, window.last):
                if place != window.center:
                    move_input(parameters, scratch, b, scratch.kept[place], scale)


cdef inline void move_input(
    const Parameters* parameters, const Scratch* scratch, int32_t b, int32_t token, float share,
) noexcept nogil:
    """Move an input row by its share of the example's hidden gradient; rates as in rates.pyx."""
    if parameters.input_rates is not NULL:
        share *= parameters.input_rates[token]
    saxpy(parameters.vector_size, share,  # which does nothing with a share of 0
          scratch.batch_hidden_grads + <size_t>b * parameters.vector_size, 1,
          input_row(parameters, token), 1)


cdef inline int32_t n_batches(const Scratch* scratch) noexcept nogil:
    return (scratch.n_windows + SOFTMAX_BATCH - 1) // SOFTMAX_BATCH


cdef inline Batch batch_of(Scratch* scratch, int32_t number, bint predict_center) noexcept nogil:
    """The block's windows number * SOFTMAX_BATCH and on."""
    cdef Batch batch
    batch.windows = &scratch.windows[number * SOFTMAX_BATCH]
    batch.size = min(<int32_t>SOFTMAX_BATCH, scratch.n_windows - number * SOFTMAX_BATCH)
    batch.predict_center = predict_center
    return batch


cdef void update_outputs(
    const Parameters* parameters,  # IN, with output_vectors OUT
    Scratch* scratch,  # IN: kept, batch_hidden; IN, OUT: tallies; OUT: batch_hidden_grads
    const Batch* batch,  # IN
) noexcept nogil:
    """Both walks over U, for one batch."""
    cdef int32_t tile, b
    for tile in range(n_tiles(parameters.vocabulary_size)):
        score_tile(parameters, scratch, batch, tile)
    for b in range(batch.size):
        tally_loss(parameters, scratch, batch, b)
    for tile in range(n_tiles(parameters.vocabulary_size)):
        update_tile(parameters, scratch, batch, tile)


cdef inline int32_t tile_words(const Parameters* parameters, int32_t tile) noexcept nogil:
    return min(<int32_t>TILE_WORDS, parameters.vocabulary_size - tile * TILE_WORDS)


cdef void score_tile(
    const Parameters* parameters,  # IN
    Scratch* scratch,  # IN: batch_hidden; OUT: scores, tile_max, row_max, row_sum
    const Batch* batch,  # IN
    int32_t tile,
) noexcept nogil:
    """First walk: exponentials of one tile's scores, and the running maximum and sum."""
    cdef int32_t d = parameters.vector_size, v = parameters.vocabulary_size
    cdef int32_t first = tile * TILE_WORDS, words = tile_words(parameters, tile), b
    cdef float* row
    cdef float largest
    sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, batch.size, words, d,
          1.0, scratch.batch_hidden, d,
          parameters.output_vectors + <size_t>first * parameters.stride, parameters.stride,
          0.0, scratch.scores + first, v)
    for b in range(batch.size):
        row = scratch.scores + <size_t>b * v + first
        largest = maximum_of(row, words)
        if tile == 0:
            scratch.row_max[b] = largest
            scratch.row_sum[b] = 0.0
        elif largest > scratch.row_max[b]:
            scratch.row_sum[b] *= exponential(scratch.row_max[b] - largest)
            scratch.row_max[b] = largest
        exponentials(row, words, scratch.row_max[b])
        scratch.tile_max[b * n_tiles(v) + tile] = scratch.row_max[b]
        scratch.row_sum[b] += sum_of(row, words)


cdef inline float exponential(float x) noexcept nogil:
    exponentials(&x, 1, 0.0)
    return x


cdef void tally_loss(
    const Parameters* parameters,  # IN
    Scratch* scratch,  # IN: kept, batch_hidden, row_max, row_sum; IN, OUT: tallies
    const Batch* batch,  # IN
    int32_t b,
) noexcept nogil:
    """−log p of the example's targets, from their scores, as exponentials may have underflowed."""
    cdef const Window* window = &batch.windows[b]
    cdef int32_t d = parameters.vector_size, place
    cdef double log_normalizer = scratch.row_max[b] + log(scratch.row_sum[b])
    cdef double weight = weight_of(parameters, scratch, window)
    for place in range(window.first, window.last):
        if (place == window.center) == batch.predict_center:
            scratch.loss += weight * (log_normalizer - sdot(
                d, scratch.batch_hidden + <size_t>b * d, 1,
                parameters.output_vectors + <size_t>scratch.kept[place] * parameters.stride, 1))
            count_examples(parameters, scratch, window, 1)


cdef void update_tile(
    const Parameters* parameters,  # IN, with output_vectors OUT
    Scratch* scratch,  # IN: all of the first walk's; OUT: scores, batch_hidden_grads
    const Batch* batch,  # IN
    int32_t tile,
) noexcept nogil:
    """Second walk: scores become lr (y − n p), which moves hidden gradients and output rows."""
    cdef int32_t d = parameters.vector_size, v = parameters.vocabulary_size
    cdef int32_t first = tile * TILE_WORDS, words = tile_words(parameters, tile), b, place, word
    cdef float* row
    cdef float* outputs = parameters.output_vectors + <size_t>first * parameters.stride
    cdef const Window* window
    cdef double factor
    for b in range(batch.size):
        window = &batch.windows[b]
        row = scratch.scores + <size_t>b * v + first
        factor = -window.lr * (1 if batch.predict_center else n_contexts(window))
        factor *= exponential(scratch.tile_max[b * n_tiles(v) + tile] - scratch.row_max[b])
        scale_by(row, words, <float>(factor / scratch.row_sum[b]))
        for place in range(window.first, window.last):
            word = scratch.kept[place] - first
            if (place == window.center) == batch.predict_center and 0 <= word < words:
                row[word] += window.lr
    sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, batch.size, d, words,
          1.0, scratch.scores + first, v, outputs, parameters.stride,
          0.0 if tile == 0 else 1.0, scratch.batch_hidden_grads, d)
    # Hogwild: sgemm reads and writes the shared tile in place, so another thread's step may be
    # lost where the two meet.
    sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, words, d, batch.size,
          1.0, scratch.scores + first, v, scratch.batch_hidden, d,
          1.0, outputs, parameters.stride)
