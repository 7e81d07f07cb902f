"""How many children of one row come along, and which of them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.errors import UsageError
from sandbox.model import Cell, Column

_LIMIT = re.compile(r"(all|\d{1,9})(?:\s+newest\s+by\s+(\S.*))?", re.IGNORECASE | re.ASCII)
_TIMES = frozenset({"date", "datetime", "timestamp", "year"})
_NO_AGE = 1 << 70  # of a row without a date: it comes after all that have one

FORMS = "a number of rows, all, or the newest by a column: 20 newest by placed"


@dataclass(frozen=True, slots=True)
class ChildLimit:
    """How many children of one row come along, along one relation.

    Attributes:
        most: How many at most; None for all.
        newest_by: Column by which the newest ones come; empty where the hash decides.
    """

    most: int | None
    newest_by: str = ""

    @property
    def fault(self) -> str:
        """Why it is no limit; empty where it is one."""
        if self.most is None:
            return f"a limit of children is {FORMS}" if self.newest_by else ""
        if self.most < 1:
            return "a limit of children is one row at least; --sample TABLE=none takes none"
        return ""

    @property
    def words(self) -> str:
        """What it is for people."""
        if self.most is None:
            return "all of each"
        if not self.newest_by:
            return f"{self.most:,} of each at most"
        most = f"{self.most:,} " if self.most > 1 else ""
        return f"the {most}newest of each by {self.newest_by}"

    @property
    def words_of_cut(self) -> str:
        """What was kept of a family that it cut, for people."""
        newest = f"newest rows each, by {self.newest_by}" if self.newest_by else "rows each"
        return f"{self.most:,} {newest}"

    def __str__(self) -> str:
        if self.most is None:
            return "all"
        return f"{self.most:,}" + (f" newest by {self.newest_by}" if self.newest_by else "")


def parse_limit(text: str) -> ChildLimit:
    """Read a limit.

    >>> parse_limit("20 newest by placed"), parse_limit("all").most
    (ChildLimit(most=20, newest_by='placed'), None)

    Raises:
        UsageError: It is none.
    """
    found = _LIMIT.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"a limit of children is {FORMS}")
    most = None if found[1].lower() == "all" else int(found[1])
    limit = ChildLimit(most, (found[2] or "").strip())
    if limit.fault:
        raise UsageError(limit.fault)
    return limit


def tells_age(column: Column) -> bool:
    """Tell whether the newest rows can be told by a column: a date, a time, a growing number."""
    return column.kind in _TIMES or column.is_integer


def age_of(cell: Cell) -> int:
    """Give a number that is the lower, the newer a row is.

    >>> age_of(b"2026-11-01 10:00:00") < age_of(b"2026-10-31 23:59:59") < age_of(None)
    True

    Args:
        cell: What a column holds that `tells_age`; the cells of one column have one form.
    """
    if cell is None:
        return _NO_AGE
    digits = re.sub(rb"[-:. ]", b"", cell)
    return int(digits) if cell.startswith(b"-") else -int(digits)
