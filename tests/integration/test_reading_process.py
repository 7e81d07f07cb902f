"""A reading process that dies is one clear error, whenever it dies."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Iterator

import pytest

from sandbox.database.address import Address
from sandbox.database.connect import Endpoint, Tls
from sandbox.database.credentials import Secret
from sandbox.database.session import Limits
from sandbox.errors import SourceLost, SourceUnreachable
from sandbox.export.reading_process import Helper, HelperRequest


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Somebody who takes connections and says nothing: whoever connects waits."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def helper(listener: socket.socket) -> Iterator[Helper]:
    address = Address("nobody", "127.0.0.1", listener.getsockname()[1], "none")
    endpoint = Endpoint(address, Secret("x"), Tls(required=False))
    helper = Helper(HelperRequest(endpoint, Limits(), sessions=1, show_sql=None))
    yield helper
    helper.end()


@pytest.mark.parametrize("unread", [False, True])
def test_process_that_is_killed_is_told_as_that(helper: Helper, *, unread: bool) -> None:
    if unread:
        helper.say("something that it never reads")
    os.kill(helper.pid, signal.SIGKILL)
    with pytest.raises(SourceLost, match="ended before its part was done"):
        helper.hear()


def test_what_goes_wrong_over_there_is_told_here(helper: Helper, listener: socket.socket) -> None:
    connection, _ = listener.accept()
    connection.close()
    with pytest.raises(SourceUnreachable, match="broke the connection off"):
        helper.wait_until_ready()


def test_interrupt_of_the_process_group_is_not_for_it(
    helper: Helper, listener: socket.socket, capfd: pytest.CaptureFixture[str]
) -> None:
    # From before its interpreter runs until it has connected: it takes most of a second to start.
    listener.settimeout(0.02)
    connection = None
    while connection is None:
        os.kill(helper.pid, signal.SIGINT)
        with contextlib.suppress(TimeoutError):
            connection, _ = listener.accept()
    connection.close()
    with pytest.raises(SourceUnreachable, match="broke the connection off"):
        helper.wait_until_ready()
    assert capfd.readouterr().err == ""
