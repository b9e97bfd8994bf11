"""``Word2VecVectorizer``: documents become the means of their words' vectors, in scikit-learn.

A thin room: scikit-learn's own analyzer splits texts, ``Model`` trains, and what is left is a
sparse matrix of counts times a matrix of vectors. Nothing else imports this module, which needs
scikit-learn.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from copy import copy
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from fastw2v.checks import one_of, real_number
from fastw2v.corpus import EncodedCorpus, encode
from fastw2v.corpus.columns import is_table
from fastw2v.corpus.objects import as_tokens
from fastw2v.hyperparameters import DEFAULT_SAMPLE, Hyperparameters, Window
from fastw2v.keyed_vectors import KeyedVectors
from fastw2v.messages import described
from fastw2v.model import Model
from fastw2v.trainer import EpochRecord
from fastw2v.vocabulary import Vocabulary

try:
    from scipy.sparse import csr_array
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.utils import Tags  # from 1.6 on
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    raise ImportError(
        "fastw2v.sklearn needs scikit-learn, 1.6 or newer, which is not installed: "
        "pip install 'fastw2v[sklearn]'"
    ) from error

__all__ = ["Word2VecVectorizer"]

WEIGHTINGS = ("mean", "idf")
ANALYSIS = (
    *("strip_accents", "lowercase", "preprocessor", "tokenizer", "stop_words", "token_pattern"),
)
TRAINING = (
    *("vector_size", "window", "shrink_windows", "shuffle", "architecture", "objective"),
    *("negative", "ns_exponent", "negative_sharing", "cbow_mean", "cbow_gradient", "alpha"),
    "min_alpha",
    *("workers", "deterministic", "kernel", "seed"),
)

SAMPLES = (DEFAULT_SAMPLE, 1e-3, 0.0)
# With fewer tokens the vectors hardly leave where they began.
TOKENS_TO_TRAIN = 1_000_000
MOST_EPOCHS = 1_000

Document = str | Sequence[Hashable]
Analyzer = Callable[[str], Iterable[Hashable]]


class Word2VecVectorizer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn carries no types
    """Documents as (weighted) means of word vectors, which are trained on them or given.

    A document is a str, which is split as ``CountVectorizer`` splits it, or a sequence of tokens
    of any hashable type, which is taken as it is. Each document is one sentence to train on.
    Documents without a known word become zeros.

    Parameters
    ----------
    vectors
        Use these instead of training; parameters of training have no effect then. Clones share
        them.
    weighting
        ``"mean"``: each occurrence of a known word counts the same; ``"idf"``: it counts with the
        word's ``idf_``, so that words of all documents count little.
    strip_accents, lowercase, preprocessor, tokenizer, stop_words, token_pattern
        How a str becomes tokens: as for scikit-learn's ``CountVectorizer``, with its defaults.
    min_count
        Words that occur less often have no vector. 1, not ``Model``'s 5: a small corpus has few
        words to spare, and the vectors of rare words stay short in a large one.
    sample
        Frequent words are subsampled above this share of all tokens, in training; 0 keeps all.
        None takes ``Model``'s 1e-4, or 1e-3 or 0: the first that leaves half of the tokens or more,
        as 1e-4 does not in a small vocabulary.
    epochs
        Passes over the documents. None takes as many as make a million tokens, at least 5 and at
        most 1,000: a second of training, without which the vectors of a few documents would
        hardly differ from where they began.
    workers
        Threads of training; with 1, the default, a seed gives the same vectors every time. None is
        every core.
    validation_share, patience, max_seconds
        As for ``Model.train``, whose ``validation`` is a share of the documents here.
    verbose
        Show a progress bar while training.
    vector_size, window, shrink_windows, shuffle, max_vocab_size, architecture, objective, negative
        As for ``Model``, as are all that follow.
    ns_exponent, negative_sharing, cbow_mean, cbow_gradient, alpha, min_alpha, deterministic, kernel
        As for ``Model``.
    seed
        As for ``Model``.

    Attributes
    ----------
    vectors_ : KeyedVectors
        The words' vectors.
    idf_ : ndarray or None
        With ``weighting="idf"``, float32 (len(vectors_),): ln((1 + n) / (1 + df)) + 1 for n
        documents of which df have the word, as in scikit-learn's ``TfidfTransformer``.
    history_ : list of EpochRecord
        What training did, a record an epoch; empty with given vectors.

    Raises
    ------
    TypeError, ValueError
        By ``fit``, for parameters and documents that can't be right, with the way out; by
        ``transform`` for documents.

    Examples
    --------
    >>> from fastw2v.sklearn import Word2VecVectorizer
    >>> texts = ["the cat sat on the mat", "dogs and cats", "stocks fell as bonds rose"]
    >>> vectorizer = Word2VecVectorizer(vector_size=8, weighting="idf")
    >>> vectorizer.fit_transform(texts).shape
    (3, 8)
    """

    def __init__(
        self,
        *,
        vectors: KeyedVectors | None = None,
        weighting: str = "mean",
        strip_accents: str | Callable[[str], str] | None = None,
        lowercase: bool = True,
        preprocessor: Callable[[str], str] | None = None,
        tokenizer: Callable[[str], Iterable[Hashable]] | None = None,
        stop_words: str | list[str] | None = None,
        token_pattern: str = r"(?u)\b\w\w+\b",
        vector_size: int = 100,
        window: Window = 5,
        shrink_windows: bool = True,
        shuffle: bool = True,
        min_count: int = 1,
        max_vocab_size: int | None = None,
        architecture: str = "skipgram",
        objective: str = "negative_sampling",
        negative: int = 5,
        ns_exponent: float = 0.75,
        negative_sharing: str = "window",
        cbow_mean: bool = True,
        cbow_gradient: str = "exact",
        sample: float | None = None,
        alpha: float | None = None,
        min_alpha: float = 1e-4,
        epochs: int | None = None,
        workers: int | None = 1,
        deterministic: bool = False,
        kernel: str = "auto",
        seed: int = 1,
        validation_share: float | None = None,
        patience: int | None = None,
        max_seconds: float | None = None,
        verbose: bool = False,
    ) -> None:
        self.vectors = vectors
        self.weighting = weighting
        self.strip_accents = strip_accents
        self.lowercase = lowercase
        self.preprocessor = preprocessor
        self.tokenizer = tokenizer
        self.stop_words = stop_words
        self.token_pattern = token_pattern
        self.vector_size = vector_size
        self.window = window
        self.shrink_windows = shrink_windows
        self.shuffle = shuffle
        self.min_count = min_count
        self.max_vocab_size = max_vocab_size
        self.architecture = architecture
        self.objective = objective
        self.negative = negative
        self.ns_exponent = ns_exponent
        self.negative_sharing = negative_sharing
        self.cbow_mean = cbow_mean
        self.cbow_gradient = cbow_gradient
        self.sample = sample
        self.alpha = alpha
        self.min_alpha = min_alpha
        self.epochs = epochs
        self.workers = workers
        self.deterministic = deterministic
        self.kernel = kernel
        self.seed = seed
        self.validation_share = validation_share
        self.patience = patience
        self.max_seconds = max_seconds
        self.verbose = verbose

    def fit(self, X: Iterable[Document], y: object = None) -> Word2VecVectorizer:
        """Train word vectors on documents, or count in how many of them the given vectors' are.

        Parameters
        ----------
        X
            Documents: an iterable of str or of token sequences; a one-shot generator too.
        y
            Not used.

        Returns
        -------
        Word2VecVectorizer
            Itself.

        Raises
        ------
        TypeError
            For what are no documents, such as one str, with the document's number; for parameters
            of another type.
        ValueError
            For parameters out of their range; without documents, or if no word is left to train on.
        """
        self._fit(X)
        return self

    def fit_transform(self, X: Iterable[Document], y: object = None) -> NDArray[np.float32]:
        """Fit to documents and transform them, reading each once.

        Parameters, result and errors are those of ``fit`` and ``transform``.
        """
        return self._means(self._fit(X))

    def transform(self, X: Iterable[Document]) -> NDArray[np.float32]:
        """Return the documents' vectors, float32 (n_documents, vector_size).

        Parameters
        ----------
        X
            Documents, as for ``fit``; those without a known word become zeros.

        Raises
        ------
        TypeError
            For what are no documents.
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        """
        check_is_fitted(self)
        return self._means(_known(self._documents(X), self.vectors_))

    def _fit(self, X: Iterable[Document]) -> csr_array:
        """Fit, and return the documents as counts of known words."""
        one_of("weighting", self.weighting, WEIGHTINGS)
        documents = self._documents(X)
        if self.vectors is None:
            vectors, history, counts = self._train(documents)
        elif isinstance(self.vectors, KeyedVectors):
            vectors, history, counts = self.vectors, [], _known(documents, self.vectors)
        else:
            raise TypeError(
                f"vectors must be KeyedVectors, such as model.wv, not {described(self.vectors)}"
            )
        # Nothing that can be refused is left: from here on the estimator changes.
        self.vectors_, self.history_ = vectors, history
        self.idf_ = _idf(counts) if self.weighting == "idf" else None
        return counts

    def _train(
        self, documents: Iterable[Sequence[Hashable]]
    ) -> tuple[KeyedVectors, list[EpochRecord], csr_array]:
        lengths = array("q")

        def recorded() -> Iterator[Sequence[Hashable]]:
            for tokens in documents:
                lengths.append(len(tokens))
                yield tokens

        # With every token, so that tokens and lengths stay in step.
        everything = encode(recorded(), min_count=1, workers=self.workers)
        corpus = everything
        if self.min_count != 1 or self.max_vocab_size is not None:
            corpus = encode(
                everything,
                min_count=self.min_count,
                max_vocab_size=self.max_vocab_size,
                workers=self.workers,
            )
        settings = {name: getattr(self, name) for name in TRAINING}
        settings["sample"] = _sample(corpus.vocabulary) if self.sample is None else self.sample
        settings["epochs"] = _epochs(corpus) if self.epochs is None else self.epochs
        if self.validation_share is not None:
            real_number("validation_share", self.validation_share)
        model = Model(corpus, **settings).train(
            validation=self.validation_share,
            patience=self.patience,
            max_seconds=self.max_seconds,
            progress=bool(self.verbose),
        )
        rows = model.wv.key_to_index
        row_of = np.array([rows.get(key, -1) for key in everything.vocabulary.keys], np.int32)
        counts = _counted(row_of[everything.tokens], np.asarray(lengths, np.int64), len(rows))
        return model.wv, model.history, counts

    def _documents(self, X: Iterable[Document]) -> Iterator[Sequence[Hashable]]:
        """Check the whole now, and yield each document's tokens as it is asked for."""
        _check_documents(X)
        splitter = CountVectorizer(**{name: getattr(self, name) for name in ANALYSIS})
        analyze = splitter.build_analyzer()
        return (_tokens(document, number, analyze) for number, document in enumerate(X))

    def _means(self, counts: csr_array) -> NDArray[np.float32]:
        """Return the mean vector of each row of counts, zeros for rows without a word."""
        weights = counts.data if self.idf_ is None else counts.data * self.idf_[counts.indices]
        # The rows that occur, not the whole matrix: SciPy would copy it, as rows are padded.
        known, columns = np.unique(counts.indices, return_inverse=True)
        weighted = csr_array((weights, columns, counts.indptr), (counts.shape[0], len(known)))
        totals = np.asarray(weighted.sum(axis=1), np.float32)
        sums = weighted @ self.vectors_[[self.vectors_.index_to_key[row] for row in known]]
        return cast("NDArray[np.float32]", sums / np.where(totals > 0, totals, 1)[:, None])

    @property
    def _n_features_out(self) -> int:
        return self.vectors_.vector_size

    def __sklearn_clone__(self) -> Word2VecVectorizer:
        """Clone without a copy of the vectors, which no estimator changes and may be large."""
        bare = copy(self)
        bare.vectors = None
        clone = super(Word2VecVectorizer, bare).__sklearn_clone__()
        clone.vectors = self.vectors
        return cast("Word2VecVectorizer", clone)

    def __sklearn_tags__(self) -> Tags:
        """Say what documents are, what comes of them, and whether fitting repeats itself."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.transformer_tags.preserves_dtype = ["float32"]
        is_repeated = self.workers == 1 and self.max_seconds is None
        tags.non_deterministic = self.vectors is None and not is_repeated
        return tags


def _sample(vocabulary: Vocabulary) -> float:
    return next(sample for sample in SAMPLES if vocabulary.sampled_share(sample) >= 0.5)


def _epochs(corpus: EncodedCorpus) -> int:
    enough = -(-TOKENS_TO_TRAIN // len(corpus.tokens))
    return max(Hyperparameters.epochs, min(enough, MOST_EPOCHS))


def _known(documents: Iterable[Sequence[Hashable]], vectors: KeyedVectors) -> csr_array:
    """Return the counts of the words that have vectors, float32 (n_documents, len(vectors))."""
    rows = vectors.key_to_index
    found, ends = array("i"), array("q", [0])
    for number, tokens in enumerate(documents):
        try:
            found.extend([rows[token] for token in tokens if token in rows])
        except TypeError as error:
            raise TypeError(f"document {number} has what can't be a token: {error}") from None
        ends.append(len(found))
    return _counted(np.asarray(found, np.int32), np.diff(ends), len(rows))


def _counted(rows: NDArray[np.int32], lengths: NDArray[np.int64], n_rows: int) -> csr_array:
    """Return counts, float32 (len(lengths), n_rows), of rows one document after the other.

    Rows below 0 are left out.
    """
    documents = np.repeat(np.arange(len(lengths)), lengths)
    known = rows >= 0
    ones = np.ones(int(known.sum()), np.float32)
    # Equal places are summed.
    return csr_array((ones, (documents[known], rows[known])), (len(lengths), n_rows))


def _idf(counts: csr_array) -> NDArray[np.float32]:
    n_documents, n_rows = counts.shape
    found_in = np.bincount(counts.indices, minlength=n_rows)
    return np.asarray(np.log((1 + n_documents) / (1 + found_in)) + 1, np.float32)


def _check_documents(X: Any) -> None:
    """Refuse what holds no documents, or not in one dimension."""
    what = "X must be an iterable of documents, each a str or a sequence of tokens"
    if isinstance(X, str | bytes | bytearray | Mapping | Set) or not isinstance(X, Iterable):
        raise TypeError(f"{what}, not {described(X)}; put a single document into a list")
    is_integers = isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "iu"
    if is_table(X) or (getattr(X, "ndim", 1) != 1 and not is_integers):
        shape = getattr(X, "shape", "unknown")
        raise ValueError(
            f"{what}, not a {type(X).__name__} of shape {shape}; give one column of it, such as "
            "table['text'] (in a ColumnTransformer: 'text', not ['text'])"
        )


def _tokens(document: Any, number: int, analyze: Analyzer) -> Sequence[Hashable]:
    if hasattr(document, "as_py"):  # Arrow's scalars
        document = document.as_py()
    if isinstance(document, str):
        return list(analyze(document))
    if isinstance(document, list | tuple):
        return document
    if isinstance(document, bytes | bytearray | Mapping | Set) or not isinstance(
        document, Iterable
    ):
        raise TypeError(
            f"document {number} is {described(document)}, where a str or a sequence of tokens "
            "belongs"
        )
    tokens = as_tokens(document, number)
    return tokens if isinstance(tokens, list) else list(tokens.tolist())
