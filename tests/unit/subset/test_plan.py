from __future__ import annotations

import pytest

from sandbox.errors import UsageError
from sandbox.subset.plan import Role, plan_subset
from sandbox.subset.request import Condition, SampleRequest, Share
from schemas import schema, table

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
