"""TensorBoard's embedding projector: vectors in ``x.tsv``, labels in ``x.metadata.tsv``.

Both are what the projector's "Load" button asks for. A line is a row, and tabs separate its values.
Keys are the labels; where counts are known, they are a second column, and a line of names goes
before. The projector can't be told of a tab or a line's end inside a label, and passes over
lines that are blank, so keys of that kind are refused. Written only: it is for looking at.
"""

from __future__ import annotations

import os
from collections.abc import Hashable
from pathlib import Path

from fastw2v.formats.files import replacing_pair
from fastw2v.formats.source import Source, checked

BLANK = "\ufeff"  # what JavaScript counts as white space, and Python does not


def metadata_path(path: str | os.PathLike[str]) -> Path:
    """Return where the labels of vectors lie: ``x.metadata.tsv`` for ``x.tsv``."""
    return Path(path).with_name(Path(path).name.removesuffix(".tsv") + ".metadata.tsv")


def write(path: str | os.PathLike[str], source: Source) -> None:
    """Write a source's vectors to ``x.tsv``, and its keys and counts to ``x.metadata.tsv``.

    Numbers have nine digits, which is all that a float32 has. Both files are written before one
    takes its name.

    Raises
    ------
    ValueError
        If a key is blank or holds a tab, a line's end or a lone surrogate, if a value is not
        finite, or if vectors have fewer than two dimensions, which the projector can't show.
    """
    if source.vector_size < 2:
        raise ValueError(
            f"vectors have {source.vector_size} dimensions, and the projector takes two or more"
        )
    line = "\t".join(["%.9g"] * source.vector_size) + "\n"
    row = 0
    with replacing_pair(path, metadata_path(path)) as (vectors_file, metadata_file):
        for chunk in checked(source).chunks:
            labels = [_label(key, row + i) for i, key in enumerate(chunk.keys)]
            if chunk.counts is not None:
                if row == 0:
                    metadata_file.write(b"key\tcount\n")
                labels = [f"{x}\t{n}" for x, n in zip(labels, chunk.counts.tolist(), strict=True)]
            metadata_file.write("".join(f"{label}\n" for label in labels).encode())
            lines = (line % tuple(vector) for vector in chunk.vectors.tolist())
            vectors_file.write("".join(lines).encode())
            row += len(chunk.keys)


def _label(key: Hashable, row: int) -> str:
    label = str(key)
    problem = ""
    if any(character in label for character in "\t\n\r"):
        problem = "holds a tab or a line's end"
    elif not label.replace(BLANK, "").strip():
        problem = "is blank"
    elif any("\ud800" <= character <= "\udfff" for character in label):
        problem = "holds a lone surrogate"
    if problem:
        raise ValueError(f"the key {key!r} (row {row}) {problem}, and can't be a label")
    return label
