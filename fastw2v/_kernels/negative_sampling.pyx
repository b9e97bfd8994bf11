"""Skip-gram and CBOW with negative sampling (Mikolov et al. 2013), on BLAS's sdot and saxpy.

Every variant is one operation: n hidden vectors h_i meet m output rows u_k, the positive first.

    s_ik = <h_i, u_k>
    loss = sum_i ( −log sigma(s_i0) − sum_{k>0} log sigma(−s_ik) )
    g_ik = lr (label_k − sigma(s_ik)),  label = 1, 0, 0, …
    h_i moves by sum_k g_ik u_k;  u_k moves by sum_i g_ik h_i;  all as they were at the start.

=================  =============================  ============================================
objective          hidden vectors                 outputs
=================  =============================  ============================================
skipgram_shared    all context rows of a window   the centre, and negatives drawn once for it
skipgram_pair      one context row at a time      the centre, and fresh negatives for each
cbow               the mean of the context rows   the centre, and negatives drawn once for it
=================  =============================  ============================================

The rows are used as they were at the start even where one occurs twice (a word twice in a window,
a negative drawn twice): scores and hidden gradients come before any row is written.
"""

from libc.stdint cimport int32_t
from libc.string cimport memset

from fastw2v._kernels.alias cimport alias_draw
from fastw2v._kernels.blas cimport saxpy, sdot
from fastw2v._kernels.rng cimport Stream, next_draw
from fastw2v._kernels.sigmoid cimport negative_log_sigmoid_at, sigmoid_at
from fastw2v._kernels.structures cimport Window
from fastw2v._kernels.windows cimport n_contexts


cdef void skipgram_shared(const Parameters* parameters, Scratch* scratch) noexcept nogil:
    """Skip-gram, ``negative_sharing="window"``: one set of negatives for a whole window."""
    cdef int32_t w, n, m
    cdef Window* window
    for w in range(scratch.n_windows):
        if parameters.stop:
            return
        window = &scratch.windows[w]
        n = find_context_rows(parameters, scratch, window)
        m = draw_output_rows(parameters, scratch, window)
        update_outputs(parameters, scratch, scratch.context_rows, n, m, window.lr)
        add_hidden_grads(parameters, scratch, scratch.context_rows, n)
        scratch.n_examples += n


cdef void skipgram_pair(const Parameters* parameters, Scratch* scratch) noexcept nogil:
    """Skip-gram, ``negative_sharing="pair"``: fresh negatives for each context, updates at once."""
    cdef int32_t w, i, n, m
    cdef Window* window
    for w in range(scratch.n_windows):
        if parameters.stop:
            return
        window = &scratch.windows[w]
        n = find_context_rows(parameters, scratch, window)
        for i in range(n):
            m = draw_output_rows(parameters, scratch, window)
            update_outputs(parameters, scratch, &scratch.context_rows[i], 1, m, window.lr)
            add_hidden_grads(parameters, scratch, &scratch.context_rows[i], 1)
        scratch.n_examples += n


cdef void cbow(const Parameters* parameters, Scratch* scratch) noexcept nogil:
    """CBOW: the mean of the contexts predicts the centre.

    h = sum_i c_i / C, so the true gradient of c_i is h's divided by C; word2vec.c leaves the
    division out, which ``cbow_gradient="word2vec"`` does too (Irsoy et al. 2021 on the difference).
    """
    cdef int32_t w, i, n, m, d = parameters.vector_size
    cdef float share
    cdef Window* window
    for w in range(scratch.n_windows):
        if parameters.stop:
            return
        window = &scratch.windows[w]
        n = find_context_rows(parameters, scratch, window)
        memset(scratch.hidden, 0, d * sizeof(float))
        for i in range(n):
            saxpy(d, 1.0 / n, scratch.context_rows[i], 1, scratch.hidden, 1)
        m = draw_output_rows(parameters, scratch, window)
        update_outputs(parameters, scratch, &scratch.hidden, 1, m, window.lr)
        share = 1.0 / n if parameters.cbow_exact else 1.0
        for i in range(n):
            saxpy(d, share, scratch.hidden_grads, 1, scratch.context_rows[i], 1)
        scratch.n_examples += 1


cdef int32_t find_context_rows(
    const Parameters* parameters,  # IN
    Scratch* scratch,  # OUT: context_rows
    const Window* window,  # IN
) noexcept nogil:
    """Point at the input rows of the window's contexts, and count them."""
    cdef int32_t place, n = 0
    for place in range(window.first, window.last):
        if place != window.center:
            scratch.context_rows[n] = parameters.input_vectors + (
                <size_t>scratch.kept[place] * parameters.vector_size)
            n += 1
    return n


cdef int32_t draw_output_rows(
    const Parameters* parameters,  # IN
    Scratch* scratch,  # OUT: output_rows
    Window* window,  # IN, OUT: its stream moves on
) noexcept nogil:
    """Point at the output rows of the centre and of fresh negatives, and count them.

    A draw equal to the centre is skipped, so the count may be less than 1 + negative.
    """
    cdef int32_t center = scratch.kept[window.center], draw, m = 1
    scratch.output_rows[0] = parameters.output_vectors + <size_t>center * parameters.vector_size
    for _ in range(parameters.negative):
        draw = alias_draw(
            parameters.noise, <unsigned int>parameters.vocabulary_size, next_draw(&window.stream))
        if draw != center:
            scratch.output_rows[m] = parameters.output_vectors + (
                <size_t>draw * parameters.vector_size)
            m += 1
    return m


cdef void update_outputs(
    const Parameters* parameters,  # IN
    Scratch* scratch,  # IN, OUT: output_rows, loss; OUT: grads, hidden_grads
    float** hidden_rows,  # IN
    int32_t n,
    int32_t m,
    float lr,
) noexcept nogil:
    """The operation at the top of this file; what h_i moves by is left in hidden_grads."""
    cdef int32_t d = parameters.vector_size, i, k
    cdef float score
    cdef float* hidden_grad
    cdef double loss = 0.0

    for i in range(n):
        for k in range(m):
            score = sdot(d, hidden_rows[i], 1, scratch.output_rows[k], 1)
            scratch.grads[<size_t>i * m + k] = lr * ((k == 0) - sigmoid_at(parameters.sigmoid, score))
            loss += negative_log_sigmoid_at(parameters.sigmoid, score if k == 0 else -score)
    scratch.loss += loss

    memset(scratch.hidden_grads, 0, <size_t>n * d * sizeof(float))
    for i in range(n):
        hidden_grad = scratch.hidden_grads + <size_t>i * d
        for k in range(m):
            saxpy(d, scratch.grads[<size_t>i * m + k], scratch.output_rows[k], 1, hidden_grad, 1)

    for i in range(n):
        for k in range(m):
            saxpy(d, scratch.grads[<size_t>i * m + k], hidden_rows[i], 1, scratch.output_rows[k], 1)


cdef void add_hidden_grads(
    const Parameters* parameters,  # IN
    Scratch* scratch,  # IN: hidden_grads
    float** hidden_rows,  # IN, OUT
    int32_t n,
) noexcept nogil:
    cdef int32_t d = parameters.vector_size, i
    for i in range(n):
        saxpy(d, 1.0, scratch.hidden_grads + <size_t>i * d, 1, hidden_rows[i], 1)
