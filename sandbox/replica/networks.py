"""The sealed network of a sandbox, and the two containers that stand at its ends.

A sealed network is a bridge that has no address on the host: what is in it reaches its neighbours
and nothing else. The sink answers for every outside name, the gateway publishes ports on 127.0.0.1.
How this is done, and what it does not promise, is in `docs/isolation.md`.
"""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from docker.errors import NotFound
from docker.models.networks import Network
from docker.types import IPAMConfig, IPAMPool

from sandbox.errors import StackError
from sandbox.replica.containers import (
    Container,
    ContainerSpec,
    File,
    create_container,
    start_container,
    wait_until,
)
from sandbox.replica.engine import Engine, translated
from sandbox.replica.interrupts import uninterrupted

SINK_VIEWER = 8025  # the sink's pages, and what arrived as JSON: /api/calls, /api/mail, /api/names

_INHIBIT_IPV4 = "com.docker.network.bridge.inhibit_ipv4"
_ENABLE_ICC = "com.docker.network.bridge.enable_icc"
_ENABLE_MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade"
_PREFIX_LENGTH = 24
_ATTEMPTS = 5
_REPLIES = "/etc/sink/replies.json"
_NO_SUBNET_LEFT = "Remove sandboxes that nobody uses: sandbox list, then sandbox down --name NAME"

# What nginx, php-fpm and the database servers use of root's rights: to become another user, to own
# and read that user's files, to signal its processes. NET_RAW is not among them: with it a
# container could speak to the bridge itself, below IP.
_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID")
_NO_NEW_PRIVILEGES = ("no-new-privileges",)
_MEMORY, _PIDS = 2 * 1024**3, 1024
_SMALL_MEMORY, _SMALL_PIDS = 512 * 1024**2, 256


@dataclass(frozen=True, slots=True)
class SealedNetwork:
    """A network that nothing leaves.

    Attributes:
        name: Its name in the engine.
        id: The engine's id of it.
        subnet: Its addresses: ``172.22.0.0/24``.
        sink_address: The address in it that is kept for the sink.
    """

    name: str
    id: str
    subnet: str
    sink_address: str


def create_sealed_network(engine: Engine, name: str, labels: Mapping[str, str]) -> SealedNetwork:
    """Create an internal network without an address on the host.

    A fixed address, which the sink must have, needs a subnet that was asked for; which one is free
    only the engine knows. So it chooses one first, and is then asked for a part of that.

    Raises:
        StackError: The engine has a network of this name, or no subnet left.
    """
    for _ in range(_ATTEMPTS):
        subnet = _free_subnet(engine, name, labels)
        try:
            network = _create_sealed(engine, name, labels, subnet)
        except StackError as error:
            if "overlap" not in error.message:  # as it is when another took the subnet meanwhile
                raise
        else:
            return SealedNetwork(name, str(network.id), str(subnet), str(subnet[2]))
    raise StackError(
        f"creating the network {name}: others took each of {_ATTEMPTS} free subnets first.",
        hint="Run again when fewer networks are being made.",
    )


def find_sealed_network(engine: Engine, name: str) -> SealedNetwork | None:
    """Give the sealed network of this name, or None where there is none that is sealed."""
    with translated(f"looking for the network {name}"):
        try:
            network = engine.client.networks.get(name)
        except NotFound:
            return None
    options = network.attrs.get("Options") or {}
    if not network.attrs["Internal"] or options.get(_INHIBIT_IPV4) != "true":
        return None
    subnet = _subnet_of(network)
    return SealedNetwork(name, str(network.id), str(subnet), str(subnet[2]))


def create_edge_network(engine: Engine, name: str, labels: Mapping[str, str]) -> None:
    """Create the network of a gateway: ports can be published from it, and that is its use.

    Raises:
        StackError: The engine has a network of this name, or no subnet left.
    """
    options = {_ENABLE_MASQUERADE: "false", _ENABLE_ICC: "false"}
    _create(engine, name, labels, options=options)


def seal_spec(spec: ContainerSpec, network: SealedNetwork) -> ContainerSpec:
    """Give the container as it is to run in a sealed network.

    It asks the sink for every name that is no container's, has only the rights that web and
    database servers use, and limits where the spec sets none.
    """
    return replace(
        spec,
        network=network.name,
        dns=(network.sink_address,),
        drop_capabilities=("ALL",),
        capabilities=_CAPABILITIES,
        security_opt=_NO_NEW_PRIVILEGES,
        memory=spec.memory or _MEMORY,
        pids=spec.pids or _PIDS,
    )


def start_sink(  # noqa: PLR0913 - what a sink is made of, by name
    engine: Engine,
    network: SealedNetwork,
    *,
    name: str,
    image: str,
    labels: Mapping[str, str],
    replies: bytes = b"",
    aliases: tuple[str, ...] = (),
    restart: str = "",
) -> Container:
    """Start the sink at its address, and wait until it answers.

    Args:
        engine: The engine.
        network: The network that it is the end of.
        name: Its name in the engine.
        image: Its image.
        labels: What it belongs to.
        replies: What it answers HTTP calls with, as JSON; see `docker/sink/sink.py`.
        aliases: Names by which others in the network find it, too.
        restart: When the engine starts it again by itself.

    Raises:
        StackError: It could not be started, or does not answer.
    """
    spec = ContainerSpec(
        name=name,
        image=image,
        network=network.name,
        aliases=aliases,
        labels=labels,
        environment={"SINK_ADDRESS": network.sink_address},
        address=network.sink_address,
        files=(File(_REPLIES, replies),) if replies else (),
        memory=_SMALL_MEMORY,
        pids=_SMALL_PIDS,
        restart=restart,
    )
    sink = start_container(
        engine, replace(seal_spec(spec, network), capabilities=("NET_BIND_SERVICE",))
    )
    _wait_for_ports(sink, (SINK_VIEWER,), "the sink")
    return sink


