"""What options and settings say of how long production is read, and how busy it may be."""

from __future__ import annotations

import pytest

from sandbox.cli.sampling import Sampling, load_limits, reading_limits
from sandbox.database.session import limits_of
from sandbox.export.watch import LoadLimits
from sandbox.settings import LimitSettings

SETTINGS = LimitSettings(
    max_time=30, max_load=40, max_lag=5, max_history=7, longest_wait=3, statement_time=100
)


def test_settings_hold_where_no_option_says_otherwise() -> None:
    assert reading_limits(Sampling(), SETTINGS) == limits_of(1800, per_statement=0.1)
    assert load_limits(Sampling(), SETTINGS) == LoadLimits(40, 5, 7, 180.0)


def test_options_go_before_settings_also_where_they_switch_off() -> None:
    options = Sampling(max_time=9, max_snapshot_age=4, max_load=0, max_lag=0, max_history=0)
    assert reading_limits(options, SETTINGS) == limits_of(540, snapshot=240, per_statement=0.1)
    assert load_limits(options, SETTINGS) == LoadLimits(0, 0, 0, 180.0)


def test_nothing_is_limited_but_the_time_where_nobody_says_anything() -> None:
    assert reading_limits(Sampling(), LimitSettings()).whole == 4 * 3600
    assert load_limits(Sampling(), LimitSettings()) == LoadLimits()


@pytest.mark.parametrize("options", [Sampling(max_time=9), Sampling(read_limit=9)])
def test_old_name_of_the_longest_time_still_holds(options: Sampling) -> None:
    assert reading_limits(options, LimitSettings()).whole == 540


def test_snapshot_gets_no_older_than_all_may_take() -> None:
    options = Sampling(max_time=9, max_snapshot_age=60)
    assert reading_limits(options, LimitSettings()).snapshot == 540
