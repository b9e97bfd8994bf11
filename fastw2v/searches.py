"""``SearchableVectors``: vectors by key, and which of them are nearest to what is asked with.

What is asked with is read in ``queries.py``, and searched for in ``neighbors.py``: one question by
a scan of the matrix, many at once by blocks of products. From the second question on, a scan is of
``quantized.py``'s codes, where nobody else can write to the matrix.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastw2v import neighbors, queries
from fastw2v.checks import optional_number, whole_number
from fastw2v.comparisons import ComparableVectors
from fastw2v.neighbors import LocalScaling
from fastw2v.quantized import KeptCodes
from fastw2v.queries import Query, Question

# (key, score) pairs from near to far; or, for topn=None, the score of every row.
Similar: TypeAlias = list[tuple[Hashable, float]] | NDArray[np.float32]

COSMUL_EPSILON = 1e-6  # keeps the quotient finite; gensim's


class SearchableVectors(ComparableVectors):
    """``ComparableVectors`` among which the nearest are searched for.

    Searching among vectors with NaN or infinity raises ValueError, which names such a key.
    """

    _codes: KeptCodes

    def most_similar(
        self,
        positive: Query | Sequence[Query] | None = None,
        negative: Query | Sequence[Query] | None = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        *,
        csls: int | LocalScaling | None = None,
    ) -> Similar:
        """Return the keys nearest to a mean of vectors, by cosine, without the keys asked with.

        Parameters
        ----------
        positive, negative
            A key or a list of keys, vectors, or (key or vector, weight) pairs. Each vector counts
            with its weight (1 for positive, −1 for negative), after division by its length
            (Mikolov et al. 2013's 3CosAdd: ``positive=["king", "woman"], negative=["man"]``).
        topn
            How many to return, fewer where there are fewer. None returns every row's score.
        clip_start, clip_end
            Only rows from ``clip_start`` to before ``clip_end`` are answers.
        restrict_vocab
            Only the first so many rows are answers, whatever the two above say.
        csls
            Rank by CSLS instead of the cosine, against hubs: see ``neighbors``. A number, the k of
            ``local_scaling``, computes that anew with every call: for more than one question, give
            what it returned.

        Returns
        -------
        list of (key, cosine)
            From near to far; ties by row. For ``topn=None``, an array of the cosines of all rows
            from ``clip_start`` to ``clip_end``, float32, in their order, with those asked with.

        Raises
        ------
        KeyError
            For a key that is not there.
        TypeError, ValueError
            If nothing is asked; for vectors of another size, vectors and weights that are not
            finite, or numbers out of range.

        Notes
        -----
        A tuple of a key and a number is a key with its weight, unless the tuple itself is a key of
        the vocabulary: give two integer keys as a list. Unlike gensim's, vectors are divided by
        their lengths as those of keys are, and the weight of a negative key counts against it.
        """
        question = Question.of(self, positive, negative)
        answers = self._answers(clip_start, clip_end, restrict_vocab)
        direction = question.direction()
        if csls is None:
            return self._nearest(direction, topn, answers, question.rows)
        scores = neighbors.scaled(self._cosines(direction), self._scaling(csls), question.rows)
        return self._best(scores[answers], topn, answers, question.rows)

    def most_similar_cosmul(
        self,
        positive: Query | Sequence[Query] | None = None,
        negative: Query | Sequence[Query] | None = None,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
    ) -> Similar:
        """Return the keys that 3CosMul finds nearest, without the keys asked with.

        The score is the product of (1 + cos) / 2 over the positive vectors, divided by that over
        the negative ones plus 1e-6 (Levy and Goldberg 2014, "Linguistic regularities in sparse and
        explicit word representations").

        Parameters
        ----------
        positive, negative
            As for ``most_similar``, but without weights.
        topn, restrict_vocab
            As for ``most_similar``.

        Returns
        -------
        list of (key, score)
            From near to far; ties by row. For ``topn=None``, an array of all rows' scores, float32.

        Raises
        ------
        KeyError, TypeError, ValueError
            As ``most_similar``, and for a weight other than 1.
        """
        question = Question.of(self, positive, negative)
        if any(weight not in (1.0, -1.0) for weight in question.weights):
            raise ValueError("most_similar_cosmul takes no weights, only keys and vectors")
        answers = self._answers(0, None, restrict_vocab)
        products = {sign: np.ones(answers.stop, np.float32) for sign in (1.0, -1.0)}
        for vector, sign in zip(question.vectors, question.weights, strict=True):
            products[sign] *= (1 + self._cosines(vector, answers)) / 2
        products[-1.0] += COSMUL_EPSILON
        scores = products[1.0]
        scores /= products[-1.0]
        return self._best(scores, topn, answers, question.rows)

    def similar_by_key(
        self, key: Hashable, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Similar:
        """Return the keys nearest to one key, by cosine, without the key itself.

        Parameters
        ----------
        key
            The key; a tuple is always one.
        topn
            How many to return, 10 by default, fewer where there are fewer. None returns every
            row's score.
        restrict_vocab
            Only the first so many rows are answers; None, the default: all.

        Returns
        -------
        list of (key, cosine)
            From near to far; ties by row. For ``topn=None``, an array of the cosines of all those
            rows, in their order and with the key's own, float32 (len(self),) or
            (restrict_vocab,).

        Raises
        ------
        KeyError, TypeError, ValueError
            As ``most_similar``.
        """
        self.get_index(key)
        return self.most_similar([key], topn=topn, restrict_vocab=restrict_vocab)

    def similar_by_vector(
        self, vector: ArrayLike, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Similar:
        """Return the keys nearest to a vector, by cosine.

        Parameters
        ----------
        vector
            (vector_size,), of any length. If it is a key's, this key is an answer, too.
        topn, restrict_vocab
            As for ``similar_by_key``.

        Returns
        -------
        list of (key, cosine)
            As ``similar_by_key``, as is the array for ``topn=None``.

        Raises
        ------
        TypeError, ValueError
            For a vector of another shape, or one with NaN or infinity; and as ``most_similar``.
        """
        return self.most_similar([np.asarray(vector)], topn=topn, restrict_vocab=restrict_vocab)

    def neighbors(
        self,
        keys_or_vectors: Iterable[Query],
        topn: int = 10,
        *,
        csls: int | LocalScaling | None = None,
        restrict_vocab: int | None = None,
        workers: int | None = None,
    ) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Return the nearest rows of many keys or vectors at once, by cosine.

        An exact search by blocks of matrix products, some ten times as fast as ``most_similar`` for
        one after another.

        Parameters
        ----------
        keys_or_vectors
            n keys, as a list or a 1-D array; vectors, as an (n, vector_size) array; or a list of
            both. A key is no neighbour of its own; a vector may find its own row.
        topn
            How many neighbours each gets.
        csls
            Rank by cross-domain similarity local scaling, 2 cos(x, y) − r(x) − r(y), where r is the
            mean cosine of a vector with its k nearest neighbours: it ranks hubs, which are
            near to everything, lower (Conneau et al. 2018, "Word translation without parallel
            data", with k = 10). k, or what ``local_scaling(k)`` returned: r is computed for all
            keys, which takes as long as asking for k neighbours of all.
        restrict_vocab
            Only the first so many rows are neighbours.
        workers
            Threads; None is every core. Together they take 128 MiB at most, beside the results.

        Returns
        -------
        rows, scores : ndarray
            intp and float32, (n, topn), from near to far, ties by row: ``index_to_key[rows[i, j]]``
            is the key. Where there are fewer neighbours, a line ends with −1 and −infinity.

        Raises
        ------
        KeyError
            For a key that is not there.
        TypeError, ValueError
            For a single key; for vectors of another size or that are not finite; for numbers out of
            range.
        """
        asked, excluded = queries.many(self, keys_or_vectors)
        with self._naming_keys():
            return neighbors.nearest(
                self._matrix,
                asked,
                whole_number("topn", topn),
                excluded=excluded,
                restrict=optional_number("restrict_vocab", restrict_vocab, least=1),
                scaling=None if csls is None else self._scaling(csls, workers),
                workers=workers,
            )

    def local_scaling(self, k: int = 10, *, workers: int | None = None) -> LocalScaling:
        """Return what ``csls`` needs, to ask more than once without computing it again.

        Parameters
        ----------
        k
            Neighbours that the mean is taken of, at least 1. It takes as long as asking for k
            neighbours of all rows, and 12 k bytes for each row, of which up to 16,384 are done at a
            time: with k = 1,000 that is 0.2 GB, and eight times as long as with 10.
        workers
            Threads; None is every core.

        Returns
        -------
        LocalScaling
            Its ``means`` are the mean cosine of each row with its k nearest, float32 (len(self),),
            of the vectors as they are now: the highest are those of hubs.

        Raises
        ------
        TypeError, ValueError
            For numbers out of range; if a vector holds NaN or infinity, which names its key.
        """
        with self._naming_keys():
            return neighbors.local_scaling(
                self._matrix, whole_number("k", k, least=1), workers=workers
            )

    def relative_cosine_similarity(self, key1: Hashable, key2: Hashable, topn: int = 10) -> float:
        """Return the cosine of two keys, divided by the sum of those of ``key1``'s nearest ones.

        Above 1 / ``topn`` the two are nearer than those are on average, which suggests a synonym
        (Leeuwenberg et al. 2016, "A minimally supervised approach for synonym extraction with word
        embeddings").

        Raises
        ------
        KeyError
            For a key that is not there.
        ValueError
            If there is no other key, or ``topn`` is not at least 1.
        """
        nearest = self.similar_by_key(key1, whole_number("topn", topn, least=1))
        if not len(nearest):
            raise ValueError(f"there is no other key than {key1!r} to compare with")
        return self.similarity(key1, key2) / sum(float(cosine) for _, cosine in nearest)

    def _answers(self, clip_start: int, clip_end: int | None, restrict_vocab: int | None) -> slice:
        """Return which rows may be answers."""
        clip_start = whole_number("clip_start", clip_start)
        clip_end = optional_number("clip_end", clip_end)
        restrict_vocab = optional_number("restrict_vocab", restrict_vocab, least=1)
        if restrict_vocab is not None:
            clip_start, clip_end = 0, restrict_vocab
        end = len(self) if clip_end is None else min(clip_end, len(self))
        return slice(min(clip_start, end), end)

    def _nearest(
        self, direction: NDArray[np.float32], topn: int | None, answers: slice, asked: list[int]
    ) -> Similar:
        """Return the keys of the rows nearest to a vector of length 1."""
        if topn is not None:
            topn = min(whole_number("topn", topn), answers.stop - answers.start)
            if self._may_change():
                self._codes = KeptCodes()  # whatever was kept may be out of date
            elif found := self._codes.best(self._matrix, direction, topn, answers, asked):
                return self._named(*found)
        return self._best(self._cosines(direction, answers), topn, answers, asked)

    def _changed(self) -> None:
        # Another object: who is building codes of what was there before keeps them to himself.
        self._codes = KeptCodes()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_codes"}

    def _best(
        self, scores: NDArray[np.float32], topn: int | None, answers: slice, asked: list[int]
    ) -> Similar:
        """Return the keys of the highest scores, which are those of the rows ``answers``."""
        if topn is None:
            return scores
        topn = min(whole_number("topn", topn), len(scores))
        for row in asked:
            if answers.start <= row < answers.stop:
                scores[row - answers.start] = -np.inf
        rows, best = neighbors.largest(scores, topn)
        rows[rows >= 0] += answers.start
        return self._named(rows, best)

    def _named(self, rows: NDArray[np.intp], scores: NDArray[np.float32]) -> Similar:
        found = zip(rows.tolist(), scores.tolist(), strict=True)
        return [(self.index_to_key[row], score) for row, score in found if row >= 0]

    def _scaling(self, csls: int | LocalScaling, workers: int | None = None) -> LocalScaling:
        if not isinstance(csls, LocalScaling):
            return self.local_scaling(whole_number("csls", csls, least=1), workers=workers)
        if csls.means.shape != (len(self),):
            raise ValueError(
                f"csls was made for {len(csls.means):,} keys, and there are {len(self):,}: call "
                "local_scaling() again"
            )
        return csls
