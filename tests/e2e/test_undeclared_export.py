"""The relations command, and an export along relations that no key declares: its bundle loads."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from commands import Ended, option_file, private, sandbox
from database_servers import ROOT, DatabaseServer
from helpdesk import DOUBTFUL, TRUE_RELATIONS, make_helpdesk
from sandbox.bundle.reader import open_bundle
from sandbox.model import Origin

pytestmark = [
    pytest.mark.docker,
    pytest.mark.parametrize(
        "database_server",
        [("mariadb", "10.11"), ("mysql", "9.7")],
        ids=["mariadb", "mysql"],
        indirect=True,
    ),
]

ZEND = """<?php
class Tickets extends Zend_Db_Table_Abstract {
    protected $_name = 'tickets';
    protected $_referenceMap = array('Creator' => array(
        'columns' => 'created_by', 'refTableClass' => 'Users', 'refColumns' => 'id'));
}
class Users extends Zend_Db_Table_Abstract { protected $_name = 'users'; }
"""
SETTINGS = "# ours\n[sample]\nsmall = 10 # few\n"


@dataclass(frozen=True)
class Ops:
    server: DatabaseServer
    database: str
    user: str
    folder: Path

    @property
    def settings(self) -> Path:
        return self.folder / "sandbox.toml"

    def url(self, database: str, user: str) -> str:
        return f"mysql://{user}@127.0.0.1:{self.server.port}/{database}"

    def run(self, command: str, *options: str | Path) -> Ended:
        password = private(self.folder / "password", f"{self.user}-secret")
        return sandbox(
            command,
            f"--password-file={password}",
            f"--config={self.settings}",
            *options,
            folder=self.folder,
        )

    def relations(self, *options: str | Path) -> Ended:
        return self.run("relations", self.url(self.database, self.user), *options)

    def export(self, out: Path, *options: str) -> Ended:
        source = f"--source={self.url(self.database, self.user)}"
        rules, key = (
            f"--rules={self.folder / 'rules.yaml'}",
            f"--key-file={self.folder / 'key'}",
        )
        return self.run("export", source, rules, key, f"--out={out}", *options)

    def load(self, bundle: Path) -> str:
        database = self.server.make_database()
        loaded = sandbox(
            "load",
            bundle,
            f"--into={self.url(database, 'root')}",
            f"--defaults-file={self.folder / 'reader.cnf'}",
            folder=self.folder,
        )
        assert loaded.exit_code == 0, loaded.said
        return database


@pytest.fixture
def ops(database_server: DatabaseServer, tmp_path: Path) -> Iterator[Ops]:
    database = make_helpdesk(database_server)
    user = database_server.make_account(f"SELECT ON {database}.*")
    option_file(tmp_path, ROOT)
    (tmp_path / "rules.yaml").write_text('columns: {"*": keep}\n')
    (tmp_path / "sandbox.toml").write_text(SETTINGS)
    assert sandbox("keygen", "--out", tmp_path / "key").exit_code == 0
    yield Ops(database_server, database, user, tmp_path)
    database_server.run(f"DROP DATABASE {database}")


def test_relations_are_listed_and_written_to_the_settings(ops: Ops) -> None:
    listed = ops.relations("--json")
    assert listed.exit_code == 0, listed.said
    found = {one["relation"]: one for one in listed.data["relations"]}
    used = {name for name, one in found.items() if one["used"]}
    assert used == TRUE_RELATIONS - DOUBTFUL
    assert set(found["tickets.created_by -> users.id"]) >= {
        "origin",
        "confidence",
        "why",
        "indexed",
    }
    assert "user7" not in listed.said

    app = ops.folder / "app"
    app.mkdir()
    (app / "Tickets.php").write_text(ZEND)
    (app / "broken.php").write_text("<?php class {")
    shown = ops.relations("--app", app, "--write")
    assert shown.exit_code == 0, shown.said
    assert "1 PHP files skipped" in shown.stdout
    text = ops.settings.read_text()
    assert text.startswith(SETTINGS)
    assert set(tomllib.loads(text)["relations"]["confirmed"]) == TRUE_RELATIONS

    again = ops.relations("--write", "--json")
    assert ops.settings.read_text() == text
    confirmed = {one["relation"] for one in again.data["relations"] if one["confirmed"]}
    assert confirmed == TRUE_RELATIONS
    assert again.data["settings"] == []


def test_export_follows_relations_marks_them_and_the_bundle_loads(ops: Ops) -> None:
    rejected = "refunds.user_id -> users.id"
    ops.settings.write_text(
        f'{SETTINGS}[relations]\nconfirmed = ["tickets.created_by -> users.id"]\n'
        f'rejected = ["{rejected}"]\n'
    )
    include = (
        "--sample=none",
        "--cover=0",
        "--include=tickets:id IN (12, 23)",
        "--include=comments:id = 100",
    )
    planned = ops.export(ops.folder / "bundle", *include, "--dry-run")
    assert planned.exit_code == 0, planned.said
    assert "relation  tickets.created_by -> users.id (confirmed in the settings" in planned.stdout
    named = r"mails.ticket_id -> tickets.id \(high confidence: named after tickets; ([\d,]+) of \1 "
    assert re.search(named, planned.stdout)
    done = ops.export(ops.folder / "bundle", *include)
    assert done.exit_code == 0, done.said
    manifest = open_bundle(ops.folder / "bundle").manifest
    origins = {f"{t.name}.{one.name}": one for t in manifest.tables for one in t.relations}
    assert set(origins) == TRUE_RELATIONS - {rejected}
    assert origins["tickets.created_by -> users.id"].origin is Origin.SETTINGS
    pair = origins["attachments.owner_id -> users.id where owner_type = 'user'"]
    assert (pair.origin, pair.only) == (Origin.POLYMORPHIC, ["owner_type", "user"])
    # The author of comment 100 was removed long ago.
    assert origins["comments.author_user_id -> users.id"].orphans == 1
    assert [one.name for one in manifest.table("notes").foreign_keys] == ["notes_user"]
    assert not any(table.foreign_keys for table in manifest.tables if table.name != "notes")

    loaded = ops.load(ops.folder / "bundle")
    for relation in TRUE_RELATIONS - {rejected}:
        assert orphans(ops, loaded, relation) == (
            1 if relation.startswith("comments.author") else 0
        ), relation
    # Children along the pair.
    named = "SELECT id FROM attachments WHERE owner_type = 'ticket' AND owner_id IN (12, 23)"
    assert ops.server.ask(named, ops.database)
    assert ops.server.ask(named, loaded) == ops.server.ask(named, ops.database)


def orphans(ops: Ops, database: str, relation: str) -> int:
    """Count rows that refer to somebody who is not there."""
    own, _, rest = relation.partition(" -> ")
    parent, _, condition = rest.partition(" where ")
    table, column = own.split(".")
    other, key = parent.split(".")
    only = f"AND c.{condition}" if condition else ""
    ((count,),) = ops.server.ask(
        f"SELECT COUNT(*) FROM {table} c LEFT JOIN {other} p ON c.{column} = p.{key}"
        f" WHERE c.{column} <> '' AND c.{column} <> '0' AND p.{key} IS NULL {only}",
        database,
    )
    return int(count)


def test_export_takes_the_word_of_the_source(ops: Ops) -> None:
    app = ops.folder / "app"
    app.mkdir()
    (app / "Tickets.php").write_text(ZEND)
    planned = ops.export(ops.folder / "bundle", f"--app={app}", "--dry-run", "--json")
    assert planned.exit_code == 0, planned.said
    found = {one["relation"]: one["origin"] for one in planned.data["relations"]}
    assert set(found) == TRUE_RELATIONS
    assert found["tickets.created_by -> users.id"] == "zend"
    refused = ops.export(ops.folder / "bundle", f"--app={app / 'Tickets.php'}")
    assert refused.exit_code == 2


def test_settings_that_name_what_is_not_there_are_told_together(ops: Ops) -> None:
    ops.settings.write_text('[relations]\nconfirmed = ["tickets.x -> users.id", "a.b -> c.d"]\n')
    for refused in (ops.relations(), ops.export(ops.folder / "bundle")):
        assert refused.exit_code == 10
        assert "tickets.x -> users.id: there is no column tickets.x" in refused.stderr
        assert "a.b -> c.d: there is no table a" in refused.stderr
    assert not (ops.folder / "bundle").exists()
