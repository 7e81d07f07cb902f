"""Prove that containers are sealed, by trying from inside to get out on every way there is.

Takes running containers and gives what was tried in vain; raises where anything was reached. It
also proves that it could have got out: each container has to reach the sink, and the listener that
it must not reach has to answer this process. What is tried is in `ways_out.py`.
"""

from __future__ import annotations

import contextlib
import ipaddress
import platform
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sandbox.errors import NotSealed
from sandbox.replica.containers import Container
from sandbox.replica.engine import Engine, translated
from sandbox.replica.listener import listening, own_addresses
from sandbox.replica.ways_out import (
    DATAGRAM,
    Kind,
    Neighbour,
    Surroundings,
    Way,
    ways_out,
    ways_to_named_host,
)

SECONDS = 2  # for all ways together; what is near answers in thousandths of one

_PROBE = (Path(__file__).parent / "probe.pl").read_text("utf-8")
_LINE = re.compile(r"(\d+) (connected|answered|refused|nothing)((?: \S+)*)")
_SINK_PORT = 80
_LOT = 800
_MOST_SHOWN = 8
_MOST_NEIGHBOURS = 100
_RESOLV_CONF, _ROUTES = Path("/etc/resolv.conf"), Path("/proc/net/route")
_FAR_ENGINE = (
    "services of the engine's machine, beyond its usual ports: it is not this one, "
    "so that no listener could be opened there"
)


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe that reached nothing has shown.

    Attributes:
        blocked: What was tried in vain from every container, in words.
        unproven: What could not be tried, and why.
        tried: How many ways were tried, all containers together.
    """

    blocked: tuple[str, ...]
    unproven: tuple[str, ...] = ()
    tried: int = 0


@dataclass(frozen=True, slots=True)
class _Outcome:
    way: Way
    came: str
    addresses: tuple[str, ...]


def probe_isolation(
    engine: Engine, containers: Sequence[Container], *, sink: str, seconds: int = SECONDS
) -> Probed:
    """Try from inside each container to reach what it must not.

    Args:
        engine: The engine.
        containers: Running containers of one sandbox, its gateway among them; the sink as well.
        sink: Address of the sink, which all of them have to reach.
        seconds: How long a way may take to lead somewhere.

    Raises:
        NotSealed: Something was reached, or nothing can be proven; carries what, and from where.
    """
    around, networks = _look_around(engine)
    with _beside_listener(engine, around) as (seen, arrived, unproven):

        def probe(container: Container) -> tuple[_Outcome, ...]:
            ways = ways_out(seen, networks.get(container.id, ()))
            return _try(container, ways, sink, seen.listener, seconds)

        with ThreadPoolExecutor(max(len(containers), 1)) as pool:
            outcomes = list(pool.map(probe, containers))
    senders = tuple(dict.fromkeys(sender for sender, sent in arrived if sent == DATAGRAM))
    _judge(containers, outcomes, sink, senders)
    tried = [outcome.way.kind for each in outcomes for outcome in each]
    blocked = tuple(kind.value for kind in Kind if kind in tried)
    if (untried := len(around.neighbours) - len(seen.neighbours)) > 0:
        unproven += (f"{untried} of {len(around.neighbours)} containers: too many to try",)
    return Probed(blocked, unproven, len(tried))


def _judge(
    containers: Sequence[Container],
    outcomes: Sequence[Sequence[_Outcome]],
    sink: str,
    senders: Sequence[str],
) -> None:
    findings: list[str] = []
    open_containers: list[str] = []
    for container, each in zip(containers, outcomes, strict=True):
        reached = list(dict.fromkeys(_told(one) for one in each if _leads_out(one, sink)))
        if reached:
            open_containers.append(container.name)
            findings += [f"{container.name} reached {one}" for one in reached[:_MOST_SHOWN]]
        if rest := len(reached[_MOST_SHOWN:]):
            findings.append(f"{container.name} reached {rest} more")
    findings += [f"a datagram from {one} arrived at a listener on this machine" for one in senders]
    if findings:
        where = ", ".join(open_containers) or "a container"
        raise NotSealed(
            f"not sealed: {where} reached what a sandbox must not reach.",
            findings=tuple(findings),
        )


def _leads_out(outcome: _Outcome, sink: str) -> bool:
    if not outcome.way.call.startswith("name "):
        # A refusal comes from whoever was reached.
        return outcome.came != "nothing"
    # That a name of the engine's machine has an address is no harm; its ports were tried.
    return outcome.way.kind is Kind.NAME and bool(set(outcome.addresses) - {sink})


def _told(outcome: _Outcome) -> str:
    if outcome.addresses:
        return f"{outcome.way.where}: the name has an address of the outside"
    return outcome.way.where + (" (it refused)" if outcome.came == "refused" else "")


def _try(
    container: Container, ways: tuple[Way, ...], sink: str, listener: int, seconds: int
) -> tuple[_Outcome, ...]:
    """Try all ways, then those to the addresses that names of the engine's machine have."""
    outcomes = _run(container, ways, sink, seconds)
    named = {
        address
        for one in outcomes
        if one.way.kind is Kind.HOST
        for address in one.addresses
        if address != sink and not ipaddress.ip_address(address).is_loopback
    }
    if named:
        more = ways_to_named_host(sorted(named), listener)
        outcomes += _run(container, more, sink, seconds)
    return outcomes


