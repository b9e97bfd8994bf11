"""Texts: a sentence a line, white space between words, in files or streams, compressed or not.

A file is read in blocks that end between words, which the tokenizer turns into numbers. Reading is
cheap beside that, and decompression can't be shared, so blocks are read by one thread at a time
and tokenized by all. Files are read rather than mapped into memory: it is as fast (measured), it
works for compressed ones too, and a file that is cut off meanwhile can't end the process.
"""

from __future__ import annotations

import glob
import io
import logging
import os
import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from fastw2v.compression import Damage, decompressor, opener, refuse_other_files
from fastw2v.corpus.numbering import PADDING, KeyTable
from fastw2v.corpus.reading import Block, Scratch
from fastw2v.messages import shown

logger = logging.getLogger("fastw2v")

BLOCK = 1 << 20  # bytes at a time
LONGEST_BLOCK = (1 << 31) - 64  # bytes: the tokenizer's bound, and so a word's
TAIL = 1 << 12  # where a block's last white space usually is
WHITE = [b" ", b"\n", b"\r", b"\t", b"\v", b"\f"]
MAGIC = 10  # bytes that a compressed file is known by
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class TextFiles:
    """Text files, read one after the other.

    Attributes
    ----------
    paths
        The files.
    replaces_invalid
        Put U+FFFD in the place of bytes that are not UTF-8, instead of refusing them.
    """

    paths: Sequence[str]
    replaces_invalid: bool = False
    parallel = True

    def __post_init__(self) -> None:
        """Look at every file's first bytes."""
        for path in self.paths:
            opener(path)

    def blocks(self) -> Generator[Block]:
        """Yield the files' blocks."""
        for path in self.paths:
            with Damage(path), opener(path)(path, "rb") as file:
                yield from _blocks(path, file, self.replaces_invalid)


@dataclass(frozen=True)
class TextStream:
    """A stream of bytes, which is read once: standard input, or what another program writes.

    It is read by the main thread: another one that waits for a stream can't be interrupted.

    Attributes
    ----------
    stream
        What is read; it is left open.
    replaces_invalid
        As for ``TextFiles``.
    """

    stream: io.RawIOBase | io.BufferedIOBase
    replaces_invalid: bool = False
    parallel = False

    def blocks(self) -> Generator[Block]:
        """Yield the stream's blocks."""
        name = _name_of(self.stream)
        with Damage(name):
            first = b""
            while len(first) < MAGIC and (part := self.stream.read(MAGIC - len(first))):
                first += part
            refuse_other_files(first, name)
            rejoined = io.BufferedReader(_Rejoined(first, self.stream))
            opens = decompressor(first)
            text = rejoined if opens is None else opens(rejoined, "rb")
            yield from _blocks(name, text, self.replaces_invalid, is_stream=True)


class _Rejoined(io.RawIOBase):
    """A stream with the bytes before it that were taken from it, which is not closed with it."""

    def __init__(self, first: bytes, rest: io.RawIOBase | io.BufferedIOBase) -> None:
        self.first, self.rest = first, rest

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; 0 at the end."""
        if not self.first:
            n = self.rest.readinto(buffer)
            if n is None:  # no end, though many take it for one
                raise BlockingIOError("the stream has no bytes now, and does not wait for them")
            return n
        n = min(len(buffer), len(self.first))
        buffer[:n], self.first = self.first[:n], self.first[n:]
        return n


def _name_of(stream: Any) -> str:
    name = getattr(stream, "name", None)
    if name == "<stdin>":
        return "standard input"
    return name if isinstance(name, str) else "the stream"


def find_files(path: str | os.PathLike[str]) -> list[str]:
    """Return the files that a path, a folder or a pattern names, sorted by name.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    # os.path, not Path: a text given in place of a path may be too long for a file name, which
    # Path's methods raise an error of their own for.
    name = os.fspath(path)
    if os.path.isfile(name):
        return [name]
    if os.path.isdir(name):
        entries = sorted(entry for entry in os.listdir(name) if not entry.startswith("."))
        paths = [os.path.join(name, entry) for entry in entries]
        for path in paths:
            if not os.path.exists(path):
                raise FileNotFoundError(f"{path} is a link to nowhere; remove or mend it")
        if any(map(os.path.isdir, paths)):
            logger.warning(
                "folders in %s are not read; the pattern '%s/**/*' names all files in them too",
                *(name, name),
            )
        if not (files := list(filter(os.path.isfile, paths))):
            raise FileNotFoundError(f"no file in the folder {shown(name, 260)}")
        return files
    if glob.has_magic(name) and (
        files := sorted(filter(os.path.isfile, glob.glob(name, recursive=True)))
    ):
        return files
    if os.path.exists(name):
        raise OSError(f"{name} is no regular file; save what comes from it to one first")
    raise FileNotFoundError(
        f"no file {shown(name, 260)}: a str is the path of a text file or of a folder of them, or "
        "a pattern such as 'texts/*.txt'. To train on the text itself, give a list of token lists, "
        "such as [text.split()]"
    )


