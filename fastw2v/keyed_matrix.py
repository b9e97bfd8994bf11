"""``KeyedMatrix``: a matrix whose rows have keys; looking rows up, changing them, passing them on.

What can be asked of rows that are word vectors is in ``keyed_vectors.py``. Integer keys are keys,
never positions.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastw2v import exchange
from fastw2v.matrix_checks import (
    checked_counts,
    checked_matrix,
    list_of_keys,
    several_keys,
    table_of_keys,
)
from fastw2v.neighbors import NonFiniteRowError, unit, unit_rows

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from fastw2v.provenance import Provenance

Self = TypeVar("Self", bound="KeyedMatrix")
Default = TypeVar("Default")

REQUIRED: Any = object()  # get_index without a default


class KeyedMatrix:
    """A matrix with its keys: row i of ``vectors`` belongs to ``index_to_key[i]``.

    Parameters
    ----------
    keys
        Distinct hashable keys, the most frequent first.
    vectors
        float32, (len(keys), vector_size); kept as it is, not copied.
    counts
        How often each key occurred, int64 (len(keys),); zeros if None.
    growable
        False refuses new keys, where the matrix is another object's, which would not have them.

    Attributes
    ----------
    index_to_key : list
        The key of each row.
    key_to_index : dict
        The row of each key.
    vectors : ndarray
        float32, (len(self), vector_size). Writing to it is seen by everything asked later.
    counts : ndarray
        int64, (len(self),).
    provenance : Provenance or None
        How the vectors were trained, and on what, if a model or a file of fastw2v's own said so.

    Raises
    ------
    TypeError, ValueError
        If the shapes don't fit together, if a key occurs more than once or can't be one, or for
        counts that are none.
    """

    provenance: Provenance | None = None

    def __init__(
        self,
        keys: Iterable[Hashable],
        vectors: ArrayLike,
        counts: ArrayLike | None = None,
        *,
        growable: bool = True,
    ) -> None:
        self.index_to_key = list_of_keys(keys)
        self.key_to_index = table_of_keys(self.index_to_key)
        self.counts = checked_counts(counts, len(self.index_to_key))
        self._hold(checked_matrix(vectors, len(self.index_to_key)), is_shared=True)
        self._growable = growable

    def _hold(self, vectors: NDArray[np.float32], *, is_shared: bool) -> None:
        """Take a matrix that this object alone has, or that others may write to as well."""
        self._matrix, self._is_shared = vectors, is_shared
        self._was_writeable = bool(vectors.flags.writeable)
        self._changed()

    def _changed(self) -> None:
        """Forget what was derived from the matrix; called when it is another one, or written to."""

    def _may_change(self) -> bool:
        """Return whether others can write to the matrix, unless they break their promise.

        That is an array which was made read-only after it came here. Of one that already was,
        others may have a view that is not.
        """
        was_promised = self._was_writeable and not self._matrix.flags.writeable
        return self._is_shared and not was_promised

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The matrix itself, float32 (len(self), vector_size); it may be written to.

        Setting it takes another matrix of as many rows, as it is if it is float32, with any number
        of columns. ValueError for another shape, or for a number that is too large for a float32.
        """
        self._is_shared = True
        self._changed()  # as far as anybody here can tell
        return self._matrix

    @vectors.setter
    def vectors(self, vectors: ArrayLike) -> None:
        self._hold(checked_matrix(vectors, len(self)), is_shared=True)
        self.provenance = None

    def __copy__(self: Self) -> Self:
        return self.copy()

    def __reduce_ex__(self, protocol: Any) -> Any:
        self._is_shared |= int(protocol) >= 5  # a buffer may go to others as it is
        return super().__reduce_ex__(protocol)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._hold(self._matrix, is_shared=not self._matrix.flags.owndata)

    # Look-up --------------------------------------------------------------------------------------

    @property
    def vector_size(self) -> int:
        """Dimensions of a vector."""
        return int(self._matrix.shape[1])

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __iter__(self) -> Iterator[Hashable]:
        """Iterate over the keys."""
        return iter(self.index_to_key)

    def __contains__(self, key: object) -> bool:
        return key in self.key_to_index

    def __getitem__(self, keys: Any) -> NDArray[np.float32]:
        """Return one key's vector, (vector_size,), or several keys' vectors, (n, vector_size).

        Several keys come as a list or a 1-D array; a tuple is one key. KeyError names a key that is
        not there.
        """
        if isinstance(keys, list | np.ndarray):
            return self._matrix[self._rows(list_of_keys(keys))]
        return self.get_vector(keys)

    @overload
    def get_index(self, key: Hashable) -> int: ...

    @overload
    def get_index(self, key: Hashable, default: Default) -> int | Default: ...

    def get_index(self, key: Hashable, default: Any = REQUIRED) -> Any:
        """Return the row of a key, an int; for an unknown one ``default``, or else KeyError."""
        try:
            if isinstance(key, slice):  # which can be hashed from Python 3.12 on
                raise TypeError
            return self.key_to_index[key]
        except KeyError:
            if default is not REQUIRED:
                return default
            raise KeyError(f"the key {key!r} is not in the vocabulary") from None
        except TypeError:
            raise TypeError(
                f"a {type(key).__name__} can't be a key; ask for several keys with a list of them"
            ) from None

    def get_vector(self, key: Hashable, norm: bool = False) -> NDArray[np.float32]:
        """Return a key's vector, float32 (vector_size,), divided by its length if ``norm``.

        Without ``norm`` it is a view that can't be written to: ``wv[key] = vector`` sets one.

        Parameters
        ----------
        key
            The key.
        norm
            Whether to divide; a zero vector stays zero. The default is False.

        Raises
        ------
        KeyError
            If the key is not there.
        TypeError
            For what can't be a key, such as a list.
        ValueError
            With ``norm``, if the vector holds NaN or infinity.
        """
        row = self.get_index(key)
        vector: NDArray[np.float32] = self._matrix[row]
        if not norm:
            vector.flags.writeable = False
            return vector
        try:
            return unit(vector)
        except ValueError:
            raise self._not_finite(row) from None

    def get_normed_vectors(self) -> NDArray[np.float32]:
        """Return all vectors divided by their lengths, float32 (len(self), vector_size); a copy.

        Zero vectors stay zero. ValueError names the first key whose vector holds NaN or infinity.
        """
        with self._naming_keys():
            return unit_rows(self._matrix)

    def _rows(self, keys: Iterable[Hashable]) -> NDArray[np.intp]:
        return np.array([self.get_index(key) for key in keys], np.intp)

    @contextmanager
    def _naming_keys(self) -> Iterator[None]:
        """Give the key of a row that is not finite."""
        try:
            yield
        except NonFiniteRowError as error:
            raise self._not_finite(error.row) from None

    def _not_finite(self, row: int) -> ValueError:
        return ValueError(
            f"the vector of {self.index_to_key[row]!r} (row {row}) holds NaN or infinity, and "
            "can't be compared with others"
        )

    # Changes --------------------------------------------------------------------------------------

    def __setitem__(self, keys: Any, vectors: ArrayLike) -> None:
        """Set one key's vector, or a list of keys' vectors; unknown keys are added."""
        if isinstance(keys, list | np.ndarray):
            self.add_vectors(keys, vectors, replace=True)
        else:
            self.add_vector(keys, vectors, replace=True)

    def add_vector(
        self, key: Hashable, vector: ArrayLike, *, count: int = 0, replace: bool = False
    ) -> int:
        """Add one key with its vector, and return its row.

        Each call copies the matrix: add many with ``add_vectors``.

        Parameters
        ----------
        key
            The key.
        vector
            (vector_size,).
        count
            How often it occurred; 0 by default.
        replace
            Whether a key that is there already gets this vector and count. By default it keeps what
            it has.

        Raises
        ------
        TypeError, ValueError
            As ``add_vectors``.
        """
        self.add_vectors([key], np.asarray(vector)[None], counts=[count], replace=replace)
        return self.get_index(key)

    def add_vectors(
        self,
        keys: Iterable[Hashable],
        vectors: ArrayLike,
        *,
        counts: ArrayLike | None = None,
        replace: bool = False,
    ) -> None:
        """Add keys with their vectors, after those that are there; all or, at an error, none.

        ``vectors`` is then a new matrix, unless all the keys were there already.

        Parameters
        ----------
        keys
            n distinct keys.
        vectors
            (n, vector_size).
        counts
            How often each occurred, (n,); zeros if None.
        replace
            Whether a key that is there already gets its new vector and count; otherwise it keeps
            what it has. Replacing writes to ``vectors`` in place.

        Raises
        ------
        ValueError
            If shapes don't fit, a key is repeated, or a vector holds NaN or infinity; or if there
            are new keys for vectors that are a model's, which would not have them: ``copy`` those.
        """
        keys = several_keys(keys)
        with np.errstate(over="ignore"):  # too large for float32: refused below
            new = np.asarray(vectors, np.float32)
        new_counts = checked_counts(counts, len(keys))
        self._check_new(keys, new)
        is_known = np.array([key in self for key in keys], bool)
        is_new = ~is_known
        rows = np.empty(0, np.intp)
        if replace:
            rows = self._rows(key for key, known in zip(keys, is_known, strict=True) if known)
        self._check_changes(keys, is_new, rows)
        added = [key for key, is_one in zip(keys, is_new, strict=True) if is_one]
        all_counts = np.concatenate([self.counts, new_counts[is_new]])
        if len(rows):
            all_counts[rows] = new_counts[is_known]
        matrix, is_shared = self._matrix, self._is_shared
        if added:
            matrix, is_shared = np.concatenate([matrix, new[is_new]]), False
        elif len(rows) and not matrix.flags.writeable:
            matrix, is_shared = matrix.copy(), False
        # Nothing that can fail is left.
        self._changed()  # before and after: others may ask meanwhile
        if len(rows):
            matrix[rows] = new[is_known]
        self.index_to_key.extend(added)
        self.counts = all_counts
        self._hold(matrix, is_shared=is_shared)
        first = len(self) - len(added)
        self.key_to_index.update(zip(added, range(first, len(self)), strict=True))

    def _check_changes(
        self, keys: list[Hashable], is_new: NDArray[np.bool_], replaced: NDArray[np.intp]
    ) -> None:
        """Refuse what vectors that are a model's can't take."""
        if self._growable:
            return
        if is_new.any():
            raise ValueError(
                f"the key {keys[int(is_new.argmax())]!r} can't be added: these vectors are a "
                "model's, which would not have it; add to a copy of them, copy()"
            )
        if len(replaced) and not self._matrix.flags.writeable:
            raise ValueError(
                "these vectors are a model's, and were made read-only: set "
                "wv.vectors.flags.writeable = True, or change a copy of them, copy()"
            )

    def _follow(
        self,
        keys: list[Hashable],
        vectors: NDArray[np.float32],
        counts: NDArray[np.int64],
    ) -> None:
        """Become what a model's matrix has become: keys begin with those that are here."""
        added = range(len(self), len(keys))
        self.index_to_key.extend(keys[added.start :])
        self.counts = counts
        self._hold(vectors, is_shared=True)
        self.key_to_index.update(zip(keys[added.start :], added, strict=True))

    def _check_new(self, keys: list[Hashable], vectors: NDArray[np.float32]) -> None:
        if vectors.shape != (len(keys), self.vector_size):
            raise ValueError(
                f"{len(keys)} keys need vectors of shape ({len(keys)}, {self.vector_size}), "
                f"not {vectors.shape}"
            )
        finite = np.isfinite(vectors).all(axis=1)
        if not finite.all():
            key = keys[int(np.argmin(finite))]
            raise ValueError(f"the vector for {key!r} holds NaN, infinity or what is too large")
        table_of_keys(keys)  # refuses a key that is given twice

    def copy(self: Self) -> Self:
        """Return a copy of keys, vectors and counts, to which keys can be added."""
        made = self._alone(self.index_to_key, self._matrix.copy(), self.counts.copy())
        made.provenance = self.provenance
        return made

    def vectors_for_all(self: Self, keys: Iterable[Hashable]) -> Self:
        """Return the vectors and counts of the given keys alone, copied, in the order given.

        Keys that are unknown are left out, and repeated ones; of none, the matrix has no row.

        Raises
        ------
        TypeError
            For a str in place of a list, and for what can't be a key.
        """
        known = [key for key in dict.fromkeys(several_keys(keys)) if key in self]
        rows = self._rows(known)
        made = self._alone(known, self._matrix[rows], self.counts[rows])
        made.provenance = self.provenance
        return made

    @classmethod
    def _alone(
        cls: type[Self],
        keys: Iterable[Hashable],
        vectors: ArrayLike,
        counts: ArrayLike | None,
    ) -> Self:
        """Return what alone has a matrix: one that nobody else knows of."""
        made = cls(keys, vectors, counts)
        made._is_shared = False
        return made

    # Passing on -----------------------------------------------------------------------------------

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Give ``vectors`` to NumPy: ``np.asarray(wv)`` is the matrix itself."""
        if copy or (dtype is not None and np.dtype(dtype) != self._matrix.dtype):
            if copy is False:
                raise ValueError(f"vectors can't be had as {np.dtype(dtype)} without a copy")
            return np.array(self._matrix, dtype=dtype)
        return self.vectors

    def __dlpack__(self, **options: Any) -> Any:
        """Give ``vectors`` to any library that takes DLPack: ``torch.from_dlpack(wv)``; no copy.

        The options are those of ``numpy.ndarray.__dlpack__``.
        """
        return self.vectors.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        """Return DLPack's number of the device, the CPU."""
        device: tuple[int, int] = self._matrix.__dlpack_device__()
        return device

    def to_arrow(self) -> pa.Table:
        """Return a pyarrow table, a copy: the columns ``key``, ``count`` (int64) and ``vector``.

        A vector is a fixed-size list of float32. Needs ``pip install "fastw2v[arrow]"``.

        Raises
        ------
        TypeError
            If the keys are not of one type that Arrow has.
        """
        return exchange.arrow_table(self.index_to_key, self._matrix, self.counts)

    def to_pandas(self) -> pd.DataFrame:
        """Return a pandas table, a copy: the keys as its index, the count, and the dimensions.

        The columns are ``count`` (int64) and ``v0``, ``v1``, ... (float32), one a dimension. The
        index is named ``key``; a tuple is one key in it, not a level for each of its parts.

        Raises
        ------
        ImportError
            Without pandas.
        """
        return exchange.pandas_table(self.index_to_key, self._matrix, self.counts)

    @classmethod
    def from_gensim(cls: type[Self], source: Any) -> Self:
        """Return the vectors of a live object of gensim 4: KeyedVectors, or a model with ``wv``.

        Nothing is unpickled and gensim is not imported. The matrix is shared where it is float32.
        Counts are taken where the object has any. Of FastText it is the vectors of whole words
        that are taken, without those of their parts.

        Parameters
        ----------
        source
            Has ``index_to_key``, n distinct keys, and ``vectors``, (n, vector_size), or has ``wv``
            that does.

        Raises
        ------
        TypeError
            If the object is none of these.
        ValueError
            If it has not one row for each key, a key more than once, a count below 0, or a number
            too large for a float32.
        """
        return cls(*exchange.gensim_parts(source))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self):,} keys, vector_size={self.vector_size}>"

    def _repr_html_(self) -> str:
        """Show the size and the first keys in a notebook."""
        name = type(self).__name__
        return exchange.notebook_html(name, self.index_to_key, self.counts, self.vector_size)
