"""A small production's bundle, and a sandbox of it that tests look at and leave as it is."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from sandbox.replica.engine import Engine
from sandboxes import Sandbox, bring_up, remove
from servers import ImageOf
from small_shop import SmallShop, make_small_shop

REPLIES = '[{"host": "*", "status": 201, "body": "charged"}]'


@pytest.fixture(scope="session")
def small(image_of: ImageOf, tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    return make_small_shop(image_of, tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def shop(engine: Engine, small: SmallShop) -> Iterator[Sandbox]:
    """Have a sandbox up whose sink answers calls."""
    (small.folder / "replies.json").write_text(REPLIES)
    name = f"test-{os.getpid()}"
    try:
        yield bring_up(small, name, f"--replies={small.folder / 'replies.json'}")
    finally:
        remove(engine, name)
