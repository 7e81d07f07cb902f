"""How much faster is a golden database than loading the rows again?

Throws a database away and starts another from its golden image, until it has answered a query on
its rows; and loads the same rows again, in turn. Takes the bundle that `make demo` made, which it
loads into a server that runs already and into a fresh one; without that, the generated rows of the
demo's production. Prints medians and their ratio. Run it with `make bench` on an idle machine.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "docker/demo"))

from demo_production import WORK_FOLDER
from demo_production.database import (
    fresh_server,
    generated_rows,
    have_production,
    load,
    put_generated,
    wait_for_database,
)
from sandbox.bundle.reader import Bundle, open_bundle
from sandbox.model import Progress
from sandbox.replica.base import BaseSource
from sandbox.replica.containers import Container, ContainerSpec, start_container
from sandbox.replica.engine import Engine, connect_engine
from sandbox.replica.golden import Golden, database_spec, have_golden, server_image_for
from sandbox.replica.golden import wait_for_database as wait_for_rows
from sandbox.replica.golden_loader import Loader, run_loader
from sandbox.replica.golden_settings import Wish, loading_file
from sandbox.replica.images import ensure_images
from sandbox.replica.load import load_bundle
from sandbox.replica.recipes import Wanted, plan_images
from sandbox.replica.servers.web_server import DatabaseAccount
from sandbox.report.progress import TerminalProgress
from sandbox.report.terminal import console_for

_ROUNDS = 5
_BUNDLE = WORK_FOLDER / "shop-operations/shop.bundle"
_NAME = "prod-sandbox-bench-reset"
_ACCOUNT = DatabaseAccount("bench", "of a benchmark", "")
_FIRST_ROWS = ["mariadb", "shop", "--execute=SELECT COUNT(*) FROM order_items"]


def main() -> None:
    """Measure both ways and print the ratio."""
    progress = TerminalProgress(console_for("stderr"))
    with connect_engine(timeout=600) as engine:
        if _BUNDLE.is_dir():
            _measure_bundle(engine, open_bundle(_BUNDLE), progress)
        else:
            _measure_production(engine, progress)


def _measure_bundle(engine: Engine, bundle: Bundle, progress: Progress) -> None:
    plan = plan_images([server_image_for(bundle.manifest.source)])
    server = ensure_images(engine, plan, BaseSource(), progress)[-1].image
    golden = have_golden(engine, bundle, server, [_ACCOUNT], {"prod-sandbox.bench": "1"}, progress)
    print(f"{golden.rows} rows in {golden.tables} tables, {engine.facts().storage_driver}")
    resets, again, fresh = [], [], []
    running = _start(engine, golden)
    try:
        for _ in range(_ROUNDS):
            began = time.monotonic()
            running.remove()
            running = _start(engine, golden)
            resets.append(time.monotonic() - began)
            took = _load_bundle(engine, server.reference, bundle, progress)
            fresh.append(took[0])
            again.append(took[1])
    finally:
        running.remove()
        if golden.new:  # nobody else has the account that it was made for
            engine.remove_image(golden.image)
    print(f"reset: another golden database        {_spread(resets)}")
    _compare("running server, bundle loaded again", again, resets)
    _compare("fresh server, bundle loaded", fresh, resets)


def _start(engine: Engine, golden: Golden) -> Container:
    spec = database_spec(golden, name=_NAME, network="none", labels={}, aliases=())
    container = start_container(engine, spec)
    try:
        wait_for_rows(container)
    except BaseException:
        container.remove()
        raise
    return container


def _load_bundle(
    engine: Engine, image: str, bundle: Bundle, progress: Progress
) -> tuple[float, float]:
    """Time a bundle into a fresh server, and into the same once more."""
    began = time.monotonic()
    with run_loader(engine, f"{_NAME}-load", image, loading_file(Wish({})), {}) as loader:
        _load_once(loader, bundle, progress)
        loaded = time.monotonic()
        _load_once(loader, bundle, progress)
        return loaded - began, time.monotonic() - loaded


def _load_once(loader: Loader, bundle: Bundle, progress: Progress) -> None:
    database = bundle.manifest.source.database
    with loader.open("root", loader.root_password) as session:
        session.execute(f"DROP DATABASE IF EXISTS `{database}`")
        session.execute(f"CREATE DATABASE `{database}`")
    load_bundle(bundle, loader.endpoint("root", loader.root_password, database), progress)


def _measure_production(engine: Engine, progress: Progress) -> None:
    plan = plan_images([Wanted("mariadb", "10.11")])
    empty = ensure_images(engine, plan, BaseSource(), progress)[-1].image.reference
    golden = have_production(engine, empty).image
    resets, fresh = [], []
    with generated_rows() as rows:
        for _ in range(_ROUNDS):
            resets.append(_start_production(engine, golden))
            fresh.append(_load_production(engine, empty, rows))
    print("no bundle of the demo (make demo makes it): the rows of its production")
    print(f"golden database to its first rows     {_spread(resets)}")
    _compare("fresh server, rows loaded", fresh, resets)


def _start_production(engine: Engine, image: str) -> float:
    began = time.monotonic()
    container = start_container(engine, ContainerSpec(_NAME, image, network="none"))
    try:
        wait_for_database(container)
        container.must_run(_FIRST_ROWS)
        return time.monotonic() - began
    finally:
        container.remove()


def _load_production(engine: Engine, empty: str, rows: Path) -> float:
    began = time.monotonic()
    with fresh_server(engine, f"{_NAME}-load", "production", empty) as container:
        load(container, lambda loading: put_generated(loading, rows))
        container.must_run(_FIRST_ROWS)
        return time.monotonic() - began


def _compare(what: str, loads: Sequence[float], resets: Sequence[float]) -> None:
    ratios = [load / reset for load, reset in zip(loads, resets, strict=True)]
    print(f"{what:<38}{_spread(loads)}")
    print(f"  ratio, pair by pair                 {_spread(ratios, unit='x')}")


def _spread(values: Sequence[float], unit: str = "s") -> str:
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"median {middle:6.2f} {unit}   (min {low:.2f}, max {high:.2f}, {len(values)} rounds)"


if __name__ == "__main__":
    main()
