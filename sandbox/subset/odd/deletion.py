"""Rows that are marked as deleted, by the name of the column that says so."""

from __future__ import annotations

from sandbox.database.expressions import quoted
from sandbox.model import Cell, Table

_NAMES = frozenset({"deleted", "is_deleted", "deleted_at", "deleted_on", "removed_at"})
_NOT_DELETED = frozenset({None, b"", b"0"})


def deletion_of(table: Table) -> str:
    """Give the name of the column that says that a row is deleted; empty where there is none."""
    names = {column.name.lower(): column.name for column in table.stored_columns}
    return next((names[name] for name in sorted(_NAMES) if name in names), "")


def says_deleted(mark: Cell) -> bool:
    """Tell whether what stands in that column marks the row as deleted."""
    return mark not in _NOT_DELETED and not (mark or b"").startswith(b"0000-00-00")


def alive(table: Table, alias: str = "") -> str:
    """Give the condition of the rows that are not deleted; empty where nothing says so."""
    name = deletion_of(table)
    if not name:
        return ""
    place = f"{alias}.{quoted(name)}" if alias else quoted(name)
    text = f"COALESCE(CAST({place} AS CHAR), '0')"
    return f"({text} IN ('', '0') OR {text} LIKE '0000-00-00%')"
