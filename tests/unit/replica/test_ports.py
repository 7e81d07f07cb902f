from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from sandbox.errors import PortTaken
from sandbox.replica import ports
from sandbox.replica.ports import choose_ports, is_free


@pytest.fixture
def free() -> int:
    """Give the first of some ports that nobody has."""
    for first in range(42_000, 60_000, 50):
        if all(is_free(port) for port in range(first, first + 10)):
            return first
    raise AssertionError("no ports are free on this machine")


@pytest.fixture(params=[("127.0.0.1", socket.AF_INET), ("0.0.0.0", socket.AF_INET)])  # noqa: S104
def listener(request: pytest.FixtureRequest, free: int) -> Iterator[int]:
    address, family = request.param
    with socket.create_server((address, free), family=family):
        yield free


def test_names_get_ports_in_order(free: int) -> None:
    assert choose_ports(["web1", "web2"], free) == {"web1": free, "web2": free + 1}


def test_ports_where_somebody_listens_are_passed_over(listener: int) -> None:
    assert not is_free(listener)
    assert choose_ports(["web1", "web2"], listener) == {"web1": listener + 1, "web2": listener + 2}


def test_ports_that_belong_to_somebody_are_passed_over(free: int) -> None:
    assert choose_ports(["web1", "web2"], free, {free, free + 2}) == {
        "web1": free + 1,
        "web2": free + 3,
    }


def test_a_connection_that_has_just_ended_takes_no_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _ = server.accept()
            accepted.close()  # this side ends it first, and remembers that for a minute
    assert is_free(port)


def test_that_none_is_free_is_an_error(free: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_TRIED", 3)
    with pytest.raises(PortTaken, match=str(free)):
        choose_ports(["web1"], free, range(free, free + 3))


def test_nothing_needs_no_port() -> None:
    assert choose_ports([], 1) == {}
