"""A sandbox's life after `up`: list, status, logs, sql, shell, open, reset, down.

The sandbox is made by hand of the parts that `up` makes it of, so that nothing but its life is
tested here.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import tarfile
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from commands import Ended
from sandbox.errors import SandboxMissing, StackBusy, StackError, UsageError
from sandbox.model import Family
from sandbox.replica.containers import (
    Container,
    ContainerSpec,
    File,
    create_network,
    find_container,
    labelled_containers,
    start_container,
)
from sandbox.replica.engine import Engine
from sandbox.replica.gateway import open_doors
from sandbox.replica.golden import GOLDEN, read_golden
from sandbox.replica.golden_making import FIRST_QUERY
from sandbox.replica.labels import CLONE, SANDBOX, labels_of, object_name
from sandbox.replica.life import look_at, look_over, page_of
from sandbox.replica.life_down import choose_belongings, remove_sandbox, remove_sandboxes
from sandbox.replica.life_logs import follow_logs, read_logs
from sandbox.replica.life_reset import reset_sandbox
from sandbox.replica.life_sql import Answered, ResultSet, ask_database
from sandbox.replica.locks import hold, sandbox_lock
from sandbox.replica.owned_images import own_image
from sandbox.replica.server_files import SETUP
from sandbox.replica.stack import RunningServer, StackPlan, start_stack
from sandbox.replica.state import (
    STATE_FILE,
    DatabaseState,
    Difference,
    LogState,
    SandboxState,
    ServerState,
    find_sandbox,
    look_for,
)
from servers import ImageOf, eventually

pytestmark = pytest.mark.docker

RUN = """
import sys
from sandbox.cli import app, commands, down, list_sandboxes, logs
from sandbox.cli import open_page, reset, shell, sql, status
for name, function, options in (
    ("down", down.down, {}), ("list", list_sandboxes.list_sandboxes, {}), ("logs", logs.logs, {}),
    ("open", open_page.open_page, {}), ("reset", reset.reset, {}), ("sql", sql.sql, {}),
    ("shell", shell.shell, {"cls": shell.ShellCommand}), ("status", status.status, {}),
):
    known = commands.app.registered_commands
    commands.app.registered_commands = [one for one in known if one.name != name]
    commands.app.command(name, **options)(function)
app.main()
"""
START = "exec /usr/local/bin/start\n"
USER, PASSWORD = "developer", "it's \\ a $1"
APP, PHP, ERRORS = "/srv/app/logs/app.log", "/var/log/php/error.log", "/var/log/nginx/error.log"


def sandbox(*arguments: str, given: str | None = None, timeout: float = 120) -> Ended:
    """Run a command to its end, with something on its standard input or nothing."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        input=given or "",
        env={one: text for one, text in os.environ.items() if one not in {"DISPLAY", "BROWSER"}},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def golden(engine: Engine, image_of: ImageOf) -> Iterator[str]:
    """Give an image of a database with three orders in it, as a golden database is."""
    reference = f"prod-sandbox/golden:test-{uuid.uuid4().hex[:8]}"
    quoted = PASSWORD.replace("\\", "\\\\").replace("'", "''")
    environment = {"MARIADB_ROOT_PASSWORD": "r", "MARIADB_DATABASE": "shop"}
    spec = ContainerSpec(
        f"test-golden-{uuid.uuid4().hex[:8]}",
        image_of("mariadb"),
        "bridge",
        environment=environment,
    )
    container = start_container(engine, spec)
    try:
        eventually(lambda: container.run(["ready"]).exit_code == 0)
        statements = (
            "CREATE TABLE orders (id INT PRIMARY KEY, note VARCHAR(40), raw BLOB);"
            "INSERT INTO orders VALUES (1, 'a', NULL), (2, NULL, 0xff41), (3, '<&>', '');"
            f"CREATE USER {USER}@'%' IDENTIFIED BY '{quoted}'; GRANT ALL ON shop.* TO {USER}@'%';"
            "ALTER USER root@localhost IDENTIFIED VIA unix_socket"
        )
        container.must_run(["mariadb", "--password=r", "--execute", statements, "shop"])
        container.put([File(FIRST_QUERY, b"SELECT 1 FROM shop.orders LIMIT 1;\n")])
        container.stop()
        facts = {
            "family": "mariadb", "version": "10.11", "database": "shop", "rows": 3, "tables": 1,
            "differs": [],
        }  # fmt: skip
        label = base64.urlsafe_b64encode(json.dumps(facts).encode()).decode()
        container.commit(reference, {GOLDEN: label})
        yield reference
    finally:
        container.remove()
        engine.remove_image(reference)


