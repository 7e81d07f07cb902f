"""Two exports of a production that drifted between: `sandbox diff` tells how, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from commands import Ended, option_file, sandbox
from database_servers import ROOT, DatabaseServer
from sandbox.diff.compare import DiffRequest, compare_bundles
from sandbox.report.diff import changes_data
from servers import Silent

pytestmark = [
    pytest.mark.docker,
    pytest.mark.parametrize(
        "database_server",
        [("mariadb", "10.11"), ("mysql", "9.7")],
        ids=["mariadb", "mysql"],
        indirect=True,
        scope="module",
    ),
]

RULES = """
columns: {"*": keep}
tables:
  people: {login: username, email: email}
"""
SETTINGS = "[sample]\nsmall = 0\n"
MADE = r"""
CREATE TABLE orders (id INT PRIMARY KEY, code VARCHAR(20) DEFAULT 'a', total DECIMAL(10,2),
 old_one INT, flag BIT(3), ratio FLOAT, doc JSON, place POINT, body TEXT, n INT);
INSERT INTO orders SELECT n, CONCAT('c', n), n, 7, n % 8, n / 10, JSON_OBJECT('n', n),
 POINT(n, 1), CONCAT('a\tb\\c\n', n), n
 FROM (SELECT 1 n UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6
 UNION SELECT 7 UNION SELECT 8) numbers;
UPDATE orders SET body = NULL WHERE id IN (5, 6);
CREATE TABLE words (word VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_general_ci
 PRIMARY KEY, n INT);
INSERT INTO words VALUES ('b', 1), ('C', 2), ('a', 3), ('ä', 4), ('z', 5);
CREATE TABLE pairs (a INT, b VARCHAR(5), v INT, PRIMARY KEY (b, a));
INSERT INTO pairs VALUES (1, 'x', 1), (2, 'x', 1), (10, 'x', 1), (1, 'y', 1);
CREATE TABLE log (line TEXT);
INSERT INTO log VALUES (NULL), (''), ('\\N'), ('same'), ('same'), ('same');
CREATE TABLE people (login VARCHAR(30) PRIMARY KEY, email VARCHAR(60), n INT);
INSERT INTO people VALUES ('petra', 'petra@post.example', 1), ('otto', 'otto@post.example', 2),
 ('ines', 'ines@post.example', 3);
CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, order_id INT, body VARCHAR(40),
 CONSTRAINT notes_order FOREIGN KEY (order_id) REFERENCES orders (id));
INSERT INTO notes (order_id, body) SELECT o.id % 7 + 1, CONCAT('word', o.id, p.a, q.id)
 FROM orders o, pairs p, orders q;
UPDATE notes SET body = '   ' WHERE id = 17;
CREATE TABLE left_behind (id INT PRIMARY KEY);
INSERT INTO left_behind VALUES (1), (2);
CREATE VIEW shown AS SELECT id FROM orders
"""
DRIFTED = r"""
SET foreign_key_checks = 0;
DROP TABLE left_behind;
CREATE TABLE brought (id INT PRIMARY KEY);
INSERT INTO brought VALUES (1);
ALTER TABLE orders DROP old_one, ADD new_one INT DEFAULT 1 AFTER id,
 MODIFY total DECIMAL(12,4),
 MODIFY code VARCHAR(40) DEFAULT 'b', ADD KEY by_code (code);
