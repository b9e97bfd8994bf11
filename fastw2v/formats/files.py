"""Files, pairs of files and folders that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

PREVIOUS, PARTIAL = ".previous", ".partial"


def check_readable(path: str | os.PathLike[str]) -> None:
    """Make sure that there is a file to read.

    Raises
    ------
    IsADirectoryError, FileNotFoundError
        If there is none.
    OSError
        If it is a pipe or a device, which can't be read from the start again.
    """
    if Path(path).is_dir():
        raise IsADirectoryError(f"{str(path)!r} is a folder; give the path of a file")
    if not Path(path).exists():
        raise FileNotFoundError(f"no file {str(path)!r}")
    if not Path(path).is_file():
        raise OSError(
            f"{str(path)!r} is no regular file but a pipe or a device, and files are read more "
            "than once: write what it gives to a file first, vectors by fastw2v convert - FILE"
        )


def check_writable(path: str | os.PathLike[str]) -> None:
    """Make sure that a file can be written, before the work whose result it is to hold.

    Raises
    ------
    IsADirectoryError, FileNotFoundError, PermissionError, OSError
        If it can't.
    """
    folder = _file_to_be(path).parent
    try:  # the file is made anew, under its old name
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise PermissionError(f"no file can be made in {str(folder)!r}: {error.strerror}") from None


def _file_to_be(path: str | os.PathLike[str]) -> Path:
    """Return the path, if there is a file or if there can be one."""
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"{str(target)!r} is a folder; give the path of a file")
    if target.exists() and not target.is_file():
        raise OSError(f"{str(target)!r} is no regular file, and would be replaced by one")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"no folder {str(target.parent)!r} to save {target.name!r} in")
    return target


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Give a new file to write to, which takes the path's place when the block ends well.

    It is on the disk when this returns.

    Raises
    ------
    IsADirectoryError, FileNotFoundError, OSError
        If the path can't become a file; before anything is written.
    """
    target = _file_to_be(path)
    # A short name: the target's may already be as long as names can be.
    temporary = target.parent / f".fastw2v.{secrets.token_hex(8)}"
    try:
        handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    except OSError as error:  # of a name that the caller does not know
        message = f"{error.strerror}: no file can be made in the folder of"
        raise OSError(error.errno, message, str(target)) from None
    try:
        with open(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
        _sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def advancing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Give a new file to write to, which takes the path's place when the block ends well.

    That is ``replacing`` for files that follow each other: what was there before stays, as
    ``PATH.previous``. Whatever ends the process and whenever, ``PATH`` is a whole file, the old or
    the new one, if it was one before; on file systems without hard links, ``PATH.previous`` is. The
    new one is on the disk when this returns. What was left of one as ``PATH.partial`` is written
    over.

    Raises
    ------
    IsADirectoryError, FileNotFoundError, OSError
        If the path can't become a file; before anything is written.
    """
    target = _file_to_be(path)
    partial = Path(f"{target}{PARTIAL}")
    try:
        with open(partial, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _keep(target, Path(f"{target}{PREVIOUS}"))
        os.replace(partial, target)
        _sync_folder(target.parent)
    finally:
        partial.unlink(missing_ok=True)


def _keep(target: Path, previous: Path) -> None:
    """Give a file a second name, under which it stays when it is replaced."""
    if not target.exists():
        return
    previous.unlink(missing_ok=True)
    try:
        os.link(target, previous)
    except OSError:  # a file system without hard links
        os.replace(target, previous)


def _sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk, where the system can: the files are there already."""
    if os.name == "nt":
        return
    with suppress(OSError):  # such as a folder that may be written to, but not read
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def replacing_pair(
    first: str | os.PathLike[str], second: str | os.PathLike[str]
) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Give two new files that belong together, as ``replacing`` gives one.

    No system renames two files at once, so the old second file goes first: whatever ends the
    process in between, no file is ever beside one that it does not belong to.
    """
    with replacing(second) as second_file, replacing(first) as first_file:
        yield first_file, second_file
        for file in (first_file, second_file):  # a full disk shows now, while both are the old ones
            file.flush()
            os.fsync(file.fileno())
        Path(second).unlink(missing_ok=True)


@contextmanager
def new_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a new folder to fill, which takes the path's place when the block ends well.

    Raises
    ------
    FileExistsError, FileNotFoundError
        If something is there already, unless it is an empty folder; before anything is written.
    """
    target = Path(path)
    if os.path.lexists(target) and not (target.is_dir() and not any(target.iterdir())):
        raise FileExistsError(f"{str(target)!r} is there already; remove it, or give another path")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"no folder {str(target.parent)!r} to make {target.name!r} in")
    temporary = target.parent / f".fastw2v.{secrets.token_hex(8)}"
    temporary.mkdir()
    try:
        yield temporary
        if target.is_dir():
            target.rmdir()
        os.replace(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
