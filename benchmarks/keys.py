"""How much memory do the keys of a subset take, against a Python set of the same numbers?

Draws half of so many whole numbers, takes them out again in parts of 50,000 as an export does, and
prints what that added to the process, and the ratio; the same with a reason for each key, of eleven
that are spread at random. ``python benchmarks/keys.py [MILLIONS]``.
"""

from __future__ import annotations

import multiprocessing
import random
import resource
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from multiprocessing.queues import SimpleQueue

from sandbox.subset.keys import RowKey, WholeNumbers

_MILLIONS = 8
_PART = 50_000
_REASONS = 11
_KILOBYTES = 1024


def main() -> None:
    """Measure both ways, each in a process of its own, and print the ratio."""
    millions = int(sys.argv[1]) if len(sys.argv) > 1 else _MILLIONS
    ways = (_our_keys, _with_reasons, _python_set)
    ours, reasoned, theirs = (_measured(way, millions) for way in ways)
    print(f"keys of {millions / 2:g} million of {millions} million rows, and parts of {_PART:,}")
    print(f"sandbox.subset.keys   {ours:8.1f} MB")
    print(f"with their reasons    {reasoned:8.1f} MB")
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


def _with_reasons(millions: int) -> None:
    keys = WholeNumbers()
    drawn, draw = _drawn(millions), random.Random(2)  # noqa: S311 - the same ones each time
    while some := list(islice(drawn, 1000)):
        keys.add_new(some)
        by_reason: dict[int, list[RowKey]] = {}
        for key in some:
            by_reason.setdefault(draw.randrange(_REASONS), []).append(key)
        for number, of_reason in by_reason.items():
            keys.mark(of_reason, number)
    waiting = iter(keys)
    while part := tuple(islice(waiting, _PART)):
        keys.marks_of(part)


def _python_set(millions: int) -> None:
    _take_out(iter(sorted(set(_drawn(millions)))))


def _take_out(waiting: Iterator[object]) -> None:
    while tuple(islice(waiting, _PART)):
        pass


if __name__ == "__main__":
    main()
