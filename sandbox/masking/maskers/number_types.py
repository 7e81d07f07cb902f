"""What a column of numbers holds, and how the server writes it.

A load reads back what it wrote and compares the bytes. So a masked number is first brought to what
its column will hold of it (declared decimals, the bits of a FLOAT), and then written as the server
writes that under the read expression of the column: `sandbox.database.expressions`.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

from sandbox.masking.maskers.numbers import largest_of, mask_digits_of_number, round_down
from sandbox.masking.prf import Prf
from sandbox.model import Column

_DECLARED = re.compile(r"\((\d+)(?:,(\d+))?\)")
# The digits of a DOUBLE, and those of a DECIMAL behind the point.
_EXACT = Context(prec=800)
_DOUBLE_WIDTH = 22
_FLOATING = frozenset({"float", "double"})
# Of a number that has no more digits, FLOAT and DOUBLE hold every one.
_SURE_DIGITS = {"float": 6, "double": 15}
_LEAST_SURE = {"float": -37, "double": -307}
_FLOAT_DIGITS = range(1, 10)
# What is written without an exponent: fractions from 1e-15 on, and whole numbers below 1e15.
_LEAST_PLAIN, _MOST_PLAIN = -15, 14
_BITS = {"float": (">f", ">I"), "double": (">d", ">Q")}
_LARGEST = {"float": 0x7F7FFFFF, "double": 0x7FEFFFFFFFFFFFFF}
_MOST_ROUNDINGS = 3


@dataclass(frozen=True, slots=True)
class NumberType:
    """A type of numbers.

    Attributes:
        kind: The bare type: ``int``, ``decimal``, ``float`` …
        digits: How many it holds; 0 where that is not declared.
        decimals: How many of them stand behind the point; None where that is not declared.
        largest: The largest whole number of an integer type.
        unsigned: Whether it holds nothing below zero.
        width: How wide the server fills a number up with zeros; 0 where it does not.
    """

    kind: str
    digits: int
    decimals: int | None
    largest: int
    unsigned: bool
    width: int

    @classmethod
    def of(cls, column: Column) -> NumberType:
        """Read the type of a column of numbers."""
        found = _DECLARED.search(column.declared)
        digits = int(found[1]) if found else 0
        decimals = int(found[2]) if found and found[2] else None
        width = 0
        if "zerofill" in column.declared:
            # Read by an expression, a FLOAT or a DOUBLE with declared decimals is not filled up.
            is_plain = column.kind == "double" and decimals is None
            width = {"float": 0, "double": _DOUBLE_WIDTH * is_plain}.get(column.kind, digits)
        return cls(
            column.kind,
            digits,
            decimals,
            largest_of(column.kind, column.declared),
            "unsigned" in column.declared,
            width,
        )

    def value(self, text: str) -> Decimal:
        """Give a number as it was most likely put in: FLOAT reads 1.37 as 1.3700000047683716.

        It has as many decimals as are declared, or the fewest digits that tell it from others.

        Raises:
            ValueError: It is no number as a server writes it.
        """
        try:
            # Zeros that fill a number up stand before the sign: MySQL's "000-0".
            value = Decimal(text.lstrip("0") or "0")
        except InvalidOperation:
            raise ValueError("not a number as a server writes it") from None
        if not value.is_finite():
            raise ValueError("not a number as a server writes it")
        if self.kind not in _FLOATING:
            return value
        if self.decimals is not None:
            return value.quantize(Decimal(1).scaleb(-self.decimals), context=_EXACT)
        if self.kind == "float":
            value = _shortest_of_float(float(text))
        value = value.normalize(_EXACT)
        is_whole = value == value.to_integral_value() and value.adjusted() <= _MOST_PLAIN
        return value.quantize(Decimal(1), context=_EXACT) if is_whole else value

    def held(self, value: Decimal) -> str | None:
        """Give what the server will write for a number; None where the column cannot hold it.

        >>> price = NumberType.of(Column("price", "float", "float(7,2)"))
        >>> price.held(Decimal("1.366")), price.held(Decimal(123456))
        ('1.3700000047683716', None)
        """
        if self.kind in _FLOATING:
            return self._held_by_floating(value)
        decimals = (self.decimals or 0) if self.kind == "decimal" else 0
        rounded = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, context=_EXACT)
        if rounded < 0 and self.unsigned:
            return None
        if self.kind == "decimal":
            fits = rounded.copy_abs() < Decimal(1).scaleb(self.digits - decimals)
            width = max(self.digits - decimals, 1) + (decimals + 1 if decimals else 0)
        else:
            # The least number of a type is further from zero than the largest.
            fits = -self.largest - 1 <= rounded <= self.largest
            width = self.width
        written = f"{rounded or rounded.copy_abs():f}"
        return written.zfill(width if self.width else 0) if fits else None

    def mask_digits(self, prf: Prf, domain: str, text: str) -> str:
        """Exchange the digits of a number; sign, magnitude and zero stay.

        One-to-one: what a FLOAT or DOUBLE could not tell from another number is not given.
        """
        if self.kind not in _FLOATING:
            return mask_digits_of_number(prf, domain, text)
        held = self._written(self.value(text))
        value = self.value(held)
        if value == 0:
            return held
        if not self._is_surely_held(value):
            return self._written(self._permute_bits(prf, domain, float(held)))
        sign, digits, exponent = value.as_tuple()
        written = f"{'-' * sign}{''.join(map(str, digits))}e{exponent}"
        masked = mask_digits_of_number(
            prf, domain, written, lambda other: self._is_surely_held(Decimal(other))
        )
        return self._written(Decimal(masked))

    def generalise(self, text: str, unit: str) -> str:
        """Round a number down to a multiple of `unit`.

        Below zero that may be more than the column holds: then up to the next multiple.

        Raises:
            ValueError: It is no number, or the unit is none.
        """
        rounded = round_down(self.value(self._written(self.value(text))), unit)
        held = self.held(rounded)
        return self._written(_EXACT.add(rounded, Decimal(unit))) if held is None else held

    def coarse(self, text: str, coarsen: Callable[[str], str]) -> str:
        """Give what the column holds of a number that was made coarse."""
        return self._written(Decimal(coarsen(str(self.value(text)))))

    def _written(self, value: Decimal) -> str:
        """Write a number; where it is just beyond what the server takes, the next one.

        A FLOAT(10,2) may hold 100000000, but nobody can write that into it.
        """
        held = self.held(value)
        if held is None and self.kind in _FLOATING:
            number = float(value)
            nearer = self._number_of(min(self._bits(abs(number)), _LARGEST[self.kind] + 1) - 1)
            held = self.held(Decimal(repr(math.copysign(nearer, number))))
        if held is None:
            raise ValueError("not a number that the column holds")
        return held

    def _is_surely_held(self, value: Decimal) -> bool:
        """Tell whether a floating column tells a number from every other of as many digits."""
        held = self.held(value) if self._has_sure_digits(value) else None
        return held is not None and self.value(held).as_tuple() == value.as_tuple()

    def _has_sure_digits(self, value: Decimal) -> bool:
        is_short = len(value.as_tuple().digits) <= _SURE_DIGITS[self.kind]
        return is_short and value.adjusted() >= _LEAST_SURE[self.kind]

    def _permute_bits(self, prf: Prf, domain: str, number: float) -> Decimal:
        """Exchange a number of more digits than are sure with another of its magnitude.

        Floating numbers of a sign are in the order of their bits, so those of a magnitude are a
        range of them.
        """
        magnitude, own = self.value(repr(number)).adjusted(), self._bits(abs(number))
        low, beyond = (self._bits(float(f"1e{one}")) for one in (magnitude, magnitude + 1))
        high = min(beyond - 1, self._bits(self._most))
        tweak = f"{self.kind} {magnitude}"

        def number_at(place: int) -> Decimal:
            return Decimal(repr(math.copysign(self._number_of(low + place), number)))

        def allowed(place: int) -> bool:
            held = self.held(number_at(place))
            return (
                held is not None
                and self._bits(abs(float(held))) == low + place
                and not self._has_sure_digits(self.value(held))
            )

        if not allowed(own - low):
            # Declared decimals that a DOUBLE cannot hold: two numbers may become one.
            return number_at(prf.permute(own - low, high - low + 1, domain, tweak))
        return number_at(prf.permute_within(own - low, high - low + 1, domain, tweak, allowed))

    def _bits(self, number: float) -> int:
        floating, bits = _BITS[self.kind]
        try:
            (found,) = struct.unpack(bits, struct.pack(floating, number))
        except OverflowError:
            return _LARGEST[self.kind] + 1
        return int(found)

    def _number_of(self, place: int) -> float:
        floating, bits = _BITS[self.kind]
        (number,) = struct.unpack(floating, struct.pack(bits, place))
        return float(number)

    @property
    def _most(self) -> float:
        """The largest number that a floating type takes, as the server reckons it."""
        if self.decimals is None:
            return self._number_of(_LARGEST[self.kind])
        return float(f"1e{self.digits - self.decimals}") - 1 / float(f"1e{self.decimals}")

    def _held_by_floating(self, value: Decimal) -> str | None:
        number = float(value)
        for _ in range(_MOST_ROUNDINGS):
            before, rounded = number, self._rounded(number)
            if rounded is None:
                return None
            number = rounded
            if number == before:
                return write_double(number).zfill(self.width)
        return None

    def _rounded(self, number: float) -> float | None:
        """Round as the server does when it stores a number; None where that is out of range."""
        if math.isinf(number) or (self.unsigned and number < 0):
            return None
        if self.decimals is not None:
            tens = float(f"1e{self.decimals}")
            below = math.floor(number)
            number = below + round((number - below) * tens) / tens
        if abs(number) > self._most:
            return None
        if self.kind == "float":
            number = math.copysign(self._number_of(self._bits(abs(number))), number)
        # MariaDB knows no zero below zero where nothing below zero is.
        return abs(number) if self.unsigned else number


def write_double(number: float) -> str:
    """Write a number as MySQL and MariaDB do: the fewest digits that are read as this very number.

    >>> write_double(999999999999999.0), write_double(1e15), write_double(-2e-16)
    ('999999999999999', '1e15', '-2e-16')
    """
    value = Decimal(repr(number)).normalize(_EXACT)
    is_small = value.adjusted() <= _MOST_PLAIN or value != value.to_integral_value()
    if value == 0 or (is_small and value.adjusted() >= _LEAST_PLAIN):
        return f"{value:f}"
    digits = "".join(map(str, value.as_tuple().digits))
    point = "." if len(digits) > 1 else ""
    return f"{'-' * value.is_signed()}{digits[0]}{point}{digits[1:]}e{value.adjusted()}"


def _shortest_of_float(number: float) -> Decimal:
    for digits in _FLOAT_DIGITS:
        written = f"{number:.{digits - 1}e}"
        try:
            (read,) = struct.unpack(">f", struct.pack(">f", float(written)))
        except OverflowError:
            continue
        if read == number:
            return Decimal(written)
    return Decimal(repr(number))