def archive_of(folder: Path, path: str, text: str) -> Path:
    """Give an archive of one file, as a server is made of two of them."""
    place = folder / f"{Path(path).name}.tar"
    with tarfile.open(place, "w") as archive:
        entry = tarfile.TarInfo(path.lstrip("/"))
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text.encode()))
    return place


@contextmanager
def made(
    engine: Engine, image_of: ImageOf, image: str, name: str, folder: Path
) -> Iterator[SandboxState]:
    """Make a sandbox, and remove what is left of it."""
    database = read_golden(engine, image)
    assert database is not None
    php, sink = image_of("php"), image_of("sink")
    settings, code = archive_of(folder, SETUP, START), archive_of(folder, "VERSION", "1\n")
    servers = tuple(
        RunningServer(one, php, 80, "/srv/app", settings, code, code) for one in ("web1", "web2")
    )
    try:
        stack = start_stack(engine, StackPlan(name, database, servers, sink))
        doors = open_doors(engine, stack, image_of("gateway"), 18081, fixed=False)
        state = SandboxState(
            name=name,
            created=datetime.now(UTC),
            tool="0",
            bundle="/bundles/shop.bundle",
            manifest_sha256="0",
            servers=tuple(
                ServerState(
                    name=one.name, image=php, release="/srv/app", code="main",
                    logs=(
                        LogState(path=APP, kind="application"), LogState(path=PHP, kind="php"),
                        LogState(path=ERRORS, kind="nginx-error"),
                    ),
                )
                for one in servers
            ),
            database=DatabaseState(
                image=image, name="shop", family=Family.MARIADB, version="10.11", rows=3, tables=1,
                user=USER, password=PASSWORD,
            ),
            sink_image=sink,
            gateway_image=image_of("gateway"),
            ports=doors.ports,
            differences=(
                Difference(where="web1", what="php", production="8.2.1", here="8.2.9", why="near"),
            ),
        )  # fmt: skip
        doors.gateway.put([File(STATE_FILE, state.to_json())])
        yield state
    finally:
        remove_sandbox(engine, name)


@pytest.fixture(scope="module")
def shop(
    engine: Engine, image_of: ImageOf, golden: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SandboxState]:
    folder = tmp_path_factory.mktemp("servers")
    with made(engine, image_of, golden, f"life-{uuid.uuid4().hex[:6]}", folder) as state:
        yield state


def part(engine: Engine, state: SandboxState, name: str) -> Container:
    container = find_container(engine, object_name(state.name, name))
    assert container is not None
    return container


def call(state: SandboxState, path: str, method: str = "GET") -> Any:
    with closing(http.client.HTTPConnection("127.0.0.1", state.ports["sink"], timeout=10)) as sink:
        sink.request(method, path)
        text = sink.getresponse().read()
    return json.loads(text) if text else None


