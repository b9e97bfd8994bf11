from typing import Any

from fastw2v._kernels._types import FloatArray, OffsetArray, TokenArray
from fastw2v._kernels.alias import AliasTable

BLOCK: int
SOFTMAX_EXAMPLES: int
MAX_SOFTMAX_VOCABULARY: int

class Kernel:
    def __init__(
        self,
        parameters: Any,
        tokens: TokenArray,
        offsets: OffsetArray,
        *,
        keep_probability: FloatArray,
        noise: AliasTable,
        input_vectors: FloatArray,
        output_vectors: FloatArray,
        first_epoch: int,
        epochs: int,
    ) -> None: ...
    def stop(self) -> None: ...
    def train(self, scratch: Scratch, epoch: int, begin: int, end: int) -> None: ...
    def windows(
        self, epoch: int, begin: int, end: int
    ) -> list[tuple[int, list[int], float, list[int]]]: ...

class Scratch:
    kernel: Kernel
    loss: float
    n_examples: int
    def __init__(self, kernel: Kernel) -> None: ...
