"""Keys of rows as texts, and the first few of many."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sandbox.bundle.manifest import ColumnEntry
from sandbox.bundle.tsv import decode_cell
from sandbox.charsets import CODECS, WIDE_CODECS
from sandbox.diff.found import Fate, NamedRow

_WHOLE = re.compile(rb"-?[0-9]{1,20}")
Order = tuple[tuple[int, int, bytes], ...]


class FirstRows:
    """Keeps the first rows of each fate in the order of their keys, however many come.

    Args:
        columns: The columns of a line.
        key: Which of them tell a row from all others.
        limit: How many rows of each fate to keep; 0 for none.
    """

    def __init__(self, columns: Sequence[ColumnEntry], key: Sequence[int], limit: int) -> None:
        self._columns = columns
        self._key = key
        self._limit = limit
        self._found: dict[Fate, list[tuple[Order, NamedRow]]] = {fate: [] for fate in Fate}

    def add(self, fate: Fate, cells: Sequence[bytes], differing: Sequence[int]) -> None:
        """Take a row: its key's fields as they stand in a line, and which columns differ."""
        if not self._limit:
            return
        columns = [self._columns[place] for place in self._key]
        key = tuple(text_of(cell, column) for cell, column in zip(cells, columns, strict=True))
        changed = tuple(self._columns[place].name for place in differing)
        found = self._found[fate]
        found.append((_order(cells), NamedRow(fate, key, changed)))
        if len(found) > 4 * self._limit + 100:
            self._cut(found)

    def rows(self) -> tuple[NamedRow, ...]:
        """Give the first rows that came, went and changed."""
        for found in self._found.values():
            self._cut(found)
        return tuple(row for found in self._found.values() for _, row in found)

    def _cut(self, found: list[tuple[Order, NamedRow]]) -> None:
        found.sort(key=lambda one: one[0])
        del found[self._limit :]


def text_of(field: bytes, column: ColumnEntry) -> str:
    r"""Give a field of a line as a text for people: what is no text in hexadecimal.

    >>> text_of(b"42", ColumnEntry(name="id", kind="int", declared="int"))
    '42'
    >>> text_of(b"\xff\\0", ColumnEntry(name="id", kind="binary", declared="binary(2)"))
    '0xff00'
    """
    cell = decode_cell(field)
    if cell is None:
        return "NULL"
    codec = {**CODECS, **WIDE_CODECS}.get(column.charset or "binary", "utf-8")
    try:
        text = cell.decode(codec)
    except UnicodeDecodeError:
        return f"0x{cell.hex()}"
    return text if column.charset or text.isprintable() else f"0x{cell.hex()}"


def _order(cells: Sequence[bytes]) -> Order:
    """Give what keys are ordered by: numbers as numbers, all else by its bytes."""
    return tuple((0, int(cell), b"") if _WHOLE.fullmatch(cell) else (1, 0, cell) for cell in cells)
