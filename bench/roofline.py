r"""Measure what a core can do, and each kernel's share of it: where the remaining time goes.

**The core**: operations a second on registers, for each instruction set that there are kernels for;
bytes a second loaded from the caches and from memory; and the time to read and write a row picked
at random, asked for some rows ahead or not, for that is what training waits for where its rows are
not in L1. The other tables are epochs of training. **Few words**: all rows of both matrices take
half of L1 (or what 11 words take), no word is twice in a window, nothing is subsampled. What two
threads lose there is the cost of writing to the same rows; **more** and **many words**, as frequent
as each other, show it fall. **Text** is ``--corpus`` at ``sample=1e-3``; its words/s are raw words.

Operations are counted over the steps of a sample of windows: 6 for each number of a (hidden row,
output row) pair, and for CBOW 2 for each of a context, without the padding. "L1 loads" are what a
vector kernel's tiles load into registers, as a share of L1's bandwidth. "Steps" are the sample's,
carried out from a list by roofline.c on rows in L1; "memory" is what they take longer on their own
rows, asked for as in training (few words: the asking alone); and the "rest" goes to sampling
windows, drawing negatives and finding equal words. These are nanoseconds a window.

All times but that of words/s are CPU times, in which other programs' share of the core isn't.
Everything takes turns, A B C A B C ..., after a turn that isn't counted; reported is the median
over the rounds, in some columns with the smallest and the largest value. The C compiler (``CC``, or
else ``cc``) compiles roofline.c into a temporary folder; what can't be known without it is shown as
-, and so are the steps of ``blas``. ::

    python bench/roofline.py
    python bench/roofline.py --corpus wiki17m.txt --kernels avx512 avx2 --kinds skipgram-window cbow
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count, product
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from common import cores, describe_machine, positive_integer, print_machine, print_table, spread
from numpy.typing import NDArray

import fastw2v
from fastw2v import matrices, trainer
from fastw2v._kernels import updates
from fastw2v._kernels.alias import AliasTable
from fastw2v._kernels.huffman import HuffmanTree
from fastw2v._kernels.kernel import BLOCK, Kernel
from fastw2v.hyperparameters import Hyperparameters

Row = dict[str, Any]  # of a table: text, numbers, or arrays of a figure a round: NaN, if not known

KINDS: dict[str, dict[str, Any]] = {
    "skipgram-window": {"negative_sharing": "window"},
    "skipgram-pair": {"negative_sharing": "pair"},
    "cbow": {"architecture": "cbow"},
    "hierarchical": {"objective": "hierarchical_softmax"},
}
# What lets the compiler use a kernel's vectors, as in setup.py; others have four floats.
FLAGS = {"avx512": "-mavx512f -DLANES=16", "avx2": "-mavx2 -mfma -DLANES=8"}
TILE_OUTPUTS, MOST_ROWS = 6, 64  # step.h, roofline.c
TILE_HIDDEN = {"avx512": 4}  # hidden rows that a kernel scores together; others 2
L1, MEMORY, AHEAD = 16 << 10, 256 << 20, 16
TOKENS, SENTENCE = 400_000, 1_000
MORE_WORDS = {"more words": 1_000, "many words": 100_000}
REACH = 10  # windows that a word is in, one after the other
SAMPLE_RUNS, SAMPLE_BLOCKS = 8, 24  # of a corpus: whose steps are counted and carried out
FORMS = {"words/s": ",.0f", "times one": ".2f", "of peak": ".0%", "L1 loads": ".0%"}
FORMS |= {"steps of peak": ".0%", "GFLOP/s": ".0f"}
WITH_SPREAD = {"figure", "times one", "ns a window"}


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    available = fastw2v.kernels().available
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add, number = parser.add_argument, positive_integer
    add("--corpus", help="anything that fastw2v.encode reads: adds the table of text")
    add("--rounds", type=number, default=5, help="default: 5")
    add("--vector-size", type=number, default=100, help="default: 100")
    add("--kernels", nargs="+", choices=available, default=available, help="default: all")
    add("--kinds", nargs="+", choices=KINDS, default=list(KINDS), help="default: all")
    add("--workers", nargs="+", type=number, default=[1, 2], help="threads; default: 1 2")
    add("--json", type=Path, metavar="FILE", help="write every round's figures")
    args = parser.parse_args()
    args.workers = sorted({1, *(min(workers, cores()) for workers in args.workers)})
    return args


def measure(tasks: Mapping[Any, Callable[[], Any]], rounds: int) -> dict[Any, Any]:
    """Return what each task says in each round, as arrays; they take turns."""
    turns = [[task() for task in tasks.values()] for _ in range(rounds + 1)]
    return {key: np.array([turn[i] for turn in turns[1:]]) for i, key in enumerate(tasks)}


def seconds(work: Callable[..., object], *arguments: object) -> float:
    """Return a call's CPU time."""
    start = time.process_time()
    work(*arguments)
    return time.process_time() - start


