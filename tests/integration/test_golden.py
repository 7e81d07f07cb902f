"""The golden database: a bundle's rows in an image, on servers of both families."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import MySQLdb
import pytest

from load_world import Exporter, Login, checksums, make_world
from sandbox.bundle.manifest import FileEntry, parse_manifest
from sandbox.bundle.reader import Bundle, open_bundle
from sandbox.capture.database import DATABASE
from sandbox.errors import BundleInvalid, StackError
from sandbox.model import Family
from sandbox.replica import golden_making
from sandbox.replica.containers import (
    Container,
    File,
    find_container,
    labelled_containers,
    start_container,
)
from sandbox.replica.engine import Engine
from sandbox.replica.golden import (
    GOLDEN,
    Golden,
    database_spec,
    golden_reference,
    have_golden,
    read_golden,
    wait_for_database,
)
from sandbox.replica.servers.web_server import DatabaseAccount
from servers import ImageOf, Silent, answers, eventually, port_of, running

pytestmark = pytest.mark.docker

SERVERS = [("mariadb", "10.11"), ("mysql", "9.7")]
LABEL = f"prod-sandbox.test-golden-{os.getpid()}"
ACCOUNTS = (
    DatabaseAccount("shop_app", 'it\'s\\ a "secret" $1', "resources.db.params.username"),
    DatabaseAccount("developer", "for the IDE", ""),
)
_ROOT = Path(__file__).parents[2]
_NUMBERS = itertools.count(1)
_REFERENCES: set[str] = set()
# Production as it is not: nothing of it is a default of either server.
VARIABLES = {
    "sql_mode": "ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION",
    "character_set_server": "latin1",
    "collation_server": "latin1_german1_ci",
    "time_zone": "Europe/Berlin",
    "system_time_zone": "CEST",
    "group_concat_max_len": "4711",
    "transaction_isolation": "READ-COMMITTED",
    "auto_increment_increment": "3",
    "innodb_strict_mode": "OFF",
    "innodb_autoinc_lock_mode": "0",
    "wait_timeout": "77",
    "sql_safe_updates": "ON",
    "local_infile": "OFF",
    "log_bin": "ON",
    "event_scheduler": "ON",
    "innodb_buffer_pool_size": str(64 * 2**30),
}


@dataclass(frozen=True)
class Production:
    """A server with the database that the bundles are of."""

    role: str
    image: str
    login: Login
    bundle: Path

    def with_settings(self, folder: Path, variables: dict[str, str], version: str = "") -> Bundle:
        """Copy the bundle, give it settings, and perhaps another version of its source."""
        copy = folder / f"bundle{next(_NUMBERS)}"
        subprocess.run(["cp", "-r", self.bundle, copy], check=True)
        manifest = parse_manifest((copy / "manifest.json").read_bytes())
        text = json.dumps({"version": version, "variables": variables}).encode()
        (copy / DATABASE).parent.mkdir(exist_ok=True)
        (copy / DATABASE).write_bytes(text)
        digest = hashlib.sha256(text).hexdigest()
        entry = FileEntry(path=DATABASE, bytes=len(text), sha256=digest, what="settings")
        source = manifest.source.model_copy(update={"version": version or manifest.source.version})
        changed = manifest.model_copy(update={"files": [*manifest.files, entry], "source": source})
        (copy / "manifest.json").write_bytes(changed.to_json())
        return open_bundle(copy)


# The second family loads for a minute: in `make test-all` only.
_FAMILIES = [
    pytest.param(server, marks=[pytest.mark.heavy] if number else [], id=" ".join(server))
    for number, server in enumerate(SERVERS)
]


@pytest.fixture(params=_FAMILIES, scope="module")
def production(
    request: pytest.FixtureRequest, image_of: ImageOf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Production]:
    role, version = request.param
    image = image_of(role, version)
    with running(image, ports=(3306,), environment={"MYSQL_ROOT_PASSWORD": "r"}) as container:
        eventually(lambda: answers(container))
        login = Login(Family(role), version, port_of(container, 3306), "r")
        make_world(login, "world_1")
        bundle = Exporter(login, "world_1").write(tmp_path_factory.mktemp("world") / "bundle")
        yield Production(role, image, login, bundle)


@pytest.fixture(scope="module", autouse=True)
def _clean(engine: Engine) -> Iterator[None]:
    yield
    for reference in _REFERENCES:
        engine.remove_image(reference)


@pytest.fixture(scope="module")
def settings_bundle(production: Production, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return production.with_settings(tmp_path_factory.mktemp("settings"), VARIABLES)


@pytest.fixture(scope="module")
def golden(engine: Engine, production: Production, settings_bundle: Bundle) -> Golden:
    return have(engine, settings_bundle, production.image)


def have(engine: Engine, bundle: Bundle, image: str) -> Golden:
    _REFERENCES.add(golden_reference(engine, bundle, image, ACCOUNTS))
    return have_golden(engine, bundle, image, ACCOUNTS, {LABEL: "1"}, Silent())


def is_there(engine: Engine, bundle: Bundle, image: str) -> bool:
    return engine.image_id(golden_reference(engine, bundle, image, ACCOUNTS)) is not None


def left_over(engine: Engine) -> list[str]:
    """Name what is left of a load: containers and networks."""
    containers = labelled_containers(engine, f"{LABEL}=1")
    networks = engine.client.networks.list(filters={"label": f"{LABEL}=1"})
    return [*(one.name for one in containers), *(str(one.attrs["Name"]) for one in networks)]


@contextmanager
def started(engine: Engine, golden: Golden) -> Iterator[Container]:
    """Run a copy of a golden database, reachable, as the application's servers reach it."""
    spec = database_spec(
        golden,
        name=f"test-golden-{os.getpid()}-{next(_NUMBERS)}",
        network="bridge",
        labels={"prod-sandbox.test": "golden"},
        aliases=(),
    )
    container = start_container(engine, dataclasses.replace(spec, ports={3306: 0}))
    try:
        wait_for_database(container)
        yield container
    finally:
        container.remove()


