"""What every test may use: an engine that is there, or a reason why not; images of ours."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import cast

import pytest

from database_servers import EVERY_SERVER, ROOT, DatabaseServer
from sandbox.errors import StackError
from sandbox.replica.base import BaseSource
from sandbox.replica.engine import Engine, connect_engine
from sandbox.replica.images import ensure_images
from sandbox.replica.recipes import Wanted, plan_images
from servers import ImageOf, Silent, answers, eventually, port_of, running

# The reaper's image would have to be pulled; the fixtures here remove what they start.
os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"
# Whatever starts the tests in the background may ignore Ctrl-C, and every child would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # the plugin that runs them looks at the groups after this
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let `make test` run in several processes: what shares a server or a sandbox stays in one."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_shared(item)))


def _shared(item: pytest.Item) -> str:
    """Name what a test shares with others: a database server, a sandbox, else its own file."""
    function = item if isinstance(item, pytest.Function) else None
    if function is not None and "database_server" in function.fixturenames:
        family, version = cast("tuple[str, str]", function.callspec.params["database_server"])
        return f"{family}-{version}"
    if function is not None and "small" in function.fixturenames:
        return "shop"
    return item.path.name


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """Give the Docker engine; without one, skip on a laptop and fail on CI."""
    try:
        connected = connect_engine(timeout=600)
    except StackError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"needs a Docker engine: {error.message}")
    with connected:
        yield connected


@pytest.fixture(scope="session")
def image_of(engine: Engine) -> ImageOf:
    """Give the reference of an image of ours by role and version, built first where missing."""

    def have(role: str, version: str = "") -> str:
        plan = plan_images([Wanted(role, version)])
        return ensure_images(engine, plan, BaseSource(), Silent())[-1].image.reference

    return have


@pytest.fixture(scope="session", params=EVERY_SERVER)
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
