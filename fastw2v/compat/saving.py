"""Files: models and vectors in fastw2v's own format, with the attributes that are plain data.

A model's file is one that ``fastw2v.Model.load`` and ``fastw2v.load`` read too: what gensim's names
need beside that is in the header, as JSON. Nothing is ever pickled or unpickled.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v import formats
from fastw2v.formats import safetensors, table
from fastw2v.formats.files import check_readable
from fastw2v.hyperparameters import Hyperparameters
from fastw2v.provenance import Provenance, TrainedCorpus, of_metadata
from fastw2v.trainer import EpochRecord

logger = logging.getLogger("fastw2v")

ENTRY = "compat"  # in the file's metadata
INPUTS = "input_vectors"
MOST_PADDING = 1000  # bytes of an array of texts for each character

AnyPath = str | os.PathLike[str]


@dataclass
class KeyedFile:
    """What a file of ``KeyedVectors`` holds.

    Attributes
    ----------
    keys
        The key of each row.
    vectors
        float32, (len(keys), d).
    expandos
        Attributes of keys by name, (len(keys),).
    provenance
        How the vectors were trained, if that is known.
    """

    keys: list[Hashable]
    vectors: NDArray[Any]
    expandos: dict[str, NDArray[Any]] = field(default_factory=dict)
    provenance: Provenance | None = None

    def metadata(self) -> dict[str, Any]:
        """Return the attributes that neither counts nor matrices are."""
        kept = {name: values for name, values in self.expandos.items() if name != "count"}
        return {"expandos": plain_items(kept), "has_counts": "count" in self.expandos}

    def counts(self) -> NDArray[np.int64]:
        """Return the counts, zeros if there are none."""
        return np.asarray(self.expandos.get("count", np.zeros(len(self.keys))), np.int64)

    def write(self, path: AnyPath) -> None:
        """Write a file, whole or not at all."""
        known = {} if self.provenance is None else self.provenance.as_plain()
        matrices, metadata = {INPUTS: self.vectors}, {**known, ENTRY: self.metadata()}
        safetensors.write(path, self.keys, self.counts(), matrices, metadata)

    @classmethod
    def read(cls, path: AnyPath) -> KeyedFile:
        """Read any file of vectors.

        Raises
        ------
        ValueError
            If the file is damaged or of no format that is known.
        """
        refuse_pickles(path, "KeyedVectors")
        if formats.detect(path) != "safetensors" or ENTRY not in safetensors.read_metadata(path):
            keys, vectors, counts = formats.read(path)
            known = of_metadata(path, formats.read_provenance(path))
            return cls(keys, vectors, {} if counts is None else {"count": counts}, known)
        contents = safetensors.open_mapped(path)
        if INPUTS not in contents.matrices:
            raise ValueError(f"{os.fsdecode(path)} holds no vectors")
        try:
            return cls.from_contents(path, contents)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{os.fsdecode(path)} is damaged: {error!r}") from error

    @classmethod
    def from_contents(cls, path: AnyPath, contents: safetensors.Contents) -> KeyedFile:
        """Return what a file of ours holds."""
        ours = contents.metadata[ENTRY]
        expandos = {name: from_plain(v) for name, v in ours.get("expandos", {}).items()}
        if ours["has_counts"]:
            expandos["count"] = contents.counts
        known = of_metadata(path, contents.metadata)
        return cls(contents.keys, contents.matrices[INPUTS], expandos, known)


@dataclass
class ModelFile:
    """What a file of ``Word2Vec`` holds: that of a ``fastw2v.Model``, and what gensim's names need.

    Attributes
    ----------
    keyed
        The input vectors.
    outputs
        float32, (len(keyed.keys), d): of the objective that ``parameters`` name.
    node_vectors
        The Huffman tree's, where both objectives are trained; None elsewhere.
    lock_factors
        ``vectors_lockf``, float32 (len(keyed.keys),); None if all rows have the same.
    parameters, workers, history, corpora
        As in the file of a ``fastw2v.Model``.
    attributes
        The model's others, by name.
    """

    keyed: KeyedFile
    outputs: NDArray[np.float32]
    node_vectors: NDArray[np.float32] | None
    lock_factors: NDArray[np.float32] | None
    parameters: Hyperparameters
    workers: int
    history: list[EpochRecord]
    corpora: tuple[TrainedCorpus, ...]
    attributes: dict[str, Any]

    def write(self, path: AnyPath) -> None:
        """Write a file, whole or not at all."""
        matrices = {INPUTS: self.keyed.vectors, "output_vectors": self.outputs}
        if self.node_vectors is not None:
            matrices["node_vectors"] = self.node_vectors
        if self.lock_factors is not None:
            matrices["lock_factors"] = self.lock_factors[:, None]
        metadata = {
            **Provenance(asdict(self.parameters), self.corpora).as_plain(),
            "workers": self.workers,
            "is_identity": False,
            "history": [record.as_dict() for record in self.history],
            ENTRY: {**self.keyed.metadata(), "attributes": plain_items(self.attributes)},
        }
        safetensors.write(path, self.keyed.keys, self.keyed.counts(), matrices, metadata)

    @classmethod
    def read(cls, path: AnyPath) -> ModelFile:
        """Read a file that ``write`` wrote.

        Raises
        ------
        ValueError
            If it is a pickle, or damaged.
        AttributeError
            If it holds something else.
        """
        refuse_pickles(path, "Word2Vec")
        contents = safetensors.read(path)
        ours = contents.metadata.get(ENTRY, {})
        if "attributes" not in ours:
            raise AttributeError(
                f"{os.fspath(path)} holds no Word2Vec of fastw2v.compat: KeyedVectors.load reads "
                "vectors, fastw2v.Model.load reads fastw2v's models"
            )
        try:
            factors = contents.matrices.get("lock_factors")
            return cls(
                KeyedFile.from_contents(path, contents),
                contents.matrices["output_vectors"],
                contents.matrices.get("node_vectors"),
                None if factors is None else factors[:, 0].copy(),
                Hyperparameters(**contents.metadata["hyperparameters"]),
                contents.metadata["workers"],
                [EpochRecord(**record) for record in contents.metadata["history"]],
                tuple(map(TrainedCorpus.of_plain, contents.metadata.get("corpora", ()))),
                {name: from_plain(value) for name, value in ours["attributes"].items()},
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} is damaged, or from a newer fastw2v: {error!r}") from error


def refuse_pickles(path: AnyPath, name: str) -> None:
    """Raise ValueError for a pickle, and say how to get at the model of this name that is in it."""
    check_readable(os.fsdecode(path))
    with open(path, "rb") as file:
        if not table.is_pickle(file.read(9)):
            return
    recipe = f"fastw2v.compat.{name}.from_gensim(gensim.models.{name}.load(path)).save(...)"
    if "Phrases" in name:
        recipe = "count the sentences anew"
    elif _is_patched():  # gensim.models has ours
        recipe = f"first fastw2v.compat.unpatch_gensim(), then {recipe}"
    raise ValueError(
        f"{os.fsdecode(path)} is a pickle, such as gensim's save makes. Reading one runs whatever "
        "code it holds, so fastw2v does not. To come from gensim to fastw2v, if you trust the "
        f"file: {recipe}"
    )


def _is_patched() -> bool:
    found = getattr(sys.modules.get("gensim.models"), "Word2Vec", None)
    return getattr(found, "__module__", "").startswith("fastw2v")


# Plain data ---------------------------------------------------------------------------------------


def plain_items(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of some attributes JSON can hold, and log what of them it can't."""
    kept = {}
    for name, value in attributes.items():
        try:
            kept[name] = to_plain(value)
        except TypeError as error:
            logger.warning("the attribute %r is not saved: %s", name, error)
    return kept


