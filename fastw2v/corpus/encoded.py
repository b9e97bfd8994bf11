"""The encoded corpus: sentences as rows of a vocabulary, in memory or in a file."""

from __future__ import annotations

import json
import os
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from fastw2v.corpus.fingerprint import Fingerprint
from fastw2v.corpus.storage import MappedArray, map_file
from fastw2v.corpus.weights import Weights, check_count, checked_weights
from fastw2v.formats import safetensors
from fastw2v.formats.keys import encode_keys
from fastw2v.vocabulary import Vocabulary

PIECE = 1 << 18  # tokens at a time
FORMAT = "corpus"
DESCRIBED = ("report", "fingerprint")  # in a file's header, as JSON


@dataclass(frozen=True)
class CorpusReport:
    """What was read, and what of it is in the encoded corpus.

    Attributes
    ----------
    sentences, tokens
        What was read; sentences without a token are not counted.
    distinct
        Distinct tokens, as far as they were not forgotten.
    kept_sentences, kept_tokens
        What is left without the tokens outside the vocabulary.
    longest_sentence
        The most tokens left in a sentence.
    vocabulary_size
        How many keys the vocabulary has.
    pruned_distinct, pruned_tokens
        Distinct tokens that ``max_distinct`` made the counting forget (one that came back later
        counts again), and how many occurrences were lost with them.
    replaced_tokens
        Tokens that were not UTF-8, and were mended.
    sampled_share
        The share of all tokens that subsampling leaves in an epoch, on average and by the
        vocabulary's counts; None unless the report is a model's.
    """

    sentences: int
    tokens: int
    distinct: int
    kept_sentences: int
    kept_tokens: int
    longest_sentence: int
    vocabulary_size: int
    pruned_distinct: int = 0
    pruned_tokens: int = 0
    replaced_tokens: int = 0
    sampled_share: float | None = None

    def __str__(self) -> str:
        text = (
            f"{self.tokens:,} tokens in {self.sentences:,} sentences, {self.distinct:,} distinct; "
            f"kept: {self.kept_tokens:,} tokens ({100 * self.kept_tokens / self.tokens:.1f} %) in "
            f"{self.kept_sentences:,} sentences, {self.vocabulary_size:,} distinct"
        )
        if self.pruned_distinct:
            text += (
                f"; forgotten while counting: {self.pruned_distinct:,} distinct, "
                f"{self.pruned_tokens:,} tokens"
            )
        if self.replaced_tokens:
            text += f"; not UTF-8, and mended: {self.replaced_tokens:,} tokens"
        if self.sampled_share is not None:
            text += f"; subsampling leaves {100 * self.sampled_share:.1f} % of them"
        return text


