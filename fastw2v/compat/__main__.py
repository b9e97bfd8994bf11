"""``python -m fastw2v.compat script.py ...``: runs a script for which gensim's names are ours.

Like ``python script.py ...``, after ``patch_gensim``; ``-m module ...`` and ``-c code ...`` do what
they do for Python itself.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys

from fastw2v.compat.patching import patch_gensim

USAGE = "usage: python -m fastw2v.compat [-m MODULE | -c CODE | SCRIPT] [ARGUMENT ...]\n"


def main(argv: list[str]) -> None:
    """Run what the arguments name."""
    if not argv or argv[0] in ("-h", "--help") or (argv[0] in ("-m", "-c") and len(argv) < 2):
        wants_help = bool(argv) and argv[0] in ("-h", "--help")
        (sys.stdout if wants_help else sys.stderr).write(USAGE)
        raise SystemExit(0 if wants_help else 2)
    patch_gensim()
    multiprocessing.set_forkserver_preload([])  # or its server runs the script before our patch
    if argv[0] == "-m":
        sys.argv = argv[1:]
        sys.path.insert(0, os.getcwd())
        runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
    elif argv[0] == "-c":
        sys.argv = ["-c", *argv[2:]]
        sys.path.insert(0, "")
        exec(compile(argv[1], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv = argv
        sys.path.insert(0, os.path.dirname(os.path.abspath(argv[0])))
        runpy.run_path(argv[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
