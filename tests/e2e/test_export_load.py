"""Export and load with the installed command: production and sandbox agree to the byte."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from commands import option_file, sandbox
from database_servers import ROOT, DatabaseServer
from load_world import Login, checksums, definitions, make_world
from sandbox.model import Family

pytestmark = pytest.mark.docker

KEEP_EVERYTHING = 'columns: {"*": keep}\n'


@dataclass(frozen=True)
class Place:
    """A server with every trap in a database of its own, and a folder for what ops have."""

    login: Login
    database: str
    folder: Path

    def url(self, database: str) -> str:
        return f"mysql://root@127.0.0.1:{self.login.port}/{database}"

    def export(self, name: str, *options: str | Path) -> Path:
        """Export to a bundle; it has to succeed."""
        out = self.folder / name
        done = sandbox(
            "export",
            f"--source={self.url(self.database)}",
            f"--defaults-file={self.folder / 'reader.cnf'}",
            f"--key-file={self.folder / 'key'}",
            f"--rules={self.folder / 'rules.yaml'}",
            "--allow-write-grants",
            f"--out={out}",
            *options,
            folder=self.folder,
        )
        assert done.exit_code == 0, done.said
        return out

    def load(self, bundle: Path, database: str) -> None:
        """Load a bundle into a new database; it has to succeed."""
        self.login.run("", f"DROP DATABASE IF EXISTS {database}", f"CREATE DATABASE {database}")
        done = sandbox(
            "load",
            bundle,
            f"--into={self.url(database)}",
            f"--defaults-file={self.folder / 'reader.cnf'}",
            folder=self.folder,
        )
        assert done.exit_code == 0, done.said


@pytest.fixture(scope="module")
def place(database_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> Place:
    server = database_server
    login = Login(Family(server.family), server.version, server.port, ROOT)
    database = server.make_database()
    make_world(login, database)
    folder = tmp_path_factory.mktemp("ops")
    option_file(folder, ROOT)
    (folder / "rules.yaml").write_text(KEEP_EVERYTHING)
    assert sandbox("keygen", "--out", folder / "key").exit_code == 0
    return Place(login, database, folder)


def test_everything_kept_comes_back_with_the_server_s_own_checksums(place: Place) -> None:
    bundle = place.export("whole", "--sample=100%")
    place.load(bundle, "whole")
    expected = checksums(place.login, place.database)
    assert len(expected) > 80
    assert checksums(place.login, "whole") == expected
    assert names_of(place, "whole") == names_of(place, place.database)


def test_every_kept_column_of_a_sample_agrees_over_the_sampled_rows(place: Place) -> None:
    bundle = place.export("half", "--sample=50%", "--config", small_tables_too(place.folder))
    place.load(bundle, "half")
    compared = 0
    for table, key, columns in keyed_tables(place.login, "half"):
        for column in columns:
            there, here = (
                place.login.ask("", sum_of(database, table, key, column))
                for database in (place.database, "half")
            )
            assert there == here, f"{table}.{column}"
            compared += int(here[0][0] > 0)
    assert compared > 40  # columns with rows in them


def names_of(place: Place, database: str) -> set[tuple[str, str]]:
    """Give kind and name of everything that is defined."""
    return {(one.kind.value, one.name) for one in definitions(place.login, database)}


def small_tables_too(folder: Path) -> Path:
    """Sample tables that would be taken whole for being small."""
    file = folder / "sandbox.toml"
    file.write_text("[sample]\nsmall = 0\n")
    return file


def keyed_tables(login: Login, database: str) -> list[tuple[str, str, list[str]]]:
    """Give each table that has a key of one column, with that and all its columns."""
    keys = login.ask(
        database,
        "SELECT TABLE_NAME, MIN(COLUMN_NAME) FROM information_schema.KEY_COLUMN_USAGE WHERE"
        " TABLE_SCHEMA = DATABASE() AND CONSTRAINT_NAME = 'PRIMARY' GROUP BY TABLE_NAME"
        " HAVING COUNT(*) = 1",
    )
    return [
        (
            table,
            key,
            [
                row[0]
                for row in login.ask(
                    database,
                    "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA ="
                    f" DATABASE() AND TABLE_NAME = '{table}'",
                )
            ],
        )
        for table, key in keys
        if "'" not in table and "`" not in f"{table}{key}"
    ]


def sum_of(database: str, table: str, key: str, column: str) -> str:
    """Sum a column up over the rows that the sample has."""
    return (
        f"SELECT COUNT(*), SUM(CRC32(HEX(t.`{column}`))), SUM(t.`{column}` IS NULL)"
        f" FROM {database}.`{table}` t WHERE t.`{key}` IN (SELECT `{key}` FROM half.`{table}`)"
    )
