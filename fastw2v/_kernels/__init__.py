"""Everything that runs without the interpreter: one concept a module, all of it ``nogil``.

========================  =========================================================================
``blas``                  the BLAS routines that the kernels call, and thin wrappers to test them
``rng``                   counter-based random numbers
``sigmoid``               the tabulated logistic function and the loss that goes with it
``alias``                 drawing negatives in constant time
``structures``            the parameter struct, the scratch struct and the window struct
``windows``               subsampling and windows: a block of tokens becomes a list of windows
``negative_sampling``     skip-gram and CBOW with negative sampling, on sdot and saxpy
``softmax``               skip-gram and CBOW with the exact softmax, on sgemm
``encoding``              numbers become rows, sentences are put in a random order
``phrases``               pairs of neighbours, counted and joined
``kernel``                ``Kernel`` and ``Scratch``: what Python sees of all this
========================  =========================================================================

In training, a block of tokens is subsampled and cut into windows, and an objective walks over the
windows and updates the two matrices. ``key_table.h`` and ``tokenizer.h`` are plain C, which
``corpus/numbering.pyx`` gives to Python and the fuzzer in ``tests/long`` takes as it is.
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
