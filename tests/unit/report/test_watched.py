"""What an export says of production's load."""

from __future__ import annotations

from sandbox.export.load import Load
from sandbox.export.watch import LoadLimits, Watched
from sandbox.report.watched import watched_data, watched_lines

SEEN = Watched(
    Load(1, 0, 7),
    Load(15, 3, 1200),
    LoadLimits(10, 60, 0),
    61.25,
    2,
    "15 threads running, limit 10",
)


def test_load_limits_and_waits_are_said() -> None:
    assert list(watched_lines(SEEN)) == [
        (
            "load      15 threads running at most (limit 10), 3 s behind (limit 60), "
            "history list 1,200 (limit none)"
        ),
        "waited    61.2 s for production, 2 times: 15 threads running, limit 10",
    ]
    assert watched_data(SEEN) == {
        "waited_seconds": 61.25,
        "waits": 2,
        "last_waited_for": "15 threads running, limit 10",
        "threads_running": {"first": 1, "most": 15, "limit": 10},
        "seconds_behind": {"first": 0, "most": 3, "limit": 60},
        "history_list": {"first": 7, "most": 1200, "limit": None},
    }


def test_what_nobody_could_see_is_left_out_or_unknown() -> None:
    calm = Watched(Load(1), Load(1), LoadLimits(25, 60, 10))
    assert list(watched_lines(calm)) == ["load      1 thread running at most (limit 25)"]
    assert list(watched_lines(None)) == [
        "load      unknown: the account may open no session to look"
    ]
    assert watched_data(None) is None
