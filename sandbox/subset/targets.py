"""Draw the sample of a target: rows that come for their own sake.

Membership is decided by a keyed hash of a row's key, so the same row is in or out next week. A
number of rows of a table whose key is one whole number is drawn by a keyed order instead, which
tells what to ask for without a look at all keys.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from sandbox.model import Reason, ReasonKind, Table
from sandbox.subset.answers import Source, rows_where
from sandbox.subset.keys import RowKey, draw
from sandbox.subset.order import DrawingOrder
from sandbox.subset.plan import TablePlan
from sandbox.subset.steps import blaming
from sandbox.subset.strata import Strata, StrataFound
from sandbox.subset.tries import has_order, try_first

_RANGE = 1 << 64


class Target:
    """One table whose rows are drawn.

    Args:
        table: The table.
        plan: What is taken of it.
        source: Answers inside the snapshot.
        secret: Decides which rows are drawn.

    Attributes:
        seen: How many rows meet the plan's condition, when all were looked at; None where they
            need not be.
        strata: What its strata were, when all rows were looked at; None where none were asked for.
    """

    def __init__(self, table: Table, plan: TablePlan, source: Source, secret: bytes) -> None:
        self._table = table
        self._plan = plan
        self._source = source
        self._secret = secret
        self._strata = Strata(table.name, plan.strata) if plan.strata is not None else None
        self._lacking: list[RowKey] = []
        self.seen: int | None = 0
        by_order = plan.share.rows is not None and has_order(table)
        self._order = DrawingOrder(secret, table.name) if by_order else None
        self.strata: StrataFound | None = None

    @property
    def reason(self) -> Reason:
        """Why its rows come."""
        return Reason(ReasonKind.DRAWN, self._plan.words)

    @property
    def reason_of_lacking(self) -> Reason:
        """Why those rows come that its strata lacked."""
        words = self._plan.strata.words if self._plan.strata is not None else ""
        return Reason(ReasonKind.DRAWN, words)

    def drawn(self) -> Iterator[RowKey]:
        """Give the keys of the rows that are drawn.

        When all have come, `seen` and `strata` say what there was.

        Raises:
            ConditionRefused: The source cannot run the plan's condition.
            SourceError: The source cannot be read.
            UsageError: There are more strata than may be.
        """
        with blaming(self._plan.limits[0] if self._plan.limits else "", self._table.name):
            yield from self._drawn()

    def _drawn(self) -> Iterator[RowKey]:
        share = self._plan.share
        if share.rows is not None:
            lowest = self._first(share.rows)
            yield from (key for _, key in lowest)
            below = lowest[-1][0] + 1 if lowest else 0
        else:
            below = int(share.fraction * _RANGE)
            yield from (key for number, key in self._numbered() if number < below)
        if self._strata is not None:
            self._lacking = [key for number, key in self._strata.rows() if number >= below]
            self.strata = StrataFound(len(self._strata), len(self._lacking))

    def lacking(self) -> Iterator[RowKey]:
        """Give the keys of the rows that strata lack when all that are drawn have come."""
        yield from self._lacking

    def _first(self, rows: int) -> list[tuple[int, RowKey]]:
        """Give the rows that are drawn first, with their numbers."""
        if self._order is not None and self._table.transactional and not self._looks_at_all:
            found = try_first(self._table, self._source, self._order, rows)
            if found is not None:
                self.seen = None
                return [(self.number(key), key) for key in found]
        return heapq.nsmallest(rows, self._numbered())

    @property
    def _looks_at_all(self) -> bool:
        """Whether every row has to be looked at, whichever are drawn."""
        return bool(self._plan.where) or self._strata is not None

    @property
    def below(self) -> int:
        """Below which the numbers of all rows are that are drawn; 0 where that shows only later."""
        share = self._plan.share
        return int(share.fraction * _RANGE) if share.rows is None else 0

    def number(self, key: RowKey) -> int:
        """Give the number that decides whether a row is drawn."""
        if self._order is not None:
            return self._order.place(key)
        return draw(self._secret, self._table.name, key)

    def _numbered(self) -> Iterator[tuple[int, RowKey]]:
        """Give every row that meets the condition, with the number that is drawn for it."""
        where, strata = self._plan.where, self._strata
        by = self._plan.strata.by if self._plan.strata is not None else ()
        columns = [self._table.column(one) for one in by]
        seen = 0
        for key, values in rows_where(self._source, self._table, where, columns):
            seen += 1
            number = self.number(key)
            if strata is not None:
                strata.see(values, number, key)
            yield number, key
        self.seen = seen
