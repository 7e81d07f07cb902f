"""Dates of persons move by whole days, one keyed offset for each person.

A column of dates holds them as the server writes them, and what is no day of the calendar there is
a defect that stays. In text a date is written in many ways; each is moved as it is written. What is
no date in a text may be anything, so it is masked, but for days that nobody was born on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta

from sandbox.masking.prf import Prf

_CELL = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})((?: [0-9:.]+)?)")
_LEAST, _MOST = 15, 450
_FIRST_TIMESTAMP, _LAST_OF_TIMESTAMP = date(1970, 1, 1), date(2037, 12, 31)
_END_OF_TIME = date.max

WRITTEN_DATE = (
    r"[0-9]{4}(?:-[0-9]{2}-|/[0-9]{2}/)[0-9]{2}"
    r"|[0-9]{1,2}(?:\.[0-9]{1,2}\.|/[0-9]{1,2}/)[0-9]{4}"
)
"""Dates in free text; what else looks like one there is more often a version or a number."""

_ENGLISH = (
    ("january", "february", "march", "april", "may", "june", "july", "august", "september",
     "october", "november", "december"),
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
)  # fmt: skip
_GERMAN = (
    ("januar", "februar", "märz", "april", "mai", "juni", "juli", "august", "september", "oktober",
     "november", "dezember"),
    ("jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez"),
)  # fmt: skip
_NAMES = sorted({name for names in _ENGLISH + _GERMAN for name in names}, key=len, reverse=True)
_PARTS = {
    "Y": "(?P<year>[0-9]{4})",
    "C": "(?P<year>(?:18|19|20)[0-9]{2})",
    "V": "(?P<year>[0-9]{4}|[0-9]{2})",
    "M": "(?P<month>[0-9]{1,2})",
    "I": "(?P<month>[0-9]{2})",
    "N": f"(?P<month>{'|'.join(_NAMES).replace('ä', '[äÄ]')})",
    "D": "(?P<day>[0-9]{1,2})",
    "A": "(?P<day>[0-9]{2})",
    "H": "(?:T?(?:[01][0-9]|2[0-4])[0-5][0-9][0-5][0-9])?",
}
# How dates are written. Those with the name of a month, or without signs, would be taken for other
# things anywhere but in a column of dates.
_TEMPLATES = (
    "Y-M-D", "Y/M/D", "Y[.]M[.]D", "CIAH",
    "D[.] ?M[.] ?V", "D/M/V", "M/D/V", "D-M-V", "M-D-V",
    "D[.]?[ -]?N[.]?,?[ -]?Y", "N[.]? ?D,? Y",
)  # fmt: skip
_CLOCK = (
    r"(?:T|,?\ )(?:[01][0-9]|2[0-4]):[0-5][0-9](?::[0-6][0-9](?:[.,][0-9]{1,9})?)?"
    r"(?:\ ?Z|\ ?[+\-](?:0[0-9]|1[0-4]):?[0-5][0-9])?"
)


def _pattern_of(template: str, parts: Mapping[str, str]) -> str:
    return re.sub("[A-Z]", lambda found: parts[found[0]], template)


_FLAGS = re.IGNORECASE | re.ASCII
_WAYS = tuple(re.compile(_pattern_of(template, _PARTS), _FLAGS) for template in _TEMPLATES)
_NAMELESS = {name: re.sub(r"\?P<\w+>", "?:", part) for name, part in _PARTS.items()}
_ANY_WAY = "|".join(_pattern_of(template, _NAMELESS) for template in _TEMPLATES)
_IN_TEXT = re.compile(
    rf"(?<!\w)(?<![0-9][./\-])(?P<date>{_ANY_WAY})(?P<clock>(?:{_CLOCK})?)(?!\w|[./\-][0-9])",
    _FLAGS,
)
_ISO = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:{_CLOCK})?", re.VERBOSE)
_EITHER_ORDER = re.compile(r"[0-9]{1,2}([/\-])[0-9]{1,2}\1(?:[0-9]{4}|[0-9]{2})")
_NO_DAY = re.compile(r"[0\s:./\-]*", re.ASCII)
_ZEROS = re.compile(r"(?<![0-9])(0+)(?![0-9])")
_DAYS, _MONTHS = range(1, 32), range(1, 13)
_PIVOT = 70
_SHORT_YEAR = len("80")


def mask_date(prf: Prf, domain: str, cell: str, person: str, *, timestamp: bool = False) -> str:
    """Move what a column of dates holds by the person's offset; a time behind it stays.

    Zero, partial and impossible dates stay, and so does the last day there is, which stands for no
    end. So does the order of one person's dates, but for those that would leave what the type
    holds: they go the other way.

    Args:
        prf: The key's functions.
        domain: Tells apart who is meant by `person`.
        cell: ``YYYY-MM-DD``, with or without a time, as the server writes it.
        person: Who the date belongs to, by any key; one offset serves all without one.
        timestamp: Whether the result has to fit a TIMESTAMP.

    Raises:
        ValueError: It is not what a server writes.
    """
    found = _CELL.fullmatch(cell)
    if found is None:
        raise ValueError("not a date as a server writes it")
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return cell
    if day == _END_OF_TIME:
        return cell
    moved = _move(day, offset_of(prf, domain, person), timestamp=timestamp)
    return f"{moved.isoformat()}{found[4]}"


def mask_dates_in_text(
    prf: Prf, domain: str, text: str, person: str, rest: Callable[[str], str]
) -> str:
    """Move every date in a text, however it is written; all else is given to `rest`.

    A time of day right behind a date stays, and so do the zeros of a partial date.
    """
    if _NO_DAY.fullmatch(text):
        return text
    masked, end = [], 0
    for found in _IN_TEXT.finditer(text):
        moved = move_written_date(prf, domain, found["date"], person)
        if moved is None:
            pieces = _ZEROS.split(found["date"])
            moved = "".join(rest(piece) if piece.strip("0") else piece for piece in pieces)
        masked += [rest(text[end : found.start()]), moved, found["clock"]]
        end = found.end()
    return "".join(masked) + rest(text[end:])


def move_written_date(prf: Prf, domain: str, text: str, person: str | None = None) -> str | None:
    """Move one date as it is written; None where it is none.

    The zero date stays, and so does a day that its month does not have: nobody was born on the 30th
    of February. Where day and month stand in no certain order, as many orders make a date as
    before: ``03/04/1980`` may still be read in both. For that it moves by some days more or less.

    Args:
        prf: The key's functions.
        domain: Tells apart who is meant by `person`.
        text: The date, and nothing else.
        person: Who it belongs to; where nobody knows, all spellings of a day move alike.
    """
    if _NO_DAY.fullmatch(text):
        return text
    readings = list(_read(text))
    days = [(found, day) for found, day in readings if day is not None]
    if not days:
        return text if readings else None
    found, day = days[0]
    if day == _END_OF_TIME:
        return text
    moved = _move(day, offset_of(prf, domain, day.isoformat() if person is None else person))
    if not _EITHER_ORDER.fullmatch(text):
        return _write(found, moved)
    moved = _with_as_many_readings(moved, len(days))
    written = _write(found, moved)
    return written if written != text else _write(found, moved.replace(day=13 - moved.day))


def is_iso_date(text: str) -> bool:
    """Tell whether a text is one date as programs write it, with or without a time.

    >>> is_iso_date("2016-05-08T10:27:33Z"), is_iso_date("2016-05-08 10:27"), is_iso_date("12.5.16")
    (True, True, False)
    """
    return _ISO.fullmatch(text) is not None


def offset_of(prf: Prf, domain: str, person: str) -> timedelta:
    """Give how far the dates of a person move: 15 to 450 days, either way."""
    drawn = prf.number(domain, f"offset {person}".encode())
    days = _LEAST + drawn // 2 % (_MOST - _LEAST + 1)
    return timedelta(days=days if drawn % 2 else -days)


def _move(day: date, offset: timedelta, *, timestamp: bool = False) -> date:
    for way in (offset, -offset):
        try:
            moved = day + way
        except OverflowError:
            continue
        # Who has later timestamps than those of 32 bits, or of their last weeks, has earlier ones.
        is_late = moved > _LAST_OF_TIMESTAMP and moved > day
        if not timestamp or (moved > _FIRST_TIMESTAMP and not is_late):
            return moved
    raise AssertionError("a date that cannot be moved either way")


def _with_as_many_readings(day: date, readings: int) -> date:
    """Give the day, or one near it, that can or cannot be a month as well."""
    could_be_month = day.day in _MONTHS
    if readings > 1:
        return day if could_be_month else day.replace(day=(day.day - 1) % len(_MONTHS) + 1)
    return day.replace(day=day.day + len(_MONTHS)) if could_be_month else day


def _read(text: str) -> Iterator[tuple[re.Match[str], date | None]]:
    """Give the ways a date may be read; without the day where its month does not have it."""
    for way in _WAYS:
        found = way.fullmatch(text)
        if found is None:
            continue
        year, month, day = _year_of(found), _month_of(found), int(found["day"])
        if year and month in _MONTHS and day in _DAYS:
            try:
                yield found, date(year, month, day)
            except ValueError:
                yield found, None


def _year_of(found: re.Match[str]) -> int:
    year = int(found["year"])
    if len(found["year"]) > _SHORT_YEAR:
        return year
    return year + (2000 if year < _PIVOT else 1900)


def _month_of(found: re.Match[str]) -> int:
    month = found["month"]
    return int(month) if month.isdecimal() else _names_of(found).index(month.lower()) + 1


def _names_of(found: re.Match[str]) -> tuple[str, ...]:
    """Give the names of months in the language of a date: ``12. April`` is German."""
    is_german = found[0][found.end("day")] == "."
    languages = _GERMAN + _ENGLISH if is_german else _ENGLISH + _GERMAN
    return next(names for names in languages if found["month"].lower() in names)


def _write(found: re.Match[str], day: date) -> str:
    """Write a day the way another is written."""
    text, month = found[0], found["month"]
    year_length = len(found["year"])
    new = {
        "year": f"{day.year % 10**year_length:0{year_length}d}",
        "month": f"{day.month:0{len(month)}d}",
        "day": f"{day.day:0{len(found['day'])}d}",
    }
    if not month.isdecimal():
        new["month"] = _in_case_of(month, _names_of(found)[day.month - 1])
    for name in sorted(new, key=found.start, reverse=True):
        text = text[: found.start(name)] + new[name] + text[found.end(name) :]
    return text


def _in_case_of(old: str, new: str) -> str:
    if old.isupper():
        return new.upper()
    return new if old.islower() else new.capitalize()
