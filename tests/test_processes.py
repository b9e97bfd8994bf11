"""Other processes: forks during and after training, models sent to workers, copies of each kind."""

import copy
import multiprocessing
import operator
import os
import pickle
import sys
import threading
import time

import numpy as np
import pytest

import fastw2v

# From Python 3.12 on, to fork where there are other threads warns: that is what is tested.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
METHODS = multiprocessing.get_all_start_methods()
SENTENCES = [[f"w{(i * j) % 40}" for j in range(1, 12)] for i in range(1, 400)]
KINDS = {
    "untrained": lambda: fastw2v.Model(vector_size=16, workers=1, sample=0),
    "trained": lambda: trained(1),
    "hogwild": lambda: trained(3),
    "grown": lambda: grown(),
}


def trained(workers=3):
    return fastw2v.Model(SENTENCES, vector_size=16, sample=0, workers=workers).train(progress=False)


def grown():
    model = trained(1)
    model.grow_vocabulary([["new", "w1", "w2"] * 5] * 10)
    return model


def in_a_fork(work, seconds=30):
    """Run ``work`` in a fork; a child that hangs is killed, and fails, as one that raises does."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return "hung"


def use(model, path):
    """Query, train and save."""
    assert len(model.wv.most_similar("w1", topn=3)) == 3
    model.train(SENTENCES, progress=False)
    model.save(path)
    assert np.array_equal(fastw2v.Model.load(path).input_vectors, model.input_vectors)


@needs_fork
def test_fork_after_training(tmp_path):
    model = trained()
    before = model.input_vectors.copy()
    assert in_a_fork(lambda: use(model, tmp_path / "child")) == 0
    assert np.array_equal(model.input_vectors, before)
    use(model, tmp_path / "parent")


@needs_fork
def test_fork_in_a_callback(tmp_path):
    results = []

    def fork(model, record):
        other = fastw2v.Model(SENTENCES, vector_size=8, sample=0, workers=2)
        results.append(in_a_fork(lambda: use(other.train(progress=False), tmp_path / "child")))

    model = fastw2v.Model(SENTENCES, vector_size=16, sample=0, workers=3, epochs=2)
    model.train(progress=False, callback=fork)
    assert results
    assert set(results) == {0}
    use(model, tmp_path / "parent")


@needs_fork
def test_fork_in_the_midst_of_training(tmp_path):
    """From another thread: what training holds stays held, but the child can begin anew."""
    earlier = trained()
    model = fastw2v.Model(SENTENCES, vector_size=64, sample=0, workers=3, epochs=100_000)
    training = threading.Thread(target=lambda: model.train(progress=False, max_seconds=3))
    training.start()
    results = []
    for _ in range(5):
        time.sleep(0.1)
        assert training.is_alive()
        results.append(in_a_fork(lambda: use(earlier, tmp_path / "child")))
    training.join()
    assert results == [0] * 5
    assert len(model.wv.most_similar("w1", topn=3)) == 3


@needs_fork
def test_threads_that_a_fork_left_behind_are_not_waited_for():
    """A child that goes on with its parent's call of train ends it, one way or the other."""
    parent = os.getpid()
    children = []

    def fork(model, record):
        if os.getpid() == parent and not children:
            children.append(os.fork())
            if children[0] == 0:
                raise KeyboardInterrupt

    model = fastw2v.Model(SENTENCES, vector_size=16, sample=0, workers=3, epochs=3)
    try:
        model.train(progress=False, callback=fork)
    except KeyboardInterrupt:
        os._exit(7)
    finally:
        if os.getpid() != parent:
            os._exit(8)
    end = time.monotonic() + 30
    pid = 0
    while not pid and time.monotonic() < end:
        pid, status = os.waitpid(children[0], os.WNOHANG)
        time.sleep(0.01)
    if not pid:
        os.kill(children[0], 9)
        os.waitpid(children[0], 0)
    assert pid
    assert os.waitstatus_to_exitcode(status) == 7


def nearest(thing):
    wv = getattr(thing, "wv", thing)
    return wv.most_similar("w1", topn=3)


def train_on(model):
    return model.train(SENTENCES, progress=False).input_vectors


