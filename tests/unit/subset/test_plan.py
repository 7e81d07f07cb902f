from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.errors import UsageError
from sandbox.model import Column, Schema
from sandbox.subset.budget import Budget, Unit
from sandbox.subset.limits import ChildLimit
from sandbox.subset.plan import Role, plan_subset
from sandbox.subset.request import Condition, SampleRequest, Share
from sandbox.subset.strata import StrataRequest
from sandbox.subset.windows import Window, parse_window
from schemas import schema, table

NOW = datetime(2026, 11, 30, 21, 15)  # noqa: DTZ001 - in UTC, as columns hold it
ONE_PERCENT = SampleRequest(Share(0.01))
SHOP = schema(
    table("countries"),
    table("customers", "country>countries", "referrer>customers", optional=("referrer",)),
    table("products"),
    table("orders", "customer>customers", "coupon>coupons", optional=("coupon",)),
    table("coupons"),
    table(
        "items",
        "product>products",
        "order_id>orders",
        key=("order_id", "line"),
        cascades=("order_id",),
    ),
    table("reviews", "product>products", "customer>customers", optional=("customer",)),
)


def roles(request: SampleRequest, small: set[str] | None = None) -> dict[str, str]:
    plan = plan_subset(SHOP, request, frozenset(small or {"countries"}))
    return {
        name: f"{one.role} of {one.owner.parent}" if one.owner else str(one.role)
        for name, one in plan.tables.items()
    }


def test_families_start_at_tables_that_no_other_row_owns() -> None:
    assert roles(ONE_PERCENT) == {
        "countries": "whole",
        "customers": "target",
        "products": "target",
        "orders": "child of customers",
        "coupons": "target",
        "items": "child of orders",  # its key begins with the order
        "reviews": "child of products",  # the customer may be missing
    }


def test_a_table_that_is_asked_for_is_a_target_whoever_owns_it() -> None:
    asked = SampleRequest(Share(0.01), tables={"orders": Share(rows=50), "coupons": Share(0.0)})
    found = roles(asked)
    assert (found["orders"], found["items"], found["coupons"]) == (
        "target",
        "child of orders",
        "parent",
    )


def test_everything_asked_for_is_everything_whole() -> None:
    assert set(roles(SampleRequest(Share(1.0))).values()) == {"whole"}


def test_all_within_a_budget_is_as_much_as_fits_but_for_tables_asked_for_whole() -> None:
    request = SampleRequest(
        Share(1.0), tables={"products": Share(1.0)}, budget=Budget(5, Unit.ROWS)
    )
    found = roles(request)
    assert found["products"] == "whole"
    assert found["customers"] == "target"


def test_tables_that_own_each_other_still_start_somewhere() -> None:
    ring = schema(
        table("a", "other>c"), table("b", "other>a"), table("c", "other>b"), table("d", "other>d")
    )
    plan = plan_subset(ring, ONE_PERCENT, frozenset())
    assert sorted(one.role for one in plan.tables.values()) == [
        Role.CHILD, Role.CHILD, Role.TARGET, Role.TARGET,
    ]  # fmt: skip


def test_a_parent_whose_rows_no_key_tells_apart_is_taken_whole() -> None:
    odd = schema(table("log", key=()), table("notes", "entry>log"))
    assert plan_subset(odd, ONE_PERCENT, frozenset()).role("log") is Role.WHOLE


def test_all_unknown_tables_are_named_together() -> None:
    asked = SampleRequest(
        Share(0.01),
        tables={"ordres": Share(1.0)},
        where={"orders": "1"},
        includes=(Condition("custmers", "id = 1"),),
    )
    with pytest.raises(UsageError, match="no table custmers, ordres"):
        plan_subset(SHOP, asked, frozenset())


