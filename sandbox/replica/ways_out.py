"""Every way out of a sandbox that a probe tries, as data. Pure: asks neither engine nor network."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

# What every datagram of the probe carries: a query for the address of example.com.
DATAGRAM = bytes.fromhex("abcd01000001000000000000076578616d706c6503636f6d0000010001")
_DNS, _HTTP, _HTTPS, _MYSQL = 53, 80, 443, 3306
_RESOLVERS = ("1.1.1.1", "8.8.8.8", "9.9.9.9", "2606:4700:4700::1111", "2001:4860:4860::8888")
_METADATA = ("169.254.169.254", "fd00:ec2::254")
_HOST_NAMES = ("host.docker.internal", "gateway.docker.internal", "host.containers.internal")
# Ports that a machine with an engine may answer at, if only with a refusal.
_USUAL_PORTS = (22, _DNS, _HTTP, _HTTPS, 2375, _MYSQL)


class Kind(Enum):
    """Where a way leads, in words for people."""

    HOST = "services of the engine's machine"
    ADDRESS = "the outside by address"
    NAME = "the outside by name"
    METADATA = "metadata addresses"
    OTHERS = "containers of other networks"


@dataclass(frozen=True, slots=True)
class Way:
    """One way out.

    Attributes:
        kind: Where it leads.
        call: How it is tried, as `probe.pl` takes it.
        where: What it leads to, in words.
    """

    kind: Kind
    call: str
    where: str


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A running container of the engine.

    Attributes:
        name: Its name.
        addresses: Its IPv4 or IPv6 addresses by the id of the network.
        ports: Ports that it listens on.
        published: Ports that lead to it from addresses of the engine's machine.
    """

    name: str
    addresses: Mapping[str, tuple[str, ...]]
    ports: tuple[int, ...] = ()
    published: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What there is around a sandbox.

    Attributes:
        gateways: Addresses that networks of the engine have on its machine, or would have.
        neighbours: All running containers.
        listener: Port of a listener on the engine's machine; 0 where none could be opened.
        addresses: Addresses of the engine's machine at which that listener answers.
        resolvers: Name servers that the engine's machine asks, and its router.
    """

    gateways: tuple[str, ...]
    neighbours: tuple[Neighbour, ...]
    listener: int = 0
    addresses: tuple[str, ...] = ()
    resolvers: tuple[str, ...] = field(default=())


def ways_out(around: Surroundings, own_networks: Iterable[str]) -> tuple[Way, ...]:
    """Give every way that a container in these networks must not be able to go."""
    ways = (
        *_to_host(around),
        *_to_outside(around.resolvers),
        *(_tcp(Kind.METADATA, one, _HTTP, "the metadata service") for one in _METADATA),
        *_to_neighbours(around.neighbours, frozenset(own_networks)),
    )
    return tuple(dict.fromkeys(ways))


def ways_to_named_host(addresses: Iterable[str], listener: int) -> tuple[Way, ...]:
    """Give the ways to addresses that names of the engine's machine turned out to have."""
    ports = (listener, *_USUAL_PORTS) if listener else _USUAL_PORTS
    return tuple(_tcp(Kind.HOST, one, port) for one in addresses for port in ports)


def _to_host(around: Surroundings) -> Iterable[Way]:
    for address in (*around.addresses, *around.gateways):
        if around.listener:
            yield _tcp(Kind.HOST, address, around.listener, "a listener on this machine")
            yield _udp(Kind.HOST, address, around.listener, "a listener on this machine")
    for address in around.gateways:
        yield _udp(Kind.HOST, address, _DNS)
        for port in _USUAL_PORTS:
            yield _tcp(Kind.HOST, address, port)
    for neighbour in around.neighbours:
        for port in neighbour.published:
            for address in dict.fromkeys((*around.gateways, *_routed(around.addresses))):
                yield _tcp(Kind.HOST, address, port, f"{neighbour.name}, published")
    for name in _HOST_NAMES:
        yield Way(Kind.HOST, f"name {name}", name)


def _to_outside(own_resolvers: Sequence[str]) -> Iterable[Way]:
    for address in (*_RESOLVERS, *own_resolvers):
        yield _udp(Kind.ADDRESS, address, _DNS)
        for port in (_DNS, _HTTP, _HTTPS):
            yield _tcp(Kind.ADDRESS, address, port)
    # A name that nobody asked for before is in no cache.
    for name in ("example.com", f"{secrets.token_hex(8)}.example.org"):
        yield Way(Kind.NAME, f"name {name}", name)


def _to_neighbours(neighbours: Iterable[Neighbour], own_networks: frozenset[str]) -> Iterable[Way]:
    for neighbour in neighbours:
        for network, addresses in neighbour.addresses.items():
            # Of a gateway one address is in the same network, and the other out of reach.
            for address in () if network in own_networks else addresses:
                for port in dict.fromkeys((*neighbour.ports, _HTTP, _MYSQL)):
                    yield _tcp(Kind.OTHERS, address, port, neighbour.name)


def _routed(addresses: Iterable[str]) -> tuple[str, ...]:
    return tuple(one for one in addresses if not ipaddress.ip_address(one).is_link_local)


def _tcp(kind: Kind, address: str, port: int, what: str = "") -> Way:
    bare = address.partition("%")[0]
    return Way(kind, f"tcp {bare} {port}", _said(f"{bare}, TCP port {port}", what))


def _udp(kind: Kind, address: str, port: int, what: str = "") -> Way:
    bare = address.partition("%")[0]
    return Way(kind, f"udp {bare} {port} {DATAGRAM.hex()}", _said(f"{bare}, UDP port {port}", what))


def _said(place: str, what: str) -> str:
    return f"{what} at {place}" if what else place
