r"""Time reading: counting and encoding text files, lists of lists and integer arrays, and gensim's.

Every run is a process of its own; the contenders take turns, A B C A B C ..., and ratios pair the
runs of one round. gensim's ``build_vocab`` counts words and no more; fastw2v's ``encode`` counts,
chooses the vocabulary and encodes every sentence, so that nothing of the text is needed after it.
The text is decompressed before the clock starts, and lies in the system's file cache; memory is
touched before it, too, for on a virtual machine its first touch can take as long as the work.

With ``--sentence-lengths`` it trains instead, on one stream of tokens cut into sentences of 2, 5,
80 and 100,000 tokens, and prints words, trained pairs and busy cores. A short sentence has fewer
(centre, context) pairs a word, hence more words a second.

::

    python bench/bench_corpus.py --corpus wiki17m.txt.xz --rounds 5
    python bench/bench_corpus.py --corpus wiki17m.txt.xz --rounds 3 --sentence-lengths

The README has what was measured. Needs gensim (``pip install ".[bench]"``) and a POSIX system.
"""

from __future__ import annotations

import argparse
import json
import lzma
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

Run = dict[str, float]
Arguments = argparse.Namespace

ARRAY_TOKENS, WALK = 50_000_000, 80
SENTENCE_LENGTHS = (2, 5, 80, 100_000)
TRAINED_TOKENS = 4_000_000
TOUCHED_BYTES = 1 << 30


def gensim_file(args: Arguments) -> Run:
    """Count the words of a file."""
    from gensim.models import Word2Vec

    model = Word2Vec(min_count=5, workers=1)
    return timed(lambda: model.build_vocab(corpus_file=str(args.corpus)))


def gensim_list(args: Arguments) -> Run:
    """Count the words of a list of lists."""
    from gensim.models import Word2Vec

    model = Word2Vec(min_count=5, workers=1)
    sentences = read_lists(args.corpus)
    return timed(lambda: model.build_vocab(sentences))


def fastw2v_file(args: Arguments, workers: int) -> Run:
    """Count and encode a file."""
    from fastw2v import encode

    return timed(lambda: encode(args.corpus, workers=workers))


def fastw2v_list(args: Arguments) -> Run:
    """Count and encode a list of lists."""
    from fastw2v import encode

    sentences = read_lists(args.corpus)
    return timed(lambda: encode(sentences, workers=1))


