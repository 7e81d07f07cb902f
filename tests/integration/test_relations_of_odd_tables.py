"""Undeclared relations of tables with hidden keys, few rows that refer to nobody, and odd types."""

from __future__ import annotations

from dataclasses import replace

import pytest

from database_servers import NOWHERE, DatabaseServer
from sandbox.database.connect import open_catalogue
from sandbox.database.schema import read_schema
from sandbox.errors import SettingsError
from sandbox.model import Schema
from sandbox.subset.relations.find import find_relations
from sandbox.subset.relations.found import Confidence, Relation, WrittenRelations
from sandbox.subset.relations.written import parse_relation

pytestmark = pytest.mark.docker

NUMBERS = (
    "CREATE TABLE d (n INT PRIMARY KEY)",
    f"INSERT INTO d VALUES {','.join(f'({n})' for n in range(200))}",
    (
        "CREATE TABLE users (id INT UNSIGNED PRIMARY KEY, code DECIMAL(10) NOT NULL, UNIQUE (code),"
        " bytes VARBINARY(16) NOT NULL, UNIQUE (bytes)) SELECT x.n * 200 + y.n + 1 AS id,"
        " 3 * (x.n * 200 + y.n + 1) AS code, UNHEX(LEFT(SHA2(x.n * 200 + y.n, 224), 32)) AS bytes"
        " FROM d x JOIN d y WHERE x.n < 100"
    ),
)


def find(
    server: DatabaseServer, *statements: str, confirmed: tuple[str, ...] = ()
) -> tuple[Schema, dict[str, Relation]]:
    database = server.make_database()
    server.run(*NUMBERS, *statements, "ANALYZE TABLE users", database=database)
    settings = WrittenRelations(tuple(map(parse_relation, confirmed)))
    try:
        with open_catalogue(server.endpoint(database), NOWHERE) as catalogue:
            schema = read_schema(catalogue, database)
            found = find_relations(schema, catalogue, settings=settings)
    finally:
        server.run(f"DROP DATABASE {database}")
    return schema, {str(one): one for one in found.found}


def test_one_row_of_a_pair_that_refers_to_nobody_is_seen_between_the_samples(
    database_server: DatabaseServer,
) -> None:
    _, found = find(
        database_server,
        (
            "CREATE TABLE notes (id INT PRIMARY KEY, owner_type CHAR(9) NOT NULL, owner_id INT,"
            " KEY (owner_type, owner_id))"
            " SELECT id, IF(id % 2, 'note', 'user') AS owner_type, id AS owner_id FROM users"
        ),
        "UPDATE notes SET owner_id = 0 WHERE id = 1500",
    )
    pair = {name: one.key.optional for name, one in found.items() if "owner_type" in name}
    assert pair == {
        "notes.owner_id -> notes.id where owner_type = 'note'": False,
        "notes.owner_id -> users.id where owner_type = 'user'": True,
    }


def test_zero_and_nothing_are_nobody_in_decimals_and_bytes_too(
    database_server: DatabaseServer,
) -> None:
    _, found = find(
        database_server,
        (
            "CREATE TABLE mails (id INT PRIMARY KEY, code DECIMAL(10), bytes VARBINARY(16))"
            " SELECT id, IF(id % 2, code, 0) AS code, IF(id % 2, bytes, '') AS bytes FROM users"
            " WHERE id < 100"
        ),
        confirmed=("mails.code -> users.code", "mails.bytes -> users.bytes"),
    )
    for name in ("mails.code -> users.code", "mails.bytes -> users.bytes"):
        assert "50 of 50 sampled values found there" in found[name].evidence
        assert found[name].key.optional


