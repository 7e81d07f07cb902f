"""Large schemas for tests, from a description that reads like a list; rows are made up, seeded.

A table is a line with its name and how many rows it has, and below it, further in, its columns::

    orders_{a,b} 500
        id id; customer_id ref > customers; sku code? ~ products.sku; external_id int !
        owner_id ref ~ by owner_type Ticket=tickets User=users
        unique sku; key customer_id

Braces make several tables of one; ``SELF`` is the table's own name, ``BASE`` that name without its
last part. ``?`` behind a kind allows NULL, ``-`` has hardly anything else, ``%`` writes 0 for
nobody. ``>`` is a declared relation, ``~`` one that only the application knows; with ``1`` behind
it each parent has one child, and ``@60`` behind the parent lets only its first sixty rows have any.
``!`` marks a decoy: a column that looks like a key and is none.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from schema_values import KINDS, Value

Row = dict[str, Value]
NOBODY = 0.1  # of the rows that may refer to nobody do
MANY = 250  # rows of a table that grows


@dataclass(frozen=True)
class Relation:
    """A real relation of two tables.

    Attributes:
        only: Which rows of a polymorphic pair it is for: the type column and its value.
        single: Whether each parent has one child.
        most: How many parents have children.
    """

    table: str
    column: str
    parent: str
    parent_column: str
    declared: bool
    only: tuple[str, str] | None = None
    single: bool = False
    most: int = 1 << 30

    def __str__(self) -> str:
        where = f" where {self.only[0]} = '{self.only[1]}'" if self.only else ""
        return f"{self.table}.{self.column} -> {self.parent}.{self.parent_column}{where}"

    @property
    def orphaned(self) -> str:
        """SQL over ``c``, the child: it refers to a parent that is not there."""
        nobody = f"c.{self.column} IS NOT NULL AND CAST(c.{self.column} AS CHAR) NOT IN ('', '0')"
        only = f" AND c.{self.only[0]} = {literal(self.only[1])}" if self.only else ""
        there = f"SELECT 1 FROM {self.parent} p WHERE p.{self.parent_column} = c.{self.column}"
        return f"{nobody}{only} AND NOT EXISTS ({there})"


@dataclass
class Made:
    """A column."""

    name: str
    kind: str
    nullable: bool = False
    zero: bool = False
    rare: bool = False
    decoy: bool = False
    relations: list[Relation] = field(default_factory=list)

    @property
    def optional(self) -> bool:
        return self.nullable or self.rare

    @property
    def definition(self) -> str:
        return (
            f"`{self.name}` {KINDS[self.kind].declared}{' NULL' if self.optional else ' NOT NULL'}"
        )


@dataclass
class MadeTable:
    """A table, and the rows that were made for it."""

    name: str
    wanted: int
    columns: dict[str, Made] = field(default_factory=dict)
    primary: tuple[str, ...] = ()
    uniques: list[tuple[str, ...]] = field(default_factory=list)
    indexes: list[tuple[str, ...]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def add(self, item: str) -> None:
        first, *rest = item.split()
        if first == "primary":
            self.primary = tuple(rest)
        elif first == "unique":
            self.uniques.append(tuple(rest))
        elif first == "key":
            self.indexes.append(tuple(rest))
        else:
            self.columns[first] = self._column(first, *rest)

    def _column(self, name: str, kind: str, *more: str) -> Made:
        plain = kind.rstrip("?%-")
        column = Made(name, plain, "?" in kind, "%" in kind, "-" in kind, more == ("!",))
        if plain in {"id", "sid"}:
            self.primary = (name,)
        if more[:2] == ("~", "by"):
            for pair in more[3:]:
                said, _, parent = pair.partition("=")
                column.relations.append(self._relation(name, parent, "~", (more[2], said)))
        elif more and more != ("!",):
            column.relations.append(self._relation(name, more[1], more[0], None))
        return column

    def _relation(
        self, name: str, target: str, sign: str, only: tuple[str, str] | None
    ) -> Relation:
        target, _, most = target.partition("@")
        parent, _, other = target.partition(".")
        one = Relation(self.name, name, parent, other, sign[0] == ">", only, sign[1:] == "1")
        return replace(one, most=int(most)) if most else one

    def definition(self, collation: str) -> str:
        keys = [f"PRIMARY KEY ({', '.join(self.primary)})"] if self.primary else []
        keys += [f"UNIQUE KEY ({', '.join(one)})" for one in self.uniques]
        keys += [f"KEY ({', '.join(one)})" for one in self.indexes]
        keys += [
            f"FOREIGN KEY (`{one.column}`) REFERENCES {one.parent} (`{one.parent_column}`)"
            for column in self.columns.values()
            for one in column.relations
            if one.declared
        ]
        lines = ",\n".join([*(one.definition for one in self.columns.values()), *keys])
        options = f"ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation}"
        return f"CREATE TABLE {self.name} (\n{lines}\n) {options}"


@dataclass
class MadeSchema:
    """All tables of a schema with their rows, and the truth about its relations."""

    tables: Mapping[str, MadeTable]
    collation: str

    @property
    def relations(self) -> list[Relation]:
        return [
            relation
            for table in self.tables.values()
            for column in table.columns.values()
            for relation in column.relations
        ]

    @property
    def decoys(self) -> set[str]:
        return {
            f"{table.name}.{column.name}"
            for table in self.tables.values()
            for column in table.columns.values()
            if column.decoy
        }

    @property
    def row_count(self) -> int:
        return sum(len(table.rows) for table in self.tables.values())

    def statements(self) -> Iterator[str]:
        """Give what makes the tables and fills them."""
        yield "SET foreign_key_checks = 0, unique_checks = 0, sql_mode = '', sql_log_bin = 0"
        for table in self.tables.values():
            yield table.definition(self.collation)
        yield "BEGIN"
        for table in self.tables.values():
            names = ", ".join(f"`{name}`" for name in table.columns)
            for first in range(0, len(table.rows), 1000):
                rows = ",".join(
                    f"({','.join(literal(row[name]) for name in table.columns)})"
                    for row in table.rows[first : first + 1000]
                )
                yield f"INSERT INTO {table.name} ({names}) VALUES {rows}"
        yield "COMMIT"


Shape = Callable[[list[Row]], None]


def make_schema(
    description: str,
    collation: str,
    shapes: Mapping[str, Shape] | None = None,
    seed: int = 1,
    times: int = 1,
) -> MadeSchema:
    """Make a schema and its rows.

    Args:
        description: The tables.
        collation: Of every text.
        shapes: By table, what gives its rows what no single column can have.
        seed: Of the rows.
        times: How often the rows that a line says are made, where there are many: what everybody
            has grows with a shop, and its lists of roles and states do not.
    """
    tables = {one.name: one for text in _blocks(description) for one in _read(text)}
    for table in tables.values():
        table.wanted *= times if table.wanted >= MANY else 1
    for table in tables.values():
        for column in table.columns.values():
            column.relations = [_completed(one, tables) for one in column.relations]
    rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
    late = []
    for table in _parents_first(tables):
        late += [
            (table, column, tables[one.parent])
            for column in table.columns.values()
            for one in column.relations
            if one.parent != table.name
            and tables[one.parent].wanted
            and not tables[one.parent].rows
        ]
        _fill(rng, table, tables)
        if shapes and table.name in shapes:
            shapes[table.name](table.rows)
    for table, column, parent in late:
        _refer_late(rng, table, column, parent)
    return MadeSchema(tables, collation)


def _parents_first(tables: Mapping[str, MadeTable]) -> Iterator[MadeTable]:
    done: set[str] = set()

    def give(table: MadeTable) -> Iterator[MadeTable]:
        if table.name in done:
            return
        done.add(table.name)
        for column in table.columns.values():
            for one in column.relations:
                yield from give(tables[one.parent])
        yield table

    for table in tables.values():
        yield from give(table)


def _refer_late(rng: random.Random, table: MadeTable, column: Made, parent: MadeTable) -> None:
    """Refer to a parent that was filled after its child: the two refer to each other."""
    one = column.relations[0]
    values = [row[one.parent_column] for row in parent.rows][: one.most]
    for row in table.rows:
        if not column.nullable or rng.random() > NOBODY:
            row[column.name] = _parent(rng, column, values)


def literal(value: Value) -> str:
    """Write a value as SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"X'{value.hex()}'" if value else "''"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
    return str(value)


