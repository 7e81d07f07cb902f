"""What every test may use: an engine that is there, or a reason why not; images of ours."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from sandbox.errors import StackError
from sandbox.replica.base import BaseSource
from sandbox.replica.engine import Engine, connect_engine
from sandbox.replica.images import ensure_images
from sandbox.replica.recipes import Wanted, plan_images
from servers import ImageOf, Silent

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


@pytest.fixture(scope="session")
def image_of(engine: Engine) -> ImageOf:
    """Give the reference of an image of ours by role and version, built first where missing."""

    def have(role: str, version: str = "") -> str:
        plan = plan_images([Wanted(role, version)])
        return ensure_images(engine, plan, BaseSource(), Silent())[-1].image.reference

    return have
