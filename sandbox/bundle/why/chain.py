"""Follow what brought a row, row by row, to one that was drawn, named, odd or of a whole table.

Reasons alone are stored, so the next row is found in the data: a parent by what its child refers
to; for a row that came as somebody's parent, a child that refers to it and whose own way ends. The
search is breadth first, sees no row twice, and so ends in cycles, too. After Jailer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.bundle.manifest import TableEntry
from sandbox.bundle.reader import Bundle
from sandbox.bundle.reasons import ReasonEntry
from sandbox.bundle.why.links import Link, Side, Values, links_of
from sandbox.bundle.why.rows import Columns, Row, first_places, rows_of, shown_columns
from sandbox.model import Cell, ReasonKind

_ROOTS = frozenset({ReasonKind.WHOLE, ReasonKind.DRAWN, ReasonKind.NAMED, ReasonKind.ODD})
_BY_PARENT = frozenset({ReasonKind.CHILD, ReasonKind.FAMILY})
# Children come along only of rows that came for their own sake: that way always ends.
_SURE = _ROOTS | {ReasonKind.CHILD}
_MOST_LEADS = 100_000  # rows that are remembered on the way: some 100 MB

NOT_NOTED = "the sandbox that made the bundle did not note why rows came"
NOBODY_KNOWS = "the row took another's place while its table was read outside the snapshot"
NEWER = "it came for something that this version does not know"
NOT_FOUND = "no row of the bundle is that one, as far as values can be compared here"
TOO_MANY = f"the search ended after {_MOST_LEADS:,} rows that it could be"


@dataclass(frozen=True, slots=True)
class Step:
    """A row, and what brought it.

    Attributes:
        row: The row.
        link: The reference that it came along; None where it came for its own sake.
    """

    row: Row
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """How a row came: each step's row was brought by the next one's.

    Attributes:
        steps: From the row that was asked for to the one that it all began with.
        problem: Why it does not end there; empty where it does.
    """

    steps: tuple[Step, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Lead:
    """A row on the way, and the one that it would have brought."""

    row: Row
    brought: _Lead | None = None


@dataclass
class _Wanted:
    """Values that are looked for on one side of a reference.

    Attributes:
        link: The reference.
        side: The side.
        leads: By the values, what they would have brought.
    """

    link: Link
    side: Side
    leads: dict[Values, _Lead] = field(default_factory=dict)

    def columns(self, table: TableEntry) -> Columns:
        """Give the columns that tell whether a row is wanted."""
        only = [self.link.only[0]] if self.is_child and self.link.only is not None else []
        return Columns(table, [*self.side.columns, *only])

    @property
    def is_child(self) -> bool:
        """Whether children are looked for, of which there may be many."""
        return self.side is self.link.child

    def meets(self, cells: Mapping[str, Cell]) -> tuple[Values, _Lead] | None:
        """Give what a row would have brought, and by which values."""
        values = self.side.values(cells)
        if values is None or values not in self.leads:
            return None
        if self.is_child and not self.link.holds_for(cells):
            return None
        return values, self.leads[values]


class Chains:
    """Explains the rows of one bundle.

    Args:
        bundle: The bundle.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._tables = {table.name: table for table in bundle.manifest.tables}
        self._links = links_of(bundle.manifest)
        self._columns = {table.name: self._needed(table) for table in bundle.manifest.tables}

    def columns(self, table: TableEntry) -> Columns:
        """Give the columns of a table that a row is explained by."""
        return Columns(table, self._columns[table.name])

    def explain(self, row: Row) -> Chain:
        """Say how a row came.

        Args:
            row: With the cells of `columns`.

        Raises:
            BundleInvalid: The bundle is damaged.
        """
        frontier = [_Lead(row)]
        seen = {(row.table, row.place)}
        while True:
            for lead in frontier:
                if lead.row.reason is not None and lead.row.reason.kind in _ROOTS:
                    return self._chain(lead)
            wanted = self._wanted(frontier)
            if not wanted:
                return self._chain(frontier[0], self._problem(frontier[0].row))
            following = self._follow(wanted, seen)
            if not following:
                too_many = len(seen) > _MOST_LEADS
                return self._chain(frontier[0], TOO_MANY if too_many else NOT_FOUND)
            frontier = following

    def _needed(self, table: TableEntry) -> list[str]:
        names = shown_columns(table)
        for link in self._links.values():
            for side in (link.child, link.parent):
                if side.table == table.name:
                    names += side.columns
            if link.only is not None and link.child.table == table.name:
                names.append(link.only[0])
        return names

    def _link(self, reason: ReasonEntry | None) -> Link | None:
        return None if reason is None else self._links.get((reason.child, reason.relation))

    def _wanted(self, leads: Sequence[_Lead]) -> dict[str, list[_Wanted]]:
        """Give by table what is looked for in it, to find the next rows."""
        found: dict[tuple[str, str, bool], _Wanted] = {}
        for lead in leads:
            reason, link = lead.row.reason, self._link(lead.row.reason)
            if reason is None or link is None:
                continue
            by_parent = reason.kind in _BY_PARENT
            if not by_parent and reason.kind != ReasonKind.PARENT:
                continue
            own, other = (link.child, link.parent) if by_parent else (link.parent, link.child)
            values = own.values(lead.row.cells)
            if values is not None:
                which = (link.child.table, link.name, by_parent)
                found.setdefault(which, _Wanted(link, other)).leads.setdefault(values, lead)
        by_table: dict[str, list[_Wanted]] = {}
        for one in found.values():
            by_table.setdefault(one.side.table, []).append(one)
        return by_table

    def _follow(self, wanted: dict[str, list[_Wanted]], seen: set[tuple[str, int]]) -> list[_Lead]:
        """Find the rows that are wanted, in no more parts than to one whose way surely ends."""
        found: list[_Lead] = []
        for table, some in wanted.items():
            for leads in self._search(self._tables[table], some, seen):
                found += leads  # all of them: the way of one may lead through another
                if any(one.row.reason and one.row.reason.kind in _SURE for one in leads):
                    return found
        return found

    def _search(
        self, table: TableEntry, wanted: Sequence[_Wanted], seen: set[tuple[str, int]]
    ) -> Iterator[list[_Lead]]:
        """Give, part by part, the rows of a table that are wanted and were not seen before."""
        columns = self.columns(table)
        looked_at = [(one, one.columns(table)) for one in wanted]
        for part, first in first_places(table):
            found: list[_Lead] = []
            rows = rows_of(self._bundle, table, part)
            for place, (number, fields) in enumerate(rows, start=first):
                for one, few in looked_at:
                    met = one.meets(few.cells(fields))
                    if met is None or (table.name, place) in seen or len(seen) > _MOST_LEADS:
                        continue
                    values, lead = met
                    seen.add((table.name, place))
                    reason = reason_of(table, number)
                    row = Row(table.name, place, columns.cells(fields), reason)
                    found.append(_Lead(row, lead))
                    if not one.is_child:  # one parent is enough
                        del one.leads[values]
            yield found
            if not any(one.leads for one in wanted):
                return

    def _chain(self, lead: _Lead, problem: str = "") -> Chain:
        steps: list[Step] = []
        at: _Lead | None = lead
        while at is not None:
            steps.append(Step(at.row, self._link(at.row.reason)))
            at = at.brought
        return Chain(tuple(reversed(steps)), problem)

    def _problem(self, row: Row) -> str:
        if row.reason is None:
            return NOBODY_KNOWS if self._tables[row.table].reasons else NOT_NOTED
        known = row.reason.kind in {*_BY_PARENT, ReasonKind.PARENT}
        return NOT_FOUND if known else NEWER


def reason_of(table: TableEntry, number: int) -> ReasonEntry | None:
    """Give a reason of a table by its number; None where nobody knows."""
    return table.reasons[number - 1] if number else None
