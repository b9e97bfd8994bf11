"""The table of formats: what each is called, and how it is recognised.

A file to be read is recognised by its content, whatever its name; a file to be written has the
format that its suffix names, or the one that the caller does. Each format's module is imported when
it is first used. It has ``open_source(path, *, limit, encoding_errors)``, a context manager that
gives a ``Source``, where the format can be read, and ``write(path, source)`` where it can be
written. It may have ``check_keys(keys)``, which refuses keys before anything is written,
``open_vectors(path)``, which maps all vectors instead of reading them, and ``read_vectors(path, *,
limit, encoding_errors)``, which reads them faster than chunk by chunk.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastw2v.compression import COMPRESSORS, is_safetensors
from fastw2v.formats.streams import LONGEST_KEY, Stream, open_stream
from fastw2v.formats.word2vec_header import parse_header
from fastw2v.messages import shown

WINDOW = 2 * LONGEST_KEY  # bytes that files are recognised by: a header, a key and more
NO_TEXT = re.compile(rb"[^\t\n\r -~]")


@dataclass(frozen=True)
class Format:
    """A format of vectors.

    Attributes
    ----------
    name
        What ``format=`` calls it.
    suffixes
        Of files to be written in it; none if only its name will do.
    holds
        What it is, in a few words.
    recognises
        Whether a file of this format begins with some bytes; None for a folder.
    readable, writable
        What the module can do.
    compressible
        Whether it is read and written compressed.
    module_name
        Its module, if not of the same name.
    """

    name: str
    suffixes: tuple[str, ...]
    holds: str
    recognises: Callable[[bytes], bool] | None
    readable: bool = True
    writable: bool = True
    compressible: bool = False
    module_name: str = ""

    def module(self) -> Any:
        """Return the module that reads and writes it."""
        return importlib.import_module(f"fastw2v.formats.{self.module_name or self.name}")


def _is_word2vec_binary(data: bytes) -> bool:
    return parse_header(data) is not None and not _is_word2vec_text(data)


def _is_word2vec_text(data: bytes) -> bool:
    """Whether a header is followed by a row of text, if maybe a damaged one."""
    header = parse_header(data)
    if header is None:
        return False
    rows = data[header.length :]
    line, newline, _ = rows.partition(b"\n")
    if newline and len(line.split()) == 1 + header.vector_size and _are_numbers(line.split()[1:]):
        return True
    numbers = rows[rows.find(b" ") + 1 :]
    return not NO_TEXT.search(numbers[: max(4 * header.vector_size, 64)])


def _is_glove(data: bytes) -> bool:
    fields = _first_fields(data, None)
    return len(fields) > 1 and _are_numbers(fields[1:])


def _is_projector(data: bytes) -> bool:
    fields = _first_fields(data, b"\t")
    return len(fields) > 1 and _are_numbers(fields)


def _first_fields(data: bytes, separator: bytes | None) -> list[bytes]:
    """Return the fields of the first line, or those of a long one that lie whole in the data."""
    line, newline, _ = data.partition(b"\n")
    fields = line.split(separator)
    return fields if newline or len(data) < WINDOW else fields[:-1]


def _are_numbers(fields: list[bytes]) -> bool:
    try:
        for field in fields:
            float(field)
    except ValueError:
        return False
    return True


def _begins_with(*magic: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(magic)


FORMATS = {
    format.name: format
    for format in (
        Format(
            "safetensors",
            (".safetensors",),
            "all that a model needs; no code",
            is_safetensors,
            module_name="safetensors_vectors",
        ),
        Format("npy", (".npy",), "NumPy's matrix, keys beside it", _begins_with(b"\x93NUMPY")),
        Format("parquet", (".parquet",), "a table of keys and vectors", _begins_with(b"PAR1")),
        Format("arrow", (".arrow", ".feather"), "such a table, mapped", _begins_with(b"ARROW1")),
        Format(
            "fasttext_bin",
            (),
            "a model of fastText's own",
            _begins_with(b"\xba\x16\x4f\x2f"),
            writable=False,
        ),
        Format(
            "sentence_transformers",
            (),
            "a folder for sentence-transformers",
            None,
            readable=False,
        ),
        Format(
            "projector",
            (".tsv",),
            "two tables for TensorBoard's projector",
            _is_projector,
            readable=False,
        ),
        Format(
            "word2vec_binary",
            (".bin",),
            "a header, then keys and raw float32",
            _is_word2vec_binary,
            compressible=True,
        ),
        Format(
            "word2vec_text",
            (".txt", ".vec"),
            "a header, then lines of a key and numbers",
            _is_word2vec_text,
            compressible=True,
        ),
        Format("glove", (".glove",), "such lines without a header", _is_glove, compressible=True),
    )
}


def detect(path: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> str:
    """Return the name of a file's format, by its content.

    Raises
    ------
    ValueError
        If it is in none of the formats that can be read; for a pickle, the message says what to do.
    FileNotFoundError, IsADirectoryError
        If there is no such file.
    """
    name = os.fsdecode(path)
    with open_stream(name) as stream:
        data = stream.peek(WINDOW)
        _refuse(stream, data)
        for format in FORMATS.values():
            if format.recognises is None or not format.recognises(data):
                continue
            if stream.is_compressed and not format.compressible:
                raise ValueError(
                    f"{name} is a compressed file of the format {format.name}, which is read "
                    "uncompressed: decompress it first"
                )
            return format.name
    readable = [format.name for format in FORMATS.values() if format.readable]
    raise ValueError(
        f"{name} is no file of vectors that can be recognised: it begins with "
        f"{shown(data[:40])}. Known are {', '.join(readable)}; if it is one of them, name it by "
        "format="
    )


def is_pickle(first: bytes) -> bool:
    """Tell whether a file that begins so, with 9 bytes at least, is a pickle of protocol 2 to 5."""
    begins_so = first[:1] == b"\x80" and first[1:2] in (b"\2", b"\3", b"\4", b"\5")
    return begins_so and not is_safetensors(first)  # whose first bytes are a length, any length


def _refuse(stream: Stream, data: bytes) -> None:
    """Refuse what is known, and can't be read."""
    if not data:
        raise ValueError(f"{stream.path} is empty")
    if is_pickle(data):
        raise ValueError(
            f"{stream.path} is a pickle, such as gensim's save() makes. Reading one runs whatever "
            "code it holds, so fastw2v does not. Load it by gensim if you trust it, and convert "
            "what you get by fastw2v.KeyedVectors.from_gensim(object); or write it by gensim's "
            "save_word2vec_format(path, binary=True), and load that"
        )
    if data.startswith(b"PK\x03\x04"):
        raise ValueError(f"{stream.path} is a ZIP archive; unpack it, and give the file in it")


