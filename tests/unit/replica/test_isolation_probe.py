"""What a probe makes of what it is told; the probing itself is tested where there is an engine."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.errors import ExitCode, NotSealed
from sandbox.replica.containers import Container
from sandbox.replica.engine import Engine, EngineFacts
from sandbox.replica.isolation import probe_isolation
from sandbox.replica.listener import listening, own_addresses
from sandbox.replica.ways_out import DATAGRAM, Kind, Neighbour, Surroundings, ways_out

SINK = "172.22.0.2"
FIB_TRIE = """Local:
  +-- 0.0.0.0/0 3 0 5
           |-- 127.0.0.1
              /32 host LOCAL
        +-- 172.17.0.0/16 2 0 2
           |-- 172.17.0.0
              /16 link UNICAST
           |-- 172.17.0.1
              /32 host LOCAL
           |-- 172.17.255.255
              /32 link BROADCAST
"""
IF_INET6 = """00000000000000000000000000000001 01 80 10 80       lo
fe8000000000000000425efffee74836 03 40 20 80  docker0
fd000000000000000000000000000002 02 40 00 80     eth0
"""


def containers_that(*answers: Callable[[str], str]) -> list[Container]:
    """Make containers whose probe says, of each way, what a function says."""

    def container(number: int, says: Callable[[str], str]) -> Container:
        def exec_run(command: Sequence[str], **_: Any) -> Any:
            said = "".join(f"{n} {says(call)}\n" for n, call in enumerate(command[4:]))
            return SimpleNamespace(exit_code=0, output=said.encode())

        fake: Any = SimpleNamespace(name=f"web{number}", id=f"id{number}", exec_run=exec_run)
        return Container(fake)

    return [container(number, says) for number, says in enumerate(answers, start=1)]


def sealed(call: str) -> str:
    if call == f"tcp {SINK} 80":
        return "connected"
    return f"answered {SINK}" if call.startswith("name ") else "nothing"


def but(way: str, came: str) -> Callable[[str], str]:
    return lambda call: came if call.startswith(way) else sealed(call)


@pytest.fixture
def engine() -> Engine:
    """Give an engine on another machine, with one other container."""
    network = {"IPAM": {"Config": [{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}]}}
    other = {
        "Id": "x",
        "Names": ["/shop-database"],
        "NetworkSettings": {"Networks": {"b": {"NetworkID": "n", "IPAddress": "172.17.0.9"}}},
        "Ports": [{"PrivatePort": 3306, "PublicPort": 33061, "IP": "127.0.0.1", "Type": "tcp"}],
    }
    api = SimpleNamespace(containers=lambda: [other], networks=lambda: [network])
    facts = EngineFacts("20.10", "1.41", "overlay2", "/", "amd64", "elsewhere", False, "docker0")  # noqa: FBT003 - fields in order
    fake: Any = SimpleNamespace(client=SimpleNamespace(api=api), facts=lambda: facts)
    return fake  # type: ignore[no-any-return]


def test_engine_elsewhere_is_probed_all_the_same_and_what_was_not_is_said(engine: Engine) -> None:
    probed = probe_isolation(engine, containers_that(sealed, sealed), sink=SINK)
    assert probed.blocked == tuple(kind.value for kind in Kind)
    (unproven,) = probed.unproven
    assert "no listener could be opened there" in unproven


@pytest.mark.parametrize(
    ("way", "came", "told"),
    [
        ("tcp 172.17.0.1 22", "refused", "172.17.0.1, TCP port 22 (it refused)"),
        ("udp 172.17.0.1 53", "answered", "172.17.0.1, UDP port 53"),
        ("tcp 1.1.1.1 443", "connected", "1.1.1.1, TCP port 443"),
        ("tcp 2606:4700:4700::1111 53", "connected", "2606:4700:4700::1111, TCP port 53"),
        ("udp 8.8.8.8 53", "answered", "8.8.8.8, UDP port 53"),
        (
            "name example.com",
            f"answered {SINK} 93.184.215.14",
            "example.com: the name has an address of the outside",
        ),
        (
            "tcp 169.254.169.254 80",
            "connected",
            "the metadata service at 169.254.169.254, TCP port 80",
        ),
        ("tcp fd00:ec2::254 80", "refused", "the metadata service at fd00:ec2::254, TCP port 80"),
        ("tcp 172.17.0.9 3306", "connected", "shop-database at 172.17.0.9, TCP port 3306"),
        (
            "tcp 172.17.0.1 33061",
            "connected",
            "shop-database, published at 172.17.0.1, TCP port 33061",
        ),
    ],
)
def test_each_way_out_is_told_with_its_container(
    engine: Engine, way: str, came: str, told: str
) -> None:
    with pytest.raises(NotSealed) as refused:
        probe_isolation(engine, containers_that(sealed, but(way, came)), sink=SINK)
    (finding,) = refused.value.findings
    assert finding.startswith(f"web2 reached {told}")
    assert refused.value.message == "not sealed: web2 reached what a sandbox must not reach."
    assert refused.value.exit_code is ExitCode.STACK


def test_name_of_the_host_is_no_harm_until_a_port_of_it_is_reached(engine: Engine) -> None:
    named = but("name host.docker.internal", "answered 192.168.65.254")
    assert probe_isolation(engine, containers_that(named), sink=SINK).blocked

    def reached(call: str) -> str:
        return "connected" if call == "tcp 192.168.65.254 2375" else named(call)

    with pytest.raises(NotSealed) as refused:
        probe_isolation(engine, containers_that(reached), sink=SINK)
    assert refused.value.findings == ("web1 reached 192.168.65.254, TCP port 2375",)


def test_probe_that_does_not_reach_the_sink_proves_nothing(engine: Engine) -> None:
    with pytest.raises(NotSealed, match="web1 does not even reach the sink"):
        probe_isolation(engine, containers_that(lambda _: "nothing"), sink=SINK)


def test_probe_that_says_less_than_it_was_asked_proves_nothing(engine: Engine) -> None:
    fake: Any = SimpleNamespace(
        name="web1",
        id="1",
        exec_run=lambda *_args, **_: SimpleNamespace(exit_code=0, output=b"0 connected\n"),
    )
    with pytest.raises(NotSealed, match="cannot run in web1"):
        probe_isolation(engine, [Container(fake)], sink=SINK)


def test_datagram_that_arrives_is_a_leak_although_no_answer_found_the_way_back(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = engine.facts()
    monkeypatch.setattr("platform.node", lambda: there.host_name)
    ports: list[int] = []

    def sending(call: str) -> str:
        how, address, port, *_ = *call.split(), "", ""
        if how == "udp" and address != "172.17.0.1" and port != "53" and not ports:
            ports.append(int(port))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.settimeout(5)
                sender.sendto(DATAGRAM, ("127.0.0.1", int(port)))
                sender.recv(512)
        return sealed(call)

    with pytest.raises(NotSealed) as refused:
        probe_isolation(engine, containers_that(sending), sink=SINK)
    assert refused.value.findings == (
        "a datagram from 127.0.0.1 arrived at a listener on this machine",
    )


def test_own_addresses_are_all_but_loopback(tmp_path: Path) -> None:
    (tmp_path / "4").write_text(FIB_TRIE)
    (tmp_path / "6").write_text(IF_INET6)
    assert own_addresses(tmp_path / "4", tmp_path / "6") == (
        "172.17.0.1",
        "fe80::42:5eff:fee7:4836%docker0",
        "fd00::2",
    )
    assert own_addresses(tmp_path / "none", tmp_path / "none") == ()


def test_listener_keeps_only_addresses_at_which_it_answers() -> None:
    with listening(["127.0.0.1", "255.255.255.255"]) as listener:
        assert listener.addresses == ("127.0.0.1",)
        socket.create_connection(("127.0.0.1", listener.port), timeout=5).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", listener.port), timeout=5)


def test_ways_lead_to_both_legs_of_others_and_to_no_address_of_an_own_network() -> None:
    gateway = Neighbour("gateway", {"sealed": ("172.22.0.130",), "edge": ("172.23.0.2",)}, (8081,))
    around = Surroundings((), (gateway,), 4711, ("192.0.2.2", "fe80::1%eth0"))
    calls = [way.call for way in ways_out(around, ["sealed"])]
    assert "tcp 172.23.0.2 8081" in calls
    assert not any("172.22.0.130" in call for call in calls)
    assert {"tcp 192.0.2.2 4711", "tcp fe80::1 4711"} <= set(calls)
