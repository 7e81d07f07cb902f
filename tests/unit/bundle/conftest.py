"""A small bundle."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle_samples import Make, fill, manifest_of
from sandbox.bundle.writer import BundleWriter
from servers import Silent


@pytest.fixture
def make() -> Make:
    """Give the function that makes a small bundle in a folder."""

    def make_bundle(out: Path) -> Path:
        with BundleWriter(out, "shop") as writer:
            fill(writer)
            writer.finish(manifest_of(), Silent())
        return out

    return make_bundle


@pytest.fixture
def bundle(make: Make, tmp_path: Path) -> Path:
    """Give the folder of a small bundle."""
    return make(tmp_path / "bundle")
