"""Images for integration tests."""

from __future__ import annotations

import pytest

from sandbox.replica.base import BaseSource
from sandbox.replica.engine import Engine
from sandbox.replica.images import ensure_images
from sandbox.replica.recipes import Wanted, plan_images
from servers import ImageOf, Silent


@pytest.fixture(scope="session")
def image_of(engine: Engine) -> ImageOf:
    """Give the reference of an image of ours by role and version, built first where missing."""

    def have(role: str, version: str = "") -> str:
        plan = plan_images([Wanted(role, version)])
        return ensure_images(engine, plan, BaseSource(), Silent())[-1].image.reference

    return have