@pytest.mark.parametrize("method", METHODS)
def test_pools(method):
    model = trained(1)
    expected = model.wv.most_similar("w1", topn=3)
    with multiprocessing.get_context(method).Pool(2) as pool:
        ((key, score), *_) = pool.map(model.wv.most_similar, ["w1", "w2"])[0]
        assert key == expected[0][0]
        assert score == pytest.approx(expected[0][1], rel=1e-5)
        # Functions of this module would not be found there.
        ask = operator.methodcaller("most_similar", "w1", topn=3)
        for found in pool.map(ask, [model.wv, model.wv.copy()]):
            assert [key for key, _ in found] == [key for key, _ in expected]
        train = operator.methodcaller("train", SENTENCES, progress=False)
        other = pool.map(train, [model])[0]
    assert np.array_equal(other.input_vectors, train_on(model))


def test_joblib():
    joblib = pytest.importorskip("joblib")
    model = trained(1)
    ask = operator.methodcaller("most_similar", "w1", topn=3)
    calls = [joblib.delayed(ask)(wv) for wv in (model.wv, model.wv.copy())]
    for found in joblib.Parallel(n_jobs=2, backend="loky")(calls):
        assert [key for key, _ in found] == [key for key, _ in nearest(model)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "copied", [copy.deepcopy, *(lambda x, p=p: pickle.loads(pickle.dumps(x, p)) for p in (2, 4, 5))]
)
def test_copies_of_models(kind, copied, tmp_path):
    """They train as the original does, and neither sees what the other learns."""
    model = KINDS[kind]()
    other = copied(model)
    assert other.history == model.history
    assert other.parameters == model.parameters
    before = None if model.input_vectors is None else model.input_vectors.copy()
    train_on(other)
    if before is not None:
        assert np.array_equal(model.input_vectors, before)
    if kind != "hogwild":
        assert np.array_equal(train_on(model), other.input_vectors)
    use(other, tmp_path / "copy")


def test_copies_of_a_loaded_model(tmp_path):
    trained(1).save(tmp_path / "m")
    model = fastw2v.Model.load(tmp_path / "m")
    for other in copy.deepcopy(model), pickle.loads(pickle.dumps(model)):
        assert np.array_equal(train_on(other), train_on(copy.deepcopy(model)))


@pytest.mark.parametrize("name", ["m.safetensors", "m.npy"])
def test_mapped_vectors_are_sent_whole(tmp_path, name):
    """What was written to the mapping is in memory alone, so a path would lose it."""
    trained(1).wv.save(tmp_path / name)
    wv = fastw2v.load(tmp_path / name)
    sent = pickle.dumps(wv)
    os.unlink(tmp_path / name)
    other = pickle.loads(sent)
    assert np.array_equal(other.vectors, wv.vectors)
    assert [k for k, _ in nearest(other)] == [k for k, _ in nearest(wv)]


def test_wv_of_a_copy_is_that_of_its_model():
    model = trained(1)
    for copied in copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x)):
        other, wv = copied((model, model.wv))
        assert wv is other.wv
        assert wv.vectors is other.input_vectors
        for _ in range(3):
            wv.most_similar("w1")
        other.input_vectors[wv.get_index("w2")] = 2 * other.input_vectors[wv.get_index("w1")]
        assert wv.most_similar("w1")[0][0] == "w2"


def test_vocabularies_and_corpora(tmp_path):
    corpus = fastw2v.encode(SENTENCES, min_count=1)
    corpus.save(tmp_path / "c")
    for one in corpus, fastw2v.EncodedCorpus.open(tmp_path / "c"):
        for other in copy.deepcopy(one), pickle.loads(pickle.dumps(one)):
            assert np.array_equal(other.tokens, corpus.tokens)
            assert np.array_equal(other.offsets, corpus.offsets)
            assert other.vocabulary.keys == corpus.vocabulary.keys
            assert other.vocabulary.key_to_index == corpus.vocabulary.key_to_index
    for other in copy.deepcopy(corpus.vocabulary), pickle.loads(pickle.dumps(corpus.vocabulary)):
        assert other.keys == corpus.vocabulary.keys
        assert np.array_equal(other.counts, corpus.vocabulary.counts)
