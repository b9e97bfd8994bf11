r"""Compare fastw2v with gensim's Word2Vec: speed, memory and quality on one corpus.

Every contender gets the same corpus, settings and number of threads. Each run is a process of its
own, so that its peak memory and its state are its own; the contenders take turns, A B C A B C ...,
and round r uses seed ``--seed`` + r for all. Reported is the median over the rounds with the
smallest and the largest value in brackets; ratios pair the runs of one round, are more than 1 where
fastw2v is faster, and those against "faster gensim" take the better of gensim's modes in each
round. The text is read, and for ``gensim-file`` decompressed, before the clock starts. "Vocabulary"
is gensim's constructor and ``build_vocab``; fastw2v's constructor and ``train()`` less the seconds
of its epochs, thus counting and encoding. "Training" is gensim's ``train`` and the sum of fastw2v's
epochs. Words are raw words, before subsampling and with the rare ones, counted by this script for
all alike (gensim's ``corpus_file`` reads some sentences twice, where the parts of its threads meet,
2 % of 500,000 words with two; that isn't counted). Peak memory is taken when training ends and
includes the text where the contender reads a list of lists. Each library keeps its own order of
sentences: gensim takes the text's, fastw2v shuffles, as it does by default. Quality: Spearman's rho
x 100 of cosine against human scores, and the accuracy in % of 3CosAdd analogies among the 30,000
most frequent words; the questions are lower-cased, so the corpus should be too. Needs gensim (``pip
install ".[bench]"``) and a POSIX system.

A quick look at whether everything works, the main comparison (once more with ``--architecture
cbow``), and the exact softmax, which gensim doesn't have, on a small vocabulary::

    python bench/compare_gensim.py --generated --epochs 1 --rounds 1
    python bench/compare_gensim.py --corpus wiki17m.txt.xz --eval-dir eval --workers 2 \
        --rounds 3 --json skipgram.json
    python bench/compare_gensim.py --corpus text.txt --objective softmax --min-count 200

The README has what was measured, each table with its command.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import importlib.metadata
import importlib.util
import json
import lzma
import os
import platform
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

Run = dict[str, Any]

GENSIM = ("gensim-list", "gensim-file")
CONTENDERS = {
    ("skipgram", "negative_sampling"): (*GENSIM, "fastw2v-pair", "fastw2v-window"),
    ("cbow", "negative_sampling"): (*GENSIM, "fastw2v-word2vec", "fastw2v-exact"),
    ("skipgram", "softmax"): ("fastw2v-softmax",),
    ("cbow", "softmax"): ("fastw2v-word2vec", "fastw2v-exact"),
}
PAIR_FILES = {"WS-353": "wordsim353.tsv", "SimLex": "simlex999.txt", "MEN": "men3k.txt"}
ANALOGY_FILE = "questions-words.txt"
OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


def parse_arguments() -> argparse.Namespace:
    """Read the command line, and settle the contenders."""
    about = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(description=about, allow_abbrev=False)
    add = parser.add_argument
    add("--corpus", type=Path, help="one sentence a line; plain, .gz, .bz2 or .xz")
    add("--generated", type=int, nargs="?", const=200_000, metavar="WORDS", help="smoke test")
    add("--eval-dir", type=Path, help=f"holds {', '.join([*PAIR_FILES.values(), ANALOGY_FILE])}")
    add("--contenders", nargs="+", metavar="NAME", help="default: all of the architecture")
    add("--architecture", choices=["skipgram", "cbow"], default="skipgram")
    add("--objective", choices=["negative_sampling", "softmax"], default="negative_sampling")
    add("--json", type=Path, metavar="FILE", help="write every run, the machine and the versions")
    integers = {"rounds": 3, "workers": cores(), "epochs": 5, "vector-size": 100, "window": 5}
    integers |= {"min-count": 5, "negative": 5, "seed": 1}
    for name, default in (integers | {"sample": 1e-3, "alpha": 0.025}).items():
        add(f"--{name}", type=type(default), default=default, help=f"default: {default}")
    add("--run", help=argparse.SUPPRESS)  # one contender, in this process
    add("--text", type=Path, help=argparse.SUPPRESS)  # the plain text that --run reads
    args = parser.parse_args()
    if (args.corpus is None) == (args.generated is None):
        parser.error("give either --corpus or --generated")
    known = CONTENDERS[args.architecture, args.objective]
    args.contenders = list(dict.fromkeys(args.contenders or known))
    if unknown := [name for name in args.contenders if name not in known]:
        parser.error(f"no contender {unknown[0]!r} here, choose from {', '.join(known)}")
    if min(args.rounds, args.epochs, args.workers) < 1:
        parser.error("--rounds, --epochs and --workers must be at least 1")
    needed = [args.corpus] if args.corpus else []
    if args.eval_dir:
        needed += [args.eval_dir / name for name in (*PAIR_FILES.values(), ANALOGY_FILE)]
    if missing := [path for path in needed if not path.is_file()]:
        parser.error(f"no such file: {missing[0]}")
    return args


# One run, in its own process ---------------------------------------------------------------------


def run_contender(args: argparse.Namespace) -> Run:
    """Train the contender `args.run` on the text `args.text` and judge its vectors."""
    train = train_gensim if args.run in GENSIM else train_fastw2v
    run, keys, vectors = train(args, args.run)
    run["contender"], run["vocabulary_size"] = args.run, len(keys)
    run["quality"] = evaluate(keys, vectors, args.eval_dir) if args.eval_dir else {}
    return run


def read_sentences(path: Path) -> list[list[str]]:
    """Read the whole text as a list of lists."""
    with open(path, encoding="utf-8") as file:
        return [words for line in file if (words := line.split())]


def train_gensim(args: argparse.Namespace, contender: str) -> tuple[Run, Sequence[str], Any]:
    """Train gensim's Word2Vec on a list of lists or on a file."""
    from gensim.models import Word2Vec

    if contender == "gensim-file":
        source: dict[str, Any] = {"corpus_file": str(args.text)}
    else:
        source = {"corpus_iterable": read_sentences(args.text)}
    start = time.perf_counter()
    model = Word2Vec(
        sg=int(args.architecture == "skipgram"),
        hs=0,
        cbow_mean=1,
        negative=args.negative,
        ns_exponent=0.75,
        min_alpha=1e-4,
        **common_settings(args),
    )
    model.build_vocab(**source)
    counted = time.perf_counter()
    _, raw_words = model.train(
        **source,
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=model.epochs,
    )
    run = measured(counted - start, time.perf_counter() - counted, raw_words)
    return run, model.wv.index_to_key, model.wv.vectors