class TestStatus:
    def test_all_up(self, engine: Engine, shop: SandboxState) -> None:
        status = look_at(engine, find_sandbox(engine, shop.name))
        assert [(one.name, one.is_up) for one in status.parts] == [
            ("web1", True), ("web2", True), ("database", True), ("sink", True), ("gateway", True),
        ]  # fmt: skip
        said = {one.name: one.said.rpartition(",")[0] for one in status.parts}
        assert (said["web1"], said["database"]) == ("200", "1 table")
        assert said["sink"] == "0 mails, 0 calls arrived"

    def test_command_tells_addresses_and_login(self, shop: SandboxState) -> None:
        done = sandbox("status", "--name", shop.name)
        assert (done.exit_code, done.stderr) == (0, "")
        assert shop.url("web1") in done.stdout
        assert f"mysql://{USER}@127.0.0.1:{shop.ports['database']}/shop" in done.stdout
        assert PASSWORD in done.stdout
        assert sandbox("status", "--name", shop.name, "--json").data["database"]["user"] == USER

    def test_fidelity_tells_what_differs(self, shop: SandboxState) -> None:
        done = sandbox("status", "--name", shop.name, "--fidelity")
        assert (done.exit_code, done.stderr) == (0, "")
        assert "web1   php   8.2.1       8.2.9  near" in done.stdout

    def test_tells_which_part_does_not_run_and_what_it_said(
        self, engine: Engine, shop: SandboxState
    ) -> None:
        server = part(engine, shop, "web2")
        server.must_run(["sh", "-c", "echo the last words > /proc/1/fd/1"])
        server.stop()
        try:
            done = sandbox("status", "--name", shop.name)
            overview = next(one for one in look_over(engine) if one.name == shop.name)
        finally:
            server.start()
        assert done.exit_code == 3
        assert "exited (0)" in done.stdout
        assert "web2: the last words" in done.stdout
        assert f"docker start {server.name}" in done.stdout
        assert (overview.how, overview.down) == ("partly", ("web2",))

    def test_server_whose_php_is_stuck_is_down(self, engine: Engine, shop: SandboxState) -> None:
        server = part(engine, shop, "web2")
        eventually(
            lambda: (
                {one.is_up for one in look_at(engine, find_sandbox(engine, shop.name)).parts}
                == {True}
            )
        )
        server.must_run(["sh", "-c", "rm /run/php/php-fpm.sock"])
        try:
            status = look_at(engine, find_sandbox(engine, shop.name))
        finally:
            server.stop()
            server.start()
        assert [(one.name, one.state, one.said) for one in status.down] == [
            ("web2", "running", "502: php-fpm does not answer")
        ]

    @pytest.mark.heavy
    def test_unknown_and_unfinished_sandboxes_are_told_apart(
        self, engine: Engine, image_of: ImageOf
    ) -> None:
        name = f"half-{uuid.uuid4().hex[:6]}"
        missing = sandbox("status", "--name", name)
        assert (missing.exit_code, name in missing.stderr) == (14, True)
        with half_made(engine, image_of, name):
            assert "never finished" in sandbox("status", "--name", name).stderr
            assert next(one.how for one in look_over(engine) if one.name == name) == (
                "never finished"
            )
            with hold(sandbox_lock(name), "busy"):
                assert next(one.how for one in look_over(engine) if one.name == name) == (
                    "being made"
                )


@contextmanager
def half_made(engine: Engine, image_of: ImageOf, name: str) -> Iterator[None]:
    """Leave what an `up` leaves that was killed: a network, a container, an image, a clone."""
    network = object_name(name, "inside")
    create_network(engine, network, labels_of(name, "inside"))
    sink = image_of("sink")
    for clone in ("", "c1"):
        labels = labels_of(name, "sink", clone=clone)
        spec = ContainerSpec(object_name(name, "sink", clone), sink, network, labels=labels)
        container = start_container(engine, spec)
    # One of its own: an image that no sandbox's name is left on goes with all its names.
    image = f"prod-sandbox/golden:{name}"
    container.commit(image, {"prod-sandbox.test": name})
    own_image(engine, name, image)
    try:
        yield
    finally:
        remove_sandbox(engine, name)


