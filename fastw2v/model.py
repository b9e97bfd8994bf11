"""``Model``: names the hyper-parameters, owns the two matrices, and ties the rooms together."""

from __future__ import annotations

import logging
import os
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from fastw2v import matrices
from fastw2v.checks import optional_number, whole_number
from fastw2v.corpus import (
    CorpusReport,
    EncodedCorpus,
    encode_for_training,
    memory_budget,
    source_of,
)
from fastw2v.dispatch import choose
from fastw2v.estimate import MemoryEstimate, check_size, estimate, estimate_for
from fastw2v.formats import safetensors
from fastw2v.hyperparameters import DEFAULT_SAMPLE, Hyperparameters, Window
from fastw2v.keyed_vectors import KeyedVectors
from fastw2v.resources import available_cores
from fastw2v.trainer import EpochRecord, train
from fastw2v.vocabulary import DEFAULT_MIN_COUNT, Given, Selection, Vocabulary, choice_of

logger = logging.getLogger("fastw2v")


class Model:
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
    cbow_gradient
        ``"exact"`` divides the gradient of the mean among the contexts; ``"word2vec"`` gives each
        of them all of it, as word2vec.c and gensim do.
    sample
        Frequent words are subsampled above this share of all tokens; 0 keeps all. Use 0 for a small
        vocabulary: every word of it is frequent, and most tokens would be dropped.
    alpha, min_alpha
        The learning rate falls linearly from ``alpha`` to ``min_alpha`` over all epochs' tokens
        (those of the vocabulary, before subsampling). None takes the default: for
        skip-gram 0.035, or 0.025 with either softmax; for CBOW 0.15, or 0.1 with hierarchical
        softmax, or 0.05 with ``cbow_gradient="word2vec"``.
    epochs
        Passes over the corpus in a call of ``train``.
    workers
        Threads; None is every core that the process may use when it trains. With one, a seed gives
        the same bits every time; with more, threads race for the rows of the matrices, as in every
        fast word2vec.
    kernel
        The native code of the updates: a name that ``fastw2v.kernels()`` lists, or ``"auto"``, the
        fastest here. The exact softmax always runs on BLAS. Files don't keep it.
    seed
        Of all random numbers.
    memory_limit
        Bytes for the encoded corpus, at least 16 MiB; above it the tokens lie in a temporary file
        in the folder that TMPDIR names. None is half of what is free.

    Attributes
    ----------
    vocabulary : Vocabulary or None
        None until there was something to count.
    input_vectors, output_vectors : ndarray or None
        float32, (len(vocabulary), vector_size), with rows padded to 64 bytes in memory. With
        hierarchical softmax, row j of ``output_vectors`` belongs to inner node j of the tree.
    report : CorpusReport or None
        What was read, and what of it is trained on.
    history : list of EpochRecord
        One record an epoch, over all calls of ``train``.

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
        cbow_gradient: str = "exact",
        sample: float = DEFAULT_SAMPLE,
        alpha: float | None = None,
        min_alpha: float = 1e-4,
        epochs: int = 5,
        workers: int | None = None,
        kernel: str = "auto",
        seed: int = 1,
        memory_limit: int | None = None,
    ) -> None:
        self.parameters = Hyperparameters(
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
            cbow_gradient=cbow_gradient,
            sample=sample,
            alpha=cast("float", alpha),  # None becomes the default
            min_alpha=min_alpha,
            epochs=epochs,
            seed=seed,
        )
        choose(kernel)
        self.kernel = kernel
        self.workers = optional_number("workers", workers, least=1)
        memory_budget(memory_limit)
        self.memory_limit = memory_limit
        self._choice = choice_of(
            vocabulary,
            min_count=self.parameters.min_count,
            max_size=self.parameters.max_vocab_size,
            keep=None,
            unseen="keep",
        )
        self.vocabulary: Vocabulary | None = None
        if sentences is not None:
            self._check_choice(sentences)
            if not isinstance(sentences, EncodedCorpus):
                source_of(sentences)  # refuses now what can't be a corpus
        self._sentences = sentences
        self._corpus: EncodedCorpus | None = None
        self.input_vectors: NDArray[np.float32] | None = None
        self.output_vectors: NDArray[np.float32] | None = None
        self.history: list[EpochRecord] = []
        self._own: tuple[Any, Any] = ((), ())  # the matrices that were made here
        self._keyed_vectors: dict[str, KeyedVectors] = {}
        self._is_training = False

    def __repr__(self) -> str:
        p = self.parameters
        size = "untrained" if self.vocabulary is None else f"{len(self.vocabulary):,} keys"
        return (
            f"<fastw2v.Model: {p.architecture}, {p.objective}, {size}, {len(self.history)} epochs>"
        )

    def train(self, sentences: Any = None, *, progress: bool | None = None) -> Model:
        """Count, encode and train; return the model.

        The first call makes the vocabulary. Later calls train for another ``epochs`` epochs, with
        the learning rate falling from ``alpha`` again: on the same corpus, or on new ``sentences``,
        whose tokens outside the vocabulary are dropped.

        Parameters
        ----------
        sentences
            As for ``Model``; needed here if they were not given there.
        progress
            True shows a progress bar, False none, None one where standard error is a terminal.

        Raises
        ------
        TypeError, ValueError, OSError
            If the sentences can't be read; the model is then as it was before. An iterator is used
            up, and must be given anew.
        MemoryError
            If the matrices would not fit, before they are allocated.
        KeyboardInterrupt
            On Ctrl-C, with all threads ended. The matrices keep what was learned so far, and
            ``history`` the finished epochs.
        """
        if self._is_training:
            raise RuntimeError("another thread is training this model already")
        self._is_training = True
        try:
            self._train(sentences, progress)
        finally:
            self._is_training = False
        return self

    def _train(self, sentences: Any, progress: bool | None) -> None:
        corpus = self._read(sentences)
        vocabulary = corpus.vocabulary
        inputs, outputs = self.input_vectors, self.output_vectors
        # Kernels write between rows, too: to memory of others only through a copy.
        are_own = all(a is b for a, b in zip((inputs, outputs), self._own, strict=True))
        check_size(self.parameters, corpus, self._n_workers, with_matrices=not are_own)
        size, seed = self.parameters.vector_size, self.parameters.seed
        if inputs is None and outputs is None:
            inputs, outputs = matrices.initial(len(vocabulary), size, seed)
        inputs = matrices.checked(inputs, "input_vectors", len(vocabulary), size)
        outputs = matrices.checked(outputs, "output_vectors", len(vocabulary), size)
        if not (are_own and matrices.is_padded(inputs) and matrices.is_padded(outputs)):
            inputs, outputs = matrices.padded(inputs), matrices.padded(outputs)
        records = train(
            self.parameters,
            vocabulary,
            corpus,
            inputs,
            outputs,
            first_epoch=self.history[-1].epoch + 1 if self.history else 0,
            workers=self._n_workers,
            kernel=choose(self.kernel),
            progress=progress,
        )
        # Nothing that can be refused is left: from here on the model changes.
        self.vocabulary, self._corpus, self._sentences = vocabulary, corpus, None
        self.input_vectors, self.output_vectors = self._own = inputs, outputs
        self.history.extend(records)

    def _check_choice(self, sentences: Any) -> None:
        """Refuse a choice of the vocabulary where the corpus brings one."""
        is_encoded = isinstance(sentences, EncodedCorpus)
        if is_encoded and self.vocabulary is None and self._choice != Selection():
            raise ValueError(
                "an EncodedCorpus comes with its vocabulary, and min_count, max_vocab_size or "
                "vocabulary were given too; choose another one by fastw2v.encode(corpus, ...)"
            )

    def _read(self, sentences: Any) -> EncodedCorpus:
        """Return the corpus to train on, without changing the model."""
        if sentences is not None and self._sentences is not None:
            raise ValueError(
                "sentences were given to Model and to train as well: give them to one of the two"
            )
        source = self._sentences if sentences is None else sentences
        if source is None:
            if self.vocabulary is None or self._corpus is None:
                raise ValueError(
                    "there are no sentences to train on: give them to Model(sentences) or to "
                    "train(sentences). A loaded model comes without its corpus, and an iterator "
                    "whose reading failed is used up and must be given anew"
                )
            return self._corpus
        self._check_choice(source)
        if isinstance(source, Iterator):
            self._sentences = None  # whatever happens now, it can't be read from its start again
        choice = self._choice
        if self.vocabulary is not None:
            choice = Given(self.vocabulary)
        elif isinstance(source, EncodedCorpus):
            choice = Given(source.vocabulary)
        corpus = encode_for_training(
            source,
            choice,
            seed=self.parameters.seed if self.parameters.shuffle else None,
            budget=memory_budget(self.memory_limit),
            workers=self._n_workers,
        )
        sampled_share = corpus.vocabulary.sampled_share(self.parameters.sample)
        corpus = corpus.with_report(replace(corpus.report, sampled_share=sampled_share))
        logger.info("%s%s", corpus.report, "; in a file" if corpus.on_disk else "")
        return corpus

    @property
    def _n_workers(self) -> int:
        return available_cores() if self.workers is None else self.workers

    @property
    def report(self) -> CorpusReport | None:
        """What was read, and what of it is trained on; None until ``train`` has read it."""
        return None if self._corpus is None else self._corpus.report

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

    @property
    def wv(self) -> KeyedVectors:
        """The input vectors with their keys: what is usually meant by word vectors."""
        return self._keyed("input_vectors")

    @property
    def context_wv(self) -> KeyedVectors:
        """The output vectors with their keys; hierarchical softmax has none."""
        if self.parameters.objective == "hierarchical_softmax":
            raise RuntimeError(
                "with hierarchical softmax the output vectors belong to inner nodes of the Huffman "
                "tree, not to words: wv has the words' vectors"
            )
        return self._keyed("output_vectors")

    def _keyed(self, name: str) -> KeyedVectors:
        """Return the keyed view of one matrix, made once for as long as the matrix is the same."""
        vectors = getattr(self, name)
        if self.vocabulary is None or vectors is None:
            raise RuntimeError("the model has no vectors yet: call train() first")
        keyed = self._keyed_vectors.get(name)
        if keyed is None or keyed.vectors is not vectors:
            keys, counts = self.vocabulary.keys, self.vocabulary.counts
            keyed = KeyedVectors(keys, vectors, counts, growable=False)
            self._keyed_vectors[name] = keyed
        return keyed

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save everything but the corpus to one safetensors file, whole or not at all.

        Keys may be str, int, float, bool, None or tuples of these.
        """
        if self.vocabulary is None or self.input_vectors is None or self.output_vectors is None:
            raise RuntimeError("the model has nothing to save yet: call train() first")
        safetensors.write(
            path,
            self.vocabulary.keys,
            self.vocabulary.counts,
            {"input_vectors": self.input_vectors, "output_vectors": self.output_vectors},
            {
                "hyperparameters": asdict(self.parameters),
                "workers": self.workers,
                "history": [record.as_dict() for record in self.history],
            },
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Model:
        """Load a model that ``save`` wrote; ``train(sentences)`` goes on with it.

        Raises
        ------
        FileNotFoundError, ValueError
            If there is no such file, or if it is damaged or holds no model.
        """
        contents = safetensors.read(path)
        missing = {"hyperparameters", "workers", "history"} - contents.metadata.keys()
        missing |= {"input_vectors", "output_vectors"} - contents.matrices.keys()
        if missing:
            raise ValueError(
                f"{path} holds no model ({', '.join(sorted(missing))} missing); "
                "KeyedVectors.load reads vectors"
            )
        try:
            settings: dict[str, Any] = contents.metadata["hyperparameters"]
            # Whether the environment names a good kernel is nothing that a file is to blame for.
            model = cls(None, **settings, workers=contents.metadata["workers"], kernel="blas")
            model.kernel = "auto"
            model.history = [EpochRecord(**record) for record in contents.metadata["history"]]
            model.vocabulary = Vocabulary.in_order(contents.keys, contents.counts)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path} is damaged, or from a newer fastw2v: {error}") from error
        names = "input_vectors", "output_vectors"
        for matrix in (contents.matrices[name] for name in names):
            if matrix.shape[1] != model.parameters.vector_size:
                raise ValueError(
                    f"{path} is damaged: vector_size is {model.parameters.vector_size}, but its "
                    f"vectors have {matrix.shape[1]} dimensions"
                )
        inputs, outputs = (matrices.padded(contents.matrices.pop(name)) for name in names)
        model.input_vectors, model.output_vectors = model._own = inputs, outputs
        return model
