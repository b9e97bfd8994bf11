"""``ModelState``: what training changes: the vocabulary, the two matrices and the history.

How these come about is in ``model_training.py``; the options and the file are ``Model``'s.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v.hyperparameters import Hyperparameters
from fastw2v.keyed_vectors import KeyedVectors
from fastw2v.trainer import EpochRecord
from fastw2v.vocabulary import Vocabulary


class ModelState:
    """A vocabulary with its input and output vectors; ``Model`` documents the attributes."""

    def __init__(self, parameters: Hyperparameters) -> None:
        self.parameters = parameters
        self.vocabulary: Vocabulary | None = None
        self.input_vectors: NDArray[np.float32] | None = None
        self.output_vectors: NDArray[np.float32] | None = None
        self.history: list[EpochRecord] = []
        self._own: tuple[Any, Any] = ((), ())  # the matrices that were made here
        self._keyed_vectors: dict[str, KeyedVectors] = {}

    @property
    def wv(self) -> KeyedVectors:
        """The input vectors with their keys: what is usually meant by word vectors."""
        return self._keyed("input_vectors")

    @property
    def context_wv(self) -> KeyedVectors:
        """The output vectors with their keys; hierarchical softmax has none."""
        if self.parameters.objective == "hierarchical_softmax":
            raise RuntimeError(
                "with hierarchical softmax the output vectors belong to inner nodes of the Huffman "
                "tree, not to words: wv has the words' vectors"
            )
        return self._keyed("output_vectors")

    def _keyed(self, name: str) -> KeyedVectors:
        """Return the keyed view of one matrix, made once for as long as the matrix is the same."""
        vectors = getattr(self, name)
        if self.vocabulary is None or vectors is None:
            raise RuntimeError("the model has no vectors yet: call train() first")
        keyed = self._keyed_vectors.get(name)
        if keyed is None or keyed.vectors is not vectors:
            keys, counts = self.vocabulary.keys, self.vocabulary.counts
            keyed = KeyedVectors(keys, vectors, counts, growable=False)
            self._keyed_vectors[name] = keyed
        return keyed
