"""A sealed network with everything in it: what is reached from inside, and what is not."""

from __future__ import annotations

import http.client
import json
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from docker.types import IPAMConfig, IPAMPool

from sandbox.errors import NotSealed, PortTaken, StackError
from sandbox.replica.containers import (
    Container,
    ContainerSpec,
    create_network,
    remove_labelled,
    start_container,
)
from sandbox.replica.engine import Engine
from sandbox.replica.isolation import probe_isolation
from sandbox.replica.labels import SANDBOX
from sandbox.replica.listener import listening, own_addresses
from sandbox.replica.networks import (
    SINK_VIEWER,
    SealedNetwork,
    create_edge_network,
    create_sealed_network,
    find_sealed_network,
    seal_spec,
    start_gateway,
    start_sink,
)
from sandbox.replica.ways_out import Kind
from servers import ImageOf, eventually

pytestmark = pytest.mark.docker

WEB_PORT = 8081


@dataclass(frozen=True)
class Sealed:
    """A sandbox as `up` makes it, with images as they are built."""

    name: str
    labels: dict[str, str]
    network: SealedNetwork
    sink: Container
    web: Container
    database: Container
    gateway: Container

    @property
    def containers(self) -> tuple[Container, ...]:
        return self.web, self.database, self.gateway, self.sink


def seal(engine: Engine, image_of: ImageOf, name: str, labels: dict[str, str]) -> Sealed:
    network = create_sealed_network(engine, f"{name}-sealed", labels)
    create_edge_network(engine, f"{name}-edge", labels)
    sink = start_sink(engine, network, name=f"{name}-sink", image=image_of("sink"), labels=labels)
    web = ContainerSpec(f"{name}-web", image_of("php"), network.name, ("web1",), labels)
    database = ContainerSpec(
        f"{name}-database",
        image_of("mariadb"),
        network.name,
        ("database",),
        labels,
        {"MYSQL_ROOT_PASSWORD": secrets.token_hex(8)},
    )
    return Sealed(
        name,
        labels,
        network,
        sink,
        start_container(engine, seal_spec(web, network)),
        start_container(engine, seal_spec(database, network)),
        start_gateway(
            engine,
            f"{name}-edge",
            network,
            name=f"{name}-gateway",
            image=image_of("gateway"),
            labels=labels,
            forwards={WEB_PORT: ("web1", 80), SINK_VIEWER: (sink.name, SINK_VIEWER)},
            ports={WEB_PORT: 0, SINK_VIEWER: 0},
        ),
    )


@pytest.fixture(scope="module")
def label(engine: Engine) -> Iterator[str]:
    """Label everything that is started here, and remove it in the end."""
    value = f"isolation-{secrets.token_hex(4)}"
    try:
        yield value
    finally:
        remove_labelled(engine, f"{SANDBOX}={value}")


@pytest.fixture(scope="module")
def sealed(engine: Engine, image_of: ImageOf, label: str) -> Sealed:
    return seal(engine, image_of, label, {SANDBOX: label})


@pytest.fixture
def opened(engine: Engine, image_of: ImageOf, label: str) -> Iterator[Sealed]:
    """A web server and a sink in a network like the others, but for what a test opens."""
    mark = f"{label}-opened"
    labels = {SANDBOX: mark}
    try:
        network = create_sealed_network(engine, mark, labels)
        sink = start_sink(
            engine, network, name=f"{mark}-sink", image=image_of("sink"), labels=labels
        )
        spec = seal_spec(ContainerSpec(f"{mark}-web", image_of("php"), "", (), labels), network)
        web = start_container(engine, spec)
        yield Sealed(mark, labels, network, sink, web, web, web)
    finally:
        remove_labelled(engine, f"{SANDBOX}={mark}")


