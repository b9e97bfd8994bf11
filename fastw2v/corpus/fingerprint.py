"""The fingerprint of an encoded corpus: what tells it from another one.

Files of corpora, of vectors that were trained on them and of checkpoints have it. It is of the rows
of the vocabulary, in the order of the sentences; the keys themselves are not in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastw2v.formats.ordered import map_in_order

if TYPE_CHECKING:
    from fastw2v.corpus.encoded import EncodedCorpus

DIGEST_BYTES = 16
PIECE = 1 << 20  # bytes: some of them are in memory at a time, of a corpus in a file


@dataclass(frozen=True)
class Fingerprint:
    """What tells a corpus from another: its size, and digests of its tokens and its weights.

    Attributes
    ----------
    tokens, sentences
        How many, without the tokens outside the vocabulary.
    digest
        Of ``tokens`` and ``offsets``: hexadecimal, BLAKE2b of 128 bits.
    weights
        That of the sentences' weights; None where there are none.
    """

    tokens: int
    sentences: int
    digest: str
    weights: str | None

    @classmethod
    def of(cls, corpus: EncodedCorpus, look: Callable[[], None] = lambda: None) -> Fingerprint:
        """Take the fingerprint; ``look`` is called now and then, and may raise."""
        corpus.check_file()

        def look_and_release() -> None:
            look()
            corpus.release()

        digest = digest_of((corpus.offsets, corpus.tokens), look_and_release)
        weights = None if corpus.weights is None else digest_of((corpus.weights,), look)
        return cls(len(corpus.tokens), len(corpus), digest, weights)


def digest_of(arrays: tuple[NDArray[Any], ...], look: Callable[[], None]) -> str:
    """Return the digest of the digests of arrays' pieces, which all cores find together."""
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    is_small = sum(array.nbytes for array in arrays) <= PIECE
    for of_piece in (map if is_small else map_in_order)(_digest_of_piece, _pieces(arrays)):
        digest.update(of_piece)
        look()
    return digest.hexdigest()


def _pieces(arrays: tuple[NDArray[Any], ...]) -> Iterator[NDArray[np.uint8]]:
    for array in arrays:
        values = array.view(np.uint8)
        for begin in range(0, len(values), PIECE):
            yield values[begin : begin + PIECE]


def _digest_of_piece(piece: NDArray[np.uint8]) -> bytes:
    return hashlib.blake2b(piece.data, digest_size=DIGEST_BYTES).digest()
