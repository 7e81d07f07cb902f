"""Publish a sandbox on 127.0.0.1: one port for each server, the database and the sink's pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.errors import PortTaken
from sandbox.replica.containers import Container
from sandbox.replica.engine import Engine
from sandbox.replica.labels import DATABASE, EDGE, GATEWAY, SINK, labels_of, object_name
from sandbox.replica.networks import SINK_VIEWER, create_edge_network, start_gateway
from sandbox.replica.ports import choose_ports, is_free
from sandbox.replica.stack import Stack
from sandbox.replica.state import list_sandboxes

FIRST_DATABASE_PORT = 33061
FIRST_SINK_PORT = 8025
_FIRST_INNER = 10001  # the gateway's own ports for web servers, which may all listen on 80
_MYSQL = 3306
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Doors:
    """How people come in.

    Attributes:
        gateway: The container that lets them in.
        ports: Port on 127.0.0.1 by server, ``database`` and ``sink``.
    """

    gateway: Container
    ports: dict[str, int]


def open_doors(engine: Engine, stack: Stack, image: str, first: int, *, fixed: bool) -> Doors:
    """Start the gateway of a stack.

    Args:
        engine: The engine.
        stack: A running stack.
        image: Reference of the gateway's image.
        first: Port of the first server.
        fixed: Whether that port was asked for: another one would not do.

    Raises:
        PortTaken: A port that was asked for belongs to somebody else, or none is free.
        StackError: The gateway does not start.
    """
    sandbox = stack.plan.sandbox
    edge = object_name(sandbox, EDGE)
    create_edge_network(engine, edge, labels_of(sandbox, EDGE))
    for attempt in range(1, _ATTEMPTS + 1):
        ports = _choose(engine, stack, first, fixed=fixed)
        try:
            return Doors(_start(engine, stack, image, edge, ports), ports)
        except PortTaken:
            # Somebody was faster; the next choice passes over what is taken by then.
            if fixed or attempt == _ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


def refuse_ports(engine: Engine, first: int, count: int, *, but: str = "") -> None:
    """Refuse ports that belong to somebody.

    Args:
        engine: The engine.
        first: The first of them.
        count: How many.
        but: A sandbox whose ports are free all the same, as it is to be replaced.

    Raises:
        PortTaken: One does.
    """
    own = _ports_of(engine, lambda name: name == but)
    others = _ports_of(engine, lambda name: name != but)
    for port in range(first, first + count):
        if port in others or (port not in own and not is_free(port)):
            raise PortTaken(
                f"127.0.0.1:{port} is taken by another process or sandbox.",
                hint="Choose another port with --port, or leave the option out: then free ones "
                "are found.",
            )


def _choose(engine: Engine, stack: Stack, first: int, *, fixed: bool) -> dict[str, int]:
    servers = [server.name for server in stack.plan.servers]
    if fixed:
        refuse_ports(engine, first, len(servers))
    taken = _ports_of(engine, lambda _name: True)
    chosen = choose_ports(servers, first, taken)
    chosen |= choose_ports((SINK,), FIRST_SINK_PORT, taken | set(chosen.values()))
    return chosen | choose_ports((DATABASE,), FIRST_DATABASE_PORT, taken | set(chosen.values()))


def _ports_of(engine: Engine, chosen: Callable[[str], bool]) -> set[int]:
    """Give the ports of sandboxes; those of one that is stopped just now are its own, too."""
    return {
        port
        for one in list_sandboxes(engine)
        if one.state is not None and chosen(one.name)
        for port in one.state.ports.values()
    }


def _start(engine: Engine, stack: Stack, image: str, edge: str, ports: dict[str, int]) -> Container:
    inner = {server.name: _FIRST_INNER + n for n, server in enumerate(stack.plan.servers)}
    forwards = {inner[server.name]: (server.name, server.port) for server in stack.plan.servers}
    forwards |= {_MYSQL: (DATABASE, _MYSQL), SINK_VIEWER: (SINK, SINK_VIEWER)}
    inner |= {DATABASE: _MYSQL, SINK: SINK_VIEWER}
    return start_gateway(
        engine,
        edge,
        stack.network,
        name=object_name(stack.plan.sandbox, GATEWAY),
        image=image,
        labels=labels_of(stack.plan.sandbox, GATEWAY),
        forwards=forwards,
        ports={inner[name]: port for name, port in ports.items()},
        restart=stack.plan.restart,
    )