def source_format(path: str | os.PathLike[str], name: str | None = None) -> Format:
    """Return the format to read a file in: the one named, or the one that its content shows.

    Raises
    ------
    ValueError
        If there is none, or if it is written only.
    """
    format = named_format(detect(path) if name is None else name)
    if not format.readable:
        raise ValueError(f"{os.fspath(path)} is of the format {format.name}, which is written only")
    return format


def named_format(name: object) -> Format:
    """Return a format by its name.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if not isinstance(name, str) or name not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(map(repr, FORMATS))}, not {name!r}")
    return FORMATS[name]


def target_format(path: str | os.PathLike[str], name: str | None = None) -> Format:
    """Return the format to write a file in: the one named, or the one that the suffix names.

    Raises
    ------
    ValueError
        If there is none, or if it is not written, or not compressed as the suffix says.
    """
    stem, suffix = os.path.splitext(os.fspath(path))
    compressed = suffix.lower() in COMPRESSORS
    if compressed:
        suffix = os.path.splitext(stem)[1]
    if name is not None:
        format = named_format(name)
    else:
        by_suffix = {suffix: format for format in FORMATS.values() for suffix in format.suffixes}
        found = by_suffix.get(suffix.lower())
        if found is None:
            raise ValueError(
                f"{os.fspath(path)!r} has no suffix that names a format: known are "
                f"{', '.join(by_suffix)}; or name one by format="
            )
        format = found
    if not format.writable:
        raise ValueError(f"files of the format {format.name} are read only; choose another")
    if compressed and not format.compressible:
        raise ValueError(
            f"{os.fspath(path)!r}: files of the format {format.name} are not compressed; leave out "
            "the last suffix"
        )
    return format
