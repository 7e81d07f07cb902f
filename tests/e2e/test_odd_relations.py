"""Export and load of what relations are like where nobody cleaned up: every bundle loads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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

ORDERS = (
    "CREATE TABLE orders (id INT PRIMARY KEY, customer INT, code INT, grp INT,"
    " CONSTRAINT fk1 FOREIGN KEY (customer) REFERENCES customers (id),"
    " CONSTRAINT fk2 FOREIGN KEY (code) REFERENCES codes (code),"
    " CONSTRAINT fk3 FOREIGN KEY (grp) REFERENCES customers (grp))"
)
# Orphans of each reference, alone and together, beside two customers of one group.
ROWS = (
    "INSERT INTO orders VALUES (1, 1, 1, 7), (2, 99, 2, 7), (3, 2, 99, 7), (4, 99, 99, 99),"
    " (5, NULL, NULL, NULL), (6, 3, 1, 8)"
)
KINDS = (
    "CREATE TABLE kinds (kind ENUM('a','b') NOT NULL, flags SET('x','y') NOT NULL,"
    " n INT NOT NULL, secret INT NOT NULL, PRIMARY KEY (kind, flags, n))"
)
TABLES = (
    "SET foreign_key_checks = 0",
    "CREATE TABLE customers (id INT PRIMARY KEY, grp INT, KEY (grp))",
    "CREATE TABLE codes (code INT, UNIQUE KEY (code))",
    ORDERS,
    KINDS,
    "INSERT INTO customers VALUES (1, 7), (2, 7), (3, 8)",
    "INSERT INTO codes VALUES (1), (2), (NULL), (NULL)",
    ROWS,
    "INSERT INTO kinds VALUES ('a', 'x', 1, 5), ('a', 'x,y', 1, 5), ('b', '', 2, 5)",
)
# Several parents for one reference: MySQL 8.4 and later have to be told that it may be.
ANY_KEY = "/*!80400 SET GLOBAL restrict_fk_on_non_standard_key = {} */"
ORPHANS = {"fk1": 2, "fk2": 2, "fk3": 1}


@dataclass(frozen=True)
class Ops:
    server: DatabaseServer
    database: str
    folder: Path

    def url(self, database: str, user: str = "root") -> str:
        return f"mysql://{user}@127.0.0.1:{self.server.port}/{database}"

    def export(self, out: Path, *options: str | Path, user: str = "") -> Ended:
        password = private(self.folder / "password", f"{user}-secret" if user else ROOT)
        return sandbox(
            "export",
            f"--source={self.url(self.database, user or 'root')}",
            f"--password-file={password}",
            f"--key-file={self.folder / 'key'}",
            f"--rules={self.folder / 'rules.yaml'}",
            f"--config={self.folder / 'sandbox.toml'}",
            "--allow-write-grants",
            f"--out={out}",
            *options,
            folder=self.folder,
        )

    def load(self, bundle: Path) -> str:
        """Load into a new database; it has to succeed."""
        database = self.server.make_database()
        loaded = sandbox(
            "load",
            bundle,
            f"--into={self.url(database)}",
            f"--defaults-file={self.folder / 'reader.cnf'}",
            folder=self.folder,
        )
        assert loaded.exit_code == 0, loaded.said
        return database


@pytest.fixture
def ops(database_server: DatabaseServer, tmp_path: Path) -> Iterator[Ops]:
    database = database_server.make_database()
    database_server.run(ANY_KEY.format("OFF"))
    database_server.run(*TABLES, database=database)
    option_file(tmp_path, ROOT)
    (tmp_path / "rules.yaml").write_text('columns: {"*": keep}\n')
    (tmp_path / "sandbox.toml").write_text("[sample]\nsmall = 0\n")
    assert sandbox("keygen", "--out", tmp_path / "key").exit_code == 0
    yield Ops(database_server, database, tmp_path)
    database_server.run(f"DROP DATABASE {database}", ANY_KEY.format("DEFAULT"))


@pytest.mark.parametrize(
    "sample",
    [
        ("--sample=all",),
        ("--sample=none", "--sample=orders=all"),
        ("--sample=none", "--include=orders:id > 0", "--sample=customers=100%"),
        ("--sample=none", "--include=orders:id > 0"),
    ],
    ids=["whole", "child whole", "child named, parent whole", "child named"],
)
def test_orphans_of_every_reference_are_counted_and_load(ops: Ops, sample: tuple[str, ...]) -> None:
    bundle = ops.folder / "bundle"
    done = ops.export(bundle, *sample)
    assert done.exit_code == 0, done.said
    table = open_bundle(bundle).manifest.table("orders")
    assert (table.rows, table.expected_orphans) == (6, ORPHANS)
    database = ops.load(bundle)
    assert ops.server.ask("SELECT COUNT(*) FROM codes", database) == [(4,)]
    assert ops.server.ask("SELECT COUNT(*) FROM customers", database) == [(3,)]


def test_rows_whose_key_holds_an_enum_are_sampled(ops: Ops) -> None:
    bundle = ops.folder / "bundle"
    done = ops.export(bundle, "--sample=none", "--include=kinds:n > 0")
    assert done.exit_code == 0, done.said
    database = ops.load(bundle)
    every = "SELECT kind, flags, n, secret FROM kinds ORDER BY kind, flags, n"
    assert ops.server.ask(every, database) == ops.server.ask(every, ops.database)


@pytest.mark.parametrize("sample", ["all", "100 rows"])
def test_parent_that_the_account_may_not_read_is_unknown_and_the_bundle_loads(
    ops: Ops, sample: str
) -> None:
    user = ops.server.make_account(
        *(f"SELECT ON {ops.database}.{name}" for name in ("orders", "codes"))
    )
    bundle = ops.folder / "bundle"
    done = ops.export(bundle, f"--sample={sample}", user=user)
    assert done.exit_code == 0, done.said
    manifest = open_bundle(bundle).manifest
    assert [key.name for key in manifest.table("orders").foreign_keys] == ["fk2"]
    lacks = f"the account lacks SELECT on {ops.database}.customers"
    assert f"table orders: foreign key fk1 is not followed: {lacks}" in manifest.unknown
    assert ops.server.ask("SELECT COUNT(*) FROM orders", ops.load(bundle)) == [(6,)]


def test_table_with_rights_on_columns_needs_a_definition_and_loads_with_one(ops: Ops) -> None:
    granted = f"SELECT (kind, flags, n) ON {ops.database}.kinds"
    user = ops.server.make_account(granted, f"SELECT ON {ops.database}.codes")
    bundle = ops.folder / "bundle"
    refused = ops.export(bundle, "--sample=all", user=user)
    assert refused.exit_code == 11
    assert "kinds" in refused.stderr
    assert "--ddl" in refused.stderr
    assert not list(ops.folder.glob("bundle*"))
    ((_, definition),) = ops.server.ask("SHOW CREATE TABLE kinds", ops.database)
    ddl = ops.folder / "ddl.sql"
    ddl.write_bytes(definition + b";\n")
    done = ops.export(bundle, "--sample=all", f"--ddl={ddl}", user=user)
    assert done.exit_code == 0, done.said
    columns = "table kinds: columns on which the account lacks SELECT"
    assert columns in open_bundle(bundle).manifest.unknown
    counted = ops.server.ask("SELECT COUNT(*), MAX(secret) FROM kinds", ops.load(bundle))
    assert counted == [(3, 0)]
