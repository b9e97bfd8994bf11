r"""What ``deterministic=True`` costs: speed and quality against plain Hogwild training.

For each kind of training and each seed it trains both on the same encoded corpus (``min_count`` 5,
fastw2v's defaults), the one right after the other, and prints a Markdown table: the seconds of
training, how many times as fast as plain training (the median over the seeds, lowest and highest),
and the scores of ``compare_gensim.py``, the mean over the seeds. ``--bits`` trains once more with
each number of workers given, and says whether the vectors are the same to the bit.

::

    python bench/compare_deterministic.py --corpus wiki17m.txt.xz --eval-dir eval --workers 2 \
        --kinds skipgram-window cbow-exact --seeds 1 2 3 --bits 1 2 3 4 8

Measured on 27 November 2026 on two cores of a Sapphire Rapids machine with AVX-512, two workers,
three seeds; the first two kinds on wiki17m, the others on wiki2m:

| kind | deterministic | s | times as fast | WS-353 | SimLex | MEN | analogies |
|---|---|---|---|---|---|---|---|
| skipgram-window | no | 15.0 | 1 | 65.9 | 27.7 | 63.5 | 42.4 |
| skipgram-window | yes | 27.8 | 0.53 (0.53–0.54) | 66.2 | 27.5 | 63.5 | 42.2 |
| cbow-exact | no | 13.2 | 1 | 64.8 | 28.3 | 61.3 | 36.0 |
| cbow-exact | yes | 24.5 | 0.53 (0.52–0.56) | 64.6 | 28.1 | 61.0 | 36.3 |
| skipgram-pair | no | 5.5 | 1 | 40.4 | 19.6 | 37.3 | 7.9 |
| skipgram-pair | yes | 11.4 | 0.48 (0.46–0.49) | 40.2 | 19.4 | 37.3 | 7.7 |
| cbow-word2vec | no | 1.6 | 1 | 32.8 | 16.2 | 32.3 | 4.3 |
| cbow-word2vec | yes | 2.7 | 0.57 (0.53–0.59) | 32.6 | 16.2 | 32.0 | 4.2 |
| skipgram-hs | no | 4.8 | 1 | 46.3 | 15.8 | 49.3 | 8.1 |
| skipgram-hs | yes | 5.8 | 0.82 (0.79–0.86) | 45.8 | 16.2 | 49.1 | 8.3 |
| cbow-hs | no | 3.8 | 1 | 37.1 | 11.3 | 44.1 | 4.5 |
| cbow-hs | yes | 4.6 | 0.84 (0.77–0.85) | 39.5 | 11.1 | 44.4 | 4.7 |

What was tried on the way, skip-gram on wiki2m with two workers, times as fast as plain training:
copies of all rows that a block of 256 tokens touches 0.39; copies of rows that several blocks
touch, others being trained in place, 0.43, with a byte of marks that all threads write to, and 0.47
with bytes for each thread; the next round's windows found beside training, shards of 128 tokens,
0.50; changes sorted by the thread that adds them, and longer batches, 0.58.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common import TEST_FILES, cores, describe_machine, evaluate, print_machine, require
from sweep_defaults import KINDS, TESTS

Row = dict[str, Any]
Arguments = argparse.Namespace


def parse_arguments() -> Arguments:
    """Read the command line."""
    about = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(description=about, allow_abbrev=False)
    add = parser.add_argument
    add("--corpus", required=True, help="text, one sentence a line: what fastw2v.encode reads")
    add("--eval-dir", type=Path, help=f"holds {', '.join(TEST_FILES)}")
    add("--kinds", nargs="+", choices=KINDS, default=["skipgram-window", "cbow-exact"])
    add("--seeds", nargs="+", type=int, default=[1, 2, 3])
    add("--bits", nargs="+", type=int, default=[], metavar="WORKERS")
    defaults = {"workers": cores(), "vector-size": 100, "epochs": 5}
    for name, default in defaults.items():
        add(f"--{name}", type=int, default=default, help=f"default: {default}")
    args = parser.parse_args()
    require("fastw2v", "pip install .")
    for file in TEST_FILES if args.eval_dir else ():
        if not (args.eval_dir / file).is_file():
            parser.error(f"there is no {file} in the folder that --eval-dir names")
    return args


def train(
    args: Arguments, corpus: Any, kind: str, seed: int, *, deterministic: bool, workers: int
) -> Any:
    """Train a model."""
    import fastw2v

    model = fastw2v.Model(
        corpus,
        **KINDS[kind],
        **{"vector_size": args.vector_size, "epochs": args.epochs, "seed": seed},
        **{"deterministic": deterministic, "workers": workers},
    )
    return model.train(progress=False)


def measure(args: Arguments, corpus: Any, kind: str, seed: int, *, deterministic: bool) -> Row:
    """Train a model, time it and judge it."""
    model = train(args, corpus, kind, seed, deterministic=deterministic, workers=args.workers)
    row = {"seconds": sum(record.seconds for record in model.history)}
    if args.eval_dir:
        row |= evaluate(model.wv.index_to_key, model.wv.vectors, args.eval_dir)
    print(f"{kind}, seed {seed}, deterministic={deterministic}: {row}", file=sys.stderr)
    return row


def digest(model: Any) -> str:
    """Return a hash of both matrices and the losses."""
    found = hashlib.sha256(model.input_vectors.tobytes() + model.output_vectors.tobytes())
    found.update(repr([record.loss for record in model.history]).encode())
    return found.hexdigest()


def print_table(rows: dict[str, dict[bool, list[Row]]], tests: Sequence[str]) -> None:
    """Print all kinds, plain and deterministic."""
    print(f"| kind | deterministic | s | times as fast | {' | '.join(tests)} |")
    print("|---|---|---|---|" + "---|" * len(tests))
    for kind, both in rows.items():
        ratios = [
            plain["seconds"] / other["seconds"]
            for plain, other in zip(both[False], both[True], strict=True)
        ]
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
        for deterministic, found in both.items():
            means = [statistics.mean(row[test] or 0 for row in found) for test in tests]
            seconds = statistics.median(row["seconds"] for row in found)
            cells = [kind, "yes" if deterministic else "no", f"{seconds:.1f}"]
            cells += [spread if deterministic else "1", *(f"{mean:.1f}" for mean in means)]
            print(f"| {' | '.join(cells)} |")


def main() -> None:
    """Measure, and print."""
    args = parse_arguments()
    import fastw2v

    print_machine(describe_machine())
    corpus = fastw2v.encode(args.corpus, min_count=5)
    rows = {kind: {False: [], True: []} for kind in args.kinds}
    for seed in args.seeds:
        for kind, both in rows.items():
            for deterministic, found in both.items():
                found.append(measure(args, corpus, kind, seed, deterministic=deterministic))
    print_table(rows, TESTS if args.eval_dir else ())
    for kind in args.kinds if args.bits else ():
        for seed in args.seeds:
            digests = {
                digest(train(args, corpus, kind, seed, deterministic=True, workers=workers))
                for workers in args.bits
            }
            said = "the same bits" if len(digests) == 1 else "DIFFERENT BITS"
            print(f"{kind}, seed {seed}: {said} with {args.bits} workers")
            if len(digests) > 1:
                raise SystemExit(1)


if __name__ == "__main__":
    main()
