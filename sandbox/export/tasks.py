"""Cut the reading of a subset into tasks: one part of one table each, small enough to share out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from sandbox.database.expressions import quoted
from sandbox.database.reader import Reader
from sandbox.masking.assignment import Treatments
from sandbox.model import Schema, Table
from sandbox.subset.closure import Subset
from sandbox.subset.keys import RowKey

# Of the server's estimate: seconds of work, so that all readers end together.
_PART_BYTES = 16 << 20
_PART_KEYS = 50_000


@dataclass(frozen=True, slots=True)
class Task:
    """One part to read, mask and write.

    Attributes:
        table: The table.
        number: Number of the part in its table, from 1.
        where: Condition that cuts a range out of a whole table; empty for all of it.
        keys: Keys of the rows to read; None for a whole table.
        digests: Digests of the rows to read, where no key tells them apart, with the number of
            what each came for; None else.
        reasons: For each of `keys`, the number of what the row came for; None where all of the
            table came for one thing.
    """

    table: str
    number: int
    where: str = field(default="", repr=False)
    keys: tuple[RowKey, ...] | None = field(default=None, repr=False)
    digests: Mapping[RowKey, int] | None = field(default=None, repr=False)
    reasons: tuple[int, ...] | None = field(default=None, repr=False)

    @property
    def numbers(self) -> Mapping[RowKey, int]:
        """Give by key of a row the number of what it came for."""
        if self.digests is not None:
            return self.digests
        return dict(zip(self.keys or (), self.reasons or (), strict=True))


def cut_tasks(schema: Schema, subset: Subset, reader: Reader) -> Iterator[Task]:
    """Cut the reading of a subset into tasks, the largest tables first.

    Tables without a single row still get a part: an empty table is a fact, not a gap. The reader is
    asked at once; the keys of a task are taken out of the subset when it is given, for those of all
    tasks together would be many times the size of the subset.
    """
    names = largest_first(schema, subset)
    ranges = {
        name: tuple(_ranges(schema.tables[name], reader)) for name in names if subset.is_whole(name)
    }
    return (task for name in names for task in _cut(schema.tables[name], subset, ranges))


def largest_first(schema: Schema, subset: Subset) -> tuple[str, ...]:
    """Give the tables in the order in which they are read."""
    tables = sorted(schema.tables.values(), key=lambda table: -weight_of(table, subset))
    return tuple(table.name for table in tables)


def comes_in_order(table: Table, subset: Subset, treatments: Treatments) -> bool:
    """Tell whether a table's rows stand in its parts as the loaded table will give them back.

    The server orders a whole table, by whatever its key is. Keys that we order ourselves are in the
    server's order only if they are numbers. Masked keys are in no order at all.
    """
    identity = table.identity
    if not identity or not all(treatments.of(table.name, one.name).kept for one in identity):
        return False
    return subset.is_whole(table.name) or all(one.is_integer for one in identity)


def has_several_reasons(table: str, subset: Subset) -> bool:
    """Tell whether the rows of a table came for more than one thing."""
    return not subset.is_whole(table) and len(subset.reasons.get(table, ())) > 1


def weight_of(table: Table, subset: Subset) -> int:
    """Give about how many bytes of a table are read."""
    if subset.is_whole(table.name):
        return table.size
    average = table.size // max(table.rows, 1)
    return len(subset.keys[table.name]) * min(average, 1 << 16)


def _cut(table: Table, subset: Subset, ranges: Mapping[str, Sequence[str]]) -> Iterator[Task]:
    if subset.is_whole(table.name):
        for number, where in enumerate(ranges[table.name], 1):
            yield Task(table.name, number, where=where)
        return
    keys = subset.keys[table.name]
    if not table.identity:
        every = list(keys)
        digests = dict(zip(every, keys.marks_of(every), strict=True))
        yield Task(table.name, 1, digests=digests)
        return
    waiting = iter(keys)
    number = 1
    some = tuple(islice(waiting, _PART_KEYS))
    while some or number == 1:
        reasons = tuple(keys.marks_of(some)) if has_several_reasons(table.name, subset) else None
        yield Task(table.name, number, keys=some, reasons=reasons)
        number += 1
        some = tuple(islice(waiting, _PART_KEYS))


def _ranges(table: Table, reader: Reader) -> Iterator[str]:
    """Cut a large table into ranges of the first column of its key, where that is a number."""
    wanted = table.size // _PART_BYTES + 1
    first = table.identity[0] if table.identity else None
    if wanted == 1 or first is None or not first.is_integer or not table.transactional:
        yield ""
        return
    name = quoted(first.name)
    sql = f"SELECT MIN({name}), MAX({name}) FROM {quoted(table.name)}"  # noqa: S608 - quoted
    ((low_cell,), (high_cell,)) = next(iter(reader.rows(sql, columns=2)))
    if low_cell is None or high_cell is None:
        yield ""
        return
    low, high = int(low_cell), int(high_cell)
    width = (high - low) // wanted + 1
    bounds = range(low + width, high + 1, width)
    starts = [None, *bounds]
    for start, end in zip(starts, [*bounds, None], strict=True):
        sides = [
            f"{name} {sign} {bound}"
            for sign, bound in ((">=", start), ("<", end))
            if bound is not None
        ]
        yield " AND ".join(sides)
