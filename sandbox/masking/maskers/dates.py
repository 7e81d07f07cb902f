"""Dates of persons move by whole days, one keyed offset for each person."""

from __future__ import annotations

import re
from datetime import date, timedelta

from sandbox.masking.prf import Prf

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(.*)", re.DOTALL)
WRITTEN_DATE = r"\d{4}-\d\d-\d\d|\d{1,2}\.\d{1,2}\.\d{4}"
_LEAST, _MOST = 15, 450
_TIMESTAMPS = range(1970, 2038)


def mask_date(prf: Prf, domain: str, text: str, person: str, *, timestamp: bool = False) -> str:
    """Move a date by the person's offset; a time behind it stays.

    Zero, partial and impossible dates stay. So does the order of one person's dates.

    Args:
        prf: The key's functions.
        domain: Tells apart who is meant by `person`.
        text: ``YYYY-MM-DD``, with or without a time.
        person: Who the date belongs to, by any key; one offset serves all without one.
        timestamp: Whether the result has to fit a TIMESTAMP.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        return text
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return text
    try:
        moved = day + offset_of(prf, domain, person)
    except OverflowError:
        return text
    if timestamp and moved.year not in _TIMESTAMPS:
        return text
    return f"{moved.isoformat()}{found[4]}"


def offset_of(prf: Prf, domain: str, person: str) -> timedelta:
    """Give how far the dates of a person move: 15 to 450 days, either way."""
    drawn = prf.number(domain, f"offset {person}".encode())
    days = _LEAST + drawn // 2 % (_MOST - _LEAST + 1)
    return timedelta(days=days if drawn % 2 else -days)


def mask_written_date(prf: Prf, domain: str, text: str) -> str:
    """Move a date that stands in a text, where nobody knows whose it is: by its own offset."""
    if "-" in text:
        return mask_date(prf, domain, text, text)
    day, month, year = text.split(".")
    iso = f"{year}-{month:0>2}-{day:0>2}"
    moved = mask_date(prf, domain, iso, iso)
    if moved == iso:
        return text
    new_year, new_month, new_day = moved.split("-")
    parts = [
        new if len(old) > 1 else new.removeprefix("0")
        for old, new in ((day, new_day), (month, new_month))
    ]
    return ".".join([*parts, new_year])
