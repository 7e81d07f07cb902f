"""Which row somebody asks for: ``TABLE:KEY``, as the bundle holds it."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.bundle.manifest import ColumnEntry, Manifest, TableEntry
from sandbox.bundle.why.comparison import Fold, Value, cell_of, fold_for
from sandbox.errors import UsageError
from sandbox.model import Cell

_EXAMPLE = "For example: sandbox why shop.bundle orders:42"


@dataclass(frozen=True, slots=True)
class Asked:
    """The rows that somebody asks for.

    Attributes:
        table: Their table.
        texts: By column, the value as it was written.
        values: By column, what makes its cells comparable, and what they have to be.
    """

    table: TableEntry
    texts: Mapping[str, str] = field(repr=False)
    values: Mapping[str, tuple[Fold, Value]] = field(repr=False)

    def is_met_by(self, cells: Mapping[str, Cell]) -> bool:
        """Tell whether a row is one of them."""
        for name, (fold, wanted) in self.values.items():
            cell = cells[name]
            if cell is None or fold(cell) != wanted:
                return False
        return True


def parse_asked(text: str, manifest: Manifest) -> Asked:
    """Read which row is asked for.

    ``orders:42``, ``order_items:42,1`` for a key of two columns, or columns by name:
    ``orders:number=A-17``. A value with a comma stands in double quotes.

    Raises:
        UsageError: There is no such table or column, or a value cannot be one of it.
    """
    table, written = _table_named(text, manifest)
    names = {column.name: column for column in table.columns}
    pieces = _pieces(written)
    if not pieces:
        raise UsageError("a row is named as TABLE:KEY.", hint=_EXAMPLE)
    named = [piece.partition("=") for piece in pieces]
    if all(equals and name in names for name, equals, _ in named):
        texts = {name: value for name, _, value in named}
    else:
        texts = _of_key(table, written, pieces)
    values = {name: _comparable(table, names[name], value) for name, value in texts.items()}
    return Asked(table, texts, values)


def _table_named(text: str, manifest: Manifest) -> tuple[TableEntry, str]:
    tables = {table.name: table for table in manifest.tables}
    for at, sign in enumerate(text):
        if sign == ":" and text[:at] in tables and text[at + 1 :]:
            return tables[text[:at]], text[at + 1 :]
    name, colon, key = text.partition(":")
    if not colon or not name or not key:
        raise UsageError("a row is named as TABLE:KEY.", hint=_EXAMPLE)
    close = difflib.get_close_matches(name, tables, n=1)
    meant = f"Did you mean {close[0]}? " if close else ""
    raise UsageError(
        f"the bundle has no table {name}.", hint=f"{meant}sandbox inspect lists its tables."
    )


def _pieces(written: str) -> list[str]:
    try:
        return next(csv.reader([written], skipinitialspace=True))
    except csv.Error:  # a line break within a value
        return [written]


def _of_key(table: TableEntry, written: str, pieces: Sequence[str]) -> dict[str, str]:
    if not table.identity:
        column = table.columns[0].name
        raise UsageError(
            f"no key tells the rows of {table.name} apart.",
            hint=f"Name columns instead: '{table.name}:{column}=…'",
        )
    if len(table.identity) == 1:
        return {table.identity[0]: written}
    if len(pieces) != len(table.identity):
        columns = ", ".join(table.identity)
        raise UsageError(
            f"the key of {table.name} is of {len(table.identity)} columns: {columns}.",
            hint=f"Give a value for each, with commas between them: {table.name}:"
            + ",".join("…" for _ in table.identity),
        )
    return dict(zip(table.identity, pieces, strict=True))


def _comparable(table: TableEntry, entry: ColumnEntry, text: str) -> tuple[Fold, Value]:
    column = entry.column()
    fold = fold_for(column)
    try:
        value = fold(cell_of(text, column))
    except ValueError:
        value = None
    if value is None:
        raise UsageError(
            f"that cannot be a value of {table.name}.{column.name}, which is {column.declared}.",
            hint=_advice_on(text, table),
        )
    return fold, value


def _advice_on(text: str, table: TableEntry) -> str:
    """Say what to write instead of what cannot be a value."""
    name, equals, _ = text.partition("=")
    names = [column.name for column in table.columns]
    if equals and name not in names:
        return f"{table.name} has no column {name}; it has {', '.join(names)}."
    return "Give it as the bundle holds it: a member of an ENUM by number, bytes as 0x…."