def dated(*extra: Column) -> Schema:
    """Give a shop whose orders have a date."""
    orders = dataclasses.replace(
        SHOP.tables["orders"],
        columns=(
            *SHOP.tables["orders"].columns,
            Column("placed", "datetime", "datetime"),
            Column("status", "varchar", "varchar(9)", charset="utf8mb4"),
            Column("note", "text", "text", charset="utf8mb4"),
            *extra,
        ),
    )
    return dataclasses.replace(SHOP, tables={**SHOP.tables, "orders": orders})


@pytest.mark.parametrize(
    ("share", "why"),
    [
        (Share(0.01), "1 % of its rows"),
        (Share(rows=2000), "2,000 of its rows"),
        (Share(rows=0), "only rows that others refer to"),
    ],
)
def test_reason_of_a_target_says_how_much_of_it_is_taken(share: Share, why: str) -> None:
    plan = plan_subset(SHOP, SampleRequest(Share(0.01), {"orders": share}), frozenset())
    assert plan.tables["orders"].why == why


MONTH = {"orders": (parse_window("placed", "30d"),)}
SINCE = "`placed` >= '2026-10-31 21:15:00' AND `placed` < '2026-12-01 21:15:00'"


def test_a_table_with_a_window_is_a_target_among_the_rows_of_the_window() -> None:
    plan = plan_subset(dated(), SampleRequest(Share(0.01), windows=MONTH), frozenset(), NOW)
    orders = plan.tables["orders"]
    assert (orders.role, orders.where, orders.limits) == (Role.TARGET, SINCE, ("--window",))
    assert orders.why == "1 % of its rows with placed in the last 30 days"
    assert plan.limited_by("items") == "orders"


def test_a_window_and_a_condition_must_both_be_met() -> None:
    asked = SampleRequest(
        Share(0.01),
        where={"orders": "customer = 1 OR customer = 2 -- the two"},
        windows={"orders": (*MONTH["orders"], parse_window("placed", "..2026-11-30"))},
    )
    orders = plan_subset(dated(), asked, frozenset(), NOW).tables["orders"]
    assert orders.where == (
        "(customer = 1 OR customer = 2 -- the two\n)"
        f" AND {SINCE} AND `placed` < '2026-11-30 00:00:00'"
    )
    assert orders.limits == ("--where", "--window")
    assert orders.why == (
        "1 % of its rows with placed in the last 30 days and with placed before a moment that was "
        "named and that meet the condition"
    )


@pytest.mark.parametrize("limit", [{"windows": MONTH}, {"where": {"orders": "1"}}])
@pytest.mark.parametrize(
    "asked", [SampleRequest(Share(0.01), tables={"orders": Share(1.0)}), SampleRequest(Share(1.0))]
)
def test_all_of_a_limited_table_is_all_that_the_limit_lets_in(
    asked: SampleRequest, limit: dict[str, Any]
) -> None:
    request = dataclasses.replace(asked, **limit)
    orders = plan_subset(dated(), request, frozenset({"orders"}), NOW).tables["orders"]
    assert (orders.role, orders.share.whole) == (Role.TARGET, True)
    assert orders.why.startswith("all of its rows ")


def test_a_window_that_reaches_back_cannot_be_planned_without_a_clock() -> None:
    with pytest.raises(ValueError, match="from when"):
        plan_subset(dated(), SampleRequest(Share(0.01), windows=MONTH), frozenset())


def test_strata_make_a_target_of_a_table_and_leave_a_small_one_whole() -> None:
    asked = SampleRequest(Share(0.01), strata={"orders": StrataRequest(("status",), 5)})
    orders = plan_subset(dated(), asked, frozenset()).tables["orders"]
    assert (orders.role, orders.why) == (
        Role.TARGET,
        "1 % of its rows; 5 at least of each status",
    )
    assert plan_subset(dated(), asked, frozenset({"orders"})).role("orders") is Role.WHOLE


