"""Threads that end however the one that started them was interrupted."""

import threading
import time

import pytest

from fastw2v import threads
from fastw2v.threads import StoppableThread


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
