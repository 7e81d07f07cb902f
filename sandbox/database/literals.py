"""A cell's bytes as an SQL literal that compares exactly as the stored value does.

The bytes are those that a reader gives: `expressions.read_expression` under binary results.
"""

from __future__ import annotations

import re

from sandbox.errors import NoLiteral
from sandbox.model import Column

_INTEGER = re.compile(rb"-?[0-9]+")
_DECIMAL = re.compile(rb"-?[0-9]+(\.[0-9]+)?")
_DOUBLE = re.compile(rb"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", re.IGNORECASE)
_TIME = re.compile(rb"-?[0-9]{1,4}([-: .][0-9]{1,6}){0,6}")
_ADDRESS = re.compile(rb"[0-9a-fA-F:.\-]+")
_CHARSET = re.compile(r"[a-z0-9_]+")
_NUMBERED = frozenset({"enum", "set", "bit", "year"})
_TIMES = frozenset({"date", "datetime", "timestamp", "time"})
_TEXTS = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})
_ADDRESSES = frozenset({"uuid", "inet4", "inet6"})
_BYTES = frozenset(
    {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "vector", "geometry"}
)


def literal(value: bytes, column: Column) -> str:  # noqa: PLR0911 - one for each kind
    r"""Give the literal of a cell.

    >>> literal(b"42", Column("id", "int", "int(11)"))
    '42'
    >>> literal(b"M\xfc", Column("name", "varchar", "varchar(9)", charset="latin1"))
    "_latin1 x'4dfc'"

    Raises:
        NoLiteral: The bytes are no value of the column.
    """
    if column.is_integer or column.kind in _NUMBERED:
        return _matched(_INTEGER, value, column)
    if column.kind in {"decimal", "numeric"}:
        return _matched(_DECIMAL, value, column)
    if column.kind in {"float", "double"}:
        text = _matched(_DOUBLE, value, column)
        # Without an exponent it would be a DECIMAL, and compare as one.
        return text if "e" in text.lower() else f"{text}e0"
    if column.kind in _TIMES:
        return f"'{_matched(_TIME, value, column)}'"
    if column.kind in _TEXTS and _CHARSET.fullmatch(column.charset):
        return f"_{column.charset} x'{value.hex()}'"
    if column.kind in _ADDRESSES:
        return f"'{_matched(_ADDRESS, value, column)}'"
    if column.kind in _BYTES:
        # Empty is written as text: x'' is one to some versions and a number to others.
        return f"x'{value.hex()}'" if value else "''"
    raise NoLiteral(f"Values of column {column.name} ({column.kind}) cannot be compared with.")


def _matched(form: re.Pattern[bytes], value: bytes, column: Column) -> str:
    if form.fullmatch(value) is None:
        raise NoLiteral(f"A value of column {column.name} is no {column.kind}.")
    return value.decode("ascii")
