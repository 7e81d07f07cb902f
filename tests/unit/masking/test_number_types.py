from __future__ import annotations

import struct
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.masking.maskers.number_types import NumberType, write_double
from sandbox.masking.maskers.numbers import mask_coordinate
from sandbox.masking.prf import Prf
from sandbox.model import Column

PRF = Prf(b"key")


def typed(declared: str) -> NumberType:
    return NumberType.of(Column("c", declared.partition("(")[0].partition(" ")[0], declared))


FLOAT, DOUBLE = typed("float"), typed("double")


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0.0, "0"), (-0.0, "-0"), (100.0, "100"), (999999999999999.0, "999999999999999"),
        (1e15, "1e15"), (1234567890123456.0, "1.234567890123456e15"),
        (1420871272504524.5, "1420871272504524.5"), (-3.4e38, "-3.4e38"),
        (1e-15, "0.000000000000001"), (9.99e-16, "9.99e-16"), (5e-324, "5e-324"),
    ],
)  # fmt: skip
def test_double_is_written_as_servers_write_it(number: float, written: str) -> None:
    assert write_double(number) == written


@pytest.mark.parametrize(
    ("declared", "cell", "unit", "written"),
    [
        ("float", "1.3700000047683716", "0.1", "1.2999999523162842"),
        ("float", "1.2999999523162842", "0.1", "1.2999999523162842"),
        ("float(7,2)", "999.989990234375", "0.1", "999.9000244140625"),
        ("double", "1.37", "0.1", "1.3"),
        ("double(9,3)", "1.375", "0.01", "1.37"),
        ("double unsigned zerofill", "0000000000000000012.5", "5", "0000000000000000000010"),
        ("decimal(7,2)", "999.99", "0.1", "999.90"),
        ("decimal(7,2) unsigned zerofill", "00012.30", "7", "00007.00"),
        ("decimal(4,1)", "-0.7", "0.3", "-0.9"),
        ("int(5) unsigned zerofill", "12345", "20000", "00000"),
        ("int(11)", "7", "0.4", "7"),
        ("int(11)", "-1201", "100", "-1300"),
        ("tinyint(4)", "-128", "10", "-120"),
        ("tinyint(4)", "-5", "1000", "0"),
        ("bigint(20)", "-9223372036854775808", "10", "-9223372036854775800"),
        ("decimal(3,0)", "-999", "10", "-990"),
        # What a server holds there, and nobody can write.
        ("float(10,2)", "100000000", "100", "99999904"),
    ],
)
def test_number_is_rounded_down_to_what_the_column_holds(
    declared: str, cell: str, unit: str, written: str
) -> None:
    assert typed(declared).generalise(cell, unit) == written


@pytest.mark.parametrize(
    ("declared", "cell", "written"),
    [
        ("float", "3.0000000054977558e38", "3.0000000054977558e38"),
        ("float", "3.3999999521443642e38", "3.3999999521443642e38"),
        ("double", "3.4e38", "3.4e38"),
        ("double", "3.4567e38", "3.4e38"),
        ("float", "53.54999923706055", "53"),
        ("decimal(9,6)", "52.520008", "52.000000"),
        ("decimal(9,6)", "-0.520008", "0.000000"),
    ],
)
def test_coordinate_is_written_as_the_column_holds_it(
    declared: str, cell: str, written: str
) -> None:
    assert typed(declared).coarse(cell, mask_coordinate) == written


FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
DOUBLES = st.floats(allow_nan=False, allow_infinity=False)


@given(FLOATS)
def test_masked_float_is_one(number: float) -> None:
    masked = FLOAT.mask_digits(PRF, "n", write_double(number))
    read = float(masked)
    assert struct.unpack(">f", struct.pack(">f", read)) == (read,)
    assert write_double(read) == masked
    assert (read < 0) == (number < 0)
    assert FLOAT.value(masked).adjusted() == FLOAT.value(write_double(number)).adjusted()


@given(DOUBLES)
def test_masked_double_is_written_as_one(number: float) -> None:
    masked = DOUBLE.mask_digits(PRF, "n", write_double(number))
    assert write_double(float(masked)) == masked
    assert DOUBLE.value(masked).adjusted() == DOUBLE.value(write_double(number)).adjusted()


@given(st.integers(1, 10**6 - 1))
def test_price_in_a_float_stays_a_price(cents: int) -> None:
    price = FLOAT.held(Decimal(cents).scaleb(-2))
    assert price is not None
    masked = FLOAT.value(FLOAT.mask_digits(PRF, "n", price)).as_tuple()
    assert masked.exponent == FLOAT.value(price).as_tuple().exponent
    assert len(masked.digits) == len(FLOAT.value(price).as_tuple().digits)


@pytest.mark.parametrize(
    ("kind", "first", "count"),
    [("float", 0x3F800000, 3000), ("float", 1, 300), ("float", 0x7F7FFFFF - 300, 300),
     ("double", 0x3FF0000000000000, 1000), ("double", 0x7FEFFFFFFFFFFFFF - 300, 300)],
)  # fmt: skip
def test_neighbours_stay_different(kind: str, first: int, count: int) -> None:
    number = typed(kind)
    codes = (">f", ">I") if kind == "float" else (">d", ">Q")
    cells = {
        write_double(struct.unpack(codes[0], struct.pack(codes[1], first + place))[0])
        for place in range(count)
    }
    assert len({number.mask_digits(PRF, "n", cell) for cell in cells}) == count


@pytest.mark.parametrize("declared", ["float(7,2)", "double(9,3)", "decimal(5,2)", "double"])
def test_prices_stay_different_and_zero_stays(declared: str) -> None:
    number = typed(declared)
    cells = {number.held(Decimal(cents).scaleb(-2)) for cents in range(-3000, 3000)}
    masked = {number.mask_digits(PRF, "n", cell) for cell in cells if cell is not None}
    assert len(masked) == len(cells) == 6000
    zero = number.held(Decimal(0))
    assert zero is not None
    assert number.mask_digits(PRF, "n", zero) == zero
