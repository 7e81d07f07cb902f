"""The children of one row, of which at most so many come along."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator

from sandbox.subset.keys import RowKey
from sandbox.subset.limits import ChildLimit


class Family:
    """Keeps those children that come first, and never holds more than it keeps.

    Args:
        limit: How many it keeps; which ones is told by the ages that are added with them.
        drawn: Gives the number that was drawn for a row; of rows of one age the lowest are kept.
    """

    def __init__(self, limit: ChildLimit, drawn: Callable[[RowKey], int]) -> None:
        self._most = limit.most
        self._drawn = drawn
        self._kept: dict[RowKey, int] = {}
        # The ones that go first on top; made when there are more than are kept, which is rare.
        self._last_first: list[tuple[int, int, RowKey]] = []
        self.was_cut = False

    def add(self, key: RowKey, age: int = 0) -> None:
        """Add a child; the same one twice is one. The lowest ages are kept."""
        if key in self._kept:
            return
        self._kept[key] = age
        if self._most is None or len(self._kept) <= self._most:
            return
        if not self.was_cut:
            self.was_cut = True
            self._last_first = [self._entry(*one) for one in self._kept.items()]
            heapq.heapify(self._last_first)
            _, _, goes = heapq.heappop(self._last_first)
        else:
            _, _, goes = heapq.heappushpop(self._last_first, self._entry(key, age))
        del self._kept[goes]

    def _entry(self, key: RowKey, age: int) -> tuple[int, int, RowKey]:
        return (-age, -self._drawn(key), key)

    def __iter__(self) -> Iterator[RowKey]:
        return iter(self._kept)
