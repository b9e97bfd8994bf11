"""word2vec's files by gensim's options: what ``KeyedVectors`` saves to them and loads from them.

The formats themselves are ``fastw2v.formats``.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastw2v import formats
from fastw2v.compression import compressing
from fastw2v.formats import word_counts
from fastw2v.formats.files import replacing
from fastw2v.formats.text_keys import NotUtf8Error

if TYPE_CHECKING:
    from fastw2v.compat.keyed_vectors import KeyedVectors

    Kind = TypeVar("Kind", bound=KeyedVectors)

logger = logging.getLogger("fastw2v.compat")

AnyPath = str | os.PathLike[str]


def require_utf8(encoding: str, what: str) -> None:
    """Refuse any other encoding."""
    if encoding.lower().replace("-", "").replace("_", "") not in ("utf8", "ascii"):
        raise ValueError(f"{what} must be UTF-8, and encoding is {encoding!r}: convert it first")


def save_word2vec_format(
    self: KeyedVectors,
    fname: AnyPath,
    fvocab: AnyPath | None = None,
    binary: bool = False,
    total_vec: int | None = None,
    write_header: bool = True,
    prefix: str = "",
    append: bool = False,
    sort_attr: str = "count",
) -> None:
    """Save keys and vectors in word2vec.c's format.

    Parameters
    ----------
    fname
        The file. It is compressed if it is named .gz, .bz2, .xz or .zst.
    fvocab
        A second file, for lines of a key and its count; None writes none.
    binary
        Raw float32 instead of text.
    total_vec
        How many vectors the header is to promise, where more will be appended; None: those written.
    write_header
        False leaves the header out, as in GloVe's files.
    prefix
        What to put before each key.
    append
        Write after what the files hold already.
    sort_attr
        The attribute by which rows are ordered, the highest first; without it they keep their
        order.

    Raises
    ------
    ValueError
        If a key could not be read back, such as one with a space; if ``fvocab`` is given and there
        is no such attribute.
    """
    has_attribute = sort_attr in self.expandos
    if fvocab is not None and not has_attribute:
        raise ValueError(f"there is no attribute {sort_attr!r} to write to {os.fspath(fvocab)!r}")
    order = np.arange(len(self))
    if has_attribute:
        order = np.argsort(-self.expandos[sort_attr], kind="stable")
    keys: list[Hashable] = [f"{prefix}{self.index_to_key[i]}" for i in order.tolist()]
    n = len(self) if total_vec is None else total_vec
    header = f"{n} {self.vector_size}\n".encode() if write_header else b""
    format_name = "word2vec_binary" if binary else "word2vec_text"
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "vectors"
        formats.write(written, keys, self._matrix[order], format=format_name)
        _copy(written, fname, header, append)
        if fvocab is not None:
            word_counts.write(written, keys, np.asarray(self.expandos[sort_attr][order], np.int64))
            _copy(written, fvocab, None, append)
    logger.info("saved %s to %s", self, fname)


def _copy(written: Path, path: AnyPath, header: bytes | None, append: bool) -> None:
    """Put a file in its place or at another's end, its first line replaced unless None is."""
    with replacing(path) as file, open(written, "rb") as source:
        if append and os.path.exists(path):
            with open(path, "rb") as old:
                shutil.copyfileobj(old, file)
        with compressing(file, os.fspath(path)) as out:
            if header is not None:
                source.readline()
                out.write(header)
            shutil.copyfileobj(source, out)


