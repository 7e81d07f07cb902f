"""Every way in which a load can fail: one clear error, and an empty database afterwards."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from docker.types import Mount
from MySQLdb import DatabaseError

from bundle_samples import manifest_of
from load_world import Login, endpoint_of
from sandbox.bundle.manifest import (
    ColumnEntry,
    ForeignKeyEntry,
    Manifest,
    SourceEntry,
    TableEntry,
)
from sandbox.bundle.parts import write_part
from sandbox.bundle.reader import Bundle, open_bundle
from sandbox.bundle.writer import BundleWriter
from sandbox.database.connect import Endpoint
from sandbox.database.secret import Secret
from sandbox.errors import AccessDenied, BundleInvalid, LoadFailed, SandboxError, TargetRefused
from sandbox.model import Family, MaskedBatch, MaskedText, ObjectKind, SchemaObject
from sandbox.replica import load as load_module
from sandbox.replica.load import Loaded, load_bundle, plan_load
from sandbox.replica.load_target import MARKER
from servers import ImageOf, Silent, answers, eventually, port_of, running

pytestmark = pytest.mark.docker

SERVERS = [("mariadb", "10.11"), ("mysql", "9.7")]
CANARY = "canary-3e1b"
LOCK = "CONCAT('sandbox load ', LEFT(SHA2(DATABASE(), 256), 32))"
_ROOT = Path(__file__).parents[2]


@pytest.fixture(params=SERVERS, ids=[" ".join(server) for server in SERVERS], scope="module")
def login(request: pytest.FixtureRequest, image_of: ImageOf) -> Iterator[Login]:
    role, version = request.param
    image = image_of(role, version)
    with running(image, ports=(3306,), environment={"MYSQL_ROOT_PASSWORD": "r"}) as container:
        eventually(lambda: answers(container))
        login = Login(Family(role), version, port_of(container, 3306), "r")
        login.run("", "SET GLOBAL local_infile = ON")
        yield login


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a temporary folder of our own, to see what is left in it."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))


@pytest.fixture
def empty(login: Login) -> Login:
    login.run("", "DROP DATABASE IF EXISTS target", "CREATE DATABASE target")
    return login


class Samples:
    """Makes bundles of one table, or more."""

    def __init__(self, login: Login, out: Path) -> None:
        self._login = login
        self._out = out

    def bundle(  # noqa: PLR0913 - each test changes one of them
        self,
        rows: int = 10,
        *,
        definition: str = "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(99))",
        values: list[bytes] | None = None,
        keys: list[bytes] | None = None,
        orphans: int | None = None,
        manifest: Manifest | None = None,
        objects: tuple[SchemaObject, ...] = (),
        family: Family | None = None,
        parts: int = 1,
    ) -> Bundle:
        values = values or [f"{CANARY} {number}".encode() for number in range(rows)]
        keys = keys or [b"%d" % number for number in range(len(values))]
        batch = MaskedBatch("t", ("id", "v"), (keys, values))
        key = ForeignKeyEntry(name="fk", columns=["id"], parent="t", parent_columns=["id"])
        with BundleWriter(self._out, "shop") as writer:
            columns = [
                ColumnEntry(name="id", kind="int", declared="int", nullable=False, kept=True),
                ColumnEntry(name="v", kind="varchar", declared="", charset="utf8mb4", kept=True),
            ]
            written = [
                write_part(writer.part_path("t", number + 1), [batch], ordered=False)
                for number in range(parts)
            ]
            table = TableEntry(
                name="t",
                engine="InnoDB",
                columns=columns,
                foreign_keys=[] if orphans is None else [key],
                expected_orphans={} if orphans is None else {"fk": orphans},
            )
            writer.add_table(table, written)
            table_object = SchemaObject(ObjectKind.TABLE, "t", definition)
            for one in (table_object, *objects):
                writer.add_object(one, MaskedText(one.definition.encode()))
            facts = manifest or manifest_of()
            source = SourceEntry.model_validate(
                {**dict(facts.source), "family": family or self._login.family}
            )
            writer.finish(facts.model_copy(update={"source": source}), Silent())
        return open_bundle(self._out)


@pytest.fixture
def samples(login: Login, tmp_path: Path) -> Samples:
    return Samples(login, tmp_path / "bundle")


def load(login: Login, bundle: Bundle, *, replace_partial: bool = False) -> Loaded:
    return load_bundle(
        bundle, endpoint_of(login, "target"), Silent(), replace_partial=replace_partial
    )


def contents(login: Login) -> list[str]:
    return sorted(row[0] for row in login.ask("target", "SHOW TABLES"))


def fails(login: Login, bundle: Bundle, kind: type[SandboxError]) -> SandboxError:
    """Load, and give the error: no value of a row in it, nothing left behind."""
    with pytest.raises(kind) as caught:
        load(login, bundle)
    error = caught.value
    said = f"{error.message} {error.hint} {error.findings}"
    assert CANARY not in said
    assert error.__suppress_context__ or error.__context__ is None
    assert contents(login) == []
    assert not list(Path(tempfile.gettempdir()).iterdir())
    assert [
        one.name for one in threading.enumerate() if one.name.startswith(("feed", "load"))
    ] == []
    return error


def test_duplicate_keys_that_local_would_drop(empty: Login, samples: Samples) -> None:
    error = fails(
        empty, samples.bundle(keys=[b"1", b"2", b"2", b"3"], values=[b"a"] * 4), LoadFailed
    )
    assert error.message == (
        "Table t: of 4 rows of data/shop/t/0001.tsv.zst the server kept 3. "
        "What was loaded was dropped again; the database is empty."
    )
    assert error.findings == ("warning 1062, 1 times",)
    assert error.exit_code == 14


def test_duplicates_of_a_secondary_unique_key(empty: Login, samples: Samples) -> None:
    definition = "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(99), UNIQUE (v))"
    bundle = samples.bundle(values=[b"same", b"same", b"other"], definition=definition)
    error = fails(empty, bundle, LoadFailed)
    assert "dropped again" in error.message


def test_values_that_do_not_fit(empty: Login, samples: Samples) -> None:
    bundle = samples.bundle(definition="CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(5))")
    error = fails(empty, bundle, LoadFailed)
    assert error.message.startswith(
        "Table t: the server changed values of data/shop/t/0001.tsv.zst. "
    )
    assert error.findings == ("warning 1265, 10 times",)


def test_values_that_are_changed_without_a_warning(empty: Login, samples: Samples) -> None:
    # A trailing space of CHAR goes without a word; the read back sees it.
    definition = "CREATE TABLE t (id INT PRIMARY KEY, v CHAR(99))"
    error = fails(empty, samples.bundle(values=[b"a", b"b "], definition=definition), LoadFailed)
    assert error.message.startswith("Table t: what the server holds differs from the bundle.")


def test_a_definition_that_the_server_refuses(empty: Login, samples: Samples) -> None:
    error = fails(empty, samples.bundle(definition="CREATE TABLE t (id INT, v NOTYPE)"), LoadFailed)
    assert error.message.startswith("The server refused a statement: table t (error ")


# Neither server is built with this one; without NO_ENGINE_SUBSTITUTION both take InnoDB instead.
LACKING = "CREATE TABLE t (\n id INT PRIMARY KEY,\n v VARCHAR(99)\n) ENGINE=TokuDB COMMENT='x'"


def test_an_engine_that_the_server_lacks(empty: Login, samples: Samples) -> None:
    error = fails(empty, samples.bundle(definition=LACKING), TargetRefused)
    assert error.message == (
        "The server lacks storage engines of the source: TokuDB. "
        "What was loaded was dropped again; the database is empty."
    )
    assert error.findings == ("table t is TokuDB",)
    assert "SHOW ENGINES" in error.hint
    assert error.exit_code == 14


def test_the_script_makes_no_table_in_another_engine_either(empty: Login, samples: Samples) -> None:
    script = (samples.bundle(definition=LACKING).root / "load.sql").read_text()
    mode = re.search(r"SET SESSION sql_mode = '[^']*'", script)
    assert mode is not None
    with pytest.raises(DatabaseError) as caught:
        empty.run("target", mode[0], LACKING)
    assert caught.value.args[0] == 1286
    assert contents(empty) == []


@pytest.mark.parametrize("definition", ["DROP DATABASE target", "CREATE TABLE mysql.t (id INT)"])
def test_a_definition_that_does_something_else(
    empty: Login, samples: Samples, definition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("sandbox.bundle.verify.creates", lambda _: True)
        bundle = samples.bundle(definition=definition)
    error = fails(empty, bundle, BundleInvalid)
    assert error.findings == ("schema/shop/table-t.sql does not create table t and nothing else.",)
    monkeypatch.setattr(load_module, "check_digests", lambda *_: None)
    error = fails(empty, bundle, BundleInvalid)
    assert error.message.startswith("The definition of table t does not create it and nothing else")


def test_a_view_on_nothing(empty: Login, samples: Samples) -> None:
    view = SchemaObject(ObjectKind.VIEW, "v", "CREATE VIEW v AS SELECT * FROM nowhere")
    error = fails(empty, samples.bundle(objects=(view,)), LoadFailed)
    assert "view v (error 1146)" in error.message


def test_views_that_need_each_other_in_any_order(empty: Login, samples: Samples) -> None:
    names = ["d", "b", "a", "c"]
    base = {"a": "t", "b": "a", "c": "b", "d": "c"}
    views = tuple(
        SchemaObject(ObjectKind.VIEW, one, f"CREATE VIEW {one} AS SELECT * FROM {base[one]}")
        for one in names
    )
    load(empty, samples.bundle(objects=views))
    assert contents(empty) == ["a", "b", "c", "d", "t"]


def test_orphans_that_the_source_did_not_have(empty: Login, samples: Samples) -> None:
    error = fails(empty, samples.bundle(orphans=2), LoadFailed)
    assert error.findings == ("t, fk: 0 instead of 2",)


def test_a_damaged_part_is_refused_before_anything_is_made(empty: Login, samples: Samples) -> None:
    bundle = samples.bundle()
    part = bundle.root / "data/shop/t/0001.tsv.zst"
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    error = fails(empty, bundle, BundleInvalid)
    assert error.findings == ("data/shop/t/0001.tsv.zst does not match its digest.",)


def test_a_part_that_changes_while_it_is_loaded(
    empty: Login, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = samples.bundle()
    part = bundle.root / "data/shop/t/0001.tsv.zst"
    monkeypatch.setattr("sandbox.replica.load.check_digests", lambda *_: None)
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    error = fails(empty, bundle, BundleInvalid)
    assert "dropped again" in error.message
    assert error.exit_code == 13


def test_a_target_that_is_not_empty_is_left_alone(empty: Login, samples: Samples) -> None:
    empty.run("target", "CREATE TABLE mine (a INT)", "CREATE VIEW ours AS SELECT 1 AS one")
    for replace_partial in (False, True):
        with pytest.raises(TargetRefused, match="is not empty") as caught:
            load(empty, samples_once(samples), replace_partial=replace_partial)
        assert set(caught.value.findings) == {"base table mine", "view ours"}
    assert contents(empty) == ["mine", "ours"]


def samples_once(samples: Samples) -> Bundle:
    out = samples._out  # noqa: SLF001 - of this module
    return open_bundle(out) if out.exists() else samples.bundle()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE PROCEDURE p() SELECT 1",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
        "CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1",
    ],
)
def test_routines_and_events_count_as_contents(
    empty: Login, samples: Samples, statement: str
) -> None:
    empty.run("target", statement)
    with pytest.raises(TargetRefused, match="is not empty"):
        load(empty, samples.bundle())


def test_another_family_is_refused(empty: Login, samples: Samples) -> None:
    other = Family.MYSQL if empty.family is Family.MARIADB else Family.MARIADB
    error = fails(empty, samples.bundle(family=other), TargetRefused)
    assert f"The bundle is of {other.value}" in error.message


def test_a_server_that_is_older_than_the_source_is_told(empty: Login, samples: Samples) -> None:
    facts = manifest_of()
    version = {Family.MARIADB: "12.3.1-MariaDB", Family.MYSQL: "10.1.0"}[empty.family]
    source = facts.source.model_copy(update={"version": version})
    loaded = load(empty, samples.bundle(manifest=facts.model_copy(update={"source": source})))
    (warning,) = loaded.warnings
    assert warning.startswith("the server is older (")


def test_a_server_that_takes_no_rows_from_clients(empty: Login, samples: Samples) -> None:
    empty.run("", "SET GLOBAL local_infile = OFF")
    try:
        error = fails(empty, samples.bundle(), TargetRefused)
    finally:
        empty.run("", "SET GLOBAL local_infile = ON")
    assert error.hint.endswith("SET GLOBAL local_infile = ON")


def test_a_wrong_password(empty: Login, samples: Samples) -> None:
    endpoint = dataclasses.replace(endpoint_of(empty, "target"), password=Secret("wrong one"))
    with pytest.raises(AccessDenied) as caught:
        load_bundle(samples.bundle(), endpoint, Silent())
    assert "wrong one" not in f"{caught.value.message}{caught.value.hint}"
    assert caught.value.exit_code == 11


def _as_reader(empty: Login, rights: str) -> Endpoint:
    empty.run(
        "",
        "DROP USER IF EXISTS reader",
        "CREATE USER reader IDENTIFIED BY 'r'",
        f"GRANT {rights} ON target.* TO reader",
    )
    endpoint = endpoint_of(empty, "target")
    return dataclasses.replace(
        endpoint, address=dataclasses.replace(endpoint.address, user="reader")
    )


def test_an_account_that_may_not_create(empty: Login, samples: Samples) -> None:
    with pytest.raises(TargetRefused, match="nothing was made") as caught:
        load_bundle(samples.bundle(), _as_reader(empty, "SELECT"), Silent())
    assert {"INSERT", "CREATE", "DROP"} <= set(caught.value.findings)
    assert contents(empty) == []


def test_an_account_that_may_not_alter_leaves_nothing(
    empty: Login, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty.run("", "ALTER DATABASE target CHARACTER SET latin1 COLLATE latin1_bin")
    endpoint = _as_reader(empty, "SELECT, INSERT, CREATE, DROP")
    # As where the server does not tell what the account may do.
    monkeypatch.setattr("sandbox.replica.load_target.missing_rights", lambda *_, **__: ())
    with pytest.raises(LoadFailed, match="the database is empty") as caught:
        load_bundle(samples.bundle(), endpoint, Silent())
    assert "lacks a right" in caught.value.message
    assert contents(empty) == []


def test_a_plan_changes_nothing(empty: Login, samples: Samples) -> None:
    plan = plan_load(samples.bundle(), endpoint_of(empty, "target"), Silent())
    assert plan.tables == (("t", 10),)
    assert contents(empty) == []


def test_another_load_into_the_same_database_is_kept_out(empty: Login, samples: Samples) -> None:
    with empty.connect("target") as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT GET_LOCK({LOCK}, 0)")
        error = fails(empty, samples.bundle(), TargetRefused)
    assert "under way" in error.message


def test_the_lock_comes_before_the_look(empty: Login, samples: Samples) -> None:
    empty.run("target", "CREATE TABLE half_of_another_load (a INT)")
    with empty.connect("target") as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT GET_LOCK({LOCK}, 0)")
        with pytest.raises(TargetRefused, match="under way"):
            load(empty, samples.bundle())


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[], None]], None]:
    """Have something done by others right before a step of the load."""

    def arrange(step: str, happens: Callable[[], None]) -> None:
        real = getattr(load_module, step)

        def later(*arguments: Any, **more: Any) -> Any:
            happens()
            return real(*arguments, **more)

        monkeypatch.setattr(load_module, step, later)

    return arrange


Meanwhile = Callable[[str, Callable[[], None]], None]


def test_what_others_make_after_the_look_stays(
    empty: Login, samples: Samples, meanwhile: Meanwhile
) -> None:
    meanwhile("prepare_target", lambda: empty.run("target", "CREATE TABLE mine (a INT)"))
    load(empty, samples.bundle())
    assert contents(empty) == ["mine", "t"]


@pytest.mark.parametrize("name", ["mine", "t"])
def test_a_load_that_fails_drops_only_what_it_made(
    empty: Login, samples: Samples, meanwhile: Meanwhile, name: str
) -> None:
    make = f"CREATE TABLE {name} (a INT) SELECT 7 AS a"
    meanwhile("create_before_data", lambda: empty.run("target", make))
    view = SchemaObject(ObjectKind.VIEW, "v", "CREATE VIEW v AS SELECT * FROM nowhere")
    with pytest.raises(LoadFailed) as caught:
        load(empty, samples.bundle(objects=(view,)))
    assert caught.value.message.endswith(
        "What was loaded was dropped again; what others put into the database meanwhile was left "
        "alone."
    )
    assert contents(empty) == [name]
    assert empty.ask("target", f"SELECT a FROM {name}") == [(7,)]


def test_everything_that_a_load_made_is_dropped(
    empty: Login, samples: Samples, meanwhile: Meanwhile
) -> None:
    objects = (
        SchemaObject(ObjectKind.FUNCTION, "f", "CREATE FUNCTION f() RETURNS INT RETURN 1"),
        SchemaObject(ObjectKind.PROCEDURE, "p", "CREATE PROCEDURE p() SELECT 1"),
        SchemaObject(ObjectKind.VIEW, "v", "CREATE VIEW v AS SELECT * FROM t"),
        SchemaObject(
            ObjectKind.TRIGGER, "g", "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a = 1"
        ),
        SchemaObject(
            ObjectKind.EVENT,
            "e",
            "CREATE EVENT e ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DISABLE DO SELECT 1",
        ),
    )
    empty.run("", "SET GLOBAL log_bin_trust_function_creators = 1")
    meanwhile("unmark_target", lambda: empty.run("target", f"DROP TABLE {MARKER}"))
    fails(empty, samples.bundle(objects=objects), LoadFailed)
    for thing in ("EVENTS WHERE EVENT_", "ROUTINES WHERE ROUTINE_", "TRIGGERS WHERE TRIGGER_"):
        assert not empty.ask("", f"SELECT 1 FROM information_schema.{thing}SCHEMA = 'target'")


def end_holder(login: Login) -> None:
    ((session,),) = login.ask("target", f"SELECT IS_USED_LOCK({LOCK})")
    login.run("", f"KILL {session}")


def test_a_load_that_lost_its_lock_ends_at_once(
    empty: Login, samples: Samples, meanwhile: Meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_module, "_PING_SECONDS", 0.2)
    given_up = threading.Event()
    while_loading: list[bool] = []

    def happens() -> None:
        end_holder(empty)
        while_loading.append(given_up.wait(30))

    meanwhile("load_table", happens)
    meanwhile("_end_sessions", given_up.set)
    fails(empty, samples.bundle(), LoadFailed)
    assert while_loading == [True]


def test_what_another_load_took_over_is_left_to_it(
    empty: Login, samples: Samples, meanwhile: Meanwhile
) -> None:
    with empty.connect("target") as connection, connection.cursor() as cursor:

        def happens() -> None:
            end_holder(empty)
            cursor.execute(f"SELECT GET_LOCK({LOCK}, 5)")

        meanwhile("load_table", happens)
        with pytest.raises(LoadFailed) as caught:
            load(empty, samples.bundle())
    assert caught.value.message.endswith("what was there was left to it.")
    assert contents(empty) == [MARKER, "t"]


def test_a_server_that_ends_idle_sessions_soon(
    empty: Login, samples: Samples, meanwhile: Meanwhile
) -> None:
    meanwhile("load_table", lambda: time.sleep(4))
    meanwhile("read_back", lambda: time.sleep(4))
    ((before,),) = empty.ask("", "SELECT @@GLOBAL.wait_timeout")
    empty.run("", "SET GLOBAL wait_timeout = 2")
    try:
        assert load(empty, samples.bundle()).rows == 10
    finally:
        empty.run("", f"SET GLOBAL wait_timeout = {before}")


_PROGRAM = """
import signal, sys
from pathlib import Path
from load_world import Login, endpoint_of
from sandbox.bundle.reader import open_bundle
from sandbox.cli.app import Terminated
from sandbox.model import Family
from sandbox.replica.load import load_bundle
from servers import Silent

