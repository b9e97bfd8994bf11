"""A checkpoint's file: a model's file that also says where the training of the model stands.

Random numbers are keyed by seed, epoch and position, so a run is given by the model (both matrices,
vocabulary, settings, history), by what the call of ``train`` was to do, and by its position. What
is trained on is not in the file, but a fingerprint of it is. ``Model.load`` reads the model alone.
A checksum of everything tells a damaged file.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v import model_file
from fastw2v.corpus import EncodedCorpus
from fastw2v.corpus.fingerprint import DIGEST_BYTES, PIECE, Fingerprint
from fastw2v.formats import safetensors
from fastw2v.formats.files import PREVIOUS, advancing
from fastw2v.model_file import StoredModel
from fastw2v.trainer import Position

logger = logging.getLogger("fastw2v")

SYNCED_WRITES = 8  # writes of up to 4 MiB, after which they are put on the disk

ADVICE = (
    "Give the same sentences in the same order. An iterator must be made anew, to begin at its "
    "start; what can't be made again is encoded and saved first, by "
    "fastw2v.encode(...).save(path), and then trained on, and resumed with, as "
    "fastw2v.EncodedCorpus.open(path)"
)


@dataclass(frozen=True)
class Run:
    """What a call of ``train`` was to do.

    Attributes
    ----------
    epochs, alpha, min_alpha
        Of the call, not of the model.
    first_epoch
        The number of its first epoch.
    kernel
        What the model was given, ``"auto"`` or a name.
    every
        How often a checkpoint is written.
    owner
        Drawn at random for each model, so that none replaces another's checkpoints.
    """

    epochs: int
    alpha: float
    min_alpha: float
    first_epoch: int
    kernel: str
    every: int | str
    owner: str


class Checkpoint(NamedTuple):
    """What a file keeps of a run.

    Attributes
    ----------
    model
        The model, as it is at the position.
    run, position
        What is being done, and how far it is.
    corpus
        What is trained on.
    input_rates
        float32, (len(vocabulary),), as ``trainer.train`` takes them; or None.
    """

    model: StoredModel
    run: Run
    position: Position
    corpus: Fingerprint
    input_rates: NDArray[np.float32] | None


def write(
    path: str | os.PathLike[str],
    checkpoint: Checkpoint,
    keys: tuple[str, dict[str, NDArray[Any]]],
    look: Callable[[], None] = lambda: None,
) -> None:
    """Write a file, whole or not at all; the one before stays as ``PATH.previous``.

    Parameters
    ----------
    path
        The file.
    checkpoint
        What to write.
    keys
        The vocabulary's, as ``encode_keys`` returns them: with millions it takes seconds.
    look
        Called some times a second; what it raises ends the writing.

    Raises
    ------
    ValueError
        If a vector is not finite, as when training has diverged.
    OSError
        If the file can't be written; it names the file.
    """
    model = checkpoint.model
    kind, tensors = keys[0], dict(keys[1])
    tensors["counts"] = np.ascontiguousarray(model.vocabulary.counts, np.int64)
    matrices = {"input_vectors": model.input_vectors, "output_vectors": model.output_vectors}
    safetensors.check_finite(matrices, model.vocabulary.keys)
    tensors |= matrices
    if checkpoint.input_rates is not None:
        tensors["input_rates"] = checkpoint.input_rates
    header = safetensors.notes(kind, matrices, model_file.metadata(model))
    header["run"] = json.dumps(
        {
            "run": asdict(checkpoint.run),
            "position": asdict(checkpoint.position),
            "corpus": asdict(checkpoint.corpus),
        }
    )
    header["checksum"] = _checksum(header, tensors, look)
    try:
        with advancing(path) as file:
            n_writes = 0

            def after_each() -> None:
                nonlocal n_writes
                n_writes += 1
                if n_writes % SYNCED_WRITES == 0:  # so that no single wait for the disk is long
                    file.flush()
                    os.fsync(file.fileno())
                look()

            safetensors.write_tensors_to(file, tensors, header, after_each)
    except OSError as error:
        if error.errno is None:  # ours, which names the file
            raise
        raise OSError(
            error.errno, f"no checkpoint could be written: {error.strerror}", os.fspath(path)
        ) from error


def read(path: str | os.PathLike[str]) -> Checkpoint:
    """Read a file that ``write`` wrote, or the one before where there is none.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or if it is damaged, cut off or no checkpoint.
    """
    previous = f"{os.fspath(path)}{PREVIOUS}"
    if not os.path.exists(path) and os.path.exists(previous):
        logger.warning("there is no %s; going on from %s", path, previous)
        path = previous
    try:
        return _read(path)
    except ValueError as error:
        if not os.path.exists(previous):
            raise
        raise ValueError(f"{error}; {previous} is the checkpoint before it") from error


def checkpoint_is_there(path: str | os.PathLike[str]) -> bool:
    """Return whether ``read`` would find a file."""
    return os.path.exists(path) or os.path.exists(f"{os.fspath(path)}{PREVIOUS}")


def _read(path: str | os.PathLike[str]) -> Checkpoint:
    header, tensors = safetensors.read_tensors(path)
    if "run" not in header:
        raise ValueError(f"{path} is no checkpoint of a run; Model.load reads models")
    if header.pop("checksum", None) != _checksum(header, tensors):
        raise ValueError(f"{path} is damaged: its checksum is another")
    model = model_file.from_contents(path, safetensors.checked(path, header, tensors))
    try:
        described: dict[str, Any] = json.loads(header["run"])
        return Checkpoint(
            model,
            Run(**described["run"]),
            Position(**described["position"]),
            Fingerprint(**described["corpus"]),
            tensors.get("input_rates"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is from a newer fastw2v: {error!r}") from error


def check_replaceable(path: str | os.PathLike[str], owner: str) -> None:
    """Refuse a path where something else than the owner's checkpoint is, which it would replace.

    Raises
    ------
    ValueError
        If there is such a file.
    """
    if not os.path.exists(path):
        return
    try:
        header, _ = safetensors.read_tensors(path, set())
    except ValueError:
        header = {}
    if "run" not in header:
        raise ValueError(
            f"{os.fspath(path)!r} is there already, is no checkpoint, and would be replaced by "
            "one: give another path, or remove it"
        )
    described = json.loads(header["run"])
    if described["run"].get("owner") != owner:
        raise ValueError(
            f"{os.fspath(path)!r} is a checkpoint of another model's training, at epoch "
            f"{described['position']['epoch']}, which this one's would replace: go on with that "
            "training by Model.resume (--resume), or remove the file, or give another path"
        )


def check_same(fingerprint: Fingerprint, corpus: EncodedCorpus) -> None:
    """Refuse a corpus that is not the one whose fingerprint a checkpoint has.

    Raises
    ------
    ValueError
        Saying in what it differs.
    """
    found = corpus.fingerprint
    if (found.tokens, found.sentences) != (fingerprint.tokens, fingerprint.sentences):
        difference = (
            f"{found.tokens:,} tokens of the vocabulary in {found.sentences:,} sentences, and the "
            f"checkpoint was made with {fingerprint.tokens:,} in {fingerprint.sentences:,}"
        )
    elif found.digest != fingerprint.digest:
        difference = "as many tokens and sentences, but others, or in another order"
    elif found.weights != fingerprint.weights:
        raise ValueError(
            "these are not the sentences' weights that the checkpoint was made with, which "
            f"{'were none' if fingerprint.weights is None else 'must be given again'}"
        )
    else:
        return
    raise ValueError(f"these are not the sentences to resume with: {difference}. {ADVICE}")


def _checksum(
    header: Mapping[str, str],
    tensors: Mapping[str, NDArray[Any]],
    look: Callable[[], None] = lambda: None,
) -> str:
    """Return a digest of all that a file holds."""
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    digest.update(json.dumps(sorted(header.items())).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype.str} {tensor.shape}".encode())
        _hash(digest, tensor, look)
    return digest.hexdigest()


def _hash(digest: Any, array: NDArray[Any], look: Callable[[], object]) -> None:
    """Add an array's bytes, some at a time."""
    values = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    for begin in range(0, len(values), PIECE):
        digest.update(values[begin : begin + PIECE])
        look()
