"""What a choice of rows says of conditions that people write, and of how much it looked at."""

from __future__ import annotations

import pytest

from database_servers import NOWHERE, DatabaseServer
from sandbox.database.connect import open_catalogue, open_reader
from sandbox.database.schema import read_schema
from sandbox.errors import ConditionRefused, StatementFailed
from sandbox.subset.closure import NamedRows, Subset, choose_rows
from sandbox.subset.plan import plan_subset
from sandbox.subset.request import SampleRequest, parse_share

pytestmark = pytest.mark.docker


@pytest.fixture
def shop(database_server: DatabaseServer) -> str:
    database = database_server.make_database()
    rows = ", ".join(f"({number})" for number in range(25))
    database_server.run(
        "CREATE TABLE orders (id INT PRIMARY KEY)",
        f"INSERT INTO orders VALUES {rows}",
        database=database,
    )
    return database


def choose(
    server: DatabaseServer, shop: str, share: str, where: str = "", *named: NamedRows
) -> Subset:
    endpoint = server.endpoint(shop)
    with open_catalogue(endpoint, NOWHERE) as catalogue:
        schema = read_schema(catalogue, shop)
    request = SampleRequest(parse_share(share), where={"orders": where} if where else {})
    plan = plan_subset(schema, request, frozenset())
    with open_reader(endpoint, NOWHERE, snapshot=True) as reader:
        return choose_rows(schema, plan, reader, secret=b"s", named=named)


def test_a_wrong_condition_names_its_option_its_table_and_what_is_wrong(
    database_server: DatabaseServer, shop: str
) -> None:
    with pytest.raises(ConditionRefused) as where:
        choose(database_server, shop, "1%", "placed > 1")
    assert where.value.message == "--where orders: there is no such column: placed (error 1054)."
    include = NamedRows("orders", "placed > 1", "asked for with --include", "--include")
    with pytest.raises(ConditionRefused) as named:
        choose(database_server, shop, "1%", "", include)
    assert named.value.message == "--include orders: there is no such column: placed (error 1054)."


def test_a_condition_may_end_with_a_comment(database_server: DatabaseServer, shop: str) -> None:
    named = NamedRows("orders", "id = 3 # that one", "asked for with --include", "--include")
    subset = choose(database_server, shop, "100%", "id > 20 -- the last ones", named)
    assert list(subset.keys["orders"]) == [3, 21, 22, 23, 24]


def test_a_condition_that_nobody_wrote_is_nobodys_fault(
    database_server: DatabaseServer, shop: str
) -> None:
    with pytest.raises(StatementFailed) as caught:
        choose(database_server, shop, "1%", "", NamedRows("orders", "placed > 1", "a log"))
    assert not isinstance(caught.value, ConditionRefused)


@pytest.mark.parametrize(
    ("share", "counted"),
    [("10%", {"orders": 25}), ("5", {})],  # five of them are drawn by their order alone
)
def test_rows_that_were_all_looked_at_are_counted(
    database_server: DatabaseServer, shop: str, share: str, counted: dict[str, int]
) -> None:
    assert choose(database_server, shop, share).counted == counted
    limited = choose(database_server, shop, share, "id > 3")
    assert (limited.counted, limited.met) == ({}, {"orders": 21})
