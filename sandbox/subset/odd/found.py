"""What was found of odd rows, and taken: plain values for the plan, without any value of a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Covered:
    """A class of odd rows of one column or relation.

    Attributes:
        table: The table.
        column: The column, or the relation's constraint; empty for a class of the project's own.
        name: The class.
        rows: Rows of it in the source.
        taken: Rows of it in the sample.
        exact: Whether `rows` was counted, not estimated from a part of the table.
        taken_exact: Whether `taken` is all of them, not what was looked at.
    """

    table: str
    column: str
    name: str
    rows: int
    taken: int
    exact: bool = True
    taken_exact: bool = True

    @property
    def where(self) -> str:
        """Where it is: table and column."""
        return f"{self.table}.{self.column}" if self.column else self.table


@dataclass(frozen=True, slots=True)
class LookedAt:
    """How much of a table was looked at.

    Attributes:
        table: The table.
        share: The part of its rows, 1.0 for all of them.
        words: What of it, or why not, where it is not all.
    """

    table: str
    share: float
    words: str = ""


@dataclass(frozen=True, slots=True)
class Cover:
    """The odd rows of an export.

    Attributes:
        classes: What was found, by table and column.
        named: The project's own classes.
        tables: How much of each table was looked at.
        added: Rows that came to the sample for it, their parents included.
        seconds: How long production was read for it.
    """

    classes: tuple[Covered, ...] = ()
    named: tuple[Covered, ...] = ()
    tables: tuple[LookedAt, ...] = ()
    added: int = 0
    seconds: float = 0.0


def unlooked(table: str) -> str:
    """Give how a line of a manifest begins that says what of a table nobody looked at."""
    return f"odd rows of table {table}: "


def merged(classes: Iterable[Covered]) -> list[Covered]:
    """Add up the classes of one column that have one name, as rare members have."""
    found: dict[tuple[str, str, str], Covered] = {}
    for one in classes:
        key = (one.table, one.column, one.name)
        before = found.get(key)
        found[key] = (
            one
            if before is None
            else replace(
                before,
                rows=before.rows + one.rows,
                taken=before.taken + one.taken,
                exact=before.exact and one.exact,
                taken_exact=before.taken_exact and one.taken_exact,
            )
        )
    return sorted(found.values(), key=lambda one: (one.table, one.column, one.name))
