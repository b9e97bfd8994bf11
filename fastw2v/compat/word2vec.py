"""``Word2Vec`` by gensim's signature: what it is made with, what it is asked, its file."""

from __future__ import annotations

import inspect
import logging
import os
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from fastw2v import matrices, scoring
from fastw2v.compat.keyed_vectors import KeyedVectors
from fastw2v.compat.readers import MAX_WORDS_IN_BATCH, sentences_of
from fastw2v.compat.saving import KeyedFile, ModelFile
from fastw2v.compat.training import HIERARCHICAL, NEGATIVE_SAMPLING, Trainer
from fastw2v.compat.vector_files import lock_factors
from fastw2v.compat.vocabulary import TrimRule
from fastw2v.prediction import Trained, predict_center

logger = logging.getLogger("fastw2v")

Self = TypeVar("Self", bound="Word2Vec")

RENAMED = {"size": "vector_size", "iter": "epochs"}
# Not among the attributes of a file: what has a place of its own there, or none at all.
NOT_SAVED = {"wv", "syn1", "syn1neg", "history", "hashfxn", "raw_vocab", "_own", "_waiting"}


class OnClassOnly:
    """A class method that an instance has not."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.__doc__ = function.__doc__

    def __get__(self, instance: Any, owner: type) -> Callable[..., Any]:
        if instance is not None:
            raise AttributeError(
                f"load is called on the class: {owner.__name__}.load(path), which returns a model"
            )
        return self.function.__get__(owner)  # type: ignore[no-any-return]


class Word2Vec(Trainer):
    """Word vectors, by gensim's names and defaults, trained by fastw2v.

    Parameters
    ----------
    sentences
        An iterable of lists of tokens, which are any hashable values; or anything that
        ``fastw2v.encode`` takes but paths. They are read once. None makes a model without
        vocabulary, for ``build_vocab`` and ``train``.
    corpus_file
        Instead: the path of a text file, one sentence a line. It may be compressed.
    vector_size
        Dimensions of a vector.
    alpha, min_alpha
        The learning rate falls linearly from one to the other.
    window
        The most tokens on either side of a centre that are its contexts.
    min_count
        Tokens that occur less often are left out of the vocabulary.
    max_vocab_size
        Bounds memory while tokens are counted: after a sentence that leaves more distinct ones,
        the rarest are forgotten. Counting is then done in Python. None forgets none.
    sample
        Frequent words are subsampled above this share of all tokens; from 1 on it is a count, and
        they are above 6.85 times that, as in gensim. 0 keeps all.
    seed
        Of all random numbers.
    workers
        Threads. With one, a seed gives the same bits every time.
    sg
        1: skip-gram; 0: CBOW.
    hs
        1: hierarchical softmax. Set ``negative=0`` with it, or both are trained, by the sum of
        their losses.
    negative
        How many noise words are drawn; 0: no negative sampling. Skip-gram draws them once for a
        window.
    ns_exponent
        Noise words are drawn in proportion to count ** ``ns_exponent``.
    cbow_mean
        CBOW's hidden vector is the mean of the contexts (1) or their sum (0).
    hashfxn
        No effect: random numbers come from the seed alone.
    epochs
        Passes over the sentences.
    null_word
        1 adds the token of one NUL character to the vocabulary, which occurs nowhere.
    trim_rule
        A rule called with a token, its count and ``min_count``, which returns ``RULE_KEEP`` (2),
        ``RULE_DISCARD`` (1) or ``RULE_DEFAULT`` (0). It is not stored.
    sorted_vocab
        1 orders the vocabulary by count, the most frequent first; 0 leaves the order of first
        appearance.
    batch_words
        No effect: threads share the work as fastw2v finds best.
    compute_loss
        Sets the attribute. The loss is computed in any case.
    callbacks
        For the training on ``sentences``: see ``CallbackAny2Vec``.
    comment
        Kept as an attribute, and saved.
    max_final_vocab
        Raise ``min_count`` as far as it takes to keep no more distinct tokens; None keeps all.
    shrink_windows
        Draw each window's size uniformly from 1 to ``window``; False uses ``window`` itself.

    Attributes
    ----------
    wv : KeyedVectors
        The vectors with their keys, of which ``expandos["count"]`` are the counts.
    syn1neg, syn1 : ndarray
        float32, (len(wv), vector_size): the output vectors of words, with ``negative``, and of the
        Huffman tree's inner nodes, with ``hs``.
    corpus_count, corpus_total_words : int
        Sentences and tokens that the vocabulary was last counted from; sentences without a token
        do not count.
    raw_vocab : dict
        Counts of all tokens, where ``build_vocab`` was to keep them.
    history : list of EpochRecord
        The true mean loss of every epoch, and its speed.

    Examples
    --------
    >>> from fastw2v.compat import Word2Vec
    >>> model = Word2Vec([["cat", "say", "meow"], ["dog", "say", "woof"]] * 5, sample=0)
    >>> model.wv.index_to_key[0], model.wv["say"].shape
    ('say', (100,))
    """

    def __init__(
        self,
        sentences: Any = None,
        corpus_file: str | os.PathLike[str] | None = None,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        sample: float = 1e-3,
        seed: int | None = 1,
        workers: int = 3,
        min_alpha: float = 0.0001,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Callable[[Any], int] = hash,
        epochs: int = 5,
        null_word: int = 0,
        trim_rule: TrimRule | None = None,
        sorted_vocab: int = 1,
        batch_words: int = MAX_WORDS_IN_BATCH,
        compute_loss: bool = False,
        callbacks: Iterable[Any] = (),
        comment: str | None = None,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
        **unknown: Any,
    ) -> None:
        for name in unknown:
            hint = f"; since gensim 4 it is {RENAMED[name]}" if name in RENAMED else ""
            raise TypeError(f"Word2Vec has no parameter {name!r}{hint}")
        self.vector_size, self.window = int(vector_size), int(window)
        self.alpha, self.min_alpha = float(alpha), float(min_alpha)
        self.sg, self.hs, self.negative = int(sg), int(hs), int(negative)
        self.cbow_mean, self.shrink_windows = int(cbow_mean), bool(shrink_windows)
        self.ns_exponent, self.sample, self.seed = ns_exponent, sample, seed
        self.workers, self.epochs, self.batch_words = int(workers), epochs, batch_words
        self.min_count, self.max_vocab_size = min_count, max_vocab_size
        self.max_final_vocab, self.sorted_vocab = max_final_vocab, sorted_vocab
        self.null_word, self.hashfxn, self.comment = null_word, hashfxn, comment
        self.compute_loss = bool(compute_loss)
        self._begin()
        if sentences is None and corpus_file is None:
            self._warn_of_unused(trim_rule, callbacks)
            return
        self._keeps_reading = True
        try:
            self.build_vocab(sentences, corpus_file=corpus_file, trim_rule=trim_rule)
            self.train(
                sentences,
                corpus_file=corpus_file,
                total_examples=self.corpus_count,
                total_words=self.corpus_total_words,
                epochs=self.epochs,
                start_alpha=self.alpha,
                end_alpha=self.min_alpha,
                compute_loss=self.compute_loss,
                callbacks=callbacks,
            )
        finally:
            self._keeps_reading, self._waiting = False, None

    def _begin(self) -> None:
        """Set what a model has before anything was counted."""
        self.wv = KeyedVectors(self.vector_size)
        self.raw_vocab = {}
        self.corpus_count = self.corpus_total_words = self.train_count = 0
        self.total_train_time = self.running_training_loss = 0.0
        self.min_alpha_yet_reached = self.alpha
        self.effective_min_count = self.min_count
        self.history = []
        self._own = ()

    @staticmethod
    def _warn_of_unused(trim_rule: TrimRule | None, callbacks: Iterable[Any]) -> None:
        if trim_rule is not None:
            logger.warning("trim_rule has no effect without sentences: give it to build_vocab")
        if callbacks:
            logger.warning("callbacks have no effect without sentences: give them to train")

    @property
    def layer1_size(self) -> int:
        """The hidden vector's size: ``vector_size``."""
        return self.vector_size

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<vocab={len(self.wv)}, vector_size={self.wv.vector_size}, "
            f"alpha={self.alpha}>"
        )

    # What is asked --------------------------------------------------------------------------------

    def predict_output_word(
        self, context_words_list: Sequence[Any], topn: int = 10
    ) -> list[tuple[Hashable, float]] | None:
        """Return the likeliest words between given ones, with their probabilities.

        These are the probabilities that negative sampling learns: see ``Model.predict_center``.
        gensim's leave out how frequent each word is.

        Parameters
        ----------
        context_words_list
            Words, or their rows; those that are not known are left out.
        topn
            How many to return.

        Returns
        -------
        list of (word, probability), or None
            None, and a warning in the log, if no word is known.

        Raises
        ------
        RuntimeError
            If the model was not trained by negative sampling.
        """
        if not self.negative or not hasattr(self, "syn1neg"):
            raise RuntimeError(
                "predict_output_word needs the output vectors of negative sampling, which this "
                "model has not"
            )
        rows = [self.wv.get_index(word) for word in context_words_list if word in self.wv]
        if not rows:
            logger.warning("All the input context words are out-of-vocabulary for this model.")
            return None
        parameters = self._hyperparameters(NEGATIVE_SAMPLING)
        trained = Trained(parameters, self._vocabulary(), self.wv.vectors, self.syn1neg)
        return predict_center(trained, [self.wv.index_to_key[row] for row in rows], topn)

    def score(
        self,
        sentences: Any,
        total_sentences: int = 1_000_000,
        chunksize: int = 100,
        queue_factor: int = 2,
        report_delay: float = 1,
    ) -> NDArray[np.float32]:
        """Return the log-probability of each sentence by hierarchical softmax: see ``Model.score``.

        Parameters
        ----------
        sentences
            An iterable of lists of tokens; those outside the vocabulary are left out.
        total_sentences, chunksize, queue_factor, report_delay
            No effect: all sentences are scored.

        Returns
        -------
        ndarray
            float32, (sentences,).

        Raises
        ------
        RuntimeError
            If there is no vocabulary, or the model was not trained by hierarchical softmax.
        """
        if not len(self.wv):
            raise RuntimeError("you must first build vocabulary before scoring new data")
        if not self.hs:
            raise RuntimeError("score needs hierarchical softmax: train with hs=1 and negative=0")
        found = scoring.score(
            self._hyperparameters(HIERARCHICAL),
            self._vocabulary(),
            self.wv.vectors,
            self.syn1,
            sentences_of(sentences, None),
            workers=self.workers,
        )
        return found.astype(np.float32)

    def init_sims(self, replace: bool = False) -> None:
        """Call ``wv.init_sims``."""
        self.wv.init_sims(replace=replace)

    # Files ----------------------------------------------------------------------------------------

    def save(
        self, fname: str | os.PathLike[str], *_: Any, ignore: Iterable[str] = (), **__: Any
    ) -> None:
        """Save everything but sentences to one safetensors file, whatever its name.

        Attributes that a subclass or its user has set are saved too, where they are plain data:
        numbers, text, None, lists, tuples, dicts and arrays of these; the log names those that are
        not. gensim's further arguments, which are about pickles, have no effect.

        Parameters
        ----------
        fname
            The file; one of that name is replaced, whole or not at all.
        ignore
            Names of attributes to leave out.

        Raises
        ------
        RuntimeError
            If there is no vocabulary yet.
        """
        if not len(self.wv):
            raise RuntimeError("the model has nothing to save yet: build its vocabulary first")
        left_out = NOT_SAVED | set(ignore)
        attributes = {name: value for name, value in vars(self).items() if name not in left_out}
        objective, node_vectors = self._objective()
        outputs = getattr(self, "syn1" if objective == HIERARCHICAL else "syn1neg")
        factors = lock_factors(self.wv) if len(self.wv.vectors_lockf) > 1 else None
        ModelFile(
            KeyedFile(self.wv.index_to_key, self.wv.vectors, self.wv.expandos),
            outputs,
            node_vectors,
            factors,
            self._hyperparameters(objective),
            self.workers,
            self.history,
            attributes,
        ).write(fname)

    def _load(cls: type[Self], fname: str | os.PathLike[str], *_: Any, **__: Any) -> Self:
        """Load a model that ``save`` wrote; ``train`` goes on with it.

        gensim's further arguments have no effect: matrices that may be trained are read, not
        mapped.

        Raises
        ------
        ValueError
            For a pickle, such as gensim's ``save`` writes; the message says how to convert it. For
            a file that is damaged.
        AttributeError
            If the file holds something else.
        """
        stored = ModelFile.read(fname)
        model = cls.__new__(cls)
        model.hashfxn = hash
        for name, value in stored.attributes.items():
            setattr(model, name, value)
        model.raw_vocab, model.history = {}, stored.history
        model.wv = KeyedVectors.of(stored.keyed.keys, stored.keyed.vectors, stored.keyed.expandos)
        if stored.lock_factors is not None:
            model.wv.vectors_lockf = stored.lock_factors
        model._take_outputs(stored.outputs, stored.node_vectors)
        return model

    load = OnClassOnly(_load)

    @classmethod
    def from_gensim(cls: type[Self], source: Any) -> Self:
        """Return a model that goes on where a live ``Word2Vec`` of gensim 4 is.

        Settings, vocabulary and matrices are copied. Nothing is unpickled, and gensim is not
        imported.

        Raises
        ------
        TypeError
            If the object is none.
        ValueError
            If it was trained by hierarchical softmax: gensim's Huffman tree is another one.
        """
        if not hasattr(source, "wv"):
            raise TypeError(f"{type(source).__name__} is no Word2Vec of gensim 4: it has no wv")
        if source.hs:
            raise ValueError(
                "the model was trained by hierarchical softmax, and output vectors were learned "
                "for the nodes of gensim's Huffman tree, which is not ours; "
                "KeyedVectors.from_gensim takes the words' vectors"
            )
        names = set(inspect.signature(Word2Vec.__init__).parameters) & set(vars(source))
        settings = {name: getattr(source, name) for name in names - {"hashfxn"}}
        model = cls(**settings)
        model.wv = KeyedVectors.from_gensim(source)
        for name in ("corpus_count", "corpus_total_words", "train_count", "min_alpha_yet_reached"):
            setattr(model, name, getattr(source, name))
        model._take_outputs(source.syn1neg, None)
        return model

    def _take_outputs(self, outputs: NDArray[Any], node_vectors: NDArray[Any] | None) -> None:
        """Make copies of matrices the model's own."""
        objective, _ = self._objective()
        names = ["syn1" if objective == HIERARCHICAL else "syn1neg"]
        found = dict(zip(names, [outputs], strict=True))
        if node_vectors is not None:
            found["syn1"] = node_vectors
        self.wv.vectors = matrices.padded(self.wv.vectors)
        for name, matrix in found.items():
            setattr(self, name, matrices.padded(matrix))
        self._own = (self.wv.vectors, *(getattr(self, name) for name in found))
