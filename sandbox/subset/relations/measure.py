"""Ask the data whether a relation holds: of a bounded sample of values, how many the parent has.

The values stay on the server, which only says how many there are. Not one table is read whole or
sorted: values come from several places of the child, by ranges of an index with a LIMIT each, and
are looked up by the parent's unique key. Every question has a time limit, and all together, too.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol

from sandbox.database.expressions import quoted
from sandbox.errors import SourceBusy, StatementFailed
from sandbox.model import Column, Family, ForeignKey, Schema, Table
from sandbox.subset.comparison import matches, nobody, refers, text_literal
from sandbox.subset.relations.found import NOT_COMPARED, TOO_LONG, Measured
from sandbox.subset.relations.polymorphic import Pair, members_of

_PLACES = 8
_BY_INDEX = 125  # entries at each place; from a key's order more, for there values repeat
_BY_KEY = 500
_MOST_VALUES = 1000
_MOST_KINDS = 50
_SECONDS = 2  # one question
_ALTOGETHER = 60
_SIDES = 2
_FEW_GAPS = 4  # numbers for each key among them
_VALUES = "v"


class Asker(Protocol):
    """Whoever asks the source: a catalogue."""

    def rows(self, sql: str, /, where: str = "") -> list[tuple[Any, ...]]:
        """Ask, and give all rows."""


class Measurer:
    """Measures relations within its time; after that they are left unmeasured.

    Args:
        schema: The source's schema.
        asker: Asks the source.
        seconds: How long all questions together may take.
    """

    def __init__(self, schema: Schema, asker: Asker, seconds: float = _ALTOGETHER) -> None:
        self._schema = schema
        self._asker = asker
        self._ends = time.monotonic() + seconds
        self._places: dict[str, list[str]] = {}
        self._dense: dict[tuple[str, str], bool] = {}
        self._kinds: dict[tuple[str, str], tuple[str, ...] | None] = {}

    def measure(self, key: ForeignKey) -> Measured:
        """Look a sample of a relation's values up.

        Raises:
            SourceError: The source cannot be read any more.
        """
        if time.monotonic() > self._ends:
            return Measured(problem=TOO_LONG)
        child, parent = self._schema.tables[key.table], self._schema.tables[key.parent]
        try:
            sampled = self._sampled(key, child, parent)
            ((values, found, none),) = self._ask(_containment(key, child, parent, sampled), child)
            dense = self._is_dense(parent, key)
        except SourceBusy:
            return Measured(problem=TOO_LONG)
        except StatementFailed:
            return Measured(problem=NOT_COMPARED)
        return Measured(int(values or 0), int(found or 0), bool(none), dense)

    def kinds_of(self, pair: Pair) -> tuple[str, ...] | None:
        """Give what stands in the type column of a pair, as far as a bounded look tells.

        An empty text stands for NULL as well. A column of many values is no type column, and has
        none. None where it could not be looked at.

        Raises:
            SourceError: The source cannot be read any more.
        """
        if members := members_of(pair.kind):
            return (*members, "") if pair.kind.nullable else members
        where = (pair.table, pair.kind.name)
        if where not in self._kinds:
            self._kinds[where] = self._find_kinds(pair)
        return self._kinds[where]

    def _find_kinds(self, pair: Pair) -> tuple[str, ...] | None:
        if time.monotonic() > self._ends:
            return None
        table = self._schema.tables[pair.table]
        try:
            if table.index_on((pair.kind.name,), in_order=True):
                kinds = self._kinds_along_index(table, pair.kind)
            else:
                name = quoted(pair.kind.name)
                taken = _union(table, [name], self._places_of(table))
                sql = f"SELECT DISTINCT {name} FROM ({taken}) k LIMIT {_MOST_KINDS}"  # noqa: S608
                found = self._ask(sql, table)
                kinds = tuple("" if row[0] is None else str(row[0]) for row in found)
        except (SourceBusy, StatementFailed):
            return None
        return kinds if len(kinds) < _MOST_KINDS else ()

    def _kinds_along_index(self, table: Table, column: Column) -> tuple[str, ...]:
        """Go from one value to the next: as many steps as there are values, however many rows."""
        name, kinds = quoted(column.name), list[str]()
        after = ""
        absent = f"SELECT 1 FROM {quoted(table.name)} WHERE {name} IS NULL LIMIT 1"  # noqa: S608
        if column.nullable and self._ask(absent, table):
            kinds.append("")
        while len(kinds) < _MOST_KINDS:
            ((found,),) = self._ask(
                f"SELECT MIN({name}) FROM {quoted(table.name)}{after}",  # noqa: S608 - quoted
                table,
            )
            if found is None:
                break
            kinds.append(str(found))
            after = f" WHERE {name} > {text_literal(kinds[-1])}"
        return tuple(kinds)

    def _sampled(self, key: ForeignKey, child: Table, parent: Table) -> str:
        """Give the subquery of the child's values, those that mean nobody included."""
        names = [quoted(name) for name in key.columns]
        column = child.column(key.columns[0])
        index = child.index_on((column.name,))
        if len(names) == 1 and key.only is None and index:
            return _union(child, names, self._along(child, column, parent, key, index))
        if key.only is None:
            return _union(child, names, self._places_of(child))
        places = [*_nobody_of_pair(key, child, parent), *self._places_of(child)]
        return _union(child, [*names, quoted(key.only[0])], places)

    def _along(
        self, child: Table, column: Column, parent: Table, key: ForeignKey, index: str
    ) -> list[str]:
        """Give places along an index of the column itself, and one entry of what means nobody."""
        name, forced = quoted(column.name), f"FORCE INDEX ({quoted(index)})"
        absent = _means_nobody(column, parent.column(key.parent_columns[0]))
        places = [f"{forced} WHERE {condition} LIMIT 1" for condition in absent]
        if not column.is_integer:
            # Not in its order: an index of the first letters alone gives none, and all is sorted.
            filled = f"{name} > ''" if column.charset else f"{name} IS NOT NULL"
            places.append(f"{forced} WHERE {filled} LIMIT {_PLACES * _BY_INDEX // _SIDES}")
            return places + self._places_of(child)
        bounds = self._bounds(child, column, f"{forced} WHERE {name} > 0")
        places += [
            f"{forced} WHERE {name} >= {bound} ORDER BY {name} LIMIT {_BY_INDEX}"
            for bound in bounds
        ]
        # One number far off the others, and all of them lie at the first place: a parent of many
        # children may fill it alone. The child's rows in their own order have others.
        return places + self._places_of(child)

    def _places_of(self, table: Table) -> list[str]:
        """Give places in the order of the table's key; the beginning alone where it has none."""
        if table.name not in self._places:
            self._places[table.name] = self._find_places(table)
        return self._places[table.name]

    def _find_places(self, table: Table) -> list[str]:
        identity = table.identity
        index = table.index_on((identity[0].name,), in_order=True) if identity else ""
        if not index:
            return [f"LIMIT {_BY_KEY}"]
        first, forced = identity[0], f"FORCE INDEX ({quoted(index)})"
        name = quoted(first.name)
        if not first.is_integer:
            most = _PLACES * _BY_KEY // _SIDES
            return [f"{forced} ORDER BY {name}{order} LIMIT {most}" for order in ("", " DESC")]
        return [
            f"{forced} WHERE {name} >= {bound} ORDER BY {name} LIMIT {_BY_KEY}"
            for bound in self._bounds(table, first, forced)
        ]

    def _bounds(self, table: Table, column: Column, tail: str) -> Sequence[int]:
        """Give where places begin, evenly between the lowest and the highest number."""
        name = quoted(column.name)
        sql = f"SELECT MIN({name}), MAX({name}) FROM {quoted(table.name)} {tail}"  # noqa: S608
        ((low, high),) = self._ask(sql, table)
        if low is None or high is None:
            return ()
        width = (int(high) - int(low)) // _PLACES + 1
        return range(int(low), int(high) + 1, width)

    def _is_dense(self, parent: Table, key: ForeignKey) -> bool:
        """Tell whether almost any number of some range is a key of the parent."""
        column = parent.column(key.parent_columns[0])
        if not column.is_integer or len(key.columns) > 1:
            return False
        where = (parent.name, column.name)
        if where not in self._dense:
            self._dense[where] = self._has_runs(parent, column)
        return self._dense[where]

    def _has_runs(self, parent: Table, column: Column) -> bool:
        """Tell whether keys follow one another with hardly a gap, at any place that is looked at.

        The server's estimate of rows is not asked: it may be off by any factor. Nor is the range
        of all keys: one far off the others, and small numbers would seem rare.
        """
        name, index = quoted(column.name), quoted(parent.index_on((column.name,)))
        places = [
            f"SELECT {bound}, COUNT(*), MAX({name}) FROM (SELECT {name} "  # noqa: S608 - quoted
            f"FROM {quoted(parent.name)} FORCE INDEX ({index}) WHERE {name} >= {bound} "
            f"ORDER BY {name} LIMIT {_BY_INDEX}) a{number}"
            for number, bound in enumerate(self._bounds(parent, column, ""))
        ]
        rows = self._ask(" UNION ALL ".join(places), parent) if places else []
        return any(
            int(last) - int(first) < _FEW_GAPS * int(count) for first, count, last in rows if count
        )

    def _ask(self, sql: str, table: Table) -> list[tuple[Any, ...]]:
        return self._asker.rows(_within(self._schema, sql), f"table {table.name}")


