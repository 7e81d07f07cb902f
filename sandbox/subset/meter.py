"""How large a sample is while it grows: counted in rows, or weighed in bytes of their text.

Rows are weighed when no answer is on its way, so what was taken since the last time is priced by
what rows of its table weighed before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sandbox.model import Schema, Table
from sandbox.subset.budget import Budget, Unit
from sandbox.subset.growing import Row
from sandbox.subset.keys import RowKey


class Scale(Protocol):
    """What weighs rows: it counts them, or gives the bytes of their text as a bundle holds it."""

    def whole(self, table: Table) -> float:
        """Weigh every row of a table."""

    def rows(self, table: Table, keys: Sequence[RowKey]) -> float:
        """Weigh some rows of a table."""

    def one(self, table: Table) -> float:
        """Give what one row of a table weighs, about."""


class Meter:
    """How much of a budget is used.

    Args:
        budget: The budget.
        scale: Weighs rows in the budget's unit.
        schema: Has the tables.

    Attributes:
        used: Rows or bytes of what was taken.
        whole: Those of tables that are whole.
        fresh: Those of them that came since it was settled last.
    """

    def __init__(self, budget: Budget, scale: Scale, schema: Schema) -> None:
        self.budget = budget
        self._scale = scale
        self._schema = schema
        for table in schema.tables.values():
            scale.one(table)  # may ask the source: later there could be an answer on its way
        self._exact = budget.unit is Unit.ROWS
        self._waiting: dict[str, tuple[Table, list[RowKey]]] = {}
        self.used = self.whole = self.fresh = 0.0

    @property
    def room(self) -> float:
        """How much is left."""
        return self.budget.amount - self.used

    def took_whole(self, table: Table) -> None:
        """Hear of a table that is taken whole."""
        weight = self._scale.whole(table)
        self.whole += weight
        self.used += weight

    def took(self, table: Table, keys: Sequence[RowKey]) -> None:
        """Hear of rows that were taken."""
        price = len(keys) * self._scale.one(table)
        self.used += price
        self.fresh += price
        if not self._exact and keys:
            self._waiting.setdefault(table.name, (table, []))[1].extend(keys)

    def settle(self) -> None:
        """Weigh what was only priced so far."""
        self.fresh = 0.0
        while self._waiting:
            _, (table, keys) = self._waiting.popitem()
            price = len(keys) * self._scale.one(table)
            self.used += self._scale.rows(table, keys) - price

    def price(self, table: Table, rows: int = 1) -> float:
        """Give what some rows of a table will use, about."""
        return rows * self._scale.one(table)

    def affordable(self, rows: Sequence[tuple[Row, frozenset[Row]]]) -> int:
        """Tell how many of some rows there is room for, from the first on.

        Args:
            rows: Each with the rows that it brings; what several bring is paid once.
        """
        room, paid = self.room, set[Row]()
        for count, (row, brings) in enumerate(rows):
            new = ({row} | brings) - paid
            room -= sum(self.price(self._schema.tables[table]) for table, _ in new)
            if room < 0:
                return count
            paid |= new
        return len(rows)
