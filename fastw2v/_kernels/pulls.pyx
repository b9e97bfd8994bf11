"""How much of the sum of its changes a row moves by, where the shards of a round have trained it.

A step pulls a row towards a place that depends on the rows that it meets: along these, the gradient
of the loss of one (hidden row, output row) term has the slope sigma' |x|^2, so lr sigma' |x|^2 of the
way is gone. Where the terms of all shards together go but a little of the way, the sum of their
changes is what they would do one after the other. Where those of each shard alone go nearly all of
it, the sum goes as many times too far as there are shards, and training diverges: with frequent
words, hence small vocabularies. Of e terms' worth of pull, about g(e) = e / (1 + e) of the way is
gone, so with a pull of e_s by shard s a row moves by the share

    g(sum_s e_s) / sum_s g(e_s)

of the sum of its changes: 1 for rare words, and 1 / shards for the most frequent. A row's pull is the
sum of lr CURVATURE over its terms, where CURVATURE stands for sigma' |x|^2. Measured with 0.1, 0.25
and 0.5: on 17 M words the same scores, on 2 M words less by up to 0.4, 0.9 and 1.5 points; without,
nine of ten corpora of 4 to 500 words diverged, and with 0.1 all but the exact softmax's came to the
losses of plain training. For that it is 1, with which its did.
"""

from libc.stdint cimport int64_t

from fastw2v._kernels.windows cimport n_contexts

cdef enum:
    INVERSE_CURVATURE = 10


cdef inline float context_share(const Parameters* parameters, float n) noexcept nogil:
    """Return by how much less one of n contexts is pulled than the hidden vector is.

    CBOW's is ``scale`` times their sum, and each gets ``share`` of its gradient: see step.h.
    """
    if not parameters.is_cbow or not parameters.cbow_mean:
        return 1.0
    return 1.0 / (n * n) if parameters.cbow_exact else 1.0 / n


cdef void begin_pulls(
    const Parameters* parameters,  # IN
    Outputs* outputs,  # OUT: row_pull, and of an output row, place_pull
    const Window* window,  # IN
) noexcept nogil:
    """Find how a list of a window pulls its output rows, and how each of these a context's row.

    A token is in about as many windows as its own has contexts.
    """
    cdef float pull = window.lr / INVERSE_CURVATURE, n = n_contexts(window)
    outputs.place_pull = n * context_share(parameters, n) * pull
    outputs.row_pull = n * pull
    if parameters.for_pairs or (parameters.is_cbow and parameters.cbow_mean):
        outputs.row_pull = pull
    elif parameters.is_cbow:
        outputs.row_pull = n * n * pull  # a sum is as many times longer


cdef void softmax_pulls(
    const Parameters* parameters,  # IN
    Scratch* scratch,  # IN: kept, windows; OUT: replica's pulls
) noexcept nogil:
    """Find how a shard's examples pull all rows, with the exact softmax.

    An example pulls each output row by its probability, for which its target's share among all
    examples stands; and an input row by its target's row and by what stands against it.
    """
    cdef float* inputs = scratch.replica.pulls
    cdef float* outputs = inputs + parameters.vocabulary_size
    cdef int32_t w, place, word
    cdef int64_t i
    cdef const Window* window
    cdef float pull, share, n, everywhere = 0.0
    for i in range(2 * <int64_t>parameters.vocabulary_size):
        inputs[i] = 0.0
    for w in range(scratch.n_windows):
        window = &scratch.windows[w]
        pull, n = 2.0 * window.lr, n_contexts(window)
        share = context_share(parameters, n) if parameters.is_cbow else n
        for place in range(window.first, window.last):
            word = scratch.kept[place]
            if (place == window.center) == parameters.is_cbow:
                outputs[word] += pull
                everywhere += pull
            else:
                inputs[word] += share * pull
    for i in range(parameters.vocabulary_size):
        outputs[i] += everywhere / parameters.vocabulary_size


cdef void add_pulls(const Replica* replica, Pull* pulls, int32_t thread) noexcept nogil:
    """Add those of a shard, of the rows that are a thread's."""
    cdef int32_t i, k
    cdef Pull* pull
    for k in range(replica.begins[thread], replica.begins[thread + 1]):
        i = replica.order[k]
        pull = &pulls[replica.numbers[i]]
        pull.total += replica.pulls[i]
        pull.parts += replica.pulls[i] / (1.0 + replica.pulls[i])


cdef void clear_pulls(const Replica* replica, Pull* pulls, int32_t thread) noexcept nogil:
    """Set these back to 0."""
    cdef int32_t k
    for k in range(replica.begins[thread], replica.begins[thread + 1]):
        pulls[replica.numbers[replica.order[k]]].total = 0.0
        pulls[replica.numbers[replica.order[k]]].parts = 0.0