def _nobody_of_pair(key: ForeignKey, child: Table, parent: Table) -> list[str]:
    """Give one entry of each thing that means nobody, where an index finds it."""
    if key.only is None or len(key.columns) > 1:
        return []
    index = child.index_on((key.only[0], *key.columns))
    if not index:
        return []
    kind = f"{quoted(key.only[0])} = {text_literal(key.only[1])}"
    absent = _means_nobody(child.column(key.columns[0]), parent.column(key.parent_columns[0]))
    forced = f"FORCE INDEX ({quoted(index)})"
    return [f"{forced} WHERE {kind} AND {condition} LIMIT 1" for condition in absent]


def _means_nobody(column: Column, other: Column) -> list[str]:
    """Give the conditions of rows that refer to nobody, each of which an index answers."""
    name = quoted(column.name)
    absent = [f"{name} IS NULL"] if column.nullable else []
    return absent + [f"{name} = {value}" for value in nobody(column, other)]


def _within(schema: Schema, sql: str) -> str:
    """Let a SELECT end after its time."""
    if schema.family is Family.MARIADB:
        return f"SET STATEMENT max_statement_time={_SECONDS} FOR {sql}"
    return sql.replace("SELECT", f"SELECT /*+ MAX_EXECUTION_TIME({_SECONDS * 1000}) */", 1)