def test_a_key_that_queries_may_not_use_finds_nothing(database_server: DatabaseServer) -> None:
    if (database_server.family, database_server.version) == ("mariadb", "10.5"):
        pytest.skip("MariaDB 10.5 hides no index")
    hidden = "IGNORED" if database_server.is_mariadb else "INVISIBLE"
    statements = (
        (
            f"CREATE TABLE badges (id INT PRIMARY KEY, user_id INT NOT NULL, no_ref INT NOT NULL,"
            f" UNIQUE KEY of_user (user_id) {hidden}, UNIQUE KEY (no_ref) {hidden})"
            " SELECT id, id AS user_id, id AS no_ref FROM users WHERE id < 100"
        ),
        "CREATE TABLE logins (id INT PRIMARY KEY, badge INT NOT NULL)",
    )
    schema, found = find(database_server, *statements)
    assert [key.hidden for key in schema.tables["badges"].keys] == [False, True, True]
    relation = found["badges.user_id -> users.id"]
    assert (relation.used, relation.key.indexed) == (True, False)
    with pytest.raises(SettingsError) as raised:
        find(database_server, *statements, confirmed=("logins.badge -> badges.no_ref",))
    assert "no unique key of the parent has just these columns" in raised.value.findings[0]


def test_a_relation_that_names_a_column_twice_is_refused(database_server: DatabaseServer) -> None:
    with pytest.raises(SettingsError) as raised:
        find(
            database_server,
            "CREATE TABLE notes (id INT PRIMARY KEY, owner_id INT)",
            confirmed=(
                "notes.owner_id -> users.id where owner_id = '5'",
                "notes.(owner_id, owner_id) -> users.(id, code)",
            ),
        )
    assert [one.rpartition(": ")[2] for one in raised.value.findings] == [
        "it names a column twice",
        "it names a column twice",
    ]


def test_an_index_of_beginnings_gives_no_order_and_nothing_is_sorted(
    database_server: DatabaseServer,
) -> None:
    database = database_server.make_database()
    database_server.run(
        *NUMBERS,
        "CREATE TABLE pages (url VARCHAR(300) NOT NULL, PRIMARY KEY (url(20)), owner_type"
        " VARCHAR(200) NOT NULL, owner_id INT UNSIGNED NOT NULL, KEY (owner_type(9), owner_id))"
        " SELECT CONCAT(id, '/page') AS url, IF(id % 2, 'user', 'pages') AS owner_type,"
        " id AS owner_id FROM users",
        database=database,
    )
    costs = []
    with open_catalogue(database_server.endpoint(database), NOWHERE) as catalogue:

        def reads() -> int:
            rows = catalogue.rows("SHOW SESSION STATUS LIKE 'Handler_read%'")
            return sum(int(row[1]) for row in rows)

        class Counting:
            def rows(self, sql: str, /, where: str = "") -> list[tuple[object, ...]]:
                before = reads()
                found = catalogue.rows(sql, where)
                costs.append(reads() - before)
                return found

        found = find_relations(read_schema(catalogue, database), Counting())
    database_server.run(f"DROP DATABASE {database}")
    pair = "pages.owner_id -> users.id where owner_type = 'user'"
    assert pair in {str(one) for one in found.used}
    assert max(costs) < 15_000  # of 20,000 rows, entries of temporary tables included


@pytest.mark.parametrize("far", [0, 4_000_000])
def test_numbers_are_dense_whatever_the_server_estimates_and_however_far_one_is_off(
    database_server: DatabaseServer, far: int
) -> None:
    statements = (
        "CREATE TABLE staff (id INT PRIMARY KEY) SELECT n + 1 AS id FROM d",
        "CREATE TABLE sparse (id INT PRIMARY KEY) SELECT n * 37 + 1 AS id FROM d",
        (
            "CREATE TABLE reviews (id INT PRIMARY KEY, staff INT, sparse INT)"
            " SELECT n + 1 AS id, n % 40 + 1 AS staff, n % 40 * 37 + 1 AS sparse FROM d"
        ),
        *([f"INSERT INTO staff VALUES ({far})"] if far else []),
    )
    database = database_server.make_database()
    database_server.run(*NUMBERS[:2], *statements, database=database)
    with open_catalogue(database_server.endpoint(database), NOWHERE) as catalogue:
        schema = read_schema(catalogue, database)
        tables = {name: replace(table, rows=0) for name, table in schema.tables.items()}
        found = find_relations(replace(schema, tables=tables), catalogue)
    database_server.run(f"DROP DATABASE {database}")
    confidence = {str(one): one.confidence for one in found.found}
    assert confidence == {
        "reviews.staff -> staff.id": Confidence.MEDIUM,
        "reviews.sparse -> sparse.id": Confidence.HIGH,
    }
