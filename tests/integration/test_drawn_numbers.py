"""A number of rows, drawn from tables of whole-number keys: the same with and without a scan."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from database_servers import NOWHERE, DatabaseServer
from sandbox.database.connect import open_catalogue, open_reader
from sandbox.database.schema import read_schema
from sandbox.model import Schema
from sandbox.subset.closure import Subset, choose_rows
from sandbox.subset.order import DrawingOrder
from sandbox.subset.plan import plan_subset
from sandbox.subset.request import SampleRequest, Share

pytestmark = pytest.mark.docker

SECRET = b"secret"
# From numbers 0 to 7,999: keys that are dense, with gaps, in two heaps, far apart, below zero.
KEYS = {
    "dense": "n + 1",
    "gaps": "n * 3 + 5",
    "heaps": "IF(n < 4000, n, n + 700000)",
    "sparse": "n * 1000003",
    "negative": "n - 5000",
    "late": "n + 18446744073709500000",
}
TABLES = [*KEYS, "few", "none_at_all", "myisam"]


@pytest.fixture(scope="module")
def numbers(database_server: DatabaseServer) -> Iterator[str]:
    database = database_server.make_database()
    digits = ",".join(f"({n})" for n in range(200))
    kinds = {"late": "BIGINT UNSIGNED"}
    database_server.run(
        "CREATE TABLE d (n INT PRIMARY KEY)",
        f"INSERT INTO d VALUES {digits}",
        "CREATE TABLE many (n INT PRIMARY KEY) SELECT x.n * 40 + y.n AS n "
        "FROM d x JOIN d y WHERE y.n < 40",
        *(
            f"CREATE TABLE {name} (id {kinds.get(name, 'BIGINT')} PRIMARY KEY, v CHAR(9)) "
            f"SELECT {key} AS id, 'x' AS v FROM many"
            for name, key in KEYS.items()
        ),
        "CREATE TABLE few (id INT PRIMARY KEY) SELECT n AS id FROM many WHERE n < 40",
        "CREATE TABLE none_at_all (id INT PRIMARY KEY)",
        "CREATE TABLE myisam (id INT PRIMARY KEY) ENGINE=MyISAM",
        "INSERT INTO myisam SELECT n FROM many",
        "DROP TABLE d, many",
        f"ANALYZE TABLE {', '.join(TABLES)}",
        database=database,
    )
    yield database
    database_server.run(f"DROP DATABASE {database}")


def schema_of(server: DatabaseServer, database: str) -> Schema:
    with open_catalogue(server.endpoint(database), NOWHERE) as catalogue:
        return read_schema(catalogue, database)


def draw(server: DatabaseServer, database: str, rows: int, where: str = "") -> Subset:
    schema = schema_of(server, database)
    conditions = dict.fromkeys(schema.tables, where) if where else {}
    plan = plan_subset(schema, SampleRequest(Share(rows=rows), where=conditions), frozenset())
    with open_reader(server.endpoint(database), NOWHERE, snapshot=True) as reader:
        return choose_rows(schema, plan, reader, secret=SECRET)


def of_all_keys(server: DatabaseServer, database: str, name: str, rows: int) -> list[int]:
    """Draw by looking at every key."""
    keys = [int(key) for (key,) in server.ask(f"SELECT id FROM {name}", database)]
    return sorted(sorted(keys, key=DrawingOrder(SECRET, name).place)[:rows])


@pytest.mark.parametrize("rows", [1, 300, 6_000])
def test_a_number_of_rows_is_drawn_as_if_all_keys_had_been_looked_at(
    database_server: DatabaseServer, numbers: str, rows: int
) -> None:
    subset = draw(database_server, numbers, rows)
    for name in TABLES:
        assert list(subset.keys[name]) == of_all_keys(database_server, numbers, name, rows), name


def test_a_condition_draws_the_first_of_the_rows_that_meet_it(
    database_server: DatabaseServer, numbers: str
) -> None:
    subset = draw(database_server, numbers, 50, where="id % 2 = 1")
    odd = [key for key in of_all_keys(database_server, numbers, "gaps", 8_000) if key % 2]
    place = DrawingOrder(SECRET, "gaps").place
    assert list(subset.keys["gaps"]) == sorted(sorted(odd, key=place)[:50])


def test_dense_keys_are_drawn_without_a_look_at_all_of_them(
    database_server: DatabaseServer, numbers: str
) -> None:
    subset = draw(database_server, numbers, 300)
    assert {"dense", "gaps", "negative"}.isdisjoint(subset.counted)
    assert subset.counted["sparse"] == subset.counted["late"] == 8_000


def test_rows_that_come_push_out_no_more_than_they_take_the_place_of(
    database_server: DatabaseServer, numbers: str
) -> None:
    database_server.run(
        "CREATE TABLE grown (id INT PRIMARY KEY) SELECT id FROM dense", database=numbers
    )
    before = set(draw(database_server, numbers, 300).keys["grown"])
    # Beyond 16,384 another block of numbers begins.
    database_server.run(
        "INSERT INTO grown SELECT id + 8000 FROM dense", "DELETE FROM grown WHERE id = 7",
        database=numbers,
    )  # fmt: skip
    after = set(draw(database_server, numbers, 300).keys["grown"])
    old = {key for key in after if isinstance(key, int) and key <= 8_000}
    database_server.run("DROP TABLE grown", database=numbers)
    assert old <= before
    assert 100 < len(old) < 200
