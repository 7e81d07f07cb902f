"""Of a family that a budget has no room for, those come that are drawn first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from sandbox.model import Batch, Cell, Table
from sandbox.subset.budget import Budget, Unit
from sandbox.subset.closure import NamedRows, choose_rows
from sandbox.subset.keys import draw
from sandbox.subset.plan import plan_subset
from sandbox.subset.request import SampleRequest, Share
from schemas import schema, table

SHOP = schema(table("users"), table("orders", "user>users"))
ORDERS = range(100, 120)
OF_USER = NamedRows("users", "id = 1", "asked for")


class Rows:
    """Weighs rows by counting them."""

    def whole(self, table: Table) -> float:
        raise NotImplementedError

    def rows(self, table: Table, keys: Sequence[object]) -> float:
        return len(keys) if table.name else 0

    def one(self, table: Table) -> float:
        return 1.0 if table.name else 0.0


class Source:
    """One user, whose orders come in any order that the server finds good."""

    def __init__(self, orders: Sequence[int]) -> None:
        self.orders = [b"%d" % one for one in orders]

    def rows(self, sql: str, *, columns: int) -> Iterator[Sequence[Sequence[Cell]]]:
        if " LEFT JOIN " in sql:
            some = re.findall(r"\d{3}", sql.rpartition("IN (")[2])
            yield [one.encode() for one in some], [b"0"] * len(some), [b"1"] * len(some)
        elif " JOIN " in sql:
            yield self.orders, [b"1"] * len(self.orders)
        else:
            assert columns == 1
            yield ([b"1"],)

    def batches(self, table: Table, where: str = "") -> Iterator[Batch]:
        raise NotImplementedError


@given(st.permutations(ORDERS))
def test_part_of_a_family_is_drawn_and_not_what_the_server_names_first(orders: list[int]) -> None:
    request = SampleRequest(default=Share(0.0), small=0, budget=Budget(8, Unit.ROWS))
    plan = plan_subset(SHOP, request, frozenset())
    subset = choose_rows(SHOP, plan, Source(orders), secret=b"s", named=[OF_USER], scale=Rows())
    came = list(subset.keys["orders"])
    assert 0 < len(came) < 8
    assert came == sorted(sorted(ORDERS, key=lambda one: draw(b"s", "orders", one))[: len(came)])
