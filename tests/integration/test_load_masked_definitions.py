"""Masked definitions still are what they were: every server takes them, and they do the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from database_servers import EVERY_SERVER
from load_world import Login, endpoint_of
from sandbox.bundle.definitions import creation, in_order, without_definer
from sandbox.database.connect import open_catalogue
from sandbox.database.definitions import replace_definers
from sandbox.database.schema import read_schema
from sandbox.database.statements import StatementLog
from sandbox.masking.assignment import assign_treatments
from sandbox.masking.definitions import mask_definition
from sandbox.masking.masker import Masker
from sandbox.masking.rules import Source, parse_rules
from sandbox.model import Family, ObjectKind
from servers import ImageOf, answers, eventually, port_of, running

pytestmark = pytest.mark.docker

RULES = """
types: {"*": keep}
tables:
  by_name: {last_name: name}
  by_range: {last_name: name}
  mixed: {last_name: name}
  user_tokens:
    place: binary
    seal: binary
    born: {masker: date, person: id}
    setting: {masker: by_key, key: status}
"""
NAMES = ("Lindqvist", "Meier", "Straßer", "Petra O'Hara")
_LATIN = "CHARACTER SET latin1 COLLATE latin1_german1_ci"
BY_NAME = f"""CREATE TABLE by_name (id INT, last_name VARCHAR(40) {_LATIN} DEFAULT 'Straßer')
 COMMENT 'Lindqvist''s list' PARTITION BY LIST COLUMNS (last_name) (PARTITION p VALUES IN
 ('Lindqvist', 'Meier'), PARTITION q VALUES IN (NULL, 'Straßer', 'Petra O''Hara'))"""
BY_RANGE = """CREATE TABLE by_range (id INT, last_name VARCHAR(40))
 PARTITION BY RANGE COLUMNS (last_name) (PARTITION p VALUES LESS THAN ('Lindqvist'))"""
MIXED = r"""CREATE TABLE mixed (id INT COMMENT 'petra\\o\'hara', status VARCHAR(9) DEFAULT 'o\'k',
 last_name VARCHAR(40) DEFAULT 'Meier', e ENUM('a','petra@post.example','it''s'),
 comment VARCHAR(9), PRIMARY KEY (id), KEY k (last_name) COMMENT 'Lindqvist')
 PARTITION BY HASH (id) PARTITIONS 2"""
USER_TOKENS = r"""CREATE TABLE user_tokens (id INT, status VARCHAR(9),
 place BINARY(4) NOT NULL DEFAULT 'ab', seal VARBINARY(9) DEFAULT 0x41004200, born DATE DEFAULT
 '1980-03-12', setting VARCHAR(40) DEFAULT 'Petra O''Hara', CHECK (status IN ('open', 'used')))"""
VIEW = r"""CREATE VIEW v AS SELECT id, 'it''s \\ open' AS said FROM mixed
 WHERE e <> 'petra@post.example'"""
PROCEDURE = """CREATE PROCEDURE p(OUT a TEXT) COMMENT 'for Lindqvist' BEGIN
 SET @k = UNHEX('F3229A0B371ED2D9'); /* Lindqvist */
 SET a = CONVERT(AES_DECRYPT(AES_ENCRYPT('Sommer', @k), @k) USING utf8mb4);
 UPDATE mixed SET comment = 'zqdone' WHERE comment = 'zqopen'; END"""
EVENT = "CREATE EVENT e ON SCHEDULE EVERY 1 DAY COMMENT 'Lindqvist' DO DELETE FROM mixed"
PLAIN = r"""CREATE FUNCTION paths() RETURNS TEXT DETERMINISTIC BEGIN -- Lindqvist's
 DECLARE "x # y" TEXT DEFAULT 'C:\'; RETURN CONCAT("x # y", ' # zq\n'); END"""


@pytest.fixture(params=EVERY_SERVER, scope="module")
def login(request: pytest.FixtureRequest, image_of: ImageOf) -> Iterator[Login]:
    role, version = request.param
    image = image_of(role, version)
    with running(image, ports=(3306,), environment={"MYSQL_ROOT_PASSWORD": "r"}) as container:
        eventually(lambda: answers(container))
        yield Login(Family(role), version, port_of(container, 3306), "r")


@pytest.fixture(scope="module")
def masker(login: Login) -> Masker:
    """Make a database, and its masked copy without rows; give what masked it."""
    login.run("", "CREATE DATABASE source", "CREATE DATABASE target")
    login.run("source", BY_NAME, BY_RANGE, MIXED, USER_TOKENS, VIEW, PROCEDURE, EVENT)
    login.run("source", "SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'", PLAIN)
    with open_catalogue(endpoint_of(login, "source"), StatementLog()) as catalogue:
        schema = replace_definers(read_schema(catalogue, "source"))
    treatments = assign_treatments(
        schema, parse_rules([Source("own.yaml", RULES)]), unclassified="refuse"
    )
    masker = Masker(schema, treatments, b"a key of tests, and of nothing else")
    objects = [
        dataclasses.replace(one, definition=mask_definition(one, masker).text.content.decode())
        for one in schema.objects
    ]
    assert {one.kind for one in objects} == {*ObjectKind} - {
        ObjectKind.SEQUENCE,
        ObjectKind.TRIGGER,
    }
    with login.connect("target") as connection, connection.cursor() as cursor:
        for described in in_order(objects):
            settings, sent = creation(described, without_definer(described.definition))
            for statement in (*settings, sent):
                cursor.execute(statement)
    return masker


