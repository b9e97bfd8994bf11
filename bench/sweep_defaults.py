r"""Choose the defaults of ``sample``, ``alpha``, ``min_alpha`` and ``epochs`` by measurement.

For each kind of training (skip-gram with either sharing of the negatives, CBOW with either
gradient, both with hierarchical softmax where this fastw2v has it) it trains every combination of
the values given, but those with ``min_alpha`` above ``alpha``, once for each seed, and prints a
Markdown table, best vectors first, the best in bold. The corpus is encoded once, with ``min_count``
5; what isn't named here is fastw2v's default. Quality is ``compare_gensim.py``'s: Spearman's rho x
100 of cosine against human scores, the accuracy in % of 3CosAdd analogies among the 30,000 most
frequent words, and the mean of the four; where the corpus knows too few of a test's words it shows
"-", and the mean is that of the others. Figures are the mean over the seeds (lowest-highest).
Seconds are those of training alone, all runs in this process. A setting of which a run diverged
(its loss or vectors aren't finite) is marked so and not judged.

``--gensim`` adds gensim's own default skip-gram to every table, with as many threads and
dimensions, on a list of lists of the same words in the text's order (``pip install ".[bench]"``).

::

    python bench/sweep_defaults.py --corpus wiki17m.txt.xz --eval-dir eval --workers 2 \
        --alphas 0.025 0.05 0.075 --samples 1e-3 1e-4 --gensim --json sweep.json
    python bench/sweep_defaults.py --corpus wiki17m.txt.xz --eval-dir eval --workers 2 \
        --kinds cbow-exact --alphas 0.1 0.15 0.2 --epochs 5 10 --json sweep.json

The second call continues the first one's file: ``--json`` is written after every run, runs that it
has are not made again, and the tables show all that it has of the kinds asked for. Seeds take
turns: an interrupted sweep (Ctrl-C) has every setting of the first seed before one of the second.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import time
import zlib
from collections.abc import Sequence
from itertools import pairwise, product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from common import PAIR_FILES, TEST_FILES, cores, describe_machine, evaluate, require

Row = dict[str, Any]
Arguments = argparse.Namespace

KINDS: dict[str, dict[str, Any]] = {
    "skipgram-window": {"architecture": "skipgram", "negative_sharing": "window"},
    "skipgram-pair": {"architecture": "skipgram", "negative_sharing": "pair"},
    "cbow-exact": {"architecture": "cbow", "cbow_gradient": "exact"},
    "cbow-word2vec": {"architecture": "cbow", "cbow_gradient": "word2vec"},
    "skipgram-hs": {"architecture": "skipgram", "objective": "hierarchical_softmax"},
    "cbow-hs": {"architecture": "cbow", "objective": "hierarchical_softmax"},
}
TESTS = [*PAIR_FILES, "analogies"]


class Run(NamedTuple):
    """A setting and a seed; `kind` is one of KINDS, or gensim."""

    kind: str
    sample: float
    alpha: float
    min_alpha: float
    epochs: int
    seed: int


GENSIM = Run("gensim", 1e-3, 0.025, 1e-4, 5, 1)  # its defaults


def parse_arguments() -> tuple[Arguments, list[Run]]:
    """Read the command line; return it with the runs to make, all of them checked."""
    about = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(description=about, allow_abbrev=False)
    add = parser.add_argument
    add("--corpus", required=True, help="text, one sentence a line: what fastw2v.encode reads")
    add("--eval-dir", type=Path, required=True, help=f"holds {', '.join(TEST_FILES)}")
    add("--kinds", nargs="+", choices=KINDS, help="default: all that this fastw2v has")
    lists = {"alphas": [0.025, 0.05, 0.1, 0.15], "min-alphas": [1e-4], "samples": [1e-3, 1e-4]}
    for name, values in (lists | {"epochs": [5], "seeds": [1, 2, 3]}).items():
        add(f"--{name}", nargs="+", type=type(values[0]), default=values, help=f"default: {values}")
    for name, default in {"workers": cores(), "vector-size": 100}.items():
        add(f"--{name}", type=int, default=default, help=f"default: {default}")
    add("--gensim", action="store_true", help="add gensim's own default skip-gram")
    add("--json", type=Path, metavar="FILE", help="write every run; continue an existing file")
    args = parser.parse_args()
    require("fastw2v", "pip install .")
    if args.gensim:
        require("gensim", 'pip install ".[bench]"')
    if missing := [file for file in TEST_FILES if not (args.eval_dir / file).is_file()]:
        parser.error(f"there is no {missing[0]} in the folder that --eval-dir names")
    args.kinds = list(dict.fromkeys(args.kinds or filter(is_accepted, KINDS)))
    plan: dict[Run, None] = {}  # in this order, each once
    for seed in args.seeds:
        plan |= {GENSIM._replace(seed=seed): None} if args.gensim else {}
        grid = product(args.kinds, args.samples, args.alphas, args.min_alphas, args.epochs, [seed])
        plan |= {run: None for run in map(Run._make, grid) if run.min_alpha <= run.alpha}
    if all(run.kind == "gensim" for run in plan):
        parser.error("every --min-alphas is above every --alphas")
    try:
        for run in plan:
            if run.kind != "gensim":
                new_model(args, run)  # refuses a bad value now, not hours later
    except (TypeError, ValueError) as error:
        parser.error(str(error))
    return args, list(plan)


def is_accepted(kind: str) -> bool:
    """Tell whether this fastw2v has a kind of training."""
    import fastw2v

    try:
        fastw2v.Model(**KINDS[kind])
    except ValueError:
        return False
    return True


def new_model(args: Arguments, run: Run, corpus: Any = None) -> Any:
    """Return an untrained model of fastw2v."""
    import fastw2v

    options = run._asdict() | {"vector_size": args.vector_size, "workers": args.workers}
    return fastw2v.Model(corpus, **KINDS[options.pop("kind")], **options)


def train_gensim(args: Arguments, run: Run, corpus: Any) -> tuple[Any, float]:
    """Train gensim's Word2Vec with its own defaults; return its vectors and the seconds."""
    from gensim.models import Word2Vec

    keys, tokens = corpus.vocabulary.keys, corpus.tokens
    bounds = pairwise(corpus.offsets.tolist())
    sentences = [[keys[i] for i in tokens[start:stop].tolist()] for start, stop in bounds]
    model = Word2Vec(sg=1, vector_size=args.vector_size, workers=args.workers, seed=run.seed)
    model.build_vocab(sentences)
    started = time.perf_counter()
    model.train(sentences, total_examples=model.corpus_count, epochs=model.epochs)
    return model.wv, time.perf_counter() - started


