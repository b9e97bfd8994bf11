"""What cores and memory there are, from files as Linux writes them, and what does not fit."""

import os

import pytest

from fastw2v import resources
from fastw2v.estimate import MemoryEstimate

GIB = 2**30


def test_available_cores_are_those_the_process_may_use(monkeypatch):
    assert 1 <= resources.available_cores() <= os.cpu_count()
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 3, 5}, raising=False)
    assert resources.available_cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert resources.available_cores() == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert resources.available_cores() == 1


def test_an_estimate_of_memory():
    estimate = MemoryEstimate(matrices=8_000, corpus=300, scratch=21)
    assert estimate.total == 8_321
    assert str(estimate) == (
        "8,321 bytes: 8,000 for the matrices, 300 for the corpus, 21 for the threads"
    )


def test_available_memory_is_positive_or_unknown():
    available = resources.available_memory()
    assert available is None or (type(available) is int and 2**20 < available < 2**60)


def test_the_smaller_amount_counts(monkeypatch):
    for system, group, expected in (
        (5, 3, 3),
        (3, 5, 3),
        (3, None, 3),
        (None, 5, 5),
        (5, 0, 0),
        (None, None, None),
    ):
        monkeypatch.setattr(resources, "_system_memory", lambda system=system: system)
        monkeypatch.setattr(resources, "_control_group_memory", lambda group=group: group)
        assert resources.available_memory() == expected


def test_what_does_not_fit_is_refused_with_numbers(monkeypatch):
    monkeypatch.setattr(resources, "available_memory", lambda: 1_000_000)
    resources.require_memory(1_000_000, "two matrices", "lower vector_size")
    with pytest.raises(MemoryError) as raised:
        resources.require_memory(1_000_001, "two matrices", "lower vector_size")
    assert str(raised.value) == (
        "two matrices need 1,000,001 bytes, and 1,000,000 bytes are available: lower vector_size"
    )


def test_where_memory_is_unknown_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(resources, "available_memory", lambda: None)
    resources.require_memory(2**70, "matrices", "buy more")


def control_group(folder, limit, usage, statistics=None, *, version=2):
    if version == 1:
        folder = folder / "memory"
        folder.mkdir()
    names = {
        2: ("memory.max", "memory.current"),
        1: ("memory.limit_in_bytes", "memory.usage_in_bytes"),
    }[version]
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{usage}\n")
    if statistics is not None:
        lines = [f"{name} {amount}\n" for name, amount in statistics.items()]
        (folder / "memory.stat").write_text("".join(lines))


@pytest.mark.parametrize("version", [1, 2])
def test_a_control_group_leaves_its_limit_less_what_is_used(tmp_path, monkeypatch, version):
    monkeypatch.setattr(resources, "CONTROL_GROUPS", tmp_path)
    control_group(tmp_path, 4 * GIB, 3 * GIB, version=version)
    assert resources._control_group_memory() == GIB


def test_cached_files_count_as_available(tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "CONTROL_GROUPS", tmp_path)
    statistics = {"anon": GIB, "file": 9, "inactive_file": GIB, "active_file": GIB // 2}
    control_group(tmp_path, 4 * GIB, 4 * GIB, statistics)
    assert resources._control_group_memory() == GIB + GIB // 2


def test_totals_count_where_version_1_has_them(tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "CONTROL_GROUPS", tmp_path)
    statistics = {"inactive_file": 7, "total_inactive_file": GIB, "total_active_file": 0}
    control_group(tmp_path, 4 * GIB, 4 * GIB, statistics, version=1)
    assert resources._control_group_memory() == GIB


def test_no_limit_and_no_control_group(tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "CONTROL_GROUPS", tmp_path)
    assert resources._control_group_memory() is None
    control_group(tmp_path, "max", GIB)
    assert resources._control_group_memory() is None


def test_more_used_than_allowed_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "CONTROL_GROUPS", tmp_path)
    control_group(tmp_path, GIB, 2 * GIB)
    assert resources._control_group_memory() == 0