def to_plain(value: Any) -> Any:
    """Return what JSON can hold of numbers, text, lists, tuples, dicts and arrays of these.

    Raises
    ------
    TypeError
        For anything else.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list):
        return [to_plain(item) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [to_plain(item) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[to_plain(key), to_plain(item)] for key, item in value.items()]}
    if isinstance(value, np.ndarray):
        kind = "object" if value.dtype == object else value.dtype.str
        if value.dtype.kind in "biufU" or (kind == "object" and value.ndim == 1):
            return {"array": to_plain(value.tolist()), "dtype": kind}
    raise TypeError(f"a {type(value).__name__} is no plain data")


def from_plain(value: Any) -> Any:
    """Return what ``to_plain`` was given."""
    if isinstance(value, list):
        return [from_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "tuple" in value:
        return tuple(from_plain(item) for item in value["tuple"])
    if "dict" in value:
        return {_key(from_plain(key)): from_plain(item) for key, item in value["dict"]}
    items = from_plain(value["array"])
    if value["dtype"] != "object":
        return _array(items, np.dtype(value["dtype"]))
    objects = np.empty(len(items), object)  # not what np.array makes of lists of equal length
    objects[:] = items
    return objects


def _array(items: Any, kind: np.dtype[Any]) -> NDArray[Any]:
    """Return an array of numbers, or of texts: of objects, where it would be all padding."""
    if kind.kind not in "biufU":
        raise ValueError(f"an array of {kind}")
    if kind.kind != "U":
        return np.array(items, kind)
    texts = np.array(items, object)
    n_characters = sum(len(text) for text in texts.flat if isinstance(text, str))
    if texts.size * kind.itemsize > MOST_PADDING * (texts.size + n_characters):
        return texts
    return texts.astype(kind)


def _key(key: Any) -> Hashable:
    return tuple(key) if isinstance(key, list) else key
