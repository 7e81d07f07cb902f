"""How many rows are of a class, and a few of them to take: bounded, whatever comes."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable

from sandbox.subset.keys import RowKey

Drawn = Callable[[RowKey], int]
Group = tuple[RowKey, ...]  # rows that show a class together; mostly one

# Candidates kept for each row that is wanted, so that there is a choice of those that bring little.
_SPARE = 16
# Candidates looked at for each row that is wanted: what is more frequent is in any sample.
_LOOKED_AT = 256


class Tally:
    """The rows of one class of one column or relation.

    Of the candidates those are kept that are drawn first, among the first ones that come: both are
    the same next week, for rows are read in the order of their key.

    Args:
        table: The table whose rows are counted.
        column: The column, or the relation's constraint.
        name: The class.
        wanted: How many rows of it are wanted.
        drawn: Gives the number that was drawn for a row.

    Attributes:
        rows: Rows that were found.
        remembered: Those of them that an earlier profile had found, in what was not read now.
        taken: Of those in the sample, how many are of the class.
    """

    __slots__ = (
        "_drawn", "_heap", "_left", "_most", "column", "name", "remembered", "rows", "table",
        "taken", "wanted",
    )  # fmt: skip

    def __init__(self, table: str, column: str, name: str, wanted: int, drawn: Drawn) -> None:
        self.table, self.column, self.name, self.wanted = table, column, name, wanted
        self.rows = self.remembered = self.taken = 0
        self._drawn = drawn
        self._most = _SPARE * wanted
        self._left = _LOOKED_AT * wanted
        # What is drawn last on top.
        self._heap: list[tuple[int, Group]] = []

    @property
    def is_open(self) -> bool:
        """Whether more candidates are looked at."""
        return self._left > 0

    @property
    def lacking(self) -> int:
        """How many rows of the class have to be taken yet."""
        return max(min(self.wanted, self.rows) - self.taken, 0)

    def rows_in_all(self, share: float) -> int:
        """Estimate the rows of the class in a whole table, of which a share was read."""
        return max(round((self.rows - self.remembered) / share), self.rows) if share else self.rows

    @property
    def candidates(self) -> list[Group]:
        """The rows to choose from, those that were drawn first first."""
        return [group for _, group in sorted(self._heap, reverse=True)]

    def offer(self, groups: Iterable[Group]) -> None:
        """Offer candidates."""
        for group in groups:
            if self._left <= 0:
                return
            self._left -= 1
            drawn = (-self._drawn(group[0]), group)
            if len(self._heap) < self._most:
                heapq.heappush(self._heap, drawn)
            elif drawn > self._heap[0]:
                heapq.heapreplace(self._heap, drawn)

    def begin_again(self) -> None:
        """Forget what came: it was not of the class after all."""
        self.rows = self.taken = 0
        self._left = _LOOKED_AT * self.wanted
        self._heap.clear()
