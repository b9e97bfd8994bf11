"""Rows with keys by gensim's signatures: looked up, filled step by step, with attributes.

A ``fastw2v.KeyedVectors`` is made whole; gensim's begins empty and grows. What these are asked
otherwise, and their files, are in ``keyed_vectors.py``.
"""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from fastw2v import keyed_vectors
from fastw2v.compat.vocabulary import in_frequency_order

Self = TypeVar("Self", bound="KeyedRows")

REAL = np.float32


class KeyedRows(keyed_vectors.KeyedVectors):
    """Vectors by key that grow, and whose keys have attributes; ``KeyedVectors`` documents them."""

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
    def vectors(self, vectors: ArrayLike) -> None:
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
        self.add_vectors([key], np.asarray(vector)[None])
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