def masked(masker: Masker, table: str, name: str) -> str:
    said = masker.mask_literal(table, "last_name", name)
    assert said is not None
    return said


def shown(login: Login, kind: str, name: str) -> str:
    row: tuple[Any, ...] = login.ask("target", f"SHOW CREATE {kind} {name}")[0]
    return str(next(one for one in row if "CREATE" in str(one)))


def test_nobody_is_named_any_more_but_in_what_code_does(login: Login, masker: Masker) -> None:
    assert masker.key_id
    for kind, name in (("TABLE", "by_name"), ("TABLE", "by_range"), ("TABLE", "mixed"),
                       ("PROCEDURE", "p"), ("FUNCTION", "paths"), ("VIEW", "v")):  # fmt: skip
        definition = shown(login, kind, name)
        for lost in ("Lindqvist", "Straßer", "Meier", "petra@", "Hara", "hara", "Sommer", "F3229"):
            assert lost not in definition
    ((comment,),) = login.ask(
        "target",
        "SELECT EVENT_COMMENT FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'target'",
    )
    assert comment == masker.mask_text(b"Lindqvist", "plain").content.decode()


def test_masked_rows_lie_in_the_partitions_of_their_originals(login: Login, masker: Masker) -> None:
    for database in ("source", "target"):
        for number, name in enumerate(NAMES):
            said = name if database == "source" else masked(masker, "by_name", name)
            quoted = said.replace("'", "''")
            login.run(database, f"INSERT INTO by_name VALUES ({number}, '{quoted}')")
        login.run(database, "INSERT INTO by_name VALUES (9, NULL)")
    where = "SELECT id FROM by_name PARTITION ({}) ORDER BY id"
    for partition, ids in (("p", [0, 1]), ("q", [2, 3, 9])):
        for database in ("source", "target"):
            rows = login.ask(database, where.format(partition))
            assert [row[0] for row in rows] == ids


def test_a_table_whose_partitions_masked_rows_would_not_fit_has_none(
    login: Login, masker: Masker
) -> None:
    assert "PARTITION" not in shown(login, "TABLE", "by_range")
    login.run(
        "target", f"INSERT INTO by_range VALUES (1, '{masked(masker, 'by_range', 'Zurwehn')}')"
    )


def test_defaults_are_those_of_the_masked_rows(login: Login, masker: Masker) -> None:
    login.run("target", "INSERT INTO mixed (id) VALUES (1)", "INSERT INTO by_name (id) VALUES (77)")
    ((name, status),) = login.ask("target", "SELECT last_name, status FROM mixed WHERE id = 1")
    assert (name, status) == (masked(masker, "mixed", "Meier"), "o'k")
    ((name,),) = login.ask("target", "SELECT last_name FROM by_name WHERE id = 77")
    assert name == masked(masker, "by_name", "Straßer")


def test_a_table_of_tokens_takes_the_rows_that_production_s_takes(
    login: Login, masker: Masker
) -> None:
    rows = []
    for database in ("source", "target"):
        login.run(database, "INSERT INTO user_tokens (id, status) VALUES (1, 'used')")
        asked = "SELECT HEX(place), HEX(seal), CAST(born AS CHAR), setting FROM user_tokens"
        rows += login.ask(database, asked)
    (*sealed, born, setting), (*masked_seals, masked_born, masked_setting) = rows
    for column, one, other in zip(("place", "seal"), sealed, masked_seals, strict=True):
        assert masker.mask_value("user_tokens", column, bytes.fromhex(one)) == bytes.fromhex(other)
    assert (born, setting) == ("1980-03-12", "Petra O'Hara")
    assert masked_born != born
    assert "Hara" not in masked_setting


def test_code_does_what_it_did(login: Login, masker: Masker) -> None:
    for database in ("source", "target"):
        login.run(
            database,
            "DELETE FROM mixed",
            "INSERT INTO mixed (id, e, comment) VALUES (1, 1, 'zqopen'), (2, 2, 'zqopen')",
        )
        assert login.ask(database, "SELECT id, said FROM v") == [(1, r"it's \ open")]
        assert login.ask(database, "SELECT paths()") == [("C:\\ # zq\\n",)]
        with login.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute("CALL p(@a)")
            cursor.execute("SELECT @a, (SELECT COUNT(*) FROM mixed WHERE comment = 'zqdone')")
            ((said, done),) = cursor.fetchall()
        secret = (
            "Sommer"
            if database == "source"
            else (masker.mask_text(b"Sommer", "secret").content.decode())
        )
        assert (said, done) == (secret, 2)
