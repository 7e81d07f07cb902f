from __future__ import annotations

import pytest

from sandbox.errors import UsageError
from sandbox.subset.request import Share, parse_condition, parse_samples, parse_share


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("1%", Share(0.01)),
        (" 0.5 % ", Share(0.005)),
        ("100%", Share(1.0)),
        ("2000", Share(rows=2000)),
        ("2_000 rows", Share(rows=2000)),
        ("1 row", Share(rows=1)),
        ("all", Share(1.0)),
        ("none", Share(0.0)),
    ],
)
def test_shares_are_read_as_people_write_them(text: str, share: Share) -> None:
    assert parse_share(text) == share


@pytest.mark.parametrize("text", ["", "101%", "-1%", "1.5", "some", "1%%"])
def test_what_is_no_share_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_share(text)
    assert "--sample 1%" in caught.value.hint


@pytest.mark.parametrize("text", ["orders", "orders:", ":id=1", " : "])
def test_what_names_no_rows_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_condition(text)


def test_a_condition_may_hold_colons() -> None:
    found = parse_condition("orders: placed > '2026-01-01 10:00'")
    assert (found.table, found.sql) == ("orders", "placed > '2026-01-01 10:00'")


def test_the_last_general_share_wins_and_tables_keep_theirs() -> None:
    assert parse_samples(["1%", "orders=all", "2%"]) == (Share(0.02), {"orders": Share(1.0)})
