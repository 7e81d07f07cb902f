"""Where a database is: the address that people write as a URL, without any secret."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from sandbox.errors import UsageError

DEFAULT_PORT = 3306
_SCHEMES = frozenset({"mysql", "mariadb"})
_FORM = "Write mysql://USER@HOST:PORT/DATABASE or mysql://USER@/DATABASE?socket=PATH."


@dataclass(frozen=True, slots=True)
class Address:
    """A database on a server, and the account that asks for it.

    Attributes:
        user: The account's name; empty where the option file is to say it.
        host: Name or address of the server; empty where a socket is used.
        port: Its TCP port.
        database: The database's name.
        socket: Path of a local socket; empty for TCP.
        port_named: Whether somebody chose the port; else an option file may name another.
    """

    user: str
    host: str
    port: int
    database: str
    socket: str = ""
    port_named: bool = field(default=True, compare=False, repr=False)

    def __str__(self) -> str:
        account = f"{quote(self.user, safe='')}@" if self.user else ""
        database = quote(self.database, safe="")
        if self.socket:
            return f"mysql://{account}/{database}?socket={quote(self.socket)}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mysql://{account}{host}:{self.port}/{database}"

    @property
    def is_local(self) -> bool:
        """Whether what is sent stays on this machine: a socket, or the loopback network."""
        if self.socket or self.host.lower() == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_address(url: str) -> Address:
    """Read the address of a database.

    ``localhost`` is reached over TCP, as in every URL; a socket is used where one is named.

    >>> parse_address("mysql://reader@db.example:3307/shop")
    Address(user='reader', host='db.example', port=3307, database='shop', socket='')
    >>> parse_address("mariadb://reader@/shop?socket=/run/mysqld/mysqld.sock").socket
    '/run/mysqld/mysqld.sock'

    Raises:
        UsageError: It is no such address, or there is a password in it. Nothing of it is echoed.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UsageError("The address of the database cannot be read.", hint=_FORM) from None
    if parts.scheme not in _SCHEMES:
        raise UsageError(
            "The address of the database begins with neither mysql:// nor mariadb://.", hint=_FORM
        )
    if parts.password is not None:
        raise UsageError(
            "The address of the database has a password in it; it would be seen in the process "
            "list and in the shell's history.",
            hint="Leave it out: it is taken from --password-file, --defaults-file, ~/.my.cnf or "
            "asked for. Change the one you typed if others can see that history.",
        )
    socket = _socket_of(parts)
    database = unquote(parts.path.removeprefix("/"))
    _check(database=database, host=host, socket=socket, parts=parts)
    return Address(
        user=unquote(parts.username or ""),
        host=unquote(host),
        port=port or DEFAULT_PORT,
        database=database,
        socket=socket,
        port_named=port is not None,
    )


def _socket_of(parts: SplitResult) -> str:
    settings = dict(parse_qsl(parts.query, keep_blank_values=True))
    socket = settings.pop("socket", "")
    if settings:
        raise UsageError(
            "The address of the database has parameters; only socket is one.", hint=_FORM
        )
    return socket


def _check(*, database: str, host: str, socket: str, parts: SplitResult) -> None:
    if not database:
        raise UsageError("The address names no database.", hint=_FORM)
    if "/" in parts.path.removeprefix("/"):
        raise UsageError(
            "The address names more than a database; write a slash in its name as %2F.", hint=_FORM
        )
    if parts.fragment:
        raise UsageError("The address has a # in it; write it as %23.", hint=_FORM)
    if bool(host) == bool(socket):
        raise UsageError("The address needs either a host or a socket.", hint=_FORM)
