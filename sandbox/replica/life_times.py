"""When a line of a log was written, whichever of the usual programs wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timezone, tzinfo
from datetime import timedelta as duration
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LOOKED_AT = 300  # characters: a time further on belongs to what is told
_CLOCK = r"(?P<clock>\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)"
_ZONE = r"(?P<zone>Z|UTC|[+-]\d\d:?\d\d)"
_FORMS = tuple(
    re.compile(form)
    for form in (
        # Zend_Log, the engine, MariaDB: 2026-01-02T03:04:05.678+01:00
        rf"^\W{{0,3}}(?P<year>\d{{4}})-(?P<month>\d\d)-(?P<day>\d\d)[T ]+{_CLOCK}{_ZONE}?",
        # nginx's errors: 2026/01/02 03:04:05
        rf"^(?P<year>\d{{4}})/(?P<month>\d\d)/(?P<day>\d\d) {_CLOCK}",
        # PHP: [02-Jan-2026 03:04:05 Europe/Berlin]
        (
            rf"^\[(?P<day>\d\d)-(?P<month>\w{{3}})-(?P<year>\d{{4}}) {_CLOCK}"
            r"(?: (?P<zone>[\w/+:-]+))?\]"
        ),
        # nginx's requests: 10.0.0.1 - - [02/Jan/2026:03:04:05 +0100] …
        rf"\[(?P<day>\d\d)/(?P<month>\w{{3}})/(?P<year>\d{{4}}):{_CLOCK} {_ZONE}\]",
    )
)


def time_of(line: str, local: tzinfo = UTC) -> datetime | None:
    """Read when a line was written; None where it does not say.

    Args:
        line: The line.
        local: Zone of a time that names none.

    >>> time_of('10.0.0.1 - - [02/Jan/2026:03:04:05 +0100] "GET / HTTP/1.1" 200 5').isoformat()
    '2026-01-02T03:04:05+01:00'
    >>> time_of("[02-Jan-2026 03:04:05 Europe/Berlin] PHP Warning:  it broke").isoformat()
    '2026-01-02T03:04:05+01:00'
    >>> time_of("#0 {main}")
    """
    for form in _FORMS:
        found = form.search(line[:_LOOKED_AT])
        if found is not None:
            return _moment(found.groupdict(), local)
    return None


def times_of(lines: Iterable[str], local: tzinfo = UTC) -> Iterator[datetime]:
    """Give each line of one log a time: lines without one belong to the line before.

    Times never go back, so that a log keeps its order whatever else it is shown with.
    """
    latest = datetime.min.replace(tzinfo=UTC)
    for line in lines:
        latest = max(latest, time_of(line, local) or latest)
        yield latest


def zone_of(offset: str) -> tzinfo:
    """Give the zone of an offset such as ``+0100``; UTC where it is none.

    >>> zone_of("+0130").utcoffset(None).total_seconds()
    5400.0
    """
    found = re.fullmatch(r"([+-])(\d\d):?(\d\d)", offset)
    if found is None:
        return UTC
    away = duration(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-away if found[1] == "-" else away)


def _moment(parts: dict[str, str | None], local: tzinfo) -> datetime | None:
    month = parts["month"] or ""
    clock, _, fraction = (parts["clock"] or "").replace(",", ".").partition(".")
    hour, minute, second = map(int, clock.split(":"))
    try:
        return datetime(
            int(parts["year"] or 0),
            _MONTHS.index(month) + 1 if month in _MONTHS else int(month),
            int(parts["day"] or 0),
            hour,
            minute,
            second,
            int(fraction[:6].ljust(6, "0")) if fraction else 0,
            _zone(parts.get("zone"), local),
        )
    except ValueError:
        return None


def _zone(name: str | None, local: tzinfo) -> tzinfo:
    if not name:
        return local
    if name in {"Z", "UTC"}:
        return UTC
    if name[0] in "+-":
        return zone_of(name)
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return local
