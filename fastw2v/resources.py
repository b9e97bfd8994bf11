"""What this process may use of the machine: cores and memory.

What can't fit into memory is refused by its numbers, before it is allocated.
"""

from __future__ import annotations

import os
from pathlib import Path

CONTROL_GROUPS = Path("/sys/fs/cgroup")


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
    """Return what the control group's limit leaves, by version 2 or else version 1 of the files."""
    for group, limit, usage in (
        (CONTROL_GROUPS, "memory.max", "memory.current"),
        (CONTROL_GROUPS / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
    ):
        try:
            left = int((group / limit).read_text()) - int((group / usage).read_text())
            return max(left + _file_cache(group), 0)
        except (OSError, ValueError):  # no such control group, or no limit ("max")
            continue
    return None


def _file_cache(group: Path) -> int:
    """Return the bytes of cached files: they count as used, but go when memory is needed.

    Without them, a process that has read a large corpus would seem to have no memory left.
    """
    try:
        lines = (group / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    amounts = {name: int(amount) for name, amount in map(str.split, lines)}
    # Version 1 has totals beside what is this very group's, version 2 nothing but totals.
    return sum(
        amounts.get(f"total_{name}", amounts.get(name, 0))
        for name in ("active_file", "inactive_file")
    )