def train_fastw2v(args: argparse.Namespace, contender: str) -> tuple[Run, Sequence[str], Any]:
    """Train fastw2v's Model on a list of lists."""
    import fastw2v

    variant = contender.removeprefix("fastw2v-")
    extra: dict[str, Any] = {"objective": args.objective, "architecture": args.architecture}
    if args.objective == "negative_sampling":
        extra |= {"negative": args.negative, "ns_exponent": 0.75}
    if args.architecture == "cbow":
        extra["cbow_gradient"] = variant
    elif args.objective == "negative_sampling":
        extra["negative_sharing"] = variant
    sentences = read_sentences(args.text)
    start = time.perf_counter()
    model = fastw2v.Model(sentences, min_alpha=1e-4, **common_settings(args), **extra)
    model.train(progress=False)
    total = time.perf_counter() - start
    training = sum(epoch.seconds for epoch in model.history)
    run = measured(total - training, training, sum(epoch.tokens for epoch in model.history))
    run["losses"] = [float(epoch.loss) for epoch in model.history]
    return run, model.wv.index_to_key, model.wv.vectors


def common_settings(args: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that both libraries give the same names."""
    names = "vector_size window min_count sample alpha epochs workers seed"
    return {name: getattr(args, name) for name in names.split()}


def measured(vocabulary: float, training: float, raw_words: int) -> Run:
    """Return a run's figures; call it as soon as training ends, for the peak memory."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "vocabulary_seconds": vocabulary,
        "training_seconds": training,
        "total_seconds": vocabulary + training,
        "library_words": int(raw_words),  # what the library says it read, in all epochs
        "peak_mib": peak / (2**20 if sys.platform == "darwin" else 2**10),
    }


def evaluate(keys: Sequence[str], vectors: Any, folder: Path) -> dict[str, float | None]:
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


# All runs, each started from here; this process stays small, for a child's peak memory starts at
# its parent's ------------------------------------------------------------------------------------


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


def start_run(contender: str, text: Path, seed: int) -> Run:
    """Run one contender in a process of its own and return what it measured."""
    command = [sys.executable, __file__, *sys.argv[1:], "--run", contender]
    command += ["--text", str(text), "--seed", str(seed)]
    child = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if child.returncode != 0:
        sys.exit(f"{contender} failed with exit status {child.returncode}, see above")
    run: Run = json.loads(child.stdout.splitlines()[-1])
    return run


