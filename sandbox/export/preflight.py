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
        several_readers: Whether several sessions can prove that they see the same moment.
        frees_locks: Whether a table is free for ALTER as soon as it was read; else when the whole
            snapshot ends (MariaDB with a binary log, and an account without BINLOG ADMIN).
        cipher: What encrypts the connection; empty where nothing does.
    """

    server: Server
    is_replica: bool | None
    write_rights: tuple[str, ...]
    missing: tuple[MissingRight, ...]
    outside_snapshot: tuple[tuple[str, str], ...]
    several_readers: bool
    frees_locks: bool
    cipher: str

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
        is_replica=_is_replica(catalogue),
        write_rights=writing,
        missing=_missing(catalogue.server, grants, database, [name for name, _ in tables]),
        outside_snapshot=tuple(
            (name, engine)
            for name, engine in tables
            if not Table(name=name, engine=engine, columns=()).transactional
        ),
        several_readers=bool(_status(catalogue, "Binlog_snapshot_file")),
        frees_locks=_frees_locks(catalogue, grants),
        cipher=_status(catalogue, "Ssl_cipher"),
    )


def _status(catalogue: Catalogue, name: str) -> str:
    rows = catalogue.rows(f"SHOW SESSION STATUS LIKE '{name}'")
    return str(rows[0][1]) if rows else ""


def _frees_locks(catalogue: Catalogue, grants: Grants) -> bool:
    if not catalogue.server.is_mariadb or not catalogue.value("SELECT @@log_bin"):
        return True
    return grants.allows("BINLOG ADMIN") or grants.allows("SUPER")


def _is_replica(catalogue: Catalogue) -> bool | None:
    server = catalogue.server
    if server.is_mariadb:
        question = "SHOW ALL SLAVES STATUS"
    else:
        question = "SHOW REPLICA STATUS" if server.numbers >= (8, 0, 22) else "SHOW SLAVE STATUS"
    try:
        return bool(catalogue.rows(question))
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
    status = _status_right(server)
    want(
        status,
        "whether the source is a replica, and how far behind",
        there=grants.allows(status) or grants.allows("SUPER"),
    )
    return tuple(missing)


def _status_right(server: Server) -> str:
    if server.is_mariadb and server.numbers >= (10, 5, 0):
        return "SLAVE MONITOR"
    return "REPLICATION CLIENT"
