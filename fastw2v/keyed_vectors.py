"""``KeyedVectors``: word vectors by key; asking which are nearest, judging them, their files.

Method names and result shapes are those that gensim's users know. It stands on three others: a
``KeyedMatrix`` has rows with keys, ``ComparableVectors`` compare some of them, and
``SearchableVectors`` find the nearest of all.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from fastw2v import formats
from fastw2v.evaluation import gensim_results
from fastw2v.evaluation.correlation import Correlation
from fastw2v.formats import AnyPath
from fastw2v.searches import SearchableVectors

# Methods of gensim's that have other names here, or no use.
WAYS_OUT = {
    "similar_by_word": "use similar_by_key",
    "save_word2vec_format": "use save(path), with a path that ends in .bin or .txt",
    "load_word2vec_format": "use fastw2v.load(path), which sees a file's format by itself",
    "get_vecattr": "counts[get_index(key)] is how often a key occurred",
    "set_vecattr": "counts[get_index(key)] is how often a key occurred",
    "has_index_for": "use key in wv",
    "fill_norms": "it is not needed: lengths are found whenever they are needed",
    "unit_normalize_all": "it is not needed: vectors are compared by their directions. "
    "get_normed_vectors() returns them divided by their lengths",
}


def _no_attribute(owner: type, name: str, obj: object = None) -> AttributeError:
    message = f"{owner.__name__!r} object has no attribute {name!r}"
    if name in WAYS_OUT:
        message += f": {WAYS_OUT[name]}; fastw2v.compat.KeyedVectors has gensim's"
    return AttributeError(message, name=name, obj=obj)


class _NoClassMethod:
    """What is asked of the class itself, for which ``__getattr__`` is not called."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, obj: object, owner: type) -> None:
        raise _no_attribute(owner, self.name, obj)


