"""What Python sees of the kernels: ``Kernel``, the parameter struct of one training run, and
``Scratch``, what one thread writes besides the matrices.
"""

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport calloc, free

from fastw2v._kernels.alias cimport AliasTable, alias_draw
from fastw2v._kernels.architectures cimport cbow, skipgram, skipgram_pairs
from fastw2v._kernels.both_objectives cimport begin_both, list_both
from fastw2v._kernels.flag cimport is_raised, raise_flag
from fastw2v._kernels.hierarchical_softmax cimport find_path, list_path
from fastw2v._kernels.huffman cimport HuffmanTree
from fastw2v._kernels.kernel_checks cimport (
    check_corpus, check_range, check_shapes, check_words, factors, row_stride,
)
from fastw2v._kernels.negative_sampling cimport draw_negatives, list_negatives
from fastw2v._kernels.outputs cimport list_block
from fastw2v._kernels.pulls cimport softmax_pulls
from fastw2v._kernels.replica cimport begin_replica, end_replica
from fastw2v._kernels.rng cimport Stream, next_draw
from fastw2v._kernels.softmax cimport cbow_softmax, n_tiles, skipgram_softmax
from fastw2v._kernels.step cimport ROW_BYTES, ROW_FLOATS, SLACK, TILE_COLUMNS, TILE_OUTPUTS
from fastw2v._kernels.structures cimport (
    BLOCK_TOKENS, LEAST_BUCKET_BITS, MANY_NEGATIVES, MOST_CONTEXTS, SHARD_TOKENS, SOFTMAX_BATCH,
    STEPS_BEGUN, Outputs, Replica, Window,
)
from fastw2v._kernels.tallies cimport fold_losses
from fastw2v._kernels.updates cimport updates_named
from fastw2v._kernels.windows cimport sample_windows

BLOCK = BLOCK_TOKENS
WINDOW_BYTES = sizeof(Window)
globals().update(
    MANY_NEGATIVES=MANY_NEGATIVES, MOST_CONTEXTS=MOST_CONTEXTS, LISTS_BEGUN=STEPS_BEGUN)
SOFTMAX_EXAMPLES = SOFTMAX_BATCH  # computed from the same matrices, then stepped together


cdef BlockUpdate update_for(str architecture, str objective, str negative_sharing) except NULL:
    """Find the function for a block; a combination that has none is an error, never a fallback."""
    if objective == "softmax":
        if architecture == "skipgram":
            return skipgram_softmax
        if architecture == "cbow":
            return cbow_softmax
    elif objective in ("negative_sampling", "hierarchical_softmax"):
        if architecture == "cbow":
            return cbow
        if architecture == "skipgram":
            if objective == "negative_sampling" and negative_sharing == "pair":
                return skipgram_pairs
            if objective == "hierarchical_softmax" or negative_sharing == "window":
                return skipgram
    raise ValueError(
        f"no kernel for architecture={architecture!r}, objective={objective!r}, "
        f"negative_sharing={negative_sharing!r}")


