"""The parts of a sandbox's life that need no engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from sandbox.replica.life_logs import short_names
from sandbox.replica.life_sql import ResultSet, read_results
from sandbox.replica.life_times import time_of, times_of, zone_of

HERE = timezone(timedelta(hours=2))


def at(hour: int, minute: int, second: int, micro: int = 0) -> datetime:
    return datetime(2026, 3, 1, hour, minute, second, micro, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2026-03-01T10:00:01+01:00 ERR (3): it broke", at(9, 0, 1)),
        ("2026-03-01T10:00:01.123456789Z text", at(10, 0, 1, 123456)),
        ("[2026-03-01 10:00:01,5] app.ERROR: it broke", at(8, 0, 1, 500000)),
        ("2026-03-01 10:00:01 0 [Note] mariadbd: ready", at(8, 0, 1)),
        ("2026/03/01 10:00:01 [error] 7#7: *1 open() failed", at(8, 0, 1)),
        ("[01-Mar-2026 10:00:01 Europe/Berlin] PHP Fatal error:  x", at(9, 0, 1)),
        ("[01-Mar-2026 10:00:01 UTC] PHP Warning:  x", at(10, 0, 1)),
        ("[01-Mar-2026 10:00:01] NOTICE: fpm is running", at(8, 0, 1)),
        ('::1 - - [01/Mar/2026:10:00:01 -0130] "GET / HTTP/1.1" 200 1', at(11, 30, 1)),
        ("[01-Mar-2026 10:00:01 Nowhere/At_All] PHP Warning:  x", at(8, 0, 1)),
    ],
)
def test_times_of_the_usual_programs_are_read(line: str, expected: datetime) -> None:
    assert time_of(line, HERE) == expected


@pytest.mark.parametrize(
    "line",
    [
        "",
        "#0 /srv/app/index.php(3): broke('2026-03-01 10:00:01')",
        "2026-13-41 10:00:01 no such day",
        "2026-03-01 99:00:01 no such hour",
        "[01-Foo-2026 10:00:01] no such month",
        f"{'x' * 400}[01/Mar/2026:10:00:01 +0000]",
    ],
)
def test_lines_without_a_time_of_their_own_have_none(line: str) -> None:
    assert time_of(line) is None


def test_lines_without_a_time_stay_behind_the_line_before() -> None:
    lines = ["begin", "2026-03-01T10:00:05Z a", "trace", "2026-03-01T10:00:01Z clock set back"]
    assert list(times_of(lines))[1:] == [at(10, 0, 5)] * 3


def test_zones_are_read_from_offsets() -> None:
    assert zone_of("-0130").utcoffset(None) == timedelta(hours=-1, minutes=-30)
    assert zone_of("date: not found") is UTC


def test_files_are_named_as_short_as_tells_them_apart() -> None:
    assert short_names(["/a/error.log", "/b/a/error.log", "/b/app.log"]) == {
        "/a/error.log": "/a/error.log",
        "/b/a/error.log": "b/a/error.log",
        "/b/app.log": "app.log",
    }


def test_cells_may_hold_what_looks_like_the_form_they_come_in() -> None:
    printed = (
        b'<?xml version="1.0"?>\n\n<resultset statement="select &quot;</row>&quot;">\n  <row>\n'
        b'\t<field name="a&quot;b&lt;">&lt;/field&gt;&lt;/row&gt;\nsecond &amp;amp; line</field>\n'
        b'\t<field name="n" xsi:nil="true" />\n  </row>\n\n  <row>\n'
        b'\t<field name="a&quot;b&lt;">\xc3\xa4\xff</field>\n\t<field name="n">NULL</field>\n'
        b"  </row>\n</resultset>\n"
        b'<?xml version="1.0"?>\n\n<resultset statement="select 1 limit 0"></resultset>\n'
    )
    assert read_results(printed) == (
        ResultSet(
            ('a"b<', "n"),
            (("</field></row>\nsecond &amp; line", None), ("ä\\xff", "NULL")),
        ),
        ResultSet((), ()),
    )


def test_a_cut_answer_gives_what_is_whole() -> None:
    assert read_results(b'<resultset statement="x"><row><field name="a">1</fie') == ()
