"""word2vec.c's command line, as ``train`` takes it: its flags, its defaults, what it can't have.

Where ``-train`` is used, word2vec.c's defaults hold for what is not given, so that its users'
scripts do what they did. Flags that both have, such as ``-size`` and ``--vector-size``, are one
option; what is left are those that fastw2v spells otherwise.
"""

from __future__ import annotations

import argparse
from typing import Any

from fastw2v.cli.arguments import MisuseError, Options, at_least

THREADS = 12
DEFAULTS: dict[str, Any] = {
    "vector_size": 100,
    "window": 5,
    "sample": 1e-3,
    "negative": 5,
    "min_count": 5,
    "epochs": 5,
}
ALPHA = {"cbow": 0.05, "skipgram": 0.025}
FALL = 1e-4  # the learning rate falls to this share of alpha
ARCHITECTURES = ("skipgram", "cbow")  # of -cbow 0 and 1

DESCRIPTION = """\
`fastw2v train -train FILE -output FILE ...` takes word2vec.c's flags. What is not given is then \
word2vec.c's default: CBOW, each context with the whole gradient, size 100, window 5, sample 1e-3, \
negative 5, min-count 5, iter 5, alpha 0.05 (0.025 with -cbow 0), falling to a ten-thousandth of \
it, and 12 threads, or as many as there are cores if these are fewer. What word2vec.c has no \
flag for is fastw2v's default. The output is word2vec's text, or with -binary 1 its binary \
format. Without -output, the vocabulary is counted and saved by -save-vocab. A </s> in a \
vocabulary file is left out: line ends are no words here."""


def add_flags(group: Options) -> None:
    """Declare the flags that fastw2v has no other name for."""
    for name, metavar, text in (
        ("-train", "FILE", "the text, as SOURCE"),
        ("-output", "FILE", "where to save the vectors, as text or by -binary 1"),
    ):
        group.add_argument(name, metavar=metavar, dest=f"word2vec_{name[1:]}", help=text)
    for name, text in (
        ("-cbow", "1: --architecture cbow; 0: skipgram"),
        ("-hs", "1: --objective hierarchical_softmax, which goes with -negative 0"),
        ("-binary", "1: save in word2vec's binary format"),
    ):
        group.add_argument(name, type=int, choices=[0, 1], metavar="0|1", help=text)
    group.add_argument(
        "-debug", metavar="N", type=at_least(0), help="0: --no-progress; above: --progress"
    )
    group.add_argument(
        "-classes", metavar="N", type=at_least(0), help="refused, but for 0: no k-means here"
    )


def is_used(arguments: argparse.Namespace) -> bool:
    """Tell whether word2vec.c's defaults hold."""
    return arguments.word2vec_train is not None


def settle(arguments: argparse.Namespace) -> None:
    """Turn word2vec.c's flags into fastw2v's options, in place; and take its defaults, if due.

    Raises
    ------
    MisuseError
        For flags that contradict each other, or that can't be honoured.
    """
    _check_spelling(arguments)
    if arguments.classes:
        raise MisuseError(
            f"-classes {arguments.classes}: word2vec.c would save classes of words by k-means, not "
            "vectors, and fastw2v does not; leave it out, and give the vectors to scikit-learn's "
            "KMeans"
        )
    if arguments.cbow is not None:
        _refuse_both(arguments, "-cbow", "architecture")
        arguments.architecture = ARCHITECTURES[arguments.cbow]
    if arguments.debug is not None:
        _refuse_both(arguments, "-debug", "progress")
        arguments.progress = arguments.debug > 0
    if arguments.hs is not None:
        _refuse_both(arguments, "-hs", "objective")
    if is_used(arguments):
        _take_defaults(arguments)
    if arguments.hs and arguments.negative:
        raise MisuseError(
            f"-hs 1 with -negative {arguments.negative} (word2vec.c's default is 5): word2vec.c "
            "would add both losses, and fastw2v trains by one of them; give -negative 0 for the "
            "hierarchical softmax, or -hs 0"
        )
    if arguments.hs:
        arguments.objective = "hierarchical_softmax"
    if arguments.negative == 0 and arguments.objective in (None, "negative_sampling"):
        raise MisuseError("-negative 0 without -hs 1 leaves nothing to train by; give one of them")


def _check_spelling(arguments: argparse.Namespace) -> None:
    """Refuse half of the one spelling with half of the other."""
    if is_used(arguments):
        if arguments.sources:
            raise MisuseError("give the text once: as SOURCE, or by -train")
        if arguments.output is not None:
            raise MisuseError("-train goes with -output; -o goes with SOURCE")
        if arguments.format is not None:
            raise MisuseError("-train goes with -binary 0 or 1; --format goes with SOURCE")
    else:
        if arguments.word2vec_output is not None:
            raise MisuseError("-output goes with -train; with SOURCE, give -o FILE")
        if arguments.binary is not None:
            raise MisuseError(
                "-binary goes with -train; with SOURCE, give --format word2vec_binary"
            )


def _refuse_both(arguments: argparse.Namespace, flag: str, option: str) -> None:
    if getattr(arguments, option) is not None:
        raise MisuseError(f"{flag} and --{option} are the same option: give one of them")


def _take_defaults(arguments: argparse.Namespace) -> None:
    from fastw2v.resources import available_cores

    for name, value in DEFAULTS.items():
        # Without negative sampling, how many negatives there would be contradicts nothing.
        other = name == "negative" and arguments.objective not in (None, "negative_sampling")
        if getattr(arguments, name) is None and not other:
            setattr(arguments, name, value)
    if arguments.architecture is None:
        arguments.architecture = "cbow"
    if arguments.alpha is None:
        arguments.alpha = ALPHA[arguments.architecture]
    if arguments.min_alpha is None:
        arguments.min_alpha = FALL * arguments.alpha
    if arguments.architecture == "cbow" and arguments.cbow_gradient is None:
        arguments.cbow_gradient = "word2vec"  # which its alpha is for
    if arguments.workers is None:
        arguments.workers = min(THREADS, available_cores())
