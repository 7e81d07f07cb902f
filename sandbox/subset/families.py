"""The children of one row, of which at most so many come along."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator

from sandbox.subset.keys import RowKey


class Family:
    """Keeps those children that are drawn first, and never holds more than it keeps.

    Args:
        most: How many it keeps.
        drawn: Gives the number that was drawn for a row; the lowest ones are kept.
    """

    def __init__(self, most: int, drawn: Callable[[RowKey], int]) -> None:
        self._most = most
        self._drawn = drawn
        self._kept: dict[RowKey, None] = {}
        # The ones that go first on top; made when there are more than are kept, which is rare.
        self._last_first: list[tuple[int, RowKey]] = []
        self.was_cut = False

    def add(self, key: RowKey) -> None:
        """Add a child; the same one twice is one."""
        if key in self._kept:
            return
        if len(self._kept) < self._most:
            self._kept[key] = None
            return
        if not self.was_cut:
            self.was_cut = True
            self._last_first = [(-self._drawn(one), one) for one in self._kept]
            heapq.heapify(self._last_first)
        self._kept[key] = None
        _, goes = heapq.heappushpop(self._last_first, (-self._drawn(key), key))
        del self._kept[goes]

    def __iter__(self) -> Iterator[RowKey]:
        return iter(self._kept)
