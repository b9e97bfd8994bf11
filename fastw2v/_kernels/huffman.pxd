"""The tree of hierarchical softmax: which yes-or-no questions single out a word.

Every word is a leaf of a binary tree, and at each inner node on the way from the root to the leaf
one sigmoid decides between the two branches (Morin and Bengio 2005). A word then costs as many
scores as its path has nodes, not one for each word of the vocabulary. Huffman's tree (1952) makes
the mean path, weighted by the counts, as short as that of any binary tree, which is why word2vec
uses it (Mikolov et al. 2013). Any tree gives probabilities that sum to 1: see
``hierarchical_softmax`` in ``fastw2v/objectives.py``.

Kernels read the words' paths, all of them in three arrays (CSR): word w meets the inner nodes
nodes[offsets[w]] … nodes[offsets[w + 1] - 1], from the root down, and labels has the branch that it
takes at each: 1 for probability sigmoid(score), 0 for sigmoid(-score).
"""

from libc.stdint cimport int32_t, int64_t

cdef class HuffmanTree:
    cdef const int64_t* offsets  # (size + 1,)
    cdef int32_t* nodes  # (offsets[size],): below size - 1
    cdef float* labels  # (offsets[size] + SLACK,): 1.0 or 0.0
    cdef readonly int32_t size
    cdef readonly int32_t longest_path
    cdef readonly int64_t nbytes
