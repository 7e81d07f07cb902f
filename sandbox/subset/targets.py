"""Draw the sample of a target: rows that come for their own sake.

Membership is decided by a keyed hash of a row's key, so the same row is in or out next week.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator

from sandbox.model import Reason, ReasonKind, Table
from sandbox.subset.answers import Source, keys_where
from sandbox.subset.keys import RowKey, draw
from sandbox.subset.plan import TablePlan

_RANGE = 1 << 64


class Target:
    """One table whose rows are drawn.

    Args:
        table: The table.
        plan: What is taken of it.
        source: Answers inside the snapshot.
        secret: Decides which rows are drawn.
    """

    def __init__(self, table: Table, plan: TablePlan, source: Source, secret: bytes) -> None:
        self._table = table
        self._plan = plan
        self._source = source
        self._secret = secret
        self.counted: int | None = None

    @property
    def reason(self) -> Reason:
        """Why its rows come."""
        condition = " that meet the condition" if self._plan.where else ""
        return Reason(ReasonKind.DRAWN, f"{self._plan.share} of its rows{condition}")

    def drawn(self) -> Iterator[RowKey]:
        """Give the keys of the rows that are drawn.

        When all have come, `counted` is how many rows the table has, if each was looked at.

        Raises:
            SourceError: The source cannot be read, or cannot run the plan's condition.
        """
        keys = keys_where(self._source, self._table, self._plan.where)
        if not self._plan.where:
            keys = self._counting(keys)
        share = self._plan.share
        if share.rows is not None:
            return iter(heapq.nsmallest(share.rows, keys, key=self._draw))
        below = int(share.fraction * _RANGE)
        return (key for key in keys if self._draw(key) < below)

    def _draw(self, key: RowKey) -> int:
        return draw(self._secret, self._table.name, key)

    def _counting(self, keys: Iterable[RowKey]) -> Iterator[RowKey]:
        count = 0
        for count, key in enumerate(keys, 1):  # noqa: B007 - the last one is the count
            yield key
        self.counted = count
