r"""Time the evaluation of vectors against gensim's, and compare the answers question by question.

Every run is a process of its own; the contenders take turns, A B A B ..., and ratios pair the runs
of one round. Both judge the same vectors, with ``evaluate_word_analogies`` and
``evaluate_word_pairs`` at their defaults (with ``--restrict-vocab``, analogies among fewer words);
gensim's lengths of vectors are computed before its clock starts. Both use NumPy's BLAS.

::

    python bench/bench_evaluation.py --vectors vectors.safetensors --eval-dir eval

Measured with ``OPENBLAS_NUM_THREADS=1`` on a core of an AMD EPYC (Zen 4, virtual), Python 3.11,
NumPy 2.4, gensim 4.4, and 79,158 vectors of 100 dimensions trained on 17 million words. Others kept
the machine busy, so that the clock told little: these are processor seconds, and their ratio to
gensim's in the same round; the median, the lowest and the highest. "all words": two rounds, run one
by one (``--rounds 1``); the rest: three.

                                                        gensim             fastw2v  ratio
    analogies, all words                      57.2 (53.4-61.0)    1.12 (0.95-1.28)  52.1 (47.8-56.3)
    analogies, all words, 3CosMul                                 1.37 (1.26-1.47)  42.0 (41.5-42.4)
    analogies, --restrict-vocab 30000         12.9 (10.3-13.8)    0.41 (0.38-0.57)  25.2 (24.3-33.6)
    three sets of pairs                       0.25 (0.19-0.26)    0.15 (0.12-0.17)  1.6 (1.5-1.7)
    10,000 resamples of MEN's 2,929 pairs                         1.01 (0.82-1.01)
    compare by MEN, interval and p-value                          1.80 (1.79-1.83)

The answers were the same to each question, all words and 30,000; Spearman's rho differed by at most
2e-7 (gensim's cosines are float32). 3CosMul's ratio is to gensim's 3CosAdd, as gensim evaluates no
other. Needs gensim (``pip install ".[bench]"``).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import (
    ANALOGY_FILE,
    PAIR_FILES,
    TEST_FILES,
    Run,
    describe_machine,
    positive_integer,
    print_machine,
    print_table,
    require,
    spread,
)

Arguments = argparse.Namespace


def open_vectors(args: Arguments) -> Any:
    """Load the vectors as fastw2v's KeyedVectors."""
    from fastw2v import KeyedVectors

    return KeyedVectors.load(args.vectors)


def open_in_gensim(args: Arguments) -> Any:
    """Load the vectors as gensim's KeyedVectors."""
    from gensim.models import KeyedVectors

    vectors = open_vectors(args)
    keyed = KeyedVectors(vectors.vector_size)
    keyed.add_vectors(vectors.index_to_key, vectors.vectors)
    keyed.fill_norms()
    return keyed


def analogies(args: Arguments, keyed: Any, **options: str) -> Run:
    """Answer all analogies; tell which were answered correctly."""
    path = str(args.eval_dir / ANALOGY_FILE)
    times, (score, sections) = timed(
        lambda: keyed.evaluate_word_analogies(path, args.restrict_vocab, **options)
    )
    correct = sorted(" ".join(question) for question in sections[-1]["correct"])
    used = len(correct) + len(sections[-1]["incorrect"])
    return times | {"score": 100 * score, "used": used, "correct": correct}


def word_pairs(args: Arguments, keyed: Any) -> Run:
    """Judge by all sets of word pairs; give correlations, p-values and what is missing."""
    paths = [str(args.eval_dir / file) for file in PAIR_FILES.values()]
    times, results = timed(lambda: [keyed.evaluate_word_pairs(path) for path in paths])
    values = [
        [*map(float, pearson), *map(float, spearman), oov] for pearson, spearman, oov in results
    ]
    return times | {"values": values}


def intervals(args: Arguments, keyed: Any) -> Run:
    """Take 10,000 resamples of the largest set of word pairs."""
    from fastw2v import evaluation

    pairs = evaluation.read_word_pairs(args.eval_dir / PAIR_FILES["MEN"])
    result = evaluation.evaluate_word_pairs(keyed.index_to_key, keyed.vectors, pairs)
    times, interval = timed(result.bootstrap_interval)
    return times | {"values": [result.spearman, *interval]}