class TestSql:
    def test_rows_are_told_from_each_other_and_null_from_text(
        self, engine: Engine, shop: SandboxState
    ) -> None:
        found = find_sandbox(engine, shop.name)
        answered = ask_database(engine, found, statements="SELECT * FROM orders; SELECT 'NULL' n")
        assert answered == Answered(
            (
                ResultSet(
                    ("id", "note", "raw"),
                    (("1", "a", None), ("2", None, "\\xffA"), ("3", "<&>", "")),
                ),
                ResultSet(("n",), (("NULL",),)),
            )
        )

    def test_command_shows_a_table_and_json(self, shop: SandboxState) -> None:
        query = "SELECT id, note FROM orders WHERE id < 3"
        done = sandbox("sql", query, "--name", shop.name)
        assert (done.exit_code, done.stderr) == (0, "")
        assert done.stdout.split() == ["id", "note", "1", "a", "2", "NULL", "2", "rows"]
        as_json = sandbox("sql", query, "--name", shop.name, "--json")
        assert as_json.data == {
            "results": [{"columns": ["id", "note"], "rows": [["1", "a"], ["2", None]]}],
            "error": None,
        }

    def test_refused_statement_is_shown_as_the_server_says_it(self, shop: SandboxState) -> None:
        done = sandbox("sql", "SELECT 7; SELECT * FROM nowhere; SELECT 8", "--name", shop.name)
        assert done.exit_code == 3
        assert "ERROR 1146 (42S02) at line 1: Table 'shop.nowhere' doesn't exist" in done.stdout
        assert ("7" in done.stdout.split(), "8" in done.stdout.split()) == (True, False)

    def test_statements_come_through_a_pipe(self, shop: SandboxState) -> None:
        script = "".join(f"-- {'x' * 1000}\nSELECT {n} AS n;\n" for n in range(300))
        done = sandbox("sql", "--name", shop.name, "--json", given=script)
        assert [one["rows"] for one in done.data["results"]] == [[[str(n)]] for n in range(300)]

    def test_neither_statement_nor_password_is_in_a_process_list(
        self, engine: Engine, shop: SandboxState
    ) -> None:
        command = [sys.executable, "-c", RUN, "sql", "--name", shop.name]
        database = part(engine, shop, "database")
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin is not None
            process.stdin.write(b"SELECT SLEEP(4);\n")
            process.stdin.close()
            lists = "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"
            eventually(lambda: f"--user={USER}" in database.must_run(["sh", "-c", lists]))
            listed = database.must_run(["sh", "-c", lists])
        assert "SLEEP" not in listed
        assert PASSWORD not in listed

    def test_client_is_opened_at_a_terminal(self, shop: SandboxState) -> None:
        with at_terminal("sql", "--name", shop.name) as terminal:
            terminal.shows(rb"shop\]> ")
            os.write(terminal.master, b"SELECT 6 * 7;\r")
            terminal.shows(rb"\| +42 \|")
            os.write(terminal.master, b"exit\r")
            assert terminal.process.wait(20) == 0


