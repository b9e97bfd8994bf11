"""Write the golden files of the installed version: one small file of each kind that is written.

Run once for each release, after its last change to a format, by ``python tests/golden/write.py``.
What is in ``tests/golden/<version>/`` then stays, and ``tests/test_golden.py`` reads it with every
later version. So that it can know what to find, all values follow from the formulas below.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import fastw2v
from fastw2v import checkpoint_file, compat
from fastw2v.formats.keys import encode_keys
from fastw2v.trainer import Position

WORDS = ["the", "new", "york", "é", "König"]
SENTENCES = [["the", "new", "york"], ["new", "york", "the", "é", "the"], ["König", "the"]] * 60
TUPLES = [("a", 1), None, 2.5, "x", True]
WEIGHTS = [0.5, 1, 2] * 60
SIZE = 4


def matrix(n: int, factor: float) -> np.ndarray:
    """Return numbers that float32 and decimals hold exactly."""
    return (np.arange(n * SIZE).reshape(n, SIZE) - 5).astype(np.float32) * np.float32(factor)


def filled(model: fastw2v.Model) -> fastw2v.Model:
    """Give a trained model the matrices and the history that the test expects."""
    model.input_vectors[:] = matrix(len(model.vocabulary), 0.25)
    model.output_vectors[:] = matrix(len(model.vocabulary), -0.5)
    model.history = [
        fastw2v.EpochRecord(epoch=i, loss=2.5 - i, examples=10, tokens=20, seconds=0.5, lr=0.125)
        for i in range(2)
    ]
    return model


def write_models(folder: Path) -> None:
    """Write a model with each kind of settings, and a checkpoint of one."""
    settings = {"vector_size": SIZE, "sample": 0, "workers": 1, "epochs": 2, "seed": 3}
    model = fastw2v.Model(SENTENCES, **settings, window=(2, 3))
    filled(model.train(weights=WEIGHTS, progress=False)).save(folder / "model.safetensors")
    model.wv.save(folder / "vectors.safetensors")
    walks = [[3, 1, 0], [1, 3, 3]] * 60
    walker = fastw2v.Model(
        walks,
        **settings,
        vocabulary="identity",
        architecture="cbow",
        objective="hierarchical_softmax",
        window=None,
    )
    filled(walker.train(progress=False)).save(folder / "identity.safetensors")

    path = folder / "run.ckpt"
    path.unlink(missing_ok=True)  # it is another model's
    rates = {"the": 0.5}
    model = fastw2v.Model(SENTENCES * 9, **settings)
    model.train(input_rates=rates, checkpoint=path, every=1, progress=False)
    saved = checkpoint_file.read(path)
    position = Position(epoch=0, token=256, loss=1.5, examples=10, weight=10, seconds=0.5)
    n = len(saved.model.vocabulary)
    stored = saved.model._replace(
        input_vectors=matrix(n, 0.25), output_vectors=matrix(n, -0.5), history=[]
    )
    saved = saved._replace(model=stored, position=position)
    checkpoint_file.write(path, saved, encode_keys(stored.vocabulary.keys))
    path.with_name("run.ckpt.previous").unlink()


def write_corpora(folder: Path) -> None:
    """Write an encoded corpus, and a vocabulary of keys that are no words."""
    corpus = fastw2v.encode(SENTENCES, weights=WEIGHTS, max_vocab_size=4)
    corpus.save(folder / "corpus.f2v")
    fastw2v.Vocabulary(TUPLES, np.arange(10, 5, -1)).save(folder / "vocabulary.safetensors")


def write_vectors(folder: Path) -> None:
    """Write vectors in each format that is read, too."""
    vectors = fastw2v.KeyedVectors(WORDS, matrix(len(WORDS), 0.25), np.arange(10, 5, -1))
    for name in ("bin", "txt", "glove", "npy", "parquet", "arrow"):
        vectors.save(folder / f"vectors.{name}")


def write_compat(folder: Path) -> None:
    """Write what ``fastw2v.compat`` saves."""
    model = compat.Word2Vec(SENTENCES, vector_size=SIZE, sg=1, workers=1, min_count=1)
    n = len(model.wv)
    model.wv.vectors[:], model.syn1neg[:] = matrix(n, 0.25), matrix(n, -0.5)
    model.comment = ("kept", [1, None])
    model.save(folder / "word2vec.model")
    model.wv.save(folder / "keyed_vectors.kv")
    phrases = compat.Phrases(SENTENCES, min_count=1, threshold=0.05)
    phrases.save(folder / "phrases.model")
    phrases.freeze().save(folder / "frozen_phrases.model")


def main() -> None:
    """Write all of them."""
    folder = Path(__file__).parent / fastw2v.__version__
    folder.mkdir(exist_ok=True)
    write_models(folder)
    write_corpora(folder)
    write_vectors(folder)
    write_compat(folder)
    files = sorted(folder.iterdir())
    print(f"{folder}: {len(files)} files, {sum(file.stat().st_size for file in files):,} bytes")


if __name__ == "__main__":
    sys.exit(main())
