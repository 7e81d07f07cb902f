"""How much faster is a golden database than loading the rows again?

Starts the demo production's database from its golden image, and starts an empty server and loads
the same rows into it, in turn; each until the first rows of the largest table are there. The rows
are generated once, before. Prints medians and their ratio. Run it with `make bench` on an idle
machine.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "docker/demo"))

from demo_production.database import (
    fresh_server,
    generated_rows,
    have_production,
    load,
    put_generated,
    wait_for_database,
)
from sandbox.replica.base import BaseSource
from sandbox.replica.containers import ContainerSpec, start_container
from sandbox.replica.engine import Engine, connect_engine
from sandbox.replica.images import ensure_images
from sandbox.replica.recipes import Wanted, plan_images
from sandbox.report.progress import TerminalProgress
from sandbox.report.terminal import console_for

_ROUNDS = 5
_FIRST_ROWS = ["mariadb", "shop", "--execute=SELECT COUNT(*) FROM order_items"]


def main() -> None:
    """Measure both ways and print the ratio."""
    with connect_engine(timeout=600) as engine:
        plan = plan_images([Wanted("mariadb", "10.11")])
        server = ensure_images(engine, plan, BaseSource(), TerminalProgress(console_for("stderr")))
        empty = server[-1].image.reference
        golden = have_production(engine, empty).image
        clones, loads = [], []
        with generated_rows() as rows:
            for _ in range(_ROUNDS):
                clones.append(_start_golden(engine, golden))
                loads.append(_load_again(engine, empty, rows))
    ratios = [load / clone for load, clone in zip(loads, clones, strict=True)]
    print(f"golden database to its first rows   {_spread(clones)}")
    print(f"empty server, rows loaded           {_spread(loads)}")
    print(f"ratio, pair by pair                 {_spread(ratios, unit='x')}")


def _start_golden(engine: Engine, image: str) -> float:
    """Time a clone from nothing to the first rows of its largest table."""
    began = time.monotonic()
    spec = ContainerSpec("prod-sandbox-bench-reset", image, network="none")
    container = start_container(engine, spec)
    try:
        wait_for_database(container)
        container.must_run(_FIRST_ROWS)
        return time.monotonic() - began
    finally:
        container.remove()


def _load_again(engine: Engine, empty: str, rows: Path) -> float:
    """Time an empty server from nothing to the first rows of its largest table."""
    began = time.monotonic()
    with fresh_server(engine, "prod-sandbox-bench-load", "production", empty) as container:
        load(container, lambda loading: put_generated(loading, rows))
        container.must_run(_FIRST_ROWS)
        return time.monotonic() - began


def _spread(values: list[float], unit: str = "s") -> str:
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"median {middle:6.2f} {unit}   (min {low:.2f}, max {high:.2f}, {len(values)} rounds)"


if __name__ == "__main__":
    main()
