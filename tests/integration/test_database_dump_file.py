"""Definitions out of real dumps are those that the server itself tells."""

from __future__ import annotations

import pytest

from database_servers import NOWHERE, ROOT, DatabaseServer
from sandbox.database.connect import open_catalogue
from sandbox.database.dump_file import merge_objects, read_dump
from sandbox.database.schema import read_schema
from sandbox.errors import DumpFileInvalid
from sandbox.model import ObjectKind, Schema

pytestmark = pytest.mark.docker

OPTIONS = "--no-data --routines --triggers --events"


def dump(server: DatabaseServer, database: str, options: str = OPTIONS) -> bytes:
    """Dump with the program inside the container, its password in a file."""
    container = server.container.get_wrapped_container()
    password = ROOT.replace("\\", "\\\\").replace('"', '\\"')
    script = (
        "umask 077; printf '%s\\n' \"$0\" > /tmp/dump.cnf; "
        "program=$(command -v mariadb-dump || command -v mysqldump); "
        f'exec timeout 60 "$program" --defaults-file=/tmp/dump.cnf {options} {database}'
    )
    file = f'[client]\nuser=root\npassword="{password}"\nsocket=/run/mysqld/mysqld.sock'
    code, output = container.exec_run(["sh", "-c", script, file], demux=True)
    assert isinstance(output, tuple)
    assert code == 0, output[1]
    assert isinstance(output[0], bytes)
    return output[0]


@pytest.fixture
def odd(database_server: DatabaseServer) -> str:
    """Make a database whose bodies hold what breaks simple splitters."""
    database = database_server.make_database("CHARACTER SET latin1")
    body = "CONCAT('a;;b /*! c */ ''q'' \\' DELIMITER ;; ', \"DELIMITER //\", 'x -- y # z')"
    database_server.run(
        "SET sql_mode = 'NO_ZERO_DATE'",
        "SET time_zone = '+02:00'",
        "CREATE TABLE parent (a INT, b VARCHAR(60), PRIMARY KEY (a))",
        "CREATE TABLE `odd.``na\"me` (id INT PRIMARY KEY, x INT COMMENT 'it''s; DELIMITER ;;')",
        "CREATE VIEW v2 AS SELECT a, '/*! ;; */ DELIMITER //' AS s FROM parent",
        "CREATE VIEW v1 AS SELECT * FROM v2",
        f"CREATE FUNCTION f1(x INT) RETURNS VARCHAR(90) DETERMINISTIC BEGIN RETURN {body}; END",
        "CREATE TRIGGER t1 BEFORE INSERT ON parent FOR EACH ROW BEGIN /* it's */ "
        "SET NEW.b = '*/ ;; -- x'; -- it's */\n END",
        "CREATE TRIGGER t0 BEFORE INSERT ON parent FOR EACH ROW SET NEW.a = NEW.a",
        # Two semicolons in an event's body make mariadb-dump itself run for ever.
        "CREATE EVENT e1 ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE "
        "DO BEGIN SELECT 'DELIMITER /*! '; END",
        "SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
        "CREATE PROCEDURE plain() BEGIN SELECT '\\'; SELECT 'C:\\'; END",
        "SET NAMES latin1",
        b"CREATE PROCEDURE p_latin() SELECT 'caf\xe9', '\xe4;;'",
        "SET NAMES utf8mb4",
        "CREATE PROCEDURE p_utf() SELECT 'café 😀'",
        *(["CREATE SEQUENCE ticket START WITH 5"] if database_server.is_mariadb else []),
        database=database,
    )
    return database


def read(server: DatabaseServer, database: str, user: str = "root") -> Schema:
    with open_catalogue(server.endpoint(database, user), NOWHERE) as catalogue:
        return read_schema(catalogue, database)


def squeezed(definition: str) -> str:
    """Take out what a dump changes: blanks and comments at the edges of lines."""
    lines = (line.split(" -- it's")[0].replace("/* it's */", "") for line in definition.split("\n"))
    return " ".join(" ".join(lines).split())


def test_dump_says_the_same_as_the_server(database_server: DatabaseServer, odd: str) -> None:
    told = {(item.kind, item.name): item for item in read(database_server, odd).objects}
    dumped = {(item.kind, item.name): item for item in read_dump(dump(database_server, odd))}
    assert sorted(dumped) == sorted(told)
    for key, item in dumped.items():
        assert (item.sql_mode, item.charset, item.collation, item.time_zone) == (
            told[key].sql_mode,
            told[key].charset,
            told[key].collation,
            told[key].time_zone,
        ), key
        if item.kind is ObjectKind.TRIGGER and database_server.is_mariadb:
            # Told as it was typed, without quotes; the dump does the same.
            assert "TRIGGER" in item.definition
        assert squeezed(item.definition) == squeezed(told[key].definition)


def test_dump_keeps_triggers_in_the_order_they_fire(
    database_server: DatabaseServer, odd: str
) -> None:
    names = [
        item.name
        for item in read_dump(dump(database_server, odd))
        if item.kind is ObjectKind.TRIGGER
    ]
    assert names == ["t1", "t0"]


def test_dump_fills_what_the_account_could_not_see(
    database_server: DatabaseServer, odd: str
) -> None:
    user = database_server.make_account(f"SELECT ON {odd}.*")
    schema = read(database_server, odd, user)
    assert schema.unknown
    merged = merge_objects(schema, read_dump(dump(database_server, odd)))
    assert merged.unknown == ()
    everything = [(item.kind, item.name) for item in read(database_server, odd).objects]
    assert sorted((item.kind, item.name) for item in merged.objects) == sorted(everything)


@pytest.mark.parametrize("rights", ["SELECT, INSERT", "SELECT, INSERT, UPDATE, DELETE"])
def test_triggers_that_an_account_may_fire_but_not_see_come_from_the_dump(
    database_server: DatabaseServer, odd: str, rights: str
) -> None:
    user = database_server.make_account(f"{rights} ON {odd}.*")
    with open_catalogue(database_server.endpoint(odd, user), NOWHERE) as catalogue:
        schema = read_schema(catalogue, odd)
    assert not [one for one in schema.objects if one.kind is ObjectKind.TRIGGER]
    names_them = database_server.version in {"10.11", "11.8"}
    listed = ["trigger t1", "trigger t0"] if names_them else []
    assert [one.partition(":")[0] for one in schema.unknown if one.startswith("trigger")] == [
        *listed,
        "triggers",
    ]
    merged = merge_objects(schema, read_dump(dump(database_server, odd)))
    assert [one.name for one in merged.objects if one.kind is ObjectKind.TRIGGER] == ["t1", "t0"]
    assert not [one for one in merged.unknown if one.startswith("trigger")]


def test_dump_with_rows_is_refused_without_quoting_any(
    database_server: DatabaseServer, odd: str
) -> None:
    database_server.run("INSERT INTO parent VALUES (1, 'planted-value')", database=odd)
    with pytest.raises(DumpFileInvalid, match=r"line \d+: it holds rows") as caught:
        read_dump(dump(database_server, odd, options=""))
    assert "planted" not in caught.value.message


def test_dump_that_was_cut_is_refused_wherever_it_was_cut(
    database_server: DatabaseServer, odd: str
) -> None:
    whole = dump(database_server, odd)
    read_dump(whole)
    foot = whole.rindex(b"-- Dump completed")
    for end in range(foot, 200, -997):
        with pytest.raises(DumpFileInvalid):
            read_dump(whole[:end])
