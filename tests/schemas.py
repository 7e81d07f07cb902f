"""Small schemas, written as tersely as tests read best."""

from __future__ import annotations

from sandbox.model import Column, Family, ForeignKey, Key, Schema, Table


def table(
    name: str,
    *references: str,
    key: tuple[str, ...] = ("id",),
    optional: tuple[str, ...] = (),
    cascades: tuple[str, ...] = (),
) -> Table:
    """Make a table of integer columns; a reference is ``column>parent``."""
    pairs = [reference.split(">") for reference in references]
    names = dict.fromkeys([*key, *(column for column, _ in pairs)])
    columns = tuple(Column(one, "int", "int(11)", nullable=one in optional) for one in names)
    keys = tuple(
        ForeignKey(f"{name}_{column}", name, (column,), parent, ("id",), column in cascades)
        for column, parent in pairs
    )
    return Table(name, "InnoDB", columns, (Key("PRIMARY", key),) if key else (), keys)


def schema(*tables: Table) -> Schema:
    """Put tables into a schema."""
    return Schema(
        "shop",
        Family.MARIADB,
        "10.11.6",
        "utf8mb4",
        "utf8mb4_unicode_ci",
        {one.name: one for one in tables},
    )