def load_word2vec_format(
    cls: type[Kind],
    fname: AnyPath,
    fvocab: AnyPath | None = None,
    binary: bool = False,
    encoding: str = "utf8",
    unicode_errors: str = "strict",
    limit: int | None = None,
    datatype: DTypeLike = np.float32,
    no_header: bool = False,
) -> Kind:
    """Load vectors from a file in word2vec.c's format.

    Parameters
    ----------
    fname
        The file, which may be compressed.
    fvocab
        A file with lines of a key and its count, as word2vec.c's ``-save-vocab`` writes. Without
        it counts fall from the number of rows to 1, as in gensim.
    binary
        Whether it holds raw float32, or text.
    encoding
        Must be UTF-8.
    unicode_errors
        What to do about keys that are not: ``"strict"`` refuses the file, ``"replace"`` puts U+FFFD
        in the place of such bytes, ``"ignore"`` leaves them out.
    limit
        Read only the first rows, so many; None reads all.
    datatype
        The type of ``vectors``.
    no_header
        Whether the first line is a vector already, as in GloVe's files; text only.

    Raises
    ------
    EOFError
        If the file is cut off; it is a ValueError too.
    UnicodeDecodeError
        If a key is not UTF-8.
    ValueError
        If the file is damaged or none of this format.
    """
    require_utf8(encoding, "a file of vectors")
    if no_header and binary:
        raise NotImplementedError("a binary file without a header is not read, only a text is")
    format_name = "word2vec_binary" if binary else "glove" if no_header else "word2vec_text"
    try:
        counts = None if fvocab is None else _counts(fvocab, unicode_errors)
        keys, vectors, _ = formats.read(
            fname, format=format_name, limit=limit or None, encoding_errors=unicode_errors
        )
    except NotUtf8Error as error:
        message = error.reason.replace("encoding_errors", "unicode_errors")
        raise NotUtf8Error(error.object, message) from None
    attribute = np.arange(len(keys), 0, -1)
    if counts is not None:
        missing = [key for key in keys if key not in counts]
        if missing:
            logger.warning("%s lacks %d keys, the first of them %r", fvocab, *_some(missing))
        attribute = np.array([counts.get(key, 0) for key in keys], np.int64)
    loaded = cls.of(keys, vectors, {"count": attribute}, datatype)
    logger.info("loaded %s from %s", loaded, fname)
    return loaded


def _some(keys: list[Hashable]) -> tuple[int, Hashable]:
    return len(keys), keys[0]


def _counts(path: AnyPath, encoding_errors: str) -> dict[Hashable, int]:
    words, counts = word_counts.read(path, encoding_errors=encoding_errors)
    return dict(zip(words, counts.tolist(), strict=True))


def intersect_word2vec_format(
    self: KeyedVectors,
    fname: AnyPath,
    lockf: float = 0.0,
    binary: bool = False,
    encoding: str = "utf8",
    unicode_errors: str = "strict",
) -> None:
    """Take the vectors of known keys from a file in word2vec.c's format.

    Parameters
    ----------
    fname, binary, encoding, unicode_errors
        As for ``load_word2vec_format``.
    lockf
        What ``vectors_lockf`` becomes for these keys, of however many values it is now: 0 keeps
        their vectors as they are when training goes on, 1 trains them like others.

    Raises
    ------
    ValueError
        If the file's vectors have another size.
    """
    found = type(self).load_word2vec_format(
        fname, binary=binary, encoding=encoding, unicode_errors=unicode_errors
    )
    if found.vector_size != self.vector_size:
        raise ValueError(
            f"{os.fspath(fname)}: its vectors have {found.vector_size} dimensions, and these "
            f"{self.vector_size}"
        )
    known = [key for key in found.index_to_key if key in self.key_to_index]
    rows = np.array([self.key_to_index[key] for key in known], np.intp)
    self._write(rows, found._matrix[[found.key_to_index[key] for key in known]])
    factors = np.array(lock_factors(self))
    factors[rows] = lockf
    self.vectors_lockf = factors
    logger.info("%d of %d vectors were taken from %s", len(known), len(self), fname)


def lock_factors(keyed: Any) -> NDArray[np.float32]:
    """Return the factor of what training changes about each row, (len(keyed),).

    Raises
    ------
    ValueError
        If ``vectors_lockf`` has more values than there are rows.
    """
    given = np.asarray(keyed.vectors_lockf, np.float32).ravel()
    if len(given) == 1:
        return np.full(len(keyed), given[0])
    if len(given) > len(keyed):
        raise ValueError(f"vectors_lockf has {len(given)} values for {len(keyed)} rows")
    factors = np.ones(len(keyed), np.float32)  # rows that were added since are free
    factors[: len(given)] = given
    return factors