class Terminal:
    """A process at a terminal, and all that it showed."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process, self.master = process, master
        self._shown = b""
        os.set_blocking(master, False)

    def seen(self) -> bytes:
        try:
            while chunk := os.read(self.master, 65536):
                self._shown += chunk
        except OSError:
            pass
        return self._shown

    def shows(self, pattern: bytes, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while re.search(pattern, self.seen()) is None:
            assert time.monotonic() < deadline, (self._shown, self.process.poll())
            time.sleep(0.05)

    def has_ended(self) -> bool:
        self.seen()  # a terminal that nobody reads from fills up
        return self.process.poll() is not None


@contextmanager
def at_terminal(*arguments: str) -> Iterator[Terminal]:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *arguments],
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)


class TestShell:
    def test_runs_as_the_application_in_its_folder(self, shop: SandboxState) -> None:
        done = sandbox(
            "shell", "--name", shop.name, "--", "sh", "-c", "id -un; pwd; hostname; exit 130"
        )
        assert (done.exit_code, done.stderr) == (130, "")
        assert done.stdout.split() == ["www-data", "/srv/app", "web1"]

    def test_runs_as_root_elsewhere_and_where_asked(self, shop: SandboxState) -> None:
        words = ("--name", shop.name, "--", "sh", "-c", "id -un; hostname; cat")
        assert sandbox("shell", "web2", "--root", *words, given="x").stdout == "root\nweb2\nx"
        assert sandbox("shell", "sink", *words).stdout.startswith("root\n")

    def test_shell_at_a_terminal(self, shop: SandboxState) -> None:
        with at_terminal("shell", "--name", shop.name) as terminal:
            terminal.shows(rb"www-data@web1:/srv/app\$ ")
            os.write(terminal.master, b"exit 4\r")
            assert terminal.process.wait(20) == 4

    def test_a_part_that_is_none_is_wrong_usage(self, shop: SandboxState) -> None:
        done = sandbox("shell", "web3", "--name", shop.name)
        assert done.exit_code == 2
        assert "There are: database, gateway, sink, web1, web2." in done.stderr
        assert sandbox("shell", "--json", "--name", shop.name).exit_code == 2


class TestOpen:
    def test_prints_where(self, engine: Engine, shop: SandboxState) -> None:
        assert sandbox("open", "--name", shop.name).stdout == f"{shop.url('web1')}\n"
        assert sandbox("open", "sink", "--name", shop.name, "--json").data == {
            "url": shop.url("sink"), "opened": False,
        }  # fmt: skip
        with pytest.raises(UsageError):
            page_of(find_sandbox(engine, shop.name), "database")


class TestLogs:
    def write(self, engine: Engine, shop: SandboxState, file: str, text: str) -> None:
        command = ["sh", "-c", 'mkdir -p "${1%/*}"; printf "%s\\n" "$2" >> "$1"', "sh", file, text]
        part(engine, shop, "web1").must_run(command)

    def test_files_are_in_the_order_of_their_times(
        self, engine: Engine, shop: SandboxState
    ) -> None:
        stamp = "2020-01-01T00:00:0"
        self.write(engine, shop, APP, f"{stamp}1+00:00 ERR (3): first\n#0 trace\n{stamp}4Z third")
        self.write(engine, shop, PHP, "[01-Jan-2020 01:00:02 Europe/Berlin] PHP Warning:  second")
        lines = read_logs(engine, find_sandbox(engine, shop.name), "web1")
        written = [(one.file, one.text[-7:]) for one in lines if one.file]
        assert written[:4] == [
            ("app.log", ": first"), ("app.log", "0 trace"), ("php/error.log", " second"),
            ("app.log", "Z third"),
        ]  # fmt: skip
        assert {one.part for one in lines} == {"web1"}
        done = sandbox("logs", "web1", "--name", shop.name, "--tail", "1")
        assert "web1 app.log       | 2020-01-01T00:00:04Z third\n" in done.stdout
        assert "first" not in done.stdout
        as_json = sandbox("logs", "--name", shop.name, "--json").data["lines"]
        assert {one["part"] for one in as_json} >= {"web1", "web2", "database"}

    def test_files_of_a_server_that_ended_are_read(
        self, engine: Engine, shop: SandboxState
    ) -> None:
        self.write(engine, shop, APP, "2020-01-01T00:00:09Z the end")
        server = part(engine, shop, "web1")
        server.stop()
        try:
            lines = read_logs(engine, find_sandbox(engine, shop.name), "web1", tail=1)
        finally:
            server.start()
        assert "2020-01-01T00:00:09Z the end" in [one.text for one in lines]

    def test_followed_lines_come_as_they_arrive_and_survive_a_reset(
        self, engine: Engine, shop: SandboxState
    ) -> None:
        command = [sys.executable, "-u", "-c", RUN, "logs", "-f", "-n", "0", "--name", shop.name]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                output = process.stdout.fileno()
                os.set_blocking(output, False)
                seen: list[str] = []

                def sees(text: str) -> bool:
                    with contextlib.suppress(BlockingIOError):
                        seen.append(os.read(output, 65536).decode())
                    return re.search(text, "".join(seen)) is not None

                def written_and_seen(text: str) -> bool:
                    self.write(engine, shop, APP, text)  # it may not follow yet
                    return sees(rf"web1 app.log +\| {text}")

                eventually(lambda: written_and_seen("is it there"))
                self.write(engine, shop, APP, "while it runs")
                eventually(lambda: sees(r"web1 app.log +\| while it runs"))
                call(shop, "/api/mail")
                reset_sandbox(engine, shop.name)
                eventually(lambda: sees("ready for connections"))
                assert "".join(seen).count("while it runs") == 1
                process.send_signal(signal.SIGINT)
                assert process.wait(20) == 130
            finally:
                process.kill()
        server = part(engine, shop, "web1")
        tails = "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c '[t]ail -q' || true"
        eventually(lambda: server.run(["sh", "-c", tails]).output.strip() == "0", 10)

    def test_following_can_be_given_up(self, engine: Engine, shop: SandboxState) -> None:
        lines = follow_logs(engine, find_sandbox(engine, shop.name), "web2", 5)
        next(lines)
        began = time.monotonic()
        lines.close()
        assert time.monotonic() - began < 3


class TestReset:
    def test_gives_the_data_back_and_empties_the_sink(
        self, engine: Engine, shop: SandboxState
    ) -> None:
        found = find_sandbox(engine, shop.name)
        ask_database(engine, found, statements="DELETE FROM orders; CREATE TABLE mine (id INT)")
        server = part(engine, shop, "web1")
        server.must_run(["curl", "-s", "http://payment.example/x"])
        assert len(call(shop, "/api/calls")) == 1
        done = sandbox("reset", "--name", shop.name, "--json")
        assert (done.exit_code, done.data["sink_cleared"]) == (0, True)
        assert call(shop, "/api/calls") == []
        found = find_sandbox(engine, shop.name)
        answered = ask_database(
            engine, found, statements="SELECT COUNT(*) FROM orders; SHOW TABLES"
        )
        assert [one.rows for one in answered.results] == [(("3",),), (("orders",),)]
        # The application finds the new one by its name, as it found the old one.
        assert look_at(engine, found).down == ()

    def test_can_be_run_again_when_the_new_database_does_not_start(
        self, engine: Engine, shop: SandboxState, golden: str
    ) -> None:
        away = f"{golden}-away"
        engine.tag(golden, away)
        engine.client.images.remove(golden)
        try:
            with pytest.raises(StackError) as raised:
                reset_sandbox(engine, shop.name)
        finally:
            engine.tag(away, golden)
            engine.client.images.remove(away)
        assert f"sandbox reset --name {shop.name}" in raised.value.hint
        assert reset_sandbox(engine, shop.name).seconds > 0

    def test_leaves_a_sandbox_alone_that_another_command_works_on(
        self, engine: Engine, shop: SandboxState
    ) -> None:
        before = part(engine, shop, "database").id
        with hold(sandbox_lock(shop.name), "busy"), pytest.raises(StackBusy):
            reset_sandbox(engine, shop.name)
        assert part(engine, shop, "database").id == before


class TestDown:
    def test_removes_all_of_a_sandbox_and_nothing_of_another(
        self,
        engine: Engine,
        image_of: ImageOf,
        golden: str,
        shop: SandboxState,
        tmp_path: Path,
    ) -> None:
        name = f"gone-{uuid.uuid4().hex[:6]}"
        with made(engine, image_of, golden, name, tmp_path):
            own_image(engine, name, golden)
            own_image(engine, shop.name, golden)
            planned = sandbox("down", "--name", name, "--dry-run", "--json").data["would_remove"]
            assert (len(planned[0]["containers"]), len(planned[0]["networks"])) == (5, 2)
            refused = sandbox("down", "--name", name)
            assert (refused.exit_code, "--yes" in refused.stderr) == (2, True)
            assert look_for(engine, name) is not None
            done = sandbox("down", "--name", name, "--yes")
            assert (done.exit_code, done.stderr) == (0, "")
            assert f"{name} removed 5 containers, 2 networks" in done.stdout
            assert left_of(engine, name) == 0
            assert sandbox("down", "--name", name, "--yes").exit_code == 14
        assert look_at(engine, find_sandbox(engine, shop.name)).down == ()
        assert engine.image_id(golden) is not None

    def test_removes_what_was_never_finished_with_its_clones(
        self, engine: Engine, image_of: ImageOf
    ) -> None:
        name = f"half-{uuid.uuid4().hex[:6]}"
        with half_made(engine, image_of, name):
            removed = remove_sandbox(engine, name)
        assert (len(removed.containers), len(removed.networks)) == (2, 1)
        assert left_of(engine, name) == 0
        with pytest.raises(SandboxMissing):
            choose_belongings(engine, name)

    def test_removes_a_network_that_is_all_that_is_left(
        self, engine: Engine, image_of: ImageOf
    ) -> None:
        name = f"half-{uuid.uuid4().hex[:6]}"
        with half_made(engine, image_of, name):
            for container in labelled_containers(engine, f"{SANDBOX}={name}"):
                container.remove()
            (found,) = choose_belongings(engine, name)
            assert (found.containers, len(found.networks)) == ((), 1)
            remove_sandbox(engine, name)
            assert left_of(engine, name) == 0

    def test_finds_an_image_that_is_all_that_is_left(
        self, engine: Engine, image_of: ImageOf
    ) -> None:
        name = f"half-{uuid.uuid4().hex[:6]}"
        with half_made(engine, image_of, name):
            for container in labelled_containers(engine, f"{SANDBOX}={name}"):
                container.remove()
            engine.client.networks.get(object_name(name, "inside")).remove()
            left = [one for one in choose_belongings(engine, everything=True) if one.name == name]
            assert [one.images for one in left] == [(f"prod-sandbox/of-{name}:golden-{name}",)]
            assert remove_sandbox(engine, name).images == left[0].images
            assert engine.image_id(f"prod-sandbox/golden:{name}") is None

    def test_asks_at_a_terminal(self, engine: Engine, image_of: ImageOf) -> None:
        name = f"half-{uuid.uuid4().hex[:6]}"
        with half_made(engine, image_of, name):
            for answer, exit_code, left in ((b"n\r", 3, True), (b"y\r", 0, False)):
                with at_terminal("down", "--name", name) as terminal:
                    terminal.shows(rb"\[y/N\]")
                    os.write(terminal.master, answer)
                    eventually(terminal.has_ended)
                    assert terminal.process.returncode == exit_code
                assert (left_of(engine, name) > 0) is left

    def test_leaves_a_sandbox_alone_that_another_command_works_on(
        self, engine: Engine, image_of: ImageOf
    ) -> None:
        name = f"half-{uuid.uuid4().hex[:6]}"
        other = f"half-{uuid.uuid4().hex[:6]}"
        with half_made(engine, image_of, name), half_made(engine, image_of, other):
            with hold(sandbox_lock(name), "busy"):
                with pytest.raises(StackBusy):
                    remove_sandboxes(engine, [name])
                removal = remove_sandboxes(engine, [name, other])
            assert (removal.busy, [one.name for one in removal.removed]) == ((name,), [other])
            assert len(labelled_containers(engine, f"{SANDBOX}={name}")) == 2


def left_of(engine: Engine, name: str) -> int:
    networks = engine.client.networks.list(filters={"label": f"{SANDBOX}={name}"})
    images = engine.client.images.list(name=f"prod-sandbox/of-{name}")
    return len(labelled_containers(engine, f"{SANDBOX}={name}")) + len(networks) + len(images)


def test_list_shows_sandboxes_with_their_clones(
    engine: Engine, image_of: ImageOf, shop: SandboxState
) -> None:
    labels = labels_of(shop.name, "sink", clone="abc")
    name = object_name(shop.name, "sink", "abc")
    clone = start_container(engine, ContainerSpec(name, image_of("sink"), "bridge", labels=labels))
    try:
        assert CLONE in clone.labels
        listed = sandbox("list", "--json").data["sandboxes"]
        (one,) = (one for one in listed if one["name"] == shop.name)
        assert (one["state"], one["clones"]) == ("running", ["abc"])
        assert one["urls"]["web1"] == shop.url("web1")
        text = sandbox("list").stdout
        assert shop.name in text
    finally:
        clone.remove()
