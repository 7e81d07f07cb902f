"""A foreign key to a table of another database of the server: said, not followed, and loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import option_file, private, sandbox
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


def test_a_reference_to_another_database_is_said_and_its_rows_load(
    database_server: DatabaseServer, tmp_path: Path
) -> None:
    server = database_server
    central, shop, target = (server.make_database() for _ in range(3))
    server.run(
        "CREATE TABLE accounts (id INT PRIMARY KEY)",
        "INSERT INTO accounts VALUES (1), (2)",
        database=central,
    )
    server.run(
        "CREATE TABLE orders (id INT PRIMARY KEY, account_id INT NOT NULL, CONSTRAINT abroad "
        f"FOREIGN KEY (account_id) REFERENCES {central}.accounts (id))",
        "INSERT INTO orders VALUES (1, 1), (2, 2), (3, 2)",
        database=shop,
    )
    option_file(tmp_path, ROOT)
    private(tmp_path / "key", "0123456789abcdef" * 4 + "\n")
    (tmp_path / "rules.yaml").write_text("extends: [common]\n")
    login = f"--defaults-file={tmp_path / 'reader.cnf'}"
    exported = sandbox(
        "export",
        f"--source=mysql://root@127.0.0.1:{server.port}/{shop}",
        login,
        f"--key-file={tmp_path / 'key'}",
        f"--rules={tmp_path / 'rules.yaml'}",
        "--allow-write-grants",
        f"--out={tmp_path / 'bundle'}",
        folder=tmp_path,
    )
    assert exported.exit_code == 0, exported.said
    said = f"foreign key abroad refers to another database, {central}.accounts"
    assert said in exported.said
    manifest = open_bundle(tmp_path / "bundle").manifest
    assert any(said in unknown for unknown in manifest.unknown)
    assert [table.name for table in manifest.tables] == ["orders"]

    # On a server that has nothing of that database, as a sandbox has.
    server.run(f"DROP TABLE {shop}.orders", f"DROP DATABASE {central}")
    loaded = sandbox(
        "load",
        tmp_path / "bundle",
        f"--into=mysql://root@127.0.0.1:{server.port}/{target}",
        login,
        folder=tmp_path,
    )
    assert loaded.exit_code == 0, loaded.said
    assert len(server.ask("SELECT id FROM orders", target)) == 3
    server.run(f"DROP DATABASE {shop}", f"DROP DATABASE {target}")
