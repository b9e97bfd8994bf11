"""The structs that training a block is called with: what it reads, and what one thread may write.

An architecture gets ``const Parameters*`` and ``Scratch*`` and nothing else. The two matrices are
the exception to "const": they are reached through ``Parameters`` and written by all threads at
once. The steps that it makes of a block are in step.h.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t

from fastw2v._kernels.alias cimport AliasSlot
from fastw2v._kernels.rng cimport Stream
from fastw2v._kernels.step cimport Step, Updates

cdef enum:
    # Tokens in one block, the unit in which kernels take their work. Blocks begin at multiples of
    # this, whatever the batch, so results do not depend on how a corpus is cut into batches.
    BLOCK_TOKENS = 256
    # Examples whose gradients the exact softmax adds up before it takes a step. More make sgemm
    # faster and the step longer. Measured at 4,489 words, 100 dimensions and alpha 0.025: 16, 32 and
    # 64 examples gave 19, 27 and 29 k words/s a thread, losses within 0.015 and the same quality;
    # some 150 diverged.
    SOFTMAX_BATCH = 32
    # Steps whose output rows are listed, the one at hand too (2 to 6 were equally fast), and steps
    # that are begun, hence found in the tables that lists are made from.
    STEPS_LISTED = 4
    STEPS_BEGUN = 8
    # Contexts of a step whose outputs are shared: a wider window is several steps, the one after the
    # other, as a single one would be so long that training diverges (seen from 32 on, with a vocabulary of 3 words).
    MOST_CONTEXTS = 16
    # Repeated words of a block are found through at least 2 ** this buckets.
    LEAST_BUCKET_BITS = 9
    # Where results must not depend on threads, training goes in rounds of so many shards, so that
    # no more threads find work, of so many tokens: see rounds.pyx.
    ROUND_SHARDS = 8
    SHARD_TOKENS = 128
    # From so many negatives on, those drawn twice are found through a table.
    MANY_NEGATIVES = 32


# What the hidden rows of a step are compared with.
cdef struct Outputs:
    int32_t center  # the word
    int32_t last  # its window's
    uint64_t* draws  # (negative,): random numbers
    int32_t m
    float row_pull  # of an output row, see pulls.pyx
    float place_pull  # of a context's input row
    int32_t n_replicated  # rows that the scratch's replica had listed when these were found
    float** rows  # (m,): no row twice
    float* counts  # (m + SLACK,): how often each was drawn
    const float* labels  # (m + SLACK,)
    float* own_labels  # (m + SLACK,): room for them where both objectives are trained
    int32_t* table  # (2 ** table_bits,): places in rows, plus 1, by a hash; NULL for few negatives
    int32_t table_bits


# An objective, in two parts. Begin: draw from the stream what is random, and ask for the entries of
# tables that it leads to. List: find the output rows, with their counts and labels.
ctypedef void (*BeginOutputs)(
    const Parameters* parameters, Stream* stream, Outputs* outputs) noexcept nogil
ctypedef void (*ListOutputs)(const Parameters* parameters, Outputs* outputs) noexcept nogil


cdef struct Parameters:
    # The corpus: sentence s is tokens[offsets[s]] … tokens[offsets[s + 1] - 1].
    const int32_t* tokens
    const int64_t* offsets
    int64_t n_sentences
    int64_t n_tokens
    int64_t longest_sentence
    const float* weights  # (n_sentences,), or NULL where all are 1: see windows.pyx
    # The matrices, (vocabulary_size, vector_size), a row every ``stride`` floats. Hogwild: every
    # thread reads and writes them without a lock (Niu et al. 2011). Two threads that meet in a row
    # may each lose a part of the other's small step; nothing else is shared, and no index depends
    # on it. Copies of the 256 to 4,096 most frequent rows for each thread, exchanged after 16 uses,
    # did not help two threads: CBOW 0.84 to 0.87 times as fast on Zen 4 cores that share a third
    # cache, 0.93 to 1.04 on cores that do not.
    float* input_vectors
    float* output_vectors
    int32_t vocabulary_size
    int32_t vector_size
    int32_t stride
    double rows_per_float  # 1 / stride
    # Where both objectives are trained, the Huffman tree's inner nodes have rows of their own; NULL
    # elsewhere, as they are ``output_vectors``.
    float* node_vectors
    const float* input_rates  # (vocabulary_size,), or NULL where all are 1: see rates.pyx
    # How steps get their outputs, and who carries them out.
    bint for_pairs  # a window has a list of outputs for each context, rather than one
    BeginOutputs begin_outputs
    ListOutputs list_outputs
    const Updates* updates
    # Sampling.
    const float* keep_probability
    int64_t window_left
    int64_t window_right
    bint shrink_windows
    # Negative sampling.
    const AliasSlot* noise
    int32_t negative
    # Hierarchical softmax: the path of word w is from path_offsets[w] to path_offsets[w + 1].
    const int64_t* path_offsets
    const int32_t* path_nodes
    const float* path_labels
    # CBOW, and whether the hidden vector is the contexts' mean, or their sum; and whether a mean's
    # gradient is divided among the contexts (the true gradient), or each gets all of it (word2vec.c).
    bint is_cbow
    bint cbow_mean
    bint cbow_exact
    # Schedule: lr = alpha - alpha_slope * (tokens of the encoded corpus planned before this one), or
    # of the scratch's least_position, if that is more.
    double alpha
    double alpha_slope
    int64_t first_epoch
    uint64_t seed
    # Raised to stop all threads at their next window, without a lock: seeing it a little late does
    # no harm. Once a thread may be reading it, only through flag.h.
    int stop


cdef struct Window:
    int32_t center  # its place in Scratch.kept
    int32_t first  # contexts are kept[first] … kept[last - 1], without the centre
    int32_t last
    float lr
    Stream stream  # its next draw is the window's first negative


# Which shards of a round touch a row (rounds.pyx): bits in a byte for each row of the input matrix,
# of the output matrix, and of the nodes' if there is one. Each thread sets bits in bytes of its own,
# as cache lines that several write to go back and forth between them.
cdef struct Marks:
    uint8_t** of_threads  # (n_threads, rows)
    int32_t n_threads
    uint8_t* rows  # (rows,): of the thread that sampled the shard
    uint8_t bit  # the shard's
    int64_t* marked  # the rows where it is set
    int32_t n_marked


# How far all shards of a round pull a row, and the sum of how far each goes alone: see pulls.pyx.
cdef struct Pull:
    float total
    float parts


# Copies of the rows that a shard shares with others, R at the most: see replica.pyx.
cdef struct Replica:
    float* rows  # (R, stride), or NULL: the matrices themselves are trained
    float** sources  # (R,): the row of the matrices that each is a copy of
    int64_t* numbers  # (R,): its number, as in Marks
    float* pulls  # (R,): see pulls.pyx
    int32_t* table  # (2 ** table_bits,): places in sources, plus 1, by a hash of the address
    int32_t table_bits
    # Of both matrices whole, one after the other, as the exact softmax touches all output rows: it
    # is trained with parameters that point to them.
    bint is_whole
    Parameters* parameters
    int32_t n  # rows that are listed
    int32_t n_copied
    # Who adds what, once the shard is done: places in rows, those of each thread together.
    int32_t* order  # (R,)
    int32_t begins[ROUND_SHARDS + 1]  # in order, of each thread's


cdef struct Scratch:
    # Schedule: the learning rate is no higher than it is planned to be after so many tokens.
    double least_position
    # The block at hand, written by windows.pyx and read by the architectures and outputs.pyx, which
    # moves the windows' streams on. The places of repeats are skip-gram's, with shared outputs.
    int32_t* kept  # tokens that survived subsampling
    int32_t* previous  # where the same token was kept before; -1 if out of reach
    int32_t* same_bucket  # where another of its bucket was kept before, or -1
    int32_t* latest  # (buckets,): where one of each was kept last, or -1
    float* weights  # of each kept token's sentence; not written where all are 1
    Window* windows  # one for each centre that has a context
    int32_t n_kept
    int32_t n_windows
    # Steps. C is the most contexts that one window can have, M the most output rows of a step.
    Step step
    float** context_rows  # (C,): input rows; where outputs are shared, each word's once,
    float* context_counts  # (C,): and how often the word is there
    int32_t* context_slots  # (C + 1,): which of these rows each place of the window has
    # Where rows have rates: the step's hidden rows, each itself or its copy, and room for these.
    float** rated_rows  # (C,)
    float* copies  # (C, 2, stride): as the step leaves it, and as it was
    Replica replica
    Marks marks
    # A ring of lists of output rows, as these are begun and made before they are needed; of all that
    # a shard needs, where there is a replica.
    Outputs* outputs  # (last_list + 1,), a power of two
    int64_t last_list
    int64_t n_begun
    int64_t n_listed
    int64_t n_found
    int32_t next_window  # the one that the next list is for
    int32_t lists_left  # how many more it gets
    int32_t n_fetched  # kept tokens whose input rows were asked for
    float** input_rows  # where each of these is trained
    # The exact softmax.
    float* batch_hidden  # (SOFTMAX_BATCH, vector_size)
    float* batch_hidden_grads  # (SOFTMAX_BATCH, vector_size)
    float* scores  # (SOFTMAX_BATCH, vocabulary_size)
    float* tile_max  # (SOFTMAX_BATCH, tiles): the maximum that a tile's exponentials are relative to
    float* row_max  # (SOFTMAX_BATCH,)
    double* row_sum  # (SOFTMAX_BATCH,)
    # Tallies, read by Python between batches.
    double loss
    int64_t n_examples
    double weight  # of all examples, where sentences have weights


# An architecture: train on all windows of the block that the scratch holds.
ctypedef void (*BlockUpdate)(const Parameters*, Scratch*) noexcept nogil