def start_gateway(  # noqa: PLR0913 - what a gateway is made of, by name
    engine: Engine,
    edge: str,
    sealed: SealedNetwork,
    *,
    name: str,
    image: str,
    labels: Mapping[str, str],
    forwards: Mapping[int, tuple[str, int]],
    ports: Mapping[int, int],
    files: tuple[File, ...] = (),
    restart: str = "",
) -> Container:
    """Start the gateway between its edge and a sealed network, and wait until it listens.

    Args:
        engine: The engine.
        edge: Name of its network on the host's side; ports are published through it.
        sealed: The network that it leads to.
        name: Its name in the engine.
        image: Its image.
        labels: What it belongs to.
        forwards: Port that it listens on to name and port in the sealed network.
        ports: Port that it listens on to port on 127.0.0.1; 0 lets the engine choose.
        files: Files to put in first, such as an ``nginx.conf`` of one's own.
        restart: When the engine starts it again by itself.

    Raises:
        PortTaken: Another process listens on a port that it should publish.
        StackError: It could not be started, sealed, or does not listen.
    """
    listed = " ".join(f"{port}={host}:{inner}" for port, (host, inner) in forwards.items())
    spec = ContainerSpec(
        name=name,
        image=image,
        network=edge,
        labels=labels,
        environment={"FORWARDS": listed, "SEAL": "1"},
        ports=ports,
        files=files,
        dns=(sealed.sink_address,),
        drop_capabilities=("ALL",),
        capabilities=(*_CAPABILITIES, "NET_ADMIN"),  # to take the right to call out from itself
        security_opt=_NO_NEW_PRIVILEGES,
        memory=_SMALL_MEMORY,
        pids=_SMALL_PIDS,
        restart=restart,
    )
    gateway = create_container(engine, spec)
    try:
        # Before it starts: it reads once which networks it may speak to, and seals the rest.
        with translated(f"connecting {name} to {sealed.name}"):
            engine.client.networks.get(sealed.id).connect(gateway.id)
        gateway.start()
    except BaseException:
        gateway.remove()
        raise
    _wait_for_ports(gateway, (*forwards, *ports), "the gateway")
    return gateway


def _free_subnet(engine: Engine, name: str, labels: Mapping[str, str]) -> ipaddress.IPv4Network:
    """Let the engine choose a subnet, and give it back: a part that is large enough of it."""
    network = _create(engine, name, labels, internal=True)
    try:
        with translated(f"reading the network {name}"):
            network.reload()
        chosen = _subnet_of(network)
    finally:
        _remove(network)
    return next(chosen.subnets(new_prefix=max(chosen.prefixlen, _PREFIX_LENGTH)))


def _create_sealed(
    engine: Engine, name: str, labels: Mapping[str, str], subnet: ipaddress.IPv4Network
) -> Network:
    # Addresses are given out from the upper half only: after a restart of the engine containers
    # come back in any order, and none may get the sink's before the sink.
    _, given_out = subnet.subnets(prefixlen_diff=1)
    pool = IPAMPool(subnet=str(subnet), iprange=str(given_out), gateway=str(subnet[1]))
    return _create(
        engine,
        name,
        labels,
        internal=True,
        options={_INHIBIT_IPV4: "true"},
        ipam=IPAMConfig(pool_configs=[pool]),
    )


def _create(
    engine: Engine,
    name: str,
    labels: Mapping[str, str],
    **options: Any,  # noqa: ANN401 - as the SDK names them
) -> Network:
    try:
        with translated(f"creating the network {name}"), uninterrupted():
            # Without the check an engine makes a second network of the same name.
            return engine.client.networks.create(
                name, driver="bridge", check_duplicate=True, labels=dict(labels), **options
            )
    except StackError as error:
        if "address pool" in error.message and "ipam" not in options:
            raise StackError(error.message, hint=_NO_SUBNET_LEFT) from None
        raise


def _remove(network: Network) -> None:
    with translated(f"removing the network {network.name}"), contextlib.suppress(NotFound):
        network.remove()


def _subnet_of(network: Network) -> ipaddress.IPv4Network:
    pools = network.attrs["IPAM"]["Config"] or ()
    subnets = [ipaddress.ip_network(pool["Subnet"]) for pool in pools]
    found = next((one for one in subnets if isinstance(one, ipaddress.IPv4Network)), None)
    if found is None or found.num_addresses < 16:  # noqa: PLR2004 - half of them for containers
        raise StackError(
            f"the network {network.name} got no subnet of at least 16 IPv4 addresses.",
            hint="Let the engine's default-address-pools have larger subnets, /24 for example.",
        )
    return found


def _wait_for_ports(container: Container, ports: Sequence[int], what: str) -> None:
    """Wait until a container listens on all ports; remove it where it never does."""
    opened = " && ".join(f": < /dev/tcp/127.0.0.1/{port}" for port in dict.fromkeys(ports)) or ":"

    def ready() -> bool:
        try:
            return container.run(["bash", "-c", opened]).exit_code == 0
        except StackError:  # it ended; `wait_until` sees that and shows what it printed last
            return False

    try:
        wait_until(container, ready, what=what)
    except BaseException:
        container.remove()
        raise
