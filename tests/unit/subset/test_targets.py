"""What is drawn of a target, against an oracle that holds all rows and sorts them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import UsageError
from sandbox.model import Batch, Cell, Column, Key, Table
from sandbox.subset.keys import RowKey, draw, keys_of
from sandbox.subset.order import DrawingOrder
from sandbox.subset.plan import Role, TablePlan
from sandbox.subset.request import Share
from sandbox.subset.strata import StrataFound, StrataRequest, parse_strata
from sandbox.subset.targets import Target

SECRET = b"secret"
RANGE = 1 << 64
Row = tuple[Cell, ...]
VALUES = st.sampled_from([None, b"", b"open", b"Open", b"open ", b"paid", b"0"])
SHARES = st.one_of(
    st.floats(0, 1).map(Share), st.integers(1, 30).map(lambda rows: Share(rows=rows))
)


def table_of(*, key: bool = True, engine: str = "InnoDB") -> Table:
    columns = (
        Column("id", "int", "int", nullable=False),
        Column("status", "varchar", "varchar(9)", charset="utf8mb4"),
        Column("channel", "varchar", "varchar(9)", charset="utf8mb4"),
    )
    return Table("orders", engine, columns, (Key("PRIMARY", ("id",)),) if key else ())


class Rows:
    """A source that has rows, and counts what is read of them."""

    def __init__(self, table: Table, rows: Sequence[Row]) -> None:
        self._table, self._rows = table, rows
        self.read = 0

    def rows(self, sql: str, *, columns: int) -> Iterator[Sequence[Sequence[Cell]]]:
        shown = sql.removeprefix("SELECT ").partition(" FROM ")[0].split(", ")
        assert len(shown) == columns
        names = [one.name for one in self._table.columns]
        places = [names.index(name.strip("`")) for name in shown]
        waiting = iter(self._rows)
        while some := list(islice(waiting, 3)):
            self.read += len(some)
            yield [[row[place] for row in some] for place in places]

    def batches(self, table: Table, where: str = "") -> Iterator[Batch]:
        assert not where
        for cells in self.rows("SELECT `id`, `status`, `channel` FROM `orders`", columns=3):
            yield Batch(table.name, ("id", "status", "channel"), tuple(cells))


def drawn(table: Table, rows: Sequence[Row], share: Share, strata: StrataRequest | None) -> Target:
    plan = TablePlan(table.name, Role.TARGET, share, strata=strata)
    return Target(table, plan, Rows(table, rows), SECRET)


def taken(table: Table, rows: Sequence[Row], share: Share, asked: StrataRequest) -> set[RowKey]:
    target = drawn(table, rows, share, asked)
    return {*target.drawn(), *target.lacking()}


def rows_of(cells: Sequence[tuple[Cell, Cell]]) -> list[Row]:
    return [(b"%d" % number, *pair) for number, pair in enumerate(cells)]


@pytest.mark.parametrize("engine", ["InnoDB", "MyISAM"])
@pytest.mark.parametrize("by", [("status",), ("channel", "status")])
@given(st.lists(st.tuples(VALUES, VALUES), max_size=60), SHARES, st.integers(1, 5))
def test_strata_have_their_share_and_those_drawn_first_of_each(
    engine: str, by: tuple[str, ...], cells: list[tuple[Cell, Cell]], share: Share, least: int
) -> None:
    table, rows = table_of(engine=engine), rows_of(cells)
    target = drawn(table, rows, share, StrataRequest(by, least))
    found = [*target.drawn(), *target.lacking()]

    order = DrawingOrder(SECRET, "orders")
    by_order = share.rows is not None
    numbers = {
        number: order.place(number) if by_order else draw(SECRET, "orders", number)
        for number in range(len(rows))
    }
    in_order = sorted(numbers, key=lambda number: numbers[number])
    if share.rows is not None:
        shared = set(in_order[: share.rows])
    else:
        shared = {one for one in numbers if numbers[one] < int(share.fraction * RANGE)}
    strata: dict[tuple[Cell, ...], list[int]] = {}
    for number in in_order:
        row = dict(zip(("status", "channel"), cells[number], strict=True))
        strata.setdefault(tuple(row[name] for name in by), []).append(number)
    first = {number for members in strata.values() for number in members[:least]}
    assert sorted(found) == sorted(shared | first)  # and none of them twice
    assert target.strata == StrataFound(len(strata), len(first - shared))
    assert target.seen == len(rows)


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=60), SHARES, st.integers(1, 5))
def test_a_new_row_takes_the_place_of_one_of_its_stratum_at_most(
    cells: list[tuple[Cell, Cell]], share: Share, least: int
) -> None:
    table, rows = table_of(), rows_of(cells)
    asked = StrataRequest(("status",), least)
    before = taken(table, rows[:-1], share, asked)
    after = taken(table, rows, share, asked)
    new = len(rows) - 1
    # One for the share, where that is a number of rows, and one for the stratum.
    assert len(before - after) <= 1 + (share.rows is not None)
    assert after - before <= {new}
    if share.rows is None:
        assert all(cells[int(gone)][0] == cells[-1][0] for gone in before - after)  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.integers(0, 3), VALUES), max_size=40), st.integers(1, 4))
def test_rows_that_no_key_tells_apart_come_together_and_count_as_many(
    cells: list[tuple[int, Cell]], least: int
) -> None:
    table = table_of(key=False)
    rows: list[Row] = [(b"%d" % number, value, None) for number, value in cells]
    keys = keys_of(table, list(zip(*rows, strict=True)) or [[], [], []])
    asked = StrataRequest(("status",), least)
    found = taken(table, rows, Share(0.0), asked)
    for value in {row[1] for row in rows}:
        members = [key for key, row in zip(keys, rows, strict=True) if row[1] == value]
        assert sum(key in found for key in members) >= min(least, len(members))


def test_a_million_values_are_refused_before_much_was_read() -> None:
    table = table_of()
    rows = rows_of([(b"%d" % number, None) for number in range(20_000)])
    source = Rows(table, rows)
    plan = TablePlan("orders", Role.TARGET, Share(0.01), strata=StrataRequest(("status",), 5))
    with pytest.raises(UsageError) as caught:
        list(Target(table, plan, source, SECRET).drawn())
    assert caught.value.message == (
        "--strata orders.status: there are more than 1,000 different values; "
        "with 5 rows of each, 1,000 are allowed."
    )
    assert source.read < 1010


def test_the_more_rows_of_each_the_fewer_values_are_allowed() -> None:
    assert StrataRequest(("status",), 100).allowed == 1000
    assert StrataRequest(("status",), 10_000).allowed == 10
    assert StrataRequest(("status",), 100_000).allowed == 1


@pytest.mark.parametrize(
    ("columns", "least"),
    [("", "5"), ("status,", "5"), ("status,status", "5"), ("status", ""), ("status", "0"),
     ("status", "-1"), ("status", "5%"), ("status", "100001")],
)  # fmt: skip
def test_what_are_no_strata_is_refused(columns: str, least: str) -> None:
    with pytest.raises(UsageError):
        parse_strata(columns, least)
