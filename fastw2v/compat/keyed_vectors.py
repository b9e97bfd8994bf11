"""``KeyedVectors`` by gensim's signatures: what it is asked, names of older versions, files.

What is asked of vectors, ``fastw2v.KeyedVectors`` answers; ``KeyedRows`` fills them and keeps
attributes of keys; word2vec's files with all of gensim's options are in ``vector_files.py``.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Hashable, Iterable
from numbers import Integral
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastw2v import keyed_vectors
from fastw2v.compat import vector_files
from fastw2v.compat.keyed_rows import REAL, KeyedRows
from fastw2v.compat.saving import KeyedFile
from fastw2v.neighbors import unit
from fastw2v.queries import Query, Question

logger = logging.getLogger("fastw2v.compat")

Self = TypeVar("Self", bound="KeyedVectors")


RENAMED = {
    "vocab": "key_to_index, index_to_key and get_vecattr(key, attr)",
    "index2word": "index_to_key",
    "index2entity": "index_to_key",
    "vectors_norm": "get_normed_vectors()",
}


class KeyedVectors(KeyedRows):
    """Vectors by key: ``fastw2v.KeyedVectors`` with what gensim's has beside.

    Parameters
    ----------
    vector_size
        Dimensions of a vector.
    count
        How many rows to have ready for ``add_vector``; their keys are None until then.
    dtype
        Of ``vectors``. Others than float32 are a form that these are shown in: kept and computed
        with are float32, and ``vectors`` is then a copy that can't be written to.
    mapfile_path
        Not used, as in gensim.

    Attributes
    ----------
    vectors : ndarray
        (len(self), vector_size).
    index_to_key : list
        The key of each row.
    key_to_index : dict
        The row of each key.
    expandos : dict of ndarray
        Attributes of keys by name, each with a value a row; ``"count"`` is one of them.
    vectors_lockf : ndarray
        float32, (1,) or (len(self),): factors of what training changes about all rows, or each; 0
        leaves a row as it is. Of a model's vectors.

    Notes
    -----
    An integer that is no key is a position, as in gensim, but only where keys are str (the first of
    them is): where tokens are integers, an unknown one is a KeyError, not another token's vector.
    """

    # Copies ---------------------------------------------------------------------------------------

    def copy(self: Self) -> Self:
        """Return a copy of keys, vectors and attributes."""
        attributes = {name: values.copy() for name, values in self.expandos.items()}
        return type(self).of(self.index_to_key, self._matrix.copy(), attributes, self._dtype)

    def vectors_for_all(
        self, keys: Iterable[Hashable], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> KeyedVectors:
        """Return the vectors of the given keys alone, copied, in the order given.

        Keys that are unknown are left out, and repeated ones.

        Parameters
        ----------
        keys
            The keys.
        allow_inference
            Whether a subclass may have vectors for keys without a row; here none has.
        copy_vecattrs
            Whether attributes are copied; otherwise there is only ``"count"``, which falls from
            the number of keys to 1, as it does for a file without counts.
        """
        has = self.__contains__ if allow_inference else self.key_to_index.__contains__
        known = [key for key in dict.fromkeys(keys) if has(key)]
        rows = np.array([self.get_index(key) for key in known], np.intp)
        attributes = {"count": np.arange(len(known), 0, -1)}
        if copy_vecattrs:
            attributes = {name: values[rows] for name, values in self.expandos.items()}
        return KeyedVectors.of(known, self._matrix[rows], attributes, self._dtype)

    # What is asked --------------------------------------------------------------------------------

    def most_similar(  # type: ignore[override]
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
    ) -> Any:
        """Return the keys nearest to a mean of vectors, as ``fastw2v.KeyedVectors`` does.

        Parameters
        ----------
        positive, negative, topn, clip_start, clip_end, restrict_vocab
            As there. ``topn`` below 1 finds nothing; a ``clip_end`` or ``restrict_vocab`` of 0
            restricts nothing.
        indexer
            An index of one's own, such as gensim's of Annoy: its ``most_similar(vector, topn)`` is
            asked instead, for integer ``topn``.
        """
        if isinstance(topn, Integral) and topn < 1:
            return []
        if indexer is not None and isinstance(topn, Integral):
            return indexer.most_similar(Question.of(self, positive, negative).direction(), topn)
        return super().most_similar(
            positive, negative, topn, clip_start, clip_end or None, restrict_vocab or None
        )

    def similarity(self, w1: Hashable, w2: Hashable) -> float:
        """Return the cosine of two keys' vectors."""
        return super().similarity(w1, w2)

    def distance(self, w1: Hashable, w2: Hashable) -> float:
        """Return 1 - the cosine of two keys' vectors."""
        return super().distance(w1, w2)

    def distances(  # type: ignore[override]
        self, word_or_vector: Query, other_words: Iterable[Hashable] = ()
    ) -> NDArray[np.float32]:
        """Return 1 - the cosine of a key or a vector with other keys, or with all."""
        return super().distances(word_or_vector, other_words)

    def rank_by_centrality(
        self, words: Iterable[Hashable], use_norm: bool = True
    ) -> list[tuple[float, Hashable]]:
        """Return keys by how near they are to their mean, as ``fastw2v.KeyedVectors`` does."""
        return super().rank_by_centrality(words, use_norm)

    def doesnt_match(self, words: Iterable[Hashable]) -> Hashable:
        """Return the key farthest from the mean of all."""
        return super().doesnt_match(words)

    def relative_cosine_similarity(self, wa: Hashable, wb: Hashable, topn: int = 10) -> float:
        """Return the cosine of two keys, divided by the sum of those of ``wa``'s nearest ones."""
        return super().relative_cosine_similarity(wa, wb, topn)

    def n_similarity(self, ws1: Collection[Hashable], ws2: Collection[Hashable]) -> float:  # type: ignore[override]
        """Return the cosine of the means of two lists of keys; ZeroDivisionError if one is empty.

        Keys that are not there are left out.
        """
        if not len(ws1) or not len(ws2):
            raise ZeroDivisionError("at least one of the lists of keys is empty")
        return super().n_similarity(ws1, ws2)

    @staticmethod
    def cosine_similarities(
        vector_1: NDArray[Any], vectors_all: NDArray[Any]
    ) -> NDArray[np.floating[Any]]:
        """Return the cosines of a vector, (d,), with each of several, (n, d): (n,)."""
        vectors = np.asarray(vectors_all)
        lengths = np.linalg.norm(vectors, axis=1)
        products: NDArray[np.floating[Any]] = vectors @ unit(np.asarray(vector_1))
        return products / np.where(lengths == 0, 1, lengths)

    def evaluate_word_pairs(  # type: ignore[override]
        self,
        pairs: str | os.PathLike[str],
        delimiter: str = "\t",
        encoding: str = "utf8",
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> Any:
        """Correlate cosines with a file's scores of word pairs, as ``fastw2v.KeyedVectors`` does.

        ``encoding`` must be UTF-8.
        """
        vector_files.require_utf8(encoding, "a file of word pairs")
        return super().evaluate_word_pairs(
            pairs, delimiter, restrict_vocab, case_insensitive, dummy4unknown
        )

    # Names of older versions ----------------------------------------------------------------------

    @property
    def norms(self) -> NDArray[np.float32]:
        """The vectors' lengths, (len(self),), computed whenever they are asked for."""
        lengths: NDArray[np.float32] = np.linalg.norm(self._matrix, axis=1)
        return lengths

    @norms.setter
    def norms(self, _: object) -> None:
        """Forget nothing: nothing is cached."""

    def fill_norms(self, force: bool = False) -> None:
        """Do nothing: no length is cached, so none can be out of date."""

    def init_sims(self, replace: bool = False) -> None:
        """Do nothing, or ``unit_normalize_all`` if ``replace``."""
        if replace:
            self.unit_normalize_all()

    def word_vec(self, word: Hashable, norm: bool = False) -> NDArray[np.float32]:
        """Call ``get_vector``."""
        return self.get_vector(word, norm=norm)

    def similar_by_word(
        self, word: Hashable, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """Call ``similar_by_key``."""
        return self.similar_by_key(word, topn, restrict_vocab)

    def words_closer_than(self, word1: Hashable, word2: Hashable) -> list[Hashable]:
        """Call ``closer_than``."""
        return self.closer_than(word1, word2)

    if not TYPE_CHECKING:  # where it would vouch for any name

        def __getattr__(self, name: str) -> Any:
            """Tell what gensim 4 renamed."""
            if name in RENAMED:
                raise AttributeError(
                    f"KeyedVectors has no {name} since gensim 4: use {RENAMED[name]}"
                )
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def add_lifecycle_event(self, event_name: str, log_level: int = 20, **event: Any) -> None:
        """Write a line to the log; nothing is kept of it."""
        logger.log(log_level, "%s: %s", event_name, event)

    # Files ----------------------------------------------------------------------------------------

    def save(self, fname_or_handle: str | os.PathLike[str], *_: Any, **__: Any) -> None:  # type: ignore[override]
        """Save keys, vectors and attributes of keys to one safetensors file, whatever its name.

        gensim's further arguments, which are about pickles, have no effect. Attributes of keys that
        are no plain data are left out, and the log says so. ``vectors_lockf`` is not saved, nor is
        what else a subclass may have; ``vectors`` come back as float32.
        """
        stored = KeyedFile(self.index_to_key, self._matrix, self.expandos, self.provenance)
        stored.write(fname_or_handle)
        logger.info("saved %s to %s", self, fname_or_handle)

    @classmethod
    def load(cls: type[Self], fname: str | os.PathLike[str], mmap: str | None = None) -> Self:  # type: ignore[override]
        """Load vectors from a file that ``save`` wrote, or any other that ``fastw2v.load`` reads.

        ``mmap`` has no effect: a safetensors file is mapped in any case.

        Raises
        ------
        ValueError
            For a pickle, such as gensim's ``save`` writes; the message says how to convert it.
        """
        stored = KeyedFile.read(fname)
        loaded = cls.of(stored.keys, stored.vectors, stored.expandos)
        loaded.provenance = stored.provenance
        logger.info("loaded %s from %s", loaded, fname)
        return loaded

    @classmethod
    def from_gensim(cls: type[Self], source: Any) -> Self:
        """Return the vectors of a live object of gensim 4; see ``fastw2v.KeyedVectors``."""
        found = keyed_vectors.KeyedVectors.from_gensim(source)
        kept = getattr(getattr(source, "wv", source), "expandos", {})
        return cls.of(found.index_to_key, found.vectors, {k: v.copy() for k, v in kept.items()})

    @classmethod
    def load_word2vec_format(
        cls: type[Self],
        fname: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: DTypeLike = REAL,
        no_header: bool = False,
    ) -> Self:
        """Load vectors from a file in word2vec.c's format: see ``vector_files``."""
        return vector_files.load_word2vec_format(
            cls, fname, fvocab, binary, encoding, unicode_errors, limit, datatype, no_header
        )

    save_word2vec_format = vector_files.save_word2vec_format
    intersect_word2vec_format = vector_files.intersect_word2vec_format
