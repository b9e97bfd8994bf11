"""Extreme settings, each in a process of its own: does it work, or is it refused in words?

    python tests/long/check_extremes.py [NAME ...]

What takes no time is in ``tests/test_extremes.py``; this is what takes seconds, or gigabytes.

On two cores that were busy with other work, the cases took 5 to 175 s each and 5.4 GB at the most
(3 M words of 100 dimensions, with patience). All train, but for three that are refused: the softmax
over 3 M words (ValueError: 20,000 at the most), 3 M words of 4,096 dimensions (MemoryError, before
anything is allocated), and the softmax with windows of 1,000 at its default alpha, where all pairs
of 32 windows are one step (FloatingPointError after the first epoch); at alpha 1e-5 it trains.
"""

import multiprocessing
import resource
import sys
import time

import numpy as np

import fastw2v

MANY = 3_000_000
HS, CBOW = {"objective": "hierarchical_softmax"}, {"architecture": "cbow"}
SOFTMAX, PAIR = {"objective": "softmax"}, {"negative_sharing": "pair"}
LONG = {"window": 1000, "vector_size": 100, "long_sentences": True}
CASES = {
    "3 M words": {"words": MANY},
    "3 M words, validation and patience": {"words": MANY, "validation": 0.05, "patience": 1},
    "3 M words, pairs": {"words": MANY, **PAIR},
    "3 M words, cbow": {"words": MANY, **CBOW},
    "3 M words, hierarchical": {"words": MANY, **HS},
    "3 M words, softmax": {"words": MANY, **SOFTMAX},
    "3 M words of 4,096 dimensions": {"words": MANY, "vector_size": 4096},
    "window 1,000": LONG,
    "window 1,000, pairs": LONG | PAIR,
    "window 1,000, cbow": LONG | CBOW,
    "window 1,000, hierarchical": LONG | HS,
    "window 1,000, softmax": LONG | SOFTMAX,
    "window 1,000, softmax, alpha 1e-5": LONG | SOFTMAX | {"alpha": 1e-5, "min_alpha": 0},
    "4,096 dimensions": {"vector_size": 4096},
    "4,096 dimensions, pairs": {"vector_size": 4096, **PAIR},
    "4,096 dimensions, cbow": {"vector_size": 4096, **CBOW},
    "4,096 dimensions, hierarchical": {"vector_size": 4096, **HS},
    "4,096 dimensions, softmax": {"vector_size": 4096, **SOFTMAX, "words": 300},
    "100 negatives": {"negative": 100},
    "100 negatives, pairs": {"negative": 100, **PAIR},
    "100,000 negatives": {"negative": 100_000, "tokens": 2_000},
}


def run(words=2_000, tokens=40_000, long_sentences=False, validation=0.1, patience=None, **options):
    """Train on random words, all of which occur, and say how it went."""
    random = np.random.default_rng(0)
    shares = 1 / np.arange(1, words + 1)
    drawn = random.choice(words, max(tokens, words), p=shares / shares.sum())
    walks = np.concatenate([random.permutation(words), drawn]).astype(np.int32)
    length = 2500 if long_sentences else 20
    walks = walks[: len(walks) // length * length].reshape(-1, length)
    options = {"min_count": 1, "sample": 0, "workers": 2, "epochs": 2} | options
    started = time.perf_counter()
    try:
        model = fastw2v.Model(walks, **options)
        model.train(validation=validation, patience=patience, progress=False)
    except (ValueError, MemoryError, FloatingPointError) as error:
        result = f"{type(error).__name__}: {error}"
    else:
        losses = [f"{record.loss:.3f}/{record.validation_loss:.3f}" for record in model.history]
        result = f"{len(model.wv):,} words, losses {', '.join(losses)}"
    seconds = time.perf_counter() - started
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"  {seconds:.1f} s, {gigabytes:.1f} GB: {result}", flush=True)


def main():
    """Run all cases, or those named; a case that dies is an error."""
    context = multiprocessing.get_context("spawn")
    for name in sys.argv[1:] or CASES:
        print(name, flush=True)
        process = context.Process(target=run, kwargs=CASES[name])
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(f"{name}: ended by {process.exitcode}")


if __name__ == "__main__":
    main()
