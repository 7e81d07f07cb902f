"""The shop's time: from the opening in 2011 to yesterday, busier every year.

There is no clock here. Today is a constant, so the data stays what it is.
"""

import math
import random
from datetime import date, datetime, timedelta

OPENED = datetime.fromisoformat("2011-03-01")
TODAY = date(2026, 11, 23)
LAST_MOMENT = datetime.fromisoformat("2026-11-22 23:59:59")
REPORT_DAY = date(2026, 11, 20)

_DAYS = (datetime.fromisoformat(str(TODAY)) - OPENED).days
_HOURS = tuple(
    hour
    for hour, weight in enumerate(
        (2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 11, 11, 12, 11, 10, 10, 11, 13, 15, 17, 18, 15, 9, 4)
    )
    for _ in range(weight)
)


def moments(rng: random.Random, count: int, growth: float) -> list[datetime]:
    """Spread moments over the shop's life, in order.

    Args:
        rng: The stream to draw from.
        count: How many moments.
        growth: How many times e the last day is busier than the first; 4.2 for orders gives some
            30 of 40,000 on the last day.
    """
    start = math.exp(-growth)
    found = []
    for number in range(count):
        share = (number + rng.random()) / count
        day = int(_DAYS * (1 + math.log(start + share * (1 - start)) / growth))
        found.append(at_shopping_hour(rng, OPENED + timedelta(days=min(day, _DAYS - 1))))
    found.sort()
    return found


def at_shopping_hour(rng: random.Random, midnight: datetime) -> datetime:
    """Give a moment of that day, rather in the evening than at night."""
    hour = _HOURS[int(rng.random() * len(_HOURS))]
    return midnight + timedelta(hours=hour, seconds=int(rng.random() * 3600))


def later(rng: random.Random, moment: datetime, days: float) -> datetime:
    """Give a moment up to so many days later, but never one that has not come yet."""
    return min(LAST_MOMENT, moment + timedelta(seconds=int(rng.random() * days * 86400)))


def between(rng: random.Random, first: datetime, last: datetime) -> datetime:
    """Give a moment between two moments."""
    return first + timedelta(seconds=int(rng.random() * (last - first).total_seconds()))


def fraction(rng: random.Random, digits: int) -> str:
    """Give the fraction of a second, with its point: `.042`."""
    return f".{int(rng.random() * 10**digits):0{digits}d}"
