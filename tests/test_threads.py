"""Threads that end however the one that started them was interrupted; work shared out."""

import signal
import subprocess
import sys
import threading
import time

import pytest

from fastw2v import threads
from fastw2v.threads import Flag, Pool, StoppableThread, share_out, wait_for_all


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


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_a_thread_that_was_listed_but_not_begun_is_forgotten_within_a_second(monkeypatch, error):
    thread, before = Slow("listed"), threading.enumerate()

    def start(thread):
        threading._limbo[thread] = thread
        raise error

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(error):
        thread.start()
    assert thread in threading.enumerate()
    began = time.perf_counter()
    thread.wait()
    assert time.perf_counter() - began < 0.9
    assert threading.enumerate() == before


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


# What a signal's handler may leave when it raises in the main thread


class HandlerError(Exception):
    pass


def test_a_flag_whose_lock_was_left_still_wakes_up():
    flag = Flag()
    helper = threading.Timer(0.1, flag.set)
    helper.start()
    assert not flag.wait(0.01)
    helper.join()
    flag._unset.acquire()  # by a wait that was interrupted before it gave it back
    assert flag.is_set()
    assert flag.wait(0)
    assert flag.wait()
    flag.set()


def test_all_who_wait_for_a_flag_wake_up():
    flag, woken = Flag(), []
    waiting = [threading.Thread(target=lambda: woken.append(flag.wait())) for _ in range(4)]
    for thread in waiting:
        thread.start()
    flag.set()
    for thread in waiting:
        thread.join(5)
    assert woken == [True] * 4


def test_a_thread_whose_start_any_exception_interrupts_is_waited_for(monkeypatch):
    def interrupt(*_):
        raise HandlerError

    thread, before = Slow("slow"), threading.active_count()
    wait = thread._started.wait
    monkeypatch.setattr(thread._started, "wait", interrupt)
    with pytest.raises(HandlerError):
        thread.start()
    monkeypatch.setattr(thread._started, "wait", wait)
    thread.wait()
    assert thread.done.is_set()
    assert threading.active_count() == before


def test_a_thread_that_start_forgets_is_waited_for(monkeypatch):
    """Thread.start deletes it from a table, from which it has deleted itself already."""
    start = threading.Thread.start

    def forget(thread):
        start(thread)
        try:
            raise HandlerError
        except HandlerError:
            del {}[thread]

    thread = Slow("slow")
    monkeypatch.setattr(threading.Thread, "start", forget)
    with pytest.raises(HandlerError):
        thread.start()
    thread.wait()
    assert thread.done.is_set()


def test_a_thread_that_start_forgets_before_it_runs_is_not_waited_for():
    class Forgotten(Slow):
        def run(self):
            pass  # nor does it say that it is done

    thread = Forgotten("forgotten")
    thread.start()
    thread.wait()
    assert not thread.done.is_set()


@pytest.mark.parametrize("error", [KeyboardInterrupt, HandlerError])
def test_waiting_goes_on_through_any_exception(error, monkeypatch):
    first, second = Slow("first"), Slow("second")
    for thread in first, second:
        thread.start()
    calls = []
    real = first.done.wait

    def interrupted(*timeout):
        if not calls:
            calls.append(1)
            raise error
        return real(*timeout)

    monkeypatch.setattr(first.done, "wait", interrupted)
    with pytest.raises(error):
        wait_for_all([first, second])
    assert first.done.is_set()
    assert second.done.is_set()


def test_a_pool_gives_results_and_errors_and_ends():
    def work(n):
        if n == 3:
            raise HandlerError
        return n * n

    with Pool(3, "fastw2v-test") as pool:
        tasks = [pool.submit(work, n) for n in range(5)]
        assert [tasks[n].result() for n in (0, 1, 2, 4)] == [0, 1, 4, 16]
        with pytest.raises(HandlerError):
            tasks[3].result()
    assert not [thread for thread in threading.enumerate() if thread.name == "fastw2v-test"]


def test_a_pool_drops_what_nobody_waits_for():
    done = []

    def fail():
        with Pool(1, "fastw2v-test") as pool:
            for n in range(100):
                pool.submit(lambda n=n: (time.sleep(0.02), done.append(n)))
            raise HandlerError

    with pytest.raises(HandlerError):
        fail()
    assert len(done) < 10
    assert not [thread for thread in threading.enumerate() if thread.name == "fastw2v-test"]


def test_a_pool_ends_though_its_end_is_interrupted(monkeypatch):
    calls = []

    def interrupted(all_threads):
        calls.append(1)
        if len(calls) == 1:
            raise HandlerError
        wait_for_all(all_threads)

    monkeypatch.setattr(threads, "wait_for_all", interrupted)
    with pytest.raises(HandlerError), Pool(2, "fastw2v-test") as pool:
        pool.submit(time.sleep, 0.1)
    assert not [thread for thread in threading.enumerate() if thread.name == "fastw2v-test"]


ALARMS = """
import random, signal, sys, threading, time
import fastw2v
class Alarm(Exception):
    pass
def handler(*_):
    raise Alarm
sentences = [[random.randrange(300) for _ in range(20)] for _ in range(2_000)]
def work(**options):
    fastw2v.Model(sentences, workers=3, min_count=1, vector_size=8, sample=0, epochs=2).train(
        progress=False, **options)
work()
began = time.perf_counter()
work()
seconds = time.perf_counter() - began
signal.signal(signal.SIGALRM, handler)
caught = 0
for i in range(40):
    try:
        signal.setitimer(signal.ITIMER_REAL, random.uniform(0.001, seconds))
        work(**({"checkpoint": f"run{i}.ckpt", "every": 3_000} if i % 2 else {}))
        signal.setitimer(signal.ITIMER_REAL, 0)
    except Alarm:
        caught += 1
        left = threading.enumerate()
        assert left == [threading.main_thread()], left
print(caught)
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no such signals")
def test_signals_at_any_moment_leave_no_thread_and_nobody_waiting(tmp_path):
    command = [sys.executable, "-c", ALARMS]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10
    assert not list(tmp_path.glob("*.partial"))
