"""Where numbers lie: in memory, in temporary files that leave nothing behind, and in files."""

import errno
import os

import numpy as np
import pytest

from fastw2v.corpus import storage
from fastw2v.corpus.storage import Piece, Slabs, Spool, allocate, map_file


@pytest.fixture
def temporary_files(tmp_path, monkeypatch):
    """The folder of temporary files, and a look at what of it is still open."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def left():
        names = set(map(str, tmp_path.iterdir()))
        for handle in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []:
            try:
                names.add(os.readlink(f"/proc/self/fd/{handle}"))
            except OSError:  # the listing's own
                continue
        return [name for name in names if name.startswith(str(tmp_path))]

    return left


def pieces(n):
    random = np.random.default_rng(0)
    for block, size in enumerate(random.integers(0, 50, size=n)):
        numbers = random.integers(1000, size=size).astype(np.int32)
        ends = np.sort(random.integers(0, size + 1, size=size // 3)).astype(np.int32)
        yield numbers, ends, block % 3, block


def plain(spooled):
    return [(p.numbers.tolist(), p.ends.tolist(), p.table, p.block) for p in spooled]


@pytest.mark.parametrize("budget", [0, 1000, 1 << 30])
def test_a_spool_gives_back_what_it_got(temporary_files, budget):
    expected = [(n.tolist(), e.tolist(), table, block) for n, e, table, block in pieces(60)]
    spool = Spool(budget)
    for piece in pieces(60):
        spool.append(Piece(*piece))
    assert spool.on_disk == (budget < 1 << 20)
    assert bool(temporary_files()) == spool.on_disk
    assert spool.nbytes == sum(4 * (len(n) + len(e)) for n, e, _, _ in pieces(60))
    assert plain(spool) == plain(spool) == expected
    assert plain(spool.consume()) == expected
    assert not temporary_files()


@pytest.mark.parametrize("starts", [False, True])
def test_a_spool_that_is_closed_leaves_nothing(temporary_files, starts):
    spool = Spool(0)
    for piece in pieces(9):
        spool.append(Piece(*piece))
    if starts:
        next(spool.consume())
    assert temporary_files()
    spool.close()
    assert not temporary_files()


@pytest.mark.parametrize("budget", [0, 1 << 20, 1 << 40])
def test_slabs_copy_and_give_back(budget):
    slabs = Slabs(budget)
    sizes = [0, 1, 5_000, 7, slabs.size, slabs.size + 1, 3]
    originals = [np.arange(size, dtype=np.int32) for size in sizes]
    copies = [slabs.copy(original) for original in originals]
    for original in originals:
        expected = original.copy()
        original[:] = -1
        np.testing.assert_array_equal(copies.pop(0), expected)
    assert 4 * slabs.size <= max(budget // 16, 1 << 16)


def test_a_temporary_file_that_was_cut_is_seen():
    spool = Spool(0)
    for piece in pieces(9):
        spool.append(Piece(*piece))
    spool._file.truncate(100)
    with pytest.raises(OSError, match="a temporary file is shorter than what was written"):
        list(spool)
    spool.close()


@pytest.mark.parametrize("on_disk", [False, True])
@pytest.mark.parametrize("n", [0, 1, 5_000])
def test_what_is_allocated_is_zero_and_can_be_let_go_of(temporary_files, on_disk, n):
    mapping = allocate(n, np.int64, on_disk=on_disk)
    assert (mapping.array.dtype, mapping.array.tolist()) == (np.int64, [0] * n)
    mapping.array[:] = np.arange(n)
    mapping.release()
    assert mapping.array.tolist() == list(range(n))
    del mapping
    assert not temporary_files()


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="room can't be reserved there")
def test_a_full_disk_is_an_error_before_anything_is_written(temporary_files, monkeypatch):
    def full(handle, begin, size):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storage.os, "posix_fallocate", full)
    with pytest.raises(OSError, match=r"no room in .* let TMPDIR name"):
        allocate(10, np.int32, on_disk=True)
    assert not temporary_files()


@pytest.mark.parametrize("error", [errno.EOPNOTSUPP, errno.EINVAL])
def test_a_file_system_that_cannot_reserve_gets_zeros(temporary_files, monkeypatch, error):
    def unable(handle, begin, size):
        raise OSError(error, "not here")

    monkeypatch.setattr(storage.os, "posix_fallocate", unable, raising=False)
    monkeypatch.setattr(storage, "STEP", 7)
    mapping = allocate(10, np.int32, on_disk=True)
    assert mapping.array.tolist() == [0] * 10
    mapping.array[:] = range(10)
    assert mapping.array.tolist() == list(range(10))
    del mapping
    assert not temporary_files()


def test_a_part_of_a_file_is_mapped_for_reading(tmp_path):
    path = tmp_path / "numbers"
    path.write_bytes(b"head" + np.arange(9, dtype=np.int32).tobytes())
    with path.open("rb") as file:
        mapping = map_file(file, 8, 3, np.int32)
        with pytest.raises(ValueError, match="smaller than requested"):
            map_file(file, 8, 99, np.int32)
    assert mapping.array.tolist() == [1, 2, 3]
    assert not mapping.array.flags.writeable
    mapping.release()
    assert mapping.array.tolist() == [1, 2, 3]
