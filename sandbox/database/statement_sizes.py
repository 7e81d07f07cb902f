"""How many keys a statement names: as many as the source answers within a time.

A thousand narrow rows come in milliseconds, a thousand wide ones of a busy server in seconds, and
whoever has to wait for us waits for a statement. So each kind of statement begins moderately, and
grows or shrinks by how long the ones before it took: after ``--chunk-time`` of
pt-online-schema-change. What is read does not depend on it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from sandbox.database.conditions import RowKey

SECONDS = 0.5
"""How long a statement may take, about."""

LEAST, FIRST, MOST = 10, 250, 1000  # keys; more than that were no faster, see docs/subset.md

_AT_MOST_TIMES, _AT_LEAST_TIMES = 2.0, 0.25  # in one step: one slow answer may be somebody's lock


def evenly(keys: Iterable[RowKey], count: int) -> Iterator[list[RowKey]]:
    """Cut keys into lists of the same length, but for the last one."""
    waiting = iter(keys)
    while some := list(islice(waiting, count)):
        yield some


class StatementSizes:
    """How many keys the next statement of each kind names.

    Args:
        seconds: How long a statement should take at most.
        clock: Tells the seconds that count: those in which the source works for us.
        bounds: How many keys a statement names at least, at first and at most.
    """

    def __init__(
        self,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
        bounds: tuple[int, int, int] = (LEAST, FIRST, MOST),
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._least, self._first, self._most = bounds
        self._sizes: dict[str, int] = {}

    def cut(self, kind: str, keys: Iterable[RowKey]) -> Iterator[list[RowKey]]:
        """Cut keys into statements; what happens until the next is asked for counts as its time.

        Args:
            kind: What the statement asks, so that it is compared with its like: a table's name.
            keys: The keys, in order: the server reads its pages in turn.
        """
        waiting = iter(keys)
        while some := list(islice(waiting, self._sizes.get(kind, self._first))):
            began = self._clock()
            yield some
            self._learn(kind, len(some), self._clock() - began)

    def _learn(self, kind: str, count: int, seconds: float) -> None:
        size = self._sizes.get(kind, self._first)
        if count < size and seconds <= self._seconds:
            return  # a rest that was answered quickly tells nothing of a whole one
        times = self._seconds / seconds if seconds > 0 else _AT_MOST_TIMES
        times = min(max(times, _AT_LEAST_TIMES), _AT_MOST_TIMES)
        self._sizes[kind] = min(max(round(count * times), self._least), self._most)