def _blocks(description: str) -> Iterator[list[str]]:
    block: list[str] = []
    for line in description.splitlines():
        if line.strip() and not line[0].isspace():
            if block:
                yield block
            block = []
        if line.strip():
            block.append(line.strip())
    yield block


def _read(lines: list[str]) -> Iterator[MadeTable]:
    pattern, wanted = lines[0].split()
    for name in _expanded(pattern):
        table = MadeTable(name, int(wanted))
        for line in lines[1:]:
            for item in line.split(";"):
                table.add(item.replace("SELF", name).replace("BASE", name.rpartition("_")[0]))
        yield table


def _expanded(pattern: str) -> Iterator[str]:
    """Give every name of a pattern with braces, as a shell does."""
    parts = [part.split("}") for part in pattern.split("{")]
    choices: list[Sequence[str]] = [[parts[0][0]]]
    for inside, behind in parts[1:]:
        choices += [inside.split(","), [behind]]
    yield from ("".join(chosen) for chosen in product(*choices))


def _completed(one: Relation, tables: Mapping[str, MadeTable]) -> Relation:
    column = one.parent_column or tables[one.parent].primary[0]
    return replace(one, parent_column=column)


def _fill(rng: random.Random, table: MadeTable, tables: Mapping[str, MadeTable]) -> None:
    known: dict[str, list[Value]] = {}
    for one in (one for column in table.columns.values() for one in column.relations):
        parent = tables[one.parent]
        values = [row[one.parent_column] for row in parent.rows]
        known[str(one)] = [value for value in values if value is not None]
    keys = [key for key in (table.primary, *table.uniques) if key]
    seen: list[set[tuple[Value, ...]]] = [set() for _ in keys]
    number, step = rng.choice([(1, 1), (1, 1), (41, 3), (1200, 2), (9000, 5)])
    number = 1 if table.primary and table.columns[table.primary[0]].kind == "sid" else number
    for _ in range(table.wanted):
        for _attempt in range(8):
            row = _row(rng, table, known, number)
            marks = [tuple(row[name] for name in key) for key in keys]
            if not any(mark in past for mark, past in zip(marks, seen, strict=True)):
                break
        else:
            continue
        for mark, past in zip(marks, seen, strict=True):
            if None not in mark:
                past.add(mark)
        table.rows.append(row)
        for column in table.columns.values():
            for one in column.relations:
                if one.parent == table.name:
                    known[str(one)].append(row[one.parent_column])
        number += 1 if step == 1 else rng.randint(1, step)


def _row(
    rng: random.Random, table: MadeTable, known: Mapping[str, list[Value]], number: int
) -> Row:
    row: Row = {}
    for column in table.columns.values():
        if column.optional and (rng.random() < NOBODY) is column.nullable:
            row[column.name] = None
        elif column.relations:
            chosen = rng.choice(column.relations)
            if chosen.only:
                row[chosen.only[0]] = chosen.only[1]
            values = known[str(chosen)]
            if chosen.single and values:
                row[column.name] = values[len(table.rows) % len(values)]
            else:
                row[column.name] = _parent(rng, column, values, chosen.most)
        else:
            row.setdefault(column.name, KINDS[column.kind].make(rng, number))
    return {name: row[name] for name in table.columns}


def _parent(
    rng: random.Random, column: Made, values: Sequence[Value], most: int = 1 << 30
) -> Value:
    """Refer to a parent, to some much more often than to others."""
    if not values or (column.zero and rng.random() < NOBODY):
        return None if column.optional else 0
    return values[int(min(len(values), most) * rng.random() ** 4)]
