"""Building and growing a model's vocabulary, by gensim's rules and with its reports.

``VocabularyBuilder`` has the methods of ``Word2Vec`` that are about the vocabulary and about the
matrices that follow from it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v import matrices
from fastw2v.compat.keyed_vectors import KeyedVectors
from fastw2v.compat.readers import LineSentence, sentences_of
from fastw2v.compat.vector_files import lock_factors
from fastw2v.compat.vocabulary import (
    NULL_WORD,
    TrimRule,
    count_pruning,
    keep_vocab_item,
    min_count_for,
)
from fastw2v.corpus import EncodedCorpus, memory_budget, source_of
from fastw2v.corpus.reading import NumberedCorpus, read
from fastw2v.matrices import row_stride
from fastw2v.resources import require_memory
from fastw2v.vocabulary import ROW_BYTES, Vocabulary

logger = logging.getLogger("fastw2v.compat")
seen = logging.getLogger("fastw2v")

Matrix = NDArray[np.float32]

INITIAL_SCALE = 1.0  # gensim's vectors begin uniform on ±1 / d, fastw2v's on ±0.5 / d


class VocabularyBuilder:
    """The vocabulary of ``Word2Vec``, in its ``wv``, and matrices with a row for each key."""

    wv: KeyedVectors
    vector_size: int
    hs: int
    negative: int
    seed: Any
    workers: int
    min_count: int
    sample: float
    max_vocab_size: int | None
    max_final_vocab: int | None
    sorted_vocab: int
    null_word: int
    syn1: Matrix
    syn1neg: Matrix

    raw_vocab: dict[Hashable, int]
    corpus_count: int
    corpus_total_words: int
    effective_min_count: int
    _own: tuple[Any, ...]  # the matrices that were made here
    _keeps_reading = False  # while the constructor counts what it is to train on at once
    _waiting: tuple[Any, Any, NumberedCorpus] | None = None  # what was given, and what was read

    def build_vocab(
        self,
        corpus_iterable: Any = None,
        corpus_file: str | os.PathLike[str] | None = None,
        update: bool = False,
        progress_per: int = 10_000,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        **kwargs: Any,
    ) -> None:
        """Count sentences, choose the vocabulary, and make the matrices.

        Parameters
        ----------
        corpus_iterable, corpus_file
            As for ``train``.
        update
            Add to the vocabulary that there is: new tokens get rows at its end, and all counts
            grow, by which subsampling and negatives go from then on. With ``hs``, ``syn1`` begins
            anew: see ``update_weights``.
        progress_per
            No effect.
        keep_raw_vocab
            Keep ``raw_vocab``, the counts of all tokens.
        trim_rule
            As for ``Word2Vec``, for this call.
        **kwargs
            Passed on to ``prepare_vocab``.

        Raises
        ------
        RuntimeError
            If there is nothing to ``update``.
        """
        self.corpus_total_words, self.corpus_count = self.scan_vocab(
            corpus_iterable, corpus_file, progress_per, trim_rule=trim_rule
        )
        logger.info(
            "counted %d tokens in %d sentences, %d of them distinct",
            *(self.corpus_total_words, self.corpus_count, len(self.raw_vocab)),
        )
        self._prepare(update=update, keep_raw_vocab=keep_raw_vocab, trim_rule=trim_rule, **kwargs)

    def build_vocab_from_freq(
        self,
        word_freq: Mapping[Hashable, int],
        keep_raw_vocab: bool = False,
        corpus_count: int | None = None,
        trim_rule: TrimRule | None = None,
        update: bool = False,
    ) -> None:
        """Choose the vocabulary from counts, and make the matrices.

        Parameters
        ----------
        word_freq
            Tokens with their counts.
        corpus_count
            What ``corpus_count`` is to be; None: 0.
        keep_raw_vocab, trim_rule, update
            As for ``build_vocab``.
        """
        self.raw_vocab = dict(word_freq)
        self.corpus_count = corpus_count or 0
        self._prepare(update=update, keep_raw_vocab=keep_raw_vocab, trim_rule=trim_rule)

    def _prepare(self, *, update: bool, **options: Any) -> None:
        if update and not len(self.wv):
            raise RuntimeError(
                "You cannot do an online vocabulary-update of a model which has no prior "
                "vocabulary: call build_vocab without update first"
            )
        self.prepare_vocab(update=update, **options)
        self.prepare_weights(update=update)

    def scan_vocab(
        self,
        corpus_iterable: Any = None,
        corpus_file: str | os.PathLike[str] | None = None,
        progress_per: int = 10_000,
        workers: int | None = None,
        trim_rule: TrimRule | None = None,
    ) -> tuple[int, int]:
        """Count tokens into ``raw_vocab``; return how many tokens and how many sentences there are.

        Parameters
        ----------
        corpus_iterable, corpus_file
            As for ``train``.
        progress_per
            No effect.
        workers
            Threads that read a file; None: as many as the model has.
        trim_rule
            As for ``Word2Vec``: what it keeps, ``max_vocab_size`` does not forget.
        """
        if self.max_vocab_size and not isinstance(corpus_iterable, EncodedCorpus):
            sentences = sentences_of(corpus_iterable, corpus_file)  # refuses what is none
            if corpus_file is not None:
                sentences = LineSentence(corpus_file)
            self.raw_vocab, n_tokens, n_sentences = count_pruning(
                sentences, self.max_vocab_size, trim_rule
            )
            return n_tokens, n_sentences
        numbered = self._read(corpus_iterable, corpus_file, workers, counts_only=True)
        counts = numbered.counts()
        numbers = np.flatnonzero(counts > 0)
        numbers = numbers[np.argsort(numbered.first()[numbers], kind="stable")]
        keys = numbered.keys(numbers)
        self.raw_vocab = dict(zip(keys, counts[numbers].tolist(), strict=True))
        return numbered.n_tokens, numbered.n_sentences

    def _read(
        self,
        corpus_iterable: Any,
        corpus_file: str | os.PathLike[str] | None,
        workers: int | None = None,
        *,
        counts_only: bool,
    ) -> NumberedCorpus | EncodedCorpus:
        """Read sentences, or give back those that were read a moment ago."""
        if self._waiting is not None:
            iterable, file, numbered = self._waiting
            self._waiting = None
            if iterable is corpus_iterable and file == corpus_file:
                return numbered
        sentences = sentences_of(corpus_iterable, corpus_file)
        if isinstance(sentences, EncodedCorpus):
            return sentences
        budget = None if counts_only and not self._keeps_reading else memory_budget(None)
        source = source_of(sentences)
        numbered = read(source, workers=workers or max(self.workers, 1), budget=budget)
        if self._keeps_reading:
            self._waiting = corpus_iterable, corpus_file, numbered
        return numbered

    def prepare_vocab(
        self,
        update: bool = False,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        min_count: int | None = None,
        sample: float | None = None,
        dry_run: bool = False,
    ) -> dict[str, int]:
        """Choose the vocabulary from ``raw_vocab``.

        Parameters
        ----------
        update, keep_raw_vocab, trim_rule
            As for ``build_vocab``.
        min_count, sample
            Instead of the model's; None or 0 takes those.
        dry_run
            Change nothing, and tell what would be.

        Returns
        -------
        dict
            ``drop_unique`` and ``num_retained_words``: how many of the tokens counted are left out
            and kept; ``retain_total``: how often those kept occur; ``downsample_unique``: how many
            of them are subsampled, and ``downsample_total``: how many occurrences that leaves.
        """
        min_count, sample = min_count or self.min_count, sample or self.sample
        raw = self.raw_vocab
        least = min_count_for(raw, min_count, self.max_final_vocab)
        kept = {
            word: count
            for word, count in raw.items()
            if keep_vocab_item(word, count, least, trim_rule)
        }
        report = _report(raw, kept, sample)
        if dry_run:
            return report
        self.effective_min_count = least
        if update:
            self._add_keys(raw, kept)
        else:
            self.min_count, self.sample = min_count, sample
            self._set_keys(kept)
        if not keep_raw_vocab:
            self.raw_vocab = {}
        logger.info("min_count=%d leaves %d of %d tokens", least, len(kept), len(raw))
        return report

    def _set_keys(self, counts: Mapping[Hashable, int]) -> None:
        """Start the vocabulary anew."""
        keys = list(counts)
        if self.null_word:
            keys.append(NULL_WORD)
        attribute = np.array([*counts.values(), 1][: len(keys)], np.int64)
        self.wv._fill(keys, np.zeros((0, self.vector_size), np.float32), {"count": attribute})
        if self.sorted_vocab:
            self.wv.sort_by_descending_frequency()

    def _add_keys(self, raw: Mapping[Hashable, int], kept: Mapping[Hashable, int]) -> None:
        """Add counts to the vocabulary's, and new keys after its own."""
        wv = self.wv
        added = [word for word in kept if word not in wv.key_to_index]
        wv.key_to_index.update(zip(added, range(len(wv), len(wv) + len(added)), strict=True))
        wv.index_to_key.extend(added)
        wv.allocate_vecattrs(["count"], [int])
        wv.allocate_vecattrs()
        wv.expandos["count"] += [raw.get(word, 0) for word in wv.index_to_key]
        wv.next_index = len(wv)

    # Matrices -------------------------------------------------------------------------------------

    def prepare_weights(self, update: bool = False) -> None:
        """Make the matrices, or rows for the keys that were added."""
        if update:
            self.update_weights()
        else:
            self.init_weights()

    def init_weights(self) -> None:
        """Draw all vectors anew, and forget what was trained."""
        self._set_matrices(len(self.wv), {})

    def update_weights(self) -> None:
        """Draw vectors for the keys that were added; those of the others stay as they are.

        But for ``syn1``, which begins anew: other counts make another Huffman tree, for whose nodes
        nothing was learned.
        """
        old = {name: getattr(self, name) for name in self._output_names()}
        if np.any(old.pop("syn1", False)):
            seen.warning(
                "other counts make another Huffman tree, so its nodes' vectors, syn1, begin anew"
            )
        self._set_matrices(len(self.wv), {"vectors": self.wv.vectors, **old})
        if len(self.wv.vectors_lockf) > 1:
            self.wv.vectors_lockf = lock_factors(self.wv)

    def _set_matrices(self, n: int, old: Mapping[str, Matrix]) -> None:
        names = ["vectors", *self._output_names()]
        needed = len(names) * 4 * n * row_stride(self.vector_size)
        require_memory(
            needed,
            f"{len(names)} float32 matrices of {n:,} words x {self.vector_size:,} dimensions",
            "raise min_count, or lower vector_size",
        )
        made: dict[str, Matrix] = {}
        nothing = matrices.zeros(0, self.vector_size)
        for name in names:
            before = old.get(name, nothing)
            if name == "vectors":
                made[name] = matrices.grown_inputs(before, n, self._native_seed(), INITIAL_SCALE)
            else:
                made[name] = matrices.padded(before, n)
        self.wv.vectors = made.pop("vectors")
        for name, matrix in made.items():
            setattr(self, name, matrix)
        self._own = (self.wv.vectors, *made.values())

    def _output_names(self) -> list[str]:
        """Return the names of the output matrices that the objectives have."""
        return ["syn1"] * bool(self.hs) + ["syn1neg"] * bool(self.negative)

    def _native_seed(self) -> int:
        """Return a seed that native code takes."""
        if self.seed is None:
            self.seed = int(np.random.default_rng().integers(1 << 63))
        return int(self.seed) % (1 << 64)

    def reset_from(self, other_model: VocabularyBuilder) -> None:
        """Take another model's vocabulary, with its counts, and draw all vectors anew.

        Unlike gensim's, the two models share nothing: each may grow.
        """
        attributes = {name: values.copy() for name, values in other_model.wv.expandos.items()}
        self.wv = KeyedVectors(self.vector_size)
        self.wv._fill(
            other_model.wv.index_to_key, np.zeros((0, self.vector_size), np.float32), attributes
        )
        self.corpus_count = other_model.corpus_count
        self.init_weights()

    def estimate_memory(
        self, vocab_size: int | None = None, report: dict[str, int] | None = None
    ) -> dict[str, int]:
        """Return how many bytes the model takes.

        Parameters
        ----------
        vocab_size
            Keys; None or 0 takes those that there are.
        report
            Bytes of other things to be added, by name.

        Returns
        -------
        dict
            Bytes by name: ``vocab``, ``vectors``, ``syn1`` and ``syn1neg``, and ``total``.
        """
        n = vocab_size or len(self.wv)
        found = dict(report or {})
        found["vocab"] = n * ROW_BYTES
        for name in ("vectors", *self._output_names()):
            found[name] = 4 * n * row_stride(self.vector_size)
        found["total"] = sum(found.values())
        return found

    def _vocabulary(self) -> Vocabulary:
        """Return the vocabulary as native code knows it: the padding word occurs nowhere."""
        keys, counts = self.wv.index_to_key, self.wv.counts.copy()
        if self.null_word and NULL_WORD in self.wv.key_to_index:
            counts[self.wv.key_to_index[NULL_WORD]] = 0
        are_distinct = len(self.wv.key_to_index) == len(keys)
        return Vocabulary.in_order(keys, counts, are_distinct=are_distinct)


