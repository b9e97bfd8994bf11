"""``encode`` and ``count``: from anything that holds sentences to a corpus, or to a vocabulary."""

from __future__ import annotations

import logging
from collections.abc import Hashable
from collections.abc import Mapping as KeyCounts
from typing import Any

from fastw2v.checks import optional_number, whole_number
from fastw2v.corpus.encoded import EncodedCorpus
from fastw2v.corpus.encoding import NothingToTrainOnError, encode_numbered
from fastw2v.corpus.reading import NumberedCorpus, Source, read
from fastw2v.corpus.sources import source_of
from fastw2v.corpus.text import TextFiles
from fastw2v.corpus.weights import check_count, checked_weights
from fastw2v.resources import available_cores, available_memory
from fastw2v.vocabulary import DEFAULT_MIN_COUNT, Choice, KeepRule, Vocabulary, choice_of

logger = logging.getLogger("fastw2v")

LEAST_MEMORY_LIMIT = 1 << 24
LEAST_MAX_DISTINCT = 1000


def encode(
    sentences: Any,
    *,
    min_count: int = DEFAULT_MIN_COUNT,
    max_vocab_size: int | None = None,
    keep: KeepRule | None = None,
    vocabulary: Vocabulary | KeyCounts[Hashable, int] | str | None = None,
    unseen: str = "keep",
    padding: int | None = None,
    errors: str = "strict",
    max_distinct: int | None = None,
    weights: Any = None,
    memory_limit: int | None = None,
    workers: int | None = None,
) -> EncodedCorpus:
    """Read sentences once, choose the vocabulary, and return them encoded, in their order.

    ``Model`` does this by itself. Call it to use a corpus again, to save one, or for the options
    that ``Model`` does not have.

    Parameters
    ----------
    sentences
        An iterable of token sequences (lists, tuples, 1-D arrays; a one-shot generator too), with
        tokens of any hashable type; the path of a text file with one sentence a line (plain, or
        compressed by gzip, bzip2, xz or Zstandard), of a folder of such files, a pattern such as
        ``"texts/*.txt"``, or a list of paths; a stream of such a text's bytes, which is used up,
        such as ``sys.stdin.buffer``; a 2-D integer array, one sentence a row; a pair of 1-D integer
        arrays ``(tokens, offsets)``, where sentence s is ``tokens[offsets[s]:offsets[s + 1]]``; a
        column of lists or of strings from pyarrow, pandas, polars or Hugging Face's datasets,
        through Arrow's interface; or an ``EncodedCorpus``, whose vocabulary is then chosen from
        anew, by its counts.
    min_count
        Tokens that occur less often are left out of the vocabulary.
    max_vocab_size
        Keep only so many of them, the most frequent; None keeps all.
    keep
        A rule that goes before both: called with each key and its count, it returns True to keep
        the key, False to drop it, None to leave it to ``min_count`` and ``max_vocab_size``.
    vocabulary
        Use this one, whole, instead of choosing: a ``Vocabulary``, in its order, or a mapping from
        keys to counts, ordered by these. ``"identity"``: row i is the integer i, up to the largest
        that occurs, for graphs whose nodes are numbered. The three options above must then be left
        alone.
    unseen
        With ``"identity"``: ``"keep"`` gives integers that never occur a row all the same, which
        keeps its initial vector; ``"drop"`` leaves them out, so that rows are the integers that
        occur, in their own order.
    padding
        An integer to leave out wherever it occurs, such as what fills the rows of a 2-D array.
    errors
        For text files with bytes that are not UTF-8: ``"strict"`` refuses them, naming file, line
        and byte; ``"replace"`` puts U+FFFD in their place.
    max_distinct
        Bounds memory while tokens are counted: whenever there are more distinct ones than this
        (at least 1,000), the rarer half of them, or more, is forgotten with its occurrences so far.
        The report and the log say how many. Where that happens follows from the blocks in which the
        input is read, which differ between kinds of input and add their own distinct tokens to the
        bound. None never forgets.
    weights
        What each sentence's objective is multiplied by when the corpus is trained on: a 1-D array
        of finite numbers of at least 0, one for each sentence that has a token, in their order
        (empty sentences and blank lines have none, nor rows of nothing but ``padding``). They stay
        with their sentences, whichever are dropped. Counts take no notice of them. For an
        ``EncodedCorpus``, one for each of its sentences, in place of those that it has.
    memory_limit
        Bytes for the encoded corpus, at least 16 MiB; above it the tokens lie in temporary files
        (4 bytes a token and 8 a sentence, twice that for a moment), in the folder that TMPDIR
        names. The distinct tokens come on top. None is half of what is free.
    workers
        Threads that read, where the input allows it; None is every core that the process may use.
        The result does not depend on it.

    Returns
    -------
    EncodedCorpus
        Without the tokens outside the vocabulary, and without sentences that have no other.

    Raises
    ------
    TypeError, ValueError, OSError
        Naming the sentence and position, or the file, line and byte, of what is wrong. What an
        iterator raises comes through as it is.

    Examples
    --------
    >>> import fastw2v
    >>> corpus = fastw2v.encode([["a", "b", "a"], ["c", "a"]], min_count=1)
    >>> corpus.tokens.tolist(), corpus.offsets.tolist(), corpus.vocabulary.keys
    ([0, 1, 0, 2, 0], [0, 3, 5], ['a', 'b', 'c'])
    """
    choice = choice_of(
        vocabulary,
        min_count=whole_number("min_count", min_count, least=1),
        max_size=optional_number("max_vocab_size", max_vocab_size, least=1),
        keep=keep,
        unseen=unseen,
    )
    budget = memory_budget(memory_limit)
    numbered = _numbered(
        sentences,
        padding=padding,
        errors=errors,
        max_distinct=max_distinct,
        weights=weights,
        budget=budget,
        workers=workers,
    )
    corpus = _encode_and_close(numbered, choice, seed=None, budget=budget, workers=workers)
    logger.info("%s%s", corpus.report, "; in a temporary file" if corpus.on_disk else "")
    return corpus


