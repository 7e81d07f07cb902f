"""How each type of column is read so that not a bit is lost, and how it goes back.

The text protocol rounds FLOAT to six digits, prints BIT as raw bytes and ENUM index 0 like an empty
member. Those are selected through an expression that is exact; the load statement undoes it. All
else is the plain column, read under ``character_set_results = binary`` and time zone ``+00:00``.
Measured: `docs/bundle-format.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.model import Column

_AS_NUMBER = frozenset({"enum", "set", "bit"})
# Their text form, read back as binary, would be taken for their packed form (or refused).
_NEEDS_CHARSET = {"json": "utf8mb4", "uuid": "ascii", "inet6": "ascii", "inet4": "ascii"}


@dataclass(frozen=True, slots=True)
class LoadTarget:
    """Where a field of a part goes.

    Attributes:
        field: What stands in the field list of LOAD DATA: the quoted column, or a variable.
        assignment: The ``SET`` clause's part that fills the column; empty for a plain column.
    """

    field: str
    assignment: str = ""


def quoted(name: str) -> str:
    """Quote an identifier.

    >>> quoted("odd`name")
    '`odd``name`'
    """
    return "`" + name.replace("`", "``") + "`"


def read_expression(column: Column, alias: str = "") -> str:
    """Give the SQL expression that reads a column exactly, of the table with this alias if any.

    >>> read_expression(Column("weight", "float", "float"))
    '`weight` * 1e0'
    """
    name = f"{alias}.{quoted(column.name)}" if alias else quoted(column.name)
    if column.kind in _AS_NUMBER:
        return f"CAST({name} AS UNSIGNED)"
    if column.kind == "float" or (column.kind == "double" and "(" in column.declared):
        # Widened to a DOUBLE without declared decimals, which prints with all its digits.
        return f"{name} * 1e0"
    return name


def load_target(column: Column, position: int) -> LoadTarget:
    """Give where the field of a column goes; `position` makes the variable's name unique.

    >>> load_target(Column("kind", "enum", "enum('a','b')"), 3).assignment
    '`kind` = CAST(@v3 AS UNSIGNED)'
    """
    name, variable = quoted(column.name), f"@v{position}"
    if column.kind in _AS_NUMBER:
        return LoadTarget(variable, f"{name} = CAST({variable} AS UNSIGNED)")
    charset = _NEEDS_CHARSET.get(column.kind)
    if charset:
        return LoadTarget(variable, f"{name} = CONVERT({variable} USING {charset})")
    return LoadTarget(name)
