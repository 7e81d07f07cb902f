"""Where nginx listens in the replica, and which of its servers serves the application. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.replica.servers.credentials import PLACEHOLDER
from sandbox.replica.servers.nginx_tree import NginxTree, Statement
from sandbox.replica.servers.notes import Notes

_TLS_PORT, _PLAIN_PORT = 443, 80
_LAST_PORT = 65_535
_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.]*\]|[^:\[\]]*):([0-9]{1,5})|([0-9]{1,5})")
_TLS_WORDS = frozenset({b"ssl", b"quic"})


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the application is served.

    Attributes:
        port: The port; 0 where no server hands requests to php-fpm.
        application: The server that does.
    """

    port: int
    application: Statement | None = None


@dataclass(frozen=True, slots=True)
class _Listen:
    server: Statement
    statement: Statement
    port: int
    tls: bool
    default: bool
    proxied: bool


def settle_listening(tree: NginxTree, notes: Notes) -> Listening:
    """Let every server listen on all addresses, without TLS, and the application's to any host."""
    servers = [
        visit.statement
        for visit in tree.visits
        if visit.statement.name == "server"
        and visit.statement.is_block
        and visit.parent is not None
        and visit.parent.name == "http"
    ]
    listens = {server: _listens(tree, server) for server in servers}
    application = _application(tree, servers, listens)
    if application is None:
        return Listening(0)
    own = listens[application]
    port = _best_port(own)
    defaults = {
        one.port: server for server in reversed(servers) for one in listens[server] if one.default
    }
    if defaults.get(port, application) is not application or len(_at(listens, port)) > 1:
        notes.differs(f"whatever host is asked for, port {port} serves the application")
    defaults[port] = application
    for server in servers:
        _write(tree, server, listens[server], defaults)
        if any(one.tls for one in listens[server]):
            _tell_https(tree, server)
    if any(one.tls for server in servers for one in listens[server]):
        notes.differs("nginx serves plain HTTP on the ports of TLS: certificates were not captured")
    if any(one.proxied for one in own):
        notes.differs("nginx takes plain requests, not those of the PROXY protocol")
    return Listening(port, application)


def _listens(tree: NginxTree, server: Statement) -> list[_Listen]:
    """Give where a server listens, but for sockets in the file system."""
    own = [one.statement for one in tree.inside(server)]
    switched_on = any(one.name == "ssl" and one.words[-1] == b"on" for one in own)
    found = []
    for one in own:
        if one.name != "listen" or not one.arguments or one.words[1].startswith(b"unix:"):
            continue
        tls = switched_on or not _TLS_WORDS.isdisjoint(one.words[2:])
        default = not {b"default_server", b"default"}.isdisjoint(one.words[2:])
        port = _port(one.words[1], tls=tls)
        found.append(_Listen(server, one, port, tls, default, b"proxy_protocol" in one.words))
    return found


def _port(address: bytes, *, tls: bool) -> int:
    """Give the port of an address; the usual one where there is none, or where it is secret."""
    found = None if PLACEHOLDER.search(address) else _PORT.fullmatch(address.decode("latin-1"))
    port = int(found[1] or found[2]) if found else 0
    usual = _TLS_PORT if tls else _PLAIN_PORT
    return port if 0 < port <= _LAST_PORT else usual


def _application(
    tree: NginxTree, servers: Sequence[Statement], listens: Mapping[Statement, list[_Listen]]
) -> Statement | None:
    """Give the server that hands requests to php-fpm; of several the one for any host."""
    found = [
        server
        for server in servers
        if any(one.statement.name == "fastcgi_pass" for one in tree.inside(server))
    ]
    default = [server for server in found if any(one.default for one in listens[server])]
    return next(iter(default or found), None)


def _best_port(own: Sequence[_Listen]) -> int:
    """Give the port that people used: that of TLS where there is one."""
    ports = [one.port for one in own if one.tls] or [one.port for one in own] or [_PLAIN_PORT]
    return next((port for port in (_PLAIN_PORT, _TLS_PORT) if port in ports), ports[0])


def _at(listens: Mapping[Statement, list[_Listen]], port: int) -> list[Statement]:
    return [
        server
        for server, own in listens.items()
        if any(one.port == port for one in own) or (not own and port == _PLAIN_PORT)
    ]


def _write(
    tree: NginxTree,
    server: Statement,
    own: Sequence[_Listen],
    defaults: Mapping[int, Statement],
) -> None:
    """Let a server listen once on each of its ports, on all addresses, without options."""
    done: set[int] = set()
    for one in own:
        if one.port in done:
            tree.drop(one.statement)
            continue
        done.add(one.port)
        default = " default_server" if defaults.get(one.port) is server else ""
        tree.replace(one.statement, f"listen {one.port}{default};".encode())
    if not own and defaults.get(_PLAIN_PORT) is server:
        tree.append(server, b"\n    listen 80 default_server;\n")


def _tell_https(tree: NginxTree, server: Statement) -> None:
    """Tell PHP of HTTPS, where the parameters for it are set, and stop sending people there."""
    for visit in tree.inside(server):
        statement = visit.statement
        if statement.name == "if" and any(
            re.search(rb"\$(?:scheme|https)\b", word) for word in statement.words
        ):
            tree.drop(statement)
        if statement.name != "fastcgi_pass":
            continue
        for block in reversed(visit.blocks):
            if any(
                one.statement.name == "fastcgi_param" and one.parent is block
                for one in tree.inside(block)
            ):
                tree.append(
                    block,
                    b"    fastcgi_param HTTPS on;\n    fastcgi_param REQUEST_SCHEME https;\n",
                )
                break