def test_a_child_says_how_many_of_it_come_with_one_parent() -> None:
    limits = {"orders": ChildLimit(20, "placed"), "items": ChildLimit(None)}
    plan = plan_subset(dated(), SampleRequest(Share(0.01), per_parent=limits), frozenset())
    assert plan.tables["orders"].why == (
        "goes with customers (orders_customer), the 20 newest of each by placed"
    )
    assert plan.tables["items"].why == "goes with orders (items_order_id), all of each"
    assert plan.request.limit_of("reviews") == ChildLimit(100)


def test_all_that_cannot_be_had_is_refused_together() -> None:
    asked = SampleRequest(
        Share(0.01),
        where={"ordres": "1"},
        windows={
            "orders": tuple(parse_window(one, "30d") for one in ("", "place", "status", "placed")),
            "reviews": (parse_window("", "30d"),),
        },
        strata={
            "orders": StrataRequest(("note", "kind", "made"), 5),
            "items": StrataRequest(("line", "order_id", "product"), 5),
        },
        per_parent={"orders": ChildLimit(5, "note"), "items": ChildLimit(5, "at")},
    )
    made = Column("made", "int", "int(11)", generated=True)
    with pytest.raises(UsageError) as caught:
        plan_subset(dated(made), asked, frozenset(), NOW)
    assert caught.value.findings == (
        "the source has no table ordres",
        "--window orders: by which column? it may be placed",
        "--window orders.place: there is no such column; it may be placed",
        "--window orders.status: a varchar holds no time; it may be placed",
        "--window reviews: by which column? none of its columns holds a time",
        "--strata orders.note: it is a text, and cannot be told apart by",
        "--strata orders.kind: there is no such column",
        "--strata orders.made: it is generated, and cannot be told apart by",
        "--strata items.line,order_id,product: each row has its own value",
        (
            "--children orders: newest by note: a text tells no age; "
            "a date, a time or a whole number does"
        ),
        "--children items: newest by at: there is no such column",
    )


def test_conditions_of_a_table_that_must_be_whole_are_said_not_to_apply() -> None:
    odd = schema(table("log", key=()), table("notes", "entry>log"))
    plan = plan_subset(odd, SampleRequest(Share(0.01), where={"log": "1"}), frozenset())
    assert plan.tables["log"].why.endswith("apart; conditions do not apply")


def test_a_window_of_a_table_that_is_not_sampled_is_said_to_take_nothing() -> None:
    asked = SampleRequest(Share(0.0), windows=MONTH, where={"orders": "1"})
    orders = plan_subset(dated(), asked, frozenset(), NOW).tables["orders"]
    assert (orders.role, orders.why) == (
        Role.PARENT,
        "only rows that others refer to; its sample is none, whatever --where and --window says",
    )


def test_what_was_made_by_no_parser_is_checked_as_well() -> None:
    """A plan file can be edited."""
    utc = datetime(2026, 1, 1, tzinfo=UTC)
    asked = SampleRequest(
        Share(0.01),
        children=0,
        windows={
            "orders": (
                Window("placed"),
                Window("placed", last=timedelta(days=-1)),
                Window("placed", last=timedelta(days=1), begin=NOW),
                Window("placed", begin=NOW, end=NOW),
                Window("placed", begin=utc),
            )
        },
        strata={"orders": StrataRequest((), 5), "items": StrataRequest(("product",), 0)},
        per_parent={"orders": ChildLimit(-1), "items": ChildLimit(None, "line")},
    )
    with pytest.raises(UsageError) as caught:
        plan_subset(dated(), asked, frozenset(), NOW)
    found = [finding.partition(": ")[::2] for finding in caught.value.findings]
    assert [option for option, _ in found] == [
        *["--window orders.placed"] * 5, "--strata orders", "--strata items",
        "--children", "--children orders", "--children items",
    ]  # fmt: skip
    window = "a window is 30d"
    for (_, why), begins in zip(
        found,
        [window, "a window is an hour", window, "the window ends", "the moments of a window are",
         "strata are", "of a stratum", *["a limit of children"] * 3],
        strict=True,
    ):  # fmt: skip
        assert why.startswith(begins)
