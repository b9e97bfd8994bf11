"""Threads that end however the one that started them was interrupted; work shared out."""

import threading
import time

import pytest

from fastw2v import threads
from fastw2v.threads import StoppableThread, share_out


class Slow(StoppableThread):
    """Takes its time to run, once it was made."""

    def _bootstrap(self):
        time.sleep(0.3)
        super()._bootstrap()

    def work_on(self):
        pass


def interrupt(*_):
    raise KeyboardInterrupt


def test_a_thread_that_is_about_to_run_is_waited_for(monkeypatch):
    thread, before = Slow("slow"), threading.active_count()
    wait = thread._started.wait
    monkeypatch.setattr(thread._started, "wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        thread.start()
    assert thread.ident is None
    monkeypatch.setattr(thread._started, "wait", wait)
    thread.wait()
    assert thread.done.is_set()
    assert threading.active_count() == before


def test_a_thread_that_will_never_run_is_not(monkeypatch):
    thread = Slow("never")
    monkeypatch.setattr(threads, "START_SECONDS", 0.01)
    monkeypatch.setattr(threading.Thread, "start", interrupt)
    with pytest.raises(KeyboardInterrupt):
        thread.start()
    thread.wait()
    assert not thread.done.is_set()


def test_a_thread_that_was_not_or_could_not_be_started_is_not_waited_for(monkeypatch):
    thread = Slow("unborn")
    thread.wait()

    def fail(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fail)
    with pytest.raises(RuntimeError, match="new thread"):
        thread.start()
    began = time.perf_counter()
    thread.wait()
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize("culprit", [0, 1, 2, 3])
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_error_ends_all_threads(culprit, error):
    """Whether it is the caller's thread or a helper that fails."""
    started = []

    def work(start, stopped):
        started.append(start)
        if start == culprit:
            raise error
        assert stopped.wait(10)

    with pytest.raises(error):
        share_out(work, range(100), 4)
    assert len(started) <= 4
    assert not [t for t in threading.enumerate() if t.name == "fastw2v-helper"]


def test_work_is_done_once_whatever_the_threads():
    for n_threads in 1, 2, 7:
        for n in 0, 1, 5, 100:
            done = []
            share_out(lambda start, _, done=done: done.append(start), range(n), n_threads)
            assert sorted(done) == list(range(n))
