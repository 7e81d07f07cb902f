"""A plan is written, reviewed and carried out; what no longer is as it says is refused."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from commands import Ended, option_file, sandbox
from database_servers import DatabaseServer
from sandbox.bundle.reader import open_bundle

OTHER = pytest.param(("mysql", "9.7"), marks=pytest.mark.heavy)
pytestmark = [
    pytest.mark.docker,
    pytest.mark.parametrize(
        "database_server", [("mariadb", "10.11"), OTHER], ids=["mariadb", "mysql"], indirect=True
    ),
]

PLANTED = "Xylophanta"  # stands in rows and in a condition
RULES = (
    "extends: [common]\ntables:\n  people: {note: free_text, name: shape}\n"
    "  orders: {state: keep}\n  events: {kind: keep, what: shape}\n"
    "  clicks: {kind: keep}\n  countries: {name: keep}\n"
)
DIGITS = "(SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 "
DIGITS += "UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)"
PEOPLE = f"""
    INSERT INTO people SELECT 1 + a.d + 10 * b.d + 100 * c.d, CONCAT('{PLANTED} ', a.d), 'x', 1
    FROM {DIGITS} a, {DIGITS} b, {DIGITS} c WHERE c.d < 5"""
EVENTS = f"""
    INSERT INTO events SELECT p.id * 100 + a.d + 10 * b.d, p.id, a.d, 'y'
    FROM people p, {DIGITS} a, {DIGITS} b WHERE b.d < 5"""
TABLES = (
    "CREATE TABLE countries (id INT PRIMARY KEY, name VARCHAR(20))",
    "INSERT INTO countries VALUES (1, 'here'), (2, 'there')",
    """CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(40), note TEXT, country_id INT,
    FOREIGN KEY (country_id) REFERENCES countries (id))""",
    """CREATE TABLE orders (id INT PRIMARY KEY, person_id INT NOT NULL, state VARCHAR(10) NOT NULL,
    CONSTRAINT of_person FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE CASCADE)""",
    # Nobody declares whose events these are.
    """CREATE TABLE events (id INT PRIMARY KEY, people_id INT NOT NULL, kind INT NOT NULL,
    what VARCHAR(40), KEY by_person (people_id), KEY by_kind (kind, id))""",
    PEOPLE,
    "INSERT INTO orders SELECT id, id, 'paid' FROM people",
    "INSERT INTO orders SELECT 1000 + id, id, 'open' FROM people",
    EVENTS,
    # No key tells these apart, and many are equal.
    "CREATE TABLE clicks (kind INT)",
    "INSERT INTO clicks SELECT kind FROM events ORDER BY id LIMIT 400",
    "ANALYZE TABLE countries, people, orders, events",
)


@dataclass(frozen=True)
class Ops:
    """What ops have: a server, an account that may only read, rules and a key."""

    server: DatabaseServer
    database: str
    account: str
    folder: Path

    @property
    def plan(self) -> Path:
        return self.folder / "plan.yaml"

    def arguments(self, command: str, *more: str, **changed: str | Path) -> list[str]:
        usual: dict[str, str | Path] = {
            "source": f"mysql://{self.account}@127.0.0.1:{self.server.port}/{self.database}",
            "defaults-file": self.folder / "reader.cnf",
            "key-file": self.folder / "key",
            "rules": self.folder / "rules.yaml",
        }
        options = usual | {name.replace("_", "-"): value for name, value in changed.items()}
        return [command, *(f"--{name}={value}" for name, value in options.items()), *more]

    def run(self, command: str, *more: str, **changed: str | Path) -> Ended:
        return sandbox(*self.arguments(command, *more, **changed), folder=self.folder)

    def make_plan(self, *more: str) -> str:
        done = self.run("plan", "--out", str(self.plan), *more)
        assert done.exit_code == 0, done.said
        return self.plan.read_text()

    def export_plan(self, *more: str, **changed: str | Path) -> Ended:
        return self.run("export", "--plan", str(self.plan), "--out", "bundle", *more, **changed)

    def alter(self, *statements: str) -> None:
        self.server.run(*statements, database=self.database)

    def left(self) -> list[str]:
        return sorted(one.name for one in self.folder.glob("*bundle*"))


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


def refused(ops: Ops, ended: Ended, *said: str) -> None:
    """Check that there is one error with all that was found, and nothing is left."""
    assert ended.exit_code == 15, ended.said
    assert ended.stderr.count("error: ") == 1
    plain = re.sub(r"\s+", " ", ended.stderr)
    for text in said:
        assert text in plain, ended.stderr
    assert PLANTED not in ended.said
    assert ops.left() == []


def rows_in(bundle: Path) -> list[Any]:
    manifest = open_bundle(bundle).manifest
    return [(one.name, one.why, [part.sha256 for part in one.parts]) for one in manifest.tables]


def test_a_plan_takes_what_its_options_take(ops: Ops) -> None:
    asked = (
        "--sample=5%", "--sample=events=40", "--sample=clicks=2",
        f"--where=people:name <> '{PLANTED} 3'", "--include=orders:id = 7", "--cover=1",
    )  # fmt: skip
    text = ops.make_plan(*asked)
    assert stat.S_IMODE(ops.plan.stat().st_mode) == 0o600
    assert text.count(PLANTED) == 1  # in the condition, and nowhere else
    assert ops.run("export", "--out", "plain.bundle", *asked).exit_code == 0
    done = ops.export_plan()
    assert done.exit_code == 0, done.said
    assert "plan.yaml\n" in done.stdout  # and not a word of an edit
    assert "differs" not in done.stdout  # though of each kind of clicks 40 rows came
    assert open_bundle(ops.folder / "bundle").manifest.table("clicks").rows >= 80
    assert rows_in(ops.folder / "bundle") == rows_in(ops.folder / "plain.bundle")


def without_estimates(plan: str) -> str:
    """Leave out how many rows a server thinks it has, and the seal that covers it."""
    return re.sub(r"    of: .*\n|  tables: [0-9a-f]+\n", "", plan)


def test_two_plans_of_one_source_are_equal_and_none_is_written_over(ops: Ops) -> None:
    text = without_estimates(ops.make_plan("--sample=5%"))
    again = ops.run("plan", "--out", str(ops.plan), "--sample=5%")
    assert (again.exit_code, "--force" in again.stderr) == (2, True)
    assert without_estimates(ops.make_plan("--sample=5%", "--force")) == text
    anew = ops.run("plan", "--plan", str(ops.plan), "--out", "anew.yaml", "--json")
    assert anew.data["file"] == "anew.yaml"
    assert without_estimates((ops.folder / "anew.yaml").read_text()) == text
    contradicted = ops.export_plan("--sample=7%", "--cover=0", "--read-limit=3")
    assert contradicted.exit_code == 2
    assert "--sample, --cover, --read-limit" in contradicted.stderr


def test_all_that_moved_is_refused_at_once(ops: Ops) -> None:
    ops.make_plan("--sample=5%")
    ops.alter(
        "ALTER TABLE people ADD COLUMN secret VARCHAR(9), MODIFY name VARCHAR(50)",
        "ALTER TABLE events DROP COLUMN what, ADD COLUMN born DATE",
        "CREATE INDEX by_state ON orders (state)",
        "CREATE TABLE fresh (id INT PRIMARY KEY)",
        "ALTER TABLE people DROP FOREIGN KEY people_ibfk_1",
        "DROP TABLE countries",
    )
    (ops.folder / "rules.yaml").write_text(RULES.replace("state: keep", "state: shape"))
    refused(
        ops,
        ops.export_plan(),
        "table people, column secret is new",
        "table people, column name: varchar(40)",
        "table events, column what is gone",
        "the definition of table orders changed, though no column's type did",
        "table fresh is new",
        "table countries is gone",
        "events.born",  # has no rule either
    )


def test_edits_of_the_request_run_and_others_are_refused(ops: Ops) -> None:
    text = ops.make_plan("--sample=2%", "--sample=events=none", "--cover=0")
    elsewhere = f"mysql://{ops.account}@localhost:{ops.server.port}/{ops.database}"
    refused(ops, ops.export_plan(source=elsewhere), "plan.yaml:", "another source")
    at = text.splitlines().index("  orders:") + 2
    edited = text.replace(
        "    role: child\n    owner: [of_person]", "    role: target\n    owner: []"
    )
    ops.plan.write_text(edited.replace("treatment: free_text", "treatment: kept"))
    refused(
        ops,
        ops.export_plan(),
        f"plan.yaml:{at}: table orders: target in the plan, it would be child",
        "table people, column note: kept",
        "tables was edited since the plan was made",
    )
    ops.plan.write_text(text.replace("default: 2%", "default: 30%"))
    done = ops.export_plan()
    assert done.exit_code == 0, done.said
    assert "plan.yaml, its request edited since it was made" in done.stdout
    assert re.search(r"differs   orders: \d+ rows planned, \d+ taken", done.stdout)


def test_a_scan_or_a_condition_that_the_plan_could_not_have_is_refused(ops: Ops) -> None:
    text = ops.make_plan("--sample=events=10", "--where=events:kind = 3", "--cover=0")
    assert "what: keys to draw from, how: [events by by_kind]" in text
    ops.plan.write_text(text.replace("events: kind = 3", "events: what = 'y'"))
    refused(
        ops,
        ops.export_plan(),
        "table events, keys to draw from: events by by_kind in the plan, the server would read "
        "events all rows",
    )
    ops.plan.write_text(text)
    ops.alter("ALTER TABLE events DROP COLUMN kind")
    (ops.folder / "rules.yaml").write_text(RULES.replace("kind: keep, ", ""))
    refused(
        ops,
        ops.export_plan(),
        "table events, column kind is gone",
        "--where events: there is no such column",
    )
