r"""Time the evaluation of vectors against gensim's, and compare the answers question by question.

Every run is a process of its own; the contenders take turns, A B A B ..., and ratios pair the runs
of one round. Both judge the same vectors, with ``evaluate_word_analogies`` and
``evaluate_word_pairs`` at their defaults (with ``--restrict-vocab``, analogies among fewer words);
gensim's lengths of vectors are computed before its clock starts. Both use NumPy's BLAS.

::

    python bench/bench_evaluation.py --vectors vectors.safetensors --eval-dir eval --rounds 5

Needs gensim (``pip install ".[bench]"``).
"""

from __future__ import annotations

import argparse
import json
import statistics
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
    seconds, (score, sections) = timed(
        lambda: keyed.evaluate_word_analogies(path, args.restrict_vocab, **options)
    )
    correct = sorted(" ".join(question) for question in sections[-1]["correct"])
    used = len(correct) + len(sections[-1]["incorrect"])
    return {"seconds": seconds, "score": 100 * score, "used": used, "correct": correct}


def word_pairs(args: Arguments, keyed: Any) -> Run:
    """Judge by all sets of word pairs; give correlations, p-values and what is missing."""
    paths = [str(args.eval_dir / file) for file in PAIR_FILES.values()]
    seconds, results = timed(lambda: [keyed.evaluate_word_pairs(path) for path in paths])
    values = [
        [*map(float, pearson), *map(float, spearman), oov] for pearson, spearman, oov in results
    ]
    return {"seconds": seconds, "values": values}


def intervals(args: Arguments, keyed: Any) -> Run:
    """Take 10,000 resamples of the largest set of word pairs."""
    from fastw2v import evaluation

    pairs = evaluation.read_word_pairs(args.eval_dir / PAIR_FILES["MEN"])
    result = evaluation.evaluate_word_pairs(keyed.index_to_key, keyed.vectors, pairs)
    seconds, interval = timed(result.bootstrap_interval)
    return {"seconds": seconds, "values": [result.spearman, *interval]}


def comparison(args: Arguments, keyed: Any) -> Run:
    """Compare the vectors with their first half of dimensions, by the largest set of pairs."""
    from fastw2v import KeyedVectors, evaluation

    half = KeyedVectors(keyed.index_to_key, keyed.vectors[:, : keyed.vector_size // 2].copy())
    path = args.eval_dir / PAIR_FILES["MEN"]
    seconds, found = timed(lambda: evaluation.compare(keyed, half, path))
    return {"seconds": seconds, "values": [found.difference, found.p_value]}


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that a call takes, and its result."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


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
    """Run all contenders in turn, and print what they took and whether they agree."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--vectors", type=Path, required=True, help="a file of fastw2v's")
    parser.add_argument("--eval-dir", type=Path, required=True, help=f"{', '.join(TEST_FILES)}")
    parser.add_argument("--restrict-vocab", type=positive_integer, default=300_000)
    parser.add_argument("--rounds", type=positive_integer, default=3)
    parser.add_argument("--run", choices=CONTENDERS, help=argparse.SUPPRESS)  # in this process
    args = parser.parse_args()
    if args.run:
        print(json.dumps(CONTENDERS[args.run](args)))
        return
    require("gensim", 'pip install ".[bench]"')
    print_machine(describe_machine())
    runs: dict[str, list[Run]] = {name: [] for name in CONTENDERS}
    for _ in range(args.rounds):
        for name in CONTENDERS:
            runs[name].append(run_alone(name, args))
    print_seconds(runs)
    print_agreement(runs)


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
    rows = [["", "seconds", "times as fast as gensim"]]
    for name, found in runs.items():
        ratios: list[float | None] = []
        if name in PAIRED:
            pairs = zip(runs[PAIRED[name]], found, strict=True)
            ratios = [slow["seconds"] / fast["seconds"] for slow, fast in pairs]
        seconds = spread([run["seconds"] for run in found], ".3f")
        rows.append([name, seconds, spread(ratios, ".1f")])
    print_table(rows)


def print_agreement(runs: dict[str, list[Run]]) -> None:
    """Print what was measured, and in how far gensim's answers are others."""
    for name in ("gensim, analogies", "fastw2v, analogies", "fastw2v, analogies, 3CosMul"):
        score, used = (
            statistics.median(run[key] for run in runs[name]) for key in ("score", "used")
        )
        print(f"{name}: {score:.2f} % of {used:.0f}")
    theirs, ours = (runs[f"{name}, analogies"][0]["correct"] for name in ("gensim", "fastw2v"))
    print(f"answered correctly by one of the two alone: {sorted({*theirs} ^ {*ours})}")
    theirs, ours = (
        runs[f"{name}, three sets of pairs"][0]["values"] for name in ("gensim", "fastw2v")
    )
    for name, their, our in zip(PAIR_FILES, theirs, ours, strict=True):
        labels = ("Pearson", "p", "Spearman", "p", "% unknown")
        for label, one, other in zip(labels, their, our, strict=True):
            print(f"{name}, {label}: gensim {one:.8g}, fastw2v {other:.8g}")
    for name in ("fastw2v, interval of MEN's rho", "fastw2v, compare by MEN"):
        print(f"{name}: {', '.join(f'{value:.4g}' for value in runs[name][0]['values'])}")


if __name__ == "__main__":
    main()
