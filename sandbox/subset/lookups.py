"""The questions that a closure asks the source, as SQL.

Rows are always named by their own identity, and parents are found by joining on the server: so text
keys compare as the server compares them, and a child without its parent shows as NULL. After
Jailer, which collects row identities table by table to a fixpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sandbox.database.conditions import among
from sandbox.database.expressions import quoted, read_expression
from sandbox.model import Cell, Column, ForeignKey, Schema, Table
from sandbox.subset.comparison import matches, refers
from sandbox.subset.keys import RowKey, keys_of

_CHILD, _PARENT = "c", "p"


@dataclass(frozen=True, slots=True)
class Told:
    """Where an answer tells of one reference.

    Attributes:
        reference: The reference.
        orphan: Column that is 1 where the row refers to a parent that is not there; -1 where
            another question tells.
        first: Where the key of the parent begins: all NULL where there is none.
        width: How many columns it has; 0 where no parent is to be taken.
    """

    reference: ForeignKey
    orphan: int
    first: int
    width: int


@dataclass(frozen=True, slots=True)
class Question:
    """A SELECT whose answer is a row's key, and what was asked beside it.

    Attributes:
        sql: The statement.
        key: How many columns, from the first on, make the row's key. What was asked for beside it
            comes behind it.
        parents: What it tells of the row's references.
        owner: For children: where the key of the parent that was asked for begins; -1 else.
        width: Number of columns altogether.
    """

    sql: str
    key: int
    parents: tuple[Told, ...]
    owner: int
    width: int


def parents_in(
    schema: Schema, told: Told, columns: Sequence[Sequence[Cell]], rows: Sequence[int]
) -> Iterator[tuple[int, RowKey]]:
    """Give those of some rows that an answer names a parent of, each with the parent's key."""
    if told.width:
        found = [row for row in rows if columns[told.first][row] is not None]
        keys = columns[told.first : told.first + told.width]
        cells = [[column[row] for row in found] for column in keys]
        parent = schema.tables[told.reference.parent]
        yield from zip(found, keys_of(parent, cells), strict=True)


def ask_for_keys(table: Table, where: str, beside: Sequence[Column] = ()) -> Question:
    """Ask for the keys of the rows that meet a condition; the condition may be empty.

    Args:
        table: The table.
        where: The condition.
        beside: Columns whose cells are asked for behind the key.
    """
    key = len(key_columns(table))
    shown = [read_expression(column) for column in (*key_columns(table), *beside)]
    clause = f" WHERE ({where}\n)" if where else ""  # a comment may end what somebody wrote
    return Question(
        f"SELECT {', '.join(shown)} FROM {quoted(table.name)}{clause}",  # noqa: S608
        key,
        (),
        -1,
        len(shown),
    )


def ask_for_parents(
    schema: Schema, table: Table, keys: Sequence[RowKey] | None
) -> Iterator[Question]:
    """Ask for the parents of the rows of these keys; of every row where `keys` is None.

    The first question gives each row once, whatever it refers to, so that orphans can be counted.
    Parents that no key tells apart are whole already: of them it is asked only whether they are
    there. A reference that several parents may meet has a question of its own.
    """
    joined = [key for key in table.foreign_keys if schema.tables[key.parent].identity]
    alone = [key for key in joined if not _meets_one(schema, key)]
    yield _ask_for_parents(schema, table, keys, [key for key in joined if key not in alone])
    for key in alone:
        yield _ask_for_parents(schema, table, keys, [key], count=False)