class EncodedCorpus:
    """Sentences as rows of a vocabulary: sentence s is ``tokens[offsets[s]:offsets[s + 1]]``.

    ``fastw2v.encode`` makes one, and ``open`` one that was saved. It may be given wherever
    sentences may, as often as wanted.

    Attributes
    ----------
    tokens
        int32, (N,): tokens of the vocabulary only. Read-only.
    offsets
        int64, (sentences + 1,). Read-only.
    vocabulary : Vocabulary
        What the rows are.
    report : CorpusReport
        What was read.
    weights : ndarray or None
        float32, (sentences,): what each sentence's objective is multiplied by; None is 1 for all.
    origin : Fingerprint or None
        That of the encoded corpus which a model made this one of, to train on.
    """

    def __init__(
        self,
        tokens: MappedArray,
        offsets: MappedArray,
        vocabulary: Vocabulary,
        report: CorpusReport,
        weights: Weights | None = None,
    ) -> None:
        self._mappings = (tokens, offsets)
        self.tokens: NDArray[np.int32] = tokens.array.view()
        self.offsets: NDArray[np.int64] = offsets.array.view()
        self.tokens.flags.writeable = self.offsets.flags.writeable = False
        self.vocabulary = vocabulary
        self.report = report
        self.weights = weights
        self._file: tuple[str, os.stat_result] | None = None
        self._fingerprint: Fingerprint | None = None
        self.origin: Fingerprint | None = None

    @property
    def fingerprint(self) -> Fingerprint:
        """What tells the corpus from another: its size, and a digest of its tokens and offsets.

        It is found when first asked for, in some 6 ns a token and core, and kept in files.
        """
        if self._fingerprint is None:
            self._fingerprint = Fingerprint.of(self)
        return self._fingerprint

    @property
    def raw_tokens(self) -> int:
        """How many tokens were read, those outside the vocabulary too."""
        return self.report.tokens

    @property
    def on_disk(self) -> bool:
        """Whether the tokens lie in a file, and only what is in use in memory."""
        return self._mappings[0].on_disk

    def with_report(self, report: CorpusReport) -> EncodedCorpus:
        """Return the same corpus with another report."""
        return self._with(self.vocabulary, report)

    def with_weights(self, weights: Weights) -> EncodedCorpus:
        """Return the same corpus with other weights, one for each of its sentences."""
        check_count(weights, len(self))
        corpus = self._with(self.vocabulary, self.report)
        corpus.weights, corpus._fingerprint = weights, None
        return corpus

    def with_vocabulary(self, vocabulary: Vocabulary) -> EncodedCorpus:
        """Return the same tokens as rows of another vocabulary, which has the same keys first."""
        report = replace(self.report, vocabulary_size=len(vocabulary))
        return self._with(vocabulary, report)

    def with_own_counts(self) -> EncodedCorpus:
        """Return the same corpus, its vocabulary with the counts of these tokens alone.

        A vocabulary that was given to ``encode`` has those of other sentences.
        """
        self.check_file()
        counts = np.zeros(len(self.vocabulary), np.int64)
        step = max(PIECE, len(counts))
        for begin in range(0, len(self.tokens), step):
            counts += np.bincount(self.tokens[begin : begin + step], minlength=len(counts))
            self.release()
        return self._with(Vocabulary.in_order(self.vocabulary.keys, counts), self.report)

    def _with(self, vocabulary: Vocabulary, report: CorpusReport) -> EncodedCorpus:
        corpus = EncodedCorpus(*self._mappings, vocabulary, report, self.weights)
        corpus._file, corpus._fingerprint = self._file, self._fingerprint
        corpus.origin = self.origin
        return corpus

    def check_file(self) -> None:
        """Refuse a file that was written to since it was opened; one in its place does no harm."""
        if self._file is None or not os.path.exists(self._file[0]):
            return
        path, before = self._file
        now = os.stat(path)
        same_file = (now.st_dev, now.st_ino) == (before.st_dev, before.st_ino)
        if same_file and (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise RuntimeError(f"{path} was changed since it was opened; open it again")

    def release(self) -> None:
        """Let go of what a file's mapping holds in memory; it is read again when needed."""
        for mapping in self._mappings:
            mapping.release()

    # What a vocabulary is chosen from, as for a corpus that was just read: here numbers are rows.

    @property
    def n_tokens(self) -> int:
        """How many tokens the corpus has."""
        return len(self.tokens)

    @property
    def n_sentences(self) -> int:
        """How many sentences the corpus has."""
        return len(self)

    @property
    def n_numbers(self) -> int:
        """How many rows the vocabulary has."""
        return len(self.vocabulary)

    def counts(self) -> NDArray[np.int64]:
        """Return the vocabulary's counts."""
        return self.vocabulary.counts

    def first(self) -> NDArray[np.int64]:
        """Return where each key stands in the vocabulary, which settles ties."""
        return np.arange(len(self.vocabulary))

    def keys(self, numbers: NDArray[np.int64]) -> list[Hashable]:
        """Return the keys of some rows."""
        return [self.vocabulary.keys[i] for i in numbers.tolist()]

    def find(self, keys: Sequence[Hashable]) -> NDArray[np.int32]:
        """Return the rows of some keys, -1 for those outside the vocabulary."""
        return np.array([self.vocabulary.key_to_index.get(key, -1) for key in keys], np.int32)

    def report_of_reading(self) -> dict[str, int]:
        """Return what was read when the corpus was made, as the fields of a report."""
        report = self.report
        return {
            "sentences": report.sentences,
            "tokens": report.tokens,
            "distinct": report.distinct,
            "pruned_distinct": report.pruned_distinct,
            "pruned_tokens": report.pruned_tokens,
            "replaced_tokens": report.replaced_tokens,
        }

    def pieces(
        self, rows: NDArray[np.int32], *, consume: bool = False
    ) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]]:
        """Yield the tokens in pieces, with the places where sentences end, and the rows given.

        ``consume`` is for what is used up by this, which a corpus of its own is not.
        """
        self.check_file()
        first = 0
        for begin in range(0, len(self.tokens), PIECE):
            tokens = self.tokens[begin : begin + PIECE]
            last = int(np.searchsorted(self.offsets[1:], begin + len(tokens), side="right"))
            ends = (self.offsets[1 + first : 1 + last] - begin).astype(np.int32)
            yield tokens, ends, rows
            first = last
            self.release()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the corpus with its vocabulary to one file, whole or not at all.

        The file is in the safetensors format, about 4 bytes a token and 8 a sentence (12 with
        weights). Keys may be str, int, float, bool, None or tuples of these.
        """
        kind, tensors = encode_keys(self.vocabulary.keys)
        tensors |= {
            "counts": self.vocabulary.counts,
            "tokens": self.tokens,
            "offsets": self.offsets,
        }
        if self.weights is not None:
            tensors["weights"] = self.weights
        header = {"contents": FORMAT, "key_kind": kind}
        header |= {name: json.dumps(asdict(getattr(self, name))) for name in DESCRIBED}
        safetensors.write_tensors(path, tensors, header, self.release)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> EncodedCorpus:
        """Open a corpus that ``save`` wrote; its tokens stay in the file, and are checked once.

        The file must not be written to while the corpus is in use: what is mapped from it would
        change or vanish, which ends the process. ``save`` puts a new file in its place, and so
        does no harm (except on Windows, where it is refused).

        Raises
        ------
        FileNotFoundError, ValueError
            If there is no such file, or if it is damaged, cut off or no corpus.
        """
        header, places = safetensors.tensor_places(path)
        if header.get("contents") != FORMAT:
            raise ValueError(f"{path} is no encoded corpus; Model.load reads models")
        vocabulary = Vocabulary.load(path)
        try:
            report, fingerprint = described(header)
            mappings = []
            with open(path, "rb") as file:
                for name, dtype in ("tokens", np.int32), ("offsets", np.int64):
                    place = places[name]
                    if place.dtype != dtype or len(place.shape) != 1:
                        raise ValueError(f"{name} are {place.dtype} of shape {place.shape}")
                    mappings.append(map_file(file, place.begin, place.shape[0], dtype))
                weights = _read_weights(file, places.get("weights"), len(mappings[1].array) - 1)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} is damaged: {error!r}") from error
        corpus = cls(mappings[0], mappings[1], vocabulary, report, weights)
        corpus._file = os.path.abspath(path), os.stat(path)
        problem = _problem(corpus)
        if not problem and corpus.fingerprint != fingerprint:
            problem = "its tokens, offsets or weights are not those that were saved"
        if problem:
            raise ValueError(f"{path} is damaged: {problem}")
        return corpus

    def __reduce__(self) -> tuple[Any, ...]:
        parts = self.tokens, self.offsets, self.vocabulary, self.report, self.weights
        return _from_arrays, parts

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __repr__(self) -> str:
        where = ", in a file" if self.on_disk else ""
        return (
            f"<EncodedCorpus: {len(self):,} sentences, {len(self.tokens):,} tokens "
            f"of {self.raw_tokens:,} read{where}>"
        )


def described(header: Mapping[str, str]) -> tuple[CorpusReport, Fingerprint]:
    """Return what the header of a corpus's file says.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it makes no sense.
    """
    report, fingerprint = (json.loads(header[name]) for name in DESCRIBED)
    return CorpusReport(**report), Fingerprint(**fingerprint)


def _from_arrays(
    tokens: NDArray[np.int32],
    offsets: NDArray[np.int64],
    vocabulary: Vocabulary,
    report: CorpusReport,
    weights: Weights | None,
) -> EncodedCorpus:
    """Make a corpus of what was pickled or copied."""
    return EncodedCorpus(MappedArray(tokens), MappedArray(offsets), vocabulary, report, weights)


def _read_weights(file: IO[bytes], place: Any, n: int) -> Weights | None:
    """Read the weights of n sentences, if the file has some."""
    if place is None:
        return None
    if place.dtype != np.float32 or place.shape != (n,):
        raise ValueError(f"weights are {place.dtype} of shape {place.shape}")
    return checked_weights(map_file(file, place.begin, n, np.float32).array)


def _problem(corpus: EncodedCorpus) -> str:
    """Say what is wrong with a corpus's offsets or tokens; empty if nothing is."""
    tokens, offsets = corpus.tokens, corpus.offsets
    if len(tokens) == 0 or len(offsets) < 2 or offsets[0] != 0 or offsets[-1] != len(tokens):
        return f"{len(tokens):,} tokens, but {len(offsets):,} offsets that don't fit them"
    for begin in range(0, len(offsets) - 1, PIECE):
        if np.any(np.diff(offsets[begin : begin + PIECE + 1]) < 0):
            return "offsets fall"
        corpus.release()
    for begin in range(0, len(tokens), PIECE):
        piece = tokens[begin : begin + PIECE]
        if piece.min() < 0 or piece.max() >= len(corpus.vocabulary):
            return f"a token is no row of the vocabulary's {len(corpus.vocabulary):,}"
        corpus.release()
    if not _fits(corpus):
        return "its report is another corpus's"
    return ""


def _fits(corpus: EncodedCorpus) -> bool:
    """Whether the report is one of whole numbers, and of this corpus."""
    report = corpus.report
    numbers = [n for name, n in asdict(report).items() if name != "sampled_share"]
    return all(type(n) is int and n >= 0 for n in numbers) and (
        (report.kept_tokens, report.kept_sentences) == (len(corpus.tokens), len(corpus))
        and report.vocabulary_size == len(corpus.vocabulary)
        and report.tokens >= report.kept_tokens
    )
