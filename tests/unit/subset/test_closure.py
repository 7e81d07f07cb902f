"""What a closure says of conditions and counts; its rows are tested against servers."""

from collections.abc import Iterator, Sequence

import pytest

from sandbox.errors import ConditionRefused, StatementFailed
from sandbox.model import Batch, Cell, Column, Family, Key, Schema, Table
from sandbox.subset.closure import NamedRows, Subset, choose_rows
from sandbox.subset.plan import plan_subset
from sandbox.subset.request import SampleRequest, parse_share

ORDERS = Table(
    "orders",
    "InnoDB",
    (Column("id", "int", "int", nullable=False),),
    (Key("PRIMARY", ("id",)),),
    rows=3,
)
SCHEMA = Schema("shop", Family.MARIADB, "10.11", "utf8mb4", "utf8mb4_bin", {"orders": ORDERS})


class Source:
    """Has 25 orders, and refuses what has a column `placed` in it."""

    def rows(self, sql: str, *, columns: int) -> Iterator[Sequence[Sequence[Cell]]]:
        if "placed" in sql:
            failed = StatementFailed("The server refused a statement: rows by key (error 1054).")
            failed.reason = "there is no such column: placed (error 1054)"
            raise failed
        yield [[str(number).encode() for number in range(25)]] * columns

    def batches(self, table: Table, where: str = "") -> Iterator[Batch]:
        raise NotImplementedError


def choose(share: str, where: str = "", *named: NamedRows) -> Subset:
    request = SampleRequest(parse_share(share), where={"orders": where} if where else {})
    plan = plan_subset(SCHEMA, request, frozenset())
    return choose_rows(SCHEMA, plan, Source(), secret=b"s", named=named)


def test_a_wrong_condition_names_its_option_its_table_and_what_is_wrong() -> None:
    with pytest.raises(ConditionRefused) as where:
        choose("1%", "placed > 1")
    assert where.value.message == "--where orders: there is no such column: placed (error 1054)."
    include = NamedRows("orders", "placed > 1", "asked for with --include", "--include")
    with pytest.raises(ConditionRefused) as named:
        choose("1%", "", include)
    assert named.value.message == "--include orders: there is no such column: placed (error 1054)."


def test_a_condition_that_nobody_wrote_is_nobodys_fault() -> None:
    with pytest.raises(StatementFailed) as caught:
        choose("1%", "", NamedRows("orders", "placed > 1", "a log"))
    assert not isinstance(caught.value, ConditionRefused)


@pytest.mark.parametrize("share", ["10%", "5"])
def test_rows_that_were_all_looked_at_are_counted(share: str) -> None:
    assert choose(share).counted == {"orders": 25}
    assert choose(share, "id > 3").counted == {}
