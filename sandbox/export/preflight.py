"""Look at a source before anything is read from it: who answers, and what the account may do.

Takes a catalogue, gives a `Preflight` or refuses. An account that could write is refused: then
"it cannot write" rests on the server, not on this program. What the account may not see is named
beforehand, with what will be unknown for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.database.catalogue import Catalogue
from sandbox.database.connect import Endpoint
from sandbox.database.grants import Grants, read_grants
from sandbox.database.schema_objects import routine_right
from sandbox.database.server import Server
from sandbox.errors import RightMissing, RightRefused, SourceError
from sandbox.export.load import ask_for_replicas, sees_history
from sandbox.model import Table

_TABLES = (
    "SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES "
    "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') "
    "ORDER BY TABLE_NAME"
)


@dataclass(frozen=True, slots=True)
class MissingRight:
    """A right that would show more.

    Attributes:
        right: The right, as GRANT names it.
        unknown: What stays unknown without it.
        writes: Whether it is a right to write, so that a file of definitions is the better way.
    """

    right: str
    unknown: str
    writes: bool = False


@dataclass(frozen=True, slots=True)
class Preflight:
    """What was found at a source that may be read.

    Attributes:
        server: Family and version.
        is_replica: Whether it follows another server; None where the account may not ask.
        write_rights: Rights that can change something; empty unless they were allowed.
        missing: Rights that would show more.
        outside_snapshot: Tables that no snapshot covers, each with its engine.
        one_session: Why several sessions cannot prove that they see the same moment; empty where
            they can.
        frees_locks: Whether a table is free for ALTER as soon as it was read; else when the
            session that read it ends (MariaDB with a binary log, and an account without
            BINLOG ADMIN).
        cipher: What encrypts the connection; empty where nothing does.
        free_connections: How many more sessions the server would let the account open.
        sees_history: Whether the account may see how long the server's history list is.
    """

    server: Server
    is_replica: bool | None
    write_rights: tuple[str, ...]
    missing: tuple[MissingRight, ...]
    outside_snapshot: tuple[tuple[str, str], ...]
    one_session: str
    frees_locks: bool
    cipher: str
    free_connections: int
    sees_history: bool = True

    def __str__(self) -> str:
        family = "MariaDB" if self.server.is_mariadb else "MySQL"
        numbers = ".".join(str(number) for number in self.server.numbers)
        role = {True: "a replica", False: "a primary", None: "primary or replica unknown"}
        encryption = "encrypted" if self.cipher else "not encrypted"
        return f"{family} {numbers} · {role[self.is_replica]} · {encryption}"

    @property
    def has_one_moment(self) -> bool:
        """Whether all tables are read as of one moment."""
        return not self.outside_snapshot

    @property
    def reads_in_shifts(self) -> bool:
        """Whether sessions take turns, so that no lock on a table lasts until all is read."""
        return not self.frees_locks and not self.one_session


def check_source(
    catalogue: Catalogue, endpoint: Endpoint, *, allow_write_grants: bool = False
) -> Preflight:
    """Look at a source, and refuse it if the account may do too much or too little.

    Args:
        catalogue: A session at the source.
        endpoint: Where it is.
        allow_write_grants: Whether an account that could write is used all the same.

    Raises:
        RightRefused: The account may change or disturb something (exit 15).
        RightMissing: It may read no table.
        SourceError: The server refuses a question that every account may ask.
    """
    grants = read_grants(catalogue)
    is_replica = _is_replica(catalogue)
    database = str(catalogue.value("SELECT DATABASE()") or endpoint.address.database)
    writing = tuple(str(grant) for grant in grants.write_rights)
    if writing and not allow_write_grants:
        raise RightRefused(
            f"The account {endpoint.address.user} could change or disturb the source.",
            findings=writing,
        )
    tables = [(str(name), str(engine or "")) for name, engine in catalogue.rows(_TABLES)]
    if not any(grants.allows_some("SELECT", database, name) for name, _ in tables):
        raise RightMissing(
            f"The account {endpoint.address.user} may read no table of database {database}.",
            hint="Check the database's name, and grant SELECT on it.",
        )
    return Preflight(
        server=catalogue.server,
        is_replica=is_replica,
        write_rights=writing,
        missing=_missing(catalogue.server, grants, database, [name for name, _ in tables]),
        outside_snapshot=tuple(
            (name, engine)
            for name, engine in tables
            if not Table(name=name, engine=engine, columns=()).transactional
        ),
        one_session=_why_one_session(catalogue, is_replica=is_replica),
        frees_locks=_frees_locks(catalogue, grants),
        cipher=_status(catalogue, "Ssl_cipher"),
        free_connections=_free_connections(catalogue),
        sees_history=sees_history(catalogue),
    )


def _status(catalogue: Catalogue, name: str) -> str:
    # Of the whole server where there is none of the session.
    rows = catalogue.rows(f"SHOW SESSION STATUS LIKE '{name}'")
    return str(rows[0][1]) if rows else ""


def _free_connections(catalogue: Catalogue) -> int:
    ((most, most_of_user),) = catalogue.rows("SELECT @@max_connections, @@max_user_connections")
    free = int(str(most)) - int(_status(catalogue, "Threads_connected") or 0)
    of_user = int(str(most_of_user))
    return max(0, min(free, of_user) if of_user else free)


def _why_one_session(catalogue: Catalogue, *, is_replica: bool | None) -> str:
    """Say why equal positions in the binary log would not mean the same moment; or nothing.

    They do if every commit that a snapshot could show moves the position.
    """
    if not _status(catalogue, "Binlog_snapshot_file"):
        return "the server tells no position of a snapshot in its binary log"
    # Whether replication runs, any account may ask; whether it is set up, not.
    applies = is_replica or _status(catalogue, "Slaves_running") not in {"", "0"}
    try:
        if applies and not catalogue.value("SELECT @@log_slave_updates"):
            return "the server is a replica that does not log what it applies (log_slave_updates)"
        rows = catalogue.rows("SHOW MASTER STATUS")
    except SourceError:
        return (
            "the account may not ask whether the binary log leaves databases out (BINLOG MONITOR)"
        )
    if any(name for row in rows for name in row[2:4]):
        return "the binary log leaves databases out (binlog_do_db, binlog_ignore_db)"
    return ""


def _frees_locks(catalogue: Catalogue, grants: Grants) -> bool:
    if not catalogue.server.is_mariadb or not catalogue.value("SELECT @@log_bin"):
        return True
    return grants.allows("BINLOG ADMIN") or grants.allows("SUPER")


def _is_replica(catalogue: Catalogue) -> bool | None:
    try:
        return bool(catalogue.rows(ask_for_replicas(catalogue)))
    except SourceError:
        return None


def _missing(
    server: Server, grants: Grants, database: str, tables: list[str]
) -> tuple[MissingRight, ...]:
    """Name the optional rights that the account lacks."""
    missing: list[MissingRight] = []

    def want(right: str, unknown: str, *, there: bool, writes: bool = False) -> None:
        if not there:
            missing.append(MissingRight(right, unknown, writes))

    want(
        f"SELECT ON {database}.*",
        "tables and columns that the account was not granted",
        there=grants.allows("SELECT", database),
    )
    want("SHOW VIEW", "definitions of views", there=grants.allows("SHOW VIEW", database))
    right, there = routine_right(server, grants, database)
    want(right, "definitions of functions and procedures", there=there)
    want(
        "TRIGGER",
        "triggers, and whether there are any",
        there=all(grants.allows("TRIGGER", database, table) for table in tables),
        writes=True,
    )
    want(
        "EVENT",
        "events, and whether there are any",
        there=grants.allows("EVENT", database),
        writes=True,
    )
    modern = server.is_mariadb and server.numbers >= (10, 5, 0)
    status = "SLAVE MONITOR" if modern else "REPLICATION CLIENT"
    want(
        status,
        "whether the source is a replica, and how far behind",
        there=grants.allows(status) or grants.allows("SUPER"),
    )
    if modern:
        want(
            "BINLOG MONITOR",
            "whether several sessions would see one moment: one reads all",
            there=grants.allows("BINLOG MONITOR") or grants.allows("SUPER"),
        )
    want(
        "PROCESS",
        "how long the history list is: the export does not stop for it",
        # MariaDB tells it to everybody.
        there=server.is_mariadb or grants.allows("PROCESS") or grants.allows("SUPER"),
    )
    return tuple(missing)
