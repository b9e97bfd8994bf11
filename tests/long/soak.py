"""Train, ask, save, load and grow at the same time, for long, and watch memory (on Linux).

    python tests/long/soak.py [--minutes 60]

A cycle does all of that in threads of one process, and checks the answers: one worker gives the
same bits in every cycle, several find the groups that sentences were drawn from, files give back
what was saved, a mapped file answers as NumPy does. Afterwards threads and open files must be as
many as before; memory may grow by 1 % and 5 MB after a warm-up, by the medians of fifths.
"""

import argparse
import ctypes
import gc
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from mmap import PAGESIZE
from pathlib import Path

import numpy as np

import fastw2v
from fastw2v.evaluation import evaluate_analogies

LIBC = ctypes.CDLL(None)  # glibc, whose free memory is no leak: it keeps to one arena, and trims it
OBJECTIVES = "negative_sampling", "hierarchical_softmax", "softmax"
WARM_UP, ROWS, ASKED = 10, 20_000, 200  # cycles; of the vectors in a file
SMALL = {"vector_size": 16, "min_count": 1, "sample": 0, "epochs": 10}


def draw_sentences(n, groups, seed):
    """Draw sentences, each of the 20 words of one group."""
    words = np.random.default_rng(seed).integers(20, size=(n, 12)).tolist()
    return [[f"g{i % groups}w{word}" for word in line] for i, line in enumerate(words)]


def check_groups(wv):
    """Nearly every word's nearest neighbour is of its own group."""
    groups = np.array([key.split("w")[0] for key in wv.index_to_key])
    nearest = wv.neighbors(wv.index_to_key, topn=1)[0][:, 0]
    assert np.mean(groups == groups[nearest]) > 0.9


class Soak:
    """What all cycles share: a text, vectors in a file, what must be found, the first bits."""

    def __init__(self, folder):
        self.folder, self.bits = Path(folder), {}
        self.text, self.vectors = self.folder / "text.txt", self.folder / "vectors.safetensors"
        self.text.write_text("".join(" ".join(s) + "\n" for s in draw_sentences(2000, 6, seed=0)))
        half = np.random.default_rng(0).normal(size=(ROWS // 2, 30))
        vectors = np.concatenate([half, half + 0.5]).astype(np.float32)
        fastw2v.KeyedVectors([f"k{i}" for i in range(ROWS)], vectors).save(self.vectors)
        unit = vectors / np.linalg.norm(vectors.astype(float), axis=1, keepdims=True)
        np.fill_diagonal(cosines := unit[:ASKED] @ unit.T, -2)  # a key is not its own neighbour
        self.nearest = cosines.argmax(axis=1).tolist()
        four = 0, ROWS // 2, 1, ROWS // 2 + 1
        self.questions = {"halves": [[f"k{i + j}" for j in four] for i in range(50)]}

    def train(self, architecture, objective, workers):
        """Read and train, save and load."""
        options = {"architecture": architecture, "objective": objective, "workers": workers}
        model = fastw2v.Model(self.text, **options, **SMALL).train(progress=False)
        check_groups(model.wv)
        model.save(path := self.folder / f"{architecture}-{objective}-{workers}.safetensors")
        again, bits = fastw2v.Model.load(path), model.input_vectors.tobytes()
        assert again.input_vectors.tobytes() == bits
        assert again.output_vectors.tobytes() == model.output_vectors.tobytes()
        assert workers > 1 or self.bits.setdefault(path, bits) == bits

    def grow(self):
        """Grow a model step by step, and ask it while it trains."""
        model = fastw2v.Model(workers=2, **SMALL)
        with ThreadPoolExecutor(2) as pool:
            for groups in range(2, 8):
                model.partial_fit(draw_sentences(600, groups, seed=groups), progress=False)
                asked = [pool.submit(model.wv.most_similar, "g0w0") for _ in range(20)]
                model.train(progress=False)
                assert all(len(job.result()) == 10 for job in asked)
        check_groups(model.wv)

    def ask(self):
        """Ask vectors in a mapped file: key by key, many at once, analogies."""
        wv = fastw2v.load(self.vectors)
        keys = wv.index_to_key[:ASKED]
        assert [wv.get_index(wv.most_similar(key, topn=1)[0][0]) for key in keys] == self.nearest
        assert wv.neighbors(keys, topn=1)[0][:, 0].tolist() == self.nearest
        assert evaluate_analogies(wv.index_to_key, wv.vectors, self.questions).accuracy == 1

    def cycle(self):
        """Do all at the same time; return threads, open files, and memory in MB, afterwards."""
        jobs = [(self.train, *kind) for kind in product(("skipgram", "cbow"), OBJECTIVES, (1, 2))]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda job: job[0](*job[1:]), [*jobs, (self.grow,), *[(self.ask,)] * 3]))
        gc.collect(), LIBC.malloc_trim(0)
        memory = int(Path("/proc/self/statm").read_text().split()[1]) * PAGESIZE / 1e6
        time.sleep(0.2)  # a thread that Python has joined may take a moment to be gone
        return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd")), memory


def run(minutes, folder):
    """Run cycles for so long, the warm-up and five at least."""
    LIBC.mallopt(-8, 1)  # M_ARENA_MAX
    end, soak, uses = time.monotonic() + 60 * minutes, Soak(folder), []
    while time.monotonic() < end or len(uses) < WARM_UP + 5:
        uses.append(soak.cycle())
        print("cycle {}: {} threads, {} files, {:.1f} MB".format(len(uses), *uses[-1]), flush=True)
        assert uses[-1][:2] == uses[0][:2], "threads or files are left over"
    first, *_, last = map(np.median, np.array_split([use[2] for use in uses[WARM_UP:]], 5))
    print(f"{len(uses)} cycles, all as they must be; memory {first:.1f} MB, then {last:.1f}")
    assert last <= 1.01 * first + 5, "memory has grown"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60, help="default: 60")
    with tempfile.TemporaryDirectory() as made:
        run(parser.parse_args().minutes, made)