def fetch(port: int, path: str = "/") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def answers(port: int) -> bool:
    try:
        return fetch(port)[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def connects(container: Container, address: str, port: int) -> bool:
    connect = ["timeout", "3", "bash", "-c", f": < /dev/tcp/{address}/{port}"]
    return container.run(connect).exit_code == 0


def test_nothing_is_reached_from_any_container(engine: Engine, sealed: Sealed) -> None:
    probed = probe_isolation(engine, sealed.containers, sink=sealed.network.sink_address)
    assert set(probed.blocked) >= {kind.value for kind in Kind} - {Kind.OTHERS.value}
    assert probed.unproven == ()
    assert probed.tried > 100


def test_every_outside_name_is_the_sinks_and_a_call_to_it_is_recorded(sealed: Sealed) -> None:
    marker = secrets.token_hex(8)
    url = f"http://api.outside.example/{marker}"
    assert sealed.web.run(["curl", "-sS", "-m", "5", "-o", "/dev/null", url]).exit_code == 0
    viewer = sealed.gateway.port(SINK_VIEWER)
    calls = json.loads(fetch(viewer, "/api/calls")[1])
    names = json.loads(fetch(viewer, "/api/names")[1])
    (call,) = [one for one in calls if one["path"] == f"/{marker}"]
    assert (call["host"], call["status"]) == ("api.outside.example", 503)
    assert ("api.outside.example", "A") in [(one["name"], one["kind"]) for one in names]
    for container in (sealed.web, sealed.database):
        resolved = container.must_run(["getent", "ahosts", "mail.outside.example"])
        assert {line.split()[0] for line in resolved.splitlines()} == {sealed.network.sink_address}


def test_names_of_containers_are_their_own(sealed: Sealed) -> None:
    address = sealed.web.must_run(["getent", "ahostsv4", "database"]).split()[0]
    assert address == sealed.database.must_run(["hostname", "-i"]).strip()
    assert address != sealed.network.sink_address


def test_name_server_answers_over_tcp_and_has_nothing_but_addresses(sealed: Sealed) -> None:
    code = (
        "$q = pack('n6', 7, 256, 1, 0, 0, 0) . hex2bin('0178076578616d706c6500')"
        ". pack('n2', $argv[2], 1);"
        "$s = fsockopen($argv[1], 53, $number, $text, 3); fwrite($s, pack('n', strlen($q)) . $q);"
        "echo bin2hex(substr(fread($s, 512), 2));"
    )
    ask = ["php", "-r", code, sealed.network.sink_address]
    heard = {kind: bytes.fromhex(sealed.web.must_run([*ask, str(kind)])) for kind in (1, 28, 15)}
    assert heard[1].endswith(socket.inet_aton(sealed.network.sink_address))
    for kind in (28, 15):
        assert heard[kind][3] & 0x0F == 0  # no error
        assert heard[kind][6:8] == b"\0\0"  # no answer either


@pytest.mark.parametrize(("port", "open_"), [(25, True), (587, True), (80, True), (443, False)])
def test_sink_takes_mail_and_calls_and_refuses_the_rest_at_once(
    sealed: Sealed,
    port: int,
    open_: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert connects(sealed.web, sealed.network.sink_address, port) is open_


def test_published_port_answers_through_the_gateway_on_loopback_only(sealed: Sealed) -> None:
    port = sealed.gateway.port(WEB_PORT)
    eventually(lambda: answers(port))
    for address in own_addresses():
        with pytest.raises(OSError, match=r"refused|timed out|assign"):
            socket.create_connection((address, port), timeout=2).close()


def test_gateway_reaches_no_service_of_the_host_which_others_in_its_network_do(
    engine: Engine, image_of: ImageOf, sealed: Sealed
) -> None:
    edge = engine.client.networks.get(f"{sealed.name}-edge").attrs["IPAM"]["Config"][0]["Gateway"]
    spec = ContainerSpec(
        f"{sealed.name}-edge-peer",
        image_of("php"),
        f"{sealed.name}-edge",
        labels=sealed.labels,
    )
    peer = start_container(engine, spec)
    try:
        with listening([edge]) as listener:
            assert connects(peer, edge, listener.port)  # or the next line would prove nothing
            assert not connects(sealed.gateway, edge, listener.port)
    finally:
        peer.remove()


def test_two_sandboxes_do_not_reach_each_other(
    engine: Engine, sealed: Sealed, opened: Sealed
) -> None:
    theirs = opened.network.sink_address
    assert connects(opened.web, theirs, 80)
    for container in (sealed.web, sealed.database, sealed.gateway):
        assert not connects(container, theirs, 80)
    probed = probe_isolation(engine, sealed.containers, sink=sealed.network.sink_address)
    assert Kind.OTHERS.value in probed.blocked


def test_container_in_a_usual_network_as_well_is_not_sealed(engine: Engine, opened: Sealed) -> None:
    probe_isolation(engine, [opened.web], sink=opened.network.sink_address)
    engine.client.networks.get("bridge").connect(opened.web.id)
    with pytest.raises(NotSealed) as refused:
        probe_isolation(engine, [opened.web, opened.sink], sink=opened.network.sink_address)
    assert refused.value.message.startswith(f"not sealed: {opened.web.name} reached")
    assert opened.sink.name not in refused.value.message
    assert any("a listener on this machine" in one for one in refused.value.findings)


# Internal is what people take for sealed; but the address of its bridge is the host.
@pytest.mark.parametrize("internal", [True, False], ids=["internal only", "usual"])
def test_network_that_lacks_a_part_of_the_seal_is_told_from_a_sealed_one(
    engine: Engine,
    image_of: ImageOf,
    opened: Sealed,
    internal: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    mark = f"{opened.name}-other"
    engine.client.networks.create(mark, driver="bridge", labels=opened.labels, internal=internal)
    assert find_sealed_network(engine, mark) is None
    spec = ContainerSpec(f"{mark}-web", image_of("sink"), mark, labels=opened.labels)
    sink = start_container(engine, spec)
    address = sink.must_run(["hostname", "-i"]).strip()
    eventually(lambda: connects(sink, address, 80))
    with pytest.raises(NotSealed, match="not sealed"):
        probe_isolation(engine, [sink], sink=address)


def test_way_over_ipv6_alone_is_found(engine: Engine, opened: Sealed) -> None:
    # Without an IPv4 address on the host, too: only IPv6 leads there.
    six = f"fd{secrets.token_hex(1)}:{secrets.token_hex(2)}:{secrets.token_hex(2)}::/64"
    engine.client.networks.create(
        f"{opened.name}-six",
        driver="bridge",
        internal=True,
        enable_ipv6=True,
        labels=opened.labels,
        options={"com.docker.network.bridge.inhibit_ipv4": "true"},
        ipam=IPAMConfig(pool_configs=[IPAMPool(subnet=six)]),
    ).connect(opened.web.id)
    with pytest.raises(NotSealed) as refused:
        probe_isolation(engine, [opened.web], sink=opened.network.sink_address)
    reached = [one.partition(" at ")[2] for one in refused.value.findings if "web reached a" in one]
    assert reached
    assert all(one.startswith(("fe80:", "fd")) for one in reached)


def test_probe_that_cannot_reach_the_sink_proves_nothing(engine: Engine, opened: Sealed) -> None:
    opened.sink.stop(1)
    with pytest.raises(NotSealed, match="proves nothing"):
        probe_isolation(engine, [opened.web], sink=opened.network.sink_address)


def test_containers_of_a_sealed_network_have_no_rights_to_leave_it(sealed: Sealed) -> None:
    for container in (sealed.web, sealed.database, sealed.sink):
        status = container.must_run(["cat", "/proc/self/status"])
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        bounding = int(fields["CapBnd"], 16)
        assert not bounding & (1 << 12 | 1 << 13 | 1 << 21)  # NET_ADMIN, NET_RAW, SYS_ADMIN
        assert fields["NoNewPrivs"] == "1"


def test_sandbox_is_as_it_was_after_its_containers_came_back(
    engine: Engine, opened: Sealed
) -> None:
    for one in (opened.web, opened.sink):
        one.stop(1)
    for one in (opened.web, opened.sink):  # the web server first: it must not get the address
        engine.client.containers.get(one.id).start()
    address = opened.network.sink_address
    assert opened.sink.must_run(["hostname", "-i"]).strip() == address
    eventually(lambda: connects(opened.web, address, 80))
    probe_isolation(engine, [opened.web, opened.sink], sink=address)
    assert find_sealed_network(engine, opened.network.name) == opened.network


def test_second_network_of_a_name_is_refused_and_the_first_stays(
    engine: Engine, opened: Sealed
) -> None:
    with pytest.raises(StackError, match="already exists"):
        create_sealed_network(engine, opened.network.name, opened.labels)
    assert find_sealed_network(engine, opened.network.name) == opened.network


def test_gateway_whose_port_is_taken_says_so_and_is_gone(
    engine: Engine, image_of: ImageOf, sealed: Sealed
) -> None:
    name = f"{sealed.name}-second"
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(PortTaken):
        start_gateway(
            engine,
            f"{sealed.name}-edge",
            sealed.network,
            name=name,
            image=image_of("gateway"),
            labels=sealed.labels,
            forwards={WEB_PORT: ("web1", 80)},
            ports={WEB_PORT: taken.getsockname()[1]},
        )
    assert not engine.client.containers.list(all=True, filters={"name": name})


def test_network_in_which_the_sink_cannot_start_keeps_no_half_of_it(
    engine: Engine, label: str, image_of: ImageOf
) -> None:
    labels = {SANDBOX: f"{label}-broken"}
    network = create_sealed_network(engine, f"{label}-broken", labels)
    try:
        with pytest.raises(StackError, match="the sink"):
            start_sink(
                engine,
                network,
                name=f"{label}-broken-sink",
                image=image_of("sink"),
                labels=labels,
                replies=b"no JSON",
            )
        assert not engine.client.containers.list(
            all=True, filters={"label": f"{SANDBOX}={label}-broken"}
        )
    finally:
        remove_labelled(engine, f"{SANDBOX}={label}-broken")


def test_usual_network_is_no_sealed_one(engine: Engine, opened: Sealed) -> None:
    create_network(engine, f"{opened.name}-usual", opened.labels)
    assert find_sealed_network(engine, f"{opened.name}-usual") is None
    assert find_sealed_network(engine, f"{opened.name}-none") is None
