"""Skip-gram and CBOW with negative sampling (Mikolov et al. 2013).

Every variant is made of the steps of step.h: hidden vectors meet output rows, the centre's with
label 1, those of negatives with label 0.

===============  =============================  ================================================
objective        hidden vectors                 outputs
===============  =============================  ================================================
skipgram_window  all contexts of a window       the centre, and negatives drawn once for it
skipgram_pair    one context at a time          the centre, and fresh negatives for each
cbow             the mean of the contexts       the centre, and negatives drawn once for it
===============  =============================  ================================================
"""

from libc.stdint cimport int32_t, int64_t

from fastw2v._kernels.contexts cimport take_contexts, take_distinct_contexts
from fastw2v._kernels.draws cimport next_draw_of, start_draws
from fastw2v._kernels.structures cimport Draw, Window
from fastw2v._kernels.windows cimport n_contexts


cdef void skipgram_window(const Parameters* parameters, Scratch* scratch) noexcept nogil:
    """Skip-gram, ``negative_sharing="window"``: one set of negatives for a whole window."""
    cdef int32_t w
    cdef const Window* window
    start_draws(scratch)
    for w in range(scratch.n_windows):
        if parameters.stop:
            return
        window = &scratch.windows[w]
        take_outputs(scratch, next_draw_of(parameters, scratch, w, False), window.lr)
        scratch.step.n = take_distinct_contexts(parameters, scratch, window)
        parameters.updates.update_rows(&scratch.step)
        scratch.n_examples += n_contexts(window)


cdef void skipgram_pair(const Parameters* parameters, Scratch* scratch) noexcept nogil:
    """Skip-gram, ``negative_sharing="pair"``: fresh negatives for each context, updates at once."""
    cdef int32_t w, i, n
    cdef int64_t number = 0
    cdef float** context_rows = scratch.context_rows
    cdef const Window* window
    start_draws(scratch)
    scratch.context_counts[0] = 1.0
    scratch.context_counts[1] = 0.0
    scratch.step.n = 1
    for w in range(scratch.n_windows):
        if parameters.stop:
            return
        window = &scratch.windows[w]
        n = take_contexts(parameters, scratch, window)
        for i in range(n):
            take_outputs(scratch, next_draw_of(parameters, scratch, number, True), window.lr)
            scratch.step.hidden_rows = &context_rows[i]
            parameters.updates.update_rows(&scratch.step)
            number += 1
        scratch.n_examples += n


cdef void cbow(const Parameters* parameters, Scratch* scratch) noexcept nogil:
    """CBOW: the mean of the contexts predicts the centre.

    h = sum_i c_i / C, so the true gradient of c_i is h's divided by C; word2vec.c leaves the
    division out, which ``cbow_gradient="word2vec"`` does too (Irsoy et al. 2021 on the difference).
    """
    cdef int32_t w, n
    cdef const Window* window
    start_draws(scratch)
    for w in range(scratch.n_windows):
        if parameters.stop:
            return
        window = &scratch.windows[w]
        take_outputs(scratch, next_draw_of(parameters, scratch, w, False), window.lr)
        n = take_contexts(parameters, scratch, window)
        scratch.step.n = n
        scratch.step.share = 1.0 / n if parameters.cbow_exact else 1.0
        parameters.updates.update_mean(&scratch.step)
        scratch.n_examples += 1


cdef inline void take_outputs(Scratch* scratch, const Draw* draw, float lr) noexcept nogil:
    scratch.step.m = draw.m
    scratch.step.output_rows = draw.rows
    scratch.step.output_counts = draw.counts
    scratch.step.lr = lr