class KeyedVectors(SearchableVectors):
    """Word vectors with their keys: row i of ``vectors`` belongs to ``index_to_key[i]``.

    A cosine with a zero vector is 0. Every answer is about the vectors as they are, also while a
    model trains them or after something was written to ``vectors``. Asking about a vector with NaN
    or infinity, or searching among vectors with such a one, raises ValueError, which names its key;
    asking with a key that is not there, KeyError.

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
        float32, (len(self), vector_size).
    counts : ndarray
        int64, (len(self),).
    provenance : Provenance or None
        How the vectors were trained, and on what, if a model or a file of fastw2v's own said so;
        safetensors files keep it. What was done to the vectors since is not in it.

    Raises
    ------
    TypeError, ValueError
        If the shapes don't fit together, if a key occurs more than once or can't be one, or for
        counts that are none.

    Notes
    -----
    After the first question, ``most_similar`` is some three times as fast among vectors that nobody
    else can write to, by codes that take about a quarter of their memory again; the answers are the
    same, to the bit. Such are vectors that were loaded or copied, until ``vectors`` is read (or
    NumPy or DLPack had them), and any others once ``wv.vectors.flags.writeable = False`` promises
    it. There are no codes below 16 dimensions, and none where vectors lie so close together that
    codes can't tell them apart.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v import KeyedVectors
    >>> wv = KeyedVectors(["king", "queen", "apple"], np.array([[3, 0], [5, 0], [0, 2]]))
    >>> wv.most_similar("king", topn=1)
    [('queen', 1.0)]
    >>> wv.doesnt_match(["king", "queen", "apple"])
    'apple'
    >>> rows, cosines = wv.neighbors(["queen", "apple"], topn=2)
    >>> rows.tolist()
    [[0, 2], [0, 1]]
    """

    if not TYPE_CHECKING:  # where it would vouch for any name

        def __getattr__(self, name: str) -> Any:
            """Tell gensim's users what a method of theirs is called here."""
            raise _no_attribute(type(self), name, self)

        load_word2vec_format = _NoClassMethod()

    # Evaluation -----------------------------------------------------------------------------------

    def evaluate_word_analogies(
        self,
        analogies: str | os.PathLike[str],
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        similarity_function: str = "most_similar",
    ) -> tuple[float, list[gensim_results.Section]]:
        """Answer the analogies of a file; options and result are gensim's.

        Parameters
        ----------
        analogies
            A file in the format of ``questions-words.txt``, see `evaluation.read_analogies`.
        restrict_vocab
            Only the first so many keys are known, and can be answers; None: all. The default is
            gensim's; that of `evaluation.evaluate_analogies` is 30,000.
        case_insensitive
            Whether strings are equal if their upper-case forms are; the first key counts.
        dummy4unknown
            Whether questions with words that are not known count as answered incorrectly; else
            they are left out.
        similarity_function
            ``"most_similar"``: 3CosAdd; ``"most_similar_cosmul"``: 3CosMul, with 0.001 added to its
            quotient's divisor as in its paper, where the method of that name adds 1e-6.

        Returns
        -------
        score : float
            Share of correct answers.
        sections : list of dict
            ``section`` (the name), ``correct`` and ``incorrect`` (lists of four words, in upper
            case if ``case_insensitive``) of each section, and at last of ``"Total accuracy"``.

        Raises
        ------
        ValueError
            If the file is malformed; if no question is known; if an option is out of its range.

        Notes
        -----
        The log tells how many questions were left out. `evaluation.evaluate_analogies` gives the
        counts and intervals.
        """
        return gensim_results.word_analogies(
            self.index_to_key,
            self._matrix,
            analogies,
            restrict_vocab=restrict_vocab,
            case_insensitive=case_insensitive,
            dummy4unknown=dummy4unknown,
            similarity_function=similarity_function,
        )

    def evaluate_word_pairs(
        self,
        pairs: str | os.PathLike[str],
        delimiter: str = "\t",
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[Correlation, Correlation, float]:
        """Correlate cosines with a file's scores of word pairs; options and result are gensim's.

        Parameters
        ----------
        pairs
            A file with two words and a score a line, see `evaluation.read_word_pairs`.
        delimiter
            What stands between them.
        restrict_vocab
            Only the first so many keys are known; None: all. The default is gensim's; that of
            `evaluation.evaluate_word_pairs` is None.
        case_insensitive
            Whether strings are equal if their upper-case forms are; the first key counts.
        dummy4unknown
            Whether pairs with words that are not known count with a cosine of 0; else they are
            left out.

        Returns
        -------
        pearson, spearman : Correlation
            Each with its ``statistic`` and two-sided ``pvalue``.
        oov_ratio : float
            How many pairs have words that are not known, in %.

        Raises
        ------
        ValueError
            If the file is malformed; if fewer than two pairs are known; if all cosines or scores
            are equal; if an option is out of its range.

        Notes
        -----
        `evaluation.evaluate_word_pairs` gives the counts and intervals.
        """
        return gensim_results.word_pairs(
            self.index_to_key,
            self._matrix,
            pairs,
            delimiter=delimiter,
            restrict_vocab=restrict_vocab,
            case_insensitive=case_insensitive,
            dummy4unknown=dummy4unknown,
        )

    # Files ----------------------------------------------------------------------------------------

    def save(self, path: AnyPath, *, format: str | None = None) -> None:
        """Save keys, vectors and, where the format has a place for them, counts.

        Parameters
        ----------
        path
            The file; one of that name is replaced, whole or not at all. ``.safetensors`` is
            fastw2v's own, which keeps everything; ``.bin``, ``.txt`` and ``.vec`` are word2vec's
            and fastText's, which other tools read. ``fastw2v.formats`` lists all suffixes.
        format
            The format, by name; None takes the one that the suffix names.

        Raises
        ------
        ValueError
            If the suffix names no format, if a key could not be read back, or if a value is not
            finite.
        TypeError
            If a key is of a type that the format can't keep; if the path is none.
        """
        counts = self.counts if self.counts.any() else None  # zeros stand for unknown ones
        known = None if self.provenance is None else self.provenance.as_plain()
        formats.write(
            path, self.index_to_key, self._matrix, counts, provenance=known, format=format
        )

    @classmethod
    def load(
        cls,
        path: AnyPath,
        *,
        format: str | None = None,
        limit: int | None = None,
        encoding_errors: str = "strict",
    ) -> KeyedVectors:
        """Load vectors from a file of any format that can be read; of a model, the input vectors.

        Parameters
        ----------
        path
            The file: fastw2v's own, word2vec's binary or text one, fastText's, GloVe's, or another
            of those that ``fastw2v.formats`` lists; text may be compressed.
        format
            Its format, by name; None recognises it by its content.
        limit
            Read only the first rows, so many; at least 1.
        encoding_errors
            What to do about keys that are not UTF-8: ``"strict"`` refuses the file, ``"replace"``
            puts U+FFFD in the place of such bytes, ``"ignore"`` leaves them out.

        Returns
        -------
        KeyedVectors
            Where a key occurs more than once, its first row is kept, and a warning logged.

        Raises
        ------
        ValueError
            If the format is not known, if the file is damaged, or if a value is not finite; the
            message names the file and the line, byte or key. (A mapped matrix of more than 1 MiB is
            not searched for such values: a file that fastw2v wrote holds none.)
        MemoryError
            If there is not enough memory for the vectors; before any is taken.
        FileNotFoundError, OSError
            If the file can't be read.
        TypeError
            If the path is none: str, bytes and path-like objects are.

        Notes
        -----
        A file of fastw2v's own is mapped, and read where it is used. It may be replaced meanwhile,
        as ``save`` does, but not written to or cut off in place: vectors would change unseen, or
        asking about them would end the process.
        """
        rows = formats.read_rows(path, format=format, limit=limit, encoding_errors=encoding_errors)
        try:
            loaded = cls._alone(*rows)
        except ValueError:  # a key that occurs again, which takes as long to look for as the rest
            loaded = cls._alone(*formats.first_of_each(path, rows))
        if known := formats.read_provenance(path, format=format):
            from fastw2v.provenance import of_metadata  # with which come the modules of reading

            loaded.provenance = of_metadata(path, known)
        return loaded
