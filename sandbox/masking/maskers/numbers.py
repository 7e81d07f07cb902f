"""Numbers: digits exchanged within a column's range, rounded, or coordinates made coarse.

Nothing comes back as it was because it could not be read: what is no number is an error, or is
masked as a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation

from sandbox.masking.prf import Prf
from sandbox.masking.words import Words

_INTEGER = re.compile(r"(-?)(?=[0-9])(0*)([1-9][0-9]*)?")
_NUMBER = re.compile(r"([\s+\-.,]*[0-9][\s+\-.,0-9]*+)((?:[eE][+\-]?[0-9]+)?)", re.ASCII)
_CHUNK = 64
_NO_EXPONENT = re.compile(r"[0-9]{4,}")
_NO_FINITE_NUMBER = re.compile(r"[+\-]?(?:inf(?:inity)?|nan)", re.IGNORECASE | re.ASCII)
_LARGEST = {
    "tinyint": 0x7F, "smallint": 0x7FFF, "mediumint": 0x7FFFFF, "int": 0x7FFFFFFF,
    "bigint": 0x7FFFFFFFFFFFFFFF,
}  # fmt: skip
_EXACT = Context(prec=400)  # the digits of a DOUBLE, and those of a DECIMAL behind the point
_LEAST_ROUNDED = Decimal(200)
_NEARLY_ZERO = Decimal("1e-6")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})((?: [0-9:.]+)?)")
YEAR = "year"
"""The unit that a date is rounded down to."""


def largest_of(kind: str, declared: str) -> int:
    """Give the largest number that an integer type holds.

    >>> largest_of("smallint", "smallint(5) unsigned")
    65535
    """
    largest = _LARGEST.get(kind, _LARGEST["bigint"])
    return 2 * largest + 1 if "unsigned" in declared else largest


def mask_integer(prf: Prf, domain: str, text: str, largest: int) -> str:
    """Permute the integers of as many digits that fit the column; sign and zeros in front stay.

    Raises:
        ValueError: It is no integer.
    """
    found = _INTEGER.fullmatch(text)
    if found is None:
        raise ValueError("not an integer as a server writes it")
    sign, zeros, digits = found.groups(default="")
    if not digits:
        return text
    low, high = 10 ** (len(digits) - 1), 10 ** len(digits) - 1
    # The least number of a type is further from zero than the largest.
    limit = largest + 1 if sign else largest
    high = min(high, limit) if int(digits) <= limit else high
    image = prf.permute(int(digits) - low, high - low + 1, domain, f"integer {low}")
    return f"{sign}{zeros}{low + image}"


def mask_digits_of_number(
    prf: Prf, domain: str, text: str, holds: Callable[[str], bool] = lambda _: True
) -> str:
    """Exchange all digits of a decimal number but a zero in front; signs, exponent and zero stay.

    What is no number, and not infinite either, is masked as words.

    Args:
        prf: The key's functions.
        domain: Equal numbers of one domain become equal ones.
        text: The number.
        holds: Tells what may become of it, as it holds of the number itself.
    """
    found = _NUMBER.fullmatch(text)
    words = Words(prf, domain)
    if found is None:
        return text if _NO_FINITE_NUMBER.fullmatch(text) else words.mask(text)
    mantissa, exponent = found.groups()
    # No number that a server or program holds has an exponent so long.
    exponent = _NO_EXPONENT.sub(lambda long: words.mask_digits(long[0]), exponent)
    places = [at for at, sign in enumerate(mantissa) if sign.isdecimal()]
    signs = list(mantissa)
    kept = 1 if len(places) > 1 and signs[places[0]] == "0" else 0
    digits = "".join(signs[at] for at in places[kept:])
    if not digits.strip("0"):
        return mantissa + exponent
    digits, others = digits[:_CHUNK], digits[_CHUNK:]
    others = words.mask_digits(others) if others else ""
    size = 10 ** len(digits)
    least = 1 if kept else size // 10

    def written(image: int) -> str:
        for at, digit in zip(places[kept:], f"{image:0{len(digits)}d}{others}", strict=True):
            signs[at] = digit
        return "".join(signs) + exponent

    if not digits.strip("0"):
        return written(0)
    image = prf.permute_within(
        int(digits),
        size,
        domain,
        f"number {len(digits)}",
        lambda other: other >= least and holds(written(other)),
    )
    return written(image)


def round_down(value: Decimal, unit: str) -> Decimal:
    """Round a number down to a multiple of `unit`.

    >>> round_down(Decimal("1234.56"), "100"), round_down(Decimal("-0.7"), "0.3")
    (Decimal('1200'), Decimal('-0.9'))

    Raises:
        ValueError: The number is none that can be rounded, or the unit is none.
    """
    try:
        step = Decimal(unit)
        below = _EXACT.divide_int(value, step)
        if value < 0 and _EXACT.multiply(below, step) != value:
            below = _EXACT.subtract(below, Decimal(1))
        rounded = _EXACT.multiply(below, step)
    except (InvalidOperation, ZeroDivisionError):
        raise ValueError("not a number that can be rounded to this unit") from None
    if not rounded.is_finite():
        raise ValueError("not a number that can be rounded to this unit")
    return rounded


def is_unit(unit: str, *, of_dates: bool) -> bool:
    """Tell whether dates, or else numbers, can be rounded to a unit.

    >>> is_unit("year", of_dates=True), is_unit("10", of_dates=True), is_unit("0", of_dates=False)
    (True, False, False)
    """
    if of_dates:
        return unit == YEAR
    try:
        step = Decimal(unit)
    except InvalidOperation:
        return False
    return step.is_finite() and step > 0


def mask_coordinate(text: str) -> str:
    """Cut a latitude or longitude to whole degrees, and what is no degree to two digits.

    So metres of a grid and millionths of degrees become coarse as well. Zero stays.

    >>> mask_coordinate("52.520008087158"), mask_coordinate("52520008"), mask_coordinate("1e-38")
    ('52', '52000000', '1e-38')

    Raises:
        ValueError: It is no number.
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError("not a number as a server writes it") from None
    if not value.is_finite():
        raise ValueError("not a number as a server writes it")
    if abs(value) < 1:
        return text if abs(value) < _NEARLY_ZERO else "0"
    if abs(value) < _LEAST_ROUNDED:
        # Whole up to there, so that what is just beyond 180 degrees stays beyond.
        return str(int(value))
    sign, digits = "-" * (value < 0), str(abs(int(value)))
    return sign + digits[:2].ljust(len(digits), "0")


def first_of_year(text: str) -> str:
    """Give the first day of a date's year; what is zero in it stays zero.

    >>> first_of_year("1966-05-00"), first_of_year("1970-05-13 10:11:12")
    ('1966-01-00', '1970-01-01 00:00:01')

    Raises:
        ValueError: It is no date as a server writes it.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError("not a date as a server writes it")
    year, month, day, clock = found.groups()
    first = "-".join([year, *("00" if part == "00" else "01" for part in (month, day))])
    # A TIMESTAMP has no first second of 1970.
    midnight = re.sub("[0-9]", "0", clock)
    return first + (f"{midnight[:8]}1{midnight[9:]}" if clock and year == "1970" else midnight)