cdef class Kernel:
    """One training run, bound to its corpus and its matrices.

    Parameters
    ----------
    parameters
        Any object with the attributes of ``fastw2v.hyperparameters.Hyperparameters``.
    tokens, offsets
        The corpus: int32 (N,) and int64 (sentences + 1,), which starts at 0, never falls, and ends
        at N. Every token is a row of the matrices; this is checked here, once.
    keep_probability
        float32 (V,): subsampling's probability to keep a word.
    noise
        The negatives' distribution over the V words, which negative sampling needs.
    tree
        The words' paths, which hierarchical softmax needs.
    node_vectors
        As ``output_vectors``, for inner nodes: with these, ``noise`` and ``tree``, each step of
        negative sampling is one of hierarchical softmax, too. None trains by one of the two.
    weights
        float32 (sentences,), at least 0: what each sentence's objective is multiplied by. None is 1.
    input_rates
        float32 (V,), at least 0: what each input row's steps are multiplied by. None is 1.
    input_vectors, output_vectors
        float32 (V, vector_size): trained in place. Rows are contiguous; but for ``kernel="blas"``
        they also begin at multiples of ``ROW_BYTES`` and are followed by zeros up to a multiple of
        ``ROW_FLOATS``, which are written to as well (``fastw2v.matrices`` makes such ones).
    kernel
        The name of the one that carries out the steps: see ``updates.pyx``.
    first_epoch, epochs
        Epochs ``first_epoch`` … ``first_epoch + epochs - 1`` are planned: the learning rate falls
        from ``alpha`` to ``min_alpha`` over them.
    release
        Called now and then while the corpus is checked: lets go of what a mapped one holds in memory.
    """

    def __cinit__(
        self, parameters, const int32_t[::1] tokens, const int64_t[::1] offsets, *,
        const float[::1] keep_probability, AliasTable noise=None, HuffmanTree tree=None,
        const float[::1] weights=None, const float[::1] input_rates=None, float[:, :] input_vectors,
        float[:, :] output_vectors, float[:, :] node_vectors=None, int64_t first_epoch,
        int64_t epochs, str kernel="blas", release=None,
    ):
        cdef Parameters* p = &self.parameters
        cdef Py_ssize_t v = input_vectors.shape[0]
        p.updates = updates_named(kernel)
        check_shapes(v, input_vectors, output_vectors, keep_probability)
        p.longest_sentence = check_corpus(tokens, offsets, v, release)
        self.update = update_for(
            parameters.architecture, parameters.objective, parameters.negative_sharing)
        p.is_cbow = parameters.architecture == "cbow"
        p.for_pairs = self.update is skipgram_pairs

        p.tokens, p.n_tokens = &tokens[0], tokens.shape[0]
        p.offsets, p.n_sentences = &offsets[0], offsets.shape[0] - 1
        p.weights = factors("weights", weights, p.n_sentences)
        p.input_rates = factors("input_rates", input_rates, v)
        p.input_vectors, p.output_vectors = &input_vectors[0, 0], &output_vectors[0, 0]
        p.vocabulary_size, p.vector_size = <int32_t>v, <int32_t>input_vectors.shape[1]
        p.stride = row_stride(input_vectors, output_vectors, p.updates.any_rows)
        p.rows_per_float = 1.0 / p.stride
        p.keep_probability = &keep_probability[0]
        self.most_outputs = 0
        if parameters.objective == "negative_sampling":
            check_words("noise", v, None if noise is None else noise.size)
            p.begin_outputs, p.list_outputs = draw_negatives, list_negatives
            p.noise, p.negative = noise.slots, parameters.negative
            self.most_outputs = 1 + p.negative
        elif parameters.objective == "hierarchical_softmax":
            check_words("tree", v, None if tree is None else tree.size)
            p.begin_outputs, p.list_outputs = find_path, list_path
            p.path_offsets, p.path_nodes, p.path_labels = tree.offsets, tree.nodes, tree.labels
            self.most_outputs = tree.longest_path
        if node_vectors is not None:
            if parameters.objective != "negative_sampling":
                raise ValueError("node_vectors go with negative sampling")
            check_words("tree", v, None if tree is None else tree.size)
            if (node_vectors.shape[0] != v or node_vectors.shape[1] != p.vector_size
                    or row_stride(input_vectors, node_vectors, p.updates.any_rows) != p.stride):
                raise ValueError("the rows of node_vectors must be as those of the other matrices")
            p.begin_outputs, p.list_outputs = begin_both, list_both
            p.path_offsets, p.path_nodes, p.path_labels = tree.offsets, tree.nodes, tree.labels
            p.node_vectors = &node_vectors[0, 0]
            self.most_outputs += tree.longest_path
        left, right = parameters.window_sides
        p.window_left = left if left is not None else p.longest_sentence
        p.window_right = right if right is not None else p.longest_sentence
        p.shrink_windows = parameters.shrink_windows and left is not None
        p.cbow_mean = parameters.cbow_mean
        p.cbow_exact = parameters.cbow_gradient == "exact"
        p.alpha = parameters.alpha
        self.planned_tokens = epochs * <double>p.n_tokens
        p.alpha_slope = (parameters.alpha - parameters.min_alpha) / self.planned_tokens
        p.first_epoch = first_epoch
        p.seed = parameters.seed
        p.stop = False
        self.alive = (tokens, offsets, keep_probability, noise, tree, weights,
                      input_rates, input_vectors, output_vectors, node_vectors)

    def stop(self):
        """Tell all threads inside ``train`` to return at their next window."""
        raise_flag(&self.parameters.stop)

    def train(
        self, Scratch scratch not None, int64_t epoch, int64_t begin, int64_t end,
        double progress=0.0,
    ):
        """Train on the windows whose centres are tokens ``begin`` … ``end - 1``, without the GIL.

        ``begin`` is a multiple of ``BLOCK``, and so is ``end``, unless it is the corpus's end. The
        learning rate is no higher than it is planned to be after the share ``progress``, from 0
        to 1, of all epochs.
        """
        if scratch.kernel is not self:
            raise ValueError("this scratch was made for another kernel")
        if scratch.is_for_shard:
            raise ValueError("a shard's scratch is for rounds")
        self.check_batch(begin, end, progress, BLOCK_TOKENS)
        with nogil:
            while begin < end and not is_raised(&self.parameters.stop):
                self.sample_block(
                    &scratch.buffers, epoch, begin, min(begin + BLOCK_TOKENS, end), progress)
                self.train_block(&scratch.buffers)
                begin += BLOCK_TOKENS

    cdef check_batch(self, int64_t begin, int64_t end, double progress, int64_t unit):
        """Raise ValueError if these can't be trained on: ``unit`` is what ``begin`` is a multiple of."""
        if not 0.0 <= progress <= 1.0:
            raise ValueError(f"progress must be from 0 to 1, not {progress}")
        check_range(&self.parameters, begin, end, unit)

    cdef void sample_block(
        self, ScratchStruct* scratch, int64_t epoch, int64_t begin, int64_t end, double progress,
    ) noexcept nogil:
        """Find the windows of a block, and, if the scratch has a replica, all rows that they touch."""
        scratch.least_position = progress * self.planned_tokens
        sample_windows(&self.parameters, scratch, epoch, begin, end)
        if scratch.replica.rows is not NULL and not scratch.replica.is_whole:
            list_block(&self.parameters, scratch)

    cdef void train_block(self, ScratchStruct* scratch) noexcept nogil:
        """Train on a block: in the matrices, or, if the scratch has a replica, in that."""
        cdef const Parameters* p = &self.parameters
        if scratch.replica.rows is not NULL:
            begin_replica(p, &scratch.replica)
            if scratch.replica.is_whole:
                p = scratch.replica.parameters
                softmax_pulls(p, scratch)
        self.update(p, scratch)
        fold_losses(scratch, 1.0)
        if scratch.replica.rows is not NULL:
            end_replica(&self.parameters, &scratch.replica, scratch.marks.n_threads)

    def windows(self, int64_t epoch, int64_t begin, int64_t end, double progress=0.0):
        """Return what ``train`` would work on: a list of (centre, contexts, lr, negatives), for tests.

        ``negatives`` holds the first draws as drawn, those equal to the centre too: ``negative``
        for each context, of which shared sampling and CBOW use the first ``negative``. Hierarchical
        softmax and the exact softmax draw none.
        """
        cdef Scratch scratch = Scratch(self)
        cdef ScratchStruct* s = &scratch.buffers
        cdef Window window
        found = []
        check_range(&self.parameters, begin, end, BLOCK_TOKENS)
        s.least_position = progress * self.planned_tokens
        for block in range(begin, end, BLOCK):
            sample_windows(&self.parameters, s, epoch, block, min(block + BLOCK_TOKENS, end))
            for w in range(s.n_windows):
                window = s.windows[w]
                contexts = [
                    s.kept[i] for i in range(window.first, window.last) if i != window.center]
                negatives = [
                    alias_draw(
                        self.parameters.noise, <unsigned int>self.parameters.vocabulary_size,
                        next_draw(&window.stream))
                    for _ in range(self.parameters.negative * len(contexts))]
                found.append((s.kept[window.center], contexts, window.lr, negatives))
        return found


