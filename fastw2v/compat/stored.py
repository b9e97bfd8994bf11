"""A model's file, and models of gensim's: how ``Word2Vec`` comes back.

``StoredTrainer`` has the methods of ``Word2Vec`` that are about files.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from numpy.typing import NDArray

from fastw2v import matrices
from fastw2v.compat.keyed_vectors import KeyedVectors
from fastw2v.compat.saving import KeyedFile, ModelFile
from fastw2v.compat.training import HIERARCHICAL, Trainer
from fastw2v.compat.vector_files import lock_factors

logger = logging.getLogger("fastw2v.compat")

Self = TypeVar("Self", bound="StoredTrainer")

# Not among the attributes of a file: what has a place of its own there, or none at all.
NOT_SAVED = {"wv", "syn1", "syn1neg", "history", "hashfxn", "raw_vocab"}
NOT_SAVED |= {"_corpora", "_own", "_keeps_reading", "_waiting"}
# What a model of gensim's is made with, and what it has counted.
SETTINGS = (
    *("vector_size", "alpha", "window", "min_count", "max_vocab_size", "sample", "seed", "workers"),
    *("min_alpha", "sg", "hs", "negative", "ns_exponent", "cbow_mean", "epochs", "null_word"),
    *("sorted_vocab", "batch_words", "compute_loss", "comment", "max_final_vocab"),
    "shrink_windows",
)
COUNTS = ("corpus_count", "corpus_total_words", "train_count", "min_alpha_yet_reached")


class OnClassOnly:
    """A class method that an instance has not."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.__doc__ = function.__doc__

    def __get__(self, instance: Any, owner: type) -> Callable[..., Any]:
        if instance is not None:
            raise AttributeError(
                f"load is called on the class: {owner.__name__}.load(path), which returns a model"
            )
        return self.function.__get__(owner)  # type: ignore[no-any-return]


class StoredTrainer(Trainer):
    """``Word2Vec`` as far as it is saved and loaded."""

    hashfxn: Callable[[Any], int]

    def save(
        self,
        fname_or_handle: str | os.PathLike[str],
        *_: Any,
        ignore: Iterable[str] = (),
        **__: Any,
    ) -> None:
        """Save everything but sentences and ``raw_vocab`` to one file, whatever its name.

        It is a safetensors file, with the vectors, keys, counts and attributes of keys of ``wv``.
        Attributes that a subclass or its user has set are saved too, where they are plain data:
        numbers, text, None, lists, tuples, dicts and arrays of these; the log names those that are
        not. gensim's further arguments, which are about pickles, have no effect.

        Parameters
        ----------
        fname_or_handle
            The file; one of that name is replaced, whole or not at all.
        ignore
            Names of attributes to leave out.
        """
        self._grow_outputs()
        left_out = NOT_SAVED | set(ignore)
        attributes = {name: value for name, value in vars(self).items() if name not in left_out}
        objective, node_vectors = self._objective()
        nothing = matrices.zeros(0, self.vector_size)  # before there is a vocabulary
        outputs = getattr(self, "syn1" if objective == HIERARCHICAL else "syn1neg", nothing)
        factors = lock_factors(self.wv) if len(self.wv.vectors_lockf) > 1 else None
        ModelFile(
            KeyedFile(self.wv.index_to_key, self.wv.vectors, self.wv.expandos),
            outputs,
            node_vectors,
            factors,
            self._hyperparameters(objective),
            self.workers,
            self.history,
            self._corpora,
            attributes,
        ).write(fname_or_handle)
        logger.info("saved %s to %s", self, fname_or_handle)

    @OnClassOnly
    def load(cls: type[Self], fname: str | os.PathLike[str], *_: Any, **__: Any) -> Self:
        """Load a model that ``save`` wrote; ``train`` goes on with it.

        gensim's further arguments have no effect: matrices that may be trained are read, not
        mapped.

        Raises
        ------
        ValueError
            For a pickle, such as gensim's ``save`` writes; the message says how to convert it. For
            a file that is damaged.
        AttributeError
            If the file holds something else.
        """
        stored = ModelFile.read(fname)
        model = cls.__new__(cls)
        model.hashfxn = hash
        for name, value in stored.attributes.items():
            setattr(model, name, value)
        model.raw_vocab, model.history, model._corpora = {}, stored.history, stored.corpora
        model.wv = KeyedVectors.of(stored.keyed.keys, stored.keyed.vectors, stored.keyed.expandos)
        model.wv.provenance = stored.keyed.provenance
        if stored.lock_factors is not None:
            model.wv.vectors_lockf = stored.lock_factors
        model._own = ()
        if len(model.wv):
            model._take_outputs(stored.outputs, stored.node_vectors)
        logger.info("loaded %s from %s", model, fname)
        return model

    @classmethod
    def from_gensim(cls: type[Self], source: Any) -> Self:
        """Return a model that goes on where a live ``Word2Vec`` of gensim 4 is.

        Settings, vocabulary and matrices are copied. Nothing is unpickled, and gensim is not
        imported.

        Raises
        ------
        TypeError
            If the object is none.
        ValueError
            If it was trained by hierarchical softmax: gensim's Huffman tree is another one.
        """
        if not hasattr(source, "wv"):
            raise TypeError(f"{type(source).__name__} is no Word2Vec of gensim 4: it has no wv")
        if source.hs:
            raise ValueError(
                "the model was trained by hierarchical softmax, and output vectors were learned "
                "for the nodes of gensim's Huffman tree, which is not ours; "
                "KeyedVectors.from_gensim takes the words' vectors"
            )
        model = cls.__new__(cls)
        model.hashfxn = hash
        for name in SETTINGS:
            setattr(model, name, getattr(source, name))
        model._begin()
        for name in COUNTS:
            setattr(model, name, getattr(source, name))
        model.wv = KeyedVectors.from_gensim(source)
        model._take_outputs(source.syn1neg, None)
        return model

    def _take_outputs(self, outputs: NDArray[Any], node_vectors: NDArray[Any] | None) -> None:
        """Make copies of matrices the model's own."""
        objective, _ = self._objective()
        names = ["syn1" if objective == HIERARCHICAL else "syn1neg"]
        found = dict(zip(names, [outputs], strict=True))
        if node_vectors is not None:
            found["syn1"] = node_vectors
        self.wv.vectors = matrices.padded(self.wv.vectors)
        for name, matrix in found.items():
            setattr(self, name, matrices.padded(matrix))
        self._own = (self.wv.vectors, *(getattr(self, name) for name in found))
