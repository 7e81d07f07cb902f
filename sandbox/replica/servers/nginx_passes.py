"""What nginx hands requests on to: php-fpm's pools, and servers that stay in production. Pure.

Pools are found where they listen; where names of sockets have not left production they are matched
by what is left. A host of another server would have to have an address before nginx starts: it is
asked for as requests come, and answered by the sink.
"""

from __future__ import annotations

import re

from sandbox.masking.dictionary import word_set
from sandbox.replica.servers.credentials import PLACEHOLDER, SINK_DOMAIN
from sandbox.replica.servers.nginx_tree import NginxTree, Statement
from sandbox.replica.servers.notes import Notes
from sandbox.replica.servers.php_pools import Pools

PASSES = word_set("proxy_pass uwsgi_pass scgi_pass grpc_pass memcached_pass")
RESOLVER = b"resolver 127.0.0.11 valid=30s ipv6=off;"  # Docker's own
_HERE = re.compile(rb"unix:|(?:127\.[0-9.]+|localhost|\[::1\])(?::|$)")
_ADDRESS = re.compile(rb"(?!127\.)[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_NOBODY = b"127.0.0.1:9"


def settle_other_servers(tree: NginxTree, notes: Notes) -> None:
    """Hand to the sink what goes to other servers of production."""
    unknown = _leave_servers_out(tree)
    asked = False
    for number, visit in enumerate(tree.visits):
        statement = visit.statement
        if statement.name not in PASSES or not statement.arguments:
            continue
        name = _host(statement.words[1])
        secret = PLACEHOLDER.search(statement.words[1])
        if not secret and name not in unknown and not _ADDRESS.fullmatch(name):
            continue
        where = f"{statement.path}:{statement.line}"
        if statement.name != "proxy_pass":
            notes.differs(f"{where}: nobody answers {statement.name}")
            tree.replace(statement, b"%s %s;" % (statement.words[0], _NOBODY))
            continue
        notes.differs(f"{where}: the sink answers what goes to another server")
        plain = re.sub(r"[^a-z0-9]+", "-", name.decode("latin-1").lower()).strip("-")
        host = f"{plain or 'proxy-pass'}.{SINK_DOMAIN}"
        variable = f"$sandbox_server_{number}"
        tree.replace(statement, f"set {variable} {host}; proxy_pass http://{variable};".encode())
        asked = True
    if asked:
        _add_resolver(tree)


def _leave_servers_out(tree: NginxTree) -> set[bytes]:
    """Leave out the servers of groups that are not php-fpm's; give the names of the groups."""
    of_pools = {v.statement.words[-1] for v in tree.visits if v.statement.name == "fastcgi_pass"}
    unknown: set[bytes] = set()
    for visit in tree.visits:
        statement, group = visit.statement, visit.parent
        if statement.name != "server" or group is None or group.name != "upstream":
            continue
        elsewhere = not any(_HERE.match(word) for word in statement.arguments[:1])
        secret = any(PLACEHOLDER.search(word) for word in statement.words)
        if (secret or elsewhere) and of_pools.isdisjoint(group.words[1:]):
            unknown.update(group.words[1:2])
            tree.replace(statement, b"server %s;" % _NOBODY)
    return unknown


def _add_resolver(tree: NginxTree) -> None:
    if any(visit.statement.name == "resolver" for visit in tree.visits):
        return
    for visit in tree.visits:
        if visit.statement.name == "http" and visit.statement.is_block:
            tree.append(visit.statement, b"    " + RESOLVER + b"\n")


def _host(target: bytes) -> bytes:
    """Give the host or the name of a group that requests go to; empty for one that is secret."""
    if PLACEHOLDER.search(target):
        return b""
    found = re.match(rb"(?:[a-z]+://)?([^/:$]+)", target)
    return found[1] if found else b""


def settle_pools(tree: NginxTree, pools: Pools, notes: Notes) -> None:
    """Send requests to the pools where the pools listen."""
    upstreams = {
        visit.statement.arguments[0]: visit.statement
        for visit in tree.visits
        if visit.statement.name == "upstream" and visit.statement.arguments
    }
    passes = [v.statement for v in tree.visits if v.statement.name == "fastcgi_pass"]
    aims: list[Statement] = []
    for one in passes:
        upstream = upstreams.get(one.words[1]) if len(one.words) > 1 else None
        if upstream is None:
            aims.append(one)
        else:
            aims += [child for child in upstream.children if child.name == "server"]
    places = list(pools.listen.values()) or ["/run/php/php-fpm.sock"]
    known = {_address(place) for place in places}
    unknown = dict.fromkeys(one.words[1] for one in aims if len(one.words) > 1)
    lost = [one for one in unknown if _plain(one) not in known]
    free = [place for place in places if _address(place) not in {_plain(one) for one in unknown}]
    for statement in dict.fromkeys(aims):
        if len(statement.words) > 1 and statement.words[1] in lost:
            index = lost.index(statement.words[1])
            place = (free or places)[min(index, len(free or places) - 1)]
            tree.set_word(statement, 1, pass_target(place).encode())
    if len(lost) > 1 and len(places) > 1:
        notes.differs("which pool of php-fpm serves what had to be guessed")


def _plain(target: bytes) -> str:
    return _address(target.decode("latin-1").removeprefix("unix:"))


def _address(place: str) -> str:
    """Give an address in one spelling: a port alone is one of this machine."""
    plain = place.removeprefix("/var/run/").removeprefix("/run/")
    if plain.isdigit():
        return f"127.0.0.1:{plain}"
    return re.sub(r"^(?:localhost|\[::1?\]|0\.0\.0\.0|\*):", "127.0.0.1:", plain)


def pass_target(place: str) -> str:
    """Give a pool's place to listen at as nginx names it."""
    if place.startswith("/"):
        return f"unix:{place}"
    return _address(place)
