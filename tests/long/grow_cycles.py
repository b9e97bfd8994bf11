"""Grow and train models at random, again and again, and check what must hold.

    python tests/long/grow_cycles.py [--cycles 1000] [--seed 0] [--first 0]

A cycle brings new sentences with new words: a model grows by them and trains on them, is asked, and
now and then saved and loaded. A model lives for some cycles, one of ``fastw2v`` or one of
``fastw2v.compat``, with settings of its own drawn from the seed and its number. Each one's number
is printed before its first cycle, so that also a crash tells whose it was; ``--first`` begins with
that model. Several threads, which are drawn too, race: what was drawn repeats, but not the values.
"""

import argparse
import logging
import tempfile
import traceback
import warnings

import numpy as np
from growing_models import CompatLife, NativeLife


def run(cycles, seed, first=0):
    """Run so many cycles, from the seed's model of this number on."""
    done, number = 0, first
    with tempfile.TemporaryDirectory() as folder:
        while done < cycles:
            random = np.random.default_rng([seed, number])
            life = (CompatLife if number % 3 == 2 else NativeLife)(random, folder)
            print(f"model {number}, from cycle {done}: {type(life).__name__}", flush=True)
            for _ in range(min(random.integers(1, 12), cycles - done)):
                try:
                    life.cycle()
                except Exception:
                    traceback.print_exc()
                    raise SystemExit(
                        f"seed {seed}, model {number} (--first), cycle {done}: {life.kind}, "
                        f"{len(life.keys)} keys, {life.options}"
                    ) from None
                done += 1
            number += 1
    print(f"{done} cycles, {number - first} models: all as they must be")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, default in ("cycles", 1000), ("seed", 0), ("first", 0):
        parser.add_argument(f"--{name}", type=int, default=default, help=f"default: {default}")
    logging.getLogger("fastw2v").setLevel(logging.ERROR)
    warnings.simplefilter("error")
    run(**vars(parser.parse_args()))
