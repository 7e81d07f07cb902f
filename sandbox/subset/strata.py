"""Strata: of each value that some columns of a target have, a number of rows at the least.

A stratum keeps the rows that are drawn first, as a sample of so many rows does: bottom-k sketches,
one for each (Cohen and Kaplan, 2007). A row that was in stays in, until others that were drawn
before it come to its stratum. Values are held as digests.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sandbox.errors import UsageError
from sandbox.model import Cell, Column
from sandbox.subset.keys import RowKey, row_digest

MOST_STRATA = 1000
MOST_HELD = 100_000  # keys of all strata together: 14 MB of whole numbers
# A stratum is a value that many rows have: of these every row has its own, and long ones.
_NO_STRATUM = frozenset(
    {"text", "mediumtext", "longtext", "tinytext", "blob", "mediumblob", "longblob", "tinyblob"}
    | {"json", "vector", "geometry", "point", "linestring", "polygon", "multipoint"}
    | {"multilinestring", "multipolygon", "geometrycollection", "geomcollection"}
)


@dataclass(frozen=True, slots=True)
class StrataRequest:
    """What is asked of a table's strata.

    Attributes:
        by: The columns whose values make the strata; several make one of each combination.
        least: Rows of each stratum, where the source has as many.
    """

    by: tuple[str, ...]
    least: int

    @property
    def fault(self) -> str:
        """Why it cannot be asked for; empty where it can."""
        if not self.by or len(set(self.by)) < len(self.by):
            return "strata are of one column, or of several different ones"
        if not 0 < self.least <= MOST_HELD:
            return f"of a stratum 1 to {MOST_HELD:,} rows can be asked for"
        return ""

    @property
    def words(self) -> str:
        """What it is for people."""
        return f"{self.least:,} at least of each {' and '.join(self.by)}"

    @property
    def allowed(self) -> int:
        """How many strata there may be."""
        return min(MOST_STRATA, MOST_HELD // self.least)


@dataclass(frozen=True, slots=True)
class StrataFound:
    """What the strata of a table were.

    Attributes:
        strata: How many there are.
        added: Rows that were taken beyond the share, so that none has less than asked for.
    """

    strata: int
    added: int


class Strata:
    """The strata of one table while it is read: of each, the rows that are drawn first.

    Args:
        table: The table's name.
        request: What is asked of them.
    """

    def __init__(self, table: str, request: StrataRequest) -> None:
        self._table = table
        self._request = request
        # Of each the ones that go first on top.
        self._kept: dict[bytes, list[tuple[int, RowKey]]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def see(self, values: Sequence[Cell], number: int, key: RowKey) -> None:
        """See a row.

        Args:
            values: The cells that make its stratum. NULL is a value; what is spelled otherwise is
                another one, whatever the collation takes for equal.
            number: The number that was drawn for it.
            key: Its key.

        Raises:
            UsageError: There are more strata than may be.
        """
        stratum = row_digest(values)
        kept = self._kept.get(stratum)
        if kept is None:
            if len(self._kept) == self._request.allowed:
                raise self._too_many()
            kept = self._kept[stratum] = []
        if len(kept) < self._request.least:
            heapq.heappush(kept, (-number, key))
        elif number < -kept[0][0]:
            heapq.heapreplace(kept, (-number, key))

    def rows(self) -> Iterator[tuple[int, RowKey]]:
        """Give the rows that are kept, each with the number that was drawn for it."""
        for kept in self._kept.values():
            yield from ((-negative, key) for negative, key in kept)

    def _too_many(self) -> UsageError:
        request = self._request
        return UsageError(
            f"--strata {self._table}.{','.join(request.by)}: there are more than "
            f"{request.allowed:,} different values; with {request.least:,} rows of each, "
            f"{request.allowed:,} are allowed.",
            hint="Choose a column of few values, such as a status or a type, or fewer rows of "
            f"each: {MOST_HELD:,} altogether, of {MOST_STRATA:,} values at most.",
        )


def parse_strata(columns: str, least: str) -> StrataRequest:
    """Read what is asked of strata.

    >>> parse_strata("status, channel", "5")
    StrataRequest(by=('status', 'channel'), least=5)

    Raises:
        UsageError: There is no column, or no number behind it.
    """
    by = tuple(one.strip() for one in columns.split(","))
    number = least.strip()
    if not all(by) or not re.fullmatch(r"\d{1,9}", number, re.ASCII):
        raise UsageError("strata are TABLE.COLUMN=ROWS or TABLE.COLUMN,COLUMN=ROWS")
    return make_strata(by, int(number))


def make_strata(by: tuple[str, ...], least: int) -> StrataRequest:
    """Make what is asked of strata.

    Raises:
        UsageError: It is asked for no column, for one twice, for no row or for too many.
    """
    request = StrataRequest(by, least)
    if request.fault:
        raise UsageError(request.fault)
    return request


def can_be_stratum(column: Column) -> bool:
    """Tell whether rows may be told apart by a column's values."""
    return column.kind not in _NO_STRATUM and not column.generated
