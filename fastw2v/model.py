"""``Model``: names the hyper-parameters and documents them; what it takes, and its file.

It stands on two others: ``ModelState`` has the vocabulary and the matrices, ``TrainableModel``
trains them.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import asdict
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from fastw2v import model_file
from fastw2v.checks import optional_number, whole_number
from fastw2v.corpus import EncodedCorpus, memory_budget
from fastw2v.dispatch import choose
from fastw2v.estimate import MemoryEstimate, estimate, estimate_for
from fastw2v.hyperparameters import DEFAULT_SAMPLE, Hyperparameters, Window
from fastw2v.initialization import InitialVectors, check_initial
from fastw2v.model_file import StoredModel
from fastw2v.model_training import TrainableModel
from fastw2v.prediction import predict_center, predict_context
from fastw2v.scoring import score
from fastw2v.vocabulary import DEFAULT_MIN_COUNT, Identity, Vocabulary, choice_of


class Model(TrainableModel):
    """Word vectors, and how they are trained.

    Parameters
    ----------
    sentences
        What to train on: an iterable of token sequences (lists, tuples, 1-D arrays; a one-shot
        generator too), with tokens of any hashable type; text files, one sentence a line; integer
        arrays; columns of tables; an ``EncodedCorpus``. ``fastw2v.encode`` describes each, and has
        more options to read them. They may also be given to ``train``. They are checked now and
        read by ``train``.
    vector_size
        Dimensions of a vector.
    window
        The most tokens on either side of a centre that are its contexts; ``(left, right)`` for
        different sides; None for the whole sentence.
    shrink_windows
        Draw each window's size uniformly from 1 to ``window``; False uses ``window`` itself.
    shuffle
        Put the sentences into a random order, drawn from the seed, once before training: neighbours
        in a file resemble each other, and a model leans on what it has just seen. False keeps the
        order given: on Wikipedia the vectors are worse, and the loss rises.
    min_count
        Tokens that occur less often are left out of the vocabulary.
    max_vocab_size
        Keep only so many tokens, the most frequent; None keeps all.
    vocabulary
        Use this one, whole: a ``Vocabulary``, in its order; a mapping from keys to counts, ordered
        by these; or ``"identity"``: row i is the integer i (0 up to the largest that occurs). An
        ``EncodedCorpus`` brings its own. The two options above must then be left alone.
    architecture
        ``"skipgram"``: each context word on its own meets the centre; ``"cbow"``: the mean of the
        context words does.
    objective
        ``"negative_sampling"``: tell the word from ``negative`` noise words;
        ``"hierarchical_softmax"``: decide at each node of a Huffman tree on the way to the word;
        ``"softmax"``: the exact softmax over the whole vocabulary, of at most 20,000 words.
    negative
        How many noise words are drawn. A draw equal to the true word is skipped.
    ns_exponent
        Noise words are drawn in proportion to count ** ``ns_exponent``.
    negative_sharing
        Skip-gram: ``"window"`` draws noise words once for all contexts of a centre, ``"pair"``
        afresh for each context, as word2vec.c does. CBOW and both softmaxes have nothing to share,
        and take either.
    cbow_mean
        CBOW: whether the mean of the context words meets the centre, or their sum.
    cbow_gradient
        ``"exact"`` divides the gradient of the mean among the contexts; ``"word2vec"`` gives each
        of them all of it, as word2vec.c and gensim do. A sum has nothing to divide.
    sample
        Frequent words are subsampled above this share of all tokens; 0 keeps all. Use 0 for a small
        vocabulary: every word of it is frequent, and most tokens would be dropped.
    alpha, min_alpha
        The learning rate falls linearly from ``alpha`` to ``min_alpha`` over all epochs' tokens
        (those of the vocabulary, before subsampling). None takes the default: for
        skip-gram 0.035, or 0.025 with either softmax; for CBOW 0.15, or 0.1 with hierarchical
        softmax, or 0.05 with ``cbow_gradient="word2vec"``, or 0.025 with ``cbow_mean=False``.
    epochs
        Passes over the corpus in a call of ``train`` or ``partial_fit``.
    workers
        Threads; None is every core that the process may use when it trains. With one, a seed gives
        the same bits every time; with more, threads race for the rows of the matrices, as in every
        fast word2vec, unless ``deterministic`` is set.
    deterministic
        Whether a seed gives the same bits with any number of ``workers`` (with the same kernel, on
        one kind of processor). Training then goes in rounds of eight shards of 128 tokens, which
        start from the same matrices and whose changes are added in their order. It takes about
        twice the time; the vectors are as good, but not those that one worker gives without it;
        and it has work for eight threads at the most.
    kernel
        The native code of the updates: a name that ``fastw2v.kernels()`` lists, or ``"auto"``, the
        fastest here. The exact softmax always runs on BLAS. Files don't keep it.
    seed
        Of all random numbers.
    init
        Input vectors to begin with: ``KeyedVectors``, or a mapping from keys to vectors, of
        ``vector_size`` dimensions. A key of the vocabulary that is in them begins there, also one
        that joins later (see ``partial_fit``); the others begin at random, from the seed. The log
        says how many were found. They are kept, not copied, until the model goes; files don't keep
        them. Output vectors begin at zero all the same.
    memory_limit
        Bytes for the encoded corpus, at least 16 MiB; above it the tokens lie in a temporary file
        in the folder that TMPDIR names. None is half of what is free.

    Attributes
    ----------
    vocabulary : Vocabulary or None
        None until something was counted. ``grow_vocabulary`` and ``partial_fit`` add to its end.
    input_vectors, output_vectors : ndarray or None
        float32, (len(vocabulary), vector_size), with rows padded to 64 bytes in memory. With
        hierarchical softmax, row j of ``output_vectors`` belongs to inner node j of the tree.
    report : CorpusReport or None
        What was read, and what of it is trained on.
    history : list of EpochRecord
        One record an epoch, over all calls of ``train`` and ``partial_fit``.
    provenance : Provenance
        The settings, and what was trained on, with fingerprints; files keep it.

    Raises
    ------
    TypeError, ValueError, FileNotFoundError
        For a hyper-parameter or sentences that can't be right, with the way out.

    References
    ----------
    Mikolov, Chen, Corrado and Dean (2013), "Efficient estimation of word representations in vector
    space"; Mikolov, Sutskever, Chen, Corrado and Dean (2013), "Distributed representations of words
    and phrases and their compositionality". ``fastw2v.objectives`` has the mathematics.

    Examples
    --------
    >>> import fastw2v
    >>> walks = [["a", "b", "c"], ["a", "c", "d"]] * 20
    >>> model = fastw2v.Model(walks, vector_size=8, sample=0, workers=1).train()
    >>> len(model.wv["a"])
    8
    """

    def __init__(
        self,
        sentences: Any = None,
        *,
        vector_size: int = 100,
        window: Window = 5,
        shrink_windows: bool = True,
        shuffle: bool = True,
        min_count: int = DEFAULT_MIN_COUNT,
        max_vocab_size: int | None = None,
        vocabulary: Vocabulary | Mapping[Hashable, int] | str | None = None,
        architecture: str = "skipgram",
        objective: str = "negative_sampling",
        negative: int = 5,
        ns_exponent: float = 0.75,
        negative_sharing: str = "window",
        cbow_mean: bool = True,
        cbow_gradient: str = "exact",
        sample: float = DEFAULT_SAMPLE,
        alpha: float | None = None,
        min_alpha: float = 1e-4,
        epochs: int = 5,
        workers: int | None = None,
        deterministic: bool = False,
        kernel: str = "auto",
        seed: int = 1,
        init: InitialVectors | None = None,
        memory_limit: int | None = None,
    ) -> None:
        parameters = Hyperparameters(
            vector_size=vector_size,
            window=window,
            shrink_windows=shrink_windows,
            shuffle=shuffle,
            min_count=min_count,
            max_vocab_size=max_vocab_size,
            architecture=architecture,
            objective=objective,
            negative=negative,
            ns_exponent=ns_exponent,
            negative_sharing=negative_sharing,
            cbow_mean=cbow_mean,
            cbow_gradient=cbow_gradient,
            sample=sample,
            alpha=cast("float", alpha),  # None becomes the default
            min_alpha=min_alpha,
            epochs=epochs,
            deterministic=deterministic,
            seed=seed,
        )
        choose(kernel)
        memory_budget(memory_limit)
        check_initial(init, parameters.vector_size)
        choice = choice_of(
            vocabulary,
            min_count=parameters.min_count,
            max_size=parameters.max_vocab_size,
            keep=None,
            unseen="keep",
        )
        super().__init__(
            parameters,
            sentences,
            choice,
            init=init,
            workers=optional_number("workers", workers, least=1),
            kernel=kernel,
            memory_limit=memory_limit,
        )

    def __repr__(self) -> str:
        p = self.parameters
        size = "untrained" if self.vocabulary is None else f"{len(self.vocabulary):,} keys"
        return (
            f"<fastw2v.Model: {p.architecture}, {p.objective}, {size}, {len(self.history)} epochs>"
        )

    def estimate_memory(
        self,
        vocabulary_size: int | None = None,
        *,
        tokens: int = 0,
        sentences: int = 0,
        longest_sentence: int = 1000,
    ) -> MemoryEstimate:
        """Return how many bytes training takes.

        Parameters
        ----------
        vocabulary_size
            How many keys; None takes the vocabulary and the corpus that the model has read, or an
            ``EncodedCorpus`` that it was given, and then the other parameters have no effect.
        tokens, sentences
            Of the corpus in memory: 4 bytes a token and 8 a sentence.
        longest_sentence
            Its tokens; it matters for ``window=None``.

        Raises
        ------
        ValueError
            If nothing was read yet, and no ``vocabulary_size`` is given.
        """
        if vocabulary_size is not None:
            return estimate(
                self.parameters,
                vocabulary_size=whole_number("vocabulary_size", vocabulary_size, least=1),
                tokens=whole_number("tokens", tokens),
                sentences=whole_number("sentences", sentences),
                longest_sentence=whole_number("longest_sentence", longest_sentence, least=1),
                workers=self._n_workers,
            )
        corpus, budget = self._corpus, 0
        if isinstance(self._sentences, EncodedCorpus):
            corpus, budget = self._sentences, memory_budget(self.memory_limit)
        if corpus is None:
            raise ValueError(
                "no sentences were read yet: give vocabulary_size, and tokens and sentences"
            )
        return estimate_for(self.parameters, corpus, self._n_workers, budget=budget)

    def score(self, sentences: Any) -> NDArray[np.float64]:
        """Return how likely the model finds each sentence, (sentences,), without training.

        That is the sum of log p over the examples that training would make of the sentence without
        chance, with full windows and no subsampling: p(centre | context) over all pairs for
        skip-gram with hierarchical softmax, p(context | centre) for skip-gram with the exact
        softmax, p(centre | mean of its contexts) over all centres for CBOW. Tokens outside the
        vocabulary are left out first; where no pair is left, the score is 0.

        Scores of one sentence by several models, each trained on sentences of one class, tell its
        class (Taddy 2015, "Document classification by inversion of distributed language
        representations").

        Parameters
        ----------
        sentences
            An iterable of token sequences, empty ones too, or an ``EncodedCorpus``.

        Raises
        ------
        ValueError
            With negative sampling, which has no probabilities.
        TypeError
            For what is no sentence, by its number.
        """
        return score(*self._trained(), sentences, workers=self._n_workers)

    def predict_center(
        self, context_keys: Iterable[Hashable], topn: int | None = 10
    ) -> list[tuple[Hashable, float]]:
        """Return the ``topn`` likeliest words between some contexts, each with its probability.

        The probabilities are exact, over the whole vocabulary; ``fastw2v.prediction`` says what
        they are for each objective. Several contexts of skip-gram, whose objective knows one at a
        time, give the geometric mean of their distributions, brought to a sum of 1. None for
        ``topn`` is all words.

        Raises
        ------
        KeyError, TypeError, ValueError
            For a key outside the vocabulary; for a str in place of a list; for no keys.
        """
        return predict_center(self._trained(), context_keys, topn)

    def predict_context(
        self, center_key: Hashable, topn: int | None = 10
    ) -> list[tuple[Hashable, float]]:
        """Return the ``topn`` likeliest contexts of a word, each with its probability.

        Parameters, errors and what the probabilities are: as for ``predict_center``.
        """
        return predict_context(self._trained(), center_key, topn)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save everything but the corpus to one safetensors file, whole or not at all.

        Keys may be str, int, float, bool, None or tuples of these.
        """
        if self.vocabulary is None or self.input_vectors is None or self.output_vectors is None:
            raise RuntimeError("the model has nothing to save yet: call train() first")
        stored = self._stored(self.vocabulary, self.input_vectors, self.output_vectors)
        model_file.write(path, stored)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Model:
        """Load a model that ``save`` wrote; ``train(sentences)`` goes on with it.

        Of a checkpoint, the model as it was then; ``resume`` goes on with its run.

        Raises
        ------
        FileNotFoundError, ValueError
            If there is no such file, or if it is damaged or holds no model.
        """
        return cls._of(model_file.read(path))

    @classmethod
    def _of(cls, stored: StoredModel) -> Model:
        """Make a model of what a file has."""
        # Whether the environment names a good kernel is nothing that a file is to blame for.
        model = cls(None, **asdict(stored.parameters), workers=stored.workers, kernel="blas")
        model.kernel = "auto"
        if stored.is_identity:
            model._choice = Identity()
        model._become(stored.vocabulary, stored.input_vectors, stored.output_vectors)
        model.history = stored.history
        model._remember(stored.corpora)
        return model
