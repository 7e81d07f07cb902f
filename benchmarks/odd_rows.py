"""How long does looking for odd rows take, against reading the same rows and dropping them?

Generates a database of some size in a MariaDB of its own, then in turn reads every table and drops
what comes, and profiles every table as an export does; prints medians and their ratio, pair by
pair. ``python benchmarks/odd_rows.py [MEGABYTES] [ROUNDS]``.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.shop import Shop, shop, spread, timed
from sandbox.cli.access import endpoint_of
from sandbox.database.connect import open_catalogue, open_reader
from sandbox.database.reader import Reader
from sandbox.database.schema import read_schema
from sandbox.database.statements import StatementLog
from sandbox.model import Schema
from sandbox.subset.keys import draw
from sandbox.subset.odd.relations import relations_of
from sandbox.subset.odd.tables import TableProfile

_MEGABYTES, _ROUNDS = 100, 3
_WANTED = 3


def main() -> None:
    """Measure both ways and print the ratio."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else _MEGABYTES
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else _ROUNDS  # noqa: PLR2004 - second argument
    reads: list[float] = []
    profiles: list[float] = []
    log = StatementLog()
    with shop("profile", megabytes) as made:
        endpoint = endpoint_of(made.address(), _login(made), None, insecure=True)
        with open_catalogue(endpoint, log) as catalogue:
            schema = read_schema(catalogue, "shop")
        with open_reader(endpoint, log, snapshot=True) as reader:
            rows = _read(reader, schema)  # the server's pages are in memory from here on
            for _ in range(rounds):
                reads.append(timed(lambda: _read(reader, schema)))
                profiles.append(timed(lambda: _profile(reader, schema)))
    ratios = [profile / read for profile, read in zip(profiles, reads, strict=True)]
    print(f"{rows:,} rows of {len(schema.tables)} tables")
    print(f"read and dropped    {spread(reads)}")
    print(f"profiled            {spread(profiles)}")
    print(f"ratio, pair by pair {spread(ratios, unit='x')}")


def _login(made: Shop) -> Path:
    return Path(made.login.removeprefix("--defaults-file="))


def _read(reader: Reader, schema: Schema) -> int:
    return sum(len(batch) for table in schema.tables.values() for batch in reader.batches(table))


def _profile(reader: Reader, schema: Schema) -> None:
    relations, _ = relations_of(schema, schema.tables)
    for table in schema.tables.values():
        sides = [one for one in relations if table.name in {one.child.name, one.parent.name}]
        profile = TableProfile(table, _WANTED, partial(draw, b"s" * 32, table.name), sides)
        for batch in reader.batches(table):
            profile.learn(batch)


if __name__ == "__main__":
    main()
