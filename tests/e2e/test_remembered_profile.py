"""A table too large for the time is read in part every week, until no odd row of it is missed."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from commands import Ended, option_file, private, sandbox
from database_servers import ROOT, DatabaseServer

pytestmark = [
    pytest.mark.docker,
    pytest.mark.parametrize(
        "database_server",
        [("mariadb", "10.11"), ("mysql", "9.7")],
        ids=["mariadb", "mysql"],
        indirect=True,
    ),
]

DOUBLINGS = 15
ROWS = 2 << DOUBLINGS  # more than are read in the second that is allowed
WEEKS = 24  # more than the table has blocks, of which one is read at least
WORDS = "lorem ipsum dolor sit amet consetetur"
COLUMNS = ("one", "two", "three", "four", "five", "six", "seven")
# Each somewhere else in the key, and of a class of its own.
PLANTED = {
    "blank": ("'  '", "one = '  ' AND LENGTH(one) = 2"),
    "empty": ("''", "LENGTH(one) = 0"),
    "text zero": ("'0'", "one = '0'"),
    "missing": ("NULL", "one IS NULL"),
    "like nothing": ("'null'", "one = 'null'"),
    "right to left": ("CONVERT(X'd7a9d79cd795d79d' USING utf8mb4)", "HEX(one) LIKE 'D7%'"),
}


@pytest.fixture
def production(database_server: DatabaseServer) -> str:
    database = database_server.make_database()
    columns = ", ".join(f"{name} VARCHAR(90)" for name in COLUMNS)
    # Values that are all different take longest to look at.
    other = f"CONCAT('{WORDS} ', UUID_SHORT())"
    others = ", ".join([other] * (len(COLUMNS) - 1))
    more = f"INSERT INTO notes ({', '.join(COLUMNS)}) SELECT one, {others} FROM"
    planted = [
        f"UPDATE notes SET one = {value} WHERE id = (SELECT id FROM (SELECT id FROM notes "
        f"LIMIT 1 OFFSET {(place + 1) * ROWS // 7}) some)"
        for place, (value, _) in enumerate(PLANTED.values())
    ]
    database_server.run(
        f"CREATE TABLE notes (id INT PRIMARY KEY AUTO_INCREMENT, {columns}) CHARACTER SET utf8mb4",
        f"{more} (SELECT '{WORDS}' one UNION ALL SELECT '{WORDS}') both_of",
        *[f"{more} notes"] * DOUBLINGS,
        *planted,
        "ANALYZE TABLE notes",
        database=database,
    )
    return database


def export(folder: Path, source: str, *options: str) -> Ended:
    exported = sandbox(
        "--json",
        "export",
        f"--source={source}",
        f"--defaults-file={folder / 'reader.cnf'}",
        f"--key-file={folder / 'key'}",
        f"--rules={folder / 'rules.yaml'}",
        f"--config={folder / 'sandbox.toml'}",
        "--allow-write-grants",
        "--sample=20",
        "--profile-time=1",
        f"--out={folder / 'bundle'}",
        *options,
        folder=folder,
    )
    assert exported.exit_code == 0, exported.said
    return exported


def test_every_odd_row_of_a_large_table_is_found_in_the_end(
    database_server: DatabaseServer, production: str, tmp_path: Path
) -> None:
    (tmp_path / "rules.yaml").write_text('columns: {"*": keep}\n')
    (tmp_path / "sandbox.toml").write_text("[sample]\nsmall = 0\n")
    private(tmp_path / "key", "0123456789abcdef" * 4 + "\n")
    option_file(tmp_path, ROOT)
    server = f"mysql://root@127.0.0.1:{database_server.port}"
    found: list[set[str]] = []
    while len(found) < WEEKS and (not found or found[-1] < PLANTED.keys()):
        plan = export(tmp_path, f"{server}/{production}", "--dry-run").data["odd"]
        found.append({one["class"] for one in plan["classes"]} & PLANTED.keys())
    # What one week showed, no later one loses; and in the end nothing is missed.
    assert all(before <= after for before, after in pairwise(found))
    assert found[-1] == PLANTED.keys()
    export(tmp_path, f"{server}/{production}")
    target = database_server.make_database()
    loaded = sandbox(
        "load",
        tmp_path / "bundle",
        f"--into={server}/{target}",
        f"--defaults-file={tmp_path / 'reader.cnf'}",
        folder=tmp_path,
    )
    assert loaded.exit_code == 0, loaded.said
    taken = {
        name: database_server.ask(f"SELECT COUNT(*) FROM notes WHERE {there}", target)[0][0]
        for name, (_, there) in PLANTED.items()
    }
    assert {name: int(count) for name, count in taken.items()} == dict.fromkeys(PLANTED, 1)
    (kept,) = (tmp_path / ".cache" / "sandbox" / "profiles").glob("*/*.json")
    assert WORDS not in kept.read_text()
    database_server.run(f"DROP DATABASE {production}", f"DROP DATABASE {target}")
