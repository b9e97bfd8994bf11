"""Skip-gram and CBOW (Mikolov et al. 2013) as a series of steps (step.h).

==============  ============================  =====================================================
architecture    hidden vectors of a step      outputs
==============  ============================  =====================================================
skipgram        all contexts of a window      one list for the window
skipgram_pairs  one context at a time         a fresh list for each; updates at once
cbow            their mean, or their sum      one list for the window
==============  ============================  =====================================================

A window of more than MOST_CONTEXTS contexts is several steps of skip-gram. What the outputs are is
the objective's matter: see negative_sampling.pyx and hierarchical_softmax.pyx. The exact softmax,
whose outputs are all words, is in softmax.pyx.
"""

from libc.stdint cimport int32_t, int64_t

from fastw2v._kernels.contexts cimport take_contexts, take_distinct_contexts
from fastw2v._kernels.flag cimport is_raised
from fastw2v._kernels.outputs cimport start_outputs, take_outputs
from fastw2v._kernels.rates cimport take_step
from fastw2v._kernels.structures cimport Window
from fastw2v._kernels.tallies cimport count_examples
from fastw2v._kernels.windows cimport link_repeats, n_contexts


cdef void skipgram(const Parameters* parameters, Scratch* scratch) noexcept nogil:
    """All contexts of a window against the same outputs: ``negative_sharing="window"``.

    They make one step, or several if there are more than MOST_CONTEXTS.
    """
    cdef int32_t w, place
    cdef const Window* window
    link_repeats(parameters, scratch)
    start_outputs(parameters, scratch)
    for w in range(scratch.n_windows):
        if is_raised(&parameters.stop):
            return
        window = &scratch.windows[w]
        take_outputs(parameters, scratch, w, window.lr)
        place = window.first
        while place < window.last:
            scratch.step.n = take_distinct_contexts(parameters, scratch, window, &place)
            if scratch.step.n > 0:
                take_step(parameters, scratch, parameters.updates.update_rows)
        count_examples(parameters, scratch, window, n_contexts(window))


cdef void skipgram_pairs(const Parameters* parameters, Scratch* scratch) noexcept nogil:
    """Each context against outputs of its own: ``negative_sharing="pair"``."""
    cdef int32_t w, i, n
    cdef int64_t number = 0
    cdef const Window* window
    start_outputs(parameters, scratch)
    scratch.context_counts[0] = 1.0
    scratch.step.n = 1
    for w in range(scratch.n_windows):
        if is_raised(&parameters.stop):
            return
        window = &scratch.windows[w]
        n = n_contexts(window)
        for i in range(n):
            take_outputs(parameters, scratch, number, window.lr)
            if i == 0:
                take_contexts(parameters, scratch, window)
            scratch.step.hidden_rows = &scratch.context_rows[i]
            take_step(parameters, scratch, parameters.updates.update_rows)
            number += 1
        count_examples(parameters, scratch, window, n)


cdef void cbow(const Parameters* parameters, Scratch* scratch) noexcept nogil:
    """The mean of the contexts, or their sum, predicts the centre.

    h = s sum_i c_i, with s = 1 / C for the mean and 1 for the sum, so the true gradient of c_i is s
    times h's. word2vec.c leaves the division out, which ``cbow_gradient="word2vec"`` does too (Irsoy
    et al. 2021 on the difference).
    """
    cdef int32_t w, n
    cdef const Window* window
    start_outputs(parameters, scratch)
    for w in range(scratch.n_windows):
        if is_raised(&parameters.stop):
            return
        window = &scratch.windows[w]
        take_outputs(parameters, scratch, w, window.lr)
        n = take_contexts(parameters, scratch, window)
        scratch.step.n = n
        scratch.step.scale = 1.0 / n if parameters.cbow_mean else 1.0
        scratch.step.share = scratch.step.scale if parameters.cbow_exact else 1.0
        take_step(parameters, scratch, parameters.updates.update_mean)
        count_examples(parameters, scratch, window, 1)
