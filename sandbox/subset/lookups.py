"""The questions that a closure asks the source, as SQL.

Rows are always named by their own identity, and parents are found by joining on the server: so text
keys compare as the server compares them, and a child without its parent shows as NULL. After
Jailer, which collects row identities table by table to a fixpoint.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sandbox.database.expressions import quoted, read_expression
from sandbox.database.literals import literal
from sandbox.model import Column, ForeignKey, Schema, Table
from sandbox.subset.keys import RowKey

_CHILD, _PARENT = "c", "p"


@dataclass(frozen=True, slots=True)
class Question:
    """A SELECT whose answer is a row's key, and what was asked beside it.

    Attributes:
        sql: The statement.
        key: How many columns, from the first on, make the row's key.
        parents: For each joined reference: the reference, where its flag stands (1 where the row
            refers to something), where the parent's key begins, and how many columns it has.
        owner: For children: where the key of the parent that was asked for begins; -1 else.
        width: Number of columns altogether.
    """

    sql: str
    key: int
    parents: tuple[tuple[ForeignKey, int, int, int], ...]
    owner: int
    width: int


def followed(schema: Schema, table: Table) -> tuple[ForeignKey, ...]:
    """Give a table's references whose parents can be told apart; all others are taken whole."""
    return tuple(
        key
        for key in table.foreign_keys
        if key.parent in schema.tables and schema.tables[key.parent].identity
    )


def ask_for_keys(table: Table, where: str) -> Question:
    """Ask for the keys of the rows that meet a condition; the condition may be empty."""
    shown = [read_expression(column) for column in key_columns(table)]
    clause = f" WHERE ({where})" if where else ""
    return Question(
        f"SELECT {', '.join(shown)} FROM {quoted(table.name)}{clause}",  # noqa: S608
        len(shown),
        (),
        -1,
        len(shown),
    )


def ask_for_parents(schema: Schema, table: Table, keys: Sequence[RowKey] | None) -> Question:
    """Ask for the parents of the rows of these keys; of every row where `keys` is None."""
    shown = [read_expression(column, _CHILD) for column in key_columns(table)]
    key_width = len(shown)
    joins, parents = [], []
    for number, key in enumerate(followed(schema, table)):
        alias = f"{_PARENT}{number}"
        parent = schema.tables[key.parent]
        flag = len(shown)
        shown.append(" AND ".join(f"{_CHILD}.{quoted(name)} IS NOT NULL" for name in key.columns))
        shown += [read_expression(column, alias) for column in parent.identity]
        joins.append(f" LEFT JOIN {quoted(parent.name)} {alias} ON {_matches(key, alias)}")
        parents.append((key, flag, flag + 1, len(parent.identity)))
    clause = "" if keys is None else f" WHERE {named_by(table, keys, _CHILD)}"
    source = f"{quoted(table.name)} {_CHILD}{''.join(joins)}"
    sql = f"SELECT {', '.join(shown)} FROM {source}{clause}"  # noqa: S608 - quoted by ourselves
    return Question(sql, key_width, tuple(parents), -1, len(shown))


def ask_for_children(schema: Schema, key: ForeignKey, parents: Sequence[RowKey]) -> Question:
    """Ask for the keys of the rows that refer, along one reference, to these parents."""
    child, parent = schema.tables[key.table], schema.tables[key.parent]
    shown = [read_expression(column, _CHILD) for column in key_columns(child)]
    owner = len(shown)
    shown += [read_expression(column, _PARENT) for column in parent.identity]
    sql = (
        f"SELECT {', '.join(shown)} FROM {quoted(parent.name)} {_PARENT} "  # noqa: S608
        f"JOIN {quoted(child.name)} {_CHILD} ON {_matches(key, _PARENT)} "
        f"WHERE {named_by(parent, parents, _PARENT)}"
    )
    return Question(sql, owner, (), owner, len(shown))


def ask_for_orphans(schema: Schema, key: ForeignKey) -> Question:
    """Ask how many rows of a table refer, along one reference, to a parent that is not there."""
    child, parent = quoted(key.table), quoted(schema.tables[key.parent].name)
    refers = " AND ".join(f"{_CHILD}.{quoted(name)} IS NOT NULL" for name in key.columns)
    alone = f"{_PARENT}.{quoted(key.parent_columns[0])} IS NULL"
    sql = (
        f"SELECT COUNT(*) FROM {child} {_CHILD} LEFT JOIN {parent} {_PARENT} "  # noqa: S608
        f"ON {_matches(key, _PARENT)} WHERE {refers} AND {alone}"
    )
    return Question(sql, 1, (), -1, 1)


def ask_whether_small(table: Table, most: int) -> Question:
    """Ask how many rows a table has, counting no further than one more than `most`."""
    sql = f"SELECT COUNT(*) FROM (SELECT 1 FROM {quoted(table.name)} LIMIT {most + 1}) few"  # noqa: S608
    return Question(sql, 1, (), -1, 1)


def key_columns(table: Table) -> tuple[Column, ...]:
    """Give the columns that make a row's key; every stored one where no key tells rows apart."""
    return table.identity or table.stored_columns


def named_by(table: Table, keys: Iterable[RowKey], alias: str = "") -> str:
    """Give the condition that names rows by their keys.

    >>> from sandbox.model import Column, Key
    >>> number = Column("id", "int", "int", nullable=False)
    >>> named_by(Table("orders", "InnoDB", (number,), (Key("PRIMARY", ("id",)),)), [7, 9])
    '`id` IN (7,9)'
    """
    prefix = f"{alias}." if alias else ""
    names = [f"{prefix}{quoted(column.name)}" for column in table.identity]
    if len(names) == 1:
        values = (_literal(key, table.identity[0]) for key in keys)
        return f"{names[0]} IN ({','.join(values)})"
    rows = (
        "(" + ",".join(_literal(cell, column) for cell, column in zip(key, table.identity)) + ")"  # noqa: B905
        for key in keys
        if isinstance(key, tuple)
    )
    return f"({', '.join(names)}) IN ({','.join(rows)})"


def _literal(key: RowKey, column: Column) -> str:
    if isinstance(key, int):
        return str(key)
    if isinstance(key, bytes):
        return literal(key, column)
    raise TypeError("a key of several columns names a row of several columns")


def _matches(key: ForeignKey, parent_alias: str) -> str:
    return " AND ".join(
        f"{_CHILD}.{quoted(child)} = {parent_alias}.{quoted(parent)}"
        for child, parent in zip(key.columns, key.parent_columns, strict=True)
    )
