"""``fastw2v phrases``: words that belong together become one, as word2phrase does it."""

from __future__ import annotations

import argparse
from itertools import islice
from typing import TYPE_CHECKING, Any

from fastw2v.cli.arguments import (
    Commands,
    MisuseError,
    add_command,
    add_json,
    add_reading,
    add_workers,
    at_least,
    real,
)
from fastw2v.cli.results import aligned, show, text_of
from fastw2v.cli.sources import add_sources, encoded, open_sources, refuse_overwriting
from fastw2v.formats.files import check_writable
from fastw2v.vocabulary import DEFAULT_MIN_COUNT

if TYPE_CHECKING:
    from fastw2v import EncodedCorpus
    from fastw2v.phrases import Phrases

ENCODED = ".f2v"
SHOWN = 10


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "phrases",
        run,
        help="join words that belong together, such as new_york",
        description="Find pairs of words that stand together more often than by chance, and write "
        "the sentences with each such pair as one word. Several passes find longer phrases, each "
        "on what the one before has joined.\n\n"
        "The output is a text, one sentence a line (compressed, if it ends in .gz, .bz2, .xz or "
        ".zst), or an encoded corpus, if it ends in .f2v; that has every word, so give fastw2v "
        "train a --min-count. Sentences of a single word are left out, as they train nothing.",
        examples_of=(
            "fastw2v phrases corpus.txt -o joined.txt",
            "fastw2v phrases corpus.txt -o joined.f2v --passes 2 --threshold 200,100",
            "fastw2v train joined.f2v -o model.safetensors --min-count 5",
        ),
    )
    add_sources(parser)
    parser.add_argument(
        "-o", "--output", metavar="FILE", required=True, help="where to save the sentences"
    )
    parser.add_argument(
        "--passes", metavar="N", type=at_least(1), help="how often to join (default: 1)"
    )
    parser.add_argument(
        "--min-count",
        metavar="N",
        type=at_least(1),
        default=DEFAULT_MIN_COUNT,
        help="pairs that occur less often are no phrases (default: %(default)s)",
    )
    parser.add_argument(
        "--threshold",
        metavar="T[,T...]",
        type=_thresholds,
        help="pairs whose score is above this are phrases: one number for all passes, or one for "
        "each (default: 100, or 0.5 for npmi)",
    )
    parser.add_argument(
        "--scoring",
        choices=["word2phrase", "npmi"],
        default="word2phrase",
        help="how pairs are scored (default: %(default)s)",
    )
    parser.add_argument(
        "--delimiter", metavar="TEXT", default="_", help="between two words (default: %(default)s)"
    )
    parser.add_argument(
        "--show",
        metavar="N",
        type=at_least(0),
        default=SHOWN,
        help="print the best N phrases of each pass (default: %(default)s)",
    )
    add_reading(parser)
    add_workers(parser, help="threads")
    add_json(parser)


def _thresholds(text: str) -> list[float]:
    return [real(number) for number in text.split(",")]


def run(arguments: argparse.Namespace) -> None:
    """Find and join, pass after pass, save, and print what was found."""
    thresholds = _for_passes(arguments)
    check_writable(arguments.output)
    refuse_overwriting(arguments.sources, arguments.output)
    if arguments.delimiter.split() != [arguments.delimiter]:
        raise MisuseError(
            f"the delimiter must be a text without white space, not {arguments.delimiter!r}: the "
            "words would be two again"
        )
    corpus = encoded(open_sources(arguments.sources), arguments, min_count=1)
    passes = []
    for threshold in thresholds:
        corpus, found = _joined(corpus, arguments, threshold)
        passes.append(found)
        if not len(found):
            break  # nothing changed, so there is nothing for another pass
    if arguments.output.lower().endswith(ENCODED):
        corpus.save(arguments.output)
    else:
        from fastw2v.corpus.writing import write_text

        write_text(arguments.output, corpus)
    _show(arguments, passes, corpus)


def _for_passes(arguments: argparse.Namespace) -> list[float | None]:
    """Return the threshold of each pass; None is the scoring's own."""
    given: list[float | None] = arguments.threshold or [None]
    passes = arguments.passes or len(given)
    if len(given) == 1:
        return given * passes
    if len(given) != passes:
        raise MisuseError(
            f"--threshold has {len(given)} numbers, and there are {passes} passes: give one for "
            "each, or one for all"
        )
    return given


def _joined(
    corpus: EncodedCorpus, arguments: argparse.Namespace, threshold: float | None
) -> tuple[EncodedCorpus, Phrases]:
    from fastw2v import phrases

    found = phrases.find(
        corpus,
        min_count=arguments.min_count,
        threshold=threshold,
        scoring=arguments.scoring,
        memory_limit=arguments.memory_limit,
        workers=arguments.workers,
    )
    if not len(found):
        return corpus, found
    joined = phrases.join(
        corpus, found, delimiter=arguments.delimiter, memory_limit=arguments.memory_limit
    )
    return joined, found


def _show(arguments: argparse.Namespace, passes: list[Phrases], corpus: EncodedCorpus) -> None:
    result: dict[str, Any] = {"output": arguments.output, "passes": []}
    lines = []
    for number, found in enumerate(passes, start=1):
        best = list(islice(found, arguments.show))
        result["passes"].append(
            {
                "phrases": len(found),
                "best": [
                    {"words": words, "count": count, "score": score} for words, count, score in best
                ],
            }
        )
        lines.append(f"pass {number}: {len(found):,} phrases")
        rows = [
            (" ".join(map(text_of, words)), f"{count:,} times", f"score {score:.4g}")
            for words, count, score in best
        ]
        lines += aligned(rows, indent=2) if rows else []
    result["report"] = corpus.report
    lines.append(str(corpus.report))
    lines.append(f"saved {arguments.output}")
    show(arguments, result, lines)