@pytest.fixture(scope="module")
def copy(engine: Engine, golden: Golden) -> Iterator[Container]:
    with started(engine, golden) as container:
        yield container


def connect(container: Container, user: str, password: str, **more: Any) -> Any:
    return MySQLdb.connect(
        host="127.0.0.1", port=container.port(3306), user=user, passwd=password, **more
    )


def ask(container: Container, statement: str, account: DatabaseAccount = ACCOUNTS[0]) -> Any:
    with (
        connect(container, account.name, account.password, database="world_1") as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
        return list(cursor.fetchall())


def as_root(container: Container, statement: str) -> str:
    """Run a statement as `sandbox sql` does: inside, as root, without a password."""
    client = 'exec "$(command -v mariadb || command -v mysql)" --skip-column-names -e "$0"'
    return container.must_run(["sh", "-c", client, statement])


def login_of(container: Container, production: Production) -> Login:
    """Let an account in that may sum up everything, as the tests of the load do."""
    # Objects of the test's production are root's, so the account is there, locked.
    as_root(container, "ALTER USER root@'%' IDENTIFIED BY 'r' ACCOUNT UNLOCK")
    as_root(container, "GRANT ALL ON *.* TO root@'%'")
    as_root(container, "SET GLOBAL time_zone = '+00:00'")  # in which the other side is asked
    return Login(production.login.family, production.login.version, container.port(3306), "r")


def test_every_row_of_the_bundle_is_in_the_copy(
    engine: Engine, production: Production, golden: Golden, settings_bundle: Bundle
) -> None:
    manifest = settings_bundle.manifest
    assert (golden.rows, golden.tables) == (manifest.rows, len(manifest.tables))
    assert (golden.database, golden.family) == ("world_1", manifest.source.family)
    with started(engine, golden) as container:
        expected = checksums(production.login, "world_1")
        assert len(expected) > 80
        assert checksums(login_of(container, production), "world_1") == expected


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda one: one.name)
def test_accounts_log_in_over_tcp_and_may_do_everything_in_the_database(
    copy: Container, account: DatabaseAccount
) -> None:
    assert ask(copy, "SELECT CURRENT_USER()", account) == [(f"{account.name}@%",)]
    ask(copy, f"CREATE TABLE by_{account.name} (id INT)", account)
    ask(copy, f"DROP TABLE by_{account.name}", account)


