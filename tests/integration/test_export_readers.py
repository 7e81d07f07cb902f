"""Several sessions of one moment: when they may be, and what they let go of on the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import MySQLdb
import pytest

from database_servers import NOWHERE, DatabaseServer
from sandbox.database.connect import Endpoint, open_catalogue
from sandbox.database.reader import Reader
from sandbox.database.schema import read_schema
from sandbox.database.session import Limits
from sandbox.export.preflight import Preflight, check_source
from sandbox.export.readers import ReadersRequest, open_readers
from sandbox.export.sessions import SHIFTS, open_sessions
from sandbox.model import Cell, Schema

pytestmark = pytest.mark.docker

ALTER = ("SET lock_wait_timeout = 1", "ALTER TABLE t ADD COLUMN x INT")


@pytest.fixture
def shop(database_server: DatabaseServer) -> str:
    database = database_server.make_database()
    database_server.run(
        *(f"CREATE TABLE {name} (id INT PRIMARY KEY)" for name in "tu"),
        *(f"INSERT INTO {name} VALUES (1)" for name in "tu"),
        database=database,
    )
    return database


def onlooker(server: DatabaseServer, database: str, *more: str) -> Endpoint:
    return server.endpoint(database, server.make_account(f"SELECT ON {database}.*", *more))


def schema_of(endpoint: Endpoint) -> Schema:
    with open_catalogue(endpoint, NOWHERE) as catalogue:
        return read_schema(catalogue, endpoint.address.database)


def looked_at(endpoint: Endpoint) -> Preflight:
    with open_catalogue(endpoint, NOWHERE) as catalogue:
        return check_source(catalogue, endpoint, allow_write_grants=True)


def ids(reader: Reader, schema: Schema, table: str) -> list[Cell]:
    batches = reader.batches(schema.tables[table])
    return [cell for batch in batches for cell in batch.cells[0]]


@contextmanager
def replication(server: DatabaseServer) -> Iterator[None]:
    """Let the server wait for a primary that is not there, as any account can see."""
    server.run(
        "CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=1, MASTER_USER='nobody'",
        "START SLAVE SQL_THREAD",
    )
    try:
        yield
    finally:
        server.run("STOP SLAVE", "RESET SLAVE ALL")


def test_readers_meet_at_one_moment_where_the_server_tells_it(
    database_server: DatabaseServer, shop: str
) -> None:
    endpoint = database_server.endpoint(shop)
    request = ReadersRequest(endpoint, Limits(), NOWHERE, processes=2, shifts=3)
    with open_readers(request) as readers:
        met = (readers.count, readers.shifts)
        assert met == ((2, 3) if database_server.is_mariadb else (1, 1))
        assert ids(readers.main, schema_of(endpoint), "t") == [b"1"]


def test_readers_meet_while_the_source_commits(database_server: DatabaseServer, shop: str) -> None:
    if not database_server.is_mariadb:
        pytest.skip("MySQL tells no position of a snapshot")
    endpoint = database_server.endpoint(shop)
    ended = threading.Event()
    committed = 0

    def commit() -> None:
        nonlocal committed
        connection = database_server.connect(shop)
        while not ended.wait(0.005):
            connection.query(b"INSERT INTO u SELECT MAX(id) + 1 FROM u")
            committed += 1
        connection.close()

    writer = threading.Thread(target=commit)
    writer.start()
    try:
        with open_readers(ReadersRequest(endpoint, Limits(), NOWHERE, 2, SHIFTS)) as readers:
            assert (readers.count, readers.shifts) == (2, SHIFTS)
    finally:
        ended.set()
        writer.join()
    assert committed > 20


def test_connections_that_are_left_are_counted(database_server: DatabaseServer, shop: str) -> None:
    account = database_server.make_account(f"SELECT ON {shop}.*")
    endpoint = database_server.endpoint(shop, account)
    free = looked_at(endpoint).free_connections
    ((most,),) = database_server.ask("SELECT @@max_connections")
    assert 10 < free < int(most)
    database_server.run(f"ALTER USER {account} WITH MAX_USER_CONNECTIONS 3")
    assert looked_at(endpoint).free_connections == 3


def test_readers_make_do_with_one_session_where_there_is_no_room(
    database_server: DatabaseServer, shop: str
) -> None:
    account = database_server.make_account(f"SELECT ON {shop}.*")
    database_server.run(f"ALTER USER {account} WITH MAX_USER_CONNECTIONS 2")
    request = ReadersRequest(
        database_server.endpoint(shop, account), Limits(), NOWHERE, processes=1, shifts=4
    )
    with open_readers(request) as readers:
        assert (readers.count, readers.shifts) == (1, 1)
        assert readers.main.in_snapshot


def test_locks_of_a_shift_end_with_it(database_server: DatabaseServer, shop: str) -> None:
    endpoint = onlooker(database_server, shop)
    schema = schema_of(endpoint)
    sessions = open_sessions(endpoint, NOWHERE, Limits(), 2)
    sessions.take_snapshots()
    try:
        database_server.run("INSERT INTO u VALUES (2)", database=shop)
        assert ids(sessions.of_shift(0), schema, "t") == [b"1"]
        if database_server.is_mariadb:
            with pytest.raises(MySQLdb.OperationalError, match="1205"):
                database_server.run(*ALTER, database=shop)
        later = sessions.of_shift(1)
        database_server.run(*ALTER, database=shop)
        assert ids(later, schema, "u") == [b"1"]
        assert sessions.of_shift(7) is later
    finally:
        sessions.close()


def test_account_that_may_not_ask_is_given_one_session(
    database_server: DatabaseServer, shop: str
) -> None:
    preflight = looked_at(onlooker(database_server, shop))
    if not database_server.is_mariadb:
        assert "no position" in preflight.one_session
        return
    assert "BINLOG MONITOR" in preflight.one_session
    assert not preflight.reads_in_shifts
    assert "BINLOG MONITOR" in [missing.right for missing in preflight.missing]
    granted = looked_at(onlooker(database_server, shop, "BINLOG MONITOR ON *.*"))
    assert granted.one_session == ""
    assert granted.reads_in_shifts


@pytest.mark.parametrize("rights", [(), ("BINLOG MONITOR, SLAVE MONITOR ON *.*",)])
def test_replica_that_does_not_log_what_it_applies_is_given_one_session(
    database_server: DatabaseServer, shop: str, rights: tuple[str, ...]
) -> None:
    if not database_server.is_mariadb:
        pytest.skip("MySQL tells no position of a snapshot")
    endpoint = onlooker(database_server, shop, *rights)
    with replication(database_server):
        assert "log_slave_updates" in looked_at(endpoint).one_session
    assert "log_slave_updates" not in looked_at(endpoint).one_session