def _report(
    raw: Mapping[Hashable, int], kept: Mapping[Hashable, int], sample: float
) -> dict[str, int]:
    """Count what a choice keeps, and what subsampling leaves of that."""
    counts = np.array(list(kept.values()), np.int64)
    total = int(counts.sum())
    probability: NDArray[np.floating[Any]] = np.ones(len(counts))
    if len(counts):
        vocabulary = Vocabulary.in_order(range(len(counts)), counts)
        probability = vocabulary.keep_probability(native_sample(sample, total))
    return {
        "drop_unique": len(raw) - len(kept),
        "retain_total": total,
        "downsample_unique": int((probability < 1).sum()),
        "downsample_total": int(probability @ counts),
        "num_retained_words": len(kept),
    }


def native_sample(sample: float, total: int) -> float:
    """Return the share of all tokens above which words are subsampled, from gensim's ``sample``.

    That is a share if below 1, 0 for none, and otherwise a count, (3 + √5) / 2 times which takes
    the place of t·N in the probability √(t/f) + t/f to keep a word. That is 1 up to (3 + √5) / 2
    times as much, so that words above 6.85 times the count are subsampled.
    """
    if (sample or 0) < 0:
        raise ValueError(f"sample must be at least 0, not {sample}")
    if not sample or sample < 1:
        return float(sample or 0)
    return int(sample * (3 + 5**0.5) / 2) / max(total, 1)
