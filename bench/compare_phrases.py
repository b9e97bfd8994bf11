r"""Compare ``fastw2v.phrases`` with gensim's ``Phrases``: the same phrases, and how long it takes.

Both find the phrases of a text file, by both scorings, and join them. gensim reads a list of lists,
made before the clock starts; fastw2v reads the file, which is in its time ("encode"), as are
counting and scoring ("find"). gensim's time to find is its constructor, which counts, and
``export_phrases()``, which scores. Joined are all sentences, by gensim's ``FrozenPhrases``, whose
making is not in the time. "alike" says whether the phrases, their scores (but for rounding) and the
joined sentences are the same; phrases that only one finds are listed.

gensim's default scoring multiplies by the number of distinct words and pairs where word2phrase.c
and fastw2v multiply by the number of tokens. So fastw2v's threshold is gensim's times the ratio of
the two; NPMI is the same in both. gensim forgets pairs above ``max_vocab_size``, 40 million by
default: a corpus that has more is compared with what is left. Needs gensim (``pip install
".[bench]"``)::

    python bench/compare_phrases.py --corpus wiki2m.txt

    scoring      above  phrases  alike  find: gensim         ours  ratio  join: gensim  ours  ratio
    word2phrase   23.5    7,238    yes          2.10  0.08 + 0.09     13          0.81  0.07     12
    npmi           0.5    3,857    yes          2.01  0.03 + 0.04     27          0.81  0.05     18

    python bench/compare_phrases.py --corpus wiki17m.txt

    scoring      above  phrases  alike  find: gensim         ours  ratio  join: gensim  ours  ratio
    word2phrase  38.44   48,539    yes         19.19  0.40 + 0.66     18         10.44  0.62     17
    npmi           0.5   19,925    yes         26.52  0.29 + 0.57     31          7.26  0.34     21

Seconds, of 2 million and of 17 million words of English Wikipedia, with Python 3.11, gensim 4.4 and
two threads of an AMD EPYC that others used meanwhile; ours is encode + find. "above" is fastw2v's
threshold.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import platform
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

DELIMITER = "\x1f"  # in no word, so that what gensim joins can be told apart again
GENSIM_SCORING = {"word2phrase": "default", "npmi": "npmi"}
THRESHOLDS = {"word2phrase": 10.0, "npmi": 0.5}  # gensim's; 10 is its default
MOST_APART = 1e-12  # relative difference of a score: what rounding may do
SHOWN = 5  # differences

Pairs = dict[tuple[str, str], float]
Run = dict[str, Any]


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    about = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(description=about, allow_abbrev=False)
    add = parser.add_argument
    add("--corpus", type=Path, required=True, help="one sentence a line, plain text")
    add("--min-count", type=int, default=5, help="default: 5")
    add("--workers", type=int, help="fastw2v's threads; default: all cores")
    args = parser.parse_args()
    if not args.corpus.is_file():
        parser.error(f"no such file: {args.corpus}")
    return args


def find_by_gensim(sentences: Sequence[Sequence[str]], scoring: str, min_count: int) -> Run:
    """Find and join phrases by gensim."""
    from gensim.models.phrases import FrozenPhrases, Phrases

    start = time.perf_counter()
    model = Phrases(
        sentences,
        min_count=min_count,
        threshold=THRESHOLDS[scoring],
        scoring=GENSIM_SCORING[scoring],
        delimiter=DELIMITER,
    )
    exported = model.export_phrases()
    found = time.perf_counter()
    frozen = FrozenPhrases(model)
    start_of_join = time.perf_counter()
    joined = [frozen[sentence] for sentence in sentences]
    return {
        "seconds": {"find": found - start, "join": time.perf_counter() - start_of_join},
        "pairs": {tuple(phrase.split(DELIMITER)): score for phrase, score in exported.items()},
        "joined": joined,
        "n_distinct": len(model.vocab),
        "n_tokens": model.corpus_word_count,
    }


def find_by_fastw2v(args: argparse.Namespace, scoring: str, threshold: float) -> Run:
    """Find and join phrases by fastw2v."""
    import fastw2v
    from fastw2v import phrases

    times = [time.perf_counter()]
    corpus = fastw2v.encode(args.corpus, min_count=1, workers=args.workers)
    times.append(time.perf_counter())
    options = {"min_count": args.min_count, "threshold": threshold, "scoring": scoring}
    found = phrases.find(corpus, workers=args.workers, **options)
    times.append(time.perf_counter())
    joined = phrases.join(corpus, found, delimiter=DELIMITER)
    times.append(time.perf_counter())
    encode, find, join = (end - begin for begin, end in pairwise(times))
    return {
        "seconds": {"encode": encode, "find": find, "join": join},
        "pairs": {pair: score for pair, _, score in found},
        "joined": joined,
    }


def as_sentences(corpus: Any) -> list[list[str]]:
    """Return an encoded corpus as a list of lists."""
    words = [corpus.vocabulary.keys[row] for row in corpus.tokens.tolist()]
    bounds = corpus.offsets.tolist()
    return [words[begin:end] for begin, end in pairwise(bounds)]


def compare(gensim: Run, own: Run, factor: float) -> tuple[bool, float]:
    """Say what differs; return whether the phrases do not, and how far scores are apart."""
    theirs: Pairs = {pair: score * factor for pair, score in gensim["pairs"].items()}
    ours: Pairs = own["pairs"]
    for name, more, less in ("gensim", theirs, ours), ("fastw2v", ours, theirs):
        only = sorted(more.keys() - less.keys(), key=lambda pair: -more[pair])
        if only:
            print(f"{len(only):,} phrases only by {name}, by its own score the first are")
            print("\n".join(f"  {' '.join(pair)}: {more[pair]:.9g}" for pair in only[:SHOWN]))
    both = ours.keys() & theirs.keys()
    apart = max((abs(ours[pair] / theirs[pair] - 1) for pair in both), default=0.0)
    return ours.keys() == theirs.keys(), apart


def row_of(args: argparse.Namespace, scoring: str, sentences: list[list[str]]) -> list[str]:
    """Run both by one scoring and return a row of the table."""
    gensim = find_by_gensim(sentences, scoring, args.min_count)
    factor = gensim["n_tokens"] / gensim["n_distinct"] if scoring == "word2phrase" else 1.0
    threshold = THRESHOLDS[scoring] * factor
    own = find_by_fastw2v(args, scoring, threshold)
    same_pairs, apart = compare(gensim, own, factor)
    same_sentences = gensim["joined"] == as_sentences(own["joined"])
    theirs, ours = gensim["seconds"], own["seconds"]
    is_alike = same_pairs and same_sentences and apart < MOST_APART
    row = [scoring, f"{threshold:.4g}", f"{len(gensim['pairs']):,}", "yes" if is_alike else "NO"]
    row += [f"{theirs['find']:.2f}", f"{ours['encode']:.2f} + {ours['find']:.2f}"]
    row += [f"{theirs['find'] / (ours['encode'] + ours['find']):.0f}"]
    row += [f"{theirs['join']:.2f}", f"{ours['join']:.2f}"]
    return [*row, f"{theirs['join'] / ours['join']:.0f}"]


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows, the first one being the header, the first column to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join([row[0].ljust(widths[0]), *cells[1:]]).rstrip())


def main() -> None:
    """Run the comparison; leave with exit status 1 if anything differs."""
    args = parse_arguments()
    for package, command in ("gensim", 'pip install ".[bench]"'), ("fastw2v", "pip install ."):
        if importlib.util.find_spec(package) is None:
            sys.exit(f"{package} is not installed: run {command}")
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("gensim", "numpy")]
    print(f"Python {platform.python_version()}, {', '.join(versions)}; min_count {args.min_count}")
    with open(args.corpus, encoding="utf-8") as file:
        sentences = [words for line in file if (words := line.split())]
    print(f"{args.corpus.name}: {sum(map(len, sentences)):,} words, {len(sentences):,} sentences\n")
    header = ["scoring", "above", "phrases", "alike"]
    header += ["find: gensim", "ours", "ratio", "join: gensim", "ours", "ratio"]
    rows = [header, *(row_of(args, scoring, sentences) for scoring in GENSIM_SCORING)]
    print_table(rows)
    sys.exit(0 if all(row[3] == "yes" for row in rows[1:]) else 1)


if __name__ == "__main__":
    main()
