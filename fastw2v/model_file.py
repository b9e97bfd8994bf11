"""A model's file: a safetensors file with settings, keys, counts, both matrices and the history.

The history has its corpora, too: what they were, and fingerprints of them.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v import matrices
from fastw2v.checks import optional_number
from fastw2v.formats import safetensors
from fastw2v.hyperparameters import Hyperparameters
from fastw2v.provenance import Provenance, TrainedCorpus
from fastw2v.trainer import EpochRecord
from fastw2v.vocabulary import Vocabulary


class StoredModel(NamedTuple):
    """What a file keeps of a model.

    Attributes
    ----------
    parameters, workers
        Its settings.
    is_identity
        Whether its row i is the integer i, also when it grows.
    vocabulary, input_vectors, output_vectors
        Keys and counts, and a row of both matrices for each key.
    history
        What training did.
    corpora
        What it did it on.
    """

    parameters: Hyperparameters
    workers: int | None
    is_identity: bool
    vocabulary: Vocabulary
    input_vectors: NDArray[np.float32]
    output_vectors: NDArray[np.float32]
    history: list[EpochRecord]
    corpora: tuple[TrainedCorpus, ...]


def write(path: str | os.PathLike[str], model: StoredModel) -> None:
    """Write a file, whole or not at all."""
    safetensors.write(
        path,
        model.vocabulary.keys,
        model.vocabulary.counts,
        {"input_vectors": model.input_vectors, "output_vectors": model.output_vectors},
        metadata(model),
    )


def metadata(model: StoredModel) -> dict[str, Any]:
    """Return what a file says of a model beside its keys, counts and matrices."""
    return {
        **Provenance(asdict(model.parameters), model.corpora).as_plain(),
        "workers": model.workers,
        "is_identity": model.is_identity,
        "history": [record.as_dict() for record in model.history],
    }


def read(path: str | os.PathLike[str]) -> StoredModel:
    """Read a file that ``write`` wrote; matrices have padded rows.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or if it is damaged or holds no model.
    """
    return from_contents(path, safetensors.read(path))


def from_contents(path: object, contents: safetensors.Contents) -> StoredModel:
    """Make a model of what was read of its file."""
    missing = {"hyperparameters", "workers", "history"} - contents.metadata.keys()
    missing |= {"input_vectors", "output_vectors"} - contents.matrices.keys()
    if missing:
        raise ValueError(
            f"{path} holds no model ({', '.join(sorted(missing))} missing); "
            "KeyedVectors.load reads vectors"
        )
    try:
        settings: dict[str, Any] = contents.metadata["hyperparameters"]
        parameters = Hyperparameters(**settings)
        workers = optional_number("workers", contents.metadata["workers"], least=1)
        is_identity = bool(contents.metadata.get("is_identity", False))
        history = [EpochRecord(**record) for record in contents.metadata["history"]]
        vocabulary = Vocabulary.in_order(contents.keys, contents.counts)
        corpora = tuple(map(TrainedCorpus.of_plain, contents.metadata.get("corpora", ())))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged, or from a newer fastw2v: {error}") from error
    names = "input_vectors", "output_vectors"
    for matrix in (contents.matrices[name] for name in names):
        if matrix.shape[1] != parameters.vector_size:
            raise ValueError(
                f"{path} is damaged: vector_size is {parameters.vector_size}, but its "
                f"vectors have {matrix.shape[1]} dimensions"
            )
    inputs, outputs = (matrices.padded(contents.matrices.pop(name)) for name in names)
    return StoredModel(
        parameters, workers, is_identity, vocabulary, inputs, outputs, history, corpora
    )
