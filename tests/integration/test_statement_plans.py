"""How servers run the statements that name rows by key: as ranges of the key, never as scans."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from database_servers import NOWHERE, DatabaseServer
from sandbox.database.connect import open_catalogue, open_reader
from sandbox.database.explain import explain
from sandbox.database.expressions import read_expression
from sandbox.database.reader import Reader, select_by_keys, select_rows
from sandbox.database.schema import read_schema
from sandbox.database.session import Limits
from sandbox.database.statements import StatementLog
from sandbox.model import Schema
from sandbox.subset.keys import RowKey
from sandbox.subset.lookups import ask_for_children, ask_for_parents

pytestmark = pytest.mark.docker

AT_ONCE = 1000  # keys in a statement
# First columns of keys: numbers, what compares by number but is none, and texts.
FIRST = {
    "wide": ("INT", "n % 1000"),
    "kinds": ("ENUM('a','b','c')", "1 + n % 3"),
    "texts": ("VARCHAR(20) CHARACTER SET latin1", "CONCAT('k', n % 500)"),
}


@pytest.fixture(scope="module")
def large(database_server: DatabaseServer) -> Iterator[str]:
    """Make tables of a quarter of a million rows, each with a key of two columns."""
    database = database_server.make_database()
    database_server.run(
        "CREATE TABLE d (n INT PRIMARY KEY)",
        f"INSERT INTO d VALUES {','.join(f'({n})' for n in range(500))}",
        "CREATE TABLE many (n INT PRIMARY KEY) SELECT x.n * 500 + y.n AS n FROM d x JOIN d y",
        *(
            f"CREATE TABLE {name} (k {declared} NOT NULL, n INT NOT NULL, v CHAR(40) NOT NULL, "
            f"PRIMARY KEY (k, n)) SELECT {value} AS k, n, 'x' AS v FROM many"
            for name, (declared, value) in FIRST.items()
        ),
        "CREATE TABLE child (k INT NOT NULL, n INT NOT NULL, nr INT NOT NULL, "
        "PRIMARY KEY (n, nr), CONSTRAINT f FOREIGN KEY (k, n) REFERENCES wide (k, n))",
        "INSERT INTO child SELECT n % 1000, n, 1 FROM many",
        f"ANALYZE TABLE child, {', '.join(FIRST)}",
        database=database,
    )
    yield database
    database_server.run(f"DROP DATABASE {database}")


def schema_of(server: DatabaseServer, database: str) -> Schema:
    with open_catalogue(server.endpoint(database), NOWHERE) as catalogue:
        return read_schema(catalogue, database)


def plan_of(reader: Reader, sql: str) -> dict[str, tuple[str, int]]:
    """Give, by table, how the server gets at its rows, and how many it expects to look at."""
    traditional = "" if reader.server.is_mariadb else "FORMAT=TRADITIONAL "
    names = ["id", "select_type", "table", "type", "possible_keys", "key", "key_len", "ref", "rows"]
    if not reader.server.is_mariadb:
        names.insert(3, "partitions")
    width = len(names) + (1 if reader.server.is_mariadb else 2)
    found = {}
    for columns in reader.rows(f"EXPLAIN {traditional}{sql}", columns=width):
        for row in zip(*columns, strict=True):
            cells = dict(zip(names, row, strict=False))
            how = (cells["type"] or b"").decode()
            found[(cells["table"] or b"").decode()] = (how, int(cells["rows"] or 0))
    return found


def keys_of(reader: Reader, sql: str) -> list[RowKey]:
    """Give keys of two columns, each number as a number."""
    rows = [row for columns in reader.rows(sql, columns=2) for row in zip(*columns, strict=True)]
    return sorted(tuple(_part(cell or b"") for cell in row) for row in rows)


def _part(cell: bytes) -> int | bytes:
    return int(cell) if cell.isdigit() else cell


@pytest.mark.parametrize("name", FIRST)
def test_rows_of_keys_are_ranges_of_the_key(
    database_server: DatabaseServer, large: str, name: str
) -> None:
    table = schema_of(database_server, large).tables[name]
    selects: list[str] = []
    log = StatementLog(call=selects.append)
    limits = Limits(per_statement=3600)
    with open_reader(database_server.endpoint(large), log, snapshot=True, limits=limits) as reader:
        shown = ", ".join(read_expression(column) for column in table.identity)
        keys = keys_of(reader, f"SELECT {shown} FROM {name} WHERE n % 250 = 0")
        assert len(keys) == AT_ONCE
        assert sum(map(len, reader.batches_by_keys(table, keys * 2))) > AT_ONCE  # it learns
        selects.clear()
        read = sum(len(batch) for batch in reader.batches_by_keys(table, keys))
        assert read == AT_ONCE
        (select,) = [sql for sql in selects if sql.startswith("SELECT")]
        ((how, rows),) = plan_of(reader, select).values()
        assert how == "range"
        assert rows <= 2 * AT_ONCE


def test_parents_and_children_of_keys_are_found_by_key(
    database_server: DatabaseServer, large: str
) -> None:
    schema = schema_of(database_server, large)
    child = schema.tables["child"]
    with open_reader(database_server.endpoint(large), NOWHERE, snapshot=True) as reader:
        lines = keys_of(reader, "SELECT n, nr FROM child WHERE n % 250 = 0")
        owners = keys_of(reader, "SELECT k, n FROM wide WHERE n % 250 = 0")
        for question in (
            *ask_for_parents(schema, child, lines),
            ask_for_children(schema, child.foreign_keys[0], owners),
        ):
            plan = plan_of(reader, question.sql)
            assert sorted(re.sub(r"\d", "", name) for name in plan) == ["c", "p"]
            assert {how for how, _ in plan.values()} <= {"range", "ref", "eq_ref"}
            assert all(rows <= 2 * AT_ONCE for _, rows in plan.values())


def test_what_looks_at_everything_or_sorts_is_told(
    database_server: DatabaseServer, large: str
) -> None:
    schema = schema_of(database_server, large)
    with open_reader(database_server.endpoint(large), NOWHERE, snapshot=True) as reader:

        def told(sql: str) -> list[str]:
            return [str(one) for one in explain(reader, sql, "wide")]

        assert told("SELECT v FROM wide") == ["wide all rows"]
        assert told("SELECT v FROM wide ORDER BY v") == ["wide all rows, sorted"]
        assert told(select_rows(schema.tables["wide"])) == ["wide all along PRIMARY"]
        assert told(select_by_keys(schema.tables["wide"], [(1, 1)])) == ["wide by PRIMARY"]
        assert told("SELECT v FROM wide WHERE FALSE") == []
        (everything,) = explain(reader, "SELECT v FROM wide", "wide")
        assert everything.rows > 100_000
