"""How much memory there is, so that what can't fit is refused before it is allocated."""

from __future__ import annotations

import os
from pathlib import Path


def available_memory() -> int | None:
    """Return how many bytes this process may still use, or None where that can't be told.

    The smaller of what the system has available and what the control group leaves, on Linux;
    elsewhere the machine's physical memory.
    """
    found = [amount for amount in (_system_memory(), _control_group_memory()) if amount is not None]
    return min(found, default=None)


def require_memory(needed: int, what: str, remedy: str) -> None:
    """Raise MemoryError if ``needed`` bytes for ``what`` are more than there are."""
    available = available_memory()
    if available is not None and needed > available:
        raise MemoryError(
            f"{what} need {needed:,} bytes, and {available:,} bytes are available: {remedy}"
        )


def _system_memory() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _control_group_memory() -> int | None:
    group = Path("/sys/fs/cgroup")
    try:
        limit = int((group / "memory.max").read_text())
        return max(limit - int((group / "memory.current").read_text()), 0)
    except (OSError, ValueError):  # no control group, or no limit ("max")
        return None
