"""How much memory do the keys of a subset take, against a Python set of the same numbers?

Draws half of so many whole numbers, takes them out again in parts of 50,000 as an export does, and
prints what that added to the process, and the ratio. ``python benchmarks/keys.py [MILLIONS]``.
"""

from __future__ import annotations

import multiprocessing
import random
import resource
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from multiprocessing.queues import SimpleQueue

from sandbox.subset.keys import WholeNumbers

_MILLIONS = 8
_PART = 50_000
_KILOBYTES = 1024


def main() -> None:
    """Measure both ways, each in a process of its own, and print the ratio."""
    millions = int(sys.argv[1]) if len(sys.argv) > 1 else _MILLIONS
    ours, theirs = (_measured(way, millions) for way in (_our_keys, _python_set))
    print(f"keys of {millions / 2:g} million of {millions} million rows, and parts of {_PART:,}")
    print(f"sandbox.subset.keys   {ours:8.1f} MB")
    print(f"a set of int          {theirs:8.1f} MB")
    print(f"ratio                 {theirs / ours:8.1f} x")


def _measured(way: Callable[[int], None], millions: int) -> float:
    context = multiprocessing.get_context("spawn")
    answers = context.SimpleQueue()
    process = context.Process(target=_run, args=(way, millions, answers))
    process.start()
    added = answers.get()
    process.join()
    return float(added)


def _run(way: Callable[[int], None], millions: int, answers: SimpleQueue[float]) -> None:
    before = _largest()
    way(millions)
    answers.put((_largest() - before) / _KILOBYTES)


def _largest() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _drawn(millions: int) -> Iterator[int]:
    draw = random.Random(1)  # noqa: S311 - the same rows each time
    return (key for key in range(millions * 1_000_000) if draw.random() < 0.5)  # noqa: PLR2004


def _our_keys(millions: int) -> None:
    keys = WholeNumbers()
    drawn = _drawn(millions)
    while some := list(islice(drawn, 1000)):
        keys.add_new(some)
    _take_out(iter(keys))


def _python_set(millions: int) -> None:
    _take_out(iter(sorted(set(_drawn(millions)))))


def _take_out(waiting: Iterator[object]) -> None:
    while tuple(islice(waiting, _PART)):
        pass


if __name__ == "__main__":
    main()