def _run(
    container: Container, ways: tuple[Way, ...], sink: str, seconds: int
) -> tuple[_Outcome, ...]:
    """Try ways in lots: each takes a file of its own, of which a process may have 1,024."""
    lots = (ways[first : first + _LOT] for first in range(0, len(ways), _LOT))
    return tuple(one for lot in lots for one in _run_lot(container, lot, sink, seconds))


def _run_lot(
    container: Container, ways: tuple[Way, ...], sink: str, seconds: int
) -> tuple[_Outcome, ...]:
    calls = [f"tcp {sink} {_SINK_PORT}", *(way.call for way in ways)]
    ran = container.run(["perl", "-e", _PROBE, str(seconds), *calls])
    came = [found for line in ran.output.splitlines() if (found := _LINE.fullmatch(line))]
    if ran.exit_code != 0 or [int(one[1]) for one in came] != list(range(len(calls))):
        raise NotSealed(
            f"the probe cannot run in {container.name}, so that nothing is proven.",
            hint="Its image needs perl, as every image of Debian has.",
            findings=tuple(ran.output.splitlines()[-3:]),
        )
    if came[0][2] != "connected":
        raise NotSealed(
            f"{container.name} does not even reach the sink: the probe proves nothing.",
            hint="See whether it runs: docker ps. Then run again.",
        )
    return tuple(
        _Outcome(way, found[2], tuple(found[3].split()))
        for way, found in zip(ways, came[1:], strict=True)
    )


def _look_around(engine: Engine) -> tuple[Surroundings, dict[str, tuple[str, ...]]]:
    """Give what runs in the engine, and which networks each container is in."""
    with translated("listing containers and networks"):
        listed: Sequence[Mapping[str, Any]] = engine.client.api.containers()
        networks: Sequence[Mapping[str, Any]] = engine.client.api.networks()
    gateways = dict.fromkeys(_gateway(pool) for one in networks for pool in _pools(one))
    around = Surroundings(
        gateways=tuple(one for one in gateways if one),
        neighbours=tuple(_neighbour(one) for one in listed),
    )
    members = {str(one["Id"]): tuple(_neighbour(one).addresses) for one in listed}
    return around, members


def _pools(network: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    return network["IPAM"]["Config"] or ()


def _gateway(pool: Mapping[str, str]) -> str:
    if given := pool.get("Gateway"):
        return given
    return str(ipaddress.ip_network(pool["Subnet"])[1]) if pool.get("Subnet") else ""


def _neighbour(listed: Mapping[str, Any]) -> Neighbour:
    joined = (listed.get("NetworkSettings") or {}).get("Networks") or {}
    addresses = {
        str(one["NetworkID"]): tuple(
            address for key in ("IPAddress", "GlobalIPv6Address") if (address := one.get(key))
        )
        for one in joined.values()
    }
    ports = [one for one in listed.get("Ports") or () if one.get("Type") == "tcp"]
    published = (int(one["PublicPort"]) for one in ports if "PublicPort" in one)
    return Neighbour(
        name=str(listed["Names"][0]).lstrip("/"),
        addresses=addresses,
        ports=tuple(dict.fromkeys(int(one["PrivatePort"]) for one in ports)),
        published=tuple(dict.fromkeys(published)),
    )


@contextlib.contextmanager
def _beside_listener(
    engine: Engine, around: Surroundings
) -> Iterator[tuple[Surroundings, list[tuple[str, bytes]], tuple[str, ...]]]:
    """Open a listener where that is the engine's machine, and say so where it is not."""
    facts = engine.facts()
    seen = replace(around, neighbours=around.neighbours[:_MOST_NEIGHBOURS])
    if facts.host_name != platform.node() or sys.platform != "linux":
        yield seen, [], (_FAR_ENGINE,)
        return
    with listening(own_addresses()) as listener:
        addresses = listener.addresses
        seen = replace(seen, listener=listener.port, addresses=addresses, resolvers=_resolvers())
        yield seen, listener.arrived, ()


def _resolvers(resolv_conf: Path = _RESOLV_CONF, routes: Path = _ROUTES) -> tuple[str, ...]:
    """Give the name servers and the router of this machine: the nearest of the outside."""
    found: list[str] = []
    with contextlib.suppress(OSError):
        lines = [line.split() for line in resolv_conf.read_text("utf-8").splitlines()]
        found += [words[1].partition("%")[0] for words in lines if words[:1] == ["nameserver"]]
    with contextlib.suppress(OSError):
        for words in map(str.split, routes.read_text().splitlines()[1:]):
            if words[1] == "00000000" and words[2] != "00000000":
                found.append(str(ipaddress.IPv4Address(bytes.fromhex(words[2])[::-1])))
    return tuple(one for one in dict.fromkeys(found) if not ipaddress.ip_address(one).is_loopback)
