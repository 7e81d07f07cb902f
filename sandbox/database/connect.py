"""Open connections: the only module that does.

Takes an endpoint, gives a catalogue (questions about definitions), a reader (rows, exactly) or a
writer (a database of ours). Whatever the driver says against it becomes a `SourceError`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.database.address import Address
from sandbox.database.catalogue import Catalogue, make_catalogue
from sandbox.database.client import describe_client
from sandbox.database.credentials import Credentials
from sandbox.database.driver_errors import translated
from sandbox.database.pace import Pace
from sandbox.database.reader import Reader
from sandbox.database.secret import Secret
from sandbox.database.server import Server, read_version
from sandbox.database.session import (
    Limits,
    catalogue_settings,
    discipline,
    exact_results,
    writing,
)
from sandbox.database.statements import StatementLog
from sandbox.database.wire import Wire, logged_connection_class
from sandbox.database.writer import Writer
from sandbox.errors import RightMissing, TlsFailed

__all__ = [
    "Catalogue",
    "Endpoint",
    "Reader",
    "Tls",
    "Writer",
    "choose_tls",
    "make_endpoint",
    "open_catalogue",
    "open_reader",
    "open_writer",
]

_CONNECT_SECONDS = 10
_DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Tls:
    """How a connection is encrypted: where it is not required, still wherever the server can.

    Attributes:
        required: Whether the server has to prove who it is; without that nothing is sent.
        ca: Authority that signed the server's certificate; the system's own where None.
        cert: Certificate of our own, for servers that ask for one.
        key: The key of `cert`.
    """

    required: bool
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Everything that is needed to log in; can be sent to a process of our own.

    Attributes:
        address: Where, and as whom.
        password: The account's password.
        tls: How the connection is encrypted.
    """

    address: Address
    password: Secret = field(repr=False)
    tls: Tls


def choose_tls(credentials: Credentials, *, insecure: bool = False) -> Tls:
    """Decide how a connection is encrypted.

    What leaves this machine goes to a verified server or not at all, unless the user insists.
    On this machine (socket, loopback) it is verified where TLS files are named.
    """
    named = credentials.ca is not None or credentials.cert is not None
    required = not insecure and (named or not credentials.address.is_local)
    return Tls(required, credentials.ca, credentials.cert, credentials.key)


def make_endpoint(credentials: Credentials, *, insecure: bool = False) -> Endpoint:
    """Put together what is needed to log in."""
    tls = choose_tls(credentials, insecure=insecure)
    return Endpoint(credentials.address, credentials.password, tls)


def open_catalogue(
    endpoint: Endpoint, log: StatementLog, limits: Limits = _DEFAULT_LIMITS
) -> Catalogue:
    """Open a read-only session for questions about definitions.

    Raises:
        SourceError: It cannot be opened.
    """

    def connect() -> Any:  # noqa: ANN401 - the driver is untyped
        def logged(**arguments: Any) -> Any:  # noqa: ANN401 - the driver is untyped
            return logged_connection_class()(log, **arguments, charset="utf8mb4", autocommit=True)

        connection = _connect(logged, endpoint, _arguments(endpoint, limits))
        server = read_version(connection.get_server_info())
        with translated(str(endpoint.address)):
            _verify_encryption(endpoint, connection)
            for statement in (*discipline(server, limits), *catalogue_settings(server)):
                connection.query(statement)
        return connection

    return make_catalogue(connect, str(endpoint.address))


def open_reader(
    endpoint: Endpoint,
    log: StatementLog,
    *,
    snapshot: bool,
    limits: Limits = _DEFAULT_LIMITS,
    pace: Pace | None = None,
) -> Reader:
    """Open a read-only session that reads rows as exact bytes.

    Args:
        endpoint: Where to, as whom.
        log: Takes every statement.
        snapshot: Whether everything is read as of this moment (tables of transactional engines);
            else until `Reader.take_snapshot` every statement sees what is there by then.
        limits: How long production has to put up with what.
        pace: Tells when the next statement may run; at once where there is none.

    Raises:
        SourceError: It cannot be opened.
    """
    wire, server = _open_wire(endpoint, log, limits)
    try:
        for statement in (*discipline(server, limits), *exact_results()):
            wire.run(statement)
        reader = Reader(
            wire,
            server,
            frees_locks=_lets_go_of_locks(wire, server),
            per_statement=limits.per_statement,
            pace=pace,
        )
        if snapshot:
            reader.take_snapshot(limits.snapshot)
    except BaseException:
        wire.close()
        raise
    return reader


def _lets_go_of_locks(wire: Wire, server: Server) -> bool:
    """Whether rolling back to a savepoint will free metadata locks.

    MariaDB keeps them while its binary log is on, unless the session writes none of it; that
    setting needs BINLOG ADMIN, which an account that only reads does not have.
    """
    if not server.is_mariadb or wire.fetch("SELECT @@log_bin") == ((b"0",),):
        return True
    try:
        wire.run("SET SESSION sql_log_bin = 0")
    except RightMissing:
        return False
    return True


