"""Work on several threads, whose results come in order; little of it is in memory at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from fastw2v.resources import available_cores
from fastw2v.threads import Pool, Task

MOST_THREADS = 8  # more would wait for the one that reads or writes

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_order(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Work on several items at a time, and yield the results in the items' order."""
    items = iter(items)
    ahead = list(islice(items, 2))
    workers = min(available_cores(), MOST_THREADS)
    if len(ahead) < 2 or workers == 1:
        yield from map(work, ahead)
        yield from map(work, items)
        return
    with Pool(workers, "fastw2v-vectors") as pool:
        running: deque[Task[Result]] = deque(pool.submit(work, item) for item in ahead)
        del ahead
        for item in items:
            if len(running) > workers:
                yield running.popleft().result()
            running.append(pool.submit(work, item))
        while running:
            yield running.popleft().result()
