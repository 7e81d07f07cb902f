"""What a column gives back of what is written into it, where that is not the same.

A load reads back what it wrote and compares the bytes: so masked values are written like this. For
numbers see `number_types`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from sandbox.masking.charsets import charset_named
from sandbox.masking.maskers import catalogue
from sandbox.masking.maskers.catalogue import family_of
from sandbox.masking.maskers.json_members import as_server_keeps_it
from sandbox.masking.maskers.number_types import NumberType
from sandbox.model import Column

_LENGTH = re.compile(r"\((\d+)\)")
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?: ([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?)?"
)


def declared_length(column: Column) -> int | None:
    """Give the length that a type is declared with, in characters or bytes.

    >>> declared_length(Column("name", "varchar", "varchar(80)"))
    80
    """
    found = _LENGTH.search(column.declared)
    return int(found[1]) if found else None


def held_by(column: Column) -> Callable[[bytes], bytes] | None:
    """Give the function from what is written to what is read; None where both are the same.

    A CHAR loses blanks behind its text, a BINARY is filled up, and a UUID is in small letters.
    """
    if column.kind == "char":
        blank = charset_named(column.charset).encode(" ")
        return lambda cell: _without_end(cell, blank)
    if column.kind == "binary":
        length = declared_length(column) or 1
        return lambda cell: cell.ljust(length, b"\0")
    if column.kind == "uuid":
        return bytes.lower
    if column.kind == "json":
        return _held_by_json
    return None


def _held_by_json(cell: bytes) -> bytes:
    """Give what MySQL makes of JSON; MariaDB keeps it as text."""
    return as_server_keeps_it(cell.decode("utf-8", "surrogateescape")).encode(
        "utf-8", "surrogateescape"
    )


def constant_of(column: Column, value: str) -> bytes:
    """Give what a column holds of a constant.

    Raises:
        ValueError: It cannot hold it.
    """
    family = family_of(column)
    if family in {catalogue.INTEGER, catalogue.NUMBER}:
        return _number(column, value).encode()
    if family == catalogue.DATE:
        return _moment(column, value).encode()
    cell = charset_named(column.charset).encode(value)
    held = held_by(column)
    longest = declared_length(column)
    size = len(cell) if family == catalogue.BINARY else len(value)
    if longest is not None and size > longest:
        raise ValueError("longer than the column")
    return cell if held is None else held(cell)


def _number(column: Column, value: str) -> str:
    try:
        held = NumberType.of(column).held(Decimal(value))
    except InvalidOperation:
        held = None
    if held is None:
        raise ValueError("not a number that the column holds")
    return held


def _moment(column: Column, value: str) -> str:
    found = _MOMENT.fullmatch(value)
    decimals = declared_length(column) or 0
    if found is None or len(found[3] or "") > decimals:
        raise ValueError("not a date as the column holds it")
    day, clock, fraction = found[1], found[2] or "00:00:00", found[3] or ""
    if column.kind == "date":
        if found[2] is not None:
            raise ValueError("not a date as the column holds it")
        return day
    return f"{day} {clock}" + (f".{fraction.ljust(decimals, '0')}" if decimals else "")


def _without_end(cell: bytes, blank: bytes) -> bytes:
    while cell.endswith(blank):
        cell = cell[: -len(blank)]
    return cell
