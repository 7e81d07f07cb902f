"""Odd rows that were planted by hand are in a masked sample of one in a hundred, and no others.

What is planted, and how it is found again, is SQL that shares nothing with the profile.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from commands import Ended, option_file, private, sandbox
from database_servers import ROOT, DatabaseServer
from sandbox.bundle.reader import open_bundle

pytestmark = [
    pytest.mark.docker,
    pytest.mark.parametrize(
        "database_server",
        [("mariadb", "10.11"), ("mysql", "9.7")],
        ids=["mariadb", "mysql"],
        indirect=True,
    ),
]

WANTED = 3
BEFORE = (
    "SET sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00',"
    " foreign_key_checks = 0, unique_checks = 0"
)
COLUMNS = (
    "id INT PRIMARY KEY, who VARCHAR(200), kept VARCHAR(200), mail VARCHAR(200), iban VARCHAR(40),"
    " card VARCHAR(30), old VARCHAR(90) CHARACTER SET latin1, doc TEXT, ser TEXT, packed BLOB,"
    " raw TEXT, born DATE, seen DATETIME, lasts TIME, amount DECIMAL(9,2), level TINYINT,"
    " mood ENUM('good','fair','bad') NOT NULL, marks SET('a','b','c') NOT NULL"
)
PACKED = zlib.compress(b"what is packed").hex()
# What a row is where nothing is odd; `n` is its number.
CLEAN = {
    "who": "CONCAT('Lindqvist', CHAR(97 + n % 7), CHAR(97 + n % 11))",
    "kept": "CONCAT('word', CHAR(97 + n % 7), CHAR(97 + n % 11))",
    "mail": "CONCAT('user', n, '@post.example')",
    "iban": "'DE02120300000000202051'",
    "card": "'4111111111111111'",
    "old": "CONCAT('word', CHAR(97 + n % 7))",
    "doc": "CONCAT('{\"a\": ', n, '}')",
    "ser": "CONCAT('a:1:{i:0;i:', n, ';}')",
    "packed": f"X'{PACKED}'",
    "raw": "'UGV0cmEgTGluZHF2aXN0'",
    "born": "DATE_ADD('1950-01-01', INTERVAL n DAY)",
    "seen": "DATE_ADD('2020-01-01 10:00:00', INTERVAL n MINUTE)",
    "lasts": "'10:20:30'",
    "amount": "10 + n % 90 / 100",
    "level": "2 + n % 5",
    "mood": "1 + n % 2",
    "marks": "1 + n % 2",
}


@dataclass(frozen=True)
class Odd:
    """A class as this test plants it and finds it again.

    Attributes:
        name: What the plan calls it.
        column: Where it is planted.
        value: SQL of the value; may hold `n`.
        is_there: SQL that tells such a row.
    """

    name: str
    column: str
    value: str
    is_there: str


def bytes_in(column: str, digits: str) -> str:
    return f"INSTR(CAST({column} AS BINARY), X'{digits}') > 0"


def text(digits: str) -> str:
    return f"CONVERT(X'{digits}' USING utf8mb4)"


PLANTED = (
    Odd("missing", "who", "NULL", "who IS NULL"),
    Odd("empty", "who", "''", "OCTET_LENGTH(who) = 0"),
    Odd("text zero", "who", "'0'", "HEX(who) = '30'"),
    Odd("blank", "who", "'  '", "HEX(who) = '2020'"),
    Odd("space at an end", "who", "' Petraa'", "HEX(who) LIKE '20%' AND HEX(who) <> '2020'"),
    Odd("space inside", "who", "'Anna  Berg'", "TRIM(who) LIKE '%_  _%'"),
    Odd("control character", "who", f"CONCAT('Annah', {text('07')})", bytes_in("who", "07")),
    Odd("invisible character", "who", text("416E6E61E2808B6E"), bytes_in("who", "E2808B")),
    Odd("combining character", "who", text("4D75CC886C6C6572"), bytes_in("who", "CC88")),
    Odd("four bytes", "who", text("416E6E61F09F9880"), bytes_in("who", "F09F")),
    Odd("right to left", "who", text("D7A9D79CD795D79D"), bytes_in("who", "D7")),
    Odd("doubly encoded", "kept", text("4DC383C2BC6C6C6572"), bytes_in("kept", "C383C2BC")),
    Odd("doubly encoded", "old", "CONVERT(X'4DC3BC6C6C6572' USING latin1)",
        "HEX(old) = '4DC3BC6C6C6572'"),
    Odd("like a number", "kept", "'007'", "kept = '007'"),
    Odd("like nothing", "kept", "'NULL'", "kept = 'NULL'"),
    Odd("broken mail", "mail", "CONCAT('user', n, '@post')",
        "mail NOT LIKE '%@%.%' AND mail IS NOT NULL"),
    Odd("broken IBAN", "iban", "'DE02120300000000202052'", "iban <> 'DE02120300000000202051'"),
    Odd("broken card", "card", "'4111111111111112'", "card <> '4111111111111111'"),
    Odd("broken JSON", "doc", "CONCAT('{\"a\": ', n)", "NOT JSON_VALID(doc)"),
    Odd("broken serialize", "ser", "CONCAT('a:1:{i:0;i:', n, ';')", "ser NOT LIKE '%}'"),
    Odd("broken Base64", "raw", "'UGV0cmEgTGluZHF2aXN'", "OCTET_LENGTH(raw) % 4 <> 0"),
    Odd("broken gzip", "packed", f"X'{PACKED[:-6]}'", f"HEX(packed) = UPPER('{PACKED[:-6]}')"),
    Odd("zero date", "born", "'0000-00-00'", "CAST(born AS CHAR) = '0000-00-00'"),
    Odd("part of a date", "born", "'2023-00-00'", "CAST(born AS CHAR) = '2023-00-00'"),
    Odd("impossible date", "born", "'2023-02-30'", "CAST(born AS CHAR) = '2023-02-30'"),
    Odd("far date", "seen", "'9999-12-31 23:59:59'", "seen = '9999-12-31 23:59:59'"),
    Odd("first second", "seen", "'1970-01-01 00:00:00'", "seen = '1970-01-01 00:00:00'"),
    Odd("beyond a day", "lasts", "'-800:00:00'", "lasts < 0"),
    Odd("zero", "amount", "0", "amount = 0"),
    Odd("negative", "amount", "-0.07", "amount < 0"),
    Odd("limit of the type", "level", "127", "level = 127"),
    Odd("outside its list", "mood", "0", "mood + 0 = 0"),
    Odd("rare member", "mood", "3", "mood + 0 = 3"),
    Odd("no member", "marks", "0", "marks + 0 = 0"),
)  # fmt: skip
RULES = """
columns: {"*": keep}
tables:
  "*": {who: name, mail: email}