def open_writer(
    endpoint: Endpoint, log: StatementLog, *, sql_mode: str = "", limits: Limits = _DEFAULT_LIMITS
) -> Writer:
    """Open a session that fills a database of ours: LOAD DATA LOCAL allowed, checks off.

    Args:
        endpoint: Where to, as whom.
        log: Takes every statement.
        sql_mode: The session's ``sql_mode``.
        limits: How long a statement may take.

    Raises:
        SourceError: It cannot be opened.
    """
    wire, server = _open_wire(endpoint, log, limits, local_infile=True)
    try:
        for statement in writing(server, sql_mode, limits):
            wire.run(statement)
    except BaseException:
        wire.close()
        raise
    return Writer(wire, server)


def _open_wire(
    endpoint: Endpoint, log: StatementLog, limits: Limits, *, local_infile: bool = False
) -> tuple[Wire, Server]:
    describe_client()  # says what to install where the library is missing
    from MySQLdb import _mysql  # noqa: PLC0415 - loads the C library

    what = str(endpoint.address)
    arguments = _arguments(endpoint, limits, local_infile=local_infile)
    connection = _connect(_mysql.connect, endpoint, arguments | {"conv": {}})
    with translated(what, connecting=True):
        log.record("SET NAMES utf8mb4")
        connection.set_character_set("utf8mb4")
    with translated(what):
        _verify_encryption(endpoint, connection)
    return Wire(connection, log, what), read_version(connection.get_server_info())


def _connect(connect: Callable[..., Any], endpoint: Endpoint, arguments: dict[str, Any]) -> Any:  # noqa: ANN401 - the driver is untyped
    """Connect, encrypted wherever the server can: an account may have REQUIRE SSL.

    On this machine a server that cannot is connected to all the same: nothing leaves it. MariaDB's
    library goes on without encryption by itself; MySQL's has to be told, and both where the
    server's encryption is too old for them.
    """
    what = str(endpoint.address)
    try:
        with translated(what, connecting=True):
            return connect(**arguments)
    except TlsFailed:
        if endpoint.tls.required or not endpoint.address.is_local:
            raise
    with translated(what, connecting=True):
        return connect(**arguments | {"ssl_mode": "DISABLED"})


def _arguments(endpoint: Endpoint, limits: Limits, *, local_infile: bool = False) -> dict[str, Any]:
    address, tls = endpoint.address, endpoint.tls
    arguments: dict[str, Any] = {
        "user": address.user,
        "password": endpoint.password.reveal(),
        "database": address.database,
        "connect_timeout": _CONNECT_SECONDS,
        # A server that says nothing for longer than a statement may take is gone.
        "read_timeout": limits.statement + 60,
        "write_timeout": limits.network,
        # A server may else ask for any file of this machine.
        "local_infile": int(local_infile),
    }
    if address.socket:
        arguments["unix_socket"] = address.socket
    else:
        # The library takes localhost for "the socket".
        local = address.host.lower() == "localhost"
        arguments["host"] = "127.0.0.1" if local else address.host
        arguments["port"] = address.port
    files = {"ca": tls.ca, "cert": tls.cert, "key": tls.key}
    given = {name: str(path) for name, path in files.items() if path is not None}
    if tls.required:
        _check_files(endpoint, given)
        # Chain and name of the server; MariaDB's library has no mode for the chain alone.
        arguments |= {"ssl_mode": "VERIFY_IDENTITY", "ssl": given}
    else:
        # Not PREFERRED: MariaDB's library takes that for "without".
        arguments["ssl_mode"] = "REQUIRED"
    return arguments


def _check_files(endpoint: Endpoint, given: dict[str, str]) -> None:
    for name, path in given.items():
        if not Path(path).is_file():
            raise TlsFailed(
                f"The TLS file ssl-{name} for {endpoint.address} cannot be read: {path}.",
                hint="Correct its path in the option file.",
            )


def _verify_encryption(endpoint: Endpoint, connection: Any) -> None:  # noqa: ANN401 - untyped
    """Check that a connection is encrypted that has to be; a library may fall back silently."""
    if endpoint.tls.required and not cipher_of(connection):
        connection.close()
        raise TlsFailed(f"The connection to {endpoint.address} is not encrypted.")


def cipher_of(connection: Any) -> str:  # noqa: ANN401 - untyped
    """Give the cipher of a raw connection; empty where it is not encrypted."""
    connection.query("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    rows = connection.store_result().fetch_row(0)
    value = rows[0][1] if rows else b""
    return value.decode() if isinstance(value, bytes) else str(value)
