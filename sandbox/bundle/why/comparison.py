"""When two cells are one value to the server: numbers as numbers, text as its collation has it.

A bundle has no server. Case, accents and spaces at the end are folded as the collation's name says;
what a language does with its own letters is not known here, and then two spellings are two values.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from sandbox.charsets import CODECS, WIDE_CODECS
from sandbox.model import Column

Value = int | str | bytes | Decimal
Fold = Callable[[bytes], Value | None]

_WHOLE = re.compile(rb" *[-+]?[0-9]{1,40} *")  # the longest of the server's has 20 digits
_NO_PAD = ("_0900_", "_nopad_")
_KEEPS_CASE = ("_cs", "_bin")  # at the end of a collation's name
_BY_NUMBER = frozenset({"enum", "set", "bit", "year"})


def fold_for(column: Column) -> Fold:
    """Give what makes of a cell what is the same for equal values of the column."""
    if column.is_integer or column.kind in _BY_NUMBER:
        return _number
    if column.kind in {"decimal", "numeric"}:
        return _decimal
    if column.charset and column.charset != "binary":
        return lambda cell: _text(cell, column)
    return bytes


def folds_of(child: Column, parent: Column) -> tuple[Fold, Fold]:
    """Give what makes cells of the two sides of a reference comparable, as `subset.comparison`."""
    if child.is_integer and parent.charset:
        return lambda cell: _text(cell, parent), fold_for(parent)
    if parent.is_integer:
        return _number, _number
    if child.charset and parent.charset:
        return lambda cell: _text(_recoded(cell, child, parent), parent), fold_for(parent)
    return fold_for(child), fold_for(parent)


def text_of(cell: bytes, column: Column) -> str:
    """Give a cell as people write it; bytes that are no text as digits."""
    codec = _codec(column)
    try:
        return cell.decode(codec)
    except UnicodeDecodeError:
        return f"0x{cell.hex()}"


def cell_of(text: str, column: Column) -> bytes:
    """Give the cell that somebody wrote; what is no text can be written as digits.

    Raises:
        ValueError: The column cannot hold it.
    """
    if not column.charset and text.startswith("0x"):
        return bytes.fromhex(text[2:])
    cell = text.encode(_codec(column), "surrogateescape")
    if column.is_integer:
        int(text)
    return cell


def _codec(column: Column) -> str:
    return CODECS.get(column.charset) or WIDE_CODECS.get(column.charset) or "utf-8"


def _recoded(cell: bytes, child: Column, parent: Column) -> bytes:
    if child.charset == parent.charset:
        return cell
    try:
        return cell.decode(_codec(child)).encode(_codec(parent))
    except UnicodeError:
        return cell


def _number(cell: bytes) -> Value | None:
    return int(cell) if _WHOLE.fullmatch(cell) else None


def _decimal(cell: bytes) -> Value | None:
    try:
        number = Decimal(cell.decode("ascii"))
    except (InvalidOperation, UnicodeDecodeError):
        return None
    return number if number.is_finite() else None


def _text(cell: bytes, column: Column) -> Value:
    try:
        text = cell.decode(_codec(column))
    except UnicodeDecodeError:
        return cell
    name = column.collation
    if not any(one in name for one in _NO_PAD):
        text = text.rstrip(" ")
    keeps_case = name.endswith(_KEEPS_CASE)
    if not keeps_case:
        text = text.casefold()
    if not (keeps_case or "_as_" in name):
        parts = unicodedata.normalize("NFD", text)
        text = "".join(one for one in parts if not unicodedata.combining(one))
    return text
