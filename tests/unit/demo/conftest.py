"""A small shop, made once: a twentieth of the demo production, with every planted row."""

from collections.abc import Mapping

import pytest

from demo_production.rows import Shop, TableFile, build_shop, write_shop

SCALE = 0.05


@pytest.fixture(scope="session")
def shop() -> Shop:
    return build_shop(scale=SCALE)


@pytest.fixture(scope="session")
def files(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, TableFile]:
    written = write_shop(shop, tmp_path_factory.mktemp("demo") / "rows")
    return {file.table: file for file in written}
