"""What the benchmarks share: the corpus and the tests, the machine, and how figures are printed."""

from __future__ import annotations

import argparse
import bz2
import gzip
import importlib.metadata
import importlib.util
import lzma
import os
import platform
import random
import shutil
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

Run = dict[str, Any]

PAIR_FILES = {"WS-353": "wordsim353.tsv", "SimLex": "simlex999.txt", "MEN": "men3k.txt"}
ANALOGY_FILE = "questions-words.txt"
TEST_FILES = (*PAIR_FILES.values(), ANALOGY_FILE)
OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


def positive_integer(text: str) -> int:
    """Read an option's value."""
    if (value := int(text)) < 1:
        raise ValueError(text)
    return value


def add_file_options(parser: argparse.ArgumentParser) -> None:
    """Let the command line name the corpus, the tests, and a file for the runs."""
    add = parser.add_argument
    add("--corpus", type=Path, help="one sentence a line; plain, .gz, .bz2 or .xz")
    add("--generated", type=int, nargs="?", const=200_000, metavar="WORDS", help="smoke test")
    add("--eval-dir", type=Path, help=f"holds {', '.join(TEST_FILES)}")
    add("--json", type=Path, metavar="FILE", help="write every run, the machine and the versions")


def check_files(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Leave if there isn't one corpus, or if a file is missing."""
    if (args.corpus is None) == (args.generated is None):
        parser.error("give either --corpus or --generated")
    needed = [args.corpus] if args.corpus else []
    needed += [args.eval_dir / name for name in TEST_FILES] if args.eval_dir else []
    if missing := [path for path in needed if not path.is_file()]:
        parser.error(f"no such file: {missing[0]}")


def prepare_text(args: argparse.Namespace, folder: Path) -> Path:
    """Return a plain text file of the corpus, made in `folder` if there is none."""
    if args.corpus and args.corpus.suffix not in OPENERS:
        return Path(args.corpus)
    plain = folder / "corpus.txt"
    if args.corpus is None:
        generate_text(plain, args.generated, args.seed)
        return plain
    unpack = OPENERS[args.corpus.suffix]
    with unpack(args.corpus, "rb") as packed, open(plain, "wb") as unpacked:
        shutil.copyfileobj(packed, unpacked, 1 << 20)
    return plain


def generate_text(path: Path, words: int, seed: int) -> None:
    """Write sentences of 20 words drawn from Zipf's law, half of them from the sentence's topic."""
    rng, size, topics = random.Random(seed), 5_000, 50
    vocabulary = [f"w{rank}" for rank in range(size)]
    weights = list(accumulate(1 / rank for rank in range(1, size + 1)))
    topic_weights = weights[: size // topics]
    with open(path, "w", encoding="utf-8") as file:
        for start in range(0, words, 20):
            length = min(20, words - start)
            sentence = rng.choices(vocabulary, cum_weights=weights, k=length - length // 2)
            topic = vocabulary[rng.randrange(topics) :: topics]
            sentence += rng.choices(topic, cum_weights=topic_weights, k=length // 2)
            rng.shuffle(sentence)
            file.write(" ".join(sentence) + "\n")


def read_sentences(path: Path) -> list[list[str]]:
    """Read the whole text as a list of lists."""
    with open(path, encoding="utf-8") as file:
        return [words for line in file if (words := line.split())]


def count_words(text: Path) -> int:
    """Count the raw words of a text."""
    with open(text, encoding="utf-8") as file:
        return sum(len(line.split()) for line in file)


def evaluate(keys: Sequence[Any], vectors: Any, folder: Path) -> dict[str, float | None]:
    """Judge the vectors by every test; None where the vocabulary knows too few of its words."""
    from fastw2v import evaluation

    def correlation(file: str) -> float:
        pairs = evaluation.read_word_pairs(folder / file)
        return evaluation.evaluate_word_pairs(keys, vectors, pairs).spearman

    def accuracy(file: str) -> float:
        questions = evaluation.read_analogies(folder / file)
        return evaluation.evaluate_analogies(keys, vectors, questions).accuracy

    quality: dict[str, float | None] = {}
    for name, file in (PAIR_FILES | {"analogies": ANALOGY_FILE}).items():
        try:
            quality[name] = 100 * (accuracy if file == ANALOGY_FILE else correlation)(file)
        except ValueError as error:
            quality[name] = None
            print(f"{name}: {error}", file=sys.stderr)
    return quality


def cores() -> int:
    """Count the cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def describe_machine() -> Run:
    """Return the processor, the number of usable cores and the versions."""
    cpu, info = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    if info.exists() and "model name" in (text := info.read_text()):
        cpu = text.partition("model name")[2].partition("\n")[0].strip("\t :")
    versions = {"python": platform.python_version()}
    for package in ("numpy", "gensim", "fastw2v"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "none"
    return {"cpu": cpu, "cores": cores(), "system": platform.system(), "versions": versions}


def print_machine(machine: Run) -> None:
    """Print what `describe_machine` returned."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    print(f"{machine['cpu']}, {machine['cores']} cores; {versions}", flush=True)


def require(package: str, command: str) -> None:
    """Leave with exit status 2 if `package` isn't installed."""
    if importlib.util.find_spec(package) is None:
        print(f"{package} is not installed: run {command}", file=sys.stderr)
        sys.exit(2)


def spread(values: Iterable[float | None], form: str = ",.0f") -> str:
    """Format the median, and the smallest and largest value in brackets."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return f"{known[0]:{form}}" if known else "-"
    median, low, high = statistics.median(known), min(known), max(known)
    return f"{median:{form}} ({low:{form}}..{high:{form}})"


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows, the first one being the header, the first column to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join([row[0].ljust(widths[0]), *cells[1:]]).rstrip())
    print()
