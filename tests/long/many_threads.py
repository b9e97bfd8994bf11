"""Do everything that is done by several threads, small, and compare it with what one thread does.

    SANITIZER=thread tests/long/sanitize.sh tests/long/many_threads.py [case ...]

Cases are train, rounds, search, read, phrases and vectors; by default all. The thread sanitizer
reports two accesses that nothing puts in order whether or not they went wrong, so that once is
enough.
"""

import argparse
import gzip
import itertools
import tempfile
import threading
from pathlib import Path

import numpy as np

import fastw2v
from fastw2v import neighbors, phrases
from fastw2v.compat import Word2Vec

WORKERS = 3
ARCHITECTURES = "skipgram", "cbow"
OBJECTIVES = "negative_sampling", "hierarchical_softmax", "softmax"


def sentences(n, words=300, length=20, seed=0):
    """Draw sentences, in which the first words are the most frequent."""
    numbers = words * np.random.default_rng(seed).random((n, length)) ** 2
    return [[f"w{i}é" for i in line] for line in numbers.astype(int).tolist()]


def same(*corpora):
    """Whether these are the same corpus."""
    return all(
        same_vocabulary(a.vocabulary, b.vocabulary) and (a.tokens == b.tokens).all()
        for a, b in itertools.pairwise(corpora)
    )


def same_vocabulary(a, b):
    """Whether keys, their order and their counts are the same."""
    return a.keys == b.keys and (a.counts == b.counts).all()


def train():
    """Every kernel, architecture and objective, with rates and without; growing and scoring."""
    # Few rows: the sanitizer searches all addresses that raced before at each race.
    some, new = sentences(300, words=50), sentences(50, words=70, seed=1)
    for kernel, architecture, objective in itertools.product(
        fastw2v.kernels().available, ARCHITECTURES, OBJECTIVES
    ):
        print("   ", kernel, architecture, objective, flush=True)
        options = {"architecture": architecture, "objective": objective, "kernel": kernel}
        options["negative_sharing"] = "pair" if kernel in ("generic", "blas") else "window"
        model = fastw2v.Model(
            some, min_count=1, workers=WORKERS, vector_size=12, epochs=2, sample=0, **options
        )
        model.train(progress=False)
        rates = np.random.default_rng(0).choice([0, 0.5, 1], len(model.wv))
        model.train(progress=False, input_rates=rates)
        if objective == "hierarchical_softmax":
            assert np.isfinite(model.score(some * 20)).all()
        else:
            model.partial_fit(new)
        assert np.isfinite(model.input_vectors).all()
        assert np.isfinite(model.output_vectors).all()
    for sg in 0, 1:
        Word2Vec(some, min_count=1, hs=1, negative=5, sg=sg, workers=WORKERS, vector_size=12)


def rounds():
    """Deterministic rounds, where no race is allowed: SUPPRESSIONS=/dev/null reports all."""
    some = sentences(400, words=50)
    for architecture, objective in itertools.product(ARCHITECTURES, OBJECTIVES[:2]):
        options = {"architecture": architecture, "objective": objective, "vector_size": 12}
        one, many = (
            fastw2v.Model(
                some, min_count=1, sample=0, epochs=2, deterministic=True, workers=n, **options
            ).train(progress=False)
            for n in (1, WORKERS)
        )
        assert one.input_vectors.tobytes() == many.input_vectors.tobytes()
        assert one.output_vectors.tobytes() == many.output_vectors.tobytes()


def search():
    """Many queries, one query in parts, and queries from many threads, of one set of vectors."""
    neighbors.SCAN_FLOATS, neighbors.BLOCK_FLOATS = 1 << 12, 1 << 13  # parts, though it is small
    wv = fastw2v.KeyedVectors(range(3000), np.random.default_rng(0).normal(size=(3000, 20)))
    rows, alone = np.arange(500), fastw2v.KeyedVectors(range(3000), wv.vectors)
    for options in {}, {"csls": 5}:
        found = [wv.neighbors(rows, topn=5, workers=n, **options)[1] for n in (1, WORKERS)]
        np.testing.assert_allclose(*found, atol=1e-6)
    assert wv.most_similar(7) == alone.most_similar(7)
    wv, answers = wv.copy(), []  # a new one, whose quantized rows several threads want at once

    def ask():
        answers.extend(wv.most_similar(key) == alone.most_similar(key) for key in range(20))

    threads = [threading.Thread(target=ask) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 20 * WORKERS


def read():
    """Files, packed and plain, in parts; token lists; arrays."""
    text = "".join(" ".join(line) + "\n" for line in sentences(8000, words=5000))
    with tempfile.TemporaryDirectory() as folder:
        plain, packed = Path(folder, "a.txt"), Path(folder, "b.txt.gz")
        plain.write_text(text, encoding="utf-8")
        packed.write_bytes(gzip.compress(text.encode()))
        numbers = np.random.default_rng(0).integers(0, 9999, (2000, 100))
        lists = [line.split() for line in text.splitlines()]
        for source in plain, [plain, packed, plain], lists, numbers, list(numbers):
            options = {"min_count": 2}
            one, many = (fastw2v.encode(source, workers=n, **options) for n in (1, WORKERS))
            small = fastw2v.encode(source, workers=WORKERS, memory_limit=1 << 24, **options)
            assert same(one, many, small)
        assert same_vocabulary(*(fastw2v.count(plain, workers=n) for n in (1, WORKERS)))


def find_phrases():
    """Pairs of words, each thread's share of them."""
    corpus = fastw2v.encode(sentences(3000), min_count=1)
    one, many = (phrases.find(corpus, threshold=1.5, workers=n) for n in (1, WORKERS))
    assert list(one) == list(many)
    assert len(one)
    assert same(*(phrases.join(corpus, found) for found in (one, many)))


def vectors():
    """Files of vectors, which are written and read in parts."""
    matrix = np.random.default_rng(0).normal(size=(20_000, 24)).astype(np.float32)
    wv = fastw2v.KeyedVectors([f"w{i}é" for i in range(len(matrix))], matrix)
    with tempfile.TemporaryDirectory() as folder:
        for name in "v.txt", "v.glove", "v.bin", "v.safetensors", "v.txt.gz", "v.npy":
            wv.save(Path(folder, name))
            again = fastw2v.load(Path(folder, name))
            assert again.index_to_key == wv.index_to_key
            assert (again.vectors == matrix).all()


CASES = {
    "train": train,
    "rounds": rounds,
    "search": search,
    "read": read,
    "phrases": find_phrases,
    "vectors": vectors,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("cases", nargs="*", choices=[*CASES, []], metavar="case")
    for case in parser.parse_args().cases or CASES:
        print(case, flush=True)
        CASES[case]()
    print("all as one thread does it; races, if there were any, are reported above")
