"""What goes wrong at an export gets one clear error, and leaves nothing that looks whole."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from captures import write_capture
from commands import COMMAND, Ended, environment, option_file, private, sandbox
from database_servers import DatabaseServer
from sandbox.bundle.reader import open_bundle
from sandbox.errors import BundleInvalid
from servers import eventually

OTHER = pytest.param(("mysql", "9.7"), marks=pytest.mark.heavy)
pytestmark = [
    pytest.mark.docker,
    pytest.mark.parametrize(
        "database_server", [("mariadb", "10.11"), OTHER], ids=["mariadb", "mysql"], indirect=True
    ),
]

PLANTED = "Xylophanta"  # stands in a row that messages could quote
RULES = "extends: [common]\ntables:\n  people: {note: free_text}\n  visits: {pad: shape}\n"
VISITS = (
    "CREATE TABLE visits (id INT PRIMARY KEY, person_id INT NOT NULL, at DATETIME, pad CHAR(200),"
    " FOREIGN KEY (person_id) REFERENCES people (id))"
)
TABLES = (
    "CREATE TABLE people (id INT PRIMARY KEY, email VARCHAR(80) UNIQUE, note TEXT)",
    VISITS,
    f"INSERT INTO people VALUES (1, 'one@{PLANTED}.example', 'about {PLANTED}'), (2, NULL, '')",
    "INSERT INTO visits VALUES (1, 1, NOW(), 'x'), (2, 1, NOW(), 'y'), (3, 2, NOW(), 'z')",
)


@dataclass(frozen=True)
class Ops:
    """What ops have: a server, an account that may only read, rules and a key."""

    server: DatabaseServer
    database: str
    account: str
    folder: Path

    def arguments(self, **changed: str | Path) -> list[str]:
        """Give the arguments of an export that works, but for what is changed."""
        usual: dict[str, str | Path] = {
            "source": f"mysql://{self.account}@127.0.0.1:{self.server.port}/{self.database}",
            "defaults-file": self.folder / "reader.cnf",
            "key-file": self.folder / "key",
            "rules": self.folder / "rules.yaml",
            "sample": "100%",
            "out": self.folder / "bundle",
        }
        options = usual | {name.replace("_", "-"): value for name, value in changed.items()}
        return ["export", *(f"--{name}={value}" for name, value in options.items() if value)]

    def export(self, *more: str, **changed: str | Path) -> Ended:
        return sandbox(*self.arguments(**changed), *more, folder=self.folder)

    @contextmanager
    def exporting(self, *, until: str) -> Iterator[subprocess.Popen[str]]:
        """Have an export run inside that has begun to write a table."""
        with subprocess.Popen(
            [*COMMAND, *self.arguments()],
            env=environment(self.folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        ) as process:
            eventually(lambda: any(self.folder.glob(f"bundle.partial-*/data/*/{until}/*")))
            yield process

    def left(self) -> list[str]:
        """Give what lies where the bundle should be."""
        return sorted(one.name for one in self.folder.glob("bundle*"))


@pytest.fixture
def ops(database_server: DatabaseServer, tmp_path: Path) -> Iterator[Ops]:
    database = database_server.make_database()
    database_server.run(*TABLES, database=database)
    account = database_server.make_account(f"SELECT, SHOW VIEW ON {database}.*")
    option_file(tmp_path, f"{account}-secret")
    (tmp_path / "rules.yaml").write_text(RULES)
    assert sandbox("keygen", "--out", tmp_path / "key").exit_code == 0
    yield Ops(database_server, database, account, tmp_path)
    database_server.run(f"DROP DATABASE {database}")


def refused(ops: Ops, ended: Ended, exit_code: int, *said: str) -> None:
    """Check that there is one clear error, without a secret or a value, and nothing is left."""
    assert ended.exit_code == exit_code, ended.said
    assert ended.stderr.count("error: ") == 1
    for text in said:
        assert text in ended.stderr
    for secret in (f"{ops.account}-secret", PLANTED, "Traceback"):
        assert secret not in ended.said
    assert ops.left() == []


def test_an_export_that_works_is_verified_and_says_what_comes_next(ops: Ops) -> None:
    done = ops.export()
    assert done.exit_code == 0, done.said
    assert "sandbox inspect" in done.stdout
    assert PLANTED not in done.said
    manifest = open_bundle(ops.folder / "bundle").manifest
    assert {table.name: table.rows for table in manifest.tables} == {"people": 2, "visits": 3}
    assert manifest.unknown  # an account that may only read does not see everything
    again = ops.export()
    assert (again.exit_code, "never written over" in again.stderr) == (2, True)


def test_a_wrong_password_is_refused(ops: Ops) -> None:
    wrong = private(ops.folder / "wrong", "not the password\n")
    ended = ops.export(defaults_file="", password_file=wrong)
    refused(ops, ended, 11, "password", "hint:")
    assert "not the password" not in ended.said


def test_a_password_in_the_address_is_refused_without_echoing_it(ops: Ops) -> None:
    url = f"mysql://{ops.account}:{ops.account}-secret@127.0.0.1:{ops.server.port}/{ops.database}"
    refused(ops, ops.export(source=url), 2, "password")


def test_no_password_and_nobody_to_ask_names_the_ways(ops: Ops) -> None:
    refused(ops, ops.export(defaults_file=""), 10, "--password-file", "--defaults-file")


def test_a_port_where_nobody_listens_is_named(ops: Ops) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"mysql://{ops.account}@127.0.0.1:{port}/{ops.database}"
    refused(ops, ops.export(source=url), 11, str(port))


def test_a_host_that_nobody_knows_is_named(ops: Ops) -> None:
    url = f"mysql://{ops.account}@nowhere.invalid/{ops.database}"
    refused(ops, ops.export(source=url), 11, "nowhere.invalid")


def test_a_database_that_the_account_cannot_see_is_named(ops: Ops) -> None:
    url = f"mysql://{ops.account}@127.0.0.1:{ops.server.port}/mysql"
    refused(ops, ops.export(source=url), 11, "mysql")


def test_an_account_that_could_write_is_refused_unless_allowed(ops: Ops) -> None:
    ops.server.run(f"GRANT INSERT ON {ops.database}.* TO {ops.account}")
    refused(ops, ops.export(), 15, "INSERT")
    assert ops.export("--allow-write-grants").exit_code == 0


def test_every_column_without_a_rule_is_named_at_once(ops: Ops) -> None:
    ops.server.run(
        "ALTER TABLE people ADD COLUMN mystery VARCHAR(40)",
        "ALTER TABLE visits ADD COLUMN whatever TEXT",
        database=ops.database,
    )
    refused(ops, ops.export(), 12, "people.mystery", "visits.whatever")
    assert ops.export("--unclassified=shape").exit_code == 0


def test_a_rule_for_a_column_that_is_not_there_is_named_with_its_line(ops: Ops) -> None:
    (ops.folder / "rules.yaml").write_text(RULES.replace("pad", "pda"))
    refused(ops, ops.export(), 12, "rules.yaml:4", "pda")


def test_a_rule_file_that_cannot_be_read_is_named_with_its_line(ops: Ops) -> None:
    (ops.folder / "rules.yaml").write_text("tables:\n  people: {note: no_such_masker}\n")
    refused(ops, ops.export(), 10, "rules.yaml:2")


def test_a_condition_that_is_no_sql_is_refused_without_repeating_it(ops: Ops) -> None:
    ended = ops.export(include=f"people:no_column = '{PLANTED}'")
    wrong = "--include people: there is no such column: no_column (error 1054)"
    refused(ops, ended, 11, wrong, "behind WHERE")
    ended = ops.export(where=f"visits:at > > '{PLANTED}'")
    refused(ops, ended, 11, "--where visits: that is no SQL (error 1064)")


def test_a_bundle_goes_into_a_folder_that_is_there(ops: Ops) -> None:
    ended = ops.export(out=ops.folder / "away/deep/bundle")
    refused(ops, ended, 2, f"there is no folder {ops.folder}/away/deep", "mkdir -p")
    assert not (ops.folder / "away").exists()


def test_an_export_of_nothing_says_so(ops: Ops) -> None:
    ended = ops.export("--include=people:id = -5", sample="none")
    assert ended.exit_code == 0
    assert "taken     0 rows in 2 tables" in ended.said
    assert "no row was taken" in ended.said
    assert "not there --include people: no row meets the condition" in ended.said


def test_counts_are_exact_where_rows_were_counted_and_about_where_not(ops: Ops) -> None:
    fill_visits(ops, 900)
    planned = ops.export("--dry-run", "--sample=people=1", "--cover=0", sample="none").stdout
    people, visits = (
        next(line for line in planned.splitlines() if line.startswith(f"{name} "))
        for name in ("people", "visits")
    )
    assert people.split()[1:3] == ["1", "2"]
    assert "about" in visits
    assert ops.export("--sample=visits=1%", sample="none").exit_code == 0
    tables = {one.name: one for one in open_bundle(ops.folder / "bundle").manifest.tables}
    assert tables["visits"].rows_in_source_exact


def test_a_window_strata_and_limits_are_told_by_plan_and_bundle_without_a_moment(ops: Ops) -> None:
    fill_visits(ops, 900)
    window = "visits.at=2031-07-03 09:17..2031-08-03"
    limits = ("--strata=visits.person_id=1", "--children=visits=2 newest by at")
    asked = (f"--window={window}", *limits, "--cover=0")
    planned = ops.export("--dry-run", "--json", *asked, sample="50%").data
    assert [one["why"] for one in planned["tables"]] == [
        "at most 200 rows",
        "50 % of its rows with at in a window of about 31 days; 1 at least of each person_id",
    ]
    assert planned["limited"] == [
        {
            "table": "visits",
            "rows": 0,
            "by": ["--window"],
            "windows": [
                {
                    "column": "at",
                    "from": "2031-07-03 09:17:00",
                    "before": "2031-08-03 00:00:00",
                    "index": None,
                }
            ],
        }
    ]
    done = ops.export(*asked, sample="50%")
    assert (
        "limited   visits to 0 rows by --window; at from 2031-07-03 09:17:00, "
        "before 2031-08-03 00:00:00, which no index finds\n"
        "strata    visits: 0 of person_id; 0 rows more, so that each has 1 if it can" in done.stdout
    )
    manifest = open_bundle(ops.folder / "bundle").manifest
    assert {table.name: table.rows for table in manifest.tables} == {"people": 2, "visits": 0}
    assert manifest.plan["windows"] == {"visits.at": "in a window of about 31 days"}
    assert manifest.plan["strata"] == {"visits": "1 at least of each person_id"}
    assert manifest.plan["per_parent"] == {"visits": "2 newest by at"}
    assert "2031" not in (ops.folder / "bundle/manifest.json").read_text()


def test_what_cannot_be_had_of_the_tables_is_one_error(ops: Ops) -> None:
    ended = ops.export(
        "--window=visits=30d", "--window=people.note=30d", "--strata=visits.mood=3",
        "--children=visits=2 newest by pad", "--sample=visitors=1%",
    )  # fmt: skip
    refused(
        ops, ended, 2, "no table visitors", "visits: by which column? it may be at",
        "--window people.note: a text holds no time", "--strata visits.mood: there is no such",
        "newest by pad: a char tells no age",
    )  # fmt: skip


def test_a_missing_key_says_how_to_make_one(ops: Ops) -> None:
    refused(ops, ops.export(key_file=ops.folder / "none"), 15, "sandbox keygen")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_is_one_error_and_leaves_nothing(ops: Ops) -> None:
    fill_visits(ops, 20_000)
    disk = ops.folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=True)
    try:
        ended = ops.export(out=disk / "bundle")
        refused(ops, ended, 13, "No space left on device", "Free space")
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize(
    ("sent", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_an_export_that_is_ended_leaves_nothing_that_looks_whole(
    ops: Ops, sent: signal.Signals, exit_code: int
) -> None:
    fill_visits(ops, 120_000)
    with ops.exporting(until="visits") as process:
        time.sleep(0.1)
        process.send_signal(sent)
        said = "".join(process.communicate(timeout=60))
    assert process.returncode == exit_code, said
    assert PLANTED not in said
    if sent is not signal.SIGKILL:
        assert ops.left() == []
        return
    (partial,) = ops.left()
    with pytest.raises(BundleInvalid):
        open_bundle(ops.folder / partial)
    assert ops.export().exit_code == 0  # and the next one tidies up
    assert ops.left() == ["bundle"]


def test_a_lost_connection_is_one_error(ops: Ops) -> None:
    fill_visits(ops, 120_000)
    with ops.exporting(until="visits") as process:
        for (number,) in ops.server.ask(
            f"SELECT ID FROM information_schema.PROCESSLIST WHERE USER = '{ops.account}'"
        ):
            ops.server.run(f"KILL {number}")
        stdout, stderr = process.communicate(timeout=60)
    refused(ops, Ended(process.returncode, stdout, stderr), 11)


def test_rows_that_failing_requests_of_a_server_name_are_taken(ops: Ops) -> None:
    archive = write_capture(
        ops.folder / "web1.tar.gz",
        {
            "roles.tsv": "nginx-access\t/var/log/nginx/access.log\n",
            "logs/var/log/nginx/access.log": "192.0.2.7 - - [25/Nov/2026:10:00:00 +0000] "
            '"GET /visits/3 HTTP/1.1" 500 73 "-" "curl"\n'
            '192.0.2.7 - - [25/Nov/2026:10:00:01 +0000] "GET /visits/1 HTTP/1.1" 200 73 "-" "-"\n',
        },
    )
    settings = private(ops.folder / "sandbox.toml", "[sample]\nsmall = 0\n")
    arguments = ops.arguments(sample="none", server=f"web1={archive}")
    done = sandbox("--config", settings, *arguments, "--json", folder=ops.folder)
    assert done.exit_code == 0, done.said
    assert {one["name"]: one["rows"] for one in done.data["tables"]} == {"people": 1, "visits": 1}


def test_an_alter_of_a_table_that_was_read_does_not_wait_for_the_rest(ops: Ops) -> None:
    if ops.server.is_mariadb:
        # With it, several sessions can prove that they see one moment: see docs/source-database.md.
        ops.server.run(f"GRANT BINLOG MONITOR ON *.* TO {ops.account}")
    fill_visits(ops, 60_000)  # little enough for one process
    ops.server.run(
        VISITS.replace("TABLE visits", "TABLE calls"),
        "INSERT INTO calls SELECT * FROM visits WHERE id < 50000",
        "ANALYZE TABLE visits, calls",
        database=ops.database,
    )
    (ops.folder / "rules.yaml").write_text(f"{RULES}  calls: {{pad: shape}}\n")
    with ops.exporting(until="calls") as process:
        process.send_signal(signal.SIGSTOP)
        try:
            assert any(ops.folder.glob("bundle.partial-*/data/*/visits/*"))
            ops.server.run(
                "SET SESSION lock_wait_timeout = 2",
                "ALTER TABLE visits ADD COLUMN more INT",
                database=ops.database,
            )
        finally:
            process.send_signal(signal.SIGCONT)
        said = "".join(process.communicate(timeout=60))
    assert process.returncode == 0, said
    manifest = open_bundle(ops.folder / "bundle").manifest
    assert {table.name: table.rows for table in manifest.tables}["visits"] > 59_000


def test_statements_are_shown_as_they_run_and_only_to_their_owner(ops: Ops) -> None:
    file = ops.folder / "statements.sql"
    assert ops.export(show_sql=file).exit_code == 0
    text = file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY;" in text
    assert f"{ops.account}-secret" not in text
    writes = ("INSERT", "UPDATE", "DELETE", "REPLACE", "ALTER", "CREATE TABLE", "LOCK")
    lines = [line for line in text.splitlines() if line.startswith(writes)]
    assert lines == []


def test_a_dry_run_shows_the_plan_and_writes_nothing(ops: Ops) -> None:
    done = ops.export("--dry-run", "--json")
    assert done.exit_code == 0, done.said
    people = done.data["tables"][0]
    assert (people["name"], people["rows"], people["role"]) == ("people", 2, "whole")
    treatments = {column["name"]: column["treatment"] for column in people["columns"]}
    assert treatments == {"id": "kept", "email": "email", "note": "free_text"}
    assert ops.left() == []
    assert PLANTED not in done.said


def fill_visits(ops: Ops, rows: int) -> None:
    """Fill a table, so that reading it takes a while."""
    ops.server.run(
        "SET SESSION cte_max_recursion_depth = 1000000"
        if not ops.server.is_mariadb
        else "SET SESSION max_recursive_iterations = 1000000",
        "INSERT INTO visits WITH RECURSIVE n (i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n"
        f" WHERE i < {rows}) SELECT i, 1 + i % 2, NOW(), SHA2(i, 512) FROM n",
        database=ops.database,
    )
