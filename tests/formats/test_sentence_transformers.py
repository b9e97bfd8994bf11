"""The folder for sentence-transformers: its layout, and what each of its files says."""

import json
import os

import numpy as np
import pytest
from safetensors.numpy import load_file

from fastw2v.formats import sentence_transformers
from fastw2v.formats.source import Source, Vectors, from_arrays

KEYS = ["the", "naïve", '"\\', "日本", "a b"]


def random_vectors(n, size=3):
    return np.random.default_rng(n).normal(size=(n, size)).astype(np.float32)


def vocabulary(folder):
    text = (folder / "0_StaticEmbedding" / "tokenizer.json").read_text("utf-8")
    return json.loads(text)["model"]["vocab"]


def matrix(folder):
    return load_file(folder / "0_StaticEmbedding" / "model.safetensors")["embedding.weight"]


def test_the_folder_has_what_the_library_looks_for(tmp_path, monkeypatch):
    monkeypatch.setattr("fastw2v.formats.source.CHUNK_BYTES", 24)  # two rows
    folder, vectors = tmp_path / "model", random_vectors(5)
    sentence_transformers.write(folder, from_arrays(Vectors(KEYS, vectors)))
    assert os.listdir(tmp_path) == ["model"]
    (module,) = json.loads((folder / "modules.json").read_text())
    assert module["type"] == "sentence_transformers.models.StaticEmbedding"
    assert sorted(os.listdir(folder / module["path"])) == ["model.safetensors", "tokenizer.json"]
    assert vocabulary(folder) == {**{key: i for i, key in enumerate(KEYS)}, "[UNK]": 5}
    np.testing.assert_array_equal(matrix(folder), np.vstack([vectors, np.zeros((1, 3))]))


def test_the_tokenizer_cuts_at_white_space_and_knows_every_word(tmp_path):
    tokenizers = pytest.importorskip("tokenizers")
    sentence_transformers.write(tmp_path / "m", from_arrays(Vectors(KEYS, random_vectors(5))))
    path = tmp_path / "m" / "0_StaticEmbedding" / "tokenizer.json"
    tokenizer = tokenizers.Tokenizer.from_file(str(path))
    encoded = tokenizer.encode(' the  "\\\n日本 zzz\tThe the', add_special_tokens=False)
    assert encoded.ids == [0, 2, 3, 5, 5, 0]


def test_a_key_may_be_what_unknown_words_become(tmp_path):
    vectors = random_vectors(2)
    sentence_transformers.write(tmp_path / "m", from_arrays(Vectors(["[UNK]", "a"], vectors)))
    assert vocabulary(tmp_path / "m") == {"[UNK]": 0, "a": 1}
    np.testing.assert_array_equal(matrix(tmp_path / "m")[:2], vectors)


def test_an_empty_folder_is_filled_and_nothing_else_replaced(tmp_path):
    def write(path):
        sentence_transformers.write(path, from_arrays(Vectors(["a"], random_vectors(1))))

    (tmp_path / "empty").mkdir()
    write(tmp_path / "empty")
    assert (tmp_path / "empty" / "modules.json").exists()
    (tmp_path / "file").touch()
    for name in "empty", "file":
        with pytest.raises(FileExistsError, match="is there already; remove it"):
            write(tmp_path / name)
    with pytest.raises(FileNotFoundError, match=r"no folder .*missing"):
        write(tmp_path / "missing" / "m")
    assert sorted(os.listdir(tmp_path)) == ["empty", "file"]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ([1, 2], "the key 1 is no str"),
        (["a", ("b",)], r"the key \('b',\) is no str"),
        (["a", "\ud800"], r"the key '\\ud800' holds a lone surrogate"),
        (["a", "a"], "the key 'a' occurs more than once"),
        (["a", "nan"], r"the vector of 'nan' \(row 1\) is not finite"),
        (["a"], "2 rows announced, 1 found"),
    ],
)
def test_what_cannot_be_written_leaves_nothing(tmp_path, keys, message):
    vectors = random_vectors(len(keys))
    vectors[[key == "nan" for key in keys]] = np.nan
    with pytest.raises(ValueError, match=message):
        sentence_transformers.write(tmp_path / "m", Source(2, 3, iter([Vectors(keys, vectors)])))
    assert not os.listdir(tmp_path)
