"""How does exporting a whole database, masked, compare with dumping it unmasked?

Generates a database of some size in a MariaDB of its own, then runs in turn ``mariadb-dump`` piped
into ``zstd -1``, and ``sandbox export --sample 100%``; prints medians, their ratio, and the largest
memory of any process of the export. ``python benchmarks/export.py [MEGABYTES] [ROUNDS]``.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.shop import Shop, shop, spread, timed

_MEGABYTES, _ROUNDS = 1000, 3


def main() -> None:
    """Measure both ways and print the ratio."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else _MEGABYTES
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else _ROUNDS  # noqa: PLR2004 - second argument
    dumps: list[float] = []
    exports: list[float] = []
    memory: list[float] = []
    with shop("export", megabytes) as made:
        made.inside("apt-get -qq update && apt-get -qq install -y zstd")
        for _ in range(rounds):
            dumps.append(timed(lambda: _dump(made)))
            exports.append(timed(lambda: memory.append(_export(made))))
    ratios = [export / dump for export, dump in zip(exports, dumps, strict=True)]
    print(f"mariadb-dump | zstd -1, unmasked    {spread(dumps)}")
    print(f"sandbox export --sample 100%        {spread(exports)}")
    print(f"ratio, pair by pair                 {spread(ratios, unit='x')}")
    print(f"largest process                     {max(memory):.0f} MB")


def _dump(made: Shop) -> None:
    made.inside("mariadb-dump --single-transaction --quick shop | zstd -1 > /dev/null")


def _export(made: Shop) -> float:
    out = made.folder / "bundle"
    memory = made.export(out)
    shutil.rmtree(out)
    return memory


if __name__ == "__main__":
    main()
