"""A sample with a budget: kept to within a tenth, the least needed cut first, named rows never."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from commands import Ended, option_file, private, sandbox
from database_servers import ROOT, DatabaseServer
from sandbox.bundle.manifest import Manifest
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

CUSTOMER = "FOREIGN KEY (customer) REFERENCES customers (id)"
ITEMS = (
    "CREATE TABLE items (orders INT NOT NULL, line INT NOT NULL, product INT NOT NULL,"
    " PRIMARY KEY (orders, line), FOREIGN KEY (orders) REFERENCES orders (id),"
    " FOREIGN KEY (product) REFERENCES products (id))"
)
CUSTOMERS = (
    "CREATE TABLE customers (id INT PRIMARY KEY, brought_by INT, name VARCHAR(80) NOT NULL,"
    " FOREIGN KEY (brought_by) REFERENCES customers (id))"
)
TABLES = (
    "CREATE TABLE products (id INT PRIMARY KEY, name VARCHAR(80) NOT NULL)",
    CUSTOMERS,
    f"CREATE TABLE orders (id INT PRIMARY KEY, customer INT NOT NULL, note TEXT, {CUSTOMER})",
    ITEMS,
    # Most files are small, and a few are a hundred times as large.
    f"CREATE TABLE files (id INT PRIMARY KEY, customer INT NOT NULL, content BLOB, {CUSTOMER})",
    f"CREATE TABLE visits (customer INT, page VARCHAR(60), {CUSTOMER})",
    "CREATE TABLE countries (id INT PRIMARY KEY, name VARCHAR(80) NOT NULL)",
)
RULES = """
columns: {"id|brought_by|customer|orders|line|product|content": keep}
types: {"*char|*text": shape}
"""
NAMED = ("customers:id IN (17, 1999)", "orders:id = 4711")
MOST, LEAST = 1.1, 0.9


@dataclass(frozen=True)
class Ops:
    server: DatabaseServer
    database: str
    folder: Path

    def export(self, budget: str, *options: str) -> tuple[Ended, Path]:
        out = self.folder / f"{budget}-{len(list(self.folder.iterdir()))}.bundle"
        done = sandbox(
            "export",
            f"--source=mysql://root@127.0.0.1:{self.server.port}/{self.database}",
            f"--defaults-file={self.folder / 'reader.cnf'}",
            f"--key-file={self.folder / 'key'}",
            f"--rules={self.folder / 'rules.yaml'}",
            "--allow-write-grants",
            "--sample=40%",
            *(f"--include={one}" for one in NAMED),
            f"--out={out}",
            *([f"--budget={budget}"] if budget else []),
            *options,
            folder=self.folder,
        )
        return done, out

    def bundle(self, budget: str, *options: str) -> Manifest:
        done, out = self.export(budget, *options)
        assert done.exit_code == 0, done.said
        return open_bundle(out).manifest


def rows_of_tables() -> Iterator[tuple[str, list[str]]]:
    rng = random.Random(7)  # noqa: S311 - reproducible, not secret
    words = [f"Kado {number} Reto" for number in range(3000)]
    yield "products", [f"({n}, '{words[n]}')" for n in range(1, 301)]
    yield (
        "customers",
        [
            f"({n}, {rng.randrange(1, n) if n > 1 and n % 3 else 'NULL'}, '{words[n]}')"
            for n in range(1, 2001)
        ],
    )
    yield (
        "orders",
        [
            f"({n}, {int(2000 * rng.random() ** 3) + 1}, '{words[n % 900] * (n % 7)}')"
            for n in range(1, 6001)
        ],
    )
    yield "items", [f"({n // 2 + 1}, {n % 2}, {rng.randrange(1, 301)})" for n in range(12000)]
    large = [10_000 if n % 50 == 0 else 100 for n in range(1501)]
    yield (
        "files",
        [
            f"({n}, {rng.randrange(1, 2001)}, REPEAT('{n % 10}a', {large[n]}))"
            for n in range(1, 1501)
        ],
    )
    yield "visits", [f"({rng.randrange(1, 2001)}, '/page/{n}')" for n in range(2000)]
    yield "countries", [f"({n}, '{words[n]}')" for n in range(1, 61)]


@pytest.fixture(scope="module")
def ops(database_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ops]:
    database = database_server.make_database()
    folder = tmp_path_factory.mktemp("budget")
    filled = [f"INSERT INTO {name} VALUES {', '.join(rows)}" for name, rows in rows_of_tables()]
    database_server.run("SET foreign_key_checks = 0", *TABLES, *filled, database=database)
    database_server.run(f"ANALYZE TABLE {database}.orders")
    option_file(folder, ROOT)
    private(folder / "key", "0123456789abcdef" * 4 + "\n")
    (folder / "rules.yaml").write_text(RULES)
    yield Ops(database_server, database, folder)
    database_server.run(f"DROP DATABASE {database}")


def counted(manifest: Manifest, unit: str) -> int:
    return sum(one.rows if unit == "rows" else one.bytes for one in manifest.tables)


@pytest.mark.parametrize(
    ("budget", "amount", "unit"),
    [("300rows", 300, "rows"), ("3,000 rows", 3000, "rows"),
     ("60kB", 60_000, "bytes"), ("250 kB", 250_000, "bytes")],
)  # fmt: skip
def test_bundle_is_as_large_as_its_budget(ops: Ops, budget: str, amount: int, unit: str) -> None:
    manifest = ops.bundle(budget)
    assert LEAST * amount <= counted(manifest, unit) <= MOST * amount
    planned = manifest.plan["budget"]
    assert isinstance(planned, dict)
    assert isinstance(planned["drawn"], float)
    assert 0 <= planned["drawn"] < 1
    assert manifest.table("countries").rows == 60


def test_what_fits_is_not_cut(ops: Ops) -> None:
    manifest = ops.bundle("1GB", "--cover=0")
    without = ops.bundle("", "--cover=0")
    assert {one.name: one.rows for one in manifest.tables} == {
        one.name: one.rows for one in without.tables
    }
    assert manifest.plan["budget"] == {"asked": "1 GB", "drawn": 1.0, "short_families": 0}
    assert "budget" not in without.plan


def test_larger_budget_takes_the_same_targets_and_more(ops: Ops) -> None:
    smaller, larger = (drawn_customers(ops, budget) for budget in ("800rows", "1600rows"))
    assert 20 < len(smaller) < len(larger)
    assert smaller < larger


def drawn_customers(ops: Ops, budget: str) -> set[bytes]:
    done, out = ops.export(budget, "--sample=none", "--sample=customers=80%", "--cover=0")
    assert done.exit_code == 0, done.said
    bundle = open_bundle(out)
    table = bundle.manifest.table("customers")
    return {
        line.split(b"\t")[0]
        for part in table.parts
        for block in [b"".join(bundle.read_part(table, part))]
        for line in block.split(b"\n")[:-1]
    }


def test_budget_is_refused_that_what_is_never_cut_does_not_fit_in(ops: Ops) -> None:
    done, out = ops.export("62rows", "--json")
    assert done.exit_code == 2
    assert "60 rows of tables that are whole, 3 rows of rows that were named" in done.said
    assert "Give a budget of" in done.said
    assert not out.exists()


def test_smallest_budget_still_takes_named_rows_with_their_parents(ops: Ops) -> None:
    done, _ = ops.export("62rows", "--json")
    least = int(done.said.partition("Give a budget of ")[2].split(" rows")[0].replace(",", ""))
    manifest = ops.bundle(f"{least}rows")
    assert counted(manifest, "rows") <= MOST * least
    assert manifest.table("customers").rows >= 3
    assert manifest.table("orders").rows >= 1