def fastw2v_array(args: Arguments, nodes: int, workers: int) -> Run:
    """Count and encode a 2-D array of integers drawn uniformly."""
    from fastw2v import encode

    walks = np.random.default_rng(0).integers(nodes, size=(args.array_tokens // WALK, WALK))
    return timed(lambda: encode(walks, min_count=1, workers=workers))


def training(args: Arguments, length: int) -> Run:
    """Train for an epoch on the text's tokens cut into sentences of one length, on two threads."""
    from fastw2v import Model, encode

    tokens = np.array(encode(args.corpus).tokens[:TRAINED_TOKENS])
    offsets = np.append(np.arange(0, len(tokens), length), len(tokens))
    model = Model(encode((tokens, offsets), min_count=1), epochs=1, workers=2, shuffle=False)
    busy = time.process_time()
    record = model.train(progress=False).history[0]
    busy = time.process_time() - busy
    return {
        "seconds": record.seconds,
        "words": record.words_per_second,
        "pairs": record.examples / record.seconds,
        "pairs_per_word": record.examples / record.tokens,
        "cores": busy / record.seconds,
    }


def timed(work: Callable[[], object]) -> Run:
    """Return the seconds that a call takes."""
    np.ones(TOUCHED_BYTES, np.uint8)  # and free: a virtual machine's host takes time to give memory
    start = time.perf_counter()
    work()
    return {"seconds": time.perf_counter() - start}


def read_lists(text: Path) -> list[list[str]]:
    """Read the text as a list of lists."""
    with open(text, encoding="utf-8") as file:
        return [line.split() for line in file]


READING: dict[str, Callable[[Arguments], Run]] = {
    "gensim, file": gensim_file,
    "fastw2v, file, 1 thread": lambda args: fastw2v_file(args, 1),
    "fastw2v, file, 2 threads": lambda args: fastw2v_file(args, 2),
    "gensim, list": gensim_list,
    "fastw2v, list": fastw2v_list,
    "fastw2v, array, 100,000 nodes, 1 thread": lambda args: fastw2v_array(args, 100_000, 1),
    "fastw2v, array, 100,000 nodes, 2 threads": lambda args: fastw2v_array(args, 100_000, 2),
    "fastw2v, array, 1,000,000 nodes, 1 thread": lambda args: fastw2v_array(args, 1_000_000, 1),
}
RATIOS = [
    ("gensim, file", "fastw2v, file, 1 thread"),
    ("fastw2v, file, 1 thread", "fastw2v, file, 2 threads"),
    ("gensim, list", "fastw2v, list"),
    ("fastw2v, array, 100,000 nodes, 1 thread", "fastw2v, array, 100,000 nodes, 2 threads"),
]
TRAINING: dict[str, Callable[[Arguments], Run]] = {
    f"sentences of {length:,}": partial(training, length=length) for length in SENTENCE_LENGTHS
}


def main() -> None:
    """Run all contenders in turn, and print what they took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpus", type=Path, required=True, help="plain, or .xz")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sentence-lengths", action="store_true")
    parser.add_argument("--array-tokens", type=int, default=ARRAY_TOKENS, help="of the arrays")
    parser.add_argument("--run", help=argparse.SUPPRESS)  # one contender, in this process
    args = parser.parse_args()
    if args.run:
        print(json.dumps((READING | TRAINING)[args.run](args)))
        return
    contenders = TRAINING if args.sentence_lengths else READING
    with tempfile.TemporaryDirectory() as folder:
        text = args.corpus
        if text.suffix == ".xz":
            text = Path(folder, text.stem)
            with lzma.open(args.corpus) as packed, open(text, "wb") as plain:
                shutil.copyfileobj(packed, plain, 1 << 20)
        runs: dict[str, list[Run]] = {name: [] for name in contenders}
        for _ in range(args.rounds):
            for name in contenders:
                runs[name].append(run_alone(name, text, args.array_tokens))
        if args.sentence_lengths:
            print_training(runs)
        else:
            print_reading(runs, text.stat().st_size, args.array_tokens)


def run_alone(name: str, text: Path, array_tokens: int) -> Run:
    """Run one contender in a process of its own."""
    command = [sys.executable, __file__, "--corpus", str(text), "--run", name]
    command += ["--array-tokens", str(array_tokens)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: Run = json.loads(done.stdout.splitlines()[-1])
    return found


def print_reading(runs: dict[str, list[Run]], size: int, array_tokens: int) -> None:
    """Print seconds, rates and paired ratios."""
    for name, found in runs.items():
        seconds = [run["seconds"] for run in found]
        median = statistics.median(seconds)
        rate = f"{array_tokens / median / 1e6:.0f} M tokens/s"
        if "array" not in name:
            rate = f"{size / median / 1e6:.0f} MB/s"
        print(f"{name:42} {median:6.2f} s ({min(seconds):.2f}-{max(seconds):.2f})  {rate}")
    for slower, faster in RATIOS:
        pairs = zip(runs[slower], runs[faster], strict=True)
        print(
            f"{faster} against {slower}: {spread([a['seconds'] / b['seconds'] for a, b in pairs])}"
        )


def print_training(runs: dict[str, list[Run]]) -> None:
    """Print words, pairs and cores."""
    for name, found in runs.items():
        values = {key: statistics.median(run[key] for run in found) for key in found[0]}
        print(
            f"{name:20} {values['words'] / 1e3:6.0f} k words/s  {values['pairs'] / 1e6:5.2f} M "
            f"pairs/s  {values['pairs_per_word']:.2f} pairs a word  {values['cores']:.2f} cores"
        )


def spread(values: list[Any]) -> str:
    """Return the median with the smallest and the largest value."""
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


if __name__ == "__main__":
    main()
