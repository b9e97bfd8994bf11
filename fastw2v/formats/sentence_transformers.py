"""A folder that ``SentenceTransformer(folder)`` loads: a text's vector is the mean of its words'.

The model is sentence-transformers' ``StaticEmbedding``, which has a tokenizer and a matrix:

=========================================  ========================================================
``modules.json``                           names the one module, and its folder
``0_StaticEmbedding/tokenizer.json``       cuts texts at white space, and numbers the words
``0_StaticEmbedding/model.safetensors``    ``embedding.weight``: a row for each key, then zeros
=========================================  ========================================================

Texts must be written as those that the vectors were trained on: nothing lower-cases or cuts them
otherwise. Words without a vector count as zeros: they make a text's vector shorter, and don't turn
it. Written only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Hashable
from pathlib import Path

import numpy as np

from fastw2v.formats.files import new_folder, replacing
from fastw2v.formats.safetensors import encode_header
from fastw2v.formats.source import Source, checked

MODULE = "0_StaticEmbedding"
MODULES = [
    {"idx": 0, "name": "0", "path": MODULE, "type": "sentence_transformers.models.StaticEmbedding"}
]
UNKNOWN = "[UNK]"


def write(path: str | os.PathLike[str], source: Source) -> None:
    """Write a source's rows as a folder, whole or not at all.

    Parameters
    ----------
    path
        The folder; there must be none, or an empty one.
    source
        Its keys must be str. A key ``[UNK]`` is what words outside the vocabulary become, with its
        vector; otherwise they become a row of zeros of that name.

    Raises
    ------
    FileExistsError
        If something is there already.
    ValueError
        If a key is no str or holds a lone surrogate, if a value is not finite, or if there are
        more or fewer rows than announced.
    """
    vocabulary: dict[str, int] = {}
    with new_folder(path) as folder:
        module = folder / MODULE
        module.mkdir()
        # The row of zeros is there even if a key takes its name, as it is announced before.
        shape = (source.n + 1, source.vector_size)
        with replacing(module / "model.safetensors") as file:
            tensors = {"embedding.weight": (np.dtype(np.float32), shape)}
            file.write(encode_header(tensors, {"format": "pt"}))
            for chunk in checked(source).chunks:
                for key in chunk.keys:
                    vocabulary[_token(key, vocabulary)] = len(vocabulary)
                file.write(np.ascontiguousarray(chunk.vectors, "<f4").data)
            file.write(bytes(4 * source.vector_size))
        vocabulary.setdefault(UNKNOWN, source.n)
        _write_json(module / "tokenizer.json", _tokenizer(vocabulary))
        _write_json(folder / "modules.json", MODULES)


def _token(key: Hashable, vocabulary: dict[str, int]) -> str:
    if not isinstance(key, str):
        raise ValueError(f"the key {key!r} is no str, and can't be a word of a text")
    if key in vocabulary:
        raise ValueError(f"the key {key!r} occurs more than once")
    try:
        key.encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"the key {key!r} holds a lone surrogate, and can't be a word of a text"
        ) from None
    return key


def _tokenizer(vocabulary: dict[str, int]) -> dict[str, object]:
    """Return what the ``tokenizers`` library reads as a tokenizer of whole words."""
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": UNKNOWN},
    }


def _write_json(path: Path, value: object) -> None:
    with replacing(path) as file:
        file.write(json.dumps(value, ensure_ascii=False, indent=1).encode())
