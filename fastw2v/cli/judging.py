"""What ``evaluate`` and ``compare`` have in common: tests in files, and how they are counted."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NamedTuple

from fastw2v.cli.arguments import MisuseError, Options, add_json, add_loading, at_least, share

RESTRICT_VOCAB = 300_000  # gensim's, and fastw2v.evaluation.compare's


class Test(NamedTuple):
    """A test, read."""

    kind: str  # "analogies" or "pairs"
    path: str
    questions: Any

    @property
    def name(self) -> str:
        """What it is called in tables."""
        return Path(self.path).name


def add_tests(parser: Options) -> None:
    """Declare the tests, and how they are asked."""
    parser.add_argument(
        "--analogies",
        metavar="FILE",
        nargs="+",
        default=[],
        help="questions in the format of word2vec's questions-words.txt",
    )
    parser.add_argument(
        "--pairs",
        metavar="FILE",
        nargs="+",
        default=[],
        help="pairs of words with people's scores of their similarity, three columns",
    )
    parser.add_argument(
        "--restrict-vocab",
        metavar="N",
        type=at_least(1),
        default=RESTRICT_VOCAB,
        help="only the first N words are known, and are answers (default: %(default)s)",
    )
    parser.add_argument(
        "--case-sensitive", action="store_true", help="tell King from king (default: no)"
    )
    parser.add_argument(
        "--method",
        choices=["3cosadd", "3cosmul"],
        default="3cosadd",
        help="how analogies are answered (default: %(default)s)",
    )
    parser.add_argument(
        "--by",
        choices=["question", "section"],
        default="question",
        help="what is drawn again for the intervals of analogies: questions, as if they were "
        "independent, or whole sections (default: %(default)s)",
    )
    parser.add_argument(
        "--level", metavar="P", type=share, default=0.95, help="of intervals (default: %(default)s)"
    )
    parser.add_argument(
        "--resamples",
        metavar="N",
        type=at_least(100),
        default=10_000,
        help="of the bootstrap that intervals come from (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", metavar="N", type=at_least(0), default=0, help="of these (default: %(default)s)"
    )
    add_loading(parser)
    add_json(parser)


def read_tests(arguments: argparse.Namespace) -> list[Test]:
    """Read the tests, before anything large is.

    Raises
    ------
    MisuseError
        If there is none.
    ValueError, OSError
        If one can't be read.
    """
    from fastw2v import evaluation

    if not arguments.analogies and not arguments.pairs:
        raise MisuseError("give a test: --analogies FILE, or --pairs FILE, or both")
    tests = [
        Test("analogies", path, evaluation.read_analogies(path, lower=False))
        for path in arguments.analogies
    ]
    tests += [
        Test("pairs", path, evaluation.read_word_pairs(path, lower=False))
        for path in arguments.pairs
    ]
    return tests


def interval(low: float, high: float, *, signed: bool = False) -> str:
    """Return an interval as tables show it."""
    form = "+.4f" if signed else ".4f"
    return f"{low:{form}} to {high:{form}}"
