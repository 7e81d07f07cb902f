"""Every row of a bundle is explained, and every step of every answer is true in the data.

The oracle walks the bundle as `bundle_reader` reads it; what refers to what is written down here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

import commands
from bundle_reader import ReadBundle
from bundle_reader import Row as Cells
from commands import option_file, private, sandbox
from database_servers import ROOT, DatabaseServer
from sandbox.bundle.reader import open_bundle
from sandbox.bundle.why.chain import Chain, Chains, reason_of
from sandbox.bundle.why.comparison import cell_of, fold_for
from sandbox.bundle.why.rows import Row, first_places, rows_of
from sandbox.model import Column

pytestmark = [
    pytest.mark.docker,
    pytest.mark.parametrize(
        "database_server",
        [("mariadb", "10.11"), ("mysql", "9.7")],
        ids=["mariadb", "mysql"],
        indirect=True,
    ),
]

# Helpers read for an export however small it is.
WITH_HELPERS = """
import sandbox.export.pipeline as pipeline
from sandbox.cli.app import main
pipeline._WORTH_HELPERS = -1
main()
"""
TEXT = "CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
CREATE = f"""
CREATE TABLE countries (code VARCHAR(9) PRIMARY KEY) {TEXT};
CREATE TABLE customers (id INT PRIMARY KEY, country VARCHAR(9), boss INT, born DATE,
  CONSTRAINT c_country FOREIGN KEY (country) REFERENCES countries (code),
  CONSTRAINT c_boss FOREIGN KEY (boss) REFERENCES customers (id)) {TEXT};
CREATE TABLE orders (id INT PRIMARY KEY, customer INT NOT NULL, main INT,
  CONSTRAINT o_customer FOREIGN KEY (customer) REFERENCES customers (id));
CREATE TABLE products (id INT PRIMARY KEY, code VARCHAR(20) NOT NULL, UNIQUE (code)) {TEXT};
CREATE TABLE items (place INT, order_id INT, product VARCHAR(20) NOT NULL,
  PRIMARY KEY (order_id, place),
  CONSTRAINT i_order FOREIGN KEY (order_id) REFERENCES orders (id),
  CONSTRAINT i_product FOREIGN KEY (product) REFERENCES products (code)) {TEXT};
ALTER TABLE orders ADD CONSTRAINT o_main FOREIGN KEY (id, main)
  REFERENCES items (order_id, place);
CREATE TABLE log (who INT, said VARCHAR(20),
  CONSTRAINT l_who FOREIGN KEY (who) REFERENCES customers (id));
CREATE TABLE visits (id INT PRIMARY KEY, customer_id INT NOT NULL, KEY (customer_id)) ENGINE=MyISAM;
CREATE TABLE files (id INT PRIMARY KEY, owner_type VARCHAR(20) NOT NULL, owner_id INT NOT NULL,
  KEY (owner_type, owner_id));
CREATE TABLE colours (id INT PRIMARY KEY, by_whom INT,
  CONSTRAINT w_customer FOREIGN KEY (by_whom) REFERENCES customers (id))
"""
VISITS = "customer_id -> customers.id"
OWNERS = {
    kind: f"owner_id -> {parent}.id where owner_type = '{kind}'"
    for kind, parent in (("customer", "customers"), ("order", "orders"))
}
# By name of a reference: child, its columns, parent, its columns.
REFERENCES = {
    "c_country": ("customers", ["country"], "countries", ["code"]),
    "c_boss": ("customers", ["boss"], "customers", ["id"]),
    "o_customer": ("orders", ["customer"], "customers", ["id"]),
    "o_main": ("orders", ["id", "main"], "items", ["order_id", "place"]),
    "i_order": ("items", ["order_id"], "orders", ["id"]),
    "i_product": ("items", ["product"], "products", ["code"]),
    "l_who": ("log", ["who"], "customers", ["id"]),
    "w_customer": ("colours", ["by_whom"], "customers", ["id"]),
    VISITS: ("visits", ["customer_id"], "customers", ["id"]),
    OWNERS["customer"]: ("files", ["owner_id"], "customers", ["id"]),
    OWNERS["order"]: ("files", ["owner_id"], "orders", ["id"]),
}
RULES = """
columns: {"*": keep}
tables:
  products: {code: shape}
  items: {product: shape}
