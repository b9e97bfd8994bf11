"""Work on several threads: results in order, few items ahead, and the first error in order."""

import threading
import time

import pytest

from fastw2v.formats import ordered


@pytest.mark.parametrize("cores", [1, 2, 5, 100])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 50])
def test_results_come_in_order(monkeypatch, cores, n):
    monkeypatch.setattr(ordered, "available_cores", lambda: cores)

    def work(i):
        time.sleep(0.001 * (i % 3 == 0))
        return -i

    assert list(ordered.map_in_order(work, range(n))) == [-i for i in range(n)]


@pytest.mark.parametrize("cores", [1, 2, 100])
def test_few_items_are_taken_ahead(monkeypatch, cores):
    monkeypatch.setattr(ordered, "available_cores", lambda: cores)
    taken = iter(range(1000))
    results = ordered.map_in_order(lambda i: i, taken)
    for i in range(20):
        assert next(results) == i
    assert next(taken) <= 20 + min(cores, ordered.MOST_THREADS) + 2


@pytest.mark.parametrize("cores", [1, 4])
def test_the_first_error_in_order_is_raised(monkeypatch, cores):
    monkeypatch.setattr(ordered, "available_cores", lambda: cores)
    late = threading.Event()

    def work(i):
        if i == 5 and cores > 1:
            late.wait(10)
        if i > 5:
            late.set()
        if i >= 5:
            raise ValueError(f"item {i}")
        return i

    results = ordered.map_in_order(work, range(100))
    assert [next(results) for _ in range(5)] == list(range(5))
    with pytest.raises(ValueError, match="item 5"):
        next(results)
