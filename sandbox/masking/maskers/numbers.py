"""Numbers: digits exchanged within a column's range, rounded, or coordinates made coarse."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from sandbox.masking.prf import Prf

_INTEGER = re.compile(r"(-?)([1-9]\d*)")
_LARGEST = {
    "tinyint": 0x7F, "smallint": 0x7FFF, "mediumint": 0x7FFFFF, "int": 0x7FFFFFFF,
    "bigint": 0x7FFFFFFFFFFFFFFF,
}  # fmt: skip
_NO_COORDINATE = Decimal(180)
_DATE = re.compile(r"(\d{4})-(?!00)\d\d-(?!00)\d\d")


def largest_of(kind: str, declared: str) -> int:
    """Give the largest number that an integer type holds.

    >>> largest_of("smallint", "smallint(5) unsigned")
    65535
    """
    largest = _LARGEST.get(kind, _LARGEST["bigint"])
    return 2 * largest + 1 if "unsigned" in declared else largest


def mask_integer(prf: Prf, domain: str, text: str, largest: int) -> str:
    """Permute the integers of as many digits that fit the column; the sign stays."""
    found = _INTEGER.fullmatch(text)
    if found is None:
        return text
    sign, digits = found.groups()
    low = 10 ** (len(digits) - 1)
    high = min(10 ** len(digits) - 1, largest)
    if not low <= int(digits) <= high:
        return text
    image = prf.permute(int(digits) - low, high - low + 1, domain, f"integer {low}")
    return f"{sign}{low + image}"


def mask_digits_of_number(prf: Prf, domain: str, text: str) -> str:
    """Exchange all digits of a decimal number but a zero in front; signs and exponent stay."""
    mantissa, exponent = re.fullmatch(r"([^eE]*)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    places = [at for at, sign in enumerate(mantissa) if sign.isdecimal() and sign.isascii()]
    if not places:
        return text
    signs = list(mantissa)
    kept = 1 if len(places) > 1 and signs[places[0]] == "0" else 0
    digits = "".join(signs[at] for at in places[kept:])
    size = 10 ** len(digits)
    # With "-0" a number would lose its sign.
    leads = not kept and (len(digits) > 1 or (mantissa[:1] == "-" and digits != "0"))

    def allowed(value: int) -> bool:
        return not leads or value >= size // 10

    image = prf.permute_within(int(digits), size, domain, f"number {len(digits)}", allowed)
    for at, digit in zip(places[kept:], f"{image:0{len(digits)}d}", strict=True):
        signs[at] = digit
    return "".join(signs) + exponent


def generalise(text: str, unit: str) -> str:
    """Round a number down to a multiple of `unit`, or a date to its year (``unit`` is ``year``).

    Zero and partial dates stay.
    """
    if unit == "year":
        found = _DATE.match(text)
        return f"{found[1]}-01-01{text[found.end() :]}" if found else text
    try:
        step, value = Decimal(unit), Decimal(text)
        return f"{value // step * step:f}" if value.is_finite() else text
    except (InvalidOperation, ZeroDivisionError):
        return text


def mask_coordinate(text: str) -> str:
    """Cut a latitude or longitude to whole degrees; zero and what is no coordinate stay.

    >>> mask_coordinate("52.520008087158"), mask_coordinate("999"), mask_coordinate("1e-38")
    ('52', '999', '1e-38')
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    if not value.is_finite() or abs(value) > _NO_COORDINATE or abs(value) < 1:
        return text if abs(value) < Decimal("1e-6") or abs(value) > _NO_COORDINATE else "0"
    return str(int(value))