def _union(table: Table, names: Sequence[str], places: Sequence[str]) -> str:
    """Put the rows of several places into one subquery, each with its own LIMIT."""
    shown = ", ".join(names)
    return " UNION ALL ".join(
        f"SELECT {shown} FROM (SELECT {shown} FROM {quoted(table.name)} {place}) a{number}"  # noqa: S608
        for number, place in enumerate(places or ["LIMIT 0"])
    )


def _containment(key: ForeignKey, child: Table, parent: Table, sampled: str) -> str:
    """Ask how many different values there are, how many the parent has, and whether any is nobody.

    Of a pair, only rows of its own kind are counted.
    """
    names = ", ".join(quoted(name) for name in key.columns)
    shown = names if key.only is None else f"{names}, {quoted(key.only[0])}"
    some = refers(key, child, parent, _VALUES)
    own = "TRUE" if key.only is None else f"{quoted(key.only[0])} = {text_literal(key.only[1])}"
    other = f"p.{quoted(key.parent_columns[0])}"
    matching = matches(key, child, parent, _VALUES, "p")
    return (
        f"SELECT SUM({some}), SUM({some} AND {other} IS NOT NULL), SUM(NOT ({some})) "  # noqa: S608
        f"FROM (SELECT DISTINCT {shown} FROM ({sampled}) s WHERE {own} LIMIT {_MOST_VALUES}) "
        f"{_VALUES} LEFT JOIN {quoted(parent.name)} p ON {matching}"
    )
