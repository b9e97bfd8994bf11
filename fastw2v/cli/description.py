"""What a file is: vectors of some format, a model, an encoded corpus, a vocabulary."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fastw2v.cli.sources import is_safetensors

if TYPE_CHECKING:
    from fastw2v import CorpusReport, EpochRecord, Provenance
    from fastw2v.corpus.fingerprint import Fingerprint

FIRST = 5  # keys


@dataclass(frozen=True)
class Training:
    """How a model was trained.

    Attributes
    ----------
    settings
        Its hyper-parameters.
    workers
        Threads; None was every core.
    history
        One record an epoch.
    """

    settings: Mapping[str, Any]
    workers: int | None
    history: list[EpochRecord]


@dataclass(frozen=True)
class Description:
    """What a file is.

    Attributes
    ----------
    kind
        ``"model"``, ``"checkpoint"``, ``"vectors"``, ``"corpus"`` or ``"vocabulary"``.
    format
        The name of its format.
    keys
        How many.
    first
        The first of them.
    vector_size
        Dimensions; None without vectors.
    tokens
        The sum of the keys' counts; None where they are not known.
    training
        Of a model.
    report, fingerprint
        Of a corpus.
    provenance
        Of vectors, also a model's: how they were trained, and on what.
    written_by
        The program that wrote a file of our own, with its version.
    """

    kind: str
    format: str
    keys: int
    first: list[Hashable]
    vector_size: int | None = None
    tokens: int | None = None
    training: Training | None = None
    report: CorpusReport | None = None
    fingerprint: Fingerprint | None = None
    provenance: Provenance | None = None
    written_by: str | None = None


def describe(path: str, format: str | None = None) -> Description:
    """Say what a file is, without reading its vectors.

    Parameters
    ----------
    path
        The file.
    format
        The format of its vectors, by name; None recognises the file by its content.

    Raises
    ------
    ValueError, OSError
        If it is nothing that fastw2v knows, or if it is damaged.
    """
    from fastw2v import formats
    from fastw2v.corpus.encoded import described
    from fastw2v.formats import safetensors
    from fastw2v.provenance import of_metadata

    if format not in (None, "safetensors") or not is_safetensors(path):
        return _of_format(path, format or formats.detect(path))
    header, _ = safetensors.tensor_places(path)
    written_by = header.get("written_by")
    keys, counts = safetensors.read_keys(path)
    if header.get("contents") == "corpus":
        try:
            report, fingerprint = described(header)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} is damaged: {error!r}") from error
        return _described(
            *("corpus", keys, counts),
            report=report,
            fingerprint=fingerprint,
            written_by=written_by,
        )
    contents = safetensors.open_mapped(path)
    if not contents.matrices:
        return _described("vocabulary", keys, counts, written_by=written_by)
    training = training_of(path)
    kind = "vectors" if training is None else "checkpoint" if "run" in header else "model"
    return _described(
        *(kind, keys, counts),
        vector_size=next(iter(contents.matrices.values())).shape[1],
        training=training,
        provenance=of_metadata(path, contents.metadata),
        written_by=written_by,
    )


def training_of(path: str) -> Training | None:
    """Return how the model of a file was trained; None if it holds no model.

    Raises
    ------
    ValueError, OSError
        If it can't be read.
    """
    from fastw2v import EpochRecord
    from fastw2v.formats import safetensors

    if not is_safetensors(path):
        return None
    metadata = safetensors.read_metadata(path)
    if "history" not in metadata:
        return None
    try:
        records = [EpochRecord(**record) for record in metadata["history"]]
        return Training(dict(metadata["hyperparameters"]), metadata["workers"], records)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged, or from a newer fastw2v: {error}") from error


def _described(
    kind: str, keys: list[Hashable], counts: np.ndarray[Any, Any], **more: Any
) -> Description:
    tokens = int(counts.sum())
    return Description(kind, "safetensors", len(keys), keys[:FIRST], tokens=tokens or None, **more)


def _of_format(path: str, format: str) -> Description:
    """Describe a file of vectors by its header and its first rows."""
    from fastw2v.formats import FORMATS, word_counts

    module = FORMATS[format].module()
    with module.open_source(path, encoding_errors="replace") as source:
        n, size = source.n, source.vector_size
        first = next(source.chunks, None)
    if format == "glove" and size == 1:  # a vocabulary's lines look like it
        try:
            words, counts = word_counts.read(path)
        except ValueError:
            pass
        else:
            return Description(
                "vocabulary",
                "word counts",
                len(words),
                list(words[:FIRST]),
                None,
                int(counts.sum()),
            )
    keys = [] if first is None else first.keys[:FIRST]
    return Description("vectors", format, n, keys, size)
