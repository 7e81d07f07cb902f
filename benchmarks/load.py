"""How does loading a bundle, verified, compare with loading a dump of the same rows unverified?

Generates a database of some size in a MariaDB of its own and exports all of it; then runs in turn
``mariadb < dump`` and ``sandbox load``, each into an empty database; prints medians, their ratio,
and the largest memory of the load. The dump is of what was loaded, so that both bring in the same
rows; it lies beside the server, uncompressed. ``python benchmarks/load.py [MEGABYTES] [ROUNDS]``.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.shop import Shop, sandbox, shop, spread, timed
from sandbox.bundle.reader import open_bundle

_MEGABYTES, _ROUNDS = 1000, 3
_DUMP = "/srv/dump.sql"


def main() -> None:
    """Measure both ways and print the ratio."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else _MEGABYTES
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else _ROUNDS  # noqa: PLR2004 - second argument
    peers: list[float] = []
    loads: list[float] = []
    memory: list[float] = []
    with shop("load", megabytes) as made:
        bundle = made.folder / "bundle"
        made.export(bundle)
        manifest = open_bundle(bundle).manifest
        size = sum(table.bytes for table in manifest.tables)
        _empty(made)
        _load(made, bundle)
        made.inside(f"mariadb-dump --single-transaction --quick target > {_DUMP}")
        for _ in range(rounds):
            _empty(made)
            peers.append(timed(lambda: made.inside(f"mariadb target < {_DUMP}")))
            _empty(made)
            loads.append(timed(lambda: memory.append(_load(made, bundle))))
    ratios = [load / peer for load, peer in zip(loads, peers, strict=True)]
    print(f"{manifest.rows:,} rows, {size / 1e6:.0f} MB of text")
    print(f"mariadb < dump, unverified    {spread(peers)}")
    print(f"sandbox load, read back       {spread(loads)}")
    print(f"ratio, pair by pair           {spread(ratios, unit='x')}")
    print(f"largest process               {max(memory):.0f} MB")


def _empty(made: Shop) -> None:
    made.inside("mariadb --execute='DROP DATABASE IF EXISTS target; CREATE DATABASE target'")


def _load(made: Shop, bundle: Path) -> float:
    return sandbox("load", str(bundle), f"--into={made.address('target')}", made.login)


if __name__ == "__main__":
    main()
