"""What every test may use: an engine that is there, or a reason why not."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from sandbox.errors import StackError
from sandbox.replica.engine import Engine, connect_engine

# The reaper's image would have to be pulled; the fixtures here remove what they start.
os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"


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
