from __future__ import annotations

import pytest

from sandbox.errors import UsageError
from sandbox.subset.request import (
    Share,
    parse_condition,
    parse_conditions,
    parse_samples,
    parse_share,
)


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


def test_two_shares_of_one_table_are_refused() -> None:
    with pytest.raises(UsageError) as caught:
        parse_samples(["orders=1%", "items=5", "orders=all"])
    assert caught.value.message == "--sample orders: it is given twice, 1 % and 100 %."
    assert parse_samples(["orders=1%", "orders = 1 %"])[1] == {"orders": Share(0.01)}


def test_second_condition_of_a_table_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        parse_conditions(["orders:id = 4711", "items:id = 1", "orders:id = 4712"])
    assert caught.value.message == "--where orders: there are two conditions."
    assert "471" not in caught.value.hint
    assert parse_conditions(["orders:a", "items:b"]) == {"orders": "a", "items": "b"}
