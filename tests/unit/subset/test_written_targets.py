from __future__ import annotations

import pytest

from sandbox.errors import UsageError
from sandbox.subset.limits import ChildLimit
from sandbox.subset.strata import StrataRequest
from sandbox.subset.windows import parse_window
from sandbox.subset.written_targets import WrittenTargets, parse_targets


def test_options_are_read_by_table() -> None:
    month, open_ended = "30d", "2026-10-01 12:00.."
    found = parse_targets(
        [f"orders.placed={month}", f"orders.shipped = {open_ended}", "visits=2w"],
        ["orders.status,channel=5", " customers . country = 1"],
        ["50", "orders=20 newest by placed", "items=all"],
    )
    assert found == WrittenTargets(
        windows={
            "orders": (parse_window("placed", month), parse_window("shipped", open_ended)),
            "visits": (parse_window("", "2w"),),
        },
        strata={
            "orders": StrataRequest(("status", "channel"), 5),
            "customers": StrataRequest(("country",), 1),
        },
        children=ChildLimit(50),
        per_parent={"orders": ChildLimit(20, "placed"), "items": ChildLimit(None)},
    )


def test_what_is_given_twice_is_not_passed_over() -> None:
    with pytest.raises(UsageError) as caught:
        parse_targets(
            [],
            ["orders.status=5", "orders.channel=5", "orders.status=5"],
            ["orders=20", "50", "orders=20", "orders=30", "all"],
        )
    twice = "it is given twice, and each says another limit"
    assert caught.value.findings == (
        (
            "--strata orders.channel: the table has strata already; "
            "TABLE.COLUMN,COLUMN=ROWS takes rows of each combination"
        ),
        f"--children orders: {twice}",
        f"--children: {twice}",
    )


def test_nothing_given_is_nothing_asked() -> None:
    assert parse_targets([], [], []) == WrittenTargets()


def test_what_cannot_be_understood_is_told_together() -> None:
    with pytest.raises(UsageError) as caught:
        parse_targets(
            ["orders.placed=soon", "orders.placed=2026-02-30..", "orders.shipped"],
            ["orders=5", "orders.status"],
            ["orders=0", "some", "5 newest by id"],
        )
    whole = (
        "a window is 30d (or 12h, 2w), or 2026-10-01..2026-11-01, of which one side may be missing"
    )
    strata = "strata are TABLE.COLUMN=ROWS or TABLE.COLUMN,COLUMN=ROWS"
    limit = "a limit of children is"
    assert caught.value.findings == (
        f"--window orders.placed: {whole}",
        "--window orders.placed: the window names a day or a time that does not exist",
        f"--window orders.shipped: {whole}",
        f"--strata orders: {strata}",
        f"--strata orders.status: {strata}",
        f"--children orders: {limit} one row at least; --sample TABLE=none takes none",
        (
            f"--children: {limit} a number of rows, all, or the newest by a column: "
            "20 newest by placed"
        ),
        "--children: newest by a column goes for one table: TABLE=20 newest by COLUMN",
    )


def test_one_finding_is_the_message() -> None:
    with pytest.raises(UsageError, match=r"--window orders\.placed: the window ends before it"):
        parse_targets(["orders.placed=2026-10-02..2026-10-01"], [], [])
