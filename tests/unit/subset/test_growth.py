"""A sample that grows to a budget: the order in which it is cut, and how near it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.errors import UsageError
from sandbox.model import ForeignKey, Reason, ReasonKind, Table
from sandbox.subset.budget import Budget, Unit
from sandbox.subset.growing import Growing, Row
from sandbox.subset.growth import Draw, Spent, grow
from sandbox.subset.keys import KeySet, RowKey, draw, key_set_for
from sandbox.subset.meter import Meter
from schemas import schema, table

SHOP = schema(
    table("products"),
    table("users"),
    table("orders", "user>users", "product>products"),
    table("countries"),
)
OF_USERS, OF_PRODUCTS = SHOP.tables["orders"].foreign_keys
DRAWN = Reason(ReasonKind.DRAWN)
COUNTRIES = 10

Orders = Mapping[int, tuple[int, int]]  # by order, its user and its product


class Rows:
    """Weighs rows by counting them."""

    def whole(self, table: Table) -> float:
        return COUNTRIES if table.name == "countries" else 0

    def rows(self, table: Table, keys: Sequence[RowKey]) -> float:
        return len(keys) if table.name else 0

    def one(self, table: Table) -> float:
        return 1.0 if table.name else 0.0


class Sample:
    """A sample of a small shop, in memory: users are drawn, and their orders come with products."""

    def __init__(self, users: int, orders: Orders, budget: int) -> None:
        self.meter = Meter(Budget(budget, Unit.ROWS), Rows(), SHOP)
        self.meter.took_whole(SHOP.tables["countries"])
        self.taken: dict[str, KeySet] = {
            name: key_set_for(one) for name, one in SHOP.tables.items() if name != "countries"
        }
        self.orphans: dict[tuple[str, str], int] = {}
        self.fresh: dict[str, KeySet] = {}
        self.largest: dict[tuple[str, str], int] = {}
        self.to_follow: dict[str, KeySet] = {}
        self.watches = False
        self.is_limited = True
        self.drawn: list[int] = []
        self._users, self._orders = users, orders
        self._to_close: list[int] = []

    def grow(self, more: Callable[[Growing], None] | None = None) -> Spent:
        return grow(SHOP, self, self.meter, more)

    @property
    def size(self) -> int:
        return COUNTRIES + sum(map(len, self.taken.values()))

    def name(self, *users: int) -> None:
        self.take_drawn(SHOP.tables["users"], users, DRAWN)

    def _take(self, name: str, keys: Iterable[RowKey]) -> list[RowKey]:
        new = self.taken[name].add_new(keys)
        self.meter.took(SHOP.tables[name], new)
        if name == "orders":
            self._to_close += [key for key in new if isinstance(key, int)]
        return new

    def keys_where(self, table: Table, where: str, option: str = "") -> Iterator[RowKey]:
        raise NotImplementedError

    def parents_of(
        self, table: Table, keys: Sequence[RowKey]
    ) -> Iterator[tuple[RowKey, tuple[Row, ...]]]:
        for key in keys:
            if table.name == "orders" and isinstance(key, int):
                user, product = self._orders[key]
                yield key, (("users", user), ("products", product))
            else:
                yield key, ()

    def affordable(self, rows: Sequence[tuple[Row, frozenset[Row]]]) -> int:
        return self.meter.affordable(rows)

    def add(self, table: Table, keys: Iterable[RowKey], reason: Reason) -> None:
        assert reason.kind is ReasonKind.ODD
        self._take(table.name, keys)

    def close(self) -> None:
        for key in self._to_close:
            user, product = self._orders[key]
            self._take("users", [user])
            self._take("products", [product])
        self._to_close = []

    def draws(self) -> Iterator[Draw]:
        users = range(1, self._users + 1)
        yield Draw(SHOP.tables["users"], DRAWN, drawn, 1 << 64, users)

    def take_drawn(self, table: Table, keys: Sequence[RowKey], reason: Reason) -> None:
        assert reason == DRAWN
        self.drawn += [key for key in keys if isinstance(key, int)]
        self._take(table.name, keys)
        self.to_follow.setdefault("users", key_set_for(table)).add_new(keys)

    def relations_to_follow(self, table: str) -> Sequence[ForeignKey]:
        return [OF_USERS] if table == "users" else []

    def take_children(
        self, relation: ForeignKey, parents: Sequence[RowKey], room: Callable[[], int] | None = None
    ) -> int:
        short = 0
        for parent in parents:
            family = [key for key, (user, _) in self._orders.items() if user == parent]
            came = list(islice(family, room() if room else None))
            self._take(relation.table, came)
            short += len(came) < len(family)
        return short


def drawn(key: RowKey) -> int:
    return draw(b"s", "users", key)


def shop(families: Sequence[int], products: int = 7) -> tuple[int, Orders]:
    """Give how many users there are, and as many orders of each as is said."""
    users = [user for user, size in enumerate(families, 1) for _ in range(size)]
    return len(families), {
        number: (user, number % products + 1) for number, user in enumerate(users, 1)
    }


FAMILIES = st.lists(st.integers(0, 12), min_size=60, max_size=160)


@settings(max_examples=40)
@given(FAMILIES, st.integers(60, 500))
def test_sample_uses_its_budget_and_keeps_to_it(families: list[int], budget: int) -> None:
    users, orders = shop(families)
    sample = Sample(users, orders, budget)
    spent = sample.grow()
    assert spent.used == sample.size <= 1.1 * budget
    everything = COUNTRIES + users + len(orders) + len({product for _, product in orders.values()})
    if everything <= 0.98 * budget:
        assert (spent.drawn, spent.short, spent.used) == (1.0, 0, everything)
    else:
        assert spent.used >= 0.9 * min(budget, everything)


@settings(max_examples=40)
@given(FAMILIES, st.integers(40, 300))
def test_larger_budget_draws_the_same_rows_and_more(families: list[int], budget: int) -> None:
    users, orders = shop(families)
    smaller, larger = (Sample(users, orders, some) for some in (budget, 2 * budget))
    smaller.grow()
    larger.grow()
    in_order = sorted(range(1, users + 1), key=drawn)
    assert sorted(smaller.drawn, key=drawn) == in_order[: len(smaller.drawn)]
    assert set(smaller.drawn) <= set(larger.drawn)


def test_named_rows_come_before_odd_ones_and_those_before_the_draw() -> None:
    users, orders = shop([3] * 100)

    def odd(growing: Growing) -> None:
        some: list[tuple[Row, frozenset[Row]]] = [(("users", key), frozenset()) for key in odd_ones]
        keys = odd_ones[: growing.affordable(some)]
        growing.add(SHOP.tables["users"], keys, Reason(ReasonKind.ODD))

    odd_ones = list(range(50, 70))
    in_sample = {}
    for budget in (12, 20, 32, 60, 200):
        sample = Sample(users, orders, budget)
        sample.name(1, 2)
        sample.grow(odd)
        taken = set(sample.taken["users"])
        families = sum(
            orders[key][0] in {1, 2} for key in sample.taken["orders"] if type(key) is int
        )
        in_sample[budget] = (
            {1, 2} <= taken, len(taken & set(odd_ones)), families, len(sample.drawn) > 2,
        )  # fmt: skip
    assert in_sample == {
        12: (True, 0, 0, False),
        20: (True, 8, 0, False),
        32: (True, 20, 0, False),
        60: (True, 20, 6, True),
        200: (True, 20, 6, True),
    }


def test_what_is_never_cut_and_does_not_fit_is_told_part_by_part() -> None:
    sample = Sample(*shop([2] * 20), budget=11)
    sample.name(1, 2)
    with pytest.raises(UsageError) as refused:
        sample.grow()
    assert refused.value.message == (
        "what is never cut is larger than the budget of 11 rows: 10 rows of tables that are whole, "
        "2 rows of rows that were named, and of parents of whole tables."
    )
    assert "Give a budget of 12 rows at least" in refused.value.hint


def test_rows_without_a_key_are_drawn_in_eight_steps() -> None:
    keyless = table("log", key=())
    rows: list[RowKey] = [b"%d" % number for number in range(400)]
    held = Draw(keyless, DRAWN, lambda key: draw(b"s", "log", key), 1 << 64, rows)
    places = {held.place(key) for key in rows}
    assert places == {(step + 0.5) / 8 for step in range(8)}
    assert sorted(key for number in range(64) for _, key in held.bucket(number)) == sorted(rows)
