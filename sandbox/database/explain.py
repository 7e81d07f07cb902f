"""How the server would answer a SELECT: along which index, by key or by looking at everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.database.reader import Reader
from sandbox.model import Cell

_NAMES = ("id", "select_type", "table", "type", "possible_keys", "key", "key_len", "ref", "rows")
_ALL, _WHOLE_INDEX = "ALL", "index"


@dataclass(frozen=True, slots=True)
class Access:
    """How one table of a statement is read.

    Attributes:
        table: Its alias in the statement, or its name where it has none.
        index: The index that is used; empty for none.
        all: Whether every entry of it, or every row, is looked at.
        sorts: Whether rows are sorted, or kept in a temporary table, before any is given.
        rows: How many rows the server expects to look at.
    """

    table: str
    index: str
    all: bool
    sorts: bool
    rows: int

    def __str__(self) -> str:
        if self.all:
            how = f"all along {self.index}" if self.index else "all rows"
        else:
            how = f"by {self.index}" if self.index else "by key"
        return f"{self.table} {how}{', sorted' if self.sorts else ''}"


def explain(reader: Reader, sql: str, table: str) -> tuple[Access, ...]:
    """Ask how a SELECT would be answered; it is not run.

    Args:
        reader: Asks the server.
        sql: The statement.
        table: The table that it is about, for messages.

    Raises:
        SourceError: The server refuses it, as it would refuse the statement.
    """
    traditional = "" if reader.server.is_mariadb else "FORMAT=TRADITIONAL "
    answer = reader.rows(
        f"EXPLAIN {traditional}{sql}", columns=len(_NAMES) + 1, where=f"table {table}"
    )
    rows = [_cells(row) for columns in answer for row in zip(*columns, strict=True)]
    # Without a table: what is sure to have no row, or needs no table.
    return tuple(_access(row) for row in rows if row["table"])


def _cells(row: Sequence[Cell]) -> Mapping[str, str]:
    """Name the cells of a row; MySQL from 5.7 on tells of partitions and of filters as well."""
    names = [*_NAMES, "Extra"]
    if len(row) > len(names):
        names = [*_NAMES[:3], "partitions", *_NAMES[3:], "filtered", "Extra"]
    texts = [(cell or b"").decode("utf-8", "replace") for cell in row]
    return dict(zip(names, texts, strict=True))


def _access(row: Mapping[str, str]) -> Access:
    sorts = "Using filesort" in row["Extra"] or "Using temporary" in row["Extra"]
    everything = row["type"] in {_ALL, _WHOLE_INDEX}
    index = "" if row["type"] == _ALL else row["key"]
    return Access(row["table"], index, everything, sorts, int(row["rows"] or 0))
