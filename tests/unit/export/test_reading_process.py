"""A reading process that dies is one clear error, whenever it dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from sandbox.database.address import Address
from sandbox.database.connect import Endpoint, Tls
from sandbox.database.credentials import Secret
from sandbox.database.session import Limits
from sandbox.errors import SourceLost
from sandbox.export.reading_process import Helper, HelperRequest

NOWHERE = Endpoint(Address("nobody", "127.0.0.1", 1, "none"), Secret("x"), Tls(required=False))


@pytest.fixture
def helper() -> Iterator[Helper]:
    helper = Helper(HelperRequest(NOWHERE, Limits(), sessions=1, show_sql=None))
    yield helper
    helper.end()


@pytest.mark.parametrize("unread", [False, True])
def test_process_that_is_killed_is_told_as_that(helper: Helper, *, unread: bool) -> None:
    os.kill(helper.pid, signal.SIGSTOP)
    if unread:
        helper.say("something that it never reads")
    os.kill(helper.pid, signal.SIGKILL)
    with pytest.raises(SourceLost, match="ended before its part was done"):
        helper.hear()


def test_what_goes_wrong_over_there_is_told_here(helper: Helper) -> None:
    with pytest.raises(Exception, match="No database server answers") as caught:
        helper.wait_until_ready()
    assert type(caught.value).__name__ == "SourceUnreachable"