"""
SETTINGS = f"""
[sample]
small = 5
[relations]
confirmed = ["visits.{VISITS}", "files.{OWNERS["customer"]}", "files.{OWNERS["order"]}"]
"""


def values(rows: Sequence[Sequence[int | str | None]]) -> str:
    def literal(value: int | str | None) -> str:
        return "NULL" if value is None else f"'{value}'" if isinstance(value, str) else str(value)

    return ", ".join(f"({', '.join(map(literal, row))})" for row in rows)


def contents() -> Iterator[str]:
    """Give rows: spellings of a code, a boss of his own, two who are each other's, equal rows."""
    spelled = ["land{}", "LAND{}", "Länd{} "]
    bosses = {1: 1, 200: 201, 201: 200}
    born = {77: "0000-00-00", 78: None}
    items = [(n, place) for n in range(1, 501) for place in (1, 2)]
    rows: dict[str, list[Sequence[int | str | None]]] = {
        "countries": [(f"Land{n}",) for n in range(40)],
        "customers": [
            (n, spelled[n % 3].format(n % 40), bosses.get(n, n // 2), born.get(n, "1970-02-03"))
            for n in range(1, 301)
        ],
        "orders": [(n, 5 if n > 480 else n % 300 + 1, 1) for n in range(1, 501)],
        "items": [(place, n, f"P{(n * 7 + place) % 250}") for n, place in items],
        "products": [(n, f"P{n}") for n in range(250)],
        "log": [(n % 100 + 1 if n % 7 else None, f"in{n % 3}") for n in range(600)],
        "visits": [(n, n * 3 % 300 + 1) for n in range(1, 301)],
        "files": [(n, "order" if n % 2 else "customer", n) for n in range(1, 301)],
        "colours": [(1, 31), (2, 32), (3, None)],
    }
    yield "SET foreign_key_checks = 0, sql_mode = 'ALLOW_INVALID_DATES'"
    for table, some in rows.items():
        yield f"INSERT INTO {table} VALUES {values(some)}"


@dataclass(frozen=True)
class Ops:
    server: DatabaseServer
    folder: Path
    database: str

    def export(self, name: str, *options: str) -> Path:
        # Whoever may ask for the binary log's position can read in several sessions.
        more = ["BINLOG MONITOR ON *.*"] if self.server.is_mariadb else []
        user = self.server.make_account(f"SELECT ON {self.database}.*", *more)
        done = sandbox(
            "export",
            f"--source=mysql://{user}@127.0.0.1:{self.server.port}/{self.database}",
            f"--password-file={private(self.folder / 'password', f'{user}-secret')}",
            f"--config={self.folder / 'sandbox.toml'}",
            f"--key-file={private(self.folder / 'key', KEY)}",
            f"--rules={self.folder / 'rules.yaml'}",
            "--sample=4%", "--sample=countries=none", "--sample=products=none",
            "--include=orders:id = 17", "--include=orders:id = 18",
            "--from-request=GET /customers/23",
            f"--out={self.folder / name}", "--json",
            *options,
            folder=self.folder,
        )  # fmt: skip
        assert done.exit_code == 0, done.said
        assert done.data["readers"] == (2 if options and self.server.is_mariadb else 1)
        return self.folder / name


KEY = "5a" * 32 + "\n"  # the same sample in every run


@pytest.fixture
def ops(database_server: DatabaseServer, tmp_path: Path) -> Iterator[Ops]:
    database = database_server.make_database()
    database_server.run(
        "SET foreign_key_checks = 0", *CREATE.split(";"), *contents(), database=database
    )
    option_file(tmp_path, ROOT)
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "sandbox.toml").write_text(SETTINGS)
    yield Ops(database_server, tmp_path, database)
    database_server.run(f"DROP DATABASE {database}")


class Oracle:
    """Knows the rows of a bundle by table and place, and whether an answer is true of them."""

    def __init__(self, bundle: Path) -> None:
        read = ReadBundle(bundle)
        self.rows = read.tables()
        self.reasons = read.reasons()
        self.columns = {
            table["name"]: [column["name"] for column in table["columns"]]
            for table in read.manifest["tables"]
        }

    def cells(self, table: str, place: int, columns: Sequence[str]) -> list[bytes | None]:
        row: Cells = self.rows[table][place]
        return [row[self.columns[table].index(name)] for name in columns]

    def refers(self, relation: str, child: tuple[str, int], parent: tuple[str, int]) -> bool:
        of_child, columns, of_parent, parent_columns = REFERENCES[relation]
        if (child[0], parent[0]) != (of_child, of_parent):
            return False
        if of_child == "files":
            (kind,) = self.cells(*child, ["owner_type"])
            if relation != OWNERS[(kind or b"").decode()]:
                return False
        one, other = self.cells(*child, columns), self.cells(*parent, parent_columns)
        return None not in one and list(map(folded, one)) == list(map(folded, other))

    def check(self, chain: Chain) -> None:
        """Assert that an answer is true, step by step, and ends where it has to."""
        assert chain.problem == ""
        steps = [(step.row.table, step.row.place) for step in chain.steps]
        assert len(set(steps)) == len(steps)
        told = [self.reasons[table][place] for table, place in steps]
        for step, reason in zip(chain.steps, told, strict=True):
            assert reason is not None
            assert step.row.reason is not None
            assert step.row.reason.model_dump(mode="json") == reason
        for at, reason in enumerate(told[:-1]):
            assert reason is not None
            if reason["kind"] == "parent":
                assert self.refers(reason["relation"], steps[at + 1], steps[at])
            else:
                assert reason["kind"] in {"child", "family"}
                assert self.refers(reason["relation"], steps[at], steps[at + 1])
                above = told[at + 1]
                # Only rows that came for their own sake, or with their owner, bring children.
                assert above is not None
                assert above["kind"] in {"drawn", "named", "child"} or reason["kind"] == "family"
        self.check_root(steps[-1], told[-1])

    def check_root(self, row: tuple[str, int], reason: dict[str, Any] | None) -> None:
        assert reason is not None
        if reason["kind"] == "drawn":
            assert row[0] in {"customers", "log", "visits", "files"}
            assert reason["words"] == "4 % of its rows"
        elif reason["kind"] == "named":
            (key,) = self.cells(*row, ["id"])
            assert (row[0], key) in {
                ("orders", b"17"), ("orders", b"18"), ("customers", b"23"),
            }  # fmt: skip
        elif reason["kind"] == "whole":
            assert row[0] == "colours"
        else:
            assert reason["kind"] == "odd"
            for one in reason["classes"]:
                assert one["column"] in {*self.columns[row[0]], *REFERENCES}
                if one["name"] in {"missing", "zero date"}:
                    (cell,) = self.cells(*row, [one["column"]])
                    assert cell == (None if one["name"] == "missing" else b"0000-00-00")


def folded(cell: bytes | None) -> str:
    return (cell or b"").decode().rstrip(" ").lower().replace("ä", "a")


def every_row(bundle: Path) -> Iterator[Chain]:
    opened = open_bundle(bundle)
    chains = Chains(opened)
    for table in opened.manifest.tables:
        columns = chains.columns(table)
        for part, first in first_places(table):
            rows = list(rows_of(opened, table, part))
            for place, (number, fields) in enumerate(rows, start=first):
                row = Row(table.name, place, columns.cells(fields), reason_of(table, number))
                yield chains.explain(row)


def test_every_row_of_a_bundle_is_explained_and_each_step_is_true(ops: Ops) -> None:
    bundle = ops.export("bundle")
    oracle = Oracle(bundle)
    kinds: set[str] = set()
    tables: set[str] = set()
    for chain in every_row(bundle):
        oracle.check(chain)
        tables.add(chain.steps[0].row.table)
        kinds |= {one.row.reason.kind for one in chain.steps if one.row.reason is not None}
    assert kinds == {"whole", "drawn", "named", "odd", "child", "family", "parent"}
    assert tables == {child for child, *_ in REFERENCES.values()} | {"countries", "products"}

    said = sandbox("why", bundle, "items:17,2").stdout.splitlines()
    assert [" ".join(line.split()) for line in said[1:]] == [
        "items 17,2 child of orders 17 (i_order)",
        "orders 17 named: asked for with --include, condition 1 of 2",
    ]
    said = sandbox("why", bundle, "customers:23").stdout.splitlines()
    assert said[1].split() == ["customers", "23", "named", "in", "a", "URL"]
    whole = sandbox("why", bundle, "colours:1", "--json").data["rows"]
    assert [step["reason"]["kind"] for one in whole for step in one["steps"]] == ["whole"]
    missing = sandbox("why", bundle, "customers:9000", "--json")
    assert (missing.exit_code, missing.data["include"]) == (3, "--include customers:id=9000")


def test_rows_read_by_several_processes_are_explained_alike(
    ops: Ops, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = ops.export("alone")
    monkeypatch.setattr(commands, "COMMAND", [sys.executable, "-c", WITH_HELPERS])
    together = ops.export("together", "--workers=2")
    oracle = Oracle(together)
    for chain in every_row(together):
        oracle.check(chain)
    one, other = (told_rows(ReadBundle(bundle)) for bundle in (alone, together))
    assert one == other


@pytest.mark.parametrize(
    "collation",
    ["utf8mb4_general_ci", "utf8mb4_unicode_520_ci", "utf8mb4_bin", "latin1_general_cs"],
)
def test_texts_are_one_value_where_the_server_says_so(
    database_server: DatabaseServer, collation: str
) -> None:
    charset = collation.partition("_")[0]
    words = ["Ann", "ann", "ann ", "änn", " ann", "ANN  ", "anne"]
    column = Column("c", "varchar", "varchar(9)", charset=charset, collation=collation)
    fold = fold_for(column)
    pairs = list(combinations(words, 2))
    asked = ", ".join(
        f"CONVERT(_utf8mb4 x'{one.encode().hex()}' USING {charset}) COLLATE {collation}"
        f" = CONVERT(_utf8mb4 x'{other.encode().hex()}' USING {charset})"
        for one, other in pairs
    )
    (said,) = database_server.ask(f"SELECT {asked}")
    same = [fold(cell_of(one, column)) == fold(cell_of(other, column)) for one, other in pairs]
    assert dict(zip(pairs, map(int, said), strict=True)) == dict(zip(pairs, same, strict=True))


def told_rows(read: ReadBundle) -> dict[str, list[str]]:
    reasons = read.reasons()
    return {
        table: sorted(map(repr, zip(rows, reasons[table], strict=True)))
        for table, rows in read.tables().items()
    }
