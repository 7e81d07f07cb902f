"""An export waits while production is busy, and ends before it is hurt; nothing is left then."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import MySQLdb
import pytest

from database_servers import DatabaseServer
from sandbox.bundle.reader import open_bundle
from sandbox.database.session import limits_of
from sandbox.errors import SnapshotTooOld, SourceOverloaded
from sandbox.export.pipeline import Exported, run_export
from sandbox.export.request import ExportRequest
from sandbox.export.watch import LoadLimits
from sandbox.model import Stage
from sandbox.subset.request import SampleRequest, Share
from servers import Silent, eventually

pytestmark = [
    pytest.mark.docker,
    pytest.mark.parametrize(
        "database_server",
        [("mariadb", "10.11"), ("mysql", "9.7")],
        ids=["mariadb", "mysql"],
        indirect=True,
    ),
]

ROWS = 3000


@dataclass
class Hearing(Silent):
    """Progress that remembers warnings."""

    said: list[str] = field(default_factory=list)

    def warn(self, message: str) -> None:
        self.said.append(message)


@pytest.fixture
def request_(database_server: DatabaseServer, tmp_path: Path) -> ExportRequest:
    """Give an export of all rows of a small shop, by an account that may only read."""
    database = database_server.make_database()
    database_server.run(
        "CREATE TABLE people (id INT PRIMARY KEY, born INT)",
        "CREATE TABLE visits (id INT PRIMARY KEY, person_id INT NOT NULL, "
        "FOREIGN KEY (person_id) REFERENCES people (id))",
        f"INSERT INTO people VALUES {','.join(f'({n}, {n})' for n in range(ROWS))}",
        f"INSERT INTO visits VALUES {','.join(f'({n}, {n})' for n in range(ROWS))}",
        database=database,
    )
    account = database_server.make_account(f"SELECT ON {database}.*")
    return ExportRequest(
        endpoint=database_server.endpoint(database, account),
        out=tmp_path / "bundle",
        sample=SampleRequest(Share(0.5), small=0),
        key=b"k" * 32,
        unclassified="shape",
        load=LoadLimits(threads=12),
    )


@contextmanager
def busy(
    server: DatabaseServer, sessions: int, *, at_once: bool = True
) -> Iterator[threading.Event]:
    """Have sessions run statements inside while the event is not set."""
    calm, over = threading.Event(), threading.Event()
    if not at_once:
        calm.set()
    connections = [server.connect() for _ in range(sessions)]

    def work(connection: MySQLdb.Connection) -> None:
        while not over.is_set():
            if calm.is_set():
                over.wait(0.02)
                continue
            connection.query(b"SELECT SLEEP(0.3)")
            connection.store_result()

    with ExitStack() as undo:
        for connection in connections:
            undo.callback(connection.close)
            thread = threading.Thread(target=work, args=(connection,))
            thread.start()
            undo.callback(thread.join)
        undo.callback(over.set)
        if at_once:
            eventually(lambda: running(server) > sessions - 2)
        yield calm


def running(server: DatabaseServer) -> int:
    return int(server.ask("SHOW GLOBAL STATUS LIKE 'Threads_running'")[0][1])


def folder_of(request: ExportRequest) -> Path:
    assert request.out is not None
    return request.out.parent


def left(request: ExportRequest) -> list[str]:
    return [one.name for one in folder_of(request).iterdir()]


def test_export_waits_for_busy_production_and_goes_on_when_it_is_calm(
    database_server: DatabaseServer, request_: ExportRequest
) -> None:
    progress = Hearing()
    with busy(database_server, 18) as calm:
        threading.Timer(2.5, calm.set).start()
        done = run_export(request_, progress)
    assert isinstance(done, Exported)
    assert progress.said[0].startswith("waiting: ")
    assert progress.said[0].endswith(" threads running, limit 12")
    assert done.watched is not None
    assert done.watched.waited > 1
    assert done.watched.waits >= 1
    assert done.watched.most.threads > 12
    timings = open_bundle(folder_of(request_) / "bundle").manifest.timings
    assert timings["waited for production"] == pytest.approx(done.watched.waited, abs=0.01)


@dataclass
class Turning(Hearing):
    """Progress that does something when the first rows of a table have come."""

    once: Callable[[], object] = list
    early: bool = False  # as soon as tables are to be read

    @contextmanager
    def stage(self, *names: object, **_: object) -> Iterator[Stage]:
        with super().stage() as stage:
            if self.early and names == ("read",):
                self.once()
            yield _TurningStage(self, stage) if names == ("read",) else stage


@dataclass
class _TurningStage:
    progress: Turning
    stage: Stage

    def advance(self, steps: int = 1, doing: str = "") -> None:
        del steps, doing
        if not self.progress.early:
            self.progress.once()
            self.progress.once = list

    def done(self, summary: str) -> None:
        self.stage.done(summary)


@pytest.mark.parametrize("processes", [1, 2])
def test_export_that_reads_lets_go_of_its_table_and_asks_nothing_while_it_waits(
    database_server: DatabaseServer,
    request_: ExportRequest,
    monkeypatch: pytest.MonkeyPatch,
    processes: int,
) -> None:
    if not database_server.is_mariadb and processes > 1:
        pytest.skip("one session reads all of MySQL")
    monkeypatch.setattr("sandbox.export.watch.LOOKS_EVERY", 0.0)  # before every statement
    monkeypatch.setattr("sandbox.export.pipeline._WORTH_HELPERS", 0 if processes > 1 else 1 << 40)
    if database_server.is_mariadb:  # ADMIN: else it keeps locks of those that write a binary log
        user = request_.endpoint.address.user
        database_server.run(f"GRANT BINLOG ADMIN, BINLOG MONITOR ON *.* TO {user}")
    noted = folder_of(request_) / "statements"
    few_keys = limits_of(3600, per_statement=0.0)
    seen: dict[str, int] = {}

    def look() -> None:
        try:
            eventually(lambda: bool(progress.said))
            seen["before"] = read_by_key(noted)
            seen["locks"] = lock_all(database_server, request_)
            time.sleep(0.5)
            seen["after"] = read_by_key(noted)
        finally:
            calm.set()

    with busy(database_server, 18, at_once=False) as calm:
        looker = threading.Thread(target=look)

        def once() -> None:
            calm.clear()
            eventually(lambda: running(database_server) > 16)
            looker.start()

        progress = Turning(once=once, early=processes > 1)
        slow = replace(
            request_,
            limits=few_keys,
            load=LoadLimits(threads=12, wait=30),
            show_sql=noted,
            allow_write_grants=True,
        )
        done = run_export(slow, progress)
        looker.join()
    assert isinstance(done, Exported)
    assert done.readers == processes
    assert seen["locks"] == 2
    assert seen["before"] == seen["after"] < read_by_key(noted)
    assert done.summary.rows == done.planned.choice.subset.expected_rows(done.planned.source.schema)


def read_by_key(noted: Path) -> int:
    return sum("`id` IN (" in line for line in noted.read_text().splitlines())


def lock_all(server: DatabaseServer, request: ExportRequest) -> int:
    """Lock each table as an ALTER would, and give how many nobody else held."""
    locked = 0
    for table in ("people", "visits"):
        with suppress(MySQLdb.OperationalError):
            server.run(
                "SET SESSION lock_wait_timeout = 2",
                f"LOCK TABLES {table} WRITE",
                database=request.endpoint.address.database,
            )
            locked += 1
    return locked


def test_production_that_is_far_too_busy_ends_the_export(
    database_server: DatabaseServer, request_: ExportRequest
) -> None:
    far = replace(request_, load=LoadLimits(threads=4))
    with (
        busy(database_server, 18),
        pytest.raises(SourceOverloaded, match="threads running, limit 8"),
    ):
        run_export(far, Silent())
    assert left(request_) == []


def test_production_that_stays_busy_ends_the_export(
    database_server: DatabaseServer, request_: ExportRequest
) -> None:
    with (
        busy(database_server, 18),
        pytest.raises(SourceOverloaded, match="Production was too busy for 0 min"),
    ):
        run_export(replace(request_, load=LoadLimits(threads=12, wait=1.0)), Silent())
    assert left(request_) == []


def test_long_history_list_ends_the_export(
    database_server: DatabaseServer, request_: ExportRequest
) -> None:
    database = request_.endpoint.address.database
    if not database_server.is_mariadb:
        user = request_.endpoint.address.user
        database_server.run(f"GRANT PROCESS ON *.* TO {user}")
    old = database_server.connect(database)
    old.query(b"START TRANSACTION WITH CONSISTENT SNAPSHOT")
    try:
        changes = database_server.connect(database)
        for number in range(400):
            changes.query(b"UPDATE people SET born = %d WHERE id = %d" % (-number, number))
        changes.close()
        few = replace(request_, load=LoadLimits(history=100))
        with pytest.raises(SourceOverloaded, match=r"old rows of \d+ transactions .*, limit 100"):
            run_export(few, Silent())
    finally:
        old.close()
    assert left(request_) == []


def test_what_the_account_may_not_see_of_the_load_is_unknown_and_stops_nothing(
    database_server: DatabaseServer, request_: ExportRequest
) -> None:
    done = run_export(replace(request_, load=LoadLimits(history=10**9)), Silent())
    assert isinstance(done, Exported)
    assert done.watched is not None
    unknown = done.summary.manifest.unknown
    assert "source: whether it is a replica" in unknown
    assert ("source: how long its history list is" in unknown) != database_server.is_mariadb
    assert (done.watched.most.history is None) != database_server.is_mariadb
    assert done.watched.most.lag is None


def test_export_whose_time_is_over_is_one_error(
    database_server: DatabaseServer, request_: ExportRequest
) -> None:
    del database_server
    short = replace(request_, limits=replace(limits_of(3600), whole=0))
    with pytest.raises(SnapshotTooOld, match="--max-time") as caught:
        run_export(short, Silent())
    assert "--max-time" in caught.value.hint
    assert left(request_) == []


def test_account_that_may_open_one_session_only_is_not_watched(
    database_server: DatabaseServer, request_: ExportRequest
) -> None:
    progress = Hearing()
    database_server.run(f"ALTER USER {request_.endpoint.address.user} WITH MAX_USER_CONNECTIONS 1")
    done = run_export(request_, progress)
    assert isinstance(done, Exported)
    assert done.watched is None
    assert progress.said == ["production is not watched: the account may open no session for that"]
    assert "source: how busy it was while it was read" in done.summary.manifest.unknown
