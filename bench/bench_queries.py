r"""Time asking for neighbours: one key after another, and many at once; beside gensim and NumPy.

Every run is a process of its own; the contenders take turns, A B A B ..., and ratios pair the runs
of one round. Keys are drawn at random, the same for all. "the bare product" is what no exact search
can do without: the 10,000 keys' vectors of length 1, times all such vectors, in NumPy, by blocks of
512, each overwritten by the next; nothing is chosen from the products. "memory" is what a run's
peak is above what was there before, results included.

::

    python bench/bench_queries.py --vectors vectors.safetensors --rounds 7

    gensim, 1,000 single         1.749 s (1.299-2.010)  2.0 cores     2 MB
    fastw2v, 1,000 single        0.744 s (0.562-1.050)  1.0 cores    41 MB
    the bare product of 10,000   1.344 s (1.143-1.426)  2.0 cores     0 MB
    fastw2v, 10,000 at once      1.402 s (1.312-1.750)  2.0 cores     1 MB
    fastw2v, 10,000 by CSLS     12.980 s (12.613-14.732)  2.0 cores     3 MB
    gensim, 1,000 single / fastw2v, 1,000 single: 2.24 (1.82-2.69)
    fastw2v, 10,000 at once / the bare product of 10,000: 1.13 (1.04-1.23)

Medians, and the lowest and the highest, for 79,158 vectors of 100 dimensions trained on 17 million
words, in a file of fastw2v's own: 32 of the 41 MB are that file, mapped, and the rest are codes.
Two cores of an AMD EPYC (Zen 3, virtual), Python 3.11, NumPy 2.4, gensim 4.4. Without
``--vectors``, vectors are drawn from a normal distribution, as many. Needs gensim
(``pip install ".[bench]"``) and Linux.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fastw2v import KeyedVectors

Run = dict[str, float]

SINGLE, MANY, TOPN = 1_000, 10_000, 10
BLOCK = 512  # queries of the bare product
DRAWN = 79_158, 100


def gensim_single(wv: KeyedVectors) -> Run:
    """Ask gensim for one key's neighbours after the other's."""
    from gensim.models import KeyedVectors as Gensims

    theirs = Gensims(wv.vector_size)
    names = [str(key) for key in wv.index_to_key]
    theirs.add_vectors(names, np.ascontiguousarray(wv.vectors))
    theirs.fill_norms()
    return one_by_one(theirs.most_similar, [names[row] for row in drawn_rows(wv, SINGLE)])


def fastw2v_single(wv: KeyedVectors) -> Run:
    """Ask fastw2v for one key's neighbours after the other's."""
    keys = [wv.index_to_key[row] for row in drawn_rows(wv, SINGLE)]
    return one_by_one(wv.most_similar, keys)


def one_by_one(most_similar: Callable[..., Any], keys: list[Any]) -> Run:
    """Time a call for each key, with whatever the first ones prepare."""

    def ask() -> None:
        for key in keys:
            most_similar(key, topn=TOPN)

    return measured(ask)


def bare_product(wv: KeyedVectors) -> Run:
    """Multiply the vectors asked with and all vectors."""
    unit = wv.get_normed_vectors()
    asked = unit[drawn_rows(wv, MANY)]
    products = np.empty((BLOCK, len(unit)), np.float32)
    np.matmul(asked[:BLOCK], unit.T, out=products)  # threads and memory are there

    def multiply() -> None:
        for start in range(0, MANY, BLOCK):
            part = asked[start : start + BLOCK]
            np.matmul(part, unit.T, out=products[: len(part)])

    return measured(multiply)


def fastw2v_many(wv: KeyedVectors, csls: int | None = None) -> Run:
    """Ask fastw2v for the neighbours of many keys at once."""
    keys = [wv.index_to_key[row] for row in drawn_rows(wv, MANY)]
    wv.neighbors(keys[:BLOCK], TOPN)
    return measured(lambda: wv.neighbors(keys, TOPN, csls=csls))


def drawn_rows(wv: KeyedVectors, n: int) -> list[int]:
    """Return the rows that are asked for."""
    rows: list[int] = np.random.default_rng(0).integers(len(wv), size=n).tolist()
    return rows


def measured(work: Callable[[], object]) -> Run:
    """Return what a call takes: seconds, cores, and bytes at the most."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak is now what is there
    before, busy, start = memory("VmRSS"), time.process_time(), time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    return {
        "seconds": seconds,
        "cores": (time.process_time() - busy) / seconds,
        "bytes": memory("VmHWM") - before,
    }


def memory(name: str) -> int:
    """Return bytes by the system's accounting of this process."""
    with open("/proc/self/status") as file:
        return next(1024 * int(line.split()[1]) for line in file if line.startswith(name))


CONTENDERS: dict[str, Callable[[KeyedVectors], Run]] = {
    "gensim, 1,000 single": gensim_single,
    "fastw2v, 1,000 single": fastw2v_single,
    "the bare product of 10,000": bare_product,
    "fastw2v, 10,000 at once": fastw2v_many,
    "fastw2v, 10,000 by CSLS": partial(fastw2v_many, csls=10),
}
RATIOS = [
    ("gensim, 1,000 single", "fastw2v, 1,000 single"),
    ("fastw2v, 10,000 at once", "the bare product of 10,000"),
]


def main() -> None:
    """Run all contenders in turn, and print what they took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--vectors", type=Path, help="what KeyedVectors.save or Model.save wrote")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--run", help=argparse.SUPPRESS)  # one contender, in this process
    args = parser.parse_args()
    if args.run:
        print(json.dumps(CONTENDERS[args.run](read(args.vectors))))
        return
    runs: dict[str, list[Run]] = {name: [] for name in args.only}
    for _ in range(args.rounds):
        for name in args.only:
            runs[name].append(run_alone(name, args.vectors))
    print_runs(runs)


def read(path: Path | None) -> KeyedVectors:
    """Read the vectors, or draw some."""
    if path is not None:
        return KeyedVectors.load(path)
    drawn = np.random.default_rng(1).standard_normal(DRAWN, np.float32)
    return KeyedVectors([f"w{row}" for row in range(len(drawn))], drawn).copy()  # its own


def run_alone(name: str, vectors: Path | None) -> Run:
    """Run one contender in a process of its own."""
    command = [sys.executable, __file__, "--run", name]
    command += ["--vectors", str(vectors)] if vectors else []
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: Run = json.loads(done.stdout.splitlines()[-1])
    return found


def print_runs(runs: dict[str, list[Run]]) -> None:
    """Print seconds, cores and memory, and the paired ratios."""
    for name, found in runs.items():
        seconds, cores, size = (
            [run[key] for run in found] for key in ("seconds", "cores", "bytes")
        )
        print(
            f"{name:27} {statistics.median(seconds):6.3f} s "
            f"({min(seconds):.3f}-{max(seconds):.3f})  {statistics.median(cores):.1f} cores  "
            f"{max(size) / 1e6:4.0f} MB"
        )
    for slower, faster in RATIOS:
        if slower in runs and faster in runs:
            pairs = zip(runs[slower], runs[faster], strict=True)
            ratios = [a["seconds"] / b["seconds"] for a, b in pairs]
            print(
                f"{slower} / {faster}: {statistics.median(ratios):.2f} "
                f"({min(ratios):.2f}-{max(ratios):.2f})"
            )


if __name__ == "__main__":
    main()
