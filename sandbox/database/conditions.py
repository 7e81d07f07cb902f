"""Conditions that name rows by their keys, in forms that servers take as ranges of the key.

Measured with EXPLAIN: a test holds every version we have images of to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sandbox.database.expressions import quoted
from sandbox.database.literals import literal
from sandbox.model import Cell, Column

KeyPart = int | bytes
RowKey = KeyPart | tuple[KeyPart, ...]

# In a comparison of whole rows, MySQL takes their number for a text: no row is ever equal.
_NOT_IN_ROWS = frozenset({"enum", "set"})


def among(identity: Sequence[Column], keys: Iterable[RowKey], alias: str = "") -> str:
    """Give the condition of the rows with these keys.

    >>> number, line = Column("id", "int", "int"), Column("line", "int", "int")
    >>> among([number], [7, 9], "p"), among([number, line], [(7, 1), (7, 2)])
    ('p.`id` IN (7,9)', '(`id`,`line`) IN ((7,1),(7,2))')
    >>> among([number, Column("kind", "enum", "enum('a')")], [(7, 1), (8, 1)])
    '((`id`=7 AND `kind`=1) OR (`id`=8 AND `kind`=1))'

    Args:
        identity: The columns that tell a row from all others.
        keys: A number or bytes each, or a tuple of them where several columns make the key; at
            least one.
        alias: What the statement calls the table; nothing where it needs no name.
    """
    names = [f"{alias}.{quoted(one.name)}" if alias else quoted(one.name) for one in identity]
    if len(identity) == 1:
        flat = (key[0] if isinstance(key, tuple) else key for key in keys)
        return f"{names[0]} IN ({','.join(_literal(part, identity[0]) for part in flat)})"
    rows = [
        [_literal(part, column) for part, column in zip(_parts(key), identity, strict=True)]
        for key in keys
    ]
    if any(column.kind in _NOT_IN_ROWS for column in identity):
        equal = (" AND ".join(map("=".join, zip(names, row, strict=True))) for row in rows)
        return f"({' OR '.join(f'({pairs})' for pairs in equal)})"
    tuples = ",".join(f"({','.join(row)})" for row in rows)
    return f"({','.join(names)}) IN ({tuples})"


def beyond(identity: Sequence[Column], last: Sequence[Cell]) -> str:
    """Give the condition of the rows whose keys come after `last`.

    >>> number, line = Column("id", "int", "int"), Column("line", "int", "int")
    >>> beyond([number, line], [b"7", b"2"])
    '(`id` > 7) OR (`id` = 7 AND `line` > 2)'
    """
    alternatives = []
    for position, column in enumerate(identity):
        same = [
            f"{quoted(earlier.name)} = {literal(last[index] or b'', earlier)}"
            for index, earlier in enumerate(identity[:position])
        ]
        later = f"{quoted(column.name)} > {literal(last[position] or b'', column)}"
        alternatives.append(" AND ".join([*same, later]))
    return " OR ".join(f"({alternative})" for alternative in alternatives)


def _parts(key: RowKey) -> tuple[KeyPart, ...]:
    return key if isinstance(key, tuple) else (key,)


def _literal(part: KeyPart, column: Column) -> str:
    return str(part) if isinstance(part, int) else literal(part, column)
