from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import UsageError
from sandbox.model import Column, Index, Key, Table
from sandbox.subset.windows import Window, candidates, parse_window

NOW = datetime(2026, 11, 30, 21, 15, 7)  # noqa: DTZ001 - in UTC, as columns hold it
MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(  # noqa: DTZ001
    lambda one: one.replace(microsecond=0)
)


def condition(text: str, kind: str) -> str:
    window = parse_window("placed", text)
    return window.span(NOW).condition(Column("placed", kind, kind))


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("30d", timedelta(days=30)),
        (" last 2 weeks ", timedelta(days=14)),
        ("1 hour", timedelta(hours=1)),
        ("12H", timedelta(hours=12)),
    ],
)
def test_windows_that_reach_back_are_read_as_people_write_them(text: str, last: timedelta) -> None:
    assert parse_window("placed", text) == Window("placed", last=last)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0d", "an hour at least"),
        ("99999d", "a hundred years at most"),
        ("999999w", "a hundred years at most"),
        ("", "a window is 30d"),
        ("30", "a window is 30d"),
        ("3m", "a window is 30d"),  # minutes or months?
        ("..", "a window is 30d"),
        ("2026-10-01", "a window is 30d"),
        ("2026-10-01..now", "a window is 30d"),
        ("2026-10-01' OR 1..", "a window is 30d"),
        ("٢٠٢٦-10-01..", "a window is 30d"),
        ("2026-02-30..", "does not exist"),
        ("2026-10-01 25:00..", "does not exist"),
        ("2026-10-01..2026-10-01", "ends before it begins"),
        ("2026-10-02..2026-10-01", "ends before it begins"),
    ],
)
def test_what_is_no_window_is_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        parse_window("placed", text)


def test_each_type_of_column_is_compared_with_its_own_form_of_a_moment() -> None:
    october = "2026-10-01..2026-11-01"
    assert condition(october, "date") == "`placed` >= '2026-10-01' AND `placed` < '2026-11-01'"
    in_time = "`placed` >= '2026-10-01 00:00:00' AND `placed` < '2026-11-01 00:00:00'"
    assert condition(october, "datetime") == condition(october, "timestamp") == in_time
    unix = "`placed` >= 1790812800 AND `placed` < 1793491200"
    assert condition(october, "int") == condition(october, "bigint") == unix


def test_one_side_may_be_open() -> None:
    assert condition("2026-10-01 08:30..", "datetime") == "`placed` >= '2026-10-01 08:30:00'"
    assert condition("..0999-12-31", "date") == "`placed` < '0999-12-31'"


def test_a_window_that_reaches_back_ends_a_day_from_now_as_local_time_may_be_ahead() -> None:
    assert condition("30d", "datetime") == (
        "`placed` >= '2026-10-31 21:15:07' AND `placed` < '2026-12-01 21:15:07'"
    )
    # A day is in where any moment of it is.
    assert condition("30d", "date") == "`placed` >= '2026-10-31' AND `placed` <= '2026-12-01'"


@given(MOMENTS, MOMENTS)
def test_days_of_a_window_are_those_that_have_a_moment_in_it(
    begin: datetime, end: datetime
) -> None:
    if begin >= end:
        return
    found = (
        Window("placed", begin=begin, end=end).span().condition(Column("placed", "date", "date"))
    )
    first, last = found.split(" AND ")
    assert first == f"`placed` >= '{begin.date().isoformat()}'"
    newest = (end - timedelta(seconds=1)).date().isoformat()
    day = last.split("'")[1]
    if "<=" in last:
        assert day == newest
    else:
        assert day == end.date().isoformat() > newest


@given(st.text())
def test_no_text_but_a_window_makes_a_condition(text: str) -> None:
    try:
        made = condition(text, "datetime")
    except UsageError:
        return
    assert set(made) <= set("`placed` >=<AND'0123456789-: ")


def test_words_of_a_window_name_no_day() -> None:
    given = [
        "30d", "1d", "36h", "1h", "2026-10-01..2026-11-01", "2026-10-01 08:00..2026-11-01",
        "2026-10-01..",
    ]  # fmt: skip
    assert [parse_window("placed", text).words for text in given] == [
        "in the last 30 days",
        "in the last day",
        "in the last 36 hours",
        "in the last hour",
        "in a window of 31 days",
        "in a window of about 31 days",
        "since a moment that was named",
    ]
    assert parse_window("placed", "..2026-10-01").words == "before a moment that was named"


def test_candidates_are_dates_and_times_or_numbers_that_are_no_keys() -> None:
    number = Column("id", "int", "int"), Column("parent", "bigint", "bigint")
    log = Table(
        "log",
        "InnoDB",
        (*number, Column("at", "int", "int"), Column("level", "tinyint", "tinyint")),
        (Key("PRIMARY", ("id",)),),
    )
    assert candidates(log) == ["parent", "at"]
    dated = Table(
        "orders",
        "InnoDB",
        (*number, Column("placed", "datetime", "datetime"), Column("day", "date", "date")),
        indexes=(Index("by_day", ("day",)),),
    )
    assert candidates(dated) == ["placed", "day (indexed)"]
