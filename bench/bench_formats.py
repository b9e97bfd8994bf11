r"""Time reading and writing word2vec's formats, and gensim's.

Every run is a process of its own; the contenders take turns, A B A B ..., and ratios pair the runs
of one round. Both read into a ``KeyedVectors`` that is ready for look-ups, and write from one. The
files are in the system's cache; modules are imported and memory is touched before the clock starts,
for on a virtual machine its first touch can take as long as the work. fastw2v's writing waits until
the disk has the file, gensim's does not. What each of them read is compared with what was written,
bit by bit.

::

    python bench/bench_formats.py --vectors vectors.safetensors --rounds 7

    79,158 x 100: 32 MB binary, 92 MB text
    seconds                       gensim               fastw2v      times as fast  right
    reading binary     0.72 (0.61..0.93)  0.041 (0.035..0.060)  17.0 (12.0..26.3)    yes
    reading text    12.86 (10.06..14.54)  0.243 (0.184..0.302)  46.9 (39.7..79.0)    yes
    writing binary     0.35 (0.26..0.41)  0.116 (0.096..0.131)     2.9 (2.1..3.9)    yes
    writing text       8.87 (6.95..9.54)  0.391 (0.308..0.440)  22.7 (17.2..29.8)    yes

Medians, and the lowest and the highest, with Python 3.11, NumPy 2.4, gensim 4.4 and two cores of an
AMD EPYC (Zen 3, virtual). Needs gensim (``pip install ".[bench]"``). Without
``--vectors`` the vectors are drawn at random, 79,000 of 100 numbers.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from common import describe_machine, positive_integer, print_machine, print_table, require, spread

Run = dict[str, Any]

TOUCHED_BYTES = 1 << 29
GENERATED = 79_000, 100


def timed(work: Callable[[str], Any]) -> tuple[float, Any]:
    """Return the seconds that a call takes for the large file, and what it returned."""
    work("few")  # all that is needed is imported then
    np.ones(TOUCHED_BYTES, np.uint8)  # and free
    start = time.perf_counter()
    result = work("v")
    return time.perf_counter() - start, result


def read_gensim(folder: Path, binary: bool) -> Run:
    """Read by gensim."""
    from gensim.models import KeyedVectors

    def work(name: str) -> Any:
        path = f"{folder}/{name}.{'bin' if binary else 'txt'}"
        return KeyedVectors.load_word2vec_format(path, binary=binary)

    seconds, read = timed(work)
    return {"seconds": seconds, "right": is_right(folder, read)}


def read_fastw2v(folder: Path, binary: bool) -> Run:
    """Read by fastw2v, which recognises the format."""
    import fastw2v

    seconds, read = timed(
        lambda name: fastw2v.load(f"{folder}/{name}.{'bin' if binary else 'txt'}")
    )
    return {"seconds": seconds, "right": is_right(folder, read)}


def write_gensim(folder: Path, binary: bool) -> Run:
    """Write by gensim."""
    from gensim.models import KeyedVectors

    vectors = {
        name: KeyedVectors.load_word2vec_format(f"{folder}/{name}.bin", binary=True)
        for name in ("few", "v")
    }
    out = f"{folder}/out"
    seconds, _ = timed(lambda name: vectors[name].save_word2vec_format(out, binary=binary))
    return {"seconds": seconds, "right": reads_right(folder, out)}


def write_fastw2v(folder: Path, binary: bool) -> Run:
    """Write by fastw2v."""
    import fastw2v

    vectors = {name: fastw2v.load(folder / f"{name}.bin") for name in ("few", "v")}
    out = f"{folder}/out.{'bin' if binary else 'txt'}"
    seconds, _ = timed(lambda name: vectors[name].save(out))
    return {"seconds": seconds, "right": reads_right(folder, out)}


def is_right(folder: Path, read: Any) -> bool:
    """Whether keys and vectors are those that were written."""
    expected = np.load(folder / "vectors.npy")
    keys = json.loads((folder / "keys.json").read_text())
    return list(read.index_to_key) == keys and read.vectors.tobytes() == expected.tobytes()


def reads_right(folder: Path, path: str) -> bool:
    """Whether a file that was just written holds what it should; remove it."""
    import fastw2v

    right = is_right(folder, fastw2v.load(path))
    os.remove(path)
    return right


WORK: dict[str, tuple[Callable[[Path, bool], Run], Callable[[Path, bool], Run], bool]] = {
    "reading binary": (read_gensim, read_fastw2v, True),
    "reading text": (read_gensim, read_fastw2v, False),
    "writing binary": (write_gensim, write_fastw2v, True),
    "writing text": (write_gensim, write_fastw2v, False),
}


def prepare(folder: Path, vectors: Path | None) -> tuple[int, int]:
    """Write the files that are read; return how many vectors, of how many numbers."""
    import fastw2v

    if vectors is not None:
        loaded = fastw2v.load(vectors)
        keys, matrix = list(map(str, loaded.index_to_key)), loaded.vectors
    else:
        keys = [f"word{i}" for i in range(GENERATED[0])]
        matrix = np.random.default_rng(0).normal(0, 0.2, GENERATED).astype(np.float32)
    for suffix in ("bin", "txt"):
        fastw2v.formats.write(folder / f"v.{suffix}", keys, matrix)
        fastw2v.formats.write(folder / f"few.{suffix}", keys[:10], matrix[:10])
    np.save(folder / "vectors.npy", np.ascontiguousarray(matrix))
    (folder / "keys.json").write_text(json.dumps(keys))
    return len(keys), int(matrix.shape[1])


def run_alone(work: str, who: int, folder: Path) -> Run:
    """Run one contender in a process of its own."""
    command = [sys.executable, __file__, "--run", work, str(who), str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: Run = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Run both contenders in turn, and print what they took."""
    about = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(description=about, allow_abbrev=False)
    parser.add_argument("--vectors", type=Path, help="a file that fastw2v reads")
    parser.add_argument("--rounds", type=positive_integer, default=5)
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)  # one contender, in this process
    args = parser.parse_args()
    if args.run:
        work, who, folder = args.run
        print(json.dumps(WORK[work][int(who)](Path(folder), WORK[work][2])))
        return
    require("gensim", 'pip install ".[bench]"')
    print_machine(describe_machine())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        n, size = prepare(folder, args.vectors)
        sizes = [(folder / file).stat().st_size / 1e6 for file in ("v.bin", "v.txt")]
        print(f"{n:,} x {size}: {sizes[0]:.0f} MB binary, {sizes[1]:.0f} MB text")
        rows = [("seconds", "gensim", "fastw2v", "times as fast", "right")]
        for work in WORK:
            runs = [[run_alone(work, who, folder) for who in (0, 1)] for _ in range(args.rounds)]
            seconds = [[run["seconds"] for run in both] for both in runs]
            rows.append(
                (
                    work,
                    spread([gensim for gensim, _ in seconds], ".2f"),
                    spread([ours for _, ours in seconds], ".3f"),
                    spread([gensim / ours for gensim, ours in seconds], ".1f"),
                    "yes" if all(run["right"] for both in runs for run in both) else "NO",
                )
            )
    print_table(rows)


if __name__ == "__main__":
    main()
