"""Files that are written whole or not at all: what is on the disk, and when."""

import os
import stat

import pytest

from fastw2v.formats.files import advancing, replacing


@pytest.mark.skipif(os.name == "nt", reason="no folder can be synced there")
@pytest.mark.parametrize("give", [replacing, advancing])
def test_a_file_is_on_the_disk_before_its_name_is_and_both_at_the_end(tmp_path, monkeypatch, give):
    steps, sync, replace = [], os.fsync, os.replace

    def synced(handle):
        steps.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        sync(handle)

    def replaced(*names):
        steps.append("name")
        replace(*names)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    with give(tmp_path / "a") as file:
        file.write(b"new")
    assert steps == ["file", "name", "folder"]
    assert (tmp_path / "a").read_bytes() == b"new"


@pytest.mark.parametrize("give", [replacing, advancing])
def test_a_folder_that_cant_be_synced_keeps_its_file(tmp_path, monkeypatch, give):
    open_ = os.open

    def opened(path, *rest):
        if os.path.isdir(path):
            raise PermissionError(13, "Permission denied", path)
        return open_(path, *rest)

    monkeypatch.setattr(os, "open", opened)
    with give(tmp_path / "a") as file:
        file.write(b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