def test_accounts_reach_no_other_database(copy: Container) -> None:
    as_root(copy, "CREATE DATABASE worldX1")  # the underscore of world_1 is no wildcard
    with pytest.raises(MySQLdb.OperationalError, match="denied"):
        ask(copy, "CREATE TABLE worldX1.mine (id INT)")


@pytest.mark.parametrize("user", ["root", "sandbox_loader", "definer1", "ready"])
@pytest.mark.parametrize("password", ["", "r"])
def test_nobody_else_is_let_in_over_tcp(copy: Container, user: str, password: str) -> None:
    with pytest.raises(MySQLdb.OperationalError, match=r"denied|locked|not allowed|is not"):
        connect(copy, user, password)


def test_root_inside_needs_no_password_and_others_inside_are_no_root(copy: Container) -> None:
    assert as_root(copy, "SELECT CURRENT_USER()").strip() == "root@localhost"
    client = "exec $(command -v mariadb || command -v mysql) --user=root -e 'SELECT 1'"
    assert copy.run(["sh", "-c", client], user="nobody").exit_code != 0


def test_objects_run_with_the_rights_of_their_definers(copy: Container) -> None:
    (row,) = ask(
        copy,
        "SELECT DEFINER FROM information_schema.ROUTINES WHERE ROUTINE_NAME = 'count_ids'",
    )
    assert row == ("definer1@%",)
    (counted,) = ask(copy, "SELECT COUNT(*) FROM ids")
    with (
        connect(copy, ACCOUNTS[0].name, ACCOUNTS[0].password, database="world_1") as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("CALL count_ids(@n)")
        cursor.execute("SELECT @n")
        assert cursor.fetchone() == counted


def test_settings_are_those_of_production(copy: Container, golden: Golden) -> None:
    expected = VARIABLES | {
        "event_scheduler": "OFF",
        "innodb_buffer_pool_size": str(128 * 2**20),
        "system_time_zone": time.strftime("%Z", _berlin()),
    }
    if golden.family is Family.MARIADB:
        expected["tx_isolation"] = expected.pop("transaction_isolation")
    found = dict(ask(copy, "SHOW GLOBAL VARIABLES"))
    assert {name: found[name] for name in expected} == expected


def _berlin() -> time.struct_time:
    zone, os.environ["TZ"] = os.environ.get("TZ"), "Europe/Berlin"
    time.tzset()
    try:
        return time.localtime()
    finally:
        os.environ.pop("TZ")
        if zone is not None:
            os.environ["TZ"] = zone
        time.tzset()


def test_binary_log_holds_nothing_of_the_load(engine: Engine, golden: Golden) -> None:
    with started(engine, golden) as container:
        logs = [line.split("\t") for line in as_root(container, "SHOW BINARY LOGS").splitlines()]
        events = [
            line.split("\t")[2]
            for name, *_ in logs
            for line in as_root(container, f"SHOW BINLOG EVENTS IN '{name}'").splitlines()
        ]
    assert set(events) <= {
        *("Format_desc", "Gtid_list", "Binlog_checkpoint", "Rotate", "Stop", "Previous_gtids")
    }


def test_what_is_unlike_production_is_told(golden: Golden) -> None:
    told = "\n".join(golden.differs)
    assert "event_scheduler: ON in production, OFF here" in told
    assert "innodb_buffer_pool_size: 65536 MiB in production, 128 MiB here" in told
    assert "system_time_zone: taken to be" not in told  # time_zone names its own
    assert "production's grants are not captured" in told
    assert len(golden.differs) == 3, golden.differs


def test_setting_that_the_server_refuses_or_does_not_know_is_told_and_does_no_harm(
    engine: Engine, production: Production, tmp_path: Path
) -> None:
    variables = {
        # As MySQL 5.7 has it, of which one member is known to neither server of today.
        "sql_mode": "STRICT_TRANS_TABLES,NO_SUCH_MODE",
        "collation_server": "utf8mb4_of_the_future_ci",
        "innodb_large_prefix": "ON",
        "secure_auth": "ON",
        "innodb_table_locks": "OFF",
        "query_cache_type": "DEMAND",
        "wait_timeout": "99999999999",
    }
    bundle = production.with_settings(tmp_path, variables)
    golden = have(engine, bundle, production.image)
    told = "\n".join(golden.differs)
    assert "sql_mode: unlike production's by -NO_SUCH_MODE" in told
    assert "utf8mb4_of_the_future_ci in production" in told
    assert "wait_timeout:" in told
    assert ("query_cache_type: this version has no such variable" in told) == (
        production.role == "mysql"
    )
    with started(engine, golden) as container:
        ((mode, locks),) = ask(container, "SELECT @@GLOBAL.sql_mode, @@GLOBAL.innodb_table_locks")
        assert (mode, locks) == ("STRICT_TRANS_TABLES", 0)


def test_bundle_without_settings_and_of_another_version_says_so(
    engine: Engine, production: Production, tmp_path: Path
) -> None:
    version = {"mariadb": "10.11.6-MariaDB-log", "mysql": "8.0.36"}[production.role]
    bundle = production.with_settings(tmp_path, {}, version)
    golden = have(engine, bundle, production.image)
    here = golden.version.partition("-")[0]
    assert f"{production.role} {here} (production {version.partition('-')[0]})" in golden.differs
    assert any("the bundle holds none" in one for one in golden.differs)


def test_second_call_reuses_and_tells_the_same(
    engine: Engine, production: Production, golden: Golden, settings_bundle: Bundle
) -> None:
    again = have(engine, settings_bundle, production.image)
    assert not again.new
    assert again == dataclasses.replace(golden, new=False)
    assert read_golden(engine, golden.image) == again
    assert read_golden(engine, production.image) is None


def test_other_accounts_make_another_image(
    engine: Engine, production: Production, golden: Golden, settings_bundle: Bundle
) -> None:
    changed = (dataclasses.replace(ACCOUNTS[0], password="another"),)  # noqa: S106 - of a test
    reference = golden_reference(engine, settings_bundle, production.image, changed)
    assert reference != golden.image


def test_image_tells_no_password_and_keeps_nothing_of_the_loader(
    engine: Engine, golden: Golden, copy: Container
) -> None:
    image = engine.client.images.get(golden.image)
    config = json.dumps(image.attrs)
    assert not any(one.password in config for one in ACCOUNTS)
    assert not image.labels.get(LABEL)  # none at all where an earlier run made it
    assert GOLDEN in image.labels
    assert left_over(engine) == []
    kept = copy.must_run(["sh", "-c", "ls -A /run/mysqld /run /srv /root /tmp /etc/mysql"])
    assert "password" not in kept
    assert ".my.cnf" not in kept


def test_reset_gives_the_first_state_back(engine: Engine, golden: Golden) -> None:
    with started(engine, golden) as container:
        (before,) = ask(container, "SELECT COUNT(*) FROM ids")
        ask(container, "DROP TABLE numbers")
        ask(container, "INSERT INTO ids (v) VALUES (1)")
    with started(engine, golden) as container:
        assert ask(container, "SELECT COUNT(*) FROM ids") == [before]
        assert ask(container, "SELECT COUNT(*) FROM numbers") != [(0,)]


def test_corrupt_bundle_leaves_nothing(
    engine: Engine, production: Production, tmp_path: Path
) -> None:
    bundle = production.with_settings(tmp_path, {"wait_timeout": "101"})
    part = next(path for path in sorted(bundle.root.rglob("*.zst")) if path.stat().st_size > 60)
    content = bytearray(part.read_bytes())
    content[40] ^= 1
    part.write_bytes(content)
    with pytest.raises(BundleInvalid, match="damaged"):
        have(engine, bundle, production.image)
    assert not is_there(engine, bundle, production.image)
    assert left_over(engine) == []


@pytest.mark.parametrize("production", SERVERS[:1], ids=[SERVERS[0][0]], indirect=True)
def test_interruption_leaves_nothing_and_the_next_call_works(
    engine: Engine, production: Production, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = production.with_settings(tmp_path, {"wait_timeout": "102"})

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(golden_making, "load_bundle", interrupt)
        with pytest.raises(KeyboardInterrupt):
            have(engine, bundle, production.image)
    assert not is_there(engine, bundle, production.image)
    assert left_over(engine) == []
    assert have(engine, bundle, production.image).new


_CHILD = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
import test_golden
from sandbox.bundle.reader import open_bundle
from sandbox.replica.engine import connect_engine
with connect_engine(timeout=600) as engine:
    print(test_golden.have(engine, open_bundle(Path(sys.argv[1])), sys.argv[2]).new, flush=True)
"""


def child(bundle: Bundle, image: str) -> subprocess.Popen[str]:
    """Have a golden database in a process of its own."""
    folders = [str(_ROOT / one) for one in ("tests", "tests/integration", ".")]
    return subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(bundle.root), image, *folders],
        stdout=subprocess.PIPE,
        text=True,
    )


def half_way(engine: Engine) -> bool:
    """Tell whether a loader is loading by now: its server answers."""
    for name in left_over(engine):
        container = find_container(engine, name)
        if container is not None and container.is_running():
            return container.run(["ready"]).exit_code == 0
    return False


@pytest.mark.heavy
def test_killed_load_is_taken_for_nothing_and_the_next_call_works(
    engine: Engine, production: Production, tmp_path: Path
) -> None:
    bundle = production.with_settings(tmp_path, {"wait_timeout": "103"})
    with child(bundle, production.image) as process:
        eventually(lambda: half_way(engine))
        process.send_signal(signal.SIGKILL)
    assert left_over(engine) != []
    assert not is_there(engine, bundle, production.image)
    golden = have(engine, bundle, production.image)
    assert golden.new
    assert left_over(engine) == []
    with started(engine, golden) as container:
        assert ask(container, "SELECT COUNT(*) FROM ids") != [(0,)]


@pytest.mark.parametrize("production", SERVERS[:1], ids=[SERVERS[0][0]], indirect=True)
@pytest.mark.heavy
def test_two_at_once_load_once(engine: Engine, production: Production, tmp_path: Path) -> None:
    bundle = production.with_settings(tmp_path, {"wait_timeout": "104"})
    with child(bundle, production.image) as process:
        eventually(lambda: half_way(engine))
        golden = have(engine, bundle, production.image)
        said, _ = process.communicate(timeout=120)
    assert said.strip() == "True"
    assert not golden.new
    assert left_over(engine) == []


@pytest.mark.parametrize("production", SERVERS[:1], ids=[SERVERS[0][0]], indirect=True)
def test_server_that_does_not_start_is_told_with_its_last_lines(
    engine: Engine, production: Production, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = production.with_settings(tmp_path, {"wait_timeout": "105"})
    broken = b"[mysqld]\ndatadir = /srv/database\nno_such_setting = 1\n"
    monkeypatch.setattr(golden_making, "settings_file", lambda _: broken)
    with pytest.raises(StackError, match="the container ended") as caught:
        have(engine, bundle, production.image)
    assert any("no_such_setting" in line or "Aborting" in line for line in caught.value.findings)
    assert left_over(engine) == []


def test_database_that_does_not_answer_is_told(engine: Engine, golden: Golden) -> None:
    with started(engine, golden) as container:
        container.put([File(golden_making.FIRST_QUERY, b"SELECT * FROM world_1.no_such_table;")])
        with pytest.raises(StackError, match="did not come within 1 s") as caught:
            wait_for_database(container, seconds=1)
        assert any("no_such_table" in line for line in caught.value.findings)
        stopper = threading.Timer(0.3, container.stop)
        stopper.start()
        with pytest.raises(StackError, match="the container ended"):
            wait_for_database(container)
        stopper.join()