UPDATE orders SET flag = b'110' WHERE id = 1;
UPDATE orders SET ratio = 0.3 WHERE id = 2;
UPDATE orders SET doc = JSON_OBJECT('n', 'x') WHERE id = 3;
UPDATE orders SET place = POINT(4, 2) WHERE id = 4;
UPDATE orders SET body = '' WHERE id = 5;
UPDATE orders SET body = '\\N', n = 60 WHERE id = 6;
DELETE FROM orders WHERE id = 8;
INSERT INTO orders (id, n) VALUES (-9, 1);
UPDATE words SET n = 9 WHERE word = 'a';
UPDATE words SET word = 'B' WHERE word = 'b';
DELETE FROM words WHERE word = 'z';
INSERT INTO words VALUES ('ö', 6);
UPDATE pairs SET v = 2 WHERE a = 10;
DELETE FROM pairs WHERE b = 'y';
INSERT INTO pairs VALUES (3, 'x', 1);
DELETE FROM log WHERE line = 'same' LIMIT 2;
INSERT INTO log VALUES (NULL), ('new');
UPDATE people SET n = 20 WHERE login = 'otto';
DELETE FROM people WHERE login = 'ines';
UPDATE notes SET body = 'filled' WHERE id = 17;
UPDATE notes SET order_id = 4711 WHERE id = 18;
CREATE OR REPLACE VIEW shown AS SELECT id, n FROM orders;
SET foreign_key_checks = 1
"""


@dataclass(frozen=True)
class Weeks:
    """Bundles of two weeks, the first twice, the second under another key, too."""

    folder: Path

    def diff(self, old: str, new: str, *options: str) -> Ended:
        """Run the command."""
        places = self.folder / old, self.folder / new
        return sandbox("diff", *places, *options, folder=self.folder)

    def found(self, old: str, new: str, *tables: str) -> dict[str, Any]:
        """Give what the command gives as JSON, without a process of its own."""
        request = DiffRequest(self.folder / old, self.folder / new, frozenset(tables))
        return changes_data(compare_bundles(request, Silent()))


@pytest.fixture(scope="module")
def weeks(database_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> Weeks:
    folder = tmp_path_factory.mktemp("weeks")
    database = database_server.make_database()
    option_file(folder, ROOT)
    (folder / "rules.yaml").write_text(RULES)
    (folder / "sandbox.toml").write_text(SETTINGS)
    for key in ("key", "second.key"):
        assert sandbox("keygen", "--out", folder / key).exit_code == 0

    def export(out: str, key: str = "key") -> None:
        done = sandbox(
            "export",
            f"--source=mysql://root@127.0.0.1:{database_server.port}/{database}",
            f"--defaults-file={folder / 'reader.cnf'}",
            f"--key-file={folder / key}",
            f"--rules={folder / 'rules.yaml'}",
            "--sample=100%",
            "--sample=notes=60%",
            "--allow-write-grants",
            f"--out={folder / out}",
            folder=folder,
        )
        assert done.exit_code == 0, done.said

    database_server.run(*MADE.split(";\n"), database=database)
    export("old")
    export("same")
    database_server.run(*DRIFTED.split(";\n"), database=database)
    export("new")
    export("other", "second.key")
    database_server.run(f"DROP DATABASE {database}")
    return Weeks(folder)


def by_name(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {table["name"]: table for table in found["tables"]}


def figures(table: Mapping[str, Any]) -> tuple[int, int, int, int]:
    return table["came"], table["went"], table["changed"], table["stayed"]


def test_two_exports_of_one_state_differ_in_nothing(weeks: Weeks) -> None:
    done = weeks.diff("old", "same", "--exit-code")
    assert done.exit_code == 0, done.said
    assert "Nothing differs that could be compared." in done.stdout
    assert "beware" not in done.stdout


def test_rows_of_each_table_came_went_changed_and_stayed(weeks: Weeks) -> None:
    data = weeks.found("old", "new", "orders", "words", "pairs", "people", "log")
    found = by_name(data)
    assert {name: figures(found[name]) for name in found if name != "notes"} == {
        "orders": (1, 1, 6, 1),
        "words": (2, 2, 1, 2),
        "pairs": (1, 1, 1, 2),
        "log": (2, 2, 0, 4),
        "people": (0, 1, 1, 1),
        "left_behind": (0, 2, 0, 0),
        "brought": (1, 0, 0, 0),
    }
    assert found["orders"]["columns"] == {
        "body": 2, "n": 1, "flag": 1, "ratio": 1, "doc": 1, "place": 1,
    }  # fmt: skip
    assert {one["column"]: one["why"] for one in found["orders"]["left_out"]} == {
        "new_one": "came",
        "old_one": "went",
        "total": "its type writes values otherwise now",
    }
    named = {
        name: [(one["fate"], ",".join(one["key"]), *one["columns"]) for one in found[name]["named"]]
        for name in ("orders", "words", "pairs")
    }
    assert named == {
        "orders": [
            ("came", "-9"), ("went", "8"), ("changed", "1", "flag"), ("changed", "2", "ratio"),
            ("changed", "3", "doc"), ("changed", "4", "place"), ("changed", "5", "body"),
            ("changed", "6", "body", "n"),
        ],
        "words": [
            ("came", "B"), ("came", "ö"), ("went", "b"), ("went", "z"), ("changed", "a", "n"),
        ],
        "pairs": [("came", "x,3"), ("went", "y,1"), ("changed", "x,10", "v")],
    }  # fmt: skip
    assert "ines" not in json.dumps(data)
    assert len(found["people"]["named"]) == 2


def test_what_came_and_went_in_schema_and_odd_rows_is_told(weeks: Weeks) -> None:
    data = weeks.found("old", "new")
    changes = {(one["fate"], one["what"], one["name"], one["aspect"]) for one in data["schema"]}
    assert changes == {
        ("came", "table", "brought", ""),
        ("went", "table", "left_behind", ""),
        ("came", "column", "orders.new_one", ""),
        ("went", "column", "orders.old_one", ""),
        ("changed", "column", "orders.total", "type"),
        ("changed", "column", "orders.code", "type"),
        ("changed", "column", "orders.code", "default"),
        ("came", "key", "orders.by_code", ""),
        ("changed", "view", "shown", "definition"),
    }
    odd = {(one["fate"], one["table"], one["column"], one["class"]) for one in data["odd"]}
    assert {("came", "notes", "notes_order", "orphan"), ("went", "notes", "body", "blank")} <= odd
    done = weeks.diff("old", "new", "--rows=orders", "--exit-code")
    assert done.exit_code == 3, done.said
    text = done.stdout
    assert "changed  column orders.code, default: 'a' → 'b'" in text
    assert "new      orphan in notes.notes_order: <10 rows" in text
    assert "gone     blank in notes.body: <10 rows" in text
    assert "changed  orders:6  body, n" in text


def test_under_another_key_masked_rows_are_counted_and_kept_ones_compared(weeks: Weeks) -> None:
    data = weeks.found("new", "other")
    found = by_name(data)
    assert "under different keys" in data["cautions"][0]
    assert found["people"]["came"] is None
    assert (found["people"]["rows_old"], found["people"]["rows_new"]) == (2, 2)
    assert figures(found["orders"]) == (0, 0, 0, 8)
    assert figures(found["words"]) == (0, 0, 0, 5)