def end(*_):
    raise Terminated

signal.signal(signal.SIGTERM, end)
login = Login(Family(sys.argv[1]), "", int(sys.argv[2]), "r")
load_bundle(open_bundle(Path(sys.argv[3])), endpoint_of(login, "target"), Silent())
"""


def start_load(login: Login, bundle: Bundle) -> subprocess.Popen[bytes]:
    """Start a load that takes its time, and wait until rows are on their way."""
    paths = os.pathsep.join(str(_ROOT / one) for one in (".", "tests"))
    running_load = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, login.family.value, str(login.port), str(bundle.root)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": paths},
    )
    eventually(lambda: "LOAD DATA" in str(login.ask("", "SHOW FULL PROCESSLIST")), 60)
    return running_load


@pytest.fixture
def slow(samples: Samples) -> Bundle:
    values = [os.urandom(40).hex().encode() for _ in range(100_000)]
    definition = "CREATE TABLE t (id INT, v VARCHAR(99), KEY (v), KEY (v, id), KEY (id, v))"
    return samples.bundle(values=values, definition=definition, parts=8)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_an_ended_load_leaves_the_database_empty(
    empty: Login, slow: Bundle, how: signal.Signals
) -> None:
    process = start_load(empty, slow)
    process.send_signal(how)
    began = time.monotonic()
    assert process.wait(timeout=60) != 0
    assert time.monotonic() - began < 30
    assert contents(empty) == []


def test_a_killed_load_is_known_by_its_marker_and_can_be_replaced(
    empty: Login, slow: Bundle, tmp_path: Path
) -> None:
    process = start_load(empty, slow)
    process.kill()
    process.wait(timeout=60)
    assert MARKER in contents(empty)
    assert not list(Path(tempfile.gettempdir()).iterdir())
    with pytest.raises(TargetRefused, match="a load that did not end") as caught:
        load(empty, slow)
    assert "--replace-partial" in caught.value.hint
    loaded = load(empty, Samples(empty, tmp_path / "small").bundle(), replace_partial=True)
    assert loaded.rows == 10
    assert contents(empty) == ["t"]


def test_a_server_whose_statement_is_killed(empty: Login, slow: Bundle) -> None:
    failure: list[SandboxError] = []

    def run() -> None:
        try:
            load(empty, slow)
        except SandboxError as error:
            failure.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    eventually(lambda: "LOAD DATA" in str(empty.ask("", "SHOW FULL PROCESSLIST")), 60)
    for row in empty.ask("", "SHOW FULL PROCESSLIST"):
        if "LOAD DATA" in str(row[7]):
            empty.run("", f"KILL {row[0]}")
    thread.join(timeout=60)
    assert not thread.is_alive()
    (error,) = failure
    assert isinstance(error, LoadFailed)
    assert error.message.endswith("What was loaded was dropped again; the database is empty.")
    assert contents(empty) == []


def test_a_full_disk_of_the_server(image_of: ImageOf, tmp_path: Path) -> None:
    small = Mount("/srv/database", None, type="tmpfs", tmpfs_size=260 * 2**20, tmpfs_mode=0o777)
    environment = {"MYSQL_ROOT_PASSWORD": "r"}
    image = image_of("mariadb", "10.11")
    with running(image, ports=(3306,), environment=environment, mounts=[small]) as container:
        eventually(lambda: answers(container))
        login = Login(Family.MARIADB, "10.11", port_of(container, 3306), "r")
        login.run("", "CREATE DATABASE target")
        values = [os.urandom(48).hex().encode() for _ in range(100_000)]
        definition = "CREATE TABLE t (id INT, v VARCHAR(99), KEY (v), KEY (v, id), KEY (id, v))"
        bundle = Samples(login, tmp_path / "bundle").bundle(
            values=values, definition=definition, parts=8
        )
        error = fails(login, bundle, LoadFailed)
        assert "table t (error 1114)" in error.message
        assert error.message.endswith("What was loaded was dropped again; the database is empty.")
