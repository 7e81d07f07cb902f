"""What a budget is written as."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import UsageError
from sandbox.subset.budget import Budget, Unit, parse_budget

SIZES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
         "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}  # fmt: skip


@given(
    number=st.integers(1, 10**6),
    unit=st.sampled_from(sorted(SIZES)),
    space=st.sampled_from(["", " ", "  "]),
    change=st.sampled_from([str, str.lower, str.upper]),
)
def test_bytes_are_read_in_every_unit(number: int, unit: str, space: str, change: type) -> None:
    expected = Budget(number * SIZES[unit], Unit.BYTES)
    assert parse_budget(f" {number}{space}{change(unit)}") == expected
    assert parse_budget(f"{number:,}{unit}") == expected


@given(st.integers(1, 1 << 60), st.sampled_from(["rows", " rows", " ROWS", "row"]))
def test_rows_are_read_with_or_without_separators(number: int, unit: str) -> None:
    assert parse_budget(f"{number}{unit}") == Budget(number, Unit.ROWS)
    assert parse_budget(f"{number:_}{unit}") == Budget(number, Unit.ROWS)
    assert parse_budget(str(Budget(number, Unit.ROWS))) == Budget(number, Unit.ROWS)


@given(st.integers(1, 1 << 60), st.sampled_from(Unit))
def test_what_is_written_is_read_back(amount: int, unit: Unit) -> None:
    budget = Budget(amount, unit)
    assert parse_budget(budget.written) == budget


def test_part_of_a_unit_is_read() -> None:
    assert parse_budget("1.5GB") == Budget(1_500_000_000, Unit.BYTES)


@pytest.mark.parametrize(
    "wrong",
    ["", "500", "0rows", "0MB", "0.4B", "1.5rows", "-5MB", "5 EB", "MB", "rows", "5%", "5MB rows",
     "٣rows", "9999999TB", "5 M", ",5MB", "1e9B"],
)  # fmt: skip
def test_anything_else_is_refused_and_not_repeated(wrong: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_budget(wrong)
    assert "20000rows, 500MB, 2GiB" in str(refused.value.message)


@given(st.text(max_size=12))
def test_no_text_breaks_the_parser(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert parse_budget(text).amount > 0