cdef class Scratch:
    """One thread's working memory for one kernel, and its tallies; or a shard's: see rounds.pyx.

    Parameters
    ----------
    kernel
        What it is for.
    for_shard
        Whether it is to hold all lists of a shard, and copies of rows.
    replica_of
        Another one for a shard, to use its copies of rows.
    """

    def __cinit__(self, Kernel kernel not None, bint for_shard=False, Scratch replica_of=None):
        cdef const Parameters* p = &kernel.parameters
        cdef ScratchStruct* s = &self.buffers
        cdef size_t d = p.vector_size, v = p.vocabulary_size
        # No window reaches beyond its sentence, so scratch for more would never be used.
        cdef size_t margin = (min(p.window_left, p.longest_sentence)
                              + min(p.window_right, p.longest_sentence))
        cdef size_t contexts = min(margin, <size_t>max(p.longest_sentence, 1)), lists = 0, rows
        if BLOCK_TOKENS + margin >= 2**31:
            raise ValueError(f"a window of {margin:,} tokens: at most {2**31 - BLOCK_TOKENS:,}")
        self.kernel = kernel
        s.kept = <int32_t*>self.allocate(BLOCK_TOKENS + margin, sizeof(int32_t))
        s.previous = <int32_t*>self.allocate(BLOCK_TOKENS + margin, sizeof(int32_t))
        s.same_bucket = <int32_t*>self.allocate(BLOCK_TOKENS + margin, sizeof(int32_t))
        s.latest = <int32_t*>self.allocate(
            <size_t>1 << max(LEAST_BUCKET_BITS, bits_of(BLOCK_TOKENS + margin)), sizeof(int32_t))
        if p.weights is not NULL:
            s.weights = <float*>self.allocate(BLOCK_TOKENS + margin, sizeof(float))
        s.windows = <Window*>self.allocate(BLOCK_TOKENS, sizeof(Window))
        s.step.losses = <float*>self.allocate(ROW_FLOATS, sizeof(float))
        if not p.list_outputs:
            s.batch_hidden = <float*>self.allocate(SOFTMAX_BATCH * d, sizeof(float))
            s.batch_hidden_grads = <float*>self.allocate(SOFTMAX_BATCH * d, sizeof(float))
            s.scores = <float*>self.allocate(SOFTMAX_BATCH * v, sizeof(float))
            s.tile_max = <float*>self.allocate(
                SOFTMAX_BATCH * n_tiles(p.vocabulary_size), sizeof(float))
            s.row_max = <float*>self.allocate(SOFTMAX_BATCH, sizeof(float))
            s.row_sum = <double*>self.allocate(SOFTMAX_BATCH, sizeof(double))
        else:
            lists = STEPS_BEGUN
            if for_shard:
                lists = SHARD_TOKENS * (contexts if p.for_pairs else 1)
            s.input_rows = <float**>self.allocate(BLOCK_TOKENS + margin, sizeof(float*))
            self.allocate_steps(contexts, kernel.most_outputs, bits_of(lists))
        self.is_for_shard = for_shard
        if for_shard:
            rows = min(SHARD_TOKENS + margin, v) + min(
                lists * kernel.most_outputs, v if p.node_vectors is NULL else 2 * v)
            s.marks.marked = <int64_t*>self.allocate(rows, sizeof(int64_t))
            if replica_of is not None:
                s.replica = replica_of.buffers.replica
            elif p.list_outputs:
                self.allocate_replica(rows)
            else:
                self.allocate_whole_replica()

    cdef allocate_steps(self, size_t contexts, size_t outputs, int list_bits):
        """Make room for steps of so many contexts and output rows at the most."""
        cdef const Parameters* p = &self.kernel.parameters
        cdef ScratchStruct* s = &self.buffers
        cdef size_t tiles = (outputs + TILE_OUTPUTS - 1) // TILE_OUTPUTS, i, k
        cdef float* labels = <float*>self.allocate(outputs + SLACK, sizeof(float))
        s.context_rows = <float**>self.allocate(contexts, sizeof(float*))
        s.context_counts = <float*>self.allocate(contexts, sizeof(float))
        s.context_slots = <int32_t*>self.allocate(contexts + 1, sizeof(int32_t))
        if p.input_rates is not NULL:
            s.rated_rows = <float**>self.allocate(contexts, sizeof(float*))
            s.copies = <float*>self.allocate(2 * contexts * p.stride, sizeof(float))
        cdef int32_t* table = NULL
        cdef int table_bits = bits_of(2 * outputs)
        if p.negative >= MANY_NEGATIVES:
            table = <int32_t*>self.allocate(<size_t>1 << table_bits, sizeof(int32_t))
        cdef size_t lists = <size_t>1 << list_bits
        cdef uint64_t* draws = <uint64_t*>self.allocate(lists * p.negative, sizeof(uint64_t))
        cdef float** rows = <float**>self.allocate(lists * outputs, sizeof(float*))
        cdef float* counts = <float*>self.allocate(lists * (outputs + SLACK), sizeof(float))
        cdef float* own_labels = NULL
        if p.node_vectors is not NULL:
            own_labels = <float*>self.allocate(lists * (outputs + SLACK), sizeof(float))
        labels[0] = 1.0
        s.last_list = lists - 1
        s.outputs = <Outputs*>self.allocate(lists, sizeof(Outputs))
        for i in range(lists):
            s.outputs[i].table, s.outputs[i].table_bits = table, table_bits
            s.outputs[i].draws = draws + i * p.negative
            s.outputs[i].rows = rows + i * outputs
            s.outputs[i].counts = counts + i * (outputs + SLACK)
            s.outputs[i].labels = labels
            if own_labels is not NULL:
                s.outputs[i].own_labels = own_labels + i * (outputs + SLACK)
                s.outputs[i].labels = s.outputs[i].own_labels
            for k in range(outputs):
                s.outputs[i].counts[k] = 1.0
        s.step.vector_size, s.step.stride = p.vector_size, p.stride
        s.step.hidden_rows = s.context_rows
        s.step.hidden_counts = s.context_counts
        s.step.grads = <float*>self.allocate(tiles * TILE_COLUMNS * contexts, sizeof(float))
        s.step.moved = <float*>self.allocate(contexts * p.stride, sizeof(float))
        s.step.mean = <float*>self.allocate(2 * <size_t>p.stride, sizeof(float))

    cdef allocate_replica(self, size_t rows):
        """Make room for copies of so many rows."""
        cdef Replica* replica = &self.buffers.replica
        if rows >= 2**30:
            raise ValueError(f"a shard may touch {rows:,} rows: deterministic training takes 2**30")
        replica.table_bits = bits_of(2 * rows)
        replica.table = <int32_t*>self.allocate(<size_t>1 << replica.table_bits, sizeof(int32_t))
        replica.sources = <float**>self.allocate(rows, sizeof(float*))
        replica.order = <int32_t*>self.allocate(rows, sizeof(int32_t))
        replica.numbers = <int64_t*>self.allocate(rows, sizeof(int64_t))
        replica.pulls = <float*>self.allocate(rows, sizeof(float))
        replica.rows = <float*>self.allocate(
            rows * self.kernel.parameters.stride, sizeof(float))

    cdef allocate_whole_replica(self):
        """Make room for copies of all rows of both matrices, in their order."""
        cdef const Parameters* p = &self.kernel.parameters
        cdef Replica* replica = &self.buffers.replica
        cdef size_t v = p.vocabulary_size, i
        replica.is_whole = True
        replica.n = <int32_t>(2 * v)
        replica.sources = <float**>self.allocate(2 * v, sizeof(float*))
        replica.order = <int32_t*>self.allocate(2 * v, sizeof(int32_t))
        replica.numbers = <int64_t*>self.allocate(2 * v, sizeof(int64_t))
        replica.pulls = <float*>self.allocate(2 * v, sizeof(float))
        replica.rows = <float*>self.allocate(2 * v * p.stride, sizeof(float))
        replica.parameters = <Parameters*>self.allocate(1, sizeof(Parameters))
        replica.parameters[0] = p[0]
        replica.parameters.input_vectors = replica.rows
        replica.parameters.output_vectors = replica.rows + v * p.stride
        for i in range(v):
            replica.sources[i] = p.input_vectors + i * p.stride
            replica.numbers[i], replica.numbers[v + i] = i, v + i
            replica.sources[v + i] = p.output_vectors + i * p.stride

    def __dealloc__(self):
        for i in range(self.n_owned):
            free(self.owned[i])

    cdef void* allocate(self, size_t count, size_t size) except NULL:
        """Zeroed memory at a multiple of ROW_BYTES, which goes with this object."""
        cdef char* memory = NULL
        cdef size_t nbytes = max(count, <size_t>1) * size
        if self.n_owned == SCRATCH_BUFFERS:
            raise RuntimeError("SCRATCH_BUFFERS is too small")
        if count < (<size_t>-1 - ROW_BYTES) // size:
            memory = <char*>calloc(nbytes + ROW_BYTES, 1)
        if memory is NULL:
            raise MemoryError(f"no memory for {count} values of {size} bytes")
        self.owned[self.n_owned] = memory
        self.n_owned += 1
        self.nbytes += nbytes
        return memory + (ROW_BYTES - <size_t>memory % ROW_BYTES)

    def reset(self, double loss=0.0, int64_t n_examples=0, double weight=0.0):
        """Set the tallies back to 0, or to what they were when a run was left."""
        self.buffers.loss = loss
        self.buffers.n_examples = n_examples
        self.buffers.weight = weight

    @property
    def loss(self):
        """The sum of the losses of all examples so far, each as its sentence weighs."""
        return self.buffers.loss

    @property
    def n_examples(self):
        """How many examples so far: (centre, context) pairs, or centres for CBOW."""
        return self.buffers.n_examples

    @property
    def weight(self):
        """The sum of these examples' weights; their number where sentences have none."""
        if self.kernel.parameters.weights is NULL:
            return <double>self.buffers.n_examples
        return self.buffers.weight


cdef int bits_of(size_t n) noexcept:
    """Return the least number of bits for 0 … n - 1."""
    cdef int bits = 0
    while <size_t>1 << bits < n:
        bits += 1
    return bits
