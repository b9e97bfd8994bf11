"""Everything that runs without the interpreter: one concept a module, all of it ``nogil``.

========================  =========================================================================
``blas``                  the BLAS routines that the kernels call, and thin wrappers to test them
``rng``                   counter-based random numbers
``sigmoid``               the tabulated logistic function and the loss that goes with it
``alias``, ``huffman``    drawing negatives in constant time; the tree of hierarchical softmax
``structures``            the parameter struct, the scratch struct and the window struct
``windows``               subsampling and windows: a block of tokens becomes a list of windows
``contexts``              a window's contexts as the hidden rows of a step
``outputs``               the output rows of the steps to come, listed and asked for early
``prefetch``              asking for memory before it is needed
``negative_sampling``,    the objectives: which output rows a centre meets
``hierarchical_softmax``
``architectures``         skip-gram and CBOW: which steps a block of windows becomes
``step.h``, ``updates``   one gradient step; the kernels that can carry it out, and the plain one
``simd/``                 the vector kernels: one source for all instruction sets
``softmax``               skip-gram and CBOW with the exact softmax, on sgemm
``encoding``              numbers become rows, sentences are put in a random order
``phrases``               pairs of neighbours, counted and joined
``nearest``               the rows nearest to queries, by products of tiles, on sgemm
``kernel``                ``Kernel`` and ``Scratch``: what Python sees of all this
========================  =========================================================================

In training, a block of tokens is subsampled and cut into windows; the architecture makes steps of
the windows, with outputs from the objective, and a kernel carries out each step on the two
matrices. ``key_table.h`` and ``tokenizer.h`` are plain C, which ``corpus/numbering.pyx`` gives to
Python and the fuzzer in ``tests/long`` takes as it is.
"""

import os
import sys
from pathlib import Path

if sys.platform == "win32":
    # Windows has no run path: the folder with the vendored OpenBLAS is named here instead.
    os.add_dll_directory(str(Path(__file__).parent.parent / "_libs"))

try:
    from fastw2v._kernels import blas
except ImportError as error:
    raise ImportError(
        "fastw2v's compiled kernels could not be imported from "
        f"{Path(__file__).parent} ({error}). If this is a source checkout, install it with "
        "`pip install .` and run Python from another folder (or with `pytest`, not "
        "`python -m pytest`)."
    ) from error

# sdot and saxpy never thread at these sizes, but sgemm would, inside Hogwild threads. The vendored
# library is private to this package, so NumPy's own pool keeps its threads.
blas.set_num_threads(1)
