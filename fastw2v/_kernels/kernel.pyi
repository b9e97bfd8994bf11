from collections.abc import Callable
from typing import Any

from fastw2v._kernels._types import FloatArray, OffsetArray, TokenArray
from fastw2v._kernels.alias import AliasTable
from fastw2v._kernels.huffman import HuffmanTree

BLOCK: int
WINDOW_BYTES: int
MANY_NEGATIVES: int
MOST_CONTEXTS: int
LISTS_BEGUN: int
SOFTMAX_EXAMPLES: int

class Kernel:
    def __init__(
        self,
        parameters: Any,
        tokens: TokenArray,
        offsets: OffsetArray,
        *,
        keep_probability: FloatArray,
        noise: AliasTable | None = None,
        tree: HuffmanTree | None = None,
        weights: FloatArray | None = None,
        input_rates: FloatArray | None = None,
        input_vectors: FloatArray,
        output_vectors: FloatArray,
        node_vectors: FloatArray | None = None,
        first_epoch: int,
        epochs: int,
        kernel: str = "blas",
        release: Callable[[], None] | None = None,
    ) -> None: ...
    def stop(self) -> None: ...
    def train(
        self, scratch: Scratch, epoch: int, begin: int, end: int, progress: float = 0.0
    ) -> None: ...
    def windows(
        self, epoch: int, begin: int, end: int, progress: float = 0.0
    ) -> list[tuple[int, list[int], float, list[int]]]: ...

class Scratch:
    def __init__(
        self, kernel: Kernel, for_shard: bool = False, replica_of: Scratch | None = None
    ) -> None: ...
    def reset(self, loss: float = 0.0, n_examples: int = 0, weight: float = 0.0) -> None: ...
    @property
    def kernel(self) -> Kernel: ...
    @property
    def is_for_shard(self) -> bool: ...
    @property
    def nbytes(self) -> int: ...
    @property
    def loss(self) -> float: ...
    @property
    def n_examples(self) -> int: ...
    @property
    def weight(self) -> float: ...
