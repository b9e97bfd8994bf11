"""``KeyedVectors`` by gensim's signatures: fastw2v's own, filled step by step, with attributes.

What is asked of vectors, ``fastw2v.KeyedVectors`` answers. Here is what gensim's has beside that:
growing from nothing, attributes of keys (``expandos``), positions in the place of str keys, names
of older versions, and word2vec's files with all of gensim's options (``vector_files.py``).
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Hashable, Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from fastw2v import keyed_vectors
from fastw2v.compat import vector_files
from fastw2v.compat.saving import KeyedFile
from fastw2v.compat.vocabulary import in_frequency_order
from fastw2v.neighbors import unit
from fastw2v.queries import Question

logger = logging.getLogger("fastw2v")

Self = TypeVar("Self", bound="KeyedVectors")

REAL = np.float32


class KeyedVectors(keyed_vectors.KeyedVectors):
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

    def __init__(
        self,
        vector_size: int,
        count: int = 0,
        dtype: DTypeLike = REAL,
        mapfile_path: str | None = None,
    ) -> None:
        self.expandos: dict[str, NDArray[Any]] = {}
        self._dtype = np.dtype(dtype)
        super().__init__([], np.zeros((0, int(vector_size)), REAL))
        self.index_to_key = [None] * count
        self._hold(np.zeros((count, int(vector_size)), REAL), is_shared=False)
        self.vectors_lockf: NDArray[np.float32] = np.ones(1, REAL)
        self.mapfile_path = mapfile_path
        self.next_index = 0

    @classmethod
    def of(
        cls: type[Self],
        keys: Sequence[Hashable],
        vectors: NDArray[Any],
        expandos: Mapping[str, NDArray[Any]] | None = None,
        dtype: DTypeLike = REAL,
    ) -> Self:
        """Return vectors with their keys and attributes; the matrix is kept as it is."""
        made = cls(vectors.shape[1], dtype=dtype)
        made._fill(keys, vectors, expandos or {})
        return made

    def _fill(
        self,
        keys: Sequence[Hashable],
        vectors: NDArray[Any],
        expandos: Mapping[str, NDArray[Any]],
    ) -> None:
        """Take over keys, vectors and attributes that fit each other."""
        self.index_to_key = list(keys)
        self.key_to_index = {key: i for i, key in enumerate(self.index_to_key)}
        self._hold(np.asarray(vectors, REAL), is_shared=True)
        self.expandos = dict(expandos)
        self.next_index = len(self.index_to_key)

    def __str__(self) -> str:
        return f"{type(self).__name__}<vector_size={self.vector_size}, {len(self)} keys>"

    # Look-up --------------------------------------------------------------------------------------

    @property
    def vectors(self) -> NDArray[Any]:
        """The matrix itself, float32 (len(self), vector_size), or a copy in another type.

        What is assigned becomes float32.
        """
        if self._dtype == REAL:
            return super().vectors
        shown = self._matrix.astype(self._dtype)
        shown.flags.writeable = False
        return shown

    @vectors.setter
    def vectors(self, vectors: NDArray[Any]) -> None:
        self._dtype = np.dtype(REAL)
        self._hold(np.asarray(vectors, REAL), is_shared=True)

    @property
    def counts(self) -> NDArray[np.int64]:
        """How often each key occurred: ``expandos["count"]``, or zeros."""
        found = self.expandos.get("count")
        return np.zeros(len(self), np.int64) if found is None else np.asarray(found, np.int64)

    @counts.setter
    def counts(self, counts: NDArray[np.int64]) -> None:
        if "count" in self.expandos or counts.any():
            self.expandos["count"] = counts

    def get_index(self, key: Hashable, default: Any = None) -> Any:
        """Return a key's row; for an unknown one ``default``, or KeyError if that is None.

        An integer is a position where keys are str.
        """
        row = self.key_to_index.get(key)
        if row is not None:
            return row
        if self._is_position(key):
            return int(key)  # type: ignore[call-overload]
        if default is not None:
            return default
        raise KeyError(f"Key '{key}' not present")

    def _is_position(self, key: object) -> bool:
        if not isinstance(key, Integral) or not 0 <= int(key) < len(self.index_to_key):
            return False
        return isinstance(self.index_to_key[0], str)

    def has_index_for(self, key: Hashable) -> bool:
        """Tell whether there is a row for the key."""
        return bool(self.get_index(key, -1) >= 0)

    def __contains__(self, key: object) -> bool:
        return self.has_index_for(key)

    def __getitem__(self, keys: Any) -> NDArray[np.float32]:
        """Return one key's vector, (vector_size,), or several keys' vectors, (n, vector_size)."""
        is_one = isinstance(keys, str | Integral) or not isinstance(keys, Iterable)
        if is_one or (isinstance(keys, tuple) and keys in self.key_to_index):
            return self.get_vector(keys)
        return np.vstack([self.get_vector(key) for key in keys])

    # Attributes of keys ---------------------------------------------------------------------------

    def allocate_vecattrs(
        self, attrs: Iterable[str] | None = None, types: Iterable[Any] | None = None
    ) -> None:
        """Make sure that attributes have a value for each row: new ones are 0.

        Parameters
        ----------
        attrs, types
            Names, and the type of each; None takes those that there are.

        Raises
        ------
        TypeError
            If an attribute has another type already.
        """
        if attrs is None or types is None:
            attrs, types = list(self.expandos), [array.dtype for array in self.expandos.values()]
        for name, given in zip(attrs, types, strict=True):
            kind: Any = {int: np.int64, str: object}.get(given, given)
            old = self.expandos.get(name)
            if old is None:
                self.expandos[name] = np.zeros(len(self.index_to_key), kind)
                continue
            if not np.issubdtype(kind, old.dtype):
                raise TypeError(f"the attribute {name!r} is {old.dtype}, and can't hold a {given}")
            if len(old) != len(self.index_to_key):
                new = np.zeros(len(self.index_to_key), old.dtype)
                new[: len(old)] = old[: len(new)]
                self.expandos[name] = new

    def set_vecattr(self, key: Hashable, attr: str, val: Any) -> None:
        """Set an attribute of a key; all values of an attribute are of one NumPy type."""
        self.allocate_vecattrs([attr], [type(val)])
        self.expandos[attr][self.get_index(key)] = val

    def get_vecattr(self, key: Hashable, attr: str) -> Any:
        """Return an attribute of a key; KeyError if either is not there."""
        return self.expandos[attr][self.get_index(key)]

    # Changes --------------------------------------------------------------------------------------

    def add_vector(self, key: Hashable, vector: ArrayLike) -> int:  # type: ignore[override]
        """Add one key with its vector, into the next row that is ready; return its row.

        Without such a row the matrix is copied: add many with ``add_vectors``.
        """
        row = self.next_index
        if row < len(self) and self.index_to_key[row] is None:
            self.index_to_key[row], self.key_to_index[key] = key, row
            self._write([row], np.asarray(vector)[None])
            self.next_index += 1
            return row
        warnings.warn(
            "Adding single vectors to a KeyedVectors which grows by one each time can be costly. "
            "Consider adding in batches or preallocating to the required size.",
            UserWarning,
            stacklevel=2,
        )
        self.add_vectors([key], [vector])
        self.next_index = len(self)
        return len(self) - 1

    def add_vectors(  # type: ignore[override]
        self,
        keys: Any,
        weights: ArrayLike,
        extras: Mapping[str, NDArray[Any]] | None = None,
        replace: bool = False,
    ) -> None:
        """Add keys with their vectors, after those that are there; all or, at an error, none.

        Parameters
        ----------
        keys
            A key or a list of n distinct keys.
        weights
            (vector_size,) or (n, vector_size).
        extras
            Attributes of these keys by name, each (n,).
        replace
            Whether keys that are there already get the new vectors and attributes.

        Raises
        ------
        ValueError
            If shapes don't fit, a key is repeated, or a vector holds NaN or infinity.
        """
        if isinstance(keys, str | Integral):
            keys, weights = [keys], np.reshape(np.asarray(weights), (1, -1))
        keys = list(keys)
        given = {name: np.asarray(values) for name, values in (extras or {}).items()}
        for name, values in given.items():
            if len(values) != len(keys):
                raise ValueError(f"{len(keys)} keys need as many values of {name!r}")
        changed = [i for i, key in enumerate(keys) if replace or key not in self.key_to_index]
        counts = self.expandos.get("count")
        super().add_vectors(keys, np.asarray(weights), replace=replace)
        if counts is not None:
            self.expandos["count"] = counts  # replacing vectors changes no count
        self.allocate_vecattrs()
        self.allocate_vecattrs(given, [values.dtype for values in given.values()])
        rows = [self.get_index(keys[i]) for i in changed]
        for name, values in given.items():
            self.expandos[name][rows] = values[changed]

    def __setitem__(self, keys: Any, weights: ArrayLike) -> None:
        """Set one key's vector, or a list of keys' vectors; unknown keys are added."""
        if not isinstance(keys, list):
            keys, weights = [keys], np.reshape(np.asarray(weights), (1, -1))
        self.add_vectors(keys, weights, replace=True)

    def resize_vectors(self, seed: int = 0) -> None:
        """Give ``vectors`` as many rows as there are keys; new ones are drawn from the seed."""
        n, d = len(self.index_to_key), self.vector_size
        if len(self._matrix) != n:
            new = np.random.default_rng(seed).uniform(-1 / d, 1 / d, (n, d)).astype(REAL)
            new[: len(self._matrix)] = self._matrix[:n]
            self._hold(new, is_shared=False)
        self.allocate_vecattrs()

    def sort_by_descending_frequency(self) -> None:
        """Put the most frequent keys first, with their vectors and attributes."""
        order = in_frequency_order(self.counts)
        keys = [self.index_to_key[i] for i in order.tolist()]
        vectors = self._matrix[order] if len(self._matrix) else self._matrix
        self._fill(keys, vectors, {name: v[order] for name, v in self.expandos.items()})

    def unit_normalize_all(self) -> None:
        """Divide every vector by its length, in place; training can't sensibly go on from there."""
        self._write(slice(None), self.get_normed_vectors())

    def _write(self, rows: Any, vectors: NDArray[Any]) -> None:
        """Put vectors into rows, in place where that can be written to."""
        if not self._matrix.flags.writeable:
            self._hold(self._matrix.copy(), is_shared=False)
        self._matrix[rows] = vectors
        self._changed()

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

    def n_similarity(self, ws1: Sequence[Hashable], ws2: Sequence[Hashable]) -> float:
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
        direction = unit(np.asarray(vector_1))
        return np.array([unit(np.asarray(vector)) @ direction for vector in vectors_all])

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
        return np.linalg.norm(self._matrix, axis=1)

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

    @property
    def vocab(self) -> NoReturn:
        """AttributeError: ``key_to_index`` and ``get_vecattr`` took its place in gensim 4."""
        raise _renamed("vocab", "key_to_index, index_to_key and get_vecattr(key, attr)")

    @property
    def index2word(self) -> NoReturn:
        """AttributeError: it is ``index_to_key`` since gensim 4."""
        raise _renamed("index2word", "index_to_key")

    @property
    def index2entity(self) -> NoReturn:
        """AttributeError: it is ``index_to_key`` since gensim 4."""
        raise _renamed("index2entity", "index_to_key")

    @property
    def vectors_norm(self) -> NoReturn:
        """AttributeError: it is ``get_normed_vectors()`` since gensim 4."""
        raise _renamed("vectors_norm", "get_normed_vectors()")

    def add_lifecycle_event(self, event_name: str, log_level: int = 20, **event: Any) -> None:
        """Write a line to the log; nothing is kept of it."""
        logger.log(log_level, "%s: %s", event_name, event)

    # Files ----------------------------------------------------------------------------------------

    def save(self, fname: str | os.PathLike[str], *_: Any, **__: Any) -> None:  # type: ignore[override]
        """Save keys, vectors and attributes to one safetensors file, whatever its name.

        gensim's further arguments, which are about pickles, have no effect. Attributes that are no
        numbers or text are left out, and the log says so.
        """
        KeyedFile(self.index_to_key, self._matrix, self.expandos).write(fname)

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
        return cls.of(stored.keys, stored.vectors, stored.expandos)

    @classmethod
    def from_gensim(cls: type[Self], source: Any) -> Self:
        """Return the vectors of a live object of gensim 4; see ``fastw2v.KeyedVectors``."""
        found = keyed_vectors.KeyedVectors.from_gensim(source)
        kept = getattr(getattr(source, "wv", source), "expandos", {})
        return cls.of(found.index_to_key, found.vectors, {k: v.copy() for k, v in kept.items()})

    save_word2vec_format = vector_files.save_word2vec_format
    load_word2vec_format = classmethod(vector_files.load_word2vec_format)
    intersect_word2vec_format = vector_files.intersect_word2vec_format


def _renamed(name: str, now: str) -> AttributeError:
    return AttributeError(f"KeyedVectors has no {name} since gensim 4: use {now}")
