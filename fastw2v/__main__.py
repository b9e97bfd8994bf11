"""Run the command line: ``python -m fastw2v``."""

from __future__ import annotations

import sys

from fastw2v.cli import main

if __name__ == "__main__":
    sys.exit(main())