"""
SMALL = "[sample]\nsmall = 0\n"


@dataclass(frozen=True)
class Ops:
    server: DatabaseServer
    folder: Path
    database: str

    def run(self, *arguments: str | Path) -> Ended:
        return sandbox(
            *arguments,
            f"--config={self.folder / 'sandbox.toml'}",
            folder=self.folder,
        )

    def export(self, out: str, *options: str, sample: str = "1%") -> Ended:
        done = self.run(
            "--json",
            "export",
            f"--source=mysql://root@127.0.0.1:{self.server.port}/{self.database}",
            f"--password-file={private(self.folder / 'password', ROOT)}",
            f"--key-file={self.folder / 'key'}",
            f"--rules={self.folder / 'rules.yaml'}",
            "--allow-write-grants",
            f"--sample={sample}",
            f"--out={self.folder / out}",
            *options,
        )
        assert done.exit_code == 0, done.said
        return done

    def load(self, bundle: str) -> str:
        target = self.server.make_database()
        loaded = self.run(
            "load",
            self.folder / bundle,
            f"--into=mysql://root@127.0.0.1:{self.server.port}/{target}",
            f"--defaults-file={self.folder / 'reader.cnf'}",
        )
        assert loaded.exit_code == 0, loaded.said
        return target

    def count(self, table: str, condition: str, database: str = "") -> int:
        sql = f"SELECT COUNT(*) FROM {table} WHERE {condition}"
        return int(self.server.ask(sql, database or self.database)[0][0])


@pytest.fixture
def ops(database_server: DatabaseServer, tmp_path: Path) -> Ops:
    option_file(tmp_path, ROOT)
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "sandbox.toml").write_text(SMALL)
    assert sandbox("keygen", "--out", tmp_path / "key").exit_code == 0
    return Ops(database_server, tmp_path, database_server.make_database())


def rows_of(first: int, last: int) -> str:
    """Give a table of the numbers from one to another, for either server."""
    digits = " UNION ALL ".join(f"SELECT {digit} d" for digit in range(10))
    number = "a.d + 10 * b.d + 100 * c.d + 1000 * e.d"
    tables = ", ".join(f"({digits}) {name}" for name in "abce")
    return f"(SELECT {number} n FROM {tables} HAVING n BETWEEN {first} AND {last}) numbers"


def insert(table: str, first: int, last: int, **odd: str) -> str:
    values = ", ".join((CLEAN | odd).values())
    return (
        f"INSERT INTO {table} (id, {', '.join(CLEAN)}) SELECT n, {values} "
        f"FROM {rows_of(first, last)}"
    )


def plant(ops: Ops) -> dict[Odd, int]:
    """Make thousands of clean rows, and one, two or five of each class among them."""
    planted: dict[Odd, int] = {}
    statements = [BEFORE]
    for table in ("people", "clean"):
        statements += [
            f"CREATE TABLE {table} ({COLUMNS}) CHARACTER SET utf8mb4",
            insert(table, 1, 4000),
        ]
    at = 4001
    for number, odd in enumerate(PLANTED):
        count = (1, 2, 5)[number % 3]
        statements.append(insert("people", at, at + count - 1, **{odd.column: odd.value}))
        planted[odd] = count
        at += count
    # Not at the end of the key: their numbers are drawn over the whole range.
    statements.append("UPDATE people SET id = 1000000 + id * 7919 % 104729")
    ops.server.run(*statements, database=ops.database)
    return planted


def test_every_planted_class_is_in_a_masked_sample_and_no_other(ops: Ops) -> None:
    planted = plant(ops)
    before = {odd: ops.count("people", odd.is_there) for odd in planted}
    assert before == planted
    ops.export("bundle")
    loaded = ops.load("bundle")
    taken = {odd: ops.count("people", odd.is_there, loaded) for odd in planted}
    lacking = {odd.name: taken[odd] for odd in planted if taken[odd] < min(WANTED, planted[odd])}
    assert lacking == {}
    made = {odd.name for odd in planted if ops.count("clean", odd.is_there, loaded)}
    assert made == set()
    # One in a hundred, and what is odd.
    assert ops.count("people", "TRUE", loaded) < 40 + 2 * 4 + 5 * len(PLANTED) + 60


def test_plan_lists_each_class_with_the_rows_of_production(ops: Ops) -> None:
    planted = plant(ops)
    plan = ops.export("bundle", "--dry-run").data["odd"]
    found = {
        (one["column"], one["class"]): one["rows"]
        for one in plan["classes"]
        if one["table"] == "people"
    }
    expected = {(odd.column, odd.name): count for odd, count in planted.items()}
    assert {key: found.get(key) for key in expected} == expected
    told = [one for one in plan["classes"] if one["class"] != "variant"]
    assert all(one["rows_exact"] and one["taken_exact"] for one in told)
    clean = {one["class"] for one in plan["classes"] if one["table"] == "clean"}
    assert clean <= {"shortest", "longest", "least", "greatest"}


def test_manifest_hides_small_counts_and_the_same_key_takes_the_same_rows(ops: Ops) -> None:
    plant(ops)
    ops.export("first")
    ops.export("second")
    one, other = (open_bundle(ops.folder / name).manifest for name in ("first", "second"))
    odd = {(entry.table, entry.column, entry.name): entry for entry in one.odd}
    assert odd["people", "born", "zero date"].rows == "<10"
    assert all(
        entry.rows == "<10" or int(entry.rows.replace(",", "").split()[-1]) >= 10
        for entry in one.odd
    )
    digests = [[part.text_sha256 for part in m.table("people").parts] for m in (one, other)]
    assert digests[0] == digests[1]


def test_rows_outside_a_condition_are_not_taken_for_what_is_odd(ops: Ops) -> None:
    plant(ops)
    done = ops.export("bundle", "--where=people:born < '1999-01-01' AND born > '1950-01-01'")
    loaded = ops.load("bundle")
    assert ops.count("people", "born > '1999-01-01' OR born < '1950-01-01'", loaded) == 0
    assert ops.count("people", "who IS NULL", loaded) == 1
    told = [one["words"] for one in done.data["odd"]["tables"] if one["table"] == "people"]
    assert told == ["read were the rows that --where names"]


def test_nothing_is_looked_for_without_cover_or_without_time(ops: Ops) -> None:
    plant(ops)
    off = ops.export("off", "--cover=0", "--dry-run").data["odd"]
    unread = ops.export("unread", "--profile-time=0", "--dry-run").data["odd"]
    assert (off["classes"], off["added"]) == ([], 0)
    assert (unread["classes"], unread["added"]) == ([], 0)


SHOPS = (
    "CREATE TABLE shops (id INT PRIMARY KEY, name VARCHAR(20), deleted_at DATETIME NULL, boss INT,"
    " KEY (boss), CONSTRAINT shops_boss FOREIGN KEY (boss) REFERENCES shops (id))"
)
VISITS = (
    "CREATE TABLE visits (id INT PRIMARY KEY, shop INT, KEY (shop),"
    " CONSTRAINT visits_shop FOREIGN KEY (shop) REFERENCES shops (id))"
)
RELATIONS = (
    BEFORE,
    SHOPS,
    VISITS,
    f"INSERT INTO shops SELECT n, CONCAT('s', n), NULL, NULL FROM {rows_of(1, 3000)}",
    # One visit for each shop is the rule.
    f"INSERT INTO visits SELECT n, n FROM {rows_of(1, 2990)}",
    "INSERT INTO visits VALUES (5001, 11), (5002, 12), (5003, 13), (5004, 13)",
    "INSERT INTO visits VALUES (6001, 90001), (6002, 90002)",
    "UPDATE shops SET boss = id WHERE id = 1700",
    "UPDATE shops SET boss = 1802 WHERE id = 1801",
    "UPDATE shops SET boss = 1801 WHERE id = 1802",
    "UPDATE shops SET deleted_at = '2020-01-01' WHERE id IN (2101, 2102)",
)


def test_odd_cardinalities_are_in_the_sample(ops: Ops) -> None:
    ops.server.run(*RELATIONS, database=ops.database)
    done = ops.export("bundle", "--sample=visits=1%")
    loaded = ops.load("bundle")
    ask = ops.server.ask

    def one(sql: str) -> Any:
        return ask(sql, loaded)[0][0]

    orphans = "FROM visits v LEFT JOIN shops s ON s.id = v.shop WHERE s.id IS NULL"
    assert one(f"SELECT COUNT(*) {orphans}") == 2
    assert one("SELECT COUNT(*) FROM shops WHERE boss = id") == 1
    assert one("SELECT COUNT(*) FROM shops WHERE id IN (1801, 1802)") == 2
    assert one("SELECT COUNT(*) FROM shops WHERE id > 2990") >= WANTED
    several = "SELECT shop FROM visits GROUP BY shop HAVING COUNT(*) > 1"
    assert one(f"SELECT COUNT(*) FROM ({several}) s") == 3
    deleted = "visits v JOIN shops s ON s.id = v.shop WHERE s.deleted_at IS NOT NULL"
    assert one(f"SELECT COUNT(*) FROM {deleted}") == 2
    found = {
        (entry["column"], entry["class"]): entry["rows"] for entry in done.data["odd"]["classes"]
    }
    assert found["visits_shop", "orphan"] == 2
    assert found["visits_shop", "second child"] == 3
    assert found["visits_shop", "childless"] == 10
    assert found["shops_boss", "self loop"] == 1
    assert found["shops_boss", "cycle"] == 2
    assert found["visits_shop", "child of a deleted parent"] == 2


def test_variants_of_one_spelling_come_together(ops: Ops) -> None:
    ops.server.run(
        "CREATE TABLE words (id INT PRIMARY KEY, word VARCHAR(40)) CHARACTER SET utf8mb4",
        f"INSERT INTO words SELECT n, CONCAT('word', n) FROM {rows_of(1, 4000)}",
        "UPDATE words SET word = 'Word1234' WHERE id = 17",
        database=ops.database,
    )
    ops.export("bundle")
    loaded = ops.load("bundle")
    assert ops.server.ask("SELECT id FROM words WHERE word = 'word1234'", loaded) == [
        (17,),
        (1234,),
    ]


def test_a_class_of_the_projects_own_is_covered_and_told(ops: Ops) -> None:
    plant(ops)
    settings = ops.folder / "sandbox.toml"
    settings.write_text(
        SMALL
        + '[[cover]]\nname = "leap days"\ntable = "people"\nsql = "born LIKE \'____-02-29\'"\n'
        + '[[cover]]\nname = "nobody"\ntable = "people"\nsql = "level = 99"\n'
    )
    done = ops.export("bundle", "--profile-time=0")
    leap, nobody = done.data["odd"]["named"]
    assert (leap["class"], leap["rows"], leap["taken"] >= WANTED) == ("leap days", 3, True)
    assert (nobody["rows"], nobody["taken"]) == (0, 0)
    loaded = ops.load("bundle")
    assert ops.count("people", "born LIKE '____-02-29'", loaded) == 3


def test_a_condition_that_is_no_sql_names_its_class(ops: Ops) -> None:
    plant(ops)
    settings = ops.folder / "sandbox.toml"
    settings.write_text(f'{SMALL}[[cover]]\nname = "x"\ntable = "people"\nsql = "placed > 1"\n')
    done = ops.run(
        "export",
        f"--source=mysql://root@127.0.0.1:{ops.server.port}/{ops.database}",
        f"--password-file={private(ops.folder / 'password', ROOT)}",
        f"--key-file={ops.folder / 'key'}",
        f"--rules={ops.folder / 'rules.yaml'}",
        "--allow-write-grants",
        f"--out={ops.folder / 'bundle'}",
    )
    assert done.exit_code == 11, done.said
    assert "[[cover]] x, people: there is no such column: placed" in done.stderr