def count(
    sentences: Any,
    *,
    min_count: int = DEFAULT_MIN_COUNT,
    max_vocab_size: int | None = None,
    keep: KeepRule | None = None,
    padding: int | None = None,
    errors: str = "strict",
    max_distinct: int | None = None,
    workers: int | None = None,
) -> Vocabulary:
    """Count tokens and return the vocabulary, without keeping the sentences.

    So that counting and training can be separate steps: save the vocabulary, and give it to
    ``Model`` or ``encode`` later. All parameters and errors are those of ``encode``.
    """
    choice = choice_of(
        None,
        min_count=whole_number("min_count", min_count, least=1),
        max_size=optional_number("max_vocab_size", max_vocab_size, least=1),
        keep=keep,
        unseen="keep",
    )
    numbered = _numbered(
        sentences,
        padding=padding,
        errors=errors,
        max_distinct=max_distinct,
        budget=None,
        workers=workers,
    )
    return choice.choose(numbered)[0]


def encode_for_training(
    sentences: Any,
    choice: Choice,
    *,
    seed: int | None,
    budget: int,
    workers: int | None,
    weights: Any = None,
) -> EncodedCorpus:
    """Read and encode with the default options, sentences in a random order unless seed is None."""
    numbered = _numbered(sentences, weights=weights, budget=budget, workers=workers)
    return _encode_and_close(numbered, choice, seed=seed, budget=budget, workers=workers)


def memory_budget(memory_limit: object) -> int:
    """Check a memory limit in bytes, and return how many of them numbers may take.

    The rest is for what passes through on the way: blocks of the input, a bucket of sentences,
    what threads and libraries take.
    """
    limit = optional_number("memory_limit", memory_limit, least=LEAST_MEMORY_LIMIT)
    if limit is None:
        available = available_memory()
        if available is None:
            return 1 << 62
        limit = max(LEAST_MEMORY_LIMIT, available // 2)
    return limit - limit // 4 - LEAST_MEMORY_LIMIT // 2


def _numbered(
    sentences: Any,
    *,
    budget: int | None,
    workers: int | None,
    padding: int | None = None,
    errors: str = "strict",
    max_distinct: int | None = None,
    weights: Any = None,
) -> NumberedCorpus | EncodedCorpus:
    """Read anything; what is encoded already is left as it is."""
    weights = None if weights is None else checked_weights(weights)
    workers = available_cores() if workers is None else whole_number("workers", workers, least=1)
    max_distinct = optional_number("max_distinct", max_distinct, least=LEAST_MAX_DISTINCT)
    if isinstance(sentences, EncodedCorpus):
        if padding is not None or errors != "strict" or max_distinct is not None:
            raise ValueError(
                "padding, errors and max_distinct are for reading, and this corpus is encoded"
            )
        return sentences if weights is None else sentences.with_weights(weights)
    source = source_of(sentences, padding=padding, errors=errors)
    numbered = read(source, workers=workers, budget=budget, max_distinct=max_distinct)
    if not len(numbered.table):
        numbered.close()
    if not numbered.n_tokens:
        raise NothingToTrainOnError(
            "there is nothing to train on: the sentences have not one token"
        )
    if not len(numbered.table):
        raise ValueError(
            f"max_distinct={max_distinct:,} made the counting forget all tokens, as so many are "
            "equally rare: raise it"
        )
    if weights is not None:
        try:
            check_count(weights, numbered.n_sentences)
        except ValueError:
            numbered.close()
            raise
        numbered.weights = weights
    _warn(numbered, source)
    return numbered


def _encode_and_close(
    numbered: NumberedCorpus | EncodedCorpus,
    choice: Choice,
    *,
    seed: int | None,
    budget: int,
    workers: int | None,
) -> EncodedCorpus:
    try:
        threads = available_cores() if workers is None else workers
        return encode_numbered(numbered, choice, seed=seed, budget=budget, workers=threads)
    finally:
        if isinstance(numbered, NumberedCorpus):
            numbered.close()


def _warn(numbered: NumberedCorpus, source: Source) -> None:
    """Say what is likely a mistake, and what was lost."""
    if numbered.pruned_keys:
        logger.warning(
            "max_distinct=%s: %s distinct tokens were forgotten while counting, with %s "
            "occurrences (%.2f %% of all); counts of those that came back are too low",
            *(f"{n:,}" for n in (numbered.max_distinct, numbered.pruned_keys)),
            *(f"{numbered.pruned_tokens:,}", 100 * numbered.pruned_tokens / numbered.n_tokens),
        )
    if isinstance(source, TextFiles) and numbered.table.has_nul():
        logger.warning(
            "the text has NUL bytes: if it is UTF-16 or UTF-32, convert it to UTF-8; if it is no "
            "text, its words mean nothing"
        )
    texts, spaced = (0, 0) if isinstance(source, TextFiles) else numbered.table.text_counts()
    if 2 * spaced > texts:
        logger.warning(
            "%.0f %% of the str tokens contain white space: are they sentences that still have to "
            "be split into tokens?",
            100 * spaced / texts,
        )