def all_rounds(args: argparse.Namespace, text: Path, report: Run) -> list[Run]:
    """Run the contenders in turn; `report` grows, and is written, with every run."""
    with open(text, encoding="utf-8") as file:
        raw_words = report["raw_words"] = sum(len(line.split()) for line in file)
    runs: list[Run] = report["runs"]
    planned = raw_words * args.epochs
    for number in range(args.rounds):
        for contender in args.contenders:
            run = start_run(contender, text, args.seed + number)
            run |= {"round": number, "words_per_second": planned / run["training_seconds"]}
            runs.append(run)
            speed = f"{run['words_per_second']:,.0f} words/s"
            if abs(run["library_words"] - planned) > 0.05 * planned:
                speed += f"; warning: it says it read {run['library_words']:,} of {planned:,} words"
            print(f"round {number + 1}: {contender}: {speed}", file=sys.stderr, flush=True)
            if args.json:
                args.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return runs


# The report --------------------------------------------------------------------------------------


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


def print_runs(runs: Sequence[Run]) -> None:
    """Print a row of absolute figures for each contender."""
    tests = list(runs[0]["quality"])
    rows = [["contender", "words/s", "training s", "vocabulary s", "peak MiB", *tests]]
    for name in dict.fromkeys(run["contender"] for run in runs):
        own = [run for run in runs if run["contender"] == name]
        figures = {"words_per_second": ",.0f", "training_seconds": ".1f"}
        figures |= {"vocabulary_seconds": ".1f", "peak_mib": ",.0f"}
        row = [name, *(spread((run[key] for run in own), form) for key, form in figures.items())]
        rows.append(row + [spread((run["quality"][test] for run in own), ".1f") for test in tests])
    print_table(rows)


def print_ratios(runs: Sequence[Run]) -> None:
    """Print how many times faster than gensim, paired by round."""
    names = list(dict.fromkeys(run["contender"] for run in runs))
    rounds = [
        {run["contender"]: run for run in runs[start : start + len(names)]}
        for start in range(0, len(runs), len(names))
    ]
    rivals = [name for name in names if name in GENSIM]
    groups = {rival: [rival] for rival in rivals}
    if len(rivals) > 1:
        groups["faster gensim"] = rivals
    rows = [["ratio", "training", "vocabulary + training"]]
    for own in (name for name in names if name not in GENSIM):
        for label, group in groups.items():
            row = [f"{own} / {label}"]
            for key in ("training_seconds", "total_seconds"):
                ratios = [min(r[g][key] for g in group) / r[own][key] for r in rounds]
                row.append(spread(ratios, ".2f"))
            rows.append(row)
    if len(rows) > 1:
        print_table(rows)


def cores() -> int:
    """Count the cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def describe_machine() -> dict[str, Any]:
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


def require(package: str, command: str) -> None:
    """Leave with exit status 2 if `package` isn't installed."""
    if importlib.util.find_spec(package) is None:
        print(f"{package} is not installed: run {command}", file=sys.stderr)
        sys.exit(2)


def main() -> None:
    """Run the benchmark, or with --run one contender of it."""
    args = parse_arguments()
    if args.run:
        print(json.dumps(run_contender(args)))
        return
    if any(name in GENSIM for name in args.contenders):
        require("gensim", 'pip install ".[bench]"')
    if args.eval_dir or any(name not in GENSIM for name in args.contenders):
        require("fastw2v", "pip install .")
    machine = describe_machine()
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    print(f"{machine['cpu']}, {machine['cores']} cores; {versions}", flush=True)
    hidden = {"json", "run", "text", "eval_dir", "corpus", "contenders"}
    settings = {key: value for key, value in vars(args).items() if key not in hidden}
    settings["corpus"] = args.corpus.name if args.corpus else "generated"
    report: Run = {"machine": machine, "settings": settings, "runs": []}
    with tempfile.TemporaryDirectory() as folder:
        runs = all_rounds(args, prepare_text(args, Path(folder)), report)
    print(f"{settings['corpus']}: {report['raw_words']:,} raw words, ", end="")
    print(", ".join(f"{k} {v}" for k, v in settings.items() if k not in {"corpus", "generated"}))
    print("Median (smallest..largest) over the rounds.\n")
    print_runs(runs)
    print_ratios(runs)


if __name__ == "__main__":
    main()
