"""Builds Huffman's tree: sorts the words by count, then merges them in linear time.

Huffman (1952) merges the two lightest nodes into a new inner node, as heavy as both, until one is
left: the root. Inner nodes come into being in ascending order of weight, so two queues do for a
heap: the leaves, sorted by count, and the inner nodes, as they are made. The lightest node of all is
at the head of one of them.
"""

from libc.stdint cimport INT64_MAX
from libc.stdlib cimport calloc, free

import numpy as np

from fastw2v._kernels.step cimport SLACK


cdef struct Node:
    # Of the words, in their order, and then of the inner nodes, in theirs: the root is the last.
    int32_t parent  # the number of an inner node; -1 for the root
    int32_t depth
    float label  # of the branch from the parent


cdef class HuffmanTree:
    """The path of every word 0 … n-1 through the Huffman tree of ``counts``.

    Inner nodes are numbered 0 … n-2 in the order in which they are made; the root is the last. Of
    two nodes that merge, the first, which is the lighter one, gets label 1 and the other label 0
    (word2vec's bits 0 and 1: its label is 1 - bit).

    Of nodes with equal weights the first is, in this order: a leaf before an inner node; among
    leaves the later word, which in a vocabulary is the rarer one; among inner nodes the one that
    was made earlier. So a tree is a function of its counts on every platform, and because leaves
    come before inner nodes, no tree with a mean path as short has a shorter longest path (Schwartz
    1964). word2vec and gensim break ties in other ways, hence into other trees, equally good.

    Parameters
    ----------
    counts
        int64, (n,), in any order: not negative.
    """

    def __cinit__(self, const int64_t[::1] counts not None):
        cdef Py_ssize_t n = counts.shape[0], i
        cdef int64_t total = 0, n_steps = 0
        if not 0 < n < 2**31:
            raise ValueError(f"a Huffman tree needs 1 to 2**31 - 1 counts, not {n}")
        for i in range(n):
            if counts[i] < 0:
                raise ValueError(f"count {i} is {counts[i]}: counts must be >= 0")
            if counts[i] > INT64_MAX - total:  # total will be the root's weight, the largest
                raise ValueError("the counts add up to more than 2**63 - 1")
            total += counts[i]
        # A stable sort of the words from last to first puts the later one of equals first.
        cdef const Py_ssize_t[::1] from_last = np.argsort(np.asarray(counts)[::-1], kind="stable")

        cdef int64_t* weights = <int64_t*>calloc(n, sizeof(int64_t))
        cdef Node* tree = <Node*>calloc(2 * n - 1, sizeof(Node))
        cdef int64_t* offsets = <int64_t*>calloc(n + 1, sizeof(int64_t))
        self.offsets = offsets
        if weights is not NULL and tree is not NULL and offsets is not NULL:
            with nogil:
                _merge(&counts[0], &from_last[0], weights, tree, n)
                self.longest_path = _measure(tree, offsets, n)
            n_steps = offsets[n]
            self.nodes = <int32_t*>calloc(n_steps + 1, sizeof(int32_t))
            self.labels = <float*>calloc(n_steps + SLACK, sizeof(float))
            if self.nodes is not NULL and self.labels is not NULL:
                with nogil:
                    _write_paths(tree, offsets, self.nodes, self.labels, n)
        free(weights)
        free(tree)
        if self.nodes is NULL or self.labels is NULL:
            raise MemoryError(f"no memory for the Huffman tree of {n} words")
        self.size = <int32_t>n
        self.nbytes = ((n + 1) * <int64_t>sizeof(int64_t)
                       + (n_steps + 1) * <int64_t>sizeof(int32_t)
                       + (n_steps + SLACK) * <int64_t>sizeof(float))

    def __dealloc__(self):
        free(<void*>self.offsets)
        free(self.nodes)
        free(self.labels)

    def path(self, Py_ssize_t word):
        """Return the inner nodes from the root down to ``word``, and the labels there."""
        if not 0 <= word < self.size:
            raise IndexError(f"word is {word}; pass a row number from 0 to {self.size - 1}")
        steps = range(self.offsets[word], self.offsets[word + 1])
        return [self.nodes[i] for i in steps], [self.labels[i] for i in steps]


cdef void _merge(
    const int64_t* counts,  # IN: (n,)
    const Py_ssize_t* from_last,  # IN: (n,): the words by count, counted back from the last
    int64_t* weights,  # OUT: (n - 1,), zeros before: of the inner nodes
    Node* tree,  # OUT: (2n - 1,): parent and label
    Py_ssize_t n,
) noexcept nogil:
    """Make the n - 1 inner nodes, each of the two lightest nodes that have no parent yet."""
    cdef Py_ssize_t leaf = 0, inner = 0, made, child, word
    cdef int32_t bit
    for made in range(n - 1):
        for bit in range(2):
            word = n - 1 - from_last[leaf] if leaf < n else 0
            if leaf < n and (inner == made or counts[word] <= weights[inner]):
                child = word
                weights[made] += counts[word]
                leaf += 1
            else:
                child = n + inner
                weights[made] += weights[inner]
                inner += 1
            tree[child].parent = <int32_t>made
            tree[child].label = <float>(1 - bit)
    tree[2 * n - 2].parent = -1


cdef int32_t _measure(
    Node* tree,  # IN: parent; OUT: depth
    int64_t* offsets,  # OUT: (n + 1,)
    Py_ssize_t n,
) noexcept nogil:
    """Find where every word's path begins and ends; return the length of the longest."""
    cdef Py_ssize_t i
    cdef int32_t longest = 0
    tree[2 * n - 2].depth = 0
    for i in range(2 * n - 3, -1, -1):  # parents come after their children
        tree[i].depth = tree[n + tree[i].parent].depth + 1
    offsets[0] = 0
    for i in range(n):
        offsets[i + 1] = offsets[i] + tree[i].depth
        longest = max(longest, tree[i].depth)
    return longest


cdef void _write_paths(
    const Node* tree,  # IN
    const int64_t* offsets,  # IN
    int32_t* nodes,  # OUT: (offsets[n],)
    float* labels,  # OUT: (offsets[n],)
    Py_ssize_t n,
) noexcept nogil:
    """Climb from every word to the root, and so write its path from the end."""
    cdef Py_ssize_t word
    cdef int64_t place
    cdef const Node* node
    for word in range(n):
        node = &tree[word]
        place = offsets[word + 1]
        while node.parent >= 0:
            place -= 1
            nodes[place] = node.parent
            labels[place] = node.label
            node = &tree[n + node.parent]