def comparison(args: Arguments, keyed: Any) -> Run:
    """Compare the vectors with their first half of dimensions, by the largest set of pairs."""
    from fastw2v import KeyedVectors, evaluation

    half = KeyedVectors(keyed.index_to_key, keyed.vectors[:, : keyed.vector_size // 2].copy())
    path = args.eval_dir / PAIR_FILES["MEN"]
    times, found = timed(lambda: evaluation.compare(keyed, half, path))
    return times | {"values": [found.difference, found.p_value]}


def timed(work: Callable[[], Any]) -> tuple[Run, Any]:
    """Return the seconds that a call takes, of the clock and of all cores, and its result."""
    start, busy = time.perf_counter(), time.process_time()
    result = work()
    busy = time.process_time() - busy
    return {"seconds": time.perf_counter() - start, "cpu": busy}, result


CONTENDERS: dict[str, Callable[[Arguments], Run]] = {
    "gensim, analogies": lambda args: analogies(args, open_in_gensim(args)),
    "fastw2v, analogies": lambda args: analogies(args, open_vectors(args)),
    "fastw2v, analogies, 3CosMul": lambda args: analogies(
        args, open_vectors(args), similarity_function="most_similar_cosmul"
    ),
    "gensim, three sets of pairs": lambda args: word_pairs(args, open_in_gensim(args)),
    "fastw2v, three sets of pairs": lambda args: word_pairs(args, open_vectors(args)),
    "fastw2v, interval of MEN's rho": lambda args: intervals(args, open_vectors(args)),
    "fastw2v, compare by MEN": lambda args: comparison(args, open_vectors(args)),
}
PAIRED = {
    "fastw2v, analogies": "gensim, analogies",
    "fastw2v, analogies, 3CosMul": "gensim, analogies",
    "fastw2v, three sets of pairs": "gensim, three sets of pairs",
}


def main() -> None:
    """Run the contenders in turn, and print what they took and whether they agree."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("--vectors", type=Path, required=True, help="a file of fastw2v's")
    add("--eval-dir", type=Path, required=True, help=f"holds {', '.join(TEST_FILES)}")
    add("--restrict-vocab", type=positive_integer, default=300_000, help="for analogies")
    add("--rounds", type=positive_integer, default=3)
    add("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS), metavar="NAME")
    add("--run", choices=CONTENDERS, help=argparse.SUPPRESS)  # one contender, in this process
    args = parser.parse_args()
    if args.run:
        print(json.dumps(CONTENDERS[args.run](args)))
        return
    require("gensim", 'pip install ".[bench]"')
    print_machine(describe_machine())
    runs: dict[str, list[Run]] = {name: [] for name in args.contenders}
    for _ in range(args.rounds):
        for name in args.contenders:
            runs[name].append(run_alone(name, args))
    print_seconds(runs)
    print_results(runs)


def run_alone(name: str, args: Arguments) -> Run:
    """Run one contender in a process of its own."""
    command = [sys.executable, __file__, "--run", name]
    command += ["--vectors", str(args.vectors), "--eval-dir", str(args.eval_dir)]
    command += ["--restrict-vocab", str(args.restrict_vocab)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: Run = json.loads(done.stdout.splitlines()[-1])
    return found


def print_seconds(runs: dict[str, list[Run]]) -> None:
    """Print seconds, and ratios to gensim's of the same round."""
    rows = [["", "seconds", "gensim's, ratio", "of all cores", "gensim's, ratio"]]
    for name, found in runs.items():
        row = [name]
        for kind in ("seconds", "cpu"):
            slow = runs.get(PAIRED.get(name, ""), [])
            ratios = [a[kind] / b[kind] for a, b in zip(slow, found, strict=False)]
            row += [spread([run[kind] for run in found], ".2f"), spread(ratios, ".1f")]
        rows.append(row)
    print_table(rows)


def print_results(runs: dict[str, list[Run]]) -> None:
    """Print what was measured, and in how far gensim's answers are others."""
    for name, (found, *_) in runs.items():
        if "correct" in found:
            print(f"{name}: {found['score']:.2f} % of {found['used']:,}")
            theirs = runs.get(PAIRED.get(name, ""))
            if theirs and "Mul" not in name:
                differing = {*found["correct"]} ^ {*theirs[0]["correct"]}
                print(f"answered correctly by one of the two alone: {sorted(differing)}")
        elif name in PAIRED and PAIRED[name] in runs:
            print_correlations(runs[PAIRED[name]][0]["values"], found["values"])
        elif "pairs" not in name:
            print(f"{name}: {', '.join(f'{value:.4g}' for value in found['values'])}")


def print_correlations(theirs: list[list[float]], ours: list[list[float]]) -> None:
    """Print gensim's and our figures of each set of word pairs."""
    labels = ("Pearson", "p", "Spearman", "p", "% unknown")
    for name, their, our in zip(PAIR_FILES, theirs, ours, strict=True):
        for label, one, other in zip(labels, their, our, strict=True):
            print(f"{name}, {label}: gensim {one:.8g}, fastw2v {other:.8g}")


if __name__ == "__main__":
    main()
