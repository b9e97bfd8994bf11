"""Which kernels there are, and which one a model takes."""

from __future__ import annotations

import os
from dataclasses import dataclass

from fastw2v._kernels.updates import compiled

VARIABLE = "FASTW2V_KERNEL"
NAMES = ("avx512", "avx2", "neon", "generic", "blas")


@dataclass(frozen=True)
class Kernels:
    """The kernels of this installation.

    Attributes
    ----------
    available
        Those that this processor can run, the fastest first.
    unsupported
        Those that were compiled, but that it can't run.
    chosen
        What ``kernel="auto"`` takes.
    """

    available: tuple[str, ...]
    unsupported: tuple[str, ...]
    chosen: str


def kernels() -> Kernels:
    """Return which kernels there are here, and which one ``kernel="auto"`` takes.

    ``"avx512"``, ``"avx2"``, ``"neon"`` and ``"generic"`` are one source compiled for several
    instruction sets; ``"blas"`` is the plain reference, on sdot and saxpy. The environment variable
    ``FASTW2V_KERNEL`` names the one to take instead of the fastest.

    Raises
    ------
    ValueError
        If the environment variable names a kernel that can't run here.

    Examples
    --------
    >>> import fastw2v
    >>> "blas" in fastw2v.kernels().available
    True
    """
    available = tuple(name for name, supported in compiled() if supported)
    unsupported = tuple(name for name, supported in compiled() if not supported)
    asked = os.environ.get(VARIABLE) or "auto"
    chosen = available[0] if asked == "auto" else asked
    if chosen not in available:
        raise ValueError(_refusal(f"the environment variable {VARIABLE}", chosen))
    return Kernels(available, unsupported, chosen)


def choose(kernel: str) -> str:
    """Return the kernel's name, with ``"auto"`` resolved; refuse one that can't run here."""
    if not isinstance(kernel, str):
        raise TypeError(f"kernel must be a str ('auto' is the fastest), not {kernel!r}")
    kernel = str(kernel)  # NumPy's strings are strings too
    if kernel == "auto":
        return kernels().chosen
    if (kernel, True) not in compiled():
        raise ValueError(_refusal("kernel", kernel))
    return kernel


def _refusal(source: str, name: str) -> str:
    available = ", ".join(repr(known) for known, supported in compiled() if supported)
    if (name, False) in compiled():
        problem = "which this processor has no instructions for"
    elif name in NAMES:
        problem = "which was not compiled into this installation"
    else:
        problem = "which is none of 'auto', " + ", ".join(map(repr, NAMES))
    return f"{source} asks for {name!r}, {problem}; here there are 'auto', {available}"
