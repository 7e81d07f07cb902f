"""The fixture that runs the servers of `database_servers`, once for all modules that name it.

A plugin of its own: pytest has to be the first to import what holds fixtures.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from database_servers import ROOT, SERVERS, DatabaseServer
from servers import ImageOf, answers, eventually, port_of, running


@pytest.fixture(scope="session", params=SERVERS, ids=[" ".join(server) for server in SERVERS])
def database_server(request: pytest.FixtureRequest, image_of: ImageOf) -> Iterator[DatabaseServer]:
    """Run each server once for all tests that ask for it."""
    family, version = request.param
    with running(
        image_of(family, version),
        ports=(3306,),
        environment={"MYSQL_ROOT_PASSWORD": ROOT},
        command=["--log-bin=bin", "--server-id=7", "--event-scheduler=OFF", "--local-infile=ON"],
    ) as container:
        eventually(lambda: answers(container))
        yield DatabaseServer(family, version, container, port_of(container, 3306))
