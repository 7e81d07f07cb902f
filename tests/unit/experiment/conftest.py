"""A maker of shops for every test of experiments."""

from __future__ import annotations

import pytest

from experiment_shops import Shops


@pytest.fixture
def shops() -> Shops:
    return Shops()
