"""How do time and rows read grow with production, when the sample does not?

Generates a shop of some size, one four times and one sixteen times as large, each in a MariaDB of
its own, and samples as many customers (with their orders and those orders' items) and rows of the
audit from each. Prints the median time and the rows that the server read to choose and close the
sample, and to read its rows; then what looking for odd rows costs within its time, against reading
all rows and dropping them. ``python benchmarks/growth.py [MEGABYTES] [ROUNDS] [ROWS]``.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.shop import Shop, shop, timed
from sandbox.cli.export import endpoint_of
from sandbox.database.connect import Endpoint, open_catalogue, open_reader
from sandbox.database.reader import Reader
from sandbox.database.schema import read_schema
from sandbox.database.statements import StatementLog
from sandbox.export.tasks import cut_tasks
from sandbox.model import Schema
from sandbox.subset.closure import Growing, Subset, choose_rows
from sandbox.subset.odd.cover import cover
from sandbox.subset.plan import plan_subset
from sandbox.subset.request import CoverRequest, SampleRequest, Share

_MEGABYTES, _ROUNDS, _ROWS = 20, 5, 500
_FACTORS = (1, 4, 16)
_SECONDS = 2.0  # that looking for odd rows may take
_SECRET = b"s" * 32


@dataclass
class _Stage:
    """What one stage cost, round by round.

    Attributes:
        seconds: By the clock.
        rows: That the server read.
    """

    seconds: list[float] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)

    def measure(self, made: Shop, way: Callable[[], None]) -> None:
        """Run it once."""
        before = _rows_read(made)
        self.seconds.append(timed(way))
        self.rows.append(_rows_read(made) - before)


@dataclass
class _Size:
    """One production, and what it cost to sample it."""

    factor: int
    rows: int = 0
    taken: int = 0
    closing: _Stage = field(default_factory=_Stage)
    reading: _Stage = field(default_factory=_Stage)
    profiling: _Stage = field(default_factory=_Stage)
    dropping: _Stage = field(default_factory=_Stage)


def main() -> None:
    """Measure each size and print how much more it is than the smallest."""
    megabytes, rounds, rows = _given()
    sizes = [_Size(factor) for factor in _FACTORS]
    for size in sizes:
        with shop(f"growth-{size.factor}", megabytes * size.factor) as made:
            _measure(size, made, rounds, rows)
    print(f"{rows} customers with their families and {rows} rows of the audit, {rounds} rounds")
    _print("chosen and closed", sizes, lambda size: size.closing)
    _print("read by key", sizes, lambda size: size.reading)
    print(f"looking for odd rows, at most {_SECONDS:g} s, apart")
    _print("profiled", sizes, lambda size: size.profiling)
    _print("all read, dropped", sizes, lambda size: size.dropping)


def _given() -> tuple[int, int, int]:
    given = [int(one) for one in sys.argv[1:]]
    megabytes, rounds, rows = [*given, *(_MEGABYTES, _ROUNDS, _ROWS)[len(given) :]]
    return megabytes, rounds, rows


def _measure(size: _Size, made: Shop, rounds: int, rows: int) -> None:
    log = StatementLog()
    login = Path(made.login.removeprefix("--defaults-file="))
    endpoint = endpoint_of(made.address(), login, None, insecure=True)
    with open_catalogue(endpoint, log) as catalogue:
        schema = read_schema(catalogue, "shop")
    with open_reader(endpoint, log, snapshot=True) as reader:
        size.rows = _drop(reader, schema)  # the server's pages are in memory from here on
    for _ in range(rounds):
        _sample(size, made, endpoint, schema, rows)
    with open_reader(endpoint, log, snapshot=True) as reader:
        size.dropping.measure(made, lambda: _swallow(_drop(reader, schema)))
        _profile(size, made, reader, schema, rows)


def _sample(size: _Size, made: Shop, endpoint: Endpoint, schema: Schema, rows: int) -> None:
    chosen: list[Subset] = []
    with open_reader(endpoint, StatementLog(), snapshot=True) as reader:
        size.closing.measure(made, lambda: chosen.append(_choose(reader, schema, rows)))
        size.reading.measure(made, lambda: _read(reader, schema, chosen[0]))
    size.taken = sum(len(keys) for keys in chosen[0].keys.values())


def _choose(reader: Reader, schema: Schema, rows: int) -> Subset:
    plan = plan_subset(schema, SampleRequest(Share(rows=rows)), frozenset())
    return choose_rows(schema, plan, reader, secret=_SECRET)


def _read(reader: Reader, schema: Schema, subset: Subset) -> None:
    for task in cut_tasks(schema, subset, reader):
        for _ in reader.batches_by_keys(schema.tables[task.table], task.keys or ()):
            pass


def _drop(reader: Reader, schema: Schema) -> int:
    return sum(len(batch) for table in schema.tables.values() for batch in reader.batches(table))


def _swallow(_: object) -> None:
    """Do nothing with a result."""


def _profile(size: _Size, made: Shop, reader: Reader, schema: Schema, rows: int) -> None:
    request = SampleRequest(Share(rows=rows), cover=CoverRequest(seconds=_SECONDS))
    plan = plan_subset(schema, request, frozenset())

    def look(growing: Growing) -> None:
        size.profiling.measure(
            made, lambda: _swallow(cover(schema, plan, reader, growing, secret=_SECRET))
        )

    choose_rows(schema, plan, reader, secret=_SECRET, more=look)


def _rows_read(made: Shop) -> int:
    shown = made.inside("mariadb -N --execute=\"SHOW GLOBAL STATUS LIKE 'Rows_read'\"")
    return int(shown.split()[-1])


def _print(what: str, sizes: list[_Size], stage: Callable[[_Size], _Stage]) -> None:
    first = stage(sizes[0])
    for size in sizes:
        one = stage(size)
        seconds, rows = statistics.median(one.seconds), statistics.median(one.rows)
        longer = seconds / statistics.median(first.seconds)
        more = rows / statistics.median(first.rows)
        print(
            f"  {what:18} {size.factor:3}x  {size.rows:9,} rows, {size.taken:6,} taken"
            f"  {seconds:7.3f} s  {longer:5.2f} x   {rows:11,.0f} read  {more:5.2f} x"
        )


if __name__ == "__main__":
    main()