def measure(args: Arguments, run: Run, corpus: Any) -> Row:
    """Make a run, and judge the vectors unless it diverged."""
    losses: list[float] = []
    if run.kind == "gensim":
        wv, seconds = train_gensim(args, run, corpus)
    else:
        model = new_model(args, run, corpus).train(progress=False)
        wv, seconds = model.wv, sum(epoch.seconds for epoch in model.history)
        losses = [epoch.loss for epoch in model.history]
    row = run._asdict() | {"seconds": seconds}
    row["losses"] = [loss if math.isfinite(loss) else None for loss in losses]
    row["diverged"] = None in row["losses"] or not np.isfinite(wv.vectors).all()
    if not row["diverged"]:
        row["quality"] = evaluate(wv.index_to_key, wv.vectors, args.eval_dir)
    return row


def sweep(args: Arguments, plan: list[Run], corpus: Any, report: dict[str, Any]) -> None:
    """Make the runs that are missing; `report` grows, and is written, with every run."""
    cpu = describe_machine()["cpu"]
    done = {run_of(row) for row in report["rows"]}
    missing = [run for run in plan if run not in done]
    for number, run in enumerate(missing, start=1):
        row = measure(args, run, corpus) | {"cpu": cpu}
        report["rows"].append(row)
        write_report(args.json, report)
        text = ", ".join(f"{name} {value}" for name, value in run._asdict().items())
        tests = (f"{test} {show([value])}" for test, value in row.get("quality", {}).items())
        text += f": {', '.join(tests) or 'diverged'}; {row['seconds']:.1f} s"
        print(f"{number}/{len(missing)}: {text}", file=sys.stderr, flush=True)


def run_of(row: Row) -> Run:
    """Return what a row of the file measured."""
    return Run(*(row[name] for name in Run._fields))


def common_settings(args: Arguments, corpus: Any) -> dict[str, Any]:
    """Return what all runs of a file must share."""
    tests = b"".join((args.eval_dir / file).read_bytes() for file in TEST_FILES)
    return {
        "corpus": Path(args.corpus).name,
        "words": corpus.report.tokens,
        "corpus_crc32": zlib.crc32(memoryview(corpus.tokens)),
        "tests_crc32": zlib.crc32(tests),
        "vector_size": args.vector_size,
        "workers": args.workers,
        "fastw2v": describe_machine()["versions"]["fastw2v"],
    }


