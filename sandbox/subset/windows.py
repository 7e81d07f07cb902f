"""A window of time: which rows a column's date or time lets into the sample. Pure.

``30d`` are the last 30 days, ``2026-10-01..2026-11-01`` is October: a window begins with its first
moment and ends before its last.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sandbox.database.expressions import quoted
from sandbox.database.literals import literal
from sandbox.errors import UsageError
from sandbox.model import Column, Table

_LAST = re.compile(r"(?:last\s+)?(\d{1,6})\s*(h|hours?|d|days?|w|weeks?)", re.IGNORECASE | re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 168}
_HOUR, _DAY, _LONG = timedelta(hours=1), 24, 240  # the others in hours
_ENDS = 2
_LONGEST = timedelta(days=36525)  # a century: further back there is no calendar to count by
# Local time may be ahead of UTC by 14 hours. What is later than a day from now is no recent row,
# but an end that never comes, such as 9999-12-31.
_AHEAD = timedelta(days=1)
_TIMES = frozenset({"date", "datetime", "timestamp"})
_UNIX = frozenset({"int", "bigint"})  # smaller ones end in January 1970

FORMS = "30d (or 12h, 2w), or 2026-10-01..2026-11-01, of which one side may be missing"


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time that a column of a table has to lie in.

    Attributes:
        column: The column; empty where none was named.
        last: How far it reaches back from now; None where moments are named.
        begin: Its first moment, in the column's own time; None for no bound.
        end: The moment it ends before; None for no bound.
    """

    column: str
    last: timedelta | None = None
    begin: datetime | None = None
    end: datetime | None = None

    @property
    def fault(self) -> str:
        """Why it is no window; empty where it is one."""
        moments = [one for one in (self.begin, self.end) if one is not None]
        if (self.last is None) != bool(moments):
            return f"a window is {FORMS}"
        if self.last is not None and not timedelta(0) < self.last <= _LONGEST:
            return "a window is an hour at least, and a hundred years at most"
        if any(one.tzinfo is not None for one in moments):
            return "the moments of a window are named without a time zone"
        if self.begin is not None and self.end is not None and self.begin >= self.end:
            return "the window ends before it begins"
        return ""

    @property
    def words(self) -> str:
        """What it is for people, without a date: this stands in the bundle."""
        if self.last is not None:
            return f"in the last {_length(self.last)}"
        if self.begin is not None and self.end is not None:
            return f"in a window of {_length(self.end - self.begin)}"
        return f"{'since' if self.end is None else 'before'} a moment that was named"

    def span(self, now: datetime | None = None) -> Span:
        """Give its two ends.

        Args:
            now: What the server's clock says, in UTC; for a window that reaches back from it.
        """
        if self.last is None:
            return Span(self.begin, self.end)
        if now is None:
            raise ValueError("a window that reaches back needs to know from when")
        return Span(now - self.last, now + _AHEAD)


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment on until before another; None on either side for no bound."""

    begin: datetime | None
    end: datetime | None

    def __str__(self) -> str:
        begin = f"from {self.begin.isoformat(' ')}" if self.begin else ""
        end = f"before {self.end.isoformat(' ')}" if self.end else ""
        return f"{begin}, {end}" if begin and end else begin or end

    def condition(self, column: Column) -> str:
        """Give the condition of the rows within it, in a form that an index of the column answers.

        >>> Span(datetime(2026, 10, 1), None).condition(Column("at", "int", "int(11)"))
        '`at` >= 1790812800'
        """
        bounds = []
        if self.begin is not None:
            bounds.append(f"{quoted(column.name)} >= {_literal(self.begin, column)}")
        if self.end is not None:
            # A day is in where any moment of it is.
            in_part = column.kind == "date" and self.end.time() != time.min
            sign = "<=" if in_part else "<"
            bounds.append(f"{quoted(column.name)} {sign} {_literal(self.end, column)}")
        return " AND ".join(bounds)


def parse_window(column: str, text: str) -> Window:
    """Read a window.

    >>> parse_window("placed", "2w").words, parse_window("placed", "2026-10-01..").end
    ('in the last 14 days', None)

    Raises:
        UsageError: It is none, ends before it begins, or names a day that no calendar has.
    """
    window = _parsed(column, text.strip())
    if window.fault:
        raise UsageError(window.fault)
    return window


def _parsed(column: str, text: str) -> Window:
    if found := _LAST.fullmatch(text):
        return Window(column, last=timedelta(hours=int(found[1]) * _HOURS[found[2][0].lower()]))
    moments = [part.strip() for part in text.split("..")]
    if len(moments) != _ENDS or not all(_MOMENT.fullmatch(one) for one in moments if one):
        raise UsageError(f"a window is {FORMS}")
    try:
        begin, end = (datetime.fromisoformat(one) if one else None for one in moments)
    except ValueError:
        raise UsageError("the window names a day or a time that does not exist") from None
    return Window(column, begin=begin, end=end)


def can_hold_time(column: Column) -> bool:
    """Tell whether a column's values can be compared with a moment.

    Whole numbers are unix time, in seconds.
    """
    return column.kind in _TIMES | _UNIX


def candidates(table: Table) -> list[str]:
    """Give the columns that a window of a table may mean, each with what finds its rows.

    Whole numbers are only named where the table has no date or time: most of them are none.
    """
    times = [column for column in table.columns if column.kind in _TIMES]
    if not times:
        referring = {name for key in table.foreign_keys for name in key.columns}
        unique = {name for key in table.keys for name in key.columns}
        times = [
            column
            for column in table.columns
            if column.kind in _UNIX and column.name not in referring | unique
        ]
    return [f"{one.name}{' (indexed)' if table.index_on((one.name,)) else ''}" for one in times]


def _literal(moment: datetime, column: Column) -> str:
    if column.is_integer:
        return literal(b"%d" % calendar.timegm(moment.timetuple()), column)
    shown = moment.date().isoformat() if column.kind == "date" else moment.isoformat(" ")
    return literal(shown.encode(), column)


def _length(span: timedelta) -> str:
    """Write how long a span is, in words."""
    hours = round(span / _HOUR)
    if hours % _DAY and hours < _LONG:
        return "hour" if hours == 1 else f"{hours:,} hours"
    days = round(hours / _DAY)
    about = "about " if hours % _DAY else ""
    return "day" if days == 1 else f"{about}{days:,} days"