def _ask_for_parents(
    schema: Schema,
    table: Table,
    keys: Sequence[RowKey] | None,
    joined: Sequence[ForeignKey],
    *,
    count: bool = True,
) -> Question:
    shown = [read_expression(column, _CHILD) for column in key_columns(table)]
    key_width = len(shown)
    joins, parents = [], []
    for number, key in enumerate(table.foreign_keys):
        alias = f"{_PARENT}{number}"
        orphan = first = -1
        taken: tuple[Column, ...] = ()
        if count:
            orphan = len(shown)
            shown.append(_is_orphan(schema, key, alias, joined=key in joined))
        if key in joined:
            first, taken = len(shown), schema.tables[key.parent].identity
            shown += [read_expression(column, alias) for column in taken]
            matching = _matches(schema, key, alias)
            joins.append(f" LEFT JOIN {quoted(key.parent)} {alias} ON {matching}")
        parents.append(Told(key, orphan, first, len(taken)))
    clause = "" if keys is None else f" WHERE {among(table.identity, keys, _CHILD)}"
    source = f"{quoted(table.name)} {_CHILD}{''.join(joins)}"
    sql = f"SELECT {', '.join(shown)} FROM {source}{clause}"  # noqa: S608 - quoted by ourselves
    return Question(sql, key_width, tuple(parents), -1, len(shown))


def ask_for_children(
    schema: Schema, key: ForeignKey, parents: Sequence[RowKey], beside: Sequence[Column] = ()
) -> Question:
    """Ask for the keys of the rows that refer, along one reference, to these parents.

    Args:
        schema: The source's schema.
        key: The reference.
        parents: The keys of the parents.
        beside: Columns of the child whose cells are asked for behind its key.
    """
    child, parent = schema.tables[key.table], schema.tables[key.parent]
    width = len(key_columns(child))
    shown = [read_expression(column, _CHILD) for column in (*key_columns(child), *beside)]
    owner = len(shown)
    shown += [read_expression(column, _PARENT) for column in parent.identity]
    sql = (
        f"SELECT {', '.join(shown)} FROM {quoted(parent.name)} {_PARENT} "  # noqa: S608
        f"JOIN {quoted(child.name)} {_CHILD} ON {_matches(schema, key, _PARENT)} "
        f"WHERE {among(parent.identity, parents, _PARENT)}"
    )
    return Question(sql, width, (), owner, len(shown))


def ask_for_orphans(schema: Schema, key: ForeignKey) -> Question:
    """Ask how many rows of a table refer, along one reference, to a parent that is not there."""
    sql = (
        f"SELECT COUNT(*) FROM {quoted(key.table)} {_CHILD} "  # noqa: S608
        f"LEFT JOIN {quoted(key.parent)} {_PARENT} ON {_matches(schema, key, _PARENT)} "
        f"WHERE {_is_orphan(schema, key, _PARENT, joined=True)}"
    )
    return Question(sql, 1, (), -1, 1)


def ask_whether_small(table: Table, most: int) -> Question:
    """Ask how many rows a table has, counting no further than one more than `most`."""
    sql = f"SELECT COUNT(*) FROM (SELECT 1 FROM {quoted(table.name)} LIMIT {most + 1}) few"  # noqa: S608
    return Question(sql, 1, (), -1, 1)


def key_columns(table: Table) -> tuple[Column, ...]:
    """Give the columns that make a row's key; every stored one where no key tells rows apart."""
    return table.identity or table.stored_columns


def _meets_one(schema: Schema, key: ForeignKey) -> bool:
    """Tell whether at most one parent can have what a reference names; InnoDB lets it be many."""
    named = set(key.parent_columns)
    return any(named.issuperset(unique.columns) for unique in schema.tables[key.parent].keys)


def _is_orphan(schema: Schema, key: ForeignKey, parent: str, *, joined: bool) -> str:
    """Give the condition of rows that refer to a parent that is not there."""
    some = refers(key, schema.tables[key.table], schema.tables[key.parent], _CHILD)
    if joined:
        return f"{some} AND {parent}.{quoted(key.parent_columns[0])} IS NULL"
    matching = _matches(schema, key, parent)
    there = f"SELECT 1 FROM {quoted(key.parent)} {parent} WHERE {matching}"  # noqa: S608
    return f"{some} AND NOT EXISTS ({there})"


def _matches(schema: Schema, key: ForeignKey, parent_alias: str) -> str:
    child, parent = schema.tables[key.table], schema.tables[key.parent]
    return matches(key, child, parent, _CHILD, parent_alias)
