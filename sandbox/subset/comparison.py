"""How the two sides of a reference are compared: as the server would, along the parent's key.

The server converts both sides of a declared reference alike. Those of an undeclared one may differ
in type, character set or collation, and the plain comparison then reads the whole parent for every
child. Here the child's value is converted, so that the parent's index answers.
"""

from __future__ import annotations

import re

from sandbox.database.expressions import quoted
from sandbox.model import Column, ForeignKey, Table

_TEXTS = frozenset({"char", "varchar"})
_DECIMALS = frozenset({"decimal", "numeric"})
_SAME_KIND = _DECIMALS | {"binary", "varbinary", "uuid"}
_NUMBER = "^ *[-+]?[0-9]"
_WORD = re.compile(r"[A-Za-z0-9_]+")


def can_refer(child: Column, parent: Column) -> bool:
    """Tell whether values of one column may be keys of another, by their types.

    A ``tinyint(1)`` is yes or no, whatever it is called.
    """
    if child.generated or parent.generated:
        return False
    if child.is_integer and parent.is_integer:
        return not child.declared.startswith("tinyint(1)") or parent.kind == "tinyint"
    if child.kind in _TEXTS or parent.kind in _TEXTS:
        return all(one.is_integer or one.kind in _TEXTS for one in (child, parent))
    return child.kind == parent.kind and child.kind in _SAME_KIND


def is_converted(child: Column, parent: Column) -> bool:
    """Tell whether the child's value has to be converted: then no index of the child answers."""
    if child.kind in _TEXTS and parent.kind in _TEXTS:
        return (child.charset, child.collation) != (parent.charset, parent.collation)
    return child.is_integer != parent.is_integer


def matches(key: ForeignKey, child: Table, parent: Table, child_alias: str, alias: str) -> str:
    """Give the condition that a row of the child refers to a row of the parent.

    Args:
        key: The reference.
        child: Its child.
        parent: Its parent.
        child_alias: What the statement calls the child.
        alias: What it calls the parent.
    """
    pairs = zip(key.columns, key.parent_columns, strict=True)
    equal = [
        _equal(key, f"{child_alias}.{quoted(own)}", child.column(own),
               f"{alias}.{quoted(other)}", parent.column(other))
        for own, other in pairs
    ]  # fmt: skip
    return " AND ".join([*equal, *_only(key, child_alias)])


def refers(key: ForeignKey, child: Table, parent: Table, alias: str) -> str:
    """Give the condition that a row refers to somebody at all.

    NULL is nobody. In an undeclared reference of one column 0 and '' are nobody, too: so PHP writes
    them. (Where the parent has a row of that key, `matches` finds it all the same.)
    """
    conditions = [f"{alias}.{quoted(name)} IS NOT NULL" for name in key.columns]
    if not key.declared and len(key.columns) == 1:
        column, other = child.column(key.columns[0]), parent.column(key.parent_columns[0])
        name = f"{alias}.{quoted(column.name)}"
        conditions += [f"{name} <> {value}" for value in nobody(column, other)]
    return " AND ".join([*conditions, *_only(key, alias)])


def nobody(child: Column, parent: Column) -> tuple[str, ...]:
    """Give the literals, beside NULL, that stand for "no parent" in an undeclared reference."""
    if child.is_integer or child.kind in _DECIMALS:
        return ("0",)
    if child.kind == "varbinary":
        return ("''",)
    if child.kind in _TEXTS:
        return ("''", "'0'") if parent.is_integer else ("''",)
    return ()


def text_literal(text: str) -> str:
    """Give the literal of a text; the server converts it to the column's character set."""
    return f"_utf8mb4 x'{text.encode().hex()}'"


def _only(key: ForeignKey, alias: str) -> list[str]:
    if key.only is None:
        return []
    column, value = key.only
    return [f"{alias}.{quoted(column)} = {text_literal(value)}"]


def _equal(key: ForeignKey, value: str, child: Column, other: str, parent: Column) -> str:
    if key.declared or not is_converted(child, parent):
        return f"{value} = {other}"
    if parent.is_integer:
        # The number finds the row by its key; the plain comparison, as the application has it,
        # refuses what merely begins with that number where the server does. To the server every
        # other text is 0: no reference to a row of that number.
        number = "UNSIGNED" if "unsigned" in parent.declared else "SIGNED"
        is_number = f"{value} REGEXP '{_NUMBER}'"
        return f"{other} = CAST({value} AS {number}) AND {other} = {value} AND {is_number}"
    if child.is_integer:
        value = f"CAST({value} AS CHAR)"
    if not _WORD.fullmatch(parent.charset) or not _WORD.fullmatch(parent.collation):
        return f"{value} = {other}"
    return f"{other} = CONVERT({value} USING {parent.charset}) COLLATE {parent.collation}"
