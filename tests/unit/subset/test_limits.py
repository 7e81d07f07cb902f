from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import UsageError
from sandbox.subset.limits import ChildLimit, age_of, parse_limit


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("20", ChildLimit(20)),
        (" all ", ChildLimit(None)),
        ("20 newest by placed", ChildLimit(20, "placed")),
        ("5 Newest By placed at ", ChildLimit(5, "placed at")),
    ],
)
def test_limits_are_read_as_people_write_them(text: str, limit: ChildLimit) -> None:
    assert parse_limit(text) == limit


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "some", "20 newest", "20 by placed", "all newest by x"]
)
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_limit(text)


@given(st.lists(st.datetimes()))
def test_ages_order_times_as_they_came(times: list[datetime]) -> None:
    shown = [f"{one.isoformat(' ', 'microseconds')}".encode() for one in times]
    assert sorted(shown, key=age_of) == sorted(shown, reverse=True)


@given(st.lists(st.integers(-(1 << 63), (1 << 64) - 1)))
def test_ages_order_numbers_as_they_are(numbers: list[int]) -> None:
    found = sorted((b"%d" % one for one in numbers), key=age_of)
    assert [int(one) for one in found] == sorted(numbers, reverse=True)


def test_a_row_without_a_date_is_older_than_all() -> None:
    assert age_of(None) > age_of(b"0000-00-00 00:00:00") > age_of(b"0001-01-01 00:00:00")
    assert age_of(None) > age_of(b"-9223372036854775808")
