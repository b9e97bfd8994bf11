"""Kill training at random moments, 50 times, and see that resuming loses and changes nothing.

    python tests/long/kill_training.py [KILLS] [--deterministic]

Trains with one worker, or deterministically with another number of workers after each kill, once
undisturbed and once killed by SIGKILL again and again, while it reads, trains, or writes a
checkpoint, which it does most of the time. After each kill the run is resumed from what is there:
whatever file has the checkpoint's name must be whole and no older than before, and in the end every
bit must be the undisturbed run's. Ends with an error if not.
"""

import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fastw2v import Model
from fastw2v.formats import safetensors

TRAIN = """
import sys
from pathlib import Path
import numpy as np
from fastw2v import Model
path = Path(sys.argv[1])
random = np.random.default_rng(3)
sentences = random.zipf(1.2, size=(10_000, 30)).clip(max=30_000)
workers = int(sys.argv[2])
print("ready", flush=True)
if path.exists():
    model = Model.resume(path, sentences, workers=workers, progress=False)
else:
    options = {"vector_size": 200, "sample": 0, "epochs": 12, "min_count": 1}
    options |= {"workers": workers, "deterministic": "--deterministic" in sys.argv}
    model = Model(sentences, **options)
    model.train(checkpoint=path, every=100_000, progress=False)
model.save(f"{path}.safetensors")
"""


GENERATOR = random.Random(1)


def started(path: Path) -> subprocess.Popen[str]:
    """Start or resume the run, and return it when it begins to read."""
    options = sys.argv[1:]
    workers = GENERATOR.randint(1, 4) if "--deterministic" in options else 1
    command = [sys.executable, "-c", TRAIN, str(path), str(workers), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    return process


def finished(path: Path) -> Model:
    """Start or resume the run, wait for its end, and return its model."""
    process = started(path)
    process.communicate()
    if process.returncode:
        sys.exit(f"the run failed: {process.returncode}")
    return Model.load(f"{path}.safetensors")


def position(path: Path) -> tuple[int, int]:
    """Return the epoch and token of a checkpoint, whose file must be whole; (-1, 0) for none."""
    if not path.exists():
        return -1, 0
    header, _ = safetensors.read_tensors(path)
    place = json.loads(header["run"])["position"]
    return place["epoch"], place["token"]


def main() -> None:
    """Kill, resume, compare."""
    numbers = [int(given) for given in sys.argv[1:] if given != "--deterministic"]
    kills = numbers[0] if numbers else 50
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        expected = finished(Path(folder) / "whole.ckpt")
        seconds = time.perf_counter() - began
        path, survived, while_writing = Path(folder) / "killed.ckpt", 0, 0
        begun_anew = 0
        while survived < kills:
            before = position(path)
            process = started(path)
            time.sleep(GENERATOR.uniform(0, seconds / 6))
            process.send_signal(signal.SIGKILL)
            if process.wait() != -signal.SIGKILL:  # it was over already
                begun_anew += 1
                check(Model.load(f"{path}.safetensors"), expected)
                for file in Path(folder).glob("killed.ckpt*"):
                    file.unlink()
                continue
            survived += 1
            while_writing += Path(f"{path}.partial").exists()
            if position(path) < before:
                sys.exit(f"kill {survived}: the checkpoint went back")
        check(finished(path), expected)
        left = sorted(file.name for file in Path(folder).glob("killed.ckpt*"))
    print(
        f"{survived} kills survived, {while_writing} of them while a checkpoint was written; "
        f"{begun_anew + 1} runs ended, in the same bits as one that was not disturbed "
        f"({seconds:.1f} s); left behind: {', '.join(left)}"
    )


def check(model: Model, expected: Model) -> None:
    """End with an error unless both are the same, bit for bit."""
    for name in "input_vectors", "output_vectors":
        if getattr(model, name).tobytes() != getattr(expected, name).tobytes():
            sys.exit(f"{name} differ")
    if [r.loss for r in model.history] != [r.loss for r in expected.history]:
        sys.exit("the losses differ")


if __name__ == "__main__":
    main()
