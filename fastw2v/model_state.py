"""``ModelState``: what training changes: the vocabulary, the two matrices and the history.

How these come about is in ``model_reading.py`` and ``model_training.py``; the options and the file
are ``Model``'s.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from fastw2v import matrices
from fastw2v.estimate import check_size
from fastw2v.hyperparameters import Hyperparameters
from fastw2v.initialization import InitialVectors, copy_initial
from fastw2v.keyed_vectors import KeyedVectors
from fastw2v.prediction import Trained
from fastw2v.provenance import Provenance, TrainedCorpus
from fastw2v.trainer import EpochRecord
from fastw2v.vocabulary import Vocabulary

Matrix = NDArray[np.float32]


class ModelState:
    """A vocabulary with its input and output vectors; ``Model`` documents the attributes."""

    def __init__(self, parameters: Hyperparameters, init: InitialVectors | None) -> None:
        self.parameters = parameters
        self.vocabulary: Vocabulary | None = None
        self.input_vectors: Matrix | None = None
        self.output_vectors: Matrix | None = None
        self.history: list[EpochRecord] = []
        self._init = init
        self._own: tuple[Any, Any] = ((), ())  # the matrices that were made here
        self._keyed_vectors: dict[str, KeyedVectors] = {}
        self._owner = uuid4().hex  # of checkpoints
        self._corpora: tuple[TrainedCorpus, ...] = ()

    @property
    def provenance(self) -> Provenance:
        """The settings, and what the model was trained on: counts and fingerprints of corpora."""
        return Provenance(asdict(self.parameters), self._corpora)

    @property
    def wv(self) -> KeyedVectors:
        """The input vectors with their keys: what is usually meant by word vectors.

        They stay those of the model: trained when it is trained, and grown when it grows.
        """
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
            keyed.provenance = self.provenance
            self._keyed_vectors[name] = keyed
        return keyed

    def _trained(self) -> Trained:
        """Return what was learned, to be asked about."""
        if self.vocabulary is None or self.input_vectors is None or self.output_vectors is None:
            raise RuntimeError("the model has learned nothing yet: call train() first")
        shape = len(self.vocabulary), self.parameters.vector_size
        inputs = matrices.checked(self.input_vectors, "input_vectors", *shape)
        outputs = matrices.checked(self.output_vectors, "output_vectors", *shape)
        as_floats = (np.asarray(matrix, np.float32) for matrix in (inputs, outputs))
        return Trained(self.parameters, self.vocabulary, *as_floats)

    def _matrices_for(
        self, vocabulary: Vocabulary, workers: int, longest_sentence: int
    ) -> tuple[Matrix, Matrix]:
        """Return matrices to train, the model's own if they fit, without changing the model.

        Where the vocabulary has grown, rows that are there keep their bits. A new row begins as it
        would in a new model: inputs from ``init`` or the seed and the row's number, outputs zero.
        """
        p, n = self.parameters, len(vocabulary)
        inputs, outputs = self.input_vectors, self.output_vectors
        n_before = n if self.vocabulary is None else len(self.vocabulary)
        # Kernels write between rows, too: to memory of others only through a copy.
        are_own = all(a is b for a, b in zip((inputs, outputs), self._own, strict=True))
        stay = are_own and n == n_before
        check_size(
            p, vocabulary, workers, longest_sentence=longest_sentence, with_matrices=not stay
        )
        if self.vocabulary is None and inputs is None and outputs is None:
            n_before = 0
            inputs, outputs = matrices.zeros(0, p.vector_size), matrices.zeros(0, p.vector_size)
        inputs = matrices.checked(inputs, "input_vectors", n_before, p.vector_size)
        outputs = matrices.checked(outputs, "output_vectors", n_before, p.vector_size)
        if stay and matrices.is_padded(inputs) and matrices.is_padded(outputs):
            return inputs, outputs
        inputs = matrices.grown_inputs(inputs, n, p.seed)
        if self._init is not None and n > n_before:
            new_keys = vocabulary.keys[n_before:]
            copy_initial(self._init, new_keys, inputs[n_before:], is_first=not n_before)
        return inputs, matrices.padded(outputs, n)

    def _become(self, vocabulary: Vocabulary, inputs: Matrix, outputs: Matrix) -> None:
        """Take over a vocabulary and its matrices; ``wv`` and ``context_wv`` follow."""
        for name, matrix in ("input_vectors", inputs), ("output_vectors", outputs):
            keyed = self._keyed_vectors.get(name)
            if keyed is not None and keyed.vectors is getattr(self, name):
                keyed._follow(vocabulary.keys, matrix, vocabulary.counts)
        self.vocabulary = vocabulary
        self.input_vectors, self.output_vectors = self._own = inputs, outputs

    def _remember(self, corpora: tuple[TrainedCorpus, ...]) -> None:
        """Take over what was trained on; ``wv`` and ``context_wv`` follow."""
        self._corpora = corpora
        for keyed in self._keyed_vectors.values():
            keyed.provenance = self.provenance
