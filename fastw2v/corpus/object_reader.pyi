from collections.abc import Callable, Hashable, Iterable
from typing import Any

from fastw2v._kernels._types import OffsetArray, TokenArray
from fastw2v.corpus.numbering import KeyTable

class ObjectReader:
    def __init__(
        self,
        sentences: Iterable[Any],
        prepare: Callable[[Any, int], list[Hashable] | OffsetArray],
        refuse: Callable[[int, int, Any, TypeError], None],
        skip: int | None = None,
    ) -> None: ...
    def read(
        self, table: KeyTable, first_place: int, numbers: TokenArray, ends: TokenArray
    ) -> tuple[int, int, bool]: ...
    @property
    def n_sentences(self) -> int: ...