def filled(rows: int, vector_size: int) -> NDArray[np.float32]:
    """Make a matrix of small numbers, all of whose memory is there."""
    matrix = matrices.zeros(rows, vector_size)
    matrix[:] = np.random.default_rng(rows).uniform(-0.005, 0.005, vector_size)
    return matrix


def cache_size(level: int, default: int) -> int:
    """Return a cache's bytes, or the default where the system doesn't say."""
    for cache in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"):
        about = [(cache / name).read_text().strip() for name in ("level", "type", "size")]
        if about[0] == str(level) and about[1] != "Instruction":
            return int(about[2].removesuffix("K")) << 10
    return default


# The core ----------------------------------------------------------------------------------------


class Core:
    """roofline.c, compiled for every kernel that can run here, and what it measured."""

    def __init__(self, folder: Path) -> None:
        self.libraries: dict[str, ctypes.CDLL] = {}  # the widest vectors first
        self.peak = self.loads = np.nan  # GFLOP/s of the widest vectors, GB/s from L1
        compiler = shlex.split(os.environ.get("CC") or "cc")
        if not shutil.which(compiler[0]):
            print(f"no C compiler {compiler[0]!r}: the core's peak is not known", file=sys.stderr)
            return
        command = [*compiler, "-O3", "-shared", "-fPIC", f"-I{Path(updates.__file__).parent}"]
        i32, i64, at = ctypes.c_int32, ctypes.c_int64, ctypes.c_void_p
        command.append(str(Path(__file__).with_suffix(".c")))
        for name in (name for name in fastw2v.kernels().available if name != "blas"):
            file, flags = folder / f"{name}.so", FLAGS.get(name, "-DLANES=4").split()
            if subprocess.run([*command, *flags, "-o", str(file)]).returncode == 0:
                library = self.libraries[name] = ctypes.CDLL(str(file))
                library.peak.argtypes, library.peak.restype = [i64], ctypes.c_double
                library.read_all.argtypes = [at, i64, i64]
                library.fetch.argtypes = [at, i64, i32, i64, i32]
                library.replay.argtypes = [at, i32, i32, at, at, i32, i32, i64, at, at]

    def measure(self, vector_size: int, rounds: int) -> list[Row]:
        """Measure peaks, bandwidths, and rows at random."""
        if not self.libraries:
            return []
        widest = next(iter(self.libraries.values()))
        row_bytes = 4 * matrices.row_stride(vector_size)
        matrix = filled(MEMORY // row_bytes, vector_size)
        memory = matrix.ctypes.data

        def peak(library: ctypes.CDLL, repetitions: int = 4_000_000) -> float:
            operations: float = library.peak(1)
            return operations * repetitions / seconds(library.peak, repetitions) / 1e9

        def load(size: int) -> float:
            floats, passes = min(size, len(matrix) * row_bytes) // 512 * 128, (1 << 31) // size
            return 4 * floats * passes / seconds(widest.read_all, memory, floats, passes) / 1e9

        def fetch(size: int, ahead: int, rows: int = 200_000) -> float:
            where = memory, size // row_bytes, row_bytes // 4
            return seconds(widest.fetch, *where, rows, ahead) / rows * 1e9

        tasks: dict[tuple[str, str], Callable[[], float]] = {}
        for name, library in self.libraries.items():
            tasks[f"multiply and add, {name}", "GFLOP/s"] = partial(peak, library)
        half_l2 = cache_size(2, 512 << 10) // 2
        for size in (L1, half_l2, MEMORY):
            tasks[f"load from {size >> 10:,} KiB", "GB/s"] = partial(load, size)
        for ahead, how in ((AHEAD, f"asked for {AHEAD} rows ahead"), (0, "not asked for")):
            for size in (L1, half_l2, 16 << 20, 64 << 20, MEMORY):
                what = f"random row of {row_bytes} bytes from {size >> 10:,} KiB, {how}"
                tasks[what, "ns"] = partial(fetch, size, ahead)
        found = measure(tasks, rounds)
        self.peak = max(median(found[key]) for key in found if key[1] == "GFLOP/s")
        self.loads = median(found[f"load from {L1 >> 10} KiB", "GB/s"])
        return [
            {"the core": what, "figure": found[what, unit], "unit": unit} for what, unit in found
        ]


# What is trained, and its steps ------------------------------------------------------------------


class Problem:
    """A corpus, and matrices to train on it."""

    def __init__(self, corpus: fastw2v.EncodedCorpus, vector_size: int, sample: float) -> None:
        self.corpus, self.vocabulary = corpus, corpus.vocabulary
        self.settings: dict[str, Any] = {"vector_size": vector_size, "sample": sample, "epochs": 1}
        self.inputs, self.outputs = (filled(len(self.vocabulary), vector_size) for _ in range(2))
        self.epoch = count()

    def parameters(self, kind: str) -> Hyperparameters:
        """Return what is trained: at a steady learning rate, however many epochs."""
        return Hyperparameters(**self.settings, **KINDS[kind], alpha=0.01, min_alpha=0.01)

    def train(self, kind: str, name: str, workers: int) -> tuple[float, float, int]:
        """Train for an epoch, as ``Model`` does: seconds, CPU time of all threads, examples."""
        what = self.parameters(kind), self.vocabulary, self.corpus, self.inputs, self.outputs
        how: dict[str, Any] = {"workers": workers, "kernel": name, "progress": False}
        epochs = trainer.train(*what, first_epoch=next(self.epoch), **how)
        start = time.process_time()
        record = next(epochs)
        return record.seconds, time.process_time() - start, record.examples

    def windows(self, kind: str) -> list[tuple[int, list[int], float, list[int]]]:
        """Return windows from several parts of the corpus."""
        parameters = self.parameters(kind)
        rest: dict[str, Any] = {
            "keep_probability": self.vocabulary.keep_probability(parameters.sample),
            "noise": AliasTable(self.vocabulary.noise_weights(parameters.ns_exponent)),
            "tree": HuffmanTree(self.vocabulary.counts),
            "input_vectors": self.inputs,
            "output_vectors": self.outputs,
        }
        tokens, found = self.corpus.tokens, []
        kernel = Kernel(parameters, tokens, self.corpus.offsets, **rest, first_epoch=0, epochs=1)
        for run in range(SAMPLE_RUNS):
            begin = len(tokens) * run // SAMPLE_RUNS // BLOCK * BLOCK
            found += kernel.windows(0, begin, min(begin + SAMPLE_BLOCKS * BLOCK, len(tokens)))
        return found


def equal_words(words: int, vector_size: int) -> Problem:
    """Make a problem of so many words, which come again and again in one random order."""
    tokens = np.resize(np.random.default_rng(words).permutation(words), TOKENS)
    offsets = np.arange(0, TOKENS + 1, SENTENCE)
    corpus = fastw2v.encode((tokens, offsets), vocabulary="identity", workers=1)
    return Problem(corpus, vector_size, sample=0.0)


@dataclass(frozen=True)
class Steps:
    """The steps of some windows.

    ``shapes`` has a row a step: its numbers of hidden rows, of output rows, and of the hidden rows
    that no step shortly before it had. ``rows`` are the former two, one after the other.
    """

    kind: str
    windows: int
    pairs: int
    shapes: NDArray[np.int32]
    rows: NDArray[np.int32]

    def work(self, vector_size: int, row_bytes: int, name: str) -> tuple[float, float]:
        """Count a window's operations, and the bytes that a kernel loads from rows."""
        n, m, _ = self.shapes.astype(np.int64).T
        contexts = 0 * n
        if self.kind == "cbow":  # their mean is the hidden row, and they all get its change
            contexts, n = n, 0 * n + 1
        tiles = -(-m // TILE_OUTPUTS)
        at_once = TILE_HIDDEN.get(name, 2)
        passes = n // at_once + n % at_once // 2 + n % 2  # the last rows by two, then by one
        scores, moves = tiles * n + m * passes, (2 * tiles - 1) * n + m
        flops = vector_size * (6 * n * m + 2 * contexts).sum()
        loads = row_bytes * (2 * contexts + 2 * (contexts > 0) + scores + moves).sum()
        return float(flops) / self.windows, float(loads) / self.windows

    def replay(self, native: ctypes.CDLL, kernel: int, problem: Problem, own_rows: bool) -> float:
        """Carry them out, on a problem's first rows unless they are its own; ns a window."""
        inputs, outputs = problem.inputs, problem.outputs
        rows = self.rows
        if not own_rows:
            rows = np.arange(len(rows), dtype=np.int32) % np.int32(len(inputs))
        how = kernel, self.kind == "cbow", own_rows, inputs.ctypes.data, outputs.ctypes.data
        layout = inputs.shape[1], inputs.strides[0] // 4
        lists = len(self.shapes), self.shapes.ctypes.data, rows.ctypes.data
        return seconds(native.replay, *how, *layout, *lists) / self.windows * 1e9


def steps_of(problem: Problem, kind: str) -> Steps:
    """List the steps of some windows."""
    negative, windows = problem.parameters(kind).negative, problem.windows(kind)
    tree = HuffmanTree(problem.vocabulary.counts)
    shapes: list[tuple[int, int, int]] = []
    rows: list[int] = []
    seen: dict[int, int] = {}  # the last window that had the word among its contexts
    for number, (center, contexts, _, drawn) in enumerate(windows):
        hidden = [contexts if kind == "cbow" else list(dict.fromkeys(contexts))]
        if kind == "skipgram-pair":
            hidden = [[context] for context in contexts]
        for i, words in enumerate(hidden):
            output = list(dict.fromkeys([center, *drawn[i * negative : (i + 1) * negative]]))
            if kind == "hierarchical":
                output = tree.path(center)[0]
            words.sort(key=lambda word: seen.get(word, -1) >= number - REACH)  # new ones first
            fresh = sum(seen.get(word, -1) < number - REACH for word in words)
            seen |= dict.fromkeys(words, number)
            shapes.append((len(words), len(output), fresh))
            rows += words + output
    pairs = sum(len(contexts) for _, contexts, *_ in windows)
    found = Steps(kind, len(windows), pairs, np.array(shapes, "i4"), np.array(rows, "i4"))
    if found.shapes.max() > MOST_ROWS:
        sys.exit(f"{kind}: a step of {found.shapes.max()} rows, roofline.c takes {MOST_ROWS}")
    return found


def address(name: str) -> int | None:
    """Find a kernel's functions (``Updates`` of step.h) in the native module that has them."""
    try:
        found = ctypes.c_char.in_dll(ctypes.CDLL(updates.__file__), f"fastw2v_{name}")
    except (OSError, ValueError):
        return None
    return ctypes.addressof(found)


# Training ----------------------------------------------------------------------------------------


def train(
    args: argparse.Namespace, kernels: Sequence[str], problem: Problem, few: Problem, core: Core
) -> list[Row]:
    """Train on a problem with every kernel, kind and number of threads; ``few`` has rows in L1."""
    steps = {kind: steps_of(problem, kind) for kind in args.kinds}
    tasks: dict[tuple[str, str, int | str], Callable[[], Any]] = {}
    for name, kind in product(kernels, args.kinds):
        for workers in args.workers:
            tasks[name, kind, workers] = partial(problem.train, kind, name, workers)
        if core.libraries and (at := address(name)):
            replay = partial(steps[kind].replay, next(iter(core.libraries.values())), at)
            tasks[name, kind, "steps"] = partial(replay, few, False)
            tasks[name, kind, "steps on own rows"] = partial(replay, problem, True)
    found = measure(tasks, args.rounds)
    rows: list[Row] = []
    for name, kind, workers in product(kernels, args.kinds, args.workers):
        taken, busy, examples = found[name, kind, workers].T
        own, pairs = steps[kind], steps[kind].pairs / steps[kind].windows
        whole = busy / examples * (1.0 if kind == "cbow" else pairs) * 1e9
        flops, loads = own.work(args.vector_size, problem.inputs.strides[0], name)
        unknown = np.full(args.rounds, np.nan)
        alone = found.get((name, kind, "steps"), unknown) if workers == 1 else unknown
        waited = found.get((name, kind, "steps on own rows"), unknown)
        row: Row = {"kernel": name, "kind": kind, "threads": workers}
        row["words/s"] = problem.corpus.raw_tokens / taken
        row["times one"] = found[name, kind, 1][:, 0] / taken if workers > 1 else unknown
        row |= {"ns a window": whole, "a pair": whole / pairs, "GFLOP/s": flops / whole}
        row |= {"of peak": flops / whole / core.peak, "L1 loads": loads / whole / core.loads}
        if name == "blas":  # which has no tiles
            row["L1 loads"] = unknown
        row |= {"steps": alone, "steps of peak": flops / alone / core.peak}
        rows.append(row | {"memory": waited - alone, "rest": whole - waited + 0 * alone})
    return rows


def show(rows: Sequence[Row]) -> None:
    """Print a table, if there is one."""

    def cell(column: str, value: Any) -> str:
        if not isinstance(value, np.ndarray):
            return str(value)
        known, form = value[~np.isnan(value)].tolist(), FORMS.get(column, ",.1f")
        return spread(known if column in WITH_SPREAD else known and [median(known)], form)

    if rows:
        print_table([list(rows[0]), *([cell(*item) for item in row.items()] for row in rows)])


def plain(value: Any) -> Any:
    """Return what JSON can say of a value that it doesn't know."""
    if isinstance(value, np.ndarray):
        return [None if np.isnan(figure) else figure for figure in value.tolist()]
    return str(value)


def main() -> None:
    """Measure the core, then train on few words, on more, and on text."""
    args = parse_arguments()
    report: dict[str, Any] = {"machine": describe_machine(), "settings": vars(args)}
    print_machine(report["machine"])
    with tempfile.TemporaryDirectory() as folder:
        core = Core(Path(folder))
        report["core"] = core.measure(args.vector_size, args.rounds)
        show(report["core"])
        row_bytes = 8 * matrices.row_stride(args.vector_size)  # of both matrices
        words = max(REACH + 1, cache_size(1, 32 << 10) // 2 // row_bytes)
        few = equal_words(words, args.vector_size)
        problems = {"few words": few}
        problems |= {title: equal_words(n, args.vector_size) for title, n in MORE_WORDS.items()}
        if args.corpus:
            problems["text"] = Problem(fastw2v.encode(args.corpus), args.vector_size, sample=1e-3)
        for title, problem in problems.items():
            size = len(problem.vocabulary)
            print(f"{title}: {size:,}, with {size * row_bytes >> 10:,} KiB of rows", flush=True)
            kernels = args.kernels[:1] if title in MORE_WORDS else args.kernels
            report[title] = train(args, kernels, problem, few, core)
            show(report[title])
    if args.json:
        args.json.write_text(json.dumps(report, indent=1, default=plain) + "\n")


if __name__ == "__main__":
    main()
