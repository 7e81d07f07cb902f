"""How do time and rows read grow with production, when the sample does not?

Generates a shop of some size, one four times and one sixteen times as large, each in a MariaDB of
its own, and samples as many customers (with their orders and those orders' items) and rows of the
audit from each, in turn. Prints the median time and the rows that the server read to choose and
close the sample, and to read its rows, and how much more that is than of the smallest, round by
round; then what looking for odd rows costs within its time, against reading all rows and dropping
them. ``python benchmarks/growth.py [MEGABYTES] [ROUNDS] [ROWS]``.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.shop import Shop, shop, timed
from sandbox.cli.access import endpoint_of
from sandbox.database.connect import Endpoint, open_catalogue, open_reader
from sandbox.database.reader import Reader
from sandbox.database.schema import read_schema
from sandbox.database.statements import StatementLog
from sandbox.export.tasks import cut_tasks
from sandbox.model import Schema
from sandbox.subset.closure import Subset, choose_rows
from sandbox.subset.growing import Growing
from sandbox.subset.odd.cover import cover
from sandbox.subset.plan import plan_subset
from sandbox.subset.request import CoverRequest, SampleRequest, Share

_MEGABYTES, _ROUNDS, _ROWS = 10, 5, 500
_FACTORS = (1, 4, 16)
_SECONDS = 2.0  # that looking for odd rows may take
_SECRET = b"s" * 32
_LOG = StatementLog()


@dataclass
class _Stage:
    """What one stage cost, round by round.

    Attributes:
        seconds: By the clock.
        rows: That the server read.
    """

    seconds: list[float] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)


@dataclass
class _Size:
    """One production, and what it cost to sample it."""

    factor: int
    made: Shop
    endpoint: Endpoint
    schema: Schema
    rows: int
    taken: int = 0
    closing: _Stage = field(default_factory=_Stage)
    reading: _Stage = field(default_factory=_Stage)
    profiling: _Stage = field(default_factory=_Stage)
    dropping: _Stage = field(default_factory=_Stage)

    def measure(self, stage: _Stage, way: Callable[[], object]) -> None:
        """Run a stage once."""
        before = _rows_read(self.made)
        stage.seconds.append(timed(way))
        stage.rows.append(_rows_read(self.made) - before)


def main() -> None:
    """Measure each size and print how much more it is than the smallest."""
    megabytes, rounds, rows = _given()
    with ExitStack() as running:
        sizes = [_size(running, factor, megabytes * factor) for factor in _FACTORS]
        for _ in range(rounds):
            for size in sizes:
                _sample(size, rows)
        for size in sizes:
            _look(size, rows)
    print(f"{rows} customers with their families and {rows} rows of the audit, {rounds} rounds")
    _print("chosen and closed", sizes, lambda size: size.closing)
    _print("read by key", sizes, lambda size: size.reading)
    print(f"looking for odd rows, at most {_SECONDS:g} s, once")
    _print("looked for", sizes, lambda size: size.profiling)
    _print("all read, dropped", sizes, lambda size: size.dropping)


def _given() -> tuple[int, int, int]:
    given = [int(one) for one in sys.argv[1:]]
    megabytes, rounds, rows = [*given, *(_MEGABYTES, _ROUNDS, _ROWS)[len(given) :]]
    return megabytes, rounds, rows


def _size(running: ExitStack, factor: int, megabytes: int) -> _Size:
    made = running.enter_context(shop(f"growth-{factor}", megabytes))
    login = Path(made.login.removeprefix("--defaults-file="))
    endpoint = endpoint_of(made.address(), login, None, insecure=True)
    with open_catalogue(endpoint, _LOG) as catalogue:
        schema = read_schema(catalogue, "shop")
    with open_reader(endpoint, _LOG, snapshot=True) as reader:
        rows = _drop(reader, schema)  # the server's pages are in memory from here on
    return _Size(factor, made, endpoint, schema, rows)


def _sample(size: _Size, rows: int) -> None:
    chosen: list[Subset] = []
    with open_reader(size.endpoint, _LOG, snapshot=True) as reader:
        size.measure(size.closing, lambda: chosen.append(_choose(reader, size.schema, rows)))
        size.measure(size.reading, lambda: _read(reader, size.schema, chosen[0]))
    size.taken = sum(len(keys) for keys in chosen[0].keys.values())


def _look(size: _Size, rows: int) -> None:
    """Look for odd rows, and read all rows and drop them."""
    request = SampleRequest(Share(rows=rows), cover=CoverRequest(seconds=_SECONDS))
    plan = plan_subset(size.schema, request, frozenset())
    with open_reader(size.endpoint, _LOG, snapshot=True) as reader:

        def look(growing: Growing) -> None:
            found = partial(cover, size.schema, plan, reader, growing, secret=_SECRET)
            size.measure(size.profiling, found)

        size.measure(size.dropping, lambda: _drop(reader, size.schema))
        choose_rows(size.schema, plan, reader, secret=_SECRET, more=look)


def _choose(reader: Reader, schema: Schema, rows: int) -> Subset:
    plan = plan_subset(schema, SampleRequest(Share(rows=rows)), frozenset())
    return choose_rows(schema, plan, reader, secret=_SECRET)


def _read(reader: Reader, schema: Schema, subset: Subset) -> None:
    for task in cut_tasks(schema, subset, reader):
        for _ in reader.batches_by_keys(schema.tables[task.table], task.keys or ()):
            pass


def _drop(reader: Reader, schema: Schema) -> int:
    return sum(len(batch) for table in schema.tables.values() for batch in reader.batches(table))


def _rows_read(made: Shop) -> int:
    shown = made.inside("mariadb -N --execute=\"SHOW GLOBAL STATUS LIKE 'Rows_read'\"")
    return int(shown.split()[-1])


def _print(what: str, sizes: list[_Size], stage: Callable[[_Size], _Stage]) -> None:
    first = stage(sizes[0])
    for size in sizes:
        one = stage(size)
        longer, more = _times(one.seconds, first.seconds), _times(one.rows, first.rows)
        print(
            f"  {what:18} {size.factor:3}x  {size.rows:10,} rows, {size.taken:,} taken"
            f"  {statistics.median(one.seconds):7.3f} s  {longer:5.2f} x"
            f"   {statistics.median(one.rows):11,.0f} read  {more:5.2f} x"
        )


def _times(some: Sequence[float], others: Sequence[float]) -> float:
    """Give how many times as much it was, round by round."""
    return statistics.median(one / other for one, other in zip(some, others, strict=True))


if __name__ == "__main__":
    main()
