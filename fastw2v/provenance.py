"""Where vectors come from: by which settings they were trained, on which corpora, by which version.

Files of models, of checkpoints and of vectors in our own format keep it, as plain data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, TypeVar

from fastw2v.corpus import CorpusReport
from fastw2v.corpus.fingerprint import Fingerprint
from fastw2v.formats.safetensors import package_version

MOST_CORPORA = 1000

Record = TypeVar("Record")


@dataclass(frozen=True)
class TrainedCorpus:
    """A corpus that was trained on.

    Attributes
    ----------
    first_epoch
        The first epoch of it.
    version
        That of the fastw2v that trained on it, such as ``"0.1.0"``.
    report : CorpusReport
        What was read, and what of it is in the corpus.
    fingerprint : Fingerprint
        What tells it from another. Of an ``EncodedCorpus``, it is the one that its ``fingerprint``
        is; of other sentences, that of the corpus that they became, in the order of training.
    """

    first_epoch: int
    version: str
    report: CorpusReport
    fingerprint: Fingerprint

    @classmethod
    def now(cls, first_epoch: int, report: CorpusReport, fingerprint: Fingerprint) -> TrainedCorpus:
        """Return the record of a corpus that is about to be trained on."""
        return cls(first_epoch, package_version(), report, fingerprint)

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> TrainedCorpus:
        """Return the record that a file has."""
        return cls(
            plain["first_epoch"],
            plain["version"],
            _known(CorpusReport, plain["report"]),
            _known(Fingerprint, plain["fingerprint"]),
        )


@dataclass(frozen=True)
class Provenance:
    """Where vectors come from.

    Attributes
    ----------
    hyperparameters : dict
        The model's, by name. A call of ``train`` may have had other ``epochs`` and rates.
    corpora : tuple of TrainedCorpus
        What was trained on, in order; the same corpus again, one call after another, is there once.
        Of more than 1,000, the first and the last 999.
    """

    hyperparameters: Mapping[str, Any]
    corpora: tuple[TrainedCorpus, ...]

    def as_plain(self) -> dict[str, Any]:
        """Return what JSON can hold of it, for a file's metadata."""
        return {
            "hyperparameters": dict(self.hyperparameters),
            "corpora": [asdict(corpus) for corpus in self.corpora],
        }


def with_another(
    corpora: tuple[TrainedCorpus, ...], new: TrainedCorpus
) -> tuple[TrainedCorpus, ...]:
    """Return what was trained on, and a corpus more, unless it is the last one again."""
    if corpora and replace(corpora[-1], first_epoch=new.first_epoch) == new:
        return corpora
    return *corpora[:1], *corpora[1:][-(MOST_CORPORA - 2) :], new


def of_metadata(path: object, metadata: Mapping[str, Any]) -> Provenance | None:
    """Return what the metadata of a file of vectors say; None if they say nothing.

    Raises
    ------
    ValueError
        If they make no sense.
    """
    if "hyperparameters" not in metadata:
        return None
    try:
        corpora = tuple(map(TrainedCorpus.of_plain, metadata.get("corpora", ())))
        settings = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in metadata["hyperparameters"].items()
        }
        return Provenance(settings, corpora)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged: {error!r}") from error


def _known(kind: type[Record], plain: Mapping[str, Any]) -> Record:
    """Return a record of the fields that this version knows: later ones may have more."""
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in plain.items() if name in names})