@dataclass
class TextBlock:
    """Some whole words of a file, padded for the tokenizer."""

    path: str  # or the stream's name
    offset: int  # where in the file, decompressed, it begins
    text: bytearray
    length: int
    replaces_invalid: bool
    ends_file: bool
    is_stream: bool

    def number(self, table: KeyTable, first_place: int, scratch: Scratch) -> tuple[int, int]:
        """Give numbers to the words."""
        scratch.reserve((self.length + 1) // 2)
        n, n_ends, invalid = table.tokenize(
            self.text, self.length, first_place, scratch.numbers, scratch.ends
        )
        if invalid >= 0 and not self.replaces_invalid:
            self._refuse_encoding(invalid)
        if self.ends_file and (n_ends == 0 or scratch.ends[n_ends - 1] != n):
            scratch.ends[n_ends] = n
            n_ends += 1
        return n, n_ends

    def _refuse_encoding(self, invalid: int) -> NoReturn:
        """Say where the text stops being UTF-8: in the word at a byte of it."""
        word = self.text[invalid : self.length]
        try:
            word.decode("utf-8")
        except UnicodeDecodeError as error:
            offset = self.offset + invalid + error.start
            value = word[error.start]
        where = ""
        if not self.is_stream:  # which can't be read again, to count lines
            number, line_begin = _line_of(self.path, offset)
            where = f", line {number}, byte {offset - line_begin + 1} of the line"
        raise ValueError(
            f"{self.path}{where}: 0x{value:02x} is not valid UTF-8 (byte {offset + 1} of the "
            "text); convert it to UTF-8, or put U+FFFD in the place of such bytes by "
            "fastw2v.encode(..., errors='replace') or --errors replace"
        )


def _blocks(
    path: str, file: Any, replaces_invalid: bool, *, is_stream: bool = False
) -> Iterator[TextBlock]:
    """Yield a file's blocks, each of which ends after white space or where the file does."""
    rest, offset, at_end = b"", 0, False
    while not at_end:
        size = max(BLOCK, 2 * len(rest))  # doubling, while a word goes on
        if size > LONGEST_BLOCK:
            raise ValueError(
                f"{path}, byte {offset + 1}: a word of more than {len(rest):,} bytes; is this a "
                "text?"
            )
        text = bytearray(size + len(PADDING))
        text[: len(rest)] = rest
        filled, at_end = _fill(file, text, len(rest), size)
        if offset == 0 and text.startswith(BYTE_ORDER_MARK):
            text[: len(BYTE_ORDER_MARK)] = b" " * len(BYTE_ORDER_MARK)  # no word
        length = filled if at_end else _last_white(text, filled)
        rest = bytes(text[length:filled])
        if length or at_end:
            text[length : length + len(PADDING)] = PADDING
            yield TextBlock(path, offset, text, length, replaces_invalid, at_end, is_stream)
            offset += length


def _fill(file: Any, text: bytearray, begin: int, end: int) -> tuple[int, bool]:
    """Read into ``text[begin:end]``; return where that ended, and whether the file did."""
    with memoryview(text) as view:
        while begin < end:
            n = file.readinto(view[begin:end])
            if not n:
                return begin, True
            begin += n
    return begin, False


def _last_white(text: bytearray, length: int) -> int:
    """Return where the words end that are whole: after the last white space, or 0."""
    for begin in max(length - TAIL, 0), 0:
        last = max(text.rfind(white, begin, length) for white in WHITE)
        if last >= 0:
            return last + 1
    return 0


def _line_of(path: str, offset: int) -> tuple[int, int]:
    """Return the number, from 1, of the line that holds a byte, and where that line begins."""
    number, begin, at = 1, 0, 0
    with Damage(path), opener(path)(path, "rb") as file:
        carried = b""
        while at < offset:
            part = file.read(min(BLOCK, offset - at))
            if not part:  # the file has become shorter meanwhile
                break
            data = carried + part
            at += len(data) - len(carried)
            carried = b"\r" if data.endswith(b"\r") and at < offset else b""  # half of a CR LF?
            data = data[: len(data) - len(carried)]
            for end in re.finditer(rb"\r\n|\r|\n", data):
                number, begin = number + 1, at - len(carried) - len(data) + end.end()
    return number, begin
