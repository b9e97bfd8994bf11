"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Give a new file to write to, which takes the path's place when the block ends well.

    Raises
    ------
    IsADirectoryError, FileNotFoundError, OSError
        If the path can't become a file; before anything is written.
    """
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"{str(target)!r} is a folder; give the path of a file")
    if target.exists() and not target.is_file():
        raise OSError(f"{str(target)!r} is no regular file, and would be replaced by one")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"no folder {str(target.parent)!r} to save {target.name!r} in")
    # A short name: the target's may already be as long as names can be.
    temporary = target.parent / f".fastw2v.{secrets.token_hex(8)}"
    handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    try:
        with open(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