def read_rows(path: Path | None, settings: dict[str, Any]) -> list[Row]:
    """Return the rows that the file has; leave if it was made with other settings."""
    if path is None or not path.exists():
        return []
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        found, rows = dict(report["settings"]), list(report["rows"])
        known = {run_of(row): row["diverged"] or row["quality"] for row in rows}
    except (ValueError, KeyError, TypeError):
        sys.exit(f"{path.name} was not written by this script: name another file with --json")
    for name, value in settings.items():
        if found.get(name) != value:
            there = f"{name} is {found.get(name)} there, {value} here"
            sys.exit(f"{path.name} has other settings ({there}): name another file with --json")
    print(f"{path.name} has {len(known)} runs already", file=sys.stderr)
    return rows


def write_report(path: Path | None, report: dict[str, Any]) -> None:
    """Write the file whole or not at all."""
    if path is not None:
        part = path.with_name(path.name + ".part")
        part.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        os.replace(part, path)


def show(values: Sequence[float | None]) -> str:
    """Format the mean (lowest-highest); "-" if a value isn't known."""
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return "-"
    text = f"{statistics.fmean(known):.1f}"
    return f"{text} ({min(known):.1f}–{max(known):.1f})" if len(known) > 1 else text


def print_table(kind: str, rows: list[Row]) -> None:
    """Print a kind's settings and gensim's, the best first."""
    groups: dict[Run, list[Row]] = {}
    for row in rows:
        if row["kind"] in (kind, "gensim"):
            groups.setdefault(run_of(row)._replace(seed=0), []).append(row)
    judged = [row["quality"] for row in rows if not row["diverged"]]
    known = [test for test in TESTS if all(quality[test] is not None for quality in judged)]
    uneven = len({len(group) for group in groups.values()}) > 1  # after an interruption
    lines: list[tuple[float, Run, list[str]]] = []
    for setting, group in groups.items():
        diverged = any(row["diverged"] for row in group)
        rank, cells = -math.inf, ["diverged" if diverged else "-", *["-"] * len(TESTS)]
        if known and not diverged:
            qualities = [row["quality"] for row in group]
            means = [statistics.fmean(each[test] for test in known) for each in qualities]
            cells = [show([each[test] for each in qualities]) for test in TESTS]
            rank, cells = statistics.fmean(means), [*cells, show(means)]
        cells += [show([row["seconds"] for row in group]), *[str(len(group))] * uneven]
        lines.append((rank, setting, cells))
    lines.sort(key=lambda line: -line[0])
    best = [line[1] for line in lines if line[0] > -math.inf and line[1].kind == kind][:1]
    mean = f"mean of the {'four' if len(known) == len(TESTS) else f'{len(known)} known'}"
    header = [*Run._fields[1:-1], *TESTS, mean, "seconds", *["seeds"] * uneven]
    options = ", ".join(f'{name}="{value}"' for name, value in KINDS[kind].items())
    print(f"**{kind}** (`{options}`)\n\n| {' | '.join(header)} |\n{'|---' * len(header)}|")
    for _, setting, cells in lines:
        first = [f"{value:g}" for value in setting[1:-1]]
        if setting.kind == "gensim":
            first[0] = f"gensim skip-gram: {first[0]}"
        if setting in best:
            first = [f"**{cell}**" for cell in first]
            cells[len(TESTS)] = f"**{cells[len(TESTS)]}**"
        print(f"| {' | '.join([*first, *cells])} |")
    print()


def main() -> None:
    """Make the sweep, and print its tables: those of what was done if it is interrupted."""
    args, plan = parse_arguments()
    import fastw2v

    try:
        corpus = fastw2v.encode(args.corpus, min_count=5, workers=args.workers)
    except (OSError, ValueError) as error:
        sys.exit(f"--corpus: {error}")
    settings = common_settings(args, corpus)
    rows = read_rows(args.json, settings)
    report = {"settings": settings, "rows": rows}
    write_report(args.json, report)  # fails now if it can't be written
    status = 0
    try:
        sweep(args, plan, corpus, report)
    except KeyboardInterrupt:
        print("interrupted: the tables show what was done", file=sys.stderr)
        status = 130
    machines = f"threads: {args.workers} ({' and '.join({row['cpu']: '' for row in rows})})"
    print(f"{settings['corpus']}, {settings['words']:,} words; dimensions: {args.vector_size};")
    print(f"{machines}; mean (lowest–highest) over the seeds\n")
    for kind in args.kinds:
        if any(row["kind"] == kind for row in rows):
            print_table(kind, rows)
    sys.exit(status)


if __name__ == "__main__":
    main()
