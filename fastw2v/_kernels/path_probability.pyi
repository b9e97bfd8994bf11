import numpy as np
from numpy.typing import NDArray

from fastw2v._kernels._types import FloatArray, TokenArray
from fastw2v._kernels.huffman import HuffmanTree

def path_log_probabilities(
    tree: HuffmanTree,
    hidden: FloatArray,
    rows: TokenArray,
    words: TokenArray,
    output_vectors: FloatArray,
    out: NDArray[np.float64],
) -> None: ...
